"""Pooling of regions of interest: a grid of cells in each box of a list, over feature maps (batch, channel, y, x).

Boxes are rows (image, left, top, right, bottom) in pixels of the image, brought to the map by `spatial_scale`.
No box gets a gradient.  Cells that average are products of weights along y and x, so they are matrix products.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from ._shapes import fit, rule, same
from .boxes import has_values, same_dtype, when_unknown
from .registry import Shape, register
from .unary import to_nearest

__all__ = ["deformable_psroi_pooling", "psroi_pooling", "roi_align", "roi_pooling", "rroi_align"]

_PIECE = 2**20  # elements that an average may take on its way


def _check(op: str, data: Tensor, rois: Tensor, width: int, pooled: Shape, scale: float) -> float:
    """`scale` as MXNet has it, in float32: to which cell a pixel belongs may hang on the last digits of 0.1."""
    if data.dim() != 4:
        raise MXNetError(f"{op}: data of shape {tuple(data.shape)} must be (batch, channel, height, width)")
    if rois.dim() != 2 or rois.shape[1] != width:
        raise MXNetError(f"{op}: rois of shape {tuple(rois.shape)} must be (number of boxes, {width})")
    if len(pooled) != 2 or min(pooled) < 1:
        raise MXNetError(f"{op}: pooled_size={pooled} must be two positive numbers")
    if not 0 <= scale <= 1:
        raise MXNetError(f"{op}: spatial_scale={scale} must be within 0 and 1")
    same_dtype(op, data, rois)
    return float(np.float32(scale))


def _images(data: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """(boxes,) the image of each box, as an index that is there; and whether it is there."""
    image = rois[:, 0].long()
    return image.clamp(0, max(len(data) - 1, 0)), (image >= 0) & (image < len(data))


@when_unknown
def _pooled(attrs, data, rois, *trans):
    """The `output_shapes=` rule: a grid in each box, of all channels unless the operator tells how many."""
    size, channels = attrs["pooled_size"], attrs.get("output_dim", data[1])
    if attrs.get("position_sensitive"):
        channels = channels // (size[0] * size[1]) if channels > 0 else -1
    return [(rois[0], channels, *((size, size) if isinstance(size, int) else size))]


# -------------------------------------------------------------------------------------------------- maxima


def _cells(start: Tensor, end: Tensor, count: int, size: int) -> tuple[Tensor, Tensor]:
    """(boxes, count) first and last-but-one pixel of the cells of boxes from pixel `start` to `end`."""
    cell = (end - start + 1).clamp(min=1) / count
    number = torch.arange(count + 1, device=start.device, dtype=start.dtype)
    first = (number[:-1] * cell[:, None]).floor() + start[:, None]
    last = (number[1:] * cell[:, None]).ceil() + start[:, None]
    return first.clamp(0, size).long(), last.clamp(0, size).long()


def _first_largest(values: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """As values.max(axis), which is slow; of equal elements the first one."""
    count = values.shape[axis]
    largest = values.amax(axis, keepdim=True)
    behind = torch.arange(count - 1, -1, -1, device=values.device, dtype=values.dtype)
    behind = behind.view(-1, *[1] * (values.dim() - 1 - axis))
    smaller = torch.lt(values, largest, out=torch.empty_like(values))
    return largest.squeeze(axis), count - 1 - smaller.mul_(-count).add_(behind).amax(axis).int()


def _largest(pixels: Tensor, rows: list[tuple[int, int]], columns: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
    """Maxima of the cells of a box, and where in the map (as an index over pixels) they are: (down, across, channel).

    pixels: (height, width, channel).  rows, columns: the pixels of cells, (first, end); 0 and -1 for empty ones.
    Along x first, then y, so that of equal pixels the first one is found.
    """
    width, channels = pixels.shape[1:]
    largest = pixels.new_zeros((len(rows), len(columns), channels))
    place = torch.full(largest.shape, -1, dtype=torch.int32, device=pixels.device)
    filled = [i for i, (first, last) in enumerate(columns) if first < last]
    top, bottom = min(first for first, _ in rows), max(last for _, last in rows)
    if not filled or top >= bottom:
        return largest, place
    strips = [_first_largest(pixels[top:bottom, columns[i][0]:columns[i][1]], 1) for i in filled]
    best = torch.stack([values for values, _ in strips], 1)
    x = torch.stack([index + columns[i][0] for i, (_, index) in zip(filled, strips, strict=True)], 1)
    filled = slice(filled[0], filled[-1] + 1)  # cells beyond the map are at the ends
    for i, (first, last) in enumerate(rows):
        if first < last:
            largest[i, filled], y = _first_largest(best[first - top:last - top], 0)
            place[i, filled] = (y + first) * width + x.gather(0, (y + (first - top)).long()[None])[0]
    return largest, place


class _Maxima(torch.autograd.Function):
    """ROIPooling: `_largest` of each box; what comes from above goes to where the maxima are."""

    @staticmethod
    def forward(ctx, data: Tensor, image: Tensor, there: Tensor, rows: list, columns: list) -> tuple[Tensor, Tensor]:
        shape = (len(image), data.shape[1], len(rows[0]), len(columns[0]))
        largest = data.new_zeros(shape)
        place = torch.full(shape, -1, dtype=torch.int32, device=data.device)
        pixels = data.permute(0, 2, 3, 1).contiguous()
        for i, number in enumerate(image.where(there, -1).tolist()):
            if number >= 0:
                found = _largest(pixels[number], rows[i], columns[i])
                largest[i], place[i] = (tensor.permute(2, 0, 1) for tensor in found)
        ctx.save_for_backward(image, place)
        ctx.shape = data.shape
        ctx.mark_non_differentiable(place)
        return largest, place

    @staticmethod
    def backward(ctx, grad, _):
        image, place = ctx.saved_tensors
        batch, channels, height, width = ctx.shape
        result = grad.new_zeros((batch, channels, height * width))
        for number, where, part in zip(image.tolist(), place.flatten(2), grad.flatten(2), strict=True):
            part = part * (where >= 0).to(part.dtype)
            result[number].scatter_add_(1, where.clamp(min=0).long(), part)
        return result.view(ctx.shape), None, None, None, None


@rule
def _grids(attrs, data, rois):
    """As `_pooled`, and sure enough of the inputs that these need not be checked."""
    size = attrs["pooled_size"]
    fit(len(data) == 4, len(rois) == 2, same(rois[1], 5), len(size) == 2, min(size) > 0,
        0 <= attrs["spatial_scale"] <= 1, not attrs.get("position_sensitive"))
    return [(rois[0], data[1], *size)]


@register("ROIPooling", num_outputs=2, visible=1, output_names=("output", "maxidx"),
          output_shapes=lambda attrs, inputs: _grids(attrs, inputs) * 2)
def roi_pooling(data: Tensor, rois: Tensor, *, pooled_size: Shape, spatial_scale: float) -> tuple[Tensor, Tensor]:
    """Maxima over a grid of pooled_size cells in each box (Girshick 2015); 0 for cells without pixels.

    data: (batch, channel, height, width).  rois: (boxes, 5).  Returns (boxes, channel, *pooled_size); and, hidden,
    where the maxima are.
    """
    scale = _check("ROIPooling", data, rois, 5, pooled_size, spatial_scale)
    channels, height, width = data.shape[1:]
    if not has_values(data) or not len(rois):
        largest = data.new_zeros((len(rois), channels, *pooled_size))
        return largest, largest.detach() - 1
    left, top, right, bottom = to_nearest(rois.detach()[:, 1:] * scale).unbind(1)
    rows, columns = (torch.stack(_cells(*sides), -1).tolist()
                     for sides in ((top, bottom, pooled_size[0], height), (left, right, pooled_size[1], width)))
    largest, place = _Maxima.apply(data, *_images(data, rois), rows, columns)
    return largest, place.to(data.dtype)


# ------------------------------------------------------------------------------------------------- averages


def _weighted(data: Tensor, image: Tensor, there: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Sums over the map of each box, weighted along y and x.

    data: (batch, channel, height, width), or (batch, channel, rows, columns, height, width) where each cell has maps
    of its own.  down: (boxes, rows, height), across: (boxes, columns, width).  Returns (boxes, channel, rows, columns).
    """
    shape = (len(image), data.shape[1], down.shape[1], across.shape[1])
    if not has_values(data):
        return data.new_empty(shape)
    if len(data) == 1:
        return _sums(data[0], torch.where(there[:, None, None], down, 0), across)
    result = data.new_zeros(shape)
    for number in image[there].unique().tolist():
        boxes = (there & (image == number)).nonzero().flatten()
        result = result.index_copy(0, boxes, _sums(data[number], down[boxes], across[boxes]))
    return result


