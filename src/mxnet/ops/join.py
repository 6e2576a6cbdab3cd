"""Operators that put arrays together and take them apart: concat, stack, split, Crop."""

from itertools import pairwise

import torch
from torch import Tensor

from ..base import MXNetError
from ._shapes import fit, indexed_axis, replaced, rule, same
from .registry import Shape, register

__all__ = ["concat", "crop", "rnn_param_concat", "split", "split_v2", "stack"]


def _names(tensors) -> str:
    return ", ".join(str(tuple(t.shape)) for t in tensors)


def _concat(op: str, data: tuple[Tensor, ...], dim: int) -> Tensor:
    if not data:
        raise MXNetError(f"{op}: at least one array is needed")
    first = data[0]
    if not -first.dim() <= dim < first.dim():
        raise MXNetError(f"{op}: dim {dim} exceeds the {first.dim()} axes of the first input")
    for other in data:
        if other.dim() != first.dim():
            raise MXNetError(f"{op}: inputs must have equally many axes, got shapes {_names(data)}")
    _check_dtypes(op, data)
    return torch.cat(data, dim)


def _check_dtypes(op: str, data: tuple[Tensor, ...]) -> None:
    first = data[0].dtype
    for other in data:
        if other.dtype is not first:
            raise MXNetError(f"{op}: inputs must have one dtype, expected {str(first)[6:]}, "
                             f"got {str(other.dtype)[6:]}")


def _concat_inputs(attrs, inputs, outputs):
    """All but the joined axis are the output's; and its size follows where one input's alone is unknown."""
    out, dim = outputs[0], attrs["dim"]
    known = [s for s in (*inputs, out) if s is not None]
    if not known or not -len(known[0]) <= dim < len(known[0]) or any(len(s) != len(known[0]) for s in known):
        return inputs
    rank = len(known[0])
    dim %= rank
    shared = [max(s[i] for s in known) for i in range(rank)]
    sizes = [-1 if s is None else s[dim] for s in inputs]
    if out is not None and out[dim] >= 0 and sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = out[dim] - sum(sizes) - 1
    return [(*shared[:dim], size, *shared[dim + 1:]) for size in sizes]


def _concat_outputs(attrs, inputs):
    known, dim = [s for s in inputs if s is not None], attrs["dim"]
    if not known or not -len(known[0]) <= dim < len(known[0]) or any(len(s) != len(known[0]) for s in known):
        return [None]
    rank = len(known[0])
    dim %= rank
    sizes = [-1 if s is None else s[dim] for s in inputs]
    joined = -1 if -1 in sizes else sum(sizes)
    return [tuple(joined if i == dim else max(s[i] for s in known) for i in range(rank))]


@register("Concat", "concat", input_shapes=_concat_inputs, output_shapes=_concat_outputs)
def concat(*data: Tensor, dim: int = 1) -> Tensor:
    """Join arrays along the axis `dim`; all other axes and the dtypes must agree."""
    return _concat("concat", data, dim)


