"""Records what MXNet 1.9.1's CPU random streams give, for tests/test_rng.py.

Run it with an interpreter that has `mxnet==1.9.1` and `numpy<1.24`; it writes rng.json.gz beside itself.
A case is a list of steps taken one after the other, so that a stream left at a wrong place spoils every later
step. Of each step's numbers the first and last few are kept, and a checksum of all.
"""

import gzip
import json
import os
import zlib

import numpy as np

import mxnet as mx

SEEDS = [0, 1, 42, 2**31 - 1, -1, 123456789, 987654321]
SIZES = [1, 2, 63, 64, 65, 100, 127, 128, 129, 1000, 4097, 65535, 65536, 65537, 70000, 131073, 200000]
SMALL = [1, 10, 64, 65, 700, 1000]
KEPT = 3

SCALARS = {
    "uniform": [{}, {"low": -2.5, "high": 0.7}],
    "normal": [{}, {"loc": 0.3, "scale": 1.7}],
    "exponential": [{}, {"lam": 1.7}],
    "gamma": [{}, {"alpha": 0.3, "beta": 1.7}, {"alpha": 4.5, "beta": 0.2}],
    "poisson": [{"lam": lam} for lam in (0.0, 0.3, 5.0, 11.9, 12.0, 40.0, 1000.0)],
    "negative_binomial": [{"k": 1, "p": 0.3}, {"k": 5, "p": 0.7}, {"k": 40, "p": 0.3}],
    "generalized_negative_binomial": [{"mu": 3.3, "alpha": alpha} for alpha in (0.0, 0.4, 3.0)],
}
ARRAYS = {
    "uniform": {"low": [0.1, 5.5, -3.0], "high": [0.7, 9.1, 4.0]},
    "normal": {"loc": [0.1, 5.5, -3.0], "scale": [0.7, 9.1, 4.0]},
    "exponential": {"lam": [0.1, 5.5, 3.0]},
    "gamma": {"alpha": [0.4, 5.5, 1.3], "beta": [0.7, 9.1, 4.0]},
    "poisson": {"lam": [0.4, 55.5, 7.3]},
    "negative_binomial": {"k": [1.0, 5.0, 30.0], "p": [0.7, 0.2, 0.4]},
    "generalized_negative_binomial": {"mu": [0.7, 9.1, 14.0], "alpha": [0.7, 0.0, 2.5]},
}


def step(draw, n=None, dtype="float32", **more):
    return dict(draw=draw, n=n, dtype=dtype, **more)


def reseed(seed, **more):
    return dict(draw="seed", seed=seed, **more)


def cases():
    choose = np.random.RandomState(19)
    one_of = lambda options: options[choose.randint(len(options))]  # noqa: E731
    for seed in SEEDS:
        for draw in ("uniform", "normal", "exponential"):
            yield (
                seed,
                [
                    step(draw, n, params=one_of(SCALARS[draw]))
                    for n in (10, 1, *choose.permutation(SIZES)[:5], 7)
                ],
            )
        low, high = sorted(int(v) for v in choose.randint(-(2**31), 2**31 - 1, 2))
        yield (
            seed,
            [
                step("randint", int(n), "int32", params={"low": low, "high": high})
                for n in choose.permutation(SIZES)[:6]
            ],
        )
        yield (
            seed,
            [
                step("randint", 70, "int64", params={"low": -5, "high": 2**62 + 3}),
                step("randint", 66000, "int64", params={"low": 0, "high": 10}),
            ],
        )
        mixture = []
        for _ in range(12):
            draw = one_of(sorted(SCALARS))
            mixture.append(
                step(
                    draw,
                    one_of(SMALL),
                    one_of(["float16", "float32", "float64"]),
                    params=one_of(SCALARS[draw]),
                )
            )
        yield seed, mixture
    for draw, parameters in sorted(SCALARS.items()):
        big = 66000 if draw in ("uniform", "normal", "exponential") else 1000
        for dtype in ("float16", "float32", "float64"):
            yield (
                7,
                [step(draw, n, dtype, params=p) for p in parameters for n in (60, big)]
                + [step("uniform", 70000)],
            )
    for draw in ("gamma", "poisson"):
        yield 5, [step(draw, 70000, params=SCALARS[draw][1]), step("uniform", 70000)]
    for draw, parameters in sorted(ARRAYS.items()):
        for kind in ("float16", "float32", "float64"):
            for dtype in ("float16", "float32", "float64"):
                sizes = (3, 21, 450)
                yield (
                    11,
                    [step(draw, n, dtype, params=parameters, arrays=kind) for n in sizes]
                    + [step("uniform", 100)],
                )
    yield 3, [step("permutation", n) for n in (1, 2, 3, 10, 100, 1000, 70000)] + [step("serial_uniform", 3)]
    yield (
        3,
        [step("permutation", n, rows=True) for n in (1, 2, 3, 10, 100, 1000, 20000)]
        + [step("serial_uniform", 3)],
    )
    yield (
        3,
        [
            step("choice", n, k=k)
            for n, k in ((10, 5), (11, 5), (7, 3), (13, 6), (2, 1), (1000, 1000), (1000, 10))
        ]
        + [step("serial_uniform", 3)],
    )
    yield (
        3,
        [step("serial_uniform", n) for n in (1, 10, 1000)]
        + [step("serial_normal", n) for n in (1, 2, 7, 8, 1001, 5)],
    )
    for dtype in ("float16", "float32", "float64"):
        weights = [[0.1, 0.2, 0.3, 0.4], [0.0, 0.25, 0.0, 0.75], [0.1, 0.1, 0.1, 0.1]]
        yield (
            8,
            [step("multinomial", n, dtype, weights=w) for n in (1, 20, 5000) for w in (weights, weights[:1])],
        )
    many = np.random.RandomState(1).rand(1000) ** 4  # sums whose rounding shows
    yield (
        8,
        [step("multinomial", 20000, "float32", weights=[(many / many.sum()).tolist()]), step("uniform", 5)],
    )
    yield (
        8,
        [step("zipfian", n, rows=r, limit=x) for r, n, x in ((3, 20, 1000), (70, 5, 10**6), (1500, 2, 50))]
        + [step("uniform", 70000)],
    )
    for dtype in ("float16", "float32", "float64"):
        yield (
            9,
            [step("keep", n, dtype, p=p) for n in (10, 70, 70000) for p in (0.3, 0.5)]
            + [step("uniform", 70000)],
        )
    yield (
        5,
        [
            step("uniform", 5),
            reseed(9, device=1),
            step("uniform", 5),
            step("uniform", 5, device=1),
            step("permutation", 9),
            reseed(4, device=0),
            step("permutation", 9),
            step("normal", 9, device=2),
            reseed(-77),
            step("normal", 70, device=1),
            step("serial_uniform", 5),
        ],
    )


