"""Metrics of numbers: MAE, MSE, RMSE, PearsonCorrelation."""

from __future__ import annotations

import math

import torch

from .base import EvalMetric, alias, check_label_shapes, pairs, register

__all__ = ["MAE", "MSE", "RMSE", "PearsonCorrelation"]


class _Regression(EvalMetric):
    """The mean over arrays of an error of each."""

    def _error(self, difference) -> torch.Tensor:
        raise NotImplementedError

    def update(self, labels, preds):
        for label, pred in pairs(labels, preds):
            label = label.reshape(-1, 1) if label.ndim == 1 else label
            pred = pred.reshape(-1, 1) if pred.ndim == 1 else pred
            difference = _difference(label.to(pred.device), pred)
            self._add(self._error(difference if difference.is_floating_point() else difference.double()), 1)


def _difference(label, pred):
    try:
        return label - pred
    except RuntimeError as e:
        raise ValueError(f"Shape of labels {tuple(label.shape)} does not match shape of predictions "
                         f"{tuple(pred.shape)}") from e


@register
class MAE(_Regression):
    """Mean absolute error."""

    def __init__(self, name="mae", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def _error(self, difference):
        return difference.abs().mean()


@register
class MSE(_Regression):
    """Mean squared error."""

    def __init__(self, name="mse", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def _error(self, difference):
        return difference.square().mean()


@register
class RMSE(_Regression):
    """Root of the mean squared error."""

    def __init__(self, name="rmse", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def _error(self, difference):
        return difference.square().mean().sqrt()


@register
@alias("pearsonr")
class PearsonCorrelation(EvalMetric):
    """Pearson's correlation.  average: 'macro', the mean over arrays, or 'micro', over all elements."""

    def __init__(self, name="pearsonr", output_names=None, label_names=None, average="macro"):
        self.average = average
        super().__init__(name, output_names, label_names)

    def reset(self):
        super().reset()
        self.reset_micro()

    def reset_local(self):
        super().reset_local()
        self.reset_micro()

    def reset_micro(self):
        """Forget the moments of all elements, of labels (l) and predictions (p)."""
        self._label_nums = self._pred_nums = 0
        self._mean_l = self._mean_p = 0.0
        self._sse_l = self._sse_p = self._conv = 0.0

    def update_variance(self, new_values, *aggregate):
        """(count, mean, sum of squared distances from it) of old and new values; aggregate: those of the old."""
        count, mean, squares = aggregate
        count += new_values.numel()
        old_distances = new_values - mean
        mean = mean + old_distances.sum() / count
        return count, mean, squares + (old_distances * (new_values - mean)).sum()

    def update_cov(self, label, pred):
        """Take new values into the covariance, after those of labels and before those of predictions."""
        self._conv = self._conv + ((label - self._mean_l) * (pred - self._mean_p)).sum()

    def update(self, labels, preds):
        for label, pred in pairs(labels, preds):
            check_label_shapes(label, pred, False, True)
            x, y = label.to(pred.device, torch.float64).ravel(), pred.to(torch.float64).ravel()
            if self.average == "macro":
                self._add(torch.corrcoef(torch.stack([y, x]))[0, 1], 1)
                continue
            self._label_nums, self._mean_l, self._sse_l = self.update_variance(
                x, self._label_nums, self._mean_l, self._sse_l)
            self.update_cov(x, y)
            self._pred_nums, self._mean_p, self._sse_p = self.update_variance(
                y, self._pred_nums, self._mean_p, self._sse_p)
            self._add(0.0, 1)

    def get(self):
        if self.average == "macro" or not self.num_inst:
            return super().get()
        product = float(self._sse_l) * float(self._sse_p)
        return self.name, float(self._conv) / math.sqrt(product) if product else math.nan
