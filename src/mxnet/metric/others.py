"""Metrics that a function or the network itself computes: Loss and its old names, CustomMetric."""

from __future__ import annotations

import numpy

from ..ndarray import NDArray
from .base import EvalMetric, check_label_shapes, register, tensor_of

__all__ = ["Caffe", "CustomMetric", "Loss", "Torch", "np"]


def _numpy(array) -> numpy.ndarray:
    return array.asnumpy() if isinstance(array, NDArray) else numpy.asarray(array)


@register
class Loss(EvalMetric):
    """The mean of the predictions themselves, which are losses."""

    def __init__(self, name="loss", output_names=None, label_names=None):
        super().__init__(name, output_names, label_names)

    def update(self, _, preds):
        for pred in [preds] if isinstance(preds, NDArray) else preds:
            values = tensor_of(pred)
            self._add(values.sum(), values.numel())


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
        if not self._allow_extra_outputs:
            labels, preds = check_label_shapes(labels, preds, True)
        for label, pred in zip(labels, preds, strict=False):
            value = self._feval(_numpy(label), _numpy(pred))
            self._add(*value if isinstance(value, tuple) else (value, 1))

    def get_config(self):
        raise NotImplementedError("CustomMetric cannot be serialized")


def np(numpy_feval, name=None, allow_extra_outputs=False):
    """A metric from a function of NumPy arrays, called by its name unless one is given."""
    def feval(label, pred):
        return numpy_feval(label, pred)

    feval.__name__ = numpy_feval.__name__
    return CustomMetric(feval, name, allow_extra_outputs)
