"""What `x[key]` and `x[key] = value` mean, on plain tensors: MXNet's rules, which are NumPy's but for a few.

Results of basic keys (ints, slices, None, ...) share memory with `x` when they lie in one piece in it, else they
are copies, as those of index arrays always are.  There are no 0-dim arrays: `x[0]` of a vector has shape (1,).
Floats and NumPy's booleans in index arrays are read as integers.  NDArrays in keys arrive here as tensors.
"""

import numbers

import numpy as np
import torch
from torch import Tensor

from .._state import state
from ..ops.indexing import forward_slice

__all__ = ["getitem", "lies_in_one_piece", "setitem"]

_LISTS = (list, tuple, range, np.ndarray, Tensor)


def getitem(t: Tensor, key) -> tuple[Tensor, bool]:
    """`t[key]`, and whether it shares memory with `t`.

    Raises IndexError for indices out of range or too many of them, ValueError for keys that are none.
    """
    kind = type(key)
    if kind is int:
        return _at_least_1d(t[key]), True
    if kind is slice and (key.step is None or key.step == 1):
        return t[key] if t.dim() else t.view(()), True
    if kind is tuple and _is_plain(key):
        return _in_one_piece(_at_least_1d(t[key]))
    entries = _entries(t, key)
    if any(isinstance(e, Tensor) for e in entries):
        view, reversed_axes = _slice_axes(t, entries)
        if reversed_axes:
            view = view.flip(reversed_axes)
        return view[_advanced_key(entries)].contiguous(), False
    view, reversed_axes = _basic_view(t, entries)
    if reversed_axes:
        return view.flip(reversed_axes), False
    return _in_one_piece(_at_least_1d(view))


def setitem(t: Tensor, key, value) -> None:
    """Write `value` (number, array-like or tensor) to `t[key]`, cast to the dtype of `t` and broadcast.

    Leading axes of size 1 that `value` has too many are dropped.  Raises as `getitem` does, ValueError for
    shapes that do not fit, TypeError for values that are no numbers.
    """
    kind = type(key)
    if kind is int or (kind is slice and (key.step is None or key.step == 1)) or (kind is tuple and _is_plain(key)):
        _write(t[key] if t.dim() or kind is not slice else t, value, ())
        return
    entries = _entries(t, key)
    if not any(isinstance(e, Tensor) for e in entries):
        view, reversed_axes = _basic_view(t, entries)
        _write(view, value, reversed_axes)
        return
    view, reversed_axes = _slice_axes(t, entries)
    if reversed_axes:
        # No view runs backwards: find the places by indexing the places themselves.
        places, _ = getitem(torch.arange(t.numel(), device=t.device).view(t.shape), key)
        view, index = t.view(-1), (places,)
    else:
        index = _advanced_key(entries)
    value = _as_tensor(value, t)
    view[index] = _fit(value, view[index].shape if value.dim() else ()).to(t.dtype)


def lies_in_one_piece(key: tuple, shape: tuple[int, ...]) -> bool:
    """Whether `x[key]`, for ints, slices and None, would share memory with an array `x` of this shape."""
    t = torch.empty(shape, device="meta")
    view, reversed_axes = _basic_view(t, _entries(t, key))
    return not reversed_axes and view.is_contiguous()


def _at_least_1d(view: Tensor) -> Tensor:
    return view if view.dim() or state.np_shape else view.view(1)


def _in_one_piece(view: Tensor) -> tuple[Tensor, bool]:
    if state.solver is not None or view.is_contiguous():
        return view, True
    return view.contiguous(), False


# ------------------------------------------------------------------------------------------------ reading keys


def _is_plain(key: tuple) -> bool:
    """Whether torch reads this key as MXNet does: ints, slices that run forward, None and one Ellipsis."""
    ellipses = 0
    for entry in key:
        if type(entry) is slice:
            if entry.step is not None and not entry.step > 0:
                return False
        elif entry is Ellipsis:
            ellipses += 1
        elif type(entry) is not int and entry is not None:
            return False
    return ellipses < 2


