"""What the built-in optimizers stand on: one step of many parameters in a few fused torch calls.

A subclass writes `_step` on lists of tensors that have one dtype, device, learning rate, decay and update count;
sorting parameters into such groups, float32 master copies and checks are done here, once.
"""

from __future__ import annotations

import math
import operator
import struct

import torch

from .._state import watch
from ..base import MXNetError
from ..ndarray import NDArray, zeros
from ..ndarray._sparse_updates import put_rows, rows_of
from ..ndarray._wrap import NoGrad, plain
from .base import LOW_PRECISION, Optimizer

__all__ = ["MultiTensorOptimizer", "as_operator_argument", "by_dtype", "inverse"]

_tensor_of = operator.attrgetter("_t")
_context_of = operator.attrgetter("_ctx")
_dtype_of = operator.attrgetter("dtype")
_is_contiguous = torch.Tensor.is_contiguous
_numel = torch.Tensor.numel


class _Weights:
    """What an optimizer needs to know of a list of weights, found out once for as long as they are the same tensors."""

    __slots__ = ("alike", "arrays", "contexts", "contiguous", "dtypes", "plain", "sizes", "tensors")

    def __init__(self, arrays):
        self.arrays = arrays
        self.tensors = [*map(_tensor_of, arrays)]
        self.plain = [*map(plain, arrays)]  # the same memory, as no variables: steps are not recorded
        self.sizes = [*map(_numel, self.tensors)]
        self.dtypes = [*map(_dtype_of, self.tensors)]
        self.contexts = [*map(_context_of, arrays)]
        self.contiguous = False not in map(_is_contiguous, self.tensors)
        n = len(arrays)
        self.alike = self.dtypes.count(self.dtypes[0]) == n and self.contexts.count(self.contexts[0]) == n


