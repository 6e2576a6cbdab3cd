"""Errors, type groups and dtype tables that every other module stands on."""

import ctypes
import numbers
import os

import numpy as np
import torch

from .libinfo import __version__  # noqa: F401  (mx.base.__version__ is public in MXNet)

__all__ = ["MXNetError", "NotImplementedForSymbol", "NotSupportedForSparseNDArray"]


class MXNetError(RuntimeError):
    """Error raised by an operator, a file reader or the engine."""


class _WrongKindOfArray(MXNetError):
    """A function was called with a kind of array that it does not take."""

    _reason: str

    def __init__(self, function, alias, *args):
        super().__init__()
        self.function = getattr(function, "__name__", str(function))
        self.alias = alias
        self.args = tuple(str(type(a)) for a in args)

    def __str__(self):
        msg = f"Function {self.function}"
        if self.alias:
            msg += f" (namely operator {self.alias!r})"
        if self.args:
            msg += f" with arguments ({', '.join(self.args)})"
        return f"{msg} is not {self._reason}."


class NotImplementedForSymbol(_WrongKindOfArray):
    """An NDArray-only function was called on a Symbol."""

    _reason = "implemented for Symbol and only available in NDArray"


class NotSupportedForSparseNDArray(_WrongKindOfArray):
    """A dense-only method was called on a sparse array."""

    _reason = "supported for SparseNDArray and only available in NDArray"


error_types: dict[str, type] = {"NotImplementedForSymbol": NotImplementedForSymbol, "ValueError": ValueError,
                                "TypeError": TypeError, "AttributeError": AttributeError, "IndexError": IndexError,
                                "NotImplementedError": NotImplementedError}


def register_error(func_name=None, cls=None):
    """File an error class under a name: register_error("Name", cls), or a class decorator with or without a name."""
    if callable(func_name):
        func_name, cls = func_name.__name__, func_name

    def register_under(klass):
        error_types[func_name or klass.__name__] = klass
        return klass

    return register_under if cls is None else register_under(cls)


class classproperty:
    """A property of a class, whether asked of the class or of an instance: a method that gets the class."""

    def __init__(self, fget):
        self.fget = fget

    def __get__(self, instance, owner):
        return self.fget(owner)


def with_metaclass(meta, *bases):
    """A base class that gives `class X(with_metaclass(Meta, Base))` a metaclass, as Python 2 needed it."""

    class _Once(type):
        def __new__(cls, name, _bases, namespace):
            return meta(name, bases or (object,), namespace)

    return type.__new__(_Once, "temporary_class", (), {})


basestring, long = str, int  # names of Python 2
string_types = (str,)
numeric_types = (float, int, np.generic)
integer_types = (int, np.int32, np.int64)
mx_real_t = np.float32  # what arrays are made of where nobody says otherwise


class _NullType:
    """Placeholder for "argument not given", distinct from None."""

    __slots__ = ()

    def __repr__(self):
        return "_Null"

    def __bool__(self):
        return False


_Null = _NullType()


def data_dir() -> str:
    """Where downloads are kept: $MXNET_HOME, else ~/.mxnet (on Windows mxnet in %APPDATA%)."""
    return os.environ.get("MXNET_HOME", data_dir_default())


def data_dir_default() -> str:
    """Where downloads are kept if $MXNET_HOME does not say."""
    if os.name == "nt":
        return os.path.join(os.environ.get("APPDATA", ""), "mxnet")
    return os.path.join(os.path.expanduser("~"), ".mxnet")


def _as_list(obj) -> list | tuple:
    """A list or tuple as it is, anything else as the one element of a list."""
    return obj if isinstance(obj, (list, tuple)) else [obj]


def py_str(x):
    """Decode the bytes of a C string."""
    return x.decode("utf-8")


NDArrayHandle = ctypes.c_void_p  # a name that packages import for callbacks from C; here callbacks get NDArrays


# ---------------------------------------------------------------- dtypes
# (name, MXNet's type flag in files, torch dtype).  bfloat16 has no NumPy type: `asnumpy` widens it to float32.
_DTYPES = (
    ("float32", 0, torch.float32),
    ("float64", 1, torch.float64),
    ("float16", 2, torch.float16),
    ("uint8", 3, torch.uint8),
    ("int32", 4, torch.int32),
    ("int8", 5, torch.int8),
    ("int64", 6, torch.int64),
    ("bool", 7, torch.bool),
    ("int16", 8, torch.int16),
    ("uint16", 9, torch.uint16),
    ("uint32", 10, torch.uint32),
    ("uint64", 11, torch.uint64),
    ("bfloat16", 12, torch.bfloat16),
)


class bfloat16:
    """The dtype tag of bfloat16 arrays, which NumPy cannot name (`x.dtype is mx.base.bfloat16`)."""


TORCH_TO_NAME = {t: name for name, _, t in _DTYPES}
NAME_TO_TORCH = {name: t for name, _, t in _DTYPES}
TORCH_TO_FLAG = {t: flag for _, flag, t in _DTYPES}
FLAG_TO_TORCH = {flag: t for _, flag, t in _DTYPES}
TORCH_TO_NP = {t: (np.dtype(name).type if name != "bfloat16" else bfloat16) for name, _, t in _DTYPES}

# Everything a user may pass as `dtype=`; filled as spellings are met.
_dtype_cache: dict[object, torch.dtype] = {}
_dtype_cache.update(NAME_TO_TORCH)
_dtype_cache.update((t, t) for t in TORCH_TO_NAME)
_dtype_cache.update((n, t) for t, n in TORCH_TO_NP.items())


def torch_dtype(dtype):
    """The torch dtype for a dtype in any spelling: 'float32', np.float32, np.dtype, float, torch.float32.

    Raises TypeError for what is no dtype, as NumPy does, and for dtypes that MXNet does not have.
    """
    try:
        return _dtype_cache[dtype]
    except (KeyError, TypeError):
        pass
    name = np.dtype(dtype).name
    if name not in NAME_TO_TORCH:
        raise TypeError(f"dtype {dtype!r} is not supported; supported are {', '.join(NAME_TO_TORCH)}")
    result = NAME_TO_TORCH[name]
    try:
        _dtype_cache[dtype] = result
    except TypeError:
        pass
    return result


def is_scalar(value):
    """True for Python and NumPy numbers (not for arrays, strings or None)."""
    return isinstance(value, numbers.Number) or isinstance(value, np.generic)
