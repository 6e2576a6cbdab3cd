"""From pixels to numbers: mirroring, mean, contrast, scale, and the order of axes and colours in a batch."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError

__all__ = ["Normalization", "Scaling"]


@dataclass(kw_only=True)
class Scaling:
    """The parameters of ImageRecordIter that make numbers of the values of pixels, and how."""

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

    def __post_init__(self):
        self._mean_image = None
        self._mean = [np.float32(getattr(self, "mean_" + c)) for c in "rgba"]
        self._factor = [np.float32(self.scale) / np.float32(getattr(self, "std_" + c) or 1) for c in "rgba"]
        self._tables = {np.dtype(dtype): [self._table(channel, dtype) for channel in range(4)]
                        for dtype in (np.float32, np.int8)}

    def _table(self, channel, dtype, contrast=1.0, illumination=0.0):
        """What becomes of each of the 256 values of a pixel; for int8 only the mean, rounded, is taken away."""
        mean = self._mean[channel]
        if dtype == np.int8:
            whole = int(np.copysign(np.floor(abs(mean) + np.float32(0.5)), mean))
            return np.clip(np.arange(256) - whole, -128, 127).astype(np.int8)
        values = np.arange(256, dtype=np.float32) - mean
        return (values * np.float32(contrast) + np.float32(illumination)) * self._factor[channel]

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

    def write(self, image: np.ndarray, out: np.ndarray, turned: bool = False, contrast: float | None = None,
              illumination: float = 0.0) -> None:
        """Pixels (height, width, channels), blue first, into `out`, (channels, height, width), red first.

        turned: left becomes right, after a mean image is taken away.  contrast: None for none.
        """
        import cv2

        if turned and self._mean_image is None:
            image = cv2.flip(image, 1)
        planes = cv2.split(image)
        if len(planes) >= 3:
            planes = (planes[2], planes[1], planes[0], *planes[3:])
        if out.dtype == np.uint8:
            out[:] = planes
        elif self._mean_image is not None and out.dtype == np.float32:
            values = (np.stack(planes) - self._mean_image) * np.float32(1 if contrast is None else contrast)
            values = (values + np.float32(illumination)) * np.float32(self.scale)
            out[:] = values[..., ::-1] if turned else values
        else:
            for channel, plane in enumerate(planes):
                table = (self._tables[out.dtype][channel] if contrast is None
                         else self._table(channel, out.dtype, contrast, illumination))
                cv2.LUT(plane, table, dst=out[channel])


@dataclass(kw_only=True)
class Normalization(Scaling):
    """`Scaling` with what is left to chance: contrast, illumination, and left and right."""

    mirror: bool = False
    rand_mirror: bool = False
    max_random_contrast: float = 0.0
    max_random_illumination: float = 0.0

    def normalize(self, image: np.ndarray, out: np.ndarray, rng: random.Random) -> None:
        """`write`, where chance decides."""
        turned = self.mirror or (self.rand_mirror and rng.random() < 0.5)
        if self.max_random_contrast or self.max_random_illumination:
            self.write(image, out, turned, 1 + rng.uniform(-self.max_random_contrast, self.max_random_contrast),
                       rng.uniform(-self.max_random_illumination, self.max_random_illumination))
        else:
            self.write(image, out, turned)
