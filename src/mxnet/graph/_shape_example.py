"""Shapes out of operators whose shape rule takes numbers only, such as fft and pad."""

import sympy
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from ._shape_env import Unknowns


def shapes_by_example(mode: FakeTensorMode, func, args, kwargs):
    """Shapes out of an operator whose shape rule takes numbers only (fft, pad).

    It is asked with numbers in place of the unknowns; where every output size follows a line through the
    answers, that line is the shape. None when it does not, or when the operator does more than compute.
    """
    if any(value.alias_info is not None for value in func._schema.arguments + func._schema.returns):
        return None
    symbols = sorted({s for value in tree_flatten((args, kwargs))[0] for s in _symbols(mode.shape_env, value)}, key=str)
    base = {symbol: 60 + 7 * i for i, symbol in enumerate(symbols)}
    moved = {symbol: base[symbol] + 3 + 2 * i for i, symbol in enumerate(symbols)}
    steps = [{**base, symbol: base[symbol] + 1} for symbol in symbols]
    try:
        first, check, *rest = (_run_with(mode, func, args, kwargs, values) for values in (base, moved, *steps))
    except RuntimeError:
        return None
    origin, spec = tree_flatten(first)
    outputs = []
    for i, tensor in enumerate(origin):
        others = [tree_flatten(result)[0][i].shape for result in (check, *rest)]
        shape = [_line(dim, *(other[axis] for other in others), base=base, moved=moved)
                 for axis, dim in enumerate(tensor.shape)]
        if None in shape:
            return None
        sizes = [int(e) if e.is_Integer else mode.shape_env.create_symintnode(e, hint=None) for e in shape]
        outputs.append(torch.empty(sizes, dtype=tensor.dtype, device=tensor.device))
    return tree_unflatten(outputs, spec)


def _symbols(unknowns: Unknowns, value: object) -> set[sympy.Symbol]:
    sizes = value.shape if isinstance(value, torch.Tensor) else (value,)
    return {s for size in sizes if isinstance(size, torch.SymInt) for s in unknowns.replace(size.node.expr).free_symbols}


def _run_with(mode: FakeTensorMode, func, args, kwargs, values: dict[sympy.Symbol, int]):
    def number(value):
        if isinstance(value, torch.SymInt):
            return int(mode.shape_env.replace(value.node.expr).xreplace(values))
        if isinstance(value, torch.Tensor):
            return torch.empty([number(size) for size in value.shape], dtype=value.dtype, device=value.device)
        return value

    with mode:
        return func(*tree_map(number, args), **tree_map(number, kwargs))


def _line(origin: int, check: int, *steps: int, base, moved) -> sympy.Expr | None:
    slopes = {symbol: step - origin for symbol, step in zip(base, steps, strict=True)}
    if check != origin + sum(slope * (moved[symbol] - base[symbol]) for symbol, slope in slopes.items()):
        return None
    return origin + sum((slope * (symbol - base[symbol]) for symbol, slope in slopes.items()), sympy.Integer(0))
