"""Rules of shapes (`output_shapes=` of register) that several operators share, and what such rules are made of.

In here -1 is an unknown size.  A rule speaks for inputs that it finds valid; otherwise it tells nothing, and running
the operator brings the answer, or the error.
"""

import functools
from collections.abc import Callable, Sequence

from .._state import state
from ..base import MXNetError
from .registry import Shape

__all__ = ["broadcast", "count", "created", "fit", "indexed_axis", "reduced", "replaced", "rule", "same"]

_NOTHING: list = []


def rule(fn: Callable) -> Callable:
    """An `output_shapes=` rule from fn(attrs, *shapes of the inputs) -> shapes of the outputs.

    It tells nothing as long as an input is of unknown rank, or where `fn` fails.
    """

    @functools.wraps(fn)
    def output_shapes(attrs, inputs):
        if None in inputs:
            return _NOTHING
        try:
            return fn(attrs, *inputs)
        except (IndexError, ValueError, TypeError, ZeroDivisionError, MXNetError):
            return _NOTHING

    return output_shapes


def fit(*conditions: bool) -> None:
    """End a rule that is no more certain of its inputs."""
    if not all(conditions):
        raise ValueError


def indexed_axis(axis: int, rank: int) -> int:
    """`axis` counted from the front; ends the rule if there is none such."""
    fit(-rank <= axis < rank)
    return axis % rank


def same(size: int, other: int) -> bool:
    """Whether two sizes may be the same."""
    return size == other or size < 0 or other < 0


def count(shape: Sequence[int]) -> int:
    """The number of elements; -1 if a size is unknown."""
    product = 1
    for size in shape:
        if size < 0:
            return -1
        product *= size
    return product


def replaced(shape: Shape, axis: int, *sizes: int) -> Shape:
    """`shape` with other sizes (several, or none) in the place of one axis."""
    return (*shape[:axis], *sizes, *shape[axis + 1:])


@rule
def broadcast(attrs, lhs, rhs):
    """Sizes of 1 stretch to those of the other array."""
    rank = max(len(lhs), len(rhs))
    sizes = []
    for a, b in zip((1,) * (rank - len(lhs)) + lhs, (1,) * (rank - len(rhs)) + rhs, strict=True):
        fit(same(a, b) or a == 1 or b == 1)
        sizes.append(b if a == 1 else a if b == 1 else max(a, b))
    return [tuple(sizes)]


@rule
def reduced(attrs, data):
    """Attributes axis (a number, several or None), keepdims and exclude; a single value has shape (1,)."""
    axis, rank = attrs["axis"], len(data)
    fit(0 not in data)
    if axis is None or axis == ():
        chosen = set(range(rank))
    else:
        axes = (axis,) if isinstance(axis, int) else axis
        chosen = {indexed_axis(a, rank) for a in axes}
        fit(len(chosen) == len(axes))
        if attrs.get("exclude"):
            chosen = set(range(rank)) - chosen
    if attrs["keepdims"]:
        return [tuple(1 if i in chosen else size for i, size in enumerate(data)) or (1,)]
    return [tuple(size for i, size in enumerate(data) if i not in chosen) or (1,)]


def created(attrs, inputs):
    """The attribute shape, in which 0 leaves a size open."""
    shape = attrs["shape"]
    return [shape if state.np_shape else tuple(size or -1 for size in shape) if shape else None]
