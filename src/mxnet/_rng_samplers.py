"""From raw words to numbers: MXNet's samplers, in the arithmetic of the C++ they were compiled from.

Stands between `_rng_twister` (the words) and `_rng` (which words serve which call). Every sampler leaves its
`Cursor` exactly where MXNet's own generator would stand. A *single* uniform is a float32 made of one word,
a *double* one a float64 made of two.
"""

from __future__ import annotations

import math

import numpy as np

from ._rng_libm import lgammaf, logf, tanf
from ._rng_twister import Cursor, Streams

__all__ = ["Rejection", "log", "normals", "polar_points", "polar_scale", "unit"]

_F32 = np.float32
_TOP32, _TOP64 = _F32(1 - 2**-24), 1 - 2**-53  # the greatest numbers below 1
_PI = _F32(3.1415926)


def unit(words: np.ndarray, double: bool) -> np.ndarray:
    """Uniform on [0, 1), as libstdc++'s `generate_canonical` makes them; two words each if double."""
    if double:
        u = words[..., 1::2] * 2.0**32
        u += words[..., 0::2]
        u *= 2.0**-64
        return np.minimum(u, _TOP64, out=u)
    u = words.astype(_F32)
    u *= _F32(2**-32)
    return np.minimum(u, _TOP32, out=u)


