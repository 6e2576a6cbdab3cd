"""Gamma, Poisson and what is made of them: samplers where no one knows beforehand how many uniforms a value takes.

Beside `_rng_samplers`, and as exact. With scalar parameters it depends on nothing but a place in a twister's
uniforms where the value ends that starts there: `*_chain` find that for every place at once and then jump from end to
start (`_walk`). Otherwise a `Stepper` draws value after value, for many twisters at once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from ._rng_libm import lgammaf, logf, tanf
from ._rng_samplers import Plan, ahead, first_of_each, mixed, polar_scale, unit
from ._rng_twister import Streams, Window

__all__ = ["Stepper", "everywhere", "gamma_chain", "poisson_chain", "step"]

_F32 = np.float32
_PI = _F32(3.1415926)
_SQUEEZE = 1e-4  # far more than the error of a test with approximate logarithms
_SMALL = 12  # Poisson means below this are sampled by products

Draw = Callable[[np.ndarray, int, np.ndarray], "tuple[np.ndarray, np.ndarray] | None"]


def _times_power(values: np.ndarray, x: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """values * x**exponent with the C library's float64 `pow`, in the dtype of `values`."""
    power = np.power(x.astype(np.float64), exponent.astype(np.float64))
    product = values * power
    out = product.astype(values.dtype)
    # NumPy's `pow` may be off in the last bits: where that decides, the C library is asked
    spread = product * 1e-15
    asked = np.flatnonzero((product - spread).astype(out.dtype) != (product + spread).astype(out.dtype))
    if asked.size:
        exponent = np.broadcast_to(exponent, x.shape)[asked]
        exact = np.fromiter(map(math.pow, x[asked].tolist(), exponent.tolist()), np.float64, asked.size)
        out[asked] = values[asked] * exact
    return out


def _room(per_value: float) -> Callable[[int], int]:
    """How many uniforms are nearly always enough for some values, that take so many each."""
    return lambda count: int(count * per_value + 5 * math.sqrt(count * per_value)) + 24


def _walk(following: np.ndarray, rows: int, width: int, steps: int) -> np.ndarray:
    """The places one gets to from the start of each row by going where `following` says; (rows, steps)."""
    path = np.empty((steps, rows), np.intp)
    place = path[0]
    place[:] = np.arange(rows) * width
    take = following.take
    for beyond in path[1:]:
        place = take(place, None, beyond, "clip")
    return path.T.copy()


def _end_rows(following: np.ndarray, valid: np.ndarray, rows: int, width: int, margin: int) -> None:
    """At the end of a row, where a value might need uniforms that are not there, the walk stands still."""
    ends = np.arange(rows * width).reshape(rows, width)[:, width - margin :]
    following.reshape(rows, width)[:, width - margin :] = ends
    valid.reshape(rows, width)[:, width - margin :] = False


