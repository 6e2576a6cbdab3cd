"""Arrays that record: what a block's own `forward` works with while hybridize makes a graph of it.

A TracedArray has a shape and a dtype, but no values.  `Trace.record` takes the place of `_wrap.invoke` for this
thread: every operator becomes a node of a Symbol.  What a graph cannot say ends the trace as `Untraceable`.
"""

import functools
import sys
from contextlib import contextmanager
from typing import Any
from weakref import ref

import numpy as np
import torch

from .._state import state
from .._where import user_frame
from ..base import MXNetError, torch_dtype
from ..context import Context
from ..graph.shapes import Shapes, known
from ..ndarray import NDArray, _arith
from ..ndarray._wrap import wrap
from ..ops import registry
from ..ops.meta import MetaSolver
from ..ops.namespaces import place
from ..symbol import Symbol, var
from ..symbol._compose import apply
from ..symbol._node import Entry, Node, postorder
from . import traced_indexing
from .parameter import DeferredInitializationError, Parameter, shape_is_known

__all__ = ["Trace", "TracedArray", "Untraceable", "blocks_of"]

_META = torch.device("meta")


class Untraceable(MXNetError):
    """A forward does what no graph can.

    where: 'file:line' of the user's code.  blocks: whose it is, inner ones first.
    """

    def __init__(self, reason: str, where: str | None = None, blocks=()):
        super().__init__(reason)
        self.where, self.blocks = where, list(blocks)


class TracedArray(NDArray):
    """An output of a node while a forward is traced.

    _entry: which one.  _kin: weak references to all handles on the same memory.  _part: (array, key) if this is
    array[key] and shares its memory.  _outside: an input or a parameter, which others see too.  _held: the real
    array, if this is a constant.  _paused: made under autograd.pause().  _wants: whether it was recorded.
    """

    __slots__ = ("_entry", "_held", "_kin", "_outside", "_part", "_paused", "_trace", "_wants")
    _entry: Any
    _held: Any
    _paused: bool
    _wants: bool

    # ------------------------------------------------------------------ values, which there are none of

    def _values(self):
        if self._held is not None:
            return self._trace.read(self._held)
        return self._trace.fail("it needs the values of an array (asnumpy, asscalar, float, bool, int or the like)")

    def __repr__(self):
        if self._trace is not state.trace:
            return f"<TracedArray {'x'.join(map(str, self.shape))} of a forward that was traced>"
        if self._held is not None:
            return repr(self._held)
        return self._trace.fail("it prints an array, whose values are not there yet")

    __str__ = __repr__

    def _refuse(what: str):  # type: ignore[misc]  # no method: gone at the end of these lines
        def refuse(self, *args, **kwargs):
            return self._trace.fail(f"it uses {what}")

        return refuse

    handle = property(_refuse("the torch tensor of an array"))
    __getstate__ = _refuse("pickle on an array")
    __dlpack__ = to_dlpack_for_read = to_dlpack_for_write = _refuse("DLPack on an array")
    attach_grad = _mark = _refuse("attach_grad")
    backward = _refuse("backward")
    del _refuse

    def wait_to_read(self):
        """Nothing to wait for."""

    wait_to_write = wait_to_read

    # ------------------------------------------------------------------ copies and views

    def _run(self, op_name, *others, **attrs):
        return self._trace.run(op_name, (self, *others), attrs)

    def _sharing(self, array, part=None):
        """`array`, which has the same memory as this one."""
        array._kin = self._kin
        array._kin.append(ref(array))
        array._part = part
        return array

    def __deepcopy__(self, memo):
        memo[id(self)] = result = self._run("BlockGrad")
        return result

    def copyto(self, other):
        """As NDArray.copyto; to arrays of the same forward only."""
        if isinstance(other, Context):
            if other != self._ctx:
                return self._trace.fail(f"it moves an array from {self._ctx} to {other}")
            return self._run("_copy")
        return super().copyto(other)

    def astype(self, dtype, copy=True):
        """As NDArray.astype."""
        target = torch_dtype(dtype)
        return self if not copy and target is self._t.dtype else self._run("Cast", dtype=target)

    def detach(self):
        """As NDArray.detach."""
        return self._sharing(self._run("BlockGrad"))

    def _op_reshape(self, shape, reverse):
        return self._sharing(self._run("Reshape", shape=tuple(int(s) for s in shape), reverse=reverse))

    def __getitem__(self, key):
        return traced_indexing.getitem(self, key)

    def __setitem__(self, key, value):
        self._write(traced_indexing.setitem(self, key, value))

    def _assign(self, value):
        self._write(value)

    def _write(self, value):
        """Become `value`, cast to this array's dtype; so do the array that this is a part of, and no others."""
        trace = self._trace
        if self._outside:
            trace.fail("it writes to an array that was there before (an input or a parameter)")
        if state.recording and (self._wants or getattr(value, "_wants", False)):
            trace.fail("it writes to an array in place while autograd is recording")
        if value.shape != self.shape:
            trace.fail(f"it writes an array of shape {value.shape} in the place of one of shape {self.shape}")
        if value._t.dtype is not self._t.dtype:
            value = trace.run("Cast", (value,), {"dtype": self._t.dtype})
        whole = self if self._part is None else self._part[0]
        parts = [a for a in (r() for r in self._kin) if a is not None and a is not whole]
        if any(a._part is None or a._part[0] is not whole for a in parts):
            trace.fail("it writes to an array that shares its memory with another")
        if whole is not self:
            trace.adopt(whole, traced_indexing.setitem(whole, self._part[1], value))
        trace.adopt(self, value)
        for part in parts:
            if part is not self:
                trace.adopt(part, traced_indexing.getitem(whole, part._part[1]))


