"""The arithmetic and comparison operators of Symbol, and sym.maximum, sym.pow, ... that take numbers too."""

import operator

from ..base import numeric_types
from ..ops import registry
from ._compose import apply
from .symbol import Symbol

# name: (operator for two symbols, for symbol-number, for number-symbol, what two numbers give); by the names of MXNet
# 0.x, after which results are still called: _plus0, _plusscalar0
_TABLE = {
    "add": ("_Plus", "_PlusScalar", "_PlusScalar", operator.add),
    "subtract": ("_Minus", "_MinusScalar", "_RMinusScalar", operator.sub),
    "multiply": ("_Mul", "_MulScalar", "_MulScalar", operator.mul),
    "divide": ("_Div", "_DivScalar", "_RDivScalar", operator.truediv),
    "modulo": ("_Mod", "_ModScalar", "_RModScalar", operator.mod),
    "power": ("_Power", "_PowerScalar", "_RPowerScalar", operator.pow),
    "maximum": ("_Maximum", "_MaximumScalar", "_MaximumScalar", lambda a, b: a if a > b else b),
    "minimum": ("_Minimum", "_MinimumScalar", "_MinimumScalar", lambda a, b: a if a < b else b),
    "hypot": ("_Hypot", "_HypotScalar", "_HypotScalar", lambda a, b: (a * a + b * b) ** 0.5),
    "equal": ("_equal", "_equal_scalar", "_equal_scalar", lambda a, b: 1 if a == b else 0),
    "not_equal": ("_not_equal", "_not_equal_scalar", "_not_equal_scalar", lambda a, b: 1 if a != b else 0),
    "greater": ("_greater", "_greater_scalar", "_lesser_scalar", lambda a, b: 1 if a > b else 0),
    "greater_equal": ("_greater_equal", "_greater_equal_scalar", "_lesser_equal_scalar",
                      lambda a, b: 1 if a >= b else 0),
    "lesser": ("_lesser", "_lesser_scalar", "_greater_scalar", lambda a, b: 1 if a < b else 0),
    "lesser_equal": ("_lesser_equal", "_lesser_equal_scalar", "_greater_equal_scalar",
                     lambda a, b: 1 if a <= b else 0),
}
_FUNCTIONS = ("maximum", "minimum", "hypot", "power")

# dunder: (entry of _TABLE, whether the symbol stands on the right)
_DUNDERS = {
    "__add__": ("add", False), "__radd__": ("add", False), "__sub__": ("subtract", False),
    "__rsub__": ("subtract", True), "__mul__": ("multiply", False), "__rmul__": ("multiply", False),
    "__truediv__": ("divide", False), "__rtruediv__": ("divide", True), "__div__": ("divide", False),
    "__rdiv__": ("divide", True), "__mod__": ("modulo", False), "__rmod__": ("modulo", True),
    "__pow__": ("power", False), "__rpow__": ("power", True), "__eq__": ("equal", False),
    "__ne__": ("not_equal", False), "__gt__": ("greater", False), "__ge__": ("greater_equal", False),
    "__lt__": ("lesser", False), "__le__": ("lesser_equal", False),
}
_HINTS = {"__rpow__": "_rpower_scalar"}  # the one that MXNet calls otherwise


def combine(name: str, lhs, rhs, hint=None):
    """One entry of _TABLE for any mix of symbols and numbers; TypeError for anything else."""
    both, with_number, from_number, on_numbers = _TABLE[name]
    left, right = isinstance(lhs, Symbol), isinstance(rhs, Symbol)
    if left and right:
        return apply(registry.get(both), both.lower(), (lhs, rhs), {})
    if not (left or isinstance(lhs, numeric_types)) or not (right or isinstance(rhs, numeric_types)):
        wrong = rhs if left or isinstance(lhs, numeric_types) else lhs
        raise TypeError(f"type {type(wrong)} not supported")
    if left:
        return apply(registry.get(with_number), with_number.lower(), (lhs,), {"scalar": rhs})
    if right:
        return apply(registry.get(from_number), hint or from_number.lower(), (rhs,), {"scalar": lhs})
    return on_numbers(lhs, rhs)


def _make_dunder(dunder: str, name: str, reverse: bool):
    def method(self, other):
        return combine(name, other, self, _HINTS.get(dunder)) if reverse else combine(name, self, other)

    method.__name__ = dunder
    return method


def _refuse_inplace(self, other):
    """Symbols do not change."""
    from ..base import NotImplementedForSymbol

    raise NotImplementedForSymbol(self.__iadd__, "in-place arithmetic", other)


def _negative(self):
    """MXNet's graphs have a product with -1 for it."""
    return combine("multiply", self, -1.0)


def _make_function(name: str):
    if name == "power":
        def function(base, exp):
            return combine(name, base, exp)
    else:
        def function(left, right):
            return combine(name, left, right)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "mxnet.symbol"
    function.__doc__ = f"`{name}` of two symbols of one shape, of a symbol and a number, or of two numbers."
    return function


def install() -> dict:
    """Give Symbol its dunders; return the functions sym.maximum, sym.pow, ..."""
    for dunder, (name, reverse) in _DUNDERS.items():
        setattr(Symbol, dunder, _make_dunder(dunder, name, reverse))
    for dunder in ("__iadd__", "__isub__", "__imul__", "__itruediv__", "__idiv__", "__imod__"):
        setattr(Symbol, dunder, _refuse_inplace)
    Symbol.__neg__ = _negative  # type: ignore[operator]
    functions = {name: _make_function(name) for name in _FUNCTIONS}
    return {**functions, "pow": functions["power"]}
