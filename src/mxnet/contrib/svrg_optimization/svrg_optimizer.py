"""The optimizers of SVRGModule: any other one, and one that assigns, told apart by the names of parameters."""

from __future__ import annotations

import inspect

from ... import optimizer as opt

_OF_ALL = set(inspect.signature(opt.Optimizer.__init__).parameters) - {"self"}


@opt.Optimizer.register
class _AssignmentOptimizer(opt.Optimizer):
    """Sets a weight to its gradient: how a store holds a mean gradient."""

    def create_state(self, index, weight):
        return None

    def update(self, index, weight, grad, state):
        weight[:] = grad


@opt.Optimizer.register
class _SVRGOptimizer(opt.Optimizer):
    """Updates weights by `default_optimizer`, an Optimizer or its name, and assigns those whose names end in _full.

    The other arguments are those of the default optimizer.
    """

    def __init__(self, default_optimizer, **kwargs):
        super().__init__(**{name: value for name, value in kwargs.items() if name in _OF_ALL})
        if isinstance(default_optimizer, str):
            default_optimizer = opt.create(default_optimizer, **kwargs)
        self.default_opt = default_optimizer
        self.aux_opt = _AssignmentOptimizer()

    def _check_index(self, index) -> str:
        """The name of a parameter; keys of stores are names already."""
        return str(self.idx2name.get(index, index))

    def _optimizer_of(self, index) -> opt.Optimizer:
        return self.aux_opt if self._check_index(index).endswith("_full") else self.default_opt

    def create_state(self, index, weight):
        return self._optimizer_of(index).create_state(index, weight)

    def update(self, index, weight, grad, state):
        self._optimizer_of(index).update(index, weight, grad, state)
