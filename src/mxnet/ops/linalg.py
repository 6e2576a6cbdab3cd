"""Products and decompositions of matrices: dot, batch_dot, and MXNet's linalg, named as in BLAS and LAPACK.

The linalg operators work on the last two axes; all axes before them count batches.
"""

from functools import lru_cache
from math import isqrt
from typing import Literal

import torch
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._shapes import fit, replaced, rule, same
from .registry import register

__all__ = ["batch_dot", "det", "dot", "extractdiag", "extracttrian", "gelqf", "gemm", "gemm2", "inverse", "khatri_rao",
           "makediag", "maketrian", "potrf", "potri", "slogdet", "sumlogdiag", "syevd", "syrk", "trmm", "trsm"]

StorageType = Literal["csr", "default", "row_sparse"]


# ---------------------------------------------------------------------------------------------------- products

_FEW = 2**16  # elements of one matrix times elements of the other
_FLOAT32 = torch.float32
_dispatch_modes = torch._C._len_torch_dispatch_stack
_weighted_bags = torch._embedding_bag_forward_only


def _matrix_product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b.  A small float32 product that is not recorded is summed as MXNet's BLAS does it.

    The last digits of a float32 product depend on the order and rounding of its sums, and the examples in books
    print them all.  MXNet's adds one fused product after the other; of torch's kernels, the weighted sum of rows
    that serves embedding bags does the same.
    """
    if b.requires_grad or a.requires_grad:
        return torch.mm(a, b)
    size = b.numel()
    work = a.numel() * size
    # Fake tensors have sizes that are no ints or are of another class, and under a dispatch mode tensors may have no
    # values.  One column is a product with a vector, which no two libraries sum alike.
    if work.__class__ is int and 0 < work <= _FEW and a.dtype is b.dtype is _FLOAT32:
        columns = b.size(1)
        if columns > 1 and a.__class__ is b.__class__ is Tensor and not (a.is_cuda or _dispatch_modes()):
            rows, width = a.shape
            if width * columns == size:
                indices, offsets = _bags(rows, width)
                return _weighted_bags(b.contiguous(), indices, offsets, False, 0, False, a.ravel())[0]
    return torch.mm(a, b)


@lru_cache(maxsize=128)
def _bags(rows: int, width: int) -> tuple[Tensor, Tensor]:
    """For each row of the left matrix, a bag of all rows of the right one: (indices, where each bag begins)."""
    return torch.arange(width).repeat(rows), torch.arange(0, rows * width, width)


@rule
def _dot_outputs(attrs, lhs, rhs):
    first, last = attrs["transpose_a"], attrs["transpose_b"]
    fit(same(lhs[0 if first else -1], rhs[-1 if last else 0]), not (first or last) or len(lhs) + len(rhs) > 2)
    return [(lhs[1:] if first else lhs[:-1]) + (rhs[:-1] if last else rhs[1:]) or (1,)]


def _dot_inputs(attrs, inputs, outputs):
    """The sizes that are summed over are the same."""
    if not all(inputs):
        return [None, None]
    (lhs, rhs), at, rhs_at = inputs, 0 if attrs["transpose_a"] else -1, -1 if attrs["transpose_b"] else 0
    size = max(lhs[at], rhs[rhs_at])
    return [replaced(lhs, at % len(lhs), size), replaced(rhs, rhs_at % len(rhs), size)]


@register("dot", input_shapes=_dot_inputs, output_shapes=_dot_outputs, storage="forward_stype")
def dot(lhs: Tensor, rhs: Tensor, *, transpose_a: bool = False, transpose_b: bool = False,
        forward_stype: StorageType | None = None) -> Tensor:
    """Sum over the last axis of `lhs` (first, if transposed) and the first axis of `rhs` (last, if transposed).

    The result has the other axes of `lhs`, then those of `rhs`; of two vectors it has shape (1,).
    """
    if lhs.dim() == 2 == rhs.dim():
        return _matrix_product(lhs.t() if transpose_a else lhs, rhs.t() if transpose_b else rhs)
    if lhs.dim() == rhs.dim() == 1:
        if transpose_a or transpose_b:
            raise MXNetError("dot: vectors cannot be transposed")
        return torch.dot(lhs, rhs).view(1)
    a = lhs.movedim(0, -1) if transpose_a else lhs
    b = rhs.movedim(-1, 0) if transpose_b else rhs
    # as matrices, since torch.tensordot would broadcast an axis of size 1
    rows = a.flatten(0, -2) if a.dim() > 1 else a.unsqueeze(0)
    columns = b.flatten(1) if b.dim() > 1 else b.unsqueeze(1)
    return _matrix_product(rows, columns).reshape(a.shape[:-1] + b.shape[1:])


def _batch_dot_outputs(attrs, inputs):
    """Known but for the batch axes, once the sizes that are summed over are known."""
    lhs, rhs = inputs
    if lhs is None or rhs is None or len(lhs) != len(rhs) or len(lhs) < 3:
        return [None]
    rows, inner = lhs[-2:][::-1] if attrs["transpose_a"] else lhs[-2:]
    other, columns = rhs[-2:][::-1] if attrs["transpose_b"] else rhs[-2:]
    if inner != other or inner < 0 or any(a != b and min(a, b) >= 0 for a, b in zip(lhs, rhs[:-2], strict=False)):
        return [None]
    return [(*map(max, lhs[:-2], rhs[:-2]), rows, columns)]


@register("batch_dot", output_shapes=_batch_dot_outputs)
def batch_dot(lhs: Tensor, rhs: Tensor, *, transpose_a: bool = False, transpose_b: bool = False,
              forward_stype: StorageType | None = None) -> Tensor:
    """Products of matrices, pair by pair: (..., n, k) times (..., k, m) gives (..., n, m)."""
    if lhs.dim() < 3 or lhs.dim() != rhs.dim():
        raise MXNetError(f"batch_dot: both inputs must have the same number of axes, at least 3, got shapes "
                         f"{tuple(lhs.shape)} and {tuple(rhs.shape)}")
    a, b = lhs.mT if transpose_a else lhs, rhs.mT if transpose_b else rhs
    if lhs.dim() == 3:
        return torch.bmm(a, b)
    _check_batch("batch_dot", lhs, rhs)
    return torch.matmul(a, b)


@register("khatri_rao")
def khatri_rao(*args: Tensor) -> Tensor:
    """Column-wise Kronecker product of matrices (m_i, n), of shape (product of the m_i, n)."""
    if not args or any(a.dim() != 2 or a.shape[1] != args[0].shape[1] for a in args):
        raise MXNetError("khatri_rao: inputs must be matrices with equally many columns, got shapes "
                         + ", ".join(str(tuple(a.shape)) for a in args))
    result = args[0].clone()
    for matrix in args[1:]:
        result = (result.unsqueeze(1) * matrix).flatten(0, 1)
    return result


def _check_batch(op: str, *tensors: Tensor) -> None:
    first = tensors[0]
    if any(t.dim() != first.dim() or t.shape[:-2] != first.shape[:-2] for t in tensors):
        raise MXNetError(f"{op}: all axes but the matrices' two must agree, got shapes "
                         + ", ".join(str(tuple(t.shape)) for t in tensors))


def _check_dtypes(op: str, *tensors: Tensor) -> None:
    """MXNetError unless all are of one dtype, float32 or float64: half precision and integers are for dot."""
    dtype = tensors[0].dtype
    if dtype not in (torch.float32, torch.float64) or any(t.dtype != dtype for t in tensors):
        raise MXNetError(f"{op}: matrices of float32 or of float64 are expected, got "
                         + ", ".join(str(t.dtype).removeprefix("torch.") for t in tensors))


def _square(op: str, matrix: Tensor) -> Tensor:
    """`matrix` itself; MXNetError if it is none, or not square."""
    _check_dtypes(op, matrix)
    if matrix.dim() < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise MXNetError(f"{op}: square matrices are expected, got shape {tuple(matrix.shape)}")
    return matrix


def _scaled(tensor: Tensor, alpha: float) -> Tensor:
    return tensor if alpha == 1 else tensor * alpha


def _product(op: str, a: Tensor, b: Tensor, transpose_a: bool, transpose_b: bool, alpha: float) -> Tensor:
    if a.dim() < 2:
        raise MXNetError(f"{op}: matrices are expected, got shape {tuple(a.shape)}")
    _check_dtypes(op, a, b)
    _check_batch(op, a, b)
    return _scaled((a.mT if transpose_a else a) @ (b.mT if transpose_b else b), alpha)


def _rows_at(op: str, axis: int, matrices: Tensor) -> Tensor:
    """A view with the matrices' rows, which are at `axis`, moved to where they belong (the last axis but one)."""
    rank = matrices.dim()
    place = axis + rank if axis < 0 else axis
    if not 0 <= place < rank - 1:
        raise MXNetError(f"{op}: axis={axis} is no axis of rows for shape {tuple(matrices.shape)}")
    return matrices.movedim(place, -2)


