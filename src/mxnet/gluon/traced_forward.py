"""hybridize for blocks that override `forward`: it runs once on TracedArrays, and what they recorded is compiled.

As a forward may ask for shapes, dtypes and modes, there is a graph for each set of them; equal graphs are one.  What
no graph can say keeps the blocks concerned running eagerly, with a warning that says why.
"""

import threading
import traceback
import warnings
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .._state import state
from .._where import user_frame
from ..context import Context
from ..name import Prefix
from ..ndarray import NDArray
from ..ndarray._wrap import _level_of_caller
from ..symbol import Symbol
from .compiled import Compiled, Graph
from .deferred import find_shapes
from .dry_run import Memory
from .parameter import DeferredInitializationError, Parameter, shape_is_known
from .traced_array import Trace, TracedArray, Untraceable, blocks_of

__all__ = ["Forwards", "GaveUp"]

_MOST = 64  # graphs of one block: batches of ever new sizes must not fill the memory
_one_at_a_time = threading.RLock()


class GaveUp:
    """Why some blocks run eagerly."""

    def __init__(self, block, error: Exception, marked):
        self._block, self._error, self.marked = block, error, marked

    def announce(self):
        """One warning for all of the blocks."""
        error = self._error
        inner = self.marked[0]
        where = f" ({error.where})" if getattr(error, "where", None) else ""
        reason = str(error) if isinstance(error, Untraceable) else f"{type(error).__name__}: {error}"
        outer = "" if inner is self._block else f", and with it {type(self._block).__name__} '{self._block.name}'"
        warnings.warn(f"{type(inner).__name__} '{inner.name}'{outer} cannot be compiled and keeps running eagerly, for "
                      f"in its forward{where}: {reason}. Blocks inside that can be compiled are.",
                      stacklevel=_level_of_caller())

    def undo(self):
        """Let the blocks be traced again: they could not run eagerly either."""
        for block in self.marked:
            block.__dict__["_runs_eagerly"] = False


class _Held:
    """An array that is no Parameter, as a source of a graph."""

    _deferred_init = ()
    _grad_req = "write"  # its values may change at any time

    def __init__(self, name: str, array: NDArray):
        self.name, self._array = name, array

    def data(self, ctx):
        """The array itself."""
        return self._array


class _Form:
    """A compiled trace: `fits()` says whether what it took from arrays while it was traced is still true."""

    def __init__(self, compiled: Compiled, trace: Trace, text: str):
        self.compiled, self.trace, self.text = compiled, trace, text

    def fits(self) -> bool:
        """Whether nobody wrote to the arrays with which the forward computed while it was traced."""
        return all(tensor._version == version for tensor, version in self.trace.frozen)


