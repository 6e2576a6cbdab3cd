"""mx.contrib.amp: graphs in mixed precision, by MXNet's lists; where the casts stand is as MXNet 1.9.1 puts them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mxnet as mx
from mxnet import gluon, sym
from mxnet.contrib import amp


def nodes(symbol):
    """Operator, its dtype if it is a cast, and the names of what it reads, operator by operator."""
    found = json.loads(symbol.tojson(remove_amp_cast=False))["nodes"]
    return [(n["op"], n["attrs"]["dtype"] if n["op"] == "amp_cast" else n["name"],
             *(found[i[0]]["op"] for i in n["inputs"]))
            for n in found if n["op"] != "null"]


@pytest.fixture
def conv():
    return sym.Convolution(sym.var("data"), kernel=(1, 1), num_filter=2, name="c", no_bias=True)


CONV = [("amp_cast", "float16", "null")] * 2 + [("Convolution", "c", "amp_cast", "amp_cast")]


class TestWhereCastsStand:
    def test_before_and_after_what_runs_in_half_precision(self, conv) -> None:
        net = sym.exp(sym.relu(conv, name="r"), name="e")
        assert nodes(amp.convert_symbol(net)) == [
            *CONV, ("relu", "r", "Convolution"), ("amp_cast", "float32", "relu"), ("exp", "e", "amp_cast")]

    def test_outputs_are_float32(self, conv) -> None:
        assert nodes(amp.convert_symbol(conv)) == [*CONV, ("amp_cast", "float32", "Convolution")]

    def test_one_cast_serves_all_readers(self, conv) -> None:
        net = sym.Group([sym.exp(conv, name="e"), sym.log(conv, name="l")])
        assert nodes(amp.convert_symbol(net)) == [
            *CONV, ("amp_cast", "float32", "Convolution"), ("exp", "e", "amp_cast"), ("log", "l", "amp_cast")]

    def test_conditional_operators(self, conv) -> None:
        net = sym.Activation(sym.Activation(conv, act_type="softrelu", name="a"), act_type="relu", name="b")
        assert nodes(amp.convert_symbol(net)) == [
            *CONV, ("amp_cast", "float32", "Convolution"), ("Activation", "a", "amp_cast"),
            ("Activation", "b", "Activation")]

    def test_widest_of_known_and_unknown(self, conv) -> None:
        with_unknown = amp.convert_symbol(sym.elemwise_add(conv, sym.var("z"), name="p"))
        assert nodes(with_unknown)[-2:] == [
            ("amp_multicast", "c_output_amp_multicast", "Convolution", "null"),
            ("elemwise_add", "p", "amp_multicast", "amp_multicast")]
        with_single = amp.convert_symbol(sym.elemwise_add(conv, sym.exp(sym.var("z"), name="e"), name="p"))
        assert nodes(with_single)[-3:] == [
            ("amp_cast", "float32", "Convolution"), ("exp", "e", "null"), ("elemwise_add", "p", "amp_cast", "exp")]

    def test_not_around_excluded_nodes(self, conv) -> None:
        assert nodes(amp.convert_symbol(conv, excluded_sym_names=["c"])) == [("Convolution", "c", "null", "null")]

    def test_not_at_parameters_that_are_stored_so(self, conv) -> None:
        converted = amp.convert_symbol(conv, cast_optional_params=True, data_names=["data"])
        assert nodes(converted)[:2] == [("amp_cast", "float16", "null"), ("Convolution", "c", "amp_cast", "null")]
        assert converted.attr_dict()["c_weight"]["__dtype__"] == "2"


def test_lists() -> None:
    assert amp.list_lp16_ops("float16") == ["Convolution", "Deconvolution", "FullyConnected", "RNN"]
    assert amp.list_lp16_ops("bfloat16") == ["Convolution", "FullyConnected"]
    assert [len(amp.lists.symbol_fp16.FP16_FP32_FUNCS), len(amp.list_fp32_ops(np.float16)),
            len(amp.list_widest_type_cast("float16"))] == [318, 136, 113]
    assert [len(amp.list_lp16_fp32_ops("bfloat16")), len(amp.list_fp32_ops("bfloat16")),
            len(amp.list_widest_type_cast("bfloat16"))] == [15, 438, 109]


def test_what_lists_must_be(conv) -> None:
    with pytest.raises(AssertionError, match="two or more lists"):
        amp.convert_symbol(conv, target_dtype_ops=["exp"], fp32_ops=["exp"])
    with pytest.raises(AssertionError, match="nope"):
        amp.convert_symbol(conv, target_dtype_ops=["nope"])
    with pytest.raises(AssertionError, match="float16 and bfloat16"):
        amp.convert_symbol(conv, target_dtype="float64")


@pytest.mark.parametrize(("dtype", "atol"), [("float16", 1e-3), ("bfloat16", 2e-2)])
@pytest.mark.parametrize("cast_optional_params", [False, True])
def test_a_block(dtype, atol, cast_optional_params) -> None:
    net = gluon.nn.HybridSequential()
    net.add(gluon.nn.Conv2D(4, 3, activation="relu"), gluon.nn.BatchNorm(), gluon.nn.Dense(3))
    net.initialize(mx.init.Xavier())
    x = mx.nd.array(np.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8))
    with pytest.raises(RuntimeError, match="hybridize"):
        amp.convert_hybrid_block(net, dtype)
    net.hybridize()
    wanted = net(x).asnumpy()
    converted = amp.convert_hybrid_block(net, dtype, cast_optional_params=cast_optional_params)
    got = converted(x)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got.asnumpy(), wanted, atol=atol)
    params = converted.collect_params()
    weight = params[net[0].weight.name].data()
    assert (weight.dtype != np.float32) == cast_optional_params
    assert params[net[1].gamma.name].data().dtype == np.float32


def test_a_checkpoint(conv) -> None:
    net = sym.exp(conv, name="e")
    args = {"c_weight": mx.nd.ones((2, 3, 1, 1))}
    converted, args, _ = amp.convert_model(net, args, {}, cast_optional_params=True)
    assert args["c_weight"].dtype == np.float16
    out = converted.bind(mx.cpu(), {"data": mx.nd.ones((1, 3, 2, 2)), **args}).forward()[0]
    np.testing.assert_allclose(out.asnumpy(), np.exp(3) * np.ones((1, 2, 2, 2)), rtol=1e-3)


def test_single_operators_are_not_cast() -> None:
    with pytest.raises(mx.MXNetError, match="convert_hybrid_block"):
        amp.init()
