"""LibSVMIter: batches of sparse samples from text files in LibSVM's format."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError
from ..ops.registry import Shape
from .data import DataBatch
from .files import MXDataIter, _array, _files, _parsed

__all__ = ["LibSVMIter"]


class _Row(NamedTuple):
    label: float
    columns: np.ndarray
    values: np.ndarray


class LibSVMIter(MXDataIter):
    """Batches in csr storage of lines `label column:value column:value ...`, of which only a batch is in memory.

    data_libsvm: a file, several joined by ';', or a folder.  data_shape: (columns,); columns count from 0.
    What follows a '#' is a comment; a missing value is 1; 'qid:3' and weights as in '1:0.5' are passed over.
    label_libsvm: files of the same format whose values are the labels, in csr storage too, of `label_shape`
    (columns,); by default the lines' own labels, (batch_size,).
    num_parts, part_index: take only the lines that begin in one of several equal parts of the files' bytes.
    round_batch: fill the last batch from the beginning of the files; the next pass goes on from there.  If not, empty
    rows fill it up.  `pad` says how many.  prefetch_buffer, ctx, dtype: accepted for MXNet's sake; arrays are float32.

    Raises MXNetError for files that cannot be read, lines of another format and columns that data_shape does not have.
    """

    def __init__(self, *, data_libsvm=None, data_shape=None, batch_size=None, label_libsvm="NULL", label_shape=(1,),
                 num_parts=1, part_index=0, round_batch=True, prefetch_buffer=4, ctx="cpu", dtype=None,
                 data_name="data", label_name="softmax_label", **unknown):
        batch_size, data_shape, data_libsvm, label_libsvm, label_shape, parts, part, self._round = _parsed(
            "LibSVMIter", unknown, batch_size=(int, batch_size), data_shape=(Shape, data_shape),
            data_libsvm=(str, data_libsvm), label_libsvm=(str, label_libsvm), label_shape=(Shape, label_shape),
            num_parts=(int, num_parts), part_index=(int, part_index), round_batch=(bool, round_batch))
        own_labels = label_libsvm == "NULL"
        if len(data_shape) != 1:
            raise MXNetError(f"LibSVMIter: dimension of data_shape is expected to be 1, got {data_shape}")
        if own_labels != (label_shape == (1,)):
            raise MXNetError("LibSVMIter: label_shape is expected to be (1,) if and only if label_libsvm is not given, "
                             f"got {label_shape}")
        if not 0 <= part < parts:
            raise MXNetError(f"LibSVMIter: part_index={part} must be from 0 to num_parts - 1 = {parts - 1}")
        if dtype not in (None, "float32", np.float32):
            raise MXNetError(f"LibSVMIter: expected dtype float32, got {dtype}")
        self._data = _Rows(data_libsvm, data_shape[0], part, parts)
        self._labels = None if own_labels else _Rows(label_libsvm, int(np.prod(label_shape)), part, parts)
        self._rest: Iterator[tuple[int, _Row, _Row | None]] | None = None
        self._lines, self._over = self._samples(), False
        self.batch_size = batch_size
        super().__init__(batch_size, data_name, label_name)

    def _samples(self):
        """(position, row, row of labels or None) of each sample."""
        if self._labels is None:
            return ((i, row, None) for i, row in enumerate(self._data))
        return self._samples_with_labels()

    def _samples_with_labels(self):
        labels = iter(self._labels)
        for i, row in enumerate(self._data):
            label = next(labels, None)
            if label is None:
                raise MXNetError(f"LibSVMIter: there are fewer rows in label_libsvm={self._labels.name!r} than in "
                                 f"data_libsvm={self._data.name!r}")
            yield i, row, label

    def _rewind(self):
        self._lines = self._rest if self._over and self._rest is not None else self._samples()
        self._over, self._rest = False, None

    def _read(self):
        samples = [] if self._over else list(islice(self._lines, self.batch_size))
        if not samples:
            self._over = True
            return None
        pad = self.batch_size - len(samples)
        while len(samples) < self.batch_size and self._round:
            self._over, self._rest = True, self._samples()
            samples += islice(self._rest, self.batch_size - len(samples))
        index, rows, labels = zip(*samples, strict=True)
        if self._labels is None:
            label = np.zeros(self.batch_size, np.float32)
            label[:len(rows)] = [row.label for row in rows]
            label = _array(label)
        else:
            label = self._labels.csr(labels, self.batch_size)
        return DataBatch([self._data.csr(rows, self.batch_size)], [label], pad,
                         np.array(index + (0,) * (self.batch_size - len(index)), np.uint64))


class _Rows:
    """The rows of files in LibSVM's format, as often as they are iterated over."""

    def __init__(self, name: str, width: int, part: int, parts: int):
        self.name, self._width = name, width
        self._paths = list(chain.from_iterable(_files(path) for path in name.split(";")))
        try:
            sizes = [os.path.getsize(path) for path in self._paths]
        except OSError as error:
            raise MXNetError(f"LibSVMIter: {name!r} cannot be read: {error}") from error
        self._sizes, self._range = sizes, [sum(sizes) * p // parts for p in (part, part + 1)]

    def __iter__(self) -> Iterator[_Row]:
        before = 0
        for path, size in zip(self._paths, self._sizes, strict=True):
            begin, end = (max(0, edge - before) for edge in self._range)
            before += size
            if begin < min(end, size):
                yield from self._rows(path, begin, end)

    def _rows(self, path, begin, end):
        """Rows of lines that begin from `begin` on and before `end`."""
        with open(path, "rb") as file:
            if begin:
                file.seek(begin - 1)
                file.readline()
            while file.tell() < end:
                position = file.tell()
                line = file.readline()
                words = line.split(b"#")[0].split()
                if words:
                    yield self._row(words, f"{path}, line at byte {position}")
                elif not line:
                    return

    def _row(self, words, where) -> _Row:
        try:
            label = float(words[0].split(b":")[0])
            pairs = [word.partition(b":") for word in words[1:] if not word.startswith(b"qid:")]
            columns = np.array([int(column) for column, _, _ in pairs], np.int64)
            values = np.array([float(value) if colon else 1.0 for _, colon, value in pairs], np.float32)
        except ValueError as error:
            raise MXNetError(f"LibSVMIter: {where}: expected a label and column:value, got "
                             f"{b' '.join(words)[:80].decode(errors='replace')!r}") from error
        if columns.size and not 0 <= columns.min() <= columns.max() < self._width:
            raise MXNetError(f"LibSVMIter: {where}: columns must be from 0 to {self._width - 1}, "
                             f"got {columns.min()} to {columns.max()}")
        order = np.argsort(columns, kind="stable")
        return _Row(label, columns[order], values[order])

    def csr(self, rows, count: int):
        """`count` rows, the last ones empty, as a CSRNDArray."""
        ends = np.cumsum([0] + [row.columns.size for row in rows] + [0] * (count - len(rows)))
        columns = np.concatenate([row.columns for row in rows])
        values = np.concatenate([row.values for row in rows])
        return nd.sparse.csr_matrix((values, columns, ends), shape=(count, self._width), dtype=np.float32)
