"""Matrix products with sparse arrays, and embeddings whose table is one.

A csr matrix times a dense one is a weighted sum of rows for each of its rows: what torch's kernel for embedding bags
computes, several times faster than its products of sparse matrices.
"""

from __future__ import annotations

import torch

from ..base import MXNetError
from ._array import NDArray
from ._sparse_array import RowSparseNDArray, kind_of, made
from ._sparse_csr import CSRNDArray, row_ends
from ._sparse_recorded import Product, Rows
from ._wrap import call, node, plain, wrap

__all__ = ["compressed", "dot", "embedding", "recorded_dot", "recorded_embedding"]

_BAGS = (torch.float32, torch.float64)
_FEW = 6  # columns, for which sorting the values takes longer than to add them up where they belong


def compressed(tensor, stype, ctx):
    """A dense tensor as an array of a storage type."""
    cls = kind_of(stype)
    if cls is NDArray:
        return wrap(tensor, ctx)
    return made(cls, cls.__new__(cls)._compress(tensor), tensor.shape, ctx)


# ----------------------------------------------------------------------------------------------- csr times dense


def _transposed(values, ends, columns, size):
    """The parts of the transposed matrix."""
    rows = torch.repeat_interleave(ends.diff())
    short = columns.to(torch.int32) if size[1] < 2**31 else columns  # sorts in half the time
    order = short.sort(stable=True).indices
    return values.index_select(0, order), row_ends(columns, size[1]), rows.index_select(0, order)


def _times(parts, size, right, flip):
    """matrix @ right, or its transpose @ right, for a dense matrix `right`."""
    values, ends, columns = parts
    count = size[1] if flip else size[0]
    if not (len(values) and right.numel()):
        return right.new_zeros(count, right.shape[1])
    if values.dtype not in _BAGS or (flip and right.shape[1] <= _FEW):
        rows = torch.repeat_interleave(ends.diff())
        source, target = (rows, columns) if flip else (columns, rows)
        result = right.new_zeros(right.shape[1], count)
        for column, sums in zip(right.t().contiguous(), result, strict=True):
            sums.index_add_(0, target, column.index_select(0, source).mul_(values))
        return result.t().contiguous()
    if flip:
        values, ends, columns = _transposed(values, ends, columns, size)
    bags = torch._embedding_bag_forward_only(right.contiguous(), columns, ends, False, 0, False, values, True)
    return bags[0]


def _as_matrix(tensor) -> torch.Tensor:
    return tensor.flatten(1) if tensor.dim() > 1 else tensor.unsqueeze(1)


def _stored_rows_product(lhs, rhs):
    """A csr matrix times a row_sparse one: the values whose columns are stored rows, times these rows."""
    values, ends, columns = lhs._parts
    stored, rows = rhs._parts
    at = torch.searchsorted(rows, columns).clamp_max_(max(len(rows) - 1, 0))
    there = rows[at] == columns if len(rows) else torch.zeros_like(columns, dtype=torch.bool)
    counts = torch.zeros_like(ends)
    torch.cumsum(there, 0, out=(before := torch.empty_like(columns)))
    counts[1:] = torch.cat([before.new_zeros(1), before])[ends[1:]]
    kept = there.nonzero().flatten()
    parts = values[kept], counts, at[kept]
    return _times(parts, (lhs._size[0], len(rows)), _as_matrix(stored), False)


def _wanted(bound):
    attrs = getattr(bound, "keywords", {})
    return attrs.get("transpose_a", False), attrs.get("transpose_b", False), attrs.get("forward_stype")


def _is_product(lhs, rhs, flip, flip_right) -> bool:
    """Whether this is a csr matrix times something, for which there is a way without dense matrices."""
    return (type(lhs) is CSRNDArray and type(rhs) is not CSRNDArray and not flip_right and rhs.ndim >= 1
            and lhs.shape[0 if flip else 1] == rhs.shape[0] and lhs._parts[0].dtype is _dtype_of(rhs))


def _dtype_of(array):
    return array._t.dtype if type(array) is NDArray else array._parts[0].dtype


def _product(lhs, rhs, flip):
    if type(rhs) is RowSparseNDArray and not flip:
        result = _stored_rows_product(lhs, rhs)
    else:
        result = _times(lhs._parts, lhs._size, _as_matrix(plain(rhs)), flip)
    return result.reshape(lhs._size[1 if flip else 0], *rhs.shape[1:])


def _product_in_rows(lhs, rhs):
    """The transpose of a csr matrix times something, row_sparse: its rows are the columns that are in use."""
    rows, parts, size = _in_use(lhs._parts, lhs._size)
    values = _times(parts, size, _as_matrix(plain(rhs)), True)
    shape = lhs._size[1], *rhs.shape[1:]
    return made(RowSparseNDArray, (values.reshape(-1, *shape[1:]), rows), shape, lhs._ctx)


