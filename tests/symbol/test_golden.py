"""Operators give the same as Symbols, bound to arrays, as they give eagerly: the golden cases, once more.

A case serves if its code makes sense for Symbols, too: calls of nd's operators on the inputs.
"""
import ast
import contextlib
import functools

import numpy as np
import pytest

import mxnet as mx
from golden.case import Case, compare, families, formula, load_answers, load_cases

answers = functools.lru_cache(None)(load_answers)


def serves(one: Case) -> bool:
    """Whether the code is calls of operators that mx.sym has, on inputs and constants."""
    if one.fails or one.after or one.np_shape or "out=" in one.code or "random.multinomial" in one.code:
        return False  # sym.random.multinomial gives probabilities, too, where nd's does not
    tree = ast.parse(one.code, mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and operator_of(node.func) is None:
            return False
        if isinstance(node, ast.Name) and node.id not in ("nd", *one.inputs):
            return False
        if isinstance(node, (ast.Attribute, ast.Subscript)) and names_array(node.value, one):
            return False
    return isinstance(tree, ast.Call)


def operator_of(node: ast.AST):
    """The sym function that `nd.x` or `nd.space.x` stands for; None if there is none."""
    text = ast.unparse(node)
    with contextlib.suppress(AttributeError):
        return functools.reduce(getattr, text.split(".")[1:], mx.sym) if text.startswith("nd.") else None


def names_array(node: ast.AST, one: Case) -> bool:
    return isinstance(node, (ast.Call, ast.Subscript)) or (isinstance(node, ast.Name) and node.id in one.inputs)


def chosen() -> list:
    """One case of each code."""
    found = {one.code: (family, one) for family in families() for one in load_cases(family) if serves(one)}
    return [pytest.param(family, one, id=f"{family}: {one}") for family, one in found.values()]


@pytest.mark.parametrize(("family", "one"), chosen())
def test_answers_as_mxnet(family: str, one: Case, ctx) -> None:
    compare(one, run(one, ctx), answers(family)[one.key])


def run(one: Case, ctx) -> dict:
    """Outputs and gradients as Case.run gives them, by an Executor."""
    made = eval(one.code, {"nd": mx.sym, **{name: mx.sym.var(name) for name in one.inputs}})
    symbol = mx.sym.Group(made) if isinstance(made, (list, tuple)) else made
    arrays = {name: mx.nd.array(value, ctx=ctx, dtype=value.dtype) for name, value in one.arrays().items()}
    wanted = one.differentiated()
    grads = {name: mx.nd.zeros(arrays[name].shape, ctx, arrays[name].dtype) for name in wanted}
    arguments, states = symbol.list_arguments(), symbol.list_auxiliary_states()
    if one.seed is not None:
        mx.random.seed(one.seed)
    executor = symbol.bind(ctx, {name: arrays[name] for name in arguments},
                           {name: grad for name, grad in grads.items() if name in arguments},
                           aux_states={name: arrays[name] for name in states})
    inferred(symbol, arrays, executor.forward(is_train=one.train))
    answer = {f"out{i}": out.asnumpy() for i, out in enumerate(executor.outputs)}
    if wanted:
        executor.backward(heads(executor.outputs))
        answer.update({f"grad {name}": grads[name].asnumpy() for name in wanted})
    return answer


def inferred(symbol, arrays, outputs) -> None:
    """Inference without running anything says the same of the outputs, as far as it says something."""
    types = symbol.infer_type_partial(**{name: array.dtype for name, array in arrays.items()})[1]
    shapes = symbol.infer_shape_partial(**{name: array.shape for name, array in arrays.items()})[1]
    for dtype, shape, out in zip(types, shapes, outputs, strict=True):
        assert dtype in (None, out.dtype)
        assert shape == () or 0 in shape or shape == out.shape


def heads(outputs) -> list:
    """What golden cases multiply their outputs with."""
    salts = iter(range(3, 100))
    return [mx.nd.array(formula(out.shape, next(salts)), ctx=out.context, dtype=out.dtype)
            if np.dtype(out.dtype).kind == "f" else mx.nd.ones_like(out) for out in outputs]
