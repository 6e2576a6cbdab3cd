"""nd.* functions made from the registry: real signatures, source text written for each operator, thin around it.

A function binds its attributes (parsed once per distinct set of values, then remembered), unwraps the NDArrays,
calls the operator and wraps the result.  Its source is written and compiled at the first call.
"""

import types
from collections.abc import Callable

import torch

from .. import _rng
from .._state import state, watch
from ..base import _Null
from ..ops.namespaces import signature
from ..ops.registry import OpDef
from . import _wrap
from ._wrap import bind, explain, invoke, invoke_open, plain, recorded, wrap_outputs

_REMEMBER = 512  # distinct attribute sets kept per operator

# `recorded` and `plain` spelled out: a call would take as long as all else here
ON_TAPE = "({0}._t if {0}._tape is tape or {0}._tape is None else recorded({0}, tape))"
PLAIN = "({0}._t if not {0}._rg else {0}._t.detach() if {0}._ag is None else {0}._ag.plain)"

# No local of these may have the name of an operator's input, hence not simply `a`.
_FIXED = """
def {fname}({params}out=None, name=None, **kwargs):
    {bind}
    if {usual}out is None and not kwargs:
        rg = {rg}
        tape = None
        try:
            if not rg:
                r = fn({tensors}{runtime})
            elif _state.recording:
                tape = _state.recording
                r = fn({recorded}{runtime})
            else:
                rg = False
                r = fn({plain}{runtime})
        except Exception as error:
            raised = explain({op_name!r}, error, ({tensors},))
            raise raised from (None if raised is error else error)
        {finish}
    return invoke(op, fn, ({inputs},), out, kwargs, None, name)
"""

_ONE = """result = new(NDArray)
        result._t = r
        result._ctx = {first}._ctx.results
        result._rg = rg
        result._ag = None
        result._tape = tape
        return result"""

_MANY = "return wrap_outputs(r, {first}._ctx.results, {visible}, rg)"

_ANY = """
def {fname}({params}out=None, name=None, **kwargs):
    {bind}
    return invoke(op, fn, {inputs}, out, kwargs, None, name)
"""

_OPEN = """
def {fname}(*{inputs}, out=None, name=None, **kwargs):
    return invoke_open(op, {inputs}, out, kwargs, name)
"""

_BIND = """try:
        fn = bound[{key}]
    except (KeyError, TypeError):
        fn = remember(({key}), {values})"""


def _first_call(*args, **kwargs):
    # runs with the globals of one operator: see make_function
    become_real()  # noqa: F821
    return function(*args, **kwargs)  # noqa: F821


def make_function(op: OpDef, public_name: str) -> Callable:
    """The nd function of an operator: `help()` shows its inputs and attributes with their defaults."""
    name = public_name if public_name.isidentifier() else "op"
    scope = {"op": op, "__name__": "mxnet.ndarray"}
    function = types.FunctionType(_first_call.__code__, scope, name)
    function.__qualname__ = name
    function.__doc__ = op.doc
    function.__signature__ = signature(op, "nd")  # type: ignore[attr-defined]
    scope["function"] = function
    scope["twins"] = [function]
    scope["become_real"] = lambda: _become_real(op, scope)
    return function


def make_method(function) -> Callable:
    """The method made from an nd function: the same code, but `help()` shows `self` in place of the first input."""
    scope = function.__globals__
    method = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    method.__kwdefaults__ = function.__kwdefaults__
    method.__qualname__, method.__doc__ = f"NDArray.{function.__name__}", function.__doc__
    method.__signature__ = signature(scope["op"], "nd", method=True)  # type: ignore[attr-defined]
    scope["twins"].append(method)
    return method


def _become_real(op: OpDef, scope: dict):
    """Give the function, and the method made from it, the code written for the operator.

    They stay the objects that everybody holds.
    """
    cls = _wrap._NDArray
    scope.update(invoke=invoke, invoke_open=invoke_open, _state=state, explain=explain, wrap_outputs=wrap_outputs,
                 NDArray=cls, new=cls.__new__, _Null=_Null, generator=_rng.generator, plain=plain, recorded=recorded)
    watch.add_shortcut(scope, Dense=cls)
    made: dict = {}
    exec(compile(_source(op, scope["function"].__name__, scope), f"<mxnet operator {op.name}>", "exec"), scope, made)
    real = made[scope["function"].__name__]
    for twin in scope["twins"]:
        twin.__defaults__, twin.__kwdefaults__ = real.__defaults__, real.__kwdefaults__
        twin.__code__ = real.__code__