def _in_use(parts, size):
    """(the columns where a matrix has values; its parts and size without all others)."""
    values, ends, columns = parts
    if size[1] > 8 * len(columns):
        rows, place = columns.unique(return_inverse=True)
        return rows, (values, ends, place), (size[0], len(rows))
    used = torch.zeros(size[1], dtype=torch.bool, device=columns.device).index_fill_(0, columns, True)
    place = used.cumsum(0).sub_(1)
    rows = used.nonzero().flatten()
    return rows, (values, ends, place.index_select(0, columns)), (size[0], len(rows))


def _found(lhs, rhs, flip, wanted):
    """The product in its storage type: row_sparse where the matrix is transposed."""
    if flip and wanted in (None, "row_sparse"):
        return _product_in_rows(lhs, rhs)
    return compressed(_product(lhs, rhs, flip), wanted or "default", lhs._ctx)


def _times_csr(lhs, rhs):
    """A dense matrix times a csr one: each row stores the columns where the latter has values."""
    used, parts, size = _in_use(rhs._parts, rhs._size)
    values = _times(parts, size, plain(lhs).t(), True).t()
    count = len(values)
    ends = torch.arange(count + 1, device=used.device) * len(used)
    shape = count, rhs._size[1]
    return made(CSRNDArray, (values.reshape(-1), ends, used.repeat(count)), shape, lhs._ctx)


def dot(op, bound, args):
    """The product in the storage type that MXNet gives it; None for the dense one of dense matrices."""
    lhs, rhs = args
    flip, flip_right, wanted = _wanted(bound)
    if _is_product(lhs, rhs, flip, flip_right):
        return _found(lhs, rhs, flip, wanted)
    if type(rhs) is CSRNDArray and type(lhs) is NDArray and not flip and lhs.ndim == 2:
        if lhs.shape[1] != rhs.shape[1 if flip_right else 0]:
            raise MXNetError(f"dot: shapes {lhs.shape} and {rhs.shape} do not fit")
        if lhs._t.dtype is rhs._parts[0].dtype:
            if flip_right or wanted not in (None, "csr"):  # the transpose of a product with the matrix on the left
                result = _times(rhs._parts, rhs._size, plain(lhs).t(), not flip_right).t()
                return compressed(result, wanted or "csr", lhs._ctx)
            return _times_csr(lhs, rhs)
    if wanted in (None, "default"):
        return None
    return compressed(call(op.name, bound, (plain(lhs), plain(rhs)), {}), wanted, lhs._ctx)


def recorded_dot(op, bound, args):
    """A product with a csr matrix that is no variable: the gradient of the other factor has the rows that are used."""
    lhs, rhs = args
    flip, flip_right, wanted = _wanted(bound)
    if not _is_product(lhs, rhs, flip, flip_right) or lhs._rg:
        return None
    result = _found(lhs, rhs, flip, wanted)
    standing = node(rhs)
    # what other operators computed has a gradient that they must be able to take
    sparse = not flip and (standing.is_leaf or type(rhs) is not NDArray)
    rows, parts, size = _in_use(lhs._parts, lhs._size) if sparse else (None, lhs._parts, lhs._size)
    hollow = type(result) is not NDArray
    back = _Back(parts, size, not flip)
    found = Product.apply(standing, plain(result) if not hollow else result._parts[0].new_empty(1).expand(result._size),
                          back, rows, hollow)
    return result._standing(found) if hollow else wrap(found, lhs._ctx)


class _Back:
    """The product that a gradient takes."""

    __slots__ = ("flip", "parts", "size")

    def __init__(self, parts, size, flip):
        self.parts, self.size, self.flip = parts, size, flip

    def __call__(self, grad):
        return _times(self.parts, self.size, _as_matrix(grad), self.flip)


# ---------------------------------------------------------------------------------------------------- embeddings


def _looked_up(args):
    """(the rows, their numbers) of a row_sparse table; MXNetError for numbers that are none."""
    data, table = args
    numbers = plain(data).to(torch.int64)
    flat = numbers.flatten()
    if len(flat) and len(table._parts[1]) and (int(flat.min()) < 0 or int(flat.max()) >= table._size[0]):
        raise MXNetError(f"Embedding: with a row_sparse weight, data must be from 0 to {table._size[0] - 1}")
    return table._rows_at(flat).reshape(*numbers.shape, *table._size[1:]), flat


def embedding(op, bound, args):
    """Rows of a row_sparse table; None where a dense tensor serves."""
    if type(args[1]) is not RowSparseNDArray or type(args[0]) is not NDArray:
        return None
    return wrap(_looked_up(args)[0], args[0]._ctx)


def recorded_embedding(op, bound, args):
    """As `embedding`; the gradient of the table has the rows that are used."""
    table = args[1]
    if type(table) is not RowSparseNDArray or type(args[0]) is not NDArray or not table._rg:
        return None
    result, numbers = _looked_up(args)
    return wrap(Rows.apply(table._node, result, numbers), args[0]._ctx)
