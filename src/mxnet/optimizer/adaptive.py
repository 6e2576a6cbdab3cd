"""Optimizers that scale each element by the history of its gradients: AdaGrad, AdaDelta, RMSProp, Ftrl."""

from __future__ import annotations

import torch

from ..base import MXNetError
from .base import register
from .multi_tensor import MultiTensorOptimizer, as_operator_argument, inverse

__all__ = ["AdaDelta", "AdaGrad", "Ftrl", "RMSProp"]


@register
class AdaGrad(MultiTensorOptimizer):
    """AdaGrad (Duchi, Hazan and Singer, 2011).

        g = clip(rescale_grad * grad);  history += g**2
        weight -= lr * (g / sqrt(history + eps) + wd * weight)

    State: the history, an array like the weight.
    """

    state_count = 1
    state_dtype = "float32"

    def __init__(self, eps=1e-7, **kwargs):
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def _is_lazy(self, weight):
        return True

    def _step_sparse(self, weight, grad, state, lr, wd, t):
        if grad.stype == "row_sparse" and wd:
            raise MXNetError(f"AdaGrad: there is no weight decay with row_sparse gradients, got {wd}")
        super()._step_sparse(weight, grad, state, lr, wd, t)

    def _step(self, weights, grads, states, lr, wd, t):
        grads = self._rescaled(grads)
        histories = states[0]
        torch._foreach_addcmul_(histories, grads, grads)
        roots = torch._foreach_add(histories, self.float_stable_eps)
        torch._foreach_sqrt_(roots)
        torch._foreach_mul_(weights, 1 - lr * wd)
        torch._foreach_addcdiv_(weights, grads, roots, value=-lr)


@register
class AdaDelta(MultiTensorOptimizer):
    """AdaDelta (Zeiler, 2012), which needs no learning rate.

        g = clip(rescale_grad * grad);  squares = rho * squares + (1 - rho) * g**2
        delta = sqrt(deltas + epsilon) / sqrt(squares + epsilon) * g
        deltas = rho * deltas + (1 - rho) * delta**2;  weight -= delta + wd * weight

    State: (squares, deltas).
    """

    state_count = 2
    state_dtype = "float32"

    def __init__(self, rho=0.90, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.rho = rho
        self.epsilon = epsilon

    def _step(self, weights, grads, states, lr, wd, t):
        grads = self._rescaled(grads)
        squares, deltas = states
        torch._foreach_mul_(squares, self.rho)
        torch._foreach_addcmul_(squares, grads, grads, value=1 - self.rho)
        steps = torch._foreach_add(deltas, self.epsilon)
        torch._foreach_div_(steps, torch._foreach_add(squares, self.epsilon))
        torch._foreach_sqrt_(steps)
        torch._foreach_mul_(steps, grads)
        torch._foreach_mul_(deltas, self.rho)
        torch._foreach_addcmul_(deltas, steps, steps, value=1 - self.rho)
        torch._foreach_mul_(weights, 1 - wd)
        torch._foreach_sub_(weights, steps)


@register
class RMSProp(MultiTensorOptimizer):
    """RMSProp; MXNet's operators rmsprop_update and rmspropalex_update.

        g = clip(rescale_grad * grad + wd * weight);  n = gamma1 * n + (1 - gamma1) * g**2
        weight -= lr * g / sqrt(n + epsilon)                            (Tieleman and Hinton, 2012)
    or, centered:
        m = gamma1 * m + (1 - gamma1) * g
        delta = gamma2 * delta - lr * g / sqrt(n - m**2 + epsilon);  weight += delta       (Graves, 2013)

    clip_weights: bound on the absolute value of each weight.  State: (n,), or (n, m, delta).
    """

    state_tuple = True
    state_dtype = "float32"

    def __init__(self, learning_rate=0.001, gamma1=0.9, gamma2=0.9, epsilon=1e-8, centered=False, clip_weights=None,
                 **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.gamma1 = gamma1
        self.gamma2 = gamma2
        self.centered = centered
        self.epsilon = epsilon
        self.clip_weights = clip_weights

    @property
    def state_count(self):
        return 3 if self.centered else 1

    def _step(self, weights, grads, states, lr, wd, t):
        grads = self._decayed(weights, grads, wd)
        squares, gamma1 = states[0], as_operator_argument(self.gamma1)
        torch._foreach_mul_(squares, gamma1)
        torch._foreach_addcmul_(squares, grads, grads, value=1 - gamma1)
        roots = torch._foreach_add(squares, self.epsilon)
        if self.centered:
            means, deltas = states[1:]
            torch._foreach_lerp_(means, grads, 1 - gamma1)
            torch._foreach_addcmul_(roots, means, means, value=-1)
            torch._foreach_sqrt_(roots)
            torch._foreach_mul_(deltas, self.gamma2)
            torch._foreach_addcdiv_(deltas, grads, roots, value=-lr)
            torch._foreach_add_(weights, deltas)
        else:
            torch._foreach_sqrt_(roots)
            torch._foreach_addcdiv_(weights, grads, roots, value=-lr)
        if self.clip_weights:
            torch._foreach_clamp_min_(weights, -self.clip_weights)
            torch._foreach_clamp_max_(weights, self.clip_weights)


@register
class Ftrl(MultiTensorOptimizer):
    """Follow the regularized leader (McMahan et al., 2013); MXNet's operator ftrl_update.

        g = clip(rescale_grad * grad)
        z += g - (sqrt(n + g**2) - sqrt(n)) / lr * weight;  n += g**2
        weight = (sign(z) * lamda1 - z) / ((beta + sqrt(n)) / lr + wd) where abs(z) > lamda1, else 0

    learning_rate: where there is no lr_scheduler; its base_lr stays.  State: (z, n).
    """

    state_count = 2
    state_dtype = "float32"

    def __init__(self, lamda1=0.01, learning_rate=0.1, beta=1, **kwargs):
        super().__init__(**kwargs)
        self.lr = learning_rate  # a scheduler keeps its base_lr, unlike with other optimizers
        self.lamda1 = lamda1
        self.beta = beta

    def _is_lazy(self, weight):
        return weight.stype == "row_sparse"

    def _step(self, weights, grads, states, lr, wd, t):
        grads = self._rescaled(grads)
        zs, ns = states
        changes = torch._foreach_sqrt(ns)
        torch._foreach_addcmul_(ns, grads, grads)
        roots = torch._foreach_sqrt(ns)
        torch._foreach_sub_(changes, roots)
        torch._foreach_mul_(changes, weights)
        torch._foreach_mul_(changes, inverse(lr))
        torch._foreach_add_(zs, grads)
        torch._foreach_add_(zs, changes)
        torch._foreach_add_(roots, self.beta)
        torch._foreach_mul_(roots, inverse(lr))
        torch._foreach_add_(roots, wd)
        # sign(z) * lamda1 - z beyond lamda1, 0 within
        inside = torch._foreach_clamp_max(torch._foreach_clamp_min(zs, -self.lamda1), self.lamda1)
        torch._foreach_copy_(weights, torch._foreach_div(torch._foreach_sub(inside, zs), roots))
