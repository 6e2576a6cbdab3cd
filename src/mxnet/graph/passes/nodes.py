"""What passes ask of torch.fx nodes, and how they attach things to the module."""

import operator

import torch

from ...ops.registry import OpDef
from ..lower import only

__all__ = ["TAKES", "argument", "attach", "is_output", "operator_of", "pieces_of", "writes"]

TAKES = (operator.getitem, only)  # they take an output out of several


def operator_of(node) -> OpDef | None:
    """The operator that an fx node runs; None for other functions, also those that took an operator's place."""
    made_for = node.meta.get("node")
    if made_for is None or made_for.op is None or node.op != "call_function" or node.target is not made_for.op.fn:
        return None
    return made_for.op


def argument(node, name: str):
    """The value of an operator's input by its name; None if it takes no part."""
    for given, spec in zip(node.args, node.meta["node"].op.inputs, strict=False):
        if spec.name == name:
            return given
    return None


def is_output(node) -> bool:
    """Whether the graph returns a node's value."""
    return any(user.op == "output" for user in node.users)


def writes(user, node) -> bool:
    """Whether a node that uses another's value may write to it, or hand it to code that may."""
    if user.op == "output" or user.target in TAKES or user.target is torch.clone:
        return False
    op = operator_of(user)
    if op is None:
        return not user.meta.get("reads")
    if "in_place" in op.extra or "_kept" in op.runtime or "_subgraphs" in op.runtime:
        return True
    written = {*op.mutates, *op.aux_names(user.meta["node"].parsed)}
    return bool(written) and (op.variadic or any(argument(user, name) is node for name in written))


def pieces_of(node):
    """The nodes that take outputs out of a node of several; None if something else uses it as well."""
    users = list(node.users)
    return users if all(u.target is operator.getitem for u in users) else None


def attach(graph, root, hint: str, value):
    """A node whose value is an object that the module keeps."""
    name = f"_{hint}_{len(vars(root))}"  # each attribute makes it longer
    setattr(root, name, value)
    return graph.get_attr(name)
