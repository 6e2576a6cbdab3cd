"""ImageRecordIter and its kin: batches of images from RecordIO files, decoded and augmented in threads."""

from __future__ import annotations

import os
import random
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError
from ..ndarray.creation import from_numpy
from ..ops.opencv import _opencv, _pixels
from ..ops.registry import Shape
from .augment import Augmentation
from .data import DataBatch
from .files import MXDataIter
from .normalize import Normalization, Scaling
from .parameters import read_parameters, signature_of
from .record_source import Reading, RecordSource, Sample

__all__ = ["ImageRecordInt8Iter", "ImageRecordIter", "ImageRecordIter_v1", "ImageRecordUInt8Iter",
           "ImageRecordUInt8Iter_v1"]

_AT_ONCE = 8  # images that a thread does before it looks for other work
_FLAGS = {1: 0, 3: 1, 4: -1}  # what OpenCV is told, by the number of channels


@dataclass(kw_only=True)
class Batching:
    """The parameters of ImageRecordIter that say how batches are made."""

    data_shape: Shape
    batch_size: int
    round_batch: bool = True
    preprocess_threads: int = 4
    prefetch_buffer: int = 4
    seed_aug: int | None = None
    dtype: str | None = None
    aug_seq: str = "aug_default"
    verbose: bool = True
    device_id: int = 0
    ctx: Literal["cpu", "gpu"] = "gpu"
    data_name: str = "data"
    label_name: str = "softmax_label"


class ImageBatches(MXDataIter):
    """Batches that threads make ahead of time, from what `RecordSource` reads.

    Subclasses say how an image is decoded and what becomes of it and its label: `_label_size`, `_write`.  What a
    sample becomes depends on its place in the pass and on `seed_aug`, not on the threads.
    """

    def __init__(self, reading: Reading, batching: Batching, dtype: str):
        owner = type(self).__name__
        if len(batching.data_shape) != 3 or batching.data_shape[0] not in _FLAGS or min(batching.data_shape) < 1:
            raise MXNetError(f"{owner}: data_shape must be (channels, height, width) with 1, 3 or 4 channels, "
                             f"got {batching.data_shape}")
        if batching.batch_size < 1 or batching.preprocess_threads < 1:
            raise MXNetError(f"{owner}: batch_size and preprocess_threads must be at least 1, got "
                             f"{batching.batch_size} and {batching.preprocess_threads}")
        if batching.aug_seq not in ("aug_default", "det_aug_default"):
            raise MXNetError(f"{owner}: aug_seq={batching.aug_seq!r} is not known, expected 'aug_default'")
        self._cv2 = _opencv()
        self._batching, self._dtype = batching, dtype
        self._source = RecordSource(owner, reading)
        self._passes = self._number = 0  # of this pass, and of its batch that is begun next
        self._next_pass = self._begun_pass = None  # all its places; those that are left behind a filled batch
        self._ended = False
        self._pending: deque[_Coming] = deque()
        self._pool = ThreadPoolExecutor(min(batching.preprocess_threads, os.cpu_count() or 1),
                                        thread_name_prefix="mxnet-images", initializer=self._cv2.ipp.setUseIPP,
                                        initargs=(False,))
        self._prepare()
        self._order = iter(self._source.begin_pass())
        super().__init__(batching.batch_size, batching.data_name, batching.label_name)

    def _prepare(self) -> None:
        """What has to be known before the first batch."""

    def _label_size(self) -> int:
        raise NotImplementedError

    def _write(self, image: np.ndarray, sample: Sample, data: np.ndarray, label: np.ndarray, rng: random.Random):
        raise NotImplementedError

    # ------------------------------------------------------------------------------------- passes

    def _next_places(self):
        """(places, pad) of the next batch, None after the last; what fills that is where the next pass begins."""
        size = self._batching.batch_size
        places = list(islice(self._order, size))
        if not places:
            return None
        pad = size - len(places)
        while len(places) < size and self._batching.round_batch:
            self._next_pass = self._source.begin_pass()
            self._begun_pass = iter(self._next_pass)
            places += islice(self._begun_pass, size - len(places))
        return places, pad

    def _rewind(self):
        """A new pass.  After a whole one it goes on behind what filled the last batch."""
        for coming in self._pending:
            coming.cancel()
        self._pending.clear()
        if self._ended and self._begun_pass is not None:
            self._order = self._begun_pass
        else:
            self._order = iter(self._source.begin_pass() if self._next_pass is None else self._next_pass)
        self._next_pass = self._begun_pass = None
        self._passes += 1
        self._number = 0

    # ------------------------------------------------------------------------------------- batches

    def _read(self):
        self._work_ahead()
        self._ended = not self._pending
        if self._ended:
            return None
        coming = self._pending.popleft()
        self._work_ahead()
        return coming.result()

    def _work_ahead(self):
        while len(self._pending) < max(1, self._batching.prefetch_buffer):
            try:
                places_and_pad = self._next_places()
            except MXNetError as error:
                self._pending.append(_Failed(error))
                return
            if places_and_pad is None:
                return
            self._pending.append(self._begin(*places_and_pad))
            self._number += 1

    def _begin(self, places, pad):
        size = self._batching.batch_size
        empty = np.zeros if len(places) < size else np.empty
        coming = _Coming(empty((size, *self._batching.data_shape), self._dtype),
                         empty((size, self._label_size()), np.float32), np.zeros(size, np.uint64), pad)
        seed = (self._batching.seed_aug or 0) << 96 | self._passes << 64 | self._number << 32
        for first in range(0, len(places), _AT_ONCE):
            some = range(first, min(first + _AT_ONCE, len(places)))
            coming.parts.append(self._pool.submit(self._make, coming, places, some, seed))
        return coming

    def _make(self, coming, places, some, seed):
        """Samples of a batch, in a thread."""
        for i in some:
            sample = self._source.load(places[i])
            coming.index[i] = sample.id
            self._write(self._decode(sample), sample, coming.data[i], coming.label[i], random.Random(seed | i))

    def _decode(self, sample):
        channels = self._batching.data_shape[0]
        content = np.frombuffer(sample.image, np.uint8)
        try:
            image = _pixels(type(self).__name__, content, _FLAGS[channels]) if content.size else None
        except MXNetError:
            image = None
        if image is None:
            raise MXNetError(f"{type(self).__name__}: {sample.where} holds no image that can be decoded")
        if image.shape[2] != channels:
            raise MXNetError(f"{type(self).__name__}: invalid image in {sample.where}: expected {channels} channels, "
                             f"got {image.shape[2]}")
        return image