def _gemm_shapes(attrs, A, B, C):
    """C has the shape of the product."""
    axis = attrs["axis"]
    if A is None or B is None or not len(A) == len(B) > 1 or not -len(A) <= axis < len(A):
        return [A, B, C]
    product = list(A)
    product[axis], product[-1] = A[-1 if attrs["transpose_a"] else axis], B[axis if attrs["transpose_b"] else -1]
    return [A, B, tuple(product)]


@register("_linalg_gemm", "linalg_gemm", shapes=_gemm_shapes)
def gemm(A: Tensor, B: Tensor, C: Tensor, *, transpose_a: bool = False, transpose_b: bool = False, alpha: float = 1.0,
         beta: float = 1.0, axis: int = -2) -> Tensor:
    """alpha * op(A) @ op(B) + beta * C, op being a transposition or nothing; rows are along `axis`."""
    if axis != -2:
        a, b, c = (_rows_at("linalg.gemm", axis, m) for m in (A, B, C))
        result = gemm(a, b, c, transpose_a=transpose_a, transpose_b=transpose_b, alpha=alpha, beta=beta)
        return result.movedim(-2, axis).contiguous()
    product = _product("linalg.gemm", A, B, transpose_a, transpose_b, alpha)
    if product.shape != C.shape:
        raise MXNetError(f"linalg.gemm: C must have the shape {tuple(product.shape)} of the product, "
                         f"got {tuple(C.shape)}")
    return product + _scaled(C, beta)