class Forwards:
    """The compiled forms of a block's forward, by what the calls are like."""

    def __init__(self, block, params: dict[str, Parameter]):
        self._block, self._params = block, params
        self._forms: dict[Any, _Form] = {}
        self.constants: dict[str, NDArray] = {}  # of the last call's graph, which export writes

    def __deepcopy__(self, memo):
        """A copy of the block is traced by itself."""

    def find(self, args, kwargs):
        """(Compiled or GaveUp, flat list of arrays); None for calls that are to run eagerly without a word."""
        flat: list[NDArray] = []
        structure = _structure(args, flat), tuple((n, _structure(kwargs[n], flat)) for n in sorted(kwargs))
        ctx = flat[0]._ctx.results
        key = (structure, tuple([(a._t.shape, a._t.dtype, a._ctx) for a in flat]), state.training,
               bool(state.recording), state.np_shape)
        try:
            form = self._forms.get(key)
        except TypeError:  # an argument that is no array and cannot be told from others
            return None, flat
        if form is None or not form.fits():
            if any(a._ctx.results != ctx for a in flat):
                return None, flat
            form = self._compile(key, flat, args, kwargs)
            if isinstance(form, GaveUp):
                return form, flat
            self._forms.pop(key, None)
            self._forms[key] = form
            while len(self._forms) > _MOST:
                del self._forms[next(iter(self._forms))]
        self._block.__dict__["_cached_graph"] = (form.trace.inputs, form.compiled.graph.symbol)
        self.constants = form.trace.constants
        return form.compiled, flat

    def _compile(self, key, flat, args, kwargs):
        with _one_at_a_time:
            if key in self._forms and self._forms[key].fits():
                return self._forms[key]
            block = self._block
            try:
                trace, symbol, out_format = self._trace(flat, args, kwargs)
                form = self._known(trace, symbol, out_format) or self._new(trace, symbol, out_format)
                block._just_traced()
                block.__dict__["_forwards"] = self
                return form
            except Exception as error:  # whatever it is: running eagerly says it better, or succeeds
                return self._give_up(error)

    def _trace(self, flat, args, kwargs):
        """(trace, Symbol, format of the outputs) of the forward."""
        memory = Memory(self._block)
        try:
            result = self._run(memory, flat, args, kwargs)
        except DeferredInitializationError:
            memory.restore()
            find_shapes(self._block, args, kwargs)
            result = self._run(memory, flat, args, kwargs)
        changed = memory.changes()
        if changed:  # what it keeps may be a note, the same each time, but not a count
            before = Memory(self._block)
            result = self._run(memory, flat, args, kwargs)
            for block, name in before.changes():
                memory.restore()
                raise Untraceable(f"it changes its attribute {name} at every call", None, [block])
        return result

    def _run(self, memory: Memory, flat, args, kwargs):
        names = ["data"] if len(flat) == 1 else [f"data{i}" for i in range(len(flat))]
        running_trace = Trace(self._params, self._block.prefix, flat[0]._ctx.results)  # where messages about blocks end
        inputs = [running_trace.input(name, array) for name, array in zip(names, flat, strict=True)]
        given = iter(inputs)
        outputs: list[NDArray] = []
        try:
            with running_trace, Prefix(self._block.prefix), _Watch(running_trace):
                args = _replaced(args, given)
                out = self._block(*args, **{n: _replaced(kwargs[n], given) for n in sorted(kwargs)})
                out_format = _format(out, outputs, running_trace)
                symbol = running_trace.finish(outputs)
            if memory.drew():
                raise Untraceable("it draws random numbers that would be the same at every call (of random, of "
                                  "numpy.random, or with arrays that are constants)", None, [self._block])
            for block, name in memory.changes():
                if _holds_traced(block.__dict__[name]):
                    raise Untraceable(f"it keeps an array in its attribute {name}", None, [block])
        except Exception as error:
            memory.restore()
            failure = running_trace.failure
            if failure is None or failure is error:
                raise
            raise failure from error
        running_trace.inputs = [Symbol([a._entry]) for a in inputs]
        return running_trace, symbol, out_format

    def _known(self, trace: Trace, symbol, out_format):
        """The form of an equal trace, if there was one."""
        text = symbol.tojson(remove_amp_cast=False)
        for form in self._forms.values():
            graph = form.compiled.graph
            if form.text == text and graph.out_format == out_format and form.trace.same_constants(trace):
                return form
        return None

    def _new(self, trace: Trace, symbol, out_format):
        graph = Graph(symbol, trace.inputs, out_format, whole=False)
        held = {name: _Held(name, array) for name, array in trace.constants.items()}
        sources: dict[str, Any] = {**self._params, **held}
        block = self._block
        compiled = Compiled(graph, sources, None, {"backend": block._backend}, block.name)
        compiled.watchers = block._op_hooks
        for param in dict.fromkeys([*compiled.params, *self._params.values()]):
            if param._deferred_init and shape_is_known(param._shape):
                param._finish_deferred_init()
        return _Form(compiled, trace, symbol.tojson(remove_amp_cast=False))

    def _give_up(self, error: Exception) -> GaveUp:
        if isinstance(error, Untraceable):
            marked = error.blocks
        else:
            where, marked = _place(error)
            error.where = where  # type: ignore[attr-defined]
        marked = [b for b in marked if hasattr(b, "_runs_eagerly")]
        if self._block not in marked:
            marked.append(self._block)
        for block in marked:
            block.__dict__["_runs_eagerly"] = True
        return GaveUp(self._block, error, marked)


