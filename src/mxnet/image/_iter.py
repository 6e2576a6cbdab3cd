"""ImageIter: batches of augmented images out of a record file, or of the files in a list."""

from __future__ import annotations

import contextlib
import logging
import os
import random
from collections.abc import Iterator, Sequence

import numpy as np

from .. import io, recordio
from .. import ndarray as nd
from ..base import MXNetError, numeric_types
from ..ndarray import NDArray
from ._augmenters import Augmenter, CreateAugmenter
from ._functions import imdecode

__all__ = ["ImageIter"]

_LABEL_DTYPES = ("int32", "float32", "int64", "float64")
_LAST_BATCH = ("pad", "discard", "roll_over")


class _Invalid(Exception):
    """An image that is left out."""


@contextlib.contextmanager
def _leaving_out() -> Iterator[None]:
    """RuntimeErrors are logged, and only leave an image out."""
    try:
        yield
    except RuntimeError as error:
        logging.debug("Invalid image, skipping:  %s", error)
        raise _Invalid from error


def _read_list(path: str, dtype: str) -> dict[int, tuple[NDArray, str]]:
    """{key: (label, file name)} of a .lst file: lines of key, labels and file name, with tabs between."""
    found = {}
    with open(path) as lines:
        for line in lines:
            key, *label, name = line.strip().split("\t")
            found[int(key)] = nd.array(np.array(label, np.float64), dtype=dtype), name
    return found


def _list(images: list, dtype: str) -> dict[str, tuple[NDArray, str]]:
    """{key: (label, file name)} of items (label, file name) or (number, number, ..., file name); keys from "1" on."""
    found = {}
    for key, (*label, name) in enumerate(images, 1):
        alone = len(label) == 1 and not isinstance(label[0], numeric_types)
        found[str(key)] = nd.array(label[0] if alone else label, dtype=dtype), name
    return found


