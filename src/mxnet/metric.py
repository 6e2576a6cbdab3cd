"""mx.metric: running averages of how good predictions are.

A metric is given labels and predictions batch by batch (`update`) and says its average since `reset` (`get_global`) or
since `reset_local` (`get`).  All computing is NumPy's, on copies.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy

from . import ndarray, registry  # `ndarray` is also a name that programs take from here

NDArray = ndarray.NDArray

__all__ = [
    "F1",
    "MAE",
    "MCC",
    "MSE",
    "PCC",
    "RMSE",
    "Accuracy",
    "Caffe",
    "CompositeEvalMetric",
    "CrossEntropy",
    "CustomMetric",
    "EvalMetric",
    "Loss",
    "NegativeLogLikelihood",
    "PearsonCorrelation",
    "Perplexity",
    "TopKAccuracy",
    "Torch",
    "check_label_shapes",
    "create",
    "np",
]


def check_label_shapes(labels, preds, wrap=False, shape=False):
    """Labels and predictions, after checking that they are equally many (of equal shapes, if `shape`).

    wrap: make a lone NDArray a list of one.  ValueError if they are not.
    """
    ours, theirs = (labels.shape, preds.shape) if shape else (len(labels), len(preds))
    if ours != theirs:
        raise ValueError(f"Shape of labels {ours} does not match shape of predictions {theirs}")
    if wrap:
        labels = [labels] if isinstance(labels, NDArray) else labels
        preds = [preds] if isinstance(preds, NDArray) else preds
    return labels, preds


def _numpy(array) -> numpy.ndarray:
    return array.asnumpy() if isinstance(array, NDArray) else numpy.asarray(array)


def _pairs(labels, preds):
    """NumPy arrays of each label and its prediction."""
    labels, preds = check_label_shapes(labels, preds, True)
    return [(_numpy(label), _numpy(pred)) for label, pred in zip(labels, preds, strict=True)]


class EvalMetric:
    """Base of metrics: subclasses write `update`, which calls `_add`.

    name: what `get` calls it.  output_names, label_names: which entries `update_dict` takes, all by default.
    """

    def __init__(self, name, output_names=None, label_names=None, **kwargs):
        self.name = str(name)
        self.output_names = output_names
        self.label_names = label_names
        self._has_global_stats = kwargs.pop("has_global_stats", True)
        self._kwargs = kwargs
        self.reset()

    def __str__(self):
        return f"EvalMetric: {dict(self.get_name_value())}"

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
        self.sum_metric += total
        self.global_sum_metric += total
        self.num_inst += count
        self.global_num_inst += count

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


def _as_pairs(answer):
    names, values = answer
    return list(zip(names, values, strict=True)) if isinstance(names, list) else [(names, values)]


register = registry.get_register_func(EvalMetric, "metric")
alias = registry.get_alias_func(EvalMetric, "metric")
_create = registry.get_create_func(EvalMetric, "metric")


def create(metric, *args, **kwargs) -> EvalMetric:
    """A metric from its name, its config, a function (label, pred) of NumPy arrays, or a list of these."""
    if callable(metric):
        return CustomMetric(metric, *args, **kwargs)
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


# ------------------------------------------------------------------ classification


@register
@alias("acc")
class Accuracy(EvalMetric):
    """Part of predictions that are right; class scores along `axis`, or classes if the shape is the labels'."""

    def __init__(self, axis=1, name="accuracy", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names, axis=axis)
        self.axis = axis

    def update(self, labels, preds):
        for label, pred in _pairs(labels, preds):
            if pred.shape != label.shape:
                pred = pred.argmax(axis=self.axis)
            label, pred = label.astype("int32").ravel(), pred.astype("int32").ravel()
            check_label_shapes(label, pred)
            self._add(float((pred == label).sum()), len(pred))


