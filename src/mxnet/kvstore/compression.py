"""Gradient compression of key-value stores: what is sent is one of three values, the rest waits for the next time."""

from __future__ import annotations

import torch

from ..base import MXNetError
from ..ndarray import NDArray
from ..ndarray._wrap import wrap

__all__ = ["TwoBit", "compression"]


class TwoBit:
    """Sends threshold, -threshold or 0 for each element, and keeps what that leaves out for the next gradient.

    Gradients are float32; MXNetError otherwise.  Sparse ones are sent as they are.
    """

    def __init__(self, threshold: float):
        self.threshold = threshold
        self._left: dict[tuple, torch.Tensor] = {}  # by key and position: what was not sent yet

    def send(self, key, position: int, array: NDArray) -> NDArray:
        """What arrives of the gradient of a key that comes from the position-th context."""
        if type(array) is not NDArray:
            return array
        grad = array._t.detach()
        if grad.dtype is not torch.float32:
            raise MXNetError(f"gradient compression: the gradient of key {key} is {str(grad.dtype)[6:]}, expected "
                             "float32")
        left = self._left.get((key, position))
        left = grad.clone() if left is None else left.add_(grad)
        sent = ((left >= self.threshold).float() - (left <= -self.threshold).float()).mul_(self.threshold)
        self._left[key, position] = left.sub_(sent)
        return wrap(sent, array._ctx)


def compression(params: dict) -> TwoBit:
    """From {'type': '2bit', 'threshold': a positive number, 0.5 by default}; MXNetError for anything else."""
    assert isinstance(params, dict), f"unexpected type for compression parameters: {type(params)}"
    if params.get("type") != "2bit":
        raise MXNetError(f"gradient compression: got type {params.get('type')!r}, expected '2bit'")
    threshold = float(params.get("threshold", 0.5))
    if not threshold > 0:
        raise MXNetError(f"gradient compression: got threshold {threshold}, expected more than 0")
    return TwoBit(threshold)
