"""Estimator: trains and evaluates a net on DataLoaders, and calls handlers at each event on the way."""

from __future__ import annotations

import copy
import logging
import sys
import warnings
from collections.abc import Iterator

from ....context import Context, cpu, gpu, num_gpus
from ....metric import EvalMetric
from ....metric import Loss as metric_loss
from ... import loss as gluon_loss
from ...data import DataLoader
from ...trainer import Trainer
from ...utils import split_and_load
from ._resume import RunState
from .batch_processor import BatchProcessor
from .event_handler import (
    BatchBegin,
    BatchEnd,
    EpochBegin,
    EpochEnd,
    GradientUpdateHandler,
    LoggingHandler,
    MetricHandler,
    StoppingHandler,
    TrainBegin,
    TrainEnd,
    ValidationHandler,
    _check_event_handlers,
)
from .utils import _check_handler_metric_ref, _check_metrics, _suggest_metric_for_loss

__all__ = ["Estimator"]

_WANTS_LOADER = ("Estimator only support input as Gluon DataLoader. Alternatively, you can transform your DataIter or "
                 "any NDArray into Gluon DataLoader. Refer to gluon.data.{0}")


class Estimator:
    """Trains a net, and evaluates it.

    net, loss: a Block, and a gluon.loss.Loss of its outputs and the labels.
    train_metrics, val_metrics: an EvalMetric or a list of them.  Without the first ones: the loss, and the accuracy
        beside a SoftmaxCrossEntropyLoss; without the second ones copies of the first.  Their names get 'training ' and
        'validation ' in front.
    initializer: for parameters that have no values yet.
    trainer: a Trainer; without it SGD with a learning rate of 0.001, and a warning.
    context: a Context, or a list of those that share each batch evenly; without it the first GPU, or the CPU.
    val_net, val_loss: for validation; the same as for training if not given.
    batch_processor: runs a batch; see BatchProcessor.

    `logger` writes to the standard output.

    ValueError for arguments of other types, AssertionError for a context that is not there.

    >>> estimator = Estimator(net, gluon.loss.SoftmaxCrossEntropyLoss(), trainer=trainer)
    >>> estimator.fit(train_loader, val_loader, epochs=5, event_handlers=[ProgressBarHandler()])
    """

    logger: logging.Logger | None = None  # of an Estimator: its own

    def __init__(self, net, loss, train_metrics=None, val_metrics=None, initializer=None, trainer=None, context=None,
                 val_net=None, val_loss=None, batch_processor=None):
        self.net = net
        self.loss = self._check_loss(loss)
        self._train_metrics = _check_metrics(train_metrics)
        self._val_metrics = _check_metrics(val_metrics)
        self._add_default_training_metrics()
        self._add_validation_metrics()
        self.val_loss = self.loss if val_loss is None else self._check_loss(val_loss)
        self.val_net = net if val_net is None else val_net
        self.logger = logging.Logger("Estimator", logging.INFO)
        self.logger.addHandler(logging.StreamHandler(sys.stdout))
        self.context = self._check_context(context)
        self._initialize(initializer)
        self.trainer = self._check_trainer(trainer)
        self.batch_processor = self._check_batch_processor(batch_processor)

    # ------------------------------------------------------------------ arguments

    def _check_loss(self, loss):
        if not isinstance(loss, gluon_loss.Loss):
            raise ValueError(f"loss must be a Loss, refer to gluon.loss.Loss:{loss}")
        return loss

    def _check_context(self, context) -> list[Context]:
        if not context:
            return [gpu(0)] if num_gpus() else [cpu()]
        contexts = [context] if isinstance(context, Context) else context
        if not isinstance(contexts, list) or not all(isinstance(ctx, Context) for ctx in contexts):
            raise ValueError("context must be a Context or a list of Context, for example mx.cpu() or "
                             f"[mx.gpu(0), mx.gpu(1)], refer to mxnet.Context:{context}")
        gpus = num_gpus()
        for ctx in contexts:
            there = ctx.device_type != "gpu" or ctx.device_id < gpus
            assert there, (f"{ctx} is not available, please make sure your context is in one of: mx.cpu(), "
                           + ", ".join(f"mx.gpu({i})" for i in range(gpus)))
        return contexts

    def _check_batch_processor(self, batch_processor):
        if batch_processor is None:
            return BatchProcessor()
        if not (callable(getattr(batch_processor, "fit_batch", None))
                and callable(getattr(batch_processor, "evaluate_batch", None))):
            raise ValueError("Customized Batch Processor must contain fit_batch() and evaluate_batch() methods")
        return batch_processor

    def _is_initialized(self) -> bool:
        """Parameters that wait for their shapes count: an initializer was chosen for them."""
        return all(p._data is not None or p._deferred_init for p in self.net.collect_params().values())

    def _initialize(self, initializer):
        if not self._is_initialized():
            if initializer is None:
                self.net.initialize(ctx=self.context)
            else:
                self.net.initialize(init=initializer, ctx=self.context)
        elif initializer is not None:
            warnings.warn("Network already fully initialized, skipping initialization. You don't need to pass "
                          "initializer if you already initialized your net. You can use "
                          "net.initialize(init=your_initializer, force_reinit=True)to force re-initialize.",
                          stacklevel=3)

    def _check_trainer(self, trainer) -> Trainer:
        if trainer is None:
            warnings.warn("No trainer specified, default SGD optimizer with learning rate 0.001 is used.",
                          stacklevel=3)
            return Trainer(self.net.collect_params(), "sgd", {"learning_rate": 0.001})
        if not isinstance(trainer, Trainer):
            raise ValueError(f"Trainer must be a Gluon Trainer instance, refer to gluon.Trainer:{trainer}")
        return trainer

    # ------------------------------------------------------------------ metrics

    def _add_default_training_metrics(self):
        if not self._train_metrics:
            suggested = _suggest_metric_for_loss(self.loss)
            self._train_metrics = [] if suggested is None else [suggested]
            self._train_metrics.append(metric_loss(type(self.loss).__name__.lower()))
        for metric in self._train_metrics:
            metric.name = "training " + metric.name

    def _add_validation_metrics(self):
        if not self._val_metrics:
            self._val_metrics = [copy.deepcopy(metric) for metric in self._train_metrics]
        for metric in self._val_metrics:
            if "training" in metric.name:
                metric.name = metric.name.replace("training", "validation")
            else:
                metric.name = "validation " + metric.name

    @property
    def train_metrics(self) -> list[EvalMetric]:
        """The metrics of training; handlers may use these and `val_metrics`."""
        return self._train_metrics

    @property
    def val_metrics(self) -> list[EvalMetric]:
        """The metrics of validation."""
        return self._val_metrics

    # ------------------------------------------------------------------ runs

    def _get_data_and_label(self, batch, ctx, batch_axis=0):
        """The first two arrays of a batch, shared out evenly to the contexts: two lists."""
        return (split_and_load(batch[0], ctx_list=ctx, batch_axis=batch_axis),
                split_and_load(batch[1], ctx_list=ctx, batch_axis=batch_axis))

    def evaluate(self, val_data, batch_axis=0, event_handlers=None):
        """Run the validation net on all batches of a DataLoader; `val_metrics` tell the result.

        batch_axis: the axis of the samples.  event_handlers: one or a list, besides those for metrics and logs.
        ValueError if val_data is no DataLoader, or a handler refers to metrics that are not `val_metrics`.
        """
        if not isinstance(val_data, DataLoader):
            raise ValueError(_WANTS_LOADER.format("DataLoader"))
        for metric in self._val_metrics:
            metric.reset()
        handlers = self._prepare_default_validation_handlers(event_handlers)
        _, epoch_begin, batch_begin, batch_end, epoch_end, _ = self._categorize_handlers(handlers)
        for handler in epoch_begin:
            handler.epoch_begin(self)
        for batch in val_data:
            for handler in batch_begin:
                handler.batch_begin(self, batch=batch)
            _, label, pred, loss = self.batch_processor.evaluate_batch(self, batch, batch_axis)
            for handler in batch_end:
                handler.batch_end(self, batch=batch, pred=pred, label=label, loss=loss)
        for handler in epoch_end:
            handler.epoch_end(self)

    def fit(self, train_data, val_data=None, epochs=None, event_handlers=None, batches=None, batch_axis=0):
        """Train on the batches of a DataLoader, for a number of epochs or of batches.

        val_data: a DataLoader to evaluate on after each epoch.  batch_axis: the axis of the samples.
        event_handlers: one or a list.  A StoppingHandler is added, and, where no such handler is among them, those that
        update the parameters and the metrics, evaluate, and log.  They are called in the order of their `priority`
        (0 without one).  A true value from a `batch_end` ends the epoch, one from an `epoch_end` the training.

        ValueError if train_data is no DataLoader, unless exactly one of epochs and batches is given, or if a handler
        refers to metrics that are not the Estimator's.
        """
        if not isinstance(train_data, DataLoader):
            raise ValueError(_WANTS_LOADER.format("dataloader"))
        if (not epochs) == (not batches):
            raise ValueError("Fit only support exactly one type of iteration, train by number of epochs or number of "
                             "batches.Please specify one and only one of: epochs or batches.")
        if (epochs or batches) < 0:
            raise ValueError(f"epochs and batches must be positive, got {epochs or batches}")
        self.max_epoch = epochs
        self.max_batch = batches
        self.batch_axis = batch_axis
        self._resumed: RunState | None = None
        self._batches_in_epoch = len(train_data)
        handlers = self._prepare_default_handlers(val_data, event_handlers)
        train_begin, epoch_begin, batch_begin, batch_end, epoch_end, train_end = self._categorize_handlers(handlers)
        for handler in train_begin:
            handler.train_begin(self)
        stop = False
        while not stop:
            for handler in epoch_begin:
                handler.epoch_begin(self)
            for batch in self._epoch(train_data):
                for handler in batch_begin:
                    handler.batch_begin(self, batch=batch)
                _, label, pred, loss = self.batch_processor.fit_batch(self, batch, batch_axis)
                ends = [h.batch_end(self, batch=batch, pred=pred, label=label, loss=loss) for h in batch_end]
                if any(ends):
                    break
            ends = [handler.epoch_end(self) for handler in epoch_end]
            stop = any(ends)
        for handler in train_end:
            handler.train_end(self)

    def _epoch(self, train_data) -> Iterator:
        """The batches of an epoch; of one that a checkpoint broke off, those that are left.

        `_run` notes where training is, for checkpoints.
        """
        self._run = RunState.at_epoch_begin() if self._resumed is None else self._resumed
        self._resumed = None
        batches = self._run.replay(train_data)
        for batch in batches:
            self._run.batches += 1
            yield batch

    # ------------------------------------------------------------------ handlers

    def _prepare_default_handlers(self, val_data, event_handlers):
        handlers = list(_check_event_handlers(event_handlers))

        def lacks(kind):
            return not any(isinstance(handler, kind) for handler in handlers)

        added = []
        if lacks(GradientUpdateHandler):
            added.append(GradientUpdateHandler())
        if lacks(MetricHandler):
            added.append(MetricHandler(metrics=self.train_metrics))
        if val_data is not None and lacks(ValidationHandler):
            added.append(ValidationHandler(val_data=val_data, eval_fn=self.evaluate))
        added.append(StoppingHandler(self.max_epoch, self.max_batch))
        if lacks(LoggingHandler):
            added.append(LoggingHandler(metrics=self.train_metrics))
        return self._in_order(handlers + added, [*self._train_metrics, *self._val_metrics])

    def _prepare_default_validation_handlers(self, event_handlers):
        handlers = list(_check_event_handlers(event_handlers))
        if not any(isinstance(handler, MetricHandler) for handler in handlers):
            handlers.append(MetricHandler(metrics=self.val_metrics))
        if not any(isinstance(handler, LoggingHandler) for handler in handlers):
            handlers.append(LoggingHandler(metrics=self.val_metrics))
        return self._in_order(handlers, self._val_metrics)

    def _in_order(self, handlers, known_metrics):
        for handler in handlers:
            _check_handler_metric_ref(handler, known_metrics)
        return sorted(handlers, key=lambda handler: getattr(handler, "priority", 0))

    def _categorize_handlers(self, event_handlers):
        """The handlers of each event: train_begin, epoch_begin, batch_begin, batch_end, epoch_end, train_end."""
        return tuple([handler for handler in event_handlers if isinstance(handler, event)]
                     for event in (TrainBegin, EpochBegin, BatchBegin, BatchEnd, EpochEnd, TrainEnd))
