"""A layer's weights joined with the BatchNorm that follows, where neither is trained: one operator instead of two.

BatchNorm in predict mode multiplies and shifts each channel, which the weights and the bias of the layer before can
do as well.  The joined weights are kept, and made anew as soon as anything they were made of has changed.
"""

import operator
import weakref

import torch

from ...base import MXNetError
from ...ops import norm
from .nodes import argument, attach, operator_of

__all__ = ["fold_norms"]

_LAYERS = {"Convolution", "Convolution_v1", "Deconvolution", "FullyConnected"}
_NORMS = {"BatchNorm", "BatchNorm_v1", "_contrib_BatchNormWithReLU", "_contrib_SyncBatchNorm"}
_VECTORS = ("gamma", "beta", "moving_mean", "moving_var")


class Joined:
    """The weights of one layer joined with its normalization, on each device."""

    __slots__ = ("_eps", "_fix_gamma", "_groups", "_kept", "_transposed")

    def __init__(self, layer, norm_attrs):
        self._eps, self._fix_gamma = norm_attrs["eps"], norm_attrs["fix_gamma"]
        self._transposed = layer.op.name == "Deconvolution"
        self._groups = layer.parsed.get("num_group", 1)
        self._kept: dict[torch.device, _State] = {}

    def of(self, *tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """(weight, bias); tensors: weight, bias or None, gamma, beta, moving mean, moving variance."""
        device = tensors[0].device
        state = self._kept.get(device)
        if state is None or not state.holds(tensors):
            state = _State(tensors)  # before joining: what another thread changes meanwhile is noticed next time
            state.joined = self._join(*tensors)
            self._kept[device] = state
        return state.joined

    def _join(self, weight, bias, gamma, beta, mean, var):
        filters = weight.size(1) * self._groups if self._transposed else weight.size(0)
        for name, vector in zip(_VECTORS, (gamma, beta, mean, var), strict=True):
            if vector.shape != (filters,):
                raise MXNetError(f"BatchNorm: expected {name} of shape {(filters,)}, got {tuple(vector.shape)}")
        scale = (var.double() + self._eps).rsqrt_()
        if not self._fix_gamma:
            scale.mul_(gamma)
        shift = beta - (mean.double() if bias is None else mean.double() - bias) * scale
        return self._scaled(weight, scale), shift.to(weight.dtype)

    def _scaled(self, weight, scale):
        """Each filter times its factor: filters are the first axis, or for transposed layers the second in groups."""
        wide = weight.dtype if weight.dtype is not torch.float16 else torch.float32
        scale = scale.to(wide)
        if self._transposed:
            grouped = weight.unflatten(0, (self._groups, -1))
            factors = scale.view(self._groups, 1, -1, *[1] * (weight.dim() - 2))
            return (grouped * factors).flatten(0, 1).to(weight.dtype)
        return (weight * scale.view(-1, *[1] * (weight.dim() - 1))).to(weight.dtype)


class _State:
    """Joined weights, and what the tensors were that they were made of.

    torch counts the writes to a tensor, but for those of BatchNorm's own to its moving statistics; BatchNorm marks
    these (for all layers in one), and after some the small vectors are compared by value.
    """

    __slots__ = ("_moves", "_refs", "_values", "_versions", "joined")

    def __init__(self, tensors):
        self._moves = norm.moves.latest
        self._refs = [t if t is None else weakref.ref(t) for t in tensors]
        self._versions = [0 if t is None else t._version for t in tensors]
        self._values = [t.clone() for t in tensors[2:]]
        self.joined: tuple[torch.Tensor, torch.Tensor]

    def holds(self, tensors) -> bool:
        for tensor, ref, version in zip(tensors, self._refs, self._versions, strict=True):
            if tensor is not None and (ref() is not tensor or tensor._version != version):
                return False
        moves = norm.moves.latest
        if moves is not self._moves:
            if not all(torch.equal(t, v) for t, v in zip(tensors[2:], self._values, strict=True)):
                return False
            self._moves = moves
        return True


def joined(kept: Joined, *tensors):
    """What the graph calls for the joined weight and bias."""
    return kept.of(*tensors)


def fold_norms(graph, root, frozen) -> None:
    """Join layers with the BatchNorm after them, where all their parameters are `frozen` (a function of nodes)."""
    for node in list(graph.nodes):
        op = operator_of(node)
        if op is not None and op.name in _NORMS:
            layer = node.args[0]
            if _fits(node, layer) and all(_is_frozen(p, frozen) for p in _parameters(node, layer)):
                _fold(graph, root, node, layer)


def _parameters(node, layer):
    bias = argument(layer, "bias")
    return [argument(layer, "weight"), *([] if bias is None else [bias]), *[argument(node, name) for name in _VECTORS]]


def _is_frozen(node, frozen) -> bool:
    return node.op == "placeholder" and "node" in node.meta and frozen(node.meta["node"])


def _fits(node, layer) -> bool:
    """Whether a normalization is over the outputs of a layer, which nothing else sees."""
    op = operator_of(layer)
    if op is None or op.name not in _LAYERS or len(layer.users) > 1 or node.kwargs.get("output_mean_var"):
        return False
    axis, attrs = node.meta["node"].parsed.get("axis", 1), layer.meta["node"].parsed
    if op.name == "FullyConnected":
        return axis == -1 or (axis == 1 and attrs["flatten"])
    rank = len(attrs["kernel"]) + 2
    last = attrs["layout"] in ("NHWC", "NDHWC")
    return -rank <= axis < rank and axis % rank == (rank - 1 if last else 1)


def _fold(graph, root, node, layer):
    made_for = node.meta["node"]
    weight, *rest = _parameters(node, layer)
    if argument(layer, "bias") is None:
        rest.insert(0, None)
    with graph.inserting_before(node):
        kept = attach(graph, root, "joined", Joined(layer.meta["node"], made_for.parsed))
        pair = graph.call_function(joined, (kept, weight, *rest))
        parts = [graph.call_function(operator.getitem, (pair, i)) for i in (0, 1)]
        kwargs = {**layer.kwargs, "no_bias": False}
        out = result = graph.call_function(layer.target, (layer.args[0], *parts), kwargs)
        if operator_of(node).name == "_contrib_BatchNormWithReLU":
            result = graph.call_function(torch.relu, (out,))
    for new in (pair, *parts, result):
        new.meta.update(node=made_for, reads=True)
    out.meta["node"] = layer.meta["node"]
    node.replace_all_uses_with(result)
    graph.erase_node(node)
    graph.erase_node(layer)
