"""Operators on batches of sequences of unequal length: (time, batch, ...), or (batch, time, ...) with axis=1."""

import torch
from torch import Tensor

from ..base import MXNetError
from . import integers
from ._shapes import fit, replaced, rule, same
from .registry import register

__all__ = ["sequence_last", "sequence_mask", "sequence_reverse"]

_LENGTHS = {"sequence_length": lambda attrs: attrs["use_sequence_length"]}


def _lengths(op: str, data: Tensor, sequence_length: Tensor | None, axis: int) -> Tensor | None:
    """The lengths as integers, after a check of all shapes."""
    if axis not in (0, 1):
        raise MXNetError(f"{op}: axis must be 0 or 1, got {axis}")
    if data.dim() < 2:
        raise MXNetError(f"{op}: data must have at least 2 axes, got shape {tuple(data.shape)}")
    if sequence_length is None:
        return None
    if sequence_length.dim() != 1 or sequence_length.shape[0] != data.shape[1 - axis]:
        raise MXNetError(f"{op}: sequence_length must be a vector of the batch size {data.shape[1 - axis]}, "
                         f"got shape {tuple(sequence_length.shape)}")
    return sequence_length.to(torch.int64)


def _types(attrs, data, *lengths):
    """Lengths may have a dtype of their own."""
    return [data, *[length or data for length in lengths]], [data]


def _fit(attrs, data, lengths) -> None:
    """End the rule where `_lengths` would refuse."""
    axis = attrs["axis"]
    fit(axis in (0, 1), len(data) > 1, all(len(shape) == 1 and same(shape[0], data[1 - axis]) for shape in lengths))


@rule
def _whole_outputs(attrs, data, *lengths):
    _fit(attrs, data, lengths)
    return [data]


@rule
def _last_outputs(attrs, data, *lengths):
    _fit(attrs, data, lengths)
    return [replaced(data, attrs["axis"])]


_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class _Ended(torch.autograd.Function):
    """masked_fill on the bits of the elements, which is several times faster than a choice for each of them."""

    @staticmethod
    def forward(ctx, data, past, value):
        ctx.save_for_backward(past)
        bits = _BITS[data.element_size()]
        kept = past.to(bits).sub_(1)  # all bits, or none
        result = torch.bitwise_and(data.contiguous().view(bits), kept)
        if value:
            result.bitwise_or_(torch.full_like(past, value, dtype=data.dtype).view(bits).bitwise_and_(~kept))
        return result.view(data.dtype)

    @staticmethod
    def backward(ctx, grad):
        past, = ctx.saved_tensors
        return _Ended.apply(grad, past, 0.0), None, None


@register("SequenceMask", present=_LENGTHS, types=_types, output_shapes=_whole_outputs)
def sequence_mask(data: Tensor, sequence_length: Tensor | None = None, *, use_sequence_length: bool = False,
                  value: float = 0.0, axis: int = 0) -> Tensor:
    """Set what comes after the end of each sequence to `value`; a plain copy without `use_sequence_length`."""
    lengths = _lengths("SequenceMask", data, sequence_length, axis)
    if lengths is None:
        return data.clone()
    steps = torch.arange(data.shape[axis], device=data.device)
    past = steps.unsqueeze(1) >= lengths if axis == 0 else steps >= lengths.unsqueeze(1)
    past = past.view(*past.shape, *[1] * (data.dim() - 2))
    if not data.is_floating_point():
        return data.masked_fill(past, integers.cast(torch.tensor(value, dtype=torch.float64), data.dtype))
    if data.__class__ is Tensor and data.is_cpu and data.numel() >= 50_000:
        return _Ended.apply(data, past, value)
    return data.masked_fill(past, value)


@register("SequenceLast", present=_LENGTHS, types=_types, output_shapes=_last_outputs)
def sequence_last(data: Tensor, sequence_length: Tensor | None = None, *, use_sequence_length: bool = False,
                  axis: int = 0) -> Tensor:
    """The last element of each sequence: (batch, ...)."""
    lengths = _lengths("SequenceLast", data, sequence_length, axis)
    if lengths is None:
        return data.select(axis, -1).clone(memory_format=torch.contiguous_format)
    batch = torch.arange(lengths.shape[0], device=data.device)
    return data[lengths - 1, batch] if axis == 0 else data[batch, lengths - 1]


@register("SequenceReverse", present=_LENGTHS, types=_types, output_shapes=_whole_outputs)
def sequence_reverse(data: Tensor, sequence_length: Tensor | None = None, *, use_sequence_length: bool = False,
                     axis: int = 0) -> Tensor:
    """Reverse each sequence in time; what comes after its end stays.  Only axis 0, as in MXNet."""
    if axis != 0:
        raise MXNetError(f"SequenceReverse: axis must be 0, got {axis}")
    lengths = _lengths("SequenceReverse", data, sequence_length, axis)
    if lengths is None:
        return data.flip(0)
    steps = torch.arange(data.shape[0], device=data.device).unsqueeze(1)
    source = torch.where(steps < lengths, lengths - 1 - steps, steps)
    return data[source, torch.arange(lengths.shape[0], device=data.device)]
