"""The base of all optimizers: the registry, learning rates and weight decays by parameter, update counts.

`Optimizer` takes one parameter at a time, which is all that a user's own optimizer needs; `MultiTensorOptimizer` in
multi_tensor.py, on which the built-in ones stand, takes lists.
"""

from __future__ import annotations

import warnings

import torch

__all__ = ["Optimizer", "create", "register"]

LOW_PRECISION = (torch.float16, torch.bfloat16)


class Optimizer:
    """Updates weights from gradients; subclasses write `create_state` and `update`.

    rescale_grad: factor on gradients, before anything else.  wd: weight decay.  clip_gradient: bound on the absolute
    value of each gradient element.  learning_rate: default 0.01, or the scheduler's `base_lr`.  lr_scheduler: called
    with the number of updates, gives the rate.  param_idx2name: names by index; parameters whose names do not end in
    _weight or _gamma are then not decayed.  param_dict: gluon Parameters by index, whose lr_mult and wd_mult hold.
    begin_num_update: where counting starts.  multi_precision: keep float32 copies of half precision weights.
    """

    opt_registry: dict[str, type] = {}
    aggregate_num = 0
    _decayed_names: tuple[str, ...] = ("_weight", "_gamma")  # how names of parameters that are decayed end

    def __init__(self, rescale_grad=1.0, param_idx2name=None, wd=0.0, clip_gradient=None, learning_rate=None,
                 lr_scheduler=None, sym=None, begin_num_update=0, multi_precision=False, param_dict=None):
        self.rescale_grad = rescale_grad
        self.lr_scheduler = lr_scheduler
        if lr_scheduler is None:
            self.lr = 0.01 if learning_rate is None else learning_rate
        else:
            self.lr = learning_rate
            if learning_rate is not None:
                if lr_scheduler.base_lr != learning_rate:
                    # Printed, as in MXNet: logging.warning would set up the root logger before the program does.
                    print("learning rate from ``lr_scheduler`` has been overwritten by ``learning_rate`` in optimizer.")
                lr_scheduler.base_lr = learning_rate
        self.wd = wd
        self.lr_mult = {}
        self.wd_mult = {}
        self.begin_num_update = begin_num_update
        self.num_update = begin_num_update
        self._all_index_update_counts = {0: {}}
        self._index_update_count = self._all_index_update_counts[0]
        self.clip_gradient = clip_gradient
        self.multi_precision = multi_precision
        if param_idx2name is None:
            param_idx2name = {}
        assert isinstance(param_idx2name, dict), "param_idx2name should be a dict of param indexes to names."
        self.idx2name = dict(param_idx2name)
        self.sym_info = () if sym is None else (sym.attr_dict(), sym.list_arguments())
        self.param_dict = param_dict or {}
        self.set_lr_mult({})
        self.set_wd_mult({})

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name not in ("_seen", "param_dict")}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.param_dict = {}

    # ------------------------------------------------------------------ registry

    @staticmethod
    def register(klass):
        """Class decorator: `create` finds the class by its name in any case."""
        name = klass.__name__.lower()
        old = Optimizer.opt_registry.get(name)
        if old is not None:
            warnings.warn(f"WARNING: New optimizer {klass.__module__}.{klass.__name__} is overriding existing "
                          f"optimizer {old.__module__}.{old.__name__}", stacklevel=2)
        Optimizer.opt_registry[name] = klass
        return klass

    @staticmethod
    def create_optimizer(name, **kwargs):
        """An optimizer from its registered name, in any case; ValueError for unknown names."""
        klass = Optimizer.opt_registry.get(name.lower())
        if klass is None:
            raise ValueError(f"Cannot find optimizer {name}")
        return klass(**kwargs)

    # ------------------------------------------------------------------ what subclasses write

    def create_state(self, index, weight):
        """The optimizer's memory for one parameter: None, an NDArray, or a tuple of those."""

    def create_state_multi_precision(self, index, weight):
        """As `create_state`; for a half precision weight under multi_precision, (float32 weight, state of it)."""
        if self.keeps_master(weight):
            master = weight.astype("float32")
            return master, self.create_state(index, master)
        self._warn_low_precision(weight, "the optimizer")
        return self.create_state(index, weight)

    def update(self, index, weight, grad, state):
        """Update one weight in place.

        index: the parameter's key.  weight, grad: NDArrays of one shape.  state: what `create_state` gave.
        """
        raise NotImplementedError

    def update_multi_precision(self, index, weight, grad, state):
        """As `update`; a half precision weight under multi_precision is updated through its float32 copy."""
        if self.keeps_master(weight):
            master, state = state
            self.update(index, master, grad.astype("float32"), state)
            weight[:] = master
        else:
            self.update(index, weight, grad, state)

    def keeps_master(self, weight) -> bool:
        """Whether this weight has a float32 copy: it is of half precision and multi_precision is on."""
        return self.multi_precision and weight._t.dtype in LOW_PRECISION

    def _warn_low_precision(self, weight, who):
        if weight._t.dtype is torch.float16:
            warnings.warn("Accumulating with float16 in optimizer can lead to poor accuracy or slow convergence. "
                          f"Consider using multi_precision=True option of {who}", stacklevel=3)

    # ------------------------------------------------------------------ rates and counts

    @property
    def learning_rate(self):
        """The rate now: the scheduler's for the updates so far, else what was set."""
        if self.lr_scheduler is not None:
            return self.lr_scheduler(self.num_update)
        return self.lr

    def set_learning_rate(self, lr):
        """Set the rate; UserWarning is raised when a scheduler is in charge of it."""
        if self.lr_scheduler is not None:
            raise UserWarning("LRScheduler of the optimizer has already been defined. Note that set_learning_rate can "
                              "mutate the value of the learning rate of the optimizer only when the LRScheduler of "
                              "the optimizer is undefined.")
        self.lr = lr

    def set_lr_scale(self, args_lrscale):
        """Gone since MXNet 0.9; use `set_lr_mult`."""
        raise DeprecationWarning("set_lr_scale was replaced by set_lr_mult")

    def set_lr_mult(self, args_lr_mult):
        """Factors on the learning rate by index or name; those in the symbol's attributes hold where none is given.

        Parameters of `param_dict` have their own and ignore these.
        """
        self.lr_mult = {**self._symbol_mult("__lr_mult__"), **args_lr_mult}

    def set_wd_mult(self, args_wd_mult):
        """Factors on the weight decay, as for `set_lr_mult`.

        A parameter in `param_idx2name` whose name does not end in _weight or _gamma has the factor 0 unless given.
        """
        undecayed = {name: 0.0 for name in self.idx2name.values() if not name.endswith(self._decayed_names)}
        self.wd_mult = {**undecayed, **self._symbol_mult("__wd_mult__"), **args_wd_mult}

    def _symbol_mult(self, attribute):
        if not self.sym_info:
            return {}
        attributes, arguments = self.sym_info
        return {name: float(attributes[name][attribute]) for name in arguments
                if attribute in attributes.get(name, ())}

    def _set_current_context(self, device_id):
        """Count updates for this device from now on; each device has counts of its own."""
        self._index_update_count = self._all_index_update_counts.setdefault(device_id, {})

    def _update_count(self, index):
        """Count one more update of a parameter, or of each of a list."""
        counts, begin, latest = self._index_update_count, self.begin_num_update, self.num_update
        for i in index if isinstance(index, (list, tuple)) else (index,):
            counts[i] = count = counts.get(i, begin) + 1
            if count > latest:
                latest = count
        self.num_update = latest

    def _get_lrs(self, indices):
        """The learning rate of each parameter."""
        lr = self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)
        params = self.param_dict
        try:
            return [lr * params[i].lr_mult for i in indices]
        except KeyError:
            return [lr * self._mult(i, "lr_mult") for i in indices]

    def _get_lr(self, index):
        """The learning rate of one parameter."""
        return self._get_lrs([index])[0]

    def _get_wds(self, indices):
        """The weight decay of each parameter."""
        wd, params = self.wd, self.param_dict
        try:
            return [wd * params[i].wd_mult for i in indices]
        except KeyError:
            return [wd * self._mult(i, "wd_mult") for i in indices]

    def _get_wd(self, index):
        """The weight decay of one parameter."""
        return self._get_wds([index])[0]

    def _mult(self, index, kind):
        if index in self.param_dict:
            return getattr(self.param_dict[index], kind)
        factors = getattr(self, kind)
        if index in factors:
            return factors[index]
        return factors.get(self.idx2name.get(index), 1.0)


register = Optimizer.register
create = Optimizer.create_optimizer
