"""Executor: a Symbol bound to arrays, run forwards and backwards."""

import warnings

import numpy as np
import torch

from . import _rng, _sparse_executor, autograd, ndarray
from ._state import state
from .base import MXNetError, torch_dtype
from .context import Context
from .graph import shapes as _shapes
from .graph import types as _types
from .graph.memory import peak_bytes
from .graph.passes.common import without_repeats
from .graph.programs import Programs
from .ndarray import NDArray
from .ndarray._array import _STORAGE_TYPE_ID_TO_STR
from .ndarray._wrap import NoGrad, node, plain, wrap
from .ops.integers import as_leaf
from .symbol import Symbol

__all__ = ["Executor"]

_REQS = ("null", "write", "add")
_set_grad_enabled = torch._C._set_grad_enabled


class Executor:
    """A Symbol with arrays for its arguments, gradients and auxiliary states; made by `Symbol.bind`, `simple_bind`.

    arg_arrays, grad_arrays (None where there is none), aux_arrays: in the order of list_arguments() and
    list_auxiliary_states(); arg_dict, grad_dict, aux_dict: by name.  outputs: of the last forward.
    """

    def __init__(self, symbol, ctx, args, grads, reqs, aux, group2ctx=None):
        self._symbol = symbol
        self._ctx = ctx
        self._group2ctx = group2ctx or {}
        self.arg_arrays: list[NDArray] = args
        self.grad_arrays: list[NDArray | None] = grads
        self.aux_arrays: list[NDArray] = aux
        self._reqs: list[str] = reqs
        self._arguments = symbol.list_arguments()
        self._auxiliary = symbol.list_auxiliary_states()
        self._monitor = None
        self._outputs = None
        self._wanted = [i for i, r in enumerate(reqs) if r != "null"]
        self._leaves: list = []  # of the last recorded forward: what gradients are taken of
        self._results = None
        self._mode = False  # of the last forward: whether it was one for training
        self._rng_before = None  # the generator before a forward that was not recorded
        self._dependent: dict[int, bool] = {}
        self._arrays = [*args, *aux]
        variables = [*symbol._arguments(), *symbol._auxiliary()]
        self._known = {id(n): a.shape for n, a in zip(variables, self._arrays, strict=True)}
        self._created = None
        self._optimized = without_repeats(symbol)
        self._programs = Programs(self._optimized, self._created_shape, self._place() if self._group2ctx else None)
        position = {id(n): i for i, n in enumerate(variables)}
        self._positions = [position[id(n)] for n in self._programs.inputs]
        self._frozen = {id(n) for n, r in zip(variables, [*reqs, *["null"] * len(aux)], strict=True) if r == "null"}
        self._rng = _rng.generator(ctx.device_type, ctx.device_id)
        operators = [n.op for n in symbol._nodes() if n.op is not None]
        self._draws = any("_rng" in op.runtime for op in operators)
        self._sparse = _sparse_executor.takes_part(symbol, self._arrays)
        self._mutates = any(set(op.mutates) - set(op.aux) for op in operators)

    # ------------------------------------------------------------------ making one

    @classmethod
    def bind(cls, symbol, ctx, args, args_grad, grad_req, aux_states, group2ctx, shared_exec):
        """See Symbol.bind."""
        if not isinstance(ctx, Context):
            raise TypeError("Context type error")
        names, aux_names = symbol.list_arguments(), symbol.list_auxiliary_states()
        arrays = _by_name("args", args, names, missing=False)
        grads = _by_name("args_grad", args_grad, names, missing=True) if args_grad is not None else [None] * len(names)
        aux = _by_name("aux_states", [] if aux_states is None else aux_states, aux_names, missing=False)
        reqs = _requests(grad_req, names)
        reqs = ["null" if g is None else r for g, r in zip(grads, reqs, strict=True)]
        _check_shapes(symbol, arrays, aux)
        return cls(symbol, ctx, arrays, grads, reqs, aux, group2ctx)

    @classmethod
    def simple_bind(cls, symbol, ctx, grad_req, type_dict, stype_dict, group2ctx, shared_arg_names, shared_exec,
                    shared_buffer, given):
        """See Symbol.simple_bind."""
        names, aux_names = symbol.list_arguments(), symbol.list_auxiliary_states()
        try:
            arg_shapes, aux_shapes, arg_types, aux_types = _infer_all(symbol, given, type_dict or {})
        except MXNetError as error:
            listed = "".join(f"\n{name}: {shape}" for name, shape in given.items())
            raise RuntimeError(f"simple_bind error. Arguments:{listed}\n{error}") from error
        reqs = _requests(grad_req, names)
        pool = _Pool(shared_exec, shared_buffer, shared_arg_names)
        ctx_of = _contexts(symbol, ctx, group2ctx)
        stypes = {**_stypes(symbol), **{n: s for n, s in (stype_dict or {}).items() if s != "default"}}
        grad_stypes = _sparse_executor.gradient_stypes(symbol, stypes)
        args = [pool.argument(n, s, t, ctx_of(n), stypes.get(n, "default"))
                for n, s, t in zip(names, arg_shapes, arg_types, strict=True)]
        grads = [None if r == "null" else pool.gradient(n, s, t, ctx_of(n), grad_stypes.get(n, "default"))
                 for n, s, t, r in zip(names, arg_shapes, arg_types, reqs, strict=True)]
        aux = [pool.auxiliary(n, s, t, ctx_of(n)) for n, s, t in zip(aux_names, aux_shapes, aux_types, strict=True)]
        return cls(symbol, ctx, args, grads, reqs, aux, group2ctx)

    def reshape(self, partial_shaping=False, allow_up_sizing=False, **kwargs):
        """A new Executor for other input shapes that shares the arrays whose shapes stay.

        MXNetError for shapes of other arguments that would change, unless partial_shaping, and for arrays that
        would grow, unless allow_up_sizing.
        """
        arg_shapes, _, aux_shapes = self._symbol.infer_shape(**kwargs)
        if arg_shapes is None:
            raise ValueError("Insufficient argument shapes provided.")
        args, grads, aux = [], [], []
        for name, shape, array, grad in zip(self._arguments, arg_shapes, self.arg_arrays, self.grad_arrays,
                                            strict=True):
            _check_reshape(name, shape, array, name in kwargs, partial_shaping, allow_up_sizing)
            args.append(_resized(array, shape))
            grads.append(None if grad is None else _resized(grad, shape))
        for name, shape, array in zip(self._auxiliary, aux_shapes, self.aux_arrays, strict=True):
            _check_reshape(name, shape, array, False, partial_shaping, allow_up_sizing)
            aux.append(_resized(array, shape))
        return Executor(self._symbol, self._ctx, args, grads, self._reqs, aux, self._group2ctx)

    def _created_shape(self, node):
        """The shape of zeros whose attribute leaves sizes open."""
        if self._created is None:
            self._created = _shapes.Shapes(self._optimized, self._known).solve()
        shape = self._created.of(node)
        if not _shapes.known(shape):
            raise MXNetError(f"node {node.name!r} ({node.op.name}): its shape {node.parsed['shape']} leaves sizes open "
                             "that nothing in the graph decides")
        return shape

    def _place(self):
        """(node) -> device, by the nodes' ctx_group; None if all are one device."""
        devices = {group: ctx.device for group, ctx in self._group2ctx.items()}
        if set(devices.values()) <= {self._ctx.device}:
            return None
        return lambda node: devices.get(node.attrs.get("__ctx_group__"), self._ctx.device)

    # ------------------------------------------------------------------ arrays by name

    @property
    def arg_dict(self) -> dict[str, NDArray]:
        """Arguments by name."""
        return _as_dict(self._arguments, self.arg_arrays)

    @property
    def grad_dict(self) -> dict[str, NDArray | None]:
        """Gradients by name; None for arguments without."""
        return _as_dict(self._arguments, self.grad_arrays)

    @property
    def aux_dict(self) -> dict[str, NDArray]:
        """Auxiliary states by name."""
        return _as_dict(self._auxiliary, self.aux_arrays)

    @property
    def output_dict(self) -> dict[str, NDArray]:
        """Outputs by name."""
        return _as_dict(self._symbol.list_outputs(), self.outputs)

    def copy_params_from(self, arg_params, aux_params=None, allow_extra_params=False):
        """Copy values by name into the arguments and auxiliary states.

        ValueError for names that are not there, unless allow_extra_params.
        """
        for kind, params, arrays in (("arguments", arg_params, self.arg_dict),
                                     ("auxiliary states", aux_params or {}, self.aux_dict)):
            for name, value in params.items():
                if name in arrays:
                    target = arrays[name]
                    value.astype(target.dtype).copyto(target)
                elif not allow_extra_params:
                    raise ValueError(f'Find name "{name}" that is not in the {kind}')

    # ------------------------------------------------------------------ running

    @property
    def outputs(self) -> list[NDArray]:
        """What the last forward computed; before the first, arrays of zeros."""
        if self._outputs is None:
            return self.forward()
        return self._outputs

    def forward(self, is_train=False, **kwargs) -> list[NDArray]:
        """Compute the outputs.  kwargs: new values of arguments by name, copied into their arrays.

        TypeError for names that are not arguments, MXNetError for shapes that differ.
        """
        if kwargs:
            self._take(kwargs)
        self._mode = bool(is_train)
        self._results, self._leaves = None, []
        record = self._wanted and (is_train or self._mutates)
        if self._wanted and self._draws and not record:
            self._rng_before = self._rng.get_state()
        if self._sparse:
            self._outputs = [array.detach() for array in self._compute_sparse(record)]
            return self._outputs
        results = self._compute(record)
        self._outputs = [wrap(t.detach() if record else t, self._ctx) for t in results]
        return self._outputs

    def _compute_sparse(self, record):
        """`_compute` where there are sparse arrays: the outputs as arrays."""
        variables = [*self._symbol._arguments(), *self._symbol._auxiliary()]
        wanted = {i for i in self._wanted if self.arg_arrays[i].dtype is not np.bool_} if record else ()
        before, training = torch.is_grad_enabled(), state.training
        _set_grad_enabled(bool(record))
        state.training = self._mode
        try:
            arrays, self._leaves = _sparse_executor.run(self._symbol, variables, self._arrays, wanted, self._ctx,
                                                        None if self._monitor is None else self._watch)
        finally:
            _set_grad_enabled(before)
            state.training = training
        if record:
            self._results = [node(array) for array in arrays]
        return arrays

    def _compute(self, record):
        """Run the program; record: keep what `backward` needs."""
        tensors = [plain(array) if array._rg else array._t for array in self._arrays]
        if record:
            for i in self._wanted:
                if tensors[i].dtype is not torch.bool:
                    # .data: writing to the arrays before `backward` is no error, as in MXNet
                    tensors[i] = leaf = as_leaf(tensors[i].data)
                    self._leaves.append((i, leaf))
        before = torch.is_grad_enabled()
        _set_grad_enabled(bool(record))
        tape, state.recording = state.recording, False
        training, state.training = state.training, self._mode
        try:
            results = self._run([tensors[i] for i in self._positions])
        finally:
            _set_grad_enabled(before)
            state.recording, state.training = tape, training
        if record:
            self._results = results
        return results

    def _run(self, inputs):
        if self._monitor is None:
            return self._program().run(inputs, self._mode, self._rng, self._ctx.device)
        from .graph.watch import run_watched

        return run_watched(self._programs.plain(), inputs, self._mode, self._rng, self._ctx.device, self._watch)

    def _program(self):
        if self._mode or torch.is_grad_enabled():
            return self._programs.recorded()
        return self._programs.inference(None, self._is_frozen)

    def _is_frozen(self, node) -> bool:
        """Whether a variable's array gets no gradient."""
        return id(node) in self._frozen

    def _record_again(self):
        """Repeat a forward that was not recorded, for the sake of its gradients: with the same random numbers."""
        monitor, self._monitor = self._monitor, None
        after = self._rng.get_state() if self._rng_before else None
        try:
            if self._rng_before:
                self._rng.set_state(self._rng_before)
            self._compute_sparse(True) if self._sparse else self._compute(True)
        finally:
            self._monitor = monitor
            if after:
                self._rng.set_state(after)

    def _watch(self, name, operator, tensor, is_input):
        callback, everything = self._monitor
        if everything or not is_input:
            callback(name.encode(), wrap(tensor.detach(), self._ctx))

    def _take(self, values):
        arrays = self.arg_dict
        for name, value in values.items():
            if not isinstance(value, (NDArray, np.ndarray)):
                raise ValueError("only accept keyword argument of NDArrays and numpy.ndarray")
            if name not in arrays:
                raise TypeError(f"Unknown argument {name}")
            if arrays[name].shape != tuple(value.shape):
                raise ValueError(f"Shape not match! Argument {name}, need: {arrays[name].shape}, "
                                 f"received: {value.shape}")
        for name, value in values.items():
            arrays[name][:] = value

    def backward(self, out_grads=None, is_train=True):
        """Compute the gradients of the last forward.

        out_grads: the gradients of the outputs (an NDArray, a list, or a dict by output name); not needed by losses.
        MXNetError for those that are missing or have other shapes than the outputs, where the outputs have gradients.
        """
        if not self._wanted:
            return
        if self._results is None:
            self._record_again()
        grads = self._head_grads(out_grads)
        heads = [(t, g) for t, g in zip(self._results, grads, strict=True) if t.requires_grad]
        leaves = tuple(leaf for _, leaf in self._leaves)
        found = autograd._run(tuple(t for t, _ in heads), tuple(g for _, g in heads), True, False, leaves, False)
        by_index = {i: grad for (i, _), grad in zip(self._leaves, found, strict=True)}
        with NoGrad():
            for i in self._wanted:
                self._deliver(i, by_index.get(i))

    def _deliver(self, i, grad):
        array, add = self.grad_arrays[i], self._reqs[i] == "add"
        if type(array) is not NDArray or (grad is not None and grad.is_sparse):
            _sparse_executor.deliver(array, grad, add)
            return
        target = array._t
        if grad is None:
            if not add:
                target.zero_()
        elif add:
            target.add_(grad)
        else:
            target.copy_(grad)

    def _head_grads(self, out_grads):
        results = self._results
        if isinstance(out_grads, NDArray):
            out_grads = [out_grads]
        elif isinstance(out_grads, dict):
            out_grads = [out_grads[name] for name in self._symbol.list_outputs()]
        if not out_grads:
            out_grads = [None] * len(results)
        if len(out_grads) < len(results):
            out_grads = [*out_grads, *[None] * (len(results) - len(out_grads))]
        grads = []
        for entry, grad, result in zip(self._symbol._entries, out_grads, results, strict=False):
            if grad is None:
                if result.requires_grad and self._depends(entry):
                    raise MXNetError(f"Executor.backward: the output {entry.node.output_name(entry.index)} is not that "
                                     "of a loss, so its gradient must be given in out_grads. To minimize the output "
                                     "itself, put mx.sym.MakeLoss(...) around it")
                grads.append(torch.ones_like(result))
                continue
            if not isinstance(grad, NDArray):
                raise TypeError("inputs must be NDArray")
            if result.requires_grad and grad.shape != tuple(result.shape):
                raise MXNetError(f"Executor.backward: head gradient of {entry.node.output_name(entry.index)} has shape "
                                 f"{grad.shape}, expected {tuple(result.shape)}")
            grads.append(plain(grad).to(result.dtype))
        return grads

    def _depends(self, entry) -> bool:
        """Whether what is wanted depends on the gradient of an output."""
        key = id(entry.node)
        if key not in self._dependent:
            self._dependent[key] = self._reaches(entry)
        return self._dependent[key]

    def _reaches(self, entry) -> bool:
        """Whether there is a way from an output back to something wanted with no loss on it."""
        wanted = {self._arguments[i] for i in self._wanted}
        seen, stack = set(), [entry.node]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.is_variable:
                if node.name in wanted:
                    return True
            elif not node.op.is_loss(node.parsed):
                stack += [e.node for e in node.inputs]
        return False

    def set_monitor_callback(self, callback, monitor_all=False):
        """Call callback(name, array) for every operator's outputs (monitor_all: inputs too) during forward.

        name: bytes, as MXNet's; `mx.base.py_str` makes a str of it.
        """
        self._monitor = None if callback is None else (callback, monitor_all)

    def debug_str(self) -> str:
        """The graph as text, and how much memory its results take."""
        dtypes = {id(n): a._t.dtype for n, a in zip(self._symbol._arguments(), self.arg_arrays, strict=True)}
        shapes = _shapes.Shapes(self._symbol, self._known, dtypes).solve()
        wanted = {id(n) for n, r in zip(self._symbol._arguments(), self._reqs, strict=True) if r != "null"}
        size = peak_bytes(self._symbol, shapes, wanted)
        return f"{self._symbol.debug_str()}Total {size >> 20} MB allocated\n"

    def get_optimized_symbol(self) -> Symbol:
        """The Symbol that is run: what is computed twice from the same is one."""
        return self._optimized


