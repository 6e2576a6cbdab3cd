"""mx.contrib: contributed parts; `mx.contrib.nd` are the contributed operators."""

from ..ndarray import contrib as nd
from ..ndarray import contrib as ndarray

__all__ = ["nd", "ndarray"]
