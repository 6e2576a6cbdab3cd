"""Applying operators to Symbols: which inputs are meant, which variables have to be made, what all is called."""

from typing import Any

import numpy as np
import torch

from .._where import user_line
from ..attribute import AttrScope
from ..base import TORCH_TO_NAME, MXNetError, _Null
from ..name import NameManager
from ..ops.registry import OpDef
from ._node import HIDDEN_KEYS, Entry, Node, is_hidden, operator_attrs, stored_key

__all__ = ["apply", "as_string", "compose"]

_symbol_class: Any = None  # set by symbol.py, which needs this module


def set_symbol_class(cls):
    """Called once by symbol.py."""
    global _symbol_class
    _symbol_class = cls


def as_string(value) -> str:
    """An attribute's value as the JSON has it: '(3, 3)', 'True', 'float32'."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, torch.dtype):
        return TORCH_TO_NAME[value]
    return str(_plain(value))


def _plain(value):
    """NumPy's numbers as Python's, whose text says no type."""
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(v) for v in value)
    return value.item() if isinstance(value, np.generic) else value


def apply(op: OpDef, hint: str, args, kwargs: dict, name=None, attr=None, subgraphs=(), where=None):
    """The Symbol of `op` applied to symbols: `args` by position, those in `kwargs` by the names of the inputs.

    Everything else in kwargs is an attribute.  Inputs that are missing become variables `<name>_<input>`.
    AssertionError for an input that is no Symbol, MXNetError for attributes and numbers of inputs that do not fit.
    """
    symbols, attrs = {}, {}
    for key, value in kwargs.items():
        if isinstance(value, _symbol_class):
            symbols[key] = value
        elif value is not _Null:
            attrs[key] = value
    _only_symbols(op, args, attrs)
    if attrs.get("dtype", _Null) is None and "dtype" in op.attrs:
        attrs["dtype"] = "float64"  # as nd has it
    attrs = {stored_key(key): as_string(value) for key, value in attrs.items()
             if value is not None or key in op.attrs}
    if op.variadic:
        _count(op, attrs, len(args), len(symbols))
    for key, value in AttrScope.current.get(attr).items():
        _not_for_inputs(op, key, value)
        attrs[stored_key(key)] = value
    parsed = op.parse_attrs(operator_attrs(op, attrs, len(args) + len(symbols)))
    node = Node(op, NameManager.current.get(name, hint), attrs, subgraphs=subgraphs, where=where or user_line())
    node._parsed = parsed
    node.inputs = _inputs(node, args, symbols)
    visible = node.count_visible
    return _symbol_class([Entry(node, i) for i in range(visible)])


def _count(op: OpDef, attrs, by_position: int, by_name: int):
    """Tell an operator how many inputs it has, unless it is told otherwise."""
    if by_position and by_name:
        raise TypeError(f"Operators with variable length input can only accept input Symbols either as positional or "
                        f"keyword arguments, not both (operator {op.name})")
    counts = "num_args" in op.attrs or "input_names" not in op.extra
    if counts and "num_args" not in attrs:
        if not by_position + by_name:
            raise MXNetError(f"Operator {op.name}: expected at least one input, got none")
        attrs["num_args"] = str(by_position + by_name)


def _only_symbols(op: OpDef, args, attrs):
    names = [i.name for i in op.inputs]
    for i, arg in enumerate(args):
        if not isinstance(arg, _symbol_class):
            where = "Positional arguments" if op.variadic else f"Argument {names[i]}"
            raise AssertionError(f"{where} must be Symbol instances, but got {arg} (operator {op.name})")
    for name in [] if op.variadic else names:
        if attrs.get(name) is not None and name not in op.attrs:
            raise AssertionError(f"Argument {name} must be Symbol instances, but got {attrs[name]} "
                                 f"(operator {op.name})")


def _not_for_inputs(op: OpDef, key: str, value):
    for hidden in HIDDEN_KEYS:
        if key != hidden and key.endswith("_" + hidden) and not is_hidden(key):
            variable = key[:-len(hidden) - 1]
            raise MXNetError(f"setting variable attributes with {key} is deprecated. please instead use "
                             f"w = Variable({hidden}={value}); sym = {op.name}({variable}=w)")


def _inputs(node: Node, args, symbols) -> list[Entry]:
    op = node.op
    for i, symbol in enumerate((*args, *symbols.values())):
        if len(symbol._entries) != 1:
            raise MXNetError(f"Operator {op.name}: input {i} is a tuple of {len(symbol._entries)} symbols "
                             f"({', '.join(symbol.list_outputs())}), a single one is required")
    if not op.variadic:
        names = op.input_names(node.parsed)
    elif "input_names" in op.extra:
        names = op.name_inputs(node.parsed, len(args) + len(symbols))
    else:
        names = [f"arg{i}" for i in range(int(node.attrs["num_args"]))]
    if len(args) > len(names):
        raise MXNetError(f"Operator {op.name} expects {len(names)} inputs ({', '.join(names)}), "
                         f"but got {len(args)} instead")
    given = dict(zip(names, (s._entries[0] for s in args), strict=False))
    for key, symbol in symbols.items():
        if key not in names:
            raise MXNetError(f"Operator {op.name}: keyword argument name {key} not found. "
                             f"Candidate arguments: {', '.join(names)}")
        if key in given:
            raise MXNetError(f"Operator {op.name}: input {key} is given twice")
        given[key] = symbol._entries[0]
    missing = [n for n in names if n not in given]
    if missing and op.mutates:
        raise MXNetError(f"Not enough argument to call operator {op.name}: {', '.join(missing)} missing")
    for key in missing:
        given[key] = Entry(_new_variable(node, key))
    for key, init in op.extra.get("init", {}).items():
        if key in names and given[key].node.is_variable:
            given[key].node.attrs.setdefault("__init__", init(node.parsed) if callable(init) else init)
    return [_used(node, given[key], key) for key in names]


def _new_variable(node: Node, key: str) -> Node:
    """The variable for a missing input: it has the attributes of its user."""
    return Node(None, f"{node.name}_{key}", dict(node.attrs), where=node.where)


def _used(node: Node, entry: Entry, key: str | None = None) -> Entry:
    """The entry as this node uses it: one that it writes to is a version further afterwards."""
    op = node.op
    if entry.node.is_variable:
        if key is not None and (key in op.aux_names(node.parsed) or key in op.mutates):
            entry.node.version += 1
        return Entry(entry.node, entry.index, entry.node.version)
    return entry


def compose(symbol, kwargs: dict):
    """`symbol` with the variables named in kwargs replaced by other symbols; nodes are copied, not changed."""
    replaced = {}
    for key, value in kwargs.items():
        if not isinstance(value, _symbol_class):
            raise TypeError("Compose expect `Symbol` as arguments")
        if len(value._entries) != 1:
            raise MXNetError(f"Symbol.Compose: keyword argument {key} is a tuple, single value is required")
        replaced[key] = value._entries[0]
    names = symbol.list_inputs()
    for key in replaced:
        if key not in names:
            raise MXNetError(f"Symbol.Compose: keyword argument name {key} not found. "
                             f"Candidate arguments: {', '.join(names)}")
    return rebuild(symbol, lambda node: replaced.get(node.name))


def rebuild(symbol, replace):
    """A copy of the graph in which each variable node becomes the entry replace(node), or a copy for None."""
    from ._node import postorder

    made: dict[int, Entry] = {}
    for node in postorder(symbol._entries):
        new = replace(node) if node.is_variable else None
        if new is None:
            copy = Node(node.op, node.name, dict(node.attrs),
                        [_moved(made, entry) for entry in node.inputs], node.subgraphs, node.where)
            copy.version = node.version
            new = Entry(copy)
        made[id(node)] = new
    return _symbol_class([_moved(made, entry) for entry in symbol._entries])


def _moved(made: dict[int, Entry], entry: Entry) -> Entry:
    new = made[id(entry.node)]
    return new if entry.node.is_variable and new.index else Entry(new.node, new.index or entry.index, entry.version)
