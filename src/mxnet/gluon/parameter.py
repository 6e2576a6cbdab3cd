"""Parameters: named arrays with gradients, one copy on each context, whose shape may be found out later.

`ParameterDict` names, creates and shares them; see parameter_dict.py.
"""

import threading
import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.autograd import _unsafe_preserve_version_counter

from .. import autograd, initializer, ndarray
from .._state import state
from ..base import MXNetError, torch_dtype
from ..context import Context, cpu, current_context
from ..graph.infer import inferring
from ..ndarray._wrap import NoGrad, wrap

if TYPE_CHECKING:
    from .parameter_dict import ParameterDict

__all__ = ["Constant", "DeferredInitializationError", "Parameter", "ParameterDict", "tensor_types"]

tensor_types = (ndarray.NDArray,)

_UNINITIALIZED = ("Parameter '{0}' has not been initialized. Note that you should initialize parameters and create "
                  "Trainer with Block.collect_params() instead of Block.params because the later does not include "
                  "Parameters of nested child Blocks")
_DEFERRED = ("Parameter '{0}' has not been initialized yet because initialization was deferred. Actual "
             "initialization happens during the first forward pass. Please pass one batch of data through the network "
             "before accessing Parameters. You can also avoid deferred initialization by specifying in_units, "
             "num_features, etc., for network layers.")


_initializing = threading.RLock()  # a first forward may run in several threads


class DeferredInitializationError(MXNetError):
    """A parameter's value was asked for while a dimension of it is still unknown."""


def _plain(shape) -> tuple:
    """A shape, or its only size, as a tuple; sizes that NumPy computed become Python's, and print like them."""
    shape = (shape,) if isinstance(shape, (int, np.integer)) else shape
    return tuple(int(n) if isinstance(n, np.integer) else n for n in shape)


def shape_is_known(shape) -> bool:
    """Whether a shape is given and has no unknown dimension (0 or -1)."""
    return shape is not None and all(d > 0 for d in shape)


def contexts(ctx) -> list[Context]:
    """A list of contexts from one, several or None (the current one)."""
    if ctx is None:
        return [current_context()]
    return [ctx] if isinstance(ctx, Context) else list(ctx)


def _positions(ctx_list) -> list[list]:
    """Where each context stands: at [0] those of an even device type (GPUs), at [1] the others, by device number."""
    found: list[list] = [[], []]
    for position, ctx in enumerate(ctx_list):
        numbers = found[ctx.device_typeid & 1]
        numbers.extend([None] * (ctx.device_id + 1 - len(numbers)))
        numbers[ctx.device_id] = position
    return found


