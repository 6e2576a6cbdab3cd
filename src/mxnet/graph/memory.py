"""How much memory the results inside a graph take at most at one time: an estimate from their shapes."""

import math

from ..symbol._node import postorder

__all__ = ["peak_bytes"]


def peak_bytes(symbol, shapes, wanted: set[int]) -> int:
    """Bytes of the operators' results that are alive together, outputs included, variables left out.

    shapes: a solved `Shapes` of this Symbol.  wanted: ids of the variables whose gradients are: what lies between them
    and the outputs is kept for backward, everything else only until it was used last.
    """
    order = postorder(symbol._entries)
    kept = _kept(order, symbol, wanted) | {id(e.node) for e in symbol._entries}
    last_use = {id(e.node): i for i, node in enumerate(order) for e in node.inputs}
    alive = peak = 0
    for i, node in enumerate(order):
        if node.is_variable:
            continue
        alive += _bytes(node, shapes)
        peak = max(peak, alive)
        done = {id(e.node): e.node for e in node.inputs if last_use[id(e.node)] == i and not e.node.is_variable}
        alive -= sum(_bytes(n, shapes) for key, n in done.items() if key not in kept)
    return peak


def _kept(order, symbol, wanted) -> set[int]:
    """ids of the operators' nodes that gradients come by."""
    reached = set(wanted)
    for node in order:
        if node.op is not None and node.op.name != "BlockGrad" and any(id(e.node) in reached for e in node.inputs):
            reached.add(id(node))
    needed = {id(e.node) for e in symbol._entries}
    for node in reversed(order):
        if id(node) in needed and node.op is not None and node.op.name != "BlockGrad":
            needed.update(id(e.node) for e in node.inputs)
    return reached & needed


def _bytes(node, shapes) -> int:
    total = 0
    for i in range(node.count_outputs):
        shape, dtype = shapes.of(node, i), shapes.types.get((id(node), i))
        if shape is not None and dtype is not None:
            total += math.prod(max(size, 0) for size in shape) * dtype.itemsize
    return total
