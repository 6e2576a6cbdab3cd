"""Operators that select or write parts of arrays: slices, take, gather and scatter, one-hot, embeddings.

Index arrays may be of any dtype, floats are truncated.  Results are tensors of their own.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._dtypes import like_first
from ._shapes import count, fit, indexed_axis, replaced, rule, same
from .binary import answer
from .registry import DType, Shape, register

__all__ = ["batch_take", "boolean_mask", "embedding", "fill_element_0index", "forward_slice",
           "gather_nd", "index_copy", "one_hot", "ravel_multi_index", "scatter_nd", "scatter_set_nd",
           "slice", "slice_assign", "slice_assign_scalar", "slice_axis", "slice_like", "sparse_embedding", "take",
           "unravel_index"]

_slice = slice  # the operators `slice`, `slice_axis` are named as in MXNet
Bounds = tuple[int | None, ...]


def _axis(op: str, axis: int, data: Tensor) -> int:
    if not -data.dim() <= axis < data.dim():
        raise MXNetError(f"{op}: axis {axis} is out of bounds for an array of shape {tuple(data.shape)}")
    return axis % data.dim()


def _own(view: Tensor) -> Tensor:
    return view.clone(memory_format=torch.contiguous_format)


# ------------------------------------------------------------------------------------------------------ slices


def forward_slice(data: Tensor, axis: int, key: _slice) -> tuple[Tensor, bool]:
    """A view of the elements along `axis` that the slice names, and whether it names them backwards.

    torch has no negative steps: the view has the elements in rising order.
    """
    if key.step is None or key.step > 0:
        return data[(_slice(None),) * axis + (key,)], False
    start, stop, step = key.indices(data.size(axis))
    count = len(range(start, stop, step))
    first = start + (count - 1) * step
    forward = _slice(first, start + 1, -step) if count else _slice(0, 0)
    return data[(_slice(None),) * axis + (forward,)], count > 1


def _forward_view(op: str, data: Tensor, begin: Bounds, end: Bounds, step: Bounds) -> tuple[Tensor, list[int]]:
    """The view of `data` that begin, end and step name, in rising order, and the axes that they name backwards."""
    if len(begin) != len(end) or (step and len(step) != len(begin)):
        raise MXNetError(f"{op}: begin={begin}, end={end} and step={step} must be equally long")
    if len(begin) > data.dim():
        raise MXNetError(f"{op}: {len(begin)} axes are sliced, but the array has shape {tuple(data.shape)}")
    if 0 in step:
        raise MXNetError(f"{op}: step={step} must not hold 0")
    backwards = []
    for axis, bounds in enumerate(zip(begin, end, step or (None,) * len(begin), strict=True)):
        data, is_backwards = forward_slice(data, axis, _slice(*bounds))
        if is_backwards:
            backwards.append(axis)
    return data, backwards


def _part(data: Tensor, *, begin: Bounds, end: Bounds, step: Bounds = ()) -> Tensor:
    view, backwards = _forward_view("slice", data, begin, end, step)
    return view.flip(backwards) if backwards else view


@rule
def _slice_outputs(attrs, data):
    begin, end = attrs["begin"], attrs["end"]
    step = attrs["step"] or (None,) * len(begin)
    fit(len(begin) <= len(data), 0 not in step)
    bounds = [_slice(*one) for one in zip(begin, end, step, strict=True)]
    sizes = [len(range(*one.indices(size))) if size >= 0 else -1 for one, size in zip(bounds, data, strict=False)]
    return [(*sizes, *data[len(sizes):])]


@register("slice", "crop", output_shapes=_slice_outputs, slices=_part)
def slice(data: Tensor, *, begin: Bounds, end: Bounds, step: Bounds = ()) -> Tensor:
    """data[begin[0]:end[0]:step[0], begin[1]:end[1]:step[1], ...], with Python's rules for negatives and None."""
    view, backwards = _forward_view("slice", data, begin, end, step)
    return view.flip(backwards) if backwards else _own(view)


