"""Pooling and resampling of images: windows (max, avg, sum, lp), adaptive averages, up-sampling."""

from functools import lru_cache
from math import prod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from ._convolve import pay_off
from ._exchange import in_order
from ._shapes import fit, rule, same
from ._windows import windows
from .conv import deconvolution
from .registry import Shape, register
from .unary import require_float

__all__ = ["adaptive_avg_pooling", "bilinear_resize", "pooling", "pooling_v1", "up_sampling"]

_MAX = {1: torch.max_pool1d, 2: torch.max_pool2d, 3: torch.max_pool3d}
_AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_LARGEST = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
_LEAST = {"max": 16_000, "avg": 64_000}  # elements of which passes over the axes are faster
# (kind, whether a backward is to come): of how many elements, at least and at most, torch's kernels take images faster
# with the channels last than by all other ways.
_CHANNELS_LAST_PAYS = {("max", False): (8_000, 60_000), ("avg", False): (8_000, 60_000),
                       ("max", True): (30_000, 1_000_000)}
_CHANNELS_LAST = ("NWC", "NHWC", "NDHWC")
_Kind = Literal["avg", "lp", "max", "sum"]


@lru_cache(maxsize=1024)
def _geometry(op: str, kernel: Shape, stride: Shape, pad: Shape, convention: str) -> tuple[Shape, Shape, bool]:
    """(stride, pad) in full, and whether torch takes such a pad; MXNetError for what makes no sense."""
    if len(kernel) not in _MAX:
        raise MXNetError(f"{op}: kernel={kernel} must have 1, 2 or 3 numbers")
    if convention == "same" and any(pad):
        raise MXNetError(f"{op}: pooling_convention='same' excludes pad={pad}")
    stride, pad = stride or (1,) * len(kernel), (0,) * len(kernel) if convention == "same" else pad
    pad = pad or (0,) * len(kernel)
    if not len(stride) == len(pad) == len(kernel):
        raise MXNetError(f"{op}: stride={stride} and pad={pad} must have as many numbers as kernel={kernel}")
    if min(kernel) <= 0 or min(stride) <= 0:
        raise MXNetError(f"{op}: kernel={kernel} and stride={stride} must be positive")
    return stride, pad, convention != "same" and all(2 * p <= k for p, k in zip(pad, kernel, strict=True))


