"""Numbers of eight bits: float32 arrays to int8 and uint8 and back, and histograms to ranges worth keeping.

A quantized array stands for real numbers by the range that goes with it, two float32 arrays of shape (1,):
real = quantized * max(|min|, |max|) / levels.  The operators that compute with such arrays are in
quantization_layers.py and quantization_rnn.py.
"""

from typing import Literal

import torch
from torch import Tensor

from .._state import state
from ..base import TORCH_TO_NAME, MXNetError
from ._shapes import rule
from .registry import register

__all__ = ["LEVELS", "WIDE", "calibrated", "check_range", "copies", "dequantize", "magnitude", "narrow", "per_unit",
           "quantize", "quantize_asym", "quantize_v2", "range_shapes", "requantize", "require"]

# The quantized number that the end of the range becomes.  MXNet has two opinions: whole steps, in `quantize`,
# `requantize` and in the ranges of products; and up to the middle of the step behind, everywhere else.
LEVELS = {torch.int8: 127.0, torch.uint8: 255.0, torch.int32: 2.0**31}
WIDE = {torch.int8: 127.5, torch.uint8: 255.5}

_QUANTIZED = {"int8": torch.int8, "uint8": torch.uint8}
_OutType = Literal["auto", "int8", "uint8"]


# ------------------------------------------------------------------------------- what the operators have in common


def require(op: str, data: Tensor, *dtypes: torch.dtype) -> None:
    """MXNetError unless `data` is of one of these dtypes."""
    if data.dtype not in dtypes:
        raise MXNetError(f"{op}: expected {' or '.join(TORCH_TO_NAME[d] for d in dtypes)}, "
                         f"got {TORCH_TO_NAME[data.dtype]}")


def check_range(op: str, *ends: Tensor) -> None:
    """MXNetError unless these can be the ends of ranges."""
    for end in ends:
        if end.dtype is not torch.float32 or tuple(end.shape) != (1,):
            raise MXNetError(f"{op}: ranges are float32 arrays of shape (1,), "
                             f"got {TORCH_TO_NAME[end.dtype]} of shape {tuple(end.shape)}")


def magnitude(low: Tensor, high: Tensor) -> Tensor:
    """The larger absolute value of the ends of a range; without a gradient, which none of these operators has."""
    return torch.maximum(low.detach().abs(), high.detach().abs())


def copies(*ends: Tensor) -> tuple[Tensor, ...]:
    """Ranges that are passed on."""
    return tuple(end.detach().clone() for end in ends)


def per_unit(levels: float, end: Tensor) -> Tensor:
    """levels / end, as one division; torch multiplies with the reciprocal when a number is divided."""
    return torch.full_like(end, levels) / end


def calibrated(like: Tensor, low: float | None, high: float | None) -> tuple[Tensor, Tensor] | None:
    """A range that was given as attributes, as arrays; None if one of the ends is missing."""
    if low is None or high is None:
        return None
    return tuple(torch.full((1,), end, dtype=torch.float32, device=like.device) for end in (low, high))


def narrow(values: Tensor, dtype: torch.dtype) -> Tensor:
    """`values` rounded (halves to even) and saturated; what is no number becomes 127 in int8, 0 in uint8."""
    ends = torch.iinfo(dtype)
    if dtype is torch.int32:
        values = values.double()
    low, high = values.new_tensor(ends.min), values.new_tensor(ends.max)
    if dtype is torch.uint8:
        return torch.fmax(values.round(), low).clamp_max(high).to(dtype)
    return torch.fmin(values.round(), high).clamp_min(low).to(dtype)


def range_shapes(count: int = 1, data: int = 1):
    """The `shapes=` rule of operators with `data` inputs of any shape and `count` ranges after them."""
    return lambda attrs, *shapes: [*shapes[:data], *[(1,)] * (2 * count)]


@rule
def _like_data(attrs, data, *ranges):
    return [data, (1,), (1,)]


def _out_type(out_type: _OutType, low: float | None, high: float | None) -> torch.dtype:
    """"auto" is uint8 for calibrated ranges without negative numbers."""
    if out_type == "auto":
        return torch.uint8 if low is not None and high is not None and low >= 0 else torch.int8
    return _QUANTIZED[out_type]


