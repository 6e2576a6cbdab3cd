"""From raw words to numbers: uniforms and normals, in the arithmetic of the C++ that MXNet was compiled from.

Stands between `_rng_twister` (the words) and `_rng` (which words serve which call); `_rng_rejection` has the other
distributions. A *single* uniform is a float32 made of one word, a *double* one a float64 made of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ._rng_libm import logf
from ._rng_twister import Streams, Window

__all__ = [
    "Plan", "ahead", "first_of_each", "log", "mixed", "normals", "polar_points", "polar_scale", "unit", "units",
]  # fmt: skip

_F32 = np.float32
_TOP32, _TOP64 = _F32(1 - 2**-24), 1 - 2**-53  # the greatest numbers below 1


def unit(words: np.ndarray, double: bool, out: np.ndarray | None = None) -> np.ndarray:
    """Uniform on [0, 1), as libstdc++'s `generate_canonical` makes them; two words each if double."""
    if double:
        u = np.multiply(words[..., 1::2], 2.0**32, out)
        u += words[..., 0::2]
        u *= 2.0**-64
        return np.minimum(u, _TOP64, out=u)
    if out is None:
        out = words.astype(_F32)
    else:
        out[...] = words
    out *= _F32(2**-32)
    return np.minimum(out, _TOP32, out=out)


def mixed(operation: np.ufunc, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`operation` as C++ has it: with a half on either side done in float32 and rounded to half at once."""
    if a.dtype != np.float16 and b.dtype != np.float16:
        return operation(a, b)
    return operation(a.astype(_F32), b.astype(_F32)).astype(np.float16)


def log(x: np.ndarray) -> np.ndarray:
    """The C library's logarithm; NumPy's own float64 one may differ in the last bit."""
    if x.dtype == _F32:
        return logf(x)
    return np.fromiter(map(math.log, x.reshape(-1).tolist()), np.float64, x.size).reshape(x.shape)


def polar_scale(square: np.ndarray) -> np.ndarray:
    """The factor that makes the coordinates of a point inside the circle normal."""
    scale = log(square)
    scale *= square.dtype.type(-2)
    scale /= square
    return np.sqrt(scale, out=scale)


def _polar(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Marsaglia's points: uniforms (..., 2m) to coordinates in (-1, 1), and x*x + y*y (..., m) of each pair."""
    u = u * u.dtype.type(2)
    u -= u.dtype.type(1)
    squares = u * u
    return u, squares[..., 0::2] + squares[..., 1::2]


def _tries(count: int) -> int:
    """How many points to try so that nearly always `count` of them lie inside the circle."""
    return int(count * 1.28 + 4 * math.sqrt(count)) + 4


def polar_points(streams: Streams, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and x*x + y*y for the next `count` points inside the circle, all from the first twister; float32."""
    found = []
    while count:
        tries = min(_tries(count), _MOST // 2)
        window = Window(streams, 0, 1, 2 * tries)
        points, square = _polar(unit(window.words[0], False))
        inside = np.flatnonzero((square <= 1) & (square != 0))[:count]
        count -= len(inside)
        window.use(2 * tries if count else 2 * (int(inside[-1]) + 1))
        found.append((points[0::2][inside], points[1::2][inside], square[inside]))
    x, y, square = map(np.concatenate, zip(*found, strict=True))
    return x, y, square


# ------------------------------------------------------------------------------ many twisters, read ahead

Plan = tuple[int, int, int]  # twisters, values from each, values from the last one
_AHEAD = 2**17  # uniforms looked at together, so that they stay in the processor's cache
_MOST = 2304  # words of a twister looked at together


def ahead(
    streams: Streams, plan: Plan, double: bool, room: Callable[[int], int], draw: Callable, together: int = _AHEAD
) -> np.ndarray:
    """The values of a plan, flat, where no one knows how many uniforms a value takes.

    draw(u, each, wanted) gets uniforms (twisters, room(each)) and returns the first `each` values of every row, and
    how many uniforms the first `wanted` of them took; None if there was too little room.
    """
    lanes, each, last = plan
    words = 2 if double else 1
    out = np.empty((lanes, each), np.float64 if double else _F32)
    segment = each
    while room(segment) * words > _MOST and segment > 1:
        segment = -(-segment // 2)
    for first in range(0, each, segment):
        count = min(segment, each - first)
        size = room(count)
        group = max(64, together // size)
        for start in range(0, lanes, group):
            stop = min(start + group, lanes)
            wanted = np.full(stop - start, count)
            if stop == lanes:
                wanted[-1] = min(max(last - first, 0), count)
            got = None
            while got is None:
                window = Window(streams, start, stop, size * words)
                got = draw(unit(window.words, double), count, wanted)
                if got is None:
                    size += size // 2
            out[start:stop, first : first + count], used = got
            if not wanted[-1]:
                used[-1] = 0
            window.use(used * words)
    return out.reshape(-1)[: (lanes - 1) * each + last]


def units(streams: Streams, plan: Plan, double: bool) -> np.ndarray:
    """Uniforms on [0, 1)."""
    lanes, each, last = plan
    words = 2 if double else 1
    if lanes == 1:
        return unit(streams.take(1, last * words, last * words), double)
    out = np.empty((lanes, each), np.float64 if double else _F32)
    for start, made in streams.groups(lanes, each * words, last * words):
        unit(made, double, out[start : start + len(made)])
    return out.reshape(-1)[: (lanes - 1) * each + last]


def first_of_each(
    hits: np.ndarray, rows: int, width: int, each: int, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Which of `hits`, flat and ascending places in (rows, width), are the first `each` of their row.

    Returns indices into hits: (rows, each), and for every row that of the last one `wanted`. None if one has fewer.
    """
    starts = np.searchsorted(hits, np.arange(rows + 1) * width)
    if (starts[1:] - starts[:-1] < each).any():
        return None
    starts = starts[:-1]
    return starts[:, None] + np.arange(each), starts + wanted - 1


def normals(streams: Streams, plan: Plan, double: bool) -> np.ndarray:
    """Standard normals by Marsaglia's polar method; of the two values that a point gives, one is thrown away."""

    def draw(u, each, wanted):
        rows, tries = len(u), u.shape[1] // 2
        points, square = _polar(u)
        inside = square <= 1
        inside &= square != 0
        hits = np.flatnonzero(inside)
        chosen = first_of_each(hits, rows, tries, each, wanted)
        if chosen is None:
            return None
        places, ends = hits[chosen[0]], hits[chosen[1]]
        scale = polar_scale(square.reshape(-1).take(places))
        scale *= points.reshape(-1).take(2 * places + 1)
        return scale, 2 * (ends - np.arange(rows) * tries + 1)

    return ahead(streams, plan, double, lambda count: 2 * _tries(count), draw)
