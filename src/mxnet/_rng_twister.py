"""The raw 32-bit words under every random number on the CPU: many MT19937 twisters advanced side by side.

`_rng_samplers` turns the words into numbers; `_rng` decides which twisters serve which call.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["Streams", "Window"]

_WORDS = 624  # words of one MT19937 block
_LAG = 227  # a new word depends on the new word this far before it (624 - 397)
_UPPER, _LOWER = np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
_MATRIX = np.uint32(0x9908B0DF)
_ONE = np.uint32(1)
_TEMPER_B, _TEMPER_C = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)
_GROUP = 64  # twisters worked on together: their block fits the processor's cache


def _mix(word: np.ndarray, successor: np.ndarray) -> np.ndarray:
    y = (word & _UPPER) | (successor & _LOWER)
    return (y >> _ONE) ^ ((y & _ONE) * _MATRIX)


def _twist(key: np.ndarray) -> np.ndarray:
    """The blocks that follow `key`, shape (twisters, 624)."""
    new = np.empty_like(key)
    for i in range(0, len(key), _GROUP):
        k, n = key[i : i + _GROUP], new[i : i + _GROUP]
        mixed = _mix(k[:, :-1], k[:, 1:])
        np.bitwise_xor(k[:, 397:], mixed[:, :_LAG], out=n[:, :_LAG])
        np.bitwise_xor(n[:, :_LAG], mixed[:, _LAG : 2 * _LAG], out=n[:, _LAG : 2 * _LAG])
        np.bitwise_xor(n[:, _LAG : 623 - _LAG], mixed[:, 2 * _LAG :], out=n[:, 2 * _LAG : 623])
        n[:, 623] = n[:, 396] ^ _mix(k[:, 623], n[:, 0])
    return new


def _temper(key: np.ndarray) -> np.ndarray:
    """The output words of the blocks `key`."""
    out = np.empty_like(key)
    for i in range(0, len(key), _GROUP):
        y = key[i : i + _GROUP]
        y = y ^ (y >> np.uint32(11))
        y ^= (y << np.uint32(7)) & _TEMPER_B
        y ^= (y << np.uint32(15)) & _TEMPER_C
        np.bitwise_xor(y, y >> np.uint32(18), out=out[i : i + _GROUP])
    return out


def _untemper(words: np.ndarray) -> np.ndarray:
    """The block that `_temper` made these words of."""
    y = words ^ (words >> np.uint32(18))
    y ^= (y << np.uint32(15)) & _TEMPER_C
    x = y
    for _ in range(4):  # 7 bits more are right each time
        x = y ^ ((x << np.uint32(7)) & _TEMPER_B)
    y = x
    for _ in range(2):
        x = y ^ (x >> np.uint32(11))
    return x


def _following(key: np.ndarray, count: int) -> np.ndarray:
    """`count` words after the block `key` of a single twister, which NumPy's own makes faster."""
    source = np.random.RandomState(0)
    source.set_state(("MT19937", key, _WORDS))
    return source.randint(0, 2**32, count, np.uint32)


def _seeded(seed: int, start: int, stop: int) -> np.ndarray:
    """Freshly seeded states of twisters `start`..`stop`; twister i takes seed + i (mod 2**32)."""
    if stop - start > 128:
        return _seeded_together(np.arange(seed + start, seed + stop, dtype=np.int64).astype(np.uint32))
    keys = np.empty((stop - start, _WORDS), np.uint32)
    source = np.random.RandomState(0)
    for row, i in enumerate(range(start, stop)):
        source.seed((seed + i) % 2**32)
        keys[row] = source.get_state(legacy=False)["state"]["key"]
    return keys


def _seeded_together(seeds: np.ndarray) -> np.ndarray:
    """Knuth's generator that fills the state of a twister, for many of them side by side."""
    keys = np.empty((_WORDS, len(seeds)), np.uint32)
    keys[0] = seeds
    for i in range(1, _WORDS):
        before = keys[i - 1]
        np.multiply(before ^ (before >> np.uint32(30)), np.uint32(1812433253), out=keys[i])
        keys[i] += np.uint32(i)
    return keys.T.copy()


def _rows(words: np.ndarray, at: np.ndarray, count: int) -> np.ndarray:
    """From each row `count` words, starting at its own place."""
    first = int(at[0])
    if (at == first).all():
        return words[:, first : first + count]
    rows, width = words.shape
    windows = np.ndarray((rows, width - count + 1, count), words.dtype, words, strides=(*words.strides, 4))
    return windows[np.arange(rows), at]


