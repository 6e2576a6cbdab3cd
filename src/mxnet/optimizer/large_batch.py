"""Optimizers for large batches: LARS and LBSGD, which give each layer a learning rate of its own."""

from __future__ import annotations

import logging
import math
from typing import NamedTuple

import torch

from ..ndarray import mp_sgd_mom_update, mp_sgd_update, sgd_mom_update, sgd_update, zeros
from .base import Optimizer, register
from .multi_tensor import MultiTensorOptimizer, by_dtype

__all__ = ["LARS", "LBSGD"]


class _Rate(NamedTuple):
    """What a LARS step goes by, besides the decay: one for each parameter."""

    lr: float
    momentum: float
    scaled: bool  # whether the rate is to be scaled by norms


@register
class LARS(MultiTensorOptimizer):
    """SGD whose learning rate for each layer follows from norms (You, Gitman and Ginsburg, 2017).

        layer's lr = lr * eta * |weight| / (|rescale_grad * grad| + wd * |weight| + eps)     (lr where a norm is 0)
        g = clip(rescale_grad * grad) + wd * weight
        state = momentum * state - layer's lr * g;  weight += state      (weight -= layer's lr * g without momentum)

    Parameters whose names end in gamma, beta or bias keep lr; only those whose names end in _weight are decayed.
    momentum_correction: where the scheduler changes lr, scale the momentum by new / old (Goyal et al., 2017).  As in
    MXNet this reaches the first `aggregate_num` parameters that are updated together, of the first dtype.
    lazy_update is about sparse gradients.  State: an array like the weight, None without momentum.
    """

    master_last = True
    takes_lists = True
    _decayed_names = ("_weight",)

    def __init__(self, momentum=0.0, lazy_update=True, eta=0.001, eps=0, momentum_correction=True, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.momentum_correction = momentum_correction
        self.lazy_update = lazy_update
        self.aggregate_num = 4
        self.eta = eta
        self.eps = eps
        self.last_lr = None
        self.cur_lr = None

    @property
    def state_count(self):
        return 0 if self.momentum == 0.0 else 1

    def update_multi_precision(self, index, weight, grad, state):
        """As `update`; lists are updated dtype by dtype, which the correction of the momentum takes note of."""
        if not isinstance(index, (list, tuple)):
            super().update_multi_precision(index, weight, grad, state)
            return
        for which in by_dtype(weight):
            super().update_multi_precision(*([values[k] for k in which] for values in (index, weight, grad, state)))

    def _rates(self, indices, weights):
        lrs = self._get_lrs(indices)
        now = self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)
        self.last_lr, self.cur_lr = now if self.cur_lr is None else self.cur_lr, now
        corrected = self.momentum * (now / self.last_lr) if self.momentum_correction and self.last_lr else self.momentum
        return [_Rate(lr, corrected if k < self.aggregate_num else self.momentum, self._is_scaled(i))
                for k, (i, lr) in enumerate(zip(indices, lrs, strict=True))]

    def _is_scaled(self, index):
        return not str(self.idx2name.get(index, index)).endswith(("gamma", "beta", "bias"))

    def _layer_rates(self, weights, grads, rates, wds):
        """The learning rate of each weight: one tensor, of single precision at least."""
        of_weights, of_grads = _norms(weights), _norms(grads) * self.rescale_grad
        lr, wd, scaled = (of_weights.new_tensor(values) for values in ([r.lr for r in rates], wds,
                                                                       [float(r.scaled) for r in rates]))
        layers = lr * self.eta * of_weights / (of_grads + wd * of_weights + self.eps)
        return torch.where((scaled > 0) & (of_weights > 0) & (of_grads > 0), layers, lr)

    def _step(self, weights, grads, states, lr, wd, t):
        rates = self._layer_rates(weights, grads, lr, wd).neg().to(grads[0].dtype).unbind()
        grads = self._rescaled(grads)
        if any(wd):
            torch._foreach_add_(grads, torch._foreach_mul(weights, wd))
        torch._foreach_mul_(grads, list(rates))
        if states:
            torch._foreach_mul_(states[0], [rate.momentum for rate in lr])
            torch._foreach_add_(states[0], grads)
            grads = states[0]
        torch._foreach_add_(weights, grads)

    def _step_sparse(self, weight, grad, state, lr, wd, t):
        # The norms are of all rows, though the step may be taken on some.
        rate = float(self._layer_rates([weight._t], [grad._t], lr, wd))
        super()._step_sparse(weight, grad, state, [_Rate(rate, lr[0].momentum, False)], wd, t)


