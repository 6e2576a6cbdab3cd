"""Learning rates that change while training: called with a number of updates, a scheduler gives the rate.

Optimizers call one before every update.  Nothing here knows of arrays or devices.
"""

from __future__ import annotations

import logging
from math import cos, pi

__all__ = ["CosineScheduler", "FactorScheduler", "LRScheduler", "MultiFactorScheduler", "PolyScheduler"]


class LRScheduler:
    """Base of all schedulers; a subclass computes the rate in `__call__(num_update)`.

    Parameters
    ----------
    base_lr : float
        The rate to begin with (after the warmup).  An optimizer given a `learning_rate` overwrites it.
    warmup_steps : int
        For so many updates the rate rises to `base_lr` before the schedule begins.
    warmup_begin_lr : float
        The rate at update 0, if there is a warmup; not above `base_lr`.
    warmup_mode : {'linear', 'constant'}
        Rise in equal steps, or stay at `warmup_begin_lr` until the warmup is over.

    Raises ValueError for a warmup that cannot be, AssertionError if `warmup_steps` is no int.
    """

    def __init__(
        self,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        assert isinstance(warmup_steps, int), f"warmup_steps must be an int, got {warmup_steps!r}"
        if warmup_begin_lr > base_lr:
            raise ValueError(
                f"Base lr has to be higher than warmup_begin_lr, got base_lr={base_lr} and "
                f"warmup_begin_lr={warmup_begin_lr}"
            )
        if warmup_steps < 0:
            raise ValueError(f"Warmup steps has to be positive or 0, got {warmup_steps}")
        if warmup_mode not in ("linear", "constant"):
            raise ValueError(f"Supports only linear and constant modes of warmup, got {warmup_mode!r}")
        self.base_lr = base_lr
        self.warmup_steps = warmup_steps
        self.warmup_final_lr = base_lr
        self.warmup_begin_lr = warmup_begin_lr
        self.warmup_mode = warmup_mode

    def get_warmup_lr(self, num_update: int) -> float:
        """The rate at an update of the warmup."""
        assert num_update < self.warmup_steps, f"update {num_update} is past the warmup"
        if self.warmup_mode == "linear":
            rise = self.warmup_final_lr - self.warmup_begin_lr
            return self.warmup_begin_lr + rise * float(num_update) / float(self.warmup_steps)
        if self.warmup_mode == "constant":
            return self.warmup_begin_lr
        raise ValueError(f"Invalid warmup mode {self.warmup_mode}")

    def __call__(self, num_update: int) -> float:
        """The learning rate for an update; `num_update` is the largest update count of any parameter."""
        raise NotImplementedError("must override this")


class FactorScheduler(LRScheduler):
    """Multiplies the rate by `factor` after every `step` updates, down to `stop_factor_lr`.

    After n updates the rate is base_lr * factor ** floor((n - 1) / step).  Calls must come in the order of
    the updates: the rate never goes back.  Raises ValueError for a step below 1 or a factor above 1.
    """

    def __init__(
        self,
        step: int,
        factor: float = 1,
        stop_factor_lr: float = 1e-8,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if step < 1:
            raise ValueError(f"Schedule step must be greater or equal than 1 round, got {step}")
        _check_factor(factor)
        self.step = step
        self.factor = factor
        self.stop_factor_lr = stop_factor_lr
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        while num_update > self.count + self.step:  # several at once when training resumes
            self.count += self.step
            self.base_lr *= self.factor
            if self.base_lr < self.stop_factor_lr:
                self.base_lr = self.stop_factor_lr
                logging.info(
                    "Update[%d]: now learning rate arrived at %0.5e, will not change in the future",
                    num_update,
                    self.base_lr,
                )
            else:
                _log_change(num_update, self.base_lr)
        return self.base_lr


class MultiFactorScheduler(LRScheduler):
    """Multiplies the rate by `factor` after each of the update counts in the list `step`.

    Calls must come in the order of the updates: the rate never goes back.  Raises ValueError unless the
    counts rise from 1 or more and the factor is at most 1, AssertionError if `step` is no list or empty.
    """

    def __init__(
        self,
        step: list[int],
        factor: float = 1,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        assert isinstance(step, list) and len(step) >= 1, f"step must be a list of counts, got {step!r}"
        for i, count in enumerate(step):
            if i and count <= step[i - 1]:
                raise ValueError(f"Schedule step must be an increasing integer list, got {step}")
            if count < 1:
                raise ValueError(f"Schedule step must be greater or equal than 1 round, got {step}")
        _check_factor(factor)
        self.step = step
        self.cur_step_ind = 0
        self.factor = factor
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        while self.cur_step_ind < len(self.step) and num_update > self.step[self.cur_step_ind]:
            self.count = self.step[self.cur_step_ind]
            self.cur_step_ind += 1
            self.base_lr *= self.factor
            _log_change(num_update, self.base_lr)
        return self.base_lr


class PolyScheduler(LRScheduler):
    """Lowers the rate to `final_lr` along a polynomial of power `pwr`, by update `max_update`; then it stays.

    With p the part done of the updates after the warmup, the rate is
    final_lr + (base_lr - final_lr) * (1 - p)**pwr.
    Raises ValueError for a `max_update` below 1, AssertionError if it is no int.
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        pwr: float = 2,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        _check_max_update(max_update)
        self.power = pwr
        self.base_lr_orig = self.base_lr
        self.max_update = max_update
        self.final_lr = final_lr
        self.max_steps = self.max_update - self.warmup_steps

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        if self.max_steps > 0 and num_update <= self.max_update:
            left = 1 - float(num_update - self.warmup_steps) / float(self.max_steps)
            self.base_lr = self.final_lr + (self.base_lr_orig - self.final_lr) * pow(left, self.power)
        return self.base_lr


class CosineScheduler(LRScheduler):
    """Lowers the rate to `final_lr` along half a cosine wave, by update `max_update`; then it stays.

    With p the part done of the updates after the warmup, the rate is
    final_lr + (base_lr - final_lr) * (1 + cos(pi * p)) / 2, as in SGDR (Loshchilov and Hutter, 2016) without
    restarts.  Raises ValueError for a `max_update` below 1, AssertionError if it is no int.
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ):
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        _check_max_update(max_update)
        self.base_lr_orig = base_lr
        self.max_update = max_update
        self.final_lr = final_lr
        self.max_steps = self.max_update - self.warmup_steps

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        if self.max_steps > 0 and num_update <= self.max_update:
            wave = 1 + cos(pi * (num_update - self.warmup_steps) / self.max_steps)
            self.base_lr = self.final_lr + (self.base_lr_orig - self.final_lr) * wave / 2
        return self.base_lr


def _check_factor(factor: float) -> None:
    if factor > 1.0:
        raise ValueError(f"Factor must be no more than 1 to make lr reduce, got {factor}")


def _check_max_update(max_update: int) -> None:
    assert isinstance(max_update, int), f"max_update must be an int, got {max_update!r}"
    if max_update < 1:
        raise ValueError(f"maximum number of updates must be strictly positive, got {max_update}")


def _log_change(num_update: int, lr: float) -> None:
    logging.info("Update[%d]: Change learning rate to %0.5e", num_update, lr)
