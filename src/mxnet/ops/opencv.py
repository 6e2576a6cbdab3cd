"""What OpenCV does for images: decode them, resize them, put borders around them (`_cvimdecode`, ..., image.resize).

MXNet works with OpenCV too, so pixels agree.  It is imported at the first use: who touches no image need not have it.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._dtypes import always
from ._shapes import fit, rule
from .registry import Shape, register

__all__ = ["cv_copy_make_border", "cv_imdecode", "cv_imread", "cv_imresize", "image_resize"]

_NEAREST, _LINEAR = 0, 1
_COLOUR, _ANY_DEPTH, _ANY_COLOURS, _UNTURNED = 1, 2, 4, 128  # bits of `flag`; MXNet's OpenCV ignores the others
_LAST_INTERPOLATION = 5
_REAL = (torch.uint8, torch.float32, torch.float64)
_COPIED = (*_REAL, torch.int8, torch.int32)  # where pixels are only moved


def _opencv() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise ImportError("images are read and resized with OpenCV, which is not installed: "
                          "pip install opencv-python-headless") from error
    return cv2


def _call(op: str, function: Callable, *args, **kwargs) -> np.ndarray:
    """OpenCV's function, with MXNetError for its errors and with the axis of an only channel."""
    try:
        pixels = function(*args, **kwargs)
    except _opencv().error as error:
        raise MXNetError(f"{op}: {error}") from error
    return pixels[:, :, None] if pixels is not None and pixels.ndim == 2 else pixels


@contextlib.contextmanager
def _own_arithmetic(cv2: ModuleType) -> Iterator[None]:
    """Without Intel's IPP, whose bicubic and bilinear pixels are not those of MXNet's OpenCV, in this thread."""
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(before)


def _check_dtype(op: str, data: Tensor, supported: tuple[torch.dtype, ...]) -> None:
    if data.dtype not in supported:
        names = ", ".join(str(dtype)[6:] for dtype in supported)
        raise MXNetError(f"{op}: OpenCV takes {names} here, got {str(data.dtype)[6:]}")


def _check_image(op: str, data: Tensor) -> None:
    if data.dim() != 3:
        raise MXNetError(f"{op}: expected an image of (height, width, channels), got shape {tuple(data.shape)}")


# --------------------------------------------------------------------------------------------------- decoding


def _check_flag(op: str, flag: int) -> None:
    if flag < 0:
        raise MXNetError(f"{op}: flag must be 0 (grey) or greater (colour), got {flag}")


def _pixels(op: str, content: np.ndarray, flag: int) -> np.ndarray | None:
    """What OpenCV makes of `content`, or None."""
    cv2 = _opencv()
    flag &= _ANY_DEPTH | _UNTURNED | (_COLOUR if flag & _COLOUR else _ANY_COLOURS)
    pixels = _call(op, cv2.imdecode, content, flag)
    if pixels is None and content[:2].tobytes() == b"\xff\xd8":
        # a JPEG that was cut off: MXNet's OpenCV decodes what is there, newer ones look for the end first
        pixels = _call(op, cv2.imdecode, np.append(content, np.array([0xFF, 0xD9], np.uint8)), flag)
    return pixels


def _decode(op: str, content: np.ndarray, flag: int, to_rgb: bool) -> Tensor:
    if not content.size:
        raise MXNetError(f"{op}: expected the bytes of an image, got none")
    pixels = _pixels(op, content, flag)
    if pixels is None:
        raise MXNetError(f"{op}: Decoding failed. {content.size} bytes that are no image")
    if pixels.dtype != np.uint8 or pixels.shape[2] != (3 if flag else 1):
        raise MXNetError(f"{op}: flag {flag} makes {pixels.shape[2]} channels of {pixels.dtype} of this image, "
                         f"expected {'3' if flag else '1'} of uint8: give flag=0 for grey, flag=1 for colour")
    if flag and to_rgb:
        cv2 = _opencv()
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    return torch.from_numpy(pixels)


