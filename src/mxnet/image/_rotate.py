"""Turning images (mx.image.imrotate): a grid of turned places for the operator BilinearSampler."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

import numpy as np

from .. import ndarray as nd
from ..ndarray import NDArray

__all__ = ["imrotate", "random_rotate"]


def _zoom(radians: np.ndarray, height: int, width: int, zoom_in: bool, zoom_out: bool) -> np.ndarray:
    """By what the grid of each image is stretched: by more than 1 to show less of it."""
    cosine, sine = np.abs(np.cos(radians)), np.abs(np.sin(radians))
    across, down = width * cosine + height * sine, width * sine + height * cosine  # what the turned image takes
    if zoom_out:
        return np.maximum(across / width, down / height)
    return np.minimum(width / across, height / down) if zoom_in else np.ones_like(radians)


def _grid(radians: np.ndarray, height: int, width: int, zoom: np.ndarray) -> np.ndarray:
    """(N, 2, height, width): where each pixel of the turned images comes from, x and y within [-1, 1]."""
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    y, x = (np.arange(height) - middle_y)[:, None], (np.arange(width) - middle_x)[None, :]
    cosine, sine, zoom = np.cos(radians)[:, None, None], np.sin(radians)[:, None, None], zoom[:, None, None]
    # a line of pixels has its middle at 0, whatever it is divided by
    places = (x * cosine - y * sine) / (middle_x or 1), (x * sine + y * cosine) / (middle_y or 1)
    return np.stack([place * zoom for place in places], 1)


def imrotate(src: NDArray, rotation_degrees: float | NDArray, zoom_in: bool = False, zoom_out: bool = False) -> NDArray:
    """The image(s) turned around the middle, counterclockwise for the eye, within the same height and width.

    src: float32 (channels, height, width), or a batch (N, channels, height, width).  rotation_degrees: an angle, or
    for a batch N of them.  What was outside of the image is 0; zoom_in enlarges the image until nothing of it shows,
    zoom_out shrinks it until nothing of the image is lost.  Bilinear.

    ValueError if both zooms are asked for, for other ranks, and unless there is an angle for each image; TypeError
    for other dtypes, and for several angles of one image.  Source: MXNet's `mx.image.imrotate`.
    """
    if zoom_in and zoom_out:
        raise ValueError("`zoom_in` and `zoom_out` cannot be both True")
    if src.dtype is not np.float32:
        raise TypeError(f"Only `float32` images are supported by this function, got {np.dtype(src.dtype).name}")
    if src.ndim not in (3, 4):
        raise ValueError("Only 3D and 4D are supported by this function: (channels, height, width) or a batch, "
                         f"got shape {src.shape}")
    single, one_angle = src.ndim == 3, isinstance(rotation_degrees, numbers.Number)
    if single and not one_angle:
        raise TypeError("When a single image is passed the rotation angle is required to be a scalar, "
                        f"got {type(rotation_degrees).__name__}")
    batch = src.expand_dims(0) if single else src
    if one_angle:
        angles = np.full(len(batch), rotation_degrees, np.float32)
    else:
        angles = rotation_degrees.asnumpy() if isinstance(rotation_degrees, NDArray) else np.array(rotation_degrees)
    if angles.shape != (len(batch),):
        raise ValueError("The number of images must be equal to the number of rotation angles, "
                         f"got {len(batch)} images and angles of shape {angles.shape}")
    radians, (height, width) = np.deg2rad(angles.astype(np.float64)), src.shape[-2:]
    grid = _grid(radians, height, width, _zoom(radians, height, width, zoom_in, zoom_out))
    turned = nd.BilinearSampler(batch, nd.array(grid, ctx=src.context, dtype=np.float32))
    return turned[0] if single else turned


def random_rotate(src: NDArray, angle_limits: Sequence[float], zoom_in: bool = False,
                  zoom_out: bool = False) -> NDArray:
    """`imrotate` by an angle between the two `angle_limits`, for each image of a batch its own.

    The angles are drawn by `numpy.random`.  Source: MXNet's `mx.image.random_rotate`.
    """
    low, high = angle_limits
    if src.ndim == 3:
        degrees = np.random.uniform(low, high)
    else:
        degrees = nd.array(np.random.uniform(low, high, size=src.shape[0]))
    return imrotate(src, degrees, zoom_in=zoom_in, zoom_out=zoom_out)
