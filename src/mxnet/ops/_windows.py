"""Windows of pooling, one axis after the other: on a CPU many times faster than torch's kernels, which take each window
by itself; or by oneDNN's kernels."""

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor

from ._convolve import differentiable
from .registry import Shape

__all__ = ["windows"]

_ONEDNN = torch.backends.mkldnn.is_available()


def windows(data: Tensor, kind: str, kernel: Shape, stride: Shape, pad: Shape, count: Shape, full: bool, with_pad: bool,
            by_torch: Callable[[Tensor], Tensor]) -> Tensor:
    """Largest elements ("max") or means ("avg") of `count` windows on each of the last axes of float32 data.

    Each window's element at place `pad` must lie in the data; windows for a maximum may reach beyond the padding
    (`full`).  by_torch: does the same; its gradient can be differentiated again.
    """
    axes = list(zip(range(2, data.dim()), kernel, stride, pad, count, data.shape[2:], strict=True))
    divisors = None if kind == "max" else _divisors(data, axes, with_pad)
    with_backward = data.requires_grad and torch.is_grad_enabled()
    if divisors is not None:
        return _Means.apply(data, axes, divisors, by_torch) if with_backward else _pooled(data, axes, divisors)
    if _ONEDNN and (with_backward or prod(kernel) > 4) and data.sum().isfinite():  # oneDNN takes no notice of NaN
        if with_backward:
            return _Largest.apply(data, kernel, stride, pad, full, by_torch)
        return by_torch(data.to_mkldnn()).to_dense()
    return by_torch(data) if with_backward else _pooled(data, axes, None)


def _pooled(data: Tensor, axes: list, divisors: Tensor | None) -> Tensor:
    for axis, kernel, stride, pad, count, _ in axes:
        data = _joined(data, axis, kernel, stride, pad, count, torch.maximum if divisors is None else torch.add)
    return data if divisors is None else data.div_(divisors)


def _joined(data: Tensor, axis: int, kernel: int, stride: int, pad: int, count: int, join: Callable) -> Tensor:
    """`join` over the elements of each window on one axis, as a tensor of its own."""
    result, own = _elements(data, axis, stride, 0, 0, count), False
    for offset in (*range(1, kernel - pad), *range(-pad, 0)):
        first, last = _inside(data.shape[axis], stride, offset, count)
        if last - first == count and not own:
            result, own = join(result, _elements(data, axis, stride, offset, first, last)), True
            continue
        if not own:
            result, own = result.clone(memory_format=torch.contiguous_format), True
        if last > first:
            part = result.narrow(axis, first, last - first)
            join(part, _elements(data, axis, stride, offset, first, last), out=part)
    return result if own else result.clone(memory_format=torch.contiguous_format)


def _inside(size: int, stride: int, offset: int, count: int) -> tuple[int, int]:
    """The first of the windows whose element at `offset` lies in the data, and the one after the last."""
    return max(0, -(offset // stride)), min(count, (size - 1 - offset) // stride + 1)


def _elements(data: Tensor, axis: int, stride: int, offset: int, first: int, last: int) -> Tensor:
    """The elements at one place of the windows from `first` up to `last`, as a view."""
    start = first * stride + offset
    return data[(*(slice(None),) * axis, slice(start, start + (last - first - 1) * stride + 1, stride))]


def _spread(grad: Tensor, axis: int, kernel: int, stride: int, pad: int, count: int, size: int) -> Tensor:
    """What `_joined` takes sums of, made of what belongs to the sums."""
    result = grad.new_zeros((*grad.shape[:axis], size, *grad.shape[axis + 1:]))
    for offset in range(-pad, kernel - pad):
        first, last = _inside(size, stride, offset, count)
        if last > first:
            _elements(result, axis, stride, offset, first, last).add_(grad.narrow(axis, first, last - first))
    return result


def _divisors(data: Tensor, axes: list, with_pad: bool) -> Tensor:
    """How many elements each window's mean is of."""
    if with_pad:
        return data.new_tensor(prod(kernel for _, kernel, *_ in axes))
    product = data.new_ones(())
    for axis, kernel, stride, pad, count, size in axes:
        counts = [min(j * stride - pad + kernel, size) - max(j * stride - pad, 0) for j in range(count)]
        product = product * data.new_tensor(counts).view(-1, *[1] * (data.dim() - 1 - axis))
    return product


class _Means(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data, axes, divisors, by_torch):
        ctx.save_for_backward(data)
        ctx.axes, ctx.divisors, ctx.by_torch = axes, divisors, by_torch
        return _pooled(data, axes, divisors)

    @staticmethod
    def backward(ctx, grad):
        data, = ctx.saved_tensors
        if torch.is_grad_enabled():
            return *differentiable(ctx.by_torch, (data,), grad), None, None, None
        grad = grad / ctx.divisors
        for axis, *window in reversed(ctx.axes):
            grad = _spread(grad, axis, *window)
        return grad, None, None, None


class _Largest(torch.autograd.Function):
    """By oneDNN, which remembers where the largest elements were."""

    @staticmethod
    def forward(ctx, data, kernel, stride, pad, full, by_torch):
        ctx.save_for_backward(data)
        with torch.enable_grad():
            image = data.detach().to_mkldnn().requires_grad_()
            pooled = by_torch(image).detach()
        ctx.kept, ctx.by_torch = (pooled, image.detach(), kernel, stride, pad, (1,) * len(kernel), full), by_torch
        return pooled.to_dense()

    @staticmethod
    def backward(ctx, grad):
        data, = ctx.saved_tensors
        if torch.is_grad_enabled():
            return *differentiable(ctx.by_torch, (data,), grad), *(None,) * 5
        aten, (pooled, image, kernel, *where) = torch.ops.aten, ctx.kept
        backward = aten.mkldnn_max_pool2d_backward if len(kernel) == 2 else aten.mkldnn_max_pool3d_backward
        return backward(grad.contiguous().to_mkldnn(), pooled, image, kernel, *where).to_dense(), *(None,) * 5