@register("_cvimdecode", types=always(torch.uint8))
def cv_imdecode(buf: Tensor, *, flag: int = 1, to_rgb: bool = True) -> Tensor:
    """The image in the bytes `buf` (uint8) of a JPEG, PNG or other file: (height, width, channels) of uint8.

    flag 0 gives one channel of grey, 1 three of colour, in the order red, green, blue, or blue, green, red without
    `to_rgb`; 129 does not turn the image as its Exif data say, other numbers are OpenCV's.  Of a JPEG that was cut
    off what is there.  MXNetError for bytes that are no image, and for flags that give other than 1 or 3 channels of
    8 bits.  Source: MXNet's `_cvimdecode`.
    """
    _check_flag("_cvimdecode", flag)
    _check_dtype("_cvimdecode", buf, (torch.uint8,))
    if state.solver is not None:
        raise MXNetError("_cvimdecode: the shape of the image is in its bytes, and cannot be told without them")
    content = buf.detach().cpu().numpy().ravel()
    return _decode("_cvimdecode", content, flag, to_rgb).to(buf.device)


@register("_cvimread", types=always(torch.uint8))
def cv_imread(*, filename: str, flag: int = 1, to_rgb: bool = True, _device=None) -> Tensor:
    """The image in a file, as `_cvimdecode` gives it.

    MXNetError if the file cannot be read or holds no image.  Source: MXNet's `_cvimread`.
    """
    _check_flag("_cvimread", flag)
    try:
        content = np.fromfile(os.fspath(filename), np.uint8)
    except OSError as error:
        raise MXNetError(f"_cvimread: {filename!r} couldn't open file: {error.strerror}") from error
    return _decode(f"_cvimread: {filename!r}", content, flag, to_rgb).to(_device)


# --------------------------------------------------------------------------------------------------- resizing


def _resized(op: str, data: Tensor, height: int, width: int, interp: int) -> Tensor:
    """An image, or each of a batch, with another height and width."""
    cv2 = _opencv()
    pixels = data.detach().cpu().numpy()
    made = np.empty((*pixels.shape[:-3], height, width, pixels.shape[-1]), pixels.dtype)
    several = pixels if pixels.ndim == 4 else pixels[None]
    with _own_arithmetic(cv2):
        for image, out in zip(several, made.reshape(-1, *made.shape[-3:]), strict=True):
            _call(op, cv2.resize, np.ascontiguousarray(image), (width, height), out, interpolation=interp)
    return torch.from_numpy(made).to(data.device)


class _Resize(torch.autograd.Function):
    """`_resized`, which has no gradient."""

    @staticmethod
    def forward(data, op, height, width, interp):
        return _resized(op, data, height, width, interp)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.op = inputs[1]

    @staticmethod
    def backward(ctx, grad):
        raise MXNetError(f"{ctx.op} has no gradient")


def _resize(op: str, data: Tensor, height: int, width: int, interp: int) -> Tensor:
    if not 0 <= interp <= _LAST_INTERPOLATION:
        raise MXNetError(f"{op}: Unknown interpolation method: interp must be 0 to {_LAST_INTERPOLATION}, got {interp}")
    _check_dtype(f"{op} with interp={interp}", data, _COPIED if interp == _NEAREST else _REAL)
    if 0 in data.shape[-3:]:
        raise MXNetError(f"{op}: expected an image that is not empty, got shape {tuple(data.shape)}")
    if state.solver is not None:
        return data.new_empty((*data.shape[:-3], height, width, data.shape[-1]))
    if not data.requires_grad:
        return _resized(op, data, height, width, interp)
    return _Resize.apply(data, op, height, width, interp)


@rule
def _imresize_shape(attrs, src):
    fit(len(src) == 3, attrs["h"] >= 1, attrs["w"] >= 1)
    return [(attrs["h"], attrs["w"], src[2])]


@register("_cvimresize", output_shapes=_imresize_shape)
def cv_imresize(src: Tensor, *, w: int, h: int, interp: int = _LINEAR) -> Tensor:
    """The image (height, width, channels) with width `w` and height `h`, of the same dtype.

    interp: 0 nearest, 1 bilinear, 2 bicubic, 3 by area, 4 Lanczos.  dtypes uint8, float32 and float64; with
    interp=0 int8 and int32 too.  MXNetError for others, for sizes below 1, and for a gradient: there is none.
    Source: MXNet's `_cvimresize`.
    """
    _check_image("_cvimresize", src)
    for name, size in (("w", w), ("h", h)):
        if size < 1:
            raise MXNetError(f"_cvimresize: {name} must be at least 1, got {size}")
    return _resize("_cvimresize", src, h, w, interp)


