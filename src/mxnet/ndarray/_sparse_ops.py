"""What operators do on sparse arrays without making them dense, and which of their results are sparse.

`invoke` asks `run` when one of the inputs is sparse, or when the operator may give sparse results of dense ones; None
means storage fallback: dense tensors in, a dense array out.
"""

from __future__ import annotations

import torch

from ..base import MXNetError
from . import _arith, _wrap
from ._array import NDArray
from ._sparse_array import BaseSparseNDArray, RowSparseNDArray, find, made
from ._sparse_csr import CSRNDArray, row_ends
from ._sparse_products import compressed, dot, embedding, recorded_dot, recorded_embedding
from ._sparse_recorded import Computed, Retained, Scaled, Sum
from ._sparse_reductions import mean, norm, square_sum, total
from ._sparse_updates import UPDATES
from ._wrap import call, in_use, node, plain, runtime_kwargs, wrap

__all__ = ["run"]

# f(0) = 0, whatever the attributes
_KEEP_ZEROS = frozenset("""
abs sign round rint ceil floor trunc fix square sqrt cbrt sin tan arcsin arctan sinh tanh arcsinh arctanh degrees
radians expm1 log1p relu negative _copy BlockGrad make_loss _mul_scalar _div_scalar _contrib_round_ste
_contrib_sign_ste
""".split())
# f(0) = 0 for some attributes
_MAY_KEEP_ZEROS = frozenset("""
clip _plus_scalar _minus_scalar _equal_scalar _not_equal_scalar _greater_scalar _greater_equal_scalar _lesser_scalar
_lesser_equal_scalar
""".split())
_SCATTER = frozenset(["_scatter_plus_scalar", "_scatter_minus_scalar"])  # on what is stored alone
_SAME_SHAPE = {"broadcast_add": "elemwise_add", "broadcast_sub": "elemwise_sub", "broadcast_mul": "elemwise_mul"}


def run(op, bound, args, out, recording):
    """The sparse result of an operator, None where it works on dense tensors."""
    if recording:
        return _run_recorded(op, bound, args)
    update = UPDATES.get(op.name)
    if update is not None:
        return update(bound, args, out)
    return _result(op, bound, args)


def _result(op, bound, args):
    name = op.name
    first = args[0] if args else None
    if isinstance(first, BaseSparseNDArray) and (
            name in _KEEP_ZEROS or name in _SCATTER or (name in _MAY_KEEP_ZEROS and _keeps_zeros(bound, first))):
        values, *aux = first._parts
        return first._like([call(name, bound, (values,), {}), *aux])
    rule = _RULES.get(name)
    return None if rule is None else rule(op, bound, args)


def _run_recorded(op, bound, args):
    """The same under autograd: a sparse result has, where no other way is known, a dense tensor in torch's graph."""
    native = _RECORDED.get(op.name)
    result = None if native is None else native(op, bound, args)
    if result is not None:
        return result
    result = _result(op, bound, args)
    if result is None or type(result) is NDArray:
        return None
    tensors = [None if a is None else in_use(a) for a in args]
    dense = call(op.name, bound, tensors, runtime_kwargs(op, args[0]._ctx) if op.runtime else {})
    return result._standing(Computed.apply(dense))


def _keeps_zeros(bound, array) -> bool:
    return not bound(array._parts[0].new_zeros(1)).any()


def _attrs(bound) -> dict:
    return getattr(bound, "keywords", {})


def _zeros_like(op, bound, args):
    cls, array = type(args[0]), args[0]
    if cls is NDArray:
        return None
    return array._like(cls._no_parts(array._size, array._parts[0].dtype, array._parts[0].device))


# ------------------------------------------------------------------------------------------ element by element


def _alike(args) -> bool:
    first = args[0]
    return isinstance(first, BaseSparseNDArray) and all(type(a) is type(first) and a._size == first._size for a in args)


def _union(op, bound, args):
    """f(0, 0) = 0: what is stored in either is stored in the result."""
    if not _alike(args):
        return None
    a, b = args
    if a._parts[0].dtype is not b._parts[0].dtype:
        return None
    if type(a) is CSRNDArray:
        return _union_of_matrices(op, bound, a, b)
    rows, place = torch.cat([a._parts[1], b._parts[1]]).unique(return_inverse=True)
    spread = _spread(len(rows), (a._parts[0], place[:len(a._parts[1])]), (b._parts[0], place[len(a._parts[1]):]))
    return a._like([call(op.name, bound, spread, {}), rows])


