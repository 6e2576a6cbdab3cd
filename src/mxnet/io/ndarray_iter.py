"""NDArrayIter: batches of arrays in memory."""

from __future__ import annotations

import numpy as np

from .. import ndarray as nd
from ..ndarray.sparse import CSRNDArray
from .data import DataBatch, DataDesc, DataIter
from .utils import _getdata_by_idx, _has_instance, _init_data, _slice_along_batch_axis

__all__ = ["NDArrayIter"]


class NDArrayIter(DataIter):
    """Batches of NDArrays, NumPy arrays or h5py datasets.

    data, label: an array, a list of them or a dict of them by name, with samples along the first axis.  Arrays are
    copied to float32, only NDArrays stay as they are, and h5py's in their file unless shuffled.
    last_batch_handle: what happens where the samples do not fill the last batch.  'pad' fills it from the beginning
    (and `pad` says how many); 'discard' leaves it out; 'roll_over' keeps them for the first batch after `reset`.
    shuffle: take samples in random order, by `numpy.random`; the order changes at each `reset`.
    data_name, label_name: names where none are given.  layout: of data and labels, its N is the axis of batches.

    NotImplementedError for sparse arrays unless 'discard'; batches of them are dense.
    """

    def __init__(self, data, label=None, batch_size=1, shuffle=False, last_batch_handle="pad", data_name="data",
                 label_name="softmax_label", layout="NCHW"):
        super().__init__(batch_size)
        self.data = _init_data(data, False, data_name)
        self.label = _init_data(label, True, label_name)
        if _has_instance(self.data + self.label, CSRNDArray) and last_batch_handle != "discard":
            raise NotImplementedError("`NDArrayIter` only supports CSRNDArray with `last_batch_handle` set to "
                                      f"`discard`, not {last_batch_handle!r}")
        self.shuffle = shuffle
        self.last_batch_handle = last_batch_handle
        self.layout = layout
        self._axis = DataDesc.get_batch_axis(layout)
        self.num_data = self.data[0][1].shape[self._axis]
        self.idx = np.arange(self.num_data)
        if shuffle:
            self._shuffle_data()
        self.data_list = [array for _, array in self.data + self.label]
        self.num_source = len(self.data_list)
        self._cache_data = self._cache_label = None
        self.cursor = -batch_size

    @property
    def provide_data(self) -> list[DataDesc]:
        """Names and shapes of a batch's data."""
        return self._describe(self.data)

    @property
    def provide_label(self) -> list[DataDesc]:
        """Names and shapes of a batch's labels."""
        return self._describe(self.label)

    def _describe(self, sources):
        axis = self._axis
        return [DataDesc(name, (*a.shape[:axis], self.batch_size, *a.shape[axis + 1:]), a.dtype, self.layout)
                for name, a in sources]

    def hard_reset(self):
        """Begin again, forgetting samples kept to roll over."""
        if self.shuffle:
            self._shuffle_data()
        self.cursor = -self.batch_size
        self._cache_data = self._cache_label = None

    def reset(self):
        """Begin again, in a new order if shuffled, with the samples kept to roll over."""
        if self.shuffle:
            self._shuffle_data()
        left_over = self.num_data - self.batch_size < self.cursor < self.num_data
        if self.last_batch_handle == "roll_over" and left_over:
            self.cursor -= self.num_data + self.batch_size
        else:
            self.cursor = -self.batch_size

    def iter_next(self):
        self.cursor += self.batch_size
        return self.cursor < self.num_data

    def next(self):
        if not self.iter_next():
            raise StopIteration
        data, label = self.getdata(), self.getlabel()
        if data[0].shape[self._axis] != self.batch_size:  # kept for 'roll_over', left out for 'discard'
            self._cache_data, self._cache_label = data, label
            raise StopIteration
        return DataBatch(data=data, label=label, pad=self.getpad(), index=None)

    def getdata(self):
        return self._batch(self.data, self._cache_data)

    def getlabel(self):
        return self._batch(self.label, self._cache_label)

    def getpad(self):
        end = self.cursor + self.batch_size
        if self.last_batch_handle == "pad" and end > self.num_data:
            return end - self.num_data
        if self.last_batch_handle == "roll_over" and -self.batch_size < self.cursor < 0:
            return -self.cursor
        return 0

    def _batch(self, sources, kept):
        """The part of each array that the cursor is at, filled up where that is asked for."""
        assert self.cursor < self.num_data, "DataIter needs reset."
        begin, end = self.cursor, self.cursor + self.batch_size
        if self.last_batch_handle == "roll_over" and -self.batch_size < begin < 0:
            assert kept is not None, "there are no samples that rolled over; call next() rather than iter_next()"
            return [self._concat(old, self._slice(array, 0, end))
                    for old, (_, array) in zip(kept, sources, strict=True)]
        if end > self.num_data and self.last_batch_handle == "pad":
            return [self._padded(array) for _, array in sources]
        return [self._slice(array, begin, min(end, self.num_data)) for _, array in sources]

    def _padded(self, array):
        """What is left of an array, then the array from its beginning, as often as it takes."""
        size = self.num_data
        rounds, rest = divmod(self.cursor + self.batch_size - size, size)
        parts = [self._slice(array, self.cursor, size)] + [self._slice(array, 0, size)] * rounds
        if rest:
            parts.append(self._slice(array, 0, rest))
        return self._concat(*parts)

    def _slice(self, array, begin, end):
        return _slice_along_batch_axis(array, slice(begin, end), self._axis)

    def _concat(self, *parts):
        return nd.concat(*parts, dim=self._axis)

    def _shuffle_data(self):
        np.random.shuffle(self.idx)
        self.data = _getdata_by_idx(self.data, self.idx)
        self.label = _getdata_by_idx(self.label, self.idx)
