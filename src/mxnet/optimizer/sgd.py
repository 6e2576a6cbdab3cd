"""Stochastic gradient descent and its kin: SGD, NAG, Signum, SGLD, DCASGD, Test."""

from __future__ import annotations

import math

import torch

from ..ndarray import random, zeros
from .base import Optimizer, register
from .multi_tensor import MultiTensorOptimizer, as_operator_argument

__all__ = ["DCASGD", "NAG", "SGD", "SGLD", "Signum", "Test", "ccSGD"]


@register
class SGD(MultiTensorOptimizer):
    """Stochastic gradient descent with momentum and weight decay; MXNet's operators sgd_update, sgd_mom_update.

        g = clip(rescale_grad * grad) + wd * weight
        state = momentum * state - lr * g;  weight += state      (weight -= lr * g without momentum)

    lazy_update is about sparse gradients.  State: an array like the weight, None without momentum.
    """

    master_last = True

    def __init__(self, momentum=0.0, lazy_update=True, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.lazy_update = lazy_update
        self.aggregate_num = 4  # a subclass with an `update` of its own gets lists of up to so many

    @property
    def state_count(self):
        return 0 if self.momentum == 0.0 else 1

    def _step(self, weights, grads, states, lr, wd, t):
        rescale = self.rescale_grad
        if self._clips or rescale == 0:
            grads, rescale = self._rescaled(grads), 1.0
        # torch: g += weight_decay * w; buf = momentum * buf + (1 - dampening) * g; w -= lr * buf.  These settings
        # make buf MXNet's state, which holds the learning rate of each step, so it may change between steps.
        if states:
            _fused_sgd(weights, grads, states[0], weight_decay=wd / rescale, momentum=self.momentum, lr=-1.0,
                       dampening=1.0 + lr * rescale)
        else:
            _fused_sgd(weights, grads, [], weight_decay=wd / rescale, lr=lr * rescale)


def _fused_sgd(weights, grads, moms, *, lr, weight_decay=0.0, momentum=0.0, dampening=0.0):
    torch._fused_sgd_(weights, grads, moms, lr=lr, weight_decay=weight_decay, momentum=momentum, dampening=dampening,
                      nesterov=False, maximize=False, is_first_step=False)


@register
class ccSGD(SGD):
    """SGD under its old name."""


@register
class NAG(MultiTensorOptimizer):
    """Nesterov's accelerated gradient; MXNet's operator nag_mom_update.

        g = clip(rescale_grad * grad)
        weight += momentum**2 * state - lr * (1 + momentum) * (g + wd * weight)
        state = momentum * state - lr * (g + wd * weight)

    The state decays the new weight, as MXNet's does.
    State: an array like the weight, None without momentum, which makes it SGD, lazy on sparse gradients.
    """

    master_last = True

    def __init__(self, momentum=0.0, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum

    @property
    def state_count(self):
        return 0 if self.momentum == 0.0 else 1

    def _is_lazy(self, weight):
        return self.momentum == 0.0

    def _step(self, weights, grads, states, lr, wd, t):
        momentum, rescale = self.momentum, self.rescale_grad
        if self._clips:
            grads, rescale = self._rescaled(grads), 1.0
        if wd:
            torch._foreach_mul_(weights, 1 - lr * (1 + momentum) * wd)
        torch._foreach_add_(weights, grads, alpha=-lr * rescale)
        if states:  # momentum times the new state is what is left
            _fused_sgd(weights, grads, states[0], lr=-momentum, momentum=momentum, dampening=1.0 + lr * rescale)
            if wd:
                torch._foreach_add_(states[0], weights, alpha=-lr * wd)


@register
class Signum(MultiTensorOptimizer):
    """Descent along the sign of the momentum (Bernstein et al., 2018); MXNet's signsgd_update, signum_update.

        state = momentum * state - (1 - momentum) * (clip(rescale_grad * grad) + wd * weight)
        weight = (1 - lr * wd_lh) * weight + lr * sign(state)

    or, without momentum, weight = (1 - lr * (wd + wd_lh)) * weight - lr * sign(grad).

    wd_lh: weight decay outside of the sign.  State: an array like the weight, None without momentum.
    """

    def __init__(self, learning_rate=0.01, momentum=0.9, wd_lh=0.0, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum
        self.wd_lh = wd_lh

    @property
    def state_count(self):
        return 0 if self.momentum == 0.0 else 1

    def _step(self, weights, grads, states, lr, wd, t):
        if states:
            directions, decay = states[0], self.wd_lh
            momentum = as_operator_argument(self.momentum)
            grads = self._rescaled(grads)
            if wd:
                torch._foreach_add_(grads, weights, alpha=wd)
            torch._foreach_mul_(directions, momentum)
            torch._foreach_add_(directions, grads, alpha=momentum - 1)
        else:
            directions, decay = torch._foreach_neg(grads), wd + self.wd_lh
        if decay:
            torch._foreach_mul_(weights, 1 - lr * decay)
        torch._foreach_add_(weights, torch._foreach_sign(directions), alpha=lr)


@register
class SGLD(Optimizer):
    """Stochastic gradient Langevin dynamics (Welling and Teh, 2011): half a step of SGD, and noise of variance lr.

    The noise is `nd.random.normal` on the weight's context, so `mx.random.seed` fixes it.
    """

    def update(self, index, weight, grad, state):
        """Update one weight in place."""
        self._update_count(index)
        lr, wd = self._get_lr(index), self._get_wd(index)
        grad = grad * self.rescale_grad
        if self.clip_gradient is not None:
            grad = grad.clip(-self.clip_gradient, self.clip_gradient)
        step = weight * wd
        step += grad
        step *= -lr / 2
        step += random.normal(0, math.sqrt(lr), shape=weight.shape, dtype=weight.dtype, ctx=weight._ctx)
        weight += step


@register
class DCASGD(MultiTensorOptimizer):
    """Delay-compensated asynchronous SGD (Zheng et al., 2016).

        g = clip(rescale_grad * grad)
        step = -lr * (g + wd * weight + lamda * g * g * (weight - previous weight))
        state = momentum * state + step;  weight += state

    State: (momentum or None, the previous weight).
    """

    def __init__(self, momentum=0.0, lamda=0.04, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.weight_previous = {}
        self.lamda = lamda

    def create_state(self, index, weight):
        """(zeros, or None without momentum; a copy of the weight)."""
        momentum = None if self.momentum == 0.0 else zeros(weight.shape, weight._ctx, dtype=weight.dtype)
        return momentum, weight.copy()

    def _step(self, weights, grads, states, lr, wd, t):
        *momenta, previous = states
        grads = self._rescaled(grads)
        steps = torch._foreach_mul(grads, torch._foreach_sub(weights, previous))
        torch._foreach_mul_(steps, self.lamda)
        torch._foreach_mul_(steps, grads)
        torch._foreach_add_(steps, grads)
        if wd:
            torch._foreach_add_(steps, weights, alpha=wd)
        torch._foreach_mul_(steps, -lr)
        if momenta:
            torch._foreach_mul_(momenta[0], self.momentum)
            torch._foreach_add_(momenta[0], steps)
            steps = momenta[0]
        torch._foreach_copy_(previous, weights)
        torch._foreach_add_(weights, steps)


@register
class Test(Optimizer):
    """For tests: weight += rescale_grad * grad, and the state is a copy of the new weight.  Counts no updates."""

    def create_state(self, index, weight):
        """Zeros like the weight, in single precision."""
        return zeros(weight.shape, weight._ctx)

    def update(self, index, weight, grad, state):
        """Update one weight in place."""
        weight[:] = weight + grad * self.rescale_grad
        state[:] = weight