@register("_slice_assign", "_crop_assign")
def slice_assign(lhs: Tensor, rhs: Tensor, *, begin: Bounds, end: Bounds, step: Bounds = ()) -> Tensor:
    """A copy of `lhs` whose part `slice(lhs, begin, end, step)` is `rhs`, of that part's shape."""
    if lhs.dtype is not rhs.dtype:
        raise MXNetError(f"_slice_assign: expected {str(lhs.dtype)[6:]} for rhs, got {str(rhs.dtype)[6:]}")
    result = lhs.clone()
    view, backwards = _forward_view("_slice_assign", result, begin, end, step)
    if view.shape != rhs.shape:
        raise MXNetError(f"_slice_assign: the slice has shape {tuple(view.shape)}, but rhs {tuple(rhs.shape)}")
    view.copy_(rhs.flip(backwards) if backwards else rhs)
    return result


@register("_slice_assign_scalar", "_crop_assign_scalar")
def slice_assign_scalar(data: Tensor, *, scalar: float = 0.0, begin: Bounds, end: Bounds, step: Bounds = ()) -> Tensor:
    """A copy of `data` whose part `slice(data, begin, end, step)` is filled with `scalar`."""
    result = data.clone()
    view, _ = _forward_view("_slice_assign_scalar", result, begin, end, step)
    view.fill_(scalar)
    return result


def _range_of_axis(size: int, begin: int, end: int | None) -> range | None:
    """What begin and end name of an axis of this size; None if that is nothing, or not all of it there."""
    first = begin + size if begin < 0 else begin
    last = size if end is None else end + size if end < 0 else end
    return range(first, last) if 0 <= first < last <= size else None


def _part_of_axis(data: Tensor, *, axis: int, begin: int, end: int | None) -> Tensor:
    axis = _axis("slice_axis", axis, data)
    size = data.shape[axis]
    if size.__class__ is int:
        if size == 0:
            return data
        if _range_of_axis(size, begin, end) is None:
            raise MXNetError(f"slice_axis: begin={begin}, end={end} is no range of axis {axis} of size {size}")
    return data[(_slice(None),) * axis + (_slice(begin, end),)]


@rule
def _slice_axis_outputs(attrs, data):
    axis, begin, end = indexed_axis(attrs["axis"], len(data)), attrs["begin"], attrs["end"]
    size = data[axis]
    if size <= 0:
        return [data]
    chosen = _range_of_axis(size, begin, end)
    return [replaced(data, axis, len(chosen))] if chosen else []


@register("slice_axis", output_shapes=_slice_axis_outputs, slices=_part_of_axis)
def slice_axis(data: Tensor, *, axis: int, begin: int, end: int | None) -> Tensor:
    """data[begin:end] along one axis; negative bounds count from the end.

    The range must not be empty, unless the axis is: then any will do.
    """
    return _own(_part_of_axis(data, axis=axis, begin=begin, end=end))


@rule
def _slice_like_outputs(attrs, data, like):
    fit(bool(attrs["axes"]) or len(data) == len(like))
    sizes = list(data)
    for axis in attrs["axes"] or range(len(data)):
        axis = indexed_axis(axis, len(data))
        fit(axis < len(like), min(like[axis], data[axis]) < 0 or like[axis] <= data[axis])
        sizes[axis] = like[axis]
    return [tuple(sizes)]


@register("slice_like", types=like_first, output_shapes=_slice_like_outputs)
def slice_like(data: Tensor, shape_like: Tensor, *, axes: Shape = ()) -> Tensor:
    """The first elements of `data` along `axes` (default: all), as many as `shape_like` has there."""
    if not axes and data.dim() != shape_like.dim():
        raise MXNetError(f"slice_like: without axes both inputs need equally many, got shapes {tuple(data.shape)} "
                         f"and {tuple(shape_like.shape)}")
    view = data
    for axis in axes or range(data.dim()):
        axis = _axis("slice_like", axis, data)
        if axis >= shape_like.dim() or shape_like.shape[axis] > data.shape[axis]:
            raise MXNetError(f"slice_like: data of shape {tuple(data.shape)} cannot be cut along axis {axis} to the "
                             f"size of shape_like, of shape {tuple(shape_like.shape)}")
        view = view.narrow(axis, 0, shape_like.shape[axis])
    return _own(view)