def _source(op: OpDef, fname: str, scope: dict) -> str:
    attr_params = "".join(f"{a.name}={_default(a, scope)}, " for a in op.attrs.values())
    if op.attrs:
        # 1, 1.0 and True are equal keys, but not equal numbers
        key = "".join(f"{a.name}, {a.name}.__class__, " if a.annotation == int | float else f"{a.name}, "
                      for a in op.attrs.values())
        bind_source = _BIND.format(key=key, values=", ".join(op.attrs))
        scope["bound"], scope["remember"] = _memory(op)
    else:
        scope["fn0"] = bind(op, {}) if op.present else op.fn
        bind_source = "fn = fn0"
    names = [i.name for i in op.inputs]
    if op.extra.get("any_attrs"):
        return _OPEN.format(fname=fname, inputs=names[0])
    if op.variadic:
        count = "" if "num_args" in op.attrs else "num_args=None, "
        return _ANY.format(fname=fname, params=f"*{names[0]}, {attr_params}{count}", bind=bind_source, inputs=names[0])
    if not names or op.mutates:
        params = "".join(f"{n}=None, " for n in names) + attr_params
        inputs = "(" + "".join(f"{n}, " for n in names) + ")"
        return _ANY.format(fname=fname, params=params, bind=bind_source, inputs=inputs)
    return _fixed_source(op, fname, attr_params, bind_source)


def _fixed_source(op: OpDef, fname: str, attr_params: str, bind_source: str) -> str:
    usual, grads, tensors, on_tape, unrecorded = [], [], [], [], []
    for spec in op.inputs:
        n = spec.name
        conditional = n in op.present
        if spec.optional or conditional:
            usual.append(f"({n} is None or {n}.__class__ is Dense)")
            if conditional:
                usual.append(f"({n} is None) is not fn.takes[{n!r}]")
            grads.append(f"({n} is not None and {n}._rg)")
            tensors.append(f"None if {n} is None else {n}._t")
            on_tape.append(f"None if {n} is None else recorded({n}, tape)")
            unrecorded.append(f"None if {n} is None else plain({n})")
        else:
            usual.append(f"{n}.__class__ is Dense")
            grads.append(f"{n}._rg")
            tensors.append(f"{n}._t")
            on_tape.append(ON_TAPE.format(n))
            unrecorded.append(PLAIN.format(n))
    if op.extra.get("storage"):
        usual.append(f"{op.extra['storage']} is None")
    first = op.inputs[0].name
    runtime = ""
    for name in op.runtime:
        value = {"_train": "_state.training", "_device": f"{first}._ctx.device",
                 "_rng": f"generator({first}._ctx.results.device_type, {first}._ctx.device_id)"}[name]
        runtime += f", {name}={value}"
    if op.num_outputs == 1:
        finish = _ONE.format(first=first)
    else:
        finish = _MANY.format(first=first, visible="None" if op.visible is None else "fn.visible")
    names = [i.name for i in op.inputs]
    return _FIXED.format(
        fname=fname, op_name=op.name, params="".join(f"{n}=None, " for n in names) + attr_params, bind=bind_source,
        usual="".join(u + " and " for u in usual), rg=" or ".join(grads), tensors=", ".join(tensors),
        recorded=", ".join(on_tape), plain=", ".join(unrecorded),
        runtime=runtime, finish=finish, inputs=", ".join(names))


def _default(attr, scope: dict) -> str:
    if attr.required or (attr.name == "dtype" and attr.default is None):  # dtype=None means something else
        return "_Null"
    text = repr(attr.default)
    if isinstance(attr.default, (bool, int, float, str, tuple, type(None))) and text not in ("inf", "-inf", "nan"):
        return text
    scope[f"default_{attr.name}"] = attr.default
    return f"default_{attr.name}"


def _memory(op: OpDef):
    """A table key of attribute values -> bound operator, and the function that adds to it."""
    table: dict = {}
    names = list(op.attrs)

    def remember(key, *values):
        fn = bind(op, {n: v for n, v in zip(names, values, strict=True) if v is not _Null})
        if len(table) >= _REMEMBER:
            table.clear()
        try:
            if not any(type(v) is torch.SymInt for v in values):
                table[key] = fn
        except TypeError:
            pass  # an unhashable value, such as a list: parsed anew each time
        return fn

    return table, remember
