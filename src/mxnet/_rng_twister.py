"""The raw 32-bit words under every random number on the CPU: many MT19937 twisters advanced side by side.

`_rng_samplers` turns the words into numbers; `_rng` decides which twisters serve which call.  torch's own CPU generator
is such a twister: its 64-bit integers are two words each, the first one on top.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

__all__ = ["Streams", "Window"]

_BLOCK = 1024  # words that a twister makes at once, if no one asks for more
_GROUP = 64  # twisters worked on together: their words fit the processor's cache
_LOWEST = -(2**63)
_HALF = np.uint64(32)


def _in_order(pairs: np.ndarray) -> np.ndarray:
    """Pairs of words, in place, the first one where it comes first in memory."""
    first = pairs >> _HALF
    pairs <<= _HALF
    pairs |= first
    return pairs


def _rows(words: np.ndarray, at: np.ndarray, count: int) -> np.ndarray:
    """From each row `count` words, starting at its own place."""
    first, rest = int(at[0]), int(at[-1])
    if len(at) == 1 or (at[:-1] == first).all():
        if rest == first:
            return words[:, first : first + count]
        out = np.empty((len(words), count), words.dtype)  # the last one often serves fewer values
        out[:-1] = words[:-1, first : first + count]
        out[-1] = words[-1, rest : rest + count]
        return out
    rows, width = words.shape
    windows = np.ndarray((rows, width - count + 1, count), words.dtype, words, strides=(*words.strides, 4))
    return windows[np.arange(rows), at]


class Streams:
    """Independent MT19937 twisters, seeded `seed`, `seed + 1`, ...; each is made when first used.

    `words` has a row for each twister, two blocks long; those from `at` on are not used yet.  When too few are left,
    the second block moves to the front and a new one is made.  A state taken by `get_state` shares all this until
    then, so it costs little.
    """

    def __init__(self, seed: int):
        self.seed(seed)

    def seed(self, seed: int) -> None:
        self._seed = int(seed) % 2**32
        self._twisters: list[torch.Generator] = []
        self._at = np.empty(0, np.int64)
        self._hold(np.empty((0, 2 * _BLOCK), np.uint32))

    def get_state(self) -> dict:
        self._shared = True
        return {"seed": self._seed, "twisters": self._twisters, "words": self._words, "at": self._at.copy()}

    def set_state(self, state: dict) -> None:
        self._seed, self._twisters = state["seed"], state["twisters"]
        self._at = state["at"].copy()
        self._hold(state["words"])
        self._shared = True

    def _hold(self, words: np.ndarray) -> None:
        self._words, self._block = words, words.shape[1] // 2
        self._pairs = words.view(np.uint64)[:, self._block // 2 :]  # of the second blocks
        self._made = list(torch.from_numpy(self._pairs.view(np.int64)))
        self._shared = False

    def _resize(self, lanes: int, block: int) -> None:
        """Room for more twisters, or for longer blocks."""
        made = len(self._twisters)
        lanes = max(made, lanes)
        words = np.empty((lanes, 2 * block), np.uint32)
        words[:made, 2 * (block - self._block) :] = self._words
        at = np.full(lanes, 2 * block)
        at[:made] = self._at + 2 * (block - self._block)
        fresh = [torch.Generator().manual_seed((self._seed + i) % 2**32) for i in range(made, lanes)]
        self._own()
        self._twisters = self._twisters + fresh
        self._at = at
        self._hold(words)

    def _own(self) -> None:
        if self._shared:
            self._twisters = [each.clone_state() for each in self._twisters]
            self._hold(self._words.copy())

    def reserve(self, start: int, stop: int, count: int) -> None:
        """Have at least `count` unused words of each of the twisters `start`..`stop`."""
        made = len(self._twisters)
        if stop > made or count > self._block:
            # doubling, or many growing draws would copy too often
            lanes = max(stop, min(2 * made, 1024)) if stop > made else made
            self._resize(lanes, max(self._block, -(-count // 256) * 256))
        enough = 2 * self._block - count
        at = self._at[start:stop]
        if at.max() > enough:
            short = np.flatnonzero(at > enough)
            self._own()
            self._advance(short + start if short.size < stop - start else slice(start, stop))

    def _advance(self, rows: np.ndarray | slice) -> None:
        words, block = self._words, self._block
        words[rows, :block] = words[rows, block:]
        for row in range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist():
            self._made[row].random_(_LOWEST, None, generator=self._twisters[row])
        self._pairs[rows] = _in_order(self._pairs[rows])
        self._at[rows] -= block

    def take(self, lanes: int, count: int, last: int) -> np.ndarray:
        """The next `count` words of the first `lanes` twisters, but `last` of the last one; flat."""
        if lanes == 1:
            return self._take_first(last)
        words = np.empty((lanes, count), np.uint32)
        for start, made in self.groups(lanes, count, last):
            words[start : start + len(made)] = made
        return words.reshape(-1)[: (lanes - 1) * count + last]

    def _take_first(self, count: int) -> np.ndarray:
        if count <= self._block:
            self.reserve(0, 1, count)
            at = int(self._at[0])
            self._at[0] = at + count
            return self._words[0, at : at + count]
        self.reserve(0, 1, 0)
        self._own()
        at, end = int(self._at[0]), 2 * self._block
        left = end - at
        pairs = np.empty((count - left + 1) // 2, np.uint64)
        torch.from_numpy(pairs.view(np.int64)).random_(_LOWEST, None, generator=self._twisters[0])
        made = _in_order(pairs).view(np.uint32)
        words = np.concatenate([self._words[0, at:], made])
        self._at[0] = end - (len(words) - count)
        self._words[0, self._at[0] :] = words[count:]
        return words[:count]

    def groups(self, lanes: int, count: int, last: int) -> Iterator[tuple[int, np.ndarray]]:
        """The same, some twisters at a time: the number of the first one, and `count` words of each, all used up."""
        for start in range(0, lanes, _GROUP):
            stop = min(start + _GROUP, lanes)
            window = Window(self, start, stop, count)
            yield start, window.words
            window.use(count)
        self._at[lanes - 1] -= count - last


class Window:
    """`words`: the next `count` words of each of the twisters `start`..`stop`, for who does not know yet how many
    of them it will need.  `use` tells the streams how many they were.  The words are good until the next window.
    """

    def __init__(self, streams: Streams, start: int, stop: int, count: int):
        streams.reserve(start, stop, count)
        self._at = streams._at[start:stop]
        self.words = _rows(streams._words[start:stop], self._at, count)

    def use(self, used: np.ndarray | int) -> None:
        """Of each twister so many words are used up."""
        self._at += used
