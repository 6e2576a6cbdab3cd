"""The arithmetic and comparison operators of NDArray, and nd.add, nd.maximum, ... that take numbers too.

Both are generated from one table: which operator serves two arrays, an array and a number, a number and an array.
They are the hottest path of the package, hence the same generated style as in `_wrap`.
"""

import functools
import operator

import numpy as np
import torch

from .._state import state, watch
from ..base import MXNetError
from ..ops import registry
from ._array import NDArray
from ._generate import ON_TAPE, PLAIN
from ._wrap import explain, invoke, plain, recorded

# name: (operator for two arrays, for array-number, for number-array, what two numbers give)
_TABLE = {
    "add": ("broadcast_add", "_plus_scalar", "_plus_scalar", operator.add),
    "subtract": ("broadcast_sub", "_minus_scalar", "_rminus_scalar", operator.sub),
    "multiply": ("broadcast_mul", "_mul_scalar", "_mul_scalar", operator.mul),
    "divide": ("broadcast_div", "_div_scalar", "_rdiv_scalar", operator.truediv),
    "modulo": ("broadcast_mod", "_mod_scalar", "_rmod_scalar", operator.mod),
    "power": ("broadcast_power", "_power_scalar", "_rpower_scalar", operator.pow),
    "maximum": ("broadcast_maximum", "_maximum_scalar", "_maximum_scalar", lambda a, b: a if a > b else b),
    "minimum": ("broadcast_minimum", "_minimum_scalar", "_minimum_scalar", lambda a, b: a if a < b else b),
    "equal": ("broadcast_equal", "_equal_scalar", "_equal_scalar", lambda a, b: 1 if a == b else 0),
    "not_equal": ("broadcast_not_equal", "_not_equal_scalar", "_not_equal_scalar", lambda a, b: 1 if a != b else 0),
    "greater": ("broadcast_greater", "_greater_scalar", "_lesser_scalar", lambda a, b: 1 if a > b else 0),
    "greater_equal": ("broadcast_greater_equal", "_greater_equal_scalar", "_lesser_equal_scalar",
                      lambda a, b: 1 if a >= b else 0),
    "lesser": ("broadcast_lesser", "_lesser_scalar", "_greater_scalar", lambda a, b: 1 if a < b else 0),
    "lesser_equal": ("broadcast_lesser_equal", "_lesser_equal_scalar", "_greater_equal_scalar",
                     lambda a, b: 1 if a <= b else 0),
    "logical_and": ("broadcast_logical_and", "_logical_and_scalar", "_logical_and_scalar",
                    lambda a, b: 1 if a and b else 0),
    "logical_or": ("broadcast_logical_or", "_logical_or_scalar", "_logical_or_scalar",
                   lambda a, b: 1 if a or b else 0),
    "logical_xor": ("broadcast_logical_xor", "_logical_xor_scalar", "_logical_xor_scalar",
                    lambda a, b: 1 if bool(a) ^ bool(b) else 0),
}
_TABLE["true_divide"] = _TABLE["divide"]

# dunder: (entry of _TABLE, whether the array stands on the right)
_DUNDERS = {
    "__add__": ("add", False), "__radd__": ("add", True), "__sub__": ("subtract", False),
    "__rsub__": ("subtract", True), "__mul__": ("multiply", False), "__rmul__": ("multiply", True),
    "__truediv__": ("divide", False), "__rtruediv__": ("divide", True), "__div__": ("divide", False),
    "__rdiv__": ("divide", True), "__mod__": ("modulo", False), "__rmod__": ("modulo", True),
    "__pow__": ("power", False), "__rpow__": ("power", True), "__eq__": ("equal", False),
    "__ne__": ("not_equal", False), "__gt__": ("greater", False), "__ge__": ("greater_equal", False),
    "__lt__": ("lesser", False), "__le__": ("lesser_equal", False),
}

_INPLACE = {"__iadd__": "add", "__isub__": "subtract", "__imul__": "multiply", "__itruediv__": "divide",
            "__idiv__": "divide", "__imod__": "modulo"}

_SOURCE = """
def {fname}(self, other):
    kind = type(other)
    tape = None
    if kind is Dense:
        rg = self._rg or other._rg
        try:
            if not rg:
                r = fn(self._t, other._t)
            elif state.recording:
                tape = state.recording
                r = fn({self_on_tape}, {other_on_tape})
            else:
                rg = False
                r = fn({self_plain}, {other_plain})
        except Exception as error:
            raised = explain({op_name!r}, error, (self._t, other._t))
            raise raised from (None if raised is error else error)
    elif kind is Float or kind is Int:
        rg = self._rg
        try:
            if not rg:
                r = scalar_fn(self._t, scalar=other)
            elif state.recording:
                tape = state.recording
                r = scalar_fn({self_on_tape}, scalar=other)
            else:
                rg = False
                r = scalar_fn({self_plain}, scalar=other)
        except Exception as error:
            raised = explain({scalar_name!r}, error, (self._t,))
            raise raised from (None if raised is error else error)
    else:
        return general({name!r}, self, other, None, {reverse})
    a = new(NDArray)
    a._t = r
    a._ctx = self._ctx.results
    a._rg = rg
    a._ag = None
    a._tape = tape
    return a
"""


