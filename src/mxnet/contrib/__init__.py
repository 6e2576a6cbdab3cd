"""mx.contrib: contributed parts; `mx.contrib.nd` and `mx.contrib.sym` are the contributed operators."""

from ..ndarray import contrib as nd
from ..ndarray import contrib as ndarray
from ..symbol import contrib as sym
from ..symbol import contrib as symbol
from . import amp, autograd, io, quantization, tensorboard, text
from . import quantization as quant

__all__ = ["amp", "autograd", "io", "nd", "ndarray", "quant", "quantization", "sym", "symbol",
           "tensorboard", "text"]
