"""Arithmetic and comparison of two arrays, or of an array and a scalar: what `x + y`, `x * 2`, `x > y` run.

Three families share the functions: `broadcast_*` stretches dimensions of size 1; `elemwise_*`, `_maximum`
and so on want equal shapes; `_*_scalar` takes a number.  Two arrays must have one dtype, in which comparisons
answer 0 or 1.  Boolean arrays are refused, except against a scalar, where they count as int64.
"""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from ..base import TORCH_TO_NAME, MXNetError
from . import integers
from ._shapes import broadcast
from .registry import register

_BOOL = torch.bool


# ------------------------------------------------------------------------------------- functions of tensors


def _divide(lhs: Tensor, rhs: Tensor) -> Tensor:
    if lhs.is_floating_point():
        return lhs / rhs
    return torch.div(lhs, rhs, rounding_mode="trunc")


def _remainder(lhs: Tensor, rhs: Tensor) -> Tensor:
    """Sign of the divisor, as Python's %; 0 where the divisor is 0."""
    if lhs.is_floating_point() and not (torch.is_grad_enabled() and (lhs.requires_grad or rhs.requires_grad)):
        return torch.remainder(lhs, rhs).masked_fill_(rhs == 0, 0)  # NaN until then
    zero = rhs == 0
    return torch.remainder(lhs, rhs.masked_fill(zero, 1)).masked_fill(zero, 0)


def _through_float64(fn: Callable) -> Callable:
    """`fn` with integers computed as real numbers and truncated."""

    def compute(lhs: Tensor, rhs: Tensor) -> Tensor:
        if lhs.is_floating_point():
            return fn(lhs, rhs)
        return integers.cast(fn(lhs.double(), rhs.double()), lhs.dtype)

    return compute


class _Chosen(torch.autograd.Function):
    """torch.maximum or torch.minimum, which share the gradient between equal elements; here the left one has it."""

    @staticmethod
    def forward(ctx, lhs, rhs, choose, wins):
        ctx.save_for_backward(lhs, rhs)
        ctx.wins = wins
        return choose(lhs, rhs)

    @staticmethod
    def backward(ctx, grad):
        lhs, rhs = ctx.saved_tensors
        left = grad * answer(ctx.wins, lhs, rhs)
        left_wanted, right_wanted = ctx.needs_input_grad[:2]
        return (left.sum_to_size(lhs.shape) if left_wanted else None,
                (grad - left).sum_to_size(rhs.shape) if right_wanted else None, None, None)


def _chosen(choose: Callable, wins: Callable) -> Callable:
    def compute(lhs: Tensor, rhs: Tensor) -> Tensor:
        if not (torch.is_grad_enabled() and (lhs.requires_grad or rhs.requires_grad)):
            return choose(lhs, rhs)
        if lhs.is_floating_point():
            return _Chosen.apply(lhs, rhs, choose, wins)
        return torch.where(wins(lhs, rhs), lhs, choose(lhs.detach(), rhs))

    return compute


def answer(fn: Callable, lhs: Tensor, rhs) -> Tensor:
    """Comparison `fn` with its answer in the dtype of `lhs`, which is several times faster than casting a boolean."""
    if lhs.__class__ is not Tensor:  # one without values
        return fn(lhs, rhs).to(lhs.dtype)
    return fn(lhs, rhs, out=torch.empty(0, dtype=lhs.dtype, device=lhs.device))


def _answering(fn: Callable) -> Callable:
    return lambda lhs, rhs: answer(fn, lhs, rhs)


_maximum = _chosen(torch.maximum, torch.ge)
_minimum = _chosen(torch.minimum, torch.le)
_power = _through_float64(torch.pow)
_quotient = _through_float64(torch.div)  # what number / integers runs, so that division by 0 is no error
_hypot = _through_float64(torch.hypot)
_equal = _answering(torch.eq)
_not_equal = _answering(torch.ne)
_greater = _answering(torch.gt)
_greater_equal = _answering(torch.ge)
_lesser = _answering(torch.lt)
_lesser_equal = _answering(torch.le)
_logical_and = _answering(torch.logical_and)
_logical_or = _answering(torch.logical_or)
_logical_xor = _answering(torch.logical_xor)


