"""nd.sparse: sparse arrays, how they are made, and the operators that know them."""

from __future__ import annotations

import numpy as np
import torch

from ..base import integer_types, torch_dtype
from ..ops import registry
from ..ops.namespaces import sparse_operators
from . import _arith, creation
from ._array import NDArray
from ._sparse_array import BaseSparseNDArray, RowSparseNDArray, made, zeros_of
from ._sparse_csr import CSRNDArray, row_ends
from ._sparse_ops import _elementwise
from .op import function_of

globals().update(_operators := {name: function_of(op, name) for name, op in sparse_operators()})
gs_retain = retain = function_of(registry.get("_sparse_retain"), "retain")
cast_storage = function_of(registry.get("cast_storage"), "cast_storage")

__all__ = ["BaseSparseNDArray", "CSRNDArray", "RowSparseNDArray", "add", "array", "cast_storage", "csr_matrix",
           "divide", "empty", "multiply", "retain", "row_sparse_array", "subtract", "zeros"]


def csr_matrix(arg1, shape=None, ctx=None, dtype=None) -> CSRNDArray:
    """A matrix in compressed sparse row format.

    arg1: (data, indices, indptr); (data, (row, column)), where equal places add up; (rows, columns) for zeros; a csr
    array or scipy.sparse matrix; or anything nd.array takes, of two axes.  shape: by default found from arg1.
    dtype: by default that of the values, float32 for lists.  ValueError where shapes disagree.
    """
    ctx = creation._target(ctx)
    if isinstance(arg1, tuple) and len(arg1) == 3:
        return _csr_of_parts(*arg1, shape, ctx, dtype)
    if isinstance(arg1, tuple) and len(arg1) == 2:
        if isinstance(arg1[1], (tuple, list)):
            data, (row, column) = arg1
            return _csr_of_places(data, row, column, shape, ctx, dtype)
        return _zeros_of_shape("csr", arg1, shape, ctx, dtype)
    if isinstance(arg1, tuple):
        raise ValueError(f"Unexpected length of input tuple: {len(arg1)}")
    if isinstance(arg1, RowSparseNDArray):
        raise ValueError(f"Unexpected input type: {type(arg1)}")
    if _is_scipy(arg1):
        arg1 = arg1.tocsr(copy=True)
        arg1.sum_duplicates()  # and sorts
        _agree(shape, arg1.shape)
        return _csr_of_parts(arg1.data, arg1.indices, arg1.indptr, arg1.shape, ctx, dtype)
    return _from_array(arg1, "csr", shape, ctx, dtype)


def row_sparse_array(arg1, shape=None, ctx=None, dtype=None) -> RowSparseNDArray:
    """An array of which some rows are stored.

    arg1: (data, indices), rows and their numbers; a tuple of ints, a shape for zeros; a row_sparse array; or anything
    nd.array takes.  Else as csr_matrix.
    """
    ctx = creation._target(ctx)
    if isinstance(arg1, tuple):
        if all(isinstance(n, integer_types) for n in arg1):
            return _zeros_of_shape("row_sparse", arg1, shape, ctx, dtype)
        if len(arg1) != 2:
            raise ValueError(f"Unexpected length of input tuple: {len(arg1)}")
        values, rows = _values(arg1[0], ctx, dtype), _places(arg1[1], ctx)
        if shape is None:
            if not len(rows):
                raise ValueError("invalid shape: it cannot be found from no rows")
            shape = (int(rows.max()) + 1, *values.shape[1:])
        if values.dim() != len(shape) or rows.dim() != 1 or not values.dim() or not len(rows) == len(values):
            raise ValueError(f"row_sparse_array: data of shape {tuple(values.shape)} and indices of shape "
                             f"{tuple(rows.shape)} make no array of shape {tuple(shape)}")
        return made(RowSparseNDArray, (values, rows), shape, ctx)
    if isinstance(arg1, CSRNDArray):
        raise ValueError(f"Unexpected input type: {type(arg1)}")
    return _from_array(arg1, "row_sparse", shape, ctx, dtype)


