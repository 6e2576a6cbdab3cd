"""MXNet's random streams on the CPU, number for number: behind `random`, Dropout and the initializers.

A `Generator` serves one context and draws NumPy arrays; the operators turn them into tensors.
The raw words come from `_rng_twister`, the distributions from `_rng_samplers` and `_rng_rejection`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ._rng_rejection import Stepper, everywhere, gamma_chain, poisson_chain, step
from ._rng_samplers import Plan, log, mixed, normals, polar_points, polar_scale, unit, units
from ._rng_twister import Streams, Window

if TYPE_CHECKING:
    import torch

__all__ = ["Generator", "generator", "get_state", "seed", "set_state"]

_LANES = 1024  # twisters of a generator
_CHUNK = 64  # a draw takes another twister for every so many values
_MULTIPLIER = 127  # from a user's seed to a generator's
_FEW = 50  # with fewer twisters, it takes longer to draw one value after the other than all that might be
_WORD_MAX = 2**32 - 1
_PIECE = 8192  # integers worked on together, so that they stay in the processor's cache

Parameter = float | np.ndarray


def _plan(n: int) -> Plan:
    """How `n` values are dealt out: (twisters, values from each, values from the last one)."""
    each = -(-n // min(-(-n // _CHUNK), _LANES))
    lanes = -(-n // each)
    return lanes, each, n - (lanes - 1) * each


def _parameter(value: Parameter) -> np.ndarray:
    """A parameter as a flat array, scalars as MXNet keeps them: in float32."""
    if np.ndim(value) == 0 and not isinstance(value, np.ndarray):
        return np.array([value], np.float32)
    return np.asarray(value).reshape(-1)


def _is(value: Parameter, number: int) -> bool:
    return not isinstance(value, np.ndarray) and value == number


def _spread(value: Parameter, n: int) -> np.ndarray:
    """A parameter repeated for its share of the `n` values; one value stays one."""
    value = _parameter(value)
    return value if value.size == 1 else np.repeat(value, n // value.size)


def _cast(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype == np.float16:
        values = values.astype(np.float32, copy=False)  # MXNet's half is made from a float, rounding twice
    return values.astype(dtype, copy=False)


def _different(streams: Streams, lane: int, n: int, limit: int) -> tuple[list[int], int]:
    """`n` different log-uniform integers below `limit` from one lane, in order, and the tries taken."""
    found: dict[int, None] = {}
    tries, block = 0, n + 16
    while True:
        window = Window(streams, lane, lane + 1, 2 * block)
        u = unit(window.words[0], True)
        for i, value in enumerate((np.rint(np.exp(u * math.log(limit))).astype(np.int64) - 1).tolist(), 1):
            found[value] = None
            if len(found) == n:
                window.use(np.array([2 * i]))
                return list(found), tries + i
        window.use(np.array([2 * block]))
        tries += block


_SHORT = 300  # swapping one after the other takes less time up to here


def _by_partner(partner: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The swaps 0, 1, ... sorted by their partner and then by number: partners, numbers, and which equal the next."""
    from torch import from_numpy, sort

    rising, numbers = sort(from_numpy(partner.astype(np.int32)), stable=True)  # many times as fast as NumPy's
    places = rising.numpy().astype(np.int64)
    return places, numbers.numpy(), places[1:] == places[:-1]


def _follow(link: np.ndarray, who: np.ndarray) -> None:
    """Make `link` lead each of `who` at once to where its links end: to something that links to itself."""
    while who.size:
        here = link[who]
        further = link[here]
        moving = np.flatnonzero(further != here)
        who = who[moving]
        link[who] = further[moving]


