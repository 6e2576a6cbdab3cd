"""What the default batchify functions and those of batchify.py share: where batches lie, and stacking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ... import ndarray as nd
from ...base import torch_dtype
from ...context import Context, current_context
from ...ndarray._wrap import wrap
from . import _shared_memory

__all__ = ["empty", "on_cpu", "stack"]


def empty(shape: tuple, dtype: torch.dtype, shared: bool) -> nd.NDArray:
    """An array to write a part of a batch to; shared: on cpu_shared(0), where a worker shares it with its parent."""
    if shared:
        return wrap(_shared_memory.empty(shape, dtype), Context("cpu_shared", 0))
    return nd.empty(shape, dtype=dtype)


def on_cpu() -> bool:
    """Whether new arrays of this thread are in the CPU's memory."""
    return current_context().device_type != "gpu"


def stack(data: Sequence, shared: bool) -> nd.NDArray:
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
        np.stack(data, out=out._t.numpy())
        return out
    try:
        values = np.asarray(data)
    except ValueError as error:
        raise ValueError(f"Samples of different shapes cannot be stacked ({error}); pass a batchify_fn that pads or "
                         "lists them, such as batchify.Pad() or batchify.List()") from None
    return nd.array(values, dtype=values.dtype, ctx=Context("cpu_shared", 0) if shared else None)
