"""What hybridize makes of a block: its graph as a Symbol, the program it is lowered to, and where inputs come from."""

import warnings
from typing import Any

from .. import _rng
from .._state import state
from ..base import MXNetError
from ..graph.lower import Program
from ..graph.passes.common import without_repeats
from ..graph.programs import Programs
from ..graph.shapes import Shapes, known
from ..ndarray import NDArray
from ..ndarray._wrap import plain, recorded, wrap
from ..symbol import Group, Symbol
from .parameter import Parameter, shape_is_known
from .structure import flatten

__all__ = ["Compiled", "Graph", "nested", "structure_of", "traced"]


class Graph:
    """A traced block: a Symbol, which of its variables are the inputs, and how the outputs are nested.

    whole: whether it is all of the block, or only what arrays of one shape get to see.
    """

    def __init__(self, symbol: Symbol, inputs: list[Symbol], out_format, whole=True):
        self.symbol = symbol
        self.inputs = inputs
        self.out_format = out_format
        self.whole = whole


class Compiled:
    """A traced block, ready to run: `compiled(arrays, ctx)` on the flat list of input arrays."""

    __slots__ = ("_by_shape", "_flags", "_freezable", "_programs", "_single", "_source_of", "_sources", "_symbol",
                 "graph", "structure", "watchers")

    def __init__(self, graph: Graph, params: dict[str, Parameter], structure, flags: dict[str, Any], block_name: str):
        self.graph = graph
        self.structure = structure
        self.watchers: list = []
        self._flags = flags
        self._single = graph.out_format == 0
        self._by_shape: Any = None
        nodes = graph.symbol._nodes()
        if any(_leaves_sizes_open(node) for node in nodes) and not state.np_shape:
            self._by_shape = {}  # programs for each set of input shapes
        self._symbol = without_repeats(graph.symbol)
        self._programs = Programs(self._symbol, backend=flags.get("backend"))
        self._sources = self._find_sources(params, block_name)
        self._source_of = {id(n): s for n, s in zip(self._programs.inputs, self._sources, strict=True)}
        # the parameters whose being trained or not makes a difference for inference
        normalizes = any(node.op is not None and "moving_mean" in node.op.aux for node in nodes)
        self._freezable = self.params if normalizes else []

    def _find_sources(self, params, block_name) -> list[Any]:
        """For each input of the program, which of the call's arrays or which Parameter it is."""
        inputs = {id(s._entries[0].node): i for i, s in enumerate(self.graph.inputs)}
        sources: list[Any] = []
        for node in self._programs.inputs:
            source = inputs.get(id(node), params.get(node.name))
            if source is None:
                raise MXNetError(f"Unknown input to HybridBlock {block_name}: {node.name!r} is neither an input nor a "
                                 "Parameter of the block or its children")
            sources.append(source)
        if not self.graph.whole:
            return sources
        used = set(sources)
        for i in inputs.values():
            if i not in used:
                warnings.warn(f"The {i}-th input to HybridBlock is not used by any computation. Is this intended?",
                              stacklevel=7)
        for param in params.values():
            if param not in used:
                warnings.warn(f"Parameter {param.name} is not used by any computation. Is this intended?", stacklevel=7)
        return sources

    @property
    def params(self) -> list[Parameter]:
        """The parameters that the graph uses, inputs of operators before those of their users."""
        return [s for s in self._sources if s.__class__ is not int]

    def __call__(self, flat: list[NDArray], ctx):
        """The outputs, nested as the block's forward returned them."""
        tape = state.recording
        tensors, rg = [], False
        if tape:
            for source in self._sources:
                array = flat[source] if source.__class__ is int else source.data(ctx)
                rg = rg or array._rg
                tensors.append(array._t if array._tape is tape or array._tape is None else recorded(array, tape))
        else:
            for source in self._sources:
                array = flat[source] if source.__class__ is int else source.data(ctx)
                tensors.append(array._t if not array._rg else plain(array))
        programs = self._programs if self._by_shape is None else self._specialized(tensors)
        generator = _rng.generator(ctx.device_type, ctx.device_id)
        if self.watchers:
            results = self._run_watched(programs.plain(), tensors, generator, ctx)
        elif tape or state.training:
            results = programs.recorded().run(tensors, state.training, generator, ctx.device)
        else:
            results = self._for_inference(programs).run(tensors, False, generator, ctx.device)
        if self._single:
            return wrap(results[0], ctx, None, rg)
        return nested(iter([wrap(t, ctx, None, rg) for t in results]), self.graph.out_format)

    def _for_inference(self, programs: Programs) -> Program:
        """The program for predict mode without gradients, by which parameters are trained."""
        if not self._freezable:
            return programs.inference()
        trained = tuple([p._grad_req != "null" for p in self._freezable])
        if True not in trained:
            return programs.inference("frozen", self._is_frozen)
        return programs.inference(trained, self._is_frozen)

    def _is_frozen(self, node) -> bool:
        """Whether a variable is a parameter that is not trained."""
        source = self._source_of[id(node)]
        return source.__class__ is not int and source._grad_req == "null"

    def _specialized(self, tensors) -> Programs:
        """The programs for tensors of these shapes, where some operator's result depends on them."""
        key = tuple(t.shape for t in tensors)
        if key not in self._by_shape:
            nodes = self._programs.inputs
            found = Shapes(self._symbol, {id(n): tuple(t.shape) for n, t in zip(nodes, tensors, strict=True)},
                           {id(n): t.dtype for n, t in zip(nodes, tensors, strict=True)}).solve()
            self._by_shape[key] = Programs(self._symbol, found.of, backend=self._flags.get("backend"))
        return self._by_shape[key]

    def _run_watched(self, program, tensors, generator, ctx):
        from ..graph.watch import run_watched

        def watch(name, op_name, tensor, is_input):
            if op_name == "null":
                return  # variables are shown as inputs of operators
            for callback, everything in self.watchers:
                if everything or not is_input:
                    callback(name.encode(), op_name.encode(), wrap(tensor.detach(), ctx))

        return run_watched(program, tensors, state.training, generator, ctx.device, watch)

    def infer_shapes(self, flat) -> None:
        """Tell parameters the unknown dimensions that follow from the inputs' shapes; MXNetError for contradictions."""
        shapes, dtypes = {}, {}
        for node, source in zip(self._programs.inputs, self._sources, strict=True):
            if source.__class__ is int:
                shapes[id(node)], dtypes[id(node)] = flat[source].shape, flat[source]._t.dtype
            elif source._shape is not None:
                shapes[id(node)] = tuple(d if d > 0 else -1 for d in source._shape)
        found = Shapes(self.graph.symbol, shapes, dtypes).solve()
        for node, source in zip(self._programs.inputs, self._sources, strict=True):
            if source.__class__ is not int and not shape_is_known(source._shape) and known(found.of(node)):
                source._shape = found.of(node)


