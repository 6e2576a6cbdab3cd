"""CheckpointHandler: files of a training, and how it goes on from them."""

from __future__ import annotations

import math
import os
import re

import numpy as np

from ....metric import CompositeEvalMetric, EvalMetric
from . import _resume
from ._events import BatchEnd, EpochEnd, TrainBegin
from .utils import _better, _warn_not_updated

__all__ = ["CheckpointHandler"]

_FILES = ("params", "states", "resume")


class CheckpointHandler(TrainBegin, BatchEnd, EpochEnd):
    """Writes checkpoints, and resumes training from them.

    A checkpoint is MODEL_PREFIX-epochEbatchB.params and .states (of the Trainer), as in MXNet, and a .resume file that
    MXNet passes over: where the random streams are, and how far into an epoch training is.  E and B count from 0; B is
    the batch after which it was written, at the end of an epoch the number of all batches.  All are written atomically.
    Also MODEL_PREFIX-symbol.json, once, if the net is hybridized.

    monitor, save_best, mode: write MODEL_PREFIX-best files whenever this metric got better; for `mode` see
        EarlyStoppingHandler.
    verbose: 1 logs each checkpoint.
    epoch_period, batch_period: write after every so many epochs or batches; None for never.
    max_checkpoints: older ones are removed.
    resume_from_checkpoint: begin with the latest checkpoint there.  `fit` then trains what is left of its epochs (if
        checkpoints are written at the ends of epochs) or batches (if after batches): with the same data in the same
        order and the same random numbers, and so to the same bits, as if it had not been broken off.  For that, data
        must come from the same seeded program; random numbers drawn by handlers after this one, and by workers of a
        DataLoader in the middle of an epoch, are not followed.

    ValueError for save_best without a simple metric.  When resuming, ValueError if nothing is left to train or a name
    cannot be read, AssertionError if a file is missing or periods do not suit.
    """

    def __init__(self, model_dir, model_prefix="model", monitor=None, verbose=0, save_best=False, mode="auto",
                 epoch_period=1, batch_period=None, max_checkpoints=5, resume_from_checkpoint=False):
        self.monitor = monitor
        self.verbose = verbose
        os.makedirs(model_dir, exist_ok=True)
        self.model_dir = model_dir
        self.model_prefix = model_prefix
        self.save_best = save_best
        if save_best:
            if not isinstance(monitor, EvalMetric) or isinstance(monitor, CompositeEvalMetric):
                raise ValueError("To save best model only, please provide one of the metric objects from "
                                 "estimator.train_metrics and estimator.val_metrics as monitor.")
            self.monitor_op = _better(monitor, mode, "ModelCheckpoint")
            self.best = -math.inf if self.monitor_op is np.greater else math.inf
        self.epoch_period = epoch_period
        self.batch_period = batch_period
        self.max_checkpoints = max_checkpoints
        self.resume_from_checkpoint = resume_from_checkpoint
        self._start()

    def _start(self):
        self.current_batch = 0
        self.current_epoch = 0
        self.saved_checkpoints = []
        self.trained_epoch = -1  # of the checkpoint that training goes on from, as its name has it
        self.trained_batch = -1
        self._epochs_before = 0  # finished before this `fit`
        self._batches_before = 0

    # ------------------------------------------------------------------ events

    def train_begin(self, estimator, *args, **kwargs):
        self._start()
        if self.save_best:
            self.best = -math.inf if self.monitor_op is np.greater else math.inf
        if self.resume_from_checkpoint:
            self._resume_from_checkpoint(estimator)

    def batch_end(self, estimator, *args, **kwargs):
        if self.current_batch == 0:
            self._save_symbol(estimator)
        self.current_batch += 1
        if self.batch_period and self.current_batch % self.batch_period == 0:
            trained = self._batches_before + self.current_batch
            self._save_checkpoint(estimator, trained - 1, trained, getattr(estimator, "_run", None))

    def epoch_end(self, estimator, *args, **kwargs):
        if self.epoch_period and (self.current_epoch + 1) % self.epoch_period == 0:
            trained = self._batches_before + self.current_batch
            self._save_checkpoint(estimator, trained, trained, None)
        self.current_epoch += 1

    # ------------------------------------------------------------------ files

    def _path(self, prefix, ending):
        return os.path.join(self.model_dir, f"{prefix}.{ending}")

    def _save_checkpoint(self, estimator, batch, trained, run):
        """Write a checkpoint after `trained` batches, with the number `batch` in its name."""
        prefix = f"{self.model_prefix}-epoch{self._epochs_before + self.current_epoch}batch{batch}"
        if self.verbose > 0:
            estimator.logger.info("[Epoch %d] CheckpointHandler: trained total %d batches, saving model at %s with "
                                  "prefix: %s", self.current_epoch, trained, self.model_dir, prefix)
        better = self.save_best and self._is_better(estimator)
        self._save_params_and_trainer(estimator, prefix, run)
        if better:
            self._save_params_and_trainer(estimator, f"{self.model_prefix}-best", run)
        self.saved_checkpoints.append(prefix)
        self._remove_old()

    def _is_better(self, estimator) -> bool:
        """Note and log whether the monitored metric got better."""
        name, value = self.monitor.get()
        if np.isnan(value):
            _warn_not_updated(name)
            return False
        better = bool(self.monitor_op(value, self.best))
        if self.verbose > 0:
            if better:
                estimator.logger.info("[Epoch %d] CheckpointHandler: %s improved from %.5f to %.5f, updating best "
                                      "model at %s with prefix: %s-best", self.current_epoch, name, self.best, value,
                                      self.model_dir, self.model_prefix)
            else:
                estimator.logger.info("[Epoch %d] CheckpointHandler: %s did not improve from %.5f, skipping updating "
                                      "best model", self.current_epoch, name, self.best)
        if better:
            self.best = value
        return better

    def _save_symbol(self, estimator):
        graph = getattr(estimator.net, "_cached_graph", ())
        path = os.path.join(self.model_dir, f"{self.model_prefix}-symbol.json")
        if graph:
            graph[1].save(path)
        else:
            estimator.logger.info("Model architecture(symbol file) is not saved, please use HybridBlock to construct "
                                  "your model, and call net.hybridize() before passing to Estimator in order to save "
                                  "model architecture as %s.", path)

    def _save_params_and_trainer(self, estimator, file_prefix, run=None):
        """Write the files of a checkpoint; the .params file, which makes it one, comes to its name last."""
        params, states, resume = (self._path(file_prefix, ending) for ending in _FILES)
        unfinished = self._path(f".{file_prefix}", "params.unfinished")
        estimator.trainer.save_states(states)
        estimator.net.save_parameters(unfinished)
        _resume.save(resume, estimator.net, run, self.best if self.save_best else None, [unfinished, states])
        os.replace(unfinished, params)

    def _remove_old(self):
        while len(self.saved_checkpoints) > self.max_checkpoints:
            prefix = self.saved_checkpoints.pop(0)
            for ending in _FILES:
                path = self._path(prefix, ending)
                if os.path.exists(path):
                    os.remove(path)

    # ------------------------------------------------------------------ resuming

    def _found(self) -> list[tuple[int, int]]:
        """(epoch, batch) of the checkpoints there, in order."""
        found = []
        for file in os.listdir(self.model_dir):
            match = re.fullmatch(re.escape(self.model_prefix) + r"-epoch(.*)batch(.*)\.params", file)
            if match:
                try:
                    found.append((int(match[1]), int(match[2])))
                except ValueError:
                    raise ValueError(
                        "Error parsing checkpoint file, please check your checkpoints have the format: "
                        "{model_name}-epoch{epoch_number}batch{batch_number}.params, there should also be a .states "
                        f"file for each .params file; found {file} in {self.model_dir}") from None
        return sorted(found)

    def _resume_from_checkpoint(self, estimator):
        by_epochs = bool(estimator.max_epoch)
        assert not (self.batch_period if by_epochs else self.epoch_period), (
            "To use resume from checkpoint, you must only specify the same type of period you used for training.For "
            "example, if you are training based on number of epochs,you must save only based on epochs, and set "
            "batch_period to None.")
        wanted = f"{estimator.max_epoch} epochs" if by_epochs else f"{estimator.max_batch} batches"
        found = self._found()
        if not found:
            estimator.logger.info("CheckpointHandler: No checkpoint found, training from scratch for %s", wanted)
            return
        self.saved_checkpoints = [f"{self.model_prefix}-epoch{epoch}batch{batch}" for epoch, batch in found]
        self.trained_epoch, self.trained_batch = found[-1]
        if by_epochs:
            estimator.max_epoch = self._left(estimator.max_epoch, self.trained_epoch + 1, "epoch", estimator.max_epoch)
            wanted = f"{estimator.max_epoch} epochs"
        else:
            estimator.max_batch = self._left(estimator.max_batch, self.trained_batch + 1, "batch", self.trained_batch)
            wanted = f"{estimator.max_batch} batches"
        self._epochs_before = self.trained_epoch + 1
        self._batches_before = self.trained_batch if by_epochs else self.trained_batch + 1
        self._load(estimator, self.saved_checkpoints[-1], by_epochs)
        estimator.logger.info("CheckpointHandler: Checkpoint resumed from epoch %d batch %d, continue to train for %s ",
                              self.trained_epoch, self.trained_batch, wanted)

    @staticmethod
    def _left(wanted, trained, what, reached):
        if trained >= wanted:
            raise ValueError(f"Found checkpoint with maximum number of {what} {reached} reached, please specify "
                             "resume_from_checkpoint=False (default value) if you wan to train from scratch.")
        return wanted - trained

    def _load(self, estimator, prefix, by_epochs):
        params, states, resume = (self._path(prefix, ending) for ending in _FILES)
        for path in (params, states):
            assert os.path.exists(path), f"Failed to load checkpoint, {path} does not exist"
        estimator.net.load_parameters(params, ctx=estimator.context)
        estimator.trainer.load_states(states)
        run, best = _resume.load(resume, estimator.net, [params, states])
        if best is not None and self.save_best:
            self.best = best
        if run is None:
            return
        _resume.restore_random(run.now)
        if not by_epochs:  # the epoch goes on, even if no batch of it is left
            self._epochs_before = self.trained_epoch
            estimator._resumed = run
