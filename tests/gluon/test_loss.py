"""gluon.loss gives MXNet's losses, gradients and printed text."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from golden.gluon import layer_cases
from golden.gluon.answers import check, recorded
from mxnet import autograd, gluon, nd
from mxnet.gluon.loss import _apply_weighting, _reshape_like


@pytest.mark.parametrize(("loss", "arguments"), layer_cases.LOSSES)
def test_losses_and_gradients(loss: str, arguments: str) -> None:
    wanted = recorded("losses")[f"{loss} | {arguments}"]
    check(layer_cases.run_loss(mx, loss, arguments), wanted, atol=1e-5)


def test_short_names_are_the_same_classes() -> None:
    assert gluon.loss.SoftmaxCELoss is gluon.loss.SoftmaxCrossEntropyLoss
    assert gluon.loss.SigmoidBCELoss is gluon.loss.SigmoidBinaryCrossEntropyLoss


def test_helpers_that_clients_import() -> None:
    loss, rows = nd.ones((2, 3)), nd.array([[1], [2]])
    assert _apply_weighting(nd, loss) is loss
    np.testing.assert_array_equal(_apply_weighting(nd, loss, 2, rows).asnumpy(), [[2] * 3, [4] * 3])
    with pytest.raises(AssertionError, match="weight must be a number"):
        _apply_weighting(nd, loss, nd.ones(1))
    assert _reshape_like(nd, nd.arange(6), loss).shape == (2, 3)


def test_a_loss_of_ones_own() -> None:
    class Cubic(gluon.loss.Loss):
        def __init__(self, weight=None, batch_axis=0, **kwargs):
            super().__init__(weight, batch_axis, **kwargs)

        def hybrid_forward(self, F, pred, label, sample_weight=None):
            loss = F.abs(pred - label) ** 3
            loss = _apply_weighting(F, loss, self._weight, sample_weight)
            return F.mean(loss, axis=self._batch_axis, exclude=True)

    loss = Cubic(weight=2)
    assert repr(loss) == "Cubic(batch_axis=0, w=2)"
    np.testing.assert_allclose(loss(nd.array([[1, 2]]), nd.zeros((1, 2))).asnumpy(), [9])
    with pytest.raises(NotImplementedError):
        gluon.loss.Loss(None, 0)(nd.ones(2))


def test_poisson_loss_of_zero_counts_is_finite_and_trains() -> None:
    rates, counts = nd.array([0.5, 1.0, 2.0]), nd.array([0.0, 1.0, 3.0])
    rates.attach_grad()
    with autograd.record():
        loss = gluon.loss.PoissonNLLLoss(from_logits=False, compute_full=True)(rates, counts)
    loss.backward()
    stirling = 3 * np.log(3) - 3 + 0.5 * np.log(2 * np.pi * 3)
    np.testing.assert_allclose(loss.asnumpy(), [(0.5 + 1 + 2 - 3 * np.log(2) + stirling) / 3], rtol=1e-6)
    np.testing.assert_allclose(rates.grad.asnumpy(), (1 - counts.asnumpy() / rates.asnumpy()) / 3, rtol=1e-6)


def test_sdml_needs_pairs() -> None:
    with pytest.raises(AssertionError, match="same shape"):
        gluon.loss.SDMLLoss()(nd.ones((3, 2)), nd.ones((2, 2)))
