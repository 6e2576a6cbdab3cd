"""Transforms of images, as blocks: from the (height, width, channels) of a decoder to what a network takes.

Those that are one operator of nd.image are HybridBlocks; those that decide in Python (crops, rotations) are Blocks.
Random ones draw where MXNet's draw: operators from mx.random, Python code from `random` and `numpy.random`.
"""

import random

import numpy as np

from .... import image
from ....base import numeric_types
from ...block import Block, HybridBlock
from ...nn import HybridSequential, Sequential

__all__ = [
    "Cast",
    "CenterCrop",
    "Compose",
    "CropResize",
    "HybridCompose",
    "HybridRandomApply",
    "Normalize",
    "RandomApply",
    "RandomBrightness",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomFlipLeftRight",
    "RandomFlipTopBottom",
    "RandomGray",
    "RandomHue",
    "RandomLighting",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSaturation",
    "Resize",
    "Rotate",
    "ToTensor",
]

_BILINEAR = 1  # of OpenCV's interpolations, as all numbers named `interpolation` here


def _width_and_height(size):
    """A size given as one number or as (width, height)."""
    return (size, size) if isinstance(size, numeric_types) else size


def _around_one(amount):
    """The factors that change an image by at most `amount`, none of them negative."""
    return max(0, 1 - amount), 1 + amount


# -------------------------------------------------------------------------------------------------- containers


class Compose(Sequential):
    """Transforms called one after the other.

        >>> transform = transforms.Compose([transforms.Resize(300), transforms.CenterCrop(256), transforms.ToTensor()])

    transforms: list of Blocks.  HybridBlocks that follow one another become one hybridized HybridSequential.
    """

    def __init__(self, transforms):
        super().__init__()
        run = []
        for transform in transforms:
            if isinstance(transform, HybridBlock):
                run.append(transform)
                continue
            self._add_run(run)
            self.add(transform)
            run = []
        self._add_run(run)

    def _add_run(self, run):
        """Append HybridBlocks: as one where there are several."""
        if len(run) > 1:
            several = HybridSequential()
            several.add(*run)
            several.hybridize()
            run = [several]
        self.add(*run)


class HybridCompose(HybridSequential):
    """`Compose` of HybridBlocks alone, itself a HybridBlock, and hybridized.  ValueError for other Blocks."""

    def __init__(self, transforms):
        super().__init__()
        for transform in transforms:
            if not isinstance(transform, HybridBlock):
                raise ValueError(f"HybridCompose takes HybridBlocks, got {transform!r}. Use `Compose` instead.")
            self.add(transform)
        self.hybridize()


class RandomApply(Sequential):
    """A transform that is applied with probability `p`; else images stay as they are.

    transforms: a Block, or a list of Blocks, which are composed.  Draws from Python's `random`.
    """

    def __init__(self, transforms, p=0.5):
        super().__init__()
        self.transforms = Compose(transforms) if isinstance(transforms, (list, tuple)) else transforms
        self.p = p

    def forward(self, x):
        return x if self.p < random.random() else self.transforms(x)


class HybridRandomApply(HybridSequential):
    """`RandomApply` as a HybridBlock: `transforms` is one, keeps shape and dtype, and the draw is from mx.random."""

    def __init__(self, transforms, p=0.5):
        super().__init__()
        if not isinstance(transforms, HybridBlock):
            raise TypeError(f"HybridRandomApply takes a HybridBlock, got {transforms!r}. Use `RandomApply` instead.")
        self.transforms = transforms
        self.p = p

    def hybrid_forward(self, F, x):
        stays = self.p < F.random.uniform(low=0, high=1, shape=(1,))
        return F.contrib.cond(stays, lambda: F.identity(x), lambda: self.transforms(x))


# ----------------------------------------------------------------------------------------------------- numbers


class Cast(HybridBlock):
    """Arrays of any shape as `dtype`, a name or a numpy.dtype."""

    def __init__(self, dtype="float32"):
        super().__init__()
        self._dtype = dtype

    def hybrid_forward(self, F, x):
        return F.cast(x, self._dtype)


class ToTensor(HybridBlock):
    """An image of values in [0, 255] as a float32 tensor of values in [0, 1].

    Input (height, width, channels) or a batch (N, height, width, channels), output (channels, height, width) or
    (N, channels, height, width).  MXNetError for other ranks.
    """

    def hybrid_forward(self, F, x):
        return F.image.to_tensor(x)


