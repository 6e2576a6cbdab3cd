"""Windows of pooling, one axis after the other: on a CPU many times faster than torch's kernels, which take each window
by itself.  And oneDNN's kernels, which torch has but does not always choose."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .registry import Shape

__all__ = ["pay_off", "through_onednn", "windows"]

_ONEDNN = torch.backends.mkldnn.is_available()


def pay_off(data: Tensor) -> bool:
    """Whether `data` has values, in the memory and the dtype that this is for, and enough of them."""
    return (data.__class__ is Tensor and data.dtype is torch.float32 and data.is_cpu and data.is_contiguous()
            and data.numel() >= 4096)


def windows(data: Tensor, kind: str, kernel: Shape, stride: Shape, pad: Shape, count: Shape, with_pad: bool,
            by_torch: Callable[[Tensor], Tensor]) -> Tensor:
    """Largest elements ("max") or means ("avg") of `count` windows on each of the last axes of float32 data.

    Each window's element at place `pad` must lie in the data.  by_torch: does the same, and has the gradient.
    """
    def compute(data: Tensor) -> Tensor:
        for i, axis in enumerate(range(2, data.dim())):
            data = _joined(data, axis, kernel[i], stride[i], pad[i], count[i],
                           torch.maximum if kind == "max" else torch.add)
        return data if kind == "max" else data.div_(divisors)

    if kind == "avg":
        divisors = _divisors(data, kernel, stride, pad, count, with_pad)
    if data.requires_grad and torch.is_grad_enabled():
        return _Windows.apply(data, compute, by_torch)
    return compute(data)


def _joined(data: Tensor, axis: int, kernel: int, stride: int, pad: int, count: int, join: Callable) -> Tensor:
    """`join` over the elements of each window on one axis, as a tensor of its own."""
    before = (slice(None),) * axis

    def pieces(offset: int, first: int, last: int) -> Tensor:
        start = first * stride + offset
        return data[(*before, slice(start, start + (last - first - 1) * stride + 1, stride))]

    result, own = pieces(0, 0, count), False
    for offset in (*range(1, kernel - pad), *range(-pad, 0)):
        first, last = _inside(data.shape[axis], stride, offset, count)
        if last - first == count and not own:
            result, own = join(result, pieces(offset, first, last)), True
            continue
        if not own:
            result, own = result.clone(memory_format=torch.contiguous_format), True
        if last > first:
            part = result.narrow(axis, first, last - first)
            join(part, pieces(offset, first, last), out=part)
    return result if own else result.clone(memory_format=torch.contiguous_format)


def _inside(size: int, stride: int, offset: int, count: int) -> tuple[int, int]:
    """The first of the windows whose element at `offset` lies in the data, and the one after the last."""
    return max(0, -(offset // stride)), min(count, (size - 1 - offset) // stride + 1)


def _divisors(data: Tensor, kernel: Shape, stride: Shape, pad: Shape, count: Shape, with_pad: bool) -> Tensor:
    """How many elements each window's mean is of."""
    product = data.new_ones(())
    for i, (k, s, p, c) in enumerate(zip(kernel, stride, pad, count, strict=True)):
        size = data.shape[2 + i]
        counts = [k if with_pad else min(j * s - p + k, size) - max(j * s - p, 0) for j in range(c)]
        product = product * data.new_tensor(counts).view(-1, *[1] * (len(kernel) - 1 - i))
    return product


class _Windows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data, compute, by_torch):
        ctx.save_for_backward(data)
        ctx.by_torch = by_torch
        return compute(data)

    @staticmethod
    def backward(ctx, grad):
        data, = ctx.saved_tensors
        return _gradients(ctx.by_torch, (data,), grad)[0], None, None


def through_onednn(fn: Callable[..., Tensor], data: Tensor, *others: Tensor) -> Tensor:
    """fn(data, *others), computed by oneDNN, which torch takes where `data` comes in its layout."""
    if not _ONEDNN:
        return fn(data, *others)
    if torch.is_grad_enabled() and any(t.requires_grad for t in (data, *others)):
        return _OneDNN.apply(fn, data, *others)
    return fn(data.to_mkldnn(), *others).to_dense()


class _OneDNN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, fn, *tensors):
        ctx.save_for_backward(*tensors)
        ctx.fn = fn
        return fn(tensors[0].to_mkldnn(), *tensors[1:]).to_dense()

    @staticmethod
    def backward(ctx, grad):
        return None, *_gradients(ctx.fn, ctx.saved_tensors, grad)


def _gradients(fn: Callable[..., Tensor], tensors: Sequence[Tensor], grad: Tensor) -> Sequence[Tensor | None]:
    """The gradients of `tensors`; by oneDNN, unless they are to be differentiated again, which it cannot."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        leaves = tensors if again else [t.detach().requires_grad_(t.requires_grad) for t in tensors]
        data, *others = leaves
        out = fn(data, *others) if again or not _ONEDNN else fn(data.to_mkldnn(), *others).to_dense()
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    found = iter(torch.autograd.grad(out, wanted, grad, create_graph=again))
    return [next(found) if leaf.requires_grad else None for leaf in leaves]
