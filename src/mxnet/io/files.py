"""Iterators over files: CSVIter and MNISTIter, and MXDataIter, what they have in common."""

from __future__ import annotations

import os
import struct
import sys
import warnings
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError
from ..context import cpu
from ..ops.registry import Attr, Shape
from .data import DataBatch, DataDesc, DataIter
from .shuffling import Shuffler

__all__ = ["CSVIter", "MNISTIter", "MXDataIter"]


class MXDataIter(DataIter):
    """Base of iterators over files.  Subclasses write `_read`, the next batch or None, and `_rewind`.

    The first batch is read at once, so that `provide_data` and `provide_label` are known and errors come early.
    """

    def __init__(self, batch_size, data_name="data", label_name="softmax_label"):
        super().__init__(batch_size)
        self._skip_load = False
        self._current = None
        self._first = self._read()
        if self._first is None:
            raise MXNetError(f"{type(self).__name__}: the files hold fewer samples than batch_size={batch_size}")
        self.provide_data = [DataDesc(data_name, a.shape, a.dtype) for a in self._first.data]
        self.provide_label = [DataDesc(label_name, a.shape, a.dtype) for a in self._first.label]

    def _read(self) -> DataBatch | None:
        raise NotImplementedError

    def _rewind(self):
        raise NotImplementedError

    def debug_skip_load(self):
        """Hand out the first batch for ever, to see how fast a program is without loading."""
        self._skip_load = True

    def reset(self):
        """Begin again, after a whole pass."""
        if self._first is None:
            self._rewind()
        self._current = None

    def iter_next(self):
        if self._skip_load and self._current is not None:
            return True
        if self._first is not None:
            self._current, self._first = self._first, None
        else:
            self._current = self._read()
        return self._current is not None

    def next(self):
        if self.iter_next():
            return self._current
        raise StopIteration

    def getdata(self):
        return self._current.data[0]

    def getlabel(self):
        return self._current.label[0]

    def getindex(self):
        return self._current.index

    def getpad(self):
        return self._current.pad


def _parsed(owner: str, unknown: dict, **given) -> list:
    """Values of parameters, given as name=(type, value), MXNetError for wrong types and None where one is required."""
    if unknown:
        warnings.warn(f"{owner} takes no {', '.join(sorted(unknown))}; ignored", stacklevel=3)
    values = []
    for name, (kind, value) in given.items():
        attr = Attr(name, kind)
        if value is None:
            raise MXNetError(f"Required parameter {name} of {attr.type_name} is not presented, in {owner}")
        values.append(attr.parse(value, owner))
    return values


def _array(values: np.ndarray):
    return nd.array(values, ctx=cpu(), dtype=values.dtype)


# ------------------------------------------------------------------------------------------------ CSV


