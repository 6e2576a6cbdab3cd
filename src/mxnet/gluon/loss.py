"""Loss functions: blocks from predictions and labels to one loss per sample.

Each keeps the batch axis and averages (KLDivLoss: sums) over all others, so `loss.backward()` followed by
`trainer.step(batch_size)` takes the mean over the batch. All are made of operators of `F` only and run on
NDArrays as well as on Symbols.
"""

from math import pi

from .. import ndarray  # noqa: F401 - programs take it from here
from ..base import numeric_types
from .block import HybridBlock

__all__ = [
    "CTCLoss",
    "CosineEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "L2Loss",
    "LogisticLoss",
    "Loss",
    "PoissonNLLLoss",
    "SDMLLoss",
    "SigmoidBCELoss",
    "SigmoidBinaryCrossEntropyLoss",
    "SoftmaxCELoss",
    "SoftmaxCrossEntropyLoss",
    "SquaredHingeLoss",
    "TripletLoss",
]


def _apply_weighting(F, loss, weight=None, sample_weight=None):
    """`loss` times the number `weight` and the array `sample_weight`, which broadcasts, where given."""
    if sample_weight is not None:
        loss = F.broadcast_mul(loss, sample_weight)
    if weight is not None:
        assert isinstance(weight, numeric_types), "weight must be a number"
        loss = loss * weight
    return loss


def _reshape_like(F, x, y):
    """`x` in the shape of `y`."""
    return F.reshape_like(x, y)


def _softplus(F, x):
    """log(1 + exp(x))."""
    return F.Activation(x, act_type="softrelu")


class Loss(HybridBlock):
    """Base class of losses: the global factor `weight` (or None) and the axis `batch_axis` that is kept."""

    def __init__(self, weight, batch_axis, **kwargs):
        super().__init__(**kwargs)
        self._weight = weight
        self._batch_axis = batch_axis

    def __repr__(self):
        return f"{type(self).__name__}(batch_axis={self._batch_axis}, w={self._weight})"

    def hybrid_forward(self, F, x, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} must override hybrid_forward")

    def _batch_mean(self, F, loss):
        if getattr(loss, "ndim", None) == 1:
            return loss  # there is nothing beside the batch axis
        return F.mean(loss, axis=self._batch_axis, exclude=True)


class L2Loss(Loss):
    """weight / 2 * (label - pred)^2, averaged over all but the batch axis.

    Inputs: pred of any shape (N, ...), label with as many elements, sample_weight that broadcasts to pred.
    Output: (N,).
    """

    def __init__(self, weight=1.0, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        loss = F.square(_reshape_like(F, label, pred) - pred)
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight / 2, sample_weight))


class L1Loss(Loss):
    """|label - pred|, averaged over all but the batch axis.

    Inputs: pred of any shape (N, ...), label with as many elements, sample_weight that broadcasts to pred.
    Output: (N,).
    """

    def __init__(self, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        loss = F.abs(_reshape_like(F, label, pred) - pred)
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight, sample_weight))


class SigmoidBinaryCrossEntropyLoss(Loss):
    """Cross entropy of independent yes/no labels in [0, 1], averaged over all but the batch axis.

    pred holds the values before the sigmoid, or probabilities with `from_sigmoid=True`.
    Inputs: pred (N, ...), label with as many elements, sample_weight and pos_weight (the weight of label 1)
    that broadcast to pred. Output: (N,).
    """

    def __init__(self, from_sigmoid=False, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._from_sigmoid = from_sigmoid

    def hybrid_forward(self, F, pred, label, sample_weight=None, pos_weight=None):
        label = _reshape_like(F, label, pred)
        cross_entropy = self._of_probabilities if self._from_sigmoid else self._of_logits
        loss = cross_entropy(F, pred, label, pos_weight)
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight, sample_weight))

    @staticmethod
    def _of_logits(F, pred, label, pos_weight):
        # log(1 + exp(-|x|)) never overflows.
        if pos_weight is None:
            return F.relu(pred) - pred * label + _softplus(F, -F.abs(pred))
        log_weight = 1 + F.broadcast_mul(pos_weight - 1, label)
        return pred - pred * label + log_weight * (_softplus(F, -F.abs(pred)) + F.relu(-pred))

    @staticmethod
    def _of_probabilities(F, pred, label, pos_weight):
        eps = 1e-12
        positive = F.log(pred + eps) * label
        if pos_weight is not None:
            positive = F.broadcast_mul(positive, pos_weight)
        return -(positive + F.log(1.0 - pred + eps) * (1.0 - label))


SigmoidBCELoss = SigmoidBinaryCrossEntropyLoss


