"""Convolutions by those of torch's kernels that take them fastest.  torch chooses oneDNN's nearly always, except for
single volumes; multiplying by a matrix of all windows is faster for small images, and for gradients of few channels."""

from collections.abc import Callable, Sequence
from math import prod

import torch
from torch import Tensor

from .registry import Shape

__all__ = ["convolve", "convolve_transposed", "differentiable", "pay_off"]

_CONV = {1: torch.conv1d, 2: torch.conv2d, 3: torch.conv3d}
_TRANSPOSED = {1: torch.conv_transpose1d, 2: torch.conv_transpose2d, 3: torch.conv_transpose3d}
_ONEDNN = torch.backends.mkldnn.is_available()
_MATRIX, _TRANSPOSED_MATRIX = torch._C._nn.thnn_conv2d, torch._C._nn.slow_conv_transpose2d

# Where measured times cross: elements of the matrix of all windows, without and with a backward to come (oneDNN takes
# 50 us before it begins); channels of data whose gradient oneDNN takes twice as long for; elements of a volume.
_SMALL, _SMALL_WITH_BACKWARD = 20_000, 130_000
_FEW_CHANNELS = 8
_LARGE_VOLUME = 4_000


def pay_off(data: Tensor, least: int) -> bool:
    """Whether `data` has values, in the memory and of the dtype that other kernels are for, `least` of them or more."""
    return (data.__class__ is Tensor and data.dtype is torch.float32 and data.is_cpu and data.is_contiguous()
            and data.numel() >= least)


def convolve(data: Tensor, weight: Tensor, bias: Tensor | None, stride: Shape, pad: Shape, dilate: Shape,
             groups: int) -> Tensor:
    """torch.conv1d, conv2d or conv3d."""
    axes = weight.dim() - 2
    if not (pay_off(data, 1) and _fit(data, weight, bias, groups)):
        return _CONV[axes](data, weight, bias, stride, pad, dilate, groups)
    with_backward = torch.is_grad_enabled() and (data.requires_grad or weight.requires_grad)
    if axes == 3:
        if _ONEDNN and data.numel() >= _LARGE_VOLUME:
            return _volume(data, weight, bias, stride, pad, dilate, groups, with_backward)
    elif groups == 1 and max(dilate) == 1:
        if _elements(data, weight, stride, pad) <= (_SMALL_WITH_BACKWARD if with_backward else _SMALL):
            return _by_matrix(data, weight, bias, stride, pad)
        if _ONEDNN and axes == 2 and with_backward and data.requires_grad and data.shape[1] < _FEW_CHANNELS:
            return _FewChannels.apply(data, weight, bias, stride, pad)
    return _CONV[axes](data, weight, bias, stride, pad, dilate, groups)


def convolve_transposed(data: Tensor, weight: Tensor, bias: Tensor | None, stride: Shape, pad: Shape, adj: Shape,
                        groups: int, dilate: Shape) -> Tensor:
    """torch.conv_transpose1d, conv_transpose2d or conv_transpose3d."""
    if weight.dim() == 4 and groups == 1 and pay_off(data, 1) and weight.dtype is torch.float32:
        if len(data) * prod(data.shape[2:]) * prod(weight.shape[1:]) <= _SMALL:
            return _TRANSPOSED_MATRIX(data, weight, weight.shape[2:], bias, stride, pad, adj, dilate)
    return _TRANSPOSED[weight.dim() - 2](data, weight, bias, stride, pad, adj, groups, dilate)