class CSVIter(MXDataIter):
    """Batches of lines of CSV files, of which only a batch is in memory at a time.

    data_csv: a file, several joined by ';', or a folder, whose files are read in order of names.  A line holds one
    sample, of shape `data_shape`.
    label_csv: likewise for labels, of shape `label_shape`, where (1,) makes labels of shape (batch_size,).  By default
    all labels are 0.
    round_batch: fill the last batch from the beginning of the files; the next pass goes on from there.  If not, what
    the batch before had at the same places stays in the last batch.  `pad` says how many lines only fill it up.
    dtype: 'float32' (by default), 'int32' or 'int64', of data and labels.
    prefetch_buffer, ctx: accepted for MXNet's sake.

    Raises MXNetError for files that cannot be read and lines that do not have the shape's number of values.
    """

    def __init__(self, *, data_csv=None, data_shape=None, batch_size=None, label_csv="NULL", label_shape=(1,),
                 round_batch=True, prefetch_buffer=4, ctx="cpu", dtype=None, data_name="data",
                 label_name="softmax_label", **unknown):
        batch_size, data_shape, data_csv, label_csv, label_shape, self._round = _parsed(
            "CSVIter", unknown, batch_size=(int, batch_size), data_shape=(Shape, data_shape), data_csv=(str, data_csv),
            label_csv=(str, label_csv), label_shape=(Shape, label_shape), round_batch=(bool, round_batch))
        dtype = "float32" if dtype is None else np.dtype(dtype).name
        if dtype not in ("float32", "int32", "int64"):
            raise MXNetError(f"{dtype} is not supported for CSVIter, only float32, int32 and int64 are")
        self._data = _Lines(data_csv, data_shape, dtype)
        self._labels = None if label_csv == "NULL" else _Lines(label_csv, label_shape, dtype)
        self._label_shape = label_shape
        self._position = 0
        self._begun = False
        self._previous = (np.zeros((batch_size, *data_shape), dtype), np.zeros((batch_size, *label_shape), dtype),
                          np.zeros(batch_size, np.uint64))
        self.batch_size = batch_size
        super().__init__(batch_size, data_name, label_name)

    def _rewind(self):
        """To the beginning, unless the last batch went on from there already."""
        self._begun = False
        if not self._wrapped:
            self._to_beginning()

    def _to_beginning(self):
        self._position = 0
        self._data.reopen()
        if self._labels is not None:
            self._labels.reopen()

    def _read(self):
        if self._begun and self._wrapped:
            return None
        self._begun, self._wrapped = True, False
        parts = [self._take(self.batch_size)]
        real = count = len(parts[0][0])
        if not real:
            return None
        while count < self.batch_size and self._round:
            self._wrapped = True
            self._to_beginning()
            parts.append(self._take(self.batch_size - count))
            count += len(parts[-1][0])
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        columns = [np.concatenate((now, before[count:]))
                   for now, before in zip(columns, self._previous, strict=True)]
        self._previous = columns
        data, label, index = columns
        label = label.reshape(self.batch_size) if self._label_shape == (1,) else label
        return DataBatch([_array(data)], [_array(label)], self.batch_size - real, index)

    def _take(self, count):
        """Data, labels and positions of up to `count` more lines."""
        data = self._data.take(count)
        if self._labels is None:
            label = np.zeros((len(data), *self._label_shape), data.dtype)
        else:
            label = self._labels.take(len(data))
            if len(label) < len(data):
                raise MXNetError(f"CSVIter: there are fewer lines in label_csv={self._labels.name!r} than in "
                                 f"data_csv={self._data.name!r}")
        index = np.arange(self._position, self._position + len(data), dtype=np.uint64)
        self._position += len(data)
        return data, label, index


class _Lines:
    """Samples from the lines of one or more files."""

    def __init__(self, name: str, shape: tuple[int, ...], dtype: str):
        self.name, self._shape, self._dtype = name, shape, dtype
        self._paths = list(chain.from_iterable(_files(path) for path in name.split(";")))
        self.reopen()
        if not self._has_lines():
            raise MXNetError(f"CSVIter: cannot find any lines in {name!r}")

    def reopen(self):
        """Begin with the first line again."""
        self._lines = chain.from_iterable(_lines(path) for path in self._paths)

    def _has_lines(self) -> bool:
        first = next(self._lines, None)
        self.reopen()
        return first is not None

    def take(self, count: int) -> np.ndarray:
        """Up to `count` more samples, (samples, *shape)."""
        lines = list(islice(self._lines, count))
        size = int(np.prod(self._shape))
        if not lines:
            return np.zeros((0, *self._shape), self._dtype)
        for line in lines:
            if line.count(",") != size - 1:
                raise MXNetError("The data size in CSV do not match size of shape: specified shape="
                                 f"{self._shape}, the csv row-length={line.count(',') + 1}, in {self.name!r}: "
                                 f"{line[:80]!r}")
        try:
            rows = self._parsed(lines)
        except ValueError as error:
            raise MXNetError(f"CSVIter: {self.name!r} holds what is no {self._dtype}: {error}") from error
        return rows.reshape(len(lines), *self._shape)

    def _parsed(self, lines: list[str]) -> np.ndarray:
        """The numbers in lines; as integers, those with a fraction are cut off."""
        read = partial(np.loadtxt, lines, comments=None, delimiter=",", ndmin=2)
        if self._dtype == "float32":
            return read(np.float32)
        try:
            return read(self._dtype)  # by way of floats, large ones would not be exact
        except ValueError:
            values = read(np.float64)
            if not np.isfinite(values).all():
                raise
            return values.astype(self._dtype)


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    return [file.path for file in sorted(os.scandir(path), key=lambda f: f.name) if file.is_file()]


