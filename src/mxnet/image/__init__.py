"""Images for programs that learn and predict (mx.image, mx.img): reading, resizing, cropping, augmenters, iterators."""

from . import detection, image
from . import detection as det
from .detection import *
from .image import *

__all__ = ["det", "detection", "image"]
__all__ += [name for name in image.__all__ + detection.__all__ if not name.startswith("_")]