class Normalize(HybridBlock):
    """(x - mean) / std for each channel of a tensor (channels, height, width) or (N, channels, height, width).

    mean, std: a number for all channels, or one for each of 1 or 3.  MXNetError for other ranks and channels.
    """

    def __init__(self, mean=0.0, std=1.0):
        super().__init__()
        self._mean = mean
        self._std = std

    def hybrid_forward(self, F, x):
        return F.image.normalize(x, self._mean, self._std)


# ------------------------------------------------------------------------------------------------ cuts and sizes


class Resize(HybridBlock):
    """Images of another size, `size` = (width, height) or one number for both.

    Input and output (height, width, channels) or (N, height, width, channels), the dtype stays.
    keep_ratio: a single number is the shorter edge, and the other one follows.
    interpolation: 0 nearest, 1 bilinear, 2 bicubic, 3 by area, 4 Lanczos.  MXNetError for sizes below 1.
    """

    def __init__(self, size, keep_ratio=False, interpolation=_BILINEAR):
        super().__init__()
        self._keep = keep_ratio
        self._size = size
        self._interpolation = interpolation

    def hybrid_forward(self, F, x):
        return F.image.resize(x, self._size, self._keep, self._interpolation)


class CropResize(HybridBlock):
    """The rectangle of `width` columns from `x` and `height` rows from `y`, then resized where there is a `size`.

    Input and output (height, width, channels) or (N, height, width, channels).  size: a number or (width, height);
    interpolation as in `Resize`, by default bilinear.  MXNetError for a rectangle that leaves the image.
    """

    def __init__(self, x, y, width, height, size=None, interpolation=None):
        super().__init__()
        self._x = x
        self._y = y
        self._width = width
        self._height = height
        self._size = size
        self._interpolation = interpolation

    def hybrid_forward(self, F, x):
        out = F.image.crop(x, self._x, self._y, self._width, self._height)
        if self._size:
            # MXNet's documentation promises bilinear here, and its code refuses a size without an interpolation
            out = F.image.resize(out, self._size, False, _BILINEAR if self._interpolation is None
                                 else self._interpolation)
        return out


class CenterCrop(Block):
    """The middle of an image (height, width, channels), `size` = (width, height) or one number for both.

    From a smaller image as much as there is, resized with `interpolation` as in `Resize`.
    """

    def __init__(self, size, interpolation=_BILINEAR):
        super().__init__()
        self._args = (_width_and_height(size), interpolation)

    def forward(self, x):
        return image.center_crop(x, *self._args)[0]


class RandomResizedCrop(Block):
    """A random part of an image (height, width, channels), resized to `size` = (width, height) or one number.

    scale: (least, greatest) area of the part, of the image's; ratio: (least, greatest) width over height.  Where ten
    draws give none that fits, the middle is taken.  Draws from Python's `random`.  Source: Szegedy et al. 2015.
    """

    def __init__(self, size, scale=(0.08, 1.0), ratio=(3.0 / 4.0, 4.0 / 3.0), interpolation=_BILINEAR):
        super().__init__()
        self._args = (_width_and_height(size), scale, ratio, interpolation)

    def forward(self, x):
        return image.random_size_crop(x, *self._args)[0]


class RandomCrop(Block):
    """A random part of an image (height, width, channels), `size` = (width, height) or one number for both.

    pad: margins that are added before: a number, or ((top, bottom), (left, right), (0, 0)) as in numpy.pad, filled
    with `pad_value`.  A smaller image gives as much as there is, resized with `interpolation`.  Draws from `random`.
    Source: MXNet 2.0.
    """

    def __init__(self, size, pad=None, pad_value=0, interpolation=_BILINEAR):
        super().__init__()
        self._args = (_width_and_height(size), interpolation)
        self._pad = ((pad, pad), (pad, pad), (0, 0)) if isinstance(pad, int) else pad
        self._pad_value = pad_value

    def forward(self, x):
        if self._pad:
            (top, bottom), (left, right) = self._pad[:2]
            x = image.copyMakeBorder(x, top, bottom, left, right, value=self._pad_value)
        return image.random_crop(x, *self._args)[0]


# --------------------------------------------------------------------------------------------------- rotations


class Rotate(Block):
    """Images turned by `rotation_degrees` around their middle, of the same shape.

    Input and output float32 (channels, height, width) or (N, channels, height, width); TypeError for other dtypes.
    zoom_in: so far that nothing is from outside; zoom_out: so far that all is inside; ValueError for both.
    """

    def __init__(self, rotation_degrees, zoom_in=False, zoom_out=False):
        super().__init__()
        self._args = (rotation_degrees, zoom_in, zoom_out)

    def forward(self, x):
        return image.imrotate(x, *self._args)