# ------------------------------------------------------------------------------------------------- index arrays


def _clipped(index: Tensor, given: Tensor, size: int) -> Tensor:
    """`index`, which was made of what is `given`, limited to what an axis of this size has."""
    return index.clamp(0, size - 1) if index is given else index.clamp_(0, size - 1)


@rule
def _take_outputs(attrs, a, indices):
    axis = indexed_axis(attrs["axis"], len(a))
    fit(0 not in a)
    return [replaced(a, axis, *indices)]


@register("take", types=like_first, output_shapes=_take_outputs)
def take(a: Tensor, indices: Tensor, *, axis: int = 0, mode: Literal["clip", "raise", "wrap"] = "clip") -> Tensor:
    """The slices of `a` at `indices` along `axis`: shape a.shape[:axis] + indices.shape + a.shape[axis + 1:].

    Indices out of range are clipped to it, wrapped around, or refused with MXNetError ("raise": negative ones too).
    """
    axis = _axis("take", axis, a)
    size = a.shape[axis]
    index = indices.to(torch.int64)
    if mode == "wrap":
        index = index.remainder(size)
    elif mode == "clip":
        index = _clipped(index, indices, size)
    elif state.solver is None and ((index < 0) | (index >= size)).any():
        raise MXNetError(f"take: indices contain values out of range for axis {axis} of size {size}")
    taken = a.index_select(axis, index.reshape(-1))
    return taken if index.dim() == 1 else taken.view(*a.shape[:axis], *index.shape, *a.shape[axis + 1:])


@rule
def _batch_take_outputs(attrs, a, indices):
    fit(0 not in a, same(count(a[:-1]), count(indices)))
    return [indices]


@register("batch_take", types=lambda attrs, a, indices: ([a, indices or torch.int32], [a]),
          output_shapes=_batch_take_outputs)
def batch_take(a: Tensor, indices: Tensor) -> Tensor:
    """One element of each row: a[i, indices[i]], clipped to the row.  indices: integers, in any shape."""
    if indices.is_floating_point():
        raise MXNetError(f"batch_take: expected int32 indices, got {str(indices.dtype)[6:]}")
    rows = a.reshape(-1, a.shape[-1])
    if rows.shape[0] != indices.numel():
        raise MXNetError(f"batch_take: {indices.numel()} indices for {rows.shape[0]} rows")
    index = indices.to(torch.int64).clamp(0, rows.shape[1] - 1).reshape(-1, 1)
    return rows.gather(1, index).view(indices.shape)


def _coordinates(op: str, indices: Tensor, rank: int) -> tuple[Tensor, ...]:
    """The rows of an index array of shape (axes, ...), one for each of the leading axes of an array of `rank`."""
    if indices.dim() < 2:
        raise MXNetError(f"{op}: indices need at least 2 axes, got shape {tuple(indices.shape)}")
    if indices.shape[0] > rank:
        raise MXNetError(f"{op}: indices of shape {tuple(indices.shape)} name more axes than the array's {rank}")
    return indices.to(torch.int64).unbind(0)


class _OutOfRange(MXNetError, IndexError):
    """What gather_nd and scatter_nd raise, which is IndexError in MXNet while other operators raise MXNetError."""


@rule
def _gather_outputs(attrs, data, indices):
    fit(len(indices) > 1, 0 <= indices[0] <= len(data))
    return [indices[1:] + data[indices[0]:]]


@register("gather_nd", types=like_first, output_shapes=_gather_outputs)
def gather_nd(data: Tensor, indices: Tensor) -> Tensor:
    """data[indices[0], indices[1], ...]: shape indices.shape[1:] + data.shape[len(indices):].

    Negative indices count from the end; IndexError for those out of range.
    """
    try:
        return data[_coordinates("gather_nd", indices, data.dim())]
    except IndexError as error:
        raise _OutOfRange(f"gather_nd: {error}") from None


