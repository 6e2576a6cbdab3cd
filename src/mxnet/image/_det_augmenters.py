"""Augmenters for object detection: they change an image and the boxes in it.

A label is an array with a row for each object: (class, left, top, right, bottom, ...), in fractions of width and
height.  Draws come from Python's `random`, as in MXNet.
"""

from __future__ import annotations

import json
import logging
import random
import warnings
from collections.abc import Sequence
from math import sqrt

import numpy as np

from .. import ndarray as nd
from ..base import numeric_types
from ..ndarray import NDArray
from ._augmenters import (
    _IMAGENET_MEAN,
    _IMAGENET_STD,
    Augmenter,
    ForceResizeAug,
    ResizeAug,
    _of_colours,
    _plain,
    _statistic,
)
from ._functions import copyMakeBorder, fixed_crop

__all__ = ["CreateDetAugmenter", "CreateMultiRandCropAugmenter", "DetAugmenter", "DetBorrowAug",
           "DetHorizontalFlipAug", "DetRandomCropAug", "DetRandomPadAug", "DetRandomSelectAug"]

_LARGEST_FRACTION = 0.4999999  # that rounds down


class DetAugmenter:
    """Changes an image and its label: a subclass says how in `__call__`, and hands its arguments to `__init__`.

    Source: MXNet's `mx.image.DetAugmenter`.
    """

    def __init__(self, **kwargs):
        self._kwargs = {name: _plain(value) for name, value in kwargs.items()}

    def dumps(self) -> str | list:
        """The augmenter's name and arguments in JSON."""
        return json.dumps([self.__class__.__name__.lower(), self._kwargs])

    def __call__(self, src: NDArray, label: np.ndarray) -> tuple[NDArray, np.ndarray]:
        raise NotImplementedError("Must override implementation.")


class DetBorrowAug(DetAugmenter):
    """An augmenter of images that leaves objects where they are.  TypeError for what is no Augmenter."""

    def __init__(self, augmenter: Augmenter):
        if not isinstance(augmenter, Augmenter):
            raise TypeError(f"Borrowing from invalid Augmenter: got {type(augmenter).__name__}")
        super().__init__(augmenter=augmenter.dumps())
        self.augmenter = augmenter

    def dumps(self) -> list:
        """The augmenter's name, and what the borrowed one dumps."""
        return [self.__class__.__name__.lower(), self.augmenter.dumps()]

    def __call__(self, src, label):
        return self.augmenter(src), label


class DetRandomSelectAug(DetAugmenter):
    """One of `aug_list`, or none with probability `skip_prob`.  ValueError for what is no DetAugmenter."""

    def __init__(self, aug_list: list[DetAugmenter] | DetAugmenter, skip_prob: float = 0):
        super().__init__(skip_prob=skip_prob)
        self.aug_list = list(aug_list) if isinstance(aug_list, list | tuple) else [aug_list]
        for aug in self.aug_list:
            if not isinstance(aug, DetAugmenter):
                raise ValueError(f"Allow DetAugmenter in list only, got {type(aug).__name__}")
        self.skip_prob = skip_prob if self.aug_list else 1  # there is nothing to choose from

    def dumps(self) -> list:
        """The augmenter's name, and what its parts dump."""
        return [self.__class__.__name__.lower(), [aug.dumps() for aug in self.aug_list]]

    def __call__(self, src, label):
        if random.random() < self.skip_prob:
            return src, label
        random.shuffle(self.aug_list)
        return self.aug_list[0](src, label)


class DetHorizontalFlipAug(DetAugmenter):
    """Left and right changed, with probability `p`."""

    def __init__(self, p: float):
        super().__init__(p=p)
        self.p = p

    def __call__(self, src, label):
        if random.random() >= self.p:
            return src, label
        flipped = label.copy()
        flipped[:, 1], flipped[:, 3] = 1.0 - label[:, 3], 1.0 - label[:, 1]
        return nd.flip(src, axis=1), flipped


