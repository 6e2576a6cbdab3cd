"""Batches of array datasets in one step: the rows that are asked for, rather than sample by sample.

Transforms that do to a batch what they do to each of its samples are applied to the rows together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ... import ndarray as nd
from ..._state import state
from ...base import NAME_TO_TORCH
from ._late import CONTAINERS, ELEMENTWISE, has_hooks, takes_samples_as
from ._stacking import empty, on_cpu
from .dataset import (
    ArrayDataset,
    SimpleDataset,
    _DownloadedDataset,
    _LazyTransformDataset,
    _SampledDataset,
    _TransformFirstClosure,
)

__all__ = ["gather"]


def gather(dataset: Any, samples: Sequence, shared: bool, batchify_fn: Callable) -> Any:
    """What the default batchify functions make of some samples, or None if they have to be taken one by one.

    shared: on cpu_shared(0).  batchify_fn: for lists beside the arrays.
    """
    if not len(samples) or state.recording or not (shared or on_cpu()):  # an array may be what lists the samples
        return None
    if takes_samples_as(dataset, _SampledDataset):
        return gather(dataset._dataset, [dataset._indices[i] for i in samples], shared, batchify_fn)
    if takes_samples_as(dataset, _LazyTransformDataset):
        return _transformed(dataset, samples, shared, batchify_fn)
    if takes_samples_as(dataset, SimpleDataset):
        return _rows(dataset._data, samples, shared)
    arrays = _arrays(dataset)
    if arrays is None:
        return _rows(dataset, samples, shared)
    parts = [_rows(data, samples, shared) for data in arrays]
    if all(part is None for part in parts):
        return None
    parts = [batchify_fn([data[i] for i in samples]) if part is None else part
             for part, data in zip(parts, arrays, strict=True)]
    return parts[0] if len(parts) == 1 else parts


def _arrays(dataset: Any) -> Sequence | None:
    """The arrays that a dataset puts side by side."""
    if takes_samples_as(dataset, ArrayDataset):
        return dataset._data
    if takes_samples_as(dataset, _DownloadedDataset) and dataset._transform is None:
        return dataset._data, dataset._label
    return None


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


# ---------------------------------------------------------------------------------------------- transforms


def _transformed(dataset: _LazyTransformDataset, samples: Sequence, shared: bool, batchify_fn: Callable):
    """The rows that a transform of single samples gives, made of all of them together; None where that may differ."""
    fn = dataset._fn
    first_alone = type(fn) is _TransformFirstClosure
    if first_alone:
        fn = fn._fn
    if not (_takes_batches(fn) and _are_images(dataset._data)):
        return None
    batch = gather(dataset._data, samples, shared, batchify_fn)
    if batch is None:
        return None
    several = isinstance(batch, list)
    if several and not first_alone:
        return None
    try:
        images = fn(batch[0] if several else batch)
    except Exception:  # taken one by one, the samples will say it better
        return None
    if shared:
        images = images.copyto(empty(images.shape, images._t.dtype, True))
    return [images, *batch[1:]] if several else images


def _takes_batches(fn: Any) -> bool:
    """Whether a transform is known to do to a batch of images what it does to each of them."""
    if has_hooks(fn):
        return False
    if type(fn) in CONTAINERS:
        return all(_takes_batches(child) for child in fn._children.values())
    return type(fn) in ELEMENTWISE


def _are_images(dataset: Any) -> bool:
    """Whether the samples are, or begin with, NDArrays of three dimensions, by the array that they are rows of."""
    while takes_samples_as(dataset, _SampledDataset):
        dataset = dataset._dataset
    if takes_samples_as(dataset, _LazyTransformDataset):
        return _are_images(dataset._data)  # what it gives has as many dimensions
    arrays = _arrays(dataset)
    data = arrays[0] if arrays is not None else dataset._data if takes_samples_as(dataset, SimpleDataset) else dataset
    return type(data) is nd.NDArray and data.ndim == 4
