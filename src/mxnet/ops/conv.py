"""Convolutions and transposed convolutions over one, two or three spatial axes, on torch's own kernels."""

from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from ._convolve import convolve, convolve_transposed
from ._shapes import fit, rule
from .registry import Shape, register

__all__ = ["convolution", "convolution_v1", "deconvolution", "geometry"]

_CHANNELS_LAST = ("NHWC", "NDHWC")
_WHOLE = (torch.int32, torch.int64)  # MXNet takes the short ones

_Layout = Literal["NCDHW", "NCHW", "NCW", "NDHWC", "NHWC"] | None
_Tune = Literal["fastest", "limited_workspace", "off"] | None


def _per_axis(kernel: Shape, value: Shape, default: int, op: str, name: str) -> Shape:
    """An attribute with one number for each axis of the kernel, filled in where it was not given."""
    if not value:
        return (default,) * len(kernel)
    if len(value) != len(kernel):
        raise MXNetError(f"{op}: {name}={value} must have as many numbers as kernel={kernel}")
    return value


@lru_cache(maxsize=1024)
def geometry(op: str, kernel: Shape, stride: Shape, dilate: Shape, pad: Shape) -> tuple[Shape, Shape, Shape]:
    """(stride, dilate, pad) in full; MXNetError for those that make no sense."""
    if len(kernel) not in (1, 2, 3):
        raise MXNetError(f"{op}: kernel={kernel} must have 1, 2 or 3 numbers")
    stride = _per_axis(kernel, stride, 1, op, "stride")
    dilate = _per_axis(kernel, dilate, 1, op, "dilate")
    for name, value in (("kernel", kernel), ("stride", stride), ("dilate", dilate)):
        if any(v <= 0 for v in value):
            raise MXNetError(f"{op}: {name}={value} must be positive")
    return stride, dilate, _per_axis(kernel, pad, 0, op, "pad")


def _check(op: str, data: Tensor, weight: Tensor, kernel: Shape, axis: int, filters: int, layout: str | None) -> None:
    """Dtype, rank and layout of the data, and number of filters and window of the weight, which torch does not know."""
    if data.dtype in _WHOLE:
        raise MXNetError(f"{op}: expected floating data, got {str(data.dtype).removeprefix('torch.')}")
    if layout is not None and len(layout) != len(kernel) + 2:
        raise MXNetError(f"{op}: layout={layout!r} does not fit kernel={kernel}")
    if data.dim() != len(kernel) + 2:
        raise MXNetError(f"{op}: data of shape {tuple(data.shape)} must have {len(kernel) + 2} axes: "
                         f"batch, channel and one for each number of kernel={kernel}")
    shape = weight.shape
    if shape[2:] != kernel or shape[axis] != filters:
        raise MXNetError(f"{op}: weight of shape {tuple(shape)} contradicts num_filter, num_group or kernel={kernel}: "
                         f"expected {filters} on axis {axis}")