# ------------------------------------------------------------------------------------------------ crops and margins


def _range(owner: str, name: str, given: float | tuple[float, float]) -> tuple[float, float]:
    """A range, which may be given as its only number."""
    if isinstance(given, tuple | list):
        if not all(isinstance(end, numeric_types) for end in given):
            raise TypeError(f"{owner}: {name} must be a number or two, got {given}")
        return given
    assert isinstance(given, numeric_types), f"{owner}: {name} must be a number or two, got {given!r}"
    logging.info("Using fixed %s: %s in %s", name, given, owner)
    return given, given


def _areas(boxes: np.ndarray) -> np.ndarray:
    """Of rows (left, top, right, bottom); 0 where nothing is between."""
    return np.maximum(0, boxes[:, 2] - boxes[:, 0]) * np.maximum(0, boxes[:, 3] - boxes[:, 1])


class _Reframing(DetAugmenter):
    """What DetRandomCropAug and DetRandomPadAug have in common: a frame of any area and proportions, drawn."""

    def __init__(self, least_area: float, **kwargs):
        name = self.__class__.__name__
        kwargs["aspect_ratio_range"] = _range(name, "aspect ratio", kwargs["aspect_ratio_range"])
        kwargs["area_range"] = _range(name, "area range", kwargs["area_range"])
        super().__init__(**kwargs)
        self.aspect_ratio_range = aspect_ratio_range = kwargs["aspect_ratio_range"]
        self.area_range = area_range = kwargs["area_range"]
        self.max_attempts = kwargs["max_attempts"]
        self.enabled = False
        if area_range[1] <= least_area or area_range[0] > area_range[1]:
            warnings.warn(f"Skip {name} due to invalid area_range: {area_range}", stacklevel=3)
        elif aspect_ratio_range[0] > aspect_ratio_range[1] or aspect_ratio_range[0] <= 0:
            warnings.warn(f"Skip {name} due to invalid aspect_ratio_range: {aspect_ratio_range}", stacklevel=3)
        else:
            self.enabled = True

    def _heights(self, height: int, width: int):
        """For each attempt a ratio, and the lowest and the highest frame of this ratio that the areas allow."""
        low, high = (share * height * width for share in self.area_range)
        for _ in range(self.max_attempts if self.enabled and height > 0 and width > 0 else 0):
            ratio = random.uniform(*self.aspect_ratio_range)
            yield ratio, round(sqrt(low / ratio)) if low > 0 else 0, round(sqrt(high / ratio))


