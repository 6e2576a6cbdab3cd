"""`x[key]` and `x[key] = value` as operators of a graph: slice, Reshape, gather_nd and their counterparts.

What indexing.py does on tensors, said in nodes that MXNet runs, too.  Keys whose meaning depends on values that are
not there yet (arrays of bools) end the trace.
"""

import builtins
import numbers

import numpy as np
import torch

from ..ndarray import NDArray, indexing
from ..ndarray._wrap import wrap

__all__ = ["getitem", "setitem"]

_slice = builtins.slice


class _Key:
    """A key, one entry for each axis: ints, slices and arrays; new_axes: where None stood, among the entries."""

    def __init__(self, trace, shape, key):
        entries = [_entry(trace, e) for e in (key if type(key) is tuple else (key,))]
        mentioned = sum(e is not None and e is not Ellipsis for e in entries)
        if mentioned > len(shape):
            raise IndexError(f"too many indices ({mentioned}) for array with {len(shape)} dimensions")
        places = [i for i, e in enumerate(entries) if e is Ellipsis]
        if len(places) > 1:
            raise IndexError("Cannot use more than one ellipsis (`...`) for indexing")
        at = places[0] if places else len(entries)
        entries[at:at + 1] = [_slice(None)] * (len(shape) - mentioned)
        self.entries = entries
        self.axes = [e for e in entries if e is not None]
        self.shape = shape
        self.arrays = any(isinstance(e, NDArray) for e in entries)
        if self.arrays:  # ints beside index arrays are index arrays
            self.axes = [_held(trace, [e], torch.int64) if isinstance(e, int) else e for e in self.axes]
            made = iter(self.axes)
            self.entries = [None if e is None else next(made) for e in entries]
        for axis, (e, n) in enumerate(zip(self.axes, shape, strict=True)):
            if isinstance(e, int) and not -n <= e < n:
                raise IndexError(f"index {e} is out of bounds for axis {axis} with size {n}")

    def bounds(self):
        """(begin, end, step) for the operator `slice`, and the shape of what it gives; ints keep their axis."""
        begin, end, step, sizes = [], [], [], []
        for e, n in zip(self.axes, self.shape, strict=True):
            if isinstance(e, NDArray):
                e = _slice(None)
            elif isinstance(e, int):
                e = _slice(e % n, e % n + 1)
            first, last, stride = e.indices(n)
            sizes.append(len(range(first, last, stride)))
            whole = sizes[-1] == n and stride == 1
            begin.append(None if whole else first)
            end.append(None if whole or last < 0 else last)
            step.append(None if stride == 1 else stride)
        return {"begin": tuple(begin), "end": tuple(end), "step": tuple(step)}, tuple(sizes)

    def result_shape(self, sizes):
        """The shape of x[key] for a key without arrays, from that of the slices."""
        found, axis = [], 0
        for e in self.entries:
            if e is None:
                found.append(1)
                continue
            if not isinstance(e, int):
                found.append(sizes[axis])
            axis += 1
        return tuple(found) or (1,)


def _held(trace, values, dtype):
    """NumPy's values as a constant of the graph."""
    return trace.fresh(wrap(torch.tensor(values).to(trace.ctx.device, dtype), trace.ctx))


def _entry(trace, entry):
    if entry is None or entry is Ellipsis or isinstance(entry, _slice):
        return entry
    if isinstance(entry, (int, np.integer)):
        return int(entry)
    if isinstance(entry, NDArray):
        return trace.of(entry)
    if isinstance(entry, (list, tuple, range, np.ndarray)):
        if any(isinstance(e, NDArray) for e in entry):
            trace.fail("it indexes an array with a list of arrays")
        values = np.asarray(entry)
        if values.dtype.kind not in "biuf":
            raise ValueError(f"NDArray does not support slicing with key {entry} of type {type(entry)}.")
        return _held(trace, np.atleast_1d(values).astype(np.int64), torch.int64)
    raise ValueError(f"NDArray does not support slicing with key {entry} of type {type(entry)}.")


def getitem(array, key):
    """array[key], an array of the same trace."""
    trace = array._trace
    parsed = _Key(trace, array.shape, key)
    bounds, sizes = parsed.bounds()
    part = array
    if sizes != array.shape or any(bounds["step"]):
        part = trace.run("slice", (array,), bounds)
    if parsed.arrays:
        return _gathered(trace, part, parsed)
    shape = parsed.result_shape(sizes)
    if shape != part.shape or part is array:
        part = trace.run("Reshape", (part,), {"shape": shape})
    if indexing.lies_in_one_piece(key if type(key) is tuple else (key,), array.shape):
        array._sharing(part, (array, key))
    return part


