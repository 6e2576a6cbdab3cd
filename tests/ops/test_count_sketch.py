"""contrib.count_sketch against its definition: MXNet has it on GPUs only."""

import numpy as np
import pytest

import mxnet as mx


def sketch(rows, places, signs, size):
    out = np.zeros((*rows.shape[:-1], size), rows.dtype)
    for i, (place, sign) in enumerate(zip(places.ravel().astype(int), signs.ravel(), strict=True)):
        out[..., place] += rows[..., i] * sign
    return out


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (3,), (2, 4, 3)])
@pytest.mark.parametrize("table", [(1, 3), (3,)])
def test_values_and_gradients(shape, table, dtype):
    rows = np.arange(np.prod(shape)).reshape(shape).astype(dtype) - 2
    places, signs = np.array([4, 0, 4], dtype).reshape(table), np.array([1, -1, -1], dtype).reshape(table)
    data, h, s = (mx.nd.array(a, dtype=dtype) for a in (rows, places, signs))
    for array in (data, h, s):
        array.attach_grad()
    with mx.autograd.record():
        out = mx.nd.contrib.count_sketch(data, h, s, out_dim=5)
        total = (out * mx.nd.array([1, 2, 3, 4, 5], dtype=dtype)).sum()
    total.backward()
    assert out.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(out.asnumpy(), sketch(rows, places, signs, 5))
    np.testing.assert_array_equal(data.grad.asnumpy(), np.broadcast_to(np.array([5, -1, -5], dtype), shape))
    assert not h.grad.asnumpy().any() and not s.grad.asnumpy().any()


def test_the_documented_example():
    data = mx.nd.array([[1.2, 2.5, 3.4], [3.2, 5.7, 6.6]])
    out = mx.nd.contrib.count_sketch(data, mx.nd.array([[0, 3, 4]]), mx.nd.array([[1, -1, 1]]), out_dim=5)
    np.testing.assert_allclose(out.asnumpy(), [[1.2, 0, 0, -2.5, 3.4], [3.2, 0, 0, -5.7, 6.6]], rtol=1e-6)


def test_symbols_know_the_shapes_of_the_tables():
    out = mx.sym.contrib.count_sketch(mx.sym.Variable("data"), out_dim=5, name="c")
    assert out.infer_shape(data=(2, 3)) == ([(2, 3), (1, 3), (1, 3)], [(2, 5)], [])
    assert out.infer_type(data="float64")[1] == [np.float64]


@pytest.mark.parametrize("places, signs", [([[0, 1]], [[1, 1, 1]]), ([[0, 1, 2]], [[1]]), ([[0, 1, 5]], [[1, 1, 1]])])
def test_bad_tables(places, signs):
    with pytest.raises(mx.MXNetError, match="count_sketch"):
        mx.nd.contrib.count_sketch(mx.nd.ones((2, 3)), mx.nd.array(places), mx.nd.array(signs), out_dim=5)
