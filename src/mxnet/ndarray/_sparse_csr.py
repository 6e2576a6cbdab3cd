"""csr: matrices whose values are stored row by row, with their columns."""

from __future__ import annotations

import builtins

import numpy as np
import torch

from ..base import MXNetError
from ._array import NDArray
from ._sparse_array import BaseSparseNDArray, made
from ._wrap import wrap

__all__ = ["CSRNDArray"]


class CSRNDArray(BaseSparseNDArray):
    """A matrix (rows, columns) in compressed sparse row format.

    data: (n,) the values, row after row.  indices: (n,) their columns, rising in each row.  indptr: (rows + 1,), row i
    is data[indptr[i]:indptr[i + 1]].
    """

    __slots__ = ()
    _aux_names = ("indptr", "indices")

    @property
    def stype(self):
        return "csr"

    @property
    def indptr(self) -> NDArray:
        """Where each row begins in data, and the end, int64 (a copy)."""
        return wrap(self._parts[1].clone(), self._ctx)

    def _rows(self) -> torch.Tensor:
        """The row of each value."""
        return torch.repeat_interleave(self._parts[1].diff())

    def _dense(self):
        values, _, columns = self._parts
        return values.new_zeros(self._size).index_put_((self._rows(), columns), values, accumulate=True)

    def _compress(self, tensor):
        if tensor.dim() != 2:
            raise ValueError(f"a csr array has two axes, got shape {tuple(tensor.shape)}")
        if tensor.is_sparse:
            tensor = tensor.to_dense()
        rows, columns = tensor.nonzero(as_tuple=True)
        return tensor[rows, columns], row_ends(rows, len(tensor)), columns

    @staticmethod
    def _no_parts(shape, dtype, device):
        if len(shape) != 2:
            raise ValueError(f"a csr array has two axes, got shape {shape}")
        return (torch.empty((0,), dtype=dtype, device=device),
                torch.zeros((shape[0] + 1,), dtype=torch.int64, device=device),
                torch.empty((0,), dtype=torch.int64, device=device))

    def _fill(self, value):
        raise ValueError("Assigning numeric types to CSRNDArray is not implemented yet.")

    def _as_torch(self, transposed=False) -> torch.Tensor:
        """The matrix as a sparse tensor of torch's, for products."""
        values, _, columns = self._parts
        places, shape = (self._rows(), columns), self._size
        if transposed:
            places, shape = places[::-1], shape[::-1]
        return torch.sparse_coo_tensor(torch.stack(places), values, shape, check_invariants=False)

    def __getitem__(self, key):
        """A row (as a matrix of one) or consecutive rows."""
        if isinstance(key, (int, np.integer)):
            return self._between(key, key + 1 or None)
        if isinstance(key, builtins.slice):
            if key.step not in (None, 1):
                raise ValueError("CSRNDArray only supports continuous slicing on axis 0")
            if key.start is None and key.stop is None:
                return self
            return self._between(key.start, key.stop)
        if isinstance(key, tuple):
            raise ValueError("Multi-dimension indexing is not supported")
        raise ValueError(f"Undefined behaviour for {key}")

    def _between(self, start, stop) -> CSRNDArray:
        count = self._size[0]
        begin, end = (0 if start is None else start), (count if stop is None else min(stop, count))
        begin, end = begin + count * (begin < 0), end + count * (end < 0)
        if not 0 <= begin < end <= count:
            raise MXNetError(f"rows {start} to {stop} of a CSRNDArray of shape {self._size} are none")
        values, ends, columns = self._parts
        first, last = int(ends[begin]), int(ends[end])
        parts = values[first:last].clone(), ends[begin:end + 1] - first, columns[first:last].clone()
        return made(CSRNDArray, parts, (end - begin, self._size[1]), self._ctx)

    def asscipy(self):
        """A scipy.sparse.csr_matrix with the same values."""
        from scipy.sparse import csr_matrix
        values, ends, columns = (p.cpu().numpy().copy() for p in self._parts)
        return csr_matrix((values, columns, ends), shape=self._size, dtype=self.dtype)

    def check_format(self, full_check=True):
        """MXNetError if indptr does not rise from 0 to the number of values, or columns do not rise in each row."""
        problem = self._problem(full_check)
        if problem:
            raise MXNetError(f"check_format of a CSRNDArray of shape {self._size}: {problem}")

    def _problem(self, full_check):
        values, ends, columns = self._parts
        if len(ends) != self._size[0] + 1 or len(columns) != len(values):
            return f"indptr has {len(ends)} numbers, there are {len(columns)} indices and {len(values)} values"
        if int(ends[0]) != 0 or int(ends[-1]) != len(columns):
            return f"indptr must begin with 0 and end with the number of indices, {len(columns)}"
        if not full_check:
            return None
        if bool((ends[1:] < ends[:-1]).any()):
            return "indptr must be in ascending order"
        if len(columns) and (int(columns.min()) < 0 or int(columns.max()) >= self._size[1]):
            return f"indices must be from 0 to {self._size[1] - 1}"
        rows = self._rows()
        if bool(((rows[1:] == rows[:-1]) & (columns[1:] <= columns[:-1])).any()):
            return "indices must be in ascending order in each row"
        return None


def row_ends(rows, count) -> torch.Tensor:
    """indptr from the (sorted) row of each value."""
    ends = torch.zeros(count + 1, dtype=torch.int64, device=rows.device)
    torch.cumsum(torch.bincount(rows, minlength=count), 0, out=ends[1:])
    return ends


CSRNDArray.__module__ = "mxnet.ndarray.sparse"
