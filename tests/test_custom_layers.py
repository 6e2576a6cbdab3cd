"""The chapter's exercises in examples/custom_layers: values, gradients, training, files, inferred shapes."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from examples.custom_layers import Affine, Bilinear, LeadingFourier
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn

MAKERS = {"affine": Affine, "bilinear": lambda: Bilinear(3), "fourier": LeadingFourier}


def expected_affine(x: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=-1, keepdims=True) + shift


def expected_bilinear(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.einsum("ijk,bi,bj->bk", weight, x, x)


def expected_fourier(x: np.ndarray) -> np.ndarray:
    spectrum = np.fft.fft(x, axis=-1)[:, :(x.shape[-1] + 1) // 2]
    return np.stack([spectrum.real, spectrum.imag], axis=-1).reshape(len(x), -1)


EXPECTED = {"affine": expected_affine, "bilinear": expected_bilinear, "fourier": expected_fourier}


def random_layer(kind: str, x: nd.NDArray) -> nn.Block:
    """A layer called once, in the dtype of x, all of whose parameters are random."""
    layer = MAKERS[kind]()
    layer.initialize()
    layer.cast(x.dtype)
    layer(x)
    for parameter in layer.collect_params().values():
        parameter.set_data(nd.random.normal(shape=parameter.shape, dtype=x.dtype))
    return layer


def parameter_values(layer: nn.Block) -> list[np.ndarray]:
    return [parameter.data().asnumpy() for parameter in layer.collect_params().values()]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (7, 8)])
def test_values(kind: str, shape: tuple[int, int]) -> None:
    x = nd.random.normal(shape=shape)
    layer = random_layer(kind, x)
    expected = EXPECTED[kind](x.asnumpy().astype(np.float64), *parameter_values(layer))
    y = layer(x)
    assert y.dtype == np.float32
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.asnumpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", MAKERS)
def test_gradients_agree_with_finite_differences(kind: str) -> None:
    x = nd.random.normal(shape=(2, 5), dtype="float64")
    layer = random_layer(kind, x)
    x.attach_grad()
    head = nd.random.normal(shape=layer(x).shape, dtype="float64")
    with autograd.record():
        y = layer(x)
    y.backward(head)

    parameters = list(layer.collect_params().values())
    gradients = [x.grad.asnumpy()] + [parameter.grad().asnumpy() for parameter in parameters]
    points = [x.asnumpy(), *parameter_values(layer)]
    for which, gradient in enumerate(gradients):
        for index in np.ndindex(gradient.shape):
            moved = []
            for step in (1e-6, -1e-6):
                there = [point.copy() for point in points]
                there[which][index] += step
                moved.append((EXPECTED[kind](*there) * head.asnumpy()).sum())
            assert gradient[index] == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("kind", "shape"), [("affine", (6,)), ("bilinear", (6, 6, 3))])
def test_unknown_shapes_are_found_at_the_first_call(kind: str, shape: tuple[int, ...]) -> None:
    layer = MAKERS[kind]()
    layer.initialize()
    (parameter,) = layer.collect_params().values()
    assert 0 in parameter.shape
    with pytest.raises(gluon.parameter.DeferredInitializationError):
        parameter.data()
    layer(nd.ones((4, 6)))
    assert parameter.shape == shape


def test_the_affine_layer_takes_any_number_of_leading_axes() -> None:
    layer = Affine()
    layer.initialize()
    x = nd.random.normal(shape=(2, 3, 4))
    np.testing.assert_allclose(layer(x).asnumpy(), expected_affine(x.asnumpy(), 0), rtol=1e-5, atol=1e-6)
    assert layer.shift.shape == (4,)


def test_a_network_of_them_trains_and_comes_back_from_a_file(tmp_path: Path) -> None:
    def build() -> nn.Sequential:
        net = nn.Sequential()
        net.add(LeadingFourier(), Affine(), Bilinear(2), nn.Dense(1))
        return net

    net = build()
    net.initialize(mx.init.Normal(0.3))
    x = nd.random.normal(shape=(64, 6))
    power = (x.square().sum(axis=1, keepdims=True) - 6) / 4  # of the signal: quadratic in its spectrum
    loss = gluon.loss.L2Loss()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.02})
    losses = []
    for _ in range(150):
        with autograd.record():
            error = loss(net(x), power)
        error.backward()
        trainer.step(len(x))
        losses.append(error.mean().asscalar())
    assert losses[-1] < 0.1 * losses[0]

    path = str(tmp_path / "layers.params")
    net.save_parameters(path)
    again = build()
    again.load_parameters(path)
    np.testing.assert_array_equal(again(x).asnumpy(), net(x).asnumpy())
