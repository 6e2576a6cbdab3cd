"""hybridize of blocks that override `forward`: values, gradients and effects as without it, graphs, what falls back."""

import random
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import examples.custom_layers as chapter
import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn


def hybrid(layer: type) -> type:
    """A layer of the chapter as a HybridBlock: the same forward."""
    return type(layer.__name__, (nn.HybridBlock,), dict(layer.__dict__) | {"__init__": _init(layer)})


def _init(layer: type):
    class Shim:
        pass

    if "__init__" not in layer.__dict__:
        return nn.HybridBlock.__init__

    def __init__(self, *args, **kwargs):
        nn.HybridBlock.__init__(self, **kwargs)
        if layer is chapter.Affine:
            self.shift = self.params.get("shift", shape=(0,), init="zeros")
        else:
            self.weight = self.params.get("weight", shape=(0, 0, *args))

    return __init__


class Function(nn.HybridBlock):
    """A block whose forward is a function of itself and the inputs."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function
        self.weight = self.params.get("weight", shape=(4, 4))
        self.dense = nn.Dense(4, flatten=False)

    def forward(self, *args, **kwargs):
        return self.function(self, *args, **kwargs)


def flat(out):
    if isinstance(out, nd.NDArray):
        return [out]
    values = out.values() if isinstance(out, dict) else out
    return [a for o in values for a in flat(o)] if isinstance(values, (list, tuple, type({}.values()))) else []


def skeleton(out):
    if isinstance(out, (list, tuple)):
        return type(out), [skeleton(o) for o in out]
    return {k: skeleton(o) for k, o in out.items()} if isinstance(out, dict) else \
        out.shape if isinstance(out, nd.NDArray) else out


def run(net, args, kwargs, train: bool):
    """Outputs, gradients of inputs and parameters."""
    mx.random.seed(3)
    inputs = [nd.array(a, dtype=a.dtype) if isinstance(a, np.ndarray) else a for a in args]
    for a in inputs:
        if isinstance(a, nd.NDArray):
            a.attach_grad()
    if not train:
        out = net(*inputs, **kwargs)
        return out, [o.asnumpy() for o in flat(out)]
    with autograd.record():
        out = net(*inputs, **kwargs)
        heads = [(o * o).sum() for o in flat(out)]
    autograd.backward(heads)
    found = [o.asnumpy() for o in flat(out)] + [a.grad.asnumpy() for a in inputs if isinstance(a, nd.NDArray)]
    for p in net.collect_params().values():
        if p._data is not None:
            found.append(p.data().asnumpy())
            if p.grad_req != "null":
                found.append(p.grad().asnumpy())
    return out, found


def check(net, *args, compiled=True, **kwargs):
    """Twice eagerly and twice hybridized, in both modes: the same."""
    for train in (False, True):
        net.hybridize(False)
        net.initialize(force_reinit=True)
        run(net, args, kwargs, train)
        state = {n: p.data().asnumpy() for n, p in net.collect_params().items() if p._data is not None}
        expected = []
        for _ in range(2):
            expected.append(run(net, args, kwargs, train))
        after = {n: net.collect_params()[n].data().asnumpy() for n in state}
        for name, value in state.items():
            net.collect_params()[name].set_data(nd.array(value, dtype=value.dtype))
        net.hybridize()
        for out, values in expected:
            got, numbers = run(net, args, kwargs, train)
            assert skeleton(got) == skeleton(out)
            for a, b in zip(numbers, values, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
        for name, value in after.items():
            np.testing.assert_allclose(net.collect_params()[name].data().asnumpy(), value, rtol=1e-6, atol=1e-6)
        assert (net._forwards is not None and bool(net._forwards._forms)) == compiled
        assert net._runs_eagerly != compiled


X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
X3 = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)


@pytest.fixture(autouse=True)
def _strict():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


FORWARDS = {
    "parameter": lambda s, x: nd.dot(x, s.weight.data()),
    "child": lambda s, x: s.dense(x) + x,
    "child twice": lambda s, x: s.dense(s.dense(x)),
    "branch on shape": lambda s, x: x * 2 if x.shape[0] > 2 else x,
    "numbers": lambda s, x: 2 - (x + 1) * 3 / (x * x + 1) - x ** 2 + 1 / (x * x + 2) + -x,
    "comparisons": lambda s, x: (x > 0) * x + (x <= 0.5) * 2 + (x == x),
    "methods": lambda s, x: x.exp().sum(axis=1, keepdims=True).T.reshape((-1, 1)).squeeze().expand_dims(0),
    "copies": lambda s, x: x.copy() + x.astype("float64").astype("float32") + x.as_in_context(x.context) + x.detach(),
    "creation": lambda s, x: x + nd.ones(x.shape, ctx=x.context) * 3 + nd.arange(4) + nd.full((3, 4), 2),
    "random": lambda s, x: x + nd.random.uniform(shape=x.shape) * nd.random.normal(0, 2, shape=(4,)),
    "dropout": lambda s, x: nd.Dropout(x, p=0.5),
    "array": lambda s, x: x * nd.array([1, 2, 3, 4]) + nd.array(np.ones((3, 1), np.float32)),
    "training": lambda s, x: x * 2 if autograd.is_training() else x * 3,
    "recording": lambda s, x: x * 2 if autograd.is_recording() else x * 3,
    "lists": lambda s, x: [x, (x + 1, [x * 2])],
    "a tuple": lambda s, x: (x, x + 1),
    "a dict and numbers": lambda s, x: {"a": x + 1, "n": 3, "none": None},
    "the input": lambda s, x: x,
    "concat": lambda s, x: nd.concat(x, x * 2, dim=1) + nd.concatenate([x, x], axis=1),
    "stack and split": lambda s, x: nd.stack(*nd.split(x, 2, axis=1)),
    "int index": lambda s, x: x[0] + x[-1],
    "number from a vector": lambda s, x: x[0][1],
    "slices": lambda s, x: x[1:, ::2] + x[:2, 1:3],
    "backwards": lambda s, x: x[::-1, 3:0:-1],
    "new axes": lambda s, x: x[:, None, 1, None] * x[..., 0:2][0],
    "index list": lambda s, x: x[[0, 2, -1]],
    "index array": lambda s, x: x[nd.array([2, 0], dtype="int32")],
    "index arrays": lambda s, x: x[[0, 2], [1, -1]] + x[[1], [0]],
    "index and slice": lambda s, x: x[:, [1, 3]] + x[1:, 1][[0]],
    "iteration": lambda s, x: nd.add_n(*[row * i for i, row in enumerate(x)]),
    "unrolled": lambda s, x: nd.stack(*[x[i] * (i + 1) for i in range(len(x))]),
    "where": lambda s, x: nd.where(x > 0, x, nd.zeros_like(x)),
    "maximum": lambda s, x: nd.maximum(x, 0) + nd.minimum(0.5, x) + nd.broadcast_maximum(x, x[0:1]),
    "topk": lambda s, x: nd.topk(x, k=2, ret_typ="both")[0],
    "contrib": lambda s, x: nd.contrib.fft(x),
    "linalg": lambda s, x: nd.linalg.gemm2(x, x, transpose_b=True),
    "numpy scalar": lambda s, x: x * np.float32(2) + np.float64(1),
    "swap": lambda s, x: x.swapaxes(0, 1).flip(axis=0).transpose((1, 0)).slice_axis(axis=1, begin=1, end=3),
    "fresh array": lambda s, x: _filled(x),
    "moveaxis": lambda s, x: nd.moveaxis(x, 0, 1),
}


def _filled(x):
    with autograd.pause(train_mode=autograd.is_training()):
        h = nd.zeros((3, 4))
        h[:] = 2
        h[1] = 5
        h[:, 2:] += 1
        h[0] *= 2
        h[2, 3] = [7]
        h[[0, 1], [3, 3]] = -1
    return x * h


@pytest.mark.parametrize("name", FORWARDS)
def test_the_same_as_eagerly(name: str) -> None:
    check(Function(FORWARDS[name]), X)


def test_pause_stops_gradients() -> None:
    def forward(s, x):
        with autograd.pause():
            scale = x.abs().max()
            scale = scale * 2
        return x / scale

    check(Function(forward), X)


@pytest.mark.parametrize("make", [lambda: hybrid(chapter.Affine)(), lambda: hybrid(chapter.Bilinear)(3),
                                  lambda: hybrid(chapter.LeadingFourier)()], ids=["affine", "bilinear", "fourier"])
def test_the_layers_of_the_chapter(make, tmp_path: Path) -> None:
    check(make(), X)
    net = make()
    net.initialize(mx.init.Normal(1))
    net.hybridize()
    x = nd.array(X)
    expected = net(x).asnumpy()
    net.export(str(tmp_path / "net"))
    params = str(tmp_path / "net-0000.params")
    again = nn.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), "data",
                                   params if net.collect_params() else None)
    np.testing.assert_allclose(again(x).asnumpy(), expected, rtol=1e-6)
