"""Arrays that hold only what is not zero: the base of both kinds, and row_sparse, which holds whole rows.

Any operator takes them, for `_t` makes the dense tensor (MXNet calls that storage fallback); those that know better
stand in _sparse_ops.py.  What stands for them in torch's graph: see _sparse_recorded.py.
"""

from __future__ import annotations

import builtins
import warnings
from weakref import ref

import numpy as np
import torch

from .._state import state
from ..base import TORCH_TO_NP, MXNetError, NotSupportedForSparseNDArray, torch_dtype
from ..context import Context, current_context
from . import params_file
from ._array import _GRAD_REQ_MAP, GradSlot, NDArray, _forget, _variables
from ._sparse_recorded import Filled, as_hollow
from ._wrap import plain, refuse_inplace, wrap

__all__ = ["BaseSparseNDArray", "RowSparseNDArray", "from_record", "kind_of", "made"]

py_slice = builtins.slice


class BaseSparseNDArray(NDArray):
    """The base of sparse arrays: values and the int64 vectors that say where they stand."""

    # _parts: the values, then the vectors in the order of _aux_names.  _size: the shape.  _node: see above.
    __slots__ = ("_node", "_parts", "_size")
    _aux_names: tuple[str, ...] = ()

    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self._node = self._parts = self._size = None
        return self

    def __init__(self, handle=None, writable=True):
        self._ctx, self._rg, self._ag, self._tape = current_context(), False, None, None
        if handle is not None:
            raise MXNetError(f"{type(self).__name__} is made by nd.sparse.csr_matrix, row_sparse_array, zeros, ... "
                             "and by tostype, not by calling the class")

    # ------------------------------------------------------------------ the dense tensor

    @property
    def _t(self):
        dense = self._dense()
        return dense if self._node is None else Filled.apply(self._node, dense)

    @_t.setter
    def _t(self, tensor):
        if tensor is None:
            return
        self._node = tensor if tensor.requires_grad else None
        self._size, self._parts = tuple(tensor.shape), self._compress(tensor.detach())

    def _dense(self) -> torch.Tensor:
        raise NotImplementedError

    def _compress(self, tensor) -> tuple[torch.Tensor, ...]:
        """The parts of a dense tensor."""
        raise NotImplementedError

    def _set_parts(self, parts):
        """Hold these from now on."""
        self._parts = tuple(parts)

    def _standing(self, node) -> BaseSparseNDArray:
        """This array, just computed, as one that `node` stands for in torch's graph."""
        self._node, self._rg, self._tape = node, True, state.recording or None
        return self

    def _freed(self):
        """Become a constant, for the graph is gone."""
        self._node, self._rg, self._tape = None, False, None

    def _write(self, tensor):
        self._set_parts(self._compress(tensor.detach().to(self._parts[0].device, self._parts[0].dtype)))

    def _take_gradient(self, gradient, add: bool):
        """Become what torch found, a dense or sparse tensor, or add it."""
        if add:
            self += self._like(self._compress(gradient.detach()))  # in place
        else:
            self._write(gradient)

    def _mark(self, grad, grad_req: str):
        leaf = as_hollow(self._size, self._parts[0].dtype, self._parts[0].device)
        slot = GradSlot(grad, grad_req, leaf, None)
        self._node = None
        if grad_req != "null" and leaf.is_floating_point():
            self._node = leaf.requires_grad_(True)
            _variables[ref(slot, _forget)] = None
        self._rg, self._ag, self._tape = leaf.requires_grad, slot, None

    # ------------------------------------------------------------------ what it is

    @property
    def shape(self) -> tuple:
        return self._size

    @property
    def ndim(self) -> int:
        return len(self._size)

    @property
    def size(self):
        """Not there for sparse arrays, as in MXNet: the stored values and all elements differ in number."""
        raise NotImplementedError("size of a sparse array; use .data.size or .shape")

    @property
    def dtype(self):
        return TORCH_TO_NP[self._parts[0].dtype]

    @property
    def data(self) -> NDArray:
        """The stored values (a copy)."""
        return wrap(self._parts[0].clone(), self._ctx)

    @property
    def indices(self) -> NDArray:
        """Where the values stand: column numbers (csr) or row numbers (row_sparse), int64 (a copy)."""
        return self._aux_data(self._aux_names.index("indices"))

    @property
    def _num_aux(self) -> int:
        return len(self._aux_names)

    @property
    def _aux_types(self) -> list:
        return [np.int64] * len(self._aux_names)

    def _aux_type(self, i):
        return self._aux_types[i]

    def _aux_data(self, i) -> NDArray:
        return wrap(self._parts[1 + i].clone(), self._ctx)

    def _data(self) -> NDArray:
        return self.data

    def __repr__(self):
        return f"\n<{type(self).__name__} {'x'.join(map(str, self._size))} @{self._ctx}>"

    __str__ = __repr__

    def __len__(self):
        return self._size[0]

    def __iter__(self):
        raise TypeError(f"a {type(self).__name__} cannot be iterated over; use tostype('default')")

    def __bool__(self):
        return bool(self.tostype("default"))

    def asscalar(self):
        raise NotImplementedError("asscalar of a sparse array; use tostype('default')")

    def _at(self, idx):
        raise NotSupportedForSparseNDArray(self._at, "[idx]", idx)

    def _slice(self, start, stop):
        raise NotSupportedForSparseNDArray(self._slice, None, start, stop)

    def reshape(self, *shape, **kwargs):
        raise NotSupportedForSparseNDArray(self.reshape, None, shape)

    def wait_to_read(self):
        """Wait until the values are there."""
        self.data.wait_to_read()

    # ------------------------------------------------------------------ copies

    def _like(self, parts, ctx=None):
        return made(type(self), parts, self._size, ctx or self._ctx)

    def copyto(self, other):
        """Write into `other`, a dense array or one of the same storage type, or copy to the Context `other`."""
        if isinstance(other, Context):
            if self._rg and state.recording:
                return super().copyto(other)
            return self._like([p.to(other.device, copy=True) for p in self._parts], other)
        if isinstance(other, NDArray):
            if other is self:
                warnings.warn("You are attempting to copy an array to itself", RuntimeWarning, stacklevel=2)
                return False
            if other.stype not in ("default", self.stype):
                raise TypeError(f"copyto does not support destination NDArray stype {other.stype}")
            if other.shape != self.shape:
                raise MXNetError(f"copyto: shapes differ: source {self.shape}, destination {other.shape}")
            other._assign(self)
            return other
        raise TypeError(f"copyto does not support type {type(other)}")

    def __deepcopy__(self, memo):
        memo[id(self)] = result = self._like([p.clone() for p in self._parts])
        return result

    def detach(self):
        return self._like(self._parts)

    def astype(self, dtype, copy=True):
        """The array cast to `dtype`; itself when copy=False and the dtype is the same."""
        target = torch_dtype(dtype)
        if not copy and target is self._parts[0].dtype:
            return self
        if self._rg and state.recording:
            return super().astype(dtype)
        return self._like([self._parts[0].to(target, copy=True), *self._parts[1:]])

    def tostype(self, stype):
        """This array as a dense one ('default'), or a copy in its own storage type; ValueError for the other one."""
        if stype == "default":
            return wrap(self._t, self._ctx) if self._rg and state.recording else wrap(plain(self), self._ctx)
        if stype == self.stype:
            return self.copy()
        kind_of(stype)
        raise ValueError(f"cast_storage from {self.stype} to {stype} is not supported")

    def todense(self):
        """This array as a dense one."""
        return self.tostype("default")

    def _assign(self, value):
        refuse_inplace("_copyto", self, value._rg)
        if type(value) is type(self) and value.shape == self.shape:
            values, *aux = (p.to(self._parts[0].device, copy=True) for p in value._parts)
            self._set_parts((values.to(self._parts[0].dtype), *aux))
        else:
            self._write(plain(value))

    def __setitem__(self, key, value):
        name = type(self).__name__
        if not isinstance(key, py_slice):
            raise TypeError(f"{name} only supports [:] for assignment, got the key {key!r}")
        if key != py_slice(None):
            raise ValueError(f"Assignment with slice for {name} is not implemented yet.")
        if isinstance(value, NDArray):
            if value.shape != self.shape:
                raise MXNetError(f"{name}: cannot assign an array of shape {value.shape} to one of shape {self.shape}")
            if value.stype not in ("default", self.stype):
                raise TypeError(f"cannot assign a {value.stype} array to a {name}")
            self._assign(value)
        elif isinstance(value, (int, float, np.generic)):
            self._fill(value)
        elif isinstance(value, np.ndarray):
            warnings.warn(f"Assigning non-NDArray object to {name} is not efficient", RuntimeWarning, stacklevel=2)
            if value.shape != self.shape:
                raise MXNetError(f"{name}: cannot assign an array of shape {value.shape} to one of shape {self.shape}")
            self._write(torch.from_numpy(np.ascontiguousarray(value)))
        else:
            raise TypeError(f"type {type(value)} not supported")

    def _fill(self, value):
        raise NotImplementedError

    def attach_grad(self, grad_req="write", stype=None):
        """Make this array a variable; its gradient has storage type `stype`, by default its own."""
        if grad_req not in _GRAD_REQ_MAP:
            raise KeyError(grad_req)
        self._mark(zeros_of(stype or self.stype, self.shape, self._parts[0].dtype, self._ctx), grad_req)

    # ------------------------------------------------------------------ files

    def _record(self, np_shape=False):
        aux = dict(zip(self._aux_names, self._parts[1:], strict=True))
        return params_file.Record(self._size, self._parts[0].dtype, self._parts[0], self.stype, aux, np_shape)

    def __setstate__(self, state):
        super().__setstate__({"handle": None})
        if state["handle"] is not None:
            self._ctx = Context("cpu", 0)
            record = params_file.loads_one(bytes(state["handle"]))
            self._size, self._parts = record.shape, (record.data, *(record.aux[n] for n in self._aux_names))

    def __getstate__(self):
        if self._parts is None:
            return {"handle": None}
        return {"handle": bytearray(params_file.dumps_one(self._record()))}


