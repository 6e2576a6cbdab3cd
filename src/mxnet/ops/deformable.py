"""Convolutions whose windows have a learned shape: every pixel of a window is moved by an offset of its own."""

from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from .boxes import same_dtype, when_unknown
from .conv import geometry
from .registry import Shape, register

__all__ = ["deformable_convolution", "modulated_deformable_convolution"]

_Layout = Literal["NCDHW", "NCHW", "NCW"] | None
_BIAS = {"bias": lambda attrs: not attrs["no_bias"]}


def _weight_shapes(attrs, data, *others):
    """The `shapes=` rule: weight and bias follow from the attributes and the number of input channels."""
    count = 1 if attrs["no_bias"] else 2
    channels = 0 if data is None else data[1] // attrs["num_group"]
    filters = attrs["num_filter"]
    return [data, *others[:-count], (filters, channels, *attrs["kernel"]), *[(filters,)] * (count - 1)]


@when_unknown
def _convolved(attrs, data, offset, *others):
    return [(data[0], attrs["num_filter"], *offset[2:])]


def _check(op: str, data: Tensor, offset: Tensor, mask: Tensor | None, weight: Tensor, kernel: Shape,
           size: Shape, filters: int, groups: int, deformable_groups: int) -> None:
    """MXNetError where the shapes do not fit together; `size` is (rows, columns) of the result."""
    batch, channels = data.shape[:2]
    if channels % groups or filters % groups or channels % deformable_groups:
        raise MXNetError(f"{op}: {channels} channels and num_filter={filters} must be multiples of num_group={groups}, "
                         f"the channels of num_deformable_group={deformable_groups} too")
    pixels = deformable_groups * kernel[0] * kernel[1]
    for name, tensor, shape in (("offset", offset, (batch, 2 * pixels, *size)), ("mask", mask, (batch, pixels, *size)),
                                ("weight", weight, (filters, channels // groups, *kernel))):
        if tensor is not None and tensor.shape != shape:
            raise MXNetError(f"{op}: {name} must be of shape {tuple(shape)}, got {tuple(tensor.shape)}")


def _corners(position: Tensor, size: int, fade: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(low pixel, its weight, high pixel, its weight) along one axis.

    Beyond the first and last pixel an image fades to 0 within a pixel, or (not `fade`) it ends at once in front and
    goes on for less than a pixel behind.
    """
    if not fade:
        inside = (position >= 0) & (position < size)
        position = position.clamp(0, size - 1)
        low = position.detach().floor()
        share = position - low
        return (low.long(), torch.where(inside, 1 - share, 0), (low + 1).clamp(max=size - 1).long(),
                torch.where(inside, share, 0))
    low = position.detach().floor()
    share = position - low
    low_there, high_there = (low >= 0) & (low < size), (low >= -1) & (low < size - 1)
    return (low.clamp(0, size - 1).long(), torch.where(low_there, 1 - share, 0),
            (low + 1).clamp(0, size - 1).long(), torch.where(high_there, share, 0))


def _deformed_columns(data: Tensor, offset: Tensor, kernel: Shape, stride: Shape, dilate: Shape, pad: Shape,
                      groups: int, fade: bool) -> Tensor:
    """(batch * groups, channel / groups, window, rows, columns): im2col with moved pixels."""
    height, width = data.shape[2:]
    rows, columns = offset.shape[2:]
    moves = offset.reshape(-1, kernel[0], kernel[1], 2, rows, columns)

    def places(axis: int, count: int) -> Tensor:
        """Where the pixels of the windows would be along an axis: (kernel, count)."""
        window = torch.arange(kernel[axis], device=data.device, dtype=data.dtype)[:, None] * dilate[axis]
        return torch.arange(count, device=data.device, dtype=data.dtype) * stride[axis] - pad[axis] + window

    y = places(0, rows)[:, None, :, None] + moves[:, :, :, 0]
    x = places(1, columns)[:, None, :] + moves[:, :, :, 1]
    (top, near_top, bottom, near_bottom) = _corners(y, height, fade)
    (left, near_left, right, near_right) = _corners(x, width, fade)
    maps = data.reshape(len(y), -1, height * width)

    def at(row: Tensor, column: Tensor, share: Tensor) -> Tensor:
        index = (row * width + column).reshape(len(y), 1, -1)
        return maps.gather(2, index.expand(-1, maps.shape[1], -1)) * share.reshape(index.shape)

    values = (at(top, left, near_top * near_left) + at(top, right, near_top * near_right)
              + at(bottom, left, near_bottom * near_left) + at(bottom, right, near_bottom * near_right))
    return values.reshape(len(y), -1, kernel[0] * kernel[1], rows, columns)


def _convolve(op: str, data: Tensor, offset: Tensor, mask: Tensor | None, weight: Tensor, bias: Tensor | None,
              kernel: Shape, stride: Shape, dilate: Shape, pad: Shape, filters: int, groups: int,
              deformable_groups: int) -> Tensor:
    if len(kernel) != 2 or data.dim() != 4 or offset.dim() != 4:
        raise MXNetError(f"{op}: needs a kernel of two numbers, data and offset of 4 axes; got kernel={kernel}, "
                         f"{tuple(data.shape)} and {tuple(offset.shape)}")
    same_dtype(op, data, offset, mask, weight, bias)
    stride, dilate, pad = geometry(op, kernel, stride, dilate, pad)
    size = [(n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, d, p in zip(data.shape[2:], kernel, stride, dilate, pad, strict=True)]
    _check(op, data, offset, mask, weight, kernel, tuple(size), filters, groups, deformable_groups)
    columns = _deformed_columns(data, offset, kernel, stride, dilate, pad, deformable_groups, mask is not None)
    if mask is not None:
        columns = columns * mask.reshape(len(columns), 1, -1, *size)
    columns = columns.reshape(data.shape[0], groups, -1, size[0] * size[1])
    result = torch.matmul(weight.reshape(groups, filters // groups, -1), columns)
    result = result.reshape(data.shape[0], filters, *size)
    return result if bias is None else result + bias[:, None, None]


@register("_contrib_DeformableConvolution", present=_BIAS, shapes=_weight_shapes,
          output_shapes=_convolved)
def deformable_convolution(data: Tensor, offset: Tensor, weight: Tensor, bias: Tensor | None = None, *,
                           kernel: Shape, stride: Shape = (), dilate: Shape = (), pad: Shape = (), num_filter: int,
                           num_group: int = 1, num_deformable_group: int = 1, workspace: int = 1024,
                           no_bias: bool = False, layout: _Layout = None) -> Tensor:
    """Convolution with windows of a learned shape (Dai et al. 2017).

    data: (batch, channel, height, width).  offset: (batch, num_deformable_group * window * 2, rows, columns), how far
    (y, x) each pixel of each window is moved.  weight: (num_filter, channel / num_group, *kernel).
    Returns (batch, num_filter, rows, columns), sizes as for Convolution.  `workspace` and `layout` change nothing.
    """
    return _convolve("_contrib_DeformableConvolution", data, offset, None, weight, bias, kernel, stride, dilate, pad,
                     num_filter, num_group, num_deformable_group)


@register("_contrib_ModulatedDeformableConvolution", present=_BIAS, shapes=_weight_shapes,
          output_shapes=_convolved)
def modulated_deformable_convolution(data: Tensor, offset: Tensor, mask: Tensor, weight: Tensor,
                                     bias: Tensor | None = None, *, kernel: Shape, stride: Shape = (),
                                     dilate: Shape = (), pad: Shape = (), num_filter: int, num_group: int = 1,
                                     num_deformable_group: int = 1, workspace: int = 1024, no_bias: bool = False,
                                     im2col_step: int = 64, layout: _Layout = None) -> Tensor:
    """DeformableConvolution in which each pixel of a window has a weight too (Zhu et al. 2019).

    mask: (batch, num_deformable_group * window, rows, columns).  Images fade to 0 at their border.  The batch must be
    smaller than `im2col_step` or a multiple of it.
    """
    name = "_contrib_ModulatedDeformableConvolution"
    batch = data.shape[0] if data.dim() else 0
    if im2col_step < 1 or batch % min(batch, im2col_step):
        raise MXNetError(f"{name}: a batch of {batch} must be smaller than im2col_step={im2col_step}, "
                         "or a multiple of it")
    return _convolve(name, data, offset, mask, weight, bias, kernel, stride, dilate, pad, num_filter, num_group,
                     num_deformable_group)
