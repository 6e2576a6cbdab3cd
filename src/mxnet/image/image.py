"""Images one by one, augmenters of them, and ImageIter: the names of MXNet's module `mxnet.image.image`."""

from . import _augmenters, _functions, _rotate
from ._augmenters import *
from ._functions import *
from ._functions import _get_interp_method
from ._rotate import *

__all__ = [*_augmenters.__all__, *_functions.__all__, *_rotate.__all__]