def _norms(tensors):
    dtype = torch.float64 if tensors[0].dtype is torch.float64 else torch.float32
    return torch.stack(torch._foreach_norm(tensors, 2, dtype))


@register
class LBSGD(Optimizer):
    """SGD that adds up gradients over `batch_scale` updates, and warms its learning rate up.

    Every `batch_scale`-th update of a parameter is one of SGD, by the mean of its gradients since the last one and
    the rate lr * m; m goes from 1 to batch_scale in warmup_epochs * updates_per_epoch updates (warmup_strategy
    'linear', 'power2' or 'sqrt'; 1 until then for others), or is, for 'lars',
    |weight| / sqrt(|grad|**2 + wd * |weight|**2) between 0.01 and 100.

    begin_epoch: counting of updates starts at begin_epoch * updates_per_epoch.
    State: as SGD's; (state, float32 weight) of half precision weights under multi_precision.
    """

    def __init__(self, momentum=0.0, multi_precision=False, warmup_strategy="linear", warmup_epochs=5, batch_scale=1,
                 updates_per_epoch=32, begin_epoch=0, num_epochs=60, **kwargs):
        super().__init__(**kwargs)
        logging.info("Running Large-Batch SGD Algorithm")
        logging.info("(Batch_scale=%f, warmup_epochs=%d, warmup_strategy=%s, updates_per_epoch=%d)", batch_scale,
                     warmup_epochs, warmup_strategy, updates_per_epoch)
        self.momentum = momentum
        self.multi_precision = multi_precision
        self.warmup_strategy = warmup_strategy
        self.warmup_epochs = warmup_epochs
        self.batch_scale = batch_scale
        self.updates_per_epoch = updates_per_epoch
        self.init_updates = begin_epoch * updates_per_epoch
        self.num_epochs = num_epochs
        self.cumgrads = {}  # by index: cum_grad, the sum of gradients since the last step; num_cums, all there were

    def create_state(self, index, weight):
        """Zeros like the weight or None; with a float32 copy of the weight if it is of half precision."""
        keeps = self.keeps_master(weight)
        if not keeps:
            self._warn_low_precision(weight, "LBSGD optimizer")
        dtype = "float32" if keeps else weight.dtype
        momentum = None
        if self.momentum != 0.0:
            momentum = zeros(weight.shape, weight._ctx, dtype=dtype, stype=weight.stype)
        return (momentum, weight.astype("float32")) if keeps else momentum

    def update(self, index, weight, grad, state):
        """Take in a gradient; update the weight in place if its turn has come."""
        lr, wd = self._get_lr(index), self._get_wd(index)
        self._update_count(index)
        seen = self.cumgrads.get(index, {"cum_grad": 0, "num_cums": self.init_updates})
        total, count = seen["cum_grad"] + grad, seen["num_cums"] + 1
        due = count % self.batch_scale == 0
        self.cumgrads[index] = {"cum_grad": 0 if due else total, "num_cums": count}
        if not due:
            return
        grad = total / self.batch_scale
        lr *= self._get_lars(weight, grad, wd) if self.warmup_strategy == "lars" else self._get_lbmult(count)
        options = {"lr": lr, "wd": wd, "rescale_grad": self.rescale_grad}
        if self.clip_gradient:
            options["clip_gradient"] = self.clip_gradient
        state, *master = state if isinstance(state, (list, tuple)) else (state,)
        if state is None:
            (mp_sgd_update if master else sgd_update)(weight, grad, *master, out=weight, **options)
        else:
            (mp_sgd_mom_update if master else sgd_mom_update)(weight, grad, state, *master, out=weight,
                                                              momentum=max(self.momentum, 0.0), **options)

    def _get_lbmult(self, updates):
        """The factor on the learning rate at this number of updates."""
        warmup = self.warmup_epochs * self.updates_per_epoch
        if updates >= warmup:
            return float(self.batch_scale)
        power = {"linear": 1, "power2": 2, "sqrt": 0.5}.get(self.warmup_strategy)
        if warmup <= 1 or power is None:
            return 1.0
        return 1.0 + (self.batch_scale - 1) * (updates / warmup) ** power

    def _get_lars(self, weight, grad, wd):
        """The factor on the learning rate by norms."""
        squares = float((weight._t.float() ** 2).sum())
        of_grad = float((grad._t.float() ** 2).sum())
        return min(max(math.sqrt(squares / (of_grad + wd * squares + 1e-18)), 0.01), 100.0)