class SoftmaxCrossEntropyLoss(Loss):
    """-log of the softmax probability of the label's class, averaged over all but the batch axis.

    pred holds the values before the softmax, or log-probabilities with `from_logits=True`; classes lie along
    `axis`. With `sparse_label` label holds class indices and has pred's shape without `axis` (or with size 1
    there); otherwise it is a distribution with as many elements as pred.
    Inputs: pred (N, ..., classes), label, sample_weight that broadcasts to pred with `axis` of size 1.
    Output: (N,).
    """

    def __init__(self, axis=-1, sparse_label=True, from_logits=False, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._axis = axis
        self._sparse_label = sparse_label
        self._from_logits = from_logits

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        if not self._from_logits:
            pred = F.log_softmax(pred, axis=self._axis)
        if self._sparse_label:
            # the axis stays where a weight may broadcast along it, or the batch axis counts on it
            keep = sample_weight is not None or self._axis != -1 or self._batch_axis != 0
            loss = -F.pick(pred, label, axis=self._axis, keepdims=keep)
        else:
            loss = -F.sum(pred * _reshape_like(F, label, pred), axis=self._axis, keepdims=True)
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight, sample_weight))


SoftmaxCELoss = SoftmaxCrossEntropyLoss


class KLDivLoss(Loss):
    """Kullback-Leibler divergence sum(label * (log(label) - pred)), summed over all but the batch axis.

    pred holds log-probabilities, or values before the softmax along `axis` with `from_logits=False`.
    Inputs: pred (N, ...), label of the same shape, sample_weight that broadcasts to pred. Output: (N,).
    """

    def __init__(self, from_logits=True, axis=-1, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._axis = axis

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        log_label = F.log(label + 1e-12)
        if not self._from_logits:
            pred = F.log_softmax(pred, axis=self._axis)
        loss = _apply_weighting(F, label * (log_label - pred), self._weight, sample_weight)
        return F.sum(loss, axis=self._batch_axis, exclude=True)


class CTCLoss(Loss):
    """Connectionist temporal classification: -log probability of a label sequence, whatever its alignment.

    Classes 0 .. C-2 are the alphabet, the last one is the blank; label sequences are padded with -1 unless
    `label_lengths` is given.
    Inputs: pred in `layout` 'NTC' or 'TNC' (before the softmax), label in `label_layout` 'NT' or 'TN',
    pred_lengths (N,), label_lengths (N,), sample_weight that broadcasts to (N,). Output: (N,).
    Graves et al., "Connectionist Temporal Classification" (2006).
    """

    def __init__(self, layout="NTC", label_layout="NT", weight=None, **kwargs):
        assert layout in ("NTC", "TNC"), f"Only 'NTC' and 'TNC' layouts for pred are supported. Got: {layout}"
        assert label_layout in ("NT", "TN"), (
            f"Only 'NT' and 'TN' layouts for label are supported. Got: {label_layout}"
        )
        super().__init__(weight, label_layout.find("N"), **kwargs)
        self._layout = layout
        self._label_layout = label_layout

    def hybrid_forward(self, F, pred, label, pred_lengths=None, label_lengths=None, sample_weight=None):
        if self._layout == "NTC":
            pred = F.swapaxes(pred, dim1=0, dim2=1)
        if self._label_layout == "TN":
            label = F.swapaxes(label, dim1=0, dim2=1)
        loss = F.CTCLoss(
            pred,
            label,
            pred_lengths,
            label_lengths,
            use_data_lengths=pred_lengths is not None,
            use_label_lengths=label_lengths is not None,
            blank_label="last",
        )
        return _apply_weighting(F, loss, self._weight, sample_weight)


class HuberLoss(Loss):
    """L2 near the label and L1 farther than `rho`, averaged over all but the batch axis.

    (label - pred)^2 / (2 rho) where |label - pred| <= rho, |label - pred| - rho / 2 elsewhere.
    Inputs: pred (N, ...), label with as many elements, sample_weight that broadcasts to pred. Output: (N,).
    """

    def __init__(self, rho=1, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._rho = rho

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        error = F.abs(_reshape_like(F, label, pred) - pred)
        loss = F.where(error > self._rho, error - 0.5 * self._rho, (0.5 / self._rho) * F.square(error))
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight, sample_weight))


class HingeLoss(Loss):
    """max(0, margin - pred * label) for labels -1 and 1, averaged over all but the batch axis.

    Inputs: pred (N, ...), label with as many elements, sample_weight that broadcasts to pred. Output: (N,).
    """

    def __init__(self, margin=1, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        loss = F.relu(self._margin - pred * _reshape_like(F, label, pred))
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight, sample_weight))


class SquaredHingeLoss(Loss):
    """max(0, margin - pred * label)^2 for labels -1 and 1, averaged over all but the batch axis.

    Inputs: pred (N, ...), label with as many elements, sample_weight that broadcasts to pred. Output: (N,).
    """

    def __init__(self, margin=1, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        loss = F.square(F.relu(self._margin - pred * _reshape_like(F, label, pred)))
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight, sample_weight))