@register("_linalg_gemm2", "linalg_gemm2")
def gemm2(A: Tensor, B: Tensor, *, transpose_a: bool = False, transpose_b: bool = False, alpha: float = 1.0,
          axis: int = -2) -> Tensor:
    """alpha * op(A) @ op(B), op being a transposition or nothing; rows are along `axis`."""
    if axis != -2:
        a, b = _rows_at("linalg.gemm2", axis, A), _rows_at("linalg.gemm2", axis, B)
        result = _product("linalg.gemm2", a, b, transpose_a, transpose_b, alpha)
        return result.movedim(-2, axis).contiguous()
    return _product("linalg.gemm2", A, B, transpose_a, transpose_b, alpha)


@register("_linalg_syrk", "linalg_syrk")
def syrk(A: Tensor, *, transpose: bool = False, alpha: float = 1.0) -> Tensor:
    """alpha * A @ A^T, or alpha * A^T @ A with `transpose`."""
    _check_dtypes("linalg.syrk", A)
    return _scaled(A.mT @ A if transpose else A @ A.mT, alpha)


def _check_sides(op: str, A: Tensor, B: Tensor, rightside: bool) -> None:
    _square(op, A)
    _check_dtypes(op, A, B)
    _check_batch(op, A, B)
    if B.shape[-1 if rightside else -2] != A.shape[-1]:
        raise MXNetError(f"{op}: matrices of shapes {tuple(A.shape)} and {tuple(B.shape)} do not fit")


@register("_linalg_trmm", "linalg_trmm")
def trmm(A: Tensor, B: Tensor, *, transpose: bool = False, rightside: bool = False, lower: bool = True,
         alpha: float = 1.0) -> Tensor:
    """alpha * op(A) @ B, or alpha * B @ op(A) with `rightside`; of A only the lower (upper) triangle is used."""
    _check_sides("linalg.trmm", A, B, rightside)
    triangle = A.tril() if lower else A.triu()
    if transpose:
        triangle = triangle.mT
    return _scaled(B @ triangle if rightside else triangle @ B, alpha)


