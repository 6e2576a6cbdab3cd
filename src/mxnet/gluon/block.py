"""Block and HybridBlock: the base of every layer, built in or yours.

Write `forward` (or `hybrid_forward`), ask `self.params.get(...)` for parameters; names, deferred shapes,
gradients, saving and devices come by themselves.
"""

import inspect
import re
import threading
import warnings
from collections import OrderedDict

from .. import ndarray, symbol
from .._state import state
from ..base import MXNetError
from ..context import cpu
from ..graph.infer import inferring
from ..name import NameManager
from ..name import Prefix as _NamePrefix
from ..ndarray import NDArray
from ..symbol import Symbol
from .compiled import Compiled, structure_of, traced
from .deferred import infer_parameters
from .parameter import DeferredInitializationError, Parameter, shape_is_known
from .parameter_dict import ParameterDict, load_all
from .structure import context_of, flatten, leaves, on_arrays, regroup, single_context
from .utils import HookHandle, _brief_print_list, _indent

__all__ = ["Block", "HybridBlock", "SymbolBlock"]

_flatten, _regroup = flatten, regroup  # names that client packages import


class _BlockScope:
    """Naming scope of a Block: children made inside get its prefix and numbers of its own."""

    _current = threading.local()

    def __init__(self, block):
        self._block = block
        self._counter = {}
        self._outer = []

    @staticmethod
    def create(prefix, params, hint):
        """(prefix, ParameterDict) for a new Block."""
        scope = getattr(_BlockScope._current, "value", None)
        if scope is None:
            if prefix is None:
                prefix = NameManager.current.get(None, hint) + "_"
            return prefix, ParameterDict(prefix) if params is None else ParameterDict(params.prefix, params)
        if prefix is None:
            number = scope._counter.get(hint, 0)
            scope._counter[hint] = number + 1
            prefix = f"{hint}{number}_"
        if params is None:
            parent = scope._block.params
            params = ParameterDict(parent.prefix + prefix, parent._shared)
        else:
            params = ParameterDict(params.prefix, params)
        return scope._block.prefix + prefix, params

    def __enter__(self):
        if self._block._empty_prefix:
            return self
        names = _NamePrefix(self._block.prefix)
        self._outer.append((getattr(_BlockScope._current, "value", None), names))
        _BlockScope._current.value = self
        names.__enter__()
        return self

    def __exit__(self, *exc_info):
        if self._block._empty_prefix:
            return
        outer, names = self._outer.pop()
        names.__exit__(*exc_info)
        _BlockScope._current.value = outer


class _Edits:
    """Counts changes to the make-up of blocks, so that a compiled one knows when to look whether it is still true."""

    count = 0


class _Children(OrderedDict):
    """The children of a block by name; writing to it is noticed."""

    def __setitem__(self, name, child):
        _Edits.count += 1
        super().__setitem__(name, child)

    def __delitem__(self, name):
        _Edits.count += 1
        super().__delitem__(name)


