"""Module: a Symbol with parameters, on one context or several."""

from __future__ import annotations

import logging
import warnings

from .. import ndarray as nd
from .. import optimizer as opt
from ..base import MXNetError
from ..context import Context, cpu
from ..initializer import InitDesc
from ..io import DataDesc
from ..model import (
    _create_kvstore,
    _initialize_kvstore,
    _update_params,
    _update_params_on_kvstore,
    load_checkpoint,
)
from ..ndarray import params_file
from .base_module import _UNIFORM, BaseModule, _check_input_names, _descs, _parse_data_desc
from .executor_group import DataParallelExecutorGroup

__all__ = ["Module"]


class Module(BaseModule):
    """A Symbol that can be trained.

    data_names, label_names: which arguments are inputs; all others are parameters, but state_names, which stay from
    batch to batch.  context: one, or a list of which each computes a part of every batch, by default equal parts, or
    in proportion to work_load_list.  fixed_param_names: parameters without gradients.  group2ctxs: {ctx_group:
    context}, where parts of the Symbol have their arrays.  compression_params: for stores that compress gradients.

    ValueError for names that are not the Symbol's arguments; a warning where they are label names.

    >>> mod = mx.mod.Module(net)
    >>> mod.fit(train, eval_data=val, num_epoch=10, optimizer_params={"learning_rate": 0.1})
    >>> mod.predict(test)
    """

    def __init__(self, symbol, data_names=("data",), label_names=("softmax_label",), logger=logging,
                 context=cpu(), work_load_list=None,  # noqa: B008
                 fixed_param_names=None, state_names=None, group2ctxs=None,
                 compression_params=None):
        super().__init__(logger=logger)
        self._context = [context] if isinstance(context, Context) else list(context)
        self._work_load_list = [1] * len(self._context) if work_load_list is None else list(work_load_list)
        assert len(self._work_load_list) == len(self._context), (
            f"work_load_list must have an entry for each of {self._context}, got {work_load_list}")
        self._group2ctxs = group2ctxs
        self._compression_params = compression_params
        self._symbol = symbol
        self._data_names = list(data_names or ())
        self._label_names = list(label_names or ())
        self._state_names = list(state_names or ())
        self._fixed_param_names = list(fixed_param_names or ())
        for names, kind in ((self._data_names, "data"), (self._label_names, "label"), (self._state_names, "state"),
                            (self._fixed_param_names, "fixed_param")):
            _check_input_names(symbol, names, kind, throw=kind != "label")
        inputs = {*self._data_names, *self._label_names, *self._state_names}
        self._param_names = [name for name in symbol.list_arguments() if name not in inputs]
        self._aux_names = symbol.list_auxiliary_states()
        self._output_names = symbol.list_outputs()
        self._arg_params = self._aux_params = None
        self._params_dirty = False  # whether the contexts' parameters are newer than _arg_params
        self._optimizer = self._kvstore = self._updater = None
        self._update_on_kvstore = None
        self._preload_opt_states = None
        self._grad_req = None
        self._reset_bind()

    # ------------------------------------------------------------------ files

    @staticmethod
    def load(prefix, epoch, load_optimizer_states=False, **kwargs):
        """A Module from `save_checkpoint`'s files; kwargs as in the constructor.

        With load_optimizer_states, `init_optimizer` takes the states from prefix-EPOCH.states.
        """
        symbol, arg_params, aux_params = load_checkpoint(prefix, epoch)
        mod = Module(symbol=symbol, **kwargs)
        mod._arg_params, mod._aux_params = arg_params, aux_params
        mod.params_initialized = True
        if load_optimizer_states:
            mod._preload_opt_states = f"{prefix}-{epoch:04d}.states"
        return mod

    def save_checkpoint(self, prefix, epoch, save_optimizer_states=False, remove_amp_cast=True):
        """Write prefix-symbol.json, prefix-EPOCH.params and, if asked for, prefix-EPOCH.states."""
        self._assert_ready()
        self._symbol.save(f"{prefix}-symbol.json", remove_amp_cast=remove_amp_cast)
        name = f"{prefix}-{epoch:04d}.params"
        self.save_params(name)
        logging.info('Saved checkpoint to "%s"', name)
        if save_optimizer_states:
            name = f"{prefix}-{epoch:04d}.states"
            self.save_optimizer_states(name)
            logging.info('Saved optimizer state to "%s"', name)

    def save_optimizer_states(self, fname):
        """Write the optimizer's states to a file, atomically."""
        assert self.optimizer_initialized, "call init_optimizer before"
        if self._update_on_kvstore:
            self._kvstore.save_optimizer_states(fname)
        else:
            params_file.write_atomically(fname, [self._updater.get_states()])

    def load_optimizer_states(self, fname):
        """Read what `save_optimizer_states` wrote; MXNetError if it is damaged."""
        assert self.optimizer_initialized, "call init_optimizer before"
        if self._update_on_kvstore:
            self._kvstore.load_optimizer_states(fname)
        else:
            with open(fname, "rb") as file:
                self._updater.set_states(file.read())

    # ------------------------------------------------------------------ what it is

    @property
    def data_names(self):
        return self._data_names

    @property
    def label_names(self):
        """Names of the labels."""
        return self._label_names

    @property
    def output_names(self):
        return self._output_names

    @property
    def data_shapes(self):
        self._assert_bound()
        return self._data_shapes

    @property
    def label_shapes(self):
        self._assert_bound()
        return self._label_shapes

    @property
    def output_shapes(self):
        self._assert_bound()
        return self._exec_group.get_output_shapes()

    # ------------------------------------------------------------------ parameters

    def get_params(self):
        self._assert_ready()
        if self._params_dirty:
            self._sync_params_from_devices()
        return self._arg_params, self._aux_params

    def _sync_params_from_devices(self):
        self._exec_group.get_params(self._arg_params, self._aux_params)
        self._params_dirty = False

    def init_params(self, initializer=_UNIFORM, arg_params=None, aux_params=None, allow_missing=False,
                    force_init=False, allow_extra=False):
        if self.params_initialized and not force_init:
            warnings.warn("Parameters already initialized and force_init=False. init_params call ignored.",
                          stacklevel=2)
            return
        assert self.binded, "call bind before initializing the parameters"
        attrs = self._symbol.attr_dict()
        for arrays, given in ((self._arg_params, arg_params), (self._aux_params, aux_params)):
            _check_given(arrays, given, allow_missing)  # all of it before any is copied
        for arrays, given in ((self._arg_params, arg_params), (self._aux_params, aux_params)):
            for name, array in sorted(arrays.items()):
                if given is not None and name in given:
                    if given[name] is not array:
                        given[name].copyto(array)
                    continue
                if initializer is not None:
                    initializer(InitDesc(name, attrs.get(name)), array)
        self.params_initialized = True
        self._params_dirty = False
        self._exec_group.set_params(self._arg_params, self._aux_params, allow_extra=allow_extra)

    def set_params(self, arg_params, aux_params, allow_missing=False, force_init=True, allow_extra=False):
        if not allow_missing:
            self.init_params(None, arg_params, aux_params, allow_missing, force_init, allow_extra)
            return
        if self.params_initialized and not force_init:
            warnings.warn("Parameters already initialized and force_init=False. set_params call ignored.",
                          stacklevel=2)
            return
        self._assert_bound()
        self._exec_group.set_params(arg_params, aux_params, allow_extra=allow_extra)
        self._params_dirty = True  # those that were given are newer than _arg_params
        self.params_initialized = True

    # ------------------------------------------------------------------ binding

    def _reset_bind(self):
        self.binded = False
        self._exec_group = None
        self._data_shapes = self._label_shapes = None

    def bind(self, data_shapes, label_shapes=None, for_training=True, inputs_need_grad=False, force_rebind=False,
             shared_module=None, grad_req="write"):
        if force_rebind:
            self._save_newer_params()
            self._reset_bind()
        if self.binded:
            self.logger.warning("Already bound, ignoring bind()")
            return
        assert for_training or not inputs_need_grad, "inputs_need_grad=True needs for_training=True"
        shared_group = None
        if shared_module is not None:
            assert isinstance(shared_module, Module) and shared_module.binded and shared_module.params_initialized, (
                "shared_module must be a bound Module with parameters")
            shared_group = shared_module._exec_group
            assert len(shared_group.execs) >= len(self._context), "shared_module has fewer contexts"
        data_shapes, label_shapes = _parse_data_desc(self._data_names, self._label_names, data_shapes, label_shapes)
        self._exec_group = DataParallelExecutorGroup(
            self._symbol, self._context, self._work_load_list, data_shapes, label_shapes, self._param_names,
            for_training, inputs_need_grad, shared_group, logger=self.logger,
            fixed_param_names=self._fixed_param_names, grad_req=grad_req, group2ctxs=self._group2ctxs,
            state_names=self._state_names)
        self._data_shapes, self._label_shapes = data_shapes, label_shapes
        self._total_exec_bytes = self._exec_group._total_exec_bytes
        self.for_training, self.inputs_need_grad, self._grad_req = for_training, inputs_need_grad, grad_req
        self.binded = True
        if shared_module is not None:
            self.params_initialized = True
            self._arg_params, self._aux_params = shared_module._arg_params, shared_module._aux_params
            if shared_module.optimizer_initialized:
                self.borrow_optimizer(shared_module)
        elif self.params_initialized:
            self._complete_params()
            self._exec_group.set_params(self._arg_params, self._aux_params)
        else:
            self._arg_params, self._aux_params = self._zero_params()

    def _save_newer_params(self):
        """Before the executors go: what they alone know."""
        if self.binded and self.params_initialized and self._params_dirty:
            self._sync_params_from_devices()

    def _zero_params(self):
        """Zeros on cpu() for all parameters."""
        group = self._exec_group

        def zeros(names, blocks):
            return {name: nd.zeros(block[0].shape, cpu(), block[0].dtype, block[0].stype)
                    for name, block in zip(names, blocks, strict=True)}

        return zeros(self._param_names, group.param_arrays), zeros(self._aux_names, group.aux_arrays)

    def _complete_params(self):
        """Check loaded parameters; those that are missing become zeros, with a warning."""
        for given, zeros in zip((self._arg_params, self._aux_params), self._zero_params(), strict=True):
            for name, array in zeros.items():
                if name not in given:
                    warnings.warn(f"bind: there is no value for the parameter {name}; it is zero", stacklevel=3)
                    given[name] = array
                _check_shape(name, given[name], array)

    def reshape(self, data_shapes, label_shapes=None):
        """Fit the executors to inputs of other shapes; parameters stay.  `forward` does this by itself."""
        self._assert_bound()
        data_shapes, label_shapes = _parse_data_desc(self._data_names, self._label_names, data_shapes, label_shapes)
        self._exec_group.reshape(data_shapes, label_shapes)
        self._data_shapes, self._label_shapes = data_shapes, label_shapes

    # ------------------------------------------------------------------ optimizer

    def init_optimizer(self, kvstore="local", optimizer="sgd", optimizer_params=(("learning_rate", 0.01),),
                       force_init=False):
        self._assert_ready()
        if self.optimizer_initialized and not force_init:
            self.logger.warning("optimizer already initialized, ignoring...")
            return
        if self._params_dirty:
            self._sync_params_from_devices()
        kvstore, update_on_kvstore = _create_kvstore(kvstore, len(self._context), self._arg_params)
        optimizer = self._made_optimizer(optimizer, optimizer_params, kvstore, update_on_kvstore)
        if kvstore is not None:
            if self._compression_params:
                kvstore.set_gradient_compression(self._compression_params)
            if update_on_kvstore:
                kvstore.set_optimizer(optimizer)
            _initialize_kvstore(kvstore=kvstore, param_arrays=self._exec_group.param_arrays,
                                arg_params=self._arg_params, param_names=self._param_names,
                                update_on_kvstore=update_on_kvstore)
        self._optimizer, self._kvstore, self._update_on_kvstore = optimizer, kvstore, update_on_kvstore
        self._updater = None if update_on_kvstore else opt.get_updater(optimizer)
        self.optimizer_initialized = True
        if self._preload_opt_states is not None:
            self.load_optimizer_states(self._preload_opt_states)
            self._preload_opt_states = None

    def _made_optimizer(self, optimizer, params, kvstore, update_on_kvstore):
        """An Optimizer from its name; one that is given is only checked."""
        batch_size = self._exec_group.batch_size
        if kvstore is not None and "dist" in kvstore.type and "_async" not in kvstore.type:
            batch_size *= kvstore.num_workers
        rescale_grad = 1.0 / batch_size
        copies = 1 if update_on_kvstore else len(self._context)
        idx2name = {i * copies + k: name for i, name in enumerate(self._exec_group.param_names) for k in range(copies)}
        if isinstance(optimizer, str):
            params = {"rescale_grad": rescale_grad, **dict(params)}
            return opt.create(optimizer, sym=self.symbol, param_idx2name=idx2name, **params)
        assert isinstance(optimizer, opt.Optimizer), (
            f"optimizer must be an Optimizer or its name, got {type(optimizer).__name__}")
        if optimizer.rescale_grad != rescale_grad:
            warnings.warn("Optimizer created manually outside Module but rescale_grad is not normalized to "
                          f"1.0/batch_size/num_workers ({optimizer.rescale_grad} vs. {rescale_grad}). Is this "
                          "intended?", stacklevel=3)
        if not optimizer.idx2name:
            optimizer.idx2name = idx2name
        return optimizer

    def borrow_optimizer(self, shared_module):
        """Use the optimizer, and its states, of another module, with which this one shares parameters."""
        assert shared_module.optimizer_initialized, "shared_module has no optimizer"
        self._optimizer = shared_module._optimizer
        self._kvstore = shared_module._kvstore
        self._update_on_kvstore = shared_module._update_on_kvstore
        self._updater = shared_module._updater
        self.optimizer_initialized = True

    # ------------------------------------------------------------------ computing

    def forward(self, data_batch, is_train=None):
        """Compute the outputs of a batch, after `reshape` if its shapes differ."""
        self._assert_ready()
        self._fit_shapes(data_batch)
        self._exec_group.forward(data_batch, is_train)

    def _fit_shapes(self, batch):
        """Reshape if a batch has other shapes than the one before; labels that it lacks follow from its data."""
        shapes = _batch_shapes(batch, "data")
        labels = _batch_shapes(batch, "label") if self._label_shapes is not None else []
        if ([tuple(d.shape) for d in self._data_shapes] == shapes
                and (not labels or [tuple(d.shape) for d in self._label_shapes] == labels)):
            return
        assert len(shapes) == len(self._data_shapes), (
            f"the batch has {len(shapes)} data arrays, expected {len(self._data_shapes)}: {self._data_names}")
        data_descs = _described(batch, "provide_data", self._data_shapes, shapes)
        if self._label_shapes is None:
            label_descs = None
        elif labels:
            label_descs = _described(batch, "provide_label", self._label_shapes, labels)
        else:
            label_descs = self._inferred_labels(data_descs)
        self._exec_group.reshape(data_descs, label_descs)
        self._data_shapes, self._label_shapes = data_descs, label_descs

    def _inferred_labels(self, data_descs):
        names = self._symbol.list_arguments()
        found = dict(zip(names, self._symbol.infer_shape_partial(**dict(data_descs))[0], strict=True))
        return [DataDesc(d.name, found.get(d.name) or d.shape, d.dtype, d.layout) for d in self._label_shapes]

    def backward(self, out_grads=None):
        self._assert_ready()
        self._exec_group.backward(out_grads=out_grads)

    def update(self):
        self._assert_ready()
        assert self.optimizer_initialized, "call init_optimizer before"
        self._params_dirty = True
        group = self._exec_group
        if self._update_on_kvstore:
            _update_params_on_kvstore(group.param_arrays, group.grad_arrays, self._kvstore, group.param_names)
        else:
            _update_params(group.param_arrays, group.grad_arrays, updater=self._updater,
                           num_device=len(self._context), kvstore=self._kvstore, param_names=group.param_names)

    def get_outputs(self, merge_multi_context=True):
        self._assert_ready()
        return self._exec_group.get_outputs(merge_multi_context=merge_multi_context)

    def get_input_grads(self, merge_multi_context=True):
        self._assert_ready()
        assert self.inputs_need_grad, "bind with inputs_need_grad=True to get gradients of inputs"
        return self._exec_group.get_input_grads(merge_multi_context=merge_multi_context)

    def get_states(self, merge_multi_context=True):
        """The states by name, lists by context; merge_multi_context must be False."""
        self._assert_ready()
        return self._exec_group.get_states(merge_multi_context=merge_multi_context)

    def set_states(self, states=None, value=None):
        """Set the states from arrays, from lists of them by context (as get_outputs gives), or to a number."""
        self._assert_ready()
        self._exec_group.set_states(states, value)

    def update_metric(self, eval_metric, labels, pre_sliced=False):
        self._assert_ready()
        self._exec_group.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon):
        self._assert_bound()
        self._exec_group.install_monitor(mon)

    def prepare(self, data_batch, sparse_row_id_fn=None):
        """Nothing to do: all arrays are dense."""
        self._assert_bound()


