"""Symbol.infer_shape: shapes of everything in a graph, from some of its variables' shapes.

What a node says comes from four places, the quick ones first: the rules that operators have for their weights
(`shapes=`), for inputs shaped like their output (`same_shape=`) or told by it (`input_shapes=`), a run of the
operator on tensors without values, and, where sizes of inputs are unknown, the solver of `infer`.
"""

import ast
import warnings

import torch

from .._state import state
from ..base import MXNetError
from ..symbol._node import Node, postorder
from . import dry, types

__all__ = ["Shapes", "infer_shape"]

Key = tuple[int, int]  # id of a node, number of its output
_RULES = {"same_shape", "output_shapes"}


def infer_shape(symbol, args, kwargs, partial=False):
    """(argument, output, auxiliary state) shapes; see Symbol.infer_shape."""
    arguments, auxiliary = symbol._arguments(), symbol._auxiliary()
    known = types.given(symbol, arguments, args, _checked(kwargs), "shape", _internal)
    shapes = Shapes(symbol, known)
    shapes.solve()
    result = ([_public(shapes.of(n)) for n in arguments],
              [_public(shapes.of(e.node, e.index)) for e in symbol._entries],
              [_public(shapes.of(n)) for n in auxiliary])
    if partial or shapes.complete():
        return result
    unknown = "".join(f"\n\t{n.name}: {s}" for n, s in zip(arguments, result[0], strict=True) if not _public_known(s))
    warnings.warn("Cannot decide shape for the following arguments (0s in shape means unknown dimensions). "
                  "Consider providing them as input:" + unknown, stacklevel=3)
    return None, None, None


def _checked(kwargs):
    for name, shape in kwargs.items():
        if shape is not None and not isinstance(shape, (tuple, list)):
            raise TypeError(f"Arguments need to be shapes (tuple), but '{name}' is {type(shape)}.")
    return kwargs


# In here None is an unknown shape and -1 an unknown size; users write () and 0, or None and -1 under np_shape.


def _internal(shape):
    shape = tuple(int(s) for s in shape)
    if state.np_shape:
        return shape
    return None if shape == () else tuple(-1 if s == 0 else s for s in shape)


def _public(shape):
    if state.np_shape:
        return shape
    return () if shape is None else tuple(0 if s < 0 else s for s in shape)


def _public_known(shape) -> bool:
    return shape is not None and (all(s >= 0 for s in shape) if state.np_shape else bool(shape) and 0 not in shape)


def known(shape) -> bool:
    """Whether every size of a shape is known."""
    return shape is not None and all(s >= 0 for s in shape)


def merge(one, other):
    """What two partial shapes say together; ValueError if they contradict each other."""
    if one is None or one == other:
        return other
    if other is None:
        return one
    if len(one) != len(other):
        raise ValueError
    merged = []
    for a, b in zip(one, other, strict=True):
        if a >= 0 and b >= 0 and a != b:
            raise ValueError
        merged.append(a if a >= 0 else b)
    return tuple(merged)


def declared_shape(node: Node):
    """The shape that a variable was made with, or None."""
    text = node.attrs.get("__shape__")
    if text is None or text == "None":
        return None
    try:
        value = ast.literal_eval(text.replace("L", ""))
        return _internal((value,) if isinstance(value, int) else value)
    except (ValueError, SyntaxError, TypeError):
        raise MXNetError(f"variable {node.name!r}: __shape__={text!r} is no shape") from None


