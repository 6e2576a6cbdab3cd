"""Constant folding: what depends on no input is computed once on each device."""

import threading
from typing import Any, NamedTuple

import torch

from .nodes import TAKES, attach, operator_of, writes

__all__ = ["fold_constants"]

_LARGEST = 16 << 20  # bytes of a value that is kept
_DEVICE = "_device"


class _Call(NamedTuple):
    """A call of a constant part of the graph; its arguments may be calls."""

    fn: Any
    args: tuple
    kwargs: dict


class Constant:
    """A value that is made at its first use on a device; large ones are made each time."""

    __slots__ = ("_call", "_lock", "_values")

    def __init__(self, call: _Call):
        self._call = call
        self._values: dict[torch.device, torch.Tensor] = {}
        self._lock = threading.Lock()

    def on(self, device) -> torch.Tensor:
        value = self._values.get(device)
        if value is not None:
            return value
        with self._lock, torch.no_grad():
            value = _evaluate(self._call, device, {})
            if value.numel() * value.element_size() <= _LARGEST:
                self._values[device] = value
        return value


def _evaluate(value, device, done: dict):
    if not isinstance(value, _Call):
        return device if value is _Device else value
    if id(value) not in done:
        args = [_evaluate(a, device, done) for a in value.args]
        done[id(value)] = value.fn(*args, **{n: _evaluate(v, device, done) for n, v in value.kwargs.items()})
    return done[id(value)]


class _Device:
    """Stands for the device in a call that waits for it."""


def constant(kept: Constant, device) -> torch.Tensor:
    """What the graph calls in the place of a constant part."""
    return kept.on(device)


def fold_constants(graph, root) -> None:
    """Replace each value that depends on no input, and that something else reads, by one that is kept."""
    device = next(node for node in graph.nodes if node.op == "placeholder" and node.target == _DEVICE)
    calls: dict = {}  # constant nodes
    for node in graph.nodes:
        if _is_constant(node, calls, device):
            calls[node] = _Call(node.target, _bound(node.args, calls, device),
                                {name: _as_call(v, calls, device) for name, v in node.kwargs.items()})
    for node in [n for n in calls if _is_frontier(n, calls)]:
        with graph.inserting_before(node):
            made = graph.call_function(constant, (attach(graph, root, "constant", Constant(calls[node])), device))
        made.meta.update(node=node.meta["node"], reads=True)
        node.replace_all_uses_with(made)
    for node in reversed(list(calls)):
        if not node.users:
            graph.erase_node(node)


def _as_call(value, calls, device):
    return _Device if value is device else calls.get(value, value) if isinstance(value, torch.fx.Node) else value


def _bound(args, calls, device):
    return tuple(_as_call(a, calls, device) for a in args)


def _is_constant(node, calls, device) -> bool:
    if node.op != "call_function" or not all(n in calls or n is device for n in node.all_input_nodes):
        return False
    if node.target in TAKES:
        return True
    op = operator_of(node)
    return op is not None and set(op.runtime) <= {_DEVICE} and not any(writes(node, n) for n in node.all_input_nodes)


def _is_frontier(node, calls) -> bool:
    """Whether something that is not constant reads the node's value, and nothing can write to it."""
    if all(user in calls for user in node.users):
        return False
    if any(user.op == "output" or writes(user, node) for user in node.users):
        return False
    several = node.meta["node"].op.num_outputs
    return node.target in TAKES or (several == 1 and not callable(several))
