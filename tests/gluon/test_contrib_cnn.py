"""gluon.contrib.cnn: deformable convolutions."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd
from mxnet.gluon import nn
from mxnet.gluon.contrib import cnn

X = np.random.RandomState(0).uniform(-1, 1, (2, 4, 6, 7)).astype("float32")


@pytest.mark.parametrize("make", [cnn.DeformableConvolution, cnn.ModulatedDeformableConvolution])
@pytest.mark.parametrize("hybridize", [False, True])
def test_without_offsets_it_is_a_convolution(make, hybridize) -> None:
    """Offsets begin as zeros, and weights of points as 2 * sigmoid(0)."""
    layer, conv = make(3, (3, 2), 2, 1, activation="relu"), nn.Conv2D(3, (3, 2), 2, 1, activation="relu")
    layer.initialize(mx.init.Uniform(0.5))
    conv.initialize()
    if hybridize:
        layer.hybridize()
    got = layer(nd.array(X))
    conv(nd.array(X))
    conv.weight.set_data(layer.deformable_conv_weight.data())
    np.testing.assert_allclose(got.asnumpy(), conv(nd.array(X)).asnumpy(), rtol=1e-4, atol=1e-5)


def test_what_it_says_of_itself() -> None:
    layer = cnn.DeformableConvolution(4, (3, 2), 2, 1, 2, num_deformable_group=2, use_bias=False, offset_use_bias=False,
                                      activation="relu", prefix="d_")
    assert repr(layer) == ("DeformableConvolution(None -> 4, kernel_size=(3, 2), stride=(2, 2), padding=(1, 1), "
                           "dilation=(2, 2), bias=False, Activation(relu))")
    layer.initialize()
    assert layer(nd.array(X)).shape == (2, 4, 2, 4)
    assert {n: p.shape for n, p in layer.collect_params().items()} == {
        "d_offset_weight": (24, 4, 3, 2), "d_deformable_conv_weight": (4, 4, 3, 2)}


def test_the_offsets_learn() -> None:
    for make in (cnn.DeformableConvolution, cnn.ModulatedDeformableConvolution):
        layer = make(3, 3)
        layer.initialize(mx.init.Uniform(0.5))
        with mx.autograd.record():
            layer(nd.array(X)).sum().backward()
        assert all(p.grad().asnumpy().any() for p in layer.collect_params().values())


def test_other_layouts_are_refused() -> None:
    with pytest.raises(AssertionError, match="NHWC"):
        cnn.DeformableConvolution(3, 3, layout="NHWC")


@pytest.mark.parametrize("make, offsets, drawn, out", [
    (cnn.DeformableConvolution, 18, -0.85370106, 1.0856223),
    (cnn.ModulatedDeformableConvolution, 27, -1.3599786, 1.4811811)])
def test_its_own_weight_waits_for_the_input(make, offsets, drawn, out) -> None:
    """The numbers are MXNet 1.9.1's, which draws the offsets' weight first, in_channels or not."""
    mx.random.seed(3)
    layer = make(2, kernel_size=3, in_channels=3, offset_weight_initializer="uniform")
    assert layer.offset_weight.shape == (offsets, 3, 3, 3)
    assert layer.deformable_conv_weight.shape == (2, 0, 3, 3)
    layer.initialize()
    with pytest.raises(mx.gluon.parameter.DeferredInitializationError):
        layer.deformable_conv_weight.data()
    np.testing.assert_allclose(layer.offset_weight.data().sum().asscalar(), drawn, rtol=1e-5)
    np.testing.assert_allclose(layer(nd.ones((1, 3, 5, 5))).sum().asscalar(), out, rtol=1e-4)
    np.testing.assert_allclose(layer.deformable_conv_weight.data().sum().asscalar(), 0.15345967, rtol=1e-5)
