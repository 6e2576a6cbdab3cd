"""Results written over what they were computed from, where nobody reads that any more: it saves memory traffic."""

import torch

from ...ops.registry import get
from .nodes import is_output, operator_of

__all__ = ["reuse_memory"]

# Operators whose result is a new tensor in any case, and of a floating type if the network computes in one.
_FRESH = {"BatchNorm", "BatchNorm_v1", "Convolution", "Convolution_v1", "Deconvolution", "FullyConnected", "batch_dot",
          "broadcast_add", "elemwise_add"}
_SUMS = ("broadcast_add", "elemwise_add")


def relu(data):
    """max(data, 0) in the place of `data`."""
    return torch.relu_(data)


def clip(data, *, a_min, a_max):
    """Elements limited to [a_min, a_max], in the place of `data`."""
    return data.clamp_(a_min, a_max) if data.is_floating_point() else get("clip").fn(data, a_min=a_min, a_max=a_max)


def broadcast_add(lhs, rhs):
    """lhs + rhs, in the place of `lhs` if it has the shape of the sum."""
    return lhs.add_(rhs) if _alike(lhs, rhs) else get("broadcast_add").fn(lhs, rhs)


def elemwise_add(lhs, rhs):
    """lhs + rhs in the place of `lhs`."""
    return lhs.add_(rhs) if _alike(lhs, rhs) else get("elemwise_add").fn(lhs, rhs)


def _alike(lhs, rhs) -> bool:
    return lhs.shape == rhs.shape and lhs.dtype is rhs.dtype and lhs.is_floating_point()


def reuse_memory(graph, root) -> None:
    """For predict mode without gradients: relu, clip and sums take the place of a result that nothing else reads."""
    for node in graph.nodes:
        op = operator_of(node)
        if op is None:
            continue
        if op.name in _SUMS:
            _sum(node, op.name)
        elif (op.name == "clip" or _is_relu(node, op)) and _spare(node.args[0]):
            _write(node, clip if op.name == "clip" else relu)
            if op.name != "clip":
                node.kwargs = {}


def _is_relu(node, op) -> bool:
    return op.name == "relu" or (op.name == "Activation" and node.kwargs.get("act_type") == "relu")


def _sum(node, name):
    lhs, rhs = node.args
    if lhs is rhs or not (_spare(lhs) or _spare(rhs)):
        return
    if not _spare(lhs):
        node.args = (rhs, lhs)
    _write(node, broadcast_add if name == "broadcast_add" else elemwise_add)


def _spare(node) -> bool:
    """Whether a value lies in memory of its own, and just one node reads it."""
    op = operator_of(node)
    fresh = node.meta.get("fresh") or (op is not None and op.name in _FRESH)
    return bool(fresh) and len(node.users) == 1 and not is_output(node)


def _write(node, fn):
    node.target = fn
    node.meta.update(fresh=True, reads=True)
