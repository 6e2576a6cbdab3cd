"""What ImageRecordIter does to an image between its decoding and its place in a batch, on OpenCV.

An image is an array (height, width, channels) of uint8, colours in the order that OpenCV decodes: blue, green, red.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, fields

import numpy as np

from ..base import MXNetError

__all__ = ["Augmentation", "Jitter", "resized", "resized_short", "shift_hls"]

_NEAREST, _LINEAR, _CUBIC, _AREA, _LANCZOS = range(5)  # OpenCV's numbers, which are MXNet's
_AUTOMATIC, _ANY = 9, 10

# Directions in which the colours of natural images vary (of ImageNet, by Krizhevsky et al. 2012), red first.
_PCA = np.array([[55.46 * -0.5675, 4.794 * 0.7192, 1.148 * 0.4009],
                 [55.46 * -0.5808, 4.794 * -0.0045, 1.148 * -0.8140],
                 [55.46 * -0.5836, 4.794 * -0.6948, 1.148 * 0.4203]], np.float32)


def resized(cv2, image: np.ndarray, height: int, width: int, method: int, rng: random.Random) -> np.ndarray:
    """The image in another size; method 9 chooses how by the sizes and 10 by chance."""
    rows, columns = image.shape[:2]
    if (rows, columns) == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=_interpolation(method, rows, columns, height, width, rng))


def _interpolation(method, rows, columns, height, width, rng):
    if method == _AUTOMATIC:
        enlarges = height > rows and width > columns
        return _CUBIC if enlarges else _AREA if height < rows and width < columns else _LINEAR
    return rng.randint(_NEAREST, _LANCZOS) if method == _ANY else method


def resized_short(cv2, image: np.ndarray, size: int, method: int, rng: random.Random) -> np.ndarray:
    """The image with a shorter edge of `size`, in the same proportions."""
    rows, columns = image.shape[:2]
    if rows > columns:
        return resized(cv2, image, rows * size // columns, size, method, rng)
    return resized(cv2, image, size, columns * size // rows, method, rng)


def shift_hls(cv2, image: np.ndarray, hue: int, light: int, saturation: int) -> np.ndarray:
    """The image with these added to its hue (0 to 180), lightness and saturation (0 to 255)."""
    hls = cv2.cvtColor(image, cv2.COLOR_BGR2HLS).astype(np.int32) + np.array([hue, light, saturation])
    return cv2.cvtColor(np.clip(hls, 0, [180, 255, 255]).astype(np.uint8), cv2.COLOR_HLS2BGR)


@dataclass(kw_only=True)
class Jitter:
    """Random changes of colours, the same for all pixels of an image."""

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    pca_noise: float = 0.0
    random_h: int = 0
    random_s: int = 0
    random_l: int = 0

    def __post_init__(self):
        self._active = any(getattr(self, field.name) for field in fields(Jitter))

    def change_colours(self, image: np.ndarray, rng: random.Random) -> np.ndarray:
        """The image with other colours; one of grey only gets brighter, darker, and of another contrast."""
        import cv2

        if not self._active:
            return image
        changes = [("brightness", self.brightness), ("contrast", self.contrast)]
        colour = image.ndim == 3 and image.shape[2] == 3
        if colour:
            changes.append(("saturation", self.saturation))
        rng.shuffle(changes)
        for name, most in changes:
            if most > 0:
                image = _blend(cv2, image, name, 1 + rng.uniform(-most, most))
        if colour and (self.random_h or self.random_s or self.random_l):
            image = shift_hls(cv2, image, *(rng.randint(-most, most)
                                            for most in (self.random_h, self.random_l, self.random_s)))
        if colour and self.pca_noise > 0:
            noise = _PCA @ np.array([rng.gauss(0, self.pca_noise) for _ in range(3)], np.float32)
            image = _to_bytes(image + noise[::-1])
        return image


def _blend(cv2, image: np.ndarray, name: str, alpha: float) -> np.ndarray:
    """A mixture: of the image and black, its mean grey, or its own grey."""
    if name == "brightness":
        return cv2.convertScaleAbs(image, alpha=alpha) if alpha > 0 else np.zeros_like(image)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 and image.shape[2] == 3 else image
    other = grey.mean() if name == "contrast" else grey[..., None].astype(np.float32)
    return _to_bytes(image.astype(np.float32) * alpha + other * (1 - alpha))


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _warp_affine(cv2, image, matrix, size, method, fill):
    """cv2.warpAffine as it was up to OpenCV 4, and MXNet has it: places are rounded to 1/32 of a pixel."""
    (a, b, x0), (c, d, y0) = cv2.invertAffineTransform(matrix) * 1024
    columns, rows = np.arange(size[0]), np.arange(size[1])[:, None]
    x = (np.rint(b * rows + x0).astype(np.int32) + 16 + np.rint(a * columns).astype(np.int32)) >> 5
    y = (np.rint(d * rows + y0).astype(np.int32) + 16 + np.rint(c * columns).astype(np.int32)) >> 5
    places = np.clip(np.stack([x, y], axis=-1) >> 5, -32768, 32767).astype(np.int16)
    between = ((y & 31) * 32 + (x & 31)).astype(np.uint16)
    return cv2.remap(image, places, between, _LINEAR if method == _AREA else method,
                     borderMode=cv2.BORDER_CONSTANT, borderValue=[fill] * 4)


@dataclass(kw_only=True)
class Augmentation(Jitter):
    """The parameters of ImageRecordIter that change an image, and how: see ImageRecordIter.

    Raises MXNetError for values that contradict each other.  Source: MXNet's `aug_default`.
    """

    resize: int = -1
    rand_crop: bool = False
    random_resized_crop: bool = False
    max_rotate_angle: int = 0
    max_aspect_ratio: float = 0.0
    min_aspect_ratio: float | None = None
    max_shear_ratio: float = 0.0
    max_crop_size: int = -1
    min_crop_size: int = -1
    max_random_scale: float = 1.0
    min_random_scale: float = 1.0
    max_random_area: float = 1.0
    min_random_area: float = 1.0
    max_img_size: float = 1e10
    min_img_size: float = 0.0
    rotate: int = -1
    fill_value: int = 255
    inter_method: int = 1
    pad: int = 0

    def __post_init__(self):
        super().__post_init__()
        if self.inter_method not in (0, 1, 2, 3, 4, 9, 10):
            raise MXNetError(f"invalid inter_method: valid are 0, 1, 2, 3, 4, 9 and 10, got {self.inter_method}")
        for name in ("aspect_ratio", "crop_size", "random_scale", "random_area", "img_size"):
            low, high = getattr(self, "min_" + name), getattr(self, "max_" + name)
            if low is not None and low > high:
                raise MXNetError(f"min_{name}={low} must not be greater than max_{name}={high}")
        if self.random_resized_crop and (self.rand_crop or (self.min_random_scale, self.max_random_scale) != (1, 1)
                                         or (self.min_crop_size, self.max_crop_size) != (-1, -1)):
            raise MXNetError("random_resized_crop conflicts with min_random_scale, max_random_scale, min_crop_size, "
                             "max_crop_size and rand_crop")
        self._warps = ((not self.random_resized_crop
                        and (self.max_random_scale != 1 or self.min_random_scale != 1 or self.max_aspect_ratio != 0))
                       or self.max_rotate_angle > 0 or self.max_shear_ratio > 0 or self.rotate > 0
                       or self.max_img_size != 1e10 or self.min_img_size != 0)

    def __call__(self, image: np.ndarray, height: int, width: int, rng: random.Random) -> np.ndarray:
        """An image of (height, width, channels); only `rng` is left to chance."""
        import cv2

        if self.resize > 0:
            image = resized_short(cv2, image, self.resize, self.inter_method, rng)
        if self._warps:
            image = self._warp(cv2, image, rng)
        if self.pad > 0:
            image = cv2.copyMakeBorder(image, self.pad, self.pad, self.pad, self.pad, cv2.BORDER_CONSTANT,
                                       value=[self.fill_value] * 4)
        if self.random_resized_crop:
            image = self._random_resized_crop(cv2, image, height, width, rng)
        else:
            image = self._crop(cv2, image, height, width, rng)
        return self.change_colours(image, rng)

    def _warp(self, cv2, image, rng):
        """Shear, turn and scale about the centre."""
        rows, columns = image.shape[:2]
        shear = rng.uniform(-self.max_shear_ratio, self.max_shear_ratio)
        degrees = self.rotate if self.rotate > 0 else rng.randint(-self.max_rotate_angle, self.max_rotate_angle)
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        scale = ratio = 1.0
        if not self.random_resized_crop:
            scale = rng.uniform(self.min_random_scale, self.max_random_scale)
            ratio = self._aspect_ratio(rng)
        down = 2 * scale / (1 + ratio)
        across = ratio * down
        new_width = max(self.min_img_size, min(self.max_img_size, scale * columns))
        new_height = max(self.min_img_size, min(self.max_img_size, scale * rows))
        turn = np.array([[down * cos - shear * sin * across, down * sin + shear * cos * across],
                         [-sin * across, cos * across]])
        centre = turn @ (columns, rows)
        shift = (np.array([new_width, new_height]) - centre) / 2
        size = (int(new_width), int(new_height))
        method = _interpolation(self.inter_method, rows, columns, size[1], size[0], rng)
        return _warp_affine(cv2, image, np.column_stack([turn, shift]).astype(np.float32).astype(np.float64), size,
                            method, self.fill_value)

    def _aspect_ratio(self, rng):
        if self.min_aspect_ratio is None:
            return 1 + rng.uniform(-self.max_aspect_ratio, self.max_aspect_ratio)
        return rng.uniform(self.min_aspect_ratio, self.max_aspect_ratio)

    def _random_resized_crop(self, cv2, image, height, width, rng):
        """Some part with a random area and proportion; a part in the middle where ten tries find none that fits."""
        rows, columns = image.shape[:2]
        for _ in range(10):
            area = rng.uniform(self.min_random_area, self.max_random_area) * rows * columns
            ratio = self._aspect_ratio(rng)
            w, h = int(math.sqrt(area * ratio) + 0.5), int(math.sqrt(area / ratio) + 0.5)
            if rng.random() < 0.5:
                w, h = h, w
            if 0 < w < columns and 0 < h < rows:
                y, x = rng.randint(0, rows - h), rng.randint(0, columns - w)
                return resized(cv2, image[y:y + h, x:x + w], height, width, self.inter_method, rng)
        return self._crop(cv2, image, height, width, rng)

    def _crop(self, cv2, image, height, width, rng):
        """A part of the wanted size, or one of a random size that is brought to it; small images grow first."""
        rows, columns = image.shape[:2]
        if self.max_crop_size != -1 or self.min_crop_size != -1:
            if min(rows, columns) < self.max_crop_size:
                raise MXNetError(f"an image of {rows} x {columns} is smaller than max_crop_size={self.max_crop_size}")
            size = rng.randint(self.min_crop_size, self.max_crop_size)
            y, x = self._corner(rows - size, columns - size, rng)
            return resized(cv2, image[y:y + size, x:x + size], height, width, self.inter_method, rng)
        if rows < height or columns < width:
            method = _interpolation(self.inter_method, rows, columns, height, width, rng)
            if rows < height:
                image = cv2.resize(image, (columns * height // rows, height), interpolation=method)
            rows, columns = image.shape[:2]
            if columns < width:
                image = cv2.resize(image, (width, rows * width // columns), interpolation=method)
        y, x = self._corner(image.shape[0] - height, image.shape[1] - width, rng)
        return image[y:y + height, x:x + width]

    def _corner(self, spare_rows, spare_columns, rng):
        if self.rand_crop:
            return rng.randint(0, spare_rows), rng.randint(0, spare_columns)
        return spare_rows // 2, spare_columns // 2
