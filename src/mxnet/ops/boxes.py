"""Boxes of object detection: overlaps, non-maximum suppression, matching, and their encoding against anchors.

A box is four numbers: (left, top, right, bottom), or (centre x, centre y, width, height) in the format "center".
What selects or compares boxes has a gradient of zero, as in MXNet, except that box_nms passes that of the kept ones.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from .._state import state
from ..base import TORCH_TO_NAME, MXNetError
from ._nms import places_in_lists, ranked, shares, survivors, with_areas
from ._shapes import fit, rule
from .registry import register
from .unary import require_float

__all__ = ["bipartite_matching", "box_decode", "box_encode", "box_iou", "box_nms", "corners_of", "has_values",
           "same_dtype", "when_unknown"]

Format = Literal["center", "corner"]

_PAIRS = 2**17  # pairs of boxes that box_iou looks at in one go


def has_values(tensor: Tensor) -> bool:
    """False inside a shape inference, where an operator must not ask what is in its inputs."""
    return state.solver is None and not tensor.is_meta


def same_dtype(op: str, *tensors: Tensor | None) -> None:
    """MXNetError unless all tensors (None aside) are of the dtype of the first."""
    expected = tensors[0].dtype
    for position, tensor in enumerate(tensors):
        if tensor is not None and tensor.dtype is not expected:
            raise MXNetError(f"{op}: expected {TORCH_TO_NAME[expected]} for input {position}, "
                             f"got {TORCH_TO_NAME[tensor.dtype]}")


def when_unknown(rule: Callable) -> Callable:
    """An `output_shapes=` rule for inputs of which some sizes are unknown (-1), from rule(attrs, *input_shapes).

    Where all sizes are known the operator itself is asked: it checks them.
    """

    def output_shapes(attrs, inputs):
        if None in inputs or all(min(shape, default=0) >= 0 for shape in inputs):
            return []
        return rule(attrs, *inputs)

    return output_shapes


# -------------------------------------------------------------------------------------------------- overlaps


def corners_of(boxes: Tensor, form: Format) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(left, top, right, bottom) of boxes of shape (..., 4), each of shape (...)."""
    if form == "corner":
        return boxes.unbind(-1)
    x, y, width, height = boxes.unbind(-1)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _areas(boxes: Tensor, form: Format) -> Tensor:
    left, top, right, bottom = boxes.unbind(-1)
    width, height = (right, bottom) if form == "center" else (right - left, bottom - top)
    return torch.where((width < 0) | (height < 0), 0, width * height)