class RowSparseNDArray(BaseSparseNDArray):
    """An array of which some rows (along axis 0) are stored, all others being zero.

    data: (n, ...) the rows.  indices: (n,) their numbers, rising.
    """

    __slots__ = ()
    _aux_names = ("indices",)

    @property
    def stype(self):
        return "row_sparse"

    def _dense(self):
        values, rows = self._parts
        return values.new_zeros(self._size).index_copy_(0, rows, values)

    def _compress(self, tensor):
        if tensor.is_sparse:  # what torch's embedding gives as gradient
            tensor = tensor.coalesce()
            return tensor.values(), tensor.indices()[0]
        if not tensor.dim():
            raise MXNetError("a row_sparse array needs at least one axis")
        rows = (tensor != 0).reshape(len(tensor), -1).any(1).nonzero().flatten()
        return tensor.index_select(0, rows), rows

    @staticmethod
    def _no_parts(shape, dtype, device):
        rows = torch.empty((0,), dtype=torch.int64, device=device)
        return torch.empty((0, *shape[1:]), dtype=dtype, device=device), rows

    def _fill(self, value):
        rows = torch.arange(self._size[0], device=self._parts[1].device)
        self._set_parts((self._parts[0].new_full(self._size, value), rows))

    def __getitem__(self, key):
        if isinstance(key, int):
            raise Exception("__getitem__ with int key is not implemented for RowSparseNDArray yet")
        if isinstance(key, py_slice):
            if key != py_slice(None):
                raise Exception("RowSparseNDArray only supports [:] for __getitem__")
            return self
        if isinstance(key, tuple):
            raise ValueError("Multi-dimension indexing is not supported")
        raise ValueError(f"Undefined behaviour for {key}")

    def retain(self, *args, **kwargs):
        """Only those stored rows that are named: see nd.sparse.retain."""
        from .sparse import retain
        return retain(self, *args, **kwargs)

    def _retained(self, indices) -> RowSparseNDArray:
        """The rows with these numbers, a tensor; those that are not stored are zeros that are, as in MXNet."""
        wanted = indices.flatten().to(torch.int64).unique()
        wanted = wanted[(wanted >= 0) & (wanted < self._size[0])]
        return self._like((self._rows_at(wanted), wanted))

    def _rows_at(self, numbers) -> torch.Tensor:
        """Copies of the rows with these numbers, also of those that are not stored."""
        values, stored = self._parts
        at, there = find(stored, numbers)
        found = values.new_zeros((len(numbers), *values.shape[1:]))
        return found.index_copy_(0, there, values.index_select(0, at[there]))

    def check_format(self, full_check=True):
        """MXNetError if the indices are not rising row numbers."""
        values, rows = self._parts
        problem = None
        if rows.dim() != 1 or len(rows) != len(values):
            problem = f"{len(values)} rows are stored under {len(rows)} indices"
        elif full_check and len(rows):
            if not bool((rows[1:] > rows[:-1]).all()):
                problem = "indices must be in ascending order"
            elif int(rows[0]) < 0 or int(rows[-1]) >= self._size[0]:
                problem = f"indices must be from 0 to {self._size[0] - 1}"
        if problem:
            raise MXNetError(f"check_format of a RowSparseNDArray of shape {self._size}: {problem}")


