"""Block: the base of every layer, built in or yours.

Write `forward` (or, for a HybridBlock, `hybrid_forward`), ask `self.params.get(...)` for parameters; names,
deferred shapes, gradients, saving and devices come by themselves.
"""

import re
import threading
import warnings
from collections import OrderedDict

from .. import ndarray
from .._state import state
from ..base import MXNetError
from ..graph.infer import inferring
from ..name import NameManager
from ..name import Prefix as _NamePrefix
from ..symbol import Symbol
from .deferred import Found, infer_parameters
from .parameter import DeferredInitializationError, Parameter
from .parameter_dict import ParameterDict, load_all
from .structure import flatten, regroup
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
                      "SymbolBlock later, please use export instead. For details, see "
                      "https://mxnet.apache.org/tutorials/gluon/save_load_params.html", stacklevel=2)
        self.collect_params().save(filename, strip_prefix=self.prefix)

    def load_params(self, filename, ctx=None, allow_missing=False, ignore_extra=False):
        """Deprecated: use load_parameters."""
        warnings.warn("load_params is deprecated. Please use load_parameters.", stacklevel=2)
        self.load_parameters(filename, ctx, allow_missing, ignore_extra)

    def save(self, prefix):
        """Write the make-up of the net to `prefix-model.json`, and the parameters to `prefix-model.params`.

        The make-up is the keys of children in their parents, and the graphs of hybridized blocks that were called.
        """
        from . import model_file

        model_file.write(self, prefix)

    def load(self, prefix):
        """Read what `save` wrote, here or in MXNet, into a net whose blocks were made in the same order.

        Children get the keys that they had, and blocks that were compiled are hybridized.
        FileNotFoundError without the files; MXNetError if the net is another one or a file is damaged.
        """
        from . import model_file

        model_file.read(self, prefix)

    # ------------------------------------------------------------------ calling

    def __call__(self, *args, **kwargs):
        """Run the hooks and `forward`; the first call finds out unknown dimensions of parameters.

        If it fails, they stay unknown, and the error is a ValueError, too.
        """
        found = ()
        if not self._settled:
            if inferring():
                if state.trace is not None:
                    self._note_shapes(args)
                return self.forward(*args, **kwargs)  # without hooks: those belong to the real run
            if not (args and isinstance(args[0], Symbol)):
                found = self._settle(args, kwargs)
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
        except MXNetError as error:
            if not found:
                raise
            self.__dict__["_settled"] = False
            found.undo(error)
        if self._forward_hooks:
            self._run_hooks(self._forward_hooks, args, out)
        return out

    def _run_hooks(self, hooks, *values):
        if not inferring():
            for hook in list(hooks.values()):
                hook(self, *values)

    def _settle(self, args, kwargs):
        """Initialize own parameters that wait for a shape which the inputs tell; returns which, if any."""
        own = {**self._params._params, **{p.name: p for p in self._reg_params.values()}}.values()
        found = Found(p for p in own if p._deferred_init)
        if found:
            with found:
                self._infer(args, kwargs)
        self.__dict__["_settled"] = all(p._data is not None for p in own)
        return found

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


# They are Blocks, hence below it; and have always been found here.
from .hybrid_block import HybridBlock  # noqa: E402
from .symbol_block import SymbolBlock  # noqa: E402
