"""x[key] and x[key] = value against what real MXNet answered (golden/indexing/answers.json), and beyond it."""

import json
import pathlib

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import nd
from mxnet.ndarray import indexing

ANSWERS = json.loads((pathlib.Path(__file__).parents[1] / "golden" / "indexing" / "answers.json").read_text())


class _Key:
    def __getitem__(self, key):
        return key


def A(*shape):
    """The numbers 0, 1, 2, ... in the given shape."""
    return nd.array(np.arange(np.prod(shape)).reshape(shape))


def key_of(text):
    return eval(f"K[{text}]", {"K": _Key(), "np": np, "nd": nd}) if text != "()" else ()


def numbers(array):
    return [str(v) if v != v or abs(v) == np.inf else v for v in array.asnumpy().ravel().tolist()]


@pytest.mark.parametrize("answer", ANSWERS["reads"], ids=lambda a: f"{tuple(a[0])}[{a[1]}]")
def test_read(answer):
    shape, text, *expected = answer
    x = A(*shape)
    if len(expected) == 1:
        with pytest.raises(Exception) as caught:
            x[key_of(text)]
        assert caught.type.__name__ == expected[0]
        return
    y = x[key_of(text)]
    assert [list(y.shape), numbers(y)] == expected[:2]
    if y.size:
        y[:] = -1
    assert bool((x.asnumpy() == -1).any()) == expected[2], "shares memory or not"


@pytest.mark.parametrize("answer", ANSWERS["writes"], ids=lambda a: f"{a[1]}{tuple(a[0])}[{a[2]}]={a[3]}")
def test_write(answer):
    shape, dtype, text, value, expected = answer
    x = A(*shape).astype(dtype)
    value = eval(value, {"np": np, "nd": nd, "A": A})
    if isinstance(expected, str):
        with pytest.raises(Exception) as caught:
            x[key_of(text)] = value
        assert caught.type.__name__ == expected
        return
    x[key_of(text)] = value
    assert numbers(x) == expected


# MXNet 1.9.1 puts a None behind an index array before it, and misses writes through a negative index beside an
# index array, or into an axis added by None; NumPy's answer holds here.
@pytest.mark.parametrize("text", ["[0, 1], None", "1:, [0, -1], None", "None, [0, 1], None", "..., [0, -2], None",
                                  "-1, [0, -2]", ":, None", "[-1, 0], ::-1", "2:1", ":, 1:1", "[]"])
def test_as_numpy(text):
    x, expected = A(2, 3, 4), np.arange(24.0).reshape(2, 3, 4)
    key = key_of(text)
    np_key = [] if text == "[]" else key
    taken = expected[np_key] if text != "[]" else expected[:0]
    assert np.array_equal(x[key].asnumpy(), taken)
    x[key] = np.arange(taken.size).reshape(taken.shape) + 100
    if taken.size:
        expected[np_key] = np.arange(taken.size).reshape(taken.shape) + 100
    assert np.array_equal(x.asnumpy(), expected)


def test_overlapping_assignment_reads_before_it_writes():
    x = A(4)
    x[1:4] = x[0:3]
    assert x.asnumpy().tolist() == [0, 0, 1, 2]


def test_scalar_results_are_zero_dimensional_under_np_shape():
    with mx.np_shape(True):
        assert A(3)[0].shape == A(3, 4)[1, 2].shape == ()
    assert A(3)[0].shape == (1,)


def test_gradient_of_repeated_indices_accumulates():
    x = A(3, 2)
    x.attach_grad()
    with mx.autograd.record():
        y = x[[0, 0, 2]] * 2 + x[1:, 0].sum()
    y.backward()
    assert x.grad.asnumpy().tolist() == [[4, 4], [6, 0], [8, 2]]


def test_pure_functions_tell_whether_memory_is_shared():
    t = torch.arange(12.0).view(3, 4)
    for key, shares in [(0, True), (slice(1, 3), True), ((0, slice(1, 3)), True), ((slice(None), 1), False),
                        (slice(None, None, -1), False), ([0], False)]:
        result, said = indexing.getitem(t, key)
        assert said is shares
        assert (result.untyped_storage().data_ptr() == t.untyped_storage().data_ptr()) is shares


@pytest.mark.parametrize("text", ["0", "1:3", "::-1", "::2", ":, 1", "0, 1:3", "0:1, 1:2, 1:3", "None, 0",
                                  "1, ..., None"])
def test_one_piece_is_what_shares(text):
    _, shares = indexing.getitem(torch.zeros(2, 3, 4), key_of(text))
    assert indexing.lies_in_one_piece(key_of(text), (2, 3, 4)) is shares
