"""The graph under every Symbol: nodes, and walks over them.

A node is a variable or one application of an operator.  Nodes are shared between Symbols and never change, except
by `Symbol._set_attr`.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..base import MXNetError
from ..ops.registry import OpDef

__all__ = ["HIDDEN_KEYS", "Entry", "Node", "postorder", "shown_attrs", "stored_key"]

# attributes that may be written without underscores, and are shown both ways
HIDDEN_KEYS = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage")


class Entry(NamedTuple):
    """One output of a node.  version: how often operators had written to that variable before (auxiliary states)."""

    node: "Node"
    index: int = 0  # type: ignore[assignment]  # tuple.index is not missed
    version: int = 0


class Node:
    """A variable (op None) or an operator applied to `inputs`.

    attrs: strings as in the JSON, those of the operator and the user's own (`__lr_mult__`).  subgraphs: the Symbols
    that a control flow operator runs.  where: 'file:line' of the user's code that made it, if that is known.
    """

    __slots__ = ("_parsed", "attrs", "inputs", "name", "op", "subgraphs", "version", "where")

    def __init__(self, op: OpDef | None, name: str, attrs: dict[str, str], inputs: Iterable[Entry] = (),
                 subgraphs: Iterable = (), where: str | None = None):
        self.op: Any = op  # OpDef; None for a variable
        self.name = name
        self.attrs = attrs
        self.inputs = list(inputs)
        self.subgraphs = list(subgraphs)
        self.version = 0
        self.where = where
        self._parsed: dict[str, Any] | None = None

    @property
    def is_variable(self) -> bool:
        return self.op is None

    @property
    def parsed(self) -> dict[str, Any]:
        """The operator's attributes, typed.  MXNetError for ill-typed, missing and unknown ones."""
        if self._parsed is None:
            try:
                self._parsed = self.op.parse_attrs(operator_attrs(self.op, self.attrs, len(self.inputs)))
            except MXNetError as error:
                raise MXNetError(f"{error} (node {self.name!r})") from error
        return self._parsed

    def forget_parsed(self):
        """Read the attributes anew, for they were changed."""
        self._parsed = None

    @property
    def count_outputs(self) -> int:
        """How many arrays the node computes, hidden ones included."""
        return 1 if self.op is None else self.op.count_outputs(self.parsed)

    @property
    def count_visible(self) -> int:
        """How many of its outputs a Symbol of this node has."""
        return 1 if self.op is None else self.op.count_visible(self.parsed)

    def input_names(self) -> list[str]:
        """The operator's names of its inputs, one for each."""
        if self.op.variadic:
            count = len(self.inputs)
            return self.op.name_inputs(self.parsed, count) or [f"arg{i}" for i in range(count)]
        return self.op.input_names(self.parsed)

    def output_name(self, index: int) -> str:
        """The name of an output: 'fc_output', 'split_output1'; a variable's own name."""
        if self.op is None:
            return self.name
        names = self.op.extra.get("output_names")
        if callable(names):
            names = names(self.parsed)
        if names is not None and index < len(names):
            suffix = names[index]
        else:
            suffix = "output" + (str(index) if self.count_outputs > 1 else "")
        return f"{self.name}_{suffix}" if self.name else suffix

    def __repr__(self):
        return f"Node({self.op.name if self.op else 'null'} {self.name!r})"


def is_hidden(key: str) -> bool:
    """Whether an attribute is none of the operator's, but belongs to the graph: `__lr_mult__`."""
    return key.startswith("__") and key.endswith("__")


def operator_attrs(op: OpDef, attrs: dict[str, str], count: int) -> dict[str, str]:
    """Those of a node's attributes that are the operator's; operators without any take what they are given."""
    if not op.attrs and not op.extra.get("any_attrs"):
        return {}
    given = {key: value for key, value in attrs.items() if not is_hidden(key)}
    if op.variadic and "num_args" not in op.attrs:
        given.pop("num_args", None)
    return given


def stored_key(key: str) -> str:
    """The key under which an attribute is kept: `lr_mult` is `__lr_mult__`."""
    return f"__{key}__" if key in HIDDEN_KEYS else key


def shown_attrs(attrs: dict[str, str]) -> dict[str, str]:
    """A node's attributes as users see them: hidden keys also without their underscores."""
    shown = dict(attrs)
    for key in HIDDEN_KEYS:
        if f"__{key}__" in attrs:
            shown[key] = attrs[f"__{key}__"]
    return shown


def postorder(entries: Iterable[Entry]) -> list[Node]:
    """All nodes below, inputs before their users, each once: depth first, in the order of the inputs."""
    seen: set[int] = set()
    order: list[Node] = []
    for entry in entries:
        stack = [(entry.node, 0)] if id(entry.node) not in seen else []
        seen.add(id(entry.node))
        while stack:
            node, at = stack.pop()
            if at == len(node.inputs):
                order.append(node)
                continue
            stack.append((node, at + 1))
            below = node.inputs[at].node
            if id(below) not in seen:
                seen.add(id(below))
                stack.append((below, 0))
    return order


def aux_nodes(order: Iterable[Node]) -> set[int]:
    """ids of the variables that some operator keeps as auxiliary states."""
    found = set()
    for node in order:
        names = node.op.aux_names(node.parsed) if node.op is not None else ()
        if names:
            for entry, name in zip(node.inputs, node.input_names(), strict=False):
                if name in names and entry.node.is_variable:
                    found.add(id(entry.node))
    return found