def mixed(operation: np.ufunc, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`operation` as C++ has it: with a half on either side done in float32 and rounded to half at once."""
    if a.dtype != np.float16 and b.dtype != np.float16:
        return operation(a, b)
    return operation(a.astype(_F32), b.astype(_F32)).astype(np.float16)


def log(x: np.ndarray) -> np.ndarray:
    """The C library's logarithm; NumPy's own float64 one may differ in the last bit."""
    return logf(x) if x.dtype == _F32 else np.fromiter(map(math.log, x.tolist()), np.float64, x.size)


def power(x: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """The C library's float64 `pow`."""
    return np.fromiter(map(math.pow, x.tolist(), exponent.tolist()), np.float64, x.size)


def polar(u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Marsaglia's points: uniforms (..., 2m) to x and y in (-1, 1) and x*x + y*y, each (..., m)."""
    u = u * u.dtype.type(2)
    u -= u.dtype.type(1)
    x, y = u[..., 0::2], u[..., 1::2]
    return x, y, x * x + y * y


def polar_scale(square: np.ndarray) -> np.ndarray:
    """The factor that makes the coordinates of a point inside the circle normal."""
    return np.sqrt(square.dtype.type(-2) * log(square) / square)


def polar_points(streams: Streams, count: int, double: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`polar` for the next `count` points inside the circle, all from the first twister."""
    words = 4 if double else 2
    tries = int(count * 1.28 + 4 * math.sqrt(count)) + 4
    cursor = Cursor(streams, 1, tries * words)
    while True:
        x, y, square = polar(unit(cursor.peek(tries * words)[0], double))
        inside = np.flatnonzero((square <= 1) & (square != 0))[:count]
        if inside.size == count:
            break
        tries += tries // 2
    cursor.at[0] += words * (int(inside[-1]) + 1)
    cursor.close()
    return x[inside], y[inside], square[inside]


def normals(streams: Streams, lanes: int, count: int, last: int, double: bool) -> np.ndarray:
    """`count` standard normals from each of the first `lanes` twisters, but `last` of the last one; flat.

    Marsaglia's polar method; of the two values that a point gives, one is thrown away.
    """
    if lanes == 1:
        _, y, square = polar_points(streams, count, double)
        return y * polar_scale(square)
    want = np.full((lanes, 1), count)
    want[-1] = last
    words = 4 if double else 2
    tries = int(count * 1.28 + 4 * math.sqrt(count)) + 4
    cursor = Cursor(streams, lanes, tries * words)
    while True:
        _, y, square = polar(unit(cursor.peek(tries * words), double))
        inside = (square <= 1) & (square != 0)
        order = inside.cumsum(axis=1)
        if (order[:, -1:] >= want).all():
            break
        tries += tries // 2
    inside &= order <= want
    cursor.at += words * ((order < want).sum(axis=1) + 1)
    cursor.close()
    return y[inside] * polar_scale(square[inside])


class Rejection:
    """Draws one value at a time from each of several lanes, where no one knows how many words that takes.

    Every method takes the numbers of the lanes to draw from and one parameter value for each of them.
    """

    def __init__(self, cursor: Cursor, double: bool):
        self._cursor = cursor
        self._double = double
        self.dtype = np.float64 if double else np.float32

    def uniform(self, lanes: np.ndarray) -> np.ndarray:
        if not self._double:
            return unit(self._cursor.next(lanes), False)
        pair = np.stack([self._cursor.next(lanes), self._cursor.next(lanes)], axis=-1)
        return unit(pair, True)[..., 0]

    def normal(self, lanes: np.ndarray) -> np.ndarray:
        y, square = np.empty(len(lanes), self.dtype), np.empty(len(lanes), self.dtype)
        todo = np.arange(len(lanes))
        while todo.size:
            pair = np.stack([self.uniform(lanes[todo]), self.uniform(lanes[todo])], axis=-1)
            _, y_new, square_new = polar(pair)
            y[todo], square[todo] = y_new[:, 0], square_new[:, 0]
            todo = todo[(square[todo] > 1) | (square[todo] == 0)]
        return y * polar_scale(square)

    def gamma(self, lanes: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
        """Marsaglia and Tsang (2000), "A simple method for generating gamma variables"."""
        boost = alpha < 1  # then the sampler gives a Gamma(alpha + 1), to be scaled down
        d = mixed(np.add, alpha, np.where(boost, 2 / 3, -1 / 3)).astype(self.dtype)
        k = np.sqrt(9.0 * d.astype(np.float64)).astype(self.dtype)
        c = 1 / k
        out = np.empty(len(lanes), self.dtype)
        todo = np.arange(len(lanes))
        while todo.size:
            z = self.normal(lanes[todo])
            done = z > -k[todo]
            tried = np.flatnonzero(done)
            at, z = todo[tried], z[tried]
            v = 1 + c[at] * z
            v = v * v * v
            u = self.uniform(lanes[at])
            good = np.log1p(-u) < 0.5 * z * z + d[at] * (1 - v + np.log(v))
            out[at[good]] = d[at[good]] * v[good]
            done[tried] = good
            todo = todo[~done]
        out = mixed(np.multiply, out, beta).astype(self.dtype, copy=False)
        if boost.any():
            exponent = mixed(np.divide, np.ones(1, self.dtype), alpha[boost])
            out[boost] = out[boost] * power(self.uniform(lanes[boost]), exponent)
        return out

    def poisson(self, lanes: np.ndarray, lam: np.ndarray) -> np.ndarray:
        lam = lam.astype(_F32)
        small = lam < 12
        if small.all():
            return self._poisson_product(lanes, lam)
        out = np.empty(len(lanes), _F32)
        out[small] = self._poisson_product(lanes[small], lam[small])
        out[~small] = self._poisson_lorentz(lanes[~small], lam[~small])
        return out

    def _poisson_product(self, lanes: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """Knuth's: how many uniforms can be multiplied before the product is below exp(-lam)."""
        stop = np.exp(-lam.astype(np.float64)).astype(_F32)
        count = np.zeros(len(lanes), _F32)
        product = self.uniform(lanes)
        todo = np.flatnonzero(product > stop)
        while todo.size:
            count[todo] += 1
            product[todo] *= self.uniform(lanes[todo])
            todo = todo[product[todo] > stop[todo]]
        return count

    def _poisson_lorentz(self, lanes: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """Rejection from a Lorentzian (Press et al., Numerical Recipes in C, section 7.3)."""
        root = np.sqrt(2 * lam)
        log_lam = logf(lam)
        g = lam * log_lam - lgammaf(lam + 1)
        y, out = np.empty(len(lanes), _F32), np.empty(len(lanes), _F32)
        todo = np.arange(len(lanes))
        while todo.size:
            left = todo
            while left.size:
                y[left] = tanf(_PI * self.uniform(lanes[left]))
                out[left] = root[left] * y[left] + lam[left]
                left = left[out[left] < 0]
            value = out[todo] = np.floor(out[todo])
            density = np.exp((value * log_lam[todo] - lgammaf(value + 1) - g[todo]).astype(np.float64))
            ceiling = _F32(0.9) * (1 + y[todo] * y[todo]) * density.astype(_F32)
            todo = todo[self.uniform(lanes[todo]) > ceiling]
        return out

    def negative_binomial(self, lanes: np.ndarray, k: np.ndarray, p: np.ndarray) -> np.ndarray:
        return self.poisson(lanes, self.gamma(lanes, k, mixed(np.divide, 1 - p, p)))

    def generalized_negative_binomial(
        self, lanes: np.ndarray, mu: np.ndarray, alpha: np.ndarray
    ) -> np.ndarray:
        lam, spread = mu.astype(_F32), np.flatnonzero(alpha)
        mu, alpha = mu[spread], alpha[spread]
        lam[spread] = self.gamma(lanes[spread], 1 / alpha, mixed(np.multiply, alpha, mu))
        return self.poisson(lanes, lam)
