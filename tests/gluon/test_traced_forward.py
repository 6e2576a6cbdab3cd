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


class Mixed(nn.HybridBlock):
    """An own forward with hybrid children, BatchNorm and Dropout."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.body = nn.HybridSequential()
        self.body.add(nn.Dense(5, activation="relu"), nn.BatchNorm(), nn.Dropout(0.3), Function(lambda s, x: x * 2))

    def forward(self, x, scale=1, *, shift=None, flag="yes"):
        h = self.body(x) * scale
        if shift is not None:
            h = h + shift
        return (h, [h * 2]) if flag == "yes" else h


class HybridParent(nn.HybridBlock):
    """A hybrid_forward around a child with its own forward, called twice."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.child = Function(FORWARDS["child twice"])
        self.scale = self.params.get("scale", shape=(1, 4))

    def hybrid_forward(self, F, x, scale):
        return F.broadcast_mul(self.child(self.child(x)), scale)


@pytest.mark.parametrize("arguments", [((X,), {}), ((X, 3), {}), ((X, 2.5), {"flag": "no"}),
                                       ((X,), {"shift": nd.ones((1, 5))})], ids=str)
def test_nested_blocks_and_arguments(arguments) -> None:
    args, kwargs = arguments
    check(Mixed(), *args, **kwargs)


def test_an_own_forward_inside_of_hybrid_ones() -> None:
    check(HybridParent(), X)
    net = nn.HybridSequential()
    net.add(nn.Dense(4), HybridParent(), nn.BatchNorm(), Mixed(), nn.HybridLambda(lambda F, out: out[0]))
    check(net, X)


