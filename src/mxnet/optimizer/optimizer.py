"""mx.optimizer.optimizer: all optimizers in one place, where MXNet's users import them from."""

from .adam import *
from .adaptive import *
from .base import *
from .sgd import *
from .updater import *
