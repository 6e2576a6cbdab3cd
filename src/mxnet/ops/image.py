"""Operators on images that lie in memory (nd.image.*): cropping, flipping, colours, and what draws at random.

An image is (height, width, channels).  Arithmetic is done in float32 (float64 for float64).  What resizes is in opencv.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._dtypes import always
from ._shapes import fit, rule
from .random import _one_at_a_time
from .registry import register

__all__ = ["adjust_lighting", "crop", "flip_left_right", "flip_top_bottom", "normalize", "random_brightness",
           "random_color_jitter", "random_contrast", "random_flip_left_right", "random_flip_top_bottom", "random_hue",
           "random_lighting", "random_saturation", "to_tensor"]

_GREY = (0.299, 0.587, 0.114)  # what red, green and blue add to the brightness that an eye sees
_EPSILON = 1.1920929e-07  # of float32: colours that differ by less are grey

# principal components of the colours of ImageNet's pictures, by the roots of their variances, as columns
_PRINCIPAL = (np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
              * (55.46, 4.794, 1.148)).astype(np.float32)


def _check_image(op: str, data: Tensor) -> None:
    if data.dim() != 3 or data.shape[2] not in (1, 3):
        raise MXNetError(f"{op}: expected an image of (height, width, channels) with 1 or 3 channels, "
                         f"got shape {tuple(data.shape)}")


@rule
def _image_shape(attrs, data):
    fit(len(data) == 3, data[2] in (1, 3))
    return [data]


def _wide(data: Tensor) -> Tensor:
    """`data` in a dtype to calculate in."""
    return data if data.dtype in (torch.float32, torch.float64) else data.to(torch.float32)


def _narrow(values: Tensor, dtype: torch.dtype) -> Tensor:
    """`values` as `dtype`: integers lose their fraction, and 8 bits hold what is nearest."""
    if dtype in (torch.uint8, torch.int8):
        values = values.clamp(torch.iinfo(dtype).min, torch.iinfo(dtype).max)
    return values.to(dtype)


# ----------------------------------------------------------------------------------------- tensors from images


@rule
def _to_tensor_shape(attrs, data):
    fit(len(data) in (3, 4))
    return [(*data[:-3], data[-1], data[-3], data[-2])]


@register("_image_to_tensor", types=always(torch.float32), output_shapes=_to_tensor_shape)
def to_tensor(data: Tensor) -> Tensor:
    """An image (height, width, channels), or a batch, of values in [0, 255] as channels first, float32 in [0, 1].

    MXNetError for other ranks.  Source: MXNet's `image.to_tensor`.
    """
    if data.dim() not in (3, 4):
        raise MXNetError("_image_to_tensor: expected shape (height, width, channels) or (N, height, width, channels), "
                         f"got {tuple(data.shape)}")
    planes = data.movedim(-1, -3).contiguous()  # first of all, for bytes are the least to move
    if data.dtype.is_floating_point:
        return (planes / 255).to(torch.float32)
    return planes.to(torch.float32).div_(255)


@rule
def _normalize_shape(attrs, data):
    fit(len(data) in (3, 4), data[-3] in (1, 3))
    fit(all(len(attrs[name]) in (1, data[-3]) for name in ("mean", "std")))
    return [data]


@register("_image_normalize", output_shapes=_normalize_shape)
def normalize(data: Tensor, *, mean: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0),
              std: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)) -> Tensor:
    """(data - mean) / std for each channel of (channels, height, width), or of a batch; of the dtype of `data`.

    mean, std: one number, or one for each of 1 or 3 channels.  Integers lose their fraction and wrap around.
    The defaults are MXNet's, four numbers that fit no image: give both.  MXNetError for other ranks, channels and
    counts.  Source: MXNet's `image.normalize`.
    """
    if data.dim() not in (3, 4) or data.shape[-3] not in (1, 3):
        raise MXNetError("_image_normalize: expected shape (channels, height, width) or (N, channels, height, width) "
                         f"with 1 or 3 channels, got {tuple(data.shape)}")
    for name, given in (("mean", mean), ("std", std)):
        if len(given) not in (1, data.shape[-3]):
            raise MXNetError(f"_image_normalize: {name} must have either 1 or {data.shape[-3]} elements for shape "
                             f"{tuple(data.shape)}, got {given}")
    values = _wide(data)
    shift, scale = (torch.tensor(v, dtype=torch.float32, device=data.device).to(values.dtype)[:, None, None]
                    for v in (mean, std))
    values = (values - shift).div_(scale)
    # by way of 64 bits, for what does not fit shall wrap around
    return values.to(data.dtype) if data.dtype.is_floating_point else values.to(torch.int64).to(data.dtype)


# --------------------------------------------------------------------------------------------- cuts and flips


@rule
def _crop_shape(attrs, data):
    x, y, width, height = attrs["x"], attrs["y"], attrs["width"], attrs["height"]
    fit(len(data) in (3, 4), data[-1] in (1, 3), min(x, y) >= 0, min(width, height) > 0,
        y + height <= data[-3], x + width <= data[-2])
    return [(*data[:-3], height, width, data[-1])]


@register("_image_crop", output_shapes=_crop_shape)
def crop(data: Tensor, *, x: int, y: int, width: int, height: int) -> Tensor:
    """`width` columns from `x` and `height` rows from `y` of an image (height, width, channels), or of a batch.

    MXNetError for a rectangle that is empty or leaves the image, for other ranks, and unless there are 1 or 3
    channels.  Source: MXNet's `image.crop`.
    """
    if data.dim() not in (3, 4) or data.shape[-1] not in (1, 3):
        raise MXNetError("_image_crop: expected shape (height, width, channels) or (N, height, width, channels) "
                         f"with 1 or 3 channels, got {tuple(data.shape)}")
    if min(width, height) <= 0:
        raise MXNetError(f"_image_crop: width and height must be greater than 0, got {width} and {height}")
    if min(x, y) < 0 or x + width > data.shape[-2] or y + height > data.shape[-3]:
        raise MXNetError(f"_image_crop: columns {x} to {x + width} and rows {y} to {y + height} are not within "
                         f"the shape {tuple(data.shape)}")
    return data[..., y:y + height, x:x + width, :].clone(memory_format=torch.contiguous_format)


@register("_image_flip_left_right", output_shapes=_image_shape)
def flip_left_right(data: Tensor) -> Tensor:
    """The image (height, width, channels) with its columns in the other order.

    MXNetError for other ranks, and unless there are 1 or 3 channels.  Source: MXNet's `image.flip_left_right`, which
    leaves the middle one of an odd number of columns unset, and hands gradients on without flipping them.
    """
    _check_image("_image_flip_left_right", data)
    return data.flip(1)


@register("_image_flip_top_bottom", output_shapes=_image_shape)
def flip_top_bottom(data: Tensor) -> Tensor:
    """The image (height, width, channels) with its rows in the other order; as `flip_left_right` else."""
    _check_image("_image_flip_top_bottom", data)
    return data.flip(0)


# ----------------------------------------------------------------------------------------------------- colours


def _brightness(data: Tensor, alpha: float) -> Tensor:
    return _narrow(_wide(data) * alpha, data.dtype)


def _planes(data: Tensor) -> Tensor:
    """The channels of an image one after the other, in a dtype to calculate in, which is faster than on pixels."""
    return _wide(data.movedim(2, 0).contiguous())


def _image(planes: Tensor, dtype: torch.dtype) -> Tensor:
    """The image that has these channels."""
    return _narrow(planes, dtype).movedim(0, 2).contiguous()


def _grey(planes: Tensor) -> Tensor:
    """How bright each pixel is, (height, width)."""
    if len(planes) == 1:
        return planes[0]
    red, green, blue = planes
    return red * _GREY[0] + green * _GREY[1] + blue * _GREY[2]


def _contrast(data: Tensor, alpha: float) -> Tensor:
    values = _wide(data)
    # a sum of many pixels needs more than float32
    mean = _grey(values.movedim(2, 0)).mean(dtype=torch.float64).to(values.dtype)
    return _narrow(values * alpha + mean * (1 - alpha), data.dtype)


def _saturation(data: Tensor, alpha: float) -> Tensor:
    if data.shape[2] == 1:
        return data.clone()
    planes = _planes(data)
    return _image(planes * alpha + _grey(planes) * (1 - alpha), data.dtype)


def _either(chosen: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """torch.where for finite numbers, several times faster where the choice differs from pixel to pixel."""
    share = chosen.to(yes.dtype)
    return yes * share + no * (1 - share)


def _to_hls(red: Tensor, green: Tensor, blue: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue in degrees, lightness and saturation of colours within [0, 1]."""
    top, bottom = red.maximum(green).maximum(blue), red.minimum(green).minimum(blue)
    spread, both = top - bottom, top + bottom
    light = both * 0.5
    coloured = spread > _EPSILON
    saturation = spread / _either(light < 0.5, both, 2 - top - bottom)
    step = 60 / spread
    hue = _either(top == red, (green - blue) * step,
                  _either(top == green, (blue - red) * step + 120, (red - green) * step + 240))
    hue = hue + (hue < 0).to(hue.dtype) * 360
    return torch.where(coloured, hue, 0), light, torch.where(coloured, saturation, 0)


