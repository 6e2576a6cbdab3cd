"""Non-maximum suppression of many lists of boxes at once: what the operators of boxes.py and anchors.py share.

Lists are decided on together, padded to a common length, and pairs of boxes are looked at in blocks that stay in a
processor's cache.  Yes and no are 1 and 0 of the boxes' own dtype: on a CPU torch takes far longer to make booleans.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor

__all__ = ["places_in_lists", "ranked", "shares", "survivors", "with_areas"]

_BLOCK = 64  # boxes that are decided on at a time
_PAIRS = 2**16  # pairs of boxes that are looked at in one go
_LENGTHS = 1, 8, 32, 64, 128, 256, 512, 1024  # lists are padded to the next one; longer ones are not


def with_areas(left: Tensor, top: Tensor, right: Tensor, bottom: Tensor, area: Tensor | None = None) -> Tensor:
    """(5, ...): corners and areas of boxes, as `survivors` wants them."""
    return torch.stack([left, top, right, bottom, (right - left) * (bottom - top) if area is None else area])


def places_in_lists(lists: Tensor, count: int) -> Tensor:
    """The how-manieth of its list each element is; lists: (n,) numbers below `count`, in order."""
    if count == 1:
        return torch.arange(len(lists), device=lists.device)
    sizes = torch.bincount(lists, minlength=count)
    return torch.arange(len(lists), device=lists.device) - (sizes.cumsum(0) - sizes)[lists]


def ranked(scores: Tensor, valid: Tensor, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """(row, column, place in the row's ranking) of the elements that are valid, row after row, best first.

    scores, valid: (rows, columns).  Of a row the `most` best, if positive; equal ones keep their order.
    """
    rows, columns = scores.shape
    if 0 < most < columns // 4:  # leaves less to sort
        least = scores.masked_fill(~valid, -torch.inf).topk(most).values[:, -1:]
        valid = valid & (scores >= least)
    place = valid.flatten().nonzero()[:, 0]
    place = place[scores.flatten()[place].argsort(descending=True, stable=True)]
    row = place // columns
    if rows > 1:
        row, order = row.sort(stable=True)
        place = place[order]
    rank = places_in_lists(row, rows)
    if most > 0:
        chosen = (rank < most).nonzero()[:, 0]
        row, place, rank = row[chosen], place[chosen], rank[chosen]
    return row, place - row * columns, rank


def survivors(boxes: Tensor, lists: Tensor | None, threshold: float, *, or_equal: bool = False,
              enough: int | None = None) -> Tensor:
    """Which boxes stay when each that stays removes those behind it in its list that it overlaps with.

    boxes: (5, n), see `with_areas`.  lists: (n,) whole numbers, boxes of a list best first; None for a single list, of
    which those that stay after the first `enough` may lack.  They overlap if intersection over union is above
    `threshold`, or the same with `or_equal`.  Returns the indices of those that stay, in order.
    """
    overlap = partial(_overlapping, threshold=threshold, or_equal=or_equal)
    count = boxes.shape[1]
    if count <= 2 * _BLOCK:  # so few that sorting them into lists takes longer than to look at all pairs
        pairs = None if lists is None else (lists == lists[:, None]).to(boxes.dtype)
        return _of_block(boxes[:, None], boxes.new_ones(1, count), overlap, pairs).flatten().nonzero()[:, 0]
    if lists is None and count > _LENGTHS[-1]:
        return _of_long_list(boxes, overlap, enough)
    order, sizes = torch.arange(count, device=boxes.device), torch.tensor([count], device=boxes.device)
    if lists is not None:
        lists, order = lists.sort(stable=True)
        sizes = torch.unique_consecutive(lists, return_counts=True)[1]
        boxes = boxes[:, order]
    starts = sizes.cumsum(0) - sizes
    stay = [starts[sizes == 1]]
    for places, there in _padded(starts, sizes):
        decided = _of_short_lists(boxes[:, places], there.to(boxes.dtype), overlap)
        stay.append(places[decided > 0])
    long = sizes > _LENGTHS[-1]
    for start, size in zip(starts[long].tolist(), sizes[long].tolist(), strict=True):
        stay.append(_of_long_list(boxes[:, start:start + size], overlap, None) + start)
    return order[torch.cat(stay)].sort().values


def _padded(starts: Tensor, sizes: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Lists of about the same length, (lists, length): places of their elements, and whether they are there."""
    last = starts[-1:] + sizes[-1:] - 1
    for above, length in pairwise(_LENGTHS):
        chosen = ((sizes > above) & (sizes <= length)).nonzero()[:, 0]
        for some in chosen.split(_PAIRS // min(length, _BLOCK)**2) if len(chosen) else ():
            number = torch.arange(int(sizes[some].max()), device=sizes.device)
            yield torch.minimum(starts[some, None] + number, last), number < sizes[some, None]


_Overlap = Callable[[Tensor, Tensor], Tensor]


def shares(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of boxes (5, ...) that broadcast against each other; NaN where neither has an area."""
    left, top, right, bottom, area = first
    left_, top_, right_, bottom_, area_ = second
    width = torch.minimum(right, right_).sub_(torch.maximum(left, left_)).clamp_(min=0)
    common = torch.minimum(bottom, bottom_).sub_(torch.maximum(top, top_)).clamp_(min=0).mul_(width)
    return common.div_(torch.add(area, area_, out=width).sub_(common))


def _overlapping(first: Tensor, second: Tensor, threshold: float, or_equal: bool) -> Tensor:
    """1 where boxes that broadcast against each other overlap, else 0."""
    share = shares(first, second)
    if threshold < 0:  # a share of no area at all is 0
        share.nan_to_num_(0)
    return share.ge_(threshold) if or_equal else share.gt_(threshold)


def _of_block(block: Tensor, there: Tensor, overlap: _Overlap, pairs: Tensor | None = None) -> Tensor:
    """(lists, 1, block): 1 for the boxes of a block (5, lists, block) that stay, of those that are `there`.

    Only `pairs` that are 1 may remove each other.  Those that stay are the fixed point of "nobody before me stays and
    overlaps with me": what is decided grows by one place at least in each round.
    """
    clash = overlap(block[..., None], block[..., None, :]).triu_(1)
    if pairs is not None:
        clash.mul_(pairs)
    stay = there = there[:, None]
    while not torch.equal(stay, after := torch.matmul(stay, clash).eq_(0).mul_(there)):
        stay = after
    return stay


def _removed(stay: Tensor, block: Tensor, rest: Tensor, overlap: _Overlap) -> Iterator[Tensor]:
    """Piece by piece of `rest` (5, lists, n): (lists, piece), 0 for boxes that those of `block` that stay remove."""
    for piece in rest.split(max(_PAIRS // (block.shape[1] * block.shape[2]), _BLOCK), -1):
        yield torch.matmul(stay, overlap(block[..., None], piece[..., None, :])).eq_(0)[:, 0]


def _of_short_lists(boxes: Tensor, there: Tensor, overlap: _Overlap) -> Tensor:
    """(lists, length): 1 for the boxes (5, lists, length) that stay, of those that are `there`."""
    for start in range(0, boxes.shape[-1], _BLOCK):
        end = start + _BLOCK
        block = boxes[..., start:end]
        stay = _of_block(block, there[:, start:end], overlap)
        there[:, start:end] = stay[:, 0]
        if end < boxes.shape[-1]:
            there[:, end:].mul_(torch.cat(list(_removed(stay, block, boxes[..., end:], overlap)), 1))
    return there


def _of_long_list(boxes: Tensor, overlap: _Overlap, enough: int | None) -> Tensor:
    """`survivors` of a single list, in which nobody looks again at what has been removed."""
    left, stay, found = torch.arange(boxes.shape[1], device=boxes.device), [], 0
    boxes = boxes[:, None]
    while len(left) and (enough is None or found < enough):
        block, boxes = boxes[..., :_BLOCK], boxes[..., _BLOCK:]
        there = _of_block(block, block.new_ones(1, block.shape[-1]), overlap)
        chosen = there[0, 0].nonzero()[:, 0]
        stay.append(left[chosen])
        found += len(chosen)
        left = left[_BLOCK:]
        if len(left):
            block = block[..., chosen]
            kept = torch.cat(list(_removed(there[..., chosen], block, boxes, overlap)), 1)[0].nonzero()[:, 0]
            left, boxes = left[kept], boxes[..., kept]
    return torch.cat(stay) if stay else left
