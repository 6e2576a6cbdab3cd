"""Graphs of older -symbol.json files in the form that 1.9.1 writes; `_json` makes Nodes of what comes out here.

First the plain JSON is read into records, and every kind and every reference is checked; then each step that the
file's version asks for changes the records; at last they are put in order, inputs before their users.
"""

import ast
import contextlib
from typing import Any

from .._state import state
from ..base import MXNetError
from ..ops import registry
from ..ops.registry import OpDef
from ._node import HIDDEN_KEYS, operator_attrs

__all__ = ["upgrade"]

_NO_VERSION = 800  # files of 0.8 and before do not say
_DEEPEST = 100  # subgraphs within subgraphs

_GRAPH_KEYS = {"nodes", "arg_nodes", "node_row_ptr", "heads", "attrs"}
_NODE_KEYS = {"op", "name", "param", "attr", "attrs", "inputs", "subgraphs", "control_deps", "backward_source_id"}
_KINDS = {dict: "an object", list: "a list", str: "a string", int: "a whole number"}


def upgrade(graph: Any) -> dict:
    """{"nodes": [...], "heads": [...]} of a graph of any version, as `json.loads` gives it.

    Each node has op, name, attrs, inputs, subgraphs and where (its place in the file, for messages); references are
    [node, output, version], to nodes before.  MXNetError, naming the node and what was expected, for whatever is
    missing, of the wrong kind, refers to what is not there, or to itself in a circle.
    """
    return _upgrade(graph, "", _NO_VERSION, 0)


def _upgrade(graph: Any, where: str, version: int, depth: int) -> dict:
    if depth > _DEEPEST:
        raise MXNetError(f"{where}more than {_DEEPEST} subgraphs within each other")
    _expect(graph, dict, f"{where}symbol")
    _only_keys(graph, _GRAPH_KEYS, f"{where}symbol")
    version = _version(graph, version, where)
    nodes = [_record(node, i, where, version, depth) for i, node in enumerate(_get(graph, "nodes", list, where))]
    _check_arg_nodes(graph, nodes, where)
    for node in nodes:
        for i in node.pop("control_deps"):
            _index(i, len(nodes), f"{node['where']}: 'control_deps'", "a node")
        node["inputs"] = [_reference(given, nodes, f"{node['where']}: input {i}")
                          for i, given in enumerate(node["inputs"])]
    heads = [_reference(given, nodes, f"{where}head {i}") for i, given in enumerate(_get(graph, "heads", list, where))]
    for before, step in _STEPS:
        if version < before:
            for node in list(nodes):
                if node["op"] != "null":
                    step(node, nodes)
    if version < _HIDDEN_KEYS_SINCE:
        for node in nodes:
            _hide_keys(node)
    if state.np_shape and "is_np_shape" not in graph.get("attrs", ()):
        for node in nodes:
            _open_sizes(node)
    return _in_order(nodes, heads)


def _open_sizes(node: dict):
    """A variable's size of 0 was an unknown one when the file was written; under np_shape that is -1."""
    text = node["attrs"].get("__shape__") if node["op"] == "null" else None
    with contextlib.suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        if text:
            sizes = ast.literal_eval(text)
            node["attrs"]["__shape__"] = f"[{','.join(str(size or -1) for size in sizes)}]" if sizes else "None"


# --------------------------------------------------------------------------------------------------- reading