@register("_contrib_box_iou", output_shapes=when_unknown(lambda attrs, lhs, rhs: [lhs[:-1] + rhs[:-1]]))
def box_iou(lhs: Tensor, rhs: Tensor, *, format: Format = "corner") -> Tensor:
    """Intersection over union of each box of `lhs` with each of `rhs`.

    lhs: (*a, 4), rhs: (*b, 4), both of at least two axes.  Returns (*a, *b).
    """
    for name, boxes in (("lhs", lhs), ("rhs", rhs)):
        if boxes.dim() < 2 or boxes.shape[-1] != 4:
            raise MXNetError(f"_contrib_box_iou: {name} of shape {tuple(boxes.shape)} must be (..., boxes, 4)")
    same_dtype("_contrib_box_iou", lhs, rhs)
    require_float("_contrib_box_iou", lhs)
    shape = lhs.shape[:-1] + rhs.shape[:-1]
    if not has_values(lhs):
        return lhs.new_empty(shape)
    left, right = (with_areas(*corners_of(boxes, format), _areas(boxes, format))
                   for boxes in (lhs.detach().reshape(-1, 4), rhs.detach().reshape(-1, 4)))
    result = lhs.new_empty((left.shape[1], right.shape[1]))
    step = max(1, _PAIRS // max(right.shape[1], 1))
    for some, rows in zip(left.split(step, 1), result.split(step), strict=True):
        rows.copy_(shares(some[..., None], right[:, None]).nan_to_num_(0, torch.inf))
    return result.reshape(shape)


# --------------------------------------------------------------------------------------- non-maximum suppression


class _Selection(torch.autograd.Function):
    """`result` forward; backward the gradient of row i goes to row `source[i]`, nowhere for -1."""

    @staticmethod
    def forward(ctx, data, source, result):
        ctx.save_for_backward(source)
        return result.clone()

    @staticmethod
    def backward(ctx, grad):
        source = ctx.saved_tensors[0]
        grad = grad * (source >= 0).to(grad.dtype)
        return torch.zeros_like(grad).scatter_add_(-2, source.clamp(min=0).expand_as(grad), grad), None, None


def _check_nms(data: Tensor, start: int, score: int, identity: int) -> None:
    name = "_contrib_box_nms"
    if data.dim() < 2:
        raise MXNetError(f"{name}: data of shape {tuple(data.shape)} must be (..., number of boxes, width of a box)")
    width = data.shape[-1]
    if not 0 <= score < width:
        raise MXNetError(f"{name}: score_index={score} is out of the range of rows of width {width}")
    if not 0 <= start < width - 3:
        raise MXNetError(f"{name}: coord_start={start} leaves no four coordinates in rows of width {width}")
    if identity >= width:
        raise MXNetError(f"{name}: id_index={identity} is out of the range of rows of width {width}")
    require_float(name, data)


def _convert(boxes: Tensor, source: Format, target: Format) -> Tensor:
    """Boxes in the other format; MXNet leaves those alone whose first coordinate is negative."""
    if source == target:
        return boxes
    if target == "corner":
        converted = torch.stack(corners_of(boxes, "center"), -1)
    else:
        left, top, right, bottom = boxes.unbind(-1)
        converted = torch.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], -1)
    return torch.where(boxes[..., :1] < 0, boxes, converted)


@rule
def _nms_outputs(attrs, data):
    width = data[-1]
    fit(len(data) > 1, width < 0 or (0 <= attrs["score_index"] < width and 0 <= attrs["coord_start"] < width - 3
                                     and attrs["id_index"] < width))
    return [data, (*data[:-1], 1)]


@register("_contrib_box_nms", "_contrib_box_non_maximum_suppression", num_outputs=2, visible=1,
          output_shapes=_nms_outputs)
def box_nms(data: Tensor, *, overlap_thresh: float = 0.5, valid_thresh: float = 0.0, topk: int = -1,
            coord_start: int = 2, score_index: int = 1, id_index: int = -1, background_id: int = -1,
            force_suppress: bool = False, in_format: Format = "corner",
            out_format: Format = "corner") -> tuple[Tensor, Tensor]:
    """Non-maximum suppression: of boxes that overlap by more than `overlap_thresh` the best one stays.

    data: (..., number of boxes, width), a row with its score at `score_index` and coordinates from `coord_start`.
    Rows with score > valid_thresh take part, not those of class `background_id` where `id_index` >= 0 tells the
    class; then boxes of different classes do not remove each other unless `force_suppress`.  Only the `topk` best
    take part (all for -1; with 0 the data is returned as it is).

    Returns the rows that stay, best first, then rows of -1; hidden, (..., number of boxes, 1), where each came from.
    """
    _check_nms(data, coord_start, score_index, id_index)
    count, width = data.shape[-2:]
    rows = data.detach().reshape(-1, count, width)
    source = torch.full(rows.shape[:2], -1, device=data.device)
    chosen = torch.full_like(rows, -1)
    if topk == 0:
        source, chosen = torch.arange(count, device=data.device).expand_as(source), rows.clone()
    elif has_values(data):
        valid = rows[..., score_index] > valid_thresh
        if id_index >= 0:
            valid &= rows[..., id_index] != background_id
        image, index, _ = ranked(rows[..., score_index], valid, topk)
        found, coords = rows[image, index], slice(coord_start, coord_start + 4)
        classes = found[:, id_index].int() if id_index >= 0 and not force_suppress else None
        kept = _nms_of_images(found[:, coords], image, classes, len(rows), overlap_thresh, in_format)
        found, image = found[kept], image[kept]
        found[:, coords] = _convert(found[:, coords], in_format, out_format)
        place = places_in_lists(image, len(rows))
        source[image, place], chosen[image, place] = index[kept], found
    chosen, source = chosen.reshape(data.shape), source.reshape(*data.shape[:-1], 1)
    if data.requires_grad:
        chosen = _Selection.apply(data, source, chosen)
    return chosen, source.to(data.dtype)


