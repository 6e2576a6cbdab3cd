"""Optimizers with estimates of both moments of the gradient: Adam, AdamW, Adamax, Nadam, FTML, LAMB."""

from __future__ import annotations

import math

import torch

from .base import register
from .multi_tensor import MultiTensorOptimizer, as_operator_argument, inverse

__all__ = ["FTML", "LAMB", "Adam", "AdamW", "Adamax", "Nadam"]


class _Moments(MultiTensorOptimizer):
    """State: (mean, variance), arrays like the weight."""

    state_count = 2

    def __init__(self, learning_rate, beta1, beta2, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2


def _average(means, variances, grads, beta1, beta2):
    """mean = beta1 * mean + (1 - beta1) * grad, and the same of the squares with beta2."""
    torch._foreach_lerp_(means, grads, 1 - beta1)
    torch._foreach_mul_(variances, beta2)
    torch._foreach_addcmul_(variances, grads, grads, value=1 - beta2)


def _correction(adam, t):
    """For moments that began as zeros."""
    return math.sqrt(1 - adam.beta2**t) / (1 - adam.beta1**t)


def _fused_adam(adam, weights, grads, states, size, wd, t):
    """Both moments of grad + wd * weight, then weight -= size * mean / (sqrt(variance) + epsilon).

    torch's kernel subtracts lr / c1 * mean / (sqrt(variance) / c2 + eps), with c1 and c2 from its betas and t.
    """
    beta1, beta2 = as_operator_argument(adam.beta1), as_operator_argument(adam.beta2)
    c1, c2 = 1 - beta1**t, math.sqrt(1 - beta2**t)
    # One counter serves all weights: the kernel only reads it.
    step = torch.full((), float(t), dtype=torch.float32, device=weights[0].device)
    torch._fused_adam_(weights, grads, *states, [], [step] * len(weights), lr=size * c1 / c2, beta1=beta1, beta2=beta2,
                       weight_decay=wd, eps=adam.epsilon / c2, amsgrad=False, maximize=False)


@register
class Adam(_Moments):
    """Adam (Kingma and Ba, 2014); MXNet's operator adam_update.

        g = clip(rescale_grad * grad + wd * weight)
        mean = beta1 * mean + (1 - beta1) * g;  variance = beta2 * variance + (1 - beta2) * g**2
        weight -= lr * sqrt(1 - beta2**t) / (1 - beta1**t) * mean / (sqrt(variance) + epsilon)

    lazy_update is about sparse gradients.  State: (mean, variance).
    """

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, lazy_update=True, **kwargs):
        super().__init__(learning_rate, beta1, beta2, **kwargs)
        self.epsilon = epsilon
        self.lazy_update = lazy_update

    def _step(self, weights, grads, states, lr, wd, t):
        if self._clips:
            grads, wd = self._decayed(weights, grads, wd), 0.0
        elif self.rescale_grad != 1:
            grads = self._rescaled(grads)
        _fused_adam(self, weights, grads, states, lr * _correction(self, t), wd, t)


