"""mx.contrib.amp: training in half precision; so far the scaling of losses, without which small gradients vanish."""

from . import amp, loss_scaler
from .amp import init_trainer, scale_loss, unscale

__all__ = ["init_trainer", "scale_loss", "unscale"]
