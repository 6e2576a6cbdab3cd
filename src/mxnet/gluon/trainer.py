"""Trainer: applies an optimizer to the parameters of a network after each backward."""

from __future__ import annotations

import os

from .. import kvstore as kvs
from .. import optimizer as opt
from ..ndarray import params_file
from .parameter import Parameter
from .parameter_dict import ParameterDict

__all__ = ["Trainer"]

_STALE = ("Gradient of Parameter `{0}` on context {1} has not been updated by backward since last `step`. This could "
          "mean a bug in your model that made it only use a subset of the Parameters (Blocks) for this iteration. If "
          "you are intentionally only using a subset, call step with ignore_stale_grad=True to suppress this warning "
          "and skip updating of Parameters with stale gradient")
_ON_KVSTORE = ("{0}() when parameters are updated on kvstore is not supported. Try setting `update_on_kvstore` to "
               "False when creating trainer.")


class Trainer:
    """Updates parameters by their gradients: call `step(batch_size)` after `backward`.

    params: ParameterDict, dict or list of Parameters.  optimizer: an Optimizer, or the name of one, which gets
    optimizer_params.  kvstore: how gradients of parameters on several contexts are summed ('device', 'local', a
    KVStore or None for not at all); on one context a name means none.  update_on_kvstore: whether the store keeps
    the weights and updates them, once for all contexts (default: if it can), instead of each context its own.

    ValueError for params of other types; AssertionError when parameters live on different sets of contexts.
    """

    def __init__(self, params, optimizer, optimizer_params=None, kvstore="device", compression_params=None,
                 update_on_kvstore=None):
        self._params = _as_list(params)
        self._param2idx = {param.name: i for i, param in enumerate(self._params)}
        self._compression_params = compression_params
        self._contexts = self._check_contexts()
        for param in self._params:
            param._set_trainer(self)
        self._sparse_weights = any(p._stype != "default" for p in self._params)
        self._sparse_grads = any(p._grad_stype != "default" for p in self._params)
        settings = dict(optimizer_params or {})
        self._scale = float(settings.get("rescale_grad", 1.0))
        self._init_optimizer(optimizer, settings)
        self._kvstore_params = {"kvstore": kvstore, "update_on_kvstore": update_on_kvstore}
        self._reset_kvstore()

    def _check_contexts(self):
        contexts = None
        for param in self._params:
            ctx = param.list_ctx()
            if contexts is not None and contexts != ctx:
                raise AssertionError("All Parameters must be initialized on the same set of contexts, but Parameter "
                                     f"{param.name} is initialized on {ctx} while previous Parameters are "
                                     f"initialized on {contexts}.")
            contexts = ctx
        return contexts or []

    def _init_optimizer(self, optimizer, settings):
        params = dict(enumerate(self._params))
        if isinstance(optimizer, opt.Optimizer):
            if settings:
                raise AssertionError("optimizer_params must be None if optimizer is an instance of Optimizer instead "
                                     "of str")
            self._optimizer = optimizer
            optimizer.param_dict = params
        else:
            self._optimizer = opt.create(optimizer, param_dict=params, **settings)
        self._updaters = [opt.get_updater(self._optimizer) for _ in self._contexts]

    # ------------------------------------------------------------------ several contexts

    def _reset_kvstore(self):
        """Forget the store; the next step makes it anew from the parameters."""
        self._kv_initialized = False
        self._kvstore = None
        self._update_on_kvstore = None
        self._distributed = None
        self._params_to_init = list(self._params)

    def _init_kvstore(self):
        """Make the store that sums gradients over contexts, if there is to be one."""
        kvstore = self._kvstore_params["kvstore"]
        on_kvstore = self._kvstore_params["update_on_kvstore"]
        if isinstance(kvstore, str):
            several = len(self._contexts) > 1 or kvstore.startswith("dist") or self._sparse_weights
            kvstore = kvs.create(kvstore) if several else None
        elif kvstore is not None and not isinstance(kvstore, kvs.KVStoreBase):
            raise TypeError("kvstore must be KVStore, str or None")
        if self._sparse_weights and (kvstore is None or on_kvstore is False):
            raise ValueError("Cannot set update_on_kvstore to False, or kvstore to None, when there are row_sparse "
                             "weights: the store keeps their rows")
        if kvstore is None:
            if on_kvstore:
                raise ValueError("Cannot set update_on_kvstore=True: there is no kvstore, as parameters are on "
                                 f"{self._contexts} and kvstore={self._kvstore_params['kvstore']!r}")
        else:
            can = kvstore.is_capable(kvs.KVStoreBase.OPTIMIZER)
            if on_kvstore and not can:
                raise ValueError(f"Cannot set update_on_kvstore=True when kvstore is {type(kvstore).__name__}, which "
                                 "cannot update weights")
            if on_kvstore is None:
                on_kvstore = can and os.environ.get("MXNET_UPDATE_ON_KVSTORE", "1") not in ("0", "")
                if self._sparse_weights or self._sparse_grads:  # gradients alone gain nothing from a store
                    on_kvstore = self._sparse_weights
            if self._compression_params:
                kvstore.set_gradient_compression(self._compression_params)
            if on_kvstore:
                kvstore.set_optimizer(self._optimizer)
            self._update_on_kvstore = bool(on_kvstore)
            self._distributed = False
        self._kvstore = kvstore
        self._kv_initialized = True

    def _init_params(self):
        """Give the store the parameters that have values by now, and all contexts the values of the first."""
        waiting, due = [], set(map(id, self._params_to_init))
        for i, param in enumerate(self._params):
            if id(param) not in due:
                continue
            if param._deferred_init:
                waiting.append(param)
            elif self._kvstore is not None:
                data = param._check_and_get(param._data, list)
                if param._stype == "default":
                    self._kvstore.broadcast(i, data[0], data, priority=-i)
                else:
                    self._kvstore.init(i, data[0])
        self._params_to_init = waiting

    def _parameter_was_set(self, param):
        """Called by Parameter.set_data: a store that holds the weights must not bring the old one back."""
        if self._update_on_kvstore and param not in self._params_to_init:
            self._reset_kvstore()

    def _prepare(self):
        if not self._kv_initialized:
            self._init_kvstore()
        if self._params_to_init:
            self._init_params()

    # ------------------------------------------------------------------ steps

    @property
    def optimizer(self):
        """The Optimizer."""
        return self._optimizer

    @property
    def learning_rate(self):
        """The rate now, a scheduler's if there is one."""
        return self._optimizer.learning_rate

    def set_learning_rate(self, lr):
        """Set the rate; UserWarning is raised when a scheduler is in charge of it."""
        self._optimizer.set_learning_rate(lr)

    def step(self, batch_size, ignore_stale_grad=False):
        """Sum gradients over contexts, scale them by 1 / batch_size and update all parameters.

        UserWarning is raised if backward did not reach a parameter since the last step, unless ignore_stale_grad,
        when such parameters stay as they are.
        """
        rescale = self._scale / batch_size
        if self._params_to_init or not self._kv_initialized:
            self._prepare()
        self._optimizer.rescale_grad = rescale
        if self._kvstore is not None:
            if self._update_on_kvstore:
                self._check_fresh(ignore_stale_grad)
            self._allreduce_grads()
        if not self._update_on_kvstore:
            self._update(ignore_stale_grad)

    def allreduce_grads(self):
        """Sum gradients over contexts; for what is to happen before `update`, such as clipping.

        AssertionError if the parameters are updated on the kvstore.
        """
        self._prepare()
        assert not (self._kvstore and self._update_on_kvstore), _ON_KVSTORE.format("allreduce_grads")
        self._allreduce_grads()

    def update(self, batch_size, ignore_stale_grad=False):
        """The second half of `step`, after `allreduce_grads`."""
        self._prepare()
        assert not (self._kvstore and self._update_on_kvstore), _ON_KVSTORE.format("update")
        self._optimizer.rescale_grad = self._scale / batch_size
        self._update(ignore_stale_grad)

    def _allreduce_grads(self):
        if self._kvstore is None:
            return
        trained = [(i, p) for i, p in enumerate(self._params) if p._grad_req != "null"]
        indices = [i for i, _ in trained]
        grads = [p.list_grad() for _, p in trained]
        if self._sparse_weights:
            for (i, param), grad in zip(trained, grads, strict=True):
                if param._stype == "default":
                    self._kvstore.pushpull(i, grad, out=param.list_data(), priority=-i)
                else:
                    self._kvstore.push(i, grad, priority=-i)
            return
        out = [p.list_data() for _, p in trained] if self._update_on_kvstore else grads
        if type(self._kvstore) is kvs.KVStore:
            if indices:
                self._kvstore.pushpull(indices, grads, out=out)
            return
        for i, grad, target in zip(indices, grads, out, strict=True):
            self._kvstore.pushpull(i, grad, out=target, priority=-i)

    def _row_sparse_pull(self, param, out, row_id):
        """Called by Parameter: bring the rows `row_id` of a row_sparse parameter to its arrays `out`."""
        self._prepare()
        self._kvstore.row_sparse_pull(self._param2idx[param.name], out=out, row_ids=row_id)

    def _update(self, ignore_stale_grad=False):
        """Let each context's updater update the parameters there."""
        for param in self._params_to_init:
            if param._grad_req != "null":
                param._check_and_get(param._data, list)  # raises, saying what the parameter waits for
        batches = [self._fresh(k, ignore_stale_grad) for k in range(len(self._contexts))]
        for updater, (indices, grads, weights) in zip(self._updaters, batches, strict=True):
            if indices:
                updater(indices, grads, weights)
                for weight in weights:
                    weight._ag.fresh = False

    def _fresh(self, k, ignore_stale_grad):
        """Indices, gradients and weights on the k-th context that backward has reached."""
        indices, grads, weights = [], [], []
        for i, param in enumerate(self._params):
            if param._grad_req == "null":
                continue
            if param._data is None:
                param._check_and_get(param._data, list)  # raises as above
            weight = param._data[k]
            slot = weight._ag
            if slot is None or not slot.fresh:
                if ignore_stale_grad:
                    continue
                raise UserWarning(_STALE.format(param.name, weight._ctx))
            indices.append(i)
            grads.append(param._grad[k])
            weights.append(weight)
        return indices, grads, weights

    def _check_fresh(self, ignore_stale_grad):
        """With weights on the store, MXNet asks only that backward has reached every parameter once."""
        if not ignore_stale_grad:
            for k in range(len(self._contexts)):
                self._fresh(k, False)

    # ------------------------------------------------------------------ states

    def save_states(self, fname):
        """Write the optimizer's states, settings and update counts to a file, atomically; not the parameters."""
        self._prepare()
        if self._update_on_kvstore:
            self._kvstore.save_optimizer_states(fname, dump_optimizer=True)
        else:
            params_file.write_atomically(fname, [self._updaters[0].get_states(dump_optimizer=True)])

    def load_states(self, fname):
        """Read what `save_states` wrote, here or in real MXNet; the optimizer gets its settings from then.

        MXNetError if the file is damaged or holds anything but arrays and numbers.
        """
        self._prepare()
        if self._update_on_kvstore:
            self._kvstore.load_optimizer_states(fname)
            self._optimizer = self._kvstore._updater.optimizer
        else:
            with open(fname, "rb") as f:
                states = f.read()
            for updater in self._updaters:
                updater.set_states(states)
                updater.optimizer = self._updaters[0].optimizer
            self._optimizer = self._updaters[0].optimizer
        self._optimizer.param_dict = dict(enumerate(self._params))


def _as_list(params):
    """Parameters in the order of their indices: a dict's by name, as in MXNet."""
    if isinstance(params, (dict, ParameterDict)):
        params = [params[name] for name in sorted(params.keys())]
    if not isinstance(params, (list, tuple)):
        raise ValueError(f"First argument must be a list or dict of Parameters, got {type(params)}.")
    for param in params:
        if not isinstance(param, Parameter):
            raise ValueError(f"First argument must be a list or dict of Parameters, got list of {type(param)}.")
    return list(params)
