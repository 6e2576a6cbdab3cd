"""Symbol.infer_type: dtypes from the operators' rules, back and forth through the graph until nothing changes."""

import warnings

import torch

from ..base import TORCH_TO_FLAG, TORCH_TO_NAME, TORCH_TO_NP, MXNetError, torch_dtype
from ..symbol._node import Node, postorder

__all__ = ["infer_type", "solve"]

_FLAGS = {flag: dtype for dtype, flag in TORCH_TO_FLAG.items()}


def infer_type(symbol, args, kwargs, partial=False):
    """(argument, output, auxiliary state) dtypes as NumPy types; see Symbol.infer_type."""
    arguments, auxiliary = symbol._arguments(), symbol._auxiliary()
    known = given(symbol, arguments, args, kwargs, "type", torch_dtype)
    found = solve(symbol, known)

    def named(dtype):
        return None if dtype is None else TORCH_TO_NP[dtype]

    result = ([named(found.get((id(n), 0))) for n in arguments],
              [named(found.get((id(e.node), e.index))) for e in symbol._entries],
              [named(found.get((id(n), 0))) for n in auxiliary])
    if partial or all(dtype is not None for part in result for dtype in part):
        return result
    unknown = "".join(f"\n\t{n.name}: None" for n, t in zip(arguments, result[0], strict=True) if t is None)
    warnings.warn("Cannot decide type for the following arguments. Consider providing them as input:" + unknown,
                  stacklevel=3)
    return None, None, None


def given(symbol, arguments, args, kwargs, what: str, parse) -> dict[int, object]:
    """What a user gave by position or by name: id of the variable's node -> value."""
    if args and kwargs:
        raise ValueError(f"Can only specify known argument {what}s either by positional or kwargs way.")
    if len(args) > len(arguments):
        raise MXNetError(f"infer_{what}: {len(args)} given, but the symbol has {len(arguments)} arguments")
    known = {}
    for node, value in zip(arguments, args, strict=False):
        if value is not None:
            known[id(node)] = parse(value)
    if kwargs:
        by_name: dict[str, list[Node]] = {}
        for node in symbol._nodes():
            if node.is_variable:
                by_name.setdefault(node.name, []).append(node)
        for name, value in kwargs.items():
            if name not in by_name:
                candidates = "".join(f"\n\t[{i}]{n.name}" for i, n in enumerate(arguments))
                raise MXNetError(f"infer_{what}: keyword argument name {name} not found. "
                                 f"Candidate arguments:{candidates}")
            if value is not None:
                known.update((id(node), parse(value)) for node in by_name[name])
    return known


def solve(symbol, known: dict, default=None, outputs=()) -> dict:
    """(id of a node, output) -> torch dtype, as far as it follows from `known` (by variable) and the operators.

    default: what variables have that nothing decides.  outputs: the symbol's, as far as known.
    MXNetError where operators contradict each other.
    """
    order = postorder(symbol._entries)
    found: dict[tuple[int, int], torch.dtype] = {}
    for node in order:
        if node.is_variable:
            dtype = known.get(id(node)) or declared(node)
            if dtype is not None:
                found[id(node), 0] = dtype
    for entry, dtype in zip(symbol._entries, outputs, strict=False):
        if dtype is not None:
            found.setdefault((id(entry.node), entry.index), dtype)
    _settle(order, found)
    if default is not None:
        for node in order:
            if node.is_variable and (id(node), 0) not in found:
                found[id(node), 0] = default
                _settle(order, found)
    return found


def declared(node: Node):
    """The dtype that a variable was made with, or None."""
    flag = node.attrs.get("__dtype__")
    try:
        return None if flag is None or int(flag) < 0 else _FLAGS[int(flag)]
    except (ValueError, KeyError):
        raise MXNetError(f"variable {node.name!r}: __dtype__={flag!r} is no dtype of MXNet's") from None


def _settle(order, found):
    """Apply the rules, forwards and backwards in turn, as long as they tell something new."""
    waiting = [node for node in order if not node.is_variable]
    while waiting:
        before = len(found)
        waiting = [node for node in waiting if not _visit(node, found)]
        if len(found) == before:
            return
        waiting.reverse()


def _visit(node: Node, found) -> bool:
    """Apply a node's rule; whether all its dtypes are known now."""
    inputs = [(id(e.node), e.index) for e in node.inputs]
    outputs = [(id(node), i) for i in range(node.count_outputs)]
    ins, outs = [found.get(k) for k in inputs], [found.get(k) for k in outputs]
    done = True
    for keys, old, new in zip((inputs, outputs), (ins, outs), _apply(node, ins, outs), strict=True):
        for key, was, dtype in zip(keys, old, new, strict=True):
            if was is None and dtype is not None:
                found[key] = dtype
            done = done and (was or dtype) is not None
    return done


def _apply(node: Node, ins, outs):
    op, attrs = node.op, node.parsed
    if node.subgraphs:
        return _through_subgraphs(node, list(ins), list(outs))
    rule = op.extra.get("types")
    if rule is not None:
        new_ins, new_outs = rule(attrs, *ins)
        return list(new_ins), list(new_outs) + [None] * (len(outs) - len(new_outs))
    fixed = attrs.get("dtype")
    if isinstance(fixed, torch.dtype):
        return _shared(node, ins, []), [fixed] * len(outs)
    if not ins:
        return [], [torch.float32] * len(outs)
    same = _shared(node, ins, outs)
    return same, [next((t for t in same if t is not None), None)] * len(outs)


def _through_subgraphs(node: Node, ins, outs):
    """What the subgraphs of a node tell of its dtypes, and of each other's."""
    for symbol, wiring in zip(node.subgraphs, node.op.extra["subgraphs"](node.parsed), strict=True):
        variables = [n for n in symbol._nodes() if n.is_variable]
        known = {id(n): ins[i] for n, i in zip(variables, wiring.inputs, strict=True)}
        found = solve(symbol, known, outputs=[outs[i] for i in wiring.outputs])
        for n, i in zip(variables, wiring.inputs, strict=True):
            ins[i] = ins[i] or found.get((id(n), 0))
        for entry, i in zip(symbol._entries, wiring.outputs, strict=False):
            outs[i] = outs[i] or found.get((id(entry.node), entry.index))
        for place, i in wiring.carried:
            source = wiring.inputs[place]
            ins[source] = outs[i] = ins[source] or outs[i]
    return ins, outs


def _shared(node: Node, ins, outs):
    """The inputs' dtypes if all are one; MXNetError when operators of one dtype get several."""
    dtype = next((t for t in (*ins, *outs) if t is not None), None)
    if "same_shape" in node.op.extra:
        for i, other in enumerate(ins):
            if other not in (None, dtype):
                raise MXNetError(f"Error in operator {node.name}: incompatible dtypes in node {node.name} "
                                 f"({node.op.name}) at input {i}: expected {TORCH_TO_NAME[dtype]}, "
                                 f"got {TORCH_TO_NAME[other]}")
    return [t or dtype for t in ins]
