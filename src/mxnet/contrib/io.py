"""A Gluon DataLoader as an iterator, for Module (mx.contrib.io)."""

from __future__ import annotations

from .. import ndarray as nd
from ..io import DataDesc, DataIter

__all__ = ["DataLoaderIter"]


class DataLoaderIter(DataIter):
    """Batches of a `gluon.data.DataLoader` whose samples are pairs of data and label, as those of a DataIter.

    What is missing in a last, smaller batch is zeros, and `pad` says how many.  dtype: of data and labels.
    Source: MXNet's `contrib.io.DataLoaderIter`.

    >>> module.fit(mx.contrib.io.DataLoaderIter(gluon.data.DataLoader(dataset, 32)), num_epoch=5)
    """

    def __init__(self, loader, data_name="data", label_name="softmax_label", dtype="float32"):
        super().__init__()
        self._loader = loader
        self._iter = iter(loader)
        data, label = next(self._iter)
        self.batch_size = data.shape[0]
        self.dtype = dtype
        self.provide_data = [DataDesc(data_name, data.shape, dtype)]
        self.provide_label = [DataDesc(label_name, label.shape, dtype)]
        self._current_batch = None
        self.reset()

    def reset(self):
        self._iter = iter(self._loader)

    def iter_next(self):
        self._current_batch = next(self._iter, None)
        return self._current_batch is not None

    def getdata(self):
        return [self._filled(self._current_batch[0])]

    def getlabel(self):
        return [self._filled(self._current_batch[1])]

    def getpad(self):
        return self.batch_size - self._current_batch[0].shape[0]

    def getindex(self):
        return None

    def _filled(self, array):
        """A whole batch of the dtype."""
        array = array.astype(self.dtype)
        missing = self.batch_size - array.shape[0]
        if not missing:
            return array
        return nd.concat(array, nd.zeros((missing, *array.shape[1:]), array.context, self.dtype), dim=0)
