"""Shapes out of operators whose shape rule takes numbers only, such as fft and pad."""

import sympy
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from ._shape_env import Unknowns


def shapes_by_example(mode: FakeTensorMode, func, args, kwargs):
    """Fake outputs of `func`, or None where its shapes cannot be told this way.

    The operator is asked with numbers in place of the unknowns. If every output size follows a line through
    the answers, that line is the shape. Only for operators that compute new tensors and nothing else.
    """
    if not _is_functional(func._schema):
        return None
    symbols = sorted(_symbols(mode.shape_env, (args, kwargs)), key=str)
    base = {symbol: 60 + 7 * i for i, symbol in enumerate(symbols)}
    check = {symbol: base[symbol] + 3 + 2 * i for i, symbol in enumerate(symbols)}
    steps = [{**base, symbol: base[symbol] + 1} for symbol in symbols]
    try:
        answers = [_run_with(mode, func, args, kwargs, numbers) for numbers in (base, check, *steps)]
    except RuntimeError:
        return None
    _, spec = tree_flatten(answers[0])
    by_output = zip(*(tree_flatten(answer)[0] for answer in answers), strict=True)
    outputs = [_line(mode, tensors, base, check) for tensors in by_output]
    return None if any(output is None for output in outputs) else tree_unflatten(outputs, spec)


def _is_functional(schema) -> bool:
    values = schema.arguments + schema.returns
    return all(value.alias_info is None for value in values) and all(
        isinstance(value.type, torch.TensorType) for value in schema.returns
    )


def _symbols(unknowns: Unknowns, tree) -> set[sympy.Symbol]:
    shapes = [v.shape if isinstance(v, torch.Tensor) else (v,) for v in tree_flatten(tree)[0]]
    sizes = [size for shape in shapes for size in shape]
    exprs = [unknowns.replace(size.node.expr) for size in sizes if isinstance(size, torch.SymInt)]
    return {symbol for expr in exprs for symbol in expr.free_symbols}


def _run_with(mode: FakeTensorMode, func, args, kwargs, numbers: dict[sympy.Symbol, int]):
    def number(value):
        if isinstance(value, torch.SymInt):
            return int(mode.shape_env.replace(value.node.expr).xreplace(numbers))
        if isinstance(value, torch.Tensor):
            return torch.empty([number(size) for size in value.shape], dtype=value.dtype, device=value.device)
        return value

    with mode:
        args, kwargs = tree_map(number, (args, kwargs))
        return func(*args, **kwargs)


def _line(mode: FakeTensorMode, answers: tuple[torch.Tensor, ...], base, check) -> torch.Tensor | None:
    """A tensor whose sizes are lines through those of `answers`: at `base`, `check`, one step along each."""
    shape = []
    for origin, checked, *steps in zip(*(answer.shape for answer in answers), strict=True):
        line = sympy.Integer(origin)
        for (symbol, start), step in zip(base.items(), steps, strict=True):
            line += (step - origin) * (symbol - start)
        if line.xreplace(check) != checked:
            return None
        shape.append(int(line) if line.is_Integer else mode.shape_env.create_symintnode(line, hint=None))
    with mode:
        return torch.empty(shape, dtype=answers[0].dtype, device=answers[0].device)
