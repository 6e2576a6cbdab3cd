"""Augmenters: objects that change an image, most of them at random, and say how in JSON.

An image is (height, width, channels).  Draws come from Python's `random`, those of LightingAug from `numpy.random`:
programs that seed these see the images they see with MXNet.  Colours are changed in place, as in MXNet.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import numpy as np

from .. import ndarray as nd
from ..ndarray import NDArray
from ._functions import (
    _CUBIC,
    _get_interp_method,
    _without_min_area,
    center_crop,
    color_normalize,
    imresize,
    random_crop,
    random_size_crop,
    resize_short,
)

__all__ = ["Augmenter", "BrightnessJitterAug", "CastAug", "CenterCropAug", "ColorJitterAug", "ColorNormalizeAug",
           "ContrastJitterAug", "CreateAugmenter", "ForceResizeAug", "HorizontalFlipAug", "HueJitterAug",
           "LightingAug", "RandomCropAug", "RandomGrayAug", "RandomOrderAug", "RandomSizedCropAug", "ResizeAug",
           "SaturationJitterAug", "SequentialAug"]

_GREY = (0.299, 0.587, 0.114)  # what red, green and blue add to the brightness that an eye sees
# colours of YIQ from RGB and back
_TO_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.321), (0.211, -0.523, 0.311))
_FROM_YIQ = ((1.0, 0.956, 0.621), (1.0, -0.272, -0.647), (1.0, -1.107, 1.705))

# of the colours of ImageNet's pictures
_IMAGENET_MEAN, _IMAGENET_STD = (123.68, 116.28, 103.53), (58.395, 57.12, 57.375)
_IMAGENET_EIGENVALUES = (55.46, 4.794, 1.148)
_IMAGENET_EIGENVECTORS = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))


def _plain(value):
    """`value` as JSON knows it, if it is an array."""
    if isinstance(value, NDArray):
        value = value.asnumpy()
    return value.tolist() if isinstance(value, np.ndarray) else value


class Augmenter:
    """Changes an image: a subclass says how in `__call__`, and hands its arguments to `__init__` for `dumps`.

    Source: MXNet's `mx.image.Augmenter`.
    """

    def __init__(self, **kwargs):
        self._kwargs = {name: _plain(value) for name, value in kwargs.items()}

    def dumps(self) -> str | list:
        """The augmenter's name and arguments in JSON."""
        return json.dumps([self.__class__.__name__.lower(), self._kwargs])

    def __call__(self, src: NDArray) -> NDArray:
        raise NotImplementedError("Must override implementation.")


class SequentialAug(Augmenter):
    """The augmenters `ts`, one after the other."""

    def __init__(self, ts: Sequence[Augmenter]):
        super().__init__()
        self.ts = ts

    def dumps(self) -> list:
        """The augmenter's name, and what its parts dump."""
        return [self.__class__.__name__.lower(), [aug.dumps() for aug in self.ts]]

    def __call__(self, src):
        for aug in self.ts:
            src = aug(src)
        return src


class RandomOrderAug(Augmenter):
    """The augmenters `ts`, one after the other, in another order each time."""

    def __init__(self, ts: list[Augmenter]):
        super().__init__()
        self.ts = ts

    def dumps(self) -> list:
        """The augmenter's name, and what its parts dump."""
        return [self.__class__.__name__.lower(), [aug.dumps() for aug in self.ts]]

    def __call__(self, src):
        random.shuffle(self.ts)
        for aug in self.ts:
            src = aug(src)
        return src


# ------------------------------------------------------------------------------------------------- sizes and crops


class ResizeAug(Augmenter):
    """`resize_short`: the shorter side becomes `size`."""

    def __init__(self, size: int, interp: int = _CUBIC):
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src):
        return resize_short(src, self.size, self.interp)


class ForceResizeAug(Augmenter):
    """Resized to `size` = (width, height), whatever the proportions."""

    def __init__(self, size: tuple[int, int], interp: int = _CUBIC):
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src):
        sizes = src.shape[0], src.shape[1], self.size[1], self.size[0]
        return imresize(src, *self.size, interp=_get_interp_method(self.interp, sizes))


class RandomCropAug(Augmenter):
    """`random_crop`: a part anywhere, as `size` = (width, height)."""

    def __init__(self, size: tuple[int, int], interp: int = _CUBIC):
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src):
        return random_crop(src, self.size, self.interp)[0]


