"""Reading, resizing and cropping of single images: what lies between a file and a network's input.

Images are NDArrays of (height, width, channels).  OpenCV does the work, as in MXNet, so pixels agree; it is imported
at the first use, for programs that never touch an image need not have it.
"""

from __future__ import annotations

import os
import random
from types import ModuleType

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError
from ..ndarray import NDArray

__all__ = ["center_crop", "color_normalize", "fixed_crop", "imdecode", "imread", "imresize", "resize_short",
           "scale_down"]

_CUBIC, _AREA, _LINEAR = 2, 3, 1  # OpenCV's numbers, which are MXNet's
_AUTOMATIC, _ANY = 9, 10


def _opencv() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise ImportError("mx.image works with OpenCV, which is not installed: "
                          "pip install opencv-python-headless") from error
    return cv2


def imread(filename: str | os.PathLike, flag: int = 1, to_rgb: bool = True, out: NDArray | None = None) -> NDArray:
    """The image in a file, as `imdecode` gives it.

    MXNetError if the file cannot be read or holds no image.  Source: MXNet's `mx.image.imread`.
    """
    try:
        with open(str(filename), "rb") as file:
            content = file.read()
    except OSError as error:
        raise MXNetError(f"imread: {str(filename)!r} couldn't open file: {error.strerror}") from error
    try:
        return imdecode(content, flag, to_rgb, out)
    except MXNetError as error:
        raise MXNetError(f"{str(filename)!r}: {error}") from error


def imdecode(buf: bytes | bytearray | np.ndarray | NDArray, flag: int = 1, to_rgb: bool = True,
             out: NDArray | None = None) -> NDArray:
    """The image in the bytes of a JPEG, PNG or other file that OpenCV knows: (height, width, channels) of uint8.

    flag 0 gives one channel of grey, any other three of colour, in the order red, green, blue, or blue, green, red
    without `to_rgb`.  `out`, of that shape, takes the result and is returned.  ValueError for what does not hold
    bytes, MXNetError for bytes that are no image.  Source: MXNet's `mx.image.imdecode`.
    """
    if isinstance(buf, NDArray):
        buf = buf.asnumpy()
    if not isinstance(buf, (bytes, bytearray, np.ndarray)):
        raise ValueError(f"buf must be of type bytes, bytearray or numpy.ndarray, got {type(buf).__name__}"
                         + ("; encode a str to bytes" if isinstance(buf, str) else ""))
    if flag < 0:
        raise MXNetError(f"imdecode: flag must be 0 (grey) or greater (colour), got {flag}")
    data = np.frombuffer(buf, dtype=np.uint8) if not isinstance(buf, np.ndarray) else buf.astype(np.uint8).ravel()
    if not data.size:
        raise MXNetError("imdecode: expected the bytes of an image, got none")
    cv2 = _opencv()
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR if flag else cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise MXNetError(f"imdecode: Decoding failed. {data.size} bytes that are no image")
    if flag and to_rgb:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    return _finish(pixels, out, "imdecode")


def imresize(src: NDArray, w: int, h: int, interp: int = _LINEAR, out: NDArray | None = None) -> NDArray:
    """The image with width `w` and height `h`, of the same dtype.

    interp: 0 nearest, 1 bilinear, 2 bicubic, 3 by area, 4 Lanczos.  `out`, of shape (h, w, channels), takes the
    result and is returned.  MXNetError for sizes below 1, arrays that are no image, dtypes OpenCV cannot resize.
    Source: MXNet's `mx.image.imresize`.
    """
    if not isinstance(src, NDArray):
        raise AssertionError(f"imresize: src must be an NDArray, got {type(src).__name__}")
    for name, size in (("w", w), ("h", h)):
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise MXNetError(f"imresize: {name} must be a whole number of at least 1, got {size!r}")
    if src.ndim != 3:
        raise MXNetError(f"imresize: expected an image of (height, width, channels), got shape {src.shape}")
    cv2 = _opencv()
    try:
        pixels = cv2.resize(src.asnumpy(), (int(w), int(h)), interpolation=interp)
    except cv2.error as error:
        raise MXNetError(f"imresize: shape {src.shape}, dtype {np.dtype(src.dtype).name}, interp {interp}: "
                         f"{error}") from error
    return _finish(pixels, out, "imresize")


def _finish(pixels: np.ndarray, out: NDArray | None, what: str) -> NDArray:
    """An NDArray of what OpenCV made, which leaves out an only channel."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if out is None:
        return nd.array(pixels, dtype=pixels.dtype)
    if out.shape != pixels.shape:
        raise MXNetError(f"{what}: out has the shape {out.shape}, expected {pixels.shape}")
    out[:] = pixels
    return out


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