@register("_linalg_trsm", "linalg_trsm")
def trsm(A: Tensor, B: Tensor, *, transpose: bool = False, rightside: bool = False, lower: bool = True,
         alpha: float = 1.0) -> Tensor:
    """Solve op(A) @ X = alpha * B, or X @ op(A) = alpha * B with `rightside`, for a triangular A."""
    _check_sides("linalg.trsm", A, B, rightside)
    triangle = A.mT if transpose else A
    return torch.linalg.solve_triangular(triangle, _scaled(B, alpha), upper=lower is transpose, left=not rightside)


# ---------------------------------------------------------------------------------------------- decompositions


@register("_linalg_potrf", "linalg_potrf")
def potrf(A: Tensor, *, lower: bool = True) -> Tensor:
    """Cholesky factor of symmetric positive definite A: L with A = L @ L^T, or upper U with A = U^T @ U.

    Only that triangle of A is read; the gradient is symmetric.  MXNetError if A is not positive definite.
    """
    _square("linalg.potrf", A)
    if lower:
        return torch.linalg.cholesky(A)
    return torch.linalg.cholesky(A.mT).mT.contiguous()


@register("_linalg_potri", "linalg_potri")
def potri(A: Tensor, *, lower: bool = True) -> Tensor:
    """Inverse of the matrix whose Cholesky factor is A: (A @ A^T)^-1, or (A^T @ A)^-1 for an upper A."""
    _square("linalg.potri", A)
    identity = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device).expand(A.shape)
    inverse_factor = torch.linalg.solve_triangular(A, identity, upper=not lower)
    return inverse_factor.mT @ inverse_factor if lower else inverse_factor @ inverse_factor.mT


@register("_linalg_gelqf", "linalg_gelqf", num_outputs=2)
def gelqf(A: Tensor) -> tuple[Tensor, Tensor]:
    """LQ decomposition of A (..., m, n), m <= n: Q (..., m, n) with orthonormal rows, lower L, and A = L @ Q."""
    if A.dim() < 2 or A.shape[-2] > A.shape[-1]:
        raise MXNetError(f"linalg.gelqf: matrices must have at least as many columns as rows, got shape "
                         f"{tuple(A.shape)}")
    _check_dtypes("linalg.gelqf", A)
    q, r = torch.linalg.qr(A.mT)
    return q.mT.contiguous(), r.mT.contiguous()


# The least distance of two eigenvalues that the gradient divides by: losses of which equal eigenvalues have nothing to
# say keep a finite one.
_APART = {torch.float32: 1e-30, torch.float64: 1e-100}


class _Eigen(torch.autograd.Function):
    """Rows of eigenvectors, and eigenvalues; differentiated as in Seeger et al., https://arxiv.org/abs/1710.08717."""

    @staticmethod
    def forward(ctx, matrix):
        values, columns = torch.linalg.eigh(matrix)
        vectors = columns.mT
        largest = vectors.gather(-1, vectors.abs().argmax(-1, keepdim=True))
        vectors = torch.where(largest < 0, -vectors, vectors).contiguous()
        ctx.save_for_backward(vectors, values)
        return vectors, values

    @staticmethod
    def backward(ctx, head, slope):
        vectors, values = ctx.saved_tensors
        turned = vectors @ head.mT
        apart = (values.unsqueeze(-2) - values.unsqueeze(-1)).triu(1).clamp_min(_APART[values.dtype])
        inner = ((turned - turned.mT) / (2 * apart)).triu(1)
        return vectors.mT @ (inner + inner.mT + torch.diag_embed(slope)) @ vectors