def _expect(value: Any, kind: type, what: str):
    """`value`, if it is of this kind of JSON."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise MXNetError(f"{what}: expected {_KINDS[kind]}, got {_shown(value)}")
    return value


def _get(record: dict, key: str, kind: type, where: str, default: Any = None):
    """record[key], which must be of this kind; MXNetError if it is missing and there is no default."""
    if key not in record:
        if default is not None:
            return default
        raise MXNetError(f"{where}{key!r} is missing, expected {_KINDS[kind]}")
    return _expect(record[key], kind, f"{where}{key!r}")


def _shown(value: Any) -> str:
    text = f"{_KINDS[type(value)]} of {len(value)} items" if isinstance(value, (dict, list)) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _only_keys(record: dict, known: set[str], what: str):
    for key in record:
        if key not in known:
            raise MXNetError(f"{what}: unknown key {_shown(key)}, expected only {', '.join(sorted(known))}")


def _version(graph: dict, inherited: int, where: str) -> int:
    """The version that wrote the graph, 10901 for 1.9.1; subgraphs have that of the graph around them."""
    notes = _get(graph, "attrs", dict, where, {})
    if "mxnet_version" not in notes:
        return inherited
    note = notes["mxnet_version"]
    if not isinstance(note, list) or len(note) != 2 or note[0] != "int" or not isinstance(note[1], int):
        raise MXNetError(f"{where}'mxnet_version': expected [\"int\", <number>], got {str(note)[:60]}")
    return note[1]


def _record(node: Any, i: int, where: str, version: int, depth: int) -> dict:
    """A node with all attributes in one place; its references are checked once all nodes are known."""
    name = node.get("name") if isinstance(node, dict) else None
    where = f"{where}node {i} ({_shown(name)})" if isinstance(name, str) else f"{where}node {i}"
    _expect(node, dict, where)
    _only_keys(node, _NODE_KEYS, where)
    op = _get(node, "op", str, f"{where}: ")
    record = {
        "op": op,
        "name": _get(node, "name", str, f"{where}: "),
        "attrs": _attributes(node, where),
        "inputs": _get(node, "inputs", list, f"{where}: "),
        "control_deps": _get(node, "control_deps", list, f"{where}: ", []),
        "subgraphs": [_upgrade(graph, f"{where}, subgraph {at}: ", version, depth + 1)
                      for at, graph in enumerate(_get(node, "subgraphs", list, f"{where}: ", []))],
        "where": where,
    }
    if op == "null" and record["inputs"]:
        raise MXNetError(f"{where}: expected no inputs, as it is a variable, got {len(record['inputs'])}")
    return record


def _attributes(node: dict, where: str) -> dict[str, str]:
    """What 0.8 kept apart: `param` of the operator, `attr` of the user; later versions have `attr` or `attrs`."""
    users = "attrs" if "attrs" in node else "attr"
    attrs = {**_get(node, "param", dict, f"{where}: ", {}), **_get(node, users, dict, f"{where}: ", {})}
    for key, value in attrs.items():
        _expect(value, str, f"{where}: attribute {key!r}")
    return attrs


def _check_arg_nodes(graph: dict, nodes: list[dict], where: str):
    for i in _get(graph, "arg_nodes", list, where):
        at = _index(i, len(nodes), f"{where}'arg_nodes'", "a node")
        if nodes[at]["op"] != "null":
            raise MXNetError(f"{where}'arg_nodes': expected variables only, got {nodes[at]['where']}")


def _index(value: Any, count: int, what: str, of: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count:
        raise MXNetError(f"{what}: expected the number of {of}, 0 to {count - 1}, got {_shown(value)}")
    return value


def _reference(reference: Any, nodes: list[dict], what: str) -> list[int]:
    """[node, output, version]; before 0.9 there was no version."""
    _expect(reference, list, what)
    if len(reference) not in (2, 3):
        raise MXNetError(f"{what}: expected 2 or 3 whole numbers (node, output, version), got {len(reference)} items")
    at, output, version = [*reference, 0][:3]
    return [_index(at, len(nodes), what, "a node"), _index(output, 2**31, what, "an output"),
            _index(version, 2**31, what, "a version")]


# ----------------------------------------------------------------------------------------------------- steps


def _operator(node: dict) -> OpDef:
    try:
        return registry.get(node["op"])
    except MXNetError as error:
        raise MXNetError(f"{node['where']}: {error}") from error


def _parsed(node: dict) -> dict[str, Any]:
    """The operator's attributes, typed; keys that a later step moves away are none of them."""
    op = _operator(node)
    own = {key: value for key, value in node["attrs"].items() if _hidden_part(key) is None}
    try:
        return op.parse_attrs(operator_attrs(op, own, len(node["inputs"])))
    except MXNetError as error:
        raise MXNetError(f"{node['where']}: {error}") from error


