"""Shapes through the subgraphs of control flow: what the operator's inputs and outputs say inside, and back."""

import torch

from ..base import MXNetError
from ..ops.control_flow import Wiring
from ..symbol._node import Node

__all__ = ["tell"]


def tell(shapes, node: Node, careful: bool) -> None:
    """Tell a node of `shapes` (a graph.shapes.Shapes) what follows from its subgraphs.

    MXNetError, naming the node and the one inside, for contradictions.
    """
    came = (careful, shapes._inputs(node), _outputs(shapes, node))
    if shapes._tried.get(id(node)) == came:
        return
    shapes._tried[id(node)] = came
    wirings = node.op.extra["subgraphs"](node.parsed)
    results = [_Inside(shapes, node, symbol, wiring).solve(careful)
               for symbol, wiring in zip(node.subgraphs, wirings, strict=True)]
    _tell_outputs(shapes, node, wirings, results)
    _agree(shapes, node, wirings)
    if all(_known(s) for s in (*shapes._inputs(node), *_outputs(shapes, node))):
        shapes._ran.add(id(node))


def _outputs(shapes, node: Node) -> list:
    return [shapes.of(node, i) for i in range(node.count_outputs)]


def _known(shape) -> bool:
    return shape is not None and all(s >= 0 for s in shape)


def _tell_outputs(shapes, node: Node, wirings, results: list[dict]) -> None:
    """Tell the outputs what the subgraphs make of them, unless that depends on how these run."""
    changing = {i: _input_key(node, wiring.inputs[place]) for wiring in wirings if wiring.steps is not None
                for place, i in wiring.carried}
    for i in range(node.count_outputs):
        told = [result[i] for result in results if i in result]
        if i in changing:  # a variable of while_loop, which may change its shape
            told.append(shapes._found.get(changing[i]) or told[0])
        if None not in told and all(_fits(told[0], shape) for shape in told):  # otherwise it depends on a condition
            for shape in told:
                shapes._tell(node, (id(node), i), shape, f"output {i}")


def _fits(one, other) -> bool:
    """Whether two partial shapes can be one."""
    return one is None or other is None or (len(one) == len(other) and all(
        a == b or a < 0 or b < 0 for a, b in zip(one, other, strict=True)))


def _agree(shapes, node: Node, wirings) -> None:
    """Data to go over and stacked outputs have one length; states come out as they go in."""
    for wiring in wirings:
        keys = [_input_key(node, wiring.inputs[place]) for place in wiring.sliced]
        keys += [(id(node), i) for i in wiring.outputs[:wiring.stacked] if wiring.steps is None]
        lengths = [shape[0] for shape in map(shapes._found.get, keys) if shape and shape[0] >= 0]
        for key in keys if lengths else ():
            shape = shapes._found.get(key)
            if shape is not None:
                shapes._tell(node, key, (lengths[0], *shape[1:]), "the data to go over")
        for place, i in wiring.carried:
            if wiring.steps is None:  # the shapes of while_loop's variables may change
                source, result = _input_key(node, wiring.inputs[place]), (id(node), i)
                shapes._tell(node, result, shapes._found.get(source), "a state")
                shapes._tell(node, source, shapes._found.get(result), "a state")


def _input_key(node: Node, i: int):
    entry = node.inputs[i]
    return id(entry.node), entry.index


class _Inside:
    """One subgraph of a node."""

    def __init__(self, shapes, node: Node, symbol, wiring: Wiring):
        self.shapes, self.node, self.symbol, self.wiring = shapes, node, symbol, wiring
        self.variables = [n for n in symbol._nodes() if n.is_variable]

    def solve(self, careful: bool) -> dict:
        """Infer the shapes inside, and tell them to the operator's inputs; those that its outputs get from here."""
        from .shapes import Shapes

        known, dtypes = {}, {}
        for place, (variable, i) in enumerate(zip(self.variables, self.wiring.inputs, strict=True)):
            key = _input_key(self.node, i)
            shape = self.shapes._found.get(key)
            known[id(variable)] = _slice_of(shape) if place in self.wiring.sliced else shape
            dtypes[id(variable)] = self.shapes.types.get(key, torch.float32)
        inside = Shapes(self.symbol, known, dtypes)
        if self.wiring.sliced or (self.wiring.carried and self.wiring.steps is None):
            self._suppose_outputs(inside)
        try:
            inside.solve(careful)
        except MXNetError as error:
            raise MXNetError(f"Error in operator {self.node.name}: {error}") from error
        self._tell_inputs(inside)
        return self._outputs(inside)

    def _suppose_outputs(self, inside) -> None:
        stacked = self.wiring.stacked
        for j, (entry, i) in enumerate(zip(self.symbol._entries, self.wiring.outputs, strict=True)):
            shape = self.shapes.of(self.node, i)
            shape = shape[1:] if shape is not None and j < stacked else shape
            if shape is not None and not entry.node.is_variable:
                inside._found[id(entry.node), entry.index] = shape

    def _tell_inputs(self, inside) -> None:
        for place, (variable, i) in enumerate(zip(self.variables, self.wiring.inputs, strict=True)):
            shape = inside.of(variable)
            key = _input_key(self.node, i)
            if shape is not None and place in self.wiring.sliced:
                outer = self.shapes._found.get(key)
                if shape in ((1,), (-1,)) and (outer is None or len(outer) == 1):
                    continue  # of a vector or of a matrix with one column
                shape = (outer[0] if outer else -1, *shape)
            self.shapes._tell(self.node, key, shape, f"input {variable.name}")

    def _outputs(self, inside) -> dict:
        """The shapes that this makes the operator's outputs have."""
        steps = -1 if self.wiring.steps is None else self.wiring.steps
        found = {}
        for j, (entry, i) in enumerate(zip(self.symbol._entries, self.wiring.outputs, strict=False)):
            shape = inside.of(entry.node, entry.index)
            found[i] = (steps, *shape) if shape is not None and j < self.wiring.stacked else shape
        return found


def _slice_of(shape):
    """The shape of a slice along the first axis; those of a vector have one element."""
    if shape is None:
        return None
    return shape[1:] if len(shape) != 1 else (1,)
