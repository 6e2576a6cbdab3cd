"""mx.optimizer.optimizer: all optimizers in one place, where MXNet's users import them from.

MXNet's module also has the operators that its optimizers call; programs take them from here.
"""

# ruff: noqa: F401
# mypy: disable-error-code="attr-defined"
from ..ndarray import (
    NDArray,
    adam_update,
    cast,
    clip,
    ftml_update,
    ftrl_update,
    lamb_update_phase1,
    lamb_update_phase2,
    maximum,
    mp_lamb_update_phase1,
    mp_lamb_update_phase2,
    mp_nag_mom_update,
    mp_sgd_mom_update,
    mp_sgd_update,
    multi_lars,
    multi_mp_sgd_mom_update,
    multi_mp_sgd_update,
    multi_sgd_mom_update,
    multi_sgd_update,
    multi_sum_sq,
    multiply,
    nag_mom_update,
    preloaded_multi_mp_sgd_mom_update,
    preloaded_multi_mp_sgd_update,
    preloaded_multi_sgd_mom_update,
    preloaded_multi_sgd_update,
    rmsprop_update,
    rmspropalex_update,
    sgd_mom_update,
    sgd_update,
    signsgd_update,
    signum_update,
    sparse,
    sqrt,
    square,
    zeros,
)
from ..ndarray import abs as NDabs
from ..ndarray import norm as NDnorm
from ..ndarray.contrib import multi_lamb_update, multi_mp_lamb_update
from ..random import normal
from .adam import FTML, LAMB, Adam, Adamax, AdamW, Nadam
from .adaptive import AdaDelta, AdaGrad, Ftrl, RMSProp
from .base import Optimizer, create, register
from .large_batch import LARS, LBSGD
from .sgd import DCASGD, NAG, SGD, SGLD, Signum, Test, ccSGD
from .updater import Updater, get_updater

__all__ = ["DCASGD", "FTML", "LAMB", "LARS", "LBSGD", "NAG", "SGD", "SGLD", "AdaDelta", "AdaGrad", "Adam", "AdamW",
           "Adamax", "Ftrl", "NDabs", "Nadam", "Optimizer", "RMSProp", "Signum", "Test", "Updater", "ccSGD", "create",
           "get_updater", "register"]
