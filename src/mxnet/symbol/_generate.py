"""sym.* functions made from the registry: the same inputs and attributes as those of nd."""

import types
from collections.abc import Callable

from ..base import _Null
from ..ops.namespaces import members, refusals, signature
from ..ops.registry import OpDef
from ._compose import apply


def make_function(op: OpDef, public_name: str) -> Callable:
    """The sym function of an operator under one of its names, after which it names its symbols."""
    hint = public_name.lower()
    order = [i.name for i in op.inputs] + list(op.attrs)
    count = len(op.inputs)

    if op.variadic:
        def function(*args, name=None, attr=None, out=None, **kwargs):
            return apply(op, hint, args, kwargs, name, attr)
    else:
        def function(*args, name=None, attr=None, out=None, **kwargs):
            if len(args) > count:
                kwargs.update(_by_position(op, order, args, kwargs))
                args = args[:count]
            if any(a is None or a is _Null for a in args):
                kwargs.update((n, a) for n, a in zip(order, args, strict=False) if a is not None and a is not _Null)
                args = ()
            return apply(op, hint, args, kwargs, name, attr)

    function.__name__ = function.__qualname__ = public_name
    function.__module__ = "mxnet.symbol"
    function.__doc__ = op.doc
    function.__signature__ = signature(op, "sym")  # type: ignore[attr-defined]
    return function


def make_method(function, op: OpDef) -> Callable:
    """The method made from a sym function: the same code, but `help()` shows `self` in place of the first input."""
    method = types.FunctionType(function.__code__, function.__globals__, function.__name__, None, function.__closure__)
    method.__kwdefaults__ = function.__kwdefaults__
    method.__qualname__, method.__doc__ = f"Symbol.{function.__name__}", function.__doc__
    method.__signature__ = signature(op, "sym", method=True)  # type: ignore[attr-defined]
    return method


def _by_position(op: OpDef, order, args, kwargs) -> dict:
    if len(args) > len(order):
        raise TypeError(f"{op.name}() takes {len(order)} positional arguments but {len(args)} were given")
    extra = dict(zip(order[len(op.inputs):], args[len(op.inputs):], strict=False))
    for name in extra:
        if name in kwargs:
            raise TypeError(f"{op.name}() got multiple values for argument {name!r}")
    return extra


def functions(namespace: str) -> dict:
    """Public name -> function for a namespace."""
    return {**{public: make_function(op, public) for public, _, op in members(namespace)}, **refusals(namespace)}