class Streams:
    """Independent MT19937 twisters, seeded `seed`, `seed + 1`, ...; each is made when first used.

    `key` holds each twister's current block, `words` the same block tempered and `at` how many of its words
    are used up. A state taken by `get_state` shares `key` until the next block is made, so it costs little.
    """

    def __init__(self, seed: int):
        self.seed(seed)

    def seed(self, seed: int) -> None:
        self._seed = int(seed) % 2**32
        self._key = self._words = np.empty((0, _WORDS), np.uint32)
        self._at = np.empty(0, np.int64)
        self._shared = False

    def get_state(self) -> dict:
        self._shared = True
        return {"seed": self._seed, "key": self._key, "at": self._at.copy()}

    def set_state(self, state: dict) -> None:
        self._seed = state["seed"]
        if self._key is not state["key"]:
            self._key = state["key"]
            self._words = _temper(self._key)
        self._at = state["at"].copy()
        self._shared = True

    def _grow(self, lanes: int) -> None:
        made = len(self._key)
        if lanes <= made:
            return
        lanes = max(lanes, min(2 * made, 1024))  # doubling, or many growing draws would copy too often
        fresh = _seeded(self._seed, made, lanes)
        self._key = np.concatenate([self._key, fresh])
        self._words = np.concatenate([self._words, fresh])
        self._at = np.concatenate([self._at, np.full(lanes - made, _WORDS)])
        self._shared = False

    def _own(self) -> None:
        if self._shared:
            self._key, self._words, self._shared = self._key.copy(), self._words.copy(), False

    def take(self, lanes: int, count: int, last: int) -> np.ndarray:
        """The next `count` words of the first `lanes` twisters, but `last` of the last one; flat."""
        words = self.at_hand(last) if lanes == 1 else None
        if words is not None:
            return words
        words = np.empty((lanes, count), np.uint32)
        for start, made in self.groups(lanes, count, last):
            words[start : start + len(made)] = made
        return words.reshape(-1)[: (lanes - 1) * count + last]

    def groups(self, lanes: int, count: int, last: int) -> Iterator[tuple[int, np.ndarray]]:
        """The same, some twisters at a time: the number of the first one, and `count` words of each, all used up."""
        group = max(_GROUP, 2**17 // count)
        for start in range(0, lanes, group):
            stop = min(start + group, lanes)
            window = Window(self, start, stop, count)
            used = np.full(stop - start, count)
            if stop == lanes:
                used[-1] = last
            yield start, window.words
            window.use(used)

    def at_hand(self, count: int) -> np.ndarray | None:
        """The next `count` words of the first twister, used up, if they are made already."""
        if len(self._at):
            at = int(self._at[0])
            if at + count <= _WORDS:
                self._at[0] = at + count
                return self._words[0, at : at + count]
        return None


class Window:
    """`words`: the next `count` words of each of the twisters `start`..`stop`, for who does not know yet how many
    of them it will need.  `use` tells the streams how many they were.
    """

    def __init__(self, streams: Streams, start: int, stop: int, count: int):
        streams._grow(stop)
        self._streams, self._start, self._stop = streams, start, stop
        self._at = streams._at[start:stop].copy()
        self._blocks: list[tuple[np.ndarray, np.ndarray | None, np.ndarray]] = []  # of new blocks: rows, keys, words
        words = streams._words[start:stop]
        need = self._at + count
        if int(need.max()) <= _WORDS:
            self.words = _rows(words, self._at, count)
            return
        beyond = np.flatnonzero(need > _WORDS)
        wide = np.empty((len(beyond), -(-int(need.max()) // _WORDS) * _WORDS), np.uint32)
        wide[:, :_WORDS] = words[beyond]
        self._extend(streams._key[start:stop], beyond, need, wide)
        if len(beyond) == stop - start:
            self.words = _rows(wide, self._at, count)
            return
        self.words = np.empty((stop - start, count), np.uint32)
        within = np.flatnonzero(need <= _WORDS)
        self.words[within] = _rows(words[within], self._at[within], count)
        self.words[beyond] = _rows(wide, self._at[beyond], count)

    def _extend(self, keys: np.ndarray, rows: np.ndarray, need: np.ndarray, wide: np.ndarray) -> None:
        """Make the blocks that follow `keys`, for the rows that need them."""
        if len(rows) == 1:
            wide[0, _WORDS:] = _following(keys[rows[0]], wide.shape[1] - _WORDS)
            self._blocks = [(rows, None, made[None]) for made in wide[0].reshape(-1, _WORDS)[1:]]
            return
        key, places = keys[rows], np.arange(len(rows))
        for block in range(1, wide.shape[1] // _WORDS):
            if block > 1:
                further = need[rows] > block * _WORDS
                if not further.all():
                    rows, places, key = rows[further], places[further], key[further]
            key = _twist(key)
            made = _temper(key)
            wide[places, block * _WORDS : (block + 1) * _WORDS] = made
            self._blocks.append((rows, key, made))

    def use(self, used: np.ndarray) -> None:
        """Of each twister so many words are used up."""
        streams, start = self._streams, self._start
        at = self._at + used
        block = np.maximum(at - 1, 0) // _WORDS
        if self._blocks and block.any():
            streams._own()
            for b, (rows, key, words) in enumerate(self._blocks, 1):
                mine = block[rows] == b
                if key is None and mine.all():
                    key = _untemper(words)
                if mine.all():
                    streams._key[start + rows], streams._words[start + rows] = key, words
                elif mine.any():
                    streams._key[start + rows[mine]] = key[mine]
                    streams._words[start + rows[mine]] = words[mine]
        streams._at[start : self._stop] = at - block * _WORDS
