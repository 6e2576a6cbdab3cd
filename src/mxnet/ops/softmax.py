"""Softmax and its kin along one axis; the loss layers built on it are in `output`."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from ._shapes import fit, replaced, rule, same
from .registry import DType, register
from .unary import require_float

__all__ = ["log_softmax", "softmax", "softmax_activation", "softmax_cross_entropy", "softmin"]


def _prepare(op: str, data: Tensor, axis: int, temperature: float | None) -> Tensor:
    """`data` divided by the temperature; MXNetError where softmax is not defined."""
    require_float(op, data)
    rank = data.dim() or 1
    if not -rank <= axis < rank:
        raise MXNetError(f"{op}: axis={axis} is out of range for data of shape {tuple(data.shape)}")
    return data if temperature is None or temperature == 1 else data / temperature


def _check_no_length(op: str, use_length: bool | None) -> None:
    if use_length:
        raise MXNetError(f"{op}: use_length is for softmax alone")


def _inside(data: Tensor, length: Tensor, axis: int) -> Tensor:
    """Which elements of `data` lie within the first `length` along `axis`."""
    if length.is_floating_point() or length.dtype == torch.uint8:
        raise MXNetError(f"softmax: expected an integer length, got {str(length.dtype).removeprefix('torch.')}")
    rest = data.select(axis, 0).shape if data.shape[axis] else length.shape
    if length.shape != rest:
        raise MXNetError(f"softmax: length of shape {tuple(length.shape)} must be data's shape "
                         f"{tuple(data.shape)} without axis={axis}")
    place = torch.arange(data.shape[axis], device=data.device)
    shape = [1] * data.dim()
    shape[axis] = -1
    return place.view(shape) < length.unsqueeze(axis)


def _in(dtype: torch.dtype | None, fn: Callable, data: Tensor, axis: int) -> Tensor:
    """fn(data, axis) in `dtype`, computed in the wider one: torch would narrow the data first."""
    narrow = dtype is not None and dtype.itemsize < data.dtype.itemsize
    return fn(data, axis).to(dtype) if narrow else fn(data, axis, dtype)


class _Leading(torch.autograd.Function):
    """Softmax of what is `inside`, 0 elsewhere, whatever stands there; 0 in rows that are not `filled` too."""

    @staticmethod
    def forward(ctx, data: Tensor, inside: Tensor, filled: Tensor, axis: int, dtype: torch.dtype | None) -> Tensor:
        out = _in(dtype, torch.softmax, torch.where(inside, data, torch.finfo(data.dtype).min), axis)
        out.mul_(filled)  # what is outside is 0 by itself, but for rows of nothing else
        ctx.save_for_backward(inside, out)
        ctx.axis, ctx.dtype = axis, data.dtype
        return out

    @staticmethod
    def backward(ctx, grad):
        inside, out = ctx.saved_tensors
        grad = torch._softmax_backward_data(torch.where(inside, grad, 0), out, ctx.axis, out.dtype)
        return grad.to(ctx.dtype), None, None, None, None


def _softmax_types(attrs, data, *length):
    return [data, *length], [attrs["dtype"] or data]


def _length_shapes(attrs, data, *length):
    """The length has data's shape without `axis`."""
    if data is None or not length or not -len(data) <= attrs["axis"] < len(data):
        return [data, *length]
    return [data, replaced(data, attrs["axis"] % len(data))]


@register("softmax", same_shape=("data",), types=_softmax_types, shapes=_length_shapes,
          present={"length": lambda attrs: bool(attrs["use_length"])})
def softmax(data: Tensor, length: Tensor | None = None, *, axis: int = -1, temperature: float | None = None,
            dtype: DType | None = None, use_length: bool | None = False) -> Tensor:
    """exp(x / temperature), divided by its sum along `axis`.

    length: with `use_length`, how many leading elements along `axis` take part; data's shape without `axis`,
    integers.  The others give 0.  dtype: of the result (default: data's).
    """
    data = _prepare("softmax", data, axis, temperature)
    if length is None:
        return _in(dtype, torch.softmax, data, axis)
    return _Leading.apply(data, _inside(data, length, axis), (length > 0).unsqueeze(axis), axis, dtype)


@register("log_softmax", same_shape=("data",))
def log_softmax(data: Tensor, *, axis: int = -1, temperature: float | None = None, dtype: DType | None = None,
                use_length: bool | None = False) -> Tensor:
    """Logarithm of softmax along `axis`, computed without overflow."""
    _check_no_length("log_softmax", use_length)
    return _in(dtype, torch.log_softmax, _prepare("log_softmax", data, axis, temperature), axis)


@register("softmin", same_shape=("data",))
def softmin(data: Tensor, *, axis: int = -1, temperature: float | None = None, dtype: DType | None = None,
            use_length: bool | None = False) -> Tensor:
    """softmax of -x along `axis`."""
    _check_no_length("softmin", use_length)
    return _in(dtype, torch.softmax, -_prepare("softmin", data, axis, temperature), axis)


@register("SoftmaxActivation", same_shape=True)
def softmax_activation(data: Tensor, *, mode: Literal["channel", "instance"] = "instance") -> Tensor:
    """softmax along the last axis ("instance") or along axis 1 of at least three ("channel")."""
    if mode == "channel" and data.dim() < 3:
        raise MXNetError(f"SoftmaxActivation: data of shape {tuple(data.shape)} must have at least 3 axes "
                         "with mode='channel'")
    return torch.softmax(data, 1 if mode == "channel" else -1)


class _CrossEntropy(torch.autograd.Function):
    """Sum of -log softmax at the labels, which is kept below -log(1e-8); the gradient knows no such bound."""

    @staticmethod
    def forward(ctx, data: Tensor, label: Tensor) -> Tensor:
        probability = torch.softmax(data, 1)
        ctx.save_for_backward(probability, label)
        return -probability.gather(1, label).clamp_min(1e-8).log().sum().reshape(1)

    @staticmethod
    def backward(ctx, grad):
        probability, label = ctx.saved_tensors
        return grad * probability.scatter_add(1, label, -torch.ones_like(label, dtype=grad.dtype)), None


@rule
def _sum_outputs(attrs, data, label):
    fit(len(data) == 2, len(label) == 1, same(label[0], data[0]))
    return [(1,)]


@register("softmax_cross_entropy", output_shapes=_sum_outputs)
def softmax_cross_entropy(data: Tensor, label: Tensor) -> Tensor:
    """Cross entropy of softmax(data), (batch, classes), with class indices `label`, (batch,), summed: shape (1,)."""
    if data.dim() != 2:
        raise MXNetError(f"softmax_cross_entropy: data of shape {tuple(data.shape)} must have 2 axes")
    if label.shape != data.shape[:1]:
        raise MXNetError(f"softmax_cross_entropy: label of shape {tuple(label.shape)} does not fit data of shape "
                         f"{tuple(data.shape)}")
    if label.dtype != data.dtype:
        raise MXNetError(f"softmax_cross_entropy: expected label of data's type {data.dtype}, got {label.dtype}")
    return _CrossEntropy.apply(data, label.long().clamp(0, data.shape[1] - 1).unsqueeze(1))
