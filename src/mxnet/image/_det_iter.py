"""ImageDetIter: batches of augmented images and of the boxes around objects in them."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from .. import ndarray as nd
from ..ndarray import NDArray
from ._augmenters import _IMAGENET_MEAN, _IMAGENET_STD, _statistic
from ._det_augmenters import CreateDetAugmenter, DetAugmenter
from ._iter import ImageIter, _leaving_out

__all__ = ["ImageDetIter"]

_SHORTEST_HEADER, _LEAST_WIDTH = 2, 5  # of a label: header and object widths; class and four edges of an object
_WHITE = (255, 255, 255)


def _boxes_with_area(objects: np.ndarray) -> np.ndarray:
    return (objects[:, 3] > objects[:, 1]) & (objects[:, 4] > objects[:, 2])


class ImageDetIter(ImageIter):
    """Batches of images, and of their objects, (batch_size, most objects of an image, width of an object).

    An object is (class, left, top, right, bottom, ...), in fractions of width and height; rows that an image does not
    need hold -1.  As the label of an image in a record file or list stands (width of the header, width of an object,
    ... rest of the header, objects one after the other).  All labels are read at first, to see how many objects an
    image has.

    aug_list: DetAugmenters, else those of CreateDetAugmenter(data_shape, **kwargs).  Other arguments are ImageIter's.
    Images whose augmenters fail or leave no object are left out, with a message to the log.  RuntimeError for labels
    that are none.  Source: MXNet's `mx.image.ImageDetIter`.
    """

    def __init__(self, batch_size: int, data_shape: tuple[int, int, int], path_imgrec: str | None = None,
                 path_imglist: str | None = None, path_root: str | None = None, path_imgidx: str | None = None,
                 shuffle: bool = False, part_index: int = 0, num_parts: int = 1,
                 aug_list: list[DetAugmenter] | None = None, imglist: list | None = None, data_name: str = "data",
                 label_name: str = "label", last_batch_handle: str = "pad", **kwargs):
        super().__init__(batch_size, data_shape, path_imgrec=path_imgrec, path_imglist=path_imglist,
                         path_root=path_root, path_imgidx=path_imgidx, shuffle=shuffle, part_index=part_index,
                         num_parts=num_parts, aug_list=[], imglist=imglist, data_name=data_name,
                         label_name=label_name, last_batch_handle=last_batch_handle)
        self.auglist = CreateDetAugmenter(self.data_shape, **kwargs) if aug_list is None else aug_list
        self.label_shape: tuple[int, ...] = self._estimate_label_shape()
        self.provide_label = [(label_name, (batch_size, *self.label_shape))]

    def _estimate_label_shape(self) -> tuple[int, int]:
        """(most objects of an image, width of an object)."""
        most, width = 0, None
        self.reset()
        try:
            while True:
                most, width = max(most, len(objects := self._parse_label(self.next_sample()[0]))), objects.shape[1]
        except StopIteration:
            self.reset()
        if width is None:
            raise RuntimeError(f"{self.__class__.__name__}: there are no images")
        return most, width

    def _parse_label(self, label: NDArray | np.ndarray | float) -> np.ndarray:
        """The objects of a label, one a row, without those whose boxes are empty; RuntimeError if there are none."""
        raw = np.ravel(label.asnumpy() if isinstance(label, NDArray) else label)
        if raw.size < _SHORTEST_HEADER + _LEAST_WIDTH:
            raise RuntimeError(f"Label shape is invalid: {raw.shape}")
        header, width = int(raw[0]), int(raw[1])
        if width < _LEAST_WIDTH or header < _SHORTEST_HEADER or (raw.size - header) % width:
            raise RuntimeError(f"Label shape {raw.shape} inconsistent with header width {header} and annotation width "
                               f"{width}: they must be at least {_SHORTEST_HEADER} and {_LEAST_WIDTH}, and fit")
        objects = raw[header:].reshape(-1, width)
        objects = objects[_boxes_with_area(objects)]
        if not len(objects):
            raise RuntimeError("Encounter sample with no valid label.")
        return objects

    def _check_valid_label(self, label: np.ndarray):
        """RuntimeError unless augmenters have left objects."""
        if label.ndim != 2 or label.shape[1] < _LEAST_WIDTH:
            raise RuntimeError(f"Label with shape (1+, 5+) required, {label} received.")
        if not ((label[:, 0] >= 0) & _boxes_with_area(label)).any():
            raise RuntimeError("Invalid label occurs.")

    def reshape(self, data_shape: tuple[int, int, int] | None = None, label_shape: tuple[int, int] | None = None):
        """Other sizes of batches, for whichever is given; augmenters stay as they are.

        ValueError for a data_shape that is none, and a label_shape with fewer objects or other widths.
        """
        if data_shape is not None:
            self.check_data_shape(data_shape)
        if label_shape is not None:
            self.check_label_shape(label_shape)
            self.label_shape = tuple(label_shape)
            self.provide_label = [(self.provide_label[0][0], (self.batch_size, *label_shape))]
        if data_shape is not None:
            self.data_shape = tuple(data_shape)
            self.provide_data = [(self.provide_data[0][0], (self.batch_size, *data_shape))]

    def check_label_shape(self, label_shape: tuple[int, int]):
        """ValueError unless it has two numbers, as many objects at least, and the same width of an object."""
        if len(label_shape) != 2:
            raise ValueError(f"label_shape should have length 2, got {label_shape}")
        if label_shape[0] < self.label_shape[0]:
            raise ValueError(f"Attempts to reduce label count from {self.label_shape[0]} to {label_shape[0]}, "
                             "not allowed.")
        if label_shape[1] != self.label_shape[1]:
            raise ValueError(f"label_shape object width inconsistent: {self.label_shape[1]} vs {label_shape[1]}.")

    def sync_label_shape(self, it: ImageDetIter, verbose: bool = False) -> ImageDetIter:
        """Both iterators get the greater number of objects; returns `it`.

        AssertionError for what is no ImageDetIter, and for other widths of an object.
        """
        assert isinstance(it, ImageDetIter), f"Synchronize with invalid iterator: got {type(it).__name__}"
        counts, width = (self.label_shape[0], it.label_shape[0]), self.label_shape[1]
        assert width == it.label_shape[1], f"object width mismatch: {width} and {it.label_shape[1]}"
        for each in (self, it):
            if each.label_shape[0] < max(counts):
                each.reshape(None, (max(counts), width))
        if verbose and counts[0] != counts[1]:
            logging.info("Resized label_shape to (%d, %d).", max(counts), width)
        return it

    def _new_batch(self):
        return nd.zeros(self.provide_data[0][1]), nd.full(self.provide_label[0][1], -1)

    def _example(self, data, label):
        with _leaving_out():
            self.check_valid_image([data])
            data, label = self.augmentation_transform(data, self._parse_label(label))
            self._check_valid_label(label)
        return data, label

    def _put_label(self, batch_label, index, label):
        rows = np.full(batch_label.shape[1:], -1, np.float32)
        rows[:len(label)] = label
        batch_label[index] = rows

    def augmentation_transform(self, data: NDArray, label: np.ndarray) -> tuple[NDArray, np.ndarray]:  # type: ignore[override]
        """The image and its objects as all augmenters, one after the other, make them."""
        for aug in self.auglist:
            data, label = aug(data, label)
        return data, label

    def draw_next(self, color: tuple[float, float, float] | None = None, thickness: int = 2, mean=None, std=None,
                  clip: bool = True, waitKey: int | None = None, window_name: str = "draw_next",
                  id2labels: dict[int, str] | None = None) -> Iterator[np.ndarray]:
        """The images that come next, augmented, with their boxes: (height, width, 3) of uint8, blue, green, red.

        color: that of boxes, in red, green, blue; None: any, by `numpy.random`.  mean, std: what the augmenters took
        away, arrays or True for ImageNet's.  clip: to [0, 255].  waitKey: show each image in the window `window_name`
        for so many milliseconds, with OpenCV.  id2labels: names of classes, written beside the boxes.
        """
        mean = _statistic("mean", mean, np.array(_IMAGENET_MEAN))
        std = _statistic("std", std, np.array(_IMAGENET_STD))
        mean, std = 0 if mean is None else np.float32(mean), 1 if std is None else np.float32(std)
        while True:
            try:
                label, content = self.next_sample()
            except StopIteration:
                return
            data = self.imdecode(content)
            try:
                self.check_valid_image([data])
                label = self._parse_label(label)
            except RuntimeError as error:
                logging.debug("Invalid image, skipping:  %s", error)
                continue
            data, label = self.augmentation_transform(data, label)
            pixels = (data.asnumpy() * std + mean)[:, :, ::-1]
            pixels = np.ascontiguousarray(pixels.clip(0, 255) if clip else pixels).astype(np.uint8)
            _draw(pixels, label, color[::-1] if color else None, thickness, id2labels or {})
            if waitKey is not None:
                _show(window_name, pixels, waitKey)
            yield pixels


def _draw(pixels: np.ndarray, objects: np.ndarray, color, thickness: int, names: dict[int, str]):
    """The boxes of `objects`, and the names of their classes, into an image."""
    import cv2
    height, width = pixels.shape[:2]
    for kind, *edges in objects[:, :5]:
        x1, y1, x2, y2 = (int(float(edge) * size) for edge, size in zip(edges, (width, height) * 2, strict=True))
        if min(x1, y1, x2, y2) < 0:
            continue
        cv2.rectangle(pixels, (x1, y1), (x2, y2), color or tuple(np.random.rand(3) * 255), thickness)
        if int(kind) in names:
            font, scale, name = cv2.FONT_HERSHEY_SIMPLEX, 0.5, names[int(kind)]
            text_height = cv2.getTextSize(name, font, scale, 2)[0][1]
            cv2.putText(pixels, name, (x1 + 5, y1 + text_height + 5), font, scale, _WHITE, 2)


def _show(window: str, pixels: np.ndarray, milliseconds: int):
    import cv2
    cv2.imshow(window, pixels)
    cv2.waitKey(milliseconds)
