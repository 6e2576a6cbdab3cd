"""mx.model: checkpoints, what Module shares with other trainers, and the old FeedForward."""

from __future__ import annotations

import logging
import math
import os
import time
import warnings
from collections import namedtuple

import numpy as np

from . import initializer, io, metric
from . import kvstore as kvs
from . import ndarray as nd
from . import optimizer as opt
from . import symbol as sym
from .callback import LogValidationMetricsCallback
from .context import Context, cpu, current_context
from .executor_manager import _check_arguments
from .kvstore import KVStoreBase
from .ndarray import NDArray
from .symbol import Symbol

__all__ = ["BatchEndParam", "FeedForward", "load_checkpoint", "load_params", "save_checkpoint"]

BatchEndParam = namedtuple("BatchEndParams", "epoch nbatch eval_metric locals")  # type: ignore[name-match]
"""What callbacks get after a batch; locals: the variables of the loop."""

_UNIFORM = initializer.Uniform(0.01)
_LOG_EVALUATION = LogValidationMetricsCallback()
_BIG_ARRAY = 1024 * 1024 * 16  # elements; a 'local' store does not update arrays larger than this


# ------------------------------------------------------------------------------------------------ checkpoints


def save_checkpoint(prefix, epoch, symbol, arg_params, aux_params, remove_amp_cast=True):
    """Write prefix-symbol.json, unless symbol is None, and prefix-EPOCH.params, each atomically."""
    if symbol is not None:
        symbol.save(f"{prefix}-symbol.json", remove_amp_cast=remove_amp_cast)
    name = f"{prefix}-{epoch:04d}.params"
    _save_params(name, arg_params, aux_params)
    logging.info('Saved checkpoint to "%s"', name)


def _save_params(fname, arg_params, aux_params):
    arrays = {f"arg:{name}": array.as_in_context(cpu()) for name, array in arg_params.items()}
    arrays.update((f"aux:{name}", array.as_in_context(cpu())) for name, array in aux_params.items())
    nd.save(fname, arrays)


def load_params(prefix, epoch):
    """(arg_params, aux_params), dicts of NDArrays, from prefix-EPOCH.params.

    MXNetError if the file is damaged, ValueError if it holds other names than arg:NAME and aux:NAME.
    """
    return _load_params(f"{prefix}-{epoch:04d}.params")


def _load_params(fname):
    arrays = nd.load(fname)
    arg_params, aux_params = {}, {}
    if not arrays:
        logging.warning("Params file '%s' is empty", fname)
        return arg_params, aux_params
    if not isinstance(arrays, dict):
        raise ValueError(f"{fname}: its {len(arrays)} arrays have no names, expected names arg:NAME and aux:NAME")
    for key, array in arrays.items():
        kind, colon, name = key.partition(":")
        if not colon:
            raise ValueError(f"{fname}: there is an array called {key!r}, expected names arg:NAME and aux:NAME")
        if kind == "arg":
            arg_params[name] = array
        elif kind == "aux":
            aux_params[name] = array
    return arg_params, aux_params


def load_checkpoint(prefix, epoch):
    """(symbol, arg_params, aux_params) from prefix-symbol.json and prefix-EPOCH.params."""
    symbol = sym.load(f"{prefix}-symbol.json")
    return (symbol, *load_params(prefix, epoch))


# ------------------------------------------------------------------------------------------------ updates


def _create_kvstore(kvstore, num_device, arg_params):
    """(store or None, whether it is to update the weights) from a store, its name or None.

    One context needs no store.  The environment variable MXNET_UPDATE_ON_KVSTORE=0 says never to update there.
    """
    if kvstore is None:
        return None, False
    update = bool(int(os.getenv("MXNET_UPDATE_ON_KVSTORE", "1")))
    if isinstance(kvstore, KVStoreBase):
        store = kvstore
    elif isinstance(kvstore, str):
        if num_device == 1 and "dist" not in kvstore:
            return None, False
        store = kvs.create(kvstore)
        if kvstore == "local" and any(math.prod(a.shape) > _BIG_ARRAY for a in arg_params.values()):
            update = False
    else:
        raise TypeError(f"kvstore must be KVStore, str or None, got {type(kvstore).__name__}")
    return store, update and store.is_capable(KVStoreBase.OPTIMIZER)


