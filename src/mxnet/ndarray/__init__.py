"""mx.nd: arrays and the operators on them, made from the registry of mxnet.ops."""

from ..base import _Null
from . import ndarray, op, utils

from . import _internal, contrib, image, linalg, random, sparse  # isort: skip
from .methods import attach_methods
from .ndarray import *
from .ndarray import NDArray
from .ndarray import __all__ as _ndarray_all
from .op import *
from .op import __all__ as _op_all
from .utils import empty, load, load_frombuffer, save, zeros

# Functions written for users stand before the raw operators of the same name (`maximum`, `histogram`, ...).
for _name in (*_ndarray_all,):
    globals()[_name] = getattr(ndarray, _name)
array, cast_storage = utils.array, sparse.cast_storage  # which know sparse arrays

attach_methods(NDArray, op)

__all__ = [*_ndarray_all, *_op_all, "cast_storage", "load", "load_frombuffer", "save", "contrib", "image", "linalg",
           "random", "sparse", "op", "utils"]