def _place(error: Exception):
    """('file:line' of the user's code, blocks inner ones first) that an exception came through."""
    frames = list(traceback.walk_tb(error.__traceback__))
    users = [(frame, line) for frame, line in frames if user_frame(frame) is frame]
    where = f"{users[-1][0].f_code.co_filename}:{users[-1][1]}" if users else None
    return where, blocks_of(frames[-1][0]) if frames else []


class _Watch(TorchDispatchMode):
    """Sees what torch does with real tensors while a forward is traced: none of that is in the graph.

    Writing to tensors that were there before is refused; those that are read are noted, for the graph is true as long
    as they stay the same.
    """

    def __init__(self, trace: Trace):
        super().__init__()
        self._trace = trace
        self._made: dict[int, torch.Tensor] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # it would import torch._dynamo, which takes seconds

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if state.trace is not self._trace:
            return func(*args, **kwargs)
        real = [t for t in _tensors((args, kwargs)) if not t.is_meta and id(t) not in self._made]
        if func._schema.is_mutable:
            written = [a for a, spec in zip(args, func._schema.arguments, strict=False)
                       if spec.alias_info is not None and spec.alias_info.is_write]
            if any(t is w for t in real for w in written):
                self._trace.fail("it writes to an array that was there before")
        elif not func.is_view:
            for tensor in real:
                self._trace.freeze(tensor)
        result = func(*args, **kwargs)
        if not (func.is_view and real):
            self._made.update((id(t), t) for t in _tensors(result))
        return result


def _tensors(value):
    """All tensors in nested arguments."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _tensors(v)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


# ------------------------------------------------------------------------------------------ arguments and results


def _structure(value, flat: list):
    """What a nested argument is like, its arrays added to `flat`: to be compared and hashed."""
    kind = type(value)
    if isinstance(value, NDArray):
        flat.append(value)
        return NDArray
    if isinstance(value, (list, tuple)):
        return kind, tuple([_structure(v, flat) for v in value])
    if isinstance(value, dict):
        return kind, tuple(value), tuple([_structure(v, flat) for v in value.values()])
    return kind, value


def _replaced(value, arrays):
    """A nested argument with its arrays replaced, in order, by the next of `arrays`."""
    if isinstance(value, NDArray):
        return next(arrays)
    if isinstance(value, (list, tuple)):
        return _like(value, [_replaced(v, arrays) for v in value])
    if isinstance(value, dict):
        return {k: _replaced(v, arrays) for k, v in value.items()}
    return value


def _like(sequence, items: list):
    return type(sequence)(*items) if hasattr(sequence, "_fields") else type(sequence)(items)


_ARRAY = object()
_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, np.dtype, type, Context)


def _format(out, arrays: list, trace: Trace):
    """How results are nested, 0 for a single array; the arrays are added to `arrays`."""
    template = _template(out, arrays, trace)
    if not arrays:
        trace.fail("it returns no array")
    return 0 if template is _ARRAY else _Nesting(template)


def _template(out, arrays: list, trace: Trace):
    if isinstance(out, NDArray):
        arrays.append(out)
        return _ARRAY
    if isinstance(out, (list, tuple)):
        return _like(out, [_template(o, arrays, trace) for o in out])
    if type(out) is dict:
        return {k: _template(o, arrays, trace) for k, o in out.items()}
    if not isinstance(out, _PLAIN):
        trace.fail(f"it returns an object of type {type(out).__name__}")
    return out


class _Nesting:
    """Puts arrays into the lists, tuples and dicts that a forward returned; a format of `compiled.nested`."""

    def __init__(self, template):
        self._template = template

    def __eq__(self, other):
        return isinstance(other, _Nesting) and self._template == other._template

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, arrays):
        return self._filled(self._template, arrays)

    def _filled(self, template, arrays):
        if template is _ARRAY:
            return next(arrays)
        if isinstance(template, (list, tuple)):
            return _like(template, [self._filled(t, arrays) for t in template])
        if isinstance(template, dict):
            return {k: self._filled(t, arrays) for k, t in template.items()}
        return template


def _holds_traced(value) -> bool:
    if isinstance(value, (list, tuple, set)):
        return any(map(_holds_traced, value))
    if isinstance(value, dict):
        return any(map(_holds_traced, value.values()))
    return isinstance(value, TracedArray)
