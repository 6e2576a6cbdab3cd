"""ImageDetRecordIter: batches of images with boxes around what is in them, which follow the augmented image."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..base import MXNetError
from ..ops.registry import Shape
from .augment import resized, resized_short, shift_hls
from .image_record import Batching, ImageBatches
from .normalize import Scaling
from .parameters import read_parameters, signature_of
from .record_source import Reading

__all__ = ["ImageDetRecordIter"]

_PER_SAMPLER = ("crop_scales", "crop_aspect_ratios", "crop_overlaps", "crop_sample_coverages", "crop_object_coverages")


@dataclass(kw_only=True)
class DetReading(Reading):
    """`Reading`, where records may have labels of any number."""

    label_width: int = -1
    label_pad_width: int = 0
    label_pad_value: float = -1.0


@dataclass(kw_only=True)
class DetScaling(Scaling):
    """`Scaling`, where a deviation of 0 changes nothing."""

    std_r: float = 0.0
    std_g: float = 0.0
    std_b: float = 0.0
    std_a: float = 0.0


@dataclass(kw_only=True)
class DetAugmentation:
    """The parameters of ImageDetRecordIter that change an image and its boxes, and how: see ImageDetRecordIter."""

    resize: int = -1
    rand_crop_prob: float = 0.0
    min_crop_scales: tuple[float, ...] = (0.0,)
    max_crop_scales: tuple[float, ...] = (1.0,)
    min_crop_aspect_ratios: tuple[float, ...] = (1.0,)
    max_crop_aspect_ratios: tuple[float, ...] = (1.0,)
    min_crop_overlaps: tuple[float, ...] = (0.0,)
    max_crop_overlaps: tuple[float, ...] = (1.0,)
    min_crop_sample_coverages: tuple[float, ...] = (0.0,)
    max_crop_sample_coverages: tuple[float, ...] = (1.0,)
    min_crop_object_coverages: tuple[float, ...] = (0.0,)
    max_crop_object_coverages: tuple[float, ...] = (1.0,)
    num_crop_sampler: int = 1
    crop_emit_mode: Literal["center", "overlap"] = "center"
    emit_overlap_thresh: float = 0.3
    max_crop_trials: Shape = (25,)
    rand_pad_prob: float = 0.0
    max_pad_scale: float = 1.0
    max_random_hue: int = 0
    random_hue_prob: float = 0.0
    max_random_saturation: int = 0
    random_saturation_prob: float = 0.0
    max_random_illumination: int = 0
    random_illumination_prob: float = 0.0
    max_random_contrast: float = 0.0
    random_contrast_prob: float = 0.0
    rand_mirror_prob: float = 0.0
    fill_value: int = 127
    inter_method: int = 1
    resize_mode: Literal["fit", "force", "shrink"] = "force"

    def __post_init__(self):
        self._samplers = []
        if self.rand_crop_prob > 0:
            ranges = [list(zip(self._for_each("min_" + name), self._for_each("max_" + name), strict=True))
                      for name in _PER_SAMPLER]
            for name, pairs in zip(_PER_SAMPLER, ranges, strict=True):
                if any(low > high or (low == high and name == "crop_scales") for low, high in pairs):
                    raise MXNetError(f"max_{name} must be greater than min_{name}, got {pairs}")
            self._samplers = list(zip(*ranges, self._for_each("max_crop_trials"), strict=True))

    def _for_each(self, name):
        """A value for each crop sampler; one value is for all."""
        values = getattr(self, name)
        if len(values) == 1:
            return values * self.num_crop_sampler
        if len(values) != self.num_crop_sampler:
            raise MXNetError(f"{name} must hold 1 value or num_crop_sampler={self.num_crop_sampler} of them, "
                             f"got {values}")
        return values

    def __call__(self, image: np.ndarray, objects: np.ndarray, height: int, width: int, rng: random.Random):
        """(image, objects): the image at most (height, width), the objects with boxes as parts of its size.

        objects: (number, object width), of class, left, top, right, bottom and what else there is.
        """
        import cv2

        if self.resize > 0:
            image = resized_short(cv2, image, self.resize, self.inter_method, rng)
        image = self._change_colours(cv2, image, rng)
        if rng.random() < self.rand_mirror_prob:
            image = cv2.flip(image, 1)
            objects[:, [1, 3]] = 1 - objects[:, [3, 1]]
        if rng.random() < self.rand_pad_prob and self.max_pad_scale > 1:
            image, objects = self._pad(cv2, image, objects, rng)
        if rng.random() < self.rand_crop_prob:
            image, objects = self._crop(image, objects, rng)
        if self.resize_mode == "force":
            return resized(cv2, image, height, width, self.inter_method, rng), objects
        rows, columns = image.shape[:2]
        if self.resize_mode == "fit" or rows > height or columns > width:
            if height * columns < width * rows:
                width = max(1, columns * height // rows)
            else:
                height = max(1, rows * width // columns)
            image = resized(cv2, image, height, width, self.inter_method, rng)
        return image, objects

    def _change_colours(self, cv2, image, rng):
        hue, light, saturation = (
            rng.randint(-most, most) if most and rng.random() < chance else 0
            for most, chance in ((self.max_random_hue, self.random_hue_prob),
                                 (self.max_random_illumination, self.random_illumination_prob),
                                 (self.max_random_saturation, self.random_saturation_prob)))
        if (hue or light or saturation) and image.shape[2:] == (3,):
            image = shift_hls(cv2, image, hue, light, saturation)
        if self.max_random_contrast > 0 and rng.random() < self.random_contrast_prob:
            alpha = 1 + rng.uniform(-self.max_random_contrast, self.max_random_contrast)
            image = cv2.convertScaleAbs(image, alpha=max(alpha, 0))
        return image

    def _pad(self, cv2, image, objects, rng):
        """Somewhere in a greater area."""
        rows, columns = image.shape[:2]
        scale = rng.uniform(1, self.max_pad_scale)
        more_rows, more_columns = int(rows * scale) - rows, int(columns * scale) - columns
        top, left = rng.randint(0, more_rows), rng.randint(0, more_columns)
        image = cv2.copyMakeBorder(image, top, more_rows - top, left, more_columns - left, cv2.BORDER_CONSTANT,
                                   value=[self.fill_value] * 4)
        _move(objects, -left / columns, -top / rows, image.shape[1] / columns, image.shape[0] / rows)
        return image, objects

    def _crop(self, image, objects, rng):
        """The first part that a sampler finds with boxes as they should be; the image where none does."""
        for scales, ratios, *limits, trials in rng.sample(self._samplers, len(self._samplers)):
            for _ in range(trials):
                part = _some_part(scales, ratios, image.shape[1] / image.shape[0], rng)
                kept = self._kept(objects, part, limits)
                if len(kept):
                    left, top, wide, high = part
                    rows, columns = image.shape[:2]
                    x, y = int(left * columns), int(top * rows)
                    _move(kept, left, top, wide, high)
                    kept[:, 1:5] = kept[:, 1:5].clip(0, 1)
                    return image[y:y + max(1, int(high * rows)), x:x + max(1, int(wide * columns))], kept
        return image, objects

    def _kept(self, objects, part, limits):
        """The objects that stay in a part, none where the part does not do."""
        left, top, wide, high = part
        x0, y0, x1, y1 = objects[:, 1:5].T
        common = ((np.minimum(x1, left + wide) - np.maximum(x0, left)).clip(0)
                  * (np.minimum(y1, top + high) - np.maximum(y0, top)).clip(0))
        area = np.maximum((x1 - x0) * (y1 - y0), 1e-12)
        measures = (common / (area + wide * high - common), common / (wide * high), common / area)
        good = np.all([(low <= m) & (m <= most) for m, (low, most) in zip(measures, limits, strict=True)], axis=0)
        if not good.any():
            return objects[:0]
        if self.crop_emit_mode == "overlap":
            return objects[measures[2] >= self.emit_overlap_thresh]
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        return objects[(x >= left) & (x <= left + wide) & (y >= top) & (y <= top + high)]


def _some_part(scales, ratios, proportion, rng):
    """(left, top, width, height) of a random part, as parts of an image whose width is `proportion` heights."""
    scale = max(rng.uniform(*scales), 1e-3)
    low, high = max(ratios[0] / proportion, scale * scale), min(ratios[1] / proportion, 1 / (scale * scale))
    ratio = math.sqrt(rng.uniform(low, max(low, high)))
    wide, high = min(1.0, scale * ratio), min(1.0, scale / ratio)
    return rng.uniform(0, 1 - wide), rng.uniform(0, 1 - high), wide, high


def _move(objects, left, top, wide, high):
    """Boxes in an image become boxes in a part of it, or in an area around it."""
    objects[:, [1, 3]] = (objects[:, [1, 3]] - left) / wide
    objects[:, [2, 4]] = (objects[:, [2, 4]] - top) / high


class ImageDetRecordIter(ImageBatches):
    """Batches of images with boxes, from RecordIO files, decoded and augmented in threads.

    A record's label is: how long this head is (2 or more), the numbers of an object, (more head); then for each object
    its class, left, top, right, bottom, as parts of the image's size, and what else there is.  A row of the batch's
    label is: channels, height and width of the image, the length of the label that follows, the label, label_pad_value.

    Files, data_shape, batch_size, round_batch, preprocess_threads, prefetch_buffer, seeds and mean, std and scale are
    ImageRecordIter's.  label_width: how long labels are, -1 for any.  label_pad_width: to how much they are filled up,
    as much as the longest needs by default.
    In this order: resize (the shorter edge); by chance hue, illumination, saturation and contrast, each with its
    `..._prob`; rand_mirror_prob; rand_pad_prob: put into an area up to max_pad_scale as long and wide, of fill_value;
    rand_crop_prob: cut out a part.  num_crop_sampler samplers, one value for each in the tuples, try max_crop_trials
    times to find a part of a scale and proportion in which a box has intersection over union (overlaps), share of the
    part (sample_coverages) and of the box (object_coverages) within limits.  Objects stay whose centre is within it,
    or with crop_emit_mode='overlap' of which emit_overlap_thresh is.
    resize_mode: 'force' gives data_shape; 'fit' keeps proportions, 'shrink' does so too and lets nothing grow, with
    zeros to the right and below.

    MXNetError for labels that are none of objects, for label_pad_width below what is needed and as ImageRecordIter.
    Source: MXNet's `ImageDetRecordIter`.
    """

    _parameters = (DetReading, Batching, DetAugmentation, DetScaling)
    __signature__ = signature_of(*_parameters)

    def __init__(self, **parameters: Any):
        self._reading, batching, self._augmentation, self._scaling = read_parameters(
            type(self).__name__, parameters, *self._parameters)
        if batching.dtype not in (None, "float32"):
            raise MXNetError(f"ImageDetRecordIter: expected dtype float32, got {batching.dtype}")
        super().__init__(self._reading, batching, "float32")

    def _prepare(self):
        if self._scaling.mean_img:
            self._scaling.load_mean_image(self._batching.data_shape)
        longest = max((self._source.load(place).label.size for place in self._source), default=0)
        wanted = self._reading.label_pad_width
        if 0 < wanted < longest:
            raise MXNetError(f"ImageDetRecordIter: label_pad_width: {wanted} smaller than estimated width: {longest}")
        self._label_length = max(wanted, longest)

    def _label_size(self):
        return 4 + self._label_length

    def _write(self, image, sample, data, label, rng):
        head, objects = _split(sample)
        image, objects = self._augmentation(image, objects, *data.shape[1:], rng)
        rows, columns = image.shape[:2]
        new = np.concatenate([head, objects.ravel()])
        label[:] = self._reading.label_pad_value
        label[:4] = data.shape[0], rows, columns, new.size
        label[4:4 + new.size] = new
        if (rows, columns) == data.shape[1:]:
            self._scaling.write(image, data)
        else:
            part = np.empty((data.shape[0], rows, columns), np.float32)
            self._scaling.write(image, part)
            data[:] = 0
            data[:, :rows, :columns] = part


def _split(sample):
    """(head, objects) of a label."""
    label = sample.label
    if label.size >= 7:
        head, width = int(label[0]), int(label[1])
        if head >= 2 and width >= 5 and head <= label.size and (label.size - head) % width == 0:
            return label[:head], label[head:].reshape(-1, width).copy()
    raise MXNetError(f"ImageDetRecordIter: {sample.where}: Not enough label packed in img_list or rec file: expected "
                     "the length of the head (2 or more), that of an object (5 or more), more head and the objects, "
                     f"got {label[:8].tolist()} ({label.size} numbers)")