# ------------------------------------------------------------------------------------------------------ helpers


def _as_dict(names, arrays):
    if len(set(names)) != len(names):
        repeated = next(n for n in names if names.count(n) > 1)
        raise ValueError(f"Duplicate names detected, {repeated!r} in {names}")
    return dict(zip(names, arrays, strict=True))


def _by_name(what: str, given, names, missing: bool):
    """Arrays in the order of `names`, from a list or a dict; None for missing ones where that is allowed."""
    if isinstance(given, dict):
        for name in names:
            if name not in given and not missing:
                raise ValueError(f"key `{name}` is missing in `{what}`")
        arrays = [given.get(name) for name in names]
    elif isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(f"Length of {what} does not match the number of arguments: got {len(given)}, "
                             f"expected {len(names)} ({', '.join(names)})")
        arrays = list(given)
    else:
        raise TypeError(f"Only accept list of NDArrays or dict of str to NDArray, got {type(given)} for {what}")
    for name, array in zip(names, arrays, strict=True):
        if not isinstance(array, NDArray) and not (array is None and missing):
            raise TypeError(f"Only accept list of NDArrays or dict of str to NDArray, got {type(array)} for {name}")
    return arrays


def _requests(grad_req, names) -> list[str]:
    """One of 'null', 'write', 'add' for each name."""
    if isinstance(grad_req, str):
        reqs = [grad_req] * len(names)
    elif isinstance(grad_req, dict):
        reqs = [grad_req.get(name, "null") for name in names]
    elif isinstance(grad_req, (list, tuple)):
        if len(grad_req) != len(names):
            raise ValueError(f"grad_req: got {len(grad_req)}, expected one for each of {', '.join(names)}")
        reqs = list(grad_req)
    else:
        raise TypeError(f"grad_req must be a string, a list or a dict, got {type(grad_req)}")
    for name, req in zip(names, reqs, strict=True):
        if req not in _REQS:
            raise ValueError(f"grad_req must be one of {', '.join(_REQS)}, got {req!r} for {name}")
    return reqs