def _leaves_sizes_open(node) -> bool:
    """Whether an operator that creates an array says 0 for sizes: they follow from the shapes of the inputs."""
    if node.is_variable or node.inputs:
        return False
    shape = node.parsed.get("shape")
    return isinstance(shape, tuple) and 0 in shape


def nested(arrays, fmt):
    """The next arrays in the structure `fmt`, or what the function `fmt` makes of them."""
    if callable(fmt):
        return fmt(arrays)
    if fmt == 0:
        return next(arrays)
    if fmt == -1:
        return None
    if isinstance(fmt, int):
        return [next(arrays) for _ in range(fmt)]
    return [nested(arrays, part) for part in fmt]


def structure_of(args, kwargs):
    """(structure, flat list of arrays) of a call's arguments: arrays and None, nested in lists and tuples.

    ValueError for anything else.
    """
    flat: list[NDArray] = []
    structure = _structure(args, flat)
    while len(structure) > 1 and structure[-1] == -1:
        structure.pop()  # an argument that is left out, and None at the end, are the same
    if kwargs:
        names = sorted(kwargs)
        return [structure, names, _structure([kwargs[n] for n in names], flat)], flat
    return structure, flat


def _structure(value, flat: list):
    if isinstance(value, NDArray):
        flat.append(value)
        return 0
    if value is None:
        return -1
    if isinstance(value, (list, tuple)):
        return [_structure(v, flat) for v in value]
    raise ValueError("When hybridized, the input of HybridBlock must be (nested) list of Symbol or NDArray, "
                     f"but got {value} of type {type(value)}")


def replaced(value, arrays):
    """`value` (arguments of a call) with its arrays replaced, in order, by the next of `arrays`."""
    if isinstance(value, NDArray):
        return next(arrays)
    if isinstance(value, (list, tuple)):
        items = [replaced(v, arrays) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def traced(forward, args, kwargs, inputs: list[Symbol]) -> Graph:
    """The graph of forward(*args, **kwargs) with `inputs` in the place of its arrays."""
    symbols = iter(inputs)
    out = forward(*replaced(list(args), symbols), **{n: replaced(kwargs[n], symbols) for n in sorted(kwargs)})
    flat, out_format = flatten(out, "output")
    return Graph(Group([s for s in flat if s is not None]), inputs, out_format)
