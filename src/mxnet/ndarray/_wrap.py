"""From arrays to tensors and back: handles, what a tensor is for autograd at the moment, and `invoke`.

`invoke` is the general path of every nd.* call; the generated functions (_generate.py, _arith.py) take it for
whatever is unusual.
"""

import functools
import os
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch

from .. import _rng
from .._state import state, watch
from ..base import TORCH_TO_NAME, MXNetError
from ..ops.registry import OpDef

_PACKAGE = os.path.dirname(os.path.dirname(__file__))

_is_grad_enabled = torch.is_grad_enabled
_set_grad_enabled = torch._C._set_grad_enabled

_INPLACE_MESSAGE = ("Inplace operations (+=, -=, x[:]=, etc) are not supported when recording with autograd: "
                    "operator {0} would write to an NDArray that is in a computational graph. Call backward first "
                    "to clear the graph, or do this outside of autograd.record() (or under autograd.pause())")


class NoGrad:
    """torch.no_grad() without its overhead; leaves the thread's grad mode as it found it."""

    __slots__ = ("_previous",)

    def __enter__(self):
        self._previous = _is_grad_enabled()
        _set_grad_enabled(False)

    def __exit__(self, *exc_info):
        _set_grad_enabled(self._previous)


# ------------------------------------------------------------------------------------------------- handles

run_sparse: Any = None  # set by _sparse_ops.py: what operators do on sparse arrays

_NDArray = None  # set by ndarray.py, which needs this module


def set_ndarray_class(cls):
    """Called once by ndarray.py."""
    global _NDArray
    _NDArray = cls


def wrap(tensor: torch.Tensor, ctx, cls=None, rg: bool = False):
    """A new handle on `tensor`; rg: it was recorded, though torch may have nothing to differentiate."""
    cls = cls or _NDArray
    array = cls.__new__(cls)
    array._t = tensor
    array._ctx = ctx
    array._rg = rg = rg or tensor.requires_grad
    array._ag = None
    array._tape = (state.recording or None) if rg else None
    return array


def wrap_outputs(result, ctx, visible: int | None = None, rg: bool = False):
    """A handle for a tensor, a list of handles for a sequence of tensors."""
    if isinstance(result, torch.Tensor):
        return wrap(result, ctx, None, rg)
    arrays = [wrap(t, ctx, None, rg) for t in result]
    if visible is not None:
        arrays = arrays[:visible]
        if len(arrays) == 1:
            return arrays[0]
    if rg and state.recording and len(arrays) > 1:
        state.recording.siblings.append([array._t.grad_fn for array in arrays])
    return arrays


def plain(array) -> torch.Tensor:
    """An array's tensor as no variable: what operators get outside of autograd.record()."""
    if not array._rg:
        return array._t
    slot = array._ag
    return array._t.detach() if slot is None or slot.plain is None else slot.plain


def node(array) -> torch.Tensor:
    """What stands for an array in torch's graph: its tensor, or of a sparse one that is recorded, its node."""
    standing = None if type(array) is _NDArray else getattr(array, "_node", None)
    return array._t if standing is None else standing


def recorded(array, tape) -> torch.Tensor:
    """An array's tensor for use on `tape`; an array of an earlier tape whose graph was freed becomes a constant."""
    settle(array)
    return array._t


def settle(array):
    """Note that an array is used on the tape, if there is one."""
    own, tape = array._tape, state.recording
    if tape and own is not None and own is not tape:
        if own.roots and own.has_freed(node(array).grad_fn):
            array._freed()
        else:
            tape.parents.add(own)


def in_use(array) -> torch.Tensor:
    """An array's tensor for whatever is done with it now."""
    tape = state.recording
    return recorded(array, tape) if tape else plain(array)


# ------------------------------------------------------------------------------------------ running an operator


