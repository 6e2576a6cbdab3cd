"""The network and the Estimator that trains it."""
from __future__ import annotations

import json
from pathlib import Path

import mxnet as mx
from mxnet import gluon
from mxnet.gluon import nn
from mxnet.gluon.contrib.estimator import (
    CheckpointHandler,
    EarlyStoppingHandler,
    EpochEnd,
    Estimator,
    LoggingHandler,
    ValidationHandler,
)

from .data import Loaders

PREFIX, HISTORY = "cnn", "cnn-history.json"
RATE = 0.004  # of learning, at first


def build() -> nn.HybridSequential:
    """Images (batch, 1, 16, 16) to scores (batch, 10)."""
    net = nn.HybridSequential(prefix="cnn_")
    with net.name_scope():
        for channels in (16, 32, 64):
            net.add(nn.Conv2D(channels, kernel_size=3, padding=1, use_bias=False), nn.BatchNorm(),
                    nn.Activation("relu"), nn.MaxPool2D())
        net.add(nn.Dropout(0.3), nn.Dense(64, activation="relu"), nn.Dense(10))
    net.hybridize()
    return net


class History(EpochEnd):
    """Keeps every metric of every epoch in a JSON file, where a resumed training finds them."""

    priority = 0  # after validation, before the line of the epoch is logged

    def __init__(self, path: Path, metrics: list[mx.metric.EvalMetric], resume: bool):
        self.path = path
        self.metrics = metrics
        self.epochs = json.loads(path.read_text()) if resume and path.exists() else []

    def epoch_end(self, estimator, *args, **kwargs):
        self.epochs.append({name: float(value) for name, value in (metric.get() for metric in self.metrics)})
        self.path.write_text(json.dumps(self.epochs, indent=1))


class Unheard(LoggingHandler):
    """Validation logs nothing of its own: the line of the training epoch has its numbers too."""

    def epoch_begin(self, estimator, *args, **kwargs):
        pass

    def epoch_end(self, estimator, *args, **kwargs):
        pass


def fit(loaders: Loaders, folder: Path, epochs: int, patience: int, resume: bool) -> tuple[nn.Block, list[dict]]:
    """Trains until `epochs` are over or validation has not improved for `patience` of them.

    The net comes back as it was when validation was best, with the metrics of each epoch. `folder` has the
    checkpoints; with `resume` training goes on from the last.
    """
    net = build()
    net.initialize(mx.init.Xavier())
    schedule = mx.lr_scheduler.CosineScheduler(epochs * len(loaders.training), base_lr=RATE, final_lr=RATE / 40)
    trainer = gluon.Trainer(net.collect_params(), "adam",
                            {"learning_rate": RATE, "lr_scheduler": schedule, "wd": 1e-4})
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    estimator = Estimator(net, loss, train_metrics=mx.metric.Accuracy(),
                          val_metrics=[mx.metric.Accuracy(), mx.metric.Loss("loss")], trainer=trainer)
    accuracy, error = estimator.val_metrics
    metrics = [*estimator.train_metrics, accuracy, error]
    history = History(folder / HISTORY, metrics, resume)
    if len(history.epochs) < epochs:
        estimator.fit(loaders.training, epochs=epochs, event_handlers=[
            ValidationHandler(loaders.validation, estimator.evaluate, event_handlers=[Unheard(metrics=[accuracy])]),
            history,
            LoggingHandler(metrics=metrics),
            CheckpointHandler(str(folder), PREFIX, monitor=error, save_best=True, max_checkpoints=2,
                              resume_from_checkpoint=resume),
            EarlyStoppingHandler(error, patience=patience),
        ])
    net.load_parameters(str(folder / f"{PREFIX}-best.params"))
    return net, history.epochs
