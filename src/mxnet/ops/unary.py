"""Functions of one array, element by element: rounding, powers, exponentials, trigonometry, casts, copies.

One statement an operator.  Integer arrays are computed in double precision and truncated back to their type,
as MXNet does; boolean arrays are refused unless the operator only copies.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..base import TORCH_TO_NAME, MXNetError
from . import integers
from ._dtypes import always
from ._shapes import rule
from .binary import answer
from .registry import DType, register


def refuse_bool(name: str, data: Tensor) -> None:
    """MXNetError if `data` is boolean: arithmetic on booleans needs a cast first."""
    if data.dtype is torch.bool:
        raise MXNetError(f"Operator {name} does not support boolean type, cast the array first")


def require_float(name: str, data: Tensor) -> None:
    """MXNetError unless `data` is of a floating type."""
    if not data.is_floating_point():
        got = TORCH_TO_NAME[data.dtype]
        raise MXNetError(f"Operator {name} only supports floating point types, not {got}")


def require_count(name: str, data: tuple[Tensor, ...], number: int) -> None:
    """MXNetError unless there are `number` arrays."""
    if len(data) != number:
        raise MXNetError(f"Operator {name} expects {number} inputs, but got {len(data)}")


def _unary(names: str, fn: Callable[[Tensor], Tensor], doc: str) -> None:
    """An operator (with aliases, separated by blanks) that torch has for integers too."""
    name, *aliases = names.split()

    def op(data: Tensor) -> Tensor:
        if data.dtype is torch.bool:
            refuse_bool(name, data)
        return fn(data)

    _publish(op, name, aliases, doc)


def _floating(names: str, fn: Callable[[Tensor], Tensor], doc: str) -> None:
    """An operator on real numbers; integer arrays go through float64 and back."""
    name, *aliases = names.split()

    def op(data: Tensor) -> Tensor:
        if data.is_floating_point():
            return fn(data)
        refuse_bool(name, data)
        return integers.cast(fn(data.double()), data.dtype)

    _publish(op, name, aliases, doc)


def _publish(op: Callable, name: str, aliases: list[str], doc: str) -> None:
    op.__name__ = op.__qualname__ = name
    op.__doc__ = f"{doc}\n\nThe result has the shape and dtype of `data`."
    register(name, *aliases, same_shape=True)(op)


# -------------------------------------------------------------------------------------- signs and rounding


def to_nearest(data: Tensor) -> Tensor:
    """Halves away from zero (torch.round takes them to even)."""
    truncated = data.trunc()
    return truncated + (data - truncated).abs().ge(0.5) * data.sign()


def _rint(data: Tensor) -> Tensor:
    """Halves towards minus infinity, MXNet's rule."""
    down = data.floor()
    return torch.where(data - down <= 0.5, down, data.ceil())


_unary("abs", torch.abs, "Absolute value.  The gradient at 0 is 0.")
_unary("sign", torch.sign, "-1, 0 or 1 by the sign.  The gradient is 0.")
_unary("negative", torch.neg, "-data.")
_unary("square", torch.square, "data * data.")
_unary("relu", torch.relu, "max(data, 0).  The gradient at 0 is 0.")
_floating("round", to_nearest, "The nearest integer, halves away from zero.")
_floating("rint", _rint, "The nearest integer, halves downwards.")
_floating("ceil", torch.ceil, "The smallest integer that is not less than the element.")
_floating("floor", torch.floor, "The largest integer that is not greater than the element.")
_floating("trunc", torch.trunc, "The element without its fraction.")
_floating("fix", torch.trunc, "The nearest integer towards zero.")


# ------------------------------------------------------------------------ powers, exponentials, logarithms


class _Cbrt(torch.autograd.Function):
    """Cube root; written out because |x| ** (1/3) has no gradient at 0, where MXNet's is infinite."""

    @staticmethod
    def forward(ctx, data):
        root = data.abs().pow(1 / 3).copysign(data)
        # One step of Newton's method makes perfect cubes exact.
        root = torch.where((root == 0) | root.isinf(), root, root - (root - data / (root * root)) / 3)
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx, grad):
        root, = ctx.saved_tensors
        return grad / (3 * root * root)


