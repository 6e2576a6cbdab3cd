"""Operators on arrays and matrices run on fake tensors of unknown size, and tell the sizes they need."""

import pytest
import torch

from mxnet.graph.infer import ShapeSolver
from mxnet.ops import registry

# operator, attributes, shapes of the inputs with 0 for unknown sizes, all shapes
CASES = [
    ("dot", {}, [(2, 3), (0, 4)], [(2, 3), (3, 4)]),
    ("dot", {"transpose_b": True}, [(2, 3), (4, 0)], [(2, 3), (4, 3)]),
    ("dot", {}, [(2, 3, 5), (0, 4)], [(2, 3, 5), (5, 4)]),
    ("dot", {}, [(2, 3), (0,)], [(2, 3), (3,)]),
    ("batch_dot", {}, [(2, 3, 4), (2, 0, 5)], [(2, 3, 4), (2, 4, 5)]),
    ("_linalg_gemm2", {"transpose_b": True}, [(2, 3), (4, 0)], [(2, 3), (4, 3)]),
    ("Concat", {"dim": 0}, [(2, 3), (4, 0)], [(2, 3), (4, 3)]),
    ("stack", {}, [(2, 3), (2, 0)], [(2, 3), (2, 3)]),
    ("Embedding", {"input_dim": 7, "output_dim": 4}, [(2, 3), (7, 4)], [(2, 3), (7, 4)]),
]

# operator, attributes, shape of the input with 0 for the unknown size; what matters is that they run
UNARY = [
    ("Reshape", {"shape": (0, -1)}, (4, 0)), ("Reshape", {"shape": (-3,)}, (4, 0)), ("Flatten", {}, (4, 0, 3)),
    ("Reshape", {"shape": (-1, 2)}, (0, 4)), ("transpose", {}, (4, 0)), ("expand_dims", {"axis": 0}, (4, 0)),
    ("SwapAxis", {"dim1": 0, "dim2": 1}, (4, 0)), ("flip", {"axis": (1,)}, (4, 0)), ("tile", {"reps": (2, 1)}, (4, 0)),
    ("repeat", {"repeats": 2, "axis": 1}, (4, 0)), ("slice_axis", {"axis": 1, "begin": 1, "end": 3}, (4, 0)),
    ("slice", {"begin": (1, None), "end": (3, None)}, (4, 0)), ("SliceChannel", {"num_outputs": 2, "axis": 0}, (4, 0)),
    ("_linalg_syrk", {}, (4, 0)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]} {case[2]}")
def test_sizes_follow(case):
    name, given, partial, full = case
    op = registry.get(name)
    attrs = op.parse_attrs(given)
    real = op.fn(*[torch.ones(shape) for shape in full], **attrs)
    solver = ShapeSolver()
    inputs = [solver.unknown(shape, torch.float32) for shape in partial]
    with solver:
        out = op.fn(*inputs, **attrs)
    assert [solver.solve(x) for x in inputs] == full
    assert solver.solve(out) == tuple(real.shape)


def _first(out):
    return out if isinstance(out, torch.Tensor) else out[0]


@pytest.mark.parametrize("case", UNARY, ids=lambda case: f"{case[0]} {case[1]} {case[2]}")
def test_later_layers_tell(case):
    """The operator's result is stacked on an array of the shape it has for size 6, which tells that size."""
    name, given, partial = case
    op = registry.get(name)
    attrs = op.parse_attrs(given)
    full = tuple(n or 6 for n in partial)
    shape = tuple(_first(op.fn(torch.ones(full), **attrs)).shape)
    solver = ShapeSolver()
    data, other = solver.unknown(partial, torch.float32), solver.unknown(shape, torch.float32)
    with solver:
        out = _first(op.fn(data, **attrs))
        torch.stack([out, other])
    assert solver.solve(out) == shape
