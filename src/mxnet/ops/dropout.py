"""Dropout."""

import math
from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from .registry import Shape, register
from .unary import require_float

__all__ = ["dropout"]


def _survivors(shape, keep: float, device: torch.device, generator: torch.Generator) -> Tensor:
    """Booleans that are True with probability `keep` (to 2**-32): several times faster than bernoulli_ on a CPU."""
    count = math.prod(shape)
    words = torch.empty((count + 1) // 2, dtype=torch.int64, device=device).random_(-2**63, None, generator=generator)
    return (words.view(torch.int32)[:count] < round(keep * 2**32) - 2**31).view(shape)


@register("Dropout", same_shape=True)
def dropout(data: Tensor, *, p: float = 0.5, mode: Literal["always", "training"] = "training",
            axes: Shape = (), cudnn_off: bool | None = False, _train: bool, _rng) -> Tensor:
    """In train mode (or with `mode="always"`) set elements to 0 with probability p, and divide the rest by 1 - p.

    With p = 1 all becomes NaN: 0 divided by 0.  axes: along these, elements live or die together.
    Srivastava et al., JMLR 15, 2014.
    """
    if not 0 <= p <= 1:
        raise MXNetError(f"Dropout: p={p} must be between 0 and 1")
    require_float("Dropout", data)
    if any(not 0 <= axis < data.dim() for axis in axes):
        raise MXNetError(f"Dropout: axes={axes} are out of range for data of shape {tuple(data.shape)}")
    if p == 0 or not (_train or mode == "always"):
        return data.clone()
    shape = data.shape
    if axes:
        shape = [1 if axis in axes else size for axis, size in enumerate(shape)]
    keep = 1 - p
    mask = _survivors(shape, keep, data.device, _rng.torch(data.device)).to(data.dtype)
    return data * mask.mul_(1 / keep if keep else math.inf)
