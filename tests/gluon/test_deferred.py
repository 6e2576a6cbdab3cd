"""Dimensions nobody wrote down: layers of every kind whose parameters get their shapes from the first input."""

from __future__ import annotations

import math
import random
import threading

import numpy as np
import pytest

import mxnet as mx
from mxnet import MXNetError, autograd, gluon, init, nd
from mxnet.gluon import nn


def layer(forward, base=nn.Block, prefix=None, **shapes):
    """A layer whose parameters have these shapes and whose forward is forward(x..., **parameters as arrays)."""

    class Layer(base):
        def __init__(self) -> None:
            super().__init__(prefix=prefix)
            for name, shape in shapes.items():
                setattr(self, name, self.params.get(name, shape=shape))

        if base is nn.Block:
            def forward(self, *args):
                return forward(*args, **{name: getattr(self, name).data() for name in shapes})
        else:
            def hybrid_forward(self, F, *args, **parameters):
                return forward(*args, **parameters)

    block = Layer()
    block.initialize(init.Normal(0.5))
    return block


def shapes_of(block) -> dict:
    return {name: p.shape for name, p in block._reg_params.items()}


X = (4, 6)
CASES = {
    "dot": (lambda x, w: nd.dot(x, w), {"w": (0, 3)}, [X], {"w": (6, 3)}),
    "dot, -1": (lambda x, w: nd.dot(x, w), {"w": (-1, 3)}, [X], {"w": (6, 3)}),
    "dot, one input": (lambda x, w: nd.dot(x, w), {"w": (0, 3)}, [(4, 1)], {"w": (1, 3)}),
    "dot, transposed": (lambda x, w: nd.dot(x, w, transpose_b=True), {"w": (3, 0)}, [X], {"w": (3, 6)}),
    "FullyConnected": (lambda x, w, b: nd.FullyConnected(x, w, b, num_hidden=3), {"w": (3, 0), "b": (3,)}, [(4, 2, 5)],
                       {"w": (3, 10), "b": (3,)}),
    "FullyConnected, bias too": (lambda x, w, b: nd.FullyConnected(x, w, b, num_hidden=3), {"w": (3, 0), "b": (0,)},
                                 [X], {"w": (3, 6), "b": (3,)}),
    "broadcast add": (lambda x, b: x + b, {"b": (0,)}, [X], {"b": (6,)}),
    "broadcast mul": (lambda x, g: nd.broadcast_mul(x, g), {"g": (1, 0)}, [X], {"g": (1, 6)}),
    "add, then mul": (lambda x, g, b: (x - b) * g, {"g": (0,), "b": (0,)}, [X], {"g": (6,), "b": (6,)}),
    "dot, then add": (lambda x, w, b: nd.dot(x, w) + b, {"w": (0, 3), "b": (0,)}, [X], {"w": (6, 3), "b": (3,)}),
    "bilinear form": (lambda x, w: nd.dot(x, nd.dot(w, x.T)), {"w": (0, 0)}, [X], {"w": (6, 6)}),
    "bilinear, many": (lambda x, w: (nd.dot(x, w.reshape((0, -1))).reshape((4, 6, 3)) * x.expand_dims(2)).sum(axis=1),
                       {"w": (0, 6, 3)}, [X], {"w": (6, 6, 3)}),
    "conv": (lambda x, w: nd.Convolution(x, w, kernel=(3, 3), num_filter=5, no_bias=True), {"w": (5, 0, 3, 3)},
             [(2, 3, 8, 8)], {"w": (5, 3, 3, 3)}),
    "conv, bias": (lambda x, w, b: nd.Convolution(x, w, b, kernel=(3,), num_filter=5), {"w": (0, 0, 3), "b": (0,)},
                   [(2, 3, 8)], {"w": (5, 3, 3), "b": (5,)}),
    "deconv": (lambda x, w: nd.Deconvolution(x, w, kernel=(2, 2), num_filter=5), {"w": (0, 5, 2, 2)}, [(2, 3, 8, 8)],
               {"w": (3, 5, 2, 2)}),
    "batch norm": (lambda x, g, b, m, v: nd.BatchNorm(x, g, b, m, v), dict.fromkeys("gbmv", (0,)), [(2, 3, 8, 8)],
                   dict.fromkeys("gbmv", (3,))),
    "layer norm": (lambda x, g, b: nd.LayerNorm(x, g, b), {"g": (0,), "b": (0,)}, [X], {"g": (6,), "b": (6,)}),
    "embedding, both": (lambda i, w: nd.Embedding(i, w, input_dim=10, output_dim=3), {"w": (0, 0)}, [(2, 2)],
                        {"w": (10, 3)}),
    "embedding": (lambda i, w: nd.Embedding(i, w, input_dim=10, output_dim=3), {"w": (10, 0)}, [(2, 2)],
                  {"w": (10, 3)}),
    "prelu": (lambda x, a: nd.LeakyReLU(x, a, act_type="prelu"), {"a": (0,)}, [(2, 3, 4)], {"a": (3,)}),
    "several inputs": (lambda x, y, w, v: nd.dot(x, w) + nd.dot(y, v), {"w": (0, 3), "v": (0, 0)}, [X, (4, 2)],
                       {"w": (6, 3), "v": (2, 3)}),
    "used twice": (lambda x, w: nd.dot(nd.dot(x, w), w.T), {"w": (0, 3)}, [X], {"w": (6, 3)}),
    "used twice, square": (lambda x, w: nd.dot(nd.dot(x, w), w), {"w": (0, 0)}, [X], {"w": (6, 6)}),
    "determine each other": (lambda x, w, v: nd.dot(nd.dot(x, w), v), {"w": (0, 3), "v": (0, 2)}, [X],
                             {"w": (6, 3), "v": (3, 2)}),
    "determine each other, backwards": (lambda x, w, v: nd.dot(x, w) + v, {"w": (0, 0), "v": (5,)}, [X],
                                        {"w": (6, 5), "v": (5,)}),
    "branches on x.shape": (lambda x, w: nd.dot(x if x.shape[1] > 3 else x.T, w) / x.shape[0], {"w": (0, 3)}, [X],
                            {"w": (6, 3)}),
    "loop over x.shape": (lambda x, w: sum(x[i] * w for i in range(x.shape[0])), {"w": (0,)}, [X], {"w": (6,)}),
    "attention": (lambda x, q, k: nd.softmax(nd.dot(nd.dot(x, q), nd.dot(x, k).T)), {"q": (0, 4), "k": (0, 4)}, [X],
                  {"q": (6, 4), "k": (6, 4)}),
    "concat": (lambda x, w: nd.dot(nd.concat(x, x, dim=1), w), {"w": (0, 2)}, [X], {"w": (12, 2)}),
    "fft": (lambda x, w: nd.contrib.fft(x)[:, :x.shape[1]] * w, {"w": (0,)}, [X], {"w": (6,)}),
    "numbers by hand": (lambda x, w: x * w.sum() + w, {"w": (0,)}, [X], {"w": (6,)}),
}


