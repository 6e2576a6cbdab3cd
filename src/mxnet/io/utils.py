"""Helpers of NDArrayIter: what is given as data becomes a list of (name, NDArray)."""

from __future__ import annotations

import numpy as np

from .. import ndarray as nd
from ..ndarray import NDArray
from ..ndarray.sparse import CSRNDArray


def _init_data(data, allow_empty: bool, default_name: str) -> list[tuple[str, NDArray]]:
    """[(name, NDArray)], in order of names where `data` is a dict.

    A list of one has the default name, others `_0_` and so on before it.  NDArrays stay themselves, all else becomes
    float32.  TypeError for what is no array, AssertionError where data is needed and there is none.
    """
    assert data is not None or allow_empty, f"{default_name} is needed, got None"
    if data is None:
        data = []
    if isinstance(data, (np.ndarray, NDArray)) or _is_scipy_csr(data) or _is_h5py(data):
        data = [data]
    if isinstance(data, list):
        assert data or allow_empty, f"{default_name} is needed, got an empty list"
        if len(data) == 1:
            data = {default_name: data[0]}
        else:
            data = {f"_{i}_{default_name}": array for i, array in enumerate(data)}
    if not isinstance(data, dict):
        raise TypeError("Input must be NDArray, numpy.ndarray, a list of them or dict with them as values, "
                        f"got {type(data).__name__} for {default_name}")
    return [(name, _as_ndarray(name, data[name])) for name in sorted(data)]


def _is_scipy_csr(value) -> bool:
    return type(value).__module__.startswith("scipy.sparse") and getattr(value, "format", None) == "csr"


def _is_h5py(value) -> bool:
    return type(value).__module__.startswith("h5py.") and hasattr(value, "shape")


def _as_ndarray(name, value):
    """An NDArray; an array in an HDF5 file stays there."""
    if isinstance(value, NDArray) or _is_h5py(value):
        return value
    if _is_scipy_csr(value):
        return nd.sparse.array(value)
    try:
        return nd.array(value)
    except Exception as error:
        raise TypeError(f"Invalid type {type(value)!r} for {name}, should be NDArray or numpy.ndarray") from error


def _has_instance(data, dtype) -> bool:
    """Whether any array in [(name, array)] is of a class."""
    return any(isinstance(array, dtype) for _, array in data)


def _getdata_by_idx(data, idx) -> list[tuple[str, NDArray]]:
    """[(name, array)] with rows in the order `idx`; dense arrays are float32 afterwards, as MXNet's are.

    IndexError for an array that has fewer rows.
    """
    rows = np.asarray(idx)
    shuffled = []
    for name, array in data:
        if rows.size and rows.max() >= array.shape[0]:
            raise IndexError(f"{name} has {array.shape[0]} rows, and so no row {rows.max()}")
        if isinstance(array, CSRNDArray):
            shuffled.append((name, nd.sparse.array(array.asscipy()[rows], array.context)))
        elif _is_h5py(array):
            shuffled.append((name, nd.array(np.asarray(array)[rows])))
        else:
            order = nd.array(rows, ctx=array.context, dtype="int64")
            shuffled.append((name, nd.take(array, order).astype("float32", copy=False)))
    return shuffled


def _slice_along_batch_axis(data, s: slice, batch_axis: int) -> NDArray:
    """A copy of the part `s` of an axis, dense as MXNet's is; of an array in a file only this part is read."""
    if isinstance(data, CSRNDArray):
        return data[s].tostype("default")
    if _is_h5py(data):
        return nd.array(data[(slice(None),) * batch_axis + (s,)])
    return nd.slice_axis(data, axis=batch_axis, begin=s.start or 0, end=s.stop)