class RandomSizedCropAug(Augmenter):
    """`random_size_crop`: a part of any place, `area` and `ratio`, as `size` = (width, height)."""

    def __init__(self, size: tuple[int, int], area: float | tuple[float, float], ratio: tuple[float, float],
                 interp: int = _CUBIC, **kwargs):
        super().__init__(size=size, area=area, ratio=ratio, interp=interp)
        self.size = size
        self.area = _without_min_area("RandomSizedCropAug", area, kwargs)
        self.ratio = ratio
        self.interp = interp

    def __call__(self, src):
        return random_size_crop(src, self.size, self.area, self.ratio, self.interp)[0]


class CenterCropAug(Augmenter):
    """`center_crop`: the middle, as `size` = (width, height)."""

    def __init__(self, size: tuple[int, int], interp: int = _CUBIC):
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src):
        return center_crop(src, self.size, self.interp)[0]


class HorizontalFlipAug(Augmenter):
    """Left and right changed, with probability `p`."""

    def __init__(self, p: float):
        super().__init__(p=p)
        self.p = p

    def __call__(self, src):
        return nd.flip(src, axis=1) if random.random() < self.p else src


# ----------------------------------------------------------------------------------------------------- colours


def _factor(spread: float) -> float:
    return 1.0 + random.uniform(-spread, spread)


class BrightnessJitterAug(Augmenter):
    """The image, in place, times a factor within 1 - `brightness` and 1 + `brightness`."""

    def __init__(self, brightness: float):
        super().__init__(brightness=brightness)
        self.brightness = brightness

    def __call__(self, src):
        src *= _factor(self.brightness)
        return src


class ContrastJitterAug(Augmenter):
    """The image, in place, blended with its mean brightness, by a factor within 1 - and 1 + `contrast`.

    float32; MXNetError for other dtypes.
    """

    def __init__(self, contrast: float):
        super().__init__(contrast=contrast)
        self.contrast = contrast
        self.coef = nd.array([[_GREY]])

    def __call__(self, src):
        alpha = _factor(self.contrast)
        grey = src * self.coef
        grey = nd.sum(grey) * (3.0 * (1.0 - alpha) / grey.size)
        src *= alpha
        src += grey
        return src


class SaturationJitterAug(Augmenter):
    """The image, in place, blended with itself in grey, by a factor within 1 - and 1 + `saturation`.

    float32; MXNetError for other dtypes.
    """

    def __init__(self, saturation: float):
        super().__init__(saturation=saturation)
        self.saturation = saturation
        self.coef = nd.array([[_GREY]])

    def __call__(self, src):
        alpha = _factor(self.saturation)
        grey = nd.sum(src * self.coef, axis=2, keepdims=True)
        grey *= 1.0 - alpha
        src *= alpha
        src += grey
        return src


class HueJitterAug(Augmenter):
    """Colours turned around the axis of grey by up to half a circle times `hue`, in the colour space YIQ.

    Three channels of float32; MXNetError for others.  Source: MXNet's `mx.image.HueJitterAug`, after
    https://beesbuzz.biz/code/hsv_color_transforms.php.
    """

    def __init__(self, hue: float):
        super().__init__(hue=hue)
        self.hue = hue
        self.tyiq = np.array(_TO_YIQ)
        self.ityiq = np.array(_FROM_YIQ)

    def __call__(self, src):
        angle = random.uniform(-self.hue, self.hue) * np.pi
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
        return nd.dot(src, nd.array((self.ityiq @ turn @ self.tyiq).T))


class ColorJitterAug(RandomOrderAug):
    """Brightness, contrast and saturation changed at random, in any order; those of 0 are left out."""

    def __init__(self, brightness: float, contrast: float, saturation: float):
        kinds = (BrightnessJitterAug, brightness), (ContrastJitterAug, contrast), (SaturationJitterAug, saturation)
        super().__init__([kind(spread) for kind, spread in kinds if spread > 0])


class LightingAug(Augmenter):
    """Colours moved, in place, along the directions in which they vary: the columns of `eigvec` times `eigval`.

    alphastd: deviation of the normal distribution that says how far.  Three channels of float32.
    Source: MXNet's `mx.image.LightingAug`; Krizhevsky et al. 2012.
    """

    def __init__(self, alphastd: float, eigval: np.ndarray, eigvec: np.ndarray):
        super().__init__(alphastd=alphastd, eigval=eigval, eigvec=eigvec)
        self.alphastd = alphastd
        self.eigval = eigval
        self.eigvec = eigvec

    def __call__(self, src):
        alpha = np.random.normal(0, self.alphastd, size=(3,))
        src += nd.array(np.dot(self.eigvec * alpha, self.eigval))
        return src


