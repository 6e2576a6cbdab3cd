"""Arrays from nothing: constants, ranges, the identity matrix; and histograms."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._shapes import created, fit, rule
from .boxes import has_values
from .registry import DType, Shape, register

# Creating operators take `ctx`, the name of a context: whoever runs them has turned it into `_device`.


def sizes(name: str, shape: Shape) -> Shape:
    """The shape of what is created; MXNetError if it leaves something open, and nothing else decides it."""
    if not shape and not state.np_shape:
        raise MXNetError(f"Operator {name}: shape () has no dimension; set NumPy shape semantics for scalars")
    if not state.np_shape and 0 in shape:
        raise MXNetError(f"Operator {name}: 0 in shape {tuple(shape)} is an unknown size; set NumPy shape semantics "
                         "(mx.util.np_shape) for empty arrays")
    return shape


@register("_zeros", output_shapes=created)
def zeros(*, shape: Shape = (), ctx: str = "", dtype: DType = torch.float32, _device: torch.device) -> Tensor:
    """Zeros of a shape."""
    return torch.zeros(sizes("_zeros", shape), dtype=dtype, device=_device)


@register("_ones", output_shapes=created)
def ones(*, shape: Shape = (), ctx: str = "", dtype: DType = torch.float32, _device: torch.device) -> Tensor:
    """Ones of a shape."""
    return torch.ones(sizes("_ones", shape), dtype=dtype, device=_device)


@register("_zeros_without_dtype", output_shapes=created)
def zeros_without_dtype(*, shape: Shape = (), ctx: str = "", dtype: DType | None = None,
                        _device: torch.device) -> Tensor:
    """Zeros of a shape, of dtype float32 unless one is given."""
    return torch.zeros(sizes("_zeros_without_dtype", shape), dtype=dtype or torch.float32, device=_device)


@register("_full", output_shapes=created)
def full(*, shape: Shape = (), ctx: str = "", dtype: DType = torch.float32, value: int | float,
         _device: torch.device) -> Tensor:
    """`value` in every element of a shape."""
    number = value if dtype.is_floating_point else int(value)
    return torch.full(sizes("_full", shape), number, dtype=dtype, device=_device)


def _steps(start: int | float, stop: int | float | None, step: int | float) -> int:
    if stop is None:
        start, stop = 0, start
    return math.ceil((stop - start) / step)


@rule
def _range_outputs(attrs):
    steps = _steps(attrs["start"], attrs["stop"], attrs["step"])
    fit(steps > 0)
    return [(steps * attrs["repeat"],)]


@register("_arange", output_shapes=_range_outputs)
def arange(*, start: int | float, stop: int | float | None = None, step: int | float = 1, repeat: int = 1,
           infer_range: bool = False, ctx: str = "", dtype: DType = torch.float32,
           _device: torch.device) -> Tensor:
    """start, start + step, ... below `stop` (above it for a negative step), each value `repeat` times.

    stop: without it, the numbers from 0 to `start`.  Integer dtypes truncate start and step first.
    """
    if step == 0:
        raise MXNetError("Operator _arange: step must not be 0")
    count = _steps(start, stop, step)
    if stop is None:
        start, stop = 0, start
    if count <= 0:
        raise MXNetError(f"Operator _arange: invalid range (start, stop, step) = ({start}, {stop}, {step})")
    kind = torch.float64 if dtype.is_floating_point else torch.int64
    if kind is torch.int64:
        start, step = int(start), int(step)
    numbers = torch.arange(count, dtype=kind, device=_device)
    if step != 1:
        numbers *= step
    if start != 0:
        numbers += start
    if repeat != 1:
        numbers = numbers.repeat_interleave(repeat)
    return numbers.to(dtype)


@register("_linspace", output_shapes=rule(lambda attrs: [(attrs["num"],)]))
def linspace(*, start: int | float, stop: int | float | None = None, num: int, endpoint: bool = True,
             ctx: str = "", dtype: DType = torch.float32, _device: torch.device) -> Tensor:
    """`num` numbers at equal distances from `start` to `stop`, which is the last one if `endpoint`."""
    if num < 0:
        raise MXNetError(f"Operator _linspace: the number of samples must not be negative, got {num}")
    intervals = num - 1 if endpoint else num
    step = (stop - start) / intervals if intervals > 0 else 0.0
    return (torch.arange(num, dtype=torch.float64, device=_device) * step + start).to(dtype)


@register("_eye", output_shapes=rule(lambda attrs: [(attrs["N"], attrs["M"] or attrs["N"])]))
def eye(*, N: int, M: int = 0, k: int = 0, ctx: str = "", dtype: DType = torch.float32,
        _device: torch.device) -> Tensor:
    """N rows and M columns (default N) with ones on the k-th diagonal, above the main one if k > 0."""
    rows = torch.arange(N, device=_device).unsqueeze(1)
    return (torch.arange(M or N, device=_device) - k == rows).to(dtype)


_SOME = 2**16  # elements that a histogram looks at in one go


def _left_edges(bins: Tensor) -> Tensor:
    """`bins` in a wide dtype, the last one moved so that its bin holds it: all that follow is outside."""
    if not bins.is_floating_point():
        bins = bins.long()
        return torch.cat([bins[:-1], bins[-1:] + 1])
    bins = bins if bins.dtype is torch.float64 else bins.float()
    return torch.cat([bins[:-1], torch.nextafter(bins[-1:], bins.new_tensor([torch.inf]))])


def _even_bin(data: Tensor, edges: Tensor, *, right: bool) -> Tensor:
    """As torch.bucketize with edges of the same distance: it need not search."""
    count = len(edges) - 1
    edges = F.pad(edges, (1, 1), value=torch.nan)  # beyond the first and last nothing leads to a neighbour
    guess = (data - edges[1]).mul_(count / (edges[-2] - edges[1])).add_(1).nan_to_num_(0).clamp_(0, count + 1).floor_()
    index = guess.int()  # rounding may have led to a neighbour
    guess += torch.ge(data, edges[1:].index_select(0, index), out=torch.empty_like(data))
    guess -= torch.lt(data, edges.index_select(0, index), out=torch.empty_like(data))
    return guess.int()


def _even_bin_of_integers(data: Tensor, edges: Tensor, low: float, high: float) -> Tensor:
    """Bins (0 outside, then from 1) of integers within (low, high), which may be fractions; the edges are not.

    Several edges may be the same number: an element goes to the bin where it would be if they were fractions, or to
    a neighbour whose edges enclose it.
    """
    last = len(edges) - 2
    exact = data.double()
    index = ((exact - low) * ((last + 1) / (high - low))).clamp_(0, last).long()
    index = (index - (data < edges[index]).long()).clamp_(min=0)
    index += (data >= edges[index + 1]) & (index < last)
    return torch.where((exact >= low) & (exact <= high), index + 1, 0)


@register("_histogram", num_outputs=2, types=lambda attrs, data, *bins: ([data, *bins], [torch.int64, data]),
          present={"bins": lambda attrs: attrs["bin_cnt"] is None})
def histogram(data: Tensor, bins: Tensor | None = None, *, bin_cnt: int | None = None,
              range: tuple[float, ...] | None = None) -> tuple[Tensor, Tensor]:
    """How many elements lie in each bin (int64), and the bins' edges.

    Either `bins`, a vector of rising edges, or `bin_cnt` bins of one width over `range`, a pair of numbers.
    A bin holds its left edge, the last one both; elements outside are not counted.
    """
    if bin_cnt is not None:
        if range is None or len(range) != 2 or not range[0] < range[1]:
            raise MXNetError(f"Operator _histogram: bin_cnt wants range=(low, high), low < high, got {range}")
        step = torch.arange(bin_cnt + 1, dtype=torch.float64, device=data.device)
        bins = ((range[0] * (bin_cnt - step) + range[1] * step) / bin_cnt).to(data.dtype)
    if bins is None:
        raise MXNetError("Operator _histogram: either bins or bin_cnt and range must be given")
    counts = torch.zeros(bins.shape[0] - 1, dtype=torch.int64, device=data.device)
    if has_values(data) and len(counts):
        edges = _left_edges(bins.detach())
        find = partial(torch.bucketize if bin_cnt is None else _even_bin, right=True)
        if bin_cnt is not None and not data.is_floating_point():
            edges, find = bins.long(), partial(_even_bin_of_integers, low=range[0], high=range[1])
        for some in data.detach().reshape(-1).split(_SOME):
            place = find(some.to(edges.dtype), edges)
            counts += torch.bincount(place, minlength=len(edges) + 1)[1:-1]
    return counts, bins.clone()