@register
class AdamW(_Moments):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019); MXNet's contrib.adamw_update.

        g = clip(rescale_grad * grad)
        mean = beta1 * mean + (1 - beta1) * g;  variance = beta2 * variance + (1 - beta2) * g**2
        weight -= lr * (c * mean / (sqrt(variance) + epsilon) + wd * weight)

    c is sqrt(1 - beta2**t) / (1 - beta1**t), or 1 if not correct_bias.  State: (mean, variance).
    MXNet 1.9.1 has the operator only; the class has the arguments of MXNet 2.
    """

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-6, correct_bias=True, **kwargs):
        super().__init__(learning_rate, beta1, beta2, **kwargs)
        self.epsilon = epsilon
        self.correct_bias = correct_bias

    def _step(self, weights, grads, states, lr, wd, t):
        if self._clips or self.rescale_grad != 1:
            grads = self._rescaled(grads)
        if wd:
            torch._foreach_mul_(weights, 1 - lr * wd)
        size = lr * _correction(self, t) if self.correct_bias else lr
        _fused_adam(self, weights, grads, states, size, 0.0, t)


@register
class Adamax(_Moments):
    """Adam with the largest gradient in place of the variance (Kingma and Ba, 2014, section 7).

        g = clip(rescale_grad * grad + wd * weight)
        mean = beta1 * mean + (1 - beta1) * g;  norm = maximum(beta2 * norm, abs(g))
        weight -= lr / (1 - beta1**t) * mean / norm

    State: (mean, norm).
    """

    def __init__(self, learning_rate=0.002, beta1=0.9, beta2=0.999, **kwargs):
        super().__init__(learning_rate, beta1, beta2, **kwargs)

    def _step(self, weights, grads, states, lr, wd, t):
        grads = self._decayed(weights, grads, wd)
        means, norms = states
        torch._foreach_lerp_(means, grads, 1 - self.beta1)
        torch._foreach_mul_(norms, self.beta2)
        torch._foreach_maximum_(norms, torch._foreach_abs(grads))
        torch._foreach_addcdiv_(weights, means, norms, value=-lr / (1 - self.beta1**t))


@register
class Nadam(_Moments):
    """Adam with Nesterov's momentum (Dozat, 2016).  schedule_decay: of the momentum's own schedule.

    The product of the schedule goes on with every parameter that is updated, as in MXNet.  State: (mean, variance).
    """

    takes_lists = True

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, schedule_decay=0.004, **kwargs):
        super().__init__(learning_rate, beta1, beta2, **kwargs)
        self.epsilon = epsilon
        self.schedule_decay = schedule_decay
        self.m_schedule = 1.0

    def _rates(self, indices, weights):
        """(lr, factor of the gradient, factor of the mean) of each parameter."""
        rates = []
        for i, lr in zip(indices, self._get_lrs(indices), strict=True):
            t = self._index_update_count[i]
            now = self.beta1 * (1 - 0.5 * 0.96 ** (t * self.schedule_decay))
            after = self.beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * self.schedule_decay))
            self.m_schedule *= now
            rates.append((lr, (1 - now) / (1 - self.m_schedule), after / (1 - self.m_schedule * after)))
        return rates

    def _step(self, weights, grads, states, lr, wd, t):
        lrs, of_grads, of_means = zip(*lr, strict=True)
        grads = self._decayed(weights, grads, wd)
        means, variances = states
        _average(means, variances, grads, self.beta1, self.beta2)
        torch._foreach_mul_(grads, of_grads)
        torch._foreach_add_(grads, torch._foreach_mul(means, of_means))
        torch._foreach_mul_(grads, [-lr for lr in lrs])
        divisors = torch._foreach_div(variances, 1 - self.beta2**t)
        torch._foreach_sqrt_(divisors)
        torch._foreach_add_(divisors, self.epsilon)
        torch._foreach_addcdiv_(weights, grads, divisors)


@register
class FTML(_Moments):
    """Follow the moving leader (Zheng and Kwok, 2017); MXNet's operator ftml_update.

        g = clip(rescale_grad * grad + wd * weight)
        v = beta2 * v + (1 - beta2) * g**2
        new d = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + epsilon)
        z = beta1 * z + (1 - beta1) * g - (new d - beta1 * d) * weight;  weight = -z / new d

    State: (d, v, z).
    """

    state_count = 3

    def __init__(self, beta1=0.6, beta2=0.999, epsilon=1e-8, **kwargs):
        super().__init__(kwargs.pop("learning_rate", None), beta1, beta2, **kwargs)
        self.epsilon = epsilon

    def _step(self, weights, grads, states, lr, wd, t):
        grads = self._decayed(weights, grads, wd)
        beta1, beta2 = as_operator_argument(self.beta1), as_operator_argument(self.beta2)
        ds, vs, zs = states
        torch._foreach_mul_(vs, beta2)
        torch._foreach_addcmul_(vs, grads, grads, value=1 - beta2)
        new_ds = torch._foreach_div(vs, 1 - beta2**t)
        torch._foreach_sqrt_(new_ds)
        torch._foreach_add_(new_ds, self.epsilon)
        torch._foreach_mul_(new_ds, (1 - beta1**t) * inverse(lr))
        sigmas = torch._foreach_sub(new_ds, ds, alpha=beta1)
        torch._foreach_lerp_(zs, grads, 1 - beta1)
        torch._foreach_addcmul_(zs, sigmas, weights, value=-1)
        torch._foreach_copy_(ds, new_ds)
        torch._foreach_copy_(weights, torch._foreach_div(torch._foreach_neg(zs), new_ds))


@register
class LAMB(_Moments):
    """Adam with a trust ratio for each layer (You et al., 2019); MXNet's lamb_update_phase1 and phase2.

        g = clip(rescale_grad * grad), moments as Adam's, corrected if bias_correction
        u = mean / (sqrt(variance) + epsilon) + wd * weight
        weight -= lr * clamp(|weight|, lower_bound, upper_bound) / |u| * u      (ratio 1 where a norm is 0)

    State: (mean, variance).
    """

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-6, lower_bound=None, upper_bound=None,
                 bias_correction=True, **kwargs):
        super().__init__(learning_rate, beta1, beta2, **kwargs)
        self.epsilon = epsilon
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound
        self.bias_correction = bias_correction
        self.aggregate_num = 45  # a subclass with an `update` of its own gets lists of up to so many

    def _step(self, weights, grads, states, lr, wd, t):
        means, variances = states
        beta1, beta2 = as_operator_argument(self.beta1), as_operator_argument(self.beta2)
        _average(means, variances, self._rescaled(grads), beta1, beta2)
        first, second = (1 - beta1**t, 1 - beta2**t) if self.bias_correction else (1.0, 1.0)
        divisors = torch._foreach_div(variances, second)
        torch._foreach_sqrt_(divisors)
        torch._foreach_add_(divisors, self.epsilon)
        directions = torch._foreach_div(torch._foreach_div(means, first), divisors)
        torch._foreach_add_(directions, weights, alpha=wd)
        norms = torch.stack(torch._foreach_norm(weights))
        if self.lower_bound or self.upper_bound:
            norms = norms.clamp(self.lower_bound or None, self.upper_bound or None)
        of_directions = torch.stack(torch._foreach_norm(directions))
        ratios = torch.where((norms == 0) | (of_directions == 0), 1.0, norms / of_directions)
        torch._foreach_mul_(directions, list((ratios * -lr).unbind()))
        torch._foreach_add_(weights, directions)