class MultiTensorOptimizer(Optimizer):
    """An optimizer whose `update` takes one parameter or lists of them.

    Class attributes for subclasses: `state_count`, arrays of memory for each parameter; `state_dtype`, their dtype
    (None: the weight's, which is also taken if it is float64); `state_tuple`, whether even a single one is kept in a
    tuple; `master_last`, whether state under multi_precision is (state, float32 weight) as in MXNet's SGD family,
    else (float32 weight, state); `takes_lists`, whether one `_step` may take parameters of different rates and decays.
    """

    state_count = 0
    state_dtype: str | None = None
    state_tuple = False
    master_last = False
    takes_lists = False
    lazy_update = False  # of sparse gradients: whether rows that are not stored stay as they are
    _seen: _Weights | None = None

    def _step(self, weights, grads, states, lr, wd, t):
        """Update the tensors `weights` in place; gradients must stay as they are.

        grads: one for each weight.  states: `state_count` lists, one tensor for each weight in each.
        lr, wd: numbers, or lists of them if `takes_lists`, of lr what `_rates` gave.  t: number of this update, from 1.
        """
        raise NotImplementedError

    def _rates(self, indices, weights):
        """What `_step` is to get as `lr` for each parameter, after this update was counted."""
        return self._get_lrs(indices)

    def create_state(self, index, weight):
        """Zeros for each array of memory: None, an NDArray or a tuple, each of the weight's shape."""
        if not self.state_count:
            return None
        dtype = weight.dtype if weight._t.dtype is torch.float64 else self.state_dtype or weight.dtype
        arrays = tuple(zeros(weight.shape, weight._ctx, dtype=dtype) for _ in range(self.state_count))
        return arrays if self.state_tuple or len(arrays) > 1 else arrays[0]

    def create_state_multi_precision(self, index, weight):
        """As `create_state`; for a half precision weight under multi_precision, with a float32 copy of it."""
        if self.keeps_master(weight):
            master = weight.astype("float32")
            state = self.create_state(index, master)
            return (state, master) if self.master_last else (master, state)
        self._warn_low_precision(weight, f"the {type(self).__name__} optimizer" if self.master_last
                                 else "the optimizer")
        return self.create_state(index, weight)

    def update(self, index, weight, grad, state):
        """Update a weight in place, or each of a list: index, weight, grad and state are then lists."""
        if isinstance(index, (list, tuple)):
            self._update_lists(index, weight, grad, state)
        else:
            self._update_lists([index], [weight], [grad], [state])

    def update_multi_precision(self, index, weight, grad, state):
        """As `update`; half precision weights under multi_precision are updated through their float32 copies."""
        if not isinstance(index, (list, tuple)):
            index, weight, grad, state = [index], [weight], [grad], [state]
        if not self.multi_precision:
            self.update(index, weight, grad, state)
            return
        half = [w._t.dtype in LOW_PRECISION for w in weight]
        pairs = [(s[::-1] if self.master_last else s) if h else (w, s)
                 for h, w, s in zip(half, weight, state, strict=True)]
        masters = [m for m, _ in pairs]
        self.update(index, masters, [g.astype("float32") if h else g for h, g in zip(half, grad, strict=True)],
                    [s for _, s in pairs])
        with NoGrad():
            for h, w, master in zip(half, weight, masters, strict=True):
                if h and type(w) is NDArray:
                    w._t.copy_(master._t)
                elif h:
                    w._assign(master)

    def _update_lists(self, indices, weights, grads, states):
        """Count, sort into groups that one `_step` can take, and step each."""
        self._update_count(indices)
        lrs, wds = self._rates(indices, weights), self._get_wds(indices)
        counts = self._index_update_count
        steps = [counts[i] for i in indices]
        n = len(indices)
        if [*map(type, weights)].count(NDArray) != n or [*map(type, grads)].count(NDArray) != n:
            with NoGrad():
                for weight, grad, state, lr, wd, t in zip(weights, grads, states, lrs, wds, steps, strict=True):
                    self._step_sparse(weight, grad, state, *self._shared([lr], [wd]), t)
            return
        grads = [*map(_tensor_of, grads)]
        if len(weights) != n or len(grads) != n or len(states) != n:
            raise self._mismatch(indices, weights, grads)
        seen = self._seen
        if seen is None or len(seen.arrays) != n or not all(map(operator.is_, seen.tensors, map(_tensor_of, weights))):
            self._seen = seen = _Weights(weights)
        # The fused kernels trust their caller: they read as many elements from each gradient as the weight has.
        if [*map(_numel, grads)] != seen.sizes:
            raise self._mismatch(indices, weights, grads)
        keys = [steps] if self.takes_lists else [steps, lrs, wds]
        if seen.alike and all(key.count(key[0]) == n for key in keys):
            self._step_dense(seen.plain, grads, _columns(states), *self._shared(lrs, wds), steps[0], seen.contiguous)
            return
        for which in _groups(zip(*keys, seen.dtypes, seen.contexts, strict=True)):
            some = [[values[j] for j in which] for values in (seen.plain, grads, states, lrs, wds)]
            self._step_dense(*some[:2], _columns(some[2]), *self._shared(*some[3:]), steps[which[0]], seen.contiguous)

    def _shared(self, lrs, wds):
        """The rate and the decay as `_step` takes them."""
        return (lrs, wds) if self.takes_lists else (lrs[0], wds[0])

    def _step_dense(self, weights, grads, states, lr, wd, t, contiguous):
        """`_step` on contiguous tensors of one dtype, for the kernels do not look at strides.

        Half precision weights whose states are float32 are updated as float32.
        """
        step = self._step if watch.observer is None else self._watched_step
        dtype = weights[0].dtype
        if states and states[0][0].dtype is torch.float32 and dtype in LOW_PRECISION:
            dtype, contiguous = torch.float32, False
        if False in map(_is_contiguous, grads) or [*map(_dtype_of, grads)].count(dtype) != len(grads):
            grads = [g.to(dtype).contiguous() for g in grads]
        if contiguous:
            step(weights, grads, states, lr, wd, t)
            return
        dense = [w.to(dtype).contiguous() for w in weights]
        step(dense, grads, states, lr, wd, t)
        for weight, new in zip(weights, dense, strict=True):
            if weight is not new:
                weight.copy_(new)

    def _watched_step(self, *args):
        """`_step`, shown to whom watches as an operator such as sgd_update."""
        watch.observer.run(f"{type(self).__name__.lower()}_update", self._step, args, {})

    def _is_lazy(self, weight) -> bool:
        """Whether a row_sparse gradient leaves rows that it does not store as they are."""
        return self.lazy_update

    def _step_sparse(self, weight, grad, state, lr, wd, t):
        """`_step` on one parameter, where it or its gradient may be sparse; a lazy one on stored rows alone."""
        if grad.shape != weight.shape:
            raise self._mismatch([0], [weight], [grad])
        if grad.stype != "row_sparse" or not self._is_lazy(weight):
            arrays = [weight, *_arrays_of(state)]
            full = [plain(array) for array in arrays]
            self._step_dense(full[:1], [grad._t], [[part] for part in full[1:]], lr, wd, t, False)
            for array, part in zip(arrays, full, strict=True):
                if type(array) is not NDArray:
                    _rewrite(array, part)
            return
        values, rows = grad._parts
        if len(rows):
            arrays = [weight, *_arrays_of(state)]
            some = [rows_of(array, rows) for array in arrays]
            self._step_dense(some[:1], [values], [[part] for part in some[1:]], lr, wd, t, True)
            for array, part in zip(arrays, some, strict=True):
                put_rows(array, rows, part)

    def _mismatch(self, indices, weights, grads):
        weights = [*map(_tensor_of, weights)]
        for i, w, g in zip(indices, weights, grads, strict=False):
            if len(weights) == len(grads) and w.numel() != g.numel():
                return MXNetError(f"{type(self).__name__}.update: the gradient of parameter {i} has shape "
                                  f"{tuple(g.shape)}, expected the weight's {tuple(w.shape)}")
        return MXNetError(f"{type(self).__name__}.update: indices, weights, gradients and states must be equally "
                          f"many, got {len(indices)} indices, {len(weights)} weights and {len(grads)} gradients")

    # ------------------------------------------------------------------ gradients, as the operators see them

    @property
    def _clips(self) -> bool:
        return self.clip_gradient is not None and self.clip_gradient > 0

    def _rescaled(self, grads):
        """clip(rescale_grad * grad), in new tensors."""
        return self._clipped(torch._foreach_mul(grads, self.rescale_grad))

    def _decayed(self, weights, grads, wd):
        """clip(rescale_grad * grad + wd * weight), in new tensors."""
        grads = torch._foreach_mul(grads, self.rescale_grad)
        if wd:  # rounded in two steps, as in MXNet: what cancels there must cancel here
            torch._foreach_add_(grads, torch._foreach_mul(weights, wd))
        return self._clipped(grads)

    def _clipped(self, grads):
        if self._clips:
            torch._foreach_clamp_min_(grads, -self.clip_gradient)
            torch._foreach_clamp_max_(grads, self.clip_gradient)
        return grads