@register
@alias("top_k_accuracy", "top_k_acc")
class TopKAccuracy(EvalMetric):
    """Part of labels that are among the `top_k` highest scores; (N, classes) scores, (N,) labels."""

    def __init__(self, top_k=1, name="top_k_accuracy", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names, top_k=top_k)
        assert top_k > 1, "Please use Accuracy if top_k is no more than 1"
        self.top_k = top_k
        self.name += f"_{top_k}"

    def update(self, labels, preds):
        for label, pred in _pairs(labels, preds):
            assert pred.ndim <= 2, "Predictions should be no more than 2 dims"
            label = label.astype("int32")
            check_label_shapes(label, pred)
            if pred.ndim == 1:
                self._add(float((pred.argsort() == label.ravel()).sum()), len(label))
                continue
            k = min(self.top_k, pred.shape[1])
            best = numpy.argpartition(pred.astype("float32"), -k)[:, -k:]
            self._add(float((best == label.reshape(-1, 1)).sum()), len(label))


class _Binary:
    """Counts of right and wrong, positive and negative predictions of two classes."""

    def __init__(self):
        self.tp = self.fp = self.tn = self.fn = 0

    def add(self, label, pred):
        pred = numpy.argmax(pred, axis=1)
        label = label.astype("int32")
        check_label_shapes(label, pred)
        if len(numpy.unique(label)) > 2:
            raise ValueError("This metric currently only supports binary classification.")
        self.tp += int(((pred == 1) & (label == 1)).sum())
        self.fp += int(((pred == 1) & (label == 0)).sum())
        self.tn += int(((pred == 0) & (label == 0)).sum())
        self.fn += int(((pred == 0) & (label == 1)).sum())

    @property
    def total(self):
        return self.tp + self.fp + self.tn + self.fn

    def fscore(self):
        precision = self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0
        recall = self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def matthews(self):
        if not self.total:
            return 0.0
        sums = (self.tp + self.fp, self.tp + self.fn, self.tn + self.fp, self.tn + self.fn)
        return (self.tp * self.tn - self.fp * self.fn) / math.sqrt(math.prod(s for s in sums if s))


class _BinaryMetric(EvalMetric):
    """Averages a score over updates ('macro'), or scores all samples together ('micro')."""

    def __init__(self, name, output_names, label_names, average):
        self.average = average
        super().__init__(name, output_names, label_names)

    def _score(self, counts: _Binary) -> float:
        raise NotImplementedError

    def update(self, labels, preds):
        if self.average == "macro":
            counts = _Binary()
            for label, pred in _pairs(labels, preds):
                counts.add(label, pred)
            self._add(self._score(counts), 1)
            return
        for label, pred in _pairs(labels, preds):
            self._local.add(label, pred)
            self._global.add(label, pred)
        self.num_inst, self.global_num_inst = self._local.total, self._global.total
        self.sum_metric = self._score(self._local) * self.num_inst
        self.global_sum_metric = self._score(self._global) * self.global_num_inst

    def reset(self):
        super().reset()
        self._local, self._global = _Binary(), _Binary()

    def reset_local(self):
        super().reset_local()
        self._local = _Binary()


@register
class F1(_BinaryMetric):
    """2 * precision * recall / (precision + recall) of class 1 of two; (N, 2) scores, (N,) labels.

    average: 'macro', the mean over updates, or 'micro', over all samples.
    """

    def __init__(self, name="f1", output_names=None, label_names=None, average="macro"):
        super().__init__(name, output_names, label_names, average)

    def _score(self, counts):
        return counts.fscore()


@register
class MCC(_BinaryMetric):
    """Matthews correlation of two classes; (N, 2) scores, (N,) labels.  average: as for `F1`."""

    def __init__(self, name="mcc", output_names=None, label_names=None, average="macro"):
        super().__init__(name, output_names, label_names, average)

    def _score(self, counts):
        return counts.matthews()


