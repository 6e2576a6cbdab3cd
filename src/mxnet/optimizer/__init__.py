"""mx.optimizer: what turns gradients into new weights."""

from . import contrib, optimizer
from .optimizer import *
from .optimizer import __all__ as _names

__all__ = [*_names, "contrib", "optimizer"]
