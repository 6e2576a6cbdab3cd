"""NDArray: a small handle on a torch.Tensor, with its context and its place in autograd.

Operators as methods (`x.sum()`, `x.reshape(...)`) are attached by `mxnet.ndarray` from the registry, the arithmetic
dunders by `_arith`; what is written here is what is no operator: construction, copies, views, interop, printing.
"""

from __future__ import annotations

import builtins
import warnings
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
import torch

from .._state import state
from ..base import TORCH_TO_NP, MXNetError, torch_dtype
from ..context import Context, current_context, of_device
from ..ops.integers import as_leaf, cast
from . import indexing, params_file
from ._one_element import one_element
from ._wrap import in_use, plain, refuse_inplace, set_ndarray_class, wrap

__all__ = ["NDArray"]

py_slice = builtins.slice  # the name `slice` is the operator in this package

_STORAGE_TYPE_UNDEFINED, _STORAGE_TYPE_DEFAULT, _STORAGE_TYPE_ROW_SPARSE, _STORAGE_TYPE_CSR = -1, 0, 1, 2
_STORAGE_TYPE_ID_TO_STR = {-1: "undefined", 0: "default", 1: "row_sparse", 2: "csr"}
_STORAGE_TYPE_STR_TO_ID = {v: k for k, v in _STORAGE_TYPE_ID_TO_STR.items()}
_GRAD_REQ_MAP = {"null": 0, "write": 1, "add": 3}


class GradSlot:
    """What a variable carries: its gradient's handle, how backward writes to it, and its memory as no variable."""

    __slots__ = ("__weakref__", "fresh", "grad", "leaf", "plain", "req")

    def __init__(self, grad, req, leaf, plain):
        self.grad, self.req, self.leaf, self.plain, self.fresh = grad, req, leaf, plain, False


_autograd: Any = None  # the module, which needs this one and sets it

# The slots of all variables that want gradients.  A dict, and each entry leaves by itself: threads make and drop
# variables while another one's backward is looking.
_variables: dict[ref, None] = {}


def _forget(weak):
    _variables.pop(weak, None)


def deliver_gradients():
    """Hand what torch left at the variables to the handles of their gradients, without a copy where they are replaced.

    One look at every variable is several times cheaper than a hook on those that a backward reaches.
    """
    for weak in tuple(_variables):
        slot = weak()
        if slot is None:
            continue
        leaf = slot.leaf
        gradient = leaf.grad
        if gradient is not None:
            leaf.grad = None
            if gradient._is_zerotensor():  # torch's zeros without memory
                gradient = torch.zeros_like(leaf, requires_grad=False)
            if type(slot.grad) is not NDArray or gradient.is_sparse:
                _deliver_sparse(slot, gradient)
            elif slot.req == "add":
                slot.grad._t.add_(gradient)
            else:
                slot.grad._t = gradient
            slot.fresh = True


def _deliver_sparse(slot, gradient):
    """A gradient that is sparse, or that goes to a sparse array."""
    grad = slot.grad
    if grad.stype == "default":
        gradient = gradient.to_dense()
        grad._t = grad._t + gradient if slot.req == "add" else gradient
    else:
        grad._take_gradient(gradient, slot.req == "add")


def unwrap_key(key):
    """An index with the NDArrays in it replaced by their tensors."""
    if isinstance(key, NDArray):
        return key._t.detach()
    if type(key) is tuple:
        return tuple(unwrap_key(k) for k in key)
    return key