def _rnn_param_inputs(attrs, inputs, outputs):
    """As for concat; and inputs of unknown size have equal shares, for they are weights of two directions."""
    shapes, out, dim = _concat_inputs(attrs, inputs, outputs), outputs[0], attrs["dim"]
    if out is None or None in shapes or out[dim] < 0:
        return shapes
    sizes = [s[dim] for s in shapes]
    unknown = sizes.count(-1)
    rest = out[dim] - sum(size for size in sizes if size >= 0)
    if not unknown or rest % unknown:
        return shapes
    return [(*s[:dim], rest // unknown, *s[dim + 1:]) if s[dim] < 0 else s for s in shapes]


@register("_rnn_param_concat", input_shapes=_rnn_param_inputs, output_shapes=_concat_outputs)
def rnn_param_concat(*data: Tensor, dim: int = 1) -> Tensor:
    """`concat` for the packed parameters of RNN layers."""
    return _concat("_rnn_param_concat", data, dim)


@rule
def _stack_outputs(attrs, *data):
    sizes = tuple(map(max, *data)) if len(data) > 1 else data[0]
    fit(all(same(a, b) for shape in data for a, b in zip(shape, sizes, strict=True)))
    axis = indexed_axis(attrs["axis"], len(sizes) + 1)
    return [(*sizes[:axis], len(data), *sizes[axis:])]


def _stack_inputs(attrs, inputs, outputs):
    """All are alike, and the output is so but for the new axis."""
    out, axis = outputs[0], attrs["axis"]
    if out is not None and -len(out) <= axis < len(out):
        return [replaced(out, axis % len(out))] * len(inputs)
    return [next((shape for shape in inputs if shape is not None), None)] * len(inputs)


@register("stack", input_shapes=_stack_inputs, output_shapes=_stack_outputs)
def stack(*data: Tensor, axis: int = 0) -> Tensor:
    """Join arrays of one shape along a new axis at position `axis`."""
    if not data:
        raise MXNetError("stack: at least one array is needed")
    rank = data[0].dim() + 1
    if not -rank <= axis < rank:
        raise MXNetError(f"stack: axis {axis} is out of bounds for a result of {rank} axes")
    _check_dtypes("stack", data)
    return torch.stack(data, axis)


def _check_axis(op: str, data: Tensor, axis: int) -> int:
    if not -data.dim() <= axis < data.dim():
        raise MXNetError(f"{op}: axis {axis} is out of bounds for an array of shape {tuple(data.shape)}")
    return axis % data.dim()


def _squeezed(pieces, axis: int, squeeze_axis: bool) -> list[Tensor]:
    """The pieces, without `axis` if that is wanted."""
    return [p.squeeze(axis) if p.dim() > 1 else p for p in pieces] if squeeze_axis else list(pieces)


def _owned(pieces) -> list[Tensor]:
    """Each piece as a tensor of its own."""
    return [p.clone(memory_format=torch.contiguous_format) for p in pieces]


def _whole_of_pieces(attrs, inputs, outputs):
    """The array that splits into pieces of these shapes."""
    data, axis = inputs[0], attrs["axis"]
    pieces = [shape for shape in outputs if shape is not None]
    if not pieces or any(len(shape) != len(pieces[0]) for shape in pieces):
        return [None]
    piece = tuple(map(max, zip(*pieces, strict=True)))
    if attrs["squeeze_axis"]:
        at = axis if axis >= 0 else axis + len(piece) + 1
        whole = (*piece[:at], attrs["num_outputs"], *piece[at:])
    else:
        at = axis % len(piece)
        whole = replaced(piece, at, piece[at] * attrs["num_outputs"] if piece[at] >= 0 else -1)
    return [whole if data is None or len(data) == len(whole) else None]


def _piece_names(attrs):
    return ("output0",) if attrs["num_outputs"] == 1 else ()  # several are counted anyway


def _pieces(data: Tensor, *, num_outputs: int, axis: int = 1, squeeze_axis: bool = False) -> list[Tensor]:
    axis = _check_axis("split", data, axis)
    size = data.shape[axis]
    if num_outputs < 1 or size % num_outputs:
        raise MXNetError(f"split: axis {axis} of an array of shape {tuple(data.shape)} does not split into "
                         f"{num_outputs} equal pieces")
    if squeeze_axis and size != num_outputs:
        raise MXNetError(f"split: squeeze_axis wants as many pieces as the axis has elements, "
                         f"got num_outputs={num_outputs} for size {size}")
    pieces = data.split(size // num_outputs, axis) if size else (data,) * num_outputs
    return _squeezed(pieces, axis, squeeze_axis)


@rule
def _piece_outputs(attrs, data):
    axis, pieces = indexed_axis(attrs["axis"], len(data)), attrs["num_outputs"]
    size = data[axis]
    fit(pieces > 0, size < 0 or size % pieces == 0)
    if attrs["squeeze_axis"]:
        fit(same(size, pieces))
        return [replaced(data, axis) or (1,)] * pieces
    return [replaced(data, axis, size // pieces if size >= 0 else -1)] * pieces


@register("SliceChannel", "split", input_shapes=_whole_of_pieces, output_shapes=_piece_outputs,
          output_names=_piece_names,
          num_outputs=lambda attrs: attrs["num_outputs"],
          slices=_pieces)
def split(data: Tensor, *, num_outputs: int, axis: int = 1, squeeze_axis: bool = False) -> list[Tensor]:
    """Split into `num_outputs` equal pieces along `axis`; `squeeze_axis` drops it when it has become 1."""
    return _owned(_pieces(data, num_outputs=num_outputs, axis=axis, squeeze_axis=squeeze_axis))


def _split_v2_outputs(attrs) -> int:
    return attrs["sections"] or len(attrs["indices"])


@rule
def _split_v2_shapes(attrs, data):
    axis = indexed_axis(attrs["axis"], len(data))
    size, sections, bounds = data[axis], attrs["sections"], attrs["indices"]
    if sections:
        fit(size < 0 or size % sections == 0)
        sizes = [size // sections if size >= 0 else -1] * sections
    else:
        sizes = [end - begin for begin, end in pairwise(bounds)] + [size - bounds[-1] if size >= 0 else -1]
        fit(bounds[0] == 0, min(sizes) >= -1, -1 not in sizes[:-1], size < 0 or bounds[-1] <= size)
    if attrs["squeeze_axis"]:
        fit(all(same(n, 1) for n in sizes))
        return [replaced(data, axis) or (1,)] * len(sizes)
    return [replaced(data, axis, n) for n in sizes]


@register("_split_v2", num_outputs=_split_v2_outputs, output_shapes=_split_v2_shapes)
def split_v2(data: Tensor, *, indices: Shape, axis: int = 1, squeeze_axis: bool = False,
             sections: int = 0) -> list[Tensor]:
    """Split along `axis` into `sections` equal pieces, or into pieces that begin at `indices` (the first at 0)."""
    axis = _check_axis("_split_v2", data, axis)
    size = data.shape[axis]
    if sections:
        if size % sections:
            raise MXNetError(f"_split_v2: axis {axis} of size {size} does not split into {sections} equal pieces")
        bounds = [size // sections * i for i in range(sections)]
    else:
        bounds = list(indices)
    ends = [*bounds[1:], size]
    if not bounds or bounds[0] != 0 or any(b > e for b, e in zip(bounds, ends, strict=True)):
        raise MXNetError(f"_split_v2: indices={tuple(indices)} must rise from 0 to at most the size {size} of axis "
                         f"{axis}")
    if squeeze_axis and any(e - b != 1 for b, e in zip(bounds, ends, strict=True)):
        raise MXNetError(f"_split_v2: squeeze_axis wants pieces of size 1 along axis {axis}, got "
                         f"indices={tuple(indices)}")
    pieces = [data.narrow(axis, b, e - b) for b, e in zip(bounds, ends, strict=True)]
    return _owned(_squeezed(pieces, axis, squeeze_axis))


@rule
def _crop_outputs(attrs, data, *like):
    fit(len(data) == 4, len(like) < 2)
    height, width = like[0][2:] if like else attrs["h_w"]
    offset = (0, 0) if attrs["center_crop"] else attrs["offset"]
    for size, part, first in zip(data[2:], (height, width), offset, strict=True):
        fit(part != 0, part >= 0 or bool(like), size < 0 or first + part <= size, first >= 0)
    return [(*data[:2], height, width)]


@register("Crop", output_shapes=_crop_outputs)
def crop(*data: Tensor, offset: Shape = (0, 0), h_w: Shape = (0, 0), center_crop: bool = False) -> Tensor:
    """Cut a window out of (N, C, H, W), as high and wide as `h_w` or as the second input if there is one.

    Its upper left corner is at `offset` (y, x), or such that the window is in the middle (`center_crop`).
    Deprecated in MXNet in favour of `slice`.
    """
    if len(data) not in (1, 2):
        raise MXNetError(f"Crop: 1 or 2 inputs are expected, got {len(data)}")
    if data[0].dim() != 4:
        raise MXNetError(f"Crop: data must be 4-d (N, C, H, W), got shape {tuple(data[0].shape)}")
    height, width = data[1].shape[2:] if len(data) == 2 else h_w
    spare = data[0].shape[2] - height, data[0].shape[3] - width
    top, left = (spare[0] // 2, spare[1] // 2) if center_crop else offset
    if not (height > 0 and width > 0 and 0 <= top <= spare[0] and 0 <= left <= spare[1]):
        raise MXNetError(f"Crop: a window of {height} x {width} at offset ({top}, {left}) does not fit in an array "
                         f"of shape {tuple(data[0].shape)}")
    return data[0][:, :, top:top + height, left:left + width].clone(memory_format=torch.contiguous_format)
