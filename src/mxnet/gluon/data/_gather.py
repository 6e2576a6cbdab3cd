"""Batches of array datasets in one step: the rows that are asked for, rather than sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ... import ndarray as nd
from ..._state import state
from ...base import NAME_TO_TORCH
from ._stacking import empty, on_cpu
from .dataset import ArrayDataset, SimpleDataset, _SampledDataset

__all__ = ["gather"]


def gather(dataset: Any, samples: Sequence, shared: bool, batchify_fn: Callable) -> Any:
    """What the default batchify functions make of some samples, or None if they have to be taken one by one.

    shared: on cpu_shared(0).  batchify_fn: for lists beside the arrays.
    """
    if not samples or state.recording or not (shared or on_cpu()):
        return None
    while type(dataset) is _SampledDataset:
        dataset, samples = dataset._dataset, [dataset._indices[i] for i in samples]
    if type(dataset) is SimpleDataset:
        return _rows(dataset._data, samples, shared)
    if type(dataset) is not ArrayDataset:
        return _rows(dataset, samples, shared)
    parts = [_rows(data, samples, shared) for data in dataset._data]
    if all(part is None for part in parts):
        return None
    parts = [batchify_fn([data[i] for i in samples]) if part is None else part
             for part, data in zip(parts, dataset._data, strict=True)]
    return parts[0] if len(parts) == 1 else parts


def _rows(data: Any, samples: Sequence, shared: bool):
    """The rows of an array; None for anything else, and for indices that only the array itself can judge."""
    if type(data) is nd.NDArray and data.ndim > 1 and not data._t.is_cuda and not data._rg:
        tensor = data._t
    elif type(data) in (np.ndarray, np.memmap) and data.ndim and str(data.dtype) in NAME_TO_TORCH:
        tensor = None
    else:
        return None
    index = np.asarray(samples)
    if index.dtype.kind not in "iu" or index.ndim != 1 or index.min() < 0 or index.max() >= len(data):
        return None
    out = empty((len(index), *data.shape[1:]), NAME_TO_TORCH[str(data.dtype)] if tensor is None else tensor.dtype,
                shared)
    if tensor is None:
        np.take(data, index, axis=0, out=out._t.numpy(), mode="clip")
    else:
        torch.index_select(tensor, 0, torch.from_numpy(index.astype(np.int64, copy=False)), out=out._t)
    return out
