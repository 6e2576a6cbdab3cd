"""Reductions over axes (sum, max, norm, ...), running sums, and their opposite: stretching along axes.

`axis` is an int, a tuple or None for all axes; `exclude=True` reduces over all other axes instead.  What is
reduced to a single value has shape (1,), under NumPy shape semantics too (mx.np has its own reductions).
"""

import functools
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from . import integers
from ._dtypes import like_first
from ._shapes import count, fit, indexed_axis, reduced, replaced, rule, same
from .registry import Shape, register
from .unary import refuse_bool

_ALL = ()  # all axes, as torch reads an empty tuple
_DType = Literal["float16", "float32", "float64", "int32", "int64", "int8"]


def _axes(name: str, data: Tensor, axis: Shape | None, exclude: bool) -> Shape:
    """The axes to reduce over, `_ALL` for every one."""
    if axis is None or len(axis) == 0:
        return _ALL
    if not exclude:
        return axis
    return _all_but(name, data.dim(), axis)


@functools.lru_cache(maxsize=256)
def _all_but(name: str, rank: int, axes: Shape) -> Shape:
    """The axes of an array of `rank` that are not in `axes`."""
    for axis in axes:
        if not -rank <= axis < rank:
            raise MXNetError(f"Operator {name}: axis {axis} exceeds the input dimension of {rank}")
    return tuple(a for a in range(rank) if a not in axes and a - rank not in axes)


def one_axis(name: str, data: Tensor, axis: int) -> int:
    """`axis` counted from the front; MXNetError if the array has no such axis."""
    rank = data.dim()
    if not -rank <= axis < rank:
        raise MXNetError(f"Operator {name}: axis {axis} exceeds the input dimension of {rank}")
    return axis % rank


def _at_least_1d(result: Tensor) -> Tensor:
    return result if result.dim() else result.reshape(1)


def _reduction(names: str, fn: Callable[[Tensor, Shape, bool], Tensor], doc: str) -> None:
    """`fn(data, axes, keepdims)`, where the axes may be `_ALL`."""
    name, *aliases = names.split()

    def op(data: Tensor, *, axis: Shape | None = None, keepdims: bool = False,
           exclude: bool = False) -> Tensor:
        axes = _axes(name, data, axis, exclude) if axis else _ALL
        if axes == _ALL and axis and exclude:
            return data.clone()
        return _at_least_1d(fn(data, axes, keepdims))

    op.__name__ = op.__qualname__ = name
    op.__doc__ = (f"{doc}\n\naxis: one or several axes, default all.  keepdims: keep them with size 1.\n"
                  "exclude: reduce over all axes but these.  The result has the dtype of `data`.")
    register(name, *aliases, output_shapes=reduced)(op)


# ----------------------------------------------------------------------------------- sums, products, bounds


