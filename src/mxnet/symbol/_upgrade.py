"""Graphs of older files in the form that 1.9.1 writes, with every reference checked."""

from ..base import MXNetError

__all__ = ["upgrade"]


def upgrade(graph) -> dict:
    """The plain JSON of a file -> nodes of op, name, attrs, inputs, subgraphs; heads.

    MXNetError naming the node for what is missing, of the wrong kind, or refers to what is not there.
    """
    if not isinstance(graph, dict) or not isinstance(graph.get("nodes"), list):
        raise MXNetError("not a symbol: no list 'nodes'")
    nodes = []
    for i, record in enumerate(graph["nodes"]):
        attrs = {**record.get("param", {}), **record.get("attr", {}), **record.get("attrs", {})}
        nodes.append({"op": record["op"], "name": record["name"], "attrs": attrs,
                      "inputs": [_reference(r, i) for r in record["inputs"]],
                      "subgraphs": [upgrade(g) for g in record.get("subgraphs", [])]})
    return {"nodes": nodes, "heads": [_reference(r, len(nodes)) for r in graph["heads"]]}


def _reference(reference, below: int) -> list[int]:
    at, index, version = [*reference, 0][:3]
    if not 0 <= at < below:
        raise MXNetError(f"reference to node {at}, expected one of the {below} before")
    return [at, index, version]
