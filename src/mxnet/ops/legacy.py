"""Operators of MXNet 0.x that old scripts still call by their internal names."""

from torch import Tensor

from ..base import MXNetError
from ._shapes import rule
from .indexing import one_hot
from .registry import register

__all__ = ["onehot_encode"]


@rule
def _onehot_outputs(attrs, lhs, rhs):
    return [rhs]


@register("_onehot_encode", types=lambda attrs, lhs, rhs: ([lhs or rhs, rhs], [rhs]), output_shapes=_onehot_outputs)
def onehot_encode(lhs: Tensor, rhs: Tensor) -> Tensor:
    """A row for each index of the vector `lhs` (N,): 1 in that place, 0 elsewhere; no 1 for an index that is none.

    Shape (N, K) and dtype of `rhs`, whose values do not matter.  MXNetError for other shapes.  Source: MXNet's
    _onehot_encode, which one_hot has replaced.
    """
    if lhs.ndim != 1 or rhs.ndim != 2 or lhs.shape[0] != rhs.shape[0]:
        raise MXNetError(f"_onehot_encode: expected shapes (N,) and (N, K), got {tuple(lhs.shape)} and "
                         f"{tuple(rhs.shape)}")
    return one_hot(lhs.detach(), depth=rhs.shape[1], dtype=rhs.dtype)
