"""BaseModule: what all modules can do, and the loops fit, score and predict on top of it."""

from __future__ import annotations

import logging
import time
import warnings

import numpy as np

from .. import metric
from .. import ndarray as nd
from ..initializer import Uniform
from ..io import DataBatch, DataDesc, DataIter
from ..model import BatchEndParam, _load_params, _multiple_callbacks, _save_params
from ..ndarray import NDArray

__all__ = ["BaseModule"]

_UNIFORM = Uniform(0.01)
_PARAMETER_SUFFIXES = ("_weight", "_bias", "_gamma", "_beta")


def _check_input_names(symbol, names, typename: str, throw: bool):
    """ValueError (a warning unless `throw`) for a name that is no argument of the symbol."""
    arguments = symbol.list_arguments()
    for name in names:
        if name in arguments:
            continue
        candidates = [a for a in arguments if not a.endswith(_PARAMETER_SUFFIXES)]
        message = (f"You created Module with Module(..., {typename}_names={names}) but input with name '{name}' is not "
                   "found in symbol.list_arguments(). Did you mean one of:\n\t" + "\n\t".join(candidates))
        if throw:
            raise ValueError(message)
        warnings.warn(message, stacklevel=3)


def _check_names_match(data_names, data_shapes, name: str, throw: bool):
    """ValueError (a warning unless `throw`) if described inputs are not those that the module has."""
    if sorted(data_names) == sorted(desc[0] for desc in data_shapes):
        return
    message = (f"Data provided by {name}_shapes don't match names specified by {name}_names ({data_shapes} vs. "
               f"{data_names})")
    if throw:
        raise ValueError(message)
    warnings.warn(message, stacklevel=4)


def _parse_data_desc(data_names, label_names, data_shapes, label_shapes):
    """Lists of DataDescs for data and labels; None for labels that are not given."""
    data_shapes = _descs(data_shapes)
    _check_names_match(data_names, data_shapes, "data", True)
    if label_shapes is None:
        _check_names_match(label_names, [], "label", False)
        return data_shapes, None
    label_shapes = _descs(label_shapes)
    _check_names_match(label_names, label_shapes, "label", False)
    return data_shapes, label_shapes


def _descs(shapes) -> list[DataDesc]:
    descs = [desc if isinstance(desc, DataDesc) else DataDesc(*desc) for desc in shapes]
    for desc in descs:
        if not isinstance(desc.shape, (tuple, list)):
            raise TypeError(f"the shape of {desc.name} must be a tuple, got {type(desc.shape).__name__}")
    return descs


def _as_metric(eval_metric) -> metric.EvalMetric:
    return eval_metric if isinstance(eval_metric, metric.EvalMetric) else metric.create(eval_metric)


