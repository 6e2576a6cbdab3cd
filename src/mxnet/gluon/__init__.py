"""mx.gluon: networks from layers, parameters and trainers."""

import contextlib  # until all parts have landed

from . import loss, nn
from .block import Block, HybridBlock, SymbolBlock
from .parameter import Constant, DeferredInitializationError, Parameter, tensor_types
from .parameter_dict import ParameterDict
with contextlib.suppress(ImportError):
    from . import utils
with contextlib.suppress(ImportError):
    from .trainer import Trainer

__all__ = ["Block", "Constant", "DeferredInitializationError", "HybridBlock", "Parameter", "ParameterDict",
           "SymbolBlock", "Trainer", "loss", "nn", "tensor_types", "utils"]