def _csr_of_parts(data, indices, indptr, shape, ctx, dtype):
    values, columns, ends = _values(data, ctx, dtype), _places(indices, ctx), _places(indptr, ctx)
    if values.dim() != 1 or columns.dim() != 1 or ends.dim() != 1 or not len(ends):
        raise ValueError("csr_matrix: data, indices and indptr must be vectors, indptr not empty")
    if shape is None:
        if not len(columns):
            raise ValueError("invalid shape: it cannot be found from no indices")
        shape = (len(ends) - 1, int(columns.max()) + 1)
    if len(shape) != 2:
        raise ValueError(f"csr_matrix: a shape has two axes, got {shape}")
    return made(CSRNDArray, (values, ends, columns), shape, ctx)


def _csr_of_places(data, row, column, shape, ctx, dtype):
    values, rows, columns = _values(data, ctx, dtype), _places(row, ctx), _places(column, ctx)
    if shape is None:
        if not len(rows):
            raise ValueError("invalid shape: it cannot be found from no indices")
        shape = (int(rows.max()) + 1, int(columns.max()) + 1)
    places, which = (rows * shape[1] + columns).unique(return_inverse=True)
    sums = values.new_zeros(len(places)).index_add_(0, which, values)
    rows = places // shape[1]
    return made(CSRNDArray, (sums, row_ends(rows, shape[0]), places % shape[1]), shape, ctx)


def _zeros_of_shape(stype, given, shape, ctx, dtype):
    _agree(shape, given)
    return zeros_of(stype, given, torch_dtype(dtype or np.float32), ctx)


def _from_array(source, stype, shape, ctx, dtype):
    if isinstance(source, BaseSparseNDArray):
        _agree(shape, source.shape)
        result = source.as_in_context(ctx) if source._ctx != ctx else source.copy()
        return result if dtype is None else result.astype(dtype, copy=False)
    if dtype is None:
        dtype = source.dtype if isinstance(source, (NDArray, np.ndarray)) else np.float32
    dense = creation.array(source, ctx, dtype)
    _agree(shape, dense.shape)
    return dense.tostype(stype)


def _agree(shape, found):
    if shape is not None and tuple(shape) != tuple(found):
        raise ValueError(f"Shape mismatch detected. {tuple(found)} vs {tuple(shape)}")


def _is_scipy(value) -> bool:
    return type(value).__module__.startswith("scipy.sparse")


def _values(data, ctx, dtype) -> torch.Tensor:
    if dtype is None:
        dtype = data.dtype if isinstance(data, (NDArray, np.ndarray)) else np.float32
    return creation.array(data, ctx, dtype)._t


def _places(indices, ctx) -> torch.Tensor:
    return creation.array(indices, ctx, np.int64)._t


def array(source_array, ctx=None, dtype=None):
    """A sparse array from a sparse NDArray or a scipy.sparse csr matrix; ValueError for dense ones (use nd.array)."""
    ctx = creation._target(ctx)
    if isinstance(source_array, RowSparseNDArray):
        return row_sparse_array(source_array, ctx=ctx, dtype=dtype)
    if isinstance(source_array, CSRNDArray) or _is_scipy(source_array):
        return csr_matrix(source_array, ctx=ctx, dtype=dtype)
    raise ValueError("Unexpected source_array: it is no sparse array. Please use mx.nd.array, or "
                     f"csr_matrix and row_sparse_array for dense sources; got {type(source_array)}")


def zeros(stype, shape, ctx=None, dtype=None, **kwargs) -> NDArray:
    """An array of zeros; ValueError for unknown storage types."""
    if stype not in ("default", "row_sparse", "csr"):
        raise ValueError(f"unknown storage type {stype!r}")
    return zeros_of(stype, shape, torch_dtype(dtype or np.float32), creation._target(ctx))


def empty(stype, shape, ctx=None, dtype=None) -> NDArray:
    """As zeros: nothing is stored."""
    return zeros(stype, shape, ctx, dtype)


def _function(name, doc):
    def function(lhs, rhs):
        if isinstance(lhs, NDArray):
            if name == "divide" and isinstance(rhs, NDArray) and lhs.shape == rhs.shape:
                return _operators["elemwise_div"](lhs, rhs)
            return _elementwise(name, lhs, rhs)
        return _arith.general(name, lhs, rhs)
    function.__name__ = name
    function.__doc__ = doc
    return function


add = _function("add", "lhs + rhs of arrays and numbers; sparse where no zero becomes another number.")
subtract = _function("subtract", "lhs - rhs, as `add`.")
multiply = _function("multiply", "lhs * rhs, as `add`.")
divide = _function("divide", "lhs / rhs, as `add`.")