def _spread(count, *parts) -> tuple[torch.Tensor, ...]:
    """Values at their places among `count`, zeros between."""
    return tuple(values.new_zeros((count, *values.shape[1:])).index_copy_(0, at, values) for values, at in parts)


def _union_of_matrices(op, bound, a, b):
    """As above for csr matrices; zeros are not stored, as in MXNet."""
    keys = torch.cat([a._keys(), b._keys()])
    keys, place = keys.unique(return_inverse=True)
    count = len(a._parts[0])
    both = [values.new_zeros(len(keys)).index_add_(0, at, values)
            for values, at in ((a._parts[0], place[:count]), (b._parts[0], place[count:]))]
    values = call(op.name, bound, tuple(both), {})
    kept = values.nonzero().flatten()
    values, keys = values[kept], keys[kept]
    width = max(a._size[1], 1)
    return a._like([values, row_ends(torch.div(keys, width, rounding_mode="floor"), a._size[0]), keys % width])


def _sum_of_two(op, bound, args):
    """`_union` for sums and differences; of large matrices by torch's own kernel."""
    if _alike(args) and type(args[0]) is CSRNDArray:
        a, b = args
        dtype = a._parts[0].dtype
        if dtype is b._parts[0].dtype and dtype in (torch.float32, torch.float64) and a._is_sorted() and b._is_sorted():
            values, ends, columns = _sum_by_torch(a, b, -1 if op.name == "elemwise_sub" else 1)
            return a._like((values, ends, columns))
    return _union(op, bound, args)


def _sum_by_torch(a, b, sign):
    total = torch.add(a._as_torch(), b._as_torch(), alpha=sign)
    values, ends, columns = total.values(), total.crow_indices(), total.col_indices()
    kept = values.nonzero().flatten()
    if len(kept) < len(values):
        values, columns = values.index_select(0, kept), columns.index_select(0, kept)
        ends = torch.searchsorted(kept, ends.to(torch.int64))
    return values, ends.to(torch.int64), columns.to(torch.int64)


def _multiply(op, bound, args):
    """Products: what is stored in a sparse factor is enough."""
    a, b = args
    if a.shape != b.shape:
        return None
    if type(a) is type(b):
        return _common(op, bound, a, b) if isinstance(a, BaseSparseNDArray) else None
    if isinstance(a, BaseSparseNDArray) and isinstance(b, BaseSparseNDArray):
        return None
    sparse, dense = (a, b) if isinstance(a, BaseSparseNDArray) else (b, a)
    values, *aux = sparse._parts
    other = _at_stored(sparse, plain(dense))
    return sparse._like([call(op.name, bound, (values, other) if sparse is a else (other, values), {}), *aux])


def _common(op, bound, a, b):
    """The product of two arrays of one kind: of csr matrices, with what both store; of row_sparse ones as `_union`."""
    if type(a) is RowSparseNDArray or a._parts[0].dtype is not b._parts[0].dtype or not (a._is_sorted()
                                                                                       and b._is_sorted()):
        return _union(op, bound, (a, b))
    if torch.equal(a._parts[1], b._parts[1]) and torch.equal(a._parts[2], b._parts[2]):
        return a._like([call(op.name, bound, (a._parts[0], b._parts[0]), {}), *a._parts[1:]])
    at, kept = find(b._keys(), a._keys())
    values = a._parts[0].index_select(0, kept), b._parts[0].index_select(0, at[kept])
    ends = torch.searchsorted(kept, a._parts[1])
    return a._like([call(op.name, bound, values, {}), ends, a._parts[2].index_select(0, kept)])


def _at_stored(sparse, dense) -> torch.Tensor:
    """The values of a dense tensor of the same shape where a sparse array has some."""
    if type(sparse) is CSRNDArray:
        return dense[sparse._rows(), sparse._parts[2]]
    return dense.index_select(0, sparse._parts[1])


def _scatter_divide(op, bound, args):
    a, b = args
    if type(a) is not RowSparseNDArray or a.shape != b.shape:
        return None
    values, rows = a._parts
    return a._like([call(op.name, bound, (values, plain(b).index_select(0, rows)), {}), rows])


def _broadcast_factor(op, bound, args):
    """csr times, or divided by, a dense array that broadcasts to it, of at most two axes."""
    matrix, dense = args
    if type(matrix) is not CSRNDArray or type(dense) is not NDArray or dense.ndim > 2:
        return None
    if any(n not in (1, m) for n, m in zip(dense.shape[::-1], matrix._size[::-1], strict=False)):
        return None
    values, *aux = matrix._parts
    other = _at_stored(matrix, plain(dense).expand(matrix._size))
    return matrix._like([call(op.name, bound, (values, other), {}), *aux])