def _nms_of_images(boxes: Tensor, image: Tensor, classes: Tensor | None, images: int, threshold: float,
                   form: Format) -> Tensor:
    """Indices of the boxes (n, 4) that stay, in order."""
    lists = image if images > 1 else None
    if classes is not None:
        lists = image * 2**32 + classes
    return survivors(with_areas(*corners_of(boxes, form), _areas(boxes, form)), lists, threshold)


# -------------------------------------------------------------------------------------------------- matching

_SCORES = 2**12  # so many are matched faster by a loop over them than by an array's worth of work for each pair


def _matched(scores: Tensor, limit: float, most: int) -> tuple[Tensor, Tensor]:
    """Rows and columns that belong together, at most so many; scores: (rows, columns)."""
    values, order = scores.flatten().sort(descending=True, stable=True)
    width, found = scores.shape[1], {}
    rows = set()
    for score, place in zip(values.tolist(), order.tolist(), strict=True):
        row, column = divmod(place, width)
        if not score > limit or len(found) == most:
            break
        if row not in rows and column not in found:
            rows.add(row)
            found[column] = row
    pairs = torch.tensor([*found.values(), *found], dtype=torch.int64, device=scores.device)
    return pairs[:len(found)], pairs[len(found):]


@register("_contrib_bipartite_matching", num_outputs=2,
          output_shapes=when_unknown(lambda attrs, data: [data[:-1], (*data[:-2], data[-1])]))
def bipartite_matching(data: Tensor, *, is_ascend: bool = False, threshold: float,
                       topk: int = -1) -> tuple[Tensor, Tensor]:
    """Greedy matching of rows and columns by their scores, the best pair first.

    data: (..., rows, columns) scores, better when larger (smaller with `is_ascend`); pairs whose score is not better
    than `threshold` are not matched.  Returns, in the dtype of `data`, the column of each row (..., rows) and the row
    of each column (..., columns), -1 for those without.
    """
    if data.dim() < 2:
        raise MXNetError(f"_contrib_bipartite_matching: data of shape {tuple(data.shape)} must be (..., rows, columns)")
    require_float("_contrib_bipartite_matching", data)
    rows, columns = data.shape[-2:]
    scores = data.detach().reshape(-1, rows, columns)
    scores, limit = (-scores, -threshold) if is_ascend else (scores.clone(), threshold)
    row_match = scores.new_full((len(scores), rows), -1)
    column_match = scores.new_full((len(scores), columns), -1)
    rounds = min(rows, columns) if has_values(data) else 0
    if rounds and scores.numel() <= _SCORES:
        for image, one in enumerate(scores):
            row, column = _matched(one, limit, min(rounds, topk + 1) if topk > 0 else rounds)
            row_match[image, row], column_match[image, column] = column.to(data.dtype), row.to(data.dtype)
        rounds = 0
    best, place = scores.max(2) if rounds else (None, None)  # of each row
    for _ in range(min(rounds, topk + 1) if topk > 0 else rounds):
        score, row = best.max(1)
        image = (score > limit).nonzero().flatten()
        if not len(image):
            break
        row = row[image]
        column = place[image, row]
        row_match[image, row] = column.to(data.dtype)
        column_match[image, column] = row.to(data.dtype)
        scores[image, :, column] = -torch.inf
        best[image, row] = -torch.inf
        lost = ((place[image] == column[:, None]) & (best[image] > limit)).nonzero()  # whose best column is taken now
        lost = image[lost[:, 0]], lost[:, 1]
        best[lost], place[lost] = scores[lost].max(1)
    return row_match.reshape(data.shape[:-1]), column_match.reshape(*data.shape[:-2], columns)


# ------------------------------------------------------------------------------------------- encoding of boxes


