"""Dropout."""

from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from .registry import Shape, register

__all__ = ["dropout"]


@register("Dropout")
def dropout(data: Tensor, *, p: float = 0.5, mode: Literal["always", "training"] = "training",
            axes: Shape = (), cudnn_off: bool | None = False, _train: bool, _rng) -> Tensor:
    """In train mode (or with `mode="always"`) set elements to 0 with probability p, and divide the rest by 1 - p.

    axes: along these, elements live or die together.  Srivastava et al., JMLR 15, 2014.
    """
    if not 0 <= p <= 1:
        raise MXNetError(f"Dropout: p={p} must be between 0 and 1")
    if p == 0 or not (_train or mode == "always"):
        return data.clone()
    shape = data.shape
    if axes:
        together = {axis % data.dim() for axis in axes}
        shape = [1 if axis in together else size for axis, size in enumerate(shape)]
    keep = 1 - p
    mask = torch.empty(shape, dtype=data.dtype, device=data.device)
    mask.bernoulli_(keep, generator=_rng.torch(data.device))
    return data * (mask.div_(keep) if keep else mask)
