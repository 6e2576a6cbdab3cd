"""mx.callback: what to call after a batch or an epoch of fit: logs, progress bars, checkpoints.

After a batch a callback gets a BatchEndParam (epoch, nbatch, eval_metric, locals), after an epoch
(epoch, symbol, arg_params, aux_params).
"""

from __future__ import annotations

import logging
import math
import time

__all__ = ["LogValidationMetricsCallback", "ProgressBar", "Speedometer", "do_checkpoint", "log_train_metric",
           "module_checkpoint"]


def module_checkpoint(mod, prefix, period=1, save_optimizer_states=False):
    """An epoch's callback that saves a Module to prefix-symbol.json and prefix-EPOCH.params every `period` epochs."""
    period = int(max(1, period))

    def _callback(iter_no, sym=None, arg=None, aux=None):
        if (iter_no + 1) % period == 0:
            mod.save_checkpoint(prefix, iter_no + 1, save_optimizer_states)

    return _callback


def do_checkpoint(prefix, period=1):
    """An epoch's callback that saves what it is given to prefix-symbol.json and prefix-EPOCH.params."""
    from .model import save_checkpoint

    period = int(max(1, period))

    def _callback(iter_no, sym, arg, aux):
        if (iter_no + 1) % period == 0:
            save_checkpoint(prefix, iter_no + 1, sym, arg, aux)

    return _callback


def log_train_metric(period, auto_reset=False):
    """A batch's callback that logs the metric every `period` batches, and then resets it if auto_reset."""

    def _callback(param):
        if param.nbatch % period == 0 and param.eval_metric is not None:
            for name, value in param.eval_metric.get_name_value():
                logging.info("Iter[%d] Batch[%d] Train-%s=%f", param.epoch, param.nbatch, name, value)
            if auto_reset:
                param.eval_metric.reset_local()

    return _callback


class Speedometer:
    """A batch's callback that logs samples a second, and the metric, every `frequent` batches.

    batch_size: samples in a batch.  auto_reset: reset the metric after each log, so that it tells of the batches since
    the last one.

    >>> mod.fit(data, num_epoch=1, batch_end_callback=mx.callback.Speedometer(32, 10))
    Epoch[0] Batch [0-10]	Speed: 1910.41 samples/sec	accuracy=0.200000
    """

    def __init__(self, batch_size, frequent=50, auto_reset=True):
        self.batch_size = batch_size
        self.frequent = frequent
        self.init = False
        self.tic = 0
        self.last_count = 0
        self.auto_reset = auto_reset

    def __call__(self, param):
        count = param.nbatch
        if self.last_count > count:  # a new epoch
            self.init = False
        self.last_count = count
        if not self.init:
            self.init = True
            self.tic = time.time()
            return
        if count % self.frequent == 0:
            self._log(param, count)
            self.tic = time.time()

    def _log(self, param, count):
        took = time.time() - self.tic
        speed = self.frequent * self.batch_size / took if took else float("inf")
        if param.eval_metric is None:
            logging.info("Iter[%d] Batch [%d]\tSpeed: %.2f samples/sec", param.epoch, count, speed)
            return
        first = 0
        values = param.eval_metric.get_name_value()
        if self.auto_reset:
            param.eval_metric.reset_local()
            first = count - self.frequent
        logging.info("Epoch[%d] Batch [%d-%d]\tSpeed: %.2f samples/sec%s", param.epoch, first, count, speed,
                     "".join(f"\t{name}={value:f}" for name, value in values))


class ProgressBar:
    """A batch's callback that logs a bar: how many of `total` batches are done.  length: of the bar, in characters."""

    def __init__(self, total, length=80):
        self.bar_len = length
        self.total = total

    def __call__(self, param):
        done = param.nbatch / float(self.total)
        filled = round(self.bar_len * done)
        bar = "=" * filled + "-" * (self.bar_len - filled)
        logging.info("[%s] %s%s\r", bar, math.ceil(100.0 * done), "%")


class LogValidationMetricsCallback:
    """A callback for the end of an evaluation that logs the metric."""

    def __call__(self, param):
        if param.eval_metric is not None:
            for name, value in param.eval_metric.get_name_value():
                logging.info("Epoch[%d] Validation-%s=%f", param.epoch, name, value)



def __getattr__(name):
    if name == "save_checkpoint":  # has always been found here too; model.py, which has it, stands on this module
        from .model import save_checkpoint

        return save_checkpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
