"""What makes a batch of samples, as MXNet 2.0 has it: for `DataLoader(batchify_fn=...)`; 1.9.1 has the default only.

Each is a class whose objects are called with a list of samples, so that workers get them pickled.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ... import ndarray as nd
from ...base import torch_dtype
from ...context import Context
from ._stacking import empty, stack

__all__ = ["Append", "AsList", "Group", "List", "Pad", "Stack", "Tuple"]


class Stack:
    """Samples of one shape along a new first axis.

    use_shared_mem: the batch is on cpu_shared(0), for workers.
    """

    def __init__(self, use_shared_mem: bool = False):
        self._use_shared_mem = use_shared_mem

    def __call__(self, data: Sequence) -> nd.NDArray:
        return stack(data, self._use_shared_mem)


class Pad:
    """Samples of one number of dimensions along a new first axis, padded to the largest size along each axis.

    val: what to pad with, 0 if not given.  dtype: of the batch, that of the first sample if not given; float32 for
    lists.  round_to: make every size a multiple of it.  ret_length: give (batch, int32 sizes before padding along the
    first axis of the samples).
    """

    def __init__(self, val: float | None = None, dtype: Any = None, round_to: int | None = None,
                 use_shared_mem: bool = False, ret_length: bool = False):
        self._pad_val = 0 if val is None else val
        self._dtype = dtype
        self._round_to = round_to
        self._use_shared_mem = use_shared_mem
        self._ret_length = ret_length
        self._warned = False

    def __call__(self, data: Sequence) -> nd.NDArray | tuple[nd.NDArray, nd.NDArray]:
        """NotImplementedError for samples that are no lists, NumPy arrays or NDArrays; ValueError if they differ in
        their number of dimensions or have none."""
        first = data[0]
        if not isinstance(first, (nd.NDArray, np.ndarray, list)):
            raise NotImplementedError(f"Pad takes lists, NumPy arrays and NDArrays, got {type(first).__name__}")
        if isinstance(first, nd.NDArray) and not self._warned:
            self._warned = True
            warnings.warn("Using Pad with NDArrays is discouraged for speed reasons. Pass lists or NumPy arrays.",
                          stacklevel=2)
        arrays = [one.asnumpy() if isinstance(one, nd.NDArray) else np.asarray(one) for one in data]
        if not arrays[0].ndim or any(one.ndim != arrays[0].ndim for one in arrays):
            raise ValueError("Pad: samples must have one number of dimensions, at least 1, got shapes "
                             f"{[one.shape for one in arrays]}")
        dtype = self._dtype
        if dtype is None:
            dtype = np.float32 if isinstance(first, list) else first.dtype
        sizes = [self._rounded(max(size)) for size in zip(*(one.shape for one in arrays), strict=True)]
        out = empty((len(arrays), *sizes), torch_dtype(dtype), self._use_shared_mem)
        target = out._t.fill_(self._pad_val)
        for i, one in enumerate(arrays):
            place = (i, *(slice(size) for size in one.shape))
            target[place] = torch.from_numpy(np.ascontiguousarray(one))
        if not self._ret_length:
            return out
        return out, stack(np.array([len(one) for one in arrays], np.int32), self._use_shared_mem)

    def _rounded(self, size: int) -> int:
        return size if self._round_to is None else self._round_to * math.ceil(size / self._round_to)


class Append:
    """A list of NDArrays, one for each sample, so that they may differ in shape.

    expand: with an axis of size 1 at `batch_axis`.
    """

    def __init__(self, expand: bool = True, batch_axis: int = 0, use_shared_mem: bool = False):
        self._expand = expand
        self._batch_axis = batch_axis
        self._use_shared_mem = use_shared_mem

    def __call__(self, data: Sequence) -> list[nd.NDArray]:
        return [self._array(one) for one in data]

    def _array(self, one: Any) -> nd.NDArray:
        if not isinstance(one, nd.NDArray):
            values = np.asarray(one)
            one = nd.array(values, dtype=values.dtype)
        if self._expand:
            one = nd.expand_dims(one, axis=self._batch_axis)
        return one.as_in_context(Context("cpu_shared", 0)) if self._use_shared_mem else one


class Group:
    """A batchify function for each part of the samples, which are tuples or lists; the batch is a tuple.

    Group(a, b) or Group([a, b]).  AssertionError if the functions are no callables or not as many as parts.
    """

    def __init__(self, fn: Callable | Sequence[Callable], *args: Callable):
        if isinstance(fn, (list, tuple)):
            assert not args, ("Input pattern not understood. The input of Group can be Group(A, B, C) or "
                              f"Group([A, B, C]) or Group((A, B, C)). Received fn={fn}, args={args}")
            self._fn = tuple(fn)
        else:
            self._fn = (fn, *args)
        for i, one in enumerate(self._fn):
            assert callable(one), f"Batchify functions must be callable! type(fn[{i}]) = {type(one)}"

    def __call__(self, data: Sequence) -> tuple:
        assert len(data[0]) == len(self._fn), (f"The number of attributes in each data sample should contains "
                                               f"{len(self._fn)} elements, got {len(data[0])}")
        return tuple(fn([sample[i] for sample in data]) for i, fn in enumerate(self._fn))


class AsList:
    """The samples themselves, as a list: for texts and other things that make no arrays."""

    def __call__(self, data: Sequence) -> list:
        return list(data)


Tuple = Group  # the names of these in gluonnlp and gluoncv
List = AsList
