"""nd.save, nd.load, nd.load_frombuffer, and constructors that know storage types (mx.nd.utils)."""

import os

from .._state import state
from ..base import MXNetError, string_types
from . import creation, params_file
from ._array import NDArray
from ._sparse_array import BaseSparseNDArray, from_record
from .creation import empty, zeros
from .sparse import _is_scipy
from .sparse import array as _sparse_array

__all__ = ["array", "empty", "load", "load_frombuffer", "save", "zeros"]


def array(source_array, ctx=None, dtype=None):
    """nd.array; of a sparse array or a scipy.sparse matrix, nd.sparse.array."""
    if isinstance(source_array, BaseSparseNDArray) or _is_scipy(source_array):
        return _sparse_array(source_array, ctx, dtype)
    return creation.array(source_array, ctx, dtype)


def save(fname, data):
    """Write an NDArray, a list or a dict str -> NDArray to a file in MXNet's binary format, atomically.

    TypeError for anything else, before the file is touched.
    """
    if isinstance(data, NDArray):
        data = [data]
    if isinstance(data, dict):
        names, arrays = list(data), list(data.values())
        bad = [n for n in names if not isinstance(n, string_types)]
        if bad:
            raise TypeError(f"save only accepts dict of str to NDArray, got the key {bad[0]!r}")
    elif isinstance(data, (list, tuple)):
        names, arrays = [], list(data)
    else:
        raise ValueError("data needs to either be a NDArray, dict of str, NDArray pairs or a list of NDarrays, "
                         f"got {type(data)}")
    for value in arrays:
        if not isinstance(value, NDArray):
            raise TypeError(f"save only accepts NDArrays, got {type(value)}")
    params_file.write(os.fspath(fname), [a._record(state.np_shape) for a in arrays], names)


def load(fname):
    """Read a file that `save` or real MXNet wrote: a list, or a dict if the arrays have names.

    All arrays come to cpu(0).  MXNetError for a damaged file; the message says where and what was expected.  A file
    saved under `mx.np_shape` loads only under it, and the other way round.
    """
    if not isinstance(fname, (*string_types, os.PathLike)):
        raise TypeError(f"fname required to be a string, got {type(fname)}")
    return _arrays(*params_file.read(os.fspath(fname)))


def load_frombuffer(buf):
    """As `load`, from the file's bytes."""
    if not isinstance(buf, (bytes, bytearray, memoryview)):
        raise TypeError(f"buf required to be bytes, got {type(buf)}")
    return _arrays(*params_file.read(buf))


def _arrays(records, names):
    for record in records:
        if record.stype == "default" and record.np_shape is not state.np_shape:
            saved, now = ("on", "off") if record.np_shape else ("off", "on")
            raise MXNetError(f"the file was saved with NumPy shape semantics {saved}, but they are {now} now: load it "
                             f"under `with mx.np_shape({record.np_shape}):`")
    arrays = [from_record(r) for r in records]
    return dict(zip(names, arrays, strict=True)) if names else arrays
