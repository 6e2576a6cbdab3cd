"""Parameter, Constant and ParameterDict: names, printing, life from creation to files, errors with MXNet's words."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import MXNetError, autograd, gluon, init, nd
from mxnet.gluon import Constant, Parameter, ParameterDict
from mxnet.gluon.parameter import DeferredInitializationError

TWO = [mx.cpu(0), mx.cpu(1)]


def ready(name: str = "w", shape=(2, 3), **kwargs) -> Parameter:
    ctx = kwargs.pop("ctx", None)
    parameter = Parameter(name, shape=shape, **kwargs)
    parameter.initialize(init="ones", ctx=ctx)
    return parameter


class TestParameter:
    def test_printing(self) -> None:
        assert repr(Parameter("w", shape=(2, 3))) == "Parameter w (shape=(2, 3), dtype=<class 'numpy.float32'>)"
        assert repr(Parameter("w", shape=5, dtype="int8")) == "Parameter w (shape=(5,), dtype=int8)"
        assert repr(Constant("c", [1])) == "Constant c (shape=(1,), dtype=<class 'numpy.float32'>)"

    def test_before_initialization(self) -> None:
        w = Parameter("w", shape=(2, 3))
        for ask in (w.data, w.grad, w.list_data, w.list_grad, w.list_ctx):
            with pytest.raises(RuntimeError, match="Parameter 'w' has not been initialized"):
                ask()
        with pytest.raises(ValueError, match="Cannot reset context"):
            w.reset_ctx(mx.cpu(1))
        with pytest.raises(AssertionError, match="not been initialized"):
            w.set_data(nd.ones((2, 3)))
        w.zero_grad()

    def test_initialized(self) -> None:
        w = ready()
        assert w.data().shape == w.grad().shape == (2, 3)
        assert w.list_ctx() == [mx.cpu()]
        assert (w.grad().asnumpy() == 0).all()
        with pytest.warns(UserWarning, match="already initialized, ignoring. Set force_reinit=True"):
            w.initialize(init="zeros")
        assert w.data().asnumpy().all()
        w.initialize(init="zeros", force_reinit=True)
        assert not w.data().asnumpy().any()

    def test_which_initializer(self) -> None:
        own = Parameter("w", shape=(2,), init="ones")
        own.initialize(default_init=init.Zero())
        assert own.data().asnumpy().all()
        given = Parameter("w", shape=(2,), init="ones")
        given.initialize(init=init.Constant(3))
        assert (given.data().asnumpy() == 3).all()
        bias = Parameter("net_bias", shape=(2,))
        bias.initialize(default_init=init.One())
        assert bias.data().asnumpy().all()  # names decide for symbols' variables only

    def test_shapes_that_are_missing(self) -> None:
        with pytest.raises(ValueError, match="invalid shape: None"):
            Parameter("w").initialize()
        for shape in ((0, 3), (-1, 3)):
            w = Parameter("w", shape=shape)
            assert w.allow_deferred_init
            w.initialize()
            with pytest.raises(DeferredInitializationError, match="initialization was deferred"):
                w.data()
            w.set_data(nd.ones((2, 3)))
            assert w.data().asnumpy().all()

    def test_shape_fills_in(self) -> None:
        w = Parameter("w", shape=(0, 3))
        w.shape = (2, 3)
        for shape in ((2, 4), (2,), (2, 3, 1)):
            with pytest.raises(AssertionError, match="incompatible with given shape"):
                w.shape = shape

    def test_set_data(self) -> None:
        w = ready(ctx=TWO)
        w.set_data(nd.full((2, 3), 7))
        assert all((a.asnumpy() == 7).all() for a in w.list_data())
        with pytest.raises(AssertionError, match="incompatible"):
            w.set_data(nd.ones((3, 3)))

    def test_grad_req(self) -> None:
        w = ready(grad_req="add")
        for _ in range(2):
            with autograd.record():
                loss = (w.data() * 3).sum()
            loss.backward()
        assert (w.grad().asnumpy() == 6).all()
        w.grad_req = "null"
        for ask in (w.grad, w.list_grad):
            with pytest.raises(RuntimeError, match="because grad_req='null'"):
                ask()
        w.grad_req = "write"
        assert not w.grad().asnumpy().any()
        with pytest.raises(AssertionError, match="'write', 'add', or 'null', but got 'foo'"):
            w.grad_req = "foo"
        assert Parameter("w", shape=(1,), differentiable=False).grad_req == "null"

    def test_zero_grad(self) -> None:
        w = ready()
        with autograd.record():
            loss = w.data().sum()
        loss.backward()
        assert w.grad().asnumpy().all()
        w.zero_grad()
        assert not w.grad().asnumpy().any()

    def test_contexts(self) -> None:
        w = ready(ctx=TWO)
        assert w.list_ctx() == TWO
        assert [a.ctx for a in w.list_data()] == [a.ctx for a in w.list_grad()] == TWO
        assert w.data(mx.cpu(1)).ctx == mx.cpu(1)
        with mx.cpu(1):
            assert w.data().ctx == w.grad().ctx == mx.cpu(1)
        for ask in (w.data, w.grad):
            with pytest.raises(RuntimeError, match=r"not initialized on context cpu\(2\). It was only"):
                ask(mx.cpu(2))
        w.reset_ctx(mx.cpu(2))
        assert w.list_ctx() == [mx.cpu(2)] and w.data().asnumpy().all()

    def test_reset_ctx_while_it_waits(self) -> None:
        w = Parameter("w", shape=(0,))
        w.initialize()
        w.reset_ctx(TWO)
        assert w.list_ctx() == TWO

    def test_cast(self) -> None:
        w = ready()
        w.cast("float64")
        assert w.data().dtype == w.grad().dtype == np.float64
        w.dtype = "float16"
        assert w.data().dtype == np.float16
        with pytest.raises(TypeError):
            w.cast("float31")
        assert w.dtype == "float16"

    def test_storage_types(self) -> None:
        for name in ("stype", "grad_stype"):
            with pytest.raises(AssertionError, match=f"{name} for Parameter 'w' must be one of"):
                Parameter("w", **{name: "foo"})
        for ask in (ready().row_sparse_data, ready().list_row_sparse_data):
            with pytest.raises(RuntimeError, match="because its storage type is default"):
                ask(nd.ones(1))

    def test_the_gradient_of_a_forward(self) -> None:
        w = ready(ctx=TWO)
        with autograd.record():
            losses = [(w.data(c) * (i + 1)).sum() for i, c in enumerate(TWO)]
        autograd.backward(losses)
        assert [g.asnumpy()[0, 0] for g in w.list_grad()] == [1, 2]


class TestConstant:
    def test_is_never_trained(self) -> None:
        c = Constant("c", [[1, 2], [3, 4]])
        c.initialize()
        assert c.data().asnumpy().tolist() == [[1, 2], [3, 4]]
        assert c.grad_req == "null"
        with pytest.raises(RuntimeError, match="grad_req='null'"):
            c.grad()
        with pytest.warns(UserWarning, match='Constant parameter "c" does not support grad_req other than "null"'):
            c.grad_req = "write"
        assert c.grad_req == "null"

    def test_dtype_of_its_value(self) -> None:
        assert Constant("c", nd.ones(2, dtype="int32")).dtype == np.int32


class TestParameterDict:
    def test_printing(self) -> None:
        params = ParameterDict("net_")
        assert repr(params) == "net_ (\n\n)"
        params.get("w", shape=(2,))
        params.get_constant("c", [1])
        assert repr(params) == ("net_ (\n  Parameter net_w (shape=(2,), dtype=<class 'numpy.float32'>)\n"
                                "  Constant net_c (shape=(1,), dtype=<class 'numpy.float32'>)\n)")

    def test_is_a_mapping(self) -> None:
        params = ParameterDict("net_")
        w = params.get("w", shape=(2,))
        assert list(params) == list(params.keys()) == ["net_w"]
        assert list(params.values()) == [w] and list(params.items()) == [("net_w", w)]
        assert "net_w" in params and params["net_w"] is w and len(params) == 1
        with pytest.raises(KeyError):
            params["w"]

    def test_get_again(self) -> None:
        params = ParameterDict("net_")
        w = params.get("w", shape=(0, 3))
        assert params.get("w", shape=(2, 0)) is w
        assert w.shape == (2, 3)
        assert params.get("w", init="zeros") is w and w.init == "zeros"
        for attribute, value in (("shape", (3, 3)), ("dtype", "float64"), ("lr_mult", 2.0)):
            with pytest.raises(AssertionError, match=f"'net_w'.*attribute '{attribute}': desired"):
                params.get("w", **{attribute: value})

    def test_constants(self) -> None:
        params = ParameterDict("net_")
        with pytest.raises(KeyError, match="No constant named 'net_c'"):
            params.get_constant("c")
        c = params.get_constant("c", [1, 2])
        assert params.get_constant("c") is params.get_constant("c", [1, 2]) is c
        with pytest.raises(AssertionError, match="doesn't match new value"):
            params.get_constant("c", [1, 3])
        params.get("w", shape=(1,))
        with pytest.raises(AssertionError, match="not a constant"):
            params.get_constant("w", [1])

    def test_shared(self) -> None:
        shared = ParameterDict("net_")
        w = shared.get("w", shape=(2,))
        params = ParameterDict("net_", shared=shared)
        assert params.get("w") is w
        params.get("v", shape=(1,))
        assert "net_v" not in shared

    def test_update(self) -> None:
        params, other = ParameterDict("net_"), ParameterDict("net_")
        w = other.get("w", shape=(2,))
        params.update(other)
        params.update(other)
        assert params["net_w"] is w
        different = ParameterDict("net_")
        different.get("w", shape=(2,))
        with pytest.raises(AssertionError, match="different Parameters with the same name 'net_w'"):
            params.update(different)

    def test_for_all(self) -> None:
        params = ParameterDict("net_")
        w, v = params.get("w", shape=(2,)), params.get("v", shape=(3,))
        params.initialize(ctx=TWO)
        assert params.list_ctx() == TWO
        params.setattr("lr_mult", 3)
        params.setattr("grad_req", "add")
        assert (w.lr_mult, v.grad_req) == (3, "add")
        params.reset_ctx(mx.cpu(2))
        assert params.list_ctx() == [mx.cpu(2)]
        with autograd.record():
            loss = w.data().sum()
        loss.backward()
        params.zero_grad()
        assert not w.grad().asnumpy().any()


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path) -> str:
        params = ParameterDict("net_")
        params.get("w", shape=(2, 3), init="ones")
        params.get("v", shape=(2,), init="ones")
        params.initialize(ctx=TWO)
        params.save(str(tmp_path / "file"), strip_prefix="net_")
        return str(tmp_path / "file")

    def other(self, **kwargs) -> ParameterDict:
        params = ParameterDict("net_")
        params.get("w", **{"shape": (2, 3), **kwargs})
        return params

    def test_names(self, path: str) -> None:
        assert sorted(nd.load(path)) == ["v", "w"]

    def test_contexts_are_averaged(self, tmp_path) -> None:
        params = self.other()
        params.initialize(ctx=TWO)
        for i, array in enumerate(params["net_w"].list_data()):
            array[:] = i
        params.save(str(tmp_path / "file"))
        assert (nd.load(str(tmp_path / "file"))["net_w"].asnumpy() == 0.5).all()

    def test_a_prefix_that_is_not_there(self, tmp_path) -> None:
        params = self.other()
        params.initialize()
        with pytest.raises(ValueError, match="Prefix 'foo' is to be striped before saving"):
            params.save(str(tmp_path / "file"), "foo")
        with pytest.raises(AssertionError, match="restore_prefix is 'foo' but Parameters name 'net_w'"):
            params.load(str(tmp_path / "file"), restore_prefix="foo")

    def test_load(self, path: str) -> None:
        params = self.other()
        params.load(path, ctx=TWO, ignore_extra=True, restore_prefix="net_")
        assert params.list_ctx() == TWO
        assert params["net_w"].data(mx.cpu(1)).asnumpy().all()

    @pytest.mark.parametrize(("made", "options", "text"), [
        ({}, {"restore_prefix": "net_"}, "Parameter 'v' loaded from file: .* is not present"),
        ({}, {}, "Parameter 'net_w' is missing in file"),
        ({"shape": (2, 4)}, {"restore_prefix": "net_", "ignore_extra": True},
         r"shape incompatible expected \(2, 4\) vs saved \(2, 3\)"),
        ({"dtype": "float16"}, {"restore_prefix": "net_", "ignore_extra": True},
         "dtype incompatible expected float16 vs saved .* Set cast_dtype=True"),
    ])
    def test_refusals(self, path: str, made: dict, options: dict, text: str) -> None:
        with pytest.raises(AssertionError, match=text):
            self.other(**made).load(path, **options)

    def test_nothing_is_changed_when_one_does_not_fit(self, path: str) -> None:
        params = self.other()
        params.get("v", shape=(5,))
        params.initialize(init.Zero())
        with pytest.raises(AssertionError, match="'net_v'"):
            params.load(path, restore_prefix="net_")
        assert not params["net_w"].data().asnumpy().any()

    def test_casting(self, path: str) -> None:
        for source, expected in (("current", np.float16), ("saved", np.float32)):
            params = self.other(dtype="float16")
            params.load(path, ignore_extra=True, restore_prefix="net_", cast_dtype=True, dtype_source=source)
            assert params["net_w"].data().dtype == expected

    def test_unknown_dimensions_come_from_the_file(self, path: str) -> None:
        for prepare in (lambda p: None, lambda p: p.initialize()):
            params = self.other(shape=(0, 0))
            prepare(params)
            params.load(path, ignore_extra=True, restore_prefix="net_")
            assert params["net_w"].shape == (2, 3)

    def test_other_contexts_than_initialized(self, path: str) -> None:
        params = self.other()
        params.initialize(ctx=mx.cpu(1))
        with pytest.raises(AssertionError, match=r"on \[cpu\(0\)\] because it was previous initialized on"):
            params.load(path, ctx=mx.cpu(0), ignore_extra=True, restore_prefix="net_")

    def test_files_with_arg_and_aux(self, tmp_path) -> None:
        nd.save(str(tmp_path / "file"), {"arg:net_w": nd.ones((2, 3))})
        params = self.other()
        params.load(str(tmp_path / "file"))
        assert params["net_w"].data().asnumpy().all()

    def test_files_without_names(self, tmp_path) -> None:
        nd.save(str(tmp_path / "file"), [nd.ones(2)])
        with pytest.raises(MXNetError, match="without names"):
            self.other().load(str(tmp_path / "file"))


def test_the_trainer_hears_of_it() -> None:
    w = ready()
    trainer = gluon.Trainer({"w": w}, "sgd", {"learning_rate": 1.0})
    with autograd.record():
        loss = w.data().sum()
    loss.backward()
    trainer.step(1)
    w.set_data(nd.full((2, 3), 5))
    with autograd.record():
        loss = w.data().sum()
    loss.backward()
    trainer.step(1)
    assert (w.data().asnumpy() == 4).all()


def test_sizes_that_numpy_computed_become_python_integers() -> None:
    parameter = mx.gluon.Parameter("weight", shape=(np.int64(2), 3))
    assert repr(parameter) == "Parameter weight (shape=(2, 3), dtype=<class 'numpy.float32'>)"
    parameter.shape = (np.int32(2), 3)
    assert [type(n) for n in parameter.shape] == [int, int]


def test_a_value_set_between_record_and_backward() -> None:
    """Layers set a vector in the forward that has used it (spectral normalization). These are MXNet's gradients."""
    parameter, x = ready(shape=3), nd.array([1, 2, 3])
    parameter.set_data(nd.array([2, 2, 2]))
    x.attach_grad()
    with autograd.record():
        y = (x * parameter.data()) * parameter.data()
        with autograd.pause():
            parameter.set_data(nd.array([5, 5, 5]))
    y.backward()
    assert x.grad.asnumpy().tolist() == [25, 25, 25]
    assert parameter.grad().asnumpy().tolist() == [7, 14, 21]