def _dunder(name, reverse):
    return lambda self, other: _arith.general(name, self, other, None, reverse)


for _name, (_function, _reverse) in _arith._DUNDERS.items():
    setattr(TracedArray, _name, _dunder(_function, _reverse))
TracedArray.__hash__ = NDArray.__hash__  # type: ignore[method-assign]


class Trace(MetaSolver):
    """One run of a forward on TracedArrays, on one context: `with trace: forward(*trace.inputs)`.

    To the rest of the package it is a shape inference, too (`state.solver`): hooks do not run and operators see that
    tensors have no values.  params: the Parameters that may become variables, by name.  prefix: for names.
    """

    def __init__(self, params: dict[str, Parameter], prefix: str, ctx: Context):
        self.params, self.prefix, self.ctx = params, prefix, ctx
        self.recording, self.training = bool(state.recording), state.training
        self.failure: Untraceable | None = None
        self.inputs: list[Symbol] = []
        self.constants: dict[str, NDArray] = {}
        self.frozen: list[tuple[torch.Tensor, int]] = []  # what was computed with already, and its version then
        self._own: set[int] = set()  # ids of constants that the forward itself made
        self._variables: dict[int, TracedArray] = {}  # by id of the Parameter or the constant array
        self._stopped: dict[tuple[int, int], Entry] = {}  # entries behind which no gradient flows
        self._writers: list[Node] = []
        self._before: tuple = ()

    def __enter__(self):
        self._before = state.trace, state.solver
        state.trace = state.solver = self
        for param in self.params.values():
            param._only = None  # the short way of data() leads past the trace
        return self

    def __exit__(self, *exc_info):
        for param in self.params.values():
            data = param._data
            param._only = data[0] if data is not None and len(data) == 1 else None
        state.trace, state.solver = self._before

    @contextmanager
    def _away(self):
        """Outside of the trace for a while."""
        state.trace = state.solver = None
        try:
            yield
        finally:
            state.trace = state.solver = self

    def fail(self, reason: str):
        """End the trace; even if the user's code catches the exception."""
        if self.failure is None:
            frame = user_frame(sys._getframe(1))
            where = None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
            self.failure = Untraceable(reason, where, blocks_of(frame))
        raise self.failure

    # ------------------------------------------------------------------ what a shape inference is asked

    def reading(self, tensor: torch.Tensor):
        """To read the values of a real array; they are part of the graph then."""
        self.freeze(tensor)
        return self._away()

    def read(self, array: NDArray):
        """A real array's values."""
        with self.reading(array._t):
            return array._values()

    def freeze(self, tensor: torch.Tensor):
        """Note that the graph is true only as long as nobody writes to this tensor."""
        if not any(t is tensor for t, _ in self.frozen):
            self.frozen.append((tensor, tensor._version))

    # ------------------------------------------------------------------ arrays

    def _array(self, entry: Entry, shape, dtype, wants=False, outside=False, held=None) -> TracedArray:
        array = wrap(torch.empty(shape, dtype=dtype, device=_META), self.ctx, TracedArray)
        array._trace, array._entry, array._wants, array._outside, array._held = self, entry, wants, outside, held
        array._paused = self.recording and not state.recording
        array._kin, array._part = [ref(array)], None
        return array

    def input(self, name: str, array: NDArray) -> TracedArray:
        """The variable for an input."""
        return self._array(Entry(Node(None, name, {})), array.shape, array._t.dtype, array._rg, outside=True)

    def parameter(self, param: Parameter, ctx=None):
        """What `param.data(ctx)` gives: its variable.  DeferredInitializationError while its shape is unknown."""
        if self.params.get(param.name) is not param or not (param._data is not None or param._deferred_init):
            return param._check_and_get(param._data, ctx)
        if (ctx is not None and ctx != self.ctx) or self.ctx not in param.list_ctx():
            self.fail(f"it takes parameter {param.name} from another context than {self.ctx}")
        if id(param) not in self._variables:
            if not shape_is_known(param._shape):
                raise DeferredInitializationError(f"the shape {param._shape} of parameter {param.name} is not known")
            node = param.var()._entries[0].node
            self._variables[id(param)] = self._array(Entry(Node(None, node.name, dict(node.attrs))), param._shape,
                                                     torch_dtype(param._dtype), param.grad_req != "null", outside=True)
        return self._variables[id(param)]

    def constant(self, array: NDArray, own=False) -> TracedArray:
        """The variable for a real array; own: it was made by the forward and nobody else has it."""
        if id(array) not in self._variables:
            if array._ctx != self.ctx:
                self.fail(f"it uses an array on {array._ctx} beside those on {self.ctx}")
            if array._rg and array._ag is None:
                self.fail("it uses an array that autograd recorded outside of what is traced")
            name = f"{self.prefix}constant{len(self.constants)}"
            while name in self.params:
                name += "_"
            self.constants[name] = array
            if own:
                self._own.add(id(array))
            variable = var(name, shape=array.shape, dtype=array.dtype)
            self._variables[id(array)] = self._array(variable._entries[0], array.shape, array._t.dtype, array._rg,
                                                     outside=not own, held=array)
        return self._variables[id(array)]

    def fresh(self, array: NDArray) -> TracedArray:
        """A handle of its own on a constant that the forward made just now."""
        return self.constant(array, own=True)

    def made(self, make, source, ctx: Context, dtype) -> TracedArray:
        """What nd.array(source) gives: a constant, or a copy of an array, of which no gradient goes back."""
        if not isinstance(source, NDArray):
            with self._away():
                array = make(source, ctx, dtype)
            return self.fresh(array)
        copy = self.run("BlockGrad", (source,), {})
        return copy if dtype is None else copy.astype(dtype)

    def of(self, value) -> TracedArray:
        """An array as one of this trace."""
        if not isinstance(value, TracedArray):
            return self.constant(value)
        if value._trace is not self:
            self.fail("it uses an array that an earlier call left behind")
        return value

    def entry(self, array) -> Entry:
        """The entry that stands for an array now; what was made under autograd.pause() lets no gradient through."""
        array = self.of(array)
        if not (array._paused and state.recording):
            return array._entry
        key = id(array._entry.node), array._entry.index
        if key not in self._stopped:
            symbol = apply(registry.get("BlockGrad"), "blockgrad", (Symbol([array._entry]),), {})
            self._stopped[key] = symbol._entries[0]
        return self._stopped[key]

    def adopt(self, target: TracedArray, value: TracedArray):
        """Let `target` stand for what `value` stands for."""
        value = self.of(value)
        target._entry, target._paused, target._wants, target._held = value._entry, value._paused, value._wants, None

    # ------------------------------------------------------------------ operators

    def run(self, op_name: str, args, attrs: dict):
        """An operator by its name."""
        return self._record(registry.get(op_name), attrs, args)

    def record(self, op, bound, args, out=None, ctx=None, name=None):
        """What `invoke` does outside of a trace."""
        for array in args:
            if array is not None and not isinstance(array, NDArray):
                raise AssertionError(f"operator {op.name}: inputs must have NDArray type, but got {type(array)}")
        if ctx is not None and ctx != self.ctx and not args:
            self.fail(f"it makes an array on {ctx} beside those on {self.ctx}")
        attrs = dict(bound.keywords) if isinstance(bound, functools.partial) else {}
        result = self._record(op, attrs, args, name)
        if out is None:
            return result
        results = result if isinstance(result, list) else [result]
        targets = [out] if isinstance(out, NDArray) else list(out)
        if len(targets) != len(results):
            raise MXNetError(f"operator {op.name} has {len(results)} output(s), but out= names {len(targets)}")
        for target, value in zip(targets, results, strict=True):
            if not isinstance(target, TracedArray):
                self.fail("it writes to an array that was there before")
            target._write(value)
        return out

    def _record(self, op, attrs: dict, args, name=None):
        if "_train" in op.runtime and state.training != self.training:
            self.fail(f"it changes between train and predict mode, and operator {op.name} differs in them")
        if state.recording and not self.recording:
            self.fail("it records with autograd by itself")
        given = [Symbol([self.entry(a)]) if a is not None else None for a in args]
        by_name = {} if op.variadic else {i.name: s for i, s in zip(op.inputs, given, strict=False) if s is not None}
        symbol = apply(op, place(op.name)[1].lower(), given if op.variadic else (), {**attrs, **by_name}, name)
        node = symbol._entries[0].node
        if len(node.inputs) != sum(s is not None for s in given):
            raise MXNetError(f"operator {op.name} does not take {len(given)} inputs with these attributes")
        self._note_writes(node)
        arrays = self._outputs(node, [a for a in args if a is not None])
        return arrays[0] if len(arrays) == 1 else arrays

    def _note_writes(self, node: Node):
        written = {*node.op.aux_names(node.parsed), *node.op.mutates}
        for input_name, entry in zip(node.input_names(), node.inputs, strict=False) if written else ():
            if input_name in written:
                if not entry.node.is_variable:
                    self.fail(f"operator {node.op.name} writes to an array that was computed in the forward")
                self._writers.append(node)

    def _outputs(self, node: Node, args) -> list[TracedArray]:
        """Arrays for the outputs of a new node."""
        args = [self.of(a) for a in args]
        sources = [Node(None, f"in{i}", {}) for i in range(len(args))]
        probe = Node(node.op, node.name, node.attrs, [Entry(s) for s in sources], node.subgraphs)
        probe._parsed = node.parsed
        count = node.count_visible
        with self._away():
            shapes = Shapes(Symbol([Entry(probe, i) for i in range(count)]),
                            {id(s): a.shape for s, a in zip(sources, args, strict=True)},
                            {id(s): a._t.dtype for s, a in zip(sources, args, strict=True)}).solve()
        found = [shapes.of(probe, i) for i in range(count)]
        if not all(map(known, found)):
            self.fail(f"the shape of what operator {node.op.name} computes depends on values")
        if any(0 in s for s in found):
            self.fail(f"operator {node.op.name} computes an array of size 0")
        wants = bool(state.recording) and any(a._wants for a in args)
        return [self._array(Entry(node, i), shape, shapes.types[id(probe), i], wants)
                for i, shape in enumerate(found)]

    def graph(self, symbol, variables: dict[str, TracedArray]) -> list[TracedArray]:
        """Arrays for the outputs of a Symbol whose variables are these arrays."""
        made: dict[int, list[TracedArray]] = {}
        for node in postorder(symbol._entries):
            if node.is_variable:
                made[id(node)] = [variables[node.name]]
                continue
            if node.subgraphs:
                self.fail(f"operator {node.op.name} of a SymbolBlock has graphs of its own")
            inputs = [made[id(e.node)][e.index] for e in node.inputs]
            given: list[Any]
            if node.op.variadic:
                given = inputs
            else:
                by_name = dict(zip(node.input_names(), inputs, strict=True))
                given = [by_name.get(i.name) for i in node.op.inputs]
            attrs = {key: value for key, value in node.attrs.items() if not key.startswith("__")}
            result = self._record(node.op, attrs, given, node.name)
            made[id(node)] = result if isinstance(result, list) else [result]
        return [made[id(e.node)][e.index] for e in symbol._entries]

    # ------------------------------------------------------------------ the end

    def finish(self, outputs: list[NDArray]) -> Symbol:
        """The Symbol of these outputs.  Untraceable if something that the forward did would be missing in it."""
        if self.failure is not None:
            raise self.failure
        entries = tuple(self.entry(a) for a in outputs)
        nodes = {id(n) for n in postorder(entries)}
        for node in self._writers:
            if id(node) not in nodes:
                self.fail(f"operator {node.op.name} updates a state, but its output is not used")
        self._variables.clear()
        return Symbol(entries)

    def same_constants(self, other: "Trace") -> bool:
        """Whether two traces of one graph hold the same arrays; those that a forward made, the same values."""
        return self.constants.keys() == other.constants.keys() and not self.frozen and not other.frozen and all(
            a is b or (id(a) in self._own and id(b) in other._own and a.dtype == b.dtype
                       and np.array_equal(a.asnumpy(), b.asnumpy()))
            for a, b in zip(self.constants.values(), (other.constants[n] for n in self.constants), strict=True))


def blocks_of(frame) -> list:
    """The blocks whose methods are running, inner ones first."""
    from .block import Block

    found = []
    while frame is not None and not isinstance(frame.f_locals.get("running_trace"), Trace):
        owner = frame.f_locals.get("self")
        if isinstance(owner, Block) and owner not in found:
            found.append(owner)
        frame = frame.f_back
    return found

