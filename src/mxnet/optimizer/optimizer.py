"""mx.optimizer.optimizer: all optimizers in one place, where MXNet's users import them from."""

from .adam import FTML, LAMB, Adam, Adamax, AdamW, Nadam
from .adaptive import AdaDelta, AdaGrad, Ftrl, RMSProp
from .base import Optimizer, create, register
from .sgd import DCASGD, NAG, SGD, SGLD, Signum, ccSGD
from .updater import Updater, get_updater

__all__ = ["DCASGD", "FTML", "LAMB", "NAG", "SGD", "SGLD", "AdaDelta", "AdaGrad", "Adam", "AdamW", "Adamax", "Ftrl",
           "Nadam", "Optimizer", "RMSProp", "Signum", "Updater", "ccSGD", "create", "get_updater", "register"]