class _LogGamma(torch.autograd.Function):
    """lgamma whose gradient at its poles, 0, -1, -2, ..., is infinite, as in MXNet."""

    @staticmethod
    def forward(ctx, data):
        ctx.save_for_backward(data)
        return torch.lgamma(data)

    @staticmethod
    def backward(ctx, grad):
        data, = ctx.saved_tensors
        return grad * torch.digamma(data).masked_fill((data <= 0) & (data == data.floor()), math.inf)


def _gammaln(data: Tensor) -> Tensor:
    return _LogGamma.apply(data) if data.requires_grad else torch.lgamma(data)


def _gamma(data: Tensor) -> Tensor:
    size = _gammaln(data.double()).exp().to(data.dtype)  # the logarithm's error grows in exp
    # Below 0 the sign alternates from one integer to the next; at negative integers there is no value.
    below = data < 0
    odd = torch.remainder(data.floor(), 2) == 1
    size = torch.where((below & odd) | ((data == 0) & data.signbit()), -size, size)
    return torch.where(below & (data == data.floor()), torch.nan, size)


_floating("sqrt", torch.sqrt, "Square root; NaN below 0.")
_floating("rsqrt", torch.rsqrt, "1 / sqrt(data).")
_floating("cbrt", _Cbrt.apply, "Cube root.")
_floating("rcbrt", lambda data: _Cbrt.apply(data).reciprocal(), "1 / cbrt(data).")
_floating("reciprocal", torch.reciprocal, "1 / data.")
_floating("exp", torch.exp, "e ** data.")
_floating("expm1", torch.expm1, "exp(data) - 1, exact for small elements.")
_floating("log", torch.log, "Natural logarithm.")
_floating("log10", torch.log10, "Logarithm to base 10.")
_floating("log2", torch.log2, "Logarithm to base 2.")
_floating("log1p", torch.log1p, "log(1 + data), exact for small elements.")
_floating("gamma", _gamma, "The gamma function.")
_floating("gammaln", _gammaln, "Logarithm of the gamma function's absolute value.")
_floating("erf", torch.erf, "The error function.")
_floating("erfinv", torch.erfinv, "Inverse of the error function.")

# ------------------------------------------------------------------------------------------- trigonometry

_floating("sin", torch.sin, "Sine of an angle in radians.")
_floating("cos", torch.cos, "Cosine of an angle in radians.")
_floating("tan", torch.tan, "Tangent of an angle in radians.")
_floating("arcsin", torch.arcsin, "Inverse sine, in radians.")
_floating("arccos", torch.arccos, "Inverse cosine, in radians.")
_floating("arctan", torch.arctan, "Inverse tangent, in radians.")
_floating("sinh", torch.sinh, "Hyperbolic sine.")
_floating("cosh", torch.cosh, "Hyperbolic cosine.")
_floating("tanh", torch.tanh, "Hyperbolic tangent.")
_floating("arcsinh", torch.arcsinh, "Inverse hyperbolic sine.")
_floating("arccosh", torch.arccosh, "Inverse hyperbolic cosine.")
_floating("arctanh", torch.arctanh, "Inverse hyperbolic tangent.")
_floating("degrees", torch.rad2deg, "Radians as degrees.")
_floating("radians", torch.deg2rad, "Degrees as radians.")

# ------------------------------------------------------------------------------- activations and the like


class _Softsign(torch.autograd.Function):
    """Written out because torch's gradient is a difference, which is lost for large elements."""

    @staticmethod
    def forward(ctx, data):
        ctx.save_for_backward(data)
        return data / (data.abs() + 1)

    @staticmethod
    def backward(ctx, grad):
        data, = ctx.saved_tensors
        return grad / (data.abs() + 1).square()


_floating("sigmoid", torch.sigmoid, "1 / (1 + exp(-data)).")
_floating("softsign", _Softsign.apply, "data / (1 + |data|).")
_unary("logical_not", lambda data: answer(torch.eq, data, 0), "1 where the element is 0, otherwise 0.")


