"""LossScaler: the factor on a loss that keeps half precision gradients from vanishing or overflowing."""

from __future__ import annotations

from ... import ndarray as nd

__all__ = ["LossScaler"]


class LossScaler:
    """A factor that halves, down to 1, after a step whose gradients overflow, and doubles after 2000 that do not."""

    def __init__(self):
        self._loss_scale = 2.0**16
        self._next_loss_scale = self._loss_scale
        self._max_loss_scale = 2.0**24
        self._scale_seq_len = 2000
        self._unskipped = 0

    @property
    def loss_scale(self) -> float:
        """The factor now."""
        return self._loss_scale

    def has_overflow(self, params) -> bool:
        """Whether a gradient of these Parameters is not finite; decides on the factor after the next step."""
        self._loss_scale = self._next_loss_scale
        if not self._all_finite(params):
            self._next_loss_scale = max(1.0, self._loss_scale / 2)
            self._unskipped = 0
            return True
        self._unskipped += 1
        if self._unskipped == self._scale_seq_len:
            self._unskipped = 0
            self._next_loss_scale = min(self._max_loss_scale, self._loss_scale * 2)
        return False

    @staticmethod
    def _all_finite(params) -> bool:
        by_context: dict = {}
        for param in params:
            if param.grad_req != "null":
                for grad in param.list_grad():
                    by_context.setdefault(grad.context, []).append(grad)
        return all(nd.multi_all_finite(*grads, num_arrays=len(grads)).asscalar() for grads in by_context.values())
