"""contrib.fft and ifft against NumPy: MXNet has them on GPUs only, so there are no recorded answers."""

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd


def interleaved(spectrum):
    """Complex (..., d) as real (..., 2 d)."""
    return np.stack([spectrum.real, spectrum.imag], -1).reshape(*spectrum.shape[:-1], -1)


@pytest.mark.parametrize("shape", [(4, 8), (3, 5), (2, 1, 3, 6)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fft(shape, dtype):
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    y = nd.contrib.fft(nd.array(x, dtype=dtype))
    assert y.dtype == np.dtype(dtype) and y.shape == (*shape[:-1], 2 * shape[-1])
    assert np.allclose(y.asnumpy(), interleaved(np.fft.fft(x)), atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 8), (2, 1, 3, 6)])
def test_ifft_is_real_and_not_normalized(shape):
    z = np.random.default_rng(0).normal(size=(2, *shape))
    z = z[0] + 1j * z[1]
    y = nd.contrib.ifft(nd.array(interleaved(z)), compute_size=64)
    assert np.allclose(y.asnumpy(), np.fft.ifft(z).real * shape[-1], atol=1e-5)


def test_there_and_back():
    x = nd.random.normal(shape=(3, 7))
    assert np.allclose(nd.contrib.ifft(nd.contrib.fft(x)).asnumpy(), 7 * x.asnumpy(), atol=1e-4)


def test_half_precision():
    y = nd.contrib.fft(nd.array([[1, 2, 3, 4]], dtype="float16"))
    assert y.dtype == np.float16 and y.asnumpy().tolist() == [[10, 0, -2, 2, -2, 0, -2, -2]]


@pytest.mark.parametrize("op, width", [(nd.contrib.fft, 5), (nd.contrib.ifft, 6)])
def test_gradient(op, width):
    """The transforms are linear: the gradient is the head gradient times the matrix of the transform."""
    matrix = op(nd.eye(width)).asnumpy()
    x, head = nd.random.normal(shape=(2, width)), nd.random.normal(shape=(2, matrix.shape[1]))
    x.attach_grad()
    with mx.autograd.record():
        y = op(x)
    y.backward(head)
    assert np.allclose(x.grad.asnumpy(), head.asnumpy() @ matrix.T, atol=1e-5)


def test_ifft_wants_pairs():
    with pytest.raises(mx.MXNetError, match="pairs"):
        nd.contrib.ifft(nd.zeros((2, 5)))
