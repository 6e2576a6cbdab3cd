"""Fourier transforms of the last axis, with complex numbers as pairs (real, imaginary) of neighbours.

MXNet has them on GPUs only; these run on every device.
"""

import torch
from torch import Tensor

from ..base import MXNetError
from .registry import register

__all__ = ["fft", "ifft"]


def _computable(data: Tensor) -> Tensor:
    """`data` in a dtype that transforms exist for: half precision goes through float32."""
    return data if data.dtype in (torch.float32, torch.float64) else data.float()


@register("_contrib_fft")
def fft(data: Tensor, *, compute_size: int = 128) -> Tensor:
    """Discrete Fourier transform of real numbers: (..., d) -> (..., 2 d), real and imaginary parts in turn.

    `compute_size`, the size of sub-batches in MXNet, changes nothing here.
    """
    return torch.view_as_real(torch.fft.fft(_computable(data))).flatten(-2).to(data.dtype)


@register("_contrib_ifft")
def ifft(data: Tensor, *, compute_size: int = 128) -> Tensor:
    """Real part of the inverse transform: (..., 2 d) -> (..., d), not normalized: ifft(fft(x)) = d * x."""
    if data.shape[-1] % 2:
        raise MXNetError(f"ifft: the last axis holds pairs (real, imaginary), got shape {tuple(data.shape)}")
    pairs = _computable(data).reshape(*data.shape[:-1], -1, 2)
    spectrum = torch.complex(pairs[..., 0], pairs[..., 1])
    return torch.fft.ifft(spectrum, norm="forward").real.to(data.dtype).clone(memory_format=torch.contiguous_format)
