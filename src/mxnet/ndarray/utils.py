"""nd.save, nd.load, nd.load_frombuffer, and constructors that know storage types (mx.nd.utils)."""

import os

from .._state import state
from ..base import MXNetError, string_types
from ..context import Context
from . import params_file
from ._array import NDArray
from ._wrap import wrap
from .creation import array, empty, zeros

__all__ = ["array", "empty", "load", "load_frombuffer", "save", "zeros"]


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
    params_file.write(os.fspath(fname), [params_file.Record.of(a._t, state.np_shape) for a in arrays], names)


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
        if record.stype != "default":
            raise MXNetError(f"the file holds a {record.stype} array; sparse arrays are not available yet")
        if record.np_shape is not state.np_shape:
            saved, now = ("on", "off") if record.np_shape else ("off", "on")
            raise MXNetError(f"the file was saved with NumPy shape semantics {saved}, but they are {now} now: load it "
                             f"under `with mx.np_shape({record.np_shape}):`")
    arrays = [wrap(r.data, Context("cpu", 0)) for r in records]
    return dict(zip(names, arrays, strict=True)) if names else arrays
