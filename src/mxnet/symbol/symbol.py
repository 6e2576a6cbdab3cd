"""Symbol: a handle on some outputs of a graph; and the functions that make Symbols from no operator."""

import copy

from ..attribute import AttrScope
from ..base import MXNetError, NotImplementedForSymbol
from . import _compose, _json
from ._node import Entry, Node, aux_nodes, is_hidden, postorder, shown_attrs, stored_key

__all__ = ["Group", "Symbol", "Variable", "load", "load_json", "var"]


class Symbol:
    """One or several outputs of a graph of operators, computed when it is bound to arrays.

        >>> x = mx.sym.var("x")
        >>> y = mx.sym.FullyConnected(x, num_hidden=10, name="fc")
        >>> y.list_arguments()
        ['x', 'fc_weight', 'fc_bias']
    """

    __slots__ = ("__weakref__", "_entries")
    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment]  # `==` makes a Symbol

    def __init__(self, entries):
        self._entries: tuple[Entry, ...] = tuple(entries)

    def __repr__(self):
        name = self.name
        if name is None:
            return f"<{type(self).__name__} group [{', '.join(s.name for s in self)}]>"
        return f"<{type(self).__name__} {name}>"

    # ------------------------------------------------------------------ outputs and neighbours

    @property
    def name(self):
        """The name of the node; None for outputs of several nodes."""
        first = self._entries[0].node if self._entries else None
        return first.name if first and all(e.node is first for e in self._entries) else None

    def __len__(self):
        return len(self._entries)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index):
        """One output by position or by its name ('fc_output'), or several by a slice.

        IndexError or ValueError for an output that there is not.
        """
        if isinstance(index, slice):
            chosen = self._entries[index]
            if not chosen:
                raise TypeError(f"{index} is none of the {len(self)} outputs; a Symbol has at least one")
            return self[0] if len(self) == 1 else type(self)(chosen)
        if isinstance(index, str):
            found = [i for i, name in enumerate(self.list_outputs()) if name == index]
            if not found:
                raise ValueError(f'Cannot find output that matches name "{index}"')
            if len(found) > 1:
                raise ValueError(f'There are multiple outputs with name "{index}"')
            index = found[0]
        if not isinstance(index, int):
            raise TypeError(f"Symbol only support integer index to fetch i-th output, got {index!r}")
        if not -len(self) <= index < len(self):
            raise IndexError(f"output {index} of a Symbol with {len(self)} outputs")
        return type(self)([self._entries[index]])

    def __bool__(self):
        raise NotImplementedForSymbol(self.__bool__, "bool")

    def _nodes(self) -> list[Node]:
        return postorder(self._entries)

    def list_outputs(self) -> list[str]:
        """Names of the outputs: 'fc_output', 'split_output0', a variable's own name."""
        return [entry.node.output_name(entry.index) for entry in self._entries]

    def list_inputs(self) -> list[str]:
        """Names of all variables, auxiliary states among them, inputs before those who use them."""
        return [node.name for node in self._nodes() if node.is_variable]

    def _arguments(self) -> list[Node]:
        order = self._nodes()
        aux = aux_nodes(order)
        return [node for node in order if node.is_variable and id(node) not in aux]

    def _auxiliary(self) -> list[Node]:
        order = self._nodes()
        aux = aux_nodes(order)
        return [node for node in order if id(node) in aux]

    def list_arguments(self) -> list[str]:
        """Names of the variables that must be given to compute the outputs."""
        return [node.name for node in self._arguments()]

    def list_auxiliary_states(self) -> list[str]:
        """Names of the variables that operators keep as states, such as moving averages."""
        return [node.name for node in self._auxiliary()]

    def get_internals(self) -> "Symbol":
        """All (visible) outputs of all nodes, to pick inner ones from: `net.get_internals()['fc1_output']`."""
        return type(self)([Entry(node, i) for node in self._nodes() for i in range(node.count_visible)])

    def get_children(self):
        """The inputs of the outputs' nodes; None if there are none."""
        children = [entry for node in dict.fromkeys(e.node for e in self._entries) for entry in node.inputs]
        return type(self)(children) if children else None

    # ------------------------------------------------------------------ attributes

    def attr(self, key):
        """The attribute `key` of a single node, None if it has none."""
        return shown_attrs(self._entries[0].node.attrs).get(key)

    def list_attr(self, recursive=False) -> dict[str, str]:
        """The attributes of this node."""
        if recursive:
            raise DeprecationWarning("Symbol.list_attr with recursive=True has been deprecated. "
                                     "Please use attr_dict instead.")
        return shown_attrs(self._entries[0].node.attrs)

    def attr_dict(self) -> dict[str, dict[str, str]]:
        """The attributes of all nodes that have some, by the nodes' names."""
        return {node.name: shown_attrs(node.attrs) for node in self._nodes() if node.attrs}

    def _set_attr(self, **kwargs):
        for value in kwargs.values():
            if not isinstance(value, str):
                raise ValueError("Set Attr only accepts string values")
        for node in dict.fromkeys(e.node for e in self._entries):
            unknown = [k for k in kwargs if node.op and node.op.attrs and not is_hidden(stored_key(k))
                       and k not in node.op.attrs]
            if unknown:
                raise node.op.unknown_attr(unknown[0])
            node.attrs.update({stored_key(key): value for key, value in kwargs.items()})
            node.forget_parsed()

    # ------------------------------------------------------------------ copies, composition, files

    def __copy__(self):
        return copy.deepcopy(self)

    def __deepcopy__(self, _):
        return _compose.rebuild(self, lambda node: None)

    def __reduce__(self):
        return load_json, (self.tojson(),)

    def as_np_ndarray(self):
        raise MXNetError("mx.np symbols are not available yet; this symbol works with every sym operator")

    def __call__(self, *args, **kwargs):
        """This graph with variables replaced by other symbols, given by the variables' names."""
        kwargs.pop("name", None)
        if args:
            raise MXNetError("General composition only support kwargs for now: "
                             f"got {len(args)} positional arguments, expected x=..., y=...")
        return _compose.compose(self, kwargs)

    def _gen_atomic_symbol(self):
        """The operator with its attributes alone: a node without name and inputs."""
        node = self._entries[0].node
        if node.is_variable:
            raise MXNetError(f"variable {node.name!r} is no operator")
        atom = Node(node.op, "", dict(node.attrs), subgraphs=node.subgraphs)
        return type(self)([Entry(atom, i) for i in range(node.count_visible)])

    def _compose(self, *args, **kwargs):
        """Like a call, but changes this Symbol."""
        self._entries = self(*args, **kwargs)._entries

    def tojson(self, remove_amp_cast=True) -> str:
        """The graph as MXNet 1.9.1 writes it to -symbol.json files."""
        return _json.dumps(self, remove_amp_cast)

    def save(self, fname, remove_amp_cast=True):
        """Write `tojson()` to a file."""
        from ..ndarray.params_file import write_atomically

        if not isinstance(fname, str):
            raise TypeError("fname need to be string")
        write_atomically(fname, [self.tojson(remove_amp_cast).encode()])

    def debug_str(self) -> str:
        """The graph as text, node by node; of an operator without inputs, its name."""
        nodes = self._nodes()
        if len(nodes) == len(self) == 1 and not nodes[0].is_variable:
            return f"AtomicFunctor  Op:{nodes[0].op.name}\n"
        lines = ["Symbol Outputs:"]
        lines += [f"\toutput[{i}]={e.node.name}({e.index})" for i, e in enumerate(self._entries)]
        for node in nodes:
            if node.is_variable:
                lines.append(f"Variable:{node.name}")
                continue
            lines += ["-" * 20, f"Op:{node.op.name}, Name={node.name}", "Inputs:"]
            lines += [f"\targ[{i}]={e.node.name}({e.index})" + (f" version={e.version}" if e.node.is_variable else "")
                      for i, e in enumerate(node.inputs)]
            if node.attrs:
                lines += ["Attrs:", *(f"\t{key}={node.attrs[key]}" for key in sorted(node.attrs))]
        return "\n".join(lines) + "\n"

    # ------------------------------------------------------------------ shapes and types

    def infer_shape(self, *args, **kwargs):
        """(shapes of the arguments, of the outputs, of the auxiliary states), from the shapes of some arguments.

        Shapes are given by position or by name; 0 is an unknown size.  (None, None, None) with a warning if some
        stay unknown; MXNetError, naming the node, if they contradict each other.
        """
        from ..graph import shapes

        return shapes.infer_shape(self, args, kwargs)

    def infer_shape_partial(self, *args, **kwargs):
        """infer_shape that returns what can be known: () for an unknown shape, 0 for an unknown size."""
        from ..graph import shapes

        return shapes.infer_shape(self, args, kwargs, partial=True)

    def infer_type(self, *args, **kwargs):
        """(dtypes of the arguments, of the outputs, of the auxiliary states), from the dtypes of some arguments.

        (None, None, None) with a warning if some stay unknown; MXNetError if they contradict each other.
        """
        from ..graph import types

        return types.infer_type(self, args, kwargs)

    def infer_type_partial(self, *args, **kwargs):
        """infer_type that returns what can be known: None for an unknown dtype."""
        from ..graph import types

        return types.infer_type(self, args, kwargs, partial=True)

    # ------------------------------------------------------------------ running

    def bind(self, ctx, args, args_grad=None, grad_req="write", aux_states=None, group2ctx=None, shared_exec=None):
        """An Executor on these arrays: `args`, `args_grad` and `aux_states` are lists, or dicts by name.

        grad_req: 'write', 'add' or 'null', one for all, a list, or a dict by name.
        ValueError or TypeError for missing names and wrong kinds, MXNetError for shapes that do not fit.
        """
        from ..executor import Executor

        return Executor.bind(self, ctx, args, args_grad, grad_req, aux_states, group2ctx, shared_exec)

    def simple_bind(self, ctx, grad_req="write", type_dict=None, stype_dict=None, group2ctx=None,
                    shared_arg_names=None, shared_exec=None, shared_buffer=None, **kwargs):
        """An Executor with arrays of its own, whose shapes follow from those given by name (data=(1, 3, 224, 224)).

        RuntimeError if shapes or dtypes stay unknown or contradict each other.
        """
        from ..executor import Executor

        return Executor.simple_bind(self, ctx, grad_req, type_dict, stype_dict, group2ctx, shared_arg_names,
                                    shared_exec, shared_buffer, kwargs)

    def eval(self, ctx=None, **kwargs):
        """The outputs for arrays given by name, as a list."""
        from ..context import current_context

        return self.bind(current_context() if ctx is None else ctx, kwargs, grad_req="null").forward()

    def gradient(self, wrt):
        """Not in MXNet 1.x either: bind the symbol and call `backward`, or use mx.autograd."""
        raise MXNetError("Symbol.gradient is not available; bind the symbol and use Executor.backward")

    def get_backend_symbol(self, backend):
        """The same graph: there are no backends to partition it for; see `HybridBlock.hybridize(backend=...)`."""
        return self

    def optimize_for(self, backend, args=None, aux=None, ctx=None, shape_dict=None, type_dict=None, stype_dict=None,
                     skip_infer=False, **kwargs):
        """The same graph: what there is to optimize is done when it is bound."""
        return self

    # ------------------------------------------------------------------ what only arrays can do

    def _only_arrays(name: str):  # type: ignore[misc]  # no method: gone at the end of the class
        def refuse(self, *args, **kwargs):
            raise NotImplementedForSymbol(getattr(self, name), None)

        refuse.__name__ = name
        refuse.__doc__ = "NotImplementedForSymbol: only arrays can do this."
        return refuse

    for _name in ("wait_to_read", "asnumpy", "asscalar", "copy", "as_in_context", "detach", "backward"):
        locals()[_name] = _only_arrays(_name)
    del _name, _only_arrays

    def as_nd_ndarray(self):
        """This Symbol: it is of the nd kind."""
        return self


