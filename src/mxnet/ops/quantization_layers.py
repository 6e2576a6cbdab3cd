"""Layers on quantized arrays (see quantization.py): integer arithmetic, exact to the last unit.

Each takes its arrays, then the ranges that they stand for, and returns the result with the range of that.
"""

from functools import lru_cache
from math import prod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from . import dense, indexing, join, norm, pooling, shape  # noqa: F401  their rules of shapes hold here, too
from ._shapes import fit, rule, same
from .conv import geometry
from .quantization import (
    LEVELS,
    WIDE,
    calibrated,
    check_range,
    copies,
    magnitude,
    narrow,
    per_unit,
    range_shapes,
    require,
)
from .registry import Shape, get, register

__all__ = ["products", "quantized_act", "quantized_batch_norm", "quantized_concat", "quantized_conv",
           "quantized_elemwise_add", "quantized_elemwise_mul", "quantized_embedding", "quantized_flatten",
           "quantized_fully_connected", "quantized_pooling"]

_FLOAT = torch.float32
_NAMES = ("output", "min_output", "max_output")


def _rules(operator: str, arrays: int) -> dict:
    """The rules of shapes of the operator on floats, for one that has ranges after its first so many inputs."""
    rules = get(operator).extra

    def split(attrs, inputs) -> int:
        return arrays - 1 if attrs.get("no_bias") else min(arrays, len(inputs))

    def output_shapes(attrs, inputs):
        of_floats = rules["output_shapes"](attrs, list(inputs[:split(attrs, inputs)]))
        return [of_floats[0] if of_floats else None, (1,), (1,)]

    def shapes(attrs, *inputs):
        count = split(attrs, inputs)
        known = rules["shapes"](attrs, *inputs[:count]) if "shapes" in rules else inputs[:count]
        return [*known, *[(1,)] * (len(inputs) - count)]

    return {"output_shapes": output_shapes, "shapes": shapes}


def _as_data(attrs, data, *ranges):
    """The `types=` rule of operators that keep the dtype."""
    return [data, *[_FLOAT] * len(ranges)], [data, _FLOAT, _FLOAT]


# ------------------------------------------------------------------------------------- what only looks at elements


@register("_contrib_quantized_act", num_outputs=3, output_names=_NAMES, types=_as_data, shapes=range_shapes(),
          output_shapes=rule(lambda attrs, data, *ends: [data, (1,), (1,)]))
def quantized_act(data: Tensor, min_data: Tensor, max_data: Tensor, *,
                  act_type: Literal["relu", "sigmoid", "softrelu", "softsign", "tanh"]) -> tuple[Tensor, ...]:
    """Activation of int8 or uint8 data: (max(data, 0), min_data, max_data).

    min_data, max_data: (1,), float32, the range of the data.  MXNetError for other dtypes and shapes, and if
    `act_type` is not "relu".  No gradient.
    """
    require("quantized_act", data, *WIDE)
    check_range("quantized_act", min_data, max_data)
    if act_type != "relu":
        raise MXNetError(f"quantized_act: only act_type='relu' is possible, got {act_type!r}")
    return data.relu(), *copies(min_data, max_data)


def _as_rows(data: Tensor) -> Tensor:
    return data.flatten(1) if data.dim() > 1 else data.unsqueeze(1)


@register("_contrib_quantized_flatten", num_outputs=3, output_names=_NAMES, types=_as_data, **_rules("Flatten", 1))
def quantized_flatten(data: Tensor, min_data: Tensor, max_data: Tensor) -> tuple[Tensor, ...]:
    """(data as (batch, everything else), min_data, max_data); the ranges are (1,), float32.  No gradient."""
    check_range("quantized_flatten", min_data, max_data)
    return _as_rows(data).clone(), *copies(min_data, max_data)


