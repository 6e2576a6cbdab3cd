"""BucketingModule: a Module for each of several graphs, which share parameters."""

from __future__ import annotations

import logging
import warnings

import numpy as np

from .. import ndarray as nd
from ..context import cpu
from ..model import load_params
from ..name import NameManager
from .base_module import _UNIFORM, BaseModule, _check_input_names
from .module import Module

__all__ = ["BucketingModule"]


class BucketingModule(BaseModule):
    """Graphs of several sizes, one for each bucket key that batches have, such as the length of sequences.

    sym_gen: function (bucket_key) -> (Symbol, data_names, label_names).  default_bucket_key: of the largest graph,
    whose memory the others use.  The other arguments are Module's.
    """

    def __init__(self, sym_gen, default_bucket_key=None, logger=logging, context=cpu(),  # noqa: B008
                 work_load_list=None, fixed_param_names=None, state_names=None, group2ctxs=None,
                 compression_params=None):
        super().__init__(logger=logger)
        assert default_bucket_key is not None, "please say the default_bucket_key"
        self._sym_gen = sym_gen
        self._default_bucket_key = default_bucket_key
        self._fixed_param_names = list(fixed_param_names or ())
        self._state_names = list(state_names or ())
        self._context = context
        self._work_load_list = work_load_list
        self._group2ctxs = group2ctxs
        self._compression_params = compression_params
        symbol, data_names, label_names = self._call_sym_gen(default_bucket_key)
        for names, kind in ((data_names, "data"), (label_names, "label"), (self._state_names, "state"),
                            (self._fixed_param_names, "fixed_param")):
            _check_input_names(symbol, list(names or ()), kind, throw=kind != "label")
        self._params_dirty = False
        self._monitor = None
        self._grad_req = None
        self._loaded = None  # (arg_params, aux_params) until bind
        self._reset_bind()

    def _reset_bind(self):
        self.binded = False
        self._buckets = {}
        self._curr_module = None
        self._curr_bucket_key = None

    def _call_sym_gen(self, *args, **kwargs):
        """Make a graph; its automatic names begin anew, so that all graphs have the same."""
        with NameManager():
            return self._sym_gen(*args, **kwargs)

    def _new_module(self, bucket_key):
        symbol, data_names, label_names = self._call_sym_gen(bucket_key)
        return Module(symbol, data_names, label_names, logger=self.logger, context=self._context,
                      work_load_list=self._work_load_list, fixed_param_names=self._fixed_param_names,
                      state_names=self._state_names, group2ctxs=self._group2ctxs,
                      compression_params=self._compression_params)

    # ------------------------------------------------------------------ what it is

    @property
    def data_names(self):
        if self.binded:
            return self._curr_module.data_names
        return self._call_sym_gen(self._default_bucket_key)[1]

    @property
    def output_names(self):
        if self.binded:
            return self._curr_module.output_names
        return self._call_sym_gen(self._default_bucket_key)[0].list_outputs()

    @property
    def data_shapes(self):
        self._assert_bound()
        return self._curr_module.data_shapes

    @property
    def label_shapes(self):
        self._assert_bound()
        return self._curr_module.label_shapes

    @property
    def output_shapes(self):
        self._assert_bound()
        return self._curr_module.output_shapes

    @property
    def symbol(self):
        """The Symbol of the current bucket."""
        self._assert_bound()
        return self._curr_module.symbol

    # ------------------------------------------------------------------ parameters

    def get_params(self):
        self._assert_ready()
        self._curr_module._params_dirty = self._params_dirty
        params = self._curr_module.get_params()
        self._params_dirty = False
        return params

    def init_params(self, initializer=_UNIFORM, arg_params=None, aux_params=None, allow_missing=False,
                    force_init=False, allow_extra=False):
        if self.params_initialized and not force_init:
            return
        assert self.binded, "call bind before initializing the parameters"
        self._curr_module.init_params(initializer=initializer, arg_params=arg_params, aux_params=aux_params,
                                      allow_missing=allow_missing, force_init=force_init, allow_extra=allow_extra)
        self._params_dirty = False
        self.params_initialized = True

    def set_params(self, arg_params, aux_params, allow_missing=False, force_init=True, allow_extra=False):
        if not allow_missing:
            self.init_params(None, arg_params, aux_params, allow_missing, force_init, allow_extra)
            return
        if self.params_initialized and not force_init:
            warnings.warn("Parameters already initialized and force_init=False. set_params call ignored.",
                          stacklevel=2)
            return
        self._assert_bound()
        self._curr_module.set_params(arg_params, aux_params, allow_missing=allow_missing, force_init=force_init,
                                     allow_extra=allow_extra)
        self._params_dirty = True  # those that were given are newer than what get_params copied last
        self.params_initialized = True

    def get_states(self, merge_multi_context=True):
        self._assert_ready()
        return self._curr_module.get_states(merge_multi_context=merge_multi_context)

    def set_states(self, states=None, value=None):
        self._assert_ready()
        self._curr_module.set_states(states, value)

    # ------------------------------------------------------------------ binding

    def bind(self, data_shapes, label_shapes=None, for_training=True, inputs_need_grad=False, force_rebind=False,
             shared_module=None, grad_req="write"):
        """Bind the default bucket's Module to the shapes of its inputs; others are bound when batches need them."""
        assert shared_module is None, "shared_module for BucketingModule is not supported"
        kept = self.get_params() if force_rebind and self.params_initialized and self.binded else self._loaded
        if force_rebind:
            self._reset_bind()
        if self.binded:
            self.logger.warning("Already bound, ignoring bind()")
            return
        module = self._new_module(self._default_bucket_key)
        module.bind(data_shapes, label_shapes, for_training, inputs_need_grad, grad_req=grad_req)
        self.for_training, self.inputs_need_grad, self._grad_req = for_training, inputs_need_grad, grad_req
        self._curr_module, self._curr_bucket_key = module, self._default_bucket_key
        self._buckets[self._default_bucket_key] = module
        self.binded = True
        self._loaded = None
        if kept is not None:
            self.set_params(*kept)

    def switch_bucket(self, bucket_key, data_shapes, label_shapes=None):
        """Make a bucket the current one; the first time bind its Module to these shapes."""
        self._assert_bound()
        if bucket_key not in self._buckets:
            module = self._new_module(bucket_key)
            module.bind(data_shapes, label_shapes, self.for_training, self.inputs_need_grad,
                        shared_module=self._buckets[self._default_bucket_key], grad_req=self._grad_req)
            if self._monitor is not None:
                module.install_monitor(self._monitor)
            self._buckets[bucket_key] = module
        self._curr_module, self._curr_bucket_key = self._buckets[bucket_key], bucket_key

    def init_optimizer(self, kvstore="local", optimizer="sgd", optimizer_params=(("learning_rate", 0.01),),
                       force_init=False):
        self._assert_ready()
        if self.optimizer_initialized and not force_init:
            self.logger.warning("optimizer already initialized, ignoring.")
            return
        self._curr_module._params_dirty = self._params_dirty
        self._curr_module.init_optimizer(kvstore, optimizer, optimizer_params, force_init=force_init)
        for module in self._buckets.values():
            if module is not self._curr_module:
                module.borrow_optimizer(self._curr_module)
        self.optimizer_initialized = True

    # ------------------------------------------------------------------ computing

    def prepare(self, data_batch, sparse_row_id_fn=None):
        """Bind the Module of a batch's bucket, if it is not yet; the current bucket stays."""
        self._assert_ready()
        current = self._curr_bucket_key
        self.switch_bucket(data_batch.bucket_key, data_batch.provide_data, data_batch.provide_label)
        self._curr_module.prepare(data_batch, sparse_row_id_fn=sparse_row_id_fn)
        self.switch_bucket(current, None)

    def forward(self, data_batch, is_train=None):
        """Compute the outputs of a batch in its bucket."""
        self._assert_ready()
        self.switch_bucket(data_batch.bucket_key, data_batch.provide_data, data_batch.provide_label)
        self._curr_module.forward(data_batch, is_train=is_train)

    def backward(self, out_grads=None):
        self._assert_ready()
        self._curr_module.backward(out_grads=out_grads)

    def update(self):
        self._assert_ready()
        assert self.optimizer_initialized, "call init_optimizer before"
        self._params_dirty = True
        self._curr_module.update()

    def get_outputs(self, merge_multi_context=True):
        self._assert_ready()
        return self._curr_module.get_outputs(merge_multi_context=merge_multi_context)

    def get_input_grads(self, merge_multi_context=True):
        self._assert_ready()
        assert self.inputs_need_grad, "bind with inputs_need_grad=True to get gradients of inputs"
        return self._curr_module.get_input_grads(merge_multi_context=merge_multi_context)

    def update_metric(self, eval_metric, labels, pre_sliced=False):
        self._assert_ready()
        self._curr_module.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon):
        self._assert_bound()
        self._monitor = mon
        for module in self._buckets.values():
            module.install_monitor(mon)

    # ------------------------------------------------------------------ files

    def save_checkpoint(self, prefix, epoch, remove_amp_cast=False):
        """Write prefix-EPOCH.params, prefix-KEY-symbol.json of each bucket, and prefix.buckets, the keys."""
        self._assert_ready()
        for key, module in self._buckets.items():
            module.symbol.save(f"{prefix}-{key}-symbol.json", remove_amp_cast=remove_amp_cast)
        nd.save(f"{prefix}.buckets", nd.array(list(self._buckets), dtype=np.int32))
        self.save_params(f"{prefix}-{epoch:04d}.params")

    @staticmethod
    def load(prefix, epoch, sym_gen=None, default_bucket_key=None, **kwargs):
        """A BucketingModule with the parameters of `save_checkpoint`; kwargs as in the constructor."""
        assert sym_gen is not None, "sym_gen is required for loading BucketingModule"
        assert default_bucket_key is not None, "default_bucket_key is required for loading BucketingModule"
        module = BucketingModule(sym_gen, default_bucket_key=default_bucket_key, **kwargs)
        return module._with_params(*load_params(prefix, epoch))

    @staticmethod
    def load_dict(sym_dict=None, sym_gen=None, default_bucket_key=None, arg_params=None, aux_params=None, **kwargs):
        """A BucketingModule with given parameters.  sym_dict: {bucket key: Symbol}; sym_gen makes the graphs anew."""
        assert sym_dict is not None, "sym_dict needs to be provided for BucketingModule.load_dict"
        assert sym_gen is not None, "sym_gen needs to be provided for BucketingModule.load_dict"
        assert arg_params is not None, "arg_params need to be provided for BucketingModule.load_dict"
        assert aux_params is not None, "aux_params need to be provided for BucketingModule.load_dict"
        module = BucketingModule(sym_gen, default_bucket_key=default_bucket_key, **kwargs)
        return module._with_params(arg_params, aux_params)

    def _with_params(self, arg_params, aux_params):
        self._loaded = arg_params, aux_params
        self.params_initialized = True
        return self