def _input_names(node: dict) -> list[str]:
    """The names of all inputs that the operator has under its attributes; none of a variadic one."""
    op = _operator(node)
    return [] if op.variadic else op.input_names(_parsed(node))


def _add_missing_inputs(node: dict, nodes: list[dict]):
    """Auxiliary states were no inputs before 0.9, and inputs left out were no nodes: variables `<node>_<input>`."""
    for name in _input_names(node)[len(node["inputs"]):]:
        attrs = {key: value for key, value in node["attrs"].items() if _hidden_part(key) in (None, key)}
        node["inputs"].append([len(nodes), 0, 0])
        nodes.append({"op": "null", "name": f"{node['name']}_{name}", "attrs": attrs, "inputs": [], "subgraphs": [],
                      "where": f"input {name!r} of {node['where']}"})


def _add_initializers(node: dict, nodes: list[dict]):
    """Since 0.9.4 moving averages and the slopes of PReLU name their initializers."""
    inits = _operator(node).extra.get("init")
    if not inits:
        return
    for name, (at, *_) in zip(_input_names(node), node["inputs"], strict=False):
        if name in inits and nodes[at]["op"] == "null":
            init = inits[name]
            nodes[at]["attrs"].setdefault("__init__", init(_parsed(node)) if callable(init) else init)


def _drop_axis_of_argmax(node: dict, nodes: list[dict]):
    """axis=-1 meant "over all elements" before 0.9.5, which no axis means now."""
    if node["op"] in ("argmax", "argmin") and node["attrs"].get("axis") == "-1":
        del node["attrs"]["axis"]


def _move_keys_to_inputs(node: dict, nodes: list[dict]):
    """`weight_lr_mult` on an operator is `lr_mult` on its variable `weight`."""
    parts = {key: part for key in node["attrs"] if (part := _hidden_part(key)) not in (None, key)}
    if not parts:
        return
    variables = {name: nodes[at] for name, (at, *_) in zip(_input_names(node), node["inputs"], strict=False)
                 if nodes[at]["op"] == "null"}
    for key, part in parts.items():
        variable = variables.get(key[:-len(part) - 1])
        if variable is not None:
            variable["attrs"][part] = node["attrs"].pop(key)


# (the version that needs it no more, the step), in the order in which MXNet changed
_STEPS = (
    (900, _add_missing_inputs),
    (904, _add_initializers),
    (905, _drop_axis_of_argmax),
    (10901, _move_keys_to_inputs),
)
_HIDDEN_KEYS_SINCE = 10901


def _hidden_part(key: str) -> str | None:
    """`lr_mult` for `lr_mult` and for `weight_lr_mult`; None for other keys, `__lr_mult__` among them."""
    for hidden in HIDDEN_KEYS:
        if key == hidden or (key.endswith("_" + hidden) and not key.startswith("__")):
            return hidden
    return None


def _hide_keys(node: dict):
    """`lr_mult` is kept as `__lr_mult__`, for it is none of the operator's."""
    for key in HIDDEN_KEYS:
        if key in node["attrs"]:
            node["attrs"][f"__{key}__"] = node["attrs"].pop(key)


# ----------------------------------------------------------------------------------------------------- order


def _in_order(nodes: list[dict], heads: list[list[int]]) -> dict:
    """The graph with inputs before their users, depth first from the first node on; MXNetError for a circle."""
    place: dict[int, int] = {}  # where a node goes; -1 while its inputs are being placed
    order: list[dict] = []
    for first in range(len(nodes)):
        stack = [(first, 0)] if first not in place else []
        while stack:
            at, i = stack.pop()
            node = nodes[at]
            if i == len(node["inputs"]):
                place[at] = len(order)
                order.append(node)
                continue
            place[at] = -1
            stack.append((at, i + 1))
            below = node["inputs"][i][0]
            if place.get(below) == -1:
                raise MXNetError(f"{node['where']}: input {i} is {nodes[below]['where']}, which needs this node "
                                 "itself: expected a graph without cycles")
            if below not in place:
                stack.append((below, 0))
    for node in order:
        node["inputs"] = [[place[at], output, version] for at, output, version in node["inputs"]]
    return {"nodes": order, "heads": [[place[at], output, version] for at, output, version in heads]}
