"""mx.optimizer.contrib: contributed optimizers."""

from __future__ import annotations

from ..ndarray import contrib, zeros
from .base import Optimizer, register

__all__ = ["GroupAdaGrad"]


@register
class GroupAdaGrad(Optimizer):
    """AdaGrad with one history for each row of the weight; MXNet's contrib.group_adagrad_update.

        g = clip(rescale_grad * grad);  history += mean of g**2 over each row
        weight -= lr * g / sqrt(history + eps)

    Weight decay is not supported: AssertionError.  State: the history, (rows, 1, ...).
    """

    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def create_state(self, index, weight):
        """Zeros of shape (rows, 1), in the weight's storage type."""
        assert len(weight.shape) == 2, f"GroupAdaGrad takes weights of 2 dimensions, got {weight.shape}"
        return zeros((weight.shape[0], 1), weight._ctx, stype=weight.stype)

    def update(self, index, weight, grad, state):
        """Update one weight in place."""
        self._update_count(index)
        lr = self._get_lr(index)
        assert self._get_wd(index) == 0, "Weight decay is not supported for GroupAdaGrad"
        if grad.stype == "row_sparse":
            clip = -1.0 if self.clip_gradient is None else self.clip_gradient
            contrib.group_adagrad_update(weight, grad, state, lr=lr, rescale_grad=self.rescale_grad,
                                         clip_gradient=clip, epsilon=self.float_stable_eps, out=weight)
            return
        grad = grad * self.rescale_grad
        if self.clip_gradient is not None:
            grad = grad.clip(-self.clip_gradient, self.clip_gradient)
        state[:] = state + (grad * grad).mean(axis=1, keepdims=True)
        weight[:] = weight - lr * grad / (state + self.float_stable_eps).sqrt()