class Block:
    """Base class of layers and networks.

    prefix: what the names of the block and its parameters begin with (default: class name and a number).
    params: a ParameterDict to share parameters with.  Blocks and Parameters assigned to attributes are registered.

        >>> class MyDense(nn.Block):
        ...     def __init__(self, units, **kwargs):
        ...         super().__init__(**kwargs)
        ...         self.weight = self.params.get("weight", shape=(0, units))    # 0: found at the first call
        ...     def forward(self, x):
        ...         return nd.relu(nd.dot(x, self.weight.data()))
    """

    def __init__(self, prefix=None, params=None):
        self._empty_prefix = prefix == ""
        self._prefix, self._params = _BlockScope.create(prefix, params, self._alias())
        self._name = self._prefix[:-1] if self._prefix.endswith("_") else self._prefix
        self._scope = _BlockScope(self)
        self._children = _Children()
        self._reg_params = {}
        self._forward_hooks = OrderedDict()
        self._forward_pre_hooks = OrderedDict()
        self._settled = False  # whether the block's own parameters were seen initialized

    def __repr__(self):
        lines = "\n".join(f"  ({key}): {_indent(repr(value), 2)}"
                          for key, value in self.__dict__.items() if isinstance(value, Block))
        return f"{type(self).__name__}(\n{lines}\n)"

    def __setattr__(self, name, value):
        if isinstance(value, (Block, Parameter)) or name in self.__dict__:
            self._register_attribute(name, value)
        super().__setattr__(name, value)

    def _register_attribute(self, name, value):
        _Edits.count += 1
        existing = self.__dict__.get(name)
        if isinstance(existing, (Block, Parameter)) and not isinstance(value, type(existing)):
            raise TypeError(f"Changing attribute type for {name} from {type(existing)} to {type(value)}"
                            "is not allowed.")
        if isinstance(value, Block):
            self.register_child(value, name)
        elif isinstance(value, Parameter):
            if self._reg_params.get(name, value) is not value:
                raise AssertionError(
                    f"Overriding Parameter attribute {name} is not allowed. If you want to share parameters between "
                    "blocks, please set 'params' at Block construction instead.")
            self._reg_params[name] = value
            self.__dict__["_settled"] = False

    def _alias(self):
        return type(self).__name__.lower()

    # ------------------------------------------------------------------ names and parameters

    @property
    def prefix(self):
        """What the names of this block's parameters begin with."""
        return self._prefix

    @property
    def name(self):
        """The prefix without its trailing underscore."""
        return self._name

    def name_scope(self):
        """`with self.name_scope():` gives blocks made inside this block's prefix."""
        return self._scope

    @property
    def params(self):
        """The parameters made by this block itself; `collect_params` adds those of its children."""
        return self._params

    def collect_params(self, select=None):
        """A ParameterDict of this block's and all its children's parameters.

        select: a regular expression that a full name must match from its beginning, '.*weight|.*bias'.
        """
        self._check_container_with_block()
        found = ParameterDict(self._params.prefix)
        if select is None:
            found.update(self.params)
        else:
            pattern = re.compile(select)
            found.update({name: p for name, p in self.params.items() if pattern.match(name)})
        for child in self._children.values():
            found.update(child.collect_params(select=select))
        return found

    def _check_container_with_block(self):
        """Warn about blocks in plain lists, tuples and dicts, which are not registered."""
        children = set(self._children.values())
        for name, value in self.__dict__.items():
            if name.startswith("__") or name == "_children" or not isinstance(value, (list, tuple, dict)):
                continue
            if _holds_unregistered(value, children):
                warnings.warn(
                    f'"{type(self).__name__}.{name}" is an unregistered container with Blocks. Note that Blocks inside '
                    "the list, tuple or dict will not be registered automatically. Make sure to register them using "
                    "register_child() or switching to nn.Sequential/nn.HybridSequential instead. ", stacklevel=3)

    def _collect_params_with_prefix(self, prefix=""):
        """Parameters by the path of attributes that leads to them: '0.weight', 'body.conv.bias'."""
        prefix = prefix + "." if prefix else prefix
        found = {prefix + name: param for name, param in self._reg_params.items()}
        for name, child in self._children.items():
            found.update(child._collect_params_with_prefix(prefix + name))
        return found

    def register_child(self, block, name=None):
        """Make `block` a child, under its position unless named; attributes do this by themselves."""
        self._children[str(len(self._children)) if name is None else name] = block

    def register_forward_pre_hook(self, hook):
        """Call hook(block, inputs) before each forward; returns a handle with `detach()`."""
        return _hooked(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook):
        """Call hook(block, inputs, outputs) after each forward; returns a handle with `detach()`."""
        return _hooked(self._forward_hooks, hook)

    def register_op_hook(self, callback, monitor_all=False):
        """Call callback(name, operator, array) for operator outputs of hybridized children."""
        for child in self._children.values():
            child.register_op_hook(callback, monitor_all)

    def apply(self, fn):
        """fn(block) for every child and then for this block; returns the block."""
        for child in self._children.values():
            child.apply(fn)
        fn(self)
        return self

    def initialize(self, init=None, ctx=None, verbose=False, force_reinit=False):
        """Initialize all parameters, or note it down for those whose shape the first forward will tell.

        init: an Initializer or its name (default Uniform(0.07)); ctx: one context or a list.
        """
        self.collect_params().initialize(init, ctx, verbose, force_reinit)
        self.apply(_unsettle)

    def hybridize(self, active=True, **kwargs):
        """Let hybrid children run as compiled graphs."""
        for child in self._children.values():
            child.hybridize(active, **kwargs)

    def cast(self, dtype):
        """Change the dtype of all parameters."""
        for child in self._children.values():
            child.cast(dtype)
        for param in self.params.values():
            param.cast(dtype)

    # ------------------------------------------------------------------ files

    def save_parameters(self, filename, deduplicate=False):
        """Write all parameters to a file, by their paths ('0.weight').

        deduplicate=True writes a shared parameter once.  Load it with `load_parameters`.
        """
        params = self._collect_params_with_prefix()
        if deduplicate:
            # the last path of a shared parameter names it, as in MXNet's files
            params = {path: p for p, path in {p: path for path, p in params.items()}.items()}
        ndarray.save(filename, {path: p._reduce() for path, p in params.items()})

    def load_parameters(self, filename, ctx=None, allow_missing=False, ignore_extra=False, cast_dtype=False,
                        dtype_source="current"):
        """Read parameters from a file of `save_parameters` (paths) or of `collect_params().save` (full names).

        AssertionError or ValueError for missing and superfluous names unless allowed, and for unequal shapes or
        dtypes; nothing is changed then.  cast_dtype converts to this block's dtypes ('current') or takes the file's
        ('saved', by dtype_source).
        """
        loaded = ndarray.load(filename)
        params = self._collect_params_with_prefix()
        if not loaded and not params:
            return
        if not isinstance(loaded, dict):
            raise MXNetError(f"{filename} holds {len(loaded)} arrays without names; parameters need names")
        if not any("." in name for name in loaded) and any("." in path for path in params):
            del loaded
            self.collect_params().load(filename, ctx, allow_missing, ignore_extra, self.prefix, cast_dtype,
                                       dtype_source)
            return
        if not allow_missing:
            self._check_missing(params, loaded, filename)
        for name in loaded:
            if name not in params and not ignore_extra:
                raise ValueError(f"Parameter '{name}' loaded from file '{filename}' is not present in ParameterDict, "
                                 f"which contains parameters {_brief_print_list(list(params))}. "
                                 "Set ignore_extra=True to ignore. ")
        load_all([(params[n], v) for n, v in loaded.items() if n in params], ctx, cast_dtype, dtype_source)

    @staticmethod
    def _check_missing(params, loaded, filename):
        # of a shared parameter, one of its paths is enough
        present = {p for path, p in params.items() if path in loaded}
        for path, param in params.items():
            if path not in loaded and param not in present:
                raise AssertionError(
                    f"Parameter '{path}' is missing in file '{filename}', which contains parameters: "
                    f"{_brief_print_list(list(loaded))}. "
                    "Set allow_missing=True to ignore missing parameters.")

    def save_params(self, filename):
        """Deprecated: use save_parameters.  Writes full names without this block's prefix."""
        warnings.warn("save_params is deprecated. Please use save_parameters. Note that if you want load from "
                      "SymbolBlock later, please use export instead.", stacklevel=2)
        self.collect_params().save(filename, strip_prefix=self.prefix)

    def load_params(self, filename, ctx=None, allow_missing=False, ignore_extra=False):
        """Deprecated: use load_parameters."""
        warnings.warn("load_params is deprecated. Please use load_parameters.", stacklevel=2)
        self.load_parameters(filename, ctx, allow_missing, ignore_extra)

    # ------------------------------------------------------------------ calling

    def __call__(self, *args, **kwargs):
        """Run the hooks and `forward`; the first call finds out unknown dimensions of parameters."""
        if not self._settled:
            if inferring():
                if state.trace is not None:
                    self._note_shapes(args)
                return self.forward(*args, **kwargs)  # without hooks: those belong to the real run
            if not (args and isinstance(args[0], Symbol)):
                self._settle(args, kwargs)
        if self._forward_pre_hooks:
            self._run_hooks(self._forward_pre_hooks, args)
        try:
            out = self.forward(*args, **kwargs)
        except DeferredInitializationError:
            if inferring():
                raise
            # it reached into a child for a parameter whose shape only this block's forward can tell
            infer_parameters(self, args, kwargs, children_too=True)
            out = self.forward(*args, **kwargs)
        if self._forward_hooks:
            self._run_hooks(self._forward_hooks, args, out)
        return out

    def _run_hooks(self, hooks, *values):
        if not inferring():
            for hook in list(hooks.values()):
                hook(self, *values)

    def _settle(self, args, kwargs):
        """Initialize own parameters that wait for a shape which the inputs tell."""
        own = {**self._params._params, **{p.name: p for p in self._reg_params.values()}}.values()
        if any(p._deferred_init for p in own):
            self._infer(args, kwargs)
        self.__dict__["_settled"] = all(p._data is not None for p in own)

    def _infer(self, args, kwargs):
        infer_parameters(self, args, kwargs)

    def _note_shapes(self, args):
        """Find unknown dimensions of own parameters without running anything, if the block knows how."""

    def forward(self, *args):
        """Compute the outputs from the inputs; every layer overrides this."""
        raise NotImplementedError

    def summary(self, *inputs):
        """Print a table of layers, output shapes and parameter counts for these inputs."""
        from .summary import print_summary

        print_summary(self, inputs)