class Parameter:
    """A named array of a Block, with its gradient.

    name: full name.  shape: tuple; 0 or -1 is a dimension that is found at the first forward.  dtype: NumPy type or
    its name.  grad_req: 'write' (replace the gradient at each backward), 'add' or 'null'.  lr_mult, wd_mult: factors
    on the Trainer's learning rate and weight decay.  init: initializer of its own, else the one that `initialize`
    gets.  allow_deferred_init: implied by an unknown dimension.  differentiable=False: never a gradient.
    """

    def __init__(self, name, grad_req="write", shape=None, dtype=np.float32, lr_mult=1.0, wd_mult=1.0, init=None,
                 allow_deferred_init=False, differentiable=True, stype="default", grad_stype="default"):
        for what, value in (("stype", stype), ("grad_stype", grad_stype)):
            if value not in ("default", "row_sparse", "csr"):
                raise AssertionError(f"{what} for Parameter '{name}' must be one of 'default', 'row_sparse', or 'csr', "
                                     f"but got '{value}'")
        self.name = name
        self.lr_mult = lr_mult
        self.wd_mult = wd_mult
        self.init = init
        self.attributes = {}
        self._shape = None if shape is None else _plain(shape)
        self._dtype = dtype
        self._allow_deferred_init = allow_deferred_init
        self._differentiable = differentiable
        self._stype, self._grad_stype = stype, grad_stype
        self._data = None  # NDArrays, one per context of _ctx_list
        self._grad = None  # their gradients
        self._ctx_list = None
        self._ctx_map = None  # where in it a device stands, by kind and number; classes of clients copy it
        self._only = None  # the NDArray, when there is just one: the fast way of data()
        self._deferred_init = ()  # (init, contexts, default init, data or None) while initialization waits
        self._stand_in = None  # what data() gives while a shape inference runs
        self._trainer = None
        self._var = None
        self._grad_req = "null"
        self.grad_req = grad_req

    def __repr__(self):
        return f"{type(self).__name__} {self.name} (shape={self.shape}, dtype={self.dtype})"

    # ------------------------------------------------------------------ attributes

    @property
    def grad_req(self):
        return self._grad_req

    @grad_req.setter
    def grad_req(self, req):
        if req not in ("write", "add", "null"):
            raise AssertionError(f"grad_req must be one of 'write', 'add', or 'null', but got '{req}'")
        if not self._differentiable:
            req = "null"
        if req == self._grad_req:
            return
        self._grad_req = req
        if self._data is not None:
            self._take(self._data)

    @property
    def dtype(self):
        return self._dtype

    @dtype.setter
    def dtype(self, dtype):
        self.cast(dtype)

    @property
    def shape(self):
        return self._shape

    @shape.setter
    def shape(self, new_shape):
        """Fill in unknown dimensions; AssertionError when a known one would change."""
        new_shape = _plain(new_shape)
        if self._shape is not None and not _fits(self._shape, new_shape):
            raise AssertionError(f"Expected shape {new_shape} is incompatible with given shape {self._shape}.")
        self._shape = new_shape

    @property
    def allow_deferred_init(self) -> bool:
        """Whether initialization may wait for the first forward."""
        return self._allow_deferred_init or (self._shape is not None and not shape_is_known(self._shape))

    @allow_deferred_init.setter
    def allow_deferred_init(self, allow):
        self._allow_deferred_init = allow

    @property
    def stype(self):
        return self._stype

    @property
    def grad_stype(self):
        return self._grad_stype

    # ------------------------------------------------------------------ initialization

    def initialize(self, init=None, ctx=None, default_init=None, force_reinit=False):
        """Create the arrays on one or several contexts, or note it down until the shape is known.

        init: initializer of this parameter (default: its own, or `default_init`).  ValueError if the shape is not
        given at all; initialized parameters are left alone, with a warning, unless force_reinit.
        """
        if self._data is not None and not force_reinit:
            warnings.warn(f"Parameter '{self.name}' is already initialized, ignoring. "
                          "Set force_reinit=True to re-initialize.", stacklevel=2)
            return
        default_init = initializer.Uniform() if default_init is None else default_init
        if init is None:
            init = default_init if self.init is None else self.init
        if self._shape is None and not self._allow_deferred_init:
            raise ValueError(f"Cannot initialize Parameter '{self.name}' because it has invalid shape: {self._shape}.")
        self._data = self._grad = self._only = None
        self._deferred_init = (init, contexts(ctx), default_init, None)
        if shape_is_known(self._shape):
            self._finish_deferred_init()

    def _finish_deferred_init(self):
        """Create the arrays that `initialize` or a loaded file asked for, now that the shape is known."""
        with _initializing:
            if not self._deferred_init:
                return
            if not shape_is_known(self._shape):
                raise ValueError(f"Cannot initialize Parameter '{self.name}' because it has invalid shape: "
                                 f"{self._shape}. Please specify in_units, in_channels, etc for `Block`s.")
            init, ctx_list, default_init, data = self._deferred_init
            with autograd.pause():
                if data is None:
                    data = ndarray.zeros(self._shape, ctx=cpu(), dtype=self._dtype)
                    initializer.create(default_init)(initializer.InitDesc(self.name, {"__init__": init}), data)
                self._init_impl(data, ctx_list)
            self._deferred_init = ()

    def _init_impl(self, data, ctx_list):
        """Become a copy of `data` on each context."""
        self._ctx_list = list(ctx_list)
        self._ctx_map = _positions(self._ctx_list)
        if self._stype != data.stype:
            data = self._all_rows(data) if self._stype == "row_sparse" else data.tostype(self._stype)
        self._take([data.copyto(ctx) for ctx in self._ctx_list])

    @staticmethod
    def _all_rows(data):
        """A dense array as a row_sparse one that stores every row, also those of zeros."""
        rows = ndarray.arange(data.shape[0], ctx=data.context, dtype="int64")
        return ndarray.sparse.row_sparse_array((data, rows), shape=data.shape, ctx=data.context)

    def _take(self, arrays):
        """Have these arrays from now on, with gradients as grad_req says."""
        if self._grad_req == "null":
            self._grad = None
            for array in arrays:
                array._mark(None, "null")
                array._ag = None
        else:
            if self._grad_stype == "default":
                self._grad = [wrap(torch.zeros_like(a._t, requires_grad=False), a._ctx) for a in arrays]
            else:
                self._grad = [ndarray.zeros(a.shape, a._ctx, a.dtype, stype=self._grad_stype) for a in arrays]
            for array, grad in zip(arrays, self._grad, strict=True):
                array._mark(grad, self._grad_req)
        # last, for other threads may be waiting for just this
        self._data = arrays
        self._only = arrays[0] if len(arrays) == 1 and self._stype != "row_sparse" else None

    def _check_load(self, data, ctx, cast_dtype=False, dtype_source="current"):
        """AssertionError when the value `data` from a file cannot become this parameter's."""
        if cast_dtype and dtype_source not in ("current", "saved"):
            raise AssertionError(f"dtype_source must be 'current' or 'saved', got {dtype_source!r}")
        if self._shape is not None and not _fits(self._shape, data.shape):
            raise AssertionError(f"Failed loading Parameter '{self.name}' from saved params: shape incompatible "
                                 f"expected {self._shape} vs saved {data.shape}")
        if not cast_dtype and torch_dtype(self._dtype) is not data._t.dtype:
            raise AssertionError(
                f"Failed loading Parameter '{self.name}' from saved params: dtype incompatible expected "
                f"{self._dtype} vs saved {data.dtype}. Set cast_dtype=True to cast the dtype of saved params.")
        initialized = self._data is not None or self._deferred_init
        if ctx is not None and initialized and set(contexts(ctx)) != set(self.list_ctx()):
            raise AssertionError(f"Failed to load Parameter '{self.name}' on {contexts(ctx)} because it was previous "
                                 f"initialized on {self.list_ctx()}.")

    def _load_init(self, data, ctx, cast_dtype=False, dtype_source="current"):
        """Take the value `data` from a file: checks it first, then sets or creates the arrays."""
        self._check_load(data, ctx, cast_dtype, dtype_source)
        if torch_dtype(self._dtype) is not data._t.dtype:
            if dtype_source == "saved":
                self.cast(data.dtype)
            else:
                data = data.astype(self._dtype)
        self._shape = data.shape
        if self._data is not None:
            self.set_data(data)
        elif self._deferred_init:
            self._init_impl(data, self._deferred_init[1])
        else:
            self._init_impl(data, [cpu()] if ctx is None else contexts(ctx))
        self._deferred_init = ()

    # ------------------------------------------------------------------ values

    def data(self, ctx=None):
        """The array on `ctx` (default: the only one, else the current context).

        RuntimeError before initialization or on another context, DeferredInitializationError while a dimension is
        unknown.
        """
        only = self._only
        if only is not None and (ctx is None or ctx is only._ctx):
            return only
        if self._stype == "row_sparse":
            raise RuntimeError(f"Cannot return a copy of Parameter '{self.name}' on ctx {ctx} via data() because its "
                               f"storage type is {self._stype}. Please use row_sparse_data() instead.")
        if state.trace is not None:
            return state.trace.parameter(self, ctx)
        return self._check_and_get(self._data, ctx)

    def list_data(self):
        """The arrays on all contexts; RuntimeError if they are row_sparse."""
        if self._stype == "row_sparse":
            raise RuntimeError(f"Cannot return copies of Parameter '{self.name}' on all contexts via list_data() "
                               f"because its storage type is {self._stype}. Please use list_row_sparse_data() "
                               "instead.")
        return self._check_and_get(self._data, list)

    def grad(self, ctx=None):
        """The gradient on `ctx`; RuntimeError if grad_req is 'null'."""
        self._check_grad()
        return self._check_and_get(self._grad, ctx)

    def list_grad(self):
        """The gradients on all contexts."""
        self._check_grad()
        return self._check_and_get(self._grad, list)

    def _check_grad(self):
        if self._data is not None and self._grad is None:
            raise RuntimeError(f"Cannot get gradient array for Parameter '{self.name}' because grad_req='null'")

    def list_ctx(self):
        """The contexts on which the parameter is, or will be, initialized."""
        if self._data is not None:
            return self._ctx_list
        if self._deferred_init:
            return self._deferred_init[1]
        raise RuntimeError(f"Parameter '{self.name}' has not been initialized")

    def _check_and_get(self, arrays, ctx):
        if arrays is not None:
            if ctx is list:
                return arrays
            if ctx is None:
                if len(arrays) == 1:
                    return arrays[0]
                ctx = current_context()
            for array in arrays:
                if array._ctx == ctx.results:
                    return array
            raise RuntimeError(f"Parameter '{self.name}' was not initialized on context {ctx}. "
                               f"It was only initialized on {self._ctx_list}.")
        if self._stand_in is not None and inferring():  # other threads wait for the real one
            return [self._stand_in] if ctx is list else self._stand_in
        if self._deferred_init:
            raise DeferredInitializationError(_DEFERRED.format(self.name))
        raise RuntimeError(_UNINITIALIZED.format(self.name))

    def set_data(self, data):
        """Set the value on all contexts; while initialization is deferred, it becomes the initial value.

        A backward of what was recorded before computes with the new value where it needs this parameter's, as in
        MXNet: layers normalize their weights by vectors that they set in every forward (spectral normalization).
        """
        if inferring():  # what is written then is dropped, but says something about shapes
            self.data(data.context)[:] = data
            return
        self.shape = data.shape
        if self._data is None:
            if not self._deferred_init:
                raise AssertionError(f"Parameter '{self.name}' has not been initialized")
            init, ctx_list, default_init, _ = self._deferred_init
            self._deferred_init = (init, ctx_list, default_init, _as_array(data, self._dtype))
            if shape_is_known(self._shape):
                self._finish_deferred_init()
            return
        if self._trainer is not None:
            self._trainer._parameter_was_set(self)
        with autograd.pause():
            data = data if self._stype == "default" else _as_array(data, self._dtype)
            if self._stype == "row_sparse" and data.stype == "default":
                data = self._all_rows(data)
            trained = self._grad_req != "null"  # what is not may be part of a compiled graph, which looks for changes
            with _unsafe_preserve_version_counter(tuple(a._t for a in self._data if trained and a.stype == "default")):
                for array in self._data:
                    array[:] = data

    def zero_grad(self):
        """Set the gradients on all contexts to zero."""
        if self._grad is None:
            return
        with NoGrad():
            for grad in self._grad:
                if type(grad) is ndarray.NDArray:
                    grad._t.zero_()
                else:
                    grad._set_parts(grad._no_parts(grad.shape, grad._parts[0].dtype, grad._parts[0].device))

    def reset_ctx(self, ctx):
        """Move the parameter to other contexts."""
        ctx_list = contexts(ctx)
        if self._data is not None:
            data = self._reduce()
            with autograd.pause():
                self._init_impl(data, ctx_list)
        elif self._deferred_init:
            init, _, default_init, data = self._deferred_init
            self._deferred_init = (init, ctx_list, default_init, data)
        else:
            raise ValueError(f"Cannot reset context for Parameter '{self.name}' because it has not been initialized.")

    def cast(self, dtype):
        """Change the dtype of the value and its gradient."""
        torch_dtype(dtype)  # an unknown dtype is refused before anything changes
        self._dtype = dtype
        if self._data is None:
            return
        with autograd.pause():
            self._take([a.astype(dtype) for a in self._data])

    @property
    def _symbol_init(self):
        return self.init

    def var(self):
        """The Symbol that stands for this parameter."""
        if self._var is None:
            from .. import symbol
            self._var = symbol.var(self.name, shape=self.shape, dtype=self.dtype, lr_mult=self.lr_mult,
                                   wd_mult=self.wd_mult, init=self._symbol_init, stype=self._stype)
        return self._var

    def row_sparse_data(self, row_id):
        """The array on row_id's context, with the rows whose numbers the NDArray `row_id` has.

        RuntimeError for dense parameters, and where no Trainer keeps the whole.
        """
        if self._stype != "row_sparse":
            raise RuntimeError(f"Cannot return a copy of Parameter {self.name} via row_sparse_data() because its "
                               f"storage type is {self._stype}. Please use data() instead.")
        self._pull_rows(row_id)
        return self._check_and_get(self._data, row_id.context)

    def list_row_sparse_data(self, row_id):
        """As `row_sparse_data`, on all contexts."""
        if self._stype != "row_sparse":
            raise RuntimeError(f"Cannot return copies of Parameter '{self.name}' on all contexts via "
                               f"list_row_sparse_data() because its storage type is {self._stype}. Please use data() "
                               "instead.")
        self._pull_rows(row_id)
        return self._check_and_get(self._data, list)

    def _pull_rows(self, row_id):
        if not isinstance(row_id, ndarray.NDArray):
            raise TypeError(f"row_id must have NDArray type, but {type(row_id)} is given")
        if self._trainer is None:
            raise RuntimeError(f"Cannot get row_sparse data for Parameter '{self.name}' when no Trainer is created "
                               "with it.")
        with autograd.pause():  # a forward may ask for rows while it is recorded
            self._trainer._row_sparse_pull(self, self._check_and_get(self._data, list), row_id)

    def _reduce(self):
        """The average over the contexts, on cpu(0)."""
        if self._stype == "row_sparse":
            if self._trainer is not None:
                self._pull_rows(ndarray.arange(self.shape[0], dtype="int64"))
            return self._check_and_get(self._data, list)[0].copyto(cpu())
        arrays = self.list_data()
        if len(arrays) == 1:
            return arrays[0].detach().copyto(cpu())
        with autograd.pause():
            return ndarray.add_n(*(a.copyto(cpu()) for a in arrays)) / len(arrays)

    def _set_trainer(self, trainer):
        """Called by Trainer, which must know when a value is set behind its back.

        RuntimeError for a second Trainer of a row_sparse parameter: the first one keeps its rows.
        """
        if self._stype != "default" and None not in (self._trainer, trainer) and self._trainer is not trainer:
            raise RuntimeError(f"Failed to set the trainer for Parameter '{self.name}' because it was already set. "
                               f"More than one trainers for a {self._stype} Parameter is not supported.")
        self._trainer = trainer


