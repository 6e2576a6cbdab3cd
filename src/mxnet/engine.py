"""mx.engine: bulking of operators, which PyTorch has no use for; kept so that programs that set it run."""

import operator

__all__ = ["bulk", "set_bulk_size"]

_size = 0


def set_bulk_size(size: int) -> int:
    """Set how many operators MXNet's engine would run as one; returns what it was.  Nothing else follows from it."""
    global _size
    previous, _size = _size, operator.index(size)
    return previous


class bulk:
    """`with mx.engine.bulk(10):` set_bulk_size for a block."""

    def __init__(self, size: int):
        self._size = size

    def __enter__(self):
        self._previous = set_bulk_size(self._size)
        return self

    def __exit__(self, *exc_info):
        set_bulk_size(self._previous)