# --------------------------------------------------------------------------------------------- two arrays


def _refuse(name: str, lhs: Tensor, rhs: Tensor) -> MXNetError:
    if lhs.dtype is not rhs.dtype:
        expected, got = TORCH_TO_NAME[lhs.dtype], TORCH_TO_NAME[rhs.dtype]
        return MXNetError(f"Operator {name}: inputs must have one dtype, expected {expected}, got {got}")
    return MXNetError(f"Operator {name} does not support boolean type, cast the arrays first")


def _broadcast(names: str, fn: Callable[[Tensor, Tensor], Tensor], doc: str) -> None:
    name, *aliases = names.split()

    def op(lhs: Tensor, rhs: Tensor) -> Tensor:
        dtype = lhs.dtype
        if dtype is not rhs.dtype or dtype is _BOOL:
            raise _refuse(name, lhs, rhs)
        return fn(lhs, rhs)

    _publish(op, name, aliases, doc, "Dimensions of size 1 stretch to those of the other array; "
                                     "both arrays must have one dtype, which the result has too.",
             output_shapes=broadcast)


def _elementwise(names: str, fn: Callable[[Tensor, Tensor], Tensor], doc: str) -> None:
    name, *aliases = names.split()

    def op(lhs: Tensor, rhs: Tensor) -> Tensor:
        dtype = lhs.dtype
        if dtype is not rhs.dtype or dtype is _BOOL:
            raise _refuse(name, lhs, rhs)
        if lhs.shape != rhs.shape:
            raise _unlike(name, "rhs", lhs, rhs)
        return fn(lhs, rhs)

    _publish(op, name, aliases, doc, "Both arrays must have one shape and one dtype, and so has the result.",
             same_shape=True)


def _unlike(name: str, which: str, expected: Tensor, got: Tensor) -> MXNetError:
    return MXNetError(f"Operator {name}: inputs must have one shape, expected {tuple(expected.shape)}, "
                      f"got {tuple(got.shape)} for {which}")


def _publish(op: Callable, name: str, aliases: list[str], doc: str, rules: str, **extra) -> None:
    op.__name__ = op.__qualname__ = name
    op.__doc__ = f"{doc}\n\n{rules}"
    register(name, *aliases, **extra)(op)


_broadcast("broadcast_add broadcast_plus", torch.add, "lhs + rhs.")
_broadcast("broadcast_sub broadcast_minus", torch.sub, "lhs - rhs.")
_broadcast("broadcast_mul", torch.mul, "lhs * rhs.")
_broadcast("broadcast_div", _divide, "lhs / rhs; integers are divided towards zero.")
_broadcast("broadcast_mod", _remainder, "lhs % rhs with the sign of rhs; 0 where rhs is 0.")
_broadcast("broadcast_power", _power, "lhs ** rhs.")
_broadcast("broadcast_maximum", _maximum, "The greater of both; at ties the gradient goes to lhs.")
_broadcast("broadcast_minimum", _minimum, "The lesser of both; at ties the gradient goes to lhs.")
_broadcast("broadcast_hypot", _hypot, "sqrt(lhs ** 2 + rhs ** 2).")
_broadcast("broadcast_equal", _equal, "1 where lhs == rhs, otherwise 0.")
_broadcast("broadcast_not_equal", _not_equal, "1 where lhs != rhs, otherwise 0.")
_broadcast("broadcast_greater", _greater, "1 where lhs > rhs, otherwise 0.")
_broadcast("broadcast_greater_equal", _greater_equal, "1 where lhs >= rhs, otherwise 0.")
_broadcast("broadcast_lesser", _lesser, "1 where lhs < rhs, otherwise 0.")
_broadcast("broadcast_lesser_equal", _lesser_equal, "1 where lhs <= rhs, otherwise 0.")
_broadcast("broadcast_logical_and", _logical_and, "1 where both are not 0, otherwise 0.")
_broadcast("broadcast_logical_or", _logical_or, "1 where one is not 0, otherwise 0.")
_broadcast("broadcast_logical_xor", _logical_xor, "1 where exactly one is not 0, otherwise 0.")

