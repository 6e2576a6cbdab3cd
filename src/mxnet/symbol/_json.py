"""-symbol.json: the graph as MXNet 1.9.1 writes it; and back.  Files of older versions go through `_upgrade` first."""

import json
import os

from .._state import state
from ..base import MXNetError
from ..ops import registry
from ..ops.registry import OpDef
from ._node import Entry, Node, postorder

__all__ = ["dumps", "load", "loads"]

MXNET_VERSION = 10901


# ----------------------------------------------------------------------------------------------------- writing


def graph_dict(symbol, remove_amp_cast=True) -> dict:
    """The graph as a dict with the keys of the file."""
    entries = symbol._entries
    if remove_amp_cast:
        entries = _without_amp_cast(symbol)
    order = postorder(entries)
    ids = {id(node): i for i, node in enumerate(order)}
    nodes, row_ptr = [], [0]
    for node in order:
        record: dict = {"op": node.op.name if node.op else "null", "name": node.name}
        if node.attrs:
            record["attrs"] = {key: node.attrs[key] for key in sorted(node.attrs)}
        record["inputs"] = [[ids[id(e.node)], e.index, e.version] for e in node.inputs]
        if node.subgraphs:
            record["subgraphs"] = [graph_dict(s, remove_amp_cast) for s in node.subgraphs]
        nodes.append(record)
        row_ptr.append(row_ptr[-1] + _count_arrays(node))
    return {
        "nodes": nodes,
        "arg_nodes": [i for i, node in enumerate(order) if node.is_variable],
        "node_row_ptr": row_ptr,
        "heads": [[ids[id(e.node)], e.index, e.version] for e in entries],
    }


# What MXNet's operators compute for their own backward is counted in node_row_ptr, and seen nowhere else.
_ARRAYS = {
    "BatchNorm": 3, "BatchNorm_v1": 3, "BilinearSampler": 2, "CTCLoss": 2, "Correlation": 3, "Dropout": 2,
    "GridGenerator": 2, "GroupNorm": 3, "InstanceNorm": 3, "L2Normalization": 2, "LRN": 2, "LayerNorm": 3,
    "ROIPooling": 2, "SpatialTransformer": 3, "_contrib_BatchNormWithReLU": 4, "_contrib_SyncBatchNorm": 3,
    "_linalg_det": 3, "_linalg_slogdet": 4, "sort": 2,
}


def _count_arrays(node: Node) -> int:
    if node.op is None:
        return 1
    attrs = node.parsed
    if node.op.name == "Pooling" and attrs["pool_type"] == "max" and attrs["kernel"]:
        return 2 if attrs["layout"] in (None, "NCW", "NCHW", "NCDHW") else 1
    if node.op.name == "topk" and attrs["ret_typ"] == "value":
        return 2
    return max(node.count_outputs, _ARRAYS.get(node.op.name, 0))


def dumps(symbol, remove_amp_cast=True) -> str:
    """The JSON text, laid out as MXNet does: short lists of numbers on one line."""
    graph = graph_dict(symbol, remove_amp_cast)
    graph["attrs"] = {"is_np_shape": ["int", 1]} if state.np_shape else {}
    graph["attrs"]["mxnet_version"] = ["int", MXNET_VERSION]
    return _text(graph, 0)