class DetRandomCropAug(_Reframing):
    """A part of the image that keeps enough of the objects; the image itself where no attempt finds one.

    min_object_covered: each object that the part touches lies in it by more than this share of its area.
    aspect_ratio_range, area_range: of the part, width / height and share of the image; a number, or the least and the
    greatest.  min_eject_coverage: objects of which no more than this share is left are dropped from the label.
    Ranges that hold nothing are warned of, and the augmenter does nothing then.
    Source: MXNet's `mx.image.DetRandomCropAug`; Liu et al. 2016, SSD.
    """

    def __init__(self, min_object_covered: float = 0.1, aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0),
                 min_eject_coverage: float = 0.3, max_attempts: int = 50):
        super().__init__(0, min_object_covered=min_object_covered, aspect_ratio_range=aspect_ratio_range,
                         area_range=area_range, min_eject_coverage=min_eject_coverage, max_attempts=max_attempts)
        self.min_object_covered = min_object_covered
        self.min_eject_coverage = min_eject_coverage

    def __call__(self, src, label):
        height, width = src.shape[:2]
        for x, y, w, h in self._frames(height, width):
            if self._covers(label[:, 1:5], x / width, y / height, (x + w) / width, (y + h) / height, width * height):
                kept = self._within(label, x / width, y / height, w / width, h / height)
                if len(kept):
                    return fixed_crop(src, x, y, w, h, None), kept
        return src, label

    def _frames(self, height: int, width: int):
        """(left, top, width, height) of parts of the image, one for each attempt that finds one."""
        low, high = (share * height * width for share in self.area_range)
        for ratio, lowest, highest in self._heights(height, width):
            if round(highest * ratio) > width:
                highest = int((width + _LARGEST_FRACTION) / ratio)
            highest = min(highest, height)
            h = random.randint(lowest, highest) if lowest < highest else highest
            # one more or less where rounding has left the range of areas
            if round(h * ratio) * h < low:
                h += 1
            if round(h * ratio) * h > high:
                h -= 1
            w = round(h * ratio)
            if low <= w * h <= high and 0 <= h <= height and 0 <= w <= width:
                y = random.randint(0, height - h)
                x = random.randint(0, width - w)
                if w * h >= 2:
                    yield x, y, w, h

    def _covers(self, boxes: np.ndarray, left: float, top: float, right: float, bottom: float, pixels: int) -> bool:
        """Whether a part holds enough of each object that it touches, and touches one; tiny objects do not count."""
        areas = _areas(boxes)
        boxes, areas = boxes[areas * pixels > 2], areas[areas * pixels > 2]
        shares = _areas(np.hstack([np.maximum(boxes[:, :2], (left, top)),
                                   np.minimum(boxes[:, 2:], (right, bottom))])) / areas
        shares = shares[shares > 0]
        return shares.size > 0 and shares.min() > self.min_object_covered

    def _within(self, label: np.ndarray, left: float, top: float, width: float, height: float) -> np.ndarray:
        """The label of a part: its objects, in fractions of the part, without those of which too little is left."""
        moved = label.copy()
        moved[:, 1:5] = ((moved[:, 1:5] - (left, top, left, top)) / (width, height, width, height)).clip(0, 1)
        before = _areas(label[:, 1:5])
        share = np.divide(_areas(moved[:, 1:5]) * width * height, before, out=np.zeros(len(label)), where=before > 0)
        return moved[(moved[:, 3] > moved[:, 1]) & (moved[:, 4] > moved[:, 2]) & (share > self.min_eject_coverage)]


class DetRandomPadAug(_Reframing):
    """The image somewhere within a larger one; the image itself where no attempt finds one that is 2 pixels larger.

    aspect_ratio_range, area_range: of the larger image, width / height and how many times the area; a number, or the
    least and the greatest.  pad_val: a number, or one for each channel.  Ranges that hold nothing are warned of, and
    the augmenter does nothing then.  Source: MXNet's `mx.image.DetRandomPadAug`; Liu et al. 2016, SSD.
    """

    def __init__(self, aspect_ratio_range=(0.75, 1.33), area_range=(1.0, 3.0), max_attempts: int = 50,
                 pad_val: float | Sequence[float] = (128, 128, 128)):
        assert isinstance(pad_val, (*numeric_types, tuple, list)), \
            f"pad_val must be a number, or one for each channel, got {pad_val!r}"
        super().__init__(1, aspect_ratio_range=aspect_ratio_range, area_range=area_range, max_attempts=max_attempts,
                         pad_val=pad_val)
        self.pad_val = pad_val

    def __call__(self, src, label):
        height, width, channels = src.shape
        frame = next(self._frames(height, width), None)
        if frame is None:
            return src, label
        x, y, w, h = frame
        values = (self.pad_val,) * channels if isinstance(self.pad_val, numeric_types) else self.pad_val
        moved = label.copy()
        moved[:, (1, 3)] = (label[:, (1, 3)] * width + x) / w
        moved[:, (2, 4)] = (label[:, (2, 4)] * height + y) / h
        return copyMakeBorder(src, y, h - y - height, x, w - x - width, values=values), moved

    def _frames(self, height: int, width: int):
        """(left, top, width, height) of larger images, by where the image lies in them."""
        for ratio, lowest, highest in self._heights(height, width):
            if round(lowest * ratio) < width:
                lowest = int((width + _LARGEST_FRACTION) / ratio)
            lowest = max(lowest, height)
            h = random.randint(lowest, highest) if lowest < highest else highest
            w = round(h * ratio)
            if h - height >= 2 and w - width >= 2:
                y = random.randint(0, h - height)
                x = random.randint(0, w - width)
                yield x, y, w, h