@register("_linalg_syevd", "linalg_syevd", num_outputs=2)
def syevd(A: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvectors as rows of U and rising eigenvalues L of a symmetric A: U @ A = diag(L) @ U.

    The largest component of each eigenvector is positive.  Only the lower triangle of A is read.
    """
    return _Eigen.apply(_square("linalg.syevd", A))


@register("_linalg_inverse", "linalg_inverse")
def inverse(A: Tensor) -> Tensor:
    """Inverse of square matrices; MXNetError if one is singular."""
    return torch.linalg.inv(_square("linalg.inverse", A))


def _per_matrix(numbers: Tensor) -> Tensor:
    """One number for each matrix: of shape (1,) for a single one, as there are no 0-dim arrays."""
    return numbers if numbers.dim() or state.np_shape else numbers.view(1)


@register("_linalg_det", "linalg_det", output_names=("output0",))
def det(A: Tensor) -> Tensor:
    """Determinants of square matrices."""
    return _per_matrix(torch.linalg.det(_square("linalg.det", A)))


@register("_linalg_slogdet", "linalg_slogdet", num_outputs=2)
def slogdet(A: Tensor) -> tuple[Tensor, Tensor]:
    """Signs of the determinants, which have no gradient, and logarithms of their absolute values."""
    sign, logarithm = torch.linalg.slogdet(_square("linalg.slogdet", A))
    return _per_matrix(sign), _per_matrix(logarithm)


# -------------------------------------------------------------------------------------- diagonals and triangles


@register("_linalg_sumlogdiag", "linalg_sumlogdiag")
def sumlogdiag(A: Tensor) -> Tensor:
    """Sum of the logarithms of the diagonal of square matrices."""
    total = _square("linalg.sumlogdiag", A).diagonal(0, -2, -1).log().sum(-1)
    return total if total.dim() else total.view(1)


def _check_offset(op: str, size: int, offset: int) -> None:
    if abs(offset) >= size:
        raise MXNetError(f"{op}: offset {offset} is out of range for matrices of size {size}")


@register("_linalg_extractdiag", "linalg_extractdiag")
def extractdiag(A: Tensor, *, offset: int = 0) -> Tensor:
    """A diagonal of square matrices: (..., n, n) -> (..., n - |offset|)."""
    _check_offset("linalg.extractdiag", _square("linalg.extractdiag", A).shape[-1], offset)
    return A.diagonal(offset, -2, -1).clone(memory_format=torch.contiguous_format)


@register("_linalg_makediag", "linalg_makediag")
def makediag(A: Tensor, *, offset: int = 0) -> Tensor:
    """Square matrices with the given diagonal, else 0: (..., n) -> (..., n + |offset|, n + |offset|)."""
    _check_dtypes("linalg.makediag", A)
    return torch.diag_embed(A, offset)


def _triangle(size: int, offset: int, lower: bool, device) -> tuple[Tensor, Tensor]:
    """Rows and columns of a triangle that starts at a diagonal, in the order in which MXNet packs it.

    `lower` decides for the main diagonal only: others have their triangle on the far side.  MXNet packs lower
    triangles row by row, upper ones column by column.
    """
    below = offset < 0 or (offset == 0 and lower)
    i, j = torch.tril_indices(size, size, -abs(offset), device=device)
    return (i, j) if below else (j, i)


@register("_linalg_extracttrian", "linalg_extracttrian")
def extracttrian(A: Tensor, *, offset: int = 0, lower: bool = True) -> Tensor:
    """The triangle of square matrices beyond the diagonal `offset`, packed into vectors."""
    size = _square("linalg.extracttrian", A).shape[-1]
    _check_offset("linalg.extracttrian", size, offset)
    rows, columns = _triangle(size, offset, lower, A.device)
    return A[..., rows, columns].contiguous()


@register("_linalg_maketrian", "linalg_maketrian")
def maketrian(A: Tensor, *, offset: int = 0, lower: bool = True) -> Tensor:
    """Triangular matrices from packed vectors: the inverse of extracttrian."""
    _check_dtypes("linalg.maketrian", A)
    count = A.shape[-1]
    size = (isqrt(8 * count + 1) - 1) // 2
    if size * (size + 1) // 2 != count:
        raise MXNetError(f"linalg.maketrian: no triangle has {count} elements (input of shape {tuple(A.shape)})")
    size += abs(offset)
    rows, columns = _triangle(size, offset, lower, A.device)
    result = A.new_zeros((*A.shape[:-1], size * size))
    return result.index_copy(-1, rows * size + columns, A).view(*A.shape[:-1], size, size)
