"""mx.init and mx.registry: which rule a name calls, the digits drawn after a seed, dumps and create."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

import mxnet as mx
from golden.gluon import layer_cases
from golden.gluon.answers import check, recorded
from mxnet import init, nd, registry


@pytest.mark.parametrize(("text", "name", "shape"), layer_cases.INITS)
def test_values_after_a_seed(text: str, name: str, shape: tuple) -> None:
    got = layer_cases.run_init(mx, text, name, shape)
    wanted = recorded("initializers")[f"{text} | {name} | {shape}"]
    if isinstance(wanted, dict) and wanted["dumps"] is None:
        wanted = {key: value for key, value in wanted.items() if key != "dumps"}
    if "Orthogonal" in text:  # the sign of a singular vector is the linear algebra library's choice
        got, wanted = ({**answer, "data": np.abs(answer["data"])} for answer in (got, wanted))
    check(got, wanted)


@pytest.mark.parametrize("name", layer_cases.NAMES)
@pytest.mark.filterwarnings("ignore:.*Calling initializer with init.str, NDArray.*:DeprecationWarning")
def test_rules_of_names(name: str) -> None:
    described, plain = recorded("initializers")["names"][name]
    assert layer_cases.run_name(mx, name, True) == described
    assert layer_cases.run_name(mx, name, False) == plain


class TestInitializer:
    def test_hooks_may_be_overridden(self) -> None:
        class Mine(init.Initializer):
            def _init_weight(self, desc, arr):
                assert isinstance(desc, init.InitDesc) and desc.global_init is self
                arr[:] = 3

            def _init_bias(self, _, arr):
                arr[:] = 4

        weight, bias = nd.zeros((2, 2)), nd.zeros(2)
        Mine()(init.InitDesc("a_weight"), weight)
        Mine()(init.InitDesc("a_bias"), bias)
        assert (weight == 3).asnumpy().all() and (bias == 4).asnumpy().all()

    @pytest.mark.parametrize("own", ["one", init.One(), '["one", {}]', init.Constant(1).dumps()])
    def test_the_initializer_of_the_parameter_wins(self, own) -> None:
        for name in ("a_weight", "a_bias", "anything"):
            arr = nd.zeros(3)
            init.Uniform()(init.InitDesc(name, {"__init__": own}), arr)
            np.testing.assert_array_equal(arr.asnumpy(), 1)

    def test_equality_is_of_class_and_arguments(self) -> None:
        assert init.Uniform(0.1) == init.Uniform(0.1)
        assert init.Uniform(0.1) != init.Uniform(0.2)
        assert init.Zero() != init.One() and init.Zero() != 3
        with pytest.raises(TypeError):
            hash(init.Zero())

    def test_verbosity(self, caplog) -> None:
        arr = nd.zeros((2, 2))
        with caplog.at_level(logging.INFO):
            ones = init.One().set_verbosity(True)
            ones(init.InitDesc("a_weight"), arr)
            ones.set_verbosity(True, lambda x: str(x.shape))(init.InitDesc("a_bias", {"__init__": "zeros"}), arr)
            ones.set_verbosity(False)(init.InitDesc("a_weight"), arr)
        assert caplog.messages == [
            "Initialized a_weight as weight: 1.0",
            "Initialized a_bias as zeros: (2, 2)",
        ]

    def test_plain_strings_are_deprecated(self) -> None:
        with pytest.warns(DeprecationWarning, match="has been deprecated"):
            init.One()("a_weight", nd.zeros(2))
        with pytest.warns(DeprecationWarning), pytest.raises(TypeError, match="arr must be NDArray"):
            init.One()("a_weight", 3)
        with pytest.warns(DeprecationWarning), pytest.raises(TypeError, match="name must be string"):
            init.One()(3, nd.zeros(2))

    def test_unknown_name(self) -> None:
        with pytest.raises(ValueError, match="Unknown initialization pattern for foo"):
            init.One()(init.InitDesc("foo"), nd.zeros(2))


class TestConstant:
    @pytest.mark.parametrize("value", [nd.ones((2, 3)), np.ones((2, 3)), np.float32(2), [1, 2, 3]])
    def test_dumps_of_arrays(self, value) -> None:
        constant = init.Constant(value)
        text = constant.dumps()
        assert text == json.dumps(["constant", constant._kwargs])
        arr, again = nd.zeros((2, 3)), nd.zeros((2, 3))
        constant._init_weight(None, arr)
        init.create(text)._init_weight(None, again)
        np.testing.assert_array_equal(arr.asnumpy(), again.asnumpy())

    def test_a_large_array_stays_an_array(self) -> None:
        value = nd.ones((2, 3))
        assert init.Constant(value)._kwargs["value"] is value


class TestFusedRNN:
    def test_gates_without_initializer_ask_the_global_one(self) -> None:
        arr = nd.zeros(56)
        init.FusedRNN(None, 2, 1, "lstm")(init.InitDesc("p_weight", global_init=init.One()), arr)
        np.testing.assert_array_equal(arr.asnumpy(), [1] * 40 + [0, 0, 1, 1, 0, 0, 0, 0] * 2)

    def test_round_trip(self) -> None:
        first = init.FusedRNN("xavier", 2, 1, "gru")
        assert init.create(first.dumps()) == first

    def test_a_length_that_fits_nothing(self) -> None:
        with pytest.raises(mx.MXNetError, match="57 parameters fit no input size"):
            init.FusedRNN(init.One(), 2, 1, "lstm")(init.InitDesc("p_weight"), nd.zeros(57))


def test_orthogonal_rows() -> None:
    arr = nd.zeros((3, 2, 4))
    init.Orthogonal(scale=2)(init.InitDesc("w_weight"), arr)
    rows = arr.asnumpy().reshape(3, 8)
    np.testing.assert_allclose(rows @ rows.T, 4 * np.eye(3), atol=1e-5)


def test_load_from_a_file(tmp_path) -> None:
    file = str(tmp_path / "x.params")
    nd.save(file, {"arg:a_weight": nd.ones((2, 3)), "aux:b": nd.zeros(3)})
    load = init.Load(file)
    assert sorted(load.param) == ["a_weight", "b"]
    arr = nd.zeros((2, 3))
    load("a_weight", arr)
    assert (arr == 1).asnumpy().all()


class TestRegistry:
    @pytest.fixture
    def thing(self):
        class Base:
            pass

        class First(Base):
            def __init__(self, x=1):
                self.x = x

        register = registry.get_register_func(Base, "thing")
        assert register(First) is First
        return (
            Base,
            First,
            register,
            registry.get_alias_func(Base, "thing"),
            registry.get_create_func(Base, "thing"),
        )

    def test_create(self, thing) -> None:
        _, First, _, alias, create = thing
        alias("one", "Uno")(First)
        assert create("first").x == 1 and create("FIRST", 2).x == 2 and create("uno", x=3).x == 3
        assert create('["first", {"x": 5}]').x == 5 and create('{"thing": "first", "x": 6}').x == 6
        assert create(thing="first", x=4).x == 4 and create({"thing": "one", "x": 7}).x == 7
        instance = First()
        assert create(instance) is instance

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (("nope",), AssertionError, "nope is not registered. Please register with thing.register first"),
            ((3,), AssertionError, "thing must be of string type"),
            (('["first", {"x": 5}]', 3), AssertionError, "already holds the arguments"),
            ((), KeyError, "thing"),
            (('{"x": 5}',), KeyError, "thing"),
            (("[bad",), ValueError, "Expecting value"),
        ],
    )
    def test_create_refuses(self, thing, arguments, error, message) -> None:
        with pytest.raises(error, match=message):
            thing[-1](*arguments)

    def test_an_instance_takes_no_arguments(self, thing) -> None:
        with pytest.raises(AssertionError, match="thing is already an instance"):
            thing[-1](thing[1](), x=2)

    def test_names_may_be_taken_over_with_a_warning(self, thing) -> None:
        Base, First, register, _, create = thing

        class Second(Base):
            pass

        with pytest.warns(UserWarning, match="registered with name first"):
            register(Second, "first")
        assert type(create("first")) is Second
        assert registry.get_registry(Base) == {"first": Second}
        assert registry.get_registry(First) == {}

    def test_only_subclasses_are_registered(self, thing) -> None:
        with pytest.raises(AssertionError, match="Can only register subclass of Base"):
            thing[2](int)