def as_operator_argument(value: float) -> float:
    """A number as MXNet's update operators get it, in single precision: 1 - 0.999 is 0.00099998 there."""
    return struct.unpack("f", struct.pack("f", value))[0]


def inverse(lr: float) -> float:
    """1 / lr; infinity for no learning rate at all, as a scheduler may end at."""
    return 1 / lr if lr else math.inf


def _rewrite(weight, full):
    """Store new values of a sparse weight: its rows stay those that are stored, as all are in an optimizer's."""
    if weight.stype == "row_sparse":
        rows = weight._parts[1]
        weight._set_parts((full.index_select(0, rows).clone(), rows))
    else:
        weight._write(full)


def _arrays_of(state):
    """The arrays of one parameter's state."""
    return [a for a in (state if isinstance(state, (tuple, list)) else [state]) if a is not None]


def _columns(states):
    """The states of several parameters as one list of tensors for each array of memory."""
    first = states[0]
    if first is None:
        return []
    if isinstance(first, (tuple, list)):
        return [[*map(_tensor_of, column)] for column in zip(*states, strict=True) if column[0] is not None]
    return [[*map(_tensor_of, states)]]


def by_dtype(weights):
    """Positions of weights of equal dtypes."""
    return _groups(weight._t.dtype for weight in weights)


def _groups(keys):
    """Positions of equal keys, in order of appearance."""
    groups = {}
    for i, key in enumerate(keys):
        groups.setdefault(key, []).append(i)
    return groups.values()
