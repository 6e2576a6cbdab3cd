"""nd.contrib's functions of single elements and of positions: straight-through estimators, indices."""

import torch
from torch import Tensor

from ..base import MXNetError
from ._dtypes import always
from ._shapes import indexed_axis, rule
from .reduce import one_axis
from .registry import Shape, register
from .unary import to_nearest


@register("_contrib_div_sqrt_dim", same_shape=True)
def div_sqrt_dim(data: Tensor) -> Tensor:
    """data / sqrt(size of the last axis), the scaling of attention (Vaswani et al. 2017).

    Integers are divided by the integer below the root.
    """
    root = data.shape[-1] ** 0.5
    return data / root if data.is_floating_point() else data.div(int(root), rounding_mode="trunc")


@register("_contrib_quadratic", same_shape=True)
def quadratic(data: Tensor, *, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> Tensor:
    """a * x ** 2 + b * x + c for each element x."""
    return ((data * a + b) * data + c).to(data.dtype)


class _ScaledGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data, scalar):
        ctx.scalar = scalar
        return data.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.scalar, None


@register("_contrib_gradientmultiplier", same_shape=True)
def gradientmultiplier(data: Tensor, *, scalar: int | float = 1, is_int: bool = True) -> Tensor:
    """A copy of `data` whose gradient is multiplied by `scalar`; with -1, reversal (Ganin et al. 2016)."""
    return _ScaledGradient.apply(data, scalar)


class _StraightThrough(torch.autograd.Function):
    """A value forward, the identity backward (Bengio et al. 2013)."""

    @staticmethod
    def forward(ctx, data, value):
        return value.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad, None


@register("_contrib_round_ste", same_shape=True)
def round_ste(data: Tensor) -> Tensor:
    """The nearest integer, halves away from zero; the gradient passes unchanged."""
    if not data.is_floating_point():
        return data.clone()
    return _StraightThrough.apply(data, to_nearest(data))


@register("_contrib_sign_ste", same_shape=True)
def sign_ste(data: Tensor) -> Tensor:
    """-1, 0 or 1 by the sign; the gradient passes unchanged."""
    return _StraightThrough.apply(data, data.sign())


@rule
def _arange_outputs(attrs, data):
    axis = attrs["axis"]
    return [data if axis is None else (data[indexed_axis(axis, len(data))],)]


@register("_contrib_arange_like", output_shapes=_arange_outputs)
def arange_like(data: Tensor, *, start: int | float = 0, step: int | float = 1, repeat: int = 1,
                ctx: str = "", axis: int | None = None) -> Tensor:
    """start, start + step, ... in the shape of `data`, or as a vector of the size of `axis`.

    repeat: how often each number stands; the count of all does not change.
    """
    count = data.numel() if axis is None else data.shape[one_axis("_contrib_arange_like", data, axis)]
    numbers = torch.arange(count, device=data.device) // repeat * float(step) + float(start)
    numbers = numbers.to(data.dtype)
    return numbers.reshape(data.shape) if axis is None else numbers


@register("_contrib_index_array", types=always(torch.int64))
def index_array(data: Tensor, *, axes: Shape | None = None) -> Tensor:
    """int64 array of shape (*data.shape, number of axes): at each element its own index along `axes`."""
    chosen = range(data.dim()) if axes is None else [one_axis("_contrib_index_array", data, a) for a in axes]
    if not chosen:
        return torch.empty((*data.shape, 0), dtype=torch.int64, device=data.device)
    grids = torch.meshgrid([torch.arange(n, device=data.device) for n in data.shape], indexing="ij")
    return torch.stack([grids[a] for a in chosen], -1)


@register("_contrib_isnan", same_shape=True)
def isnan(data: Tensor) -> Tensor:
    """1 where the element is NaN, otherwise 0, in the dtype of `data`."""
    return data.isnan().to(data.dtype)


@register("_contrib_isinf", same_shape=True)
def isinf(data: Tensor) -> Tensor:
    """1 where the element is infinite, otherwise 0, in the dtype of `data`."""
    return data.isinf().to(data.dtype)


@register("_contrib_isfinite", same_shape=True)
def isfinite(data: Tensor) -> Tensor:
    """1 where the element is neither infinite nor NaN, otherwise 0, in the dtype of `data`."""
    return data.isfinite().to(data.dtype)


@register("_contrib_allclose", types=always(torch.uint8))
def allclose(a: Tensor, b: Tensor, *, rtol: float = 1e-5, atol: float = 1e-8,
             equal_nan: bool = True) -> Tensor:
    """uint8 scalar: 1 if |a - b| <= atol + rtol * |b| for all elements, otherwise 0; `a` and `b` of one shape."""
    if a.shape != b.shape:
        raise MXNetError(f"allclose: shapes {tuple(a.shape)} and {tuple(b.shape)} differ")
    return torch.isclose(a, b, rtol, atol, equal_nan).all().to(torch.uint8)
