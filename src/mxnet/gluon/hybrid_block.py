"""HybridBlock: a block that computes with operators of `F`, eagerly or as one compiled graph."""

import inspect
import threading

from .. import ndarray, symbol
from .._state import state
from ..context import cpu
from ..graph.infer import inferring
from ..ndarray import NDArray
from ..symbol import Symbol
from .block import Block, _Edits
from .compiled import Compiled, structure_of, traced
from .deferred import Found, find_shapes, infer_parameters
from .parameter import DeferredInitializationError, Parameter, shape_is_known
from .structure import context_of, flatten, leaves, on_arrays, single_context

__all__ = ["HybridBlock"]

_tracing = threading.RLock()  # one thread traces a block, the others wait for what it finds


_NOTHING_TRACED = {
    "_compiled": None,
    "_forwards": None,
    "_edits_seen": -1,
    "_made_of": None,
    "_cached_graph": (),  # (inputs, outputs) of the last trace
}


class HybridBlock(Block):
    """A Block that computes with operators of `F`, eagerly or, after `hybridize()`, as one compiled graph.

    Override `hybrid_forward(self, F, x, *args, **params)`: F is mx.nd or mx.sym, the block's own Parameters come as
    arrays (or symbols) in keyword arguments of their attribute names.  Or override `forward`, as for a Block: it may
    look at shapes, dtypes and modes, for each of which there is a graph then; one that looks at values runs eagerly.
    """

    _graph_is_given = False  # by a Symbol, not by what forward does
    _compiled: Compiled | None

    def __init__(self, prefix=None, params=None):
        super().__init__(prefix=prefix, params=params)
        self._active = False
        self._flags = []
        self._backend = None
        self._runs_eagerly = False  # for there is no way to trace it
        self._by_arrays = False  # whether a forward of one's own must be traced
        self._forget()

    def register_child(self, block, name=None):
        if not isinstance(block, HybridBlock):
            raise ValueError(f"Children of HybridBlock must also be HybridBlock, but {block} has type {type(block)}. "
                             "If you are using Sequential, please try HybridSequential instead.")
        super().register_child(block, name)

    # ------------------------------------------------------------------ hybridize

    def hybridize(self, active=True, backend=None, clear=True, static_alloc=False, static_shape=False, inline_limit=2,
                  forward_bulk_size=None, backward_bulk_size=None, **kwargs):
        """Run this block as one graph from its next call on, traced once; results are the same.

        A `forward` of your own that no graph can say (it needs values, counts its calls, ...) keeps running eagerly,
        with a warning that names the line; blocks inside it are compiled.
        backend: hand the graph to torch.compile ('inductor', ...), which takes a C++ compiler and its time.  The
        other options are MXNet's and change nothing here: memory is reused and shapes may change in any case.
        """
        options = {"static_alloc": static_alloc, "static_shape": static_shape, "inline_limit": inline_limit,
                   "forward_bulk_size": forward_bulk_size, "backward_bulk_size": backward_bulk_size, **kwargs}
        self._active = active
        self._flags = [(name, value) for name, value in options.items() if value is not None]
        self._backend = backend
        self._runs_eagerly = False
        if clear:
            self._forget()
        super().hybridize(active, backend=backend, clear=clear, **options)

    def optimize_for(self, x, *args, backend=None, clear=False, **kwargs):
        """hybridize(backend=...) and run once on these inputs."""
        if not isinstance(x, NDArray):
            raise ValueError(f"optimize_for needs arrays to run the block on, got {type(x)}")
        self.hybridize(True, backend=backend, clear=clear, **kwargs)
        return self(x, *args)

    def _forget(self):
        """Drop what was traced."""
        self.__dict__.update(_NOTHING_TRACED)

    def __getstate__(self):
        """Copies, and what worker processes get, are traced anew."""
        return {**self.__dict__, **_NOTHING_TRACED}

    def _clear_cached_op(self):
        self._forget()

    def _register_attribute(self, name, value):
        super()._register_attribute(name, value)
        if "_compiled" in self.__dict__:
            self._forget()

    def cast(self, dtype):
        self._forget()
        super().cast(dtype)

    def _still_true(self):
        """Forget what was traced if blocks or parameters below were exchanged since."""
        if self._edits_seen != _Edits.count:
            count, made_of = _Edits.count, _MakeUp(self)
            if made_of != self._made_of:
                self._forget()
                self.__dict__["_made_of"] = made_of
                self.__dict__["_by_arrays"] = made_of.own_forward
            self.__dict__["_edits_seen"] = count

    def _just_traced(self):
        """What the forward itself changed while it was traced is no reason to trace it again."""
        self.__dict__["_made_of"], self.__dict__["_edits_seen"] = _MakeUp(self), _Edits.count

    def _run_compiled(self, args, kwargs):
        """The outputs of the compiled graph, which the first call traces.

        ValueError for arguments of another structure than then, and for arrays on several contexts.
        """
        if not kwargs and _is_array(args):
            structure, flat, ctx = _ONE_ARRAY, args, args[0]._ctx.results
        else:
            structure, flat = structure_of(args, kwargs)
            ctx = single_context(flat)
        self._still_true()
        compiled = self._compiled
        if compiled is None:
            compiled = self._compile(structure, flat, args, kwargs)
        elif compiled.structure != structure:
            raise ValueError("The argument structure of HybridBlock does not match the cached version. Stored format = "
                             f"{compiled.structure}, input format = {structure}")
        try:
            return compiled(flat, ctx)
        except DeferredInitializationError:
            pass  # below, so that errors found there come without this one
        with _tracing:
            self._initialize_params(compiled, flat, args, kwargs)
        return compiled(flat, ctx)

    def _compile(self, structure, flat, args, kwargs) -> Compiled:
        with _tracing:
            compiled = self._compiled
            if compiled is None:
                graph = self._trace(flat, args, kwargs)
                compiled = Compiled(graph, _all_params(self), structure, {"backend": self._backend}, self.name)
                compiled.watchers = self._op_hooks
                self._just_traced()
            self.__dict__["_cached_graph"] = (compiled.graph.inputs, compiled.graph.symbol)
            self.__dict__["_compiled"] = compiled
        return compiled

    def _trace(self, flat, args, kwargs):
        while len(args) > 1 and args[-1] is None and not _accepts(self.hybrid_forward, len(args) + 1):
            args = args[:-1]
        names = ["data"] if len(flat) == 1 else [f"data{i}" for i in range(len(flat))]
        return traced(self._hybrid, args, kwargs, [symbol.var(name) for name in names])

    def _initialize_params(self, compiled, flat, args, kwargs):
        """Find the shapes that the inputs tell, and initialize in the order of the graph, as MXNet's streams expect."""
        waiting = [p for p in compiled.params if p._deferred_init]
        if not all(shape_is_known(p._shape) for p in waiting):
            with Found(waiting):
                compiled.infer_shapes(flat)
        if all(shape_is_known(p._shape) for p in waiting):
            for param in waiting:
                param._finish_deferred_init()
        else:
            infer_parameters(self, args, kwargs, children_too=True)

    def register_op_hook(self, callback, monitor_all=False):
        """Call callback(name of the output, name of the operator, array) for what operators of the graph compute.

        Names are bytes, as in MXNet.  monitor_all: for their inputs, too.
        """
        self._op_hooks.append((callback, monitor_all))
        super().register_op_hook(callback, monitor_all)

    @property
    def _op_hooks(self) -> list:
        return self.__dict__.setdefault("_hooks_of_operators", [])

    def export(self, path, epoch=0, remove_amp_cast=True):
        """Write the compiled graph to `path-symbol.json` and the parameters to `path-0000.params`.

        SymbolBlock.imports reads them, Module and MXNet too.  RuntimeError before the first hybridized call.
        """
        if not self._cached_graph:
            raise RuntimeError("Please first call block.hybridize() and then run forward with this block at least once "
                               "before calling export.")
        graph = self._cached_graph[1]
        arguments, auxiliary = set(graph.list_arguments()), set(graph.list_auxiliary_states())
        arrays = {}
        for name, param in _all_params(self).items():
            if name in arguments:
                arrays[f"arg:{name}"] = param._reduce()
            elif name in auxiliary:
                arrays[f"aux:{name}"] = param._reduce()
        for name, array in self._forwards.constants.items() if self._forwards is not None else ():
            arrays[f"{'arg' if name in arguments else 'aux'}:{name}"] = array.copyto(cpu())
        graph.save(f"{path}-symbol.json", remove_amp_cast=remove_amp_cast)
        ndarray.save(f"{path}-{epoch:04d}.params", arrays)

    # ------------------------------------------------------------------ shapes

    def infer_shape(self, *args):
        """Find the unknown dimensions of parameters, also of children, from inputs; initializes nothing.

        A layer may override it and set the `.shape` of its parameters.
        """
        find_shapes(self, args, {})

    def infer_type(self, *args):
        """Find this block's parameter dtypes from inputs: the first input's dtype."""
        dtype = flatten(args, "input")[0][0].dtype
        for param in self._reg_params.values():
            param.dtype = dtype

    def _note_shapes(self, args):
        if type(self).infer_shape is not HybridBlock.infer_shape:
            self.infer_shape(*args)

    def _infer(self, args, kwargs):
        self._note_shapes(args)
        super()._infer(args, kwargs)

    # ------------------------------------------------------------------ calling

    def __call__(self, *args, **kwargs):
        """Run the hooks, and `forward` or what it was compiled to."""
        if not self._active or state.solver is not None:
            return super().__call__(*args, **kwargs)
        if self._edits_seen != _Edits.count:
            self._still_true()
        if self._by_arrays:
            return self._call_traced(args, kwargs)
        if not args or (not _is_array(args) and not on_arrays(args)):
            return super().__call__(*args, **kwargs)
        if self._forward_pre_hooks:
            self._run_hooks(self._forward_pre_hooks, args)
        out = self._run_compiled(args, kwargs)
        if self._forward_hooks:
            self._run_hooks(self._forward_hooks, args, out)
        return out

    def _call_traced(self, args, kwargs):
        """A call where `forward` is somebody's own: see traced_forward."""
        kinds = {isinstance(leaf, Symbol) for leaf in leaves([*args, *kwargs.values()])}
        if self._runs_eagerly or kinds != {False}:
            return super().__call__(*args, **kwargs)
        from .traced_forward import Forwards, GaveUp

        forwards = self._forwards
        if forwards is None:
            forwards = self.__dict__["_forwards"] = Forwards(self, _all_params(self))
        compiled, flat = forwards.find(args, kwargs)
        if compiled is None:
            return super().__call__(*args, **kwargs)
        if isinstance(compiled, GaveUp):
            try:
                out = super().__call__(*args, **kwargs)
            except Exception:
                compiled.undo()
                raise
            compiled.announce()
            return out
        if self._forward_pre_hooks:
            self._run_hooks(self._forward_pre_hooks, args)
        out = compiled(flat, flat[0]._ctx.results)
        if self._forward_hooks:
            self._run_hooks(self._forward_hooks, args, out)
        return out

    def forward(self, x, *args, **kwargs):
        """Hand the inputs and this block's parameters on their context to `hybrid_forward`."""
        if type(x) is NDArray and not args:
            x_ctx = x._ctx.results
        else:
            if not on_arrays((x, *args)):
                return self._hybrid(x, *args, **kwargs)
            x_ctx = context_of((x, *args))
        reg = self._reg_params
        try:
            params = {name: p.data(x_ctx) for name, p in reg.items()} if reg else reg
        except DeferredInitializationError:
            if inferring():
                raise
            self._settle((x, *args), kwargs)  # for `forward` was called by itself
            params = {name: p.data(x_ctx) for name, p in reg.items()}
        if state.trace is not None:
            with self.name_scope():
                return self.hybrid_forward(ndarray, x, *args, **kwargs, **params)
        return self.hybrid_forward(ndarray, x, *args, **kwargs, **params)

    def _hybrid(self, x, *args, **kwargs):
        """`forward` of Symbols."""
        params = {name: p.var() for name, p in self._reg_params.items()}
        with self.name_scope():
            return self.hybrid_forward(symbol, x, *args, **kwargs, **params)

    def hybrid_forward(self, F, x, *args, **kwargs):
        """Compute the outputs with operators of F; every hybrid layer overrides this (or `forward`)."""
        raise NotImplementedError