def _initialize_kvstore(kvstore, param_arrays, arg_params, param_names, update_on_kvstore):
    """Give a store the first values, and the arrays of all contexts those of the store."""
    for name, arrays in zip(param_names, param_arrays, strict=True):
        kvstore.broadcast(name, arg_params[name], out=arrays)


def _update_params_on_kvstore(param_arrays, grad_arrays, kvstore, param_names):
    """Let the store update weights: push gradients, pull weights."""
    live = [(name, grads, weights) for name, grads, weights in zip(param_names, grad_arrays, param_arrays, strict=True)
            if grads[0] is not None]
    if live:
        names, grads, weights = map(list, zip(*live, strict=True))
        kvstore.pushpull(names, grads, out=weights)


def _update_params(param_arrays, grad_arrays, updater, num_device, kvstore=None, param_names=None):
    """Update the weights of each context by `updater`, after summing gradients in the store, if there is one.

    The k-th context's state for the i-th parameter has the index i * num_device + k.
    """
    live = [(i, weights, grads) for i, (weights, grads) in enumerate(zip(param_arrays, grad_arrays, strict=True))
            if grads[0] is not None]
    if not live:
        return
    if kvstore is not None:
        kvstore.pushpull([param_names[i] for i, _, _ in live], [grads for _, _, grads in live])
    for k in range(num_device):
        updater([i * num_device + k for i, _, _ in live], [grads[k] for _, _, grads in live],
                [weights[k] for _, weights, _ in live])


def _multiple_callbacks(callbacks, *args, **kwargs):
    """Call a callback, or each of a list."""
    for callback in callbacks if isinstance(callbacks, list) else [callbacks]:
        if callback is not None:
            callback(*args, **kwargs)


# ------------------------------------------------------------------------------------------------ FeedForward


