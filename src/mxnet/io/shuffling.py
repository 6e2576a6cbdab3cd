"""The order in which MXNet's iterators over files shuffle."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["Shuffler"]


class Shuffler:
    """Orders like those of C++'s std::shuffle with an mt19937: i changes places with one of 0 to i."""

    def __init__(self, seed: int):
        self._raw = _raw_numbers(seed)

    def order(self, count: int) -> np.ndarray:
        """0 to count - 1 in the next order."""
        order = list(range(count))
        for i in range(1, count):
            step = 0xFFFFFFFF // (i + 1)
            value = next(self._raw)
            while value >= step * (i + 1):  # as good as never
                value = next(self._raw)
            j = value // step
            order[i], order[j] = order[j], order[i]
        return np.array(order, np.int64)


def _raw_numbers(seed: int) -> Iterator[int]:
    stream = np.random.RandomState(seed)
    while True:
        yield from stream.randint(0, 2**32, size=4096, dtype=np.uint32).tolist()
