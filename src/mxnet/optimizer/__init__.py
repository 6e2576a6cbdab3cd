"""mx.optimizer: what turns gradients into new weights."""

from . import contrib, optimizer
from .adam import FTML, LAMB, Adam, Adamax, AdamW, Nadam
from .adaptive import AdaDelta, AdaGrad, Ftrl, RMSProp
from .base import Optimizer, create, register
from .contrib import GroupAdaGrad
from .multi_tensor import MultiTensorOptimizer
from .sgd import DCASGD, NAG, SGD, SGLD, Signum, ccSGD
from .updater import Updater, get_updater

__all__ = ["DCASGD", "FTML", "LAMB", "NAG", "SGD", "SGLD", "AdaDelta", "AdaGrad", "Adam", "AdamW", "Adamax", "Ftrl",
           "Nadam", "Optimizer", "RMSProp", "Signum", "Updater", "ccSGD", "contrib", "create", "get_updater",
           "register"]
