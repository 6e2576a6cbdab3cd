"""Shapes nobody had to write down: run a forward once on fake tensors, read what its unknown sizes must be.

Every unknown dimension is a symbol, torch's own shape checks are the equations. Knows torch tensors only;
Gluon's parameters, Symbol's `infer_shape` and the operators call it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, contextmanager

import torch

from .._state import state

__all__ = ["DataDependent", "ShapeSolver", "UnknownSize", "current_solver", "inferring", "is_fake", "suspended"]


class DataDependent(RuntimeError):
    """A forward asked for the values of a fake tensor (`item()`, `bool(x)`, `asnumpy()`), which has none."""


class UnknownSize(DataDependent):
    """A forward needed a size that nothing had determined by then: it branched on it, or computed with it."""


def inferring() -> bool:
    """Whether this thread is inside a shape inference: tensors have shapes but no values."""
    return state.solver is not None


def current_solver() -> ShapeSolver | None:
    """The inference this thread is in, for operators that know more about shapes than torch checks."""
    return state.solver


def is_fake(tensor: torch.Tensor) -> bool:
    """Whether a tensor has a shape but no values (only ever so inside an inference)."""
    return state.solver is not None and state.solver.is_fake(tensor)


@contextmanager
def suspended():
    """Step out of the inference for a while, e.g. to read the values of a real tensor."""
    solver, state.solver = state.solver, None
    try:
        if solver is None:
            yield
        else:
            from torch._subclasses.fake_tensor import unset_fake_temporarily

            with torch._C.DisableTorchFunction(), unset_fake_temporarily():
                yield
    finally:
        state.solver = solver


class ShapeSolver:
    """One shape inference.

        solver = ShapeSolver()
        weight = solver.unknown((0, 16), torch.float32, "cpu")
        with solver:
            forward(solver.fake(x), weight)
        solver.solve(weight)                       # (8, 16)

    Inside the block grad mode is off, real tensors that the forward holds are read as shapes only, and what
    is written to them is dropped. A shape error of the forward surfaces as torch's own error; a forward that
    asks for values ends in `DataDependent`, and `solve` tells what was known by then. A solver made inside
    the block of another one works with the same unknowns.

    The rules where broadcasting leaves a choice: an unknown size that meets a known n > 1 is n; one that
    meets sizes of 1 only, in the whole forward, is 1; two unknown sizes that meet are equal.
    """

    def __init__(self):
        if state.solver is not None:
            self._engine = state.solver._engine
        else:
            from ._shape_engine import Engine

            self._engine = Engine()
        self._blocks: list[ExitStack] = []

    def unknown(self, shape: Sequence[int | None], dtype, device="cpu") -> torch.Tensor:
        """A fake tensor of `shape` in which every 0, -1 or None is a dimension to find."""
        return self._engine.unknown(shape, dtype, device)

    def fake(self, real: torch.Tensor) -> torch.Tensor:
        """The fake twin of a tensor: same shape, strides, dtype, device and views, no memory; made once."""
        return self._engine.fake(real)

    def assume(self, size: int | torch.SymInt, value: int | torch.SymInt) -> None:
        """State that two sizes are equal, for an operator that knows. RuntimeError when they cannot be."""
        self._engine.assume(size, value)

    def solve(self, fake: torch.Tensor) -> tuple[int | None, ...]:
        """The dimensions as far as they are determined; None for one that nothing decided."""
        return tuple(self._engine.unknowns.final(size) for size in fake.shape)

    def is_fake(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor has a shape but no values."""
        return self._engine.mode.is_our_fake(tensor)

    def reading(self, tensor: torch.Tensor):
        """`suspended()`, to read the values of a real tensor; `DataDependent` for a fake one."""
        if self.is_fake(tensor):
            raise DataDependent("forward needs the values of a tensor (asnumpy, asscalar or the like)")
        return suspended()

    def __enter__(self) -> ShapeSolver:
        block = ExitStack()
        block.callback(setattr, state, "solver", state.solver)
        block.enter_context(self._engine)
        state.solver = self
        self._blocks.append(block)
        return self

    def __exit__(self, kind, error, trace) -> None:
        self._blocks.pop().close()
        missing = error and self._engine.missing(error)
        if missing:
            raise missing from error