def _out_type_of(attrs) -> torch.dtype:
    return _out_type(attrs["out_type"], attrs["min_calib_range"], attrs["max_calib_range"])


def _symmetric(data: Tensor, end: Tensor, levels: float, dtype: torch.dtype) -> Tensor:
    return narrow(data * per_unit(levels, end), dtype)


# ------------------------------------------------------------------------------------------------------ quantize


@register("_contrib_quantize", num_outputs=3, output_shapes=_like_data, shapes=range_shapes(),
          types=lambda attrs, *inputs: ([torch.float32] * 3,
                                        [_QUANTIZED[attrs["out_type"]], torch.float32, torch.float32]))
def quantize(data: Tensor, min_range: Tensor, max_range: Tensor, *,
             out_type: Literal["int8", "uint8"] = "uint8") -> tuple[Tensor, ...]:
    """float32 data as int8 or uint8, and the range that this stands for: (quantized, min, max).

    min_range, max_range: (1,), float32.  The end with the larger magnitude m becomes 127 (int8) or 255 (uint8):
    quantized = data * 127 / m, rounded to the nearest (halves to even) and saturated; uint8 has no negative numbers.
    The range returned is (-m, m) for int8, that given for uint8.
    MXNetError for other dtypes and shapes.  No gradient.
    """
    op, dtype = "quantize", _QUANTIZED[out_type]
    require(op, data, torch.float32)
    check_range(op, min_range, max_range)
    end = magnitude(min_range, max_range)
    ends = copies(min_range, max_range) if dtype is torch.uint8 else (-end, end)
    return _symmetric(data, end, LEVELS[dtype], dtype), *ends


def _v2_types(attrs, data):
    return [data], [_out_type_of(attrs), torch.float32, torch.float32]


@register("_contrib_quantize_v2", num_outputs=3, output_shapes=_like_data, types=_v2_types)
def quantize_v2(data: Tensor, *, out_type: _OutType = "int8", min_calib_range: float | None = None,
                max_calib_range: float | None = None) -> tuple[Tensor, ...]:
    """float32 data as int8 or uint8, and the range that this stands for: (quantized, min, max).

    The range is the calibrated one if both its ends are given, otherwise that of the data.  The end with the larger
    magnitude m becomes 127.5 (int8) or 255.5 (uint8): quantized = data * 127.5 / m, rounded to the nearest (halves to
    even) and saturated.  `out_type` "auto" is uint8 if min_calib_range >= 0, otherwise int8.
    The range returned is (-m, m) for int8, the one used for uint8.
    Data that is quantized already comes back bit for bit, read as `out_type` says, with the calibrated range or that
    of all its numbers.
    MXNetError for other dtypes.  No gradient.
    """
    op, given = "quantize_v2", calibrated(data, min_calib_range, max_calib_range)
    require(op, data, torch.float32, torch.int8, torch.uint8)
    dtype = _out_type(out_type, min_calib_range, max_calib_range)
    if data.dtype in WIDE:
        levels = WIDE[data.dtype]
        low = 0.0 if data.dtype is torch.uint8 else -levels
        return data.view(dtype).clone(), *(given or calibrated(data, low, levels))
    low, high = given or _range_of(op, data)
    end = magnitude(low, high)
    return _symmetric(data, end, WIDE[dtype], dtype), *((low, high) if dtype is torch.uint8 else (-end, end))


def _range_of(op: str, data: Tensor) -> tuple[Tensor, Tensor]:
    if not data.numel():
        raise MXNetError(f"{op}: data of shape {tuple(data.shape)} has no range, one must be given")
    low, high = torch.aminmax(data.detach())
    return low.reshape(1), high.reshape(1)


@register("_contrib_quantize_asym", num_outputs=3, output_shapes=_like_data, output_names=("output", "scale", "shift"),
          types=lambda attrs, data: ([data], [torch.uint8, torch.float32, torch.float32]))