def _fit(data: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> bool:
    """Whether channels and dtypes fit together; torch.conv2d tells best where they do not."""
    return (weight.dtype is torch.float32 and weight.shape[1] * groups == data.shape[1]
            and (bias is None or (bias.dtype is torch.float32 and bias.shape == weight.shape[:1])))


def _elements(data: Tensor, weight: Tensor, stride: Shape, pad: Shape) -> int:
    """How many elements the matrix of all windows has."""
    sizes = zip(data.shape[2:], weight.shape[2:], stride, pad, strict=True)
    return len(data) * prod(weight.shape[1:]) * prod([(n + 2 * p - k) // s + 1 for n, k, s, p in sizes])


def _by_matrix(data: Tensor, weight: Tensor, bias: Tensor | None, stride: Shape, pad: Shape) -> Tensor:
    """A convolution over one or two axes as a product of matrices."""
    if data.dim() == 4:
        return _MATRIX(data, weight, weight.shape[2:], bias, stride, pad)
    data, weight = data.unsqueeze(2), weight.unsqueeze(2)
    return _MATRIX(data, weight, weight.shape[2:], bias, (1, *stride), (0, *pad)).squeeze(2)


class _FewChannels(torch.autograd.Function):
    """A convolution over two axes; the gradient of its data by a product of matrices, all else by oneDNN."""

    @staticmethod
    def forward(ctx, data, weight, bias, stride, pad):
        ctx.save_for_backward(data, weight, bias)
        ctx.geometry = stride, pad
        return torch.conv2d(data, weight, bias, stride, pad)

    @staticmethod
    def backward(ctx, grad):
        tensors = data, weight, bias = ctx.saved_tensors
        stride, pad = ctx.geometry
        if torch.is_grad_enabled():
            return *differentiable(lambda *t: torch.conv2d(*t, stride, pad), tensors, grad), None, None
        by_matrix, by_torch = torch.ops.aten._slow_conv2d_backward, torch.ops.aten.convolution_backward
        of_data, *_ = by_matrix(grad, data, weight, weight.shape[2:], stride, pad, (True, False, False))
        _, *others = by_torch(grad, data, weight, None if bias is None else bias.shape, stride, pad, (1, 1), False,
                              (0, 0), 1, (False, *ctx.needs_input_grad[1:3]))
        return of_data, *others, None, None


def _volume(data: Tensor, weight: Tensor, bias: Tensor | None, stride: Shape, pad: Shape, dilate: Shape, groups: int,
            with_backward: bool) -> Tensor:
    """torch.conv3d by oneDNN, which torch does not take for a single volume."""
    if with_backward:
        return _Volume.apply(data, weight, bias, stride, pad, dilate, groups)
    if all(n + 2 * p > d * (k - 1) for n, k, p, d in zip(data.shape[2:], weight.shape[2:], pad, dilate, strict=True)):
        return torch.mkldnn_convolution(data, weight, bias, pad, stride, dilate, groups)
    return torch.conv3d(data, weight, bias, stride, pad, dilate, groups)


class _Volume(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data, weight, bias, *geometry):
        image = data.to_mkldnn()
        ctx.save_for_backward(data, weight, bias)
        ctx.image, ctx.geometry = image, geometry
        return torch.conv3d(image, weight, bias, *geometry).to_dense()

    @staticmethod
    def backward(ctx, grad):
        data, weight, bias = ctx.saved_tensors
        none = (None,) * len(ctx.geometry)
        if torch.is_grad_enabled():
            return *differentiable(lambda *t: torch.conv3d(*t, *ctx.geometry), (data, weight, bias), grad), *none
        stride, pad, dilate, groups = ctx.geometry
        found = torch.ops.aten.convolution_backward(
            grad.contiguous().to_mkldnn(), ctx.image, weight, None if bias is None else list(bias.shape), stride, pad,
            dilate, False, (0, 0, 0), groups, ctx.needs_input_grad[:3])
        return *(g.to_dense() if g is not None and g.is_mkldnn else g for g in found), *none


def differentiable(fn: Callable[..., Tensor], tensors: Sequence[Tensor | None],
                   grad: Tensor) -> list[Tensor | None]:
    """The gradients of `tensors` by torch's own kernels, which can be differentiated again."""
    wanted = [t for t in tensors if t is not None and t.requires_grad]
    found = iter(torch.autograd.grad(fn(*tensors), wanted, grad, create_graph=True))
    return [next(found) if t is not None and t.requires_grad else None for t in tensors]