@register("scatter_nd", types=like_first)
def scatter_nd(data: Tensor, indices: Tensor, *, shape: Shape) -> Tensor:
    """Zeros of `shape` with `data` written to the places `indices[0], indices[1], ...` (the last one stays)."""
    return _scatter(data, indices, data.new_zeros(shape), accumulate=False)


@register("_backward_gather_nd")
def backward_gather_nd(data: Tensor, indices: Tensor, *, shape: Shape) -> Tensor:
    """As scatter_nd, but what falls on one place is added up."""
    return _scatter(data, indices, data.new_zeros(shape), accumulate=True)


@register("_scatter_set_nd", types=like_first)
def scatter_set_nd(lhs: Tensor, rhs: Tensor, indices: Tensor, *, shape: Shape) -> Tensor:
    """A copy of `lhs`, of shape `shape`, with `rhs` written to the places `indices[0], indices[1], ...`."""
    if lhs.shape != shape:
        raise MXNetError(f"_scatter_set_nd: an array of shape {tuple(lhs.shape)} is not of shape={shape}")
    return _scatter(rhs, indices, lhs.clone(), accumulate=False)


def _scatter(data: Tensor, indices: Tensor, result: Tensor, accumulate: bool) -> Tensor:
    places = _coordinates("scatter_nd", indices, result.dim())
    expected = (*indices.shape[1:], *result.shape[len(places):])
    if data.shape != expected:
        raise MXNetError(f"scatter_nd: data of shape {tuple(data.shape)} and indices of shape {tuple(indices.shape)} "
                         f"do not fit an array of shape {tuple(result.shape)}")
    try:
        return result.index_put_(places, data, accumulate)
    except IndexError as error:
        raise _OutOfRange(f"scatter_nd: {error}") from None


@register("fill_element_0index")
def fill_element_0index(lhs: Tensor, mhs: Tensor, rhs: Tensor) -> Tensor:
    """A copy of the matrix `lhs` with lhs[i, rhs[i]] = mhs[i]; indices out of range change nothing."""
    columns = torch.arange(lhs.shape[1], device=lhs.device)
    return torch.where(columns == rhs.to(torch.int64).unsqueeze(1), mhs.unsqueeze(1), lhs)


@register("_contrib_boolean_mask", types=like_first)
def boolean_mask(data: Tensor, index: Tensor, *, axis: int = 0) -> Tensor:
    """The rows of `data` where the vector `index` is not 0 (only axis 0, as in MXNet)."""
    if axis != 0:
        raise MXNetError(f"boolean_mask: only axis 0 is supported, got {axis}")
    if index.dim() != 1 or index.shape[0] != data.shape[0]:
        raise MXNetError(f"boolean_mask: index must be a vector of {data.shape[0]} elements, got shape "
                         f"{tuple(index.shape)}")
    return data[index != 0]


@register("_contrib_index_copy", types=like_first)
def index_copy(old_tensor: Tensor, index_vector: Tensor, new_tensor: Tensor) -> Tensor:
    """A copy of `old_tensor` whose rows at `index_vector` are the rows of `new_tensor`."""
    if index_vector.dim() != 1:
        raise MXNetError(f"index_copy: index_vector must be 1-d, got shape {tuple(index_vector.shape)}")
    return old_tensor.index_copy(0, index_vector.to(torch.int64), new_tensor)


# ------------------------------------------------------------------------------------------ arrays of indices



@register("_ravel_multi_index", "ravel_multi_index")
def ravel_multi_index(data: Tensor, *, shape: Shape | None = None) -> Tensor:
    """Flat indices of the multi-indices in the columns of `data` (axes, n), for an array of `shape`."""
    if not shape:
        raise MXNetError("ravel_multi_index: shape must not be empty")
    if data.dim() != 2 or data.shape[0] != len(shape):
        raise MXNetError(f"ravel_multi_index: data must have shape ({len(shape)}, n) for shape={tuple(shape)}, "
                         f"got {tuple(data.shape)}")
    flat, *others = data.detach()  # places have no gradient
    for coordinate, size in zip(others, shape[1:], strict=True):
        flat = flat * size + coordinate
    return flat if len(shape) > 1 else flat.clone()


