"""Iterators around iterators: ResizeIter changes the number of batches, PrefetchingIter works ahead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .data import DataBatch, DataDesc, DataIter

__all__ = ["PrefetchingIter", "ResizeIter"]


class _FromOthers(DataIter):
    """Its batch is `current_batch`, which `iter_next` sets."""

    current_batch: Any = None

    def next(self):
        if self.iter_next():
            return self.current_batch
        raise StopIteration

    def getdata(self):
        return self.current_batch.data

    def getlabel(self):
        return self.current_batch.label

    def getindex(self):
        return self.current_batch.index

    def getpad(self):
        return self.current_batch.pad


class ResizeIter(_FromOthers):
    """`size` batches an epoch from an iterator that has more or fewer.

    The inner iterator begins again whenever it ends; at `reset` only if reset_internal.
    """

    def __init__(self, data_iter, size, reset_internal=True):
        self.data_iter = data_iter
        self.size = size
        self.reset_internal = reset_internal
        self.cur = 0
        self.provide_data = data_iter.provide_data
        self.provide_label = data_iter.provide_label
        super().__init__(data_iter.batch_size)
        if hasattr(data_iter, "default_bucket_key"):
            self.default_bucket_key = data_iter.default_bucket_key

    def reset(self):
        self.cur = 0
        if self.reset_internal:
            self.data_iter.reset()

    def iter_next(self):
        if self.cur == self.size:
            return False
        try:
            self.current_batch = self.data_iter.next()
        except StopIteration:
            self.data_iter.reset()
            self.current_batch = self.data_iter.next()
        self.cur += 1
        return True


class PrefetchingIter(_FromOthers):
    """Takes batches in a thread for each of several iterators, and joins those into one batch.

    rename_data, rename_label: a dict {old name: new name} for each iterator.  An error in a thread is raised by `next`.

    >>> mx.io.PrefetchingIter([iter1, iter2], rename_data=[{"data": "data1"}, {"data": "data2"}])
    """

    def __init__(self, iters, rename_data=None, rename_label=None):
        iters = iters if isinstance(iters, list) else [iters]
        assert iters, "PrefetchingIter needs an iterator"
        self.iters = iters
        self.n_iter = len(iters)
        self.rename_data = rename_data
        self.rename_label = rename_label
        super().__init__(self.provide_data[0][1][0])
        self._pool = ThreadPoolExecutor(self.n_iter, thread_name_prefix="mxnet-prefetch")
        self._work_ahead()

    def _work_ahead(self):
        self._coming = [self._pool.submit(_next_or_none, it) for it in self.iters]

    @property
    def provide_data(self) -> list[DataDesc]:
        """DataDescs of all iterators, renamed."""
        return _renamed([it.provide_data for it in self.iters], self.rename_data)

    @property
    def provide_label(self) -> list[DataDesc]:
        """DataDescs of all iterators' labels, renamed."""
        return _renamed([it.provide_label for it in self.iters], self.rename_label)

    def reset(self):
        for coming in self._coming:
            coming.exception()  # waits; an error of a batch that nobody will take is nobody's
        for it in self.iters:
            it.reset()
        self._work_ahead()

    def iter_next(self):
        batches = [coming.result() for coming in self._coming]
        if all(batch is None for batch in batches):
            return False
        for i, batch in enumerate(batches):
            assert batch is not None, f"Number of entry mismatches between iterators: iterator {i} ended first"
            assert batch.pad == batches[0].pad, (
                f"Number of entry mismatches between iterators: pad {batches[0].pad} and {batch.pad}")
        self._work_ahead()
        self.current_batch = DataBatch(
            [array for batch in batches for array in batch.data],
            [array for batch in batches for array in batch.label or ()],
            batches[0].pad, batches[0].index, provide_data=self.provide_data, provide_label=self.provide_label)
        return True


def _next_or_none(it):
    try:
        return it.next()
    except StopIteration:
        return None


def _renamed(descs, names):
    """All DataDescs in one list; names[i] are new names in the i-th one."""
    names = [{}] * len(descs) if names is None else names
    result = []
    for some, new in zip(descs, names, strict=True):
        for desc in some:
            desc = desc if isinstance(desc, DataDesc) else DataDesc(*desc)
            result.append(DataDesc(new.get(desc.name, desc.name), desc.shape, desc.dtype, desc.layout))
    return result