# ------------------------------------------------------------------------------------------------ lists of augmenters


def CreateMultiRandCropAugmenter(min_object_covered=0.1, aspect_ratio_range=(0.75, 1.33), area_range=(0.05, 1.0),
                                 min_eject_coverage=0.3, max_attempts=50, skip_prob: float = 0) -> DetRandomSelectAug:
    """One of several DetRandomCropAug, each as often: each argument is one for all, or a list with one for each.

    skip_prob: the probability of none.  AssertionError for lists of unlike lengths.
    Source: MXNet's `mx.image.CreateMultiRandCropAugmenter`.
    """
    given = min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts
    several = [argument if isinstance(argument, list) else [argument] for argument in given]
    count = max(map(len, several))
    for argument in several:
        assert len(argument) in (1, count), f"expected lists of 1 or {count}, got {argument}"
    alike = (argument * count if len(argument) == 1 else argument for argument in several)
    return DetRandomSelectAug([DetRandomCropAug(*arguments) for arguments in zip(*alike, strict=True)], skip_prob)


def CreateDetAugmenter(data_shape: Sequence[int], resize: int = 0, rand_crop: float = 0, rand_pad: float = 0,
                       rand_gray: float = 0, rand_mirror: bool = False, mean=None, std=None, brightness: float = 0,
                       contrast: float = 0, saturation: float = 0, pca_noise: float = 0, hue: float = 0,
                       inter_method: int = 2, min_object_covered=0.1, aspect_ratio_range=(0.75, 1.33),
                       area_range=(0.05, 3.0), min_eject_coverage=0.3, max_attempts=50,
                       pad_val: Sequence[float] = (127, 127, 127)) -> list[DetAugmenter]:
    """Augmenters that make an image (height, width, 3) of the size of `data_shape` = (channels, height, width).

    resize: the shorter side is that at first.  rand_crop, rand_pad, rand_gray: probabilities.  rand_mirror: half of
    the images are flipped.  min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts: as
    for CreateMultiRandCropAugmenter; margins take the part of area_range above 1.  brightness, contrast, saturation,
    hue, pca_noise: how much colours vary.  mean, std: arrays, or True for ImageNet's.  inter_method: as for
    `resize_short`.  The images are float32.

    AssertionError for a mean or std that is neither.  Source: MXNet's `mx.image.CreateDetAugmenter`.
    """
    made: list[DetAugmenter] = [DetBorrowAug(ResizeAug(resize, inter_method))] if resize > 0 else []
    if rand_crop > 0:
        made.append(CreateMultiRandCropAugmenter(min_object_covered, aspect_ratio_range, area_range,
                                                 min_eject_coverage, max_attempts, skip_prob=1 - rand_crop))
    if rand_mirror:
        made.append(DetHorizontalFlipAug(0.5))
    if rand_pad > 0:  # late, for a larger image is more work
        pad = DetRandomPadAug(aspect_ratio_range, (1.0, area_range[1]), max_attempts, pad_val)
        made.append(DetRandomSelectAug([pad], 1 - rand_pad))
    borrowed = [ForceResizeAug((data_shape[2], data_shape[1]), inter_method),
                *_of_colours(brightness, contrast, saturation, hue, pca_noise, rand_gray,
                             _statistic("mean", mean, np.array(_IMAGENET_MEAN)),
                             _statistic("std", std, np.array(_IMAGENET_STD)))]
    return made + [DetBorrowAug(aug) for aug in borrowed]
