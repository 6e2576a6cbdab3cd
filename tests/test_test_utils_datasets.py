"""mx.test_utils: the data sets and archives that examples fetch, from files that are there or from a server."""

import bz2
import gzip
import os
import struct
import zipfile

import numpy as np
import pytest

import mxnet as mx
from mxnet import test_utils
from web import serving


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder of a test."""
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def idx(values) -> bytes:
    values = np.asarray(values, "uint8")
    return struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def parts():
    """MNIST's four files, small: the values are those of NumPy's generator of MXNet's record below."""
    random = np.random.RandomState(0)
    for part, count in (("train", 10), ("t10k", 6)):
        yield f"{part}-images-idx3-ubyte", random.randint(0, 255, (count, 28, 28))
        yield f"{part}-labels-idx1-ubyte", random.randint(0, 10, (count,))


def test_mnist_iterators(folder):
    (folder / "data").mkdir()
    for name, values in parts():
        (folder / "data" / name).write_bytes(idx(values))
    train, test = test_utils.get_mnist_iterator(3, (1, 28, 28))
    assert train.provide_data[0].shape == test.provide_data[0].shape == (3, 1, 28, 28)
    assert train.provide_label[0].name == "softmax_label"
    train, test = test_utils.get_mnist_iterator(3, (784,), num_parts=2, part_index=1)
    assert train.provide_data[0].shape == test.provide_data[0].shape == (3, 784)
    # what real MXNet 1.9.1 gives
    assert [batch.label[0].asnumpy().tolist() for batch in train] == [[0, 5, 7]]
    assert [batch.label[0].asnumpy().tolist() for batch in test] == [[4, 1, 9]]


def test_mnist_arrays(folder):
    for name, values in parts():
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx(values)))
    mnist = test_utils.get_mnist()
    assert list(mnist) == ["train_data", "train_label", "test_data", "test_label"]
    given = dict(parts())
    assert mnist["train_data"].shape == (10, 1, 28, 28) and mnist["train_data"].dtype == np.float32
    assert (mnist["train_data"][:, 0] == given["train-images-idx3-ubyte"].astype("float32") / 255).all()
    assert mnist["test_label"].dtype == np.int8
    assert (mnist["test_label"] == given["t10k-labels-idx1-ubyte"]).all()


@pytest.mark.parametrize("content", [b"", b"\0\0\x08", b"\0\0\x08\x03\0\0\0\x01", b"\0\0\x0d\x01\0\0\0\x01\1",
                                     struct.pack(">4BI", 0, 0, 8, 1, 5) + b"1234"])
def test_broken_mnist(folder, content):
    for name, _ in parts():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    with pytest.raises(mx.MXNetError, match="no whole IDX file"):
        test_utils.get_mnist()


def test_archives(tmp_path, folder):
    server = tmp_path / "server"
    server.mkdir()
    with zipfile.ZipFile(server / "a.zip", "w") as archive:
        archive.writestr("inside/x.txt", "zipped")
    (server / "b.bz2").write_bytes(bz2.compress(b"packed"))
    with serving(server) as web:
        test_utils.get_zip_data("data", web.url + "a.zip", "a.zip")
        test_utils.get_bz2_data("data", "b.txt", web.url + "b.bz2", "b.bz2")
        assert test_utils.download(web.url + "b.bz2") == "b.bz2"
        assert test_utils.download(web.url + "b.bz2", "c", "deep/er") == os.path.join("deep/er", "c")
    assert (folder / "data/inside/x.txt").read_text() == "zipped"
    assert (folder / "data/b.txt").read_bytes() == b"packed" and not (folder / "data/b.bz2").exists()
    # without the server, from what is there
    (folder / "data/inside/x.txt").unlink()
    test_utils.get_zip_data("data", "http://127.0.0.1:1/a.zip", "a.zip")
    test_utils.get_bz2_data("data", "b.txt", "http://127.0.0.1:1/b.bz2", "b.bz2")
    assert (folder / "data/inside/x.txt").exists()
    with pytest.raises(mx.MXNetError, match="by other means"):
        test_utils.download("http://127.0.0.1:1/d", retries=1)


def test_models(tmp_path, folder):
    server = tmp_path / "server"
    server.mkdir()
    mx.sym.Variable("x").save(str(server / "m.json"))
    mx.nd.save(str(server / "m.params"), {"arg:x": mx.nd.ones(1)})
    with serving(server) as web:
        addresses = {"symbol": web.url + "m.json", "params": web.url + "m.params"}
        found = test_utils.download_model("mine", "models", {"mine": addresses})
        assert found == (os.path.join("models", "mine"), 0)
        with pytest.raises(AssertionError, match="params"):
            test_utils.download_model("mine", "models", {"mine": {"symbol": ""}})
    symbol, arguments, _ = mx.model.load_checkpoint(*found)
    assert symbol.name == "x" and arguments["x"].asscalar() == 1
    assert test_utils.download_model("unknown") == (None, 0)


def test_cifar10_that_is_there(folder):
    (folder / "data/cifar").mkdir(parents=True)
    for name in ("train.rec", "test.rec", "train.lst", "test.lst"):
        (folder / "data/cifar" / name).touch()
    test_utils.get_cifar10()


def test_dummy_iterator():
    real = mx.io.NDArrayIter(mx.nd.arange(8).reshape((4, 2)), batch_size=2)
    dummy = test_utils.DummyIter(real)
    batches = [next(dummy) for _ in range(5)]
    assert all(batch is dummy.the_batch for batch in batches) and dummy.batch_size == 2
    assert batches[0].data[0].asnumpy().tolist() == [[0, 1], [2, 3]]
    assert dummy.provide_data == real.provide_data
    dummy.reset()
    assert dummy.next() is batches[0]


def test_im2rec(folder, monkeypatch):
    monkeypatch.setenv("MXNET_HOME", str(folder))
    with pytest.raises(OSError, match=r"tools/im2rec.py"):
        test_utils.get_im2rec_path()
    (folder / "tools").mkdir()
    (folder / "tools/im2rec.py").touch()
    assert test_utils.get_im2rec_path() == str(folder / "tools/im2rec.py")


def test_location_error():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.5], [3.0, 4.0]])
    assert test_utils.locationError(a, b, (0, 1), ("x", "y"), True) == (
        "Location of maximum error: (0, 1), x=2.00000000, y=2.50000000")
    assert test_utils.locationError(a, b, (np.array([0]), np.array([1])), ("a", "b")) == (
        "Location of error: (array([0]), array([1])), a=2.00000000, b=2.50000000")