def find(stored, numbers):
    """Where among rising numbers others stand, and the positions of those that do."""
    at = torch.searchsorted(stored, numbers)
    inside = at < len(stored)
    hits = inside.clone()
    hits[inside] = stored[at[inside]] == numbers[inside]
    return at, hits.nonzero().flatten()


def made(cls, parts, shape, ctx):
    """A sparse array from its parts, which it takes as they are."""
    array = cls.__new__(cls)
    array._parts, array._size, array._ctx = tuple(parts), tuple(int(n) for n in shape), ctx
    array._rg, array._ag, array._tape = False, None, None
    return array


def kind_of(stype):
    """The class for a storage type; MXNetError for unknown ones."""
    from ._sparse_csr import CSRNDArray
    kinds = {"default": NDArray, "row_sparse": RowSparseNDArray, "csr": CSRNDArray}
    if stype not in kinds:
        raise MXNetError(f"unknown storage type {stype!r}, valid values are: {', '.join(kinds)}")
    return kinds[stype]


def zeros_of(stype, shape, dtype, ctx):
    """An array of zeros of any storage type."""
    cls = kind_of(stype)
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if cls is NDArray:
        return wrap(torch.zeros(shape, dtype=dtype, device=ctx.device), ctx)
    return made(cls, cls._no_parts(shape, dtype, ctx.device), shape, ctx)



def from_record(record):
    """The array that a file's record holds, on cpu(0)."""
    cls = kind_of(record.stype)
    if cls is NDArray:
        return wrap(record.data, Context("cpu", 0))
    return made(cls, (record.data, *(record.aux[n] for n in cls._aux_names)), record.shape, Context("cpu", 0))


for _cls in (BaseSparseNDArray, RowSparseNDArray):
    _cls.__module__ = "mxnet.ndarray.sparse"
