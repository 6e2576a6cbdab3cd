"""Arrays of unknown shape, for the dry run that finds the shapes of parameters (mxnet.gluon.deferred).

An operator with a `shapes` rule tells what its weights must look like; `_wrap.invoke` asks it as soon as a pending
array comes in, and goes on with a meta tensor of that shape.
"""

import torch

from ..ops.registry import OpDef
from ._array import NDArray
from ._wrap import set_pending

__all__ = ["PendingArray", "Unresolved"]


class Unresolved(Exception):
    """Something other than an operator with a `shapes` rule asked for a pending array's tensor."""

    passes_operators = True


class PendingArray(NDArray):
    """Stands for an array of shape `known` (0 or -1: unknown) until an operator tells the rest."""

    __slots__ = ("_dtype", "_known", "_meta")

    def __init__(self, known, dtype: torch.dtype, ctx):
        self._known = tuple(max(d, 0) for d in known)
        self._dtype, self._meta = dtype, None
        self._ctx, self._rg, self._ag = ctx, False, None

    @property
    def _t(self) -> torch.Tensor:
        if self._meta is None:
            raise Unresolved(f"an array of shape {self._known}")
        return self._meta

    @property
    def resolved(self) -> tuple | None:
        """The shape that was found, None if none was."""
        return None if self._meta is None else tuple(self._meta.shape)

    def settle(self, shape) -> None:
        """Take the shape an operator's rule gave; Unresolved if it leaves a dimension open or contradicts."""
        if shape is None or len(shape) != len(self._known):
            raise Unresolved(f"{self._known} is not {shape}")
        merged = tuple(known or given for known, given in zip(self._known, shape, strict=True))
        if not all(merged) or any(g and m != g for m, g in zip(merged, shape, strict=True)):
            raise Unresolved(f"{self._known} is not {shape}")
        self._meta = torch.empty(merged, dtype=self._dtype, device="meta")


def resolve(op: OpDef, attrs: dict, args) -> None:
    """Let the operator's rule settle the pending arrays among its inputs; Unresolved when it has none or cannot."""
    rule = op.extra.get("shapes")
    if rule is None:
        raise Unresolved(f"operator {op.name} has no rule for the shapes of its inputs")
    given = [a for a in args if a is not None]
    shapes = [a._known if isinstance(a, PendingArray) and a._meta is None else a.shape for a in given]
    for array, shape in zip(given, rule(attrs, *shapes), strict=False):
        if isinstance(array, PendingArray) and array._meta is None:
            array.settle(shape)


set_pending(Unresolved, resolve)
