"""Operators on torch's meta device: tensors that have shapes and dtypes, but no values."""

import torch

from .._state import state

__all__ = ["DEVICE", "MetaSolver", "without_values"]

DEVICE = torch.device("meta")


class MetaSolver:
    """What operators see of a shape inference while they run on the meta device."""

    _engine = None

    @staticmethod
    def is_fake(tensor: torch.Tensor) -> bool:
        """Whether a tensor has a shape but no values."""
        return tensor.is_meta

    @staticmethod
    def assume(size, value):
        """State that two sizes are equal."""
        if size != value:
            raise RuntimeError(f"got size {size}, expected {value}")


_SOLVER = MetaSolver()


class without_values:
    """`with without_values():` operators may be called on tensors of the meta device; nothing is recorded."""

    def __enter__(self):
        self._solver, state.solver = state.solver, _SOLVER
        self._grad = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)

    def __exit__(self, *error):
        torch._C._set_grad_enabled(self._grad)
        state.solver = self._solver