def explain(op_name: str, error: Exception, tensors) -> Exception:
    """What to raise when torch refused: MXNetError naming the operator and what came."""
    if isinstance(error, (MXNetError, AssertionError)):
        return error
    if isinstance(error, NotImplementedError) and '" not implemented for ' not in str(error):
        return error  # not torch's word for a dtype that it has no kernel for
    if state.solver is not None and type(error) is not RuntimeError:
        return error  # a shape inference reads from it what it still lacks
    if not isinstance(error, (RuntimeError, TypeError, ValueError, IndexError)):
        return error
    came = ", ".join(f"{tuple(t.shape)} {str(t.dtype)[6:]}" for t in tensors if t is not None) or "nothing"
    text = str(error).split("\n")[0]
    return MXNetError(f"Error in operator {op_name}: {text} (inputs: {came})")


def call(op_name: str, fn: Callable, tensors, kwargs):
    """fn(*tensors); what torch refuses becomes an MXNetError that names the operator."""
    try:
        if watch.observer is not None:
            return watch.observer.run(op_name, fn, tensors, kwargs)
        return fn(*tensors, **kwargs)
    except Exception as error:
        raised = explain(op_name, error, tensors)
        if raised is error:
            raise  # with its own cause
        raise raised from error


def runtime_kwargs(op: OpDef, ctx) -> dict:
    """The keywords among RUNTIME_ARGS that the operator wants."""
    kwargs = {}
    for name in op.runtime:
        if name == "_train":
            kwargs[name] = state.training
        elif name == "_rng":
            kwargs[name] = _rng.generator(ctx.device_type, ctx.device_id)
        elif name == "_kept":
            kwargs[name] = None
        elif name == "_subgraphs":
            raise MXNetError(f"operator {op.name} runs subgraphs, which only nodes of a Symbol have")
        else:
            kwargs[name] = ctx.device
    return kwargs


def bind(op: OpDef, given: dict) -> Callable:
    """The operator with its attributes filled in, those that are not at their defaults.

    `.takes` maps conditional inputs to whether they take part, `.visible` says how many outputs users get, `.attrs`
    are all attributes; only operators that need them have these.
    """
    attrs = op.parse_attrs(given)
    special = {name: value for name, value in attrs.items() if value is not op.attrs[name].default}
    if not special and not op.present and op.visible is None and "in_place" not in op.extra:
        return op.fn
    bound = functools.partial(op.fn, **special)
    bound.attrs = attrs
    bound.takes = {name: test(attrs) for name, test in op.present.items()}
    bound.visible = op.count_visible(attrs) if op.visible is not None else None
    return bound


def invoke(op: OpDef, bound, args, out=None, kwargs=None, ctx=None, name=None):
    """The general path of every nd.* call: checks the inputs, runs `bound`, fills `out`.

    name: what the node is called if this becomes part of a graph.
    """
    if kwargs:
        ctx = _take_ctx(op, kwargs, ctx)
    if state.trace is not None:
        return state.trace.record(op, bound, args, out, ctx, name)
    if op.present:
        args = _placed(op, bound, args)
    tensors, rg, first, sparse = [], False, None, "storage" in op.extra
    for i, array in enumerate(args):
        if isinstance(array, _NDArray):
            if type(array) is not _NDArray and array.stype != "default":
                sparse = True
                settle(array)
                tensors.append(None)  # it may never be made dense
            else:
                tensors.append(in_use(array))
            rg = rg or array._rg
            first = array if first is None else first
        elif array is None and not op.variadic and op.inputs[i].optional:
            tensors.append(None)
        elif array is None:
            raise _arity(op, bound, args)
        else:
            where = "Positional arguments" if op.variadic else f"Argument {op.inputs[i].name}"
            raise AssertionError(f"{where} must have NDArray type, but got {array} (operator {op.name})")
    if sparse:
        result = run_sparse(op, bound, args, out, rg and bool(state.recording))
        if result is not None:
            return result if out is None or result is out else _fill_by_array(op.name, result, out)
        tensors = [t if a is None or t is not None else in_use(a) for a, t in zip(args, tensors, strict=True)]
    if first is not None:
        ctx = first._ctx.results
    elif ctx is None:
        ctx = context_of(getattr(bound, "attrs", {}).get("ctx", ""))
    visible = getattr(bound, "visible", None)
    mutated = [a for a, i in zip(args, op.inputs, strict=False) if i.name in op.mutates and a is not None]
    for array in mutated:
        refuse_inplace(op.name, array, rg)
    with_runtime = runtime_kwargs(op, ctx) if op.runtime else {}
    if "in_place" in op.extra:
        _spare_inputs(op, bound, args, tensors, out)
    if out is not None and "_rng" in op.runtime:
        with_runtime.update(_drawn_into(op, bound, out))
    result = call(op.name, bound, tensors, with_runtime)
    if sparse:
        _keep_written(op, args, tensors)
    if out is not None:
        if "joins" in op.extra:
            result = op.extra["joins"](getattr(bound, "attrs", {}), result, in_use(out))
        return fill(op.name, result, out, visible)
    return wrap_outputs(result, ctx, visible, rg and bool(state.recording))