class FeedForward:
    """The trainer of MXNet's first years, with NumPy arrays in and out; use `mx.mod.Module` in new code.

    symbol: a Symbol, or a function (bucket_key) -> Symbol.  ctx: a context or a list of them.
    num_epoch, begin_epoch: epochs to train, and where counting begins.  epoch_size: batches in an epoch, by default
    until the data ends.  optimizer, and its parameters as further keywords.  initializer: for what arg_params and
    aux_params do not hold.  numpy_batch_size: batch size for arrays.  allow_extra_params: ignore parameters that the
    symbol does not have.
    """

    def __init__(self, symbol, ctx=None, num_epoch=None, epoch_size=None, optimizer="sgd",
                 initializer=_UNIFORM, numpy_batch_size=128, arg_params=None, aux_params=None,
                 allow_extra_params=False, begin_epoch=0, **kwargs):
        warnings.warn("mxnet.model.FeedForward has been deprecated. Please use mxnet.mod.Module instead.",
                      DeprecationWarning, stacklevel=2)
        if isinstance(symbol, Symbol):
            self.symbol, self.sym_gen = symbol, None
        else:
            assert callable(symbol), f"symbol must be a Symbol or a function, got {type(symbol).__name__}"
            self.symbol, self.sym_gen = None, symbol
        ctx = current_context() if ctx is None else ctx
        self.ctx = [ctx] if isinstance(ctx, Context) else list(ctx)
        self.num_epoch = num_epoch
        self.epoch_size = epoch_size
        self.optimizer = optimizer
        self.kwargs = dict(kwargs)
        self.initializer = initializer
        self.numpy_batch_size = numpy_batch_size
        self.arg_params = arg_params
        self.aux_params = aux_params
        self.allow_extra_params = allow_extra_params
        self.begin_epoch = begin_epoch
        self.argument_checked = False
        self._pred_exec = None
        if self.sym_gen is None:
            self._check_arguments()

    def __getstate__(self):
        return {**self.__dict__, "_pred_exec": None}

    def _check_arguments(self):
        """Check names once, and leave out what the symbol does not have if allow_extra_params."""
        if self.argument_checked:
            return
        assert self.symbol is not None, "there is no symbol yet"
        self.argument_checked = True
        _check_arguments(self.symbol)
        if self.allow_extra_params:
            self.arg_params = _only(self.symbol.list_arguments(), self.arg_params)
            self.aux_params = _only(self.symbol.list_auxiliary_states(), self.aux_params)

    # ------------------------------------------------------------------ data and parameters

    def _init_params(self, inputs, overwrite=False):
        """Fill arg_params and aux_params for inputs of these DataDescs; (arguments, parameters, aux states), names."""
        inputs = {d[0]: tuple(d[1]) for d in inputs}
        arg_shapes, _, aux_shapes = self.symbol.infer_shape(**inputs)
        arg_names, aux_names = self.symbol.list_arguments(), self.symbol.list_auxiliary_states()
        if arg_shapes is None:
            raise ValueError(f"the inputs {inputs} do not decide the shapes of all arguments")
        params = {name: shape for name, shape in zip(arg_names, arg_shapes, strict=True) if name not in inputs}
        self.arg_params = self._filled(params, None if overwrite else self.arg_params)
        self.aux_params = self._filled(dict(zip(aux_names, aux_shapes, strict=True)),
                                       None if overwrite else self.aux_params)
        return arg_names, list(params), aux_names

    def _filled(self, shapes, given):
        arrays = {}
        for name, shape in shapes.items():
            if given and name in given:
                arrays[name] = given[name].copy()
            else:
                arrays[name] = nd.zeros(shape)
                self.initializer(name, arrays[name])
        return arrays

    def _init_iter(self, X, y, is_train):
        """A DataIter of what was given as data and labels."""
        if isinstance(X, (np.ndarray, NDArray)):
            if y is None:
                if is_train:
                    raise ValueError("y must be specified when X is numpy.ndarray")
                y = np.zeros(X.shape[0])
            if not isinstance(y, (np.ndarray, NDArray)):
                raise TypeError(f"y must be ndarray when X is numpy.ndarray, got {type(y).__name__}")
            if X.shape[0] != y.shape[0]:
                raise ValueError(f"The numbers of data points and labels not equal: {X.shape[0]} and {y.shape[0]}")
            if y.ndim == 2 and y.shape[1] == 1:
                y = y.flatten() if isinstance(y, np.ndarray) else y.reshape((-1,))
            if y.ndim != 1:
                raise ValueError(f"Label must be 1D or 2D (with 2nd dimension being 1), got the shape {y.shape}")
            size = min(X.shape[0], self.numpy_batch_size)
            return io.NDArrayIter(X, y, size, is_train, "roll_over" if is_train else "pad")
        if not isinstance(X, io.DataIter):
            raise TypeError(f"X must be DataIter, NDArray or numpy.ndarray, got {type(X).__name__}")
        return X

    def _init_eval_iter(self, eval_data):
        if eval_data is None:
            return None
        if isinstance(eval_data, (tuple, list)) and len(eval_data) == 2:
            X, y = eval_data
            if X is None:
                raise ValueError("Eval data is NONE")
            if y is None and isinstance(X, io.DataIter):
                return X
            X, y = (np.array(v) if isinstance(v, list) else v for v in (X, y))
            return self._init_iter(X, y, is_train=True)
        if not isinstance(eval_data, io.DataIter):
            raise TypeError("Eval data must be DataIter, or NDArray/numpy.ndarray/list pair (i.e. tuple/list of length "
                            f"2), got {type(eval_data).__name__}")
        return eval_data

    # ------------------------------------------------------------------ prediction

    def _init_predictor(self, input_shapes, type_dict=None):
        """Make `_pred_exec` for these shapes, [(name, shape)], from the one for the shapes before if there is one."""
        shapes = {d[0]: tuple(d[1]) for d in input_shapes}
        executor = self._pred_exec
        if executor is None:
            if self.arg_params is None:
                raise ValueError("there are no parameters yet: call fit, or give arg_params")
            executor = self.symbol.simple_bind(self.ctx[0], grad_req="null", type_dict=type_dict, **shapes)
            executor.copy_params_from(self.arg_params, self.aux_params)
        elif any(name not in executor.arg_dict or executor.arg_dict[name].shape != shape
                 for name, shape in shapes.items()):
            names = self.symbol.list_arguments()
            found = dict(zip(names, self.symbol.infer_shape_partial(**shapes)[0], strict=True))
            labels = {name: found[name] for name in names
                      if name not in self.arg_params and name not in shapes and found[name]}
            executor = executor.reshape(allow_up_sizing=True, **labels, **shapes)
        self._pred_exec = executor

    def _batches(self, X, num_batch, reset):
        """(batch, outputs, number of real samples) of each batch."""
        if reset:
            X.reset()
        self._init_predictor(X.provide_data, {d.name: d.dtype for d in X.provide_data if isinstance(d, io.DataDesc)})
        names = [d[0] for d in X.provide_data]
        for i, batch in enumerate(X):
            if num_batch is not None and i == num_batch:
                return
            outputs = self._pred_exec.forward(is_train=False, **dict(zip(names, batch.data, strict=True)))
            yield batch, outputs, X.batch_size - (batch.pad or 0)

    def predict(self, X, num_batch=None, return_data=False, reset=True):
        """The outputs for all samples as a NumPy array, or a list of them; (outputs, data, label) if return_data."""
        X = self._init_iter(X, None, is_train=False)
        columns = [[], [], []]
        for batch, outputs, real in self._batches(X, num_batch, reset):
            for column, arrays in zip(columns, (outputs, batch.data, batch.label), strict=True):
                column.append([a[:real].asnumpy() for a in arrays or ()])
                if not return_data:
                    break
        joined = [[np.concatenate(parts) for parts in zip(*column, strict=True)] for column in columns]
        joined = [arrays[0] if len(arrays) == 1 else arrays for arrays in joined]
        return tuple(joined) if return_data else joined[0]

    def score(self, X, eval_metric="acc", num_batch=None, batch_end_callback=None, reset=True):
        """The metric's value, or values, for all samples."""
        eval_metric = _metric(eval_metric)
        X = self._init_iter(X, None, is_train=False)
        for nbatch, (batch, outputs, _) in enumerate(self._batches(X, num_batch, reset)):
            eval_metric.update(batch.label, outputs)
            _multiple_callbacks(batch_end_callback, BatchEndParam(0, nbatch, eval_metric, locals()))
        return eval_metric.get()[1]

    # ------------------------------------------------------------------ training

    def fit(self, X, y=None, eval_data=None, eval_metric="acc", epoch_end_callback=None, batch_end_callback=None,
            kvstore="local", logger=None, work_load_list=None, monitor=None,
            eval_end_callback=_LOG_EVALUATION, eval_batch_end_callback=None):
        """Train.  X, y: arrays, or X a DataIter.  eval_data: a DataIter or a pair (X, y), scored after each epoch."""
        data, eval_data = self._init_iter(X, y, is_train=True), self._init_eval_iter(eval_data)
        logger = logging if logger is None else logger
        eval_metric = _metric(eval_metric)
        module = self._bound(data, kvstore, logger, work_load_list)
        if monitor is not None:
            module.install_monitor(monitor)
        logger.info("Start training with %s", self.ctx)
        data.reset()
        for epoch in range(self.begin_epoch, self.num_epoch):
            self._train_epoch(module, epoch, data, eval_metric, batch_end_callback, logger, monitor)
            self.arg_params, self.aux_params = module.get_params()
            _multiple_callbacks(epoch_end_callback, epoch, self.symbol, self.arg_params, self.aux_params)
            if eval_data is not None:
                self._evaluate(module, epoch, eval_data, eval_metric, eval_batch_end_callback, eval_end_callback)
        self._pred_exec = None

    def _bound(self, data, kvstore, logger, work_load_list):
        """A Module for this data, with parameters and optimizer."""
        from .module import BucketingModule, Module

        data_names, label_names = ([d[0] for d in descs] for descs in (data.provide_data, data.provide_label))
        how = {"logger": logger, "context": self.ctx, "work_load_list": work_load_list}
        if self.sym_gen is None:
            module = Module(self.symbol, data_names, label_names, **how)
        else:
            self.symbol = self.sym_gen(data.default_bucket_key)
            self._check_arguments()
            module = BucketingModule(lambda key: (self.sym_gen(key), data_names, label_names),
                                     data.default_bucket_key, **how)
        self._init_params([*data.provide_data, *data.provide_label])
        module.bind(data.provide_data, data.provide_label)
        module.init_params(None, self.arg_params, self.aux_params)
        optimizer, settings = self.optimizer, {}
        if isinstance(optimizer, str):
            settings = {"rescale_grad": 1 / data.batch_size, **self.kwargs}
        elif not isinstance(optimizer, opt.Optimizer):
            raise TypeError(f"optimizer must be an Optimizer or its name, got {type(optimizer).__name__}")
        module.init_optimizer(kvstore, optimizer, settings)
        return module

    def _train_epoch(self, module, epoch, train_data, eval_metric, batch_end_callback, logger, monitor):
        tic = time.time()
        eval_metric.reset()
        for nbatch, data_batch in enumerate(self._epoch_batches(train_data, epoch, logger), 1):
            if monitor is not None:
                monitor.tic()
            module.forward_backward(data_batch)
            module.update()
            if monitor is not None:
                monitor.toc_print()
            module.update_metric(eval_metric, data_batch.label)
            _multiple_callbacks(batch_end_callback, BatchEndParam(epoch, nbatch, eval_metric, locals()))
        logger.info("Epoch[%d] Time cost=%.3f", epoch, time.time() - tic)

    def _epoch_batches(self, train_data, epoch, logger):
        """Batches until the data ends, or epoch_size of them, going round the data as often as that takes."""
        count, empty = 0, 0
        while empty < 2:  # data that gives nothing after a reset will never
            before = count
            for batch in train_data:
                count += 1
                yield batch
                if count == self.epoch_size:
                    return
            logger.info("Epoch[%d] Resetting Data Iterator", epoch)
            train_data.reset()
            if self.epoch_size is None:
                return
            empty = empty + 1 if count == before else 0

    def _evaluate(self, module, epoch, eval_data, eval_metric, batch_end_callback, end_callback):
        eval_metric.reset()
        eval_data.reset()
        nbatch = -1
        for nbatch, eval_batch in enumerate(eval_data):
            module.forward(eval_batch, is_train=False)
            module.update_metric(eval_metric, eval_batch.label)
            _multiple_callbacks(batch_end_callback, BatchEndParam(epoch, nbatch, eval_metric, locals()))
        _multiple_callbacks(end_callback, BatchEndParam(epoch, nbatch + 1, eval_metric, locals()))
        eval_data.reset()

    # ------------------------------------------------------------------ files

    def save(self, prefix, epoch=None, remove_amp_cast=True):
        """Write prefix-symbol.json and prefix-EPOCH.params, where the epoch is num_epoch by default."""
        epoch = self.num_epoch if epoch is None else epoch
        assert epoch is not None, "say the epoch: there is no num_epoch"
        save_checkpoint(prefix, epoch, self.symbol, self.arg_params, self.aux_params, remove_amp_cast)

    @staticmethod
    def load(prefix, epoch, ctx=None, **kwargs):
        """A FeedForward from files; kwargs as in the constructor."""
        symbol, arg_params, aux_params = load_checkpoint(prefix, epoch)
        return FeedForward(symbol, ctx=ctx, arg_params=arg_params, aux_params=aux_params, begin_epoch=epoch, **kwargs)

    @staticmethod
    def create(symbol, X, y=None, ctx=None, num_epoch=None, epoch_size=None, optimizer="sgd",
               initializer=_UNIFORM, eval_data=None, eval_metric="acc", epoch_end_callback=None,
               batch_end_callback=None, kvstore="local", logger=None, work_load_list=None,
               eval_end_callback=_LOG_EVALUATION, eval_batch_end_callback=None, **kwargs):
        """A FeedForward, trained; arguments as in the constructor and in `fit`."""
        model = FeedForward(symbol, ctx=ctx, num_epoch=num_epoch, epoch_size=epoch_size, optimizer=optimizer,
                            initializer=initializer, **kwargs)
        model.fit(X, y, eval_data=eval_data, eval_metric=eval_metric, epoch_end_callback=epoch_end_callback,
                  batch_end_callback=batch_end_callback, kvstore=kvstore, logger=logger,
                  work_load_list=work_load_list, eval_end_callback=eval_end_callback,
                  eval_batch_end_callback=eval_batch_end_callback)
        return model


def _only(names, params):
    return params and {name: array for name, array in params.items() if name in names}


def _metric(eval_metric):
    return eval_metric if isinstance(eval_metric, metric.EvalMetric) else metric.create(eval_metric)