def _check_shapes(symbol, arrays, aux):
    known = {id(n): a.shape for n, a in zip(symbol._arguments(), arrays, strict=True)}
    known.update((id(n), a.shape) for n, a in zip(symbol._auxiliary(), aux, strict=True))
    dtypes = {id(n): torch_dtype(a.dtype) for n, a in zip(symbol._arguments(), arrays, strict=True)}
    _shapes.Shapes(symbol, known, dtypes).solve()


def _infer_all(symbol, given, type_dict):
    """(argument shapes, auxiliary shapes, argument dtypes, auxiliary dtypes), all known; MXNetError if not."""
    arguments, auxiliary = symbol._arguments(), symbol._auxiliary()
    names = {n.name for n in (*arguments, *auxiliary)}
    dtypes = {id(n): torch_dtype(type_dict[n.name]) for n in (*arguments, *auxiliary) if n.name in type_dict}
    known = {}
    for n in (*arguments, *auxiliary):
        if n.name in given:
            known[id(n)] = _shapes._internal(_as_shape(n.name, given[n.name]))
    unused = [n for n in given if n not in names]
    if unused:
        warnings.warn(f"simple_bind: {', '.join(unused)} are no arguments of the symbol", stacklevel=4)
    shapes = _shapes.Shapes(symbol, known, dtypes).solve()
    unknown = [f"{n.name}: {_shapes._public(shapes.of(n))}" for n in (*arguments, *auxiliary)
               if not _shapes.known(shapes.of(n))]
    if unknown:
        raise MXNetError("cannot decide shape for the following arguments (0s in shape means unknown dimensions): "
                         + ", ".join(unknown))
    found = _types.solve(symbol, dtypes, torch.float32)
    return ([shapes.of(n) for n in arguments], [shapes.of(n) for n in auxiliary],
            [found[id(n), 0] for n in arguments], [found[id(n), 0] for n in auxiliary])


