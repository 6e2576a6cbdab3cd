"""Scaling of losses: the numbers are MXNet 1.9.1's."""

from __future__ import annotations

import pytest

import mxnet as mx
from mxnet import gluon, nd
from mxnet.contrib import amp


@pytest.fixture
def param():
    param = gluon.Parameter("w", shape=(2,))
    param.initialize(mx.init.One())
    return param


@pytest.fixture
def trainer(param):
    trainer = gluon.Trainer([param], "sgd", {"learning_rate": 0.1})
    amp.init_trainer(trainer)
    return trainer


def backward(param, trainer, factor=1.0):
    """Of a loss whose gradient is 2."""
    with mx.autograd.record():
        loss = (param.data() * 2).sum() * factor
        with amp.scale_loss(loss, trainer) as scaled:
            mx.autograd.backward(scaled)
    return param.grad().asnumpy()[0]


def step(param, trainer, factor=1.0):
    """The gradient, how far the weight moved, and the factor then."""
    grad, before = backward(param, trainer, factor), param.data().asnumpy()[0]
    trainer.step(1)
    return grad, param.data().asnumpy()[0] - before, trainer._amp_loss_scaler.loss_scale


def test_steps(param, trainer):
    seen = [step(param, trainer, factor) for factor in (1, float("inf"), 1, 1)]
    assert seen[0] == (131072, pytest.approx(-0.2), 65536)
    assert seen[1] == (float("inf"), 0, 65536)
    assert seen[2] == (131072, pytest.approx(-0.2), 32768)
    assert seen[3] == (65536, pytest.approx(-0.2), 32768)


def test_factor_grows(param, trainer):
    trainer._amp_loss_scaler._unskipped = 1999
    assert [step(param, trainer)[2] for _ in range(2)] == [65536, 131072]


def test_unscale(param, trainer):
    assert backward(param, trainer) == 131072
    assert trainer._scale == 1 / 65536
    amp.unscale(trainer)
    assert param.grad().asnumpy().tolist() == [2, 2]
    trainer.step(1)
    assert param.data().asnumpy()[0] == pytest.approx(0.8)


def test_lists_of_losses(trainer):
    with amp.scale_loss([nd.ones(1), nd.ones(1)], trainer) as scaled:
        assert [one.asscalar() for one in scaled] == [65536, 65536]


def test_half_precision_gradients_do_not_vanish():
    net = gluon.nn.Dense(1, in_units=1)
    net.initialize(mx.init.One())
    net.cast("float16")
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1e7, "multi_precision": True})
    amp.init_trainer(trainer)
    with mx.autograd.record():
        loss = net(nd.ones((1, 1), dtype="float16")).astype("float32") * 1e-8
        with amp.scale_loss(loss, trainer) as scaled:
            mx.autograd.backward(scaled)
    trainer.step(1)
    assert net.weight.data().asscalar() == pytest.approx(0.9, rel=1e-2)


def test_refused(param):
    with pytest.raises(TypeError, match="got SGD"):
        amp.init_trainer(mx.optimizer.SGD())
    trainer = gluon.Trainer([param], "sgd", update_on_kvstore=True)
    with pytest.raises(mx.MXNetError, match="update_on_kvstore=False"):
        amp.init_trainer(trainer)
    for call in (lambda: amp.scale_loss(nd.ones(1), trainer).__enter__(), lambda: amp.unscale(trainer)):
        with pytest.raises(mx.MXNetError, match=r"forget to call amp\.init_trainer"):
            call()


def test_layers_can_ask_whether_operators_are_cast() -> None:
    assert amp.amp._amp_initialized is False