@register("hard_sigmoid", same_shape=True)
def hard_sigmoid(data: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    """max(0, min(1, alpha * data + beta)), for floating types; no gradient at the bounds and outside."""
    require_float("hard_sigmoid", data)
    return torch.nn.functional.hardtanh(data * alpha + beta, 0, 1)


@register("smooth_l1", same_shape=True)
def smooth_l1(data: Tensor, *, scalar: float = 1.0) -> Tensor:
    """The smooth L1 loss of each element, from Fast R-CNN (Girshick 2015).

    0.5 * (scalar * x) ** 2 where |x| < 1 / scalar ** 2, and |x| - 0.5 / scalar ** 2 elsewhere.
    """
    refuse_bool("smooth_l1", data)
    x = data if data.is_floating_point() else data.double()
    bound = 1 / (scalar * scalar) if scalar * scalar else math.inf
    return torch._C._nn.smooth_l1_loss(x, x.new_zeros(()), 0, bound).to(data.dtype)


class _Clip(torch.autograd.Function):
    """torch.clamp, whose gradient takes far longer."""

    @staticmethod
    def forward(ctx, data, low, high):
        result = data.clamp(low, high)
        ctx.save_for_backward(data, result)
        return result

    @staticmethod
    def backward(ctx, grad):
        data, result = ctx.saved_tensors
        return grad * answer(torch.eq, data, result), None, None


@register("clip", same_shape=True)
def clip(data: Tensor, *, a_min: float, a_max: float) -> Tensor:
    """Elements limited to [a_min, a_max]; the gradient is 1 inside and at the bounds, 0 outside.

    With a_min > a_max, elements above a_max become a_max and all others a_min.
    """
    if data.is_floating_point() and a_min <= a_max:
        if data.requires_grad and torch.is_grad_enabled():
            return _Clip.apply(data, a_min, a_max)
        return data.clamp(a_min, a_max)
    refuse_bool("clip", data)
    x = data if data.is_floating_point() else data.double()
    if a_min > a_max:
        return integers.cast(torch.where(x > a_max, a_max, x.clamp_min(a_min)), data.dtype)
    return integers.cast(x.clamp(a_min, a_max), data.dtype)


# -------------------------------------------------------------------------------------- copies and casts


def _itself(data: Tensor) -> Tensor:
    return data


@register("_copy", "identity", "_copyto", same_shape=True, view=_itself)
def identity(data: Tensor) -> Tensor:
    """A copy of `data`."""
    return data.clone()


def _detached(data: Tensor) -> Tensor:
    return data.detach()


@register("BlockGrad", "stop_gradient", same_shape=True, view=_detached)
def block_grad(data: Tensor) -> Tensor:
    """A copy of `data` through which no gradient flows."""
    return data.detach().clone()


class _MakeLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data):
        return data.clone()

    @staticmethod
    def backward(ctx, grad):
        return torch.ones_like(grad)


@register("make_loss", loss=True, same_shape=True, output_names=("loss",))
def make_loss(data: Tensor) -> Tensor:
    """A copy of `data` that is a loss: its gradient is 1, whatever gradient comes from above."""
    return _MakeLoss.apply(data)


@register("_identity_with_attr_like_rhs", same_shape=("lhs", "rhs"))
def identity_with_attr_like_rhs(lhs: Tensor, rhs: Tensor) -> Tensor:
    """A copy of `lhs`; in a graph it also tells that both inputs are alike."""
    if lhs.shape != rhs.shape:
        raise MXNetError(f"_identity_with_attr_like_rhs: shapes {tuple(lhs.shape)} and {tuple(rhs.shape)} differ")
    return lhs.clone()


@register("zeros_like", same_shape=True)
def zeros_like(data: Tensor) -> Tensor:
    """Zeros in the shape and dtype of `data`."""
    return torch.zeros_like(data)


@register("ones_like", same_shape=True)
def ones_like(data: Tensor) -> Tensor:
    """Ones in the shape and dtype of `data`."""
    return torch.ones_like(data)


