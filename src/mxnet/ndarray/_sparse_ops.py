"""What operators do on sparse arrays without making them dense, and which of their results are sparse.

`invoke` asks `run` when one of the inputs is sparse; None means storage fallback: dense tensors in, a dense array out.
Nothing here is recorded: under autograd the dense operator runs.
"""

from __future__ import annotations

import torch

from . import _arith, _wrap
from ._array import NDArray
from ._sparse_array import BaseSparseNDArray, RowSparseNDArray, kind_of, made
from ._sparse_csr import CSRNDArray
from ._wrap import call, plain, wrap

__all__ = ["compressed", "run"]

# f(0) = 0, whatever the attributes
_KEEP_ZEROS = frozenset("""
abs sign round rint ceil floor trunc fix square sqrt cbrt sin tan arcsin arctan sinh tanh arcsinh arctanh degrees
radians expm1 log1p relu negative _copy BlockGrad _mul_scalar _div_scalar
""".split())
# f(0) = 0 for some attributes
_MAY_KEEP_ZEROS = frozenset("""
clip _plus_scalar _minus_scalar _equal_scalar _not_equal_scalar _greater_scalar _greater_equal_scalar _lesser_scalar
_lesser_equal_scalar
""".split())
_SAME_SHAPE = {"broadcast_add": "elemwise_add", "broadcast_sub": "elemwise_sub", "broadcast_mul": "elemwise_mul"}


def run(op, bound, args):
    """The sparse result of an operator, None where it works on dense tensors."""
    name = op.name
    first = args[0] if args else None
    if name in _KEEP_ZEROS or (name in _MAY_KEEP_ZEROS and _keeps_zeros(bound, first)):
        values, *aux = first._parts
        return first._like([call(name, bound, (values,), {}), *aux])
    rule = _RULES.get(name)
    return None if rule is None else rule(op, bound, args)


def _keeps_zeros(bound, array) -> bool:
    return not bound(array._parts[0].new_zeros(1)).any()


def compressed(tensor, stype, ctx):
    """A dense tensor as an array of a storage type."""
    cls = kind_of(stype)
    if cls is NDArray:
        return wrap(tensor, ctx)
    return made(cls, cls.__new__(cls)._compress(tensor), tensor.shape, ctx)


def _zeros_like(op, bound, args):
    cls, array = type(args[0]), args[0]
    return array._like(cls._no_parts(array._size, array._parts[0].dtype, array._parts[0].device))


def _add(op, bound, args):
    return _united(op, bound, args) if _alike(args) else None


def _alike(args) -> bool:
    return all(type(a) is type(args[0]) and a._size == args[0]._size for a in args)


def _united(op, bound, args):
    """Sums and differences: what is stored in either is stored in the result."""
    a, b = args
    if type(a) is CSRNDArray:
        return compressed(call(op.name, bound, (a._dense(), b._dense()), {}), "csr", a._ctx)
    rows, place = torch.cat([a._parts[1], b._parts[1]]).unique(return_inverse=True)
    spread = []
    for array, at in ((a, place[:len(a._parts[1])]), (b, place[len(a._parts[1]):])):
        values = array._parts[0]
        spread.append(values.new_zeros((len(rows), *values.shape[1:])).index_copy_(0, at, values))
    return a._like([call(op.name, bound, tuple(spread), {}), rows])


def _multiply(op, bound, args):
    """Products: what is stored in a sparse factor is enough."""
    a, b = args
    if a.shape != b.shape:
        return None
    if type(a) is type(b):
        return _united(op, bound, args)
    if isinstance(a, BaseSparseNDArray) and isinstance(b, BaseSparseNDArray):
        return None
    sparse, dense = (a, b) if isinstance(a, BaseSparseNDArray) else (b, a)
    values, *aux = sparse._parts
    other = plain(dense)
    if type(sparse) is CSRNDArray:
        other = other[sparse._rows(), aux[1]]
    else:
        other = other.index_select(0, aux[0])
    return sparse._like([call(op.name, bound, (values, other) if sparse is a else (other, values), {}), *aux])


def _sum_of_all(op, bound, args):
    if not all(type(a) is RowSparseNDArray and a._size == args[0]._size for a in args):
        return None
    total = args[0]
    for array in args[1:]:
        total = _united(_ADD, _ADD.fn, (total, array))
    return total if total is not args[0] else total.copy()


