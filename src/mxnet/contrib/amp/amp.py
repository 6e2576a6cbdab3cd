"""Scaling of losses: `init_trainer` once, then `scale_loss` around backward; see loss_scaler.py for the factor.

The conversion of graphs, in convert.py, is found here as well.
"""

from __future__ import annotations

from contextlib import contextmanager

from ...base import MXNetError
from ...gluon.trainer import Trainer
from ...ndarray import NDArray
from . import lists
from .convert import (
    convert_hybrid_block,
    convert_model,
    convert_symbol,
    init,
    list_conditional_fp32_ops,
    list_fp32_ops,
    list_loss_output_functions,
    list_lp16_fp32_ops,
    list_lp16_ops,
    list_lp16_use_fp32_params,
    list_widest_type_cast,
)
from .loss_scaler import LossScaler

__all__ = ["convert_hybrid_block", "convert_model", "convert_symbol", "init", "init_trainer",
           "list_conditional_fp32_ops", "list_fp32_ops", "list_loss_output_functions", "list_lp16_fp32_ops",
           "list_lp16_ops", "list_lp16_use_fp32_params", "list_widest_type_cast", "lists", "scale_loss",
           "unscale"]

_amp_initialized = False  # stays so, see `init`; layers of clients ask it before they mask with -1e18


def init_trainer(optimizer_or_trainer):
    """Let a Trainer leave out steps whose gradients overflowed, and undo the scaling of `scale_loss`.

    TypeError for anything but a Trainer, MXNetError if it updates on the kvstore, where gradients cannot be looked at.
    """
    trainer = optimizer_or_trainer
    if not isinstance(trainer, Trainer):
        raise TypeError("optimizer_or_trainer should be a Gluon Trainer, AMP is only compatible with that; got "
                        f"{type(trainer).__name__}")
    if hasattr(trainer, "_amp_loss_scaler"):
        return
    if trainer._update_on_kvstore or trainer._kvstore_params["update_on_kvstore"]:
        raise MXNetError("AMP needs a Trainer with update_on_kvstore=False")
    trainer._kvstore_params["update_on_kvstore"] = False
    trainer._amp_loss_scaler = LossScaler()
    trainer._amp_original_scale = trainer._scale
    update = trainer._update

    def update_unless_overflow(ignore_stale_grad=False):
        if not trainer._amp_loss_scaler.has_overflow(trainer._params):
            update(ignore_stale_grad)

    trainer._update = update_unless_overflow


@contextmanager
def scale_loss(loss, optimizer_or_trainer):
    """The loss, or a list of them, times the factor; the trainer will divide gradients by it.

    >>> with mx.autograd.record():
    ...     loss = loss_fn(net(x), y)
    ...     with amp.scale_loss(loss, trainer) as scaled:
    ...         mx.autograd.backward(scaled)
    """
    trainer = _initialized(optimizer_or_trainer)
    factor = trainer._amp_loss_scaler.loss_scale
    trainer._scale = trainer._amp_original_scale / factor
    yield loss * factor if isinstance(loss, NDArray) else [one * factor for one in loss]


def unscale(optimizer_or_trainer):
    """Divide the gradients by the factor now, before they are clipped, say."""
    trainer = _initialized(optimizer_or_trainer)
    factor = trainer._scale / trainer._amp_original_scale
    for param in trainer._params:
        if param.grad_req != "null":
            for grad in param.list_grad():
                grad *= factor
    trainer._scale = trainer._amp_original_scale


def _initialized(trainer):
    if not hasattr(trainer, "_amp_loss_scaler"):
        raise MXNetError("Loss scaler is not initialized, did you forget to call amp.init_trainer()?")
    return trainer