_ONE_ARRAY = [0]


def _is_array(args) -> bool:
    return len(args) == 1 and type(args[0]) is NDArray


class _MakeUp:
    """What a traced graph depends on: the blocks below, their parameters, and what else an own `forward` may read.

    own_forward: whether there is a block that overrides `forward`.
    """

    def __init__(self, block):
        self._parts = []
        self.own_forward = False
        self._add(block)

    def _add(self, block):
        self._parts += [block, *block._reg_params.values()]
        if type(block).forward is not HybridBlock.forward and not block._graph_is_given:
            self.own_forward = True
            self._parts += [v for name, v in block.__dict__.items()
                            if isinstance(v, (NDArray, bool, int, float, str)) and name != "_edits_seen"]
        for child in block._children.values():
            self._add(child)

    def __eq__(self, other):
        return isinstance(other, _MakeUp) and len(self._parts) == len(other._parts) and \
            all(a is b for a, b in zip(self._parts, other._parts, strict=True))


def _accepts(function, count: int) -> bool:
    """Whether a function takes so many positional arguments."""
    try:
        inspect.signature(function).bind_partial(*range(count))
    except TypeError:
        return False
    return True


def _all_params(block) -> dict[str, Parameter]:
    """All parameters below by their full names."""
    found = dict(block.collect_params().items())

    def add(b):
        found.update((p.name, p) for p in b._reg_params.values())

    block.apply(add)
    return found