def ask(kind, n, dtype="float32", params=None, arrays=None, device=0, **more):
    """One step's numbers, as one NumPy array, from MXNet."""
    ctx = mx.cpu(device)
    draws = mx.nd._internal
    if kind == "permutation":
        data = mx.nd.arange(n).reshape((n, 1)) if more.get("rows") else mx.nd.arange(n)
        return mx.nd.random.shuffle(data).asnumpy().astype(np.int64)
    if kind == "choice":
        return mx.np.random.choice(n, more["k"], replace=False).asnumpy().astype(np.int64)
    if kind == "serial_uniform":
        return mx.np.random.uniform(size=n).asnumpy()
    if kind == "serial_normal":
        return mx.np.random.normal(size=n).asnumpy()
    if kind == "multinomial":
        return (
            mx.nd.random.multinomial(mx.nd.array(more["weights"], dtype=dtype), shape=n)
            .asnumpy()
            .astype(np.int64)
        )
    if kind == "zipfian":
        drawn, tries = draws._sample_unique_zipfian(more["limit"], shape=(more["rows"], n))
        return np.concatenate([drawn.asnumpy().reshape(-1), tries.asnumpy()]).astype(np.int64)
    if kind == "keep":
        with mx.autograd.train_mode():
            return mx.nd.Dropout(mx.nd.ones(n, dtype=dtype), p=more["p"]).asnumpy() != 0
    if arrays is None:
        return getattr(draws, "_random_" + kind)(
            shape=n, dtype=dtype, ctx=str(ctx), **(params or {})
        ).asnumpy()
    inputs = [mx.nd.array(p, dtype=arrays) for p in params.values()]
    return getattr(draws, "_sample_" + kind)(*inputs, shape=n // len(inputs[0]), dtype=dtype).asnumpy()


def record(steps):
    for each in steps:
        if each["draw"] == "seed":
            device = each.get("device")
            mx.random.seed(each["seed"], ctx="all" if device is None else mx.cpu(device))
            continue
        arguments = {key: value for key, value in each.items() if key != "draw"}
        numbers = ask(each["draw"], **arguments).reshape(-1)
        each["got"] = [
            numbers.dtype.name,
            numbers[:KEPT].tolist() + numbers[-KEPT:].tolist(),
            zlib.crc32(numbers.tobytes()),
        ]
    return steps


def main():
    answers = []
    for seed, steps in cases():
        mx.random.seed(seed)
        answers.append({"seed": seed, "steps": record(json.loads(json.dumps(steps, default=int)))})
    text = json.dumps(answers, separators=(",", ":"))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rng.json.gz")
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