@register("Cast", "cast", same_shape=True)
def cast(data: Tensor, *, dtype: DType) -> Tensor:
    """A copy of `data` in another dtype; floating values lose their fraction when cast to integers."""
    return integers.cast(data, dtype, True)


_CAST = (torch.float16, torch.bfloat16, torch.float32)  # what mixed precision mixes


def _amp_type(attrs, data):
    return [data], [attrs["dtype"] if data is None or data in _CAST else data]


@register("amp_cast", same_shape=True, types=_amp_type)
def amp_cast(data: Tensor, *, dtype: DType) -> Tensor:
    """Cast for automatic mixed precision: arrays of up to 32 floating bits become `dtype`, others are copied."""
    return data.to(dtype, copy=True) if data.dtype in _CAST else data.clone()


def _amp_types(attrs, *data):
    if None in data:
        return list(data), [None] * len(data)
    common = _widest(data, attrs["cast_narrow"])
    return list(data), [common if dtype.is_floating_point else dtype for dtype in data]


def _widest(dtypes, narrowest: bool):
    widths = sorted((dtype for dtype in dtypes if dtype.is_floating_point), key=lambda dtype: dtype.itemsize)
    return widths[0 if narrowest else -1] if widths else None


@register("amp_multicast", num_outputs=lambda attrs: attrs["num_outputs"], types=_amp_types,
          output_shapes=lambda attrs, inputs: inputs, input_shapes=lambda attrs, inputs, outputs: outputs,
          input_names=lambda attrs, given: [f"data_{i}" for i in range(attrs["num_outputs"])])
def amp_multicast(*data: Tensor, num_outputs: int, cast_narrow: bool = False) -> tuple[Tensor, ...]:
    """Cast floating arrays to the widest dtype among theirs, or with `cast_narrow` to the narrowest; copy others."""
    require_count("amp_multicast", data, num_outputs)
    dtype = _widest([d.dtype for d in data], cast_narrow)
    return tuple(d.to(dtype, copy=True) if d.is_floating_point() else d.clone() for d in data)


# --------------------------------------------------------------------------------------- facts about arrays


def _int64_of_any(attrs, data):
    return [data], [torch.int64]


@register("shape_array", types=_int64_of_any, output_shapes=rule(lambda attrs, data: [(len(data),)]))
def shape_array(data: Tensor) -> Tensor:
    """The shape of `data` as an int64 vector."""
    return torch.tensor(data.shape, dtype=torch.int64, device=data.device)


@register("size_array", types=_int64_of_any, output_shapes=rule(lambda attrs, data: [(1,)]))
def size_array(data: Tensor) -> Tensor:
    """The number of elements of `data` as an int64 vector of length 1."""
    return torch.tensor([data.numel()], dtype=torch.int64, device=data.device)


def _with_held(attrs, result: Tensor, held: Tensor) -> Tensor:
    return result if attrs.get("init_output", True) else result * held


@register("all_finite", types=always(torch.float32), joins=_with_held)
def all_finite(data: Tensor, *, init_output: bool = True) -> Tensor:
    """float32 vector of length 1: 1 if no element is infinite or NaN, otherwise 0.

    init_output: if False, an array given as `out=` becomes 0 where it was 0 before, so that calls add up.
    """
    return _zero_or_nan(data).isfinite().to(torch.float32).reshape(1)


def _zero_or_nan(data: Tensor) -> Tensor:
    """NaN if an element is infinite or NaN, otherwise 0; in less time than a boolean for each element takes."""
    require_float("all_finite", data)
    return (data.detach() * 0).sum(dtype=torch.float32)


@register("multi_all_finite", types=always(torch.float32), joins=_with_held,
          input_names=lambda attrs, given: [f"array_{i}" for i in range(attrs["num_arrays"])])
def multi_all_finite(*data: Tensor, num_arrays: int = 1, init_output: bool = True) -> Tensor:
    """As `all_finite`, over all elements of all arrays."""
    require_count("multi_all_finite", data, num_arrays)
    found = torch.stack([_zero_or_nan(d) for d in data])
    return found.isfinite().all().to(torch.float32).reshape(1)