class BaseModule:
    """Base of modules.

    A module is created, then bound to shapes (`bind`), gets parameters (`init_params`) and an optimizer
    (`init_optimizer`); then it computes: `forward`, `backward`, `update`.  `fit`, `score` and `predict` do all this.
    AssertionError for what comes too early.
    """

    def __init__(self, logger=logging):
        self.logger = logger
        self.binded = False
        self.for_training = False
        self.inputs_need_grad = False
        self.params_initialized = False
        self.optimizer_initialized = False
        self._symbol = None
        self._total_exec_bytes = 0

    def _assert_bound(self):
        assert self.binded, "call bind before"

    def _assert_ready(self):
        assert self.binded and self.params_initialized, "call bind and init_params before"

    # ------------------------------------------------------------------ loops

    def forward_backward(self, data_batch):
        """`forward` in train mode, then `backward`."""
        self.forward(data_batch, is_train=True)
        self.backward()

    def score(self, eval_data, eval_metric, num_batch=None, batch_end_callback=None, score_end_callback=None,
              reset=True, epoch=0, sparse_row_id_fn=None):
        """[(name, value)] of a metric on all batches, or on the first `num_batch`."""
        self._assert_ready()
        if reset:
            eval_data.reset()
        eval_metric = _as_metric(eval_metric)
        eval_metric.reset()
        actual_num_batch = 0
        for nbatch, eval_batch in enumerate(eval_data):
            if nbatch == num_batch:
                break
            self.prepare(eval_batch, sparse_row_id_fn=sparse_row_id_fn)
            self.forward(eval_batch, is_train=False)
            self._update_metric_from(eval_metric, eval_batch)
            actual_num_batch += 1
            if batch_end_callback is not None:
                _multiple_callbacks(_listed(batch_end_callback), BatchEndParam(epoch, nbatch, eval_metric, locals()))
        if score_end_callback:
            _multiple_callbacks(_listed(score_end_callback),
                                BatchEndParam(epoch, actual_num_batch, eval_metric, locals()))
        return eval_metric.get_name_value()

    def _update_metric_from(self, eval_metric, batch):
        if isinstance(batch, list):
            self.update_metric(eval_metric, [one.label for one in batch], pre_sliced=True)
        else:
            self.update_metric(eval_metric, batch.label)

    def iter_predict(self, eval_data, num_batch=None, reset=True, sparse_row_id_fn=None):
        """(outputs without padding, number of the batch, batch) for each batch."""
        self._assert_ready()
        if reset:
            eval_data.reset()
        for nbatch, eval_batch in enumerate(eval_data):
            if nbatch == num_batch:
                break
            self.prepare(eval_batch, sparse_row_id_fn=sparse_row_id_fn)
            self.forward(eval_batch, is_train=False)
            pad = getattr(eval_batch, "pad", None) or 0
            yield [out[:out.shape[0] - pad] if pad else out for out in self.get_outputs()], nbatch, eval_batch

    def predict(self, eval_data, num_batch=None, merge_batches=True, reset=True, always_output_list=False,
                sparse_row_id_fn=None):
        """Outputs for all samples: an NDArray, or a list of those where there are several (or always_output_list).

        eval_data: a DataIter, or an array that is one batch, which gives the first output.  merge_batches: join the
        batches; otherwise a list of lists.
        """
        self._assert_ready()
        if isinstance(eval_data, (NDArray, np.ndarray)):
            batch = eval_data if isinstance(eval_data, NDArray) else nd.array(eval_data)
            self.forward(DataBatch([batch]), is_train=False)
            return self.get_outputs()[0]
        if not isinstance(eval_data, DataIter):
            raise ValueError(f"eval_data must be of type NDArray or DataIter, got {type(eval_data).__name__}")
        batches = [outputs for outputs, _, _ in self.iter_predict(eval_data, num_batch, reset, sparse_row_id_fn)]
        if not batches or not merge_batches:
            return batches
        assert len({len(outputs) for outputs in batches}) == 1, (
            "Cannot merge batches, as num of outputs is not the same in mini-batches. Maybe bucketing is used?")
        merged = [nd.concat(*parts, dim=0) if len(parts) > 1 else parts[0] for parts in zip(*batches, strict=True)]
        return merged[0] if len(merged) == 1 and not always_output_list else merged

    def fit(self, train_data, eval_data=None, eval_metric="acc", epoch_end_callback=None, batch_end_callback=None,
            kvstore="local", optimizer="sgd", optimizer_params=(("learning_rate", 0.01),), eval_end_callback=None,
            eval_batch_end_callback=None, initializer=_UNIFORM, arg_params=None, aux_params=None, allow_missing=False,
            force_rebind=False, force_init=False, begin_epoch=0, num_epoch=None, validation_metric=None, monitor=None,
            sparse_row_id_fn=None):
        """Train on a DataIter from begin_epoch up to num_epoch, and score on eval_data after each epoch.

        Binds and initializes what is not yet; the other arguments are those of `bind`, `init_params`,
        `init_optimizer` and `score`.  Callbacks: a function or a list of them, see mx.callback.
        """
        assert num_epoch is not None, "please specify number of epochs"
        self.bind(data_shapes=train_data.provide_data, label_shapes=train_data.provide_label, for_training=True,
                  force_rebind=force_rebind)
        if monitor is not None:
            self.install_monitor(monitor)
        self.init_params(initializer=initializer, arg_params=arg_params, aux_params=aux_params,
                         allow_missing=allow_missing, force_init=force_init)
        self.init_optimizer(kvstore=kvstore, optimizer=optimizer, optimizer_params=optimizer_params)
        eval_metric = _as_metric(eval_metric)
        validation_metric = eval_metric if validation_metric is None else validation_metric
        for epoch in range(begin_epoch, num_epoch):
            tic = time.time()
            self._fit_epoch(train_data, epoch, eval_metric, _listed(batch_end_callback), monitor, sparse_row_id_fn)
            for name, value in eval_metric.get_global_name_value():
                self.logger.info("Epoch[%d] Train-%s=%f", epoch, name, value)
            self.logger.info("Epoch[%d] Time cost=%.3f", epoch, time.time() - tic)
            trained_args, trained_aux = self.get_params()
            self.set_params(trained_args, trained_aux)  # auxiliary states of several contexts become one
            if epoch_end_callback is not None:
                for callback in _listed(epoch_end_callback):
                    callback(epoch, self.symbol, trained_args, trained_aux)
            if eval_data is not None:
                values = self.score(eval_data, validation_metric, score_end_callback=eval_end_callback,
                                    batch_end_callback=eval_batch_end_callback, epoch=epoch)
                for name, value in values:
                    self.logger.info("Epoch[%d] Validation-%s=%f", epoch, name, value)
            train_data.reset()

    def _fit_epoch(self, train_data, epoch, eval_metric, callbacks, monitor, sparse_row_id_fn):
        """One pass; a batch's labels are used before the next batch is fetched."""
        eval_metric.reset()
        for nbatch, data_batch in enumerate(train_data):
            if monitor is not None:
                monitor.tic()
            self.prepare(data_batch, sparse_row_id_fn=sparse_row_id_fn)
            self.forward_backward(data_batch)
            self.update()
            self._update_metric_from(eval_metric, data_batch)
            if monitor is not None:
                monitor.toc_print()
            if callbacks:
                _multiple_callbacks(callbacks, BatchEndParam(epoch, nbatch, eval_metric, locals()))

    # ------------------------------------------------------------------ what a module is

    @property
    def symbol(self):
        """The Symbol, or None."""
        return self._symbol

    @property
    def data_names(self):
        """Names of the data."""
        raise NotImplementedError

    @property
    def output_names(self):
        """Names of the outputs."""
        raise NotImplementedError

    @property
    def data_shapes(self):
        """DataDescs of the data."""
        raise NotImplementedError

    @property
    def label_shapes(self):
        """DataDescs of the labels; None where the module has none."""
        raise NotImplementedError

    @property
    def output_shapes(self):
        """[(name, shape)] of the outputs."""
        raise NotImplementedError

    # ------------------------------------------------------------------ parameters

    def get_params(self):
        """(arg_params, aux_params): dicts of NDArrays on cpu(), copies of what the contexts hold."""
        raise NotImplementedError

    def init_params(self, initializer=_UNIFORM, arg_params=None, aux_params=None, allow_missing=False,
                    force_init=False, allow_extra=False):
        """Fill the parameters from arg_params and aux_params, or where those are None by the initializer.

        allow_missing: leave to the initializer what they do not hold (otherwise RuntimeError).  force_init: again,
        although that was done.  allow_extra: ignore what the module does not have.
        """
        raise NotImplementedError

    def set_params(self, arg_params, aux_params, allow_missing=False, force_init=True, allow_extra=False):
        """Set the parameters; as `init_params` without an initializer."""
        self.init_params(initializer=None, arg_params=arg_params, aux_params=aux_params, allow_missing=allow_missing,
                         force_init=force_init, allow_extra=allow_extra)

    def save_params(self, fname):
        """Write the parameters to a file, atomically."""
        _save_params(fname, *self.get_params())

    def load_params(self, fname):
        """Set the parameters from a file; ValueError if it holds other names than arg:NAME and aux:NAME."""
        for key in nd.load(fname):
            if not isinstance(key, str) or not key.startswith(("arg:", "aux:")):
                raise ValueError(f"Invalid param file {fname}: expected names arg:NAME and aux:NAME, got {key!r}")
        self.set_params(*_load_params(fname))

    def get_states(self, merge_multi_context=True):
        """The states, those inputs that stay from batch to batch; there are none here."""
        self._assert_ready()
        assert not merge_multi_context, "merge_multi_context=True is not supported for get_states yet."
        return []

    def set_states(self, states=None, value=None):
        """Set the states from arrays, or to a number."""
        self._assert_ready()
        assert not states and not value, f"{type(self).__name__} has no states"

    def install_monitor(self, mon):
        """Let a Monitor look at everything computed."""
        raise NotImplementedError

    # ------------------------------------------------------------------ computing

    def prepare(self, data_batch, sparse_row_id_fn=None):
        """Get ready for a batch; BucketingModule binds its graph."""
        if sparse_row_id_fn is not None:
            warnings.warn(f"sparse_row_id_fn is not invoked for {type(self).__name__}.", UserWarning, stacklevel=2)

    def forward(self, data_batch, is_train=None):
        """Compute the outputs of a DataBatch.  is_train: by default whether the module is bound for training."""
        raise NotImplementedError

    def backward(self, out_grads=None):
        """Compute gradients; out_grads: of the outputs, not needed where those are losses."""
        raise NotImplementedError

    def get_outputs(self, merge_multi_context=True):
        """The outputs of the last `forward`; a list of lists by context unless merged."""
        raise NotImplementedError

    def get_input_grads(self, merge_multi_context=True):
        """The gradients of the data, where the module is bound with inputs_need_grad."""
        raise NotImplementedError

    def update(self):
        """Update the parameters by the optimizer from the gradients of the last `backward`."""
        raise NotImplementedError

    def update_metric(self, eval_metric, labels, pre_sliced=False):
        """Tell a metric the labels and outputs of the last `forward`.  pre_sliced: labels are lists by context."""
        raise NotImplementedError

    def bind(self, data_shapes, label_shapes=None, for_training=True, inputs_need_grad=False, force_rebind=False,
             shared_module=None, grad_req="write"):
        """Make the executors for inputs of these shapes.

        data_shapes, label_shapes: lists of DataDescs or (name, shape).  for_training: with gradients, of the data too
        if inputs_need_grad.  force_rebind: again, although that was done.  shared_module: a bound module to share
        memory and parameters with.  grad_req: 'write', 'add' or 'null', for all, a list or a dict.
        """
        raise NotImplementedError

    def init_optimizer(self, kvstore="local", optimizer="sgd", optimizer_params=(("learning_rate", 0.01),),
                       force_init=False):
        """Install an Optimizer, or make one from its name and parameters; see mx.kv for kvstore."""
        raise NotImplementedError


def _listed(callbacks) -> list:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