def _swapped_up(partner: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... after swapping i with partner[i] <= i for i = 0, 1, ..., all at once.

    Number i comes to partner[i], and place i gets what was there. That is the number of the last swap before with the
    same partner; or, without one since the partner's own turn, what the partner got then.
    """
    places, numbers, again = _by_partner(partner)
    first = np.append(True, ~again)
    order, link = np.empty_like(partner), np.arange(len(partner))
    order[numbers[1:]] = numbers[:-1]
    begun, where = numbers[first], places[first]
    order[begun] = begun  # right where it is its own partner
    link[begun] = where
    _follow(link, begun)
    order[begun] = order[link[begun]]
    final = np.append(~again, True)  # the last swap with each partner
    order[places[final]] = numbers[final]
    return order


def _swapped_down(partner: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... after swapping i with partner[i] <= i for i = n - 1, ..., 1, all at once.

    Place i gets what is at partner[i]: what the swap before with the same partner brought from its own place, if
    there was one.
    """
    places, numbers, again = _by_partner(partner)
    own = np.arange(len(partner))  # what is at each place when its turn comes, first who brought it
    later = numbers != places
    brings = np.flatnonzero(later & np.append(True, ~(again & later[:-1])))
    brought = places[brings]
    own[brought] = numbers[brings]
    _follow(own, brought)
    order = partner.copy()
    alone = numbers[np.append(~again, True)]
    order[alone] = np.where(partner[alone] == alone, own[alone], partner[alone])
    order[numbers[:-1][again]] = own[numbers[1:][again]]
    return order


_GAMMA = 4.2  # about so many uniforms make a gamma value


def _poisson_words(lam: np.ndarray) -> float:
    """About how many uniforms make a Poisson value of these means."""
    return float(np.minimum(np.nan_to_num(lam.astype(np.float64)), 12).mean()) + 1 if lam.size else 1.0


class Generator:
    """The random numbers of one context, as MXNet 1.9.1 draws them on a CPU.

    Two independent sources start from the same seed. Samplers use the *parallel* one: 1024 MT19937 twisters,
    of which n values take min(ceil(n / 64), 1024), a contiguous share each. Shuffling, `multinomial` and
    nearly everything in `mx.np.random` use the *serial* one, a single twister.

    `n` is always how many values come back, in a flat array. Parameters are scalars, or arrays of p values
    that each serve n / p of the results in turn. `dtype` is the result's.
    """

    def __init__(self, seed: int = 0):
        self._seed = seed
        self._parallel = Streams(seed)
        self._serial = Streams(seed)
        self._torch: dict[str, torch.Generator] = {}

    def seed(self, seed: int, serial: int | None = None) -> None:
        """Restart the parallel source from `seed` (mod 2**32), the serial one from `serial` or the same."""
        self._seed = seed
        self._parallel.seed(seed)
        self._serial.seed(seed if serial is None else serial)
        for each in self._torch.values():
            each.manual_seed(seed % 2**32)

    def get_state(self) -> dict:
        """A picklable snapshot; cheap, because nothing is copied until more words are made."""
        return {
            "seed": self._seed,
            "parallel": self._parallel.get_state(),
            "serial": self._serial.get_state(),
            "torch": {device: each.get_state() for device, each in self._torch.items()},
        }

    def set_state(self, state: dict) -> None:
        """Go on from a snapshot of `get_state`."""
        self._seed = state["seed"]
        self._parallel.set_state(state["parallel"])
        self._serial.set_state(state["serial"])
        for device in self._torch.keys() | state["torch"]:
            kept = state["torch"].get(device)
            made = self.torch(device)
            made.manual_seed(self._seed % 2**32) if kept is None else made.set_state(kept)

    def torch(self, device: torch.device | str) -> torch.Generator:
        """torch's own generator on `device`, for draws that MXNet's streams do not serve; seeded along."""
        found = self._torch.get(str(device))
        if found is None:
            from torch import Generator as TorchGenerator

            found = self._torch[str(device)] = TorchGenerator(device).manual_seed(self._seed % 2**32)
        return found

    # parallel source

    def _unit(self, n: int, double: bool) -> np.ndarray:
        return units(self._parallel, _plan(n), double)

    def _reject(
        self, n: int, dtype: np.dtype, double: bool, per_value: float, sampler: Callable, *parameters: Parameter
    ) -> np.ndarray:
        """Run a method of `Stepper`, whose values take about so many uniforms each."""
        if n == 0:
            return np.empty(0, dtype)
        plan = _plan(n)
        given = [_parameter(p) for p in parameters]
        few = plan[0] < _FEW and all(p.size == 1 for p in given)
        draw = everywhere if few else step
        return _cast(draw(self._parallel, plan, double, per_value, sampler, given), dtype)

    def uniform(self, n: int, dtype="float32", low: Parameter = 0.0, high: Parameter = 1.0) -> np.ndarray:
        """Uniform on [low, high)."""
        dtype = np.dtype(dtype)
        if n == 0:
            return np.empty(0, dtype)
        u = self._unit(n, dtype != np.float32)
        if not (_is(low, 0) and _is(high, 1)):
            low, high = _spread(low, n), _spread(high, n)
            u = mixed(np.add, mixed(np.multiply, high - low, u), low)
        return _cast(u, dtype)

    def normal(self, n: int, dtype="float32", loc: Parameter = 0.0, scale: Parameter = 1.0) -> np.ndarray:
        """Normal with mean `loc` and standard deviation `scale`."""
        dtype = np.dtype(dtype)
        if n == 0:
            return np.empty(0, dtype)
        z = normals(self._parallel, _plan(n), dtype != np.float32)
        if not (_is(loc, 0) and _is(scale, 1)):
            z = mixed(np.add, mixed(np.multiply, z, _spread(scale, n)), _spread(loc, n))
        return _cast(z, dtype)

    def exponential(self, n: int, dtype="float32", lam: Parameter = 1.0) -> np.ndarray:
        """Exponential with rate `lam` (1 / scale)."""
        dtype = np.dtype(dtype)
        if n == 0:
            return np.empty(0, dtype)
        rest = 1.0 - self._unit(n, dtype != np.float32).astype(np.float64, copy=False)
        logs = log(rest) if dtype == np.float64 else np.log(rest)  # no last bit to lose in the others
        return _cast(mixed(np.divide, -logs, _spread(lam, n)), dtype)

    def randint(self, n: int, low: int, high: int, dtype="int32") -> np.ndarray:
        """Integers of [low, high), `dtype` int32 or int64."""
        if high <= low:
            raise ValueError(f"randint: the range [{low}, {high}) is empty")
        if n == 0:
            return np.empty(0, dtype)
        lanes, each, last = _plan(n)
        size, out = np.uint64(high - low), np.empty((lanes, each), dtype)
        together = max(1, _PIECE // each)
        for start, words in self._parallel.groups(lanes, 2 * each, 2 * last):
            for i in range(0, len(words), together):
                some = words[i : i + together]
                wide = some[:, 0::2].astype(np.uint64)
                wide <<= np.uint64(31)
                wide += some[:, 1::2]
                whole = wide // size  # NumPy divides fast, but is slow to give the rest
                whole *= size
                wide -= whole
                numbers = wide.view(np.int64)
                numbers += low
                out[start + i : start + i + len(numbers)] = numbers
        return out.reshape(-1)[:n]

    def gamma(self, n: int, dtype="float32", alpha: Parameter = 1.0, beta: Parameter = 1.0) -> np.ndarray:
        """Gamma with shape `alpha` and scale `beta`."""
        dtype = np.dtype(dtype)
        double = dtype == np.float64
        shape, scale = _parameter(alpha), _parameter(beta)
        if shape.size == scale.size == 1 and n:
            return _cast(gamma_chain(self._parallel, _plan(n), double, shape, scale), dtype)
        return self._reject(n, dtype, double, _GAMMA, Stepper.gamma, alpha, beta)

    def poisson(self, n: int, dtype="float32", lam: Parameter = 1.0) -> np.ndarray:
        """Poisson with mean `lam`."""
        dtype, mean = np.dtype(dtype), _parameter(lam)
        if mean.size == 1 and n and (float(mean[0]) >= 12 or n > 500):
            return _cast(poisson_chain(self._parallel, _plan(n), mean), dtype)
        return self._reject(n, dtype, False, _poisson_words(mean), Stepper.poisson, lam)

    def negative_binomial(self, n: int, dtype="float32", k: Parameter = 1, p: Parameter = 1.0) -> np.ndarray:
        """Failures before the `k`-th success, each of probability `p`."""
        chance = _parameter(p)
        words = _GAMMA + _poisson_words(_parameter(k) * (1 - chance) / chance)
        return self._reject(n, np.dtype(dtype), False, words, Stepper.negative_binomial, k, p)

    def generalized_negative_binomial(
        self, n: int, dtype="float32", mu: Parameter = 1.0, alpha: Parameter = 1.0
    ) -> np.ndarray:
        """Negative binomial by its mean `mu` and dispersion `alpha`."""
        words = _GAMMA + _poisson_words(_parameter(mu))
        return self._reject(n, np.dtype(dtype), False, words, Stepper.generalized_negative_binomial, mu, alpha)

    def keep(self, n: int, probability: float, dtype="float32") -> np.ndarray:
        """Which of `n` values Dropout keeps when it works in `dtype` (bool); each with this probability."""
        if n == 0:
            return np.empty(0, bool)
        return self._unit(n, np.dtype(dtype) != np.float32) < np.float32(probability)

    def unique_zipfian(self, rows: int, n: int, limit: int) -> tuple[np.ndarray, np.ndarray]:
        """For each row `n` different integers of [0, limit), log-uniform, and how many tries they took.

        Returns int64 arrays of shapes (rows, n) and (rows,). Raises ValueError if n > limit.
        """
        if n > limit:
            raise ValueError(f"unique_zipfian: asked for {n} different integers of [0, {limit})")
        out, tries = np.empty((rows, n), np.int64), np.empty(rows, np.int64)
        if rows == 0:
            return out, tries
        if n == 0:
            tries[:] = 0
            return out, tries
        each = -(-rows // min(rows, _LANES))
        for row in range(rows):
            out[row], tries[row] = _different(self._parallel, row // each, n, limit)
        return out, tries

    # serial source

    def serial_uniform(self, n: int, double: bool = False) -> np.ndarray:
        """Uniform on [0, 1), float32, or float64 if `double`."""
        if n == 0:
            return np.empty(0, np.float64 if double else np.float32)
        words = 2 * n if double else n
        return unit(self._serial.take(1, words, words), double)

    def serial_normal(self, n: int) -> np.ndarray:
        """Standard normal, float32; both values of a polar point are used, a draw's odd last one is lost."""
        if n == 0:
            return np.empty(0, np.float32)
        x, y, square = polar_points(self._serial, -(-n // 2))
        return (np.stack([y, x], axis=-1) * polar_scale(square)[:, None]).reshape(-1)[:n]

    def multinomial(self, probabilities: np.ndarray, n: int) -> np.ndarray:
        """`n` categories for each row of `probabilities` (rows, k) or (k,), int64 of shape (rows, n).

        A row that sums to less than 1 gives k for the rest, as MXNet's does.
        """
        probabilities = np.atleast_2d(probabilities)
        edges = np.cumsum(probabilities, axis=1, dtype=np.float64).astype(probabilities.dtype)
        u = self.serial_uniform(len(edges) * n).reshape(len(edges), n).astype(edges.dtype)
        out = np.empty(u.shape, np.int64)
        for i in range(len(edges)):
            out[i] = np.searchsorted(edges[i], u[i])
        return out

    def choice(self, n: int, k: int) -> np.ndarray:
        """`k` different ones of range(n), int64 (k,), as `mx.np.random.choice` without replacement."""
        order = list(range(n))
        size = max(k, n - k)  # a reservoir of this size is sampled, and it or what is left over is the answer
        words = self._serial.take(1, n - size, n - size).tolist() if n > size else []
        for i, word in zip(range(size, n), words, strict=True):
            place = word % (i + 1)
            if place < size:
                order[place], order[i] = i, order[place]
        return np.array(order[:k] if size == k else order[size:], np.int64)

    def permutation(self, n: int, rows: bool = False) -> np.ndarray:
        """The order, int64 (n,), into which `shuffle` brings `n` numbers, or `rows` of a larger array."""
        if n < _SHORT:
            order = list(range(n))
            low, high, step = (n - 1, 0, -1) if rows else (1, n, 1)
            limits = range(low + 1, high + 1, step)
            partners = self._few_below(limits) if n <= _FEW else self._below(np.array(limits)).tolist()
            for i, j in zip(range(low, high, step), partners, strict=True):
                order[i], order[j] = order[j], order[i]
            return np.array(order, np.int64)
        partner = np.zeros(n, np.int64)
        if rows:
            partner[:0:-1] = self._below(np.arange(n, 1, -1))
            return _swapped_down(partner)
        partner[1:] = self._below(np.arange(2, n + 1))
        return _swapped_up(partner)

    def _few_below(self, limits: range) -> list[int]:
        """As `_below`, without what takes long to begin."""
        out = []
        words = self._serial.take(1, len(limits), len(limits)).tolist() if limits else []
        for limit in limits:
            scale = _WORD_MAX // limit
            while (word := words.pop(0)) >= scale * limit:
                words.append(int(self._serial.take(1, 1, 1)[0]))
            out.append(word // scale)
        return out

    def _below(self, limits: np.ndarray) -> np.ndarray:
        """For each limit an integer below it, as libstdc++'s `uniform_int_distribution` scales words down."""
        out = np.empty(len(limits), np.int64)
        done = 0
        while done < len(limits):
            # quotients in floating point: exact for 32 bits, and much faster
            limit = limits[done : done + 4096].astype(np.float64)
            scale = np.floor(_WORD_MAX / limit)
            limit *= scale
            window = Window(self._serial, 0, 1, len(limit))
            words = window.words[0].astype(np.float64)
            # words beyond the last whole multiple are passed over, and everything after them shifts by one
            over = np.flatnonzero(words >= limit)
            good = int(over[0]) if over.size else len(limit)
            words /= scale
            out[done : done + good] = words[:good]
            window.use(good + (over.size > 0))
            done += good
        return out


_seed = 0
_generators: dict[tuple[str, int], Generator] = {}


def _key(device_type: str, device_id: int) -> tuple[str, int]:
    """All CPU contexts share one generator; every GPU has its own."""
    return ("gpu", device_id) if device_type == "gpu" else ("cpu", 0)


def generator(device_type: str = "cpu", device_id: int = 0) -> Generator:
    """The generator of a context; made at its first use, from the seed then in force."""
    key = _key(device_type, device_id)
    found = _generators.get(key)
    if found is None:
        found = _generators[key] = Generator(_seed * _MULTIPLIER + key[1])
    return found


def seed(seed: int, ctx: str | tuple[str, int] = "all") -> None:
    """Seed every context's generator, each differently, or that of one context `(device_type, device_id)`."""
    global _seed
    if ctx != "all":
        generator(*ctx).seed(seed * _MULTIPLIER, serial=seed)  # MXNet multiplies only the one seed
        return
    _seed = seed
    for (_, device_id), each in _generators.items():
        each.seed(seed * _MULTIPLIER + device_id)


def get_state() -> dict:
    """A picklable snapshot of all generators."""
    return {"seed": _seed, "generators": {key: each.get_state() for key, each in _generators.items()}}


def set_state(state: dict) -> None:
    """Go on from a snapshot of `get_state`; contexts that it does not know start from its seed."""
    seed(state["seed"])
    for key, each in state["generators"].items():
        generator(*key).set_state(each)
