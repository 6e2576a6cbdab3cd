"""gluon.nn: names, parameters, printed text, outputs, gradients and refusals of the layers are MXNet's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import mxnet as mx
from golden.gluon import layer_cases
from golden.gluon.answers import check, check_refused, recorded
from mxnet import autograd, nd
from mxnet.gluon import nn

LAYERS = {**layer_cases.LAYERS, **layer_cases.CONTRIB, **layer_cases.RECURRENT}
RUNS = [(text, shapes) for text, shapes in LAYERS.items() if shapes]


@pytest.mark.parametrize("text", LAYERS)
def test_what_a_layer_is(text: str) -> None:
    check(layer_cases.describe(mx, text), recorded("layers")[text]["is"])


@pytest.mark.parametrize(("text", "shapes"), RUNS, ids=[text for text, _ in RUNS])
def test_what_a_layer_does(text: str, shapes: list) -> None:
    check(layer_cases.run_layer(mx, text, shapes), recorded("layers")[text]["does"])


@pytest.mark.parametrize("text", layer_cases.REFUSED)
def test_what_is_refused(text: str) -> None:
    kind, message = recorded("layers")["refused"][text]
    with pytest.raises(Exception) as caught:
        layer_cases.make(mx, text)
    check_refused(caught.value, kind)
    if message:
        assert str(caught.value) == message


def test_table_of_contents() -> None:
    for name in ("Block", "HybridBlock", "Sequential", "Dense", "Conv2D", "GELU", "ReflectionPad2D"):
        assert hasattr(nn, name)


class TestSequential:
    def test_hybridize_warns_where_a_hybrid_sequential_would_do(self) -> None:
        net = nn.Sequential(prefix="net_")
        net.add(nn.Dense(2))
        text = (
            "All children of this Sequential layer 'net_' are HybridBlocks. Consider using HybridSequential"
            " for the best performance."
        )
        with pytest.warns(UserWarning) as caught:
            net.hybridize()
        assert str(caught[0].message) == text
        assert caught[0].filename == __file__

        net.add(nn.Lambda("relu"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            net.hybridize()
            nn.Sequential().hybridize()

    def test_slices_share_children_and_keep_class_and_prefix(self) -> None:
        class Mine(nn.HybridSequential):
            pass

        net = Mine(prefix="net_")
        net.add(nn.Dense(2), nn.Dense(3), nn.Dense(4))
        part = net[:-1]
        assert type(part) is Mine and part.prefix == "net_" and len(part) == 2
        assert part[1] is net[1] and list(net) == [net[0], net[1], net[2]]

    def test_replaced_children_are_called(self) -> None:
        net = nn.HybridSequential()
        net.add(nn.Dense(2), nn.Dense(3))
        net._children["1"] = nn.Lambda("relu")
        net.initialize()
        assert net(nd.ones((1, 4))).shape == (1, 2)

    def test_attributes_are_children_in_order_of_setting(self) -> None:
        net = nn.Sequential()
        net.first = nn.Dense(2)
        net.add(nn.Dense(3))
        assert repr(net) == "Sequential(\n  (first): Dense(None -> 2, linear)\n  (1): Dense(None -> 3, linear)\n)"


class TestBatchNorm:
    def test_half_precision_keeps_single_precision_parameters(self) -> None:
        layer = nn.BatchNorm(in_channels=3)
        for dtype in ("float16", np.float16):
            layer.cast(dtype)
            assert {np.dtype(p.dtype).name for p in layer.collect_params().values()} == {"float32"}
        layer.cast("float64")
        assert np.dtype(layer.running_mean.dtype).name == "float64"

    def test_relu(self) -> None:
        layer, plain = nn.BatchNormReLU(), nn.BatchNorm()
        x = nd.array(layer_cases.formula((4, 3)))
        for block in (layer, plain):
            block.initialize()
        with autograd.record():
            out, before = layer(x), plain(x)
        np.testing.assert_array_equal(out.asnumpy(), np.maximum(before.asnumpy(), 0))
        assert not isinstance(layer, nn.BatchNorm)

    def test_in_channels_is_an_attribute_where_given(self) -> None:
        assert nn.BatchNorm(in_channels=3).in_channels == 3
        assert not hasattr(nn.BatchNorm(), "in_channels")


class TestDropout:
    def test_zeroes_and_scales_in_train_mode_only(self) -> None:
        layer, x = nn.Dropout(0.25), nd.array(layer_cases.formula((40, 50)))
        with autograd.record():
            out = layer(x).asnumpy()
        kept = out != 0
        np.testing.assert_allclose(out[kept], x.asnumpy()[kept] / 0.75, rtol=1e-6)
        assert 0.7 < kept.mean() < 0.8
        np.testing.assert_array_equal(layer(x).asnumpy(), x.asnumpy())

    def test_shared_along_axes(self) -> None:
        with autograd.train_mode():
            out = nn.Dropout(0.5, (1,))(nd.ones((30, 4))).asnumpy()
        assert (out == out[:, :1]).all() and 0 < out[:, 0].astype(bool).mean() < 1


def test_embedding_looks_rows_up() -> None:
    layer = nn.Embedding(4, 3, weight_initializer=mx.init.Constant(np.arange(12).reshape(4, 3)))
    layer.initialize()
    with autograd.record():
        out = layer(nd.array([[1, 3], [1, 0]]))
    out.backward()
    np.testing.assert_array_equal(out.asnumpy(), np.arange(12).reshape(4, 3)[[[1, 3], [1, 0]]])
    np.testing.assert_array_equal(layer.weight.grad().asnumpy()[:, 0], [1, 2, 0, 1])


def test_layers_in_the_layout_with_channels_last() -> None:
    x = layer_cases.formula((1, 4, 5, 2))
    last, first = nn.Conv2D(3, 2, layout="NHWC", in_channels=2), nn.Conv2D(3, 2, in_channels=2)
    for block in (last, first):
        block.initialize()
    first.weight.set_data(last.weight.data().transpose((0, 3, 1, 2)))
    moved = nd.array(x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(last(nd.array(x)).asnumpy().transpose(0, 3, 1, 2), first(moved).asnumpy(), rtol=1e-5)
    pooled = nn.MaxPool2D(layout="NHWC")(nd.array(x)).asnumpy().transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(pooled, nn.MaxPool2D()(moved).asnumpy())


def test_lambda_of_a_callable_without_a_name() -> None:
    class Twice:
        def __call__(self, *args):
            return args[-1] * 2

    assert repr(nn.Lambda(Twice())) == "Lambda(Twice)"
    assert repr(nn.HybridLambda(Twice())) == "HybridLambda(Twice)"
    np.testing.assert_array_equal(nn.HybridLambda(Twice())(nd.ones(2)).asnumpy(), [2, 2])