class LogisticLoss(Loss):
    """log(1 + exp(-pred * label)), averaged over all but the batch axis.

    Labels are -1 and 1, or 0 and 1 with `label_format='binary'`.
    Inputs: pred (N, ...), label with as many elements, sample_weight that broadcasts to pred. Output: (N,).
    """

    def __init__(self, weight=None, batch_axis=0, label_format="signed", **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        if label_format not in ("signed", "binary"):
            raise ValueError(f"label_format can only be signed or binary, received {label_format}.")
        self._label_format = label_format

    def hybrid_forward(self, F, pred, label, sample_weight=None):
        label = _reshape_like(F, label, pred)
        if self._label_format == "signed":
            label = (label + 1.0) / 2.0
        loss = F.relu(pred) - pred * label + _softplus(F, -F.abs(pred))
        return self._batch_mean(F, _apply_weighting(F, loss, self._weight, sample_weight))


class TripletLoss(Loss):
    """max(0, |positive - pred|^2 - |negative - pred|^2 + margin), norms taken over all but the batch axis.

    Inputs: pred (N, ...), positive and negative with as many elements. Output: (N,).
    """

    def __init__(self, margin=1, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F, pred, positive, negative):
        near = F.square(_reshape_like(F, positive, pred) - pred)
        far = F.square(_reshape_like(F, negative, pred) - pred)
        distance = F.sum(near - far, axis=self._batch_axis, exclude=True)
        return _apply_weighting(F, F.relu(distance + self._margin), self._weight)


class PoissonNLLLoss(Loss):
    """Negative log likelihood of counts under Poisson distributions, averaged over everything.

    pred holds log-rates, or rates with `from_logits=False`. `compute_full` adds Stirling's approximation of
    log(target!) for targets above 1.
    Inputs: pred (N, ...), target with as many elements, sample_weight that broadcasts to pred, epsilon that
    keeps log(rate) finite. Output: (1,).
    """

    def __init__(self, weight=None, from_logits=True, batch_axis=0, compute_full=False, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._compute_full = compute_full

    def hybrid_forward(self, F, pred, target, sample_weight=None, epsilon=1e-08):
        target = _reshape_like(F, target, pred)
        if self._from_logits:
            loss = F.exp(pred) - target * pred
        else:
            loss = pred - target * F.log(pred + epsilon)
        if self._compute_full:
            stirling = target * F.log(target) - target + 0.5 * F.log(2 * target * pi)
            # A choice, not a product with 0: log(0) is not to make the loss of a zero count NaN.
            loss = loss + F.where(target > 1, stirling, F.zeros_like(target))
        return F.mean(_apply_weighting(F, loss, self._weight, sample_weight))


class CosineEmbeddingLoss(Loss):
    """1 - cos for pairs of label 1, max(0, cos - margin) for pairs of label -1, along the last axis.

    Inputs: input1 (N, C), input2 with as many elements, label (N,), sample_weight that broadcasts to (N, 1).
    Output: (N, 1).
    """

    def __init__(self, weight=None, batch_axis=0, margin=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F, input1, input2, label, sample_weight=None):
        cosine = self._cosine_similarity(F, _reshape_like(F, input1, input2), input2)
        label = F.reshape(label, shape=(-1, 1))
        loss = (1 - cosine) * (label == 1) + F.relu((label == -1) * (cosine - self._margin))
        return _apply_weighting(F, loss, self._weight, sample_weight)

    def _cosine_similarity(self, F, x, y, axis=-1):
        norms = F.norm(x, axis=axis) * F.norm(y, axis=axis)
        return F.reshape(F.sum(x * y, axis=axis) / F.maximum(norms, 1e-12), shape=(-1, 1))


class SDMLLoss(Loss):
    """Smoothed deep metric learning: each row of x1 shall be nearer to its row of x2 than to all other rows.

    KL divergence of softmax(-squared distances) to labels that give the right row 1 - smoothing_parameter and
    share the rest among the others.
    Inputs: x1 and x2 of shape (N, C), N > 1, NDArrays only. Output: (N,).
    Bonadiman et al., "Large Scale Question Paraphrase Retrieval with Smoothed Deep Metric Learning" (2019),
    https://arxiv.org/abs/1905.12786
    """

    def __init__(self, smoothing_parameter=0.3, weight=1.0, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self.kl_loss = KLDivLoss(from_logits=True)
        self.smoothing_parameter = smoothing_parameter

    def hybrid_forward(self, F, x1, x2):
        return self._loss(F, x1, x2)

    def _compute_distances(self, x1, x2):
        """Squared Euclidean distances (N, N) between the rows of x1 and of x2."""
        assert x1.shape == x2.shape, f"x1 and x2 must have the same shape, got {x1.shape} and {x2.shape}"
        difference = x1.expand_dims(1) - x2.expand_dims(0)
        return difference.square().sum(axis=2)

    def _compute_labels(self, F, batch_size):
        """Smoothed one-hot labels (N, N) on the diagonal."""
        gold = F.eye(batch_size)
        other = self.smoothing_parameter / (batch_size - 1)
        return gold * (1 - self.smoothing_parameter) + (1 - gold) * other

    def _loss(self, F, x1, x2):
        distances = self._compute_distances(x1, x2)
        labels = self._compute_labels(F, x1.shape[0]).as_in_context(distances.context)
        return self.kl_loss(F.log_softmax(-distances, axis=1), labels)
