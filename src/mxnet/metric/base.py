"""What all metrics stand on: sums since the last reset, names, the registry; several metrics as one."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy
import torch

from .. import registry
from ..ndarray import NDArray
from ..ndarray._wrap import plain

__all__ = ["CompositeEvalMetric", "EvalMetric", "alias", "check_label_shapes", "create", "pairs", "register",
           "tensor_of"]


def check_label_shapes(labels, preds, wrap=False, shape=False):
    """Labels and predictions, after checking that they are equally many (of equal shapes, if `shape`).

    wrap: make a lone NDArray a list of one.  ValueError if they are not.
    """
    ours, theirs = (tuple(labels.shape), tuple(preds.shape)) if shape else (len(labels), len(preds))
    if ours != theirs:
        raise ValueError(f"Shape of labels {ours} does not match shape of predictions {theirs}")
    if wrap:
        labels = [labels] if isinstance(labels, NDArray) else labels
        preds = [preds] if isinstance(preds, NDArray) else preds
    return labels, preds


def tensor_of(array) -> torch.Tensor:
    """The values of an NDArray, or of what NumPy makes an array of."""
    return plain(array) if isinstance(array, NDArray) else torch.as_tensor(numpy.asarray(array))


def pairs(labels, preds):
    """Tensors of each label and its prediction."""
    labels, preds = check_label_shapes(labels, preds, True)
    return [(tensor_of(label), tensor_of(pred)) for label, pred in zip(labels, preds, strict=True)]


class EvalMetric:
    """Base of metrics: subclasses write `update`, which calls `_add`.

    name: what `get` calls it.  output_names, label_names: which entries `update_dict` takes, all by default.
    """

    _waiting: list[torch.Tensor] = []  # sums of batches that are still on a device
    _local_sum = _global_sum = 0.0

    def __init__(self, name, output_names=None, label_names=None, **kwargs):
        self.name = str(name)
        self.output_names = output_names
        self.label_names = label_names
        self._has_global_stats = kwargs.pop("has_global_stats", True)
        self._kwargs = kwargs
        self.reset()

    def __str__(self):
        values = {name: value.item() if isinstance(value, numpy.generic) else value
                  for name, value in self.get_name_value()}  # NumPy 2 would show np.float64(...)
        return f"EvalMetric: {values}"

    def get_config(self) -> dict:
        """What `create` makes an equal metric of."""
        return {**self._kwargs, "metric": type(self).__name__, "name": self.name, "output_names": self.output_names,
                "label_names": self.label_names}

    def update_dict(self, label, pred):
        """`update` from dicts of arrays by name."""
        preds = [pred[n] for n in self.output_names] if self.output_names is not None else list(pred.values())
        labels = [label[n] for n in self.label_names] if self.label_names is not None else list(label.values())
        self.update(labels, preds)

    def update(self, labels, preds):
        """Take in a batch: lists of NDArrays, or one NDArray each."""
        raise NotImplementedError

    def _add(self, total, count):
        """Count a batch: its sum, a number or a tensor of one, and how many it is the sum of."""
        if isinstance(total, torch.Tensor):
            if total.is_cuda:
                self._waiting = [*self._waiting, total]
                total = 0.0
            else:
                total = float(total)
        self._count(total)
        self.num_inst += count
        self.global_num_inst += count

    def _count(self, total):
        total = _widened(total)
        self._local_sum = self._local_sum + total
        self._global_sum = self._global_sum + total

    def _settle(self):
        """Fetch the sums that are still on a device: only when they are asked for does anybody wait for it."""
        waiting, self._waiting = self._waiting, []
        for total in waiting:
            self._count(float(total))

    @property
    def sum_metric(self):
        """The sum since `reset_local`."""
        self._settle()
        return self._local_sum

    @sum_metric.setter
    def sum_metric(self, value):
        self._settle()
        self._local_sum = _widened(value)

    @property
    def global_sum_metric(self):
        """The sum since `reset`."""
        self._settle()
        return self._global_sum

    @global_sum_metric.setter
    def global_sum_metric(self, value):
        self._settle()
        self._global_sum = _widened(value)

    def reset(self):
        """Forget everything."""
        self.num_inst = self.global_num_inst = 0
        self.sum_metric = self.global_sum_metric = 0.0

    def reset_local(self):
        """Forget what `get` averages; `get_global` goes on."""
        self.num_inst = 0
        self.sum_metric = 0.0

    def _average(self, total, count):
        return total / count if count else math.nan

    def get(self):
        """(name, average since `reset_local`); nan before any update."""
        return self.name, self._average(self.sum_metric, self.num_inst)

    def get_global(self):
        """(name, average since `reset`)."""
        if not self._has_global_stats:
            return self.get()
        return self.name, self._average(self.global_sum_metric, self.global_num_inst)

    def get_name_value(self) -> list:
        """[(name, value)] of `get`."""
        return _as_pairs(self.get())

    def get_global_name_value(self) -> list:
        """[(name, value)] of `get_global`."""
        return _as_pairs(self.get_global())


def _widened(total):
    """A sum in double precision: NumPy 2 would go on adding in the float32 that a batch's sum comes in."""
    return numpy.float64(total) if isinstance(total, numpy.floating) else total


def _as_pairs(answer):
    names, values = answer
    return list(zip(names, values, strict=True)) if isinstance(names, list) else [(names, values)]


register = registry.get_register_func(EvalMetric, "metric")
alias = registry.get_alias_func(EvalMetric, "metric")
_create = registry.get_create_func(EvalMetric, "metric")


def create(metric, *args, **kwargs):
    """A metric from its name, its config, a function (label, pred) of NumPy arrays, or a list of these."""
    if callable(metric):
        return _create("custommetric", metric, *args, **kwargs)
    if isinstance(metric, list):
        return CompositeEvalMetric([create(m, *args, **kwargs) for m in metric])
    return _create(metric, *args, **kwargs)


@register
@alias("composite")
class CompositeEvalMetric(EvalMetric):
    """Several metrics as one; `get` gives lists of names and values."""

    def __init__(self, metrics=None, name="composite", output_names=None, label_names=None):
        self.metrics = [create(m) for m in metrics or []]
        super().__init__(name, output_names, label_names)

    def add(self, metric):
        """Add a metric, or what `create` makes one of."""
        self.metrics.append(create(metric))

    def get_metric(self, index):
        """The metric at a position."""
        try:
            return self.metrics[index]
        except IndexError:
            return ValueError(f"Metric index {index} is out of range 0 and {len(self.metrics)}")

    def update_dict(self, label, pred):
        if self.label_names is not None:
            label = OrderedDict((k, v) for k, v in label.items() if k in self.label_names)
        if self.output_names is not None:
            pred = OrderedDict((k, v) for k, v in pred.items() if k in self.output_names)
        for metric in self.metrics:
            metric.update_dict(label, pred)

    def update(self, labels, preds):
        for metric in self.metrics:
            metric.update(labels, preds)

    def reset(self):
        for metric in self.metrics:
            metric.reset()

    def reset_local(self):
        for metric in self.metrics:
            metric.reset_local()

    def _joined(self, pairs):
        return [name for name, _ in pairs], [value for _, value in pairs]

    def get(self):
        return self._joined([pair for m in self.metrics for pair in m.get_name_value()])

    def get_global(self):
        return self._joined([pair for m in self.metrics for pair in m.get_global_name_value()])

    def get_config(self):
        return {**super().get_config(), "metrics": [m.get_config() for m in self.metrics]}