def _fits(known, shape) -> bool:
    return len(known) == len(shape) and all(k <= 0 or k == s for k, s in zip(known, shape, strict=True))


def _as_array(data, dtype):
    return data if isinstance(data, ndarray.NDArray) else ndarray.array(data, dtype=dtype)


class Constant(Parameter):
    """A parameter that is never trained: its gradient is not computed and Trainer leaves it alone.

    value: array-like; its shape and, for arrays, its dtype are the parameter's.
    """

    def __init__(self, name, value):
        self.value = value if isinstance(value, ndarray.NDArray) else ndarray.array(value)
        super().__init__(name, grad_req="null", shape=self.value.shape, dtype=self.value.dtype,
                         init=_Copy(self.value))

    @property
    def _symbol_init(self):
        return None  # no name stands for a value

    @property
    def grad_req(self):
        return "null"

    @grad_req.setter
    def grad_req(self, req):
        if req != "null":
            warnings.warn(f'Constant parameter "{self.name}" does not support grad_req other than "null", and new '
                          f'value "{req}" is ignored.', stacklevel=2)
        self._grad_req = "null"


class _Copy(initializer.Initializer):
    """Writes a given array, whatever the parameter is called."""

    def __init__(self, value):
        super().__init__()
        self._value = value

    def _init_weight(self, _, arr):
        arr[:] = self._value


def __getattr__(name):
    if name == "ParameterDict":  # here in MXNet; its module imports this one
        from .parameter_dict import ParameterDict
        return ParameterDict
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