def test_shared_parameters() -> None:
    class Shared(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.a = nn.Dense(4)
            self.b = nn.Dense(4, params=self.a.params)

        def forward(self, x):
            return self.b(self.a(x)) + nd.dot(x, self.a.weight.data())

    check(Shared(), X)


def test_recurrent_layers() -> None:
    class Recurrent(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.rnn = gluon.rnn.LSTM(5, layout="NTC")

        def forward(self, x):
            states = self.rnn.begin_state(len(x), ctx=x.context)
            outputs, states = self.rnn(x, states)
            return outputs + self.rnn(x), states[0]

    check(Recurrent(), X3)


@pytest.mark.parametrize("make", [lambda: gluon.rnn.GRUCell(4), lambda: gluon.rnn.BidirectionalCell(
    gluon.rnn.LSTMCell(3), gluon.rnn.RNNCell(2))], ids=["GRU", "both ways"])
def test_cells_unrolled(make) -> None:
    class Unrolled(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.cell = make()

        def forward(self, x):
            outputs, states = self.cell.unroll(x.shape[1], x, layout="NTC", merge_outputs=True)
            return outputs, states[0]

    check(Unrolled(), X3)


def test_a_symbol_block_inside() -> None:
    data = mx.sym.var("data")
    graph = mx.sym.BatchNorm(mx.sym.FullyConnected(data, num_hidden=4, name="fc"), name="bn")

    class Outer(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.inner = nn.SymbolBlock(graph, data)

        def forward(self, x):
            return self.inner(self.inner(x) * 2) + 1

    check(Outer(), X)


def test_foreach_is_unrolled() -> None:
    def forward(s, x):
        out, states = nd.contrib.foreach(lambda row, st: (row * st[0], [st[0] + row]), x, [nd.ones((4,))])
        return out, states[0]

    check(Function(forward), X)


def test_unknown_shapes_are_found_and_initialized() -> None:
    class Deferred(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.weight = self.params.get("weight", shape=(0, 3))
            self.dense = nn.Dense(2)

        def forward(self, x):
            return self.dense(nd.dot(x, self.weight.data()))

    net = Deferred()
    net.initialize()
    net.hybridize()
    assert net(nd.array(X)).shape == (3, 2)
    assert net.weight.shape == (4, 3) and net.dense.weight.shape == (2, 3)


class TestConstants:
    def test_changes_in_place_are_seen(self) -> None:
        net = Function(lambda s, x: x * s.table + s.other[1:] * 2)
        net.table, net.other = nd.ones((3, 4)), nd.ones((4, 4))
        net.hybridize()
        x = nd.array(X)
        np.testing.assert_allclose(net(x).asnumpy(), X + 2, rtol=1e-6)
        net.table[:] = 3
        np.testing.assert_allclose(net(x).asnumpy(), 3 * X + 2, rtol=1e-6)
        net.other[2] = 2
        assert net(x).asnumpy()[1] == pytest.approx(3 * X[1] + 4)

    def test_other_arrays_are_seen_also_of_children(self) -> None:
        child = Function(lambda s, x: x + s.table)
        child.table = nd.ones((4,))
        net = nn.HybridSequential()
        net.add(child)
        net.hybridize()
        net(nd.array(X))
        child.table = nd.zeros((4,))
        np.testing.assert_array_equal(net(nd.array(X)).asnumpy(), X)

    def test_their_gradients(self) -> None:
        net = Function(lambda s, x: x * s.table)
        net.table = nd.ones((3, 4))
        net.table.attach_grad()
        net.hybridize()
        with autograd.record():
            y = net(nd.array(X)).sum()
        y.backward()
        np.testing.assert_array_equal(net.table.grad.asnumpy(), X)

    def test_in_files(self, tmp_path: Path) -> None:
        net = Function(lambda s, x: x * s.table + nd.array([1, 2, 3, 4]))
        net.table = nd.array(X[0])
        net.hybridize()
        expected = net(nd.array(X)).asnumpy()
        net.export(str(tmp_path / "net"))
        saved = nd.load(str(tmp_path / "net-0000.params"))
        assert sum(name.startswith(f"arg:{net.prefix}constant") for name in saved) == 2
        again = nn.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), "data", str(tmp_path / "net-0000.params"))
        np.testing.assert_allclose(again(nd.array(X)).asnumpy(), expected, rtol=1e-6)


def fallback(net, *args, match: str, **kwargs):
    """Twice the same as eagerly, with one warning."""
    net.initialize()
    expected = [o.asnumpy() for o in flat(net(*args, **kwargs))]
    net.hybridize()
    with pytest.warns(UserWarning, match=match) as seen:
        got = [net(*args, **kwargs) for _ in range(2)]
    assert len(seen) == 1
    for out in got:
        for a, b in zip(flat(out), expected, strict=True):
            np.testing.assert_array_equal(a.asnumpy(), b)
    return str(seen[0].message), seen[0]


def _swallow(x):
    try:
        return x * x.sum().asscalar()
    except Exception:
        return x


def _in_place(s, x):
    s.state[:] = x[0]
    return x + s.state


UNTRACEABLE = {
    "asnumpy": lambda s, x: x * nd.array(x.asnumpy()),
    "asscalar": lambda s, x: x * x.max().asscalar(),
    "float": lambda s, x: x * float(x.max()),
    "int": lambda s, x: x * int(x[0, 0]),
    "bool": lambda s, x: x if x.sum() > 0 else -x,
    "index": lambda s, x: x[int(abs(x[0, 0]))],
    "caught": lambda s, x: _swallow(x),
    "shape": lambda s, x: nd.contrib.boolean_mask(x, x[:, 0] != 0),
    "numpy": lambda s, x: nd.array(np.sum(x.asnumpy(), axis=0)) + x,
    "writes": _in_place,
    "mode": lambda s, x: _other_mode(x),
    "result": lambda s, x: {"x": x, "f": frozenset()},
}


def _other_mode(x):
    with autograd.train_mode():
        return nd.Dropout(x, p=0.0)


@pytest.mark.parametrize("name", UNTRACEABLE)
def test_what_cannot_be_traced_runs_eagerly(name: str) -> None:
    net = Function(UNTRACEABLE[name])
    net.state = nd.zeros((4,))
    text, warning = fallback(net, nd.array(X), match="Function .* cannot be compiled")
    assert warning.filename == __file__
    if name != "result":
        assert "test_traced_forward.py:" in text
    assert net._runs_eagerly


def test_printing_is_no_reason_to_print_nonsense(capsys) -> None:
    net = Function(lambda s, x: print(x) or x + 1)
    fallback(net, nd.ones((1,)), match="prints")
    assert capsys.readouterr().out.count("[1.]") == 3


def test_the_line_is_named_and_children_stay_compiled() -> None:
    class Outer(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.good = Function(FORWARDS["parameter"])
            self.bad = Function(lambda s, x: s.dense(x) * x.max().asscalar())

        def forward(self, x):
            return self.bad(self.good(x))

    net = Outer()
    text, _ = fallback(net, nd.array(X), match="cannot be compiled")
    line = Outer.__init__.__code__.co_firstlineno + 3
    assert f"test_traced_forward.py:{line})" in text and "needs the values" in text
    assert text.startswith(f"Function '{net.bad.name}', and with it Outer '{net.name}'")
    assert net._runs_eagerly and net.bad._runs_eagerly and not net.good._runs_eagerly
    assert net.good._forwards._forms and net.bad.dense._compiled is not None
    net.hybridize()
    assert not net.bad._runs_eagerly


def test_an_aborted_trace_leaves_nothing_behind() -> None:
    def forward(s, x):
        s.calls += 1
        s.log.append(s.calls)
        y = s.norm(x) * random.random() + np.random.rand()
        return y * float(y[0, 0])

    net = Function(forward)
    net.calls, net.log, net.norm = 0, [], nn.BatchNorm()
    net.initialize()
    net.hybridize()

    def once():
        random.seed(1), np.random.seed(1), mx.random.seed(1)
        with autograd.record():
            y = net(nd.array(X))
        y.backward()
        return y.asnumpy()

    with pytest.warns(UserWarning, match="needs the values"):
        first = once()
    assert net.calls == 1 and net.log == [1]
    mean = net.norm.running_mean.data().asnumpy()
    np.testing.assert_allclose(mean, 0.1 * X.mean(axis=0), rtol=1e-5)
    np.testing.assert_array_equal(once(), first)


@pytest.mark.parametrize(("forward", "reason"), [
    (lambda s, x: setattr(s, "count", s.count + 1) or x * s.count, "changes its attribute count"),
    (lambda s, x: setattr(s, "last", x * 2) or x, "keeps an array in its attribute last"),
    (lambda s, x: x * random.random(), "random numbers"),
    (lambda s, x: x * np.random.rand(), "random numbers"),
], ids=["count", "keep", "random", "numpy"])
def test_state_of_ones_own(forward, reason: str) -> None:
    net = Function(forward)
    net.count, net.last = 0, None
    net.hybridize()
    with pytest.warns(UserWarning, match=reason):
        net(nd.array(X))
    random.seed(0), np.random.seed(0)
    one = net(nd.array(X)).asnumpy()
    assert net.count in (0, 2)
    if "random" in reason:
        assert not np.array_equal(one, net(nd.array(X)).asnumpy())


def test_notes_are_no_state() -> None:
    net = Function(lambda s, x: setattr(s, "seen", x.shape) or x + 1)
    net.seen = None
    net.hybridize()
    for n in (1, 2, 1, 2):
        net(nd.ones((n, 4)))
    assert len(net._forwards._forms) == 2


def test_dropout_differs_from_call_to_call() -> None:
    net = Function(FORWARDS["dropout"])
    net.hybridize()
    with autograd.train_mode():
        assert not np.array_equal(net(nd.array(X)).asnumpy(), net(nd.array(X)).asnumpy())
    np.testing.assert_array_equal(net(nd.array(X)).asnumpy(), X)


def test_parameters_that_nobody_registered_keep_their_gradients() -> None:
    stray = gluon.Parameter("stray", shape=(4,))
    stray.initialize(mx.init.One())
    net, doubled = Function(lambda s, x: x * stray.data()), Function(lambda s, x: x * (stray.data() * 2))
    net.hybridize()
    doubled.hybridize()
    with autograd.record():
        y = net(nd.array(X))
    y.backward()
    np.testing.assert_allclose(stray.grad().asnumpy(), X.sum(axis=0), rtol=1e-5)
    with pytest.warns(UserWarning, match="recorded outside"), autograd.record():
        y = doubled(nd.array(X))
    y.backward()
    np.testing.assert_allclose(stray.grad().asnumpy(), 2 * X.sum(axis=0), rtol=1e-5)


def test_autograd_function() -> None:
    class Half(autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, dy):
            return dy / 2

    net = Function(lambda s, x: Half()(x))
    net.hybridize()
    x = nd.array(X)
    x.attach_grad()
    np.testing.assert_allclose(net(x).asnumpy(), 2 * X)
    with pytest.warns(UserWarning, match=r"autograd\.Function"), autograd.record():
        y = net(x)
    y.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), 0.5 * np.ones_like(X))


class TestErrors:
    def test_of_users_keep_their_place_and_kind(self) -> None:
        def forward(s, x):
            if x.shape[1] == 5:
                raise KeyError("mine")
            return nd.dot(x, s.weight.data())

        net = Function(forward)
        net.initialize()
        net.hybridize()
        with pytest.raises(KeyError, match="mine") as error:
            net(nd.ones((2, 5)))
        assert any(entry.name == "forward" and str(entry.path) == __file__ for entry in error.traceback)
        with pytest.raises(mx.MXNetError) as hybrid_error:
            net(nd.ones((2, 3)))
        assert not net._runs_eagerly
        net(nd.ones((2, 4)))
        net.hybridize(False)
        with pytest.raises(mx.MXNetError) as error:
            net(nd.ones((2, 3)))
        assert str(hybrid_error.value) == str(error.value)

    @pytest.mark.parametrize("own", [True, False])
    def test_at_run_time_name_the_line(self, own: bool) -> None:
        def forward(s, x, i):
            return nd.gather_nd(x, i)

        class Hybrid(nn.HybridBlock):
            def hybrid_forward(self, F, x, i):
                return F.gather_nd(x, i)

        net = Function(forward) if own else Hybrid()
        net.hybridize()
        net(nd.array(X), nd.array([[0, 1]]))
        line = (forward if own else Hybrid.hybrid_forward).__code__.co_firstlineno + 1
        with pytest.raises(mx.MXNetError, match=rf"test_traced_forward\.py:{line}\)"):
            net(nd.array(X), nd.array([[0, 9]]))

    def test_uninitialized(self) -> None:
        net = Function(FORWARDS["parameter"])
        net.hybridize()
        with pytest.raises(RuntimeError, match="has not been initialized"):
            net(nd.array(X))


class TestCache:
    def test_equal_graphs_are_one(self) -> None:
        net = Function(FORWARDS["child"])
        net.initialize()
        net.hybridize()
        for n in (1, 2, 5, 2, 1):
            assert net(nd.ones((n, 4))).shape == (n, 4)
        assert len({id(f.compiled) for f in net._forwards._forms.values()}) == 1

    def test_it_is_bounded(self) -> None:
        net = Function(lambda s, x: x.reshape((x.shape[0] * 2, -1)))
        net.hybridize()
        for n in range(1, 80):
            assert net(nd.ones((n, 4))).shape == (2 * n, 2)
        assert len(net._forwards._forms) == 64

    def test_dtypes(self) -> None:
        net = Function(lambda s, x: x * (2 if x.dtype == np.float32 else 3))
        net.hybridize()
        assert net(nd.ones((2,))).asnumpy().tolist() == [2, 2]
        assert net(nd.ones((2,), dtype="float64")).asnumpy().tolist() == [3, 3]

    def test_changes_of_attributes(self) -> None:
        net = Function(lambda s, x: x * s.factor)
        net.factor = 2
        outer = nn.HybridSequential()
        outer.add(net)
        for block in (net, outer):
            block.hybridize()
            net.factor = 2
            assert block(nd.ones((1,))).asscalar() == 2
            net.factor = 3
            assert block(nd.ones((1,))).asscalar() == 3

    def test_several_threads(self) -> None:
        net = Mixed()
        net.initialize()
        net.hybridize()
        x = nd.array(X)
        results, errors = [], []

        def work():
            try:
                results.extend(net(nd.concat(*[x] * (1 + i % 3), dim=0))[0][:3].asnumpy() for i in range(12))
                results.append(net.body[0].weight.data().asnumpy().sum(keepdims=True) * np.zeros((3, 5)) + results[0])
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not errors
        for r in results[1:]:
            np.testing.assert_allclose(r, results[0], rtol=1e-5)

    def test_other_threads_get_real_parameters_meanwhile(self) -> None:
        seen = []

        def forward(s, x):
            thread = threading.Thread(target=lambda: seen.append(type(s.weight.data())))
            thread.start()
            thread.join()
            return nd.dot(x, s.weight.data())

        net = Function(forward)
        net.initialize()
        net.hybridize()
        net(nd.array(X))
        assert set(seen) == {nd.NDArray}


def test_hooks_and_casts() -> None:
    net = Function(FORWARDS["child"])
    net.initialize()
    calls = []
    net.register_forward_pre_hook(lambda b, i: calls.append("before"))
    net.register_forward_hook(lambda b, i, o: calls.append(type(o)))
    net.hybridize()
    net(nd.array(X))
    assert calls == ["before", nd.NDArray]
    net.cast("float64")
    assert net(nd.array(X, dtype="float64")).dtype == np.float64


def test_training_gives_what_it_gives_eagerly() -> None:
    losses = []
    for active in (False, True):
        mx.random.seed(7)
        net = nn.HybridSequential()
        net.add(hybrid(chapter.LeadingFourier)(), hybrid(chapter.Affine)(), hybrid(chapter.Bilinear)(2), nn.Dense(1))
        net.initialize(mx.init.Normal(0.3))
        x = nd.random.normal(shape=(32, 6))
        net(x)
        net.hybridize(active)
        trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.02})
        loss = gluon.loss.L2Loss()
        found = []
        for _ in range(5):
            with autograd.record():
                error = loss(net(x), x.square().sum(axis=1, keepdims=True))
            error.backward()
            trainer.step(32)
            found.append(error.mean().asscalar())
        losses.append(found)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
