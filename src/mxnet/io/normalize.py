"""From pixels to numbers: mirroring, mean, contrast, scale, and the order of axes and colours in a batch."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError

__all__ = ["Normalization"]


@dataclass(kw_only=True)
class Normalization:
    """The parameters of ImageRecordIter that turn pixels into numbers, and how: see ImageRecordIter."""

    mirror: bool = False
    rand_mirror: bool = False
    mean_img: str = ""
    mean_r: float = 0.0
    mean_g: float = 0.0
    mean_b: float = 0.0
    mean_a: float = 0.0
    std_r: float = 1.0
    std_g: float = 1.0
    std_b: float = 1.0
    std_a: float = 1.0
    scale: float = 1.0
    max_random_contrast: float = 0.0
    max_random_illumination: float = 0.0

    def __post_init__(self):
        self._mean_image = None
        self._mean = [np.float32(getattr(self, "mean_" + c)) for c in "rgba"]
        self._factor = [np.float32(self.scale) / np.float32(getattr(self, "std_" + c) or 1) for c in "rgba"]
        self._fixed = not (self.max_random_contrast or self.max_random_illumination)
        self._tables = [self._table(c) for c in range(4)]

    def _table(self, channel, contrast=1.0, illumination=0.0):
        """What becomes of each of the 256 values of a pixel."""
        values = np.arange(256, dtype=np.float32)
        values = (values - self._mean[channel]) * np.float32(contrast) + np.float32(illumination)
        return values * self._factor[channel]

    def needs_mean_image(self) -> bool:
        """Whether mean_img names a file that has to be made first."""
        return bool(self.mean_img) and not os.path.exists(self.mean_img)

    def load_mean_image(self, shape: tuple[int, ...]) -> None:
        """Read the file `mean_img`; MXNetError unless it holds an array of this shape."""
        saved = nd.load(self.mean_img)
        mean = next(iter(saved.values() if isinstance(saved, dict) else saved)).asnumpy()
        if mean.shape != shape:
            raise MXNetError(f"mean_img={self.mean_img!r} holds an array of shape {mean.shape}, expected {shape}")
        self._mean_image = mean.astype(np.float32)

    def write(self, image: np.ndarray, out: np.ndarray, rng: random.Random) -> None:
        """Pixels (height, width, channels), blue first, into `out`, (channels, height, width), red first."""
        import cv2

        turned = self.mirror != (self.rand_mirror and rng.random() < 0.5) if self.rand_mirror else self.mirror
        if turned and self._mean_image is None:
            image = cv2.flip(image, 1)
        planes = cv2.split(image)
        if len(planes) >= 3:
            planes = (planes[2], planes[1], planes[0], *planes[3:])
        if out.dtype != np.float32:
            for plane, place in zip(planes, out, strict=True):
                np.copyto(place, plane if out.dtype == np.uint8 else np.minimum(plane, 127), casting="unsafe")
            return
        contrast = illumination = None
        if not self._fixed:
            contrast = 1 + rng.uniform(-self.max_random_contrast, self.max_random_contrast)
            illumination = rng.uniform(-self.max_random_illumination, self.max_random_illumination)
        if self._mean_image is not None:
            values = (np.stack(planes) - self._mean_image) * np.float32(contrast or 1) + np.float32(illumination or 0)
            values *= np.float32(self.scale)
            out[:] = values[..., ::-1] if turned else values
            return
        tables = self._tables if self._fixed else [self._table(c, contrast, illumination) for c in range(len(planes))]
        for plane, table, place in zip(planes, tables, out, strict=False):
            cv2.LUT(plane, table, dst=place)