class ImageIter(io.DataIter):
    """Batches of images, (batch_size, 3, height, width) of float32, and of their labels.

    data_shape: (3, height, width).  label_width: labels of an image; with 1 a batch of labels is (batch_size,), else
    (batch_size, label_width).  Images come from one of

    - path_imgrec, a record file (with path_imgidx, its index, it can be shuffled and parted; the labels may come from
      path_imglist then),
    - path_imglist, a .lst file of lines key, labels, file name with tabs between; or imglist, a list of
      [label(s), file name]; both below the folder path_root.

    shuffle: another order in each epoch, by Python's `random`.  part_index, num_parts: take one of equal parts.
    aug_list: augmenters, else those of CreateAugmenter(data_shape, **kwargs).  dtype: that of labels in lists.
    last_batch_handle: "pad" fills the last batch from the beginning (`batch.pad` says how many), "discard" drops it,
    "roll_over" begins the next epoch with it.

    A subclass may override next_sample, read_image, imdecode, check_valid_image, augmentation_transform and
    postprocess_data.  RuntimeError for an image that cannot be decoded, naming it.  ValueError for bad shapes and an
    unknown last_batch_handle, AssertionError for other arguments that are missing or contradict each other.
    Source: MXNet's `mx.image.ImageIter`.
    """

    def __init__(self, batch_size: int, data_shape: tuple[int, int, int], label_width: int = 1,
                 path_imgrec: str | None = None, path_imglist: str | None = None, path_root: str | None = None,
                 path_imgidx: str | None = None, shuffle: bool = False, part_index: int = 0, num_parts: int = 1,
                 aug_list: list[Augmenter] | None = None, imglist: list | None = None, data_name: str = "data",
                 label_name: str = "softmax_label", dtype: str = "float32", last_batch_handle: str = "pad", **kwargs):
        super().__init__(batch_size)
        assert path_imgrec or path_imglist or isinstance(imglist, list), \
            "expected path_imgrec, path_imglist or a list as imglist"
        assert dtype in _LABEL_DTYPES, f"{dtype} label not supported: expected one of {', '.join(_LABEL_DTYPES)}"
        if last_batch_handle not in _LAST_BATCH:
            raise ValueError(f"last_batch_handle must be one of {', '.join(_LAST_BATCH)}, got {last_batch_handle!r}")
        self.check_data_shape(data_shape)
        self.data_shape = tuple(data_shape)
        self.label_width = label_width
        self.provide_data: list[tuple[str, tuple[int, ...]]] = [(data_name, (batch_size, *self.data_shape))]
        label_shape = (batch_size, label_width) if label_width > 1 else (batch_size,)
        self.provide_label: list[tuple[str, tuple[int, ...]]] = [(label_name, label_shape)]
        self.shuffle = shuffle
        self.path_root = path_root
        self.last_batch_handle = last_batch_handle
        self._open(path_imgrec, path_imgidx, path_imglist, imglist, dtype)
        self.seq = self._sequence(part_index, num_parts)
        self.num_image = None if self.seq is None else len(self.seq)
        self.auglist: list = CreateAugmenter(self.data_shape, **kwargs) if aug_list is None else aug_list
        self.cur = 0
        self._allow_read = True
        self._rolled: tuple[NDArray, NDArray, int] | None = None  # a batch that is not full, for the next epoch
        self.reset()

    def _open(self, path_imgrec, path_imgidx, path_imglist, imglist, dtype):
        """Where images and labels are: imgrec and imgidx, imglist, or both."""
        name = self.__class__.__name__
        self.imgrec = self.imgidx = self.imglist = None
        if path_imgrec:
            logging.info("%s: loading recordio %s...", name, path_imgrec)
            if path_imgidx:
                self.imgrec = recordio.MXIndexedRecordIO(path_imgidx, path_imgrec, "r")
                self.imgidx = list(self.imgrec.keys)
            else:
                self.imgrec = recordio.MXRecordIO(path_imgrec, "r")
        if path_imglist:
            logging.info("%s: loading image list %s...", name, path_imglist)
            self.imglist = _read_list(path_imglist, dtype)
        elif isinstance(imglist, list):
            logging.info("%s: loading image list...", name)
            self.imglist = _list(imglist, dtype)

    def _sequence(self, part_index: int, num_parts: int) -> list | None:
        """Keys of the images of this part, in order; None for a record file that is read as it lies."""
        keys = self.imgidx if self.imgrec is not None else list(self.imglist)
        assert keys is not None or not (self.shuffle or num_parts > 1), \
            "a record file needs its index, path_imgidx, to be shuffled or parted"
        if num_parts > 1:
            assert 0 <= part_index < num_parts, f"part_index must be 0 to {num_parts - 1}, got {part_index}"
            size = len(keys) // num_parts
            keys = keys[part_index * size:(part_index + 1) * size]
        return keys

    def reset(self):
        """Back to the beginning, in another order if shuffled; a batch that rolled over stays."""
        if self.seq is not None and self.shuffle:
            random.shuffle(self.seq)
        if self._rolled is None:
            self._rewind()

    def hard_reset(self):
        """Back to the beginning, without what rolled over."""
        self._rolled = None
        self.reset()

    def _rewind(self):
        if self.imgrec is not None:
            self.imgrec.reset()
        self.cur = 0
        self._allow_read = True

    def next_sample(self) -> tuple[NDArray | np.ndarray | float, bytes]:
        """The label and the encoded image that come next; StopIteration at the end, which rewinds to fill a batch."""
        if not self._allow_read:
            raise StopIteration
        if self.seq is None:
            record = self.imgrec.read()
            if record is None:
                self._end()
            header, content = recordio.unpack(record)
            return header.label, content
        if self.cur >= len(self.seq):
            self._end()
        key = self.seq[self.cur]
        self.cur += 1
        if self.imgrec is None:
            label, name = self.imglist[key]
            return label, self.read_image(name)
        header, content = recordio.unpack(self.imgrec.read_idx(key))
        return header.label if self.imglist is None else self.imglist[key][0], content

    def _end(self):
        if self.last_batch_handle != "discard":
            self._rewind()
        raise StopIteration

    def next(self) -> io.DataBatch:
        """The next batch; StopIteration after the last."""
        data, label, filled = self._rolled or (*self._new_batch(), 0)
        if self._rolled is None:
            filled = self._batchify(data, label)
        missing = self.batch_size - filled
        if missing:
            if self.last_batch_handle == "discard":
                raise StopIteration
            if self.last_batch_handle == "roll_over" and self._rolled is None:
                self._rolled = data, label, filled
                raise StopIteration
            self._batchify(data, label, filled)
            self._rolled = None
            self._allow_read = self.last_batch_handle != "pad"
        return io.DataBatch([data], [label], pad=missing)

    def _new_batch(self) -> tuple[NDArray, NDArray]:
        return nd.zeros(self.provide_data[0][1]), nd.zeros(self.provide_label[0][1])

    def _batchify(self, batch_data: NDArray, batch_label: NDArray, start: int = 0) -> int:
        """Examples into a batch from number `start` on; up to where it is full.  StopIteration if there are none."""
        filled = start
        try:
            while filled < self.batch_size:
                label, content = self.next_sample()
                try:
                    data, label = self._example(self.imdecode(content), label)
                except _Invalid:
                    continue
                batch_data[filled] = self.postprocess_data(data)
                self._put_label(batch_label, filled, label)
                filled += 1
        except StopIteration:
            if not filled:
                raise
        return filled

    def _example(self, data: NDArray, label) -> tuple[NDArray, NDArray | np.ndarray | float]:
        """A decoded image augmented, and its label; _Invalid if it is to be left out."""
        with _leaving_out():
            self.check_valid_image(data)
        return self.augmentation_transform(data), label

    def _put_label(self, batch_label: NDArray, index: int, label):
        batch_label[index] = label

    def check_data_shape(self, data_shape: tuple[int, ...]):
        """ValueError unless it is (3, height, width)."""
        if len(data_shape) != 3:
            raise ValueError(f"data_shape should have length 3, with dimensions CxHxW, got {data_shape}")
        if data_shape[0] != 3:
            raise ValueError(f"This iterator expects inputs to have 3 channels, got data_shape {data_shape}")
        if min(data_shape) < 1:
            raise ValueError(f"height and width must be at least 1, got data_shape {data_shape}")

    def check_valid_image(self, data: Sequence[NDArray] | NDArray):
        """RuntimeError for an image to leave out."""
        if len(data[0].shape) == 0:
            raise RuntimeError("Data shape is wrong")

    def imdecode(self, s: bytes) -> NDArray:
        """`mx.image.imdecode`; RuntimeError that says which image is broken."""
        try:
            return imdecode(s)
        except (MXNetError, ValueError) as error:
            raise RuntimeError(f"Broken image {self._place()}, {error}") from error

    def _place(self) -> str:
        """Which image was read last."""
        if self.seq is None:
            return f"in {self.imgrec.uri}"
        key = self.seq[self.cur - 1]
        return f"index: {key}" if self.imglist is None else f"filename: {self.imglist[key][1]}"

    def read_image(self, fname: str) -> bytes:
        """What the file `fname` below path_root holds."""
        if self.path_root is None:
            raise TypeError(f"path_root, the folder of {fname!r}, is not given")
        with open(os.path.join(self.path_root, fname), "rb") as file:
            return file.read()

    def augmentation_transform(self, data: NDArray) -> NDArray:
        """The image as all augmenters, one after the other, make it."""
        for aug in self.auglist:
            data = aug(data)
        return data

    def postprocess_data(self, datum: NDArray) -> NDArray:
        """The image as it lies in the batch: channels first."""
        return nd.transpose(datum, axes=(2, 0, 1))