def _hooked(hooks, hook) -> HookHandle:
    handle = HookHandle()
    handle.attach(hooks, hook)
    return handle


def _unsettle(block):
    block.__dict__["_settled"] = False


def _holds_unregistered(value, children) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_unregistered(v, children) for v in value)
    if isinstance(value, dict):
        return any(_holds_unregistered(v, children) for v in value.values())
    return isinstance(value, Block) and value not in children


_tracing = threading.RLock()  # one thread traces a block, the others wait for what it finds


class HybridBlock(Block):
    """A Block that computes with operators of `F`, eagerly or, after `hybridize()`, as one compiled graph.

    Override `hybrid_forward(self, F, x, *args, **params)`: F is mx.nd or mx.sym, the block's own Parameters come as
    arrays (or symbols) in keyword arguments of their attribute names.  Or override `forward`, as for a Block: it may
    look at shapes, dtypes and modes, for each of which there is a graph then; one that looks at values runs eagerly.
    """

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
        self.__dict__["_compiled"] = None
        self.__dict__["_forwards"] = None
        self.__dict__["_edits_seen"] = -1
        self.__dict__["_made_of"] = None
        self.__dict__["_cached_graph"] = ()  # (inputs, outputs) of the last trace

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
            structure, flat, ctx = _ONE_ARRAY, args, args[0]._ctx
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
            compiled.infer_shapes(flat)
        if all(shape_is_known(p._shape) for p in waiting):
            for param in waiting:
                param._finish_deferred_init()
        else:
            infer_parameters(self, args, kwargs, children_too=True)

    def register_op_hook(self, callback, monitor_all=False):
        """Call callback(name of the output, name of the operator, array) for what operators of the graph compute.

        monitor_all: for their inputs, too.
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
        """Find the unknown dimensions of parameters from inputs; a layer may override it and set their `.shape`."""
        super()._infer(args, {})

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
        out = compiled(flat, flat[0]._ctx)
        if self._forward_hooks:
            self._run_hooks(self._forward_hooks, args, out)
        return out

    def forward(self, x, *args, **kwargs):
        """Hand the inputs and this block's parameters on their context to `hybrid_forward`."""
        if type(x) is NDArray and not args:
            x_ctx = x._ctx
        else:
            if not on_arrays((x, *args)):
                return self._hybrid(x, *args, **kwargs)
            x_ctx = context_of((x, *args))
        reg = self._reg_params
        if state.trace is not None:
            with self.name_scope():
                return self.hybrid_forward(ndarray, x, *args, **kwargs, **{n: p.data(x_ctx) for n, p in reg.items()})
        if reg:
            return self.hybrid_forward(ndarray, x, *args, **kwargs, **{name: p.data(x_ctx) for name, p in reg.items()})
        return self.hybrid_forward(ndarray, x, *args, **kwargs)

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
        if type(block).forward is not HybridBlock.forward and not isinstance(block, SymbolBlock):
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


from .symbol_block import SymbolBlock  # noqa: E402  (it is a HybridBlock, and has always been found here)
