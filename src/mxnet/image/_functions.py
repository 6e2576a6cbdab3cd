"""Reading, resizing and cropping of single images: what lies between a file and a network's input.

Images are NDArrays of (height, width, channels).  The operators in ops/opencv.py and ops/image.py do the work.
"""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Sequence

import numpy as np

from .. import ndarray as nd
from ..base import MXNetError, numeric_types
from ..ndarray import NDArray

__all__ = ["center_crop", "color_normalize", "copyMakeBorder", "fixed_crop", "imdecode", "imread", "imresize",
           "random_crop", "random_size_crop", "resize_short", "scale_down"]

_CUBIC, _AREA, _LINEAR = 2, 3, 1  # OpenCV's numbers, which are MXNet's
_AUTOMATIC, _ANY = 9, 10
_ATTEMPTS = 10  # at a rectangle that fits


def imread(filename: str | os.PathLike, flag: int = 1, to_rgb: bool = True, out: NDArray | None = None) -> NDArray:
    """The image in a file, as `imdecode` gives it.

    MXNetError if the file cannot be read or holds no image.  Source: MXNet's `mx.image.imread`.
    """
    return nd._internal._cvimread(filename=str(filename), flag=flag, to_rgb=to_rgb, out=out)


def imdecode(buf: bytes | bytearray | np.ndarray | NDArray, flag: int = 1, to_rgb: bool = True,
             out: NDArray | None = None) -> NDArray:
    """The image in the bytes of a JPEG, PNG or other file that OpenCV knows: (height, width, channels) of uint8.

    flag 0 gives one channel of grey, 1 three of colour, in the order red, green, blue, or blue, green, red without
    `to_rgb`.  A JPEG is turned as its Exif data say, unless flag is 129.  `out`, of that shape, takes the result and
    is returned.  ValueError for what does not hold bytes, MXNetError for bytes that are no image.
    Source: MXNet's `mx.image.imdecode`.
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


def _height_width(src: NDArray) -> tuple[int, int]:
    if src.ndim != 3:
        raise ValueError(f"expected an image of (height, width, channels), got shape {src.shape}")
    return src.shape[:2]


def _get_interp_method(interp: int, sizes: Sequence[int] = ()) -> int:
    """OpenCV's number of an interpolation: 9 takes one that suits the change of size, 10 any one, by `random`.

    sizes: (old height, old width, new height, new width).  ValueError for numbers that mean nothing.
    """
    if interp == _AUTOMATIC:
        if not sizes:
            return _CUBIC
        assert len(sizes) == 4, f"expected (old height, old width, new height, new width), got {sizes}"
        old_h, old_w, new_h, new_w = sizes
        if new_h > old_h and new_w > old_w:
            return _CUBIC
        return _AREA if new_h < old_h and new_w < old_w else _LINEAR
    if interp == _ANY:
        return random.randint(0, 4)
    if interp not in range(5):
        raise ValueError(f"Unknown interp method {interp}: expected 0 to 4, 9 (automatic) or 10 (any)")
    return interp


def resize_short(src: NDArray, size: int, interp: int = _CUBIC) -> NDArray:
    """The image scaled such that its shorter side has `size`.

    interp: as for `imresize`, or 9: bicubic to enlarge, by area to shrink, else bilinear; or 10: any, by Python's
    `random`.  ValueError for other numbers.  Source: MXNet's `mx.image.resize_short`.
    """
    h, w = _height_width(src)
    new_h, new_w = (size * h // w, size) if h > w else (size, size * w // h)
    return imresize(src, new_w, new_h, interp=_get_interp_method(interp, (h, w, new_h, new_w)))


def fixed_crop(src: NDArray, x0: int, y0: int, w: int, h: int, size: tuple[int, int] | None = None,
               interp: int = _CUBIC) -> NDArray:
    """A copy of the `w` columns from `x0` and `h` rows from `y0`, resized to `size` = (width, height) if it is given.

    What lies outside of the image is left out; MXNetError where nothing is left.  interp as for `resize_short`.
    Source: MXNet's `mx.image.fixed_crop`.
    """
    if size is None or (w, h) == size:
        out = nd.slice(src, begin=(y0, x0, 0), end=(y0 + h, x0 + w, src.shape[2]))
    else:  # need not be copied before; and each rectangle is new, which costs an operator's parameters more
        out = src[y0:y0 + h, x0:x0 + w]
    if not out.size:
        raise MXNetError(f"fixed_crop: columns {x0} to {x0 + w} and rows {y0} to {y0 + h} hold nothing of the image "
                         f"of shape {src.shape}")
    if size is None or (w, h) == size:
        return out
    return imresize(out, size[0], size[1], interp=_get_interp_method(interp, (h, w, size[1], size[0])))


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
    h, w = _height_width(src)
    new_w, new_h = scale_down((w, h), size)
    x0, y0 = (w - new_w) // 2, (h - new_h) // 2
    return fixed_crop(src, x0, y0, new_w, new_h, size, interp), (x0, y0, new_w, new_h)


def random_crop(src: NDArray, size: tuple[int, int],
                interp: int = _CUBIC) -> tuple[NDArray, tuple[int, int, int, int]]:
    """A part of an image anywhere in it, as `size` = (width, height), and where it was: (x0, y0, width, height).

    As `center_crop`, but for the place, which is drawn by Python's `random`.  Source: MXNet's `mx.image.random_crop`.
    """
    h, w = _height_width(src)
    new_w, new_h = scale_down((w, h), size)
    x0 = random.randint(0, w - new_w)
    y0 = random.randint(0, h - new_h)
    return fixed_crop(src, x0, y0, new_w, new_h, size, interp), (x0, y0, new_w, new_h)


def _without_min_area(owner: str, area, kwargs: dict):
    """The area of a crop, which may be given by its old name; AssertionError for any other name."""
    if "min_area" in kwargs:
        warnings.warn("`min_area` is deprecated. Please use `area` instead.", DeprecationWarning, stacklevel=3)
        area = kwargs.pop("min_area")
    assert not kwargs, f"unexpected keyword arguments for `{owner}`: {', '.join(kwargs)}"
    return area


def random_size_crop(src: NDArray, size: tuple[int, int], area: float | tuple[float, float],
                     ratio: tuple[float, float], interp: int = _CUBIC,
                     **kwargs) -> tuple[NDArray, tuple[int, int, int, int]]:
    """A part of an image of any place, area and proportions, as `size` = (width, height), and where it was.

    area: the least and the greatest share of the image; a number is the least, the greatest is 1 then (`min_area` is
    its old name).  ratio: the least and the greatest width / height, of which the logarithm is uniform.  Where ten
    draws by Python's `random` do not fit into the image: `center_crop`.  AssertionError for unknown arguments.
    Source: MXNet's `mx.image.random_size_crop`; Szegedy et al. 2014.
    """
    area = _without_min_area("random_size_crop", area, kwargs)
    h, w = _height_width(src)
    shares = (area, 1.0) if isinstance(area, numeric_types) else area
    for _ in range(_ATTEMPTS):
        pixels = random.uniform(shares[0], shares[1]) * (h * w)
        drawn = np.exp(random.uniform(np.log(ratio[0]), np.log(ratio[1])))
        new_w, new_h = round(float(np.sqrt(pixels * drawn))), round(float(np.sqrt(pixels / drawn)))
        if new_w <= w and new_h <= h:
            x0 = random.randint(0, w - new_w)
            y0 = random.randint(0, h - new_h)
            return fixed_crop(src, x0, y0, new_w, new_h, size, interp), (x0, y0, new_w, new_h)
    return center_crop(src, size, interp)


def color_normalize(src: NDArray, mean: NDArray | None, std: NDArray | None = None) -> NDArray:
    """src - mean, then / std, for whichever is given: changed in place, and returned.

    Source: MXNet's `mx.image.color_normalize`.
    """
    if mean is not None:
        src -= mean
    if std is not None:
        src /= std
    return src
