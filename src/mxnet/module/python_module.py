"""PythonModule and PythonLossModule: modules whose computing is Python, to be put into a SequentialModule."""

from __future__ import annotations

import logging

from .. import ndarray as nd
from ..ndarray import NDArray
from .base_module import _UNIFORM, BaseModule

__all__ = ["PythonLossModule", "PythonModule"]


class PythonModule(BaseModule):
    """A module without parameters.  Subclasses write `forward`, `backward`, `get_outputs`, `get_input_grads` and
    `_compute_output_shapes`."""

    def __init__(self, data_names, label_names, output_names, logger=logging):
        super().__init__(logger=logger)
        self._data_names = None if data_names is None else list(data_names)
        self._label_names = None if label_names is None else list(label_names)
        self._output_names = output_names
        self._data_shapes = self._label_shapes = self._output_shapes = None

    @property
    def data_names(self):
        return self._data_names

    @property
    def output_names(self):
        return self._output_names

    @property
    def data_shapes(self):
        return self._data_shapes

    @property
    def label_shapes(self):
        return self._label_shapes

    @property
    def output_shapes(self):
        return self._output_shapes

    def get_params(self):
        """There are none: two empty dicts."""
        return {}, {}

    def init_params(self, initializer=_UNIFORM, arg_params=None, aux_params=None, allow_missing=False,
                    force_init=False, allow_extra=False):
        """Nothing to do."""
        self.params_initialized = True

    def init_optimizer(self, kvstore="local", optimizer="sgd", optimizer_params=(("learning_rate", 0.01),),
                       force_init=False):
        """Nothing to do."""
        self.optimizer_initialized = True

    def update(self):
        """Nothing to do."""

    def update_metric(self, eval_metric, labels, pre_sliced=False):
        """Tell a metric the labels and outputs, where the module takes labels."""
        if self._label_shapes is None:
            return
        if pre_sliced:
            raise RuntimeError("PythonModule does not support presliced labels")
        eval_metric.update(labels, self.get_outputs())

    def bind(self, data_shapes, label_shapes=None, for_training=True, inputs_need_grad=False, force_rebind=False,
             shared_module=None, grad_req="write"):
        if self.binded and not force_rebind:
            self.logger.warning("Already bound, ignoring bind()")
            return
        assert grad_req == "write", "Python module only support write gradient"
        names = [desc[0] for desc in data_shapes]
        assert names == self._data_names, f"data_shapes are of {names}, expected {self._data_names}"
        if label_shapes is not None:
            labels = [desc[0] for desc in label_shapes]
            assert labels == self._label_names, f"label_shapes are of {labels}, expected {self._label_names}"
        self._data_shapes, self._label_shapes = data_shapes, label_shapes
        self.for_training, self.inputs_need_grad = for_training, inputs_need_grad
        self._output_shapes = self._compute_output_shapes()
        self.binded = True

    def _compute_output_shapes(self):
        """[(name, shape)] of the outputs, from `_data_shapes`."""
        raise NotImplementedError


class PythonLossModule(PythonModule):
    """A loss: it hands its data (scores) on, and `backward` gives their gradient.

    grad_func: function (scores, labels) -> the gradient, an NDArray or NumPy array; or subclasses write
    `_backward_impl`, which sets `_scores_grad` from `_scores` and `_labels`.
    """

    def __init__(self, name="pyloss", data_names=("data",), label_names=("softmax_label",), logger=logging,
                 grad_func=None):
        super().__init__(data_names, label_names, [f"{name}_output"], logger=logger)
        assert len(data_names) == 1, f"a loss has one input, got {data_names}"
        assert len(label_names) == 1, f"a loss has one label, got {label_names}"
        assert grad_func is None or callable(grad_func), f"grad_func must be a function, got {grad_func!r}"
        self._name = name
        self._grad_func = grad_func
        self._scores = self._labels = self._scores_grad = None

    def _compute_output_shapes(self):
        return [(f"{self._name}_output", self._data_shapes[0][1])]

    def forward(self, data_batch, is_train=None):
        """Take scores, and in train mode labels."""
        self._scores = data_batch.data[0]
        if self.for_training if is_train is None else is_train:
            self._labels = data_batch.label[0]

    def get_outputs(self, merge_multi_context=True):
        assert merge_multi_context, "outputs are of one context here"
        return [self._scores]

    def backward(self, out_grads=None):
        assert out_grads is None, "For a loss module, out_grads should be None"
        assert self.for_training, "re-bind with for_training=True to run backward"
        self._backward_impl()

    def _backward_impl(self):
        if self._grad_func is None:
            raise NotImplementedError("give grad_func, or override _backward_impl")
        grad = self._grad_func(self._scores, self._labels)
        self._scores_grad = grad if isinstance(grad, NDArray) else nd.array(grad)

    def get_input_grads(self, merge_multi_context=True):
        assert merge_multi_context, "gradients are of one context here"
        return [self._scores_grad]

    def install_monitor(self, mon):
        raise NotImplementedError