class RandomRotation(Block):
    """`Rotate` by a random angle within `angle_limits` = (least, greatest), with probability `rotate_with_proba`.

    Draws from `numpy.random`.  ValueError for limits in the wrong order and for a probability outside of [0, 1].
    """

    def __init__(self, angle_limits, zoom_in=False, zoom_out=False, rotate_with_proba=1.0):
        super().__init__()
        lower, upper = angle_limits
        if lower >= upper:
            raise ValueError(f"`angle_limits` must be an ordered tuple, got {angle_limits}")
        if rotate_with_proba < 0 or rotate_with_proba > 1:
            raise ValueError(f"Probability of rotating the image should be between 0 and 1, got {rotate_with_proba}")
        self._args = (angle_limits, zoom_in, zoom_out)
        self._rotate_with_proba = rotate_with_proba

    def forward(self, x):
        return x if np.random.random() > self._rotate_with_proba else image.random_rotate(x, *self._args)


# ---------------------------------------------------------------------------------------- flips and colours


class RandomFlipLeftRight(HybridBlock):
    """Every other image (height, width, channels), by chance, with its columns in the other order."""

    def hybrid_forward(self, F, x):
        return F.image.random_flip_left_right(x)


class RandomFlipTopBottom(HybridBlock):
    """Every other image (height, width, channels), by chance, with its rows in the other order."""

    def hybrid_forward(self, F, x):
        return F.image.random_flip_top_bottom(x)


class RandomBrightness(HybridBlock):
    """The image (height, width, channels) times a factor of [max(0, 1 - brightness), 1 + brightness)."""

    def __init__(self, brightness):
        super().__init__()
        self._args = _around_one(brightness)

    def hybrid_forward(self, F, x):
        return F.image.random_brightness(x, *self._args)


class RandomContrast(HybridBlock):
    """The image (height, width, channels) blended with its mean brightness.

    The part of the image is from [max(0, 1 - contrast), 1 + contrast).
    """

    def __init__(self, contrast):
        super().__init__()
        self._args = _around_one(contrast)

    def hybrid_forward(self, F, x):
        return F.image.random_contrast(x, *self._args)


class RandomSaturation(HybridBlock):
    """The image (height, width, channels) blended with itself in grey.

    The part of the image is from [max(0, 1 - saturation), 1 + saturation).
    """

    def __init__(self, saturation):
        super().__init__()
        self._args = _around_one(saturation)

    def hybrid_forward(self, F, x):
        return F.image.random_saturation(x, *self._args)


class RandomHue(HybridBlock):
    """The colours of an image (height, width, channels) moved by up to `hue` of the circle of hues, to either side."""

    def __init__(self, hue):
        super().__init__()
        self._args = _around_one(hue)  # once around the circle is where it was

    def hybrid_forward(self, F, x):
        return F.image.random_hue(x, *self._args)


class RandomColorJitter(HybridBlock):
    """Brightness, contrast, saturation and hue of an image (height, width, channels) changed in a random order.

    Each as the transform of its own does it, by the amount that is given.
    """

    def __init__(self, brightness=0, contrast=0, saturation=0, hue=0):
        super().__init__()
        self._args = (brightness, contrast, saturation, hue)

    def hybrid_forward(self, F, x):
        return F.image.random_color_jitter(x, *self._args)


class RandomLighting(HybridBlock):
    """Noise along the principal components of the colours of ImageNet, of deviation `alpha`, on (height, width, 3).

    Source: Krizhevsky et al. 2012.
    """

    def __init__(self, alpha):
        super().__init__()
        self._alpha = alpha

    def hybrid_forward(self, F, x):
        return F.image.random_lighting(x, self._alpha)


class RandomGray(HybridBlock):
    """An image (height, width, 3), with probability `p` in grey, as float32 of the same shape.  Source: MXNet 2.0."""

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def hybrid_forward(self, F, x):
        x = F.cast(x, "float32")
        red, green, blue = F.split(x, num_outputs=3, axis=2)
        grey = F.broadcast_like(0.299 * red + 0.587 * green + 0.114 * blue, x)
        stays = self.p < F.random.uniform(low=0, high=1, shape=(1, 1, 1))
        return F.where(F.broadcast_like(stays, x), x, grey)
