"""mx.optimizer: what turns gradients into new weights."""

from . import contrib, optimizer
from .optimizer import *

__all__ = ["contrib", "optimizer"]
__all__ += optimizer.__all__