def invoke_open(op: OpDef, args, out, kwargs: dict, name=None):
    """The nd function of an operator that reads attributes of any name: NDArrays are inputs, also by their names."""
    given = {name: kwargs.pop(name) for name in list(kwargs) if isinstance(kwargs[name], _NDArray)}
    attrs = op.parse_attrs(kwargs)
    if given:
        names = op.name_inputs(attrs, len(args) + len(given)) or []
        unknown = [name for name in given if name not in names[len(args):]]
        if unknown:
            raise MXNetError(f"Operator {op.name}: {unknown[0]!r} is no input that is missing; "
                             f"inputs are {', '.join(names) or 'none'}")
        args = (*args, *(given[name] for name in names if name in given))
    bound = functools.partial(op.fn, **attrs)
    bound.visible = op.count_visible(attrs)  # type: ignore[attr-defined]
    return invoke(op, bound, args, out, name=name)


def _spare_inputs(op: OpDef, bound, args, tensors: list, out):
    """Replace inputs that the operator overwrites with its results by copies, unless `out` says to overwrite them."""
    targets = out if isinstance(out, (list, tuple)) else [out]
    for k, i in enumerate(op.extra["in_place"](bound.attrs, len(args))):
        if i < len(tensors) and (k >= len(targets) or targets[k] is not args[i]):
            tensors[i] = tensors[i].clone()


def refuse_inplace(op_name: str, array, incoming_grad: bool):
    """MXNetError when writing to `array` now would break a recorded graph."""
    tape = state.recording
    if tape:
        recorded(array, tape)  # it may turn out to be a constant
        if array._rg or incoming_grad:
            raise MXNetError(_INPLACE_MESSAGE.format(op_name))


def fill(op_name: str, result, out, visible=None):
    """Write results into the arrays given as `out=`, in place; returns `out`.

    The arrays must have the dtypes of the results.
    """
    results = [result] if isinstance(result, torch.Tensor) else list(result)
    if visible is not None:
        results = results[:visible]
    targets = [out] if isinstance(out, _NDArray) else list(out)
    if len(targets) != len(results):
        raise MXNetError(f"operator {op_name} has {len(results)} output(s), but out= names {len(targets)}")
    for target, value in zip(targets, results, strict=True):
        if not isinstance(target, _NDArray):
            raise TypeError(f"out= of operator {op_name} must be an NDArray, got {type(target)}")
        if type(target) is not _NDArray and target.stype != "default":
            if target.shape != tuple(value.shape):
                raise MXNetError(f"out= of operator {op_name} has shape {target.shape}, expected {tuple(value.shape)}")
            refuse_inplace(op_name, target, False)
            target._write(value)
            continue
        if target._t is value:
            continue
        if target._t.shape != value.shape:
            raise MXNetError(f"out= of operator {op_name} has shape {target.shape}, expected {tuple(value.shape)}")
        if target._t.dtype is not value.dtype:
            raise MXNetError(f"out= of operator {op_name} has dtype {TORCH_TO_NAME[target._t.dtype]}, "
                             f"expected {TORCH_TO_NAME[value.dtype]}")
        refuse_inplace(op_name, target, False)
        if state.recording and value.requires_grad:
            target._t.copy_(value)
            target._rg, target._tape = True, state.recording
        else:
            plain(target).copy_(value)
    return out