def quantize_asym(data: Tensor, *, min_calib_range: float | None = None,
                  max_calib_range: float | None = None) -> tuple[Tensor, ...]:
    """float32 data as uint8 such that the whole range is used: (quantized, scale, shift), the last two of shape (1,).

    The range is the calibrated one if both its ends are given, otherwise that of the data.
    scale = 255 / (max - min), shift = 255 - max * scale, and quantized = data * scale + shift, rounded to the nearest
    (halves to even) and saturated.  MXNetError for other dtypes.  No gradient.
    """
    op = "quantize_asym"
    require(op, data, torch.float32)
    low, high = calibrated(data, min_calib_range, max_calib_range) or _range_of(op, data)
    scale = per_unit(255, high - low)
    shift = 255 - high * scale
    return narrow(data * scale + shift, torch.uint8), scale, shift


# ---------------------------------------------------------------------------------------------------------- back


@register("_contrib_dequantize", shapes=range_shapes(), output_shapes=rule(lambda attrs, data, *ends: [data]),
          types=lambda attrs, data, *ends: ([data, torch.float32, torch.float32], [torch.float32]))
def dequantize(data: Tensor, min_range: Tensor, max_range: Tensor, *,
               out_type: Literal["float32"] = "float32") -> Tensor:
    """The float32 numbers that int8 or uint8 data stands for: data * max(|min|, |max|) / 127.5 (uint8: 255.5).

    min_range, max_range: (1,), float32.  MXNetError for other dtypes and shapes.  No gradient.
    """
    require("dequantize", data, *WIDE)
    check_range("dequantize", min_range, max_range)
    return data * (magnitude(min_range, max_range) / WIDE[data.dtype])


@register("_contrib_requantize", num_outputs=3, output_shapes=_like_data, shapes=range_shapes(),
          types=lambda attrs, *inputs: ([torch.int32, torch.float32, torch.float32],
                                        [_out_type_of(attrs), torch.float32, torch.float32]))
def requantize(data: Tensor, min_range: Tensor, max_range: Tensor, *, out_type: _OutType = "int8",
               min_calib_range: float | None = None, max_calib_range: float | None = None) -> tuple[Tensor, ...]:
    """int32 data, as sums of products have it, as int8 or uint8 with the range for that: (quantized, min, max).

    min_range, max_range: (1,), float32, what -2**31 and 2**31 stand for.  The new range is the calibrated one if both
    its ends are given, otherwise that of the data; its end with the larger magnitude m becomes 127 (uint8: 255),
    the others in proportion, rounded to the nearest (halves to even) and saturated.
    `out_type` "auto" is uint8 if min_calib_range >= 0, otherwise int8.
    The range returned is (-m, m) for int8, (0, m) for uint8.  MXNetError for other dtypes and shapes.  No gradient.
    """
    op, dtype = "requantize", _out_type(out_type, min_calib_range, max_calib_range)
    require(op, data, torch.int32)
    check_range(op, min_range, max_range)
    step = magnitude(min_range, max_range) / LEVELS[torch.int32]
    given = calibrated(data, min_calib_range, max_calib_range)
    low, high = given or [end.float() * step for end in _range_of(op, data)]
    end = magnitude(low, high)
    quantized = narrow(data.float() * (step * per_unit(LEVELS[dtype], end)), dtype)
    if dtype is torch.int8:
        return quantized, -end, end
    return quantized, torch.zeros_like(end), end


# --------------------------------------------------------------------------------------------------- calibration


@register("_contrib_calibrate_entropy", num_outputs=2, output_names=("threshold", "divergence"),
          output_shapes=lambda attrs, inputs: [(1,), (1,)],
          types=lambda attrs, *inputs: ([torch.float32] * 2, [torch.float32] * 2))
