"""BatchProcessor: what Estimator does with one batch; derive from it for anything but net and loss in a row."""

from __future__ import annotations

from .... import autograd
from ...utils import split_and_load

__all__ = ["BatchProcessor"]


class BatchProcessor:
    """Runs the net on a batch, for training or for validation."""

    def _get_data_and_label(self, batch, ctx, batch_axis=0):
        """The first two arrays of a batch, shared out evenly to the contexts: two lists."""
        data, label = batch[0], batch[1]
        return (split_and_load(data, ctx_list=ctx, batch_axis=batch_axis),
                split_and_load(label, ctx_list=ctx, batch_axis=batch_axis))

    def evaluate_batch(self, estimator, val_batch, batch_axis=0):
        """Run the Estimator's val_net and val_loss on a batch (data, label).

        Returns data, label, predictions and losses: lists with an array for each context.
        """
        data, label = self._get_data_and_label(val_batch, estimator.context, batch_axis)
        pred = [estimator.val_net(x) for x in data]
        return data, label, pred, [estimator.val_loss(p, y) for p, y in zip(pred, label, strict=True)]

    def fit_batch(self, estimator, train_batch, batch_axis=0):
        """Run the Estimator's net and loss on a batch (data, label), and backward.

        Returns data, label, predictions and losses: lists with an array for each context.  The parameters are updated
        afterwards, by a GradientUpdateHandler.
        """
        data, label = self._get_data_and_label(train_batch, estimator.context, batch_axis)
        with autograd.record():
            pred = [estimator.net(x) for x in data]
            loss = [estimator.loss(p, y) for p, y in zip(pred, label, strict=True)]
        for each in loss:
            each.backward()
        return data, label, pred, loss
