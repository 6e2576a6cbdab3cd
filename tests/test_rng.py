"""The CPU random streams against what MXNet 1.9.1 gave (golden/rng/generate_rng.py), and their own rules."""

import gzip
import json
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest

from mxnet import _rng
from mxnet._rng import Generator
from mxnet._rng_libm import logf
from mxnet._rng_twister import Streams

CASES = json.loads(gzip.decompress((Path(__file__).parent / "golden" / "rng" / "rng.json.gz").read_bytes()))


@pytest.fixture(autouse=True)
def streams_left_alone():
    before = _rng.get_state()
    yield
    _rng.set_state(before)


def names(case):
    return f"{case['seed']}-" + "-".join(dict.fromkeys(step["draw"] for step in case["steps"]))


def draw(kind, n, dtype="float32", params=None, arrays=None, device=0, **more):
    """The same step as MXNet was asked to take."""
    source = _rng.generator("cpu", device)
    if kind == "permutation":
        return source.permutation(n, **more)
    if kind == "choice":
        return source.choice(n, more["k"])
    if kind in ("serial_uniform", "serial_normal"):
        return getattr(source, kind)(n)
    if kind == "multinomial":
        return source.multinomial(np.array(more["weights"], dtype), n).reshape(-1)
    if kind == "zipfian":
        return np.concatenate(
            [part.reshape(-1) for part in source.unique_zipfian(more["rows"], n, more["limit"])]
        )
    if kind == "keep":
        return source.keep(n, np.float32(1) - np.float32(more["p"]), dtype)
    params = dict(params or {})
    if arrays is not None:
        params = {name: np.array(values, arrays) for name, values in params.items()}
    return getattr(source, kind)(n, dtype=dtype, **params)


def check(numbers, got, step):
    label = f"{step['draw']}, n={step['n']}, {step.get('params')}, parameters {step.get('arrays', 'scalar')}"
    dtype, ends, checksum = got
    assert numbers.dtype.name == dtype
    shown = np.array(ends, dtype)
    kept = len(shown) // 2
    np.testing.assert_allclose(
        np.r_[numbers[:kept], numbers[-kept:]], shown, rtol=1e-14, atol=1e-15, err_msg=label
    )
    if dtype != "float64":  # in float64 the last bit is the C library's
        assert zlib.crc32(numbers.tobytes()) == checksum, label


@pytest.mark.parametrize("case", CASES, ids=names)
def test_streams_are_mxnets(case):
    _rng.seed(case["seed"])
    for step in case["steps"]:
        if step["draw"] == "seed":
            _rng.seed(step["seed"], ctx="all" if "device" not in step else ("cpu", step["device"]))
            continue
        arguments = {key: value for key, value in step.items() if key not in ("draw", "got")}
        check(draw(step["draw"], **arguments), step["got"], step)


def test_twisters_are_numpys():
    """Any mix of draws from any number of twisters leaves each of them where numpy's own would be."""
    choose = np.random.RandomState(5)
    streams, references = Streams(77), [np.random.RandomState(77 + i) for i in range(40)]
    for _ in range(60):
        lanes = int(choose.choice([1, 1, 2, 3, 17, 40]))
        count = int(choose.randint(1, 1500))
        last = int(choose.randint(1, count + 1))
        got = streams.take(lanes, count, last)
        counts = [count] * (lanes - 1) + [last]
        want = [np.frombuffer(references[i].bytes(4 * c), "<u4") for i, c in enumerate(counts)]
        np.testing.assert_array_equal(got, np.concatenate(want))


def test_seeds_wrap_at_32_bits():
    np.testing.assert_array_equal(Generator(-1).uniform(100), Generator(2**32 - 1).uniform(100))


def test_one_draw_or_many_small_ones():
    """Up to 64 values come from one twister, so small draws go on where the last one stopped."""
    parts, whole = Generator(3), Generator(3)
    np.testing.assert_array_equal(np.concatenate([parts.normal(n) for n in (1, 2, 30, 20)]), whole.normal(53))


@pytest.mark.parametrize("kind", ["uniform", "normal", "exponential", "gamma", "poisson", "negative_binomial",
                                  "generalized_negative_binomial"])  # fmt: skip
def test_nothing_drawn_uses_nothing(kind):
    source = Generator(1)
    assert getattr(source, kind)(0, dtype="float64").shape == (0,)
    assert source.randint(0, 0, 5).size == source.permutation(0).size == source.serial_normal(0).size == 0
    np.testing.assert_array_equal(source.uniform(3), Generator(1).uniform(3))


def test_uniform_stays_below_one():
    assert Generator(0).uniform(2**20).max() < 1


def everything(source):
    return [
        source.uniform(70),
        source.normal(66000),
        source.gamma(100),
        source.permutation(700),
        source.serial_normal(3),
    ]


@pytest.mark.parametrize("through", [lambda state: state, lambda state: pickle.loads(pickle.dumps(state))])
def test_state_can_be_taken_and_set(through):
    source = Generator(8)
    everything(source)
    state = through(source.get_state())
    first, second = everything(source), everything(source)
    for expected in (first, first):
        source.set_state(state)
        for a, b in zip(everything(source), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(everything(source), second, strict=True):
        np.testing.assert_array_equal(a, b)
    fresh = Generator()
    fresh.set_state(state)
    for a, b in zip(everything(fresh), first, strict=True):
        np.testing.assert_array_equal(a, b)


def test_state_of_all_contexts():
    _rng.seed(3)
    _rng.generator("cpu").uniform(5)
    state = _rng.get_state()
    expected = _rng.generator("cpu").uniform(5), _rng.generator("gpu", 6).uniform(5)
    _rng.seed(99)
    _rng.set_state(state)
    np.testing.assert_array_equal(_rng.generator("cpu").uniform(5), expected[0])
    np.testing.assert_array_equal(_rng.generator("gpu", 6).uniform(5), expected[1])


def test_gpus_differ_and_cpus_do_not():
    _rng.seed(3)
    assert _rng.generator("cpu", 0) is _rng.generator("cpu", 5) is _rng.generator("cpu_pinned", 0)
    np.testing.assert_array_equal(_rng.generator("gpu", 2).uniform(5), Generator(3 * 127 + 2).uniform(5))


def test_torch_generator_follows():
    torch = pytest.importorskip("torch")
    source = Generator(4)
    numbers = lambda: torch.rand(5, generator=source.torch("cpu")).tolist()  # noqa: E731
    first = numbers()
    state = source.get_state()
    second = numbers()
    source.set_state(state)
    assert numbers() == second
    source.seed(4)
    assert numbers() == first


def test_empty_ranges_are_refused():
    with pytest.raises(ValueError, match=r"\[5, 5\)"):
        Generator(0).randint(3, 5, 5)
    with pytest.raises(ValueError, match="asked for 4 different"):
        Generator(0).unique_zipfian(1, 4, 3)


def test_logf_is_correct_to_one_bit():
    x = np.random.RandomState(0).rand(50000).astype(np.float32) + np.float32(1e-9)
    exact = np.log(x.astype(np.float64))
    assert (abs(logf(x) - exact) <= np.spacing(abs(exact).astype(np.float32))).all()
    assert logf(np.array([1], np.float32)) == 0