def _overhang(sizes: Shape, kernel: Shape, stride: Shape, pad: Shape, convention: str) -> Shape:
    """How far the last windows reach beyond the padded data, by axis; "valid" windows never do."""
    if convention == "valid":
        return (0,) * len(kernel)
    if convention == "same":
        count = [-(-n // s) for n, s in zip(sizes, stride, strict=True)]
    else:
        count = [-(-(n + 2 * p - k) // s) + 1
                 for n, k, s, p in zip(sizes, kernel, stride, pad, strict=True)]
    return tuple(max((c - 1) * s + k - n - 2 * p, 0)
                 for c, n, k, s, p in zip(count, sizes, kernel, stride, pad, strict=True))


def _beyond_torch(data: Tensor, kernel: Shape) -> bool:
    """Whether torch refuses means that it could take: over three axes of halves, or of less than a window."""
    if len(kernel) < 3:
        return False
    return data.dtype == torch.float16 or any(n < k for n, k in zip(data.shape[2:], kernel, strict=True))


def _all_touch(sizes: Shape, kernel: Shape, stride: Shape, pad: Shape) -> bool:
    """Whether every window of the "full" convention touches the data; torch's ceil_mode drops those that do not."""
    return all(-(-(n + 2 * p - k) // s) * s < n + p
               for n, k, s, p in zip(sizes, kernel, stride, pad, strict=True))


def _extend(data: Tensor, before: Shape, after: Shape, value: float) -> Tensor:
    """`data` with its last axes continued by `value`."""
    widths = [w for pair in zip(reversed(before), reversed(after), strict=True) for w in pair]
    return F.pad(data, widths, value=value)


def _sums(data: Tensor, kernel: Shape, stride: Shape) -> Tensor:
    """Sum over each window."""
    if len(kernel) == 1:
        return F.avg_pool2d(data.unsqueeze(-2), (1, *kernel), (1, *stride), divisor_override=1).squeeze(-2)
    average = F.avg_pool2d if len(kernel) == 2 else F.avg_pool3d
    return average(data, kernel, stride, divisor_override=1)


def _averages(data: Tensor, kernel: Shape, stride: Shape, pad: Shape, after: Shape, with_pad: bool) -> Tensor:
    """Mean over each window, of the elements inside the data and (`with_pad`) its padding by `pad` on all sides."""
    ones = data.new_ones((1, 1, *data.shape[2:]))
    if with_pad:
        over = tuple(a - p for a, p in zip(after, pad, strict=True))
        counted = _extend(_extend(ones, pad, pad, 1.0), (0,) * len(kernel), over, 0.0)
    else:
        counted = _extend(ones, pad, after, 0.0)
    return _sums(_extend(data, pad, after, 0.0), kernel, stride) / _sums(counted, kernel, stride).clamp_min(1)


def _root(powers: Tensor, p: int) -> Tensor:
    if p == 1:
        return powers
    return powers.sqrt() if p == 2 else powers.sign() * powers.abs().pow(1 / 3)


def _check_lp(p: int | None) -> int:
    if p not in (1, 2, 3):
        raise MXNetError(f"Pooling: p_value={p} must be 1, 2 or 3 with pool_type='lp'")
    return p


def _windows(data: Tensor, kind: str, kernel: Shape, stride: Shape, pad: Shape, convention: str, p: int | None,
             with_pad: bool) -> Tensor:
    """Pooling of (batch, channel, ...) data by windows that torch does not have, over data padded by ourselves."""
    if convention == "valid":
        _check_size(data, kernel, pad)
    over = _overhang(data.shape[2:], kernel, stride, pad, convention)
    after = tuple(p + o for p, o in zip(pad, over, strict=True))
    if kind == "avg":
        return _averages(data, kernel, stride, pad, after, with_pad)
    if kind == "max":
        return _MAX[len(kernel)](_extend(data, pad, after, torch.finfo(data.dtype).min), kernel, stride)
    data = _extend(data, pad, after, 0.0)
    if kind == "sum":
        return _sums(data, kernel, stride)
    return _root(_sums(data.pow(_check_lp(p)), kernel, stride), p)


def _plain(data: Tensor, kind: str, kernel: Shape, stride: Shape, pad: Shape, full: bool, with_pad: bool) -> Tensor:
    """Pooling by windows that torch has: by its kernels, for few pixels with the channels last, or by passes over the
    axes, whichever is faster."""
    def by_torch(data: Tensor) -> Tensor:
        if kind == "max":
            return _MAX[len(kernel)](data, kernel, stride, pad, 1, full)
        return _AVERAGE[len(kernel)](data, kernel, stride, pad, full, with_pad)

    sizes = data.shape[2:]
    if kernel == sizes and not any(pad):
        return _everything(data, kind, None)
    with_backward = data.requires_grad and torch.is_grad_enabled()
    few, many = _CHANNELS_LAST_PAYS.get((kind, with_backward), (0, 0))
    if len(kernel) == 2 and pay_off(data, few) and data.numel() < many:
        channels_last = in_order(data, (0, 2, 3, 1)).permute(0, 3, 1, 2)
        return in_order(by_torch(channels_last).permute(0, 2, 3, 1), (0, 3, 1, 2))
    least = 100_000 if with_backward else _LEAST[kind]
    if (len(kernel) == 1 or not pay_off(data, least)
            or any(k > n + 2 * p for n, k, p in zip(sizes, kernel, pad, strict=True))):
        return by_torch(data)
    over = _overhang(sizes, kernel, stride, pad, "full" if full else "valid")
    count = tuple((n + 2 * p + o - k) // s + 1 for n, k, s, p, o in zip(sizes, kernel, stride, pad, over, strict=True))
    if any((c - 1) * s >= n for c, s, n in zip(count, stride, sizes, strict=True)) or (kind == "avg" and any(over)):
        return by_torch(data)
    return windows(data, kind, kernel, stride, pad, count, full, with_pad, by_torch)


def _everything(data: Tensor, kind: str, p: int | None) -> Tensor:
    """One window over all of (batch, channel, ...)."""
    axes = tuple(range(2, data.dim()))
    if kind == "max" and data.requires_grad and torch.is_grad_enabled():
        return _LARGEST[data.dim() - 2](data, 1)
    if kind == "max":
        return data.amax(axes, keepdim=True)
    if kind == "avg":
        return data.mean(axes, keepdim=True)
    if kind == "sum":
        return data.sum(axes, keepdim=True)
    return _root(data.pow(_check_lp(p)).sum(axes, keepdim=True), p)


def _check_rank(op: str, data: Tensor, rank: int) -> None:
    if data.dim() != rank:
        raise MXNetError(f"{op}: data of shape {tuple(data.shape)} must have {rank} axes: batch, channel and "
                         "one for each number of kernel")


def _check_image(op: str, data: Tensor, layout: str | None) -> None:
    require_float(op, data)
    if layout is not None and len(layout) != data.dim():
        raise MXNetError(f"{op}: layout={layout!r} does not fit data of shape {tuple(data.shape)}")


def _check_pad(data: Tensor, kind: str, kernel: Shape, pad: Shape) -> None:
    """Windows wholly in the padding: MXNet takes them where it runs kernels of its own."""
    if data.dtype == torch.float32 and kind in ("max", "avg"):
        raise MXNetError(f"Pooling: pad={pad} must be smaller than kernel={kernel}")


def _check_size(data: Tensor, kernel: Shape, pad: Shape) -> None:
    for n, k, p in zip(data.shape[2:], kernel, pad, strict=True):
        if k > n + 2 * p:
            raise MXNetError(f"Pooling: kernel={kernel} exceeds data of shape {tuple(data.shape)} with pad={pad}")


def _pooled(attrs, inputs):
    data, kernel = inputs[0], attrs["kernel"]
    if data is None or attrs["layout"] in _CHANNELS_LAST or len(data) < 3:
        return [None]
    if attrs["global_pool"]:
        return [(*data[:2], *(1 for _ in data[2:]))]
    if len(data) != len(kernel) + 2 or attrs["pooling_convention"] == "same":
        return [None]
    stride, pad, _ = _geometry("Pooling", kernel, attrs["stride"], attrs["pad"], attrs["pooling_convention"])
    if any(0 <= n < k - 2 * p for n, k, p in zip(data[2:], kernel, pad, strict=True)):
        return [None]
    up = -1 if attrs["pooling_convention"] == "full" else 1
    return [(*data[:2], *(-1 if n < 0 else up * (up * (n + 2 * p - k) // s) + 1
                          for n, k, s, p in zip(data[2:], kernel, stride, pad, strict=True)))]


@register("Pooling", output_shapes=_pooled)
def pooling(data: Tensor, *, kernel: Shape = (), pool_type: _Kind = "max", global_pool: bool = False,
            cudnn_off: bool = False, pooling_convention: Literal["full", "same", "valid"] = "valid",
            stride: Shape = (), pad: Shape = (), p_value: int | None = None,
            count_include_pad: bool | None = None,
            layout: Literal["NCDHW", "NCHW", "NCW", "NDHWC", "NHWC", "NWC"] | None = None) -> Tensor:
    """Largest element, mean, sum or Lp norm of each window of (batch, channel, [[depth,] height,] width).

    `pooling_convention` "valid" counts floor((size + 2 pad - kernel) / stride) + 1 windows on an axis, "full" takes
    the ceiling, "same" (without pad) counts ceil(size / stride).  The mean counts the padding unless
    `count_include_pad=False`.  `global_pool` takes one window over everything and ignores kernel, stride and pad.
    """
    last = layout in _CHANNELS_LAST
    _check_image("Pooling", data, layout)
    if last:
        data = data.movedim(-1, 1)
    if global_pool:
        if data.dim() < 3 or data.dim() > 5:
            raise MXNetError(f"Pooling: data of shape {tuple(data.shape)} must have 3, 4 or 5 axes")
        out = _everything(data, pool_type, p_value)
    else:
        stride, pad, plain = _geometry("Pooling", kernel, stride, pad, pooling_convention)
        _check_rank("Pooling", data, len(kernel) + 2)
        if not (plain or last) and any(p >= k for p, k in zip(pad, kernel, strict=True)):
            _check_pad(data, pool_type, kernel, pad)
        full = pooling_convention == "full"
        if full:
            _check_size(data, kernel, pad)
            plain = plain and _all_touch(data.shape[2:], kernel, stride, pad)
        if plain and (pool_type == "max" or (pool_type == "avg" and not _beyond_torch(data, kernel))):
            out = _plain(data, pool_type, kernel, stride, pad, full, count_include_pad is not False)
        else:
            half = data.dtype == torch.float16 and pool_type != "max"  # torch sums no windows of three axes in it
            out = _windows(data.float() if half else data, pool_type, kernel, stride, pad, pooling_convention, p_value,
                           count_include_pad is not False).to(data.dtype)
    return out.movedim(1, -1) if last else out


def _pooled_v1(attrs, inputs):
    if inputs[0] is None or len(inputs[0]) < 4:
        return [None]
    return _pooled({**attrs, "layout": None}, inputs)


@register("Pooling_v1", output_shapes=_pooled_v1)
def pooling_v1(data: Tensor, *, kernel: Shape = (), pool_type: Literal["avg", "max", "sum"] = "max",
               global_pool: bool = False, pooling_convention: Literal["full", "valid"] = "valid",
               stride: Shape = (), pad: Shape = ()) -> Tensor:
    """The Pooling of MXNet 0.x, over two axes: its mean always divides by the size of the window, and its maximum
    counts the padding, as zeros."""
    if data.dim() != 4:
        raise MXNetError(f"Pooling_v1: data of shape {tuple(data.shape)} must have 4 axes")
    if pool_type == "max" and not global_pool:
        return _largest_v1(data, kernel, stride, pad, pooling_convention)
    if pool_type != "avg" or global_pool:
        return pooling(data, kernel=kernel, pool_type=pool_type, global_pool=global_pool, stride=stride, pad=pad,
                       pooling_convention=pooling_convention)
    return pooling(data, kernel=kernel, pool_type="sum", stride=stride, pad=pad,
                   pooling_convention=pooling_convention) / prod(kernel)


def _largest_v1(data: Tensor, kernel: Shape, stride: Shape, pad: Shape, convention: str) -> Tensor:
    """Largest elements, where the padding is zeros that count and what "full" windows overhang is -inf."""
    _check_rank("Pooling_v1", data, len(kernel) + 2)
    stride, pad, _ = _geometry("Pooling_v1", kernel, stride, pad, convention)
    _check_size(data, kernel, pad)
    over = _overhang(data.shape[2:], kernel, stride, pad, convention)
    data = _extend(data, pad, pad, 0.0)
    return _MAX[len(kernel)](_extend(data, (0,) * len(kernel), over, -torch.inf), kernel, stride)


@rule
def _adaptive_outputs(attrs, data):
    fit(len(data) == 4)
    size = attrs["output_size"] or ()
    return [(*data[:2], *(size if len(size) == 2 else size * 2 if len(size) == 1 else (1, 1)))]


@register("_contrib_AdaptiveAvgPooling2D", output_shapes=_adaptive_outputs)
def adaptive_avg_pooling(data: Tensor, *, output_size: Shape | None = ()) -> Tensor:
    """Means over a grid of output_size cells of (batch, channel, height, width) data; one number serves both axes.

    Without `output_size` one cell covers everything.
    """
    _check_rank("AdaptiveAvgPooling2D", data, 4)
    output_size = output_size or ()
    if len(output_size) == 1:
        output_size *= 2
    return F.adaptive_avg_pool2d(data, output_size if len(output_size) == 2 else (1, 1))


_ResizeMode = Literal["like", "odd_scale", "size", "to_even_down", "to_even_up", "to_odd_down", "to_odd_up"]

_ROUNDED = {
    "to_even_down": lambda n: n - n % 2,
    "to_even_up": lambda n: n + n % 2,
    "to_odd_down": lambda n: n - 1 + n % 2,
    "to_odd_up": lambda n: n + 1 - n % 2,
}


def _scaled(size: int, scale: float, keep_odd: bool) -> int:
    """`size` times `scale`; where odd sizes shall keep their middle, only what lies between the ends is scaled."""
    return int((size - 1) * scale) + 1 if keep_odd and size % 2 else int(size * scale)


def _resized(sizes: Shape, like: Shape | None, mode: _ResizeMode, height: int, width: int, scale_height: float | None,
             scale_width: float | None) -> Shape:
    """(height, width) that the attributes of BilinearResize2D name, for images of these sizes."""
    rows, columns = sizes
    if min(height, width) < 1:
        raise MXNetError(f"BilinearResize2D: height={height} and width={width} must be positive")
    if like is not None:
        return tuple(like)
    if mode in _ROUNDED:
        return _ROUNDED[mode](rows), _ROUNDED[mode](columns)
    if scale_height is not None and scale_width is not None:
        odd = mode == "odd_scale"
        return _scaled(rows, scale_height, odd), _scaled(columns, scale_width, odd)
    if mode == "odd_scale" or scale_height is not None:
        raise MXNetError(f"BilinearResize2D: scale_height={scale_height} and scale_width={scale_width} go together")
    return height, width


@rule
def _resize_outputs(attrs, data, *like):
    fit(len(data) == 4, all(len(shape) == 4 for shape in like))
    wanted = {name: attrs[name] for name in ("mode", "height", "width", "scale_height", "scale_width")}
    size = _resized(data[2:], like[0][2:] if like else None, **wanted)
    plain = like or (attrs["mode"] == "size" and (attrs["scale_height"] is None or attrs["scale_width"] is None))
    fit(bool(plain) or min(data[2:]) > 0, 0 not in size)
    return [(*data[:2], *size)]


@register("_contrib_BilinearResize2D", present={"like": lambda attrs: attrs["mode"] == "like"},
          output_shapes=_resize_outputs)
def bilinear_resize(data: Tensor, like: Tensor | None = None, *, height: int = 1, width: int = 1,
                    scale_height: float | None = None, scale_width: float | None = None,
                    mode: _ResizeMode = "size", align_corners: bool = True) -> Tensor:
    """Resize (batch, channel, height, width) images by bilinear interpolation.

    `mode` "size": to (height, width), or by the scales if both are given; "odd_scale": by the scales, such that odd
    sizes stay odd for whole scales; "like": to the size of the second input; "to_even_up", "to_odd_down", ...: to the
    nearest even or odd size.
    """
    _check_image("BilinearResize2D", data, None)
    _check_rank("BilinearResize2D", data, 4)
    size = _resized(data.shape[2:], None if mode != "like" else like.shape[2:], mode, height, width, scale_height,
                    scale_width)
    if min(size) < 1:
        raise MXNetError(f"BilinearResize2D: cannot resize {tuple(data.shape)} to {size}")
    return F.interpolate(data, size, mode="bilinear", align_corners=align_corners)


def _up_sampling_shapes(attrs, *shapes):
    if attrs["sample_type"] != "bilinear":
        return list(shapes)
    size = 2 * attrs["scale"] - attrs["scale"] % 2
    return [shapes[0], (attrs["num_filter"], 1, size, size), *shapes[2:]]


def _up_sampling_inputs(attrs, given):
    return ["data", "weight"] if attrs["sample_type"] == "bilinear" else [f"arg{i}" for i in range(attrs["num_args"])]


@rule
def _up_sampling_outputs(attrs, data, *others):
    n, c, *sizes = data
    scale = attrs["scale"]
    fit(len(sizes) == 2, scale > 0, all(len(shape) == 4 for shape in others))
    sizes = [size * scale if size >= 0 else -1 for size in sizes]
    if attrs["sample_type"] == "bilinear":
        fit(len(others) == 1, 0 not in data)
        return [(n, attrs["num_filter"], *sizes)]
    if attrs["multi_input_mode"] == "sum":
        fit(all(same(c, shape[1]) for shape in others))
    else:
        channels = [c, *(shape[1] for shape in others)]
        c = -1 if -1 in channels else sum(channels)
    fit(all(same(n, shape[0]) for shape in others))
    return [(n, c, *sizes)]


def _check_divides(image: Tensor, rows: int, columns: int) -> None:
    """MXNetError unless both sizes grow by the same whole factor."""
    height, width = image.shape[2:]
    if rows % height or columns != width * (rows // height):
        raise MXNetError(f"UpSampling: {tuple(image.shape)} does not grow to ({rows}, {columns}) by a whole factor")


def _nearest(image: Tensor, rows: int, columns: int) -> Tensor:
    """Pixels repeated; torch's kernel takes long for those of narrow images."""
    scale = rows // image.shape[2]
    if image.shape[3] <= 32 and pay_off(image, 20_000) and not (image.requires_grad and torch.is_grad_enabled()):
        return image.repeat_interleave(scale, 3).repeat_interleave(scale, 2)
    return F.interpolate(image, (rows, columns), mode="nearest")


@register("UpSampling", shapes=_up_sampling_shapes, output_shapes=_up_sampling_outputs,
          input_names=_up_sampling_inputs,
          init=dict.fromkeys(("weight", "arg1"), '["bilinear", {}]'))  # the second input, as MXNet does
def up_sampling(*data: Tensor, scale: int, num_filter: int = 0, sample_type: Literal["bilinear", "nearest"],
                multi_input_mode: Literal["concat", "sum"] = "concat", num_args: int | None = None,
                workspace: int = 512) -> Tensor:
    """Enlarge (batch, channel, height, width) images by a whole factor.

    "nearest" repeats pixels, and brings further inputs to the size of the first result, joined with it along the
    channels or summed.  "bilinear" is a Deconvolution of each channel by itself: the second input is its weight,
    (num_filter, 1, k, k) with k = 2 scale - scale % 2.
    """
    first = data[0]
    _check_image("UpSampling", first, None)
    _check_rank("UpSampling", first, 4)
    if num_args is not None and num_args != len(data):
        raise MXNetError(f"UpSampling: expected {num_args} inputs, got {len(data)}")
    if sample_type == "bilinear":
        if len(data) != 2:
            raise MXNetError(f"UpSampling: expected data and weight for sample_type='bilinear', got {len(data)} inputs")
        size = 2 * scale - scale % 2
        return deconvolution(first, data[1], kernel=(size, size), stride=(scale, scale), pad=(scale // 2,) * 2,
                             num_filter=num_filter, num_group=num_filter)
    rows, columns = first.shape[2] * scale, first.shape[3] * scale
    for other in data:
        _check_divides(other, rows, columns)
        if multi_input_mode == "sum" and other.shape[1] != first.shape[1]:
            raise MXNetError(f"UpSampling: sum of {first.shape[1]} and {other.shape[1]} channels")
    enlarged = [_nearest(image, rows, columns) for image in data]
    if len(enlarged) == 1:
        return enlarged[0]
    return torch.cat(enlarged, 1) if multi_input_mode == "concat" else sum(enlarged[1:], enlarged[0])