def calibrate_entropy(hist: Tensor, hist_edges: Tensor, *, num_quantized_bins: int = 255) -> tuple[Tensor, Tensor]:
    """Where to saturate numbers with this histogram when they are quantized: (threshold, divergence), both (1,).

    hist: (bins,), float32, counts in an odd number of bins around 0.  hist_edges: (bins + 1,), float32.
    Of all ranges of bins around the middle that one is chosen whose histogram, what is outside counted into its ends,
    differs least (by the Kullback-Leibler divergence) from itself in `num_quantized_bins` bins, its first bin not
    counted there, as in MXNet; Migacz, "8-bit inference with TensorRT", 2017.  The threshold is the range's upper edge.
    MXNetError for other dtypes and shapes, and for fewer bins than quantized ones.  No gradient.
    """
    op = "calibrate_entropy"
    require(op, hist, torch.float32)
    require(op, hist_edges, torch.float32)
    bins = hist.shape[0] if hist.dim() == 1 else 0
    if bins < 3 or bins % 2 == 0 or tuple(hist_edges.shape) != (bins + 1,) or not 0 < num_quantized_bins <= bins:
        raise MXNetError(f"{op}: expected an odd number of bins, at least num_quantized_bins={num_quantized_bins}, and "
                         f"one edge more, got hist of shape {tuple(hist.shape)}, hist_edges {tuple(hist_edges.shape)}")
    if state.solver is not None and state.solver.is_fake(hist):
        return hist.new_empty(1), hist.new_empty(1)
    middle, least = bins // 2, max(num_quantized_bins // 2, 1)
    reach = torch.arange(least, middle + 1, device=hist.device)
    divergence = _divergences(hist.detach().double(), num_quantized_bins, reach)
    smallest, best = divergence.nan_to_num(torch.finfo(torch.float32).max).min(0)
    return hist_edges.detach()[middle + least + 1 + best].reshape(1), smallest.float().reshape(1)


_EPSILON = 1e-4  # what empty bins get of the others, in both distributions


def _divergences(counts: Tensor, quantized: int, reach: Tensor) -> Tensor:
    """For each reach, the divergence of the bins within it of the middle, and what is outside in their ends, from these
    quantized; not a number where one has no elements.

    Within a group of bins that become one all that are filled have the same height then.  So all but the entropy of
    the distribution itself follows from sums over groups.
    """
    middle = len(counts) // 2
    start, stop = middle - reach, middle + reach + 1
    below, filled_below = (torch.cat([c.new_zeros(1), c.cumsum(0)]) for c in (counts, (counts != 0).double()))
    groups = torch.arange(quantized + 1, device=counts.device)
    edges = start.unsqueeze(1) + groups * ((stop - start) // quantized).unsqueeze(1)
    edges[:, -1] = stop
    sums, filled = below[edges].diff(dim=1), filled_below[edges].diff(dim=1)
    first, last, before, behind = counts[start], counts[stop - 1], below[start], below[-1] - below[stop]
    kept, members = sums.clone(), filled.clone()
    kept[:, 0] -= first  # MXNet forgets this bin when it quantizes
    members[:, 0] -= (first != 0).double()
    height = kept / members.clamp_min(1)
    sums[:, 0] += before
    sums[:, -1] += behind
    filled[:, 0] += ((first == 0) & (before > 0)).double()
    filled[:, -1] += ((last == 0) & (behind > 0)).double()
    spared = _spared(stop - start, filled)
    smooth = torch.where(height > 0, height - _spared(stop - start, filled * (height > 0)).unsqueeze(1), _EPSILON)
    cross = torch.where(filled > 0, (sums - spared.unsqueeze(1) * filled) * smooth.log(), 0).sum(1)
    own = _inner_entropy(counts, filled_below, start + 1, stop - 1, spared)
    for end in (first + before, last + behind):
        own += torch.where(end > 0, torch.xlogy(end - spared, end - spared), 0)
    total, quantized_total = below[-1], (height * filled).sum(1)
    return torch.where(quantized_total > 0, (own - cross) / total + (quantized_total / total).log(), torch.nan)


def _spared(width: Tensor, filled: Tensor) -> Tensor:
    """What each filled bin gives, so that all the empty ones have something."""
    count = filled.sum(1)
    return _EPSILON * (width - count) / count


def _inner_entropy(counts: Tensor, filled_below: Tensor, start: Tensor, stop: Tensor, spared: Tensor) -> Tensor:
    """Sums of x log x over the filled bins from start to stop, of which each has given something."""
    filled = counts[counts != 0]
    slices = zip(filled_below[start].long().tolist(), filled_below[stop].long().tolist(), spared.tolist(), strict=True)
    given = (filled[low:high] - share for low, high, share in slices)
    return torch.stack([torch.xlogy(x, x).sum() for x in given])