@pytest.mark.parametrize("base", [nn.Block, nn.HybridBlock], ids=["Block", "HybridBlock"])
@pytest.mark.parametrize("case", CASES)
def test_shapes_are_found_and_the_layer_trains(case: str, base) -> None:
    forward, unknown, inputs, expected = CASES[case]
    block = layer(forward, base, **unknown)
    arrays = [nd.random.normal(shape=s).abs().floor() if "embedding" in case else nd.random.normal(shape=s)
              for s in inputs]
    with autograd.record():
        out = block(*arrays)
        loss = (out * out).sum()
    loss.backward()
    assert shapes_of(block) == expected
    known = layer(forward, base, **expected)
    for name, parameter in block._reg_params.items():
        getattr(known, name).set_data(parameter.data())
    with autograd.train_mode():
        np.testing.assert_allclose(known(*arrays).asnumpy(), out.asnumpy(), rtol=1e-5)
    assert any(p.grad().asnumpy().any() for p in block._reg_params.values())


class Affine(nn.Block):
    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=(0, units))
        self.bias = self.params.get("bias", shape=(units,), init="zeros")

    def forward(self, x):
        return nd.relu(nd.dot(x, self.weight.data()) + self.bias.data())


class Residual(nn.Block):
    """Layers inside a layer, one of them called twice, beside a parameter of its own."""

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.inner = Affine(units)
            self.again = Affine(units)
        self.scale = self.params.get("scale", shape=(0,))

    def forward(self, x):
        y = self.inner(x)
        return self.again(self.again(y)) * self.scale.data() + y


