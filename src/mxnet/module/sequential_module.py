"""SequentialModule: modules in a row, each fed with the outputs of the one before."""

from __future__ import annotations

import logging

from ..io import DataBatch, DataDesc
from .base_module import _UNIFORM, BaseModule

__all__ = ["SequentialModule"]


class SequentialModule(BaseModule):
    """Modules in a row.

    >>> seq = mx.mod.SequentialModule()
    >>> seq.add(body).add(head, take_labels=True, auto_wiring=True)
    """

    META_TAKE_LABELS = "take_labels"
    META_AUTO_WIRING = "auto_wiring"

    def __init__(self, logger=logging):
        super().__init__(logger=logger)
        self._modules: list[BaseModule] = []
        self._metas: list[dict] = []
        self._data_shapes = self._label_shapes = None

    def add(self, module, **kwargs):
        """Add a module; the sequence, so that calls can follow one another.

        take_labels: this module gets the labels.  auto_wiring: it gets the outputs of the module before by their
        order, whatever their names.
        """
        for meta in kwargs:
            assert meta in (self.META_TAKE_LABELS, self.META_AUTO_WIRING), f'Unknown meta "{meta}", a typo?'
        self._modules.append(module)
        self._metas.append(kwargs)
        self.binded = self.params_initialized = self.optimizer_initialized = False
        return self

    # ------------------------------------------------------------------ what it is

    @property
    def data_names(self):
        return self._modules[0].data_names if self._modules else []

    @property
    def output_names(self):
        return self._modules[-1].output_names if self._modules else []

    @property
    def data_shapes(self):
        self._assert_bound()
        return self._modules[0].data_shapes

    @property
    def label_shapes(self):
        """DataDescs of the labels; None if no module takes them."""
        self._assert_bound()
        return self._label_shapes

    @property
    def output_shapes(self):
        self._assert_bound()
        return self._modules[-1].output_shapes

    # ------------------------------------------------------------------ parameters

    def get_params(self):
        self._assert_ready()
        arg_params, aux_params = {}, {}
        for module in self._modules:
            args, aux = module.get_params()
            arg_params.update(args)
            aux_params.update(aux)
        return arg_params, aux_params

    def init_params(self, initializer=_UNIFORM, arg_params=None, aux_params=None, allow_missing=False,
                    force_init=False, allow_extra=False):
        if self.params_initialized and not force_init:
            return
        assert self.binded, "call bind before initializing the parameters"
        for module in self._modules:
            module.init_params(initializer=initializer, arg_params=arg_params, aux_params=aux_params,
                               allow_missing=allow_missing, force_init=force_init, allow_extra=allow_extra)
        self._check_names()
        self.params_initialized = True

    def _check_names(self):
        """AssertionError if two modules have parameters of one name."""
        owner = {}
        for i, module in enumerate(self._modules):
            for params in module.get_params():
                for name in params:
                    assert name not in owner, (
                        f'Duplicated parameter names: name "{name}" in layer {i} ({type(module)}) is already used in '
                        f"layer {owner[name]} ({type(self._modules[owner[name]])}).")
                    owner[name] = i

    # ------------------------------------------------------------------ binding

    def bind(self, data_shapes, label_shapes=None, for_training=True, inputs_need_grad=False, force_rebind=False,
             shared_module=None, grad_req="write"):
        if self.binded and not force_rebind:
            self.logger.warning("Already bound, ignoring bind()")
            return
        assert for_training or not inputs_need_grad, "inputs_need_grad=True needs for_training=True"
        assert shared_module is None, "Shared module is not supported"
        assert self._modules, "Attempting to bind an empty SequentialModule"
        takes_labels = False
        shapes = data_shapes
        for i, (module, meta) in enumerate(zip(self._modules, self._metas, strict=True)):
            takes = bool(meta.get(self.META_TAKE_LABELS))
            takes_labels = takes_labels or takes
            if meta.get(self.META_AUTO_WIRING):
                names = module.data_names
                assert len(names) == len(shapes), f"layer {i} has the inputs {names}, but gets {shapes}"
                shapes = [_renamed(name, desc) for name, desc in zip(names, shapes, strict=True)]
            module.bind(shapes, label_shapes if takes else None, for_training,
                        inputs_need_grad=for_training and (inputs_need_grad or i > 0), force_rebind=force_rebind,
                        grad_req=grad_req)
            shapes = module.output_shapes
        self._label_shapes = label_shapes if takes_labels else None
        self.for_training, self.inputs_need_grad = for_training, inputs_need_grad
        self.binded = True

    def init_optimizer(self, kvstore="local", optimizer="sgd", optimizer_params=(("learning_rate", 0.01),),
                       force_init=False):
        self._assert_ready()
        if self.optimizer_initialized and not force_init:
            self.logger.warning("optimizer already initialized, ignoring.")
            return
        for module in self._modules:
            module.init_optimizer(kvstore, optimizer, optimizer_params, force_init=force_init)
        self.optimizer_initialized = True

    # ------------------------------------------------------------------ computing

    def forward(self, data_batch, is_train=None):
        self._assert_ready()
        batch = DataBatch(data_batch.data, data_batch.label, pad=getattr(data_batch, "pad", None),
                          index=getattr(data_batch, "index", None))
        for module in self._modules:
            module.forward(batch, is_train=is_train)
            batch.data = module.get_outputs()

    def backward(self, out_grads=None):
        self._assert_ready()
        for module in reversed(self._modules):
            module.backward(out_grads=out_grads)
            if module is not self._modules[0]:
                out_grads = module.get_input_grads()

    def update(self):
        self._assert_ready()
        assert self.optimizer_initialized, "call init_optimizer before"
        for module in self._modules:
            module.update()

    def get_outputs(self, merge_multi_context=True):
        self._assert_ready()
        return self._modules[-1].get_outputs(merge_multi_context=merge_multi_context)

    def get_input_grads(self, merge_multi_context=True):
        self._assert_ready()
        assert self.inputs_need_grad, "bind with inputs_need_grad=True to get gradients of inputs"
        return self._modules[0].get_input_grads(merge_multi_context=merge_multi_context)

    def update_metric(self, eval_metric, labels, pre_sliced=False):
        """Tell a metric the labels and the outputs of every module that takes labels."""
        self._assert_ready()
        for module, meta in zip(self._modules, self._metas, strict=True):
            if meta.get(self.META_TAKE_LABELS):
                module.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon):
        self._assert_bound()
        for module in self._modules:
            module.install_monitor(mon)


def _renamed(name, desc):
    if isinstance(desc, DataDesc):
        return DataDesc(name, desc.shape, desc.dtype, desc.layout)
    return (name, desc[1])
