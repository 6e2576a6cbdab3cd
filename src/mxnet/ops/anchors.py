"""Detectors with anchors: the anchors, their training targets, and the detections or proposals read off them.

SSD (Liu et al. 2016): MultiBoxPrior, MultiBoxTarget, MultiBoxDetection, in shares of the image's size.
Faster R-CNN (Ren et al. 2015): Proposal, MultiProposal, in pixels.  Nothing here passes a gradient.
"""

from math import floor, sqrt

import torch
from torch import Tensor

from ..base import TORCH_TO_NAME, MXNetError
from ._nms import places_in_lists, ranked, survivors, with_areas
from ._shapes import count, fit, rule, same
from .boxes import corners_of, has_values
from .registry import register

__all__ = ["multi_proposal", "multibox_detection", "multibox_prior", "multibox_target", "proposal"]

_Floats = tuple[float, ...]


def _check(op: str, name: str, tensor: Tensor, axes: str) -> None:
    """MXNetError unless `tensor` is of float32 and has the axes that a text as "batch, channel" names."""
    if tensor.dtype is not torch.float32:
        raise MXNetError(f"{op}: {name} must be of type float32, got {TORCH_TO_NAME[tensor.dtype]}")
    if tensor.dim() != len(axes.split(", ")):
        raise MXNetError(f"{op}: {name} of shape {tuple(tensor.shape)} must be ({axes})")


def _check_length(op: str, name: str, values: _Floats, count: int) -> None:
    if len(values) != count:
        raise MXNetError(f"{op}: {name}={values} must have {count} numbers")


# ------------------------------------------------------------------------------------------------------ SSD


@rule
def _prior_shapes(attrs, data):
    steps = attrs["steps"]
    each = len(attrs["sizes"]) + len(attrs["ratios"]) - 1
    fit(len(data) == 4, len(steps) == len(attrs["offsets"]) == 2, steps[0] * steps[1] >= 0, attrs["sizes"] != (),
        attrs["ratios"] != ())
    pixels = count(data[2:])
    return [(1, pixels * each if pixels >= 0 else -1, 4)]


@register("_contrib_MultiBoxPrior", output_shapes=_prior_shapes)
def multibox_prior(data: Tensor, *, sizes: _Floats = (1.0,), ratios: _Floats = (1.0,), clip: bool = False,
                   steps: _Floats = (-1.0, -1.0), offsets: _Floats = (0.5, 0.5)) -> Tensor:
    """Anchors around every pixel of a feature map, as corners in shares of the image's size.

    data: (batch, channel, height, width).  Each pixel gets len(sizes) + len(ratios) - 1 anchors: those of each size
    with the first ratio (of width to height), then those of the first size with each further ratio.
    steps, offsets: (y, x); pixel i lies at (i + offset) * step, by default with step 1 / height and 1 / width.
    Returns (1, height * width * anchors of a pixel, 4).
    """
    name = "_contrib_MultiBoxPrior"
    _check(name, "data", data, "batch, channel, height, width")
    _check_length(name, "steps", steps, 2)
    _check_length(name, "offsets", offsets, 2)
    if not sizes or not ratios:
        raise MXNetError(f"{name}: sizes={sizes} and ratios={ratios} must not be empty")
    if steps[0] * steps[1] < 0:
        raise MXNetError(f"{name}: steps={steps} must have both numbers")
    rows, columns = data.shape[2:]
    step_y, step_x = steps if min(steps) > 0 else (1 / rows, 1 / columns)
    y = (torch.arange(rows, device=data.device, dtype=torch.float32) + offsets[0]) * step_y
    x = (torch.arange(columns, device=data.device, dtype=torch.float32) + offsets[1]) * step_x
    shapes = [(size, ratios[0]) for size in sizes] + [(sizes[0], ratio) for ratio in ratios[1:]]
    root = [sqrt(ratio) for _, ratio in shapes]
    half_width = data.new_tensor([size * r / 2 for (size, _), r in zip(shapes, root, strict=True)]) * rows / columns
    half_height = data.new_tensor([size / 2 for size, _ in shapes]) / data.new_tensor(root)
    y, x = y[:, None, None], x[None, :, None]
    anchors = torch.stack(torch.broadcast_tensors(x - half_width, y - half_height, x + half_width, y + half_height), -1)
    anchors = anchors.reshape(1, -1, 4)
    return anchors.clamp(0, 1) if clip else anchors