def general(name: str, lhs, rhs, out=None, reverse=False):
    """One entry of _TABLE for any mix of arrays and numbers; TypeError for anything else."""
    if reverse:
        lhs, rhs = rhs, lhs
    tensor_op, scalar_op, reverse_op, on_numbers = _TABLE[name]
    if isinstance(lhs, NDArray):
        if isinstance(rhs, NDArray):
            op = registry.get(tensor_op)
            return invoke(op, op.fn, (lhs, rhs), out)
        array, number, op = lhs, rhs, registry.get(scalar_op)
    elif isinstance(rhs, NDArray):
        array, number, op = rhs, lhs, registry.get(reverse_op)
    elif _is_number(lhs) and _is_number(rhs):
        return on_numbers(lhs, rhs)
    else:
        raise TypeError(f"type {type(rhs if _is_number(lhs) else lhs)} not supported")
    if not _is_number(number):
        raise TypeError(f"type {type(number)} not supported")
    if isinstance(number, (bool, np.bool_)):
        scalar = int(number)  # torch does not subtract booleans
    elif isinstance(number, np.generic):
        scalar = number.item()
    else:
        scalar = 1 if isinstance(number, _UNKNOWN) else number  # shapes do not depend on it
    return invoke(op, functools.partial(op.fn, scalar=scalar), (array,), out)


_UNKNOWN = (torch.SymInt, torch.SymFloat)  # sizes, and numbers made of them, inside a shape inference


def _is_number(value) -> bool:
    return isinstance(value, (bool, int, float, np.generic, *_UNKNOWN))


def _make_dunder(dunder: str, name: str, reverse: bool):
    tensor_op, scalar_op, reverse_op, _ = _TABLE[name]
    scalar = registry.get(reverse_op if reverse else scalar_op)
    tensor = registry.get(tensor_op)
    source = _SOURCE.format(fname=dunder, op_name=tensor.name, scalar_name=scalar.name, name=name, reverse=reverse,
                            self_on_tape=ON_TAPE.format("self"), other_on_tape=ON_TAPE.format("other"),
                            self_plain=PLAIN.format("self"), other_plain=PLAIN.format("other"))
    # a reversed dunder never meets another NDArray on its left, so the order of fn's inputs is always self, other
    scope = {"NDArray": NDArray, "state": state, "new": NDArray.__new__, "explain": explain, "general": general,
             "recorded": recorded, "fn": tensor.fn, "scalar_fn": scalar.fn}
    watch.add_shortcut(scope, Dense=NDArray, Float=float, Int=int)
    exec(compile(source, f"<mxnet NDArray.{dunder}>", "exec"), scope)
    return scope[dunder]


# on floats they do what the operator and copying its result would
_AT_ONCE = {"add": torch.Tensor.add_, "subtract": torch.Tensor.sub_, "multiply": torch.Tensor.mul_,
            "divide": torch.Tensor.div_}
_FLOATS = (torch.float32, torch.float64)


def _make_inplace(name: str):
    at_once = _AT_ONCE.get(name)

    def inplace(self, other):
        if (at_once is not None and type(self) is NDArray and self._t.dtype in _FLOATS
                and not state.recording and state.trace is None and state.solver is None
                and watch.observer is None):
            kind = type(other)
            try:
                if kind is float or kind is int:
                    at_once(plain(self), other)
                    return self
                if kind is NDArray and other._t.dtype is self._t.dtype:
                    at_once(plain(self), plain(other))
                    return self
            except RuntimeError:
                pass  # shapes that do not fit; memory that overlaps
        if not self.writable:
            raise ValueError("trying to modify a readonly NDArray")
        if isinstance(other, NDArray) and state.solver is None and other._t.shape != self._t.shape:
            # the result must have this array's shape; say so before anything is computed
            rank, sizes = self.ndim, other.shape
            if len(sizes) > rank or any(b not in (1, a) for a, b in zip(self.shape[rank - len(sizes):], sizes,
                                                                        strict=True)):
                raise MXNetError(f"in-place {name}: operands {self.shape} and {other.shape} do not "
                                 f"broadcast to {self.shape}")
        return general(name, self, other, self)

    return inplace


def _make_function(name: str):
    if name == "power":
        def function(base, exp):
            return general(name, base, exp)
    else:
        def function(lhs, rhs):
            return general(name, lhs, rhs)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "mxnet.ndarray"
    function.__doc__ = (f"`{name}` of two arrays with broadcasting, of an array and a number, or of two numbers.\n\n"
                        f"Operators {', '.join(dict.fromkeys(_TABLE[name][:3]))}; arrays must have equal dtypes.")
    return function


def install() -> dict:
    """Give NDArray its dunders; return the functions nd.add, nd.maximum, ..."""
    for dunder, (name, reverse) in _DUNDERS.items():
        setattr(NDArray, dunder, _make_dunder(dunder, name, reverse))
    for dunder, name in _INPLACE.items():
        setattr(NDArray, dunder, _make_inplace(name))
    return {name: _make_function(name) for name in _TABLE}