def _dot(op, bound, args):
    """Matrix products with a csr matrix on the left, or on the right of a dense one."""
    lhs, rhs = args
    attrs = getattr(bound, "keywords", {})
    flip, flip_right, wanted = (attrs.get(k) for k in ("transpose_a", "transpose_b", "forward_stype"))
    fits = rhs.ndim in (1, 2) and not flip_right and lhs.shape[0 if flip else -1] == rhs.shape[0]
    if type(lhs) is CSRNDArray and fits:
        matrix, right = lhs._as_torch(flip), plain(rhs)
        if matrix.dtype is not right.dtype or not matrix.dtype.is_floating_point:
            return None
        sparse_right = flip and rhs.ndim == 2 and type(rhs) is not CSRNDArray
        result = torch.sparse.mm(matrix, right.reshape(len(right), -1)).reshape(matrix.shape[0], *right.shape[1:])
        stype = wanted or ("row_sparse" if sparse_right else "default")
        if stype == "row_sparse" and flip and sparse_right:
            rows = lhs._parts[2].unique()
            return made(RowSparseNDArray, (result.index_select(0, rows), rows), result.shape, lhs._ctx)
        return compressed(result, stype, lhs._ctx)
    if type(rhs) is CSRNDArray and type(lhs) is NDArray and not flip:
        wanted = wanted or "csr"
    if wanted in (None, "default"):
        return None
    return compressed(call(op.name, bound, (plain(lhs), plain(rhs)), {}), wanted, lhs._ctx)


def _concat(op, bound, args):
    attrs = getattr(bound, "keywords", {})
    if attrs.get("dim", 1) != 0 or not all(type(a) is CSRNDArray for a in args):
        return None
    if len({a.shape[1] for a in args}) > 1 or len({a._parts[0].dtype for a in args}) > 1:
        return None
    counts = torch.cat([a._parts[1].diff() for a in args])
    ends = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    parts = torch.cat([a._parts[0] for a in args]), ends, torch.cat([a._parts[2] for a in args])
    return made(CSRNDArray, parts, (sum(a.shape[0] for a in args), args[0].shape[1]), args[0]._ctx)


def _stays_csr(op, bound, args):
    """Slices without steps, rows taken by number: their values are all from the matrix."""
    if type(args[0]) is not CSRNDArray or any(isinstance(a, BaseSparseNDArray) for a in args[1:]):
        return None
    attrs = getattr(bound, "keywords", {})
    if any(step not in (None, 1) for step in attrs.get("step") or ()) or attrs.get("axis", 0) != 0:
        return None
    result = call(op.name, bound, tuple(plain(a) for a in args), {})
    return compressed(result, "csr", args[0]._ctx) if result.dim() == 2 else None


def _square_sum(op, bound, args):
    attrs = getattr(bound, "keywords", {})
    array = args[0]
    if type(array) is not RowSparseNDArray or array.ndim != 2 or not attrs.get("keepdims"):
        return None
    if attrs.get("axis") not in (1, (1,)):
        return None
    values, rows = array._parts
    return made(RowSparseNDArray, (call(op.name, bound, (values,), {}), rows), (array.shape[0], 1), array._ctx)


_ADD = _arith.registry.get("elemwise_add")
_RULES = {
    "zeros_like": _zeros_like, "elemwise_add": _add, "elemwise_sub": _add, "elemwise_mul": _multiply,
    "add_n": _sum_of_all, "dot": _dot, "Concat": _concat, "slice": _stays_csr, "take": _stays_csr,
    "_square_sum": _square_sum,
}


def _elementwise(name, lhs, rhs, out=None, reverse=False):
    """The arithmetic of sparse arrays: arrays of one shape do without broadcasting."""
    tensor_op = _arith._TABLE[name][0]
    if isinstance(rhs, NDArray) and lhs.shape == rhs.shape and tensor_op in _SAME_SHAPE:
        op = _arith.registry.get(_SAME_SHAPE[tensor_op])
        return _wrap.invoke(op, op.fn, (rhs, lhs) if reverse else (lhs, rhs), out)
    return _arith.general(name, lhs, rhs, out, reverse)


def _dunder(name, reverse):
    return lambda self, other: _elementwise(name, self, other, None, reverse)


def _inplace(name):
    return lambda self, other: _elementwise(name, self, other, self)


for _name, (_entry, _reverse) in _arith._DUNDERS.items():
    setattr(BaseSparseNDArray, _name, _dunder(_entry, _reverse))
for _name, _entry in _arith._INPLACE.items():
    setattr(BaseSparseNDArray, _name, _inplace(_entry))
BaseSparseNDArray.__hash__ = NDArray.__hash__  # type: ignore[method-assign]  # went with __eq__
_wrap.run_sparse = run