class TestNested:
    def test_layers_in_layers(self) -> None:
        net = nn.Sequential()
        net.add(Affine(5), Residual(3), nn.Dense(2), Affine(4))
        net.initialize()
        assert net(nd.ones((2, 7))).shape == (2, 4)
        assert net[0].weight.shape == (7, 5)
        assert (net[1].inner.weight.shape, net[1].again.weight.shape, net[1].scale.shape) == ((5, 3), (3, 3), (3,))
        assert net[2].weight.shape == (2, 3)
        assert net[3].weight.shape == (2, 4)

    def test_one_layer_in_two_places(self) -> None:
        shared = Affine(6)
        net = nn.Sequential()
        net.add(shared, nn.Dense(6), shared)
        net.initialize()
        assert net(nd.ones((2, 6))).shape == (2, 6)

    def test_shared_parameters(self) -> None:
        first = Affine(6)
        second = Affine(6, params=first.params)
        first.initialize()
        first(nd.ones((2, 6)))
        assert second.weight is first.weight
        np.testing.assert_array_equal(second(nd.ones((2, 6))).asnumpy(), first(nd.ones((2, 6))).asnumpy())

    def test_a_later_call_with_other_leading_sizes(self) -> None:
        net = Residual(3)
        net.initialize()
        net(nd.ones((2, 7)))
        assert net(nd.ones((5, 7))).shape == (5, 3)
        with pytest.raises(MXNetError, match="dot"):
            net(nd.ones((5, 8)))

    def test_lists_and_keywords_as_inputs(self) -> None:
        class Join(nn.Block):
            def __init__(self) -> None:
                super().__init__()
                self.w = self.params.get("w", shape=(0, 2))

            def forward(self, parts, scale=None, times=1):
                out = nd.dot(nd.concat(*parts, dim=1), self.w.data()) * times
                return out if scale is None else out * scale["by"]

        net = Join()
        net.initialize()
        out = net([nd.ones((2, 3)), nd.ones((2, 1))], scale={"by": nd.ones((2, 1))}, times=3)
        assert (net.w.shape, out.shape) == ((4, 2), (2, 2))

    def test_a_forward_that_gives_several_arrays(self) -> None:
        net = layer(lambda x, w: [nd.dot(x, w), (x, w)], w=(0, 2))
        first, (second, third) = net(nd.ones((2, 3)))
        assert (first.shape, second.shape, third.shape) == ((2, 2), (2, 3), (3, 2))

    def test_hybridize_changes_nothing(self) -> None:
        class Product(nn.HybridBlock):
            def __init__(self) -> None:
                super().__init__()
                self.w = self.params.get("w", shape=(0, 3))

            def hybrid_forward(self, F, x, w):
                return F.dot(x, w)

        net = nn.HybridSequential()
        net.add(Product(), nn.Dense(2))
        net.initialize(force_reinit=True)
        net.hybridize()
        out = net(nd.ones((2, 4)))
        net.hybridize(False)
        np.testing.assert_array_equal(net(nd.ones((2, 4))).asnumpy(), out.asnumpy())

    def test_an_infer_shape_of_ones_own(self) -> None:
        class Own(nn.HybridBlock):
            def __init__(self) -> None:
                super().__init__()
                self.w = self.params.get("w", shape=(0,), allow_deferred_init=True)

            def infer_shape(self, x):
                self.w.shape = (x.shape[1] * 2,)

            def hybrid_forward(self, F, x, w):
                return F.concat(x, x, dim=1) * w

        net = Own()
        net.initialize()
        assert net(nd.ones((2, 3))).shape == (2, 6)