def _drawn_into(op: OpDef, bound, out) -> dict:
    """What was not said of random numbers, but follows from the array that they are for: their dtype and shape."""
    said = getattr(bound, "keywords", {})
    if type(out) is not _NDArray:
        return {}
    follows = {} if "dtype" not in op.attrs or op.attrs["dtype"].default is not None else {"dtype": out._t.dtype}
    if not op.inputs and "shape" in op.attrs:
        follows["shape"] = tuple(out._t.shape)
    return {name: value for name, value in follows.items() if name not in said}


def context_of(text: str):
    """The context of a text such as cpu(0); the current one if it is empty."""
    from ..context import Context, current_context

    if not text:
        return current_context()
    found = re.fullmatch(r"(cpu|gpu|cpu_pinned|cpu_shared)\((\d+)\)", text)
    if found is None:
        raise MXNetError(f"Invalid context string {text}")
    return Context(found[1], int(found[2]))


def _keep_written(op: OpDef, args, tensors):
    """Store in sparse arrays what the operator wrote to their dense tensors."""
    for array, tensor, spec in zip(args, tensors, op.inputs, strict=False):
        if spec.name in (*op.mutates, *op.aux) and array is not None and array.stype != "default":
            if array is not args[0]:  # the weight, which only out= changes
                array._write(tensor)


def _fill_by_array(op_name: str, result, out):
    """`fill` by one array, which may be sparse and then stays it where `out` is of its storage type."""
    target = out if isinstance(out, _NDArray) else out[0]
    if target.stype == result.stype != "default" and target.shape == result.shape:
        result.copyto(target)
        return out
    return fill(op_name, plain(result), out)


def _take_ctx(op: OpDef, kwargs: dict, ctx):
    """Creation operators accept ctx='cpu(0)'; any other left-over keyword is an unknown attribute."""
    from ..context import Context
    if "ctx" in kwargs and "_device" in op.runtime:
        value = kwargs.pop("ctx")
        if isinstance(value, str):
            value = context_of(value)
        ctx = value if isinstance(value, Context) else ctx
    for name in kwargs:
        if name.startswith("__") and name.endswith("__"):
            continue
        if op.attrs:
            raise op.unknown_attr(name)
        # as MXNet has it, which checks the attributes of operators that have some
        warnings.warn(f"operator {op.name} has no attributes, {name!r} is ignored",
                      stacklevel=_level_of_caller())
    return ctx


def _level_of_caller() -> int:
    """The stacklevel, for the function that asks, of the first frame outside of this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(("<mxnet ", _PACKAGE)):
        level, frame = level + 1, frame.f_back
    return level


def _placed(op: OpDef, bound, args) -> list:
    """The arrays given, in their order, at the places of the inputs that take part: MXNet counts no others."""
    taking = [bound.takes.get(spec.name, not spec.optional) for spec in op.inputs]
    given = [array for array in args if array is not None]
    if sum(taking) != len(given):
        raise _arity(op, bound, args)
    rest = iter(given)
    return [next(rest) if takes else None for takes in taking]


def _arity(op: OpDef, bound, args) -> MXNetError:
    takes = getattr(bound, "takes", {})
    names = [i.name for i in op.inputs if takes.get(i.name, not i.optional)]
    given = sum(a is not None for a in args)
    return MXNetError(f"Operator {op.name} expects {len(names)} inputs ({', '.join(names)}), "
                      f"but got {given} instead")
