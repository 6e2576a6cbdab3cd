"""The programs of one Symbol: for training, for inference, and as it stands; each is made when it is first needed."""

import threading
from collections.abc import Callable, Hashable

from ..symbol._node import Node
from .lower import Program, lower

__all__ = ["Programs"]


class Programs:
    """What a Symbol is lowered to.  inputs: the variables' nodes, in the order in which all its programs take them.

    shapes, place: see `lower`.  backend: hand the program to torch.compile; then there is just one.
    """

    __slots__ = ("_arguments", "_backend", "_lock", "_made", "inputs", "symbol")

    def __init__(self, symbol, shapes=None, place=None, backend: str | None = None):
        self.symbol = symbol
        self.inputs: list[Node] = [node for node in symbol._nodes() if node.is_variable]
        self._arguments = shapes, place
        self._backend = backend
        self._made: dict[Hashable, Program] = {}
        self._lock = threading.Lock()

    def plain(self) -> Program:
        """A call for each operator, for those who want to watch."""
        return self._made.get("plain") or self._make("plain", lambda: ())

    def recorded(self) -> Program:
        """For train mode, and wherever gradients are wanted."""
        return self._made.get("recorded") or self._make("recorded", _recorded_passes)

    def inference(self, key: Hashable = None, frozen: Callable[[Node], bool] | None = None) -> Program:
        """For predict mode without gradients.

        frozen: (variable) -> whether it is a parameter that is not trained.  key: stands for what `frozen` says.
        """
        return self._made.get((key,)) or self._make((key,), lambda: _inference_passes(frozen))

    def _make(self, key, passes) -> Program:
        with self._lock:
            if key not in self._made:
                self._made[key] = self._lower(passes)
            return self._made[key]

    def _lower(self, passes) -> Program:
        if self._backend is None:
            return lower(self.symbol, *self._arguments, passes())
        if "compiled" not in self._made:
            program = lower(self.symbol, *self._arguments)
            program.compile(self._backend)
            self._made["compiled"] = program
        return self._made["compiled"]


def _recorded_passes():
    from .passes import RECORDED

    return RECORDED


def _inference_passes(frozen):
    from .passes import inference

    return inference(frozen)