@register("_contrib_quantized_pooling", num_outputs=3, output_names=_NAMES, types=_as_data, **_rules("Pooling", 1))
def quantized_pooling(data: Tensor, min_data: Tensor, max_data: Tensor, *, kernel: Shape = (),
                      pool_type: Literal["avg", "lp", "max", "sum"] = "max", global_pool: bool = False,
                      cudnn_off: bool = False, pooling_convention: Literal["full", "same", "valid"] = "valid",
                      stride: Shape = (), pad: Shape = (), p_value: int | None = None,
                      count_include_pad: bool | None = None,
                      layout: Literal["NCDHW", "NCHW", "NCW", "NDHWC", "NHWC", "NWC"] | None = None,
                      ) -> tuple[Tensor, ...]:
    """Pooling of int8 or uint8 data by "max" or "avg": (result of the same dtype, min_data, max_data).

    Attributes as in Pooling.  Means are rounded to the nearest, halves to even; unless `count_include_pad=False` they
    count all of the window, also what lies beyond the padding.  min_data, max_data: (1,), float32.
    MXNetError for other dtypes and shapes, and for another `pool_type`.  No gradient.
    """
    op = "quantized_pooling"
    require(op, data, *WIDE)
    check_range(op, min_data, max_data)
    if pool_type not in ("avg", "max"):
        raise MXNetError(f"{op}: only pool_type 'avg' and 'max' are possible, got {pool_type!r}")
    all_count = pool_type == "avg" and not global_pool and count_include_pad is not False
    exact = data.double() if pool_type == "avg" else data.float()
    out = pooling.pooling(exact, kernel=kernel, pool_type="sum" if all_count else pool_type, global_pool=global_pool,
                          pooling_convention=pooling_convention, stride=stride, pad=pad,
                          count_include_pad=count_include_pad, layout=layout)
    return narrow(out / prod(kernel) if all_count else out, data.dtype), *copies(min_data, max_data)


@register("_contrib_quantized_embedding", num_outputs=3, output_names=_NAMES,
          types=lambda attrs, data, *rest: ([data, torch.int8, _FLOAT, _FLOAT], [torch.int8, _FLOAT, _FLOAT]),
          **_rules("Embedding", 2))
def quantized_embedding(data: Tensor, weight: Tensor, min_weight: Tensor, max_weight: Tensor, *, input_dim: int,
                        output_dim: int,
                        dtype: Literal["bfloat16", "float16", "float32", "float64", "int32", "int64", "int8",
                                       "uint8"] = "float32",
                        sparse_grad: bool = False) -> tuple[Tensor, ...]:
    """Rows of the int8 `weight` (input_dim, output_dim) at the indices `data`, with the range of the weight.

    Indices, of any dtype, are clipped to the rows that there are.  min_weight, max_weight: (1,), float32.
    `dtype` and `sparse_grad` are accepted and change nothing.  MXNetError for other dtypes and shapes.  No gradient.
    """
    require("quantized_embedding", weight, torch.int8)
    check_range("quantized_embedding", min_weight, max_weight)
    rows = indexing.embedding(data, weight, input_dim=input_dim, output_dim=output_dim)
    return rows, *copies(min_weight, max_weight)


# ------------------------------------------------------------------------------------------------ ranges put together


