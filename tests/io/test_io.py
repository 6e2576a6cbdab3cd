"""Iterators against what MXNet 1.9.1 says of the same data, and what it does not say."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from golden import io_cases
from mxnet import io, nd

CASES = io_cases.MAKERS + io_cases.ANSWERED
ANSWERS = json.loads((Path(io_cases.__file__).parent / "io.json").read_text())


@pytest.mark.filterwarnings("ignore:CSVIter takes no")
@pytest.mark.parametrize("position", range(len(CASES)), ids=lambda i: CASES[i][:60])
def test_like_mxnet(position):
    got = io_cases.run(mx, CASES[position])
    assert json.loads(json.dumps(got)) == ANSWERS[position]


@pytest.fixture
def files(tmp_path):
    return io_cases.make_files(str(tmp_path))


class Failing(io.DataIter):
    provide_data = [io.DataDesc("data", (2, 2))]
    provide_label = []

    def next(self):
        raise ValueError("no such file")


def test_prefetching_raises_errors_of_its_threads():
    it = io.PrefetchingIter(Failing())
    for _ in range(2):
        with pytest.raises(ValueError, match="no such file"):
            it.next()
    it.reset()
    with pytest.raises(ValueError, match="no such file"):
        it.next()


def test_prefetching_unequal_iterators():
    x = np.zeros((4, 1))
    it = io.PrefetchingIter([io.NDArrayIter(x, None, 2), io.NDArrayIter(x[:2], None, 2)])
    it.next()
    with pytest.raises(AssertionError, match="iterator 1 ended first"):
        it.next()


def test_batches_are_copies():
    x = nd.zeros((4, 2))
    it = io.NDArrayIter(x, x, 2)
    batch = it.next()
    batch.data[0][:] = 1
    assert x.sum().asscalar() == 0
    assert it.data[0][1] is x


def test_layout_says_which_axis_is_cut():
    it = io.NDArrayIter(np.arange(15.0).reshape(3, 5), None, 2, layout="CN")
    assert it.num_data == 5
    assert [b.data[0].asnumpy()[0].tolist() for b in it] == [[0, 1], [2, 3], [4, 0]]


def test_csv_takes_batches_from_several_passes_of_small_files(files):
    it = io.CSVIter(data_csv=files["d"], data_shape=3, batch_size=12)
    batch = it.next()
    assert batch.data[0].asnumpy()[:, 0].tolist() == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]
    assert batch.pad == 7
    it.reset()
    assert it.next().data[0].asnumpy()[:, 0].tolist() == [3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4]


def test_csv_errors_name_file_and_line(files, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("1,2,3\n4,5\n")
    it = io.CSVIter(data_csv=str(bad), data_shape=3, batch_size=1)
    it.next()
    with pytest.raises(mx.MXNetError, match=r"shape=\(3,\), the csv row-length=2, in .*bad.csv.*'4,5'"):
        it.next()
    bad.write_text("1,b,3\n")
    with pytest.raises(mx.MXNetError, match=r"bad\.csv.* no float32"):
        io.CSVIter(data_csv=str(bad), data_shape=3, batch_size=1)
    bad.write_text("\n")
    with pytest.raises(mx.MXNetError, match="cannot find any lines"):
        io.CSVIter(data_csv=str(bad), data_shape=3, batch_size=1)
    with pytest.raises(mx.MXNetError, match="fewer lines in label_csv"):
        list(io.CSVIter(data_csv=files["d"], data_shape=3, label_csv=files["folder"], label_shape=3, batch_size=2))
    with pytest.warns(UserWarning, match="takes no colour"):
        io.CSVIter(data_csv=files["d"], data_shape=3, batch_size=1, colour=1)


@pytest.mark.parametrize(("text", "dtype"), [("\ufeff1,2\n3,4\n", "float32"), ("1,2,\r\n3,4,\r\n", "float32"),
                                             ("1.0, 2.9\n3,4\n", "int32"), ("1.0,2\n3.5,4\n", "int64")])
def test_csv_of_other_programs(tmp_path, text, dtype):
    """A byte order mark, commas at the ends of lines, and integers with fractions, as MXNet reads them."""
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8", newline="")
    batch = next(io.CSVIter(data_csv=str(path), data_shape=(2,), batch_size=2, dtype=dtype))
    assert batch.data[0].dtype == np.dtype(dtype)
    assert batch.data[0].asnumpy().tolist() == [[1, 2], [3, 4]]


def test_large_integers_in_csv_are_exact(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("9007199254740993\n")
    assert next(io.CSVIter(data_csv=str(path), data_shape=(1,), batch_size=1, dtype="int64")).data[0].asscalar() \
        == 9007199254740993


def test_shuffling_needs_as_many_labels_as_samples():
    with pytest.raises(IndexError, match="softmax_label has 4 rows, and so no row 9"):
        io.NDArrayIter(np.zeros((10, 2)), np.zeros(4), batch_size=2, shuffle=True)


def test_skip_load(files):
    it = io.CSVIter(data_csv=files["d"], data_shape=3, batch_size=2)
    it.debug_skip_load()
    assert [it.next().data[0].asnumpy()[0, 0] for _ in range(6)] == [1] * 6


def test_mnist_damaged_files(files, tmp_path):
    cut = tmp_path / "cut"
    content = Path(files["image"]).read_bytes()
    for end, says in ((3, "ends within"), (len(content) - 1, "expected 44 for the shape")):
        cut.write_bytes(content[:end])
        with pytest.raises(mx.MXNetError, match=says):
            io.MNISTIter(image=str(cut), label=files["label"], batch_size=2)
    cut.write_bytes(struct.pack(">IIII", 2051, 2**31, 2**31, 2**31))
    with pytest.raises(mx.MXNetError, match="holds 0 bytes"):
        io.MNISTIter(image=str(cut), label=files["label"], batch_size=2)
    cut.write_bytes(struct.pack(">IIII", 2051, 3, 1, 1) + b"abc")
    with pytest.raises(mx.MXNetError, match=r"3 images, .* 11 labels"):
        io.MNISTIter(image=str(cut), label=files["label"], batch_size=2)
    with pytest.raises(mx.MXNetError, match="fewer samples than batch_size=12"):
        io.MNISTIter(image=files["image"], label=files["label"], batch_size=12)
    with pytest.raises(mx.MXNetError, match="part_index=3"):
        io.MNISTIter(image=files["image"], label=files["label"], num_parts=3, part_index=3)


def test_mnist_says_what_it_loads(files, capsys):
    io.MNISTIter(image=files["image"], label=files["label"], batch_size=2, flat=True)
    assert capsys.readouterr().err == "MNISTIter: load 11 images, shuffle=1, shape=(2, 4)\n"


def test_module_names():
    assert mx.io.io.NDArrayIter is mx.io.NDArrayIter
    assert issubclass(io.CSVIter, io.MXDataIter)
    assert io.utils._has_instance([("a", np.zeros(1))], np.ndarray)


def test_batches_of_sparse_arrays_are_dense():
    rows = np.eye(5, 3, dtype=np.float32)
    iterator = mx.io.NDArrayIter(mx.nd.sparse.csr_matrix(rows), np.arange(5), 2, last_batch_handle="discard")
    batches = list(iterator)
    assert [batch.data[0].stype for batch in batches] == ["default"] * 2
    np.testing.assert_array_equal(batches[1].data[0].asnumpy(), rows[2:4])


def test_arrays_in_hdf5_files(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"] = np.arange(12.0).reshape(6, 2)
    with h5py.File(tmp_path / "a.h5", "r") as file:
        batches = list(mx.io.NDArrayIter(file["a"], batch_size=4))
        assert batches[1].pad == 2 and batches[1].data[0].asnumpy().tolist() == [[8, 9], [10, 11], [0, 1], [2, 3]]
        shuffled = mx.io.NDArrayIter(file["a"], batch_size=6, shuffle=True)
        assert sorted(next(shuffled).data[0].asnumpy().ravel()) == list(range(12))