def _quadratic(op, bound, args):
    matrix = args[0]
    if type(matrix) is not CSRNDArray or _attrs(bound).get("c", 0.0) != 0:
        return None
    values, *aux = matrix._parts
    return matrix._like([call(op.name, bound, (values,), {}), *aux])


def _sum_of_all(op, bound, args):
    if not all(type(a) is RowSparseNDArray and a._size == args[0]._size for a in args):
        return None
    if len({a._parts[0].dtype for a in args}) > 1:
        return None
    rows, place = torch.cat([a._parts[1] for a in args]).unique(return_inverse=True)
    values = torch.cat([a._parts[0] for a in args])
    return args[0]._like([values.new_zeros((len(rows), *values.shape[1:])).index_add_(0, place, values), rows])


def _like_right(op, bound, args):
    if all(type(a) is NDArray for a in args):
        return None
    return compressed(plain(args[0]).clone(), args[1].stype, args[0]._ctx)


# --------------------------------------------------------------------------------------------- parts of arrays


def _concat(op, bound, args):
    if _attrs(bound).get("dim", 1) != 0 or not all(type(a) is CSRNDArray for a in args):
        return None
    if len({a.shape[1] for a in args}) > 1 or len({a._parts[0].dtype for a in args}) > 1:
        return None
    counts = torch.cat([a._parts[1].diff() for a in args])
    ends = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    parts = torch.cat([a._parts[0] for a in args]), ends, torch.cat([a._parts[2] for a in args])
    return made(CSRNDArray, parts, (sum(a.shape[0] for a in args), args[0].shape[1]), args[0]._ctx)


def _slice(op, bound, args):
    """A block of a csr matrix, without steps."""
    matrix, attrs = args[0], _attrs(bound)
    if type(matrix) is not CSRNDArray or any(step not in (None, 1) for step in attrs.get("step") or ()):
        return None
    bounds = [slice(begin, end).indices(size)[:2]
              for begin, end, size in zip(attrs["begin"], attrs["end"], matrix._size, strict=False)]
    if any(begin > end for begin, end in bounds):
        return None
    return matrix._block(*bounds)


def _take(op, bound, args):
    """Rows of a csr matrix by number."""
    matrix, numbers = args
    attrs = _attrs(bound)
    if type(matrix) is not CSRNDArray or type(numbers) is not NDArray or attrs.get("axis", 0) != 0 or numbers.ndim != 1:
        return None
    count = matrix._size[0]
    rows = plain(numbers).to(torch.int64)
    rows = rows % count if attrs.get("mode") == "wrap" else rows.clamp(0, count - 1)
    return matrix._rows_taken(rows)


def _retain(op, bound, args):
    data, indices = args
    if type(data) is not RowSparseNDArray or type(indices) is not NDArray:
        raise MXNetError(f"retain takes a row_sparse array and a dense one of row numbers, got {data.stype} and "
                         f"{indices.stype}")
    return data._retained(plain(indices))


def _recorded_retain(op, bound, args):
    result = _retain(op, bound, args)
    return result._standing(Retained.apply(args[0]._node, result._parts[1])) if args[0]._rg else result


def _cast(op, bound, args):
    data, stype = args[0], _attrs(bound)["stype"]
    if data.stype == stype:
        return data.copy() if stype != "default" else wrap(plain(data).clone(), data._ctx)
    if isinstance(data, BaseSparseNDArray):
        if stype != "default":
            raise MXNetError(f"cast_storage from {data.stype} to {stype} is not supported")
        return wrap(data._dense(), data._ctx)
    return compressed(plain(data), stype, data._ctx)


def _recorded_cast(op, bound, args):
    data = args[0]
    if not data._rg or _attrs(bound)["stype"] == "default":
        return None
    if isinstance(data, BaseSparseNDArray):
        return _cast(op, bound, args)._standing(data._node)
    return compressed(plain(data), _attrs(bound)["stype"], data._ctx)._standing(in_use(data))


def _stored_numbers(op, bound, args):
    """contrib.getnnz: how many values are stored, in all, in each column or in each row."""
    matrix, axis = args[0], _attrs(bound).get("axis")
    if type(matrix) is not CSRNDArray:
        return None
    _, ends, columns = matrix._parts
    if axis is None:
        return wrap(ends[-1:].clone(), matrix._ctx)
    if axis not in (0, 1):
        raise MXNetError(f"getnnz: axis must be 0 or 1, got {axis}")
    counts = ends.diff() if axis else torch.bincount(columns, minlength=matrix._size[1])
    return wrap(counts, matrix._ctx)