_elementwise("elemwise_add _add _plus _Plus", torch.add, "lhs + rhs.")
_elementwise("_grad_add", torch.add, "lhs + rhs, for sums of gradients.")
_elementwise("elemwise_sub _sub _minus _Minus", torch.sub, "lhs - rhs.")
_elementwise("elemwise_mul _mul _Mul", torch.mul, "lhs * rhs.")
_elementwise("elemwise_div _div _Div", _divide, "lhs / rhs; integers are divided towards zero.")
_elementwise("_scatter_elemwise_div", _divide, "lhs / rhs; MXNet keeps the sparsity of lhs.")
_elementwise("_mod _Mod", _remainder, "lhs % rhs with the sign of rhs; 0 where rhs is 0.")
_elementwise("_power _Power", _power, "lhs ** rhs.")
_elementwise("_maximum _Maximum", _maximum, "The greater of both; at ties the gradient goes to lhs.")
_elementwise("_minimum _Minimum", _minimum, "The lesser of both; at ties the gradient goes to lhs.")
_elementwise("_hypot _Hypot", _hypot, "sqrt(lhs ** 2 + rhs ** 2).")
_elementwise("_equal _Equal", _equal, "1 where lhs == rhs, otherwise 0.")
_elementwise("_not_equal _Not_Equal", _not_equal, "1 where lhs != rhs, otherwise 0.")
_elementwise("_greater _Greater", _greater, "1 where lhs > rhs, otherwise 0.")
_elementwise("_greater_equal _Greater_Equal", _greater_equal, "1 where lhs >= rhs, otherwise 0.")
_elementwise("_lesser _Lesser", _lesser, "1 where lhs < rhs, otherwise 0.")
_elementwise("_lesser_equal _Lesser_Equal", _lesser_equal, "1 where lhs <= rhs, otherwise 0.")
_elementwise("_logical_and _Logical_And", _logical_and, "1 where both are not 0, otherwise 0.")
_elementwise("_logical_or _Logical_Or", _logical_or, "1 where one is not 0, otherwise 0.")
_elementwise("_logical_xor _Logical_Xor", _logical_xor, "1 where exactly one is not 0, otherwise 0.")


@register("add_n", "ElementWiseSum", same_shape=True)
def add_n(*args: Tensor) -> Tensor:
    """The sum of all arrays, which must have one shape and one dtype (not bool)."""
    if not args:
        raise MXNetError("Operator add_n: at least one array is wanted, got none")
    first, *rest = args
    total = first.clone() if not rest else None
    for array in rest:
        if first.dtype is not array.dtype or first.dtype is _BOOL:
            raise _refuse("add_n", first, array)
        if first.shape != array.shape:
            raise _unlike("add_n", "a later input", first, array)
        total = first + array if total is None else total.add_(array)
    return total


def _where_types(attrs, condition, x, y):
    return [condition, x or y, x or y], [x or y]


def _where_inputs(attrs, inputs, outputs):
    """The condition is like x, or a vector as long as its first axis; that x, y and the output are alike is known."""
    condition, *rest = inputs
    like = next((s for s in (*rest, *outputs) if s is not None), None)
    if condition is None or like is None:
        return [None, None, None]
    return [like[:1] if len(condition) == 1 else like, None, None]