def _as_shape(name, shape):
    if isinstance(shape, (int, np.integer)):
        return (shape,)
    if not isinstance(shape, (tuple, list)):
        raise TypeError(f"shape of {name} must be a tuple, got {type(shape)}")
    return tuple(shape)


def _contexts(symbol, ctx, group2ctx):
    """(name) -> the context for a variable's array, by its ctx_group."""
    groups = {n.name: n.attrs.get("__ctx_group__") for n in symbol._nodes() if n.is_variable} if group2ctx else {}
    return lambda name: (group2ctx or {}).get(groups.get(name), ctx)


def _stypes(symbol) -> dict[str, str]:
    """Storage types of variables by name, where they are not dense."""
    codes = {n.name: n.attrs.get("__storage_type__") for n in symbol._nodes() if n.is_variable}
    return {name: _STORAGE_TYPE_ID_TO_STR[int(code)] for name, code in codes.items() if code in ("1", "2")}


class _Pool:
    """Where the arrays of a new Executor come from.

    With a buffer (arrays by name), those in `shared_names` and the auxiliary states are the other executor's, all
    others the buffer's; without one they are new.
    """

    def __init__(self, shared_exec, shared_buffer, shared_names):
        self.buffer = shared_buffer
        self.names = set(shared_names or ())
        self.args, self.grads, self.aux = {}, {}, {}
        if shared_exec is not None and shared_buffer is not None:
            self.args, self.grads, self.aux = shared_exec.arg_dict, shared_exec.grad_dict, shared_exec.aux_dict

    def argument(self, name, shape, dtype, ctx, stype):
        return self._array(name, name, self.args, shape, dtype, ctx, stype)

    def gradient(self, name, shape, dtype, ctx, stype):
        return self._array(name, f"grad of {name}", self.grads, shape, dtype, ctx, stype)

    def auxiliary(self, name, shape, dtype, ctx):
        return self._shared(self.aux.get(name), shape, dtype, ctx)

    def _array(self, name, key, shared, shape, dtype, ctx, stype):
        if self.buffer is None or name in self.names or stype != "default":
            return self._shared(shared.get(name), shape, dtype, ctx, stype)
        array = self.buffer.get(key)
        if array is None or array.size < int(np.prod(shape)) or array._t.dtype is not dtype:
            self.buffer[key] = array = ndarray.zeros(tuple(shape), ctx, dtype)
        return _resized(array, shape)

    @staticmethod
    def _shared(array, shape, dtype, ctx, stype="default"):
        if (array is not None and array.shape == tuple(shape) and torch_dtype(array.dtype) is dtype
                and array._ctx == ctx and array.stype == stype):
            return array
        return ndarray.zeros(tuple(shape), ctx, dtype, stype=stype)


def _check_reshape(name, shape, array, given, partial_shaping, allow_up_sizing):
    if array.shape == tuple(shape):
        return
    if not (given or partial_shaping):
        raise MXNetError(f"Shape of unspecified array {name} changed from {array.shape} to {tuple(shape)}, so the "
                         "new executor could not share it with this one. If this is intended, set "
                         "partial_shaping=True.")
    if int(np.prod(shape)) > array.size and not allow_up_sizing:
        raise MXNetError(f"New shape of {name} is larger than the original ({tuple(shape)} vs {array.shape}). "
                         "Making a big executor and then smaller ones takes less memory than the reverse. If this "
                         "is intended, set allow_up_sizing=True.")


def _resized(array, shape):
    """The beginning of an array's memory in another shape, or new zeros where that is not enough."""
    shape = tuple(shape)
    count = int(np.prod(shape))
    if array.shape == shape:
        return array
    if array.stype != "default":
        return ndarray.zeros(shape, array._ctx, array.dtype, stype=array.stype)
    if count <= array.size:
        return wrap(array._t.detach().reshape(-1)[:count].view(shape), array._ctx)
    return ndarray.zeros(shape, array._ctx, array.dtype)