def _edge_id(op, bound, args):
    """contrib.edge_id: the values at some places, -1 where none is stored."""
    matrix, *places = args
    if type(matrix) is not CSRNDArray:
        return None
    u, v = (plain(p).to(torch.int64) for p in places)
    if u.dim() != 1 or u.shape != v.shape:
        raise MXNetError(f"edge_id: u and v must be vectors of one length, got {tuple(u.shape)} and {tuple(v.shape)}")
    keys, order = matrix._keys().sort()
    wanted = u * matrix._size[1] + v
    at = torch.searchsorted(keys, wanted).clamp_max_(max(len(keys) - 1, 0))
    values = matrix._parts[0]
    if not len(keys):
        return wrap(values.new_full(u.shape, -1), matrix._ctx)
    found = torch.where(keys[at] == wanted, values[order[at]], values.new_full((), -1))
    return wrap(found, matrix._ctx)


def _batch_norm(op, bound, args):
    if _attrs(bound).get("fix_gamma", True):
        raise MXNetError("BatchNorm: fix_gamma=True is not supported for sparse arrays")


# ------------------------------------------------------------------------------------------- under autograd


def _recorded_sum(op, bound, args):
    if not _alike(args) or not all(a._rg for a in args):
        return None
    result = _result(op, bound, args)
    if result is None:
        return None
    return result._standing(Sum.apply(node(args[0]), node(args[1]), -1 if op.name == "elemwise_sub" else 1))


def _recorded_scale(op, bound, args):
    scalar = _attrs(bound).get("scalar", 1.0)
    factor = 1 / scalar if op.name == "_div_scalar" and scalar else scalar
    if op.name == "_div_scalar" and not scalar:
        return None
    return _result(op, bound, args)._standing(Scaled.apply(args[0]._node, -1 if op.name == "negative" else factor))


_RECORDED = {
    "dot": recorded_dot, "Embedding": recorded_embedding,
    "_contrib_SparseEmbedding": recorded_embedding, "_sparse_retain": _recorded_retain,
    "cast_storage": _recorded_cast, "elemwise_add": _recorded_sum, "elemwise_sub": _recorded_sum,
    "_mul_scalar": _recorded_scale, "_div_scalar": _recorded_scale, "negative": _recorded_scale,
}
_RULES = {
    "zeros_like": _zeros_like, "elemwise_add": _sum_of_two, "elemwise_sub": _sum_of_two, "_grad_add": _sum_of_two,
    "_maximum": _union, "_minimum": _union, "_hypot": _union, "elemwise_mul": _multiply, "add_n": _sum_of_all,
    "_scatter_elemwise_div": _scatter_divide, "broadcast_mul": _broadcast_factor, "broadcast_div": _broadcast_factor,
    "_contrib_quadratic": _quadratic, "_identity_with_attr_like_rhs": _like_right, "dot": dot, "Embedding": embedding,
    "_contrib_SparseEmbedding": embedding,
    "Concat": _concat, "slice": _slice, "take": _take, "_square_sum": square_sum, "sum": total, "mean": mean,
    "norm": norm, "_sparse_retain": _retain, "cast_storage": _cast, "_contrib_getnnz": _stored_numbers,
    "_contrib_edge_id": _edge_id, "BatchNorm": _batch_norm,
}


# --------------------------------------------------------------------------------------------------- x + y


def _elementwise(name, lhs, rhs, out=None, reverse=False):
    """The arithmetic of sparse arrays: arrays of one shape do without broadcasting."""
    tensor_op = _arith._TABLE[name][0]
    if isinstance(rhs, NDArray) and lhs.shape == rhs.shape and tensor_op in _SAME_SHAPE:
        op = _arith.registry.get(_SAME_SHAPE[tensor_op])
        return _wrap.invoke(op, op.fn, (rhs, lhs) if reverse else (lhs, rhs), out)
    return _arith.general(name, lhs, rhs, out, reverse)


def _dunder(name, reverse):
    if reverse:  # a dense array on the left, as which Python asks this class first
        return lambda self, other: _arith.general(name, self, other, None, True)
    return lambda self, other: _elementwise(name, self, other)


def _inplace(name):
    return lambda self, other: _elementwise(name, self, other, self)


for _name, (_entry, _reverse) in _arith._DUNDERS.items():
    setattr(BaseSparseNDArray, _name, _dunder(_entry, _reverse))
for _name, _entry in _arith._INPLACE.items():
    setattr(BaseSparseNDArray, _name, _inplace(_entry))
BaseSparseNDArray.__hash__ = NDArray.__hash__  # type: ignore[method-assign]  # went with __eq__
_wrap.run_sparse = run