def _text(value, depth: int) -> str:
    """JSON with two spaces of indentation, except that lists of up to ten numbers, or of such lists, take one line."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        if not value:
            return "{}"
        if len(value) == 1 and isinstance(next(iter(value.values())), (str, list)) and _flat(value):
            key, item = next(iter(value.items()))
            return f"{{{json.dumps(key)}: {_text(item, depth)}}}"
        lines = (f"{inner}{json.dumps(key)}: {_text(item, depth + 1)}" for key, item in value.items())
        return "{\n" + ", \n".join(lines) + f"\n{outer}}}"
    if isinstance(value, list):
        if _short(value):
            return "[" + ", ".join(_text(item, depth) for item in value) + "]"
        return "[\n" + ", \n".join(inner + _text(item, depth + 1) for item in value) + f"\n{outer}]"
    return json.dumps(value, ensure_ascii=False)


def _flat(value: dict) -> bool:
    item = next(iter(value.values()))
    return isinstance(item, str) or all(not isinstance(v, (dict, list)) for v in item)


def _short(value: list) -> bool:
    return all(not isinstance(v, dict) for v in value) and len(value) <= 10


def _without_amp_cast(symbol):
    """The graph without what mixed precision put between operators (amp_cast, amp_multicast)."""
    order = postorder(symbol._entries)
    if not any(node.op is not None and node.op.name in _AMP for node in order):
        return symbol._entries
    made: dict[int, Node] = {}

    def bypassed(entry):
        while entry.node.op is not None and entry.node.op.name in _AMP:
            entry = entry.node.inputs[entry.index]
        return moved(entry)

    def moved(entry):
        return Entry(made[id(entry.node)], entry.index, entry.version)

    for node in order:
        made[id(node)] = Node(node.op, node.name, node.attrs, [bypassed(e) for e in node.inputs], node.subgraphs)
    return tuple(moved(entry) for entry in symbol._entries)


_AMP = ("amp_cast", "amp_multicast")


# ----------------------------------------------------------------------------------------------------- reading


def load(fname: str, symbol_class):
    """The Symbol in a file; MXNetError that begins with its name if it holds none."""
    try:
        with open(os.path.expanduser(fname), encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise MXNetError(f"Cannot open symbol file {fname}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MXNetError(f"Symbol file {fname} is no JSON: {error}") from error
    try:
        return loads(text, symbol_class)
    except MXNetError as error:
        raise MXNetError(f"Symbol file {fname}: {error}") from error


def loads(text: str, symbol_class):
    """The Symbol that a JSON text describes."""
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MXNetError(f"not a symbol: no JSON ({error or 'nested too deeply'})") from error
    from . import _upgrade

    try:
        return build(_upgrade.upgrade(graph), symbol_class)
    except MXNetError as error:
        text = str(error)
        if len(text) > 1000:  # it quotes names from the file
            raise MXNetError(f"{text[:500]} ... {text[-400:]}") from error
        raise


def build(graph: dict, symbol_class):
    """The Symbol of a graph in the form of 1.9.1, whose indices are known to be sound (see `_upgrade`)."""
    nodes: list[Node] = []
    for record in graph["nodes"]:
        inputs = [Entry(nodes[at], index, version) for at, index, version in record["inputs"]]
        where = record["where"]
        if record["op"] == "null":
            nodes.append(Node(None, record["name"], record["attrs"]))
            continue
        try:
            op = registry.get(record["op"])
        except MXNetError as error:
            raise MXNetError(f"{where}: {error}") from error
        node = Node(op, record["name"], record["attrs"], inputs, [build(g, symbol_class) for g in record["subgraphs"]])
        _check(node, op, where)
        nodes.append(node)
    heads = [Entry(nodes[at], index, version) for at, index, version in graph["heads"]]
    for i, head in enumerate(heads):
        _check_output(head, f"head {i}")
    return symbol_class(heads)


def _check_output(entry: Entry, what: str):
    if entry.index >= entry.node.count_outputs:
        raise MXNetError(f"{what} is output {entry.index} of {entry.node.name!r}, which has {entry.node.count_outputs}")


def _check(node: Node, op: OpDef, where: str):
    """MXNetError if the attributes do not parse, or there are too few or too many inputs, or they do not exist."""
    count = len(node.inputs)
    try:
        names = op.name_inputs(node.parsed, count) if op.variadic else node.input_names()
    except MXNetError as error:
        raise MXNetError(f"{where}: {error}") from error
    announced = node.attrs.get("num_args", "0")
    if op.variadic and not node.subgraphs and announced.isdecimal() and count < int(announced[:9]):
        raise MXNetError(f"{where}: operator {op.name} expects num_args={announced} inputs, but got {count}")
    if names is not None and count != len(names):
        raise MXNetError(f"{where}: operator {op.name} expects {len(names)} inputs ({', '.join(names)}), "
                         f"but got {count}")
    if "subgraphs" in op.extra:
        from ._subgraph import check_subgraphs  # which needs Symbol, and Symbol this module

        try:
            check_subgraphs(node)
        except MXNetError as error:
            raise MXNetError(f"{where}: {error}") from error
    for i, entry in enumerate(node.inputs):
        _check_output(entry, f"{where}: input {i}")
    for name, entry in zip(names or (), node.inputs, strict=False):
        if entry.node.is_variable and (name in op.mutates or name in op.aux_names(node.parsed)):
            entry.node.version = max(entry.node.version, entry.version)
