"""csr: matrices whose values are stored row by row, with their columns."""

from __future__ import annotations

import builtins
import warnings

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
            raise MXNetError(f"a csr array has two axes, got shape {tuple(tensor.shape)}")
        if tensor.is_sparse and tensor.sparse_dim() == 2:
            tensor = tensor.coalesce()
            rows, columns = tensor.indices()
            return tensor.values(), row_ends(rows, len(tensor)), columns
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

    def _keys(self) -> torch.Tensor:
        """The place of each value as one number: row * columns + column."""
        return self._rows().mul_(self._size[1]).add_(self._parts[2])

    def _is_sorted(self) -> bool:
        """Whether the columns of each row rise."""
        _, ends, columns = self._parts
        if len(columns) < 2:
            return True
        rises = columns[1:] > columns[:-1]
        starts = ends[1:-1]
        rises[starts[(starts > 0) & (starts < len(columns))] - 1] = True
        return bool(rises.all())

    def _as_torch(self) -> torch.Tensor:
        """The matrix as a sparse tensor of torch's."""
        values, ends, columns = self._parts
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that this layout is in beta
            return torch.sparse_csr_tensor(ends, columns, values, self._size, check_invariants=False)

    def _block(self, rows, columns=None) -> CSRNDArray:
        """The rows from .. to, and of those the columns from .. to."""
        values, ends, at = self._parts
        begin, end = rows
        first, last = int(ends[begin]), int(ends[end])
        values, at, ends = values[first:last].clone(), at[first:last].clone(), ends[begin:end + 1] - first
        width = self._size[1]
        if columns is not None and columns != (0, width):
            left, width = columns[0], columns[1] - columns[0]
            inside = ((at >= left) & (at < columns[1])).nonzero().flatten()
            values, at = values.index_select(0, inside), at.index_select(0, inside) - left
            ends = torch.searchsorted(inside, ends)
        return made(CSRNDArray, (values, ends, at), (end - begin, width), self._ctx)

    def _rows_taken(self, rows) -> CSRNDArray:
        """The rows with these numbers, in this order."""
        values, ends, columns = self._parts
        counts = ends.diff()[rows]
        new = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        shift = torch.repeat_interleave(ends[rows] - new[:-1], counts)
        at = torch.arange(len(shift), device=shift.device) + shift
        return made(CSRNDArray, (values[at], new, columns[at]), (len(rows), self._size[1]), self._ctx)

    def __getitem__(self, key):
        """A row (as a matrix of one) or consecutive rows."""
        count = self._size[0]
        if isinstance(key, (int, np.integer)):
            if not -count <= key < count:
                raise MXNetError(f"a CSRNDArray of shape {self._size} has no row {key}")
            return self._block((key % count, key % count + 1))
        if isinstance(key, builtins.slice):
            if key.step not in (None, 1):
                raise ValueError("CSRNDArray only supports continuous slicing on axis 0")
            if key.start is None and key.stop is None:
                return self
            begin, end, _ = key.indices(count)
            return self._block((begin, max(begin, end)))
        if isinstance(key, tuple):
            raise ValueError("Multi-dimension indexing is not supported")
        raise ValueError(f"Undefined behaviour for {key}")

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
