"""mx.optimizer.contrib: contributed optimizers."""

from __future__ import annotations

import torch

from ..ndarray import NDArray, clip, contrib, mean, sqrt, square, zeros  # noqa: F401 - MXNet's has them here
from .base import Optimizer, register  # noqa: F401
from .multi_tensor import MultiTensorOptimizer

__all__ = ["GroupAdaGrad"]


@register
class GroupAdaGrad(MultiTensorOptimizer):
    """AdaGrad with one history for each row of the weight; MXNet's contrib.group_adagrad_update.

        g = clip(rescale_grad * grad);  history += mean of g**2 over each row
        weight -= lr * g / sqrt(history + eps)

    Rows that a row_sparse gradient does not store stay as they are.
    Weight decay is not supported: AssertionError.  State: the history, (rows, 1).
    """

    lazy_update = True

    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def create_state(self, index, weight):
        """Zeros of shape (rows, 1), in the weight's storage type."""
        assert len(weight.shape) == 2, f"GroupAdaGrad takes weights of 2 dimensions, got {weight.shape}"
        return zeros((weight.shape[0], 1), weight._ctx, stype=weight.stype)

    def _step(self, weights, grads, states, lr, wd, t):
        assert wd == 0, "Weight decay is not supported for GroupAdaGrad"
        grads = self._rescaled(grads)
        histories = states[0]
        torch._foreach_add_(histories, [g.square().mean(dim=1, keepdim=True) for g in grads])
        roots = torch._foreach_add(histories, self.float_stable_eps)
        torch._foreach_sqrt_(roots)
        torch._foreach_div_(grads, roots)
        torch._foreach_add_(weights, grads, alpha=-lr)
