"""Copies that nothing needs become views: operators own their results, but inside of a graph nobody can tell."""

from .nodes import TAKES, is_output, operator_of, writes

__all__ = ["share_inner", "share_memory"]

_PRODUCTS = {"FullyConnected", "batch_dot", "dot"}  # these read matrices that lie in memory in any order
# These read what has gaps, and their results have none.
_READERS = _PRODUCTS | {
    "Activation", "Concat", "_div_scalar", "_minus_scalar", "_mul_scalar", "_plus_scalar", "_rminus_scalar",
    "broadcast_add", "broadcast_div", "broadcast_mul", "broadcast_sub", "elemwise_add", "elemwise_div",
    "elemwise_mul", "elemwise_sub", "exp", "log", "relu", "sigmoid", "stack", "tanh",
}
_KINDS = {"view": None, "permutes": _PRODUCTS, "slices": _READERS}


def share_memory(graph, root) -> None:
    """For predict mode without gradients: views of anything, and no Dropout."""
    for node in list(graph.nodes):
        op = operator_of(node)
        if op is not None and op.name == "Dropout":
            _skip_dropout(graph, node)
        elif op is not None:
            _swap(node, op, lambda base: True)


def share_inner(graph, root) -> None:
    """For recorded programs: views of what is computed within.

    Inputs and outputs belong to others, who may write to them before backward; torch keeps no copy for it.
    """
    for node in list(graph.nodes):
        op = operator_of(node)
        if op is not None:
            _swap(node, op, lambda base: base.op == "call_function" and not is_output(base))


def _swap(node, op, allowed):
    """Let a node look at its first input instead of copying it, where that is `allowed` and sound."""
    kind = next((k for k in _KINDS if k in op.extra), None)
    if kind is None:
        return
    base = _base(node.args[0])
    if not allowed(base) or _escapes(node) or _written(base) or not _readable(node, _KINDS[kind]):
        return
    node.target = op.extra[kind]
    node.meta.update(reads=True, base=base)


def _base(node):
    """The node whose memory a node's value lies in."""
    while True:
        if node.target in TAKES:
            node = node.args[0]
        elif "base" in node.meta:
            node = node.meta["base"]
        else:
            return node


def _uses(node):
    """(user, what it uses) of a node's value, or of its values."""
    for user in node.users:
        if user.target in TAKES:
            yield from _uses(user)
        else:
            yield user, node


def _escapes(node) -> bool:
    """Whether the value leaves the graph, or may be written to."""
    return any(user.op == "output" or writes(user, used) for user, used in _uses(node))


def _written(base) -> bool:
    """Whether something in the graph may write to a value while others still look at it."""
    return any(writes(user, used) for user, used in _uses(base))


def _readable(node, readers) -> bool:
    """Whether all users read a value that lies in memory like that; those that look at it make it one piece first."""
    return readers is None or all(_reads(user, readers) for user, _ in _uses(node))


def _reads(user, readers) -> bool:
    op = operator_of(user)
    if op is None:
        return False
    return op.name in readers or ("view" in op.extra and op.name in ("Reshape", "Flatten", "reshape_like"))


def _skip_dropout(graph, node):
    attrs = node.meta["node"].parsed
    idle = attrs["mode"] == "training" and 0 <= attrs["p"] <= 1
    if idle and not _escapes(node) and not _written(_base(node.args[0])):
        node.replace_all_uses_with(node.args[0])
        graph.erase_node(node)
