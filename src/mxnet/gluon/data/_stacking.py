"""What the default batchify functions and those of batchify.py share: where batches lie, and stacking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch

from ... import ndarray as nd
from ...base import NAME_TO_TORCH, torch_dtype
from ...context import Context, cpu, current_context
from ...ndarray._wrap import wrap
from . import _shared_memory
from ._late import LARGE, Pixels

__all__ = ["batchify", "collect", "empty", "on_cpu", "stack"]


def empty(shape: tuple, dtype: torch.dtype, shared: bool) -> nd.NDArray:
    """An array to write a part of a batch to; shared: on cpu_shared(0), where a worker shares it with its parent."""
    if shared:
        return wrap(_shared_memory.empty(shape, dtype), Context("cpu_shared", 0))
    return nd.empty(shape, dtype=dtype)


def on_cpu() -> bool:
    """Whether new arrays of this thread are in the CPU's memory."""
    return current_context().device_type != "gpu"


def stack(data: Sequence | np.ndarray, shared: bool) -> nd.NDArray:
    """NDArrays, NumPy arrays or (nested lists of) numbers of one shape along a new first axis.

    The dtype is that of the arrays, that of numbers what numpy.asarray gives.  MXNetError, ValueError if samples
    differ in shape; TypeError if they are no numbers.
    """
    first = data[0]
    if isinstance(first, nd.NDArray):
        if not shared:
            return nd.stack(*data)
        return nd.stack(*data, out=empty((len(data), *first.shape), first._t.dtype, True))
    if isinstance(first, np.ndarray) and first.dtype.kind in "fiub" and (shared or on_cpu()) and all(
            isinstance(one, np.ndarray) and one.shape == first.shape and one.dtype == first.dtype for one in data):
        out = empty((len(data), *first.shape), torch_dtype(first.dtype), shared)
        np.stack(list(data), out=out._t.numpy())
        return out
    try:
        values = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"Samples of different shapes cannot be stacked ({error}); pass a batchify_fn that pads or "
                         "lists them, such as batchify.Pad() or batchify.List()") from None
    return nd.array(values, dtype=values.dtype, ctx=Context("cpu_shared", 0) if shared else None)


def batchify(data: Sequence, shared: bool) -> Any:
    """Samples as a batch: `stack`, tuples part by part to a list."""
    if isinstance(data[0], tuple):
        return [batchify(part, shared) for part in zip(*data, strict=False)]
    return stack(data, shared)


# ---------------------------------------------------------------------------------------------- as they are made


def collect(samples: Iterator, count: int, shared: bool) -> Any:
    """`batchify` of `count` samples, which `unfinished` gave.

    Large arrays are written to the batch before the next sample is made.  So the memory of a sample is used again for
    the next, and is in the processor's cache, where a list of them all would be as large as the batch, in new pages.
    """
    first = next(samples)
    several = isinstance(first, tuple)
    columns = [_column(part, count, shared) for part in (first if several else (first,))]
    for sample in samples:
        if isinstance(sample, tuple) != several or (several and len(sample) != len(columns)):
            before = zip(*map(list, columns), strict=True) if several else columns[0]
            return batchify([*before, *map(_finished, chain([sample], samples))], shared)
        for k, part in enumerate(sample if several else (sample,)):
            if not columns[k].append(part):
                columns[k] = _List(columns[k])
                columns[k].append(part)
    batch = [column.batch(shared) for column in columns]
    return batch if several else batch[0]


class _List:
    """A part of samples, kept until all are there."""

    def __init__(self, parts: Iterable):
        self._parts = list(parts)

    def __iter__(self) -> Iterator:
        return iter(self._parts)

    def append(self, part) -> bool:
        self._parts.append(_finished(part))
        return True

    def batch(self, shared: bool):
        return batchify(self._parts, shared)


class _Rows:
    """A part of samples that is written to the rows of a batch; `append` is False for what does not fit there."""

    def __init__(self, first, count: int, dtype: torch.dtype, shared: bool):
        self._out = empty((count, *first.shape), dtype, shared)
        self._rows = self._out._t if isinstance(first, nd.NDArray) else self._out._t.numpy()
        self._first = first
        self._filled = 0
        self.append(first)

    def append(self, part) -> bool:
        first = self._first
        if type(part) is not type(first) or part.shape != first.shape or part.dtype != first.dtype:
            return False
        if type(part) is nd.NDArray:
            if part._rg:
                return False
            part = part._t
        if type(part) is Pixels:
            part.write(self._rows[self._filled])
        else:
            self._rows[self._filled] = part
        self._filled += 1
        return True

    def __iter__(self):
        rows = self._rows[:self._filled]
        if isinstance(self._first, np.ndarray):
            return iter(rows)
        return (wrap(torch.as_tensor(row), cpu(0)) for row in rows)

    def batch(self, shared: bool) -> nd.NDArray:
        return self._out


def _finished(sample):
    """A sample, or a part of one, with NDArrays in place of `Pixels`."""
    if type(sample) is tuple:
        return tuple(map(_finished, sample))
    if type(sample) is not Pixels:
        return sample
    out = torch.empty(sample.shape, dtype=sample.dtype)
    sample.write(out.numpy())
    return wrap(out, cpu(0))


def _column(first, count: int, shared: bool) -> _List | _Rows:
    """Where a part of the samples goes, by the first of them."""
    if type(first) is Pixels:
        return _Rows(first, count, first.dtype, shared)
    if shared or on_cpu():
        if type(first) is nd.NDArray and not first._t.is_cuda and not first._rg and first._t.nbytes >= LARGE:
            return _Rows(first, count, first._t.dtype, shared)
        if type(first) is np.ndarray and first.nbytes >= LARGE and str(first.dtype) in NAME_TO_TORCH:
            return _Rows(first, count, torch_dtype(first.dtype), shared)
    return _List([first])