def _entries(t: Tensor, key) -> list:
    """The key as a list of ints, slices, Nones and index tensors that mention every axis of `t`."""
    entries = [_entry(e, t) for e in (key if type(key) is tuple else (key,))]
    mentioned = sum(e is not None and e is not Ellipsis for e in entries)
    rank = t.dim()
    if mentioned > rank:
        raise IndexError(f"too many indices ({mentioned}) for array with {rank} dimensions")
    ellipses = [i for i, e in enumerate(entries) if e is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError("Cannot use more than one ellipsis (`...`) for indexing")
    place = ellipses[0] if ellipses else len(entries)
    entries[place:place + 1] = [slice(None)] * (rank - mentioned)
    return entries


def _entry(entry, t: Tensor):
    if entry is None or entry is Ellipsis or isinstance(entry, slice):
        return entry
    if isinstance(entry, (int, np.integer)):
        return int(entry)
    if isinstance(entry, _LISTS):
        return _index_tensor(entry, t)
    raise ValueError(f"NDArray does not support slicing with key {entry} of type {type(entry)}.")


def _index_tensor(entry, t: Tensor) -> Tensor:
    """Integer indices on the device of `t`, at least 1-d: torch would take a 0-dim tensor for an int."""
    if isinstance(entry, Tensor):
        if entry.dtype is torch.bool:
            raise ValueError("NDArray does not support boolean arrays as keys; take the elements with "
                             "nd.contrib.boolean_mask, or choose between two arrays with nd.where")
        index = entry.to(t.device, torch.int64)
    else:
        values = np.asarray(entry)
        if values.dtype.kind not in "biuf":
            raise ValueError(f"NDArray does not support slicing with key {entry} of type {type(entry)}.")
        index = torch.tensor(values.astype(np.int64), device=t.device)
    return index if index.dim() else index.view(1)


# -------------------------------------------------------------------------------------------------- basic keys


def _basic_view(t: Tensor, entries: list) -> tuple[Tensor, list[int]]:
    """The view of `t` that a key without index arrays means, and the axes along which it must be reversed."""
    view, axis, reversed_axes = t, 0, []
    for entry in entries:
        if entry is None:
            view = view.unsqueeze(axis)
        elif isinstance(entry, slice):
            view, backwards = forward_slice(view, axis, entry)
            if backwards:
                reversed_axes.append(axis)
        else:
            _check(entry, view.size(axis), axis)
            view = view.select(axis, entry)
            continue
        axis += 1
    return view, reversed_axes


def _slice_axes(t: Tensor, entries: list) -> tuple[Tensor, list[int]]:
    """`t` with only the slices of the key applied, and the axes along which it must be reversed."""
    reversed_axes = []
    for axis, entry in enumerate(e for e in entries if e is not None):
        if isinstance(entry, slice):
            t, backwards = forward_slice(t, axis, entry)
            if backwards:
                reversed_axes.append(axis)
    return t, reversed_axes


def _check(index: int, size: int, axis: int) -> None:
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for axis {axis} with size {size}")


# ------------------------------------------------------------------------------------------------ index arrays


def _advanced_key(entries: list) -> tuple:
    """The key for a tensor whose slices are taken already; ints count as index arrays, as they do in NumPy."""
    arrays = [e for e in entries if isinstance(e, Tensor)]
    shape = arrays[0].shape
    for array in arrays[1:]:
        try:
            shape = torch.broadcast_shapes(shape, array.shape)
        except RuntimeError:
            raise ValueError(f"index arrays of shapes {tuple(shape)} and {tuple(array.shape)} do not broadcast "
                             "together") from None
    device = arrays[0].device
    return tuple(slice(None) if isinstance(e, slice)
                 else torch.tensor([e], device=device) if isinstance(e, int)
                 else e for e in entries)


# ------------------------------------------------------------------------------------------------------ values


def _write(view: Tensor, value, reversed_axes) -> None:
    """Fill `view`, whose `reversed_axes` the key names backwards, with `value`."""
    if isinstance(value, numbers.Number) and not isinstance(value, complex):
        try:
            view.fill_(value)  # type: ignore[call-overload]  # any real number
            return
        except (RuntimeError, TypeError):
            pass  # out of the dtype's range, or a number of NumPy: copying wraps around and converts
    value = _as_tensor(value, view)
    if not view.numel():
        return
    value = _fit(value, view.shape)
    if reversed_axes:
        value = value.expand(view.shape).flip(reversed_axes)
    view.copy_(value)


def _as_tensor(value, like: Tensor) -> Tensor:
    """`value` as a tensor that does not share memory with the array written to."""
    if isinstance(value, Tensor):
        if state.solver is not None:
            return value  # there is no memory to share
        shared = value.untyped_storage().data_ptr() == like.untyped_storage().data_ptr()
        return value.clone() if shared else value.to(like.device)
    if value is None:
        value = float("nan")
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"NDArray does not support assignment with non-array-like object {value} of type {type(value)}")
    if array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    return torch.tensor(array, device=like.device)


def _fit(value: Tensor, shape) -> Tensor:
    """`value` without superfluous leading axes; ValueError if it does not broadcast to `shape`."""
    superfluous = value.dim() - len(shape)
    if superfluous > 0 and all(n == 1 for n in value.shape[:superfluous]):
        value = value.reshape(value.shape[superfluous:])
    try:
        value.expand(shape)
    except RuntimeError:
        raise ValueError(f"could not broadcast value of shape {tuple(value.shape)} to the shape {tuple(shape)} "
                         "that the key selects") from None
    return value