def _points(u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of flat uniforms: coordinates in (-1, 1); x*x + y*y of each with its successor; which lie in the circle."""
    x = u * u.dtype.type(2)
    x -= u.dtype.type(1)
    squares = x * x
    square = np.empty_like(squares)
    np.add(squares[:-1], squares[1:], out=square[:-1])
    square[-1:] = 2
    inside = square <= 1
    inside &= square != 0
    return x, square, inside


# ------------------------------------------------------------------------------ gamma


class _Gamma:
    """Marsaglia and Tsang (2000), "A simple method for generating gamma variables": what follows from alpha."""

    def __init__(self, alpha: np.ndarray, dtype: np.dtype):
        self.boost = alpha < 1  # then the sampler gives a Gamma(alpha + 1), to be scaled down
        self.d = mixed(np.add, alpha, np.where(self.boost, 2 / 3, -1 / 3)).astype(dtype)
        self.lowest = -np.sqrt(9.0 * self.d.astype(np.float64)).astype(dtype)  # a normal below it is no try
        self.c = -1 / self.lowest

    def at(self, which) -> _Gamma:
        found = object.__new__(_Gamma)
        found.boost, found.d = self.boost[which], self.d[which]
        found.lowest, found.c = self.lowest[which], self.c[which]
        return found

    def cube(self, z: np.ndarray) -> np.ndarray:
        v = 1 + self.c * z
        return v * v * v

    def excess(self, z: np.ndarray, v: np.ndarray, u: np.ndarray) -> np.ndarray:
        """A try is good if this is above 0."""
        return 0.5 * z * z + self.d * (1 - v + np.log(v)) - np.log1p(-u)

    def good(self, z: np.ndarray, v: np.ndarray, u: np.ndarray) -> np.ndarray:
        return np.log1p(-u) < 0.5 * z * z + self.d * (1 - v + np.log(v))


def _scaled(values: np.ndarray, beta: np.ndarray) -> np.ndarray:
    return mixed(np.multiply, values, beta).astype(values.dtype, copy=False)


def gamma_chain(streams: Streams, plan: Plan, double: bool, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """The values of a plan, flat, for one alpha and one beta."""
    dtype = np.dtype(np.float64 if double else _F32)
    gamma = _Gamma(alpha, dtype)
    boost = int(gamma.boost[0])

    def draw(u, each, wanted):
        rows, room = u.shape
        u = u.reshape(-1)
        x, square, tried = _points(u)
        _leave_out_low(gamma, x, square, tried)
        strides = tried + np.int8(2)
        if boost:
            strides += _accepted_everywhere(gamma, u, x, square, tried)
        following = np.arange(u.size) + strides
        _end_rows(following, tried, rows, room, 5)
        steps = int(each * 1.37 + 6 * math.sqrt(each)) + 8
        path = _walk(following, rows, room, steps).reshape(-1)
        path_tried = np.flatnonzero(tried[path])
        places = path.take(path_tried)
        z = polar_scale(square.take(places)) * x.take(places + 1)
        v = gamma.cube(z)
        good = np.flatnonzero(gamma.good(z, v, u.take(places + 2)))
        chosen = first_of_each(path_tried.take(good), rows, steps, each, wanted)
        if chosen is None:
            return None
        which, ends = good.take(chosen[0]), good[chosen[1]]
        values = _scaled(gamma.d * v.take(which), beta)
        if boost:
            exponent = mixed(np.divide, np.ones(1, dtype), alpha)
            lifted = u.take(places.take(which) + 3)
            values = _times_power(values.reshape(-1), lifted.reshape(-1), exponent).reshape(values.shape)
        return values, places[ends] + 3 + boost - np.arange(rows) * room

    return ahead(streams, plan, double, _room(3.75 + boost), draw, 2**18)


def _leave_out_low(gamma: _Gamma, x: np.ndarray, square: np.ndarray, tried: np.ndarray) -> None:
    """Points whose normal is too low are passed over; they all are near the origin."""
    near = np.flatnonzero(square <= 1.001 * np.exp(-0.5 * gamma.lowest[0] ** 2))
    near = near[tried[near]]
    if near.size:
        z = polar_scale(square[near]) * x[np.minimum(near + 1, x.size - 1)]
        tried[near[z <= gamma.lowest]] = False


def _accepted_everywhere(gamma: _Gamma, u, x, square, tried) -> np.ndarray:
    """At which of all places a try would be accepted; close decisions are made exactly."""
    accepted = np.zeros(u.size, bool)
    with np.errstate(all="ignore"):
        z = np.sqrt(-2 * np.log(square[:-2]) / square[:-2]) * x[1:-1]
        excess = gamma.excess(z, gamma.cube(z), u[2:])
        np.greater(excess, 0, out=accepted[:-2])
        accepted &= tried
        close = np.flatnonzero(np.abs(excess) < _SQUEEZE)
    close = close[tried[close]]
    if close.size:
        z = polar_scale(square[close]) * x[close + 1]
        accepted[close] = gamma.good(z, gamma.cube(z), u[close + 2])
    return accepted


# ------------------------------------------------------------------------------ Poisson


def poisson_chain(streams: Streams, plan: Plan, lam: np.ndarray) -> np.ndarray:
    """The values of a plan, flat, for one mean."""
    lam = lam.astype(_F32)
    mean = float(lam[0])
    if mean < _SMALL:
        return ahead(streams, plan, False, _room(mean + 1), _products(_stop(lam)), 2**20)
    return ahead(streams, plan, False, _room(3.4), _lorentz(lam), 2**18)


def _stop(lam: np.ndarray) -> np.ndarray:
    return np.exp(-lam.astype(np.float64)).astype(_F32)


def _products(stop: np.ndarray) -> Draw:
    """Knuth's: how many uniforms can be multiplied before the product is below exp(-lam)."""

    def draw(u, each, wanted):
        rows, room = u.shape
        ended = np.empty((room, rows), bool)
        product, one = np.ones(rows, _F32), np.ones(rows, _F32)
        below = np.full(rows, stop)
        # thousands of short steps: functions that are called fast
        multiply, less_equal, putmask = np.multiply, np.less_equal, np.putmask
        for factor, end in zip(u.T.copy(), ended, strict=True):
            multiply(product, factor, product)
            less_equal(product, below, end)
            putmask(product, end, one)
        hits = np.flatnonzero(ended.T.copy())
        chosen = first_of_each(hits, rows, room, each, wanted)
        if chosen is None:
            return None
        before = np.arange(rows) * room
        ends = np.concatenate([before[:, None] - 1, hits[chosen[0]]], axis=1)
        return np.diff(ends) - 1, hits[chosen[1]] + 1 - before

    return draw


@functools.cache
def _log_factorials() -> np.ndarray:
    return lgammaf(np.arange(1, 4097, dtype=_F32))


def _log_factorial(value: np.ndarray) -> np.ndarray:
    table = _log_factorials()
    if value.size and value.max() < table.size:
        return table.take(value.astype(np.intp))
    return lgammaf(value + 1)  # also for nan


class _Lorentz:
    """Rejection from a Lorentzian (Press et al., Numerical Recipes in C, section 7.3): what follows from the mean."""

    def __init__(self, lam: np.ndarray):
        self.lam, self.root, self.log_lam = lam, np.sqrt(2 * lam), logf(lam)
        self.g = lam * self.log_lam - lgammaf(lam + 1)

    def at(self, which) -> _Lorentz:
        found = object.__new__(_Lorentz)
        found.lam, found.root = self.lam[which], self.root[which]
        found.log_lam, found.g = self.log_lam[which], self.g[which]
        return found

    def density(self, value: np.ndarray) -> np.ndarray:
        return np.exp((value * self.log_lam - _log_factorial(value) - self.g).astype(np.float64)).astype(_F32)

    def densities(self, value: np.ndarray) -> np.ndarray:
        """The same for very many values with one mean; most of them are the same few."""
        size = int(self.lam[0] + 8 * self.root[0]) + 1
        if size > value.size:
            return self.density(value)
        out = self.density(np.arange(size, dtype=_F32)).take(np.minimum(value, size - 1).astype(np.intp))
        beyond = np.flatnonzero(value >= size)
        out[beyond] = self.density(value[beyond])
        return out


def _lorentz(lam: np.ndarray) -> Draw:
    def draw(u, each, wanted):
        rows, room = u.shape
        u = u.reshape(-1)
        y = tanf(_PI * u)
        x = source.root * y + lam
        tried = ~(x < 0)  # nan is a try, and good: no one may wait for better
        following = np.arange(1, u.size + 1)
        following += tried
        _end_rows(following, tried, rows, room, 3)
        steps = int(each * 2 + 8 * math.sqrt(each)) + 8
        path = _walk(following, rows, room, steps).reshape(-1)
        path_tried = np.flatnonzero(tried[path])
        places = path.take(path_tried)
        y, values = y.take(places), np.floor(x.take(places))
        ceiling = _F32(0.9) * (1 + y * y) * source.densities(values)
        good = np.flatnonzero(~(u.take(places + 1) > ceiling))
        chosen = first_of_each(path_tried.take(good), rows, steps, each, wanted)
        if chosen is None:
            return None
        return values[good.take(chosen[0])], places[good[chosen[1]]] + 2 - np.arange(rows) * room

    source = _Lorentz(lam)
    return draw


# ------------------------------------------------------------------------------ value after value


class Stepper:
    """Draws one value at a time from each of several places in uniforms (flat), where its parameters are its own.

    `at` are the places. Methods take the numbers of those to draw for, and one parameter value for each of them.
    """

    def __init__(self, u: np.ndarray, at: np.ndarray):
        self.u, self.at = u, at
        self.dtype = u.dtype
        self._x = self._square = self._inside = np.empty(0)

    def uniform(self, who: np.ndarray) -> np.ndarray:
        at = self.at[who]
        self.at[who] = at + 1
        return self.u[at]

    def normal(self, who: np.ndarray) -> np.ndarray:
        if not self._x.size:
            self._x, self._square, self._inside = _points(self.u)
        at = self.at[who]
        outside = np.flatnonzero(~self._inside[at])
        while outside.size:
            at[outside] += 2
            outside = outside[~self._inside[at[outside]]]
        self.at[who] = at + 2
        return polar_scale(self._square[at]) * self._x[at + 1]

    def gamma(self, who: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
        given = _Gamma(alpha, self.dtype)
        out = np.empty(len(who), self.dtype)
        todo = np.arange(len(who))
        some = given
        while todo.size:
            z = self.normal(who[todo])
            done = z > some.lowest
            tried = np.flatnonzero(done)
            if tried.size < todo.size:
                z, some = z[tried], some.at(tried)
            v = some.cube(z)
            at = todo[tried]
            good = some.good(z, v, self.uniform(who[at]))
            out[at] = some.d * v
            done[tried] = good
            todo = todo[~done]
            some = given.at(todo)
        out = _scaled(out, beta)
        if given.boost.any():
            boost = given.boost
            exponent = mixed(np.divide, np.ones(1, self.dtype), alpha[boost])
            out[boost] = _times_power(out[boost], self.uniform(who[boost]), exponent)
        return out

    def poisson(self, who: np.ndarray, lam: np.ndarray) -> np.ndarray:
        lam = lam.astype(_F32)
        small = lam < _SMALL
        if small.all():
            return self._products(who, lam)
        out = np.empty(len(who), _F32)
        out[small] = self._products(who[small], lam[small])
        out[~small] = self._lorentz(who[~small], lam[~small])
        return out

    def _products(self, who: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """As `_products` above, several factors ahead at a time."""
        if not len(who):
            return np.empty(0, _F32)
        stop, start = _stop(lam), self.at[who]
        at, carried = start.copy(), None
        factors = np.arange(int(1.5 * float(lam.mean())) + 5)[:, None]
        todo = np.arange(len(who))
        while todo.size:
            products = self.u[at[todo] + factors]
            if carried is not None:
                products[0] *= carried
            np.multiply.accumulate(products, axis=0, out=products)
            above = np.add.reduce((products > stop[todo]).view(np.int8), axis=0, dtype=np.int8)
            at[todo] += above
            more = np.flatnonzero(above == len(factors))
            carried, todo = products[-1, more], todo[more]
        self.at[who] = at + 1
        return (at - start).astype(_F32)

    def _lorentz(self, who: np.ndarray, lam: np.ndarray) -> np.ndarray:
        if not len(who):
            return np.empty(0, _F32)
        all_of = some = _Lorentz(lam)
        out, at = np.empty(len(who), _F32), self.at[who]
        todo = np.arange(len(who))
        while todo.size:
            place = at[todo]
            y = tanf(_PI * self.u[place])
            value = np.floor(some.root * y + some.lam)
            tried = ~(value < 0)
            if not tried.all():  # the others only spend one uniform
                at[todo] += 1
                (yes,) = tried.nonzero()
                chosen, place, y, value, some = todo[yes], place[yes], y[yes], value[yes], some.at(yes)
                at[chosen] += 1
            else:
                chosen = todo
                at[todo] += 2
            ceiling = _F32(0.9) * (1 + y * y) * some.density(value)
            good = ~(self.u[place + 1] > ceiling)
            out[chosen[good]] = value[good]
            tried[tried] = good
            todo = todo[~tried]
            some = all_of.at(todo)
        self.at[who] = at
        return out

    def negative_binomial(self, who: np.ndarray, k: np.ndarray, p: np.ndarray) -> np.ndarray:
        return self.poisson(who, self.gamma(who, k, mixed(np.divide, 1 - p, p)))

    def generalized_negative_binomial(self, who: np.ndarray, mu: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        lam, spread = mu.astype(_F32), np.flatnonzero(alpha)
        mu, alpha = mu[spread], alpha[spread]
        lam[spread] = self.gamma(who[spread], 1 / alpha, mixed(np.multiply, alpha, mu))
        return self.poisson(who, lam)


_SEGMENT = 64  # values drawn before the streams are told


def step(
    streams: Streams, plan: Plan, double: bool, per_value: float, sampler: Callable, parameters: list[np.ndarray]
) -> np.ndarray:
    """The values of a plan by a method of Stepper; parameters are arrays whose elements serve their share in turn.

    per_value: about how many uniforms a value takes.
    """
    lanes, each, last = plan
    most = 1000 * per_value
    n = (lanes - 1) * each + last
    shares = [n // p.size for p in parameters]
    words = 2 if double else 1
    out = np.empty((lanes, each), np.float64 if double else _F32)
    first = 0
    while first < each:
        count = min(_SEGMENT, each - first)
        room = _room(per_value)(count)
        window = Window(streams, 0, lanes, room * words)
        u = unit(window.words, double).reshape(-1)
        stepper = Stepper(u, np.arange(lanes) * room)
        limit = (np.arange(lanes) + 1) * room
        try:
            for i in range(first, first + count):
                who = np.arange(lanes if i < last else lanes - 1)
                values = who * each + i
                given = (p[values // share] for p, share in zip(parameters, shares, strict=True))
                out[who, i] = sampler(stepper, who, *given)
            short = bool((stepper.at > limit).any())
        except IndexError:  # beyond the last uniform
            short = True
        if short:
            per_value *= 1.5
            if per_value > most:
                raise ValueError("no value found: these are not the parameters of a distribution")
            continue
        window.use((stepper.at - limit + room) * words)
        first += count
    return out.reshape(-1)[:n]


def everywhere(
    streams: Streams, plan: Plan, double: bool, per_value: float, sampler: Callable, parameters: list[np.ndarray]
) -> np.ndarray:
    """As `step` for scalar parameters and few lanes: values that start at all places are drawn at once."""

    def draw(u, each, wanted):
        rows, room = u.shape
        tail = int(4 * per_value) + 40
        if tail >= room:
            return None
        flat = u.reshape(-1)
        starts = np.arange(flat.size)
        stepper = Stepper(np.concatenate([flat, flat]), starts.copy())
        values = sampler(stepper, starts, *(np.broadcast_to(p, starts.shape) for p in parameters))
        following, valid = stepper.at, np.ones(flat.size, bool)
        _end_rows(following, valid, rows, room, tail)
        path = _walk(following, rows, room, each + 1)
        if not valid[path[:, each - 1]].all():
            return None
        before = np.arange(rows)
        return values[path[:, :each]], path[before, wanted] - before * room

    room = _room(per_value)
    return ahead(streams, plan, double, lambda count: room(count + 4) + 60, draw)