def _joined_types(attrs, *inputs):
    data, ranges = inputs[:len(inputs) // 3], inputs[len(inputs) // 3:]
    out = torch.int8 if torch.int8 in data else None if None in data else torch.uint8
    return [*data, *[_FLOAT] * len(ranges)], [out, _FLOAT, _FLOAT]


def _joined_shapes(attrs, inputs):
    count = len(inputs) // 3
    return [*get("Concat").extra["output_shapes"](attrs, list(inputs[:count])), (1,), (1,)]


def _joined_names(attrs, count):
    names = [f"arg{i}" for i in range(attrs["num_args"] or count // 3)]
    return [*names, *(f"{name}_{end}" for name in names for end in ("min", "max"))]


@register("_contrib_quantized_concat", num_outputs=3, output_names=_NAMES, types=_joined_types,
          output_shapes=_joined_shapes, input_names=_joined_names,
          shapes=lambda attrs, *inputs: range_shapes(len(inputs) // 3, len(inputs) // 3)(attrs, *inputs))
def quantized_concat(*data: Tensor, dim: int = 1, num_args: int | None = None) -> tuple[Tensor, ...]:
    """Join int8 and uint8 arrays along the axis `dim`: (joined, smallest minimum, largest maximum).

    data: the `num_args` arrays, then the minimum and the maximum of each, (1,) and float32.  All are brought to the
    range of the result, rounded to the nearest (halves to even); it is int8 if one of them is, otherwise uint8.
    MXNetError for other dtypes and shapes.  No gradient.
    """
    op, count = "quantized_concat", num_args or len(data) // 3
    if len(data) != 3 * count or not count:
        raise MXNetError(f"{op}: expected {3 * count or 'some'} inputs, arrays and their ranges, got {len(data)}")
    arrays, lows, highs = data[:count], data[count::2], data[count + 1::2]
    for array in arrays:
        require(op, array, *WIDE)
    check_range(op, *lows, *highs)
    dtype = torch.int8 if any(array.dtype is torch.int8 for array in arrays) else torch.uint8
    low = torch.cat(copies(*lows)).amin(0, keepdim=True)
    high = torch.cat(copies(*highs)).amax(0, keepdim=True)
    scale = per_unit(WIDE[dtype], magnitude(low, high))
    parts = [narrow(array * (scale / per_unit(WIDE[array.dtype], magnitude(*ends))), dtype)
             for array, *ends in zip(arrays, lows, highs, strict=True)]
    return join.concat(*parts, dim=dim), low, high


@rule
def _both(attrs, lhs, rhs, *ranges):
    fit(len(lhs) == len(rhs), all(map(same, lhs, rhs)))
    return [tuple(map(max, lhs, rhs)), (1,), (1,)]


def _both_shapes(attrs, lhs, rhs, *ranges):
    return [lhs or rhs, rhs or lhs, *[(1,)] * 4]


def _check_both(op: str, lhs: Tensor, rhs: Tensor, *ranges: Tensor) -> None:
    check_range(op, *ranges)
    if lhs.shape != rhs.shape:
        raise MXNetError(f"{op}: both arrays must have one shape, got {tuple(lhs.shape)} and {tuple(rhs.shape)}")


def _is_calibrated(attrs) -> bool:
    return attrs["min_calib_range"] is not None and attrs["max_calib_range"] is not None


def _sum_types(attrs, lhs, rhs, *ranges):
    out = torch.int32
    if _is_calibrated(attrs):
        out = torch.int8 if torch.int8 in (lhs, rhs) else None if None in (lhs, rhs) else torch.uint8
    return [lhs, rhs, *[_FLOAT] * 4], [out, _FLOAT, _FLOAT]


@register("_contrib_quantized_elemwise_add", num_outputs=3, output_names=_NAMES, types=_sum_types,
          output_shapes=_both, shapes=_both_shapes)
def quantized_elemwise_add(lhs: Tensor, rhs: Tensor, lhs_min: Tensor, lhs_max: Tensor, rhs_min: Tensor,
                           rhs_max: Tensor, *, min_calib_range: float | None = None,
                           max_calib_range: float | None = None) -> tuple[Tensor, ...]:
    """The sum of two int8 or uint8 arrays of one shape: (sum, min, max).

    lhs_min, ... rhs_max: (1,), float32, their ranges.  Without a calibrated range the sum is int32, for the sum of
    the ranges; with one it is uint8 if both are, otherwise int8, for that range.  It is computed in float32, rounded to
    the nearest (halves to even) and saturated.  MXNetError for other dtypes and shapes.  No gradient.
    """
    op, given = "quantized_elemwise_add", calibrated(lhs, min_calib_range, max_calib_range)
    require(op, lhs, *WIDE)
    require(op, rhs, *WIDE)
    _check_both(op, lhs, rhs, lhs_min, lhs_max, rhs_min, rhs_max)
    ends = magnitude(lhs_min, lhs_max), magnitude(rhs_min, rhs_max)
    levels = WIDE[lhs.dtype], WIDE[rhs.dtype]
    if given is None:
        dtype, end = torch.int32, ends[0] + ends[1]
        scales = [e * LEVELS[dtype] / (end * n) for e, n in zip(ends, levels, strict=True)]
        given = -end, end
    else:
        dtype = torch.uint8 if lhs.dtype is rhs.dtype is torch.uint8 else torch.int8
        scales = [per_unit(WIDE[dtype], magnitude(*given)) / per_unit(n, e) for e, n in zip(ends, levels, strict=True)]
    return narrow(lhs * scales[0] + rhs * scales[1], dtype), *given


def _product_types(attrs, lhs, rhs, *ranges):
    out = torch.int8 if _is_calibrated(attrs) else torch.int32
    outs = [_FLOAT] if attrs["enable_float_output"] else [out, _FLOAT, _FLOAT]
    return [torch.int8, torch.int8, *[_FLOAT] * 4], outs


def _product_outputs(attrs) -> int:
    return 1 if attrs["enable_float_output"] else 3


@register("_contrib_quantized_elemwise_mul", num_outputs=_product_outputs, types=_product_types, shapes=_both_shapes,
          output_names=lambda attrs: _NAMES[:_product_outputs(attrs)],
          output_shapes=lambda attrs, inputs: _both(attrs, inputs)[:_product_outputs(attrs)])
def quantized_elemwise_mul(lhs: Tensor, rhs: Tensor, lhs_min: Tensor, lhs_max: Tensor, rhs_min: Tensor,
                           rhs_max: Tensor, *, min_calib_range: float | None = None,
                           max_calib_range: float | None = None,
                           enable_float_output: bool = False) -> Tensor | tuple[Tensor, ...]:
    """The product of two int8 arrays of one shape: (product, min, max).

    lhs_min, ... rhs_max: (1,), float32, their ranges.  The product is int32; with a calibrated range it is int8 for
    that, cut off towards 0 and saturated; with `enable_float_output` it is what the product stands for, in float32,
    and there are no other results.  MXNetError for other dtypes and shapes.  No gradient.
    """
    op, given = "quantized_elemwise_mul", calibrated(lhs, min_calib_range, max_calib_range)
    require(op, lhs, torch.int8)
    require(op, rhs, torch.int8)
    _check_both(op, lhs, rhs, lhs_min, lhs_max, rhs_min, rhs_max)
    product = lhs.int() * rhs
    ends, levels = (magnitude(lhs_min, lhs_max), magnitude(rhs_min, rhs_max)), WIDE[torch.int8]
    if enable_float_output:
        return product * (ends[0] / levels * (ends[1] / levels))
    if given is None:
        return product, *_product_range(lhs, *ends)
    scale = per_unit(levels, magnitude(*given)) / (per_unit(levels, ends[0]) * per_unit(levels, ends[1]))
    return narrow((product * scale).trunc(), torch.int8), *given


def _product_range(data: Tensor, data_end: Tensor, weight_end: Tensor) -> tuple[Tensor, Tensor]:
    """What the ends of int32 stand for in products of `data` and int8 numbers of these magnitudes."""
    # MXNet pairs them crosswise, which matters in the last bit
    end = LEVELS[torch.int32] * (weight_end / LEVELS[data.dtype] * (data_end / LEVELS[torch.int8]))
    return -end, end


# ---------------------------------------------------------------------------------------------------- normalization


@register("_contrib_quantized_batch_norm", num_outputs=3, output_names=_NAMES, aux=("moving_mean", "moving_var"),
          types=lambda attrs, data, *rest: ([data, *[_FLOAT] * 6], [torch.int8, _FLOAT, _FLOAT]),
          output_shapes=rule(lambda attrs, data, *rest: [data, (1,), (1,)]),
          shapes=lambda attrs, *inputs: [*get("BatchNorm").extra["shapes"](attrs, *inputs[:5]), (1,), (1,)])
def quantized_batch_norm(data: Tensor, gamma: Tensor, beta: Tensor, moving_mean: Tensor, moving_var: Tensor,
                         min_data: Tensor, max_data: Tensor, *, eps: float = 1e-3, momentum: float = 0.9,
                         fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False,
                         axis: int = 1, cudnn_off: bool = False, min_calib_range: float | None = None,
                         max_calib_range: float | None = None) -> tuple[Tensor, ...]:
    """gamma (data - moving_mean) / sqrt(moving_var + eps) + beta of int8 or uint8 data: (int8, min, max).

    gamma, beta, moving_mean, moving_var: float32 vectors along `axis`.  min_data, max_data: (1,), float32, the range
    of the data.  The calibrated range, which must be given, is that of the result, rounded to the nearest (halves to
    even) and saturated; uint8 data is brought to int8 first.  As in MXNet gamma counts also with `fix_gamma`, and data
    is divided by sqrt(1 + eps) once more.  Other attributes of BatchNorm are accepted and change nothing.
    MXNetError for other dtypes and shapes, and without a calibrated range.  No gradient.
    """
    op, given = "quantized_batch_norm", calibrated(data, min_calib_range, max_calib_range)
    require(op, data, *WIDE)
    check_range(op, min_data, max_data)
    if given is None:
        raise MXNetError(f"{op}: min_calib_range and max_calib_range must be given")
    if not -data.dim() <= axis < data.dim():
        raise MXNetError(f"{op}: axis {axis} exceeds the {data.dim()} axes of the data")
    along = [1] * data.dim()
    along[axis] = data.shape[axis]
    levels = WIDE[torch.int8]
    if data.dtype is torch.uint8:
        data = narrow(data * (levels / WIDE[torch.uint8]), torch.int8)
    slope = gamma / (moving_var + eps).sqrt()
    scale = per_unit(levels, magnitude(*given))
    weight = slope * scale * (magnitude(min_data, max_data) / levels) / (1 + eps) ** 0.5
    bias = (beta - moving_mean * slope) * scale
    return narrow(data * weight.reshape(along) + bias.reshape(along), torch.int8), *given


# ----------------------------------------------------------------------------------------------- sums of products


_EXACT = 2**24 // (255 * 128)  # float32 adds up so many products without rounding, in any order


@lru_cache(maxsize=1)
def _int8_kernel_is_exact() -> bool:
    """Processors without these instructions saturate sums of two products."""
    return torch.cpu._is_vnni_supported()


def products(rows: Tensor, columns: Tensor) -> Tensor:
    """int8 or uint8 (groups, M, K) times int8 (groups, N, K): int32 (groups, M, N), exact."""
    if len(rows) == 1 and rows.device.type == "cpu" and rows.numel() and columns.numel() and _int8_kernel_is_exact():
        return torch._int_mm(rows[0], columns[0].T).unsqueeze(0)
    parts = zip(rows.split(_EXACT, 2), columns.split(_EXACT, 2), strict=True)
    return sum((a.float() @ b.float().mT).int() for a, b in parts)


def _rescaled_bias(data: Tensor, bias: Tensor, data_end: Tensor, weight_end: Tensor, bias_end: Tensor) -> Tensor:
    """The int8 bias in units of the products; cut off towards 0."""
    levels = WIDE[torch.int8]
    scale = per_unit(WIDE[data.dtype], data_end) * per_unit(levels, weight_end) / per_unit(levels, bias_end)
    return narrow((bias * scale).trunc(), torch.int32)


_BIAS = {name: lambda attrs: not attrs["no_bias"] for name in ("bias", "min_bias", "max_bias")}


def _layer_types(attrs, data, *rest):
    arrays = 1 if attrs["no_bias"] else 2
    return [data, *[torch.int8] * arrays, *[_FLOAT] * (len(rest) - arrays)], [torch.int32, _FLOAT, _FLOAT]


def _check_layer(op: str, data: Tensor, weight: Tensor, bias: Tensor | None, filters: int, *ends) -> None:
    require(op, data, *WIDE)
    require(op, weight, torch.int8)
    check_range(op, *(end for end in ends if end is not None))
    if weight.shape[0] != filters:
        raise MXNetError(f"{op}: weight of shape {tuple(weight.shape)} must have {filters} rows")
    if bias is not None:
        require(op, bias, torch.int8)
        if tuple(bias.shape) != (filters,):
            raise MXNetError(f"{op}: bias must be of shape {(filters,)}, got {tuple(bias.shape)}")


@register("_contrib_quantized_fully_connected", num_outputs=3, output_names=_NAMES, present=_BIAS, types=_layer_types,
          **_rules("FullyConnected", 3))
def quantized_fully_connected(data: Tensor, weight: Tensor, bias: Tensor | None, min_data: Tensor, max_data: Tensor,
                              min_weight: Tensor, max_weight: Tensor, min_bias: Tensor | None = None,
                              max_bias: Tensor | None = None, *, num_hidden: int, no_bias: bool = False,
                              flatten: bool = True) -> tuple[Tensor, ...]:
    """FullyConnected on int8 or uint8 data with int8 weight and bias: (int32 sums, min, max).

    Shapes as in FullyConnected.  min_data, ... max_bias: (1,), float32, the ranges.  The bias is brought to the units
    of the products, cut off towards 0.  The range returned is that of all int32 numbers.
    MXNetError for other dtypes and shapes.  No gradient.
    """
    op = "quantized_fully_connected"
    _check_layer(op, data, weight, bias, num_hidden, min_data, max_data, min_weight, max_weight, min_bias, max_bias)
    rows = _as_rows(data) if flatten else data.flatten(0, -2)
    if rows.shape[1] != weight.shape[1]:
        raise MXNetError(f"{op}: weight of shape {tuple(weight.shape)} does not fit data of shape {tuple(data.shape)}")
    out = products(rows.unsqueeze(0), weight.unsqueeze(0))[0]
    ends = magnitude(min_data, max_data), magnitude(min_weight, max_weight)
    if bias is not None:
        out = out + _rescaled_bias(data, bias, *ends, magnitude(min_bias, max_bias))
    return out if flatten else out.reshape(*data.shape[:-1], num_hidden), *_product_range(data, *ends)


def _windows(data: Tensor, kernel: Shape, stride: Shape, dilate: Shape, pad: Shape) -> Tensor:
    """What the kernel sees of (batch, *sizes, channel) data: (batch, *places, *kernel, channel)."""
    windows = F.pad(data, (0, 0, *(p for p in reversed(pad) for _ in range(2))))
    for axis, (k, s, d) in enumerate(zip(kernel, stride, dilate, strict=True), 1):
        if windows.shape[axis] < d * (k - 1) + 1:
            raise MXNetError(f"quantized_conv: kernel={kernel} exceeds data of sizes {tuple(data.shape[1:-1])}")
        windows = windows.unfold(axis, d * (k - 1) + 1, s)[..., ::d]
    return windows.movedim(len(kernel) + 1, -1)


@register("_contrib_quantized_conv", num_outputs=3, output_names=_NAMES, present=_BIAS, types=_layer_types,
          **_rules("Convolution", 3))
def quantized_conv(data: Tensor, weight: Tensor, bias: Tensor | None, min_data: Tensor, max_data: Tensor,
                   min_weight: Tensor, max_weight: Tensor, min_bias: Tensor | None = None,
                   max_bias: Tensor | None = None, *, kernel: Shape, stride: Shape = (), dilate: Shape = (),
                   pad: Shape = (), num_filter: int, num_group: int = 1, workspace: int = 1024, no_bias: bool = False,
                   cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None, cudnn_off: bool = False,
                   layout: Literal["NCDHW", "NCHW", "NCW", "NDHWC", "NHWC"] | None = None) -> tuple[Tensor, ...]:
    """Convolution of int8 or uint8 data with int8 weight and bias: (int32 sums, min, max).

    Shapes and attributes as in Convolution.  min_data, ... max_bias: (1,), float32, the ranges.  The bias is brought
    to the units of the products, cut off towards 0.  The range returned is that of all int32 numbers; MXNet takes uint8
    data for int8 there, and the bias for one in units of the products already, so its result stands for wrong numbers.
    MXNetError for other dtypes and shapes.  No gradient.
    """
    op, spatial = "quantized_conv", len(kernel)
    _check_layer(op, data, weight, bias, num_filter, min_data, max_data, min_weight, max_weight, min_bias, max_bias)
    stride, dilate, pad = geometry(op, kernel, stride, dilate, pad)
    last = layout in ("NHWC", "NDHWC")
    if data.dim() != spatial + 2 or weight.dim() != spatial + 2:
        raise MXNetError(f"{op}: data and weight must have {spatial + 2} axes for kernel={kernel}, got shapes "
                         f"{tuple(data.shape)} and {tuple(weight.shape)}")
    if not last:
        data, weight = data.movedim(1, -1).contiguous(), weight.movedim(1, -1)
    if tuple(weight.shape[1:]) != (*kernel, data.shape[-1] // num_group) or data.shape[-1] % num_group:
        raise MXNetError(f"{op}: weight contradicts kernel={kernel}, num_group={num_group} or the {data.shape[-1]} "
                         "channels of the data")
    windows = _windows(data, kernel, stride, dilate, pad)
    places = windows.shape[:spatial + 1]
    rows = windows.unflatten(-1, (num_group, -1)).movedim(-2, 0).flatten(1, spatial + 1).flatten(2)
    out = products(rows, weight.reshape(num_group, num_filter // num_group, -1))
    out = out.movedim(0, 1).reshape(*places, num_filter)
    ends = magnitude(min_data, max_data), magnitude(min_weight, max_weight)
    if bias is not None:
        out = out + _rescaled_bias(data, bias, *ends, magnitude(min_bias, max_bias))
    return out if last else out.movedim(-1, 1).contiguous(), *_product_range(data, *ends)