@register
class PCC(EvalMetric):
    """Pearson's correlation of classes, the Matthews correlation of any number of them, over all samples."""

    def __init__(self, name="pcc", output_names=None, label_names=None, has_global_stats=True):
        super().__init__(name, output_names, label_names, has_global_stats=has_global_stats)

    def update(self, labels, preds):
        for label, pred in _pairs(labels, preds):
            label = label.astype("int32").ravel()
            pred = (pred.argmax(axis=1) if pred.shape != label.shape else pred).astype("int32").ravel()
            k = int(max(label.max(initial=0), pred.max(initial=0))) + 1
            counts = numpy.zeros((k, k))
            numpy.add.at(counts, (pred[:len(label)], label[:len(pred)]), 1)
            self.lcm, self.gcm = _grown(self.lcm, counts), _grown(self.gcm, counts)
        self.num_inst += 1
        self.global_num_inst += 1

    def reset(self):
        super().reset()
        self.lcm, self.gcm = numpy.zeros((2, 2)), numpy.zeros((2, 2))

    def reset_local(self):
        super().reset_local()
        self.lcm = numpy.zeros((2, 2))

    @property
    def sum_metric(self):
        return _correlation(self.lcm) * self.num_inst

    @sum_metric.setter
    def sum_metric(self, value):
        """The base class resets it; the counts are what holds it."""

    @property
    def global_sum_metric(self):
        return _correlation(self.gcm) * self.global_num_inst

    @global_sum_metric.setter
    def global_sum_metric(self, value):
        """As above."""


def _grown(counts, more):
    """The sum of two square matrices, the smaller one in the upper left corner."""
    size = max(len(counts), len(more))
    return (numpy.pad(counts, (0, size - len(counts))) + numpy.pad(more, (0, size - len(more))))


def _correlation(counts):
    n, x, y = counts.sum(), counts.sum(axis=1), counts.sum(axis=0)
    xx, yy = numpy.sum(x * (n - x)), numpy.sum(y * (n - y))
    if xx == 0 or yy == 0:
        return math.nan
    return numpy.sum(counts.diagonal() * n - x * y) / math.sqrt(xx * yy)


# ------------------------------------------------------------------ likelihood


class _LogLikelihood(EvalMetric):
    """Mean of -log(score of the right class + eps); (N, classes) scores, (N,) labels."""

    def __init__(self, eps, name, output_names, label_names):
        super().__init__(name, output_names, label_names, eps=eps)
        self.eps = eps

    def update(self, labels, preds):
        for label, pred in _pairs(labels, preds):
            label = label.ravel()
            assert len(label) == len(pred), (len(label), len(pred))
            right = pred[numpy.arange(len(label)), label.astype("int64")]
            self._add(float((-numpy.log(right + self.eps)).sum()), len(label))


@register
@alias("ce")
class CrossEntropy(_LogLikelihood):
    """Cross entropy of predicted probabilities (N, classes) and labels (N,)."""

    def __init__(self, eps=1e-12, name="cross-entropy", output_names=None, label_names=None):
        super().__init__(eps, name, output_names, label_names)


@register
@alias("nll_loss")
class NegativeLogLikelihood(_LogLikelihood):
    """Negative log likelihood of labels (N,) under predicted probabilities (N, classes)."""

    def __init__(self, eps=1e-12, name="nll-loss", output_names=None, label_names=None):
        super().__init__(eps, name, output_names, label_names)


@register
class Perplexity(EvalMetric):
    """exp of the mean of -log(probability of the right class).  Labels equal to ignore_label do not count.

    Labels beyond the classes count as the first or last class.
    """

    def __init__(self, ignore_label, axis=-1, name="perplexity", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names, ignore_label=ignore_label)
        self.ignore_label = ignore_label
        self.axis = axis

    def update(self, labels, preds):
        assert len(labels) == len(preds)
        for label, pred in _pairs(labels, preds):
            assert label.size == pred.size / pred.shape[-1], f"shape mismatch: {label.shape} vs. {pred.shape}"
            label = label.ravel().astype("int64")
            pred = numpy.moveaxis(pred, self.axis, -1).reshape(len(label), -1)
            right = pred[numpy.arange(len(label)), label.clip(0, pred.shape[1] - 1)]
            if self.ignore_label is not None:
                right = right[label != self.ignore_label]
            self._add(float(-numpy.log(numpy.maximum(1e-10, right)).sum()), right.size)

    def _average(self, total, count):
        return math.exp(total / count) if count else math.nan


# ------------------------------------------------------------------ regression


