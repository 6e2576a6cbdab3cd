"""LibSVMIter: csr batches of text files; expected values are those of MXNet 1.9.1."""

import numpy as np
import pytest

import mxnet as mx
from mxnet.base import MXNetError

DATA = "1.0 0:0.5 2:1.2\n-2.0\n-3.0 0:0.6 1:2.4 2:1.2\n4 2:-1.2\n"
ROWS = np.array([[0.5, 0, 1.2], [0, 0, 0], [0.6, 2.4, 1.2], [0, 0, -1.2]], np.float32)
LABELS = "1.0\n-2.0 0:0.125\n-3.0 2:1.2\n4 1:1.0 2:-1.2\n"


@pytest.fixture
def make(tmp_path):
    def make(text=DATA, labels=None, **given):
        (tmp_path / "d.svm").write_text(text)
        if labels is not None:
            (tmp_path / "l.svm").write_text(labels)
            given["label_libsvm"] = str(tmp_path / "l.svm")
        given = {"data_libsvm": str(tmp_path / "d.svm"), "data_shape": (3,), "batch_size": 3, **given}
        return mx.io.LibSVMIter(**given)

    return make


def test_batches_are_csr_and_the_next_pass_goes_on(make):
    iterator = make()
    assert iterator.provide_data[0] == ("data", (3, 3)) and iterator.provide_label[0] == ("softmax_label", (3,))
    first, second = list(iterator)
    assert first.data[0].stype == "csr" and first.label[0].stype == "default"
    np.testing.assert_array_equal(first.data[0].asnumpy(), ROWS[:3])
    np.testing.assert_array_equal(second.data[0].asnumpy(), ROWS[[3, 0, 1]])
    assert second.label[0].asnumpy().tolist() == [4, 1, -2] and second.pad == 2 and second.index.tolist() == [3, 0, 1]
    iterator.reset()
    np.testing.assert_array_equal(next(iterator).data[0].asnumpy(), ROWS[[2, 3, 0]])


def test_labels_from_a_file(make):
    first, second = list(make(labels=LABELS, label_shape=(3,)))
    assert first.label[0].stype == "csr"
    np.testing.assert_allclose(first.label[0].asnumpy(), [[0, 0, 0], [0.125, 0, 0], [0, 0, 1.2]])
    np.testing.assert_allclose(second.label[0].asnumpy(), [[0, 1, -1.2], [0, 0, 0], [0.125, 0, 0]])


def test_without_rounding_rows_are_empty(make):
    _, last = list(make(round_batch=False))
    assert last.pad == 2 and not last.data[0].asnumpy()[1:].any()


def test_parts(make):
    found = [[b.label[0].asnumpy()[0] for b in make(num_parts=2, part_index=i, batch_size=1)] for i in range(2)]
    assert found == [[1, -2, -3], [4]]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("1 qid:3 0:1\n", [1, 0, 0]),
        ("1:0.5 0:1\n", [1, 0, 0]),
        ("# x\n\n1 2:2 1:3 # y\n", [0, 3, 2]),
        ("1 2 1\n", [0, 1, 1]),
    ],
)
def test_what_lines_may_hold(make, text, row):
    assert next(make(text, batch_size=1)).data[0].asnumpy()[0].tolist() == row


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "1 0:x\n"}, "line at byte 0: expected a label"),
        ({"text": "1 -1:2\n"}, "columns must be from 0 to 2"),
        ({"text": "1\n1 7:2\n"}, "line at byte 2: columns must be from 0 to 2, got 7 to 7"),
        ({"data_shape": (3, 1)}, "data_shape"),
        ({"label_shape": (2,)}, "label_shape"),
        ({"labels": LABELS}, "label_shape"),
        ({"dtype": "int32"}, "float32"),
        ({"labels": "1 0:2\n", "label_shape": (3,)}, "fewer rows"),
        ({"data_libsvm": "none.svm"}, "cannot be read"),
        ({"part_index": 1}, "part_index=1"),
        ({"data_shape": None}, "data_shape"),
        ({"text": ""}, "LibSVMIter"),
    ],
)
def test_errors(make, given, message):
    with pytest.raises(MXNetError, match=message):
        make(**given)