def _sums(maps: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """_weighted in the maps of one image, as many boxes at a time as memory is meant for."""
    own = maps.dim() == 5
    if not own:
        channels, height, width = maps.shape
        maps = maps.transpose(0, 1).reshape(height, channels * width)
    strip = down.shape[1] * maps[0].numel() if not own else maps.numel() // maps.shape[-2]
    pieces = []
    for some, wide in zip(*(weights.split(max(1, _PIECE // max(strip, 1))) for weights in (down, across)), strict=True):
        if own:
            rows = torch.einsum("nph,cpqhw->npcqw", some, maps)
            pieces.append(torch.einsum("npcqw,nqw->ncpq", rows, wide))
        else:
            rows = (some.flatten(0, 1) @ maps).view(len(some), -1, width)
            pieces.append((rows @ wide.mT).view(len(some), -1, channels, wide.shape[1]).transpose(1, 2))
    return torch.cat(pieces)


def _samples(start: Tensor, length: Tensor, count: int, each: int, size: int) -> Tensor:
    """(boxes, count, size): how much each pixel contributes to the means of `count` cells along one axis.

    The cells cover `length` from `start` on; a cell takes `each` samples (as many as pixels, rounded up, if not
    positive), interpolated linearly; samples beyond the map by more than a pixel are 0.
    """
    cell = length / count
    samples = torch.full_like(cell, each) if each > 0 else cell.ceil()
    pixels = torch.arange(size, device=start.device, dtype=start.dtype)
    number = torch.arange(count, device=start.device, dtype=start.dtype)
    weights = start.new_zeros((len(start), count, size))
    for i in range(int(samples.max()) if len(start) and has_values(start) else 0):
        position = start[:, None] + number * cell[:, None] + ((i + 0.5) * cell / samples)[:, None]
        valid = (position >= -1) & (position <= size) & (i < samples)[:, None]
        hat = 1 - (position.clamp(0, size - 1)[..., None] - pixels).abs()
        weights += torch.where(valid[..., None], hat.clamp(min=0) / samples[:, None, None], 0)
    return weights


@register("_contrib_ROIAlign", output_shapes=lambda attrs, inputs: _grids(attrs, inputs) or _pooled(attrs, inputs))
def roi_align(data: Tensor, rois: Tensor, *, pooled_size: Shape, spatial_scale: float, sample_ratio: int = -1,
              position_sensitive: bool = False, aligned: bool = False) -> Tensor:
    """Means over a grid of pooled_size cells in each box, of samples interpolated bilinearly (He et al. 2017).

    data: (batch, channel, height, width).  rois: (boxes, 5); 0 for boxes of image -1.  sample_ratio: samples of a cell
    along each axis; by default as many as the cell has pixels.  aligned: pixels have their centres at whole numbers,
    and boxes may be smaller than a pixel.  position_sensitive: each cell has channels of its own (R-FCN).

    Returns (boxes, channel, *pooled_size), or channel / (cells) channels if position_sensitive.
    """
    name = "_contrib_ROIAlign"
    scale = _check(name, data, rois, 5, pooled_size, spatial_scale)
    batch, channels, height, width = data.shape
    left, top, right, bottom = (rois.detach()[:, 1:] * scale - (0.5 if aligned else 0)).unbind(1)
    across, down = right - left, bottom - top
    if not aligned:
        across, down = across.clamp(min=1), down.clamp(min=1)
    if position_sensitive:
        cells = pooled_size[0] * pooled_size[1]
        if channels % cells:
            raise MXNetError(f"{name}: {channels} channels cannot be divided among the {cells} cells of {pooled_size}")
        data = data.reshape(batch, channels // cells, *pooled_size, height, width)
    return _weighted(data, *_images(data, rois), _samples(top, down, pooled_size[0], sample_ratio, height),
                     _samples(left, across, pooled_size[1], sample_ratio, width))


def _covered(start: Tensor, length: Tensor, count: int, size: int) -> Tensor:
    """(boxes, count, size): 1 for pixels that the cells of a box touch, 0 for others."""
    cell = (length / count)[:, None]
    number = torch.arange(count + 1, device=start.device, dtype=start.dtype)
    edges = number * cell + start[:, None]
    pixels = torch.arange(size, device=start.device)
    first, last = edges[:, :-1].floor()[..., None], edges[:, 1:].ceil()[..., None]
    return ((pixels >= first) & (pixels < last)).to(start.dtype)


def _groups(count: int, groups: int) -> list[int]:
    """The group of each of `count` cells when they are divided into `groups`."""
    return [min(i * groups // count, groups - 1) for i in range(count)]


@register("_contrib_PSROIPooling", output_shapes=_pooled)
def psroi_pooling(data: Tensor, rois: Tensor, *, spatial_scale: float, output_dim: int, pooled_size: int,
                  group_size: int = 0) -> Tensor:
    """Means over a grid of cells in each box, where each cell has channels of its own (Dai et al. 2016, R-FCN).

    data: (batch, output_dim * groups ** 2, height, width) with groups = group_size or pooled_size along each axis.
    rois: (boxes, 5).  Returns (boxes, output_dim, pooled_size, pooled_size).
    """
    name = "_contrib_PSROIPooling"
    scale = _check(name, data, rois, 5, (pooled_size, pooled_size), spatial_scale)
    groups = group_size or pooled_size
    batch, channels, height, width = data.shape
    if channels < output_dim * groups**2:
        raise MXNetError(f"{name}: data has {channels} channels, but output_dim={output_dim} in {groups} x {groups} "
                         f"groups needs {output_dim * groups**2}")
    start = to_nearest(rois.detach()[:, 1:3]) * scale
    end = (to_nearest(rois.detach()[:, 3:]) + 1) * scale
    (left, top), (across, down) = start.unbind(1), (end - start).clamp(min=0.1).unbind(1)
    down, across = _covered(top, down, pooled_size, height), _covered(left, across, pooled_size, width)
    maps = data[:, :output_dim * groups**2].reshape(batch, output_dim, groups, groups, height, width)
    if groups != pooled_size:
        chosen = torch.tensor(_groups(pooled_size, groups), device=data.device)
        maps = maps[:, :, chosen][:, :, :, chosen]
    area = down.sum(2)[:, None, :, None] * across.sum(2)[:, None, None, :]
    return _weighted(maps, *_images(data, rois), down, across) / area.clamp(min=1)


# -------------------------------------------------------------------------------- samples anywhere in the map


def _bilinear(data: Tensor, channel: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Values of maps at points within them; `channel` counts through all images, the three broadcast."""
    height, width = data.shape[2:]
    flat, origin = data.reshape(-1), channel * (height * width)
    top, left = y.detach().floor(), x.detach().floor()
    below, beyond = y.detach().ceil(), x.detach().ceil()
    up, out = y - top, x - left

    def at(row: Tensor, column: Tensor) -> Tensor:
        return flat[origin + row.long() * width + column.long()]

    return ((1 - up) * ((1 - out) * at(top, left) + out * at(top, beyond))
            + up * ((1 - out) * at(below, left) + out * at(below, beyond)))


@register("_contrib_RROIAlign", output_shapes=_pooled)
def rroi_align(data: Tensor, rois: Tensor, *, pooled_size: Shape, spatial_scale: float,
               sampling_ratio: int = -1) -> Tensor:
    """ROIAlign for rotated boxes (Ma et al. 2018); without a gradient.

    data: (batch, channel, height, width).  rois: (boxes, 6), rows (image, centre x, centre y, width, height, angle in
    degrees).  Returns (boxes, channel, *pooled_size).
    """
    scale = _check("_contrib_RROIAlign", data, rois, 6, pooled_size, spatial_scale)
    result = data.new_zeros((len(rois), data.shape[1], *pooled_size))
    if not has_values(data):
        return result
    pixels = data.detach().permute(0, 2, 3, 1).contiguous()
    for number, (image, *box) in enumerate(rois.detach().unbind(0)):
        if 0 <= int(image) < len(data):
            y, x = _rotated_samples(box, scale, pooled_size, sampling_ratio)
            result[number] = _cell_means(pixels[int(image)], y, x).permute(2, 0, 1)
    return result


def _cell_means(pixels: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Means of samples, 0 for those beyond the map by more than a pixel.

    pixels: (height, width, channel).  y, x: (rows, samples, columns, samples).  Returns (rows, columns, channel).
    """
    height, width = pixels.shape[:2]
    valid = (y >= -1) & (y <= height) & (x >= -1) & (x <= width)
    y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    top, left, below, beyond = y.floor(), x.floor(), y.ceil(), x.ceil()
    up, out = y - top, x - left
    corners = ((top, left, (1 - up) * (1 - out)), (top, beyond, (1 - up) * out),
               (below, left, up * (1 - out)), (below, beyond, up * out))
    place = torch.stack([row * width + column for row, column, _ in corners])
    share = torch.stack([share for *_, share in corners]) * valid / (y.shape[1] * y.shape[3])
    place, share = (tensor.permute(1, 3, 0, 2, 4).reshape(y.shape[0] * y.shape[2], -1) for tensor in (place, share))
    means = F.embedding_bag(place.long(), pixels.flatten(0, 1), mode="sum", per_sample_weights=share)
    return means.view(y.shape[0], y.shape[2], -1)


def _rotated_samples(box: list[Tensor], scale: float, pooled: Shape, each: int) -> tuple[Tensor, Tensor]:
    """(y, x) of the samples of one box, (rows, samples, columns, samples) each."""
    centre_x, centre_y, width, height = (side * scale for side in box[:4])
    angle = box[4] * torch.pi / 180
    axes = []
    for length, count in ((height.clamp(min=1), pooled[0]), (width.clamp(min=1), pooled[1])):
        samples = count * (each if each > 0 else int((length / count).ceil()))
        place = torch.arange(samples, device=length.device, dtype=length.dtype) + 0.5
        axes.append((place * (length / samples) - length / 2).reshape(count, -1))
    y, x = axes[0][:, :, None, None], axes[1]
    sine, cosine = angle.sin(), angle.cos()
    return y * cosine - x * sine + centre_y, x * cosine + y * sine + centre_x


@register("_contrib_DeformablePSROIPooling", num_outputs=2, visible=1, output_names=("output", "top_count"),
          output_shapes=_pooled, present={"trans": lambda attrs: not attrs["no_trans"]})
def deformable_psroi_pooling(data: Tensor, rois: Tensor, trans: Tensor | None = None, *, spatial_scale: float,
                             output_dim: int, group_size: int, pooled_size: int, part_size: int = 0,
                             sample_per_part: int = 1, trans_std: float = 0.0,
                             no_trans: bool = False) -> tuple[Tensor, Tensor]:
    """PSROIPooling whose cells are moved by learned offsets (Dai et al. 2017).

    data: (batch, output_dim * group_size ** 2, height, width).  rois: (boxes, 5).  trans: (boxes, 2 * classes,
    part_size, part_size), offsets (x, y) in shares of the box, times `trans_std`, for each class's share of the output
    channels; part_size 0 for pooled_size.  A cell is the mean of sample_per_part ** 2 samples, those outside left out.

    Returns (boxes, output_dim, pooled_size, pooled_size); and, hidden, how many samples the cells have.
    """
    name = "_contrib_DeformablePSROIPooling"
    scale = _check(name, data, rois, 5, (pooled_size, pooled_size), spatial_scale)
    channels, height, width = data.shape[1:]
    if channels < output_dim * group_size**2:
        raise MXNetError(f"{name}: data has {channels} channels, but output_dim={output_dim} in {group_size} x "
                         f"{group_size} groups needs {output_dim * group_size**2}")
    start = to_nearest(rois.detach()[:, 1:3]) * scale - 0.5
    end = (to_nearest(rois.detach()[:, 3:]) + 1) * scale - 0.5
    size = (end - start).clamp(min=0.1)
    moved = _moved_cells(name, trans, len(rois), pooled_size, part_size or pooled_size, data) * trans_std
    cells = torch.arange(pooled_size, device=data.device, dtype=data.dtype)
    # (boxes, classes, channels of a class, rows, columns)
    (left, top), (across, down) = ((pair[..., None, None, None, None] for pair in sides.unbind(1))
                                   for sides in (start, size))
    x = left + cells * (across / pooled_size) + (moved[:, :, 0] * across[..., 0])[:, :, None]
    y = top + cells[:, None] * (down / pooled_size) + (moved[:, :, 1] * down[..., 0])[:, :, None]
    group = torch.tensor(_groups(pooled_size, group_size), device=data.device)
    channel = torch.arange(output_dim, device=data.device).reshape(1, moved.shape[1], -1, 1, 1) * group_size**2
    channel = channel + group[:, None] * group_size + group
    image, there = _images(data, rois)
    channel = channel + image.reshape(-1, 1, 1, 1, 1) * channels
    total, count = 0, 0
    for i in range(sample_per_part**2):
        row = y + i // sample_per_part * (down / pooled_size / sample_per_part)
        column = x + i % sample_per_part * (across / pooled_size / sample_per_part)
        valid = (column >= -0.5) & (column <= width - 0.5) & (row >= -0.5) & (row <= height - 0.5)
        valid = valid & there.reshape(-1, 1, 1, 1, 1)
        values = _bilinear(data, channel, row.clamp(0, height - 1), column.clamp(0, width - 1))
        total = total + torch.where(valid, values, 0)
        count = count + valid.to(data.dtype)
    shape = (len(rois), output_dim, pooled_size, pooled_size)
    return (total / count.clamp(min=1)).reshape(shape), count.expand_as(total).reshape(shape)


def _moved_cells(op: str, trans: Tensor | None, boxes: int, cells: int, parts: int, like: Tensor) -> Tensor:
    """(boxes, classes, 2, rows, columns) offsets of the cells."""
    if trans is None:
        return like.new_zeros((boxes, 1, 2, cells, cells))
    same_dtype(op, like, trans)
    if trans.dim() != 4 or trans.shape[0] != boxes or trans.shape[1] % 2 or tuple(trans.shape[2:]) != (parts, parts):
        raise MXNetError(f"{op}: trans of shape {tuple(trans.shape)} must be ({boxes}, 2 * classes, {parts}, {parts})")
    part = torch.tensor(_groups(cells, parts), device=like.device)
    return trans.unflatten(1, (-1, 2))[:, :, :, part][..., part]
