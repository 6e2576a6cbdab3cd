"""Symbol -> torch.fx.GraphModule: straight Python code that calls the operators' functions on tensors."""

import functools
import keyword
import linecache
import operator
import re

import torch

from .._state import watch
from ..base import MXNetError
from ..ops.norm import moves
from ..ops.registry import OpDef
from ..symbol._node import Entry, Node, postorder
from .dry import spread
from .shapes import is_open

__all__ = ["Program", "lower"]

RUNTIME = ("_train", "_rng", "_device")


class Program:
    """A lowered Symbol: `run(tensors, train, rng, device)` gives a tuple of its outputs.

    inputs: the variables' nodes, in the order in which `run` takes their tensors (that of `list_inputs`).
    module: the torch.fx.GraphModule; its nodes know the Symbol's by `meta['node']`.
    """

    __slots__ = ("_forward", "_twin", "inputs", "module")

    def __init__(self, module: "torch.fx.GraphModule", inputs: list[Node]):
        self.inputs = inputs
        self.module = module
        self._forward = module.forward
        self._twin: torch.fx.GraphModule | None = None

    def run(self, tensors, train: bool, rng, device):
        """Compute the outputs.  What an operator refuses is an MXNetError that names it and its node."""
        try:
            if watch.observer is not None:
                return self._run_watched(*tensors, train, rng, device)
            return self._forward(*tensors, train, rng, device)
        except Exception as error:
            raised = self._explain(error)
            raise raised from (None if raised is error else error)

    def _run_watched(self, *args):
        """`run`, with each operator shown to whom watches; code that torch compiled is one operator."""
        if self._forward != self.module.forward:
            return watch.observer.run("CachedOp", self._forward, args, {})
        if self._twin is None:
            self._twin = _watched(self.module)
        return self._twin.forward(*args)

    def compile(self, backend: str):
        """Hand the graph to torch.compile."""
        compiled = torch.compile(self.module, backend=backend)

        def forward(*args):
            result = compiled(*args)
            if args[-3]:
                moves.latest = object()  # compiled code tells no one that it moves statistics
            return result

        self._forward = forward

    def _explain(self, error: Exception) -> Exception:
        if not isinstance(error, (MXNetError, RuntimeError, TypeError, ValueError, IndexError)):
            return error
        node = self._failed(error)
        if node is None:
            return error
        where = f", made at {node.where}" if node.where else ""
        text = str(error).split("\n")[0]
        return type(error if isinstance(error, MXNetError) else MXNetError())(
            f"Error in operator {node.name}: {text} (node {node.name!r} of {node.op.name}{where})")

    def _failed(self, error: Exception) -> Node | None:
        """The node that was being computed when the error came up: it stands in the line of the generated code."""
        codes = [module.forward.__code__ for module in (self.module, self._twin) if module is not None]
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code not in codes:
            trace = trace.tb_next
        if trace is None:
            return None
        code = trace.tb_frame.f_code
        name = linecache.getline(code.co_filename, trace.tb_lineno).split("=")[0].strip()
        for node in self.module.graph.nodes:
            if node.name == name:
                return node.meta.get("node")
        return None


def lower(symbol, shapes=None, place=None, passes=()) -> Program:
    """The program of a Symbol.

    shapes: (node) -> the shape of a creating operator whose attribute leaves sizes open (zeros of shape (0, 10)).
    place: (node) -> the torch.device to compute a node on, where that is not the program's.
    passes: what to do with the graph before it becomes code; see graph/passes.
    """
    import torch.fx

    order = postorder(symbol._entries)
    graph = torch.fx.Graph()
    root = torch.nn.Module()
    made: dict[int, torch.fx.Node] = {}
    inputs = [node for node in order if node.is_variable]
    taken = {"self", *RUNTIME}
    for node in inputs:
        made[id(node)] = graph.placeholder(_identifier(node.name, taken))
        made[id(node)].meta["node"] = node
    runtime = {name: graph.placeholder(name) for name in RUNTIME}
    builder = _Builder(graph, root, made, runtime, shapes, place, taken)
    for node in order:
        if not node.is_variable:
            made[id(node)] = builder.add(node)
    graph.output(tuple(builder.value(entry) for entry in symbol._entries))
    for transform in passes:
        transform(graph, root)
    return Program(torch.fx.GraphModule(root, graph, "Program"), inputs)