class TestNoSideEffects:
    def test_random_streams_stay(self) -> None:
        def run(shape) -> tuple:
            mx.random.seed(7)
            net = layer(lambda x, w: nd.Dropout(nd.dot(x, w), p=0.5) + nd.random.normal(shape=(4, 3)), w=shape)
            with autograd.train_mode():
                out = net(nd.ones(X))
            return out.asnumpy(), net.w.data().asnumpy(), nd.random.uniform(shape=3).asnumpy()

        for found, given in zip(run((0, 3)), run((6, 3)), strict=True):
            np.testing.assert_array_equal(found, given)

    def test_running_statistics_are_updated_once(self) -> None:
        net = nn.Sequential()
        net.add(nn.BatchNorm(momentum=0.5, in_channels=6), Affine(3), nn.BatchNorm(momentum=0.5))
        net.initialize()
        with autograd.record():
            net(nd.ones(X) * 8)
        np.testing.assert_allclose(net[0].running_mean.data().asnumpy(), np.full(6, 4.0))

    def test_arrays_that_the_layer_writes_to(self) -> None:
        counter = nd.zeros(1)

        def forward(x, w):
            with autograd.pause():
                counter[:] += 1
            return nd.dot(x, w)

        net = layer(forward, w=(0, 3))
        net(nd.ones(X))
        net(nd.ones(X))
        assert counter.asscalar() == 2

    def test_hooks_run_once(self) -> None:
        seen = []
        net = nn.Sequential()
        net.add(Affine(3))
        for block in (net, net[0]):
            block.register_forward_hook(lambda b, i, o: seen.append(o.asnumpy().shape))
            block.register_forward_pre_hook(lambda b, i: seen.append(i[0].asnumpy().shape))
        net.initialize()
        net(nd.ones(X))
        assert seen == [(4, 6), (4, 6), (4, 3), (4, 3)]

    def test_inputs_and_gradients_stay(self) -> None:
        x = nd.ones(X)
        x.attach_grad()
        net = layer(lambda x, w: nd.dot(x, w), w=(0, 3))
        with autograd.record():
            y = net(x)
        y.backward()
        np.testing.assert_allclose(x.grad.asnumpy()[0], net.w.data().asnumpy().sum(axis=1), rtol=1e-5)


