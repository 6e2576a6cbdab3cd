"""Metrics of classes: Accuracy, TopKAccuracy, F1, MCC, PCC."""

from __future__ import annotations

import math

import numpy
import torch

from .base import EvalMetric, alias, check_label_shapes, pairs, register

__all__ = ["F1", "MCC", "PCC", "Accuracy", "TopKAccuracy"]


@register
@alias("acc")
class Accuracy(EvalMetric):
    """Part of predictions that are right; class scores along `axis`, or classes if the shape is the labels'."""

    def __init__(self, axis=1, name="accuracy", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names, axis=axis)
        self.axis = axis

    def update(self, labels, preds):
        for label, pred in pairs(labels, preds):
            if pred.shape != label.shape:
                pred = pred.argmax(dim=self.axis)
            label, pred = label.to(pred.device, torch.int32).ravel(), pred.to(torch.int32).ravel()
            check_label_shapes(label, pred)
            self._add((pred == label).sum(), len(pred))


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
        for label, pred in pairs(labels, preds):
            assert pred.ndim <= 2, "Predictions should be no more than 2 dims"
            check_label_shapes(label, pred)
            label = label.to(pred.device, torch.int32).ravel()
            check_label_shapes(label, pred)
            if pred.ndim == 1:  # as in MXNet, positions in a row that is sorted around one place
                order = numpy.argpartition(pred.float().cpu().numpy(), -self.top_k)
                self._add((torch.from_numpy(order).to(pred.device) == label).sum(), len(label))
                continue
            best = _best(pred.float(), min(self.top_k, pred.shape[1]))
            self._add((best == label[:, None]).sum(), len(label))


def _best(scores, k):
    """Positions of the k highest scores of each row; among equals NumPy's choice, as in MXNet, if on a CPU."""
    values, positions = scores.topk(min(k + 1, scores.shape[1]), dim=1)
    if scores.is_cuda or k == scores.shape[1] or not (values[:, k - 1] == values[:, k]).any():
        return positions[:, :k]
    return torch.from_numpy(numpy.argpartition(scores.numpy(), -k)[:, -k:].copy())


class _Binary:
    """Counts of right and wrong, positive and negative predictions of two classes."""

    def __init__(self):
        self.tp = self.fp = self.tn = self.fn = 0

    def add(self, label, pred):
        check_label_shapes(label, pred)
        pred = pred.argmax(dim=1).ravel() == 1
        label = label.to(pred.device, torch.int32).ravel()
        check_label_shapes(label, pred)
        if len(label.unique()) > 2:
            raise ValueError("This metric currently only supports binary classification.")
        label = label == 1  # whatever is not class 1 is the other one
        both, said, true = torch.stack([(pred & label).sum(), pred.sum(), label.sum()]).tolist()
        self.tp += both
        self.fp += said - both
        self.fn += true - both
        self.tn += label.numel() - said - true + both

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
            for label, pred in pairs(labels, preds):
                counts.add(label, pred)
            self._add(self._score(counts), 1)
            return
        for label, pred in pairs(labels, preds):
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
        for label, pred in pairs(labels, preds):
            pred = pred.argmax(dim=1) if pred.shape != label.shape else pred
            label, pred = label.to(pred.device, torch.int64).ravel(), pred.to(torch.int64).ravel()
            label, pred = label[:len(pred)], pred[:len(label)]
            if not len(label):
                continue
            lowest, highest = torch.stack(torch.aminmax(torch.cat([label, pred]))).tolist()
            if lowest < 0:
                raise ValueError(f"PCC: got class {lowest}, expected classes from 0")
            k = highest + 1
            counts = torch.bincount(pred * k + label, minlength=k * k).reshape(k, k).cpu().numpy()
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