class _Coming:
    """A batch whose parts are being made."""

    def __init__(self, data: np.ndarray, label: np.ndarray, index: np.ndarray, pad: int):
        self.data, self.label, self.index, self.pad = data, label, index, pad
        self.parts: list[Future] = []

    def result(self) -> DataBatch:
        for part in self.parts:
            part.result()
        label = self.label.reshape(-1) if self.label.shape[1] == 1 else self.label
        return DataBatch([from_numpy(self.data)], [from_numpy(label)], self.pad, self.index)

    def cancel(self) -> None:
        for part in self.parts:
            part.cancel()


class _Failed:
    """A batch that cannot be, since the place of its records was not found."""

    def __init__(self, error: MXNetError):
        self._error = error

    def result(self):
        raise self._error

    def cancel(self):
        pass


class ImageRecordIter(ImageBatches):
    """Batches of images from RecordIO files that `im2rec` made, decoded and augmented in threads.

    What is read
        path_imgrec: the .rec file, several joined by ';', or a folder.  path_imgidx: its .idx file, which saves looking
        for records when they are shuffled or divided.  path_imglist: a .lst file whose labels replace those in the
        records.  label_width: how many labels an image has.  num_parts, part_index: take only one of several parts.
        shuffle, seed: a new order each pass, of all records; it is MXNet's.
    Batches
        data_shape: (channels, height, width), with 1 channel (grey), 3 (red, green, blue) or 4 (with alpha).
        batch_size.  round_batch: fill the last batch from the next pass, which then goes on from there; if not, zeros
        fill it.  `pad` says how many samples only fill it up.  dtype: 'float32' (None too), 'uint8' or 'int8'.
        preprocess_threads, prefetch_buffer: threads, and batches that they make ahead.  data_name, label_name.
    Size, in this order
        resize: length of the shorter edge.  rotate, or by chance up to max_rotate_angle degrees; max_shear_ratio;
        min_random_scale to max_random_scale; min_aspect_ratio to max_aspect_ratio, or 1 -+ max_aspect_ratio;
        min_img_size and max_img_size limit the result; fill_value is what stands beyond the image.  pad: a margin.
        Then an area of data_shape is cut out, at random places with rand_crop, else the middle; smaller images grow
        first.  min_crop_size to max_crop_size: cut out a square that is resized.  random_resized_crop: cut out
        min_random_area to max_random_area of the image, in proportions as above, and resize it.
        inter_method: 0 nearest, 1 bilinear, 2 bicubic, 3 by area, 4 Lanczos, 9 by the sizes, 10 by chance.
    Colours, by chance
        brightness, contrast, saturation: factors 1 -+ these, in any order; random_h, random_s, random_l: what to add to
        hue (of 180), saturation and lightness (of 255); pca_noise: deviation of noise along the colours' main axes.
    Numbers, if float32
        ((pixel - mean) * contrast + illumination) * scale / std, where mean_r, mean_g, mean_b, mean_a and std_r, ...
        are of a channel, mean_img is a file with an array to subtract instead (made from all images if there is none),
        contrast is 1 -+ max_random_contrast and illumination 0 -+ max_random_illumination.  mirror: left
        becomes right; rand_mirror: of every other image.
    seed_aug: other random numbers; they do not depend on preprocess_threads.
    aug_seq, verbose, device_id, ctx, shuffle_chunk_size, shuffle_chunk_seed: accepted for MXNet's sake.

    Unknown parameters are warned of.  Raises MXNetError for values that cannot be, files that cannot be read, and by
    `next` for damaged records, which it names.  Source: MXNet's `ImageRecordIter`.

    >>> it = mx.io.ImageRecordIter(path_imgrec="train.rec", data_shape=(3, 224, 224), batch_size=32, rand_crop=True)
    >>> for batch in it:
    ...     batch.data[0], batch.label[0]  # (32, 3, 224, 224), (32,)
    """

    _parameters = (Reading, Batching, Augmentation, Normalization)
    _only_dtype: str | None = None
    __signature__ = signature_of(*_parameters)

    def __init__(self, **parameters: Any):
        reading, batching, self._augmentation, self._normalization = read_parameters(
            type(self).__name__, parameters, *self._parameters)
        self._label_width = reading.label_width
        dtype = self._only_dtype or batching.dtype or "float32"
        if dtype not in ("float32", "uint8", "int8"):
            raise MXNetError(f"{type(self).__name__}: unknown dtype {dtype}: expected float32, uint8 or int8")
        super().__init__(reading, batching, dtype)

    def _label_size(self):
        return self._label_width

    def _prepare(self):
        normalization = self._normalization
        if not normalization.mean_img:
            return
        if normalization.needs_mean_image():
            nd.save(normalization.mean_img, {"mean_img": nd.array(self._mean_of_all())})
        normalization.load_mean_image(self._batching.data_shape)

    def _mean_of_all(self) -> np.ndarray:
        """The mean of all images, augmented as they will be."""
        _, height, width = self._batching.data_shape
        plain, total, count = Scaling(), np.zeros(self._batching.data_shape), 0
        image = np.empty(self._batching.data_shape, np.float32)
        for place in self._source:
            pixels = self._augmentation(self._decode(self._source.load(place)), height, width, random.Random(count))
            plain.write(pixels, image)
            total += image
            count += 1
        return total / max(count, 1)

    def _write(self, image, sample, data, label, rng):
        label[:] = sample.label
        try:
            image = self._augmentation(image, *data.shape[1:], rng)
        except (MXNetError, self._cv2.error) as error:
            raise MXNetError(f"{type(self).__name__}: {sample.where}: {error}") from error
        self._normalization.normalize(image, data, rng)


class ImageRecordUInt8Iter(ImageRecordIter):
    """ImageRecordIter whose batches hold pixels as uint8, without mean and scale."""

    _only_dtype = "uint8"


class ImageRecordInt8Iter(ImageRecordIter):
    """ImageRecordIter whose batches hold pixels as int8, where 127 stands for all brighter ones."""

    _only_dtype = "int8"


class ImageRecordIter_v1(ImageRecordIter):
    """ImageRecordIter under its name for programs of old."""

    _only_dtype = "float32"


class ImageRecordUInt8Iter_v1(ImageRecordUInt8Iter):
    """ImageRecordUInt8Iter under its name for programs of old."""