class StandIn(Parameter):
    """Takes another Parameter's place and arrays, and gives them doubled: what layers that drop weights do."""

    def __init__(self, parameter: Parameter) -> None:
        super().__init__(parameter.name, grad_req=parameter.grad_req, shape=parameter.shape, init=parameter.init)
        for name in ("_deferred_init", "_var", "_data", "_grad", "_ctx_list", "_ctx_map", "_trainer"):
            setattr(self, name, getattr(parameter, name))

    def data(self, ctx=None):
        return self._check_and_get(self._data, ctx) * 2


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("hybrid", [True, False])
def test_a_parameter_that_stands_in_for_another(early: bool, hybrid: bool) -> None:
    dense = gluon.nn.Dense(1, in_units=3, use_bias=False)
    if early:
        dense.initialize(init.One())
    stand_in = StandIn(dense.weight)
    dense.params._params[stand_in.name] = dense._reg_params["weight"] = stand_in
    object.__setattr__(dense, "weight", stand_in)
    if not early:
        dense.initialize(init.One())
    dense.hybridize(hybrid)
    with autograd.record():
        out = dense(nd.ones((1, 3)))
    out.backward()
    assert out.asscalar() == 6  # recorded from MXNet 1.9.1, like the gradient
    np.testing.assert_array_equal(dense.weight.grad().asnumpy(), [[2, 2, 2]])


def test_where_contexts_stand() -> None:
    w = ready(ctx=[mx.cpu(2), mx.cpu(0)])
    assert w._ctx_map == [[], [1, None, 0]]  # MXNet's
    w.reset_ctx(mx.cpu(1))
    assert w._ctx_map == [[], [None, 0]]
