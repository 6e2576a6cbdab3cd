"""What Estimator and its handlers ask of metrics."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from ....metric import Accuracy, CompositeEvalMetric, EvalMetric
from ...loss import SoftmaxCrossEntropyLoss

__all__: list[str] = []


def _check_metrics(metrics) -> list[EvalMetric]:
    """A metric, the parts of a composite one, some metrics or None as a list; ValueError for anything else."""
    if isinstance(metrics, CompositeEvalMetric):
        return [part for each in metrics.metrics for part in _check_metrics(each)]
    if isinstance(metrics, EvalMetric):
        return [metrics]
    metrics = [] if metrics is None else metrics
    if isinstance(metrics, str) or not all(isinstance(metric, EvalMetric) for metric in metrics):
        raise ValueError("metrics must be a Metric or a list of Metric, refer to mxnet.metric.EvalMetric: "
                         f"{metrics}")
    return metrics


def _check_handler_metric_ref(handler, known_metrics: Iterable[EvalMetric]) -> None:
    """ValueError if a handler updates or logs metrics that the Estimator does not know."""
    for name, value in vars(handler).items():
        if "metric" in name:
            for metric in value if isinstance(value, (list, tuple)) else [value]:
                _check_metric_known(handler, metric, known_metrics)


def _check_metric_known(handler, metric, known_metrics: Iterable[EvalMetric]) -> None:
    if isinstance(metric, EvalMetric) and not any(metric is known for known in known_metrics):
        raise ValueError(f"Event handler {type(handler).__name__} refers to a metric instance {metric} outside of the "
                         "known training and validation metrics. Please use the metrics from estimator.train_metrics "
                         "and estimator.val_metrics instead.")


def _suggest_metric_for_loss(loss) -> EvalMetric | None:
    """The metric that people want to see beside a loss."""
    return Accuracy() if isinstance(loss, SoftmaxCrossEntropyLoss) else None


_LESS_IS_BETTER = ("loss", "error", "mae", "mse", "perplexity", "entropy", "nll")


def _better(monitor: EvalMetric, mode: str, who: str) -> np.ufunc:
    """np.greater or np.less: what says that a value of a metric is better.

    mode: 'max', 'min' or 'auto', which goes by the name; anything else counts as 'auto', with a RuntimeWarning.
    MXNet 1.9.1 announces the same for 'auto', but takes `greater` for everything.
    """
    if mode not in ("auto", "min", "max"):
        warnings.warn(f"{who} mode {mode} is unknown, fallback to auto mode. It will use min mode for losses and "
                      "errors and max mode otherwise", RuntimeWarning, stacklevel=3)
    if mode == "min":
        return np.less
    if mode == "max":
        return np.greater
    name = monitor.get()[0].lower()
    if any(word in name for word in _LESS_IS_BETTER):
        return np.less
    warnings.warn(f"`greater` operator will be used to determine if {name} has improved. Please specify `mode='min'` "
                  "to use the `less` operator. Specify `mode='max' to disable this warning.`", stacklevel=3)
    return np.greater


def _warn_not_updated(name: str) -> None:
    warnings.warn(f"{name} is not updated, make sure you pass one of the metric objects from estimator.train_metrics "
                  "and estimator.val_metrics as monitor.", RuntimeWarning, stacklevel=3)