def _gathered(trace, part, key):
    """The elements that index arrays name, of an array whose slices are taken already."""
    entries = key.entries
    if None in [e for e in entries if not isinstance(e, NDArray)]:
        sizes = iter(part.shape)
        part = trace.run("Reshape", (part,), {"shape": tuple(1 if e is None else next(sizes) for e in entries)})
    axes = [i for i, e in enumerate(entries) if isinstance(e, NDArray)]
    rest = [i for i in range(len(entries)) if i not in axes]
    if axes + rest != list(range(len(entries))):
        part = trace.run("transpose", (part,), {"axes": tuple(axes + rest)})
    indices, rank = _stacked(trace, [entries[i] for i in axes])
    found = trace.run("gather_nd", (part, indices), {})
    adjacent = axes == list(range(axes[0], axes[0] + len(axes)))
    if adjacent and axes[0]:  # the result's axes stand where the index arrays stood
        order = [*range(rank, rank + axes[0]), *range(rank), *range(rank + axes[0], rank + len(rest))]
        found = trace.run("transpose", (found,), {"axes": tuple(order)})
    return found


def _stacked(trace, arrays):
    """Index arrays as one, the first axis saying which, and the rank of what they broadcast to."""
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    ready = []
    for a in arrays:
        a = a if len(arrays) == 1 else a.astype("int64", copy=False)
        if a.shape != shape:
            a = trace.run("Reshape", (a,), {"shape": (1,) * (len(shape) - a.ndim) + a.shape})
            a = trace.run("broadcast_to", (a,), {"shape": shape})
        ready.append(a)
    return trace.run("stack", ready, {"axis": 0}), len(shape)


def setitem(array, key, value):
    """What `array` is after array[key] = value."""
    trace = array._trace
    parsed = _Key(trace, array.shape, key)
    bounds, sizes = parsed.bounds()
    if parsed.arrays:
        return _scattered(trace, array, parsed, sizes, value)
    shape = parsed.result_shape(sizes)
    value = _fitted(trace, value, array, shape)
    if sizes == array.shape and not any(bounds["step"]) and shape == array.shape:
        return value
    if shape != sizes:
        value = trace.run("Reshape", (value,), {"shape": sizes})
    if any(bounds["step"]):
        return trace.run("_slice_assign", (array, value), bounds)
    return _between(trace, array, value, list(zip(bounds["begin"], sizes, strict=True)))


def _between(trace, array, value, spans):
    """`array` with `value` in the place of a block of it; spans: where that begins on each axis, None for whole axes.

    Pieces joined, and no _slice_assign, which MXNet takes into no graph, as it has no gradient.
    """
    axis = next((i for i, (first, _) in enumerate(spans) if first is not None), None)
    if axis is None:
        return value

    def piece(begin, end):
        return trace.run("slice_axis", (array,), {"axis": axis, "begin": begin, "end": end})

    first, size = spans[axis]
    last = first + size
    rest = [(None, n) if i == axis else span for i, (span, n) in enumerate(zip(spans, array.shape, strict=True))]
    if any(begin is not None for begin, _ in rest):
        value = _between(trace, piece(first, last), value, rest)
    pieces = [piece(0, first)] if first else []
    pieces.append(value)
    if last < array.shape[axis]:
        pieces.append(piece(last, None))
    return trace.run("Concat", pieces, {"dim": axis})


def _scattered(trace, array, key, sizes, value):
    count = sum(isinstance(e, NDArray) for e in key.entries)
    if sizes != array.shape or None in [e for e in key.entries if not isinstance(e, NDArray)] or \
            not all(isinstance(e, NDArray) for e in key.entries[:count]):
        trace.fail("it writes to an array at index arrays and slices together")
    indices, _ = _stacked(trace, key.entries[:count])
    value = _fitted(trace, value, array, (*indices.shape[1:], *array.shape[count:]))
    # not _scatter_set_nd, which MXNet takes into no graph, as it has no gradient
    written = trace.run("scatter_nd", (value, indices), {"shape": array.shape})
    places = trace.run("scatter_nd", (trace.run("ones_like", (value,), {}), indices), {"shape": array.shape})
    return trace.run("where", (places, written, array), {})


def _fitted(trace, value, array, shape):
    """`value` as an array of this trace with the dtype of `array`, broadcast to `shape`."""
    if isinstance(value, numbers.Real):
        return trace.run("_full", (), {"shape": shape, "value": float(value), "dtype": array._t.dtype})
    if not isinstance(value, NDArray):
        value = _held(trace, _numbers(value), array._t.dtype)
    value = trace.of(value)
    if value._t.dtype is not array._t.dtype:
        value = trace.run("Cast", (value,), {"dtype": array._t.dtype})
    if value.shape == shape:
        return value
    extra = len(value.shape) - len(shape)
    if any(n != 1 for n in value.shape[:max(extra, 0)]):
        raise ValueError(f"could not broadcast value of shape {value.shape} to the shape {shape}")
    aligned = value.shape[extra:] if extra >= 0 else (1,) * -extra + value.shape
    if aligned != value.shape:
        value = trace.run("Reshape", (value,), {"shape": aligned})
    return value if aligned == shape else trace.run("broadcast_to", (value,), {"shape": shape})


def _numbers(value):
    values = np.asarray(float("nan") if value is None else value)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"NDArray does not support assignment with non-array-like object {value} of type "
                        f"{type(value)}")
    return np.atleast_1d(values)
