"""Sums, means and norms of what sparse arrays store."""

from __future__ import annotations

import torch

from ._array import NDArray
from ._sparse_array import BaseSparseNDArray, RowSparseNDArray, made
from ._sparse_csr import CSRNDArray
from ._wrap import call, wrap

__all__ = ["mean", "norm", "square_sum", "total"]


def _axes(bound, rank):
    """The axes that go, and whether they stay with size 1; None where the attributes say more."""
    attrs = getattr(bound, "keywords", {})
    axis = attrs.get("axis")
    axes = range(rank) if axis in (None, ()) else [axis] if isinstance(axis, int) else axis
    if attrs.get("exclude") or not all(-rank <= a < rank for a in axes):
        return None
    return {a % rank for a in axes}, attrs.get("keepdims", False)


def total(op, bound, args):
    """The sum over rows, columns or both of a csr matrix, dense."""
    matrix = args[0]
    found = _axes(bound, 2) if type(matrix) is CSRNDArray else None
    if found is None or matrix._parts[0].dtype in (torch.float16, torch.bool):
        return None
    values, _, columns = matrix._parts
    axes, keepdims = found
    if len(axes) == 2:
        return None  # of all that is stored the dense kernel rounds as MXNet does
    if axes == {0}:
        sums = values.new_zeros(matrix._size[1]).index_add_(0, columns, values)
    else:
        sums = values.new_zeros(matrix._size[0]).index_add_(0, matrix._rows(), values)
    return wrap(sums.unsqueeze(axes.pop()) if keepdims else sums, matrix._ctx)


def mean(op, bound, args):
    """The mean over rows or columns of a csr matrix, dense."""
    if type(args[0]) is not CSRNDArray or not args[0]._parts[0].is_floating_point():
        return None
    found, sums = _axes(bound, 2), total(op, bound, args)
    if sums is None:
        return None
    count = args[0]._size[found[0].pop()]
    return wrap(sums._t / count, sums._ctx)


def norm(op, bound, args):
    """The L2 norm of everything: of what is stored."""
    attrs, array = getattr(bound, "keywords", {}), args[0]
    if not isinstance(array, BaseSparseNDArray) or set(attrs) - {"out_dtype"}:
        return None
    return wrap(call(op.name, bound, (array._parts[0].flatten(),), {}), array._ctx)


def square_sum(op, bound, args):
    """The sum of squares of a row_sparse matrix over one axis; over columns with keepdims row_sparse, else dense."""
    array = args[0]
    if type(array) is not RowSparseNDArray or array.ndim != 2:
        return None
    found = _axes(bound, 2)
    if found is None or len(found[0]) != 1:
        return None
    values, rows = array._parts
    sums = call(op.name, bound, (values,), {})
    if found[0] == {0}:
        return wrap(sums, array._ctx)
    if found[1]:
        return made(RowSparseNDArray, (sums, rows), (array.shape[0], 1), array._ctx)
    return NDArray(sums.new_zeros(array.shape[0]).index_copy_(0, rows, sums))
