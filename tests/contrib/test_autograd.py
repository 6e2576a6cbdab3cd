"""mx.contrib.autograd: the old names do what mx.autograd does."""
from __future__ import annotations

import numpy as np
import pytest

from mxnet import autograd, nd
from mxnet.contrib import autograd as old


def test_gradients_and_loss_of_a_function():
    a, b = nd.array([1, 2, 3]), nd.array([4, 5, 6])
    gradients, loss = old.grad_and_loss(lambda a, b: a * b + a)(a, b)
    assert np.array_equal(loss.asnumpy(), [5, 12, 21])
    assert [g.asnumpy().tolist() for g in gradients] == [[5, 6, 7], [1, 2, 3]]
    gradient, = old.grad(lambda a, power: a ** power, argnum=0)(a, 3)
    assert gradient.asnumpy().tolist() == [3, 12, 27]
    with pytest.raises(TypeError, match="NDArray"):
        old.grad(lambda a, power: a ** power)(a, 3)


def test_sections_set_mode_and_recording():
    with old.train_section():
        assert autograd.is_training() and autograd.is_recording()
        with old.test_section():
            assert not autograd.is_training() and not autograd.is_recording()
        assert autograd.is_training() and autograd.is_recording()
    assert not autograd.is_training() and not autograd.is_recording()
    assert old.set_is_training(True) is False
    assert autograd.is_recording() and old.set_is_training(False) is True
    assert not autograd.is_recording()


def test_backward_takes_lists():
    x, gradient = nd.ones((3,)), nd.zeros((3,))
    old.mark_variables([x], [gradient])
    with old.train_section():
        y, z = x * 2, x * x
    old.backward([y, z], [None, nd.array([1, 2, 3])])
    assert gradient.asnumpy().tolist() == [4, 6, 8]
    with old.train_section():
        y = x * 3
    old.compute_gradient([y])
    assert gradient.asnumpy().tolist() == [3, 3, 3]
    with pytest.raises(TypeError, match="list"):
        old.backward(y)