def _new_size(size: Shape, keep_ratio: bool, height: int, width: int) -> tuple[int, int]:
    """(height, width) that `image_resize` gives to an image; MXNetError for a size that is none."""
    if len(size) not in (1, 2) or min(size) <= 0:
        raise MXNetError(f"_image_resize: size must be one number or (width, height), each greater than 0, got {size}")
    if len(size) == 2:
        return size[1], size[0]
    if not keep_ratio:
        return size[0], size[0]
    if height > width:
        return size[0] * height // width, size[0]
    return size[0], size[0] * width // height


@rule
def _resize_shape(attrs, data):
    fit(len(data) in (3, 4), data[-3] != 0, data[-2] != 0)
    if len(attrs["size"]) == 1 and attrs["keep_ratio"]:
        fit(data[-3] > 0, data[-2] > 0)
    return [(*data[:-3], *_new_size(attrs["size"], attrs["keep_ratio"], *data[-3:-1]), data[-1])]


@register("_image_resize", output_shapes=_resize_shape)
def image_resize(data: Tensor, *, size: Shape = (), keep_ratio: bool = False, interp: int = _LINEAR) -> Tensor:
    """An image (height, width, channels), or a batch of them, resized to `size` = (width, height).

    A single number is the size of both edges, or with `keep_ratio` that of the shorter one.  interp: 0 nearest,
    1 bilinear, 2 bicubic, 3 by area, 4 Lanczos.  dtypes uint8, float32 and float64; with interp=0 int8 and int32 too.
    MXNetError for others, for sizes below 1, other ranks, and for a gradient: there is none.
    Source: MXNet's `image.resize`.
    """
    if data.dim() not in (3, 4):
        raise MXNetError("_image_resize: expected an image of (height, width, channels) or a batch of them, "
                         f"got shape {tuple(data.shape)}")
    if 0 in data.shape[-3:]:
        raise MXNetError(f"_image_resize: expected an image that is not empty, got shape {tuple(data.shape)}")
    height, width = _new_size(size, keep_ratio, data.shape[-3], data.shape[-2])
    return _resize("_image_resize", data, height, width, interp)


# ---------------------------------------------------------------------------------------------------- borders


@rule
def _border_shape(attrs, src):
    margins = attrs["top"], attrs["bot"], attrs["left"], attrs["right"]
    fit(len(src) == 3, min(margins) >= 0, min(src) > 0)
    return [(src[0] + margins[0] + margins[1], src[1] + margins[2] + margins[3], src[2])]


@register("_cvcopyMakeBorder", output_shapes=_border_shape)
def cv_copy_make_border(src: Tensor, *, top: int, bot: int, left: int, right: int, type: int = 0, value: float = 0.0,
                        values: tuple[float, ...] = ()) -> Tensor:
    """The image (height, width, channels) with margins around it, `top` and `bot` rows, `left` and `right` columns.

    type: what is there: 0 a constant, 1 the last pixel, 2 the image mirrored, 3 the image again, 4 mirrored without
    its last pixel (OpenCV's BORDER_CONSTANT, _REPLICATE, _REFLECT, _WRAP, _REFLECT_101).  The constant is `values`,
    one for a channel and 0 for channels without, at most four, or `value` for the first three, which leaves the
    margins transparent.  dtypes uint8, int8, int32, float32, float64.  MXNetError for others, negative margins and
    unknown types.  Source: MXNet's `_cvcopyMakeBorder`.
    """
    op = "_cvcopyMakeBorder"
    _check_image(op, src)
    _check_dtype(op, src, _COPIED)
    if min(top, bot, left, right) < 0:
        raise MXNetError(f"{op}: margins must not be negative, got {(top, bot, left, right)}")
    if state.solver is not None:
        return src.new_empty((src.shape[0] + top + bot, src.shape[1] + left + right, src.shape[2]))
    constant = (*values, 0, 0, 0, 0)[:4] if values else (value, value, value, 0)
    pixels = np.ascontiguousarray(src.detach().cpu().numpy())
    made = _call(op, _opencv().copyMakeBorder, pixels, top, bot, left, right, borderType=type, value=constant)
    return torch.from_numpy(made).to(src.device)