_compose.set_symbol_class(Symbol)


def var(name, attr=None, shape=None, lr_mult=None, wd_mult=None, dtype=None, init=None, stype=None,
        profiler_scope=None, **kwargs) -> Symbol:
    """A variable.

    shape, dtype: as far as known (0 for an unknown size).  lr_mult, wd_mult: for the optimizer.  init: an initializer
    or its name.  Further attributes must be named `__like_this__` (ValueError).
    """
    if not isinstance(name, str):
        raise TypeError("Expect a string for variable `name`")
    attrs = {stored_key(key): value for key, value in AttrScope.current.get(attr).items()}
    if shape is not None:
        attrs["__shape__"] = str(tuple(shape) if isinstance(shape, list) else shape)
    for key, value in (("lr_mult", lr_mult), ("wd_mult", wd_mult), ("profiler_scope", profiler_scope)):
        if value is not None:
            attrs[f"__{key}__"] = str(value)
    if dtype is not None:
        from ..base import TORCH_TO_FLAG, torch_dtype

        attrs["__dtype__"] = str(TORCH_TO_FLAG[torch_dtype(dtype)])
    if init is not None:
        attrs["__init__"] = init if isinstance(init, str) else init.dumps()
    if stype is not None:
        if stype not in _STORAGE_TYPES:
            raise KeyError(stype)
        attrs["__storage_type__"] = str(_STORAGE_TYPES[stype])
    for key, value in kwargs.items():
        if not is_hidden(key):
            raise ValueError(f"Attribute name={key} is not supported. Additional attributes must start and end with "
                             "double underscores, e.g, __yourattr__")
        attrs[key] = str(value)
    return Symbol([Entry(Node(None, name, attrs))])


Variable = var

_STORAGE_TYPES = {"default": 0, "row_sparse": 1, "csr": 2}


def Group(symbols, create_fn=Symbol) -> Symbol:
    """The outputs of several symbols as one, made by `create_fn`."""
    if isinstance(symbols, Symbol):
        raise NotImplementedForSymbol(symbols.__bool__, "bool")
    symbols = list(symbols)
    if not symbols or any(not isinstance(s, Symbol) for s in symbols):
        raise TypeError("Expected a list of symbols as input")
    return create_fn([entry for s in symbols for entry in s._entries])


def load(fname) -> Symbol:
    """Read a -symbol.json file, of MXNet 0.8 to 1.9.

    MXNetError naming the file, the node and what was expected, if it is damaged.
    """
    if not isinstance(fname, str):
        raise TypeError("fname need to be string")
    return _json.load(fname, Symbol)


def load_json(json_str) -> Symbol:
    """`load` of a string."""
    if not isinstance(json_str, str):
        raise TypeError("fname required to be string")
    return _json.loads(json_str, Symbol)