def _sum(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    return data.sum(axes, keepdim=keepdims, dtype=data.dtype)


def _mean(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    if data.is_floating_point():
        return data.mean(axes, keepdim=keepdims)
    return integers.cast(data.double().mean(axes, keepdim=keepdims), data.dtype)


def _nansum(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    return data.nansum(axes or tuple(range(data.dim())), keepdim=keepdims, dtype=data.dtype)


def _prod(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    """torch multiplies over one axis at a time; from the last one, so that the others keep their places."""
    dtype = data.dtype
    chosen = [one_axis("prod", data, a) for a in axes or range(data.dim())]
    if len(set(chosen)) < len(chosen):
        raise MXNetError(f"Operator prod: reduction axes have duplicates {axes}")
    if not chosen:
        return data.clone()
    for axis in sorted(chosen, reverse=True):
        data = data.prod(axis, keepdim=keepdims, dtype=dtype)
    return data


def _nanprod(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    return _prod(data.masked_fill(data.isnan(), 1), axes, keepdims)


class _Extreme(torch.autograd.Function):
    """Largest or smallest element; each element that equals it gets the whole gradient (torch shares it)."""

    @staticmethod
    def forward(ctx, data, fn, axes):
        extreme = fn(data, axes, keepdim=True)
        ctx.save_for_backward(data, extreme)
        return extreme

    @staticmethod
    def backward(ctx, grad):
        data, extreme = ctx.saved_tensors
        return grad * (data == extreme), None, None


def _extreme(fn: Callable) -> Callable:
    def reduce(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
        if not (data.requires_grad and data.is_floating_point() and torch.is_grad_enabled()):
            return fn(data, axes, keepdim=keepdims)
        result = _Extreme.apply(data, fn, axes)
        return result if keepdims else result.squeeze(axes or tuple(range(data.dim())))

    return reduce


_reduction("sum sum_axis", _sum, "Sum of the elements.")
_reduction("mean", _mean, "Mean of the elements; of integers without its fraction.")
_reduction("prod", _prod, "Product of the elements.")
_reduction("nansum", _nansum, "Sum of the elements that are not NaN.")
_reduction("nanprod", _nanprod, "Product of the elements that are not NaN.")
_reduction("max max_axis", _extreme(torch.amax), "Largest element; every largest one gets the gradient.")
_reduction("min min_axis", _extreme(torch.amin), "Smallest element; every smallest one gets the gradient.")
_reduction("_square_sum", lambda data, axes, keepdims: _sum(data * data, axes, keepdims),
           "Sum of the squares of the elements.")


def _norm_types(attrs, data):
    return [data], [data if attrs["out_dtype"] is None else getattr(torch, attrs["out_dtype"])]


@register("norm", types=_norm_types, output_shapes=reduced)
def norm(data: Tensor, *, ord: int = 2, axis: Shape | None = None,
         out_dtype: _DType | None = None, keepdims: bool = False) -> Tensor:
    """L1 norm (ord=1) or L2 norm (ord=2) over `axis`, default all axes.

    out_dtype: dtype of the result, default that of `data`.  The gradient of the L2 norm at 0 is 0.
    """
    if ord not in (1, 2):
        raise MXNetError(f"Operator norm: ord must be 1 or 2, got {ord}")
    dtype = data.dtype if out_dtype is None else getattr(torch, out_dtype)
    x = data.to(torch.promote_types(data.dtype, dtype)) if data.is_floating_point() else data.double()
    result = torch.linalg.vector_norm(x, ord, axis or None, keepdim=keepdims)
    return _at_least_1d(result.to(dtype))


@rule
def _moments_outputs(attrs, data):
    fit(bool(attrs["axes"]))
    return reduced({**attrs, "axis": attrs["axes"]}, [data]) * 2


@register("moments", num_outputs=2, output_shapes=_moments_outputs)
def moments(data: Tensor, *, axes: Shape | None = None, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and (biased) variance over `axes`, which must be given."""
    if not axes:
        raise MXNetError("Operator moments: empty axes are not supported, name all axes for global moments")
    x = data if data.is_floating_point() else data.double()
    var, mean = torch.var_mean(x, axes, correction=0, keepdim=keepdims)
    return _at_least_1d(mean.to(data.dtype)), _at_least_1d(var.to(data.dtype))


# ---------------------------------------------------------------------------------------- index of extremes


def _arg_extreme(name: str, fn: Callable) -> None:
    def op(data: Tensor, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
        refuse_bool(name, data)
        if axis is not None:
            one_axis(name, data, axis)
        return _at_least_1d(fn(data, axis, keepdim=keepdims).to(data.dtype))

    op.__name__ = op.__qualname__ = name
    which = "largest" if name == "argmax" else "smallest"
    op.__doc__ = (f"Index of the {which} element along `axis`, the first one at ties; NaN counts as {which}."
                  "\n\naxis: default None, the index into the flattened array.\n"
                  "The result has the dtype of `data`.")
    register(name, output_shapes=reduced)(op)


_arg_extreme("argmax", torch.argmax)
_arg_extreme("argmin", torch.argmin)


@rule
def _channel_outputs(attrs, data):
    return [replaced(data, indexed_axis(1, len(data)))]


@register("argmax_channel", output_shapes=_channel_outputs)
def argmax_channel(data: Tensor) -> Tensor:
    """Index of the largest element of each row, for data of shape (batch, channels): (batch,)."""
    refuse_bool("argmax_channel", data)
    return data.argmax(1).to(data.dtype)


def _cumsum_types(attrs, data):
    if attrs["dtype"] is not None:
        return [data], [getattr(torch, attrs["dtype"])]
    return [data], [torch.int64 if data is torch.bool else data]


@rule
def _cumsum_outputs(attrs, data):
    if attrs["axis"] is None:
        return [(count(data),)]
    indexed_axis(attrs["axis"], len(data))
    return [data]


@register("_np_cumsum", "cumsum", types=_cumsum_types, output_shapes=_cumsum_outputs)
def cumsum(a: Tensor, *, axis: int | None = None, dtype: _DType | None = None) -> Tensor:
    """Running sum along `axis`, over the flattened array by default.

    dtype: of the result, default that of `a` (int64 for booleans).
    """
    if dtype is not None:
        result_dtype = getattr(torch, dtype)
    else:
        result_dtype = torch.int64 if a.dtype is torch.bool else a.dtype
    if axis is None:
        return a.reshape(-1).cumsum(0, dtype=result_dtype)
    return a.cumsum(one_axis("cumsum", a, axis), dtype=result_dtype)


# ----------------------------------------------------------------------------------------------- stretching


def _stretch(data: Tensor, shape: list) -> Tensor:
    return data.expand(shape).clone(memory_format=torch.contiguous_format)


def _cannot_stretch(name: str, data: Tensor, shape: Shape) -> MXNetError:
    return MXNetError(f"Operator {name}: shape {tuple(data.shape)} cannot be broadcast to {tuple(shape)}")


@rule
def _stretched(attrs, data):
    axes, sizes = attrs["axis"], attrs["size"]
    shape = list(data)
    for axis, size in zip(axes, sizes, strict=True):
        axis = indexed_axis(axis, len(data))
        fit(same(shape[axis], 1))
        shape[axis] = size
    return [tuple(shape)]


@register("broadcast_axis", "broadcast_axes", output_shapes=_stretched)
def broadcast_axis(data: Tensor, *, axis: Shape = (), size: Shape = ()) -> Tensor:
    """Repeat `data` along axes of size 1: `axis` names them, `size` says how often."""
    if len(axis) != len(size):
        raise MXNetError(f"Operator broadcast_axis: {len(axis)} axes {axis} but {len(size)} sizes {size}")
    shape = list(data.shape)
    for one, wanted in zip(axis, size, strict=True):
        one = one_axis("broadcast_axis", data, one)
        if shape[one] != 1:
            raise MXNetError(f"Operator broadcast_axis: axis {one} must have size 1, "
                             f"got shape {tuple(data.shape)}")
        shape[one] = wanted
    return _stretch(data, shape)


@rule
def _stretched_to(attrs, data):
    shape = tuple(have if want == 0 else want for have, want in zip(data, attrs["shape"], strict=True))
    fit(all(have == 1 or same(have, want) for have, want in zip(data, shape, strict=True)))
    return [shape]


@register("broadcast_to", output_shapes=_stretched_to)
def broadcast_to(data: Tensor, *, shape: Shape = ()) -> Tensor:
    """Repeat `data` along its axes of size 1 up to `shape`, which has as many axes; 0 keeps a size."""
    if len(shape) != data.dim():
        raise _cannot_stretch("broadcast_to", data, shape)
    wanted = [have if want == 0 else want for have, want in zip(data.shape, shape, strict=True)]
    if any(want < 0 for want in wanted):
        raise MXNetError(f"Operator broadcast_to: sizes cannot be negative, got {tuple(shape)}")
    return _stretch(data, wanted)


@rule
def _stretched_like(attrs, lhs, rhs):
    axes, theirs = attrs["lhs_axes"], attrs["rhs_axes"]
    if axes is None and theirs is None:
        fit(all(a == 1 or same(a, b) for a, b in zip(lhs, rhs, strict=True)))
        return [rhs]
    shape = list(lhs)
    for mine, other in zip(axes, theirs, strict=True):
        mine = indexed_axis(mine, len(lhs))
        fit(same(shape[mine], 1))
        shape[mine] = rhs[indexed_axis(other, len(rhs))]
    return [tuple(shape)]


@register("broadcast_like", types=like_first, output_shapes=_stretched_like)
def broadcast_like(lhs: Tensor, rhs: Tensor, *, lhs_axes: Shape | None = None,
                   rhs_axes: Shape | None = None) -> Tensor:
    """Repeat `lhs` along its axes of size 1 up to the shape of `rhs`.

    lhs_axes, rhs_axes: stretch only these axes of `lhs`, to the sizes of those of `rhs`; both or none.
    """
    if lhs_axes is None and rhs_axes is None:
        if lhs.dim() != rhs.dim():
            raise _cannot_stretch("broadcast_like", lhs, rhs.shape)
        return _stretch(lhs, list(rhs.shape))
    if not lhs_axes or not rhs_axes or len(lhs_axes) != len(rhs_axes):
        raise MXNetError(f"Operator broadcast_like: lhs_axes {lhs_axes} and rhs_axes {rhs_axes} must match")
    shape = list(lhs.shape)
    for mine, theirs in zip(lhs_axes, rhs_axes, strict=True):
        mine = one_axis("broadcast_like", lhs, mine)
        if shape[mine] != 1:
            raise MXNetError(f"Operator broadcast_like: axis {mine} of lhs must have size 1, "
                             f"got shape {tuple(lhs.shape)}")
        shape[mine] = rhs.shape[one_axis("broadcast_like", rhs, theirs)]
    return _stretch(lhs, shape)