def _check_given(arrays, given, allow_missing):
    """Errors for parameters that are missing or of another shape."""
    for name, array in sorted(arrays.items()) if given is not None else ():
        if name in given:
            _check_shape(name, given[name], array)
        elif not allow_missing:
            known = ", ".join(sorted(given)[:10]) + (", ..." if len(given) > 10 else "")
            raise RuntimeError(f"{name} is not presented: expected an array of shape {array.shape} under that name "
                               f"(or allow_missing=True), got {known or 'none'}")


def _check_shape(name, given, array):
    if given.shape != array.shape:
        raise MXNetError(f"parameter {name}: expected shape {array.shape}, got {given.shape}")


def _batch_shapes(batch, kind) -> list[tuple]:
    """Shapes of a batch's arrays; of a list of batches by context, those of all together."""
    if not isinstance(batch, list):
        return [tuple(a.shape) for a in getattr(batch, kind, None) or ()]
    assert batch, "Encountered empty data batch"
    first = [tuple(a.shape) for a in getattr(batch[0], kind, None) or ()]
    return [(len(batch) * shape[0], *shape[1:]) for shape in first]


def _described(batch, provided, known, shapes) -> list[DataDesc]:
    """DataDescs of a batch: its own where it has them, else those known with its shapes."""
    own = getattr(batch, provided, None)
    if own:
        return _descs(own)
    return [DataDesc(d.name, shape, d.dtype, d.layout) for d, shape in zip(known, shapes, strict=False)]