class ColorNormalizeAug(Augmenter):
    """`color_normalize`: less `mean`, then divided by `std`, in place, for whichever is not None."""

    def __init__(self, mean: NDArray | np.ndarray | None, std: NDArray | np.ndarray | None):
        super().__init__(mean=mean, std=std)
        self.mean = mean if mean is None or isinstance(mean, NDArray) else nd.array(mean)
        self.std = std if std is None or isinstance(std, NDArray) else nd.array(std)

    def __call__(self, src):
        return color_normalize(src, self.mean, self.std)


class RandomGrayAug(Augmenter):
    """Three equal channels of grey, with probability `p`; float32."""

    def __init__(self, p: float):
        super().__init__(p=p)
        self.p = p
        self.mat = nd.array([[0.21] * 3, [0.72] * 3, [0.07] * 3])

    def __call__(self, src):
        return nd.dot(src, self.mat) if random.random() < self.p else src


class CastAug(Augmenter):
    """The image with another dtype."""

    def __init__(self, typ: str = "float32"):
        super().__init__(type=typ)
        self.typ = typ

    def __call__(self, src):
        return src.astype(self.typ)


# ------------------------------------------------------------------------------------------------ lists of augmenters


def _statistic(name: str, given, of_imagenet: NDArray | np.ndarray):
    """The mean or deviation of colours that an argument asks for: True is that of ImageNet, None is none."""
    if given is True:
        return of_imagenet
    if given is not None:
        assert isinstance(given, np.ndarray | NDArray) and given.shape[0] in (1, 3), \
            f"{name} must be True, None or an array of 1 or 3 numbers, got {given!r}"
    return given


def _of_colours(brightness: float, contrast: float, saturation: float, hue: float, pca_noise: float, rand_gray: float,
                mean: NDArray | np.ndarray | None, std: NDArray | np.ndarray | None) -> list[Augmenter]:
    """The augmenters of what lies in memory as float32 that CreateAugmenter and CreateDetAugmenter end with."""
    made: list[Augmenter] = [CastAug()]
    if brightness or contrast or saturation:
        made.append(ColorJitterAug(brightness, contrast, saturation))
    if hue:
        made.append(HueJitterAug(hue))
    if pca_noise > 0:
        made.append(LightingAug(pca_noise, np.array(_IMAGENET_EIGENVALUES), np.array(_IMAGENET_EIGENVECTORS)))
    if rand_gray > 0:
        made.append(RandomGrayAug(rand_gray))
    if mean is not None or std is not None:
        made.append(ColorNormalizeAug(mean, std))
    return made


def CreateAugmenter(data_shape: Sequence[int], resize: int = 0, rand_crop: bool = False,
                    rand_resize: bool = False, rand_mirror: bool = False, mean=None, std=None, brightness: float = 0,
                    contrast: float = 0, saturation: float = 0, hue: float = 0, pca_noise: float = 0,
                    rand_gray: float = 0, inter_method: int = 2) -> list[Augmenter]:
    """Augmenters that make an image (height, width, 3) of the size of `data_shape` = (channels, height, width).

    resize: the shorter side is that at first.  rand_crop: a part anywhere, instead of the middle; rand_resize: of any
    size too.  rand_mirror: half of the images are flipped.  brightness, contrast, saturation, hue, pca_noise: how much
    colours vary; rand_gray: the probability of an image in grey.  mean, std: arrays, or True for ImageNet's.
    inter_method: as for `resize_short`.  The images are float32.

    >>> [type(aug).__name__ for aug in CreateAugmenter((3, 224, 224), rand_mirror=True)]
    ['CenterCropAug', 'HorizontalFlipAug', 'CastAug']

    AssertionError for rand_resize without rand_crop, and a mean or std that is neither.
    Source: MXNet's `mx.image.CreateAugmenter`.
    """
    made: list[Augmenter] = [ResizeAug(resize, inter_method)] if resize > 0 else []
    size = data_shape[2], data_shape[1]
    assert rand_crop or not rand_resize, "rand_resize needs rand_crop"
    if rand_resize:
        made.append(RandomSizedCropAug(size, 0.08, (3.0 / 4.0, 4.0 / 3.0), inter_method))
    else:
        made.append((RandomCropAug if rand_crop else CenterCropAug)(size, inter_method))
    if rand_mirror:
        made.append(HorizontalFlipAug(0.5))
    return made + _of_colours(brightness, contrast, saturation, hue, pca_noise, rand_gray,
                              _statistic("mean", mean, nd.array(_IMAGENET_MEAN)),
                              _statistic("std", std, nd.array(_IMAGENET_STD)))
