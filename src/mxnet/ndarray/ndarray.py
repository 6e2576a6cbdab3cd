"""MXNet's module path for the array class and the functions beside it: a table of contents."""

from ..base import integer_types, numeric_types
from ..context import Context, current_context
from ._arith import install as _install
from ._array import (
    _GRAD_REQ_MAP,
    _STORAGE_TYPE_CSR,
    _STORAGE_TYPE_DEFAULT,
    _STORAGE_TYPE_ID_TO_STR,
    _STORAGE_TYPE_ROW_SPARSE,
    _STORAGE_TYPE_STR_TO_ID,
    _STORAGE_TYPE_UNDEFINED,
    NDArray,
    py_slice,
)
from .creation import *
from .creation import __all__ as _creation

globals().update(_functions := _install())  # add, subtract, maximum, equal, ...

__all__ = ["NDArray", *_creation, *_functions]