def _overlaps(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of boxes (..., 4), as corners, that broadcast against each other; 0 where undefined."""
    left, top, right, bottom = corners_of(first, "corner")
    left_, top_, right_, bottom_ = corners_of(second, "corner")
    width = torch.minimum(right, right_).sub_(torch.maximum(left, left_)).clamp_(min=0)
    height = torch.minimum(bottom, bottom_).sub_(torch.maximum(top, top_)).clamp_(min=0)
    common = width.mul_(height)
    union = torch.add((right - left) * (bottom - top), (right_ - left_) * (bottom_ - top_), out=height).sub_(common)
    return common.div_(union).masked_fill_(union <= 0, 0)


def _labelled(label: Tensor) -> Tensor:
    """(batch, labels) bool: the rows before the first one of class -1; only rows of -1 may follow."""
    there = (label[..., 0] != -1).long().cumprod(1).bool()
    if has_values(label) and bool(((label[..., 1] != -1) & ~there).any()):
        raise MXNetError("_contrib_MultiBoxTarget: behind a label of class -1 there must be none but rows of -1")
    return there


def _matches(overlaps: Tensor, threshold: float) -> Tensor:
    """(batch, anchors): the label that each anchor shall find, or -1.

    overlaps: (batch, anchors, labels), -1 for labels that do not exist.  Each label in turn, the best pair first, gets
    an anchor of its own; then every other anchor takes its best label if that overlaps by more than `threshold`.
    """
    batch, _, labels = overlaps.shape
    each = torch.arange(batch, device=overlaps.device)
    match = overlaps.new_full(overlaps.shape[:2], -1, dtype=torch.long)
    left = overlaps.clone()
    for _ in range(labels):
        best, place = left.flatten(1).max(1)
        anchor, label = place // labels, place % labels
        match[each, anchor] = torch.where(best > 1e-6, label, match[each, anchor])
        left[each, anchor] = -1
        left[each, :, label] = -1
    if threshold > 0:
        best, label = overlaps.max(2)
        match = torch.where((match < 0) & (best > threshold), label, match)
    return match


def _hard_negatives(match: Tensor, overlaps: Tensor, cls_pred: Tensor, ratio: float, threshold: float) -> Tensor:
    """(batch, anchors) bool: those without a label in which the background is believed in least."""
    positive = match >= 0
    positives = positive.sum(1)
    count = torch.minimum((positives.float() * ratio).long(), match.shape[1] - positives)
    candidate = ~positive & (overlaps.amax(2) < threshold)
    if has_values(match) and bool((candidate.sum(1) < count).any()):
        raise MXNetError(f"_contrib_MultiBoxTarget: fewer anchors than negative_mining_ratio={ratio} asks for overlap "
                         f"their labels by less than negative_mining_thresh={threshold}")
    background = cls_pred.softmax(1)[:, 0].masked_fill(~candidate, torch.inf)
    rank = background.argsort(dim=1, stable=True).argsort(dim=1)
    return candidate & (rank < count[:, None])


def _offsets(anchor: Tensor, boxes: Tensor, variances: _Floats) -> Tensor:
    """What takes `anchor` to `boxes`, both (..., 4) as corners: shifts in its size, logarithms of factors."""
    anchor_left, anchor_top, anchor_right, anchor_bottom = corners_of(anchor, "corner")
    left, top, right, bottom = corners_of(boxes, "corner")
    anchor_width, anchor_height = anchor_right - anchor_left, anchor_bottom - anchor_top
    offsets = [((left + right) - (anchor_left + anchor_right)) * 0.5 / anchor_width,
               ((top + bottom) - (anchor_top + anchor_bottom)) * 0.5 / anchor_height,
               ((right - left) / anchor_width).log(), ((bottom - top) / anchor_height).log()]
    return torch.stack([offset / variance for offset, variance in zip(offsets, variances, strict=True)], -1)


@rule
def _target_shapes(attrs, anchor, label, cls_pred):
    fit(len(anchor) == len(label) == len(cls_pred) == 3, same(anchor[0], 1), same(anchor[2], 4),
        label[2] < 0 or label[2] >= 5, same(cls_pred[2], anchor[1]), len(attrs["variances"]) == 4)
    anchors = max(anchor[1], cls_pred[2])
    return [(label[0], 4 * anchors if anchors > 0 else -1)] * 2 + [(label[0], anchors)]


@register("_contrib_MultiBoxTarget", num_outputs=3, output_shapes=_target_shapes,
          output_names=("loc_target", "loc_mask", "cls_target"))
def multibox_target(anchor: Tensor, label: Tensor, cls_pred: Tensor, *, overlap_threshold: float = 0.5,
                    ignore_label: float = -1.0, negative_mining_ratio: float = -1.0,
                    negative_mining_thresh: float = 0.5, minimum_negative_samples: int = 0,
                    variances: _Floats = (0.1, 0.1, 0.2, 0.2)) -> tuple[Tensor, Tensor, Tensor]:
    """What a detector with these anchors shall learn.

    anchor: (1, anchors, 4).  label: (batch, labels, 5 or more), rows (class, left, top, right, bottom, ...), filled up
    with rows of -1.  cls_pred: (batch, classes + 1, anchors), class 0 the background.
    negative_mining_ratio: how many anchors without a label learn "background" for each one with a label, the hardest
    first (all for -1); the others learn nothing: `ignore_label`.  `minimum_negative_samples` changes nothing.

    Returns offsets (batch, 4 * anchors) in units of `variances`, their mask, and classes (batch, anchors).
    """
    name = "_contrib_MultiBoxTarget"
    _check(name, "anchor", anchor, "1, anchors, 4")
    _check(name, "label", label, "batch, labels, width of a label")
    _check(name, "cls_pred", cls_pred, "batch, classes, anchors")
    _check_length(name, "variances", variances, 4)
    if anchor.shape[0] != 1 or anchor.shape[2] != 4:
        raise MXNetError(f"{name}: anchor of shape {tuple(anchor.shape)} must be (1, anchors, 4)")
    if label.shape[2] < 5:
        raise MXNetError(f"{name}: label of shape {tuple(label.shape)} must have rows of 5 numbers at least")
    if cls_pred.shape[2] != anchor.shape[1]:
        raise MXNetError(f"{name}: cls_pred is for {cls_pred.shape[2]} anchors, but there are {anchor.shape[1]}")
    anchor, label, cls_pred = anchor.detach(), label.detach(), cls_pred.detach()
    there = _labelled(label)
    overlaps = _overlaps(anchor[:, :, None], label[:, None, :, 1:5]).masked_fill(~there[:, None], -1)
    match = _matches(overlaps, overlap_threshold)
    positive = match >= 0
    negative = ~positive
    if negative_mining_ratio > 0:
        negative = _hard_negatives(match, overlaps, cls_pred, negative_mining_ratio, negative_mining_thresh)
    negative = negative & there[:, :1]
    found = label.gather(1, match.clamp(min=0)[..., None].expand(-1, -1, label.shape[2]))
    mask = positive[..., None].expand(-1, -1, 4)
    offsets = torch.where(mask, _offsets(anchor, found[..., 1:5], variances), 0)
    classes = torch.where(negative, 0, ignore_label).to(label.dtype)
    classes = torch.where(positive, found[..., 0] + 1, classes)
    return offsets.flatten(1), mask.flatten(1).to(label.dtype), classes


@rule
def _detection_shapes(attrs, cls_prob, loc_pred, anchor):
    batch, _, anchors = cls_prob
    fit(len(loc_pred) == 2, same(loc_pred[0], batch), loc_pred[1] < 0 or same(loc_pred[1], anchors * 4),
        all(map(same, anchor, (1, anchors, 4))), len(anchor) == 3, len(attrs["variances"]) == 4)
    return [(batch, anchors, 6)]


@register("_contrib_MultiBoxDetection", output_shapes=_detection_shapes)
def multibox_detection(cls_prob: Tensor, loc_pred: Tensor, anchor: Tensor, *, clip: bool = True,
                       threshold: float = 0.01, background_id: int = 0, nms_threshold: float = 0.5,
                       force_suppress: bool = False, variances: _Floats = (0.1, 0.1, 0.2, 0.2),
                       nms_topk: int = -1) -> Tensor:
    """Detections from the predictions of an SSD, after non-maximum suppression.

    cls_prob: (batch, classes + 1, anchors), class 0 the background whatever `background_id` says.
    loc_pred: (batch, 4 * anchors) offsets.  anchor: (1, anchors, 4).
    An anchor whose best class has less than `threshold` is dropped; of boxes of one class (of any, with
    `force_suppress`) that overlap by `nms_threshold` or more the best one stays, where that is in (0, 1].

    Returns (batch, anchors, 6), rows (class, probability, left, top, right, bottom), best first; class -1 for those
    that were suppressed or came after the `nms_topk` best; at the end rows of -1.
    """
    name = "_contrib_MultiBoxDetection"
    _check(name, "cls_prob", cls_prob, "batch, classes, anchors")
    _check(name, "loc_pred", loc_pred, "batch, 4 * anchors")
    _check(name, "anchor", anchor, "1, anchors, 4")
    _check_length(name, "variances", variances, 4)
    batch, classes, count = cls_prob.shape
    if loc_pred.shape != (batch, count * 4) or anchor.shape != (1, count, 4):
        raise MXNetError(f"{name}: cls_prob is for {count} anchors, but loc_pred has shape {tuple(loc_pred.shape)} "
                         f"and anchor {tuple(anchor.shape)}")
    rows = cls_prob.new_full((batch, count, 6), -1)
    if classes < 2 or not has_values(cls_prob):
        return rows
    score, label = cls_prob.detach()[:, 1:].max(1)
    boxes = _boxes_at(loc_pred.detach().reshape(batch, count, 4), anchor.detach(), variances)
    if clip:
        boxes = boxes.clamp(0, 1)
    found = torch.cat([label[..., None].to(score.dtype), score[..., None], boxes], -1)
    valid = (score >= threshold) & (score > -1)
    image, index = valid.nonzero().unbind(1)
    suppressing = 0 < nms_threshold <= 1
    if not suppressing or nms_topk > 0:  # else all are written again, in order
        rows[image, places_in_lists(image, batch)] = found[image, index]
    if suppressing:
        rows[..., 0] = -1
        image, index, place = ranked(score, valid, nms_topk)
        best, label = found[image, index], label[image, index]
        lists = image if force_suppress else image * classes + label
        kept = survivors(with_areas(*best[:, 2:].unbind(1)), lists, nms_threshold, or_equal=True)
        best[:, 0] = -1
        best[kept, 0] = label[kept].to(best.dtype)
        rows[image, place] = best
    return rows


def _boxes_at(offsets: Tensor, anchor: Tensor, variances: _Floats) -> Tensor:
    """Boxes as corners; the inverse of _offsets."""
    left, top, right, bottom = corners_of(anchor, "corner")
    width, height = right - left, bottom - top
    x, y, wider, higher = (o * v for o, v in zip(offsets.unbind(-1), variances, strict=True))
    x, y = x * width + (left + right) / 2, y * height + (top + bottom) / 2
    width, height = wider.exp() * width / 2, higher.exp() * height / 2
    return torch.stack([x - width, y - height, x + width, y + height], -1)


# ----------------------------------------------------------------------------------------------- Faster R-CNN


def _base_anchors(stride: int, scales: _Floats, ratios: _Floats) -> list[list[float]]:
    """Anchors of the first pixel: of each ratio (of height to width), in each scale, the area of a pixel times scale².

    Corners count as pixels, so that a box from 0 to 15 is 16 wide; sides are rounded before they are scaled.
    """
    anchors, centre = [], (stride - 1) / 2
    for ratio in ratios:
        width = floor(sqrt(floor(stride * stride / ratio)) + 0.5)
        height = floor(width * ratio + 0.5)
        for scale in scales:
            x, y = (width * scale - 1) / 2, (height * scale - 1) / 2
            anchors.append([centre - x, centre - y, centre + x, centre + y])
    return anchors


def _grid_of_anchors(like: Tensor, stride: int, scales: _Floats, ratios: _Floats) -> Tensor:
    """(height, width, anchors, 4) for a feature map (batch, channel, height, width)."""
    rows, columns = like.shape[2:]
    base = like.new_tensor(_base_anchors(stride, scales, ratios))
    y = torch.arange(rows, device=like.device, dtype=like.dtype)[:, None, None] * stride
    x = torch.arange(columns, device=like.device, dtype=like.dtype)[None, :, None] * stride
    x, y = torch.broadcast_tensors(x, y)
    return base + torch.cat([x, y, x, y], -1)[:, :, None]


def _moved(anchors: Tensor, offsets: Tensor, iou_loss: bool) -> Tensor:
    """Anchors moved by the predicted offsets: those of their corners, or as in _offsets."""
    if iou_loss:
        return anchors + offsets
    left, top, right, bottom = corners_of(anchors, "corner")
    width, height = right - left + 1, bottom - top + 1
    x, y, wider, higher = offsets.unbind(-1)
    x, y = x * width + left + (width - 1) / 2, y * height + top + (height - 1) / 2
    width, height = (wider.exp() * width - 1) / 2, (higher.exp() * height - 1) / 2
    return torch.stack([x - width, y - height, x + width, y + height], -1)


def _candidates(cls_prob: Tensor, bbox_pred: Tensor, im_info: Tensor, anchors: Tensor, stride: int, min_size: int,
                iou_loss: bool) -> tuple[Tensor, Tensor]:
    """Boxes (n, 4) and scores (n,) of one image; -1 for those outside of the image or too small, which grow."""
    rows, columns, count, _ = anchors.shape
    height, width, scale = im_info.unbind()
    offsets = bbox_pred.reshape(count, 4, rows, columns).permute(2, 3, 0, 1)
    scores = cls_prob[count:].permute(1, 2, 0)
    boxes = _moved(anchors, offsets, iou_loss)
    most = torch.stack([width, height, width, height]) - 1
    boxes = torch.minimum(boxes, most).clamp(min=0)
    row = torch.arange(rows, device=scores.device)[:, None, None]
    column = torch.arange(columns, device=scores.device)[None, :, None]
    outside = (row >= (height / stride).long()) | (column >= (width / stride).long())
    least = min_size * scale
    small = ((boxes[..., 2:] - boxes[..., :2] + 1) < least).any(-1)
    grown = torch.cat([boxes[..., :2] - least / 2, boxes[..., 2:] + least / 2], -1)
    boxes = torch.where(small[..., None], grown, boxes)
    return boxes.reshape(-1, 4), scores.masked_fill(outside | small, -1).reshape(-1)


def _best_boxes(boxes: Tensor, scores: Tensor, before: int, after: int, threshold: float) -> tuple[Tensor, Tensor]:
    """`after` boxes that survive non-maximum suppression among the best `before`, repeated when there are fewer."""
    order = scores.argsort(descending=True, stable=True)
    order = order[:before] if before > 0 else order
    boxes, scores = boxes[order], scores[order]
    left, top, right, bottom = boxes.unbind(1)
    kept = survivors(with_areas(left, top, right + 1, bottom + 1), None, threshold, enough=after)  # corners are pixels
    kept = kept[torch.arange(after, device=boxes.device) % min(len(kept), after)] if after else kept[:0]
    return boxes[kept], scores[kept][:, None]


def _propose(op: str, cls_prob: Tensor, bbox_pred: Tensor, im_info: Tensor, before: int, after: int, threshold: float,
             min_size: int, scales: _Floats, ratios: _Floats, stride: int, iou_loss: bool) -> tuple[Tensor, Tensor]:
    """Proposals of all images and their scores."""
    _check(op, "cls_prob", cls_prob, "batch, 2 * anchors, height, width")
    batch, _, rows, columns = cls_prob.shape
    count = len(scales) * len(ratios)
    for name, tensor, shape in (("cls_prob", cls_prob, (batch, 2 * count, rows, columns)),
                                ("bbox_pred", bbox_pred, (batch, 4 * count, rows, columns)),
                                ("im_info", im_info, (batch, 3))):
        if tensor.shape != shape:
            raise MXNetError(f"{op}: {name} must be of shape {tuple(shape)} with {count} anchors, "
                             f"got {tuple(tensor.shape)}")
    rois = cls_prob.new_zeros((batch * after, 5))
    found = cls_prob.new_zeros((batch * after, 1))
    if has_values(cls_prob):
        anchors = _grid_of_anchors(cls_prob, stride, scales, ratios)
        for i, image in enumerate(zip(cls_prob.detach(), bbox_pred.detach(), im_info.detach(), strict=True)):
            boxes, scores = _candidates(*image, anchors, stride, min_size, iou_loss)
            here = slice(i * after, (i + 1) * after)
            rois[here, 0] = i
            rois[here, 1:], found[here] = _best_boxes(boxes, scores, before, after, threshold)
    return rois, found


def _proposal_shapes(attrs, cls_prob, bbox_pred, im_info):
    if cls_prob is None:
        return [cls_prob, bbox_pred, im_info]
    batch, channels, *size = cls_prob
    return [cls_prob, (batch, channels * 2, *size), (batch, 3)]


def _proposed_shapes(of_one: bool):
    @rule
    def output_shapes(attrs, cls_prob, bbox_pred, im_info):
        batch, channels, *size = cls_prob
        anchors = len(attrs["scales"]) * len(attrs["ratios"])
        fit(len(size) == 2, same(channels, 2 * anchors), len(bbox_pred) == 4, len(im_info) == 2,
            all(map(same, bbox_pred, (batch, 4 * anchors, *size))), all(map(same, im_info, (batch, 3))))
        images = 1 if of_one else batch
        proposed = attrs["rpn_post_nms_top_n"] * images if images >= 0 else -1
        return [(proposed, 5), (proposed, 1)]

    return output_shapes


_PROPOSAL = {"num_outputs": 2, "visible": lambda attrs: 2 if attrs["output_score"] else 1,
             "shapes": _proposal_shapes, "output_names": ("output", "score")}


@register("_contrib_Proposal", output_shapes=_proposed_shapes(of_one=True), **_PROPOSAL)
def proposal(cls_prob: Tensor, bbox_pred: Tensor, im_info: Tensor, *, rpn_pre_nms_top_n: int = 6000,
             rpn_post_nms_top_n: int = 300, threshold: float = 0.7, rpn_min_size: int = 16,
             scales: _Floats = (4.0, 8.0, 16.0, 32.0), ratios: _Floats = (0.5, 1.0, 2.0), feature_stride: int = 16,
             output_score: bool = False, iou_loss: bool = False) -> tuple[Tensor, Tensor]:
    """Regions that may hold an object, from the predictions of a region proposal network for one image.

    cls_prob: (1, 2 * anchors, height, width), the second half for "object".  bbox_pred: (1, 4 * anchors, height,
    width).  im_info: (1, 3): height, width and scale of the image.  Of the `rpn_pre_nms_top_n` best boxes those that
    overlap a better one by more than `threshold` go; the rest is cut or repeated to `rpn_post_nms_top_n`.
    Boxes smaller than rpn_min_size * scale come last.

    Returns (rpn_post_nms_top_n, 5), rows (0, left, top, right, bottom); and their scores, (rpn_post_nms_top_n, 1),
    visible with `output_score`.
    """
    name = "_contrib_Proposal"
    if cls_prob.dim() and cls_prob.shape[0] != 1 and has_values(cls_prob):
        raise MXNetError(f"{name}: cls_prob of shape {tuple(cls_prob.shape)} must be of one image; see MultiProposal")
    rois, scores = _propose(name, cls_prob, bbox_pred, im_info, rpn_pre_nms_top_n, rpn_post_nms_top_n, threshold,
                            rpn_min_size, scales, ratios, feature_stride, iou_loss)
    return rois[:rpn_post_nms_top_n], scores[:rpn_post_nms_top_n]


@register("_contrib_MultiProposal", output_shapes=_proposed_shapes(of_one=False), **_PROPOSAL)
def multi_proposal(cls_prob: Tensor, bbox_pred: Tensor, im_info: Tensor, *, rpn_pre_nms_top_n: int = 6000,
                   rpn_post_nms_top_n: int = 300, threshold: float = 0.7, rpn_min_size: int = 16,
                   scales: _Floats = (4.0, 8.0, 16.0, 32.0), ratios: _Floats = (0.5, 1.0, 2.0),
                   feature_stride: int = 16, output_score: bool = False,
                   iou_loss: bool = False) -> tuple[Tensor, Tensor]:
    """The Proposal operator for batches of images: (batch * rpn_post_nms_top_n, 5), rows begin with the image."""
    return _propose("_contrib_MultiProposal", cls_prob, bbox_pred, im_info, rpn_pre_nms_top_n, rpn_post_nms_top_n,
                    threshold, rpn_min_size, scales, ratios, feature_stride, iou_loss)
