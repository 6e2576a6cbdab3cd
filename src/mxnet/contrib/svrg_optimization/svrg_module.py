"""SVRGModule: stochastic variance reduced gradients (Johnson and Zhang, NIPS 2013) for a Module."""

from __future__ import annotations

import logging

from ... import ndarray as nd
from ...context import cpu
from ...module import Module
from .svrg_optimizer import _SVRGOptimizer

__all__ = ["SVRGModule"]


class SVRGModule(Module):
    """A Module that trains with gradients of lower variance.

    Every `update_freq` epochs it takes the gradient over all data at the weights of that moment.  From a batch's
    gradient it takes away that of the same batch at those weights, and adds the one over all data.

    The other arguments are those of Module.  TypeError unless update_freq is an int, ValueError unless it is positive.

    >>> mod = SVRGModule(symbol, data_names=["data"], label_names=["label"], update_freq=2)
    >>> mod.fit(data, eval_metric="mse", optimizer="sgd", optimizer_params={"learning_rate": 0.025}, num_epoch=10)
    """

    def __init__(self, symbol, data_names=("data",), label_names=("softmax_label",), logger=logging,
                 context=cpu(), work_load_list=None,  # noqa: B008
                 fixed_param_names=None, state_names=None, group2ctxs=None,
                 compression_params=None, update_freq=None):
        if not isinstance(update_freq, int):
            raise TypeError("update_freq in SVRGModule must be an integer to represent the frequency for calculating "
                            f"full gradients, got {update_freq!r}")
        if update_freq <= 0:
            raise ValueError("update_freq in SVRGModule must be a positive integer to represent the frequency for "
                             f"calculating full gradients, got {update_freq}")
        arguments = (symbol, data_names, label_names, logger, context, work_load_list, fixed_param_names, state_names,
                     group2ctxs, compression_params)
        self.update_freq = update_freq
        self._mod_aux = Module(*arguments)  # holds the weights at which the gradient over all data was taken
        super().__init__(*arguments)
        self._ctx_len = len(self._context)
        self._param_dict: list[dict] = []  # the gradient over all data by context and name

    def _reset_bind(self):
        super()._reset_bind()
        self._mod_aux._reset_bind()

    def bind(self, data_shapes, label_shapes=None, for_training=True, inputs_need_grad=False, force_rebind=False,
             shared_module=None, grad_req="write"):
        """Bind this module and the one beside it; see Module."""
        super().bind(data_shapes, label_shapes, for_training, inputs_need_grad, force_rebind, shared_module, grad_req)
        if for_training and not self._mod_aux.binded:
            self._mod_aux.bind(data_shapes, label_shapes, for_training, inputs_need_grad, force_rebind, None, grad_req)

    def reshape(self, data_shapes, label_shapes=None):
        """Fit both modules to inputs of other shapes."""
        super().reshape(data_shapes, label_shapes)
        if self._mod_aux.binded:
            self._mod_aux.reshape(data_shapes, label_shapes)

    def init_optimizer(self, kvstore="local", optimizer="sgd", optimizer_params=(("learning_rate", 0.01),),
                       force_init=False):
        """Install an optimizer, wrapped into one that also knows gradients over all data; see Module."""
        super().init_optimizer(kvstore, optimizer, optimizer_params, force_init)
        self._param_dict = [{name: nd.zeros(grads[k].shape, grads[k].context, grads[k].dtype)
                             for name, grads in self._gradients(self)} for k in range(self._ctx_len)]

    def _made_optimizer(self, optimizer, params, kvstore, update_on_kvstore):
        made = super()._made_optimizer(optimizer, params, kvstore, update_on_kvstore)
        return _SVRGOptimizer(made, rescale_grad=made.rescale_grad, wd=made.wd, clip_gradient=made.clip_gradient,
                              learning_rate=made.lr, multi_precision=made.multi_precision,
                              param_idx2name=made.idx2name)

    # ------------------------------------------------------------------ computing

    @staticmethod
    def _gradients(module):
        """(name, gradients by context) of the parameters that are trained."""
        group = module._exec_group
        return [(name, grads) for name, grads in zip(group.param_names, group.grad_arrays, strict=True)
                if grads[0] is not None]

    @property
    def _has_full_grads(self) -> bool:
        return bool(self._param_dict) and self._mod_aux.binded and self._mod_aux.params_initialized

    def forward(self, data_batch, is_train=None):
        """Compute the outputs of a batch; when training, also at the other weights."""
        super().forward(data_batch, is_train)
        if (self.for_training if is_train is None else is_train) and self._has_full_grads:
            self._mod_aux.forward(data_batch, is_train)

    def backward(self, out_grads=None):
        """Compute the gradients, also at the other weights."""
        super().backward(out_grads)
        if self._has_full_grads:
            self._mod_aux.backward(out_grads)

    def update(self):
        """Put the gradients together, and update the parameters."""
        if self._has_full_grads:
            self._update_svrg_gradients()
        super().update()

    def update_full_grads(self, train_data):
        """Take the gradient over all data at the weights of now: the mean of the batches' gradients.

        Of a last batch that is filled up with other samples, only its own ones count towards the number of batches, as
        in MXNet.  The iterator is at its end afterwards.
        """
        self._mod_aux.set_params(*self.get_params())
        train_data.reset()
        for sums in self._param_dict:
            for each in sums.values():
                each[:] = 0
        batches = 0.0
        for batch in train_data:
            self._mod_aux.forward(batch, is_train=True)
            self._mod_aux.backward()
            batches += 1 - (batch.pad or 0) / batch.data[0].shape[0]
            for name, grads in self._gradients(self._mod_aux):
                for sums, grad in zip(self._param_dict, grads, strict=True):
                    sums[name] += grad
        for sums in self._param_dict:
            for each in sums.values():
                each /= batches

    def _svrg_grads_update_rule(self, g_curr_batch_curr_weight, g_curr_batch_special_weight,
                                g_special_weight_all_batch):
        """The gradient to train with, from the batch's two and the one over all data."""
        return g_curr_batch_curr_weight - g_curr_batch_special_weight + g_special_weight_all_batch

    def _update_svrg_gradients(self):
        pairs = zip(self._gradients(self), self._gradients(self._mod_aux), strict=True)
        for (name, now), (_, then) in pairs:
            for k, full in enumerate(self._param_dict):
                self._svrg_grads_update_rule(now[k], then[k], full[name]).copyto(now[k])

    def _fit_epoch(self, train_data, epoch, *args):
        if epoch % self.update_freq == 0:
            self.update_full_grads(train_data)
            train_data.reset()
        super()._fit_epoch(train_data, epoch, *args)

    def prepare(self, data_batch, sparse_row_id_fn=None):
        """Prepare both modules for a batch; see Module."""
        super().prepare(data_batch, sparse_row_id_fn)
        self._mod_aux.prepare(data_batch, sparse_row_id_fn)