def _weight_shapes(transposed: bool):
    """The `shapes=` rule: weight and bias follow from the attributes and the number of input channels."""

    def shapes(attrs, data, weight, *bias):
        last = attrs["layout"] in _CHANNELS_LAST
        filters, groups, kernel = attrs["num_filter"], attrs["num_group"], attrs["kernel"]
        channels = 0 if data is None else (data[-1] if last else data[1]) or 0
        outer, inner = (channels, filters // groups) if transposed else (filters, channels // groups)
        window = (outer, *kernel, inner) if last else (outer, inner, *kernel)
        return [data, window, *[(filters,) for _ in bias]]

    return shapes


def _inputs_of(attrs, inputs, outputs):
    """The batch is the output's, and with stride 1 also the sizes."""
    data, out = inputs[0], outputs[0]
    if data is None or out is None or attrs["layout"] in _CHANNELS_LAST or len(data) != len(out) != 2:
        return [None] * len(inputs)
    stride, dilate, pad = geometry("Convolution", attrs["kernel"], attrs["stride"], attrs["dilate"], attrs["pad"])
    sizes = [n + d * (k - 1) - 2 * p if s == 1 and n >= 0 else -1
             for n, k, s, d, p in zip(out[2:], attrs["kernel"], stride, dilate, pad, strict=True)]
    return [(out[0], data[1], *sizes), *inputs[1:]]


def _outputs_of(attrs, inputs):
    data, last = inputs[0], attrs.get("layout") in _CHANNELS_LAST
    if data is None or len(data) != len(attrs["kernel"]) + 2:
        return [None]
    if last:
        data = (data[0], data[-1], *data[1:-1])
    stride, dilate, pad = geometry("Convolution", attrs["kernel"], attrs["stride"], attrs["dilate"], attrs["pad"])
    sizes = [-1 if n < 0 else (n + 2 * p - d * (k - 1) - 1) // s + 1
             for n, k, s, d, p in zip(data[2:], attrs["kernel"], stride, dilate, pad, strict=True)]
    return [(data[0], *sizes, attrs["num_filter"]) if last else (data[0], attrs["num_filter"], *sizes)]


_BIAS = {"bias": lambda attrs: not attrs["no_bias"]}


@register("Convolution", present=_BIAS, shapes=_weight_shapes(transposed=False), input_shapes=_inputs_of,
          output_shapes=_outputs_of)
def convolution(data: Tensor, weight: Tensor, bias: Tensor | None = None, *,
                kernel: Shape, stride: Shape = (), dilate: Shape = (), pad: Shape = (),
                num_filter: int, num_group: int = 1, workspace: int = 1024, no_bias: bool = False,
                cudnn_tune: _Tune = None, cudnn_off: bool = False, layout: _Layout = None) -> Tensor:
    """Convolution (cross-correlation) with a bias.

    data: (batch, channel, [[depth,] height,] width).  weight: (num_filter, channel / num_group, *kernel).
    With a channels-last `layout` the channel is the last axis of data, weight and result.
    Each axis of the result has floor((size + 2 pad - dilate (kernel - 1) - 1) / stride) + 1 elements.
    `workspace`, `cudnn_tune` and `cudnn_off` are accepted and change nothing.
    """
    stride, dilate, pad = geometry("Convolution", kernel, stride, dilate, pad)
    if layout in _CHANNELS_LAST:
        data, weight = data.movedim(-1, 1), weight.movedim(-1, 1)
    _check("Convolution", data, weight, kernel, 0, num_filter, layout)
    out = convolve(data, weight, bias, stride, pad, dilate, num_group)
    return out.movedim(1, -1) if layout in _CHANNELS_LAST else out


@register("Convolution_v1", present=_BIAS, shapes=_weight_shapes(transposed=False), output_shapes=_outputs_of)
def convolution_v1(data: Tensor, weight: Tensor, bias: Tensor | None = None, *,
                   kernel: Shape, stride: Shape = (), dilate: Shape = (), pad: Shape = (),
                   num_filter: int, num_group: int = 1, workspace: int = 1024, no_bias: bool = False,
                   cudnn_tune: _Tune = None, cudnn_off: bool = False,
                   layout: Literal["NCDHW", "NCHW", "NDHWC", "NHWC"] | None = None) -> Tensor:
    """The Convolution of MXNet 0.x, over two or three axes; see Convolution."""
    if len(kernel) == 1:
        raise MXNetError(f"Convolution_v1: kernel={kernel} must have 2 or 3 numbers")
    return convolution(data, weight, bias, kernel=kernel, stride=stride, dilate=dilate, pad=pad,
                       num_filter=num_filter, num_group=num_group, no_bias=no_bias, layout=layout)


def _check_adj(adj: Shape, stride: Shape) -> None:
    if any(a >= s for a, s in zip(adj, stride, strict=True)):
        raise MXNetError(f"Deconvolution: adj={adj} must be smaller than stride={stride}")


def _reach(sizes: Shape, kernel: Shape, stride: Shape, dilate: Shape, pad: Shape, adj: Shape,
           target: Shape) -> tuple[Shape, Shape]:
    """(pad, adj) of a transposed convolution; `target` sizes overrule both, the larger share cut in front."""
    if not any(target):
        _check_adj(adj, stride)
        return pad, adj
    if len(target) != len(kernel):
        raise MXNetError(f"Deconvolution: target_shape={target} must have as many numbers as kernel={kernel}")
    surplus = [s * (n - 1) + d * (k - 1) + 1 - t
               for n, k, s, d, t in zip(sizes, kernel, stride, dilate, target, strict=True)]
    if any(s < 0 for s in surplus):
        raise MXNetError(f"Deconvolution: target_shape={target} is too large for data of size {tuple(sizes)}")
    adj = tuple(s % 2 for s in surplus)
    _check_adj(adj, stride)
    return tuple((s + 1) // 2 for s in surplus), adj


@rule
def _transposed_outputs(attrs, data, weight, *bias):
    op, kernel, target = "Deconvolution", attrs["kernel"], attrs["target_shape"]
    fit(len(data) == len(kernel) + 2, attrs["layout"] not in _CHANNELS_LAST, attrs["num_filter"] > 0)
    stride, dilate, pad = geometry(op, kernel, attrs["stride"], attrs["dilate"], attrs["pad"])
    adj = _per_axis(kernel, attrs["adj"], 0, op, "adj")
    if any(target):
        fit(-1 not in data)
    pad, adj = _reach(data[2:], kernel, stride, dilate, pad, adj, target)
    sizes = [s * (n - 1) + d * (k - 1) + 1 - 2 * p + a if n > 0 else -1
             for n, k, s, d, p, a in zip(data[2:], kernel, stride, dilate, pad, adj, strict=True)]
    return [(data[0], attrs["num_filter"], *sizes)]


@register("Deconvolution", present=_BIAS, shapes=_weight_shapes(transposed=True), output_shapes=_transposed_outputs)
def deconvolution(data: Tensor, weight: Tensor, bias: Tensor | None = None, *,
                  kernel: Shape, stride: Shape = (), dilate: Shape = (), pad: Shape = (), adj: Shape = (),
                  target_shape: Shape = (), num_filter: int, num_group: int = 1, workspace: int = 512,
                  no_bias: bool = True, cudnn_tune: _Tune = None, cudnn_off: bool = False,
                  layout: _Layout = None) -> Tensor:
    """Transposed convolution: the gradient of Convolution with respect to its data.

    data: (batch, channel, [[depth,] height,] width).  weight: (channel, num_filter / num_group, *kernel).
    Each axis of the result has stride (size - 1) + dilate (kernel - 1) + 1 - 2 pad + adj elements, or those of
    `target_shape`, which then decides pad and adj.  Channels-last layouts as in Convolution.
    """
    if num_group < 1:
        raise MXNetError(f"Deconvolution: num_group={num_group} must be positive")
    stride, dilate, pad = geometry("Deconvolution", kernel, stride, dilate, pad)
    adj = _per_axis(kernel, adj, 0, "Deconvolution", "adj")
    if layout in _CHANNELS_LAST:
        data, weight = data.movedim(-1, 1), weight.movedim(-1, 1)
    _check("Deconvolution", data, weight, kernel, 1, num_filter // num_group, layout)
    pad, adj = _reach(data.shape[2:], kernel, stride, dilate, pad, adj, target_shape)
    out = convolve_transposed(data, weight, bias, stride, pad, adj, num_group, dilate)
    return out.movedim(1, -1) if layout in _CHANNELS_LAST else out
