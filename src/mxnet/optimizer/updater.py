"""Updater: an optimizer together with its states, as a function (index, grad, weight)."""

from __future__ import annotations

from typing import Any

from ..ndarray import NDArray
from . import states as _states
from .base import Optimizer
from .multi_tensor import MultiTensorOptimizer, by_dtype

__all__ = ["Updater", "get_updater"]


class Updater:
    """Updates weights by an optimizer, keeping its state for each index.

    `updater(index, grad, weight)` takes one parameter, or lists of them.
    """

    def __init__(self, optimizer: Optimizer):
        self.optimizer = optimizer
        self.states: dict[Any, Any] = {}
        self._ready: set[Any] = set()  # indices whose state exists, on its weight's context

    @property
    def aggregate_updates(self) -> bool:
        """Whether the optimizer's own `update` takes lists."""
        return self.optimizer.aggregate_num > 0

    def __call__(self, index, grad, weight):
        if not isinstance(index, (list, tuple)):
            index, grad, weight = [index], [grad], [weight]
        if not index:
            return
        optimizer = self.optimizer
        optimizer._set_current_context(weight[0]._ctx.device_id)
        if not self._ready.issuperset(index):
            self._prepare(index, weight)
        states = self.states
        state = [states[i] for i in index]
        if _takes_any_lists(type(optimizer)):
            optimizer.update_multi_precision(index, weight, grad, state)
        elif self.aggregate_updates:
            for some in _chunks(weight, optimizer.aggregate_num):
                optimizer.update_multi_precision([index[k] for k in some], [weight[k] for k in some],
                                                 [grad[k] for k in some], [state[k] for k in some])
        else:
            for i, w, g, s in zip(index, weight, grad, state, strict=True):
                optimizer.update_multi_precision(i, w, g, s)

    def _prepare(self, indices, weights):
        """Create missing states, bring loaded ones to their weight's context."""
        for i, weight in zip(indices, weights, strict=True):
            if i not in self.states:
                self.states[i] = self.optimizer.create_state_multi_precision(i, weight)
            elif i not in self._ready:
                self.states[i] = self.sync_state_context(self.states[i], weight._ctx)
            self._ready.add(i)

    def sync_state_context(self, state, context):
        """The state with every array of it on `context`."""
        if isinstance(state, NDArray):
            return state.as_in_context(context)
        if isinstance(state, (tuple, list)):
            return type(state)(self.sync_state_context(s, context) for s in state)
        return state

    def get_states(self, dump_optimizer=False) -> bytes:
        """The states as bytes, with the optimizer's settings and counts if dump_optimizer.  No code is in them."""
        return _states.dumps(self.states, self.optimizer if dump_optimizer else None)

    def set_states(self, states: bytes):
        """Take states from `get_states`, or from a file that MXNet wrote; with settings, the optimizer too.

        MXNetError if the bytes are damaged, or hold anything but arrays and numbers.
        """
        self.states, optimizer = _states.loads(states, self.optimizer)
        if optimizer is not None:
            self.optimizer = optimizer
        self._ready.clear()


def get_updater(optimizer: Optimizer) -> Updater:
    """A new Updater."""
    return Updater(optimizer)


def _takes_any_lists(kind: type) -> bool:
    """Whether updating goes by the built-in code, for which any list will do, not by code that a user wrote."""
    return issubclass(kind, MultiTensorOptimizer) and all(
        method.__module__.startswith(f"{__package__}.") for method in (kind.update, kind.update_multi_precision))


def _chunks(weights, size):
    """Positions of weights of one dtype each, at most `size` together."""
    for positions in by_dtype(weights):
        for start in range(0, len(positions), size):
            yield positions[start:start + size]