def _center_of(boxes: Tensor, form: Format) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(centre x, centre y, width, height), each of shape (...)."""
    if form == "center":
        return boxes.unbind(-1)
    left, top, right, bottom = boxes.unbind(-1)
    width, height = right - left, bottom - top
    return left + width * 0.5, top + height * 0.5, width, height


def _encode_shapes(attrs, samples, matches, anchors, refs, means, stds):
    return [samples, matches, anchors, refs, (4,), (4,)]


@register("_contrib_box_encode", num_outputs=2, shapes=_encode_shapes,
          output_shapes=when_unknown(lambda attrs, *inputs: [inputs[2]] * 2))
def box_encode(samples: Tensor, matches: Tensor, anchors: Tensor, refs: Tensor, means: Tensor,
               stds: Tensor) -> tuple[Tensor, Tensor]:
    """Targets of box regression: the offsets from anchors to the boxes that they are matched with.

    samples: (batch, n), above 0.5 for anchors that are matched.  matches: (batch, n), the index of the box.
    anchors: (batch, n, 4) and refs: (batch, m, 4), as corners.  means, stds: (4,), to normalize the offsets with.
    Returns (batch, n, 4) offsets (x, y, log width, log height), 0 where not matched, and a mask of that shape.
    """
    name = "_contrib_box_encode"
    for what, tensor, rank in (("samples", samples, 2), ("matches", matches, 2), ("anchors", anchors, 3),
                               ("refs", refs, 3)):
        if tensor.dim() != rank:
            raise MXNetError(f"{name}: {what} of shape {tuple(tensor.shape)} must have {rank} axes")
    for what, tensor in (("means", means), ("stds", stds)):
        if tuple(tensor.shape) != (4,):
            raise MXNetError(f"{name}: {what} must be of shape (4,), got {tuple(tensor.shape)}")
    inputs = samples, matches, anchors, refs, means, stds
    same_dtype(name, *inputs)
    samples, matches, anchors, refs, means, stds = (tensor.detach() for tensor in inputs)
    index = matches.long().clamp(0, refs.shape[1] - 1)[..., None].expand(-1, -1, 4)
    x, y, width, height = _center_of(refs.expand(len(matches), -1, -1).gather(1, index), "corner")
    anchor_x, anchor_y, anchor_width, anchor_height = _center_of(anchors, "corner")
    offsets = torch.stack([(x - anchor_x) / anchor_width, (y - anchor_y) / anchor_height,
                           (width / anchor_width).log(), (height / anchor_height).log()], -1)
    matched = (samples > 0.5)[..., None].expand_as(offsets)
    return torch.where(matched, (offsets - means) / stds, 0), matched.to(offsets.dtype)


@register("_contrib_box_decode", output_shapes=when_unknown(lambda attrs, data, anchors: [data]))
def box_decode(data: Tensor, anchors: Tensor, *, std0: float = 1.0, std1: float = 1.0, std2: float = 1.0,
               std3: float = 1.0, clip: float = -1.0, format: Format = "center") -> Tensor:
    """Boxes, as corners, from offsets against anchors; see box_encode.

    data: (batch, n, 4) offsets.  anchors: (1, n, 4) in `format`.  clip: the most that the logarithms of width and
    height may be, if positive.
    """
    for what, tensor in (("data", data), ("anchors", anchors)):
        if tensor.dim() != 3 or tensor.shape[-1] != 4:
            raise MXNetError(f"_contrib_box_decode: {what} of shape {tuple(tensor.shape)} must be (batch, n, 4)")
    if anchors.shape[0] != 1:
        raise MXNetError(f"_contrib_box_decode: anchors of shape {tuple(anchors.shape)} must be (1, n, 4)")
    same_dtype("_contrib_box_decode", data, anchors)
    x, y, width, height = data.detach().unbind(-1)
    anchor_x, anchor_y, anchor_width, anchor_height = _center_of(anchors.detach(), format)
    x = x * std0 * anchor_width + anchor_x
    y = y * std1 * anchor_height + anchor_y
    width, height = width * std2, height * std3
    if clip > 0:
        width, height = width.clamp(max=clip), height.clamp(max=clip)
    width, height = width.exp() * anchor_width * 0.5, height.exp() * anchor_height * 0.5
    return torch.stack([x - width, y - height, x + width, y + height], -1)
