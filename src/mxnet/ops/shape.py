"""Operators that give the same elements another shape or order: reshape, transpose, flip, tile, pad, diag.

Results are tensors of their own, in one piece, as in MXNet (only the method `NDArray.reshape` shares memory).
"""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._dtypes import like_first
from ._exchange import in_order
from ._shapes import count, fit, indexed_axis, replaced, rule, same
from .registry import Shape, register

__all__ = ["depth_to_space", "diag", "expand_dims", "flatten", "flip", "pad", "repeat", "reshape", "reshape_like",
           "space_to_depth", "squeeze", "swap_axis", "target_shape", "tile", "transpose"]


_DIVISIBLE = 2**8 * 3**4 * 5**2 * 7 * 11 * 13  # a size that most splits divide


def _axis(op: str, axis: int, data: Tensor) -> int:
    """`axis` counted from the front; MXNetError when there is none such."""
    rank = data.dim()
    if not -rank <= axis < rank:
        raise MXNetError(f"{op}: axis {axis} is out of bounds for an array of shape {tuple(data.shape)}")
    return axis % rank


# ----------------------------------------------------------------------------------------------------- reshape


def target_shape(sizes: Shape, shape: Shape, reverse: bool = False) -> Shape:
    """The shape that MXNet's codes in `shape` mean for an array of these `sizes`; at most one -1 is left in it.

    0 keeps a size, -1 infers one, -2 keeps all that follow, -3 joins two, -4 splits one into the two sizes given
    next (one of which may be -1).  `reverse` reads everything from the right.
    """
    if reverse:
        return target_shape(sizes[::-1], shape[::-1])[::-1]
    result, at = [], 0
    codes = iter(shape)
    try:
        for code in codes:
            if code == -2:
                result += sizes[at:]
                at = len(sizes)
            elif code == -4:
                result += _split(sizes[at], next(codes), next(codes))
                at += 1
            elif code == -3:
                result.append(sizes[at] * sizes[at + 1])
                at += 2
            elif code == 0:
                result.append(sizes[at])
                at += 1
            elif code < -4:
                raise MXNetError(f"reshape: {code} in shape={tuple(shape)} is no size and none of the codes 0 to -4")
            else:
                result.append(code)
                at += 1
    except (IndexError, StopIteration):
        raise MXNetError(f"reshape: shape={tuple(shape)} refers to more axes than an array of shape {tuple(sizes)} "
                         "has, or -4 is not followed by two sizes") from None
    if result.count(-1) > 1:
        raise MXNetError(f"reshape: only one size can be inferred, got shape={tuple(shape)}")
    return tuple(result)


def _split(size: int, first: int, second: int) -> Shape:
    if first == -1 and second == -1:
        raise MXNetError("reshape: of the two sizes after -4 only one can be inferred")
    if first == -1:
        first = size // second
    elif second == -1:
        second = size // first
    if first * second != size:
        raise MXNetError(f"reshape: -4 cannot split an axis of size {size} into {first} and {second}")
    return first, second


def _deprecated_target(sizes: Shape, target: Shape, keep_highest: bool) -> Shape:
    """`target_shape` of MXNet 0.x: one 0 is inferred, `keep_highest` keeps the first axis."""
    if keep_highest:
        target = (sizes[0], *target[1:])
    return tuple(-1 if n == 0 else n for n in target)