class _Regression(EvalMetric):
    """The mean over arrays of an error of each."""

    def _error(self, label, pred) -> float:
        raise NotImplementedError

    def update(self, labels, preds):
        for label, pred in _pairs(labels, preds):
            label = label.reshape(-1, 1) if label.ndim == 1 else label
            pred = pred.reshape(-1, 1) if pred.ndim == 1 else pred
            self._add(float(self._error(label, pred)), 1)


@register
class MAE(_Regression):
    """Mean absolute error."""

    def __init__(self, name="mae", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def _error(self, label, pred):
        return numpy.abs(label - pred).mean()


@register
class MSE(_Regression):
    """Mean squared error."""

    def __init__(self, name="mse", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def _error(self, label, pred):
        return ((label - pred) ** 2.0).mean()


@register
class RMSE(_Regression):
    """Root of the mean squared error."""

    def __init__(self, name="rmse", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def _error(self, label, pred):
        return numpy.sqrt(((label - pred) ** 2.0).mean())


@register
@alias("pearsonr")
class PearsonCorrelation(EvalMetric):
    """Pearson's correlation.  average: 'macro', the mean over arrays, or 'micro', over all elements."""

    def __init__(self, name="pearsonr", output_names=None, label_names=None, average="macro"):
        self.average = average
        super().__init__(name, output_names, label_names)

    def reset(self):
        super().reset()
        self._sums = numpy.zeros(6)  # count; sums of x, y, xx, yy, xy

    def reset_local(self):
        super().reset_local()
        self._sums = numpy.zeros(6)

    def update(self, labels, preds):
        for label, pred in _pairs(labels, preds):
            check_label_shapes(label, pred, False, True)
            x, y = label.ravel().astype("float64"), pred.ravel().astype("float64")
            if self.average == "macro":
                self._add(numpy.corrcoef(y, x)[0, 1], 1)
            else:
                self._sums += [x.size, x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()]
                self._add(0.0, 1)

    def get(self):
        if self.average == "macro" or not self.num_inst:
            return super().get()
        n, x, y, xx, yy, xy = self._sums
        return self.name, (n * xy - x * y) / math.sqrt((n * xx - x * x) * (n * yy - y * y))


# ------------------------------------------------------------------ others


@register
class Loss(EvalMetric):
    """The mean of the predictions themselves, which are losses."""

    def __init__(self, name="loss", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def update(self, _, preds):
        for pred in [preds] if isinstance(preds, NDArray) else preds:
            values = _numpy(pred)
            self._add(float(values.sum()), values.size)


@register
class Torch(Loss):
    """`Loss` under another name, for criterions from Torch."""

    def __init__(self, name="torch", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)


@register
class Caffe(Loss):
    """`Loss` under another name, for criterions from Caffe."""

    def __init__(self, name="caffe", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)


@register
class CustomMetric(EvalMetric):
    """A function feval(label, pred) of NumPy arrays, which gives a value, or (sum, count).

    allow_extra_outputs: labels and predictions need not be equally many.
    """

    def __init__(self, feval, name=None, allow_extra_outputs=False, output_names=None, label_names=None):
        if name is None:
            name = feval.__name__
            name = f"custom({name})" if "<" in name else name
        super().__init__(name, output_names, label_names, feval=feval, allow_extra_outputs=allow_extra_outputs)
        self._feval = feval
        self._allow_extra_outputs = allow_extra_outputs

    def update(self, labels, preds):
        labels = [labels] if isinstance(labels, NDArray) else labels
        preds = [preds] if isinstance(preds, NDArray) else preds
        if not self._allow_extra_outputs:
            check_label_shapes(labels, preds)
        for label, pred in zip(labels, preds, strict=False):
            value = self._feval(_numpy(label), _numpy(pred))
            self._add(*value if isinstance(value, tuple) else (value, 1))

    def get_config(self):
        raise NotImplementedError("CustomMetric cannot be serialized")


def np(numpy_feval, name=None, allow_extra_outputs=False) -> CustomMetric:
    """A metric from a function of NumPy arrays, called by its name unless one is given."""
    def feval(label, pred):
        return numpy_feval(label, pred)

    feval.__name__ = numpy_feval.__name__
    return CustomMetric(feval, name, allow_extra_outputs)