class NDArray:
    """An n-dimensional array of one dtype on one context, as MXNet's NDArray.

    Made by nd.array, nd.zeros, ... and by operators; not by calling the class.  `x[1:3]`, `x[2]` and `x.reshape`
    share memory with `x`, `a[:, 1]` and advanced indexing copy.
    """

    __slots__ = ("__weakref__", "_ag", "_ctx", "_rg", "_t", "_tape")

    __array_priority__ = 1000.0

    def __init__(self, handle=None, writable=True):
        # Pickled arrays are rebuilt as NDArray(None) and then given their state.  What callbacks wrap as a handle is
        # an NDArray already.
        if isinstance(handle, NDArray):
            handle = handle._t
        self._t = handle if isinstance(handle, torch.Tensor) else None
        self._ctx = of_device(handle.device) if self._t is not None else current_context()
        self._rg = self._t is not None and handle.requires_grad
        self._ag = self._tape = None

    if TYPE_CHECKING:  # attached by _arith.install and methods.attach_methods

        def __add__(self, other: Any) -> NDArray: ...
        def __radd__(self, other: Any) -> NDArray: ...
        def __sub__(self, other: Any) -> NDArray: ...
        def __rsub__(self, other: Any) -> NDArray: ...
        def __mul__(self, other: Any) -> NDArray: ...
        def __rmul__(self, other: Any) -> NDArray: ...
        def __truediv__(self, other: Any) -> NDArray: ...
        def __rtruediv__(self, other: Any) -> NDArray: ...
        def __mod__(self, other: Any) -> NDArray: ...
        def __rmod__(self, other: Any) -> NDArray: ...
        def __pow__(self, other: Any) -> NDArray: ...
        def __rpow__(self, other: Any) -> NDArray: ...
        def __gt__(self, other: Any) -> NDArray: ...
        def __ge__(self, other: Any) -> NDArray: ...
        def __lt__(self, other: Any) -> NDArray: ...
        def __le__(self, other: Any) -> NDArray: ...
        def __eq__(self, other: Any) -> NDArray: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> NDArray: ...  # type: ignore[override]
        def __neg__(self) -> NDArray: ...
        def __abs__(self) -> NDArray: ...
        def __getattr__(self, name: str) -> Any: ...

    # ------------------------------------------------------------------ what it is

    @property
    def shape(self) -> tuple:
        return tuple(self._t.shape)

    @property
    def ndim(self) -> int:
        return self._t.dim()

    @property
    def size(self) -> int:
        return self._t.numel()

    @property
    def dtype(self):
        """The NumPy scalar type, e.g. numpy.float32."""
        return TORCH_TO_NP[self._t.dtype]

    @property
    def stype(self) -> str:
        return "default"

    @property
    def context(self) -> Context:
        return self._ctx

    ctx = context

    @property
    def handle(self) -> torch.Tensor:
        """The torch tensor underneath, sharing memory."""
        return self._t

    @property
    def writable(self) -> bool:
        return True

    @property
    def T(self):
        """The array with its axes reversed (a copy)."""
        return self.transpose()

    def __repr__(self):
        sizes = "x".join("?" if isinstance(n, torch.SymInt) else str(n) for n in self.shape)
        if state.solver is not None and state.solver.is_fake(self._t):
            values = "no values: only shapes are known while unknown ones are inferred"
        else:
            values = str(self.asnumpy())
        return f"\n{values}\n<{type(self).__name__} {sizes} @{self._ctx}>"

    __str__ = __repr__

    def __len__(self):
        return self._t.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __hash__(self):
        return id(self) // 16

    def __bool__(self):
        count = self.size
        if count == 0:
            return False
        if count == 1:
            return bool(self.asscalar())
        raise ValueError("The truth value of an NDArray with multiple elements is ambiguous.")

    def __int__(self):
        return int(self.asscalar())

    def __float__(self):
        return float(self.asscalar())

    def __index__(self):
        value = self.asscalar()
        if int(value) != value or isinstance(value, np.floating):
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(value)

    # ------------------------------------------------------------------ values out

    def asnumpy(self) -> np.ndarray:
        """A NumPy copy.  bfloat16 becomes float32, for NumPy has no bfloat16.

        An array of one element converts to a Python number, whatever its shape.
        """
        values = self._values()
        return one_element(values) if values.size == 1 and values.ndim else values

    def _values(self) -> np.ndarray:
        if state.solver is not None:
            with state.solver.reading(self._t):
                return self._values()
        t = self._t.detach()
        if t.dtype is torch.bfloat16:
            t = t.float()
        # A tensor may wrap memory that NumPy must not see, and callers may write to what they get: always a copy.
        return t.cpu().numpy().copy() if t.device.type == "cpu" else t.cpu().numpy()

    def asscalar(self):
        """The only element, as a NumPy scalar; ValueError if there are more."""
        if self.size != 1:
            raise ValueError("The current array is not a scalar")
        return self._values().reshape(-1)[0]

    def __array__(self, dtype=None, copy=None):
        values = self._values()
        return values if dtype is None else values.astype(dtype, copy=False)

    def __dlpack__(self, **kwargs):
        return self._t.detach().__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self._t.__dlpack_device__()

    def to_dlpack_for_read(self):
        """A DLPack capsule that shares memory with this array."""
        return torch.utils.dlpack.to_dlpack(self._t.detach())

    to_dlpack_for_write = to_dlpack_for_read

    def wait_to_read(self):
        """Return when the array's value is there; errors of earlier GPU work surface here."""
        if self._t.is_cuda:
            torch.cuda.synchronize(self._t.device)

    wait_to_write = wait_to_read

    def __reduce__(self):
        return type(self), (None,), self.__getstate__()

    def __getstate__(self):
        if self._t is None:
            return {"handle": None}
        return {"handle": bytearray(params_file.dumps_one(params_file.Record.of(self._t)))}

    def __setstate__(self, state):
        handle = state["handle"]
        self._ag = self._tape = None
        self._ctx, self._rg = current_context() if handle is None else Context("cpu", 0), False
        self._t = None if handle is None else params_file.loads_one(bytes(handle)).data

    def _derived(self, tensor, ctx=None):
        """A handle on what was computed from `in_use(self)`."""
        return wrap(tensor, ctx or self._ctx, type(self), self._rg and bool(state.recording))

    # ------------------------------------------------------------------ copies and views

    def copy(self):
        """A new array with the same values on the same context."""
        return self.copyto(self._ctx)

    __copy__ = copy

    def __deepcopy__(self, memo):
        memo[id(self)] = result = wrap(self._t.detach().clone(), self._ctx, type(self))
        return result

    def copyto(self, other):
        """Write into the NDArray `other` (casting to its dtype) and return it, or copy to the Context `other`."""
        if isinstance(other, NDArray):
            if other is self or other._t is self._t:
                warnings.warn("You are attempting to copy an array to itself", RuntimeWarning, stacklevel=2)
                return False
            if other.shape != self.shape:
                raise MXNetError(f"copyto: shapes differ: source {self.shape}, destination {other.shape}")
            other._assign(self)
            return other
        if isinstance(other, Context):
            return self._derived(in_use(self).to(other.device, copy=True), other)
        raise TypeError(f"copyto does not support type {type(other)}")

    def as_in_context(self, context: Context):
        """This array if it is on `context` already, else a copy there."""
        return self if self._ctx == context else self.copyto(context)

    as_in_ctx = as_in_context
    to_device = as_in_context

    def as_nd_ndarray(self):
        return self

    def as_np_ndarray(self):
        raise MXNetError("mx.np arrays are not available yet; this array works with every nd operator")

    def tostype(self, stype: str):
        """A copy of this array in a storage type: 'default', 'row_sparse' or 'csr'.

        ValueError for 'csr' of an array that is no matrix, MXNetError for unknown names.
        """
        if stype == "default":
            return self._derived(in_use(self).clone())
        if stype == "csr" and self.ndim != 2:
            raise ValueError(f"to convert to csr, an array must have two axes, got shape {self.shape}")
        from .sparse import cast_storage
        return cast_storage(self, stype)

    def astype(self, dtype, copy=True):
        """The array cast to `dtype`; itself when copy=False and the dtype is the same."""
        target = torch_dtype(dtype)
        if not copy and target is self._t.dtype:
            return self
        return self._derived(cast(in_use(self), target, True))

    def detach(self):
        """A handle on the same memory that is no part of any graph."""
        return wrap(self._t.detach(), self._ctx, type(self))

    def reshape(self, *shape, **kwargs):
        """A view with another shape: reshape(2, 3), reshape((2, 3)) or reshape(shape=(2, 3), reverse=False).

        The codes 0 (copy), -1 (infer), -2, -3, -4 are those of the operator `reshape`.
        """
        if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
            shape = tuple(shape[0])
        elif not shape:
            shape = kwargs.get("shape")
            if shape is None:
                raise AssertionError("Shape must be provided.")
            shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        unknown = [k for k in kwargs if k not in ("shape", "reverse")]
        if unknown:
            raise TypeError(f"Got unknown keywords in reshape: {', '.join(unknown)}. "
                            "Accepted keyword arguments are 'shape' and 'reverse'.")
        return self._op_reshape(shape, bool(kwargs.get("reverse", False)))

    # ------------------------------------------------------------------ indexing

    _basic_indexing_slice_is_contiguous = staticmethod(indexing.lies_in_one_piece)

    def __getitem__(self, key):
        if type(key) is not int and type(key) is not py_slice:
            if state.trace is not None:
                return state.trace.of(self)[key]
            key = unwrap_key(key)
        return self._derived(indexing.getitem(in_use(self), key)[0])

    def __setitem__(self, key, value):
        if type(key) is py_slice and key == py_slice(None) and isinstance(value, NDArray):
            self._assign(value._fitted_to(self._t.shape))
            return
        if type(key) is not int and type(key) is not py_slice:
            key = unwrap_key(key)
        is_array = isinstance(value, NDArray)
        refuse_inplace("_set_value", self, is_array and value._rg)
        indexing.setitem(plain(self), key, plain(value) if is_array else value)

    def _fitted_to(self, shape):
        """This array broadcast to `shape`, without leading axes of size 1 that it has too many."""
        own, rank = self._t.shape, len(shape)
        if len(own) == rank and own == shape:
            return self
        extra = len(own) - rank
        if any(n != 1 for n in own[:max(extra, 0)]):
            raise ValueError(f"could not broadcast value of shape {self.shape} to the shape {tuple(shape)}")
        aligned = own[extra:] if extra >= 0 else (1,) * -extra + tuple(own)
        try:
            return self.reshape(tuple(aligned)).broadcast_to(tuple(shape))
        except MXNetError as error:
            raise ValueError(f"could not broadcast value of shape {self.shape} to the shape {tuple(shape)}") from error

    def _assign(self, value):
        """Write all of `value` into this array's memory, cast to its dtype; recorded if this array is fresh."""
        refuse_inplace("_copyto", self, False)
        source = in_use(value)
        if state.recording and value._rg:
            self._t.copy_(source)
            self._rg, self._tape = True, state.recording
        else:
            plain(self).copy_(source)

    def _write(self, tensor):
        """Take over a tensor's values, unrecorded."""
        plain(self).copy_(tensor)

    def _record(self, np_shape: bool = False):
        """What a file holds of this array."""
        return params_file.Record.of(self._t, np_shape)

    def _at(self, idx):
        return self[idx]

    def _slice(self, start, stop):
        return self[start:stop]

    def _full(self, value):
        self[:] = value
        return self

    def _sync_copyfrom(self, source_array):
        """Copy values from something NumPy can read; ValueError if shapes differ."""
        source = np.asarray(source_array)
        if source.shape != self.shape:
            raise ValueError(f"Shape inconsistent: expected {source.shape} vs got {self.shape}")
        self[:] = source

    # ------------------------------------------------------------------ autograd

    def attach_grad(self, grad_req="write", stype=None):
        """Make this array a variable that gradients are computed for, detached from any graph.

        grad_req: 'write' replaces `x.grad` at each backward, 'add' accumulates, 'null' asks for none.
        """
        if grad_req not in _GRAD_REQ_MAP:
            raise KeyError(grad_req)
        if stype not in (None, "default"):
            from ._sparse_array import zeros_of
            self._mark(zeros_of(stype, self.shape, self._t.dtype, self._ctx), grad_req)
            return
        self._mark(wrap(torch.zeros_like(self._t), self._ctx.results), grad_req)

    def _mark(self, grad, grad_req: str):
        """Become a leaf whose gradient goes to the NDArray `grad`."""
        leaf = self._t.detach()
        slot = GradSlot(grad, grad_req, leaf, self._t.detach())
        if grad_req != "null" and leaf.dtype is not torch.bool:
            slot.leaf = leaf = as_leaf(leaf)
            _variables[ref(slot, _forget)] = None
        self._t, self._rg, self._ag, self._tape = leaf, leaf.requires_grad, slot, None

    def _freed(self):
        """Become a constant, for the graph is gone."""
        self._t, self._rg, self._tape = self._t.detach(), False, None

    @property
    def grad(self):
        """The gradient's NDArray (always the same handle), None without attach_grad."""
        return None if self._ag is None else self._ag.grad

    @property
    def _fresh_grad(self) -> bool:
        """Whether backward wrote the gradient since this was last set to False (Trainer does)."""
        return self._ag is not None and self._ag.fresh

    @_fresh_grad.setter
    def _fresh_grad(self, fresh):
        if self._ag is not None:
            self._ag.fresh = bool(fresh)

    def backward(self, out_grad=None, retain_graph=False, train_mode=True):
        """Compute gradients of this array (summed, or weighted by `out_grad`) with respect to all variables."""
        _autograd.backward(self, out_grad, retain_graph, train_mode)


NDArray.__module__ = "mxnet.ndarray.ndarray"  # where MXNet has it, and where its pickles look
set_ndarray_class(NDArray)
