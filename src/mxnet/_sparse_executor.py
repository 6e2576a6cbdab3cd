"""How an Executor runs a Symbol whose arrays are not all dense: operator by operator, on arrays.

So everything that sparse arrays can do without becoming dense (mxnet.ndarray) serves graphs too.  Also here: which
gradients of `simple_bind` are sparse.
"""

import functools

from ._state import Tape, state
from .ndarray import NDArray
from .ndarray._sparse_recorded import as_hollow
from .ndarray._wrap import bind, invoke, plain, wrap
from .ops.integers import as_leaf
from .symbol._node import operator_attrs

__all__ = ["deliver", "gradient_stypes", "run", "takes_part"]


def takes_part(symbol, arrays) -> bool:
    """Whether sparse arrays occur when a symbol runs on these arrays."""
    operators = [n for n in symbol._nodes() if not n.is_variable]
    if any(n.subgraphs for n in operators):
        return False
    return any(a is not None and a.stype != "default" for a in arrays) or any(
        n.op.extra.get("storage") and n.parsed[n.op.extra["storage"]] not in (None, "default") for n in operators)


def run(symbol, variables, arrays, wanted, ctx, watch):
    """(the outputs, as arrays; [(position, leaf)] of the variables at the positions `wanted`).

    With positions wanted, the outputs are recorded.  watch(name, operator, tensor, is_input), or None.
    """
    before, state.recording = state.recording, Tape() if wanted else False
    try:
        leaves, values = [], {}
        for i, (variable, array) in enumerate(zip(variables, arrays, strict=True)):
            if i in wanted:
                array, leaf = _as_variable(array)
                leaves.append((i, leaf))
            values[id(variable)] = [array]
        for node in symbol._nodes():
            if not node.is_variable:
                values[id(node)] = _apply(node, [values[id(e.node)][e.index] for e in node.inputs], ctx)
                for k, array in enumerate(values[id(node)][:node.count_visible] if watch else ()):
                    watch(node.output_name(k), node.op, plain(array), False)
        return [values[id(e.node)][e.index] for e in symbol._entries], leaves
    finally:
        state.recording = before


def _as_variable(array):
    """An array with the same values that is a leaf, and the leaf."""
    if type(array) is NDArray:
        leaf = as_leaf(plain(array).data)
        return wrap(leaf, array._ctx), leaf
    leaf = as_leaf(as_hollow(array.shape, array._parts[0].dtype, array._parts[0].device))
    return array.detach()._standing(leaf), leaf


def _apply(node, inputs, ctx):
    """The outputs of one node, hidden ones included."""
    op = node.op
    if op.extra.get("any_attrs"):
        bound = functools.partial(op.fn, **node.parsed)
    else:
        bound = bind(op, operator_attrs(op, node.attrs, len(inputs)))
        if hasattr(bound, "visible"):
            bound.visible = None
    if not op.variadic:
        given = dict(zip(node.input_names(), inputs, strict=True))
        inputs = [given.get(spec.name) for spec in op.inputs]
    result = invoke(op, bound, inputs, ctx=ctx)
    return result if isinstance(result, list) else [result]


def deliver(array, grad, add):
    """Write a gradient that is sparse, or that goes to a sparse array."""
    if array.stype == "default":
        grad = grad.to_dense()
        array._write(array._t + grad if add else grad)
    elif grad is not None:
        array._take_gradient(grad, add)
    elif not add:
        array._set_parts(array._no_parts(array._size, array._parts[0].dtype, array._parts[0].device))


# ------------------------------------------------------------------------------------------ storage of gradients

# the gradient is zero where the input is, or passes as it is
_KEEP = frozenset("""
square relu negative _mul_scalar _div_scalar _copy elemwise_add elemwise_sub _square_sum
""".split())


def gradient_stypes(symbol, stypes: dict[str, str]) -> dict[str, str]:
    """Storage types of the variables' gradients by name, where they are not dense.

    stypes: those of the variables that are not dense.
    """
    found: dict[str, set[str]] = {}
    for node in symbol._nodes():
        if node.is_variable:
            continue
        inputs = [stypes.get(e.node.name, "default") if e.node.is_variable else "unknown" for e in node.inputs]
        for position, entry in enumerate(node.inputs):
            if entry.node.is_variable:
                found.setdefault(entry.node.name, set()).add(_of_use(node, inputs, position))
    return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1 and kinds != {"default"}}


def _of_use(node, inputs, position) -> str:
    name = node.op.name
    if name == "dot" and position == 1 and inputs[0] == "csr":
        return "default" if node.parsed["transpose_a"] or node.parsed["transpose_b"] else "row_sparse"
    if name == "Embedding" and position == 1 and node.parsed["sparse_grad"]:
        return "row_sparse"
    if name == "cast_storage" and inputs[0] == "default":
        return node.parsed["stype"]
    if name == "where" and position == 0:
        return inputs[0]
    return inputs[position] if name in _KEEP and len(set(inputs)) == 1 else "default"
