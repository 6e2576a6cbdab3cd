"""The raw 32-bit words under every random number on the CPU: many MT19937 twisters advanced side by side.

`_rng_samplers` turns the words into numbers; `_rng` decides which twisters serve which call.
"""

from __future__ import annotations

import numpy as np

__all__ = ["Cursor", "Streams"]

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


def _seeded(seed: int, start: int, stop: int) -> np.ndarray:
    """Freshly seeded states of twisters `start`..`stop`; twister i takes seed + i (mod 2**32)."""
    keys = np.empty((stop - start, _WORDS), np.uint32)
    source = np.random.RandomState(0)
    for row, i in enumerate(range(start, stop)):
        source.seed((seed + i) % 2**32)
        keys[row] = source.get_state(legacy=False)["state"]["key"]
    return keys


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
        if lanes == 1 and len(self._at):
            at = int(self._at[0])
            if at + last <= _WORDS:
                self._at[0] = at + last
                return self._words[0, at : at + last]
        cursor = Cursor(self, lanes, count)
        words = cursor.peek(count).reshape(-1)[: (lanes - 1) * count + last]
        cursor.at += count
        cursor.at[-1] += last - count
        cursor.close()
        return words


class Cursor:
    """Reading positions in the first `lanes` twisters, for draws that do not know how much they will use.

    Reads ahead as far as asked. Who uses words up moves `at`; `close` tells the streams how far each got.
    """

    def __init__(self, streams: Streams, lanes: int, ahead: int):
        streams._grow(lanes)
        self._streams = streams
        self.lanes = lanes
        self.at = streams._at[:lanes].copy()
        self._keys = [streams._key[:lanes]]
        self._words = streams._words[:lanes]
        self._reach = np.full(lanes, _WORDS)  # how many words of each row are there
        self.reserve(ahead)

    def reserve(self, ahead: int) -> None:
        """Make sure that every lane has `ahead` unread words."""
        need = self.at + ahead
        if (need <= self._reach).all():
            return
        self._widen(-(-int(need.max()) // _WORDS))
        short = np.flatnonzero(need > self._reach)
        while short.size:
            block = int(self._reach[short].min()) // _WORDS
            self._extend(block, short[self._reach[short] == block * _WORDS])
            short = short[need[short] > self._reach[short]]

    def _widen(self, blocks: int) -> None:
        more = blocks - len(self._keys)
        if more > 0:
            self._keys += [np.empty((self.lanes, _WORDS), np.uint32) for _ in range(more)]
            room = np.empty((self.lanes, more * _WORDS), np.uint32)
            self._words = np.concatenate([self._words, room], axis=1)

    def _extend(self, block: int, short: np.ndarray) -> None:
        whole = slice(None) if len(short) == self.lanes else short
        key = _twist(self._keys[block - 1][whole])
        self._keys[block][whole] = key
        self._words[whole, block * _WORDS : (block + 1) * _WORDS] = _temper(key)
        self._reach[whole] += _WORDS

    def peek(self, count: int) -> np.ndarray:
        """The next `count` words of every lane, shape (lanes, count), without using them up."""
        self.reserve(count)
        first = int(self.at[0])
        if self.lanes == 1 or (self.at == first).all():
            return self._words[:, first : first + count]
        start = self.at + np.arange(self.lanes) * self._words.shape[1]
        return self._words.reshape(-1)[start[:, None] + np.arange(count)]

    def peek_lane(self, lane: int, count: int) -> np.ndarray:
        """The next `count` words of one lane, without using them up."""
        self.reserve(count)
        return self._words[lane, self.at[lane] : self.at[lane] + count]

    def next(self, lanes: np.ndarray) -> np.ndarray:
        """One word from each of `lanes`, used up."""
        at = self.at[lanes]
        if (at >= self._reach[lanes]).any():
            self.reserve(1)
        self.at[lanes] = at + 1
        return self._words[lanes, at]

    def close(self) -> None:
        """Hand the positions back to the streams."""
        streams = self._streams
        if len(self._keys) == 1:
            streams._at[: self.lanes] = self.at
            return
        streams._own()
        block = np.maximum(self.at - 1, 0) // _WORDS
        for b in range(1, len(self._keys)):
            rows = np.flatnonzero(block == b)
            streams._key[rows] = self._keys[b][rows]
            streams._words[rows] = self._words[rows, b * _WORDS : (b + 1) * _WORDS]
        streams._at[: self.lanes] = self.at - block * _WORDS