@register("where", types=_where_types, same_shape=("x", "y"), input_shapes=_where_inputs)
def where(condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Elements of `x` where `condition` is not 0, of `y` elsewhere.

    condition: shape of `x`, or a vector that chooses whole rows.  x, y: of one shape and one dtype.
    """
    if x.dtype is not y.dtype:
        raise _refuse("where", x, y)
    if x.shape != y.shape:
        raise _unlike("where", "y", x, y)
    if condition.dim() == 1 and x.dim() > 1:
        condition = condition.reshape(-1, *[1] * (x.dim() - 1))
        if condition.shape[0] != x.shape[0]:
            raise MXNetError(f"Operator where: {condition.shape[0]} conditions for {x.shape[0]} rows of x")
    elif condition.shape != x.shape:
        raise _unlike("where", "condition", x, condition)
    return torch.where(condition.bool(), x, y)


# --------------------------------------------------------------------------------------- array and scalar


_FLOAT16, _FLOAT32 = torch.float16, torch.float32
_NUMBERS: dict[float, Tensor] = {}  # numbers as 0-dimensional float32 tensors, which torch takes twice as fast


def _number(scalar: float) -> Tensor | float:
    """`scalar` as a tensor, remembered; as it is where one tensor does not stand for all that are equal to it."""
    if scalar == 0 or scalar != scalar or torch._C._len_torch_dispatch_stack():
        return scalar  # 0.0 and -0.0, not a number; or a mode that would make a tensor of its own kind
    if len(_NUMBERS) >= 1024:
        _NUMBERS.clear()
    tensor = _NUMBERS[scalar] = torch.tensor(float(scalar), dtype=_FLOAT32, device="cpu")
    return tensor


@functools.lru_cache(maxsize=256)
def _half(scalar: float) -> float:
    """`scalar` rounded to float16, infinite beyond its range."""
    return torch.tensor(scalar, dtype=_FLOAT16, device="cpu").item()


def _whole(data: Tensor, scalar: float) -> Tensor:
    """`scalar` in the integer type of `data`, without its fraction; as C has it where that type has no such number."""
    kind = torch.int64 if isinstance(scalar, (int, torch.SymInt)) and data.dtype is torch.int64 else torch.float64
    return torch.scalar_tensor(scalar, dtype=kind, device=data.device).to(data.dtype)


def _scalar_types(attrs, data):
    if data is None or data.is_floating_point:
        return [data], [data]
    return [data], [torch.float64 if not attrs["is_int"] else torch.int64 if data is _BOOL else data]


def _scalar(names: str, fn: Callable[[Tensor, float], Tensor], on_ints: Callable[[Tensor, Tensor], Tensor],
            doc: str, tensors: bool = False) -> None:
    """`fn(array, number)` for floating arrays, `on_ints(array, 0-dimensional array)` for the others.

    tensors: `fn` takes a 0-dimensional tensor as well as a number, and gives the same.
    """
    name, *aliases = names.split()

    def op(data: Tensor, *, scalar: int | float = 1, is_int: bool = True) -> Tensor:
        if tensors and data.dtype is _FLOAT32 and (scalar.__class__ is float or scalar.__class__ is int):
            number = _NUMBERS.get(scalar)
            return fn(data, _number(scalar) if number is None else number)
        if data.is_floating_point():
            return fn(data, scalar if data.dtype is not _FLOAT16 else _half(scalar))
        if not is_int:
            return fn(data.double(), scalar)
        if data.dtype is _BOOL:
            data = data.long()
        return on_ints(data, _whole(data, scalar))

    _publish(op, name, aliases, doc,
             "The result has the dtype of `data` (int64 for booleans), to which the scalar is cast first.  "
             "With is_int=False integer arrays become float64 instead.", same_shape=True, types=_scalar_types)


def _power_scalar(data: Tensor, scalar: float) -> Tensor:
    return torch.square(data) if scalar == 2 else torch.pow(data, scalar)


def _reversed(fn: Callable) -> Callable:
    return lambda data, scalar: fn(scalar, data)


def _mod_scalar(data: Tensor, scalar: float) -> Tensor:
    return torch.remainder(data, scalar) if scalar != 0 else _remainder(data, torch.zeros_like(data))


def _rmod_scalar(data: Tensor, scalar: float) -> Tensor:
    return _remainder(torch.full_like(data, scalar), data)


def _hypot_scalar(data: Tensor, scalar: float) -> Tensor:
    return torch.hypot(data, torch.full_like(data, scalar))


def _logical_and_scalar(data: Tensor, scalar: float) -> Tensor:
    return _not_equal(data, 0) if scalar else torch.zeros_like(data)


def _logical_or_scalar(data: Tensor, scalar: float) -> Tensor:
    return torch.ones_like(data) if scalar else _not_equal(data, 0)


def _logical_xor_scalar(data: Tensor, scalar: float) -> Tensor:
    return _equal(data, 0) if scalar else _not_equal(data, 0)


_scalar("_plus_scalar _PlusScalar", torch.add, torch.add, "data + scalar.", True)
_scalar("_minus_scalar _MinusScalar", torch.sub, torch.sub, "data - scalar.", True)
_scalar("_rminus_scalar _RMinusScalar", _reversed(torch.sub), _reversed(torch.sub), "scalar - data.", True)
_scalar("_mul_scalar _MulScalar", torch.mul, torch.mul, "data * scalar.", True)
_scalar("_div_scalar _DivScalar", torch.div, _divide, "data / scalar.", True)
_scalar("_rdiv_scalar _RDivScalar", lambda data, scalar: scalar / data, _reversed(_quotient),
        "scalar / data.", True)
_scalar("_mod_scalar _ModScalar", _mod_scalar, _remainder, "data % scalar, 0 if the scalar is 0.")
_scalar("_rmod_scalar _RModScalar", _rmod_scalar, _reversed(_remainder), "scalar % data, 0 where data is 0.")
_scalar("_power_scalar _PowerScalar", _power_scalar, _power, "data ** scalar.")
_scalar("_rpower_scalar _RPowerScalar", _reversed(torch.pow), _reversed(_power), "scalar ** data.")
_scalar("_maximum_scalar _MaximumScalar", torch.clamp_min, _maximum, "The greater of data and scalar.")
_scalar("_minimum_scalar _MinimumScalar", torch.clamp_max, _minimum, "The lesser of data and scalar.")
_scalar("_hypot_scalar _HypotScalar", _hypot_scalar, _hypot, "sqrt(data ** 2 + scalar ** 2).")
_scalar("_equal_scalar _EqualScalar", _equal, _equal, "1 where data == scalar, otherwise 0.", True)
_scalar("_not_equal_scalar _NotEqualScalar", _not_equal, _not_equal, "1 where data != scalar, otherwise 0.", True)
_scalar("_greater_scalar _GreaterScalar", _greater, _greater, "1 where data > scalar, otherwise 0.", True)
_scalar("_greater_equal_scalar _GreaterEqualScalar", _greater_equal, _greater_equal,
        "1 where data >= scalar, otherwise 0.", True)
_scalar("_lesser_scalar _LesserScalar", _lesser, _lesser, "1 where data < scalar, otherwise 0.", True)
_scalar("_lesser_equal_scalar _LesserEqualScalar", _lesser_equal, _lesser_equal,
        "1 where data <= scalar, otherwise 0.", True)
_scalar("_logical_and_scalar _LogicalAndScalar", _logical_and_scalar, _logical_and_scalar,
        "1 where data and scalar are not 0, otherwise 0.")
_scalar("_logical_or_scalar _LogicalOrScalar", _logical_or_scalar, _logical_or_scalar,
        "1 where data or scalar is not 0, otherwise 0.")
_scalar("_logical_xor_scalar _LogicalXorScalar", _logical_xor_scalar, _logical_xor_scalar,
        "1 where exactly one of data and scalar is not 0, otherwise 0.")
_scalar("_scatter_plus_scalar", torch.add, torch.add, "data + scalar; MXNet keeps the sparsity of data.")
_scalar("_scatter_minus_scalar", torch.sub, torch.sub, "data - scalar; MXNet keeps the sparsity of data.")
