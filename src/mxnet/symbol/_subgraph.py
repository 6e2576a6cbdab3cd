"""Subgraphs: what a function makes of symbols, cut out of the graph around it.

Nodes made inside of `subgraph_scope` bear its name as the attribute `__subgraph_name__`; whatever else they use
becomes an input of the subgraph.
"""

from contextlib import contextmanager
from typing import NamedTuple

from ..attribute import AttrScope
from ..base import MXNetError
from . import op
from ._node import Entry, Node
from .symbol import Symbol, var

__all__ = ["Subgraph", "as_outputs", "check_subgraphs", "cut", "placeholders", "subgraph_scope"]

_KEY = "__subgraph_name__"


@contextmanager
def subgraph_scope(name: str):
    """Symbols made inside are of a new subgraph, whose name is given: `foreach0`, or `foreach0$cond_then0` inside."""
    around = AttrScope.current._attr.get(_KEY)
    kind = f"{around}${name}" if around else name
    number = AttrScope._subgraph_names[kind]
    AttrScope._subgraph_names[kind] += 1
    with AttrScope(**{_KEY: f"{kind}{number}"}):
        yield f"{kind}{number}"


def placeholders(symbols) -> list[Symbol]:
    """Variables that stand for symbols inside of a subgraph: `data-0` for output 0 of `data`."""
    entries = [s._entries[0] for s in symbols]
    return [var(f"{e.node.name}-{e.index}") for e in entries]


def as_outputs(outputs, states, name: str) -> list[Symbol]:
    """As outputs of the subgraph `name`: copies of variables, of outer nodes, of states that are an output's node."""
    both = [*outputs, *states]
    variables = {n.name for s in both for n in s._nodes() if n.is_variable}
    names = {s.name for s in outputs}
    return [op.identity(s) if _is_foreign(s._entries[0].node, name) or s.name in variables
            or (i >= len(outputs) and s.name in names) else s for i, s in enumerate(both)]


def _is_foreign(node: Node, name: str) -> bool:
    return node.attrs.get(_KEY) != name


def check_subgraphs(node: Node):
    """MXNetError unless a node has the subgraphs that its operator runs, with the inputs and outputs that it wants."""
    rule = node.op.extra.get("subgraphs")
    wirings = rule(node.parsed) if rule else []
    if len(node.subgraphs) != len(wirings):
        raise MXNetError(f"operator {node.op.name} expects {len(wirings)} subgraphs, but got {len(node.subgraphs)}")
    for i, (graph, wiring) in enumerate(zip(node.subgraphs, wirings, strict=True)):
        came = len(graph.list_inputs()), len(graph)
        wanted = len(wiring.inputs), len(wiring.outputs) or 1
        if came != wanted:
            raise MXNetError(f"operator {node.op.name} expects subgraph {i} to have {wanted[0]} inputs and {wanted[1]} "
                             f"outputs, but got {came[0]} and {came[1]}")


class Subgraph(NamedTuple):
    """A subgraph and what its inputs are outside: a Symbol for each of `names`, its own names of them."""

    symbol: Symbol
    names: list[str]
    sources: list[Symbol]


def cut(outputs, name: str) -> Subgraph:
    """The subgraph `name` that gives `outputs`, nodes of it.

    AssertionError if two of its inputs have one name.
    """
    copies: dict[int, Node] = {}
    inputs: dict[tuple[int, int], Entry] = {}  # of what is outside, the variables that stand for it
    outside: dict[int, Symbol] = {}  # by id of the variable
    entries = [entry for s in outputs for entry in s._entries]
    for node in _inside(entries, name):
        copies[id(node)] = node if node.is_variable else _copied(node, name, copies, inputs, outside)
    symbol = Symbol([Entry(copies[id(e.node)], e.index, e.version) for e in entries])
    variables = [n for n in symbol._nodes() if n.is_variable]
    names = [n.name for n in variables]
    if len(set(names)) != len(names):
        raise AssertionError(f"The inputs of the subgraph don't have unique names: {names}")
    return Subgraph(symbol, names, [outside.get(id(n), Symbol([Entry(n)])) for n in variables])


def _copied(node: Node, name: str, copies, inputs, outside) -> Node:
    made = Node(node.op, node.name, node.attrs, subgraphs=node.subgraphs, where=node.where)
    for entry in node.inputs:
        if not _is_foreign(entry.node, name):
            made.inputs.append(Entry(copies[id(entry.node)], entry.index, entry.version))
            continue
        key = id(entry.node), entry.index
        if key not in inputs:
            stand_in = Node(None, entry.node.output_name(entry.index), {})
            inputs[key] = Entry(stand_in)
            outside[id(stand_in)] = Symbol([entry])
        made.inputs.append(inputs[key]._replace(version=entry.version))
    return made


def _inside(entries, name: str):
    """The nodes of the subgraph, inputs before their users."""
    seen: set[int] = set()
    order = []
    stack = [(e.node, False) for e in reversed(entries)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(e.node, False) for e in reversed(node.inputs) if not _is_foreign(e.node, name)]
    return order
