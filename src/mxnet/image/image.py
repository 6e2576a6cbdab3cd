"""Reading, resizing and cropping of single images: what lies between a file and a network's input.

Images are NDArrays of (height, width, channels).  The operators in ops/opencv.py and ops/image.py do the work.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError
from ..ndarray import NDArray

__all__ = ["center_crop", "color_normalize", "copyMakeBorder", "fixed_crop", "imdecode", "imread", "imresize",
           "resize_short", "scale_down"]

_CUBIC, _AREA, _LINEAR = 2, 3, 1  # OpenCV's numbers, which are MXNet's
_AUTOMATIC, _ANY = 9, 10


def imread(filename: str | os.PathLike, flag: int = 1, to_rgb: bool = True, out: NDArray | None = None) -> NDArray:
    """The image in a file, as `imdecode` gives it.

    MXNetError if the file cannot be read or holds no image.  Source: MXNet's `mx.image.imread`.
    """
    return nd._internal._cvimread(filename=str(filename), flag=flag, to_rgb=to_rgb, out=out)


def imdecode(buf: bytes | bytearray | np.ndarray | NDArray, flag: int = 1, to_rgb: bool = True,
             out: NDArray | None = None) -> NDArray:
    """The image in the bytes of a JPEG, PNG or other file that OpenCV knows: (height, width, channels) of uint8.

    flag 0 gives one channel of grey, any other three of colour, in the order red, green, blue, or blue, green, red
    without `to_rgb`.  `out`, of that shape, takes the result and is returned.  ValueError for what does not hold
    bytes, MXNetError for bytes that are no image.  Source: MXNet's `mx.image.imdecode`.
    """
    if isinstance(buf, (bytes, bytearray)):
        buf = np.frombuffer(buf, np.uint8)
    if not isinstance(buf, (np.ndarray, NDArray)):
        raise ValueError(f"buf must be of type bytes, bytearray or numpy.ndarray, got {type(buf).__name__}"
                         + ("; encode a str to bytes" if isinstance(buf, str) else ""))
    if not buf.size:
        raise MXNetError("imdecode: expected the bytes of an image, got none")
    return nd._internal._cvimdecode(nd.array(buf, dtype=np.uint8), flag=flag, to_rgb=to_rgb, out=out)


def imresize(src: NDArray, w: int, h: int, interp: int = _LINEAR, out: NDArray | None = None) -> NDArray:
    """The image with width `w` and height `h`, of the same dtype.

    interp: 0 nearest, 1 bilinear, 2 bicubic, 3 by area, 4 Lanczos.  `out`, of shape (h, w, channels), takes the
    result and is returned.  MXNetError for sizes below 1, arrays that are no image, dtypes OpenCV cannot resize.
    Source: MXNet's `mx.image.imresize`.
    """
    return nd._internal._cvimresize(src, w=w, h=h, interp=interp, out=out)


def copyMakeBorder(src: NDArray, top: int, bot: int, left: int, right: int, type: int = 0, value: float = 0,
                   values: Sequence[float] = (), out: NDArray | None = None) -> NDArray:
    """The image with margins around it, `top` and `bot` rows, `left` and `right` columns.

    type: what is there: 0 a constant, 1 the last pixel, 2 the image mirrored, 3 the image again, 4 mirrored without
    its last pixel.  The constant is `values`, one for a channel, or `value` for all.  MXNetError for negative
    margins, arrays that are no image, and dtypes OpenCV does not know.  Source: MXNet's `mx.image.copyMakeBorder`.
    """
    return nd._internal._cvcopyMakeBorder(src, top=top, bot=bot, left=left, right=right, type=type, value=value,
                                          values=tuple(values), out=out)


def _interpolation(interp: int, old: tuple[int, int], new: tuple[int, int]) -> int:
    """OpenCV's number of an interpolation: 9 takes one that suits the change from `old` to `new`, 10 any one.

    ValueError for numbers that mean nothing.
    """
    if interp == _AUTOMATIC:
        if new[0] > old[0] and new[1] > old[1]:
            return _CUBIC
        return _AREA if new[0] < old[0] and new[1] < old[1] else _LINEAR
    if interp == _ANY:
        return random.randint(0, 4)
    if interp not in range(5):
        raise ValueError(f"Unknown interp method {interp}: expected 0 to 4, 9 (automatic) or 10 (any)")
    return interp


def resize_short(src: NDArray, size: int, interp: int = _CUBIC) -> NDArray:
    """The image scaled such that its shorter side has `size`; interp as for `imresize`, or 9: one that suits.

    Source: MXNet's `mx.image.resize_short`.
    """
    h, w = src.shape[:2]
    new = (size * h // w, size) if h > w else (size, size * w // h)
    return imresize(src, new[1], new[0], interp=_interpolation(interp, (h, w), new))


def fixed_crop(src: NDArray, x0: int, y0: int, w: int, h: int, size: tuple[int, int] | None = None,
               interp: int = _CUBIC) -> NDArray:
    """The `w` columns from `x0` and `h` rows from `y0`, resized to `size` = (width, height) if that is given.

    Source: MXNet's `mx.image.fixed_crop`.
    """
    out = src[y0:y0 + h, x0:x0 + w]
    if size is None or (w, h) == tuple(size):
        return out
    return imresize(out, *size, interp=_interpolation(interp, (h, w), (size[1], size[0])))


def scale_down(src_size: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """`size`, scaled down where it does not fit into `src_size`; both are (width, height).

    >>> scale_down((640, 480), (720, 120))
    (640, 106)

    Source: MXNet's `mx.image.scale_down`.
    """
    w, h = float(size[0]), float(size[1])
    if src_size[1] < h:
        w, h = w * src_size[1] / h, src_size[1]
    if src_size[0] < w:
        w, h = src_size[0], h * src_size[0] / w
    return int(w), int(h)


def center_crop(src: NDArray, size: tuple[int, int],
                interp: int = _CUBIC) -> tuple[NDArray, tuple[int, int, int, int]]:
    """The middle of an image as `size` = (width, height), and where it was: (x0, y0, width, height).

    Of an image that is smaller the largest part of these proportions is taken, and resized.
    Source: MXNet's `mx.image.center_crop`.
    """
    h, w = src.shape[:2]
    new_w, new_h = scale_down((w, h), size)
    x0, y0 = (w - new_w) // 2, (h - new_h) // 2
    return fixed_crop(src, x0, y0, new_w, new_h, size, interp), (x0, y0, new_w, new_h)


def color_normalize(src: NDArray, mean: NDArray | None, std: NDArray | None = None) -> NDArray:
    """src - mean, then / std, for whichever is given: changed in place, and returned.

    Source: MXNet's `mx.image.color_normalize`.
    """
    if mean is not None:
        src -= mean
    if std is not None:
        src /= std
    return src
