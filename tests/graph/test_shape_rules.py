"""What operators' rules say of shapes (`output_shapes=`, `same_shape=`), held against what the operators give.

Every golden case serves whose operator has a rule; so do its inputs with sizes or ranks unknown: what follows from
them must not contradict the result.
"""

import functools

import pytest

import mxnet as mx
from golden.case import Case, families, load_answers, load_cases
from mxnet.graph import shapes, types
from mxnet.symbol._node import postorder

answers = functools.lru_cache(None)(load_answers)
_NOT_CALLED = {"out=", "random.multinomial"}  # no Symbols; or others than in nd


def symbol_of(one: Case):
    """The Symbol of one operator that a case's code makes, or None."""
    if one.fails or one.after or one.np_shape or any(text in one.code for text in _NOT_CALLED):
        return None
    try:
        made = eval(one.code, {"nd": mx.sym, "mx": mx, **{name: mx.sym.var(name) for name in one.inputs}})
    except Exception:
        return None  # code that makes no sense for Symbols
    if isinstance(made, list):
        made = mx.sym.Group(made)
    if not isinstance(made, mx.sym.Symbol):
        return None
    nodes = [node for node in postorder(made._entries) if not node.is_variable]
    rules = {"output_shapes", "same_shape"}
    return made if len(nodes) == 1 and rules & nodes[0].op.extra.keys() else None


def chosen() -> list:
    """One case of each code and shapes."""
    found = {}
    for family in families():
        for one in load_cases(family):
            symbol = symbol_of(one)
            if symbol is not None:
                shapes_of_inputs = tuple(sorted((k, v.shape) for k, v in one.arrays().items()))
                found.setdefault((one.code, shapes_of_inputs), (family, one, symbol))
    return [pytest.param(*case, id=f"{case[0]}: {case[1]}") for case in found.values()]


def told(node, inputs):
    """What the rules say of the outputs' shapes; None for unknown ones."""
    answer = [None] * node.count_outputs
    if "same_shape" in node.op.extra:
        names = node.op.extra["same_shape"]
        same = [s for name, s in zip(node.input_names(), inputs, strict=True) if names is True or name in names]
        answer[0] = functools.reduce(shapes.merge, same, None)
    if "output_shapes" in node.op.extra:
        for i, shape in enumerate(node.op.extra["output_shapes"](node.parsed, inputs)):
            if shape is not None and min(shape, default=0) >= -1:
                answer[i] = shapes.merge(answer[i], shape)
    return answer


def forgetful(inputs):
    """The inputs with one size unknown, with a whole axis, with all sizes, with one rank."""
    for i, shape in enumerate(inputs):
        for axis in range(len(shape)):
            yield [(*s[:axis], -1, *s[axis + 1:]) if k == i else s for k, s in enumerate(inputs)]
        yield [None if k == i else s for k, s in enumerate(inputs)]
    for axis in range(max(map(len, inputs), default=0)):
        yield [(*s[:axis], -1, *s[axis + 1:]) if axis < len(s) else s for s in inputs]
    yield [(-1,) * len(s) for s in inputs]


@pytest.mark.parametrize(("family", "one", "symbol"), chosen())
def test_rules_say_what_operators_give(family: str, one: Case, symbol) -> None:
    node = symbol._entries[0].node
    arrays = one.arrays()
    inputs = [arrays[e.node.name].shape for e in node.inputs]
    answer = answers(family)[one.key]
    outs = {e.index: answer[f"out{i}"] for i, e in enumerate(symbol._entries)}
    rule = told(node, inputs)
    for i, out in outs.items():
        assert rule[i] in (None, out.shape)
    dtypes = types.solve(symbol, {id(e.node): mx.base.torch_dtype(arrays[e.node.name].dtype) for e in node.inputs})
    for i, out in outs.items():
        assert (id(node), i) in dtypes
        assert mx.base.TORCH_TO_NP[dtypes[id(node), i]] == out.dtype
    for partial in forgetful(inputs):
        for i, shape in enumerate(told(node, partial)):
            if i in outs:
                shapes.merge(shape, outs[i].shape)
    if "input_shapes" in node.op.extra:
        full = [outs[i].shape if i in outs else None for i in range(node.count_outputs)]
        for partial in [inputs, *forgetful(inputs)]:
            for shape, expected in zip(node.op.extra["input_shapes"](node.parsed, partial, full), inputs, strict=True):
                shapes.merge(shape, expected)