def _by_count(attrs, inputs, outputs):
    """The one unknown size of an array whose elements are counted by the output."""
    (given,), (out,) = inputs, outputs
    if given is None or out is None or min(out, default=0) < 0 or given.count(-1) != 1:
        return inputs
    rest = -math.prod(given)
    if not rest or math.prod(out) % rest:
        return inputs
    return [tuple(math.prod(out) // rest if size == -1 else size for size in given)]


def _wanted(sizes: Shape, shape: Shape, reverse: bool, target: Shape, keep_highest: bool) -> Shape:
    """The shape that the attributes of Reshape name."""
    if shape:
        return target_shape(sizes, shape, reverse)
    if target:
        return _deprecated_target(sizes, target, keep_highest)
    if not state.np_shape:
        raise MXNetError("reshape: shape is missing")
    return ()


def _reshaped(data: Tensor, *, shape: Shape = (), reverse: bool = False, target_shape: Shape = (),
              keep_highest: bool = False) -> Tensor:
    return data.contiguous().view(_wanted(data.shape, shape, reverse, target_shape, keep_highest))


def _filled(sizes: Shape, attrs) -> Shape:
    """The shape that Reshape gives an array of these sizes, all known."""
    shape = _wanted(sizes, attrs["shape"], attrs["reverse"], attrs["target_shape"], attrs["keep_highest"])
    if -1 in shape:
        missing = math.prod(sizes) // -math.prod(shape)
        shape = tuple(missing if size == -1 else size for size in shape)
    fit(math.prod(shape) == math.prod(sizes))
    return shape


@rule
def _reshape_outputs(attrs, data):
    """Of unknown sizes, two different ones are tried: what they change stays unknown."""
    if min(data, default=0) >= 0:
        return [_filled(data, attrs)]
    if attrs["shape"] and min(attrs["shape"]) > 0:
        return [attrs["shape"]]
    trials = [tuple(_DIVISIBLE * (1 + trial * i) if size < 0 else size for i, size in enumerate(data, 1))
              for trial in range(2)]
    return [tuple(a if a == b else -1 for a, b in zip(*[_filled(sizes, attrs) for sizes in trials], strict=True))]


@register("Reshape", "reshape", input_shapes=_by_count, output_shapes=_reshape_outputs, view=_reshaped)
def reshape(data: Tensor, *, shape: Shape = (), reverse: bool = False, target_shape: Shape = (),
            keep_highest: bool = False) -> Tensor:
    """Give `data` another shape of as many elements.

    In `shape`, 0 keeps a size, -1 infers one, -2 keeps all that follow, -3 joins two, -4 splits one into the two
    sizes that follow it; `reverse` applies the codes from right to left.  `target_shape` and `keep_highest` are
    the deprecated spelling.
    """
    return torch.view_copy(data.contiguous(), _wanted(data.shape, shape, reverse, target_shape, keep_highest))


def _span(what: str, begin: int | None, end: int | None, rank: int) -> tuple[int, int]:
    """The axes [begin, end) counted from the front."""
    begin = 0 if begin is None else begin + rank if begin < 0 else begin
    end = rank if end is None else end + rank if end < 0 else end
    if not 0 <= begin <= end <= rank:
        raise MXNetError(f"reshape_like: {what}_begin={begin} and {what}_end={end} are no range of {rank} axes")
    return begin, end


def _like_axes(lhs: Tensor, rhs: Tensor, *, lhs_begin: int | None = None, lhs_end: int | None = None,
               rhs_begin: int | None = None, rhs_end: int | None = None) -> Tensor:
    begin, end = _span("lhs", lhs_begin, lhs_end, lhs.dim())
    rhs_begin, rhs_end = _span("rhs", rhs_begin, rhs_end, rhs.dim())
    return lhs.contiguous().view((*lhs.shape[:begin], *rhs.shape[rhs_begin:rhs_end], *lhs.shape[end:]))


@rule
def _like_outputs(attrs, lhs, rhs):
    begin, end = _span("lhs", attrs["lhs_begin"], attrs["lhs_end"], len(lhs))
    rhs_begin, rhs_end = _span("rhs", attrs["rhs_begin"], attrs["rhs_end"], len(rhs))
    shape = (*lhs[:begin], *rhs[rhs_begin:rhs_end], *lhs[end:])
    fit(same(count(shape), count(lhs)))
    return [shape]


@register("reshape_like", types=like_first, output_shapes=_like_outputs, view=_like_axes)
def reshape_like(lhs: Tensor, rhs: Tensor, *, lhs_begin: int | None = None, lhs_end: int | None = None,
                 rhs_begin: int | None = None, rhs_end: int | None = None) -> Tensor:
    """`lhs` in the shape of `rhs`; or only its axes [lhs_begin, lhs_end) as those [rhs_begin, rhs_end) of `rhs`."""
    return _like_axes(lhs, rhs, lhs_begin=lhs_begin, lhs_end=lhs_end, rhs_begin=rhs_begin, rhs_end=rhs_end).clone()


def _flat(attrs, inputs):
    data = inputs[0]
    if not data:
        return [None]
    return [(data[0], -1 if min(data[1:], default=0) < 0 else math.prod(data[1:]))]


def _flattened(data: Tensor) -> Tensor:
    return data.contiguous().flatten(1) if data.dim() > 1 else data.unsqueeze(1)


@register("Flatten", "flatten", output_shapes=_flat, view=_flattened)
def flatten(data: Tensor) -> Tensor:
    """(n, ...) -> (n, product of the rest)."""
    return _flattened(data).clone()


def _expanded(data: Tensor, *, axis: int) -> Tensor:
    if not -data.dim() - 1 <= axis <= data.dim():
        raise MXNetError(f"expand_dims: axis {axis} is out of bounds for an array of shape {tuple(data.shape)}")
    return data.unsqueeze(axis)


@rule
def _expand_outputs(attrs, data):
    axis = indexed_axis(attrs["axis"], len(data) + 1)
    return [(*data[:axis], 1, *data[axis:])]


def _expand_inputs(attrs, inputs, outputs):
    out, axis = outputs[0], attrs["axis"]
    return [replaced(out, axis % len(out)) if out and -len(out) <= axis < len(out) else None]


@register("expand_dims", input_shapes=_expand_inputs, output_shapes=_expand_outputs, view=_expanded)
def expand_dims(data: Tensor, *, axis: int) -> Tensor:
    """Insert an axis of size 1 at position `axis`."""
    return _expanded(data, axis=axis).clone()


def _squeezed(data: Tensor, *, axis: Shape | None = None) -> Tensor:
    if axis is None:
        result = data.squeeze()
    else:
        axes = [_axis("squeeze", a, data) for a in axis]
        if any(data.shape[a] != 1 for a in axes) or len(set(axes)) < len(axes):
            raise MXNetError(f"squeeze: axis={tuple(axis)} must name different axes of size 1, "
                             f"got an array of shape {tuple(data.shape)}")
        result = data.squeeze(axes)
    return result if result.dim() or not data.dim() else result.view(1)


@rule
def _squeeze_outputs(attrs, data):
    single = (1,) if data else ()
    if attrs["axis"] is None:
        fit(-1 not in data)
        return [tuple(size for size in data if size != 1) or single]
    axes = {indexed_axis(a, len(data)) for a in attrs["axis"]}
    fit(len(axes) == len(attrs["axis"]), all(same(data[a], 1) for a in axes))
    return [tuple(size for i, size in enumerate(data) if i not in axes) or single]


@register("squeeze", output_shapes=_squeeze_outputs, view=_squeezed)
def squeeze(data: Tensor, *, axis: Shape | None = None) -> Tensor:
    """Drop the given axes of size 1 (all such by default) but one; MXNetError if one is of another size."""
    return _squeezed(data, axis=axis).clone()


# ------------------------------------------------------------------------------------------------ order of axes


def _order(data: Tensor, axes: Shape) -> Shape:
    """`axes`, or all in reverse order; MXNetError if they are no permutation."""
    if not axes:
        return tuple(range(data.dim() - 1, -1, -1))
    if sorted(axes) != list(range(data.dim())):
        raise MXNetError(f"transpose: axes={tuple(axes)} is no permutation of the axes of an array of shape "
                         f"{tuple(data.shape)}")
    return axes


def _permuted(data: Tensor, *, axes: Shape = ()) -> Tensor:
    return data.permute(_order(data, axes))


@rule
def _transpose_outputs(attrs, data):
    axes = attrs["axes"] or tuple(range(len(data) - 1, -1, -1))
    fit(sorted(axes) == list(range(len(data))))
    return [tuple(data[a] for a in axes)]


def _transpose_inputs(attrs, inputs, outputs):
    out = outputs[0]
    axes = attrs["axes"] or tuple(range(len(out or ()) - 1, -1, -1))
    if out is None or sorted(axes) != list(range(len(out))):
        return [None]
    return [tuple(out[axes.index(i)] for i in range(len(out)))]


@register("transpose", input_shapes=_transpose_inputs, output_shapes=_transpose_outputs, permutes=_permuted)
def transpose(data: Tensor, *, axes: Shape = ()) -> Tensor:
    """Permute the axes: axis i of the result is axis `axes[i]` of `data`; by default in reverse order."""
    return in_order(data, _order(data, axes))


def _swap(data: Tensor, dim1: int, dim2: int) -> Shape:
    axes = list(range(data.dim()))
    one, other = _axis("swapaxes", dim1, data), _axis("swapaxes", dim2, data)
    axes[one], axes[other] = other, one
    return tuple(axes)


def _swapped(data: Tensor, *, dim1: int = 0, dim2: int = 0) -> Tensor:
    return data.permute(_swap(data, dim1, dim2))


@rule
def _swap_outputs(attrs, data):
    one, other = indexed_axis(attrs["dim1"], len(data)), indexed_axis(attrs["dim2"], len(data))
    sizes = list(data)
    sizes[one], sizes[other] = sizes[other], sizes[one]
    return [tuple(sizes)]


def _swap_inputs(attrs, inputs, outputs):
    return _swap_outputs(attrs, outputs) or [None]


@register("SwapAxis", "swapaxes", input_shapes=_swap_inputs, output_shapes=_swap_outputs, permutes=_swapped)
def swap_axis(data: Tensor, *, dim1: int = 0, dim2: int = 0) -> Tensor:
    """Exchange two axes."""
    return in_order(data, _swap(data, dim1, dim2))


@rule
def _flip_outputs(attrs, data):
    fit(all(0 <= a < len(data) for a in attrs["axis"]))
    return [data]


@register("reverse", "flip", output_shapes=_flip_outputs)
def flip(data: Tensor, *, axis: Shape) -> Tensor:
    """Reverse the order of the elements along the given axes (counted from the front only)."""
    if not all(0 <= a < data.dim() for a in axis):
        raise MXNetError(f"flip: axis={tuple(axis)} is out of bounds for an array of shape {tuple(data.shape)}")
    return data.flip(axis)


# --------------------------------------------------------------------------------------------- repeated elements


@rule
def _tile_outputs(attrs, data):
    reps, rank = attrs["reps"], max(len(attrs["reps"]), len(data))
    fit(min(reps, default=0) >= 0)
    sizes = zip((1,) * (rank - len(data)) + data, (1,) * (rank - len(reps)) + reps, strict=True)
    return [tuple(size * times if size >= 0 else -1 for size, times in sizes)]


@register("tile", output_shapes=_tile_outputs)
def tile(data: Tensor, *, reps: Shape) -> Tensor:
    """Repeat the whole array `reps[i]` times along axis i; axes missing in `reps` or `data` are added in front."""
    if any(n < 0 for n in reps):
        raise MXNetError(f"tile: reps={tuple(reps)} must not be negative")
    if 0 in reps and not state.np_shape:
        raise MXNetError(f"tile: reps={tuple(reps)} makes an empty array; set NumPy shape semantics (mx.util.np_shape)")
    return data.tile(reps)


@rule
def _repeat_outputs(attrs, data):
    repeats = attrs["repeats"]
    fit(repeats >= 0)
    if attrs["axis"] is None:
        data, axis = (count(data),), 0
    else:
        axis = indexed_axis(attrs["axis"], len(data))
    return [replaced(data, axis, data[axis] * repeats if data[axis] >= 0 else -1)]


@register("repeat", output_shapes=_repeat_outputs)
def repeat(data: Tensor, *, repeats: int, axis: int | None = None) -> Tensor:
    """Repeat each element `repeats` times along `axis`, or in the flattened array."""
    if repeats < 0:
        raise MXNetError(f"repeat: repeats={repeats} must not be negative")
    if axis is not None:
        axis = _axis("repeat", axis, data)
    return data.repeat_interleave(repeats, axis)


_PAD_MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect"}


@rule
def _pad_outputs(attrs, data):
    widths = attrs["pad_width"]
    fit(len(data) in (4, 5), len(widths) == 2 * len(data), not any(widths[:4]), min(widths) >= 0)
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    if attrs["mode"] == "reflect":
        fit(all(max(pair) < size for pair, size in zip(pairs[2:], data[2:], strict=True) if size >= 0))
    return [tuple(size + sum(pair) if size >= 0 else -1 for size, pair in zip(data, pairs, strict=True))]


@register("Pad", "pad", output_shapes=_pad_outputs)
def pad(data: Tensor, *, mode: Literal["constant", "edge", "reflect"], pad_width: Shape,
        constant_value: float = 0.0) -> Tensor:
    """Pad the last two axes of a 4-d array, or the last three of a 5-d one.

    `pad_width` is (before_0, after_0, before_1, after_1, ...) over all axes, 0 for the first two.  Mode "edge"
    repeats the outermost elements, "reflect" mirrors without repeating them.
    """
    if data.dim() not in (4, 5):
        raise MXNetError(f"pad: data must be 4-d or 5-d, got shape {tuple(data.shape)}")
    if len(pad_width) != 2 * data.dim() or any(pad_width[:4]):
        raise MXNetError(f"pad: pad_width={tuple(pad_width)} must hold two numbers for each of the {data.dim()} "
                         "axes, those of the first two axes 0")
    if not data.is_floating_point():
        raise MXNetError(f"pad: data must be of a floating point type, got {str(data.dtype)[6:]}")
    widths = [n for axis in range(data.dim() - 1, 1, -1) for n in pad_width[2 * axis:2 * axis + 2]]
    if mode == "constant":
        return F.pad(data, widths, "constant", constant_value)
    return F.pad(data, widths, _PAD_MODES[mode])


# -------------------------------------------------------------------------------------------- depth and diagonals


def _check_blocks(op: str, data: Tensor, block_size: int) -> None:
    if data.dim() != 4:
        raise MXNetError(f"{op}: data must be 4-d (N, C, H, W), got shape {tuple(data.shape)}")
    if block_size < 1:
        raise MXNetError(f"{op}: block_size must be positive, got {block_size}")
    if 0 in data.shape:
        raise MXNetError(f"{op}: no size may be 0, got shape {tuple(data.shape)}")


def _scaled(size: int, up: int, down: int) -> int:
    """size * up / down, which must be whole; ends the rule if it is not."""
    fit(size < 0 or size * up % down == 0)
    return size * up // down if size >= 0 else -1


@rule
def _space_outputs(attrs, data):
    n, c, h, w = data
    b = attrs["block_size"]
    return [(n, _scaled(c, 1, b * b), _scaled(h, b, 1), _scaled(w, b, 1))] if b > 0 else []


@rule
def _depth_outputs(attrs, data):
    n, c, h, w = data
    b = attrs["block_size"]
    return [(n, _scaled(c, b * b, 1), _scaled(h, 1, b), _scaled(w, 1, b))] if b > 0 else []


@register("depth_to_space", output_shapes=_space_outputs)
def depth_to_space(data: Tensor, *, block_size: int) -> Tensor:
    """(N, C * b * b, H, W) -> (N, C, H * b, W * b): channels become blocks of b x b pixels, as in ONNX."""
    _check_blocks("depth_to_space", data, block_size)
    n, c, h, w = data.shape
    b = block_size
    if c % (b * b):
        raise MXNetError(f"depth_to_space: {c} channels are no multiple of block_size ** 2 = {b * b}")
    blocks = data.reshape(n, b, b, c // (b * b), h, w)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, c // (b * b), h * b, w * b).clone()


@register("space_to_depth", output_shapes=_depth_outputs)
def space_to_depth(data: Tensor, *, block_size: int) -> Tensor:
    """(N, C, H * b, W * b) -> (N, C * b * b, H, W): the inverse of depth_to_space."""
    _check_blocks("space_to_depth", data, block_size)
    n, c, h, w = data.shape
    b = block_size
    if h % b or w % b:
        raise MXNetError(f"space_to_depth: height {h} and width {w} must be multiples of block_size = {b}")
    blocks = data.reshape(n, c, h // b, b, w // b, b)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, c * b * b, h // b, w // b).clone()


@register("diag")
def diag(data: Tensor, *, k: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The k-th diagonal of the planes (axis1, axis2), as a last axis; of a vector, the matrix with that diagonal."""
    if data.dim() == 1:
        return torch.diag_embed(data, k)
    axis1, axis2 = _axis("diag", axis1, data), _axis("diag", axis2, data)
    if axis1 == axis2:
        raise MXNetError(f"diag: axis1 and axis2 both name axis {axis1}")
    if not -data.shape[axis1] <= k <= data.shape[axis2]:
        raise MXNetError(f"diag: k={k} is out of range for {data.shape[axis1]} x {data.shape[axis2]} elements")
    return data.diagonal(k, axis1, axis2).clone(memory_format=torch.contiguous_format)
