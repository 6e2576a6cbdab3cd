"""Metrics of probabilities: CrossEntropy, NegativeLogLikelihood, Perplexity."""

from __future__ import annotations

import math

import torch

from .base import EvalMetric, alias, pairs, register

__all__ = ["CrossEntropy", "NegativeLogLikelihood", "Perplexity"]


class _LogLikelihood(EvalMetric):
    """Mean of -log(score of the right class + eps); (N, classes) scores, (N,) labels."""

    def __init__(self, eps, name, output_names, label_names):
        super().__init__(name, output_names, label_names, eps=eps)
        self.eps = eps

    def update(self, labels, preds):
        for label, pred in pairs(labels, preds):
            label = label.ravel()
            assert len(label) == len(pred), (len(label), len(pred))
            right = _of_classes(pred, label.to(pred.device, torch.int64))
            self._add(-(right + self.eps).log().sum(dtype=torch.float64), len(label))


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
        for label, pred in pairs(labels, preds):
            assert label.numel() == pred.numel() / pred.shape[-1], (
                f"shape mismatch: {tuple(label.shape)} vs. {tuple(pred.shape)}")
            label = label.to(pred.device).ravel()
            pred = pred.movedim(self.axis, -1).reshape(len(label), -1)
            right = pred.gather(1, label.to(torch.int64).clamp(0, pred.shape[1] - 1)[:, None])
            if self.ignore_label is not None:
                right = right[label != self.ignore_label]
            self._add(-right.clamp_min(1e-10).log().sum(dtype=torch.float64), right.numel())

    def _average(self, total, count):
        return math.exp(total / count) if count else math.nan


def _of_classes(scores, classes):
    """The score of each row's class; negative classes count from the last one.  IndexError beyond them."""
    return scores[torch.arange(len(classes), device=scores.device), classes]
