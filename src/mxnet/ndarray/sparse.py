"""nd.sparse: functions that also exist for sparse arrays.  Arrays are dense so far."""

from ..base import MXNetError
from ._array import NDArray
from .creation import array, empty, zeros
from .op import functions

__all__ = ["BaseSparseNDArray", "CSRNDArray", "RowSparseNDArray", "array", "empty", "zeros"]


class BaseSparseNDArray(NDArray):
    """The base of sparse arrays, none of which exist yet: constructing one is an MXNetError."""

    __slots__ = ()

    def __init__(self, *args, **kwargs):
        raise MXNetError(f"{type(self).__name__}: sparse storage is not available yet; use dense arrays")


class CSRNDArray(BaseSparseNDArray):
    """A 2-D array in compressed sparse row format."""

    __slots__ = ()


class RowSparseNDArray(BaseSparseNDArray):
    """An array with few non-zero rows."""

    __slots__ = ()


globals().update(functions("sparse"))