def _lines(path: str) -> Iterator[str]:
    """The lines of a file that are not blank, without the comma that some programs put at their ends."""
    try:
        with open(path, encoding="utf-8-sig") as file:  # others begin with a mark of the encoding
            for line in map(str.strip, file):
                if line:
                    yield line.removesuffix(",")
    except OSError as error:
        raise MXNetError(f"CSVIter: {path} cannot be read: {error}") from error


# ------------------------------------------------------------------------------------------------ MNIST


class MNISTIter(MXDataIter):
    """Batches of images and labels from files in the format of MNIST, pixels divided by 256.

    image, label: the files, not compressed.  shuffle: mix the samples once, by `seed`; the order is MXNet's.
    flat: samples of shape (height * width,) instead of (1, height, width).  silent: do not print what was
    loaded to stderr.
    num_parts, part_index: take only one of several equal parts.  What does not fill a batch is left out.
    prefetch_buffer, ctx, dtype, input_shape, data_shape: accepted for MXNet's sake; arrays are float32.

    Raises MXNetError for files that cannot be read or are not in this format.
    """

    def __init__(self, *, image="./train-images-idx3-ubyte", label="./train-labels-idx1-ubyte", batch_size=128,
                 shuffle=True, flat=False, seed=0, silent=False, num_parts=1, part_index=0, prefetch_buffer=4,
                 ctx="cpu", dtype=None, input_shape=None, data_shape=None, data_name="data",
                 label_name="softmax_label", **unknown):
        batch_size, shuffle, flat, seed, silent, num_parts, part_index = _parsed(
            "MNISTIter", unknown, batch_size=(int, batch_size), shuffle=(bool, shuffle), flat=(bool, flat),
            seed=(int, seed), silent=(bool, silent), num_parts=(int, num_parts), part_index=(int, part_index))
        images, labels = _idx(image, 3, 2051), _idx(label, 1, 2049)
        if len(images) != len(labels):
            raise MXNetError(f"MNISTIter: {image} holds {len(images)} images, {label} {len(labels)} labels")
        if not 0 <= part_index < num_parts:
            raise MXNetError(f"MNISTIter: part_index={part_index} must be from 0 to num_parts - 1 = {num_parts - 1}")
        part = slice(len(images) * part_index // num_parts, len(images) * (part_index + 1) // num_parts)
        images, labels = images[part], labels[part]
        if shuffle:
            order = Shuffler(seed).order(len(images))
            images, labels = images[order], labels[order]
        height, width = images.shape[1:]
        self._images = images.reshape((-1, height * width) if flat else (-1, 1, height, width))
        self._labels = labels
        self._position = 0
        self.batch_size = batch_size
        if not silent:
            print(f"MNISTIter: load {len(images)} images, shuffle={int(shuffle)}, "
                  f"shape={(batch_size, *self._images.shape[1:])}", file=sys.stderr)
        super().__init__(batch_size, data_name, label_name)

    def _rewind(self):
        self._position = 0

    def _read(self):
        here = slice(self._position, self._position + self.batch_size)
        if here.stop > len(self._labels):
            return None
        self._position = here.stop
        data = self._images[here] * np.float32(1 / 256)
        return DataBatch([_array(data)], [_array(self._labels[here].astype(np.float32))], 0,
                         np.zeros(self.batch_size, np.uint64))


def _idx(path: str, ndim: int, magic: int) -> np.ndarray:
    """The array of bytes in a file of MNIST's format."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise MXNetError(f"MNISTIter: {path} cannot be read: {error}") from error
    head = 4 + 4 * ndim
    if len(content) < head:
        raise MXNetError(f"MNISTIter: invalid mnist format: {path} ends within its first {head} bytes")
    found, *shape = struct.unpack(f">{1 + ndim}I", content[:head])
    if found != magic:
        raise MXNetError(f"MNISTIter: invalid mnist format: {path} begins with {found}, expected {magic}")
    count = 1
    for size in shape:
        count *= size
    if len(content) - head < count:
        raise MXNetError(f"MNISTIter: invalid mnist format: {path} holds {len(content) - head} bytes, "
                         f"expected {count} for the shape {tuple(shape)}")
    return np.frombuffer(content, np.uint8, count, head).reshape(shape)
