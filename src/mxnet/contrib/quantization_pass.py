"""The graph of a model with layers on int8 arrays, from that on floats; quantization.py is what users call.

Names and structure are those that MXNet gives: `quantized_conv0`, `requantize_conv0`, `data_quantize`,
`conv0_dequantize`, and for a parameter `conv0_weight_quantize`, `..._min` and `..._max`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from ..base import MXNetError
from ..ops.registry import get
from ..symbol import Symbol
from ..symbol._compose import rebuild
from ..symbol._node import Entry, Node, postorder

__all__ = ["calibrate", "quantize"]


class _Kind(NamedTuple):
    """How an operator is quantized.

    name: the operator on int8 arrays.  takes: which of its inputs are quantized, all for None.  seeks: whether it is
    worth that on its own, in mode "smart".  sums: whether it gives int32.  fits: whether the attributes allow it.
    """

    name: str
    takes: slice = slice(None)
    seeks: bool = False
    sums: bool = False
    fits: Callable[[dict], bool] = lambda attrs: True


def _plain_lstm(attrs: dict) -> bool:
    return attrs["mode"] == "lstm" and not (attrs["projection_size"] or attrs["use_sequence_length"]) \
        and attrs["lstm_state_clip_min"] is None


_FIRST = slice(1)
_KINDS = {
    "Convolution": _Kind("_contrib_quantized_conv", seeks=True, sums=True),
    "FullyConnected": _Kind("_contrib_quantized_fully_connected", seeks=True, sums=True),
    "RNN": _Kind("_contrib_quantized_rnn", _FIRST, seeks=True, fits=_plain_lstm),
    "elemwise_add": _Kind("_contrib_quantized_elemwise_add", sums=True),
    "elemwise_mul": _Kind("_contrib_quantized_elemwise_mul", sums=True),
    "Activation": _Kind("_contrib_quantized_act", fits=lambda attrs: attrs["act_type"] == "relu"),
    "Pooling": _Kind("_contrib_quantized_pooling", fits=lambda attrs: attrs["pool_type"] in ("avg", "max")),
    "BatchNorm": _Kind("_contrib_quantized_batch_norm", _FIRST, fits=lambda attrs: not attrs["output_mean_var"]),
    "Embedding": _Kind("_contrib_quantized_embedding", slice(1, 2)),
    "Concat": _Kind("_contrib_quantized_concat"),
    "Flatten": _Kind("_contrib_quantized_flatten"),
}


def _kind(node: Node) -> _Kind | None:
    kind = None if node.is_variable else _KINDS.get(node.op.name)
    return kind if kind is not None and kind.fits(node.parsed) else None


def quantize(symbol: Symbol, excluded: Collection[str], excluded_operators: Collection[str], offline: Collection[str],
             dtype: str, mode: str) -> tuple[Symbol, list[str]]:
    """(the quantized graph, names of the outputs of `symbol` whose ranges it would like to know).

    excluded: nodes that stay as they are, and operators that do.  offline: variables that are quantized beforehand.
    dtype: "int8", "uint8" or "auto", for activations.  mode: "full", or "smart" to leave out operators that do not lie
    between two convolutions or dense layers.  MXNetError for another mode.
    """
    if mode not in ("full", "smart"):
        raise MXNetError(f"unrecognized quantize mode: {mode}")
    order = postorder(symbol._entries)
    chosen = {id(n) for n in order if _kind(n) is not None and n.name not in excluded
              and not {n.op.name, *n.op.aliases} & set(excluded_operators)}
    if mode == "smart":
        chosen = _between(order, chosen)
    pass_ = _Pass(chosen, offline, dtype)
    for node in order:
        pass_.visit(node)
    return Symbol([pass_.as_float(entry) for entry in symbol._entries]), pass_.wanted


def _between(order: list[Node], candidates: set[int]) -> set[int]:
    """Those that seek it, and what lies on ways between them that lead through candidates only."""
    seek = {id(n) for n in order if id(n) in candidates and _KINDS[n.op.name].seeks}
    after, before = set(seek), set(seek)
    for node in order:
        if id(node) in candidates and any(id(e.node) in after for e in node.inputs):
            after.add(id(node))
    for node in reversed(order):
        if id(node) in before:
            before |= {id(e.node) for e in node.inputs if id(e.node) in candidates}
    return seek | (after & before)


class _Pass:
    """The new graph while it grows: what the entries of the old one are in floats, and quantized with their ranges."""

    def __init__(self, chosen: set[int], offline: Collection[str], dtype: str):
        self.chosen, self.offline, self.dtype = chosen, offline, dtype
        self.wanted: list[str] = []
        self.copies: dict[int, Node] = {}
        self.floats: dict[tuple[int, int], Entry] = {}
        self.quantized: dict[tuple[int, int, str], list[Entry]] = {}

    def visit(self, node: Node):
        if id(node) in self.chosen:
            self._quantize(node)
        elif not node.is_variable:
            copy = Node(node.op, node.name, dict(node.attrs), [self.as_float(e) for e in node.inputs], node.subgraphs,
                        node.where)
            self.copies[id(node)] = copy

    def _quantize(self, node: Node):
        kind = _KINDS[node.op.name]
        if node.op.name == "RNN":
            data, *ranges = self.as_quantized(node.inputs[0], "_contrib_quantize_asym", {})
            inputs = [data, *(self.as_float(e) for e in node.inputs[1:]), *ranges]
            self.copies[id(node)] = Node(get(kind.name), "quantized_" + node.name, dict(node.attrs), inputs)
            return
        entries, ranges = [], []
        taken = range(len(node.inputs))[kind.takes]
        for i, entry in enumerate(node.inputs):
            if i in taken:
                quantized, *ends = self.as_quantized(entry, out_type=self._type_for(node, i))
                ranges += ends
            entries.append(quantized if i in taken else self.as_float(entry))
        made = Node(get(kind.name), "quantized_" + node.name, dict(node.attrs), [*entries, *ranges], (), node.where)
        if kind.sums:
            made = Node(get("_contrib_requantize"), "requantize_" + node.name, {"out_type": self.dtype},
                        [Entry(made, i) for i in range(3)])
        if kind.sums or node.op.name == "BatchNorm":
            self.wanted.append(node.output_name(0))
        for dtype in ("int8", self.dtype):
            self.quantized[id(node), 0, dtype] = [Entry(made, i) for i in range(3)]

    def _type_for(self, node: Node, i: int) -> str:
        """Weights and factors are always int8."""
        fixed = i if _KINDS[node.op.name].seeks or node.op.name == "Embedding" else node.op.name == "elemwise_mul"
        return "int8" if fixed else self.dtype

    def as_float(self, entry: Entry) -> Entry:
        """What an entry of the old graph is in the new one."""
        key = id(entry.node), entry.index
        quantized = self.quantized.get((*key, self.dtype)) if key[0] in self.chosen else None
        if quantized is not None:
            if key not in self.floats:
                self.floats[key] = Entry(Node(get("_contrib_dequantize"), entry.node.name + "_dequantize", {},
                                              quantized))
            return self.floats[key]
        if key[0] not in self.copies:
            variable = self.copies[key[0]] = Node(None, entry.node.name, dict(entry.node.attrs))
            variable.version = entry.node.version
        return Entry(self.copies[key[0]], entry.index, entry.version)

    def as_quantized(self, entry: Entry, op: str = "_contrib_quantize_v2", attrs: Mapping[str, str] | None = None,
                     out_type: str = "int8") -> list[Entry]:
        """An entry of the old graph, quantized, and the ends of its range; attrs: instead of the type."""
        key = id(entry.node), entry.index, op if attrs is not None else out_type
        if key not in self.quantized:
            old = entry.node.output_name(entry.index)
            if entry.node.is_variable and entry.node.name in self.offline:
                ends = (f"{old}_quantize{end}" for end in ("", "_min", "_max"))
                self.quantized[key] = [Entry(Node(None, name, {})) for name in ends]
            else:
                made = Node(get(op), f"{old}_quantize", {"out_type": out_type} if attrs is None else dict(attrs),
                            [self.as_float(entry)])
                self.wanted.append(old)
                self.quantized[key] = [Entry(made, i) for i in range(3)]
        return self.quantized[key]


def calibrate(symbol: Symbol, ranges: Mapping[str, tuple]) -> Symbol:
    """A quantized graph that knows the ranges of these outputs, by the names that they have in the graph on floats."""
    made = rebuild(symbol, lambda node: None)
    for node in postorder(made._entries):
        found = ranges.get(_measured(node) or "")
        if found is not None:
            node.attrs.update(zip(("min_calib_range", "max_calib_range"), map(_text, found), strict=True))
            node.forget_parsed()
    return made


def _measured(node: Node) -> str | None:
    """The output whose range a node of a quantized graph wants to know."""
    name = None if node.is_variable else node.op.name
    if name in ("_contrib_quantize_v2", "_contrib_quantize_asym"):
        source = node.inputs[0]
        return source.node.output_name(source.index)
    if name == "_contrib_requantize":
        return node.name.removeprefix("requantize_") + "_output"
    return node.name.removeprefix("quantized_") + "_output" if name == "_contrib_quantized_batch_norm" else None


def _text(end) -> str:
    """As MXNet writes it, with six digits behind the point, unless that leaves nothing of the number."""
    end = float(end)
    return f"{end:f}" if abs(end) >= 0.01 or not end else repr(end)
