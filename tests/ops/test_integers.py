"""Gradients of integer arrays: what real MXNet gave for arange(6) of shape (2, 3)."""
from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, nd

# code on x (int32): the gradient of its sum
ANSWERS = {
    "x * 2": [2, 2, 2, 2, 2, 2],
    "x * x": [0, 2, 4, 6, 8, 10],
    "(x * x).sum()": [0, 2, 4, 6, 8, 10],
    "x[:, 1]": [0, 1, 0, 0, 1, 0],
    "x[1:]": [0, 0, 0, 1, 1, 1],
    "nd.topk(x, k=2, ret_typ='value')": [0, 1, 1, 0, 1, 1],
    "nd.concat(x, x * 3, dim=1)": [4, 4, 4, 4, 4, 4],
    "x.astype('float32') * 2.5": [2, 2, 2, 2, 2, 2],  # gradients of integers are integers
    "nd.contrib.boolean_mask(x, nd.array([1, 0]))": [1, 1, 1, 0, 0, 0],
    "nd.clip(x, 1, 4)": [0, 1, 1, 1, 1, 0],
    "x.max(axis=1)": [0, 0, 1, 0, 0, 1],
    "nd.where(x > 2, x, x * 5)": [5, 5, 5, 1, 1, 1],
    "nd.relu(x)": [0, 1, 1, 1, 1, 1],
    "nd.stack(x, x).T": [2, 2, 2, 2, 2, 2],
}


def six(ctx, dtype="int32"):
    return nd.array(np.arange(6).reshape(2, 3), dtype=dtype, ctx=ctx)


@pytest.mark.parametrize("code", ANSWERS)
def test_gradient_of_integers(code, ctx):
    x = six(ctx)
    x.attach_grad()
    plain = eval(code, {"x": x, "nd": nd})
    with autograd.record():
        y = eval(code, {"x": x, "nd": nd})
    y.backward()
    assert x.grad.dtype == np.int32
    assert x.grad.asnumpy().ravel().tolist() == ANSWERS[code]
    assert y.dtype == plain.dtype and np.array_equal(y.asnumpy(), plain.asnumpy())


def test_gradient_passes_a_cast_to_integers(ctx):
    x = six(ctx, "float32")
    x.attach_grad()
    with autograd.record():
        y = (x.astype("int32") * 3).astype("float32") * 1.5
    y.backward()
    assert x.grad.dtype == np.float32
    assert x.grad.asnumpy().tolist() == [[3.0] * 3] * 2  # 1.5 becomes 1 on its way through integers


def test_values_written_later_count(ctx):
    x = six(ctx)
    x.attach_grad()
    x[:] = 7
    with autograd.record():
        y = x * x
    y.backward()
    assert x.grad.asnumpy().tolist() == [[14] * 3] * 2


def test_requests_and_grad_function(ctx):
    x = six(ctx, "int64")
    x.attach_grad(grad_req="add")
    for _ in range(3):
        with autograd.record():
            y = x * x
        y.backward()
    assert x.grad.asnumpy().tolist() == [[0, 6, 12], [18, 24, 30]]
    with autograd.record():
        y = x * x
    gradient, = autograd.grad(y, x)
    assert gradient.dtype == np.int64 and gradient.asnumpy().tolist() == [[0, 2, 4], [6, 8, 10]]


def test_executor(ctx):
    y = mx.sym.Cast(mx.sym.var("x", dtype="int32"), dtype="float32")
    executor = y.simple_bind(ctx, x=(2, 3))
    executor.forward(is_train=True)
    executor.backward(nd.array([[1.5, -2.5, 3], [4, 5, 6]], ctx=ctx))
    assert executor.grad_dict["x"].dtype == np.int32
    assert executor.grad_dict["x"].asnumpy().tolist() == [[1, -2, 3], [4, 5, 6]]
