"""mx.contrib.amp: half precision; graphs are converted, and losses scaled, without which small gradients vanish."""

from . import amp, lists, loss_scaler
from .amp import *
