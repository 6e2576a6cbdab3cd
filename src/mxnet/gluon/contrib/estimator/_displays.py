"""Handlers that show a training: a progress bar, and curves in TensorBoard.  Beyond MXNet."""

from __future__ import annotations

import math

from ....metric import EvalMetric
from ._events import BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd
from .utils import _check_metrics

__all__ = ["ProgressBarHandler", "TensorBoardHandler"]


def _values(metrics: list[EvalMetric]) -> dict[str, float]:
    """The values of metrics by name, of those that have any."""
    pairs = [pair for metric in metrics for pair in metric.get_name_value()]
    return {name: value for name, value in pairs if not math.isnan(value)}


class ProgressBarHandler(TrainBegin, EpochBegin, BatchEnd, EpochEnd):
    """Shows a bar for each epoch with tqdm: batches, time, and metrics.

    total: batches in an epoch; known from the DataLoader if it has a length.  metrics: those to show, the Estimator's
    `train_metrics` if not given.  Other arguments go to tqdm: `leave=False`, `file=sys.stdout`.
    """

    def __init__(self, total=None, metrics=None, priority=math.inf, **options):
        self.total = total
        self.metrics = _check_metrics(metrics)
        self.priority = priority
        self.options = options
        self.current_epoch = 0
        self._shown = self.metrics

    def train_begin(self, estimator, *args, **kwargs):
        self.current_epoch = 0
        self._shown = self.metrics or estimator.train_metrics

    def epoch_begin(self, estimator, *args, **kwargs):
        from tqdm.auto import tqdm

        total = self.total or getattr(estimator, "_batches_in_epoch", None)
        self._bar = tqdm(total=total, desc=f"Epoch {self.current_epoch}", unit="batch", **self.options)

    def batch_end(self, estimator, *args, **kwargs):
        self._bar.set_postfix({name: f"{value:.4f}" for name, value in _values(self._shown).items()}, refresh=False)
        self._bar.update()

    def epoch_end(self, estimator, *args, **kwargs):
        self._bar.close()
        self.current_epoch += 1
        return False


class TensorBoardHandler(TrainBegin, BatchEnd, EpochEnd, TrainEnd):
    """Writes metrics and the learning rate for TensorBoard (`tensorboard --logdir LOG_DIR`).

    log_interval: 'epoch', or an int: after every so many batches too; steps count batches then.  metrics: those to
    write, all of the Estimator's if not given.
    ValueError for any other log_interval; ImportError at the beginning of `fit` without the package tensorboard.
    """

    def __init__(self, log_dir, log_interval="epoch", metrics=None, priority=math.inf):
        if log_interval != "epoch" and (not isinstance(log_interval, int) or log_interval < 1):
            raise ValueError(f"log_interval must be 'epoch' or a positive integer, got {log_interval!r}")
        self.log_dir = log_dir
        self.log_interval = log_interval
        self.metrics = _check_metrics(metrics)
        self.priority = priority
        self.current_epoch = 0
        self.current_batch = 0
        self._written = self.metrics

    def train_begin(self, estimator, *args, **kwargs):
        from ....contrib.tensorboard import make_writer

        self.current_epoch = 0
        self.current_batch = 0
        self._written = self.metrics or [*estimator.train_metrics, *estimator.val_metrics]
        self._writer = make_writer(self.log_dir)

    def batch_end(self, estimator, *args, **kwargs):
        self.current_batch += 1
        if self.log_interval != "epoch" and self.current_batch % self.log_interval == 0:
            self._write(estimator, self.current_batch)

    def epoch_end(self, estimator, *args, **kwargs):
        self.current_epoch += 1
        if self.log_interval == "epoch":
            self._write(estimator, self.current_epoch)
        return False

    def train_end(self, estimator, *args, **kwargs):
        self._writer.close()

    def _write(self, estimator, step):
        for name, value in _values(self._written).items():
            self._writer.add_scalar(name.replace(" ", "/", 1), value, step)
        self._writer.add_scalar("learning rate", estimator.trainer.learning_rate, step)
        self._writer.flush()