@register("_unravel_index", "unravel_index")
def unravel_index(data: Tensor, *, shape: Shape | None = None) -> Tensor:
    """Multi-indices (axes, ...) of the flat indices `data`, for an array of `shape`, whose first size may be -1."""
    if not shape:
        raise MXNetError("unravel_index: shape must not be empty")
    rest, coordinates = data.to(torch.int64), []
    for size in reversed(shape[1:]):
        above = rest.div(size, rounding_mode="floor")
        coordinates.append(torch.sub(rest, above, alpha=size))
        rest = above
    return torch.stack([rest, *reversed(coordinates)]).to(data.dtype)


@register("one_hot", output_shapes=rule(lambda attrs, indices: [(*indices, attrs["depth"])]))
def one_hot(indices: Tensor, *, depth: int, on_value: float = 1.0, off_value: float = 0.0,
            dtype: DType = torch.float32) -> Tensor:
    """indices.shape + (depth,), `off_value` but for `on_value` at each index; nowhere if that is out of range."""
    kind = torch.float32 if depth <= 2**24 else torch.float64  # comparing floats is several times faster
    index = indices.trunc() if indices.is_floating_point() else indices
    hot = answer(torch.eq, index.to(kind).unsqueeze(-1), torch.arange(depth, dtype=kind, device=indices.device))
    if on_value == 1 and off_value == 0:
        return hot.to(dtype)
    return torch.where(hot != 0, on_value, off_value).to(dtype)


# ------------------------------------------------------------------------------------------------- embeddings


def _table_shapes(attrs, data, weight):
    return [data, (attrs["input_dim"], attrs["output_dim"])]


def _table_types(attrs, data, weight):
    return [data, weight or attrs["dtype"]], [weight or attrs["dtype"]]


@rule
def _embedding_outputs(attrs, data, weight):
    return [(*data, attrs["output_dim"])]


@register("Embedding", shapes=_table_shapes, types=_table_types, output_shapes=_embedding_outputs)
def embedding(data: Tensor, weight: Tensor, *, input_dim: int, output_dim: int, dtype: DType = torch.float32,
              sparse_grad: bool = False) -> Tensor:
    """The rows of `weight` (input_dim, output_dim) at the indices `data`: shape data.shape + (output_dim,).

    Indices out of range are clipped to it.  With `sparse_grad` the gradient of a variable is sparse: rows not used are
    not in it.
    """
    rows, columns = weight.shape
    if rows.__class__ is not int or columns.__class__ is not int:
        torch._check(rows == input_dim)
        torch._check(columns == output_dim)
    elif (rows, columns) != (input_dim, output_dim):
        raise MXNetError(f"Embedding: expected weight of shape ({input_dim}, {output_dim}), got ({rows}, {columns})")
    # what is no variable has a gradient that other operators must be able to take
    sparse = sparse_grad and weight.requires_grad and weight.is_leaf and weight.device.type != "meta"
    index = _clipped(data.to(torch.int64), data, input_dim)
    if sparse or weight.is_cuda:
        return F.embedding(index, weight, sparse=sparse)
    return weight.index_select(0, index.reshape(-1)).view(*index.shape, output_dim)


@register("_contrib_SparseEmbedding", shapes=_table_shapes, types=_table_types, output_shapes=_embedding_outputs)
def sparse_embedding(data: Tensor, weight: Tensor, *, input_dim: int, output_dim: int, dtype: DType = torch.float32,
                     deterministic: bool = False) -> Tensor:
    """`Embedding` by its name of MXNet 0.12, deprecated there."""
    return embedding(data, weight, input_dim=input_dim, output_dim=output_dim)