class TestInitialization:
    def test_same_numbers_as_with_the_shape_given(self) -> None:
        def weights(in_units: int) -> np.ndarray:
            mx.random.seed(3)
            net = nn.Sequential()
            net.add(nn.Dense(4, in_units=in_units), nn.Dense(2, in_units=4 if in_units else 0))
            net.initialize(init.Xavier())
            net(nd.ones((1, 3)))
            return np.concatenate([p.data().asnumpy().ravel() for p in net.collect_params().values()])

        np.testing.assert_array_equal(weights(0), weights(3))

    def test_on_several_contexts(self) -> None:
        net = layer(lambda x, w: nd.dot(x, w), nn.HybridBlock, w=(0, 3))
        net.initialize(ctx=[mx.cpu(0), mx.cpu(1)], force_reinit=True)
        out = net(nd.ones(X, ctx=mx.cpu(1)))
        assert out.ctx == mx.cpu(1)
        a, b = net.w.list_data()
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())

    def test_other_dtypes(self) -> None:
        net = nn.Sequential()
        net.add(Affine(3), nn.Dense(2))
        net.cast("float64")
        net.initialize()
        assert net(nd.ones(X, dtype="float64")).dtype == np.float64
        assert net[0].weight.data().dtype == np.float64

    def test_before_the_first_call(self) -> None:
        net = Affine(3)
        with pytest.raises(RuntimeError, match="has not been initialized"):
            net(nd.ones(X))
        net.initialize()
        with pytest.raises(gluon.parameter.DeferredInitializationError, match="weight"):
            net.weight.data()

    def test_a_file_tells_the_shapes_too(self, tmp_path) -> None:
        path = str(tmp_path / "net.params")
        net = Residual(3)
        net.initialize()
        out = net(nd.ones((2, 7)))
        net.save_parameters(path)
        again = Residual(3)
        again.load_parameters(path)
        np.testing.assert_array_equal(again(nd.ones((2, 7))).asnumpy(), out.asnumpy())

    def test_threads(self) -> None:
        net = nn.Sequential()
        net.add(Residual(3), nn.Dense(2))
        net.initialize()
        outs = []
        threads = [threading.Thread(target=lambda: outs.append(net(nd.ones((2, 7))).asnumpy())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outs) == 4
        for out in outs[1:]:
            np.testing.assert_array_equal(out, outs[0])


class TestHonestFailure:
    def test_a_dimension_that_nothing_determines(self) -> None:
        net = layer(lambda x, w, v: nd.dot(x, w).sum() + v.sum(), prefix="mine_", w=(0, 3), v=(2, 0))
        with pytest.raises(gluon.parameter.DeferredInitializationError) as caught:
            net(nd.ones(X))
        for part in ("mine_v", "Layer 'mine'", "(2, 0)", "dimension 1", "self.params.get('v', shape=...)"):
            assert part in str(caught.value)

    def test_a_forward_that_looks_at_values(self) -> None:
        net = layer(lambda x, w: nd.dot(x, w) if x.sum().asscalar() > 0 else x, w=(0, 3))
        with pytest.raises(gluon.parameter.DeferredInitializationError, match="the values of a tensor"):
            net(nd.ones(X))

    def test_values_looked_at_afterwards(self) -> None:
        def forward(x, w):
            y = nd.dot(x, w)
            return y if y.sum().asscalar() > 0 else -y

        net = layer(forward, w=(0, 3))
        assert net(nd.ones(X)).sum().asscalar() >= 0
        assert net.w.shape == (6, 3)

    def test_an_error_of_the_forward_is_the_users(self) -> None:
        def forward(x, w):
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            layer(forward, w=(0, 3))(nd.ones(X))

    def test_shapes_that_cannot_be(self) -> None:
        net = layer(lambda x, w: nd.dot(x, w) + x, w=(0, 3))
        with pytest.raises(MXNetError):
            net(nd.ones(X))

    def test_after_a_failure_it_works_with_the_right_input(self) -> None:
        def forward(x, w):
            if x.ndim != 2:
                raise ValueError("two axes, please")
            return nd.dot(x, w)

        net = layer(forward, w=(0, 3))
        with pytest.raises(ValueError, match="please"):
            net(nd.ones((4,)))
        assert net(nd.ones(X)).shape == (4, 3)

    def test_a_shape_that_was_not_given(self) -> None:
        class Layer(nn.Block):
            def __init__(self) -> None:
                super().__init__()
                self.weight = self.params.get("weight", allow_deferred_init=True)

            def forward(self, x):
                return nd.dot(x, self.weight.data())

        net = Layer()
        net.initialize()
        with pytest.raises(gluon.parameter.DeferredInitializationError, match="was not given at all"):
            net(nd.ones(X))

    @pytest.mark.parametrize("shape", [X, (5, 5)])
    def test_several_sizes_would_do(self, shape) -> None:
        net = layer(lambda x, w: sum(x**i * w[i] for i in range(w.shape[0])), w=(0,))
        with pytest.raises(gluon.parameter.DeferredInitializationError, match="a size that nothing has determined"):
            net(nd.ones(shape))


FORWARDS = {
    "a number from numpy": lambda x, w: nd.dot(x, w * np.sqrt(2 / w.shape[0])),
    "a number from math": lambda x, w: nd.dot(x, w) / math.sqrt(w.shape[0]),
    "a number beforehand": lambda x, w: nd.dot(x, w * math.sqrt(2 / w.shape[0])),
    "a power": lambda x, w: nd.dot(x, w * w.shape[0] ** -0.5),
    "parts of the weight": lambda x, w: nd.dot(x, w[:, :1]) * nd.dot(x, w[:, 1:]),
    "its norm": lambda x, w: nd.dot(x, w / w.norm(axis=1, keepdims=True)),
    "one of several heads": lambda x, w: nd.dot(x, w).reshape((x.shape[0], 3, -1)).sum(axis=1),
    "real values": lambda x, w: nd.dot(x, w) * float(TABLE.asnumpy().sum()) + TABLE[1].asscalar(),
    "printing": lambda x, w: nd.dot(x, w) if f"{x} {w!r}" else x,
    "writing": lambda x, w: nd.dot(x, w) + written(x, w),
    "a function of one's own": lambda x, w: Product()(x, w),
    "noise": lambda x, w: nd.dot(x, w + nd.random.normal(shape=w.shape) * nd.random.uniform_like(w)),
    "a distribution": lambda x, w: nd.dot(x, w) * nd.random.normal(nd.dot(x, w), nd.ones((4, 3))),
    "random numbers": lambda x, w: nd.dot(x, w) * random.random() + nd.array(np.random.rand(4, 3)),
}
TABLE = nd.array([2, 3])


def written(x, w):
    with autograd.pause():
        y = nd.zeros((4, 3))
        y[:] = nd.dot(x, w)
        y[1, :] = 0
        y -= w.sum(axis=0)
        y[:, 1] = y[:, 1] * 2
    return y


class Product(autograd.Function):
    def forward(self, x, w):
        self.save_for_backward(x, w)
        return nd.dot(x, w)

    def backward(self, dy):
        x, w = self.saved_tensors
        return nd.dot(dy, w.T), nd.dot(x.T, dy)


@pytest.mark.parametrize("case", FORWARDS)
def test_what_else_a_forward_may_do(case: str) -> None:
    """Outputs and gradients are those of the same layer with the shape given by hand."""
    answers = []
    for shape in ((6, 3), (0, 3)):
        np.random.seed(1)
        random.seed(1)
        mx.random.seed(1)
        x = nd.random.normal(shape=X)
        net = layer(FORWARDS[case], w=shape)
        with autograd.record():
            y = net(x)
        y.backward()
        answers.append((y.asnumpy(), net.w.data().asnumpy(), net.w.grad().asnumpy()))
    for known, found in zip(*answers, strict=True):
        np.testing.assert_array_equal(known, found)


class TestAttributes:
    """What forward writes to attributes during the inference is undone."""

    def test_numbers_arrays_and_lists(self) -> None:
        class Layer(nn.Block):
            def __init__(self) -> None:
                super().__init__()
                self.weight = self.params.get("weight", shape=(0, 3))
                self.calls, self.state, self.history = 0, None, []

            def forward(self, x):
                self.calls += 1
                y = nd.dot(x, self.weight.data())
                if self.state is None:
                    self.state = y * 2
                self.history.append(y)
                self.last = y
                return y + self.state

        net = Layer()
        net.initialize()
        out = net(nd.ones(X)).asnumpy()
        assert (net.calls, len(net.history)) == (1, 1)
        np.testing.assert_array_equal(out, net.state.asnumpy() * 1.5)
        np.testing.assert_array_equal(net.last.asnumpy() * 3, out)

    def test_running_means_as_attributes(self) -> None:
        class Norm(nn.Block):
            def __init__(self, units) -> None:
                super().__init__()
                self.gamma = self.params.get("gamma", shape=(units,), init=init.One())
                self.mean = nd.zeros((6,))

            def forward(self, x):
                self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
                return self.gamma.data() * (x - self.mean)

        x = nd.random.normal(shape=X)
        means = []
        for units in (6, 0):
            net = nn.Sequential()
            net.add(Norm(units))
            net.initialize()
            net(x)
            means.append(net[0].mean.asnumpy())
        np.testing.assert_array_equal(*means)

    def test_running_means_as_parameters(self) -> None:
        class Norm(nn.Block):
            def __init__(self, units) -> None:
                super().__init__()
                self.gamma = self.params.get("gamma", shape=(units,), init=init.One())
                self.mean = self.params.get("mean", shape=(units,), init=init.Zero(), grad_req="null")

            def forward(self, x):
                with autograd.pause():
                    self.mean.set_data(0.9 * self.mean.data() + 0.1 * x.mean(axis=0))
                return self.gamma.data() * (x - self.mean.data())

        x = nd.random.normal(shape=X)
        means = []
        for units in (6, 0):
            net = Norm(units)
            net.initialize()
            with autograd.record():
                net(x)
            means.append(net.mean.data().asnumpy())
        np.testing.assert_array_equal(*means)


def test_an_array_without_values_can_be_printed() -> None:
    texts = []

    def forward(x, w):
        texts.append(str(w))
        return nd.dot(x, w)

    layer(forward, w=(0, 3))(nd.ones(X))
    assert texts[0] == "\nno values: only shapes are known while unknown ones are inferred\n<NDArray ?x3 @cpu(0)>"
    assert texts[1].startswith("\n[[") and texts[1].endswith("<NDArray 6x3 @cpu(0)>")


class TestAFirstCallThatFails:
    @pytest.mark.parametrize("hybridize", [False, True])
    def test_leaves_the_shapes_unknown(self, hybridize: bool) -> None:
        conv = nn.Conv2D(2, 5)
        conv.initialize()
        if hybridize:
            conv.hybridize()
        with pytest.raises(ValueError, match="Deferred initialization failed because shape cannot be inferred"):
            conv(nd.ones((1, 3, 2, 2)))
        assert conv(nd.ones((1, 1, 6, 6))).shape == (1, 2, 2, 2)

    def test_is_an_mxnet_error_too_and_said_once(self) -> None:
        net = nn.HybridSequential()
        net.add(nn.Conv2D(2, 3), nn.Dense(1))
        net.initialize()
        with pytest.raises(mx.MXNetError) as caught:
            net(nd.ones((1, 3, 2, 2)))
        assert str(caught.value).count("Deferred") == 1
        assert net(nd.ones((1, 4, 6, 6))).shape == (1, 1)

    def test_later_calls_are_plain_errors(self) -> None:
        dense = nn.Dense(2)
        dense.initialize()
        dense(nd.ones((1, 3)))
        with pytest.raises(mx.MXNetError) as caught:
            dense(nd.ones((1, 4)))
        assert not isinstance(caught.value, ValueError)


class TestInferShape:
    def test_of_a_net_says_the_shapes_of_its_children(self) -> None:
        net = nn.HybridSequential()
        net.add(nn.Dense(2), nn.BatchNorm(), nn.Dense(3))
        net.infer_shape(nd.ones((4, 5)))  # before initialization, too
        assert [p.shape for p in net.collect_params(".*weight|.*gamma").values()] == [(2, 5), (2,), (3, 2)]
        net.initialize()
        assert net(nd.ones((4, 5))).shape == (4, 3)


def test_forward_called_by_itself_settles_the_shapes() -> None:
    dense = nn.Dense(2, weight_initializer="ones")
    dense.initialize()
    np.testing.assert_array_equal(dense.forward(nd.ones((1, 3))).asnumpy(), [[3, 3]])
    assert dense.weight.shape == (2, 3)
