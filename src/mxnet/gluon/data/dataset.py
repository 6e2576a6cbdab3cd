"""Where samples come from: datasets have a length and give a sample for an index; others are derived from them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from ... import ndarray, recordio
from .sampler import FilterSampler, Sampler, SequentialSampler

__all__ = ["ArrayDataset", "Dataset", "RecordFileDataset", "SimpleDataset"]


class Dataset:
    """Base class: derive from it and supply `__getitem__` and `__len__`.  Lists, NumPy arrays and NDArrays serve as
    datasets too wherever one is wanted."""

    def __getitem__(self, idx):
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def filter(self, fn: Callable) -> Dataset:
        """The samples for which `fn(sample)` is true; every sample is looked at now."""
        return _SampledDataset(self, FilterSampler(fn, self))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """The `index`-th of `num_shards` parts, which differ by at most one sample in length.

        Shard before shuffling, if each worker is to see samples of its own.  AssertionError unless
        0 <= index < num_shards.
        """
        assert index < num_shards, f"Shard index of out bound: {index} out of {num_shards}"
        assert num_shards > 0, f"Number of shards must be greater than 0, got {num_shards}"
        assert index >= 0, f"Index must be non-negative, got {index}"
        length, longer = divmod(len(self), num_shards)
        start = length * index + min(index, longer)
        return _SampledDataset(self, SequentialSampler(length + (index < longer), start))

    def take(self, count: int | None) -> Dataset:
        """The first `count` samples at most; all of them for None."""
        if count is None or count > len(self):
            count = len(self)
        return _SampledDataset(self, SequentialSampler(count))

    def sample(self, sampler: Sampler) -> Dataset:
        """The samples that a Sampler names, in its order; it is asked once.  TypeError for other things."""
        if not isinstance(sampler, Sampler):
            raise TypeError(f"Invalid sampler type: {type(sampler)}. Expected gluon.data.Sampler instead.")
        return _SampledDataset(self, sampler)

    def transform(self, fn: Callable, lazy: bool = True) -> Dataset:
        """A dataset of `fn(sample)`, or `fn(*sample)` where samples are tuples.

        lazy: call `fn` whenever a sample is asked for, as random augmentation needs; otherwise all is done now.
        """
        transformed = _LazyTransformDataset(self, fn)
        if lazy:
            return transformed
        return SimpleDataset([transformed[i] for i in range(len(transformed))])

    def transform_first(self, fn: Callable, lazy: bool = True) -> Dataset:
        """As `transform`, with `fn` for the first part of each sample only: the data, but not the label."""
        return self.transform(_TransformFirstClosure(fn), lazy)


class SimpleDataset(Dataset):
    """A list, or anything else with a length and an index, as a dataset."""

    def __init__(self, data):
        self._data = data

    def __len__(self):
        return len(self._data)

    def __getitem__(self, idx):
        return self._data[idx]


class ArrayDataset(Dataset):
    """Several arrays or datasets of the same length side by side: samples are tuples with one element of each.

    The samples of a single one are its elements.  An NDArray of one dimension is kept as a NumPy array, so that its
    elements are numbers.  AssertionError without arrays and if lengths differ.
    """

    def __init__(self, *args):
        assert args, "Needs at least 1 arrays"
        self._length = len(args[0])
        self._data = []
        for position, data in enumerate(args):
            assert len(data) == self._length, (f"All arrays must have the same length; array[0] has length "
                                               f"{self._length} while array[{position}] has {len(data)}.")
            if isinstance(data, ndarray.NDArray) and data.ndim == 1:
                data = data.asnumpy()
            self._data.append(data)

    def __getitem__(self, idx):
        if len(self._data) == 1:
            return self._data[0][idx]
        return tuple(data[idx] for data in self._data)

    def __len__(self):
        return self._length


_reading = threading.Lock()  # a reader seeks and then reads, and threads share it


def _renew_lock():
    """A forked process has none of the threads that may have held it."""
    global _reading
    _reading = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class RecordFileDataset(Dataset):
    """The records of a RecordIO file (.rec) as bytes.  Its index lies beside it: the same name ending in .idx."""

    def __init__(self, filename: str):
        self.idx_file = os.path.splitext(filename)[0] + ".idx"
        self.filename = filename
        self._record = recordio.MXIndexedRecordIO(self.idx_file, self.filename, "r")

    def __getitem__(self, idx):
        with _reading:
            return self._record.read_idx(self._record.keys[idx])

    def __len__(self):
        return len(self._record.keys)


class _SampledDataset(Dataset):
    """Samples of a dataset in the order that a sampler gave once."""

    def __init__(self, dataset, sampler):
        self._dataset = dataset
        self._sampler = sampler
        self._indices = list(iter(sampler))

    def __len__(self):
        return len(self._sampler)

    def __getitem__(self, idx):
        return self._dataset[self._indices[idx]]


class _FilteredDataset(_SampledDataset):
    """The samples of a dataset for which a function says true."""

    def __init__(self, dataset, fn):
        super().__init__(dataset, FilterSampler(fn, dataset))


class _LazyTransformDataset(Dataset):
    """A function of each sample, called when the sample is asked for."""

    def __init__(self, data, fn):
        self._data = data
        self._fn = fn

    def __len__(self):
        return len(self._data)

    def __getitem__(self, idx):
        item: Any = self._data[idx]
        return self._fn(*item) if isinstance(item, tuple) else self._fn(item)


class _TransformFirstClosure:
    """A function for the first of some arguments; a class, for workers get it pickled."""

    def __init__(self, fn):
        self._fn = fn

    def __call__(self, x, *args):
        return (self._fn(x), *args) if args else self._fn(x)


class _DownloadedDataset(Dataset):
    """Base of datasets that live in files below `root`: `_get_data` downloads them and sets `_data` and `_label`."""

    def __init__(self, root, transform):
        self._transform = transform
        self._data = None
        self._label = None
        self._root = os.path.expanduser(root)
        os.makedirs(self._root, exist_ok=True)
        self._get_data()

    def __getitem__(self, idx):
        if self._transform is not None:
            return self._transform(self._data[idx], self._label[idx])
        return self._data[idx], self._label[idx]

    def __len__(self):
        return len(self._label)

    def _get_data(self):
        raise NotImplementedError