def _watched(module: "torch.fx.GraphModule") -> "torch.fx.GraphModule":
    """The same code, but each operator runs through the observer of the moment."""
    import torch.fx

    graph = torch.fx.Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    for node in graph.nodes:
        symbol_node = node.meta.get("node")
        if node.op == "call_function" and symbol_node is not None and node.target not in (operator.getitem, only):
            node.target = _shown(symbol_node.op.name, node.target)
    return torch.fx.GraphModule(module, graph, "Watched")


def _shown(op_name: str, fn):
    """An operator's function, shown to whom watches."""

    @functools.wraps(fn)
    def run(*args, **kwargs):
        if watch.observer is None:  # it stopped watching in the meantime
            return fn(*args, **kwargs)
        return watch.observer.run(op_name, fn, args, kwargs)

    return run


def _identifier(name: str, taken: set[str]) -> str:
    """A node's name as one that Python code can have; names come from files, and torch.fx writes them into code."""
    made = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not made or made[0].isdigit() or keyword.iskeyword(made):
        made = f"v_{made}"
    unique = made
    while unique in taken:
        unique = f"{made}_{len(taken)}_"
    taken.add(unique)
    return unique


class _Builder:
    """Adds nodes to an fx graph."""

    def __init__(self, graph, root, made, runtime, shapes, place, taken):
        self.graph, self.root, self.made, self.runtime = graph, root, made, runtime
        self.shapes, self.place, self.taken = shapes, place, taken
        self._items: dict[tuple[int, int], torch.fx.Node] = {}

    def value(self, entry: Entry):
        """The fx node of an output; one of several is taken out of the tuple, once."""
        node = entry.node
        result = self.made[id(node)]
        if node.is_variable or (node.count_outputs == 1 and not callable(node.op.num_outputs)):
            return result
        key = id(node), entry.index
        if key not in self._items:
            if node.count_outputs == 1:
                item = self.graph.call_function(only, (result,))
            else:
                item = self.graph.call_function(operator.getitem, (result, entry.index))
            item.meta["node"] = node
            self._items[key] = item
        return self._items[key]

    def add(self, node: Node):
        """The fx node that computes a node."""
        op = node.op
        args = [self.value(entry) for entry in node.inputs]
        device = self.place(node) if self.place else None
        if device is not None:
            args = [self.graph.call_method("to", (arg, device)) for arg in args]
        for i in op.extra["in_place"](node.parsed, len(args)) if "in_place" in op.extra else ():
            if i < len(args):
                args[i] = self.graph.call_function(torch.clone, (args[i],))
        kwargs = _special(op, node.parsed)
        if self.shapes is not None and is_open(node):
            kwargs["shape"] = self.shapes(node)
        for name in op.runtime:
            own = {"_subgraphs": self._subgraphs, "_kept": self._kept}.get(name)
            kwargs[name] = own(node) if own else self.runtime[name]
        if device is not None and "_device" in kwargs:
            kwargs["_device"] = device
        made = self.graph.create_node("call_function", op.fn, tuple(args if op.variadic else _trimmed(node, args)),
                                      kwargs, node.name)
        made.meta["node"] = node
        return made

    def _kept(self, node: Node):
        name = _identifier(f"{node.name}_kept", self.taken)
        setattr(self.root, name, {})
        return self.graph.get_attr(name)

    def _subgraphs(self, node: Node):
        found = []
        for i, symbol in enumerate(node.subgraphs):
            name = _identifier(f"{node.name}_{i}", self.taken)
            setattr(self.root, name, lower(symbol).module.forward)  # no module: torch.fx would compile it once more
            found.append(self.graph.get_attr(name))
        return found


def _special(op: OpDef, attrs: dict) -> dict:
    """The attributes that are not at their defaults."""
    return {name: value for name, value in attrs.items()
            if name not in op.attrs or value is not op.attrs[name].default}


def _trimmed(node: Node, args: list) -> list:
    """Arguments by position; None for inputs in between that do not take part."""
    arguments = spread(node, args)
    while arguments and arguments[-1] is None:
        arguments.pop()
    return arguments


def only(result):
    """The result of an operator with a variable number of outputs that has one."""
    return result if isinstance(result, torch.Tensor) else result[0]
