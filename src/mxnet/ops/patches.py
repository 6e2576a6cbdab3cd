"""Windows of images laid out as columns and back (im2col, col2im), and windows of two images compared."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from .boxes import has_values, same_dtype
from .conv import geometry
from .registry import Shape, register
from .unary import require_float

__all__ = ["col2im", "correlation", "im2col"]


def _windows(op: str, size: Shape, kernel: Shape, stride: Shape, dilate: Shape,
             pad: Shape) -> tuple[Shape, Shape, Shape, int]:
    """(stride, dilate, pad, number of windows) over an image of `size`."""
    stride, dilate, pad = geometry(op, kernel, stride, dilate, pad)
    if len(kernel) != 2 or len(size) != 2:
        raise MXNetError(f"{op}: works on images, kernel={kernel} and the size {tuple(size)} must be two numbers")
    count = 1
    for n, k, s, d, p in zip(size, kernel, stride, dilate, pad, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0:
            raise MXNetError(f"{op}: kernel={kernel} with dilate={dilate} exceeds the image, of size {tuple(size)} "
                             f"with pad={pad}")
        count *= room // s + 1
    return stride, dilate, pad, count


@register("im2col")
def im2col(data: Tensor, *, kernel: Shape, stride: Shape = (), dilate: Shape = (), pad: Shape = ()) -> Tensor:
    """The windows that a convolution multiplies its weight with, one a column.

    data: (batch, channel, height, width).  Returns (batch, channel * window, number of windows).
    """
    require_float("im2col", data)
    stride, dilate, pad, _ = _windows("im2col", data.shape[2:], kernel, stride, dilate, pad)
    return F.unfold(data, kernel, dilate, pad, stride)


@register("col2im")
def col2im(data: Tensor, *, output_size: Shape, kernel: Shape, stride: Shape = (), dilate: Shape = (),
           pad: Shape = ()) -> Tensor:
    """Images from columns of windows, which are summed where they overlap; the gradient of im2col.

    data: (batch, channel * window, number of windows).  Returns (batch, channel, *output_size).
    """
    require_float("col2im", data)
    stride, dilate, pad, count = _windows("col2im", output_size, kernel, stride, dilate, pad)
    if data.dim() != 3 or data.shape[1] % (kernel[0] * kernel[1]) or data.shape[2] != count:
        raise MXNetError(f"col2im: data of shape {tuple(data.shape)} must be (batch, a multiple of "
                         f"{kernel[0] * kernel[1]}, {count}) for output_size={output_size}")
    return F.fold(data, output_size, kernel, dilate, pad, stride)


def _distance(here: Tensor, there: Tensor) -> Tensor:
    """|here - there|, whose slope is 1 where they are equal."""
    difference = here - there
    sign = torch.ge(difference.detach(), 0, out=torch.empty_like(difference)).mul_(2).sub_(1)
    return difference * sign


def _products(here: Tensor, second: Tensor, reach: int, steps: range) -> Tensor:
    """Mean products over the channels for all displacements: (batch, steps ** 2, height, width).

    Every row of one image times every row within reach in the other is a matrix whose diagonals are displacements.
    """
    height, width, beyond = *here.shape[2:], second.shape[3]
    rows = (here.permute(0, 2, 3, 1) / here.shape[1]).contiguous()
    columns = second.permute(0, 2, 1, 3).contiguous()
    diagonals = (len(steps), height, width), (steps.step, width * beyond, beyond + 1), reach + steps.start
    images = []
    for row, column in zip(rows, columns, strict=True):
        pairs = (torch.bmm(row, column[reach + y:reach + y + height]) for y in steps)
        images.append(torch.cat([some.as_strided(*diagonals).contiguous() for some in pairs]))
    return torch.stack(images)


@register("Correlation", num_outputs=3, visible=1, output_names=("output", "tmp1", "tmp2"))
def correlation(data1: Tensor, data2: Tensor, *, kernel_size: int = 1, max_displacement: int = 1, stride1: int = 1,
                stride2: int = 1, pad_size: int = 0, is_multiply: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """How alike the windows of one image are to those around the same place in another (Fischer et al. 2015, FlowNet).

    data1, data2: (batch, channel, height, width).  A channel of the result is a displacement: steps of `stride2`, up
    to `max_displacement` along y and x.  Its value is the mean over window and channels of products, or of absolute
    differences without `is_multiply`, every `stride1` pixels.  Hidden: both images with their padding.
    """
    name, reach, radius = "Correlation", max_displacement, kernel_size // 2
    if data1.dim() != 4 or data2.dim() != 4:
        raise MXNetError(f"{name}: data1 and data2 must have 4 axes, got {tuple(data1.shape)} and {tuple(data2.shape)}")
    if kernel_size % 2 == 0:
        raise MXNetError(f"{name}: kernel_size={kernel_size} must be odd")
    if stride1 < 1 or stride2 < 1:
        raise MXNetError(f"{name}: stride1={stride1} and stride2={stride2} must be positive")
    if data1.shape != data2.shape:
        raise MXNetError(f"{name}: data1 of shape {tuple(data1.shape)} and data2 of {tuple(data2.shape)} must be alike")
    same_dtype(name, data1, data2)
    first, second = F.pad(data1, (pad_size,) * 4), F.pad(data2, (pad_size,) * 4)
    height, width = (n - 2 * reach for n in first.shape[2:])
    if min(height, width) <= 2 * radius:
        raise MXNetError(f"{name}: max_displacement={reach} and kernel_size={kernel_size} do not fit into images of "
                         f"{tuple(data1.shape[2:])} pixels with pad_size={pad_size}")
    steps = range(-(reach // stride2) * stride2, reach + 1, stride2)
    here = first[:, :, reach:reach + height, reach:reach + width]
    if is_multiply and has_values(data1) and data1.dtype in (torch.float32, torch.float64):
        return F.avg_pool2d(_products(here, second, reach, steps), kernel_size, stride1), first, second
    channels = []
    for y in steps:
        for x in steps:
            there = second[:, :, reach + y:reach + y + height, reach + x:reach + x + width]
            alike = here * there if is_multiply else _distance(here, there)
            channels.append(F.avg_pool2d(alike.mean(1, keepdim=True), kernel_size, stride1))
    return torch.cat(channels, 1), first, second