def _from_hls(hue: Tensor, light: Tensor, saturation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Red, green and blue within [0, 1]; the inverse of `_to_hls`."""
    high = _either(light <= 0.5, light * (1 + saturation), light + saturation - light * saturation)
    low = 2 * light - high
    sixth = (hue * (1 / 60)).remainder(6)
    sixth = torch.where(sixth >= 6, 0, sixth)  # what a tiny negative number becomes
    # how far each colour is from low to high: up within a sixth of the circle, there for two, down within one
    shares = torch.maximum(2 - sixth, sixth - 4), torch.minimum(sixth, 4 - sixth), torch.minimum(sixth - 2, 6 - sixth)
    red, green, blue = (_either(share >= 1, high, low + (high - low) * share.clamp(min=0)) for share in shares)
    return red, green, blue


def _hue(data: Tensor, alpha: float) -> Tensor:
    if data.shape[2] == 1:
        return data.clone()
    hue, light, saturation = _to_hls(*_planes(data) / 255)
    colours = _from_hls(hue + alpha * 360, light, saturation)
    return _image(torch.stack(colours) * 255, data.dtype)


def _lighting(data: Tensor, alpha: np.ndarray) -> Tensor:
    if data.shape[2] == 1:
        return data.clone()
    values = _wide(data)
    red, green, blue = alpha[:3]
    noise = _PRINCIPAL[:, 0] * red + _PRINCIPAL[:, 1] * green + _PRINCIPAL[:, 2] * blue
    row = torch.from_numpy(noise).to(values).repeat(data.shape[1])  # additions of three numbers each are slow
    return _narrow((values.reshape(data.shape[0], -1) + row).view(data.shape), data.dtype)


@register("_image_adjust_lighting", output_shapes=_image_shape)
def adjust_lighting(data: Tensor, *, alpha: tuple[float, ...]) -> Tensor:
    """The colours of an image (height, width, channels) moved along the three directions in which they vary most.

    alpha: how far, for each direction.  The result has the dtype of `data`; integers lose their fraction, and 8 bits
    hold what is nearest.  One channel stays.  MXNetError for other ranks and channels, or fewer than three alphas.
    Source: MXNet's `image.adjust_lighting`; Krizhevsky et al. 2012.
    """
    _check_image("_image_adjust_lighting", data)
    if len(alpha) < 3:
        raise MXNetError(f"_image_adjust_lighting: alpha must have three elements, got {alpha}")
    return _lighting(data, np.array(alpha, np.float32))


# ---------------------------------------------------------------------------------------------------- at random


def _heads(rng) -> bool:
    with _one_at_a_time:
        return rng.serial_uniform(1, double=True)[0] >= 0.5


def _uniform(rng, low: float, high: float) -> float:
    """A float32 of [low, high), rounded as MXNet rounds."""
    low, high = np.float32(low), np.float32(high)
    with _one_at_a_time:
        unit = rng.serial_uniform(1)[0]
    return float(unit * (high - low) + low)


def _by_factor(op: str, change: Callable[[Tensor, float], Tensor], data: Tensor, low: float, high: float,
               rng) -> Tensor:
    _check_image(op, data)
    if not (low >= 0 and high >= 0):
        raise MXNetError(f"{op}: min_factor and max_factor should be greater equal to 0, got {low} and {high}")
    if state.solver is not None:
        return torch.empty_like(data)
    return change(data, _uniform(rng, low, high))


@register("_image_random_flip_left_right", output_shapes=_image_shape)
def random_flip_left_right(data: Tensor, *, _rng=None) -> Tensor:
    """`flip_left_right` or a copy, each as often."""
    _check_image("_image_random_flip_left_right", data)
    if state.solver is not None:
        return torch.empty_like(data)
    return data.flip(1) if _heads(_rng) else data.clone()


@register("_image_random_flip_top_bottom", output_shapes=_image_shape)
def random_flip_top_bottom(data: Tensor, *, _rng=None) -> Tensor:
    """`flip_top_bottom` or a copy, each as often."""
    _check_image("_image_random_flip_top_bottom", data)
    if state.solver is not None:
        return torch.empty_like(data)
    return data.flip(0) if _heads(_rng) else data.clone()


@register("_image_random_brightness", output_shapes=_image_shape)
def random_brightness(data: Tensor, *, min_factor: float, max_factor: float, _rng=None) -> Tensor:
    """The image (height, width, channels) times a factor of [min_factor, max_factor).

    The result has the dtype of `data`; integers lose their fraction, and 8 bits hold what is nearest.  MXNetError
    for other ranks, unless there are 1 or 3 channels, and for negative factors.  The factor is from the stream that
    `random.seed` starts, as in MXNet.  Source: MXNet's `image.random_brightness` (whose gradient forgets the factor).
    """
    return _by_factor("_image_random_brightness", _brightness, data, min_factor, max_factor, _rng)


@register("_image_random_contrast", output_shapes=_image_shape)
def random_contrast(data: Tensor, *, min_factor: float, max_factor: float, _rng=None) -> Tensor:
    """The image blended with its mean brightness: 0 is grey all over, 1 the image; else as `random_brightness`."""
    return _by_factor("_image_random_contrast", _contrast, data, min_factor, max_factor, _rng)


@register("_image_random_saturation", output_shapes=_image_shape)
def random_saturation(data: Tensor, *, min_factor: float, max_factor: float, _rng=None) -> Tensor:
    """The image blended with itself in grey: 0 is without colours, 1 the image; else as `random_brightness`.

    One channel stays.  MXNet's own `image.random_saturation` takes for grey only what blue adds to it, so that images
    turn dark: here it is the grey of `random_contrast` and of `mx.image.SaturationJitterAug`.
    """
    return _by_factor("_image_random_saturation", _saturation, data, min_factor, max_factor, _rng)


@register("_image_random_hue", output_shapes=_image_shape)
def random_hue(data: Tensor, *, min_factor: float, max_factor: float, _rng=None) -> Tensor:
    """The image with its colours of [0, 255] moved around the circle of hues, 1 is once around.

    One channel stays.  Else as `random_brightness`.
    """
    return _by_factor("_image_random_hue", _hue, data, min_factor, max_factor, _rng)


@register("_image_random_color_jitter", output_shapes=_image_shape)
def random_color_jitter(data: Tensor, *, brightness: float, contrast: float, saturation: float, hue: float,
                        _rng=None) -> Tensor:
    """The image with brightness, contrast, saturation and hue changed in a random order.

    Each by a factor of [1 - amount, 1 + amount), hue by [-amount, amount) of the circle; not at all for amounts that
    are not positive.  Else as `random_brightness`.  Source: MXNet's `image.random_color_jitter`.
    """
    _check_image("_image_random_color_jitter", data)
    if state.solver is not None:
        return torch.empty_like(data)
    changes = ((_brightness, brightness, 1), (_contrast, contrast, 1), (_saturation, saturation, 1), (_hue, hue, 0))
    with _one_at_a_time:
        order = _rng.permutation(len(changes))
    for change, amount, middle in (changes[i] for i in order):
        if amount > 0:
            data = change(data, float(np.float32(middle) + np.float32(_uniform(_rng, -amount, amount))))
    return data if (max(brightness, contrast, saturation, hue) > 0) else data.clone()


@register("_image_random_lighting", output_shapes=_image_shape)
def random_lighting(data: Tensor, *, alpha_std: float = 0.05, _rng=None) -> Tensor:
    """`adjust_lighting` with alphas from the normal distribution of mean 0 and deviation `alpha_std`.

    The same draws as MXNet's, from the stream that `random.seed` starts.  Source: MXNet's `image.random_lighting`.
    """
    _check_image("_image_random_lighting", data)
    if state.solver is not None:
        return torch.empty_like(data)
    with _one_at_a_time:
        alpha = _rng.serial_normal(3)
    return _lighting(data, alpha * np.float32(alpha_std))
