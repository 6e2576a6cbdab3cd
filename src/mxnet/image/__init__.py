"""Images for programs that predict (mx.image, mx.img): decoding, resizing, cropping, on OpenCV."""

from . import image
from .image import *

__all__ = list(image.__all__)