class Shapes:
    """The shapes in a graph, as far as they are known: `of(node, output)` after `solve()`.

    known: id of a variable's node -> shape, before which the shapes that variables were made with give way.
    dtypes: id of a variable's node -> dtype; float32 for those that nothing decides.
    """

    def __init__(self, symbol, known_shapes, dtypes=None):
        self.order = postorder(symbol._entries)
        self.types = types.solve(symbol, dtypes or {}, torch.float32)
        self._found: dict[Key, tuple[int, ...] | None] = {}
        self._ran: set[int] = set()
        self._tried: dict[int, object] = {}
        self._news = False
        for node in self.order:
            if node.is_variable:
                shape = known_shapes.get(id(node))
                self._found[id(node), 0] = declared_shape(node) if shape is None else shape

    def of(self, node: Node, index: int = 0):
        """The shape of an output; None if it is unknown, -1 for an unknown size."""
        return self._found.get((id(node), index))

    def complete(self) -> bool:
        """Whether all shapes are known."""
        return all(known(self.of(n, i)) for n in self.order for i in range(n.count_outputs))

    def solve(self, careful=True):
        """Go through the graph forwards and backwards as long as there are news.  MXNetError for contradictions.

        careful: use the solver where the quick rules do not get there.
        """
        operators = [n for n in self.order if not n.is_variable]
        waiting = operators
        for last_resort in (False, True) if careful else (False,):
            while waiting:
                self._news = False
                for node in waiting:
                    self._visit(node, last_resort)
                waiting = [n for n in reversed(waiting) if not self._settled(n)]
                if not self._news:
                    break
        return self

    def _settled(self, node: Node) -> bool:
        return id(node) in self._ran and all(known(self._found.get((id(e.node), e.index))) for e in node.inputs)

    def _tell(self, node: Node, key: Key, shape, what: str):
        old = self._found.get(key)
        try:
            new = merge(old, None if shape is None else tuple(shape))
        except ValueError:
            raise MXNetError(f"Error in operator {node.name}: Shape inconsistent, Provided = {_text(old)}, "
                             f"inferred shape={_text(shape)} for {what} of {node.op.name}") from None
        if new != old:
            self._found[key] = new
            self._news = True

    def _tell_inputs(self, node: Node, shapes):
        if shapes is not None:
            for name, entry, shape in zip(node.input_names(), node.inputs, shapes, strict=True):
                self._tell(node, (id(entry.node), entry.index), shape, f"input {name}")

    def _inputs(self, node: Node):
        return [self._found.get((id(e.node), e.index)) for e in node.inputs]

    def _visit(self, node: Node, careful: bool):
        if node.subgraphs:
            from . import subgraphs

            subgraphs.tell(self, node, careful)
            return
        self._by_rules(node)
        ins = self._inputs(node)
        if all(map(known, ins)):
            if id(node) not in self._ran and not self._told(node):
                self._run(node, ins)
        elif careful and not _RULES & node.op.extra.keys() and None not in ins and self._tried.get(id(node)) != ins:
            self._tried[id(node)] = ins
            dtypes = self._dtypes(node)
            found = dry.run_unknown(node, [tuple(max(s, 0) for s in shape) for shape in ins], dtypes)
            if found is not None:
                self._tell_inputs(node, [_unknown_sizes(s) for s in found[0]])
                for i, shape in enumerate(found[1]):
                    self._tell(node, (id(node), i), _unknown_sizes(shape), f"output {i}")

    def _by_rules(self, node: Node):
        extra, attrs = node.op.extra, node.parsed
        if "shapes" in extra:
            self._tell_inputs(node, _by_weights(node, self._inputs(node)))
        if "same_shape" in extra:
            names = extra["same_shape"]
            like = [(id(node), 0), *((id(e.node), e.index) for n, e in zip(node.input_names(), node.inputs, strict=True)
                                     if names is True or n in names)]
            for other in like:
                shape = self._found.get(other)
                if shape is not None:
                    for key in like:
                        self._tell(node, key, shape, "an input or the output")
        if "input_shapes" in extra:
            outs = [self._found.get((id(node), i)) for i in range(node.count_outputs)]
            self._tell_inputs(node, extra["input_shapes"](attrs, self._inputs(node), outs))
        if "output_shapes" in extra:
            for i, shape in enumerate(extra["output_shapes"](attrs, self._inputs(node))):
                if shape is not None and min(shape, default=0) >= -1:
                    self._tell(node, (id(node), i), shape, f"output {i}")

    def _told(self, node: Node) -> bool:
        """Whether rules have told all outputs already, so that there is no need to run the operator."""
        if not _RULES & node.op.extra.keys():
            return False
        if "types" not in node.op.extra and len(set(self._dtypes(node))) > 1:
            return False  # most operators refuse these, others convert them
        outs = [self._found.get((id(node), i)) for i in range(node.count_outputs)]
        if not all(s is not None and min(s, default=1) > 0 for s in outs):
            return False
        self._ran.add(id(node))
        return True

    def _dtypes(self, node: Node):
        return [self.types.get((id(e.node), e.index), torch.float32) for e in node.inputs]

    def _run(self, node: Node, ins):
        overrides = None
        shape = node.parsed.get("shape")
        if is_open(node):
            # zeros of a shape that its users decide
            if shape:
                self._tell(node, (id(node), 0), _unknown_sizes(shape), "the output")
            if not known(self.of(node)):
                return
            overrides = {"shape": self.of(node)}
        found = dry.run_meta(node, ins, self._dtypes(node), overrides)
        if found is None:
            return
        self._ran.add(id(node))
        self._news = True
        for i, (shape, dtype) in enumerate(found):
            self._tell(node, (id(node), i), shape, f"output {i}")
            self.types[id(node), i] = dtype


def is_open(node: Node) -> bool:
    """Whether zeros, ones or random numbers leave a size (without np_shape also all of them) to their users."""
    shape = node.parsed.get("shape")
    return not node.inputs and isinstance(shape, tuple) and min(shape, default=0) < (0 if state.np_shape else 1)


def _by_weights(node: Node, ins):
    """What an operator's `shapes=` rule says; it writes 0 for an unknown size."""
    shapes = [None if s is None else tuple(max(d, 0) for d in s) for s in ins]
    if all(s is None for s in shapes):
        return None
    try:
        told = node.op.extra["shapes"](node.parsed, *shapes)
    except (TypeError, IndexError, ValueError):
        return None  # a shape of the wrong rank: running the operator says so better
    return [_unknown_sizes(s) for s in told]


def _unknown_sizes(shape):
    return None if shape is None else tuple(s if s else -1 for s in shape)


def _text(shape) -> str:
    return "unknown" if shape is None else "[" + ",".join(str(max(s, 0)) for s in shape) + "]"
