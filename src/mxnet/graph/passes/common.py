"""Common subexpression elimination, on Symbols: what is computed twice from the same is computed once.

It is done before lowering since users may look at the result (`Executor.get_optimized_symbol`).
"""

import os

from ...ops.registry import get
from ...symbol._node import Entry, Node, is_hidden, postorder

__all__ = ["without_repeats"]

_PLACE = "__ctx_group__"


def without_repeats(symbol):
    """A Symbol of the same outputs without repeated computations; `symbol` itself if there are none.

    An output that is another's twin becomes a copy of it.  The environment variable MXNET_ELIMINATE_COMMON_EXPR=0
    switches this off.
    """
    if os.environ.get("MXNET_ELIMINATE_COMMON_EXPR", "1") == "0":
        return symbol
    order = postorder(symbol._entries)
    kept = _representatives(order)
    if all(kept[id(node)] is node for node in order):
        return symbol
    made: dict[int, Node] = {}
    for node in order:
        if kept[id(node)] is node:
            made[id(node)] = _rebuilt(node, kept, made)
    entries, owner = [], {}
    for entry in symbol._entries:
        new = Entry(made[id(kept[id(entry.node)])], entry.index, entry.version)
        mine = owner.setdefault((id(new.node), new.index), entry.node) is entry.node
        entries.append(new if mine else Entry(_copy_of(new, entry.node)))
    return type(symbol)(entries)


def _representatives(order) -> dict[int, Node]:
    """For each node's id the first node that computes the same."""
    written = _written(order)
    first: dict[tuple, Node] = {}
    kept: dict[int, Node] = {}
    for node in order:
        kept[id(node)] = node
        if not node.is_variable and id(node) not in written and _repeats(node):
            inputs = tuple((id(kept[id(e.node)]), e.index, e.version) for e in node.inputs)
            attrs = tuple(sorted((k, v) for k, v in node.attrs.items() if not is_hidden(k) or k == _PLACE))
            kept[id(node)] = first.setdefault((node.op.name, attrs, inputs), node)
    return kept


def _repeats(node) -> bool:
    """Whether an operator gives the same each time, in its gradient as well."""
    op = node.op
    if op.mutates or op.aux_names(node.parsed) or op.extra.get("loss") or "in_place" in op.extra:
        return False
    return not {"_rng", "_kept", "_subgraphs"} & set(op.runtime)


def _written(order) -> set[int]:
    """ids of the nodes whose results an operator writes to: each writer needs one of its own."""
    found = set()
    for node in order:
        if node.op is not None and (node.op.mutates or node.op.extra.get("in_place")):
            found.update(id(e.node) for e in node.inputs)
    return found


def _rebuilt(node, kept, made) -> Node:
    """The node on the representatives of its inputs; the node itself where these are its own."""
    inputs = [Entry(made[id(kept[id(e.node)])], e.index, e.version) for e in node.inputs]
    if all(new.node is old.node for new, old in zip(inputs, node.inputs, strict=True)):
        return node
    return Node(node.op, node.name, node.attrs, inputs, node.subgraphs, node.where)


def _copy_of(entry: Entry, node) -> Node:
    place = {_PLACE: node.attrs[_PLACE]} if _PLACE in node.attrs else {}
    return Node(get("_copy"), f"{node.name}_copy", place, [entry], (), node.where)
