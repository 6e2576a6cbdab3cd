"""Running one operator on tensors that have shapes and dtypes but no values: what comes out?"""

import torch

from ..base import MXNetError
from ..ops.meta import DEVICE, without_values
from ..symbol._node import Node
from .infer import DataDependent, ShapeSolver

__all__ = ["run_meta", "run_unknown"]


def runtime_kwargs(node: Node, device) -> dict:
    """Stand-ins for what whoever runs the operator supplies."""
    values = {"_train": False, "_rng": None, "_device": device, "_kept": None}
    return {name: values[name] for name in node.op.runtime}


def run_meta(node: Node, shapes, dtypes, overrides=None):
    """Shapes and dtypes of a node's outputs, from those of its inputs, all known.

    None where the values of the inputs decide.  MXNetError naming the node if the operator refuses them.
    """
    tensors = [torch.empty(shape, dtype=dtype, device=DEVICE) for shape, dtype in zip(shapes, dtypes, strict=True)]
    try:
        with without_values():
            result = _call(node, tensors, DEVICE, overrides)
    except DataDependent:
        return None
    except NotImplementedError:
        return None
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        came = ", ".join(f"{name} {tuple(shape)}" for name, shape in zip(node.input_names(), shapes, strict=False))
        raise MXNetError(f"Error in operator {node.name}: {str(error).splitlines()[0] if str(error) else error!r} "
                         f"({node.op.name} of {came or 'no inputs'})") from error
    return [(tuple(t.shape), t.dtype) for t in result]


def run_unknown(node: Node, shapes, dtypes):
    """(shapes of the inputs, shapes of the outputs) with 0 where a size stays unknown, from inputs of known rank.

    None if the operator cannot go on without knowing more.
    """
    solver = ShapeSolver()
    fakes = [solver.unknown(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    try:
        with solver:
            result = _call(node, list(fakes), torch.device("cpu"), None)
        return ([_zeros(solver.solve(t)) for t in fakes], [_zeros(solver.solve(t)) for t in result])
    except (DataDependent, NotImplementedError, RuntimeError, ValueError, TypeError, IndexError):
        return None


def _zeros(shape) -> tuple[int, ...]:
    return tuple(0 if size is None else size for size in shape)


def _call(node: Node, tensors, device, overrides):
    op = node.op
    for i in op.extra["in_place"](node.parsed, len(tensors)) if "in_place" in op.extra else ():
        if i < len(tensors):
            tensors[i] = tensors[i].clone()
    arguments = tensors if op.variadic else spread(node, tensors)
    result = op.fn(*arguments, **{**node.parsed, **(overrides or {})}, **runtime_kwargs(node, device))
    return [result] if isinstance(result, torch.Tensor) else list(result)


def spread(node: Node, values: list) -> list:
    """One value for each input of the operator's signature: None for those that do not take part."""
    given = dict(zip(node.input_names(), values, strict=True))
    return [given.get(i.name) for i in node.op.inputs]
