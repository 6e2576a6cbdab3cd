"""Samplers by their operators' names: numbers or arrays as parameters, or the shape of an array."""
from golden.case import case, raises, values

FLOATS = ("float16", "float32", "float64")
LIKE = {"uniform": ["low=-1, high=3"], "normal": ["loc=2, scale=3"], "exponential": ["lam=3"],
        "gamma": ["alpha=2, beta=3", "alpha=0.5"], "poisson": ["lam=4", "lam=40"], "negative_binomial": ["k=3, p=0.4"],
        "generalized_negative_binomial": ["mu=2, alpha=0.3", "mu=3, alpha=0"]}
DRAW = {"seed": 11, "grad": False, "rtol": 1e-3}
for name, choices in LIKE.items():
    for attrs in ("", *(f", {choice}" for choice in choices)):
        case(f"nd.random.{name}_like(a{attrs})", a=(2, 3), dtypes=FLOATS, **DRAW)
        case(f"nd._internal._random_{name}(shape=(2, 3){attrs})", **DRAW)
        for dtype in FLOATS:
            case(f"nd._internal._random_{name}(shape=(2, 2), dtype='{dtype}'{attrs})", **DRAW)
    case(f"nd.random.{name}_like(a)", a=(0, 3), np_shape=True, **DRAW)
    raises(f"nd.random.{name}_like(a)", a=(2, 3), dtypes=("int32",))
    raises(f"nd._internal._random_{name}(shape=(2,), dtype='int32')")
    raises(f"nd._internal._random_{name}(shape=(2,), foo=1)")
for name, bad in (("uniform", "low=2, high=1"), ("normal", "scale=-1"), ("exponential", "lam=0"), ("gamma", "alpha=0"),
                  ("gamma", "beta=0"), ("poisson", "lam=-1"), ("negative_binomial", "p=-1"),
                  ("generalized_negative_binomial", "mu=-1")):
    raises(f"nd.random.{name}_like(a, {bad})", a=(2,))
    raises(f"nd._internal._random_{name}({bad}, shape=(2,))")

SAMPLE = {"exponential": [[1, 3]], "poisson": [[1, 30]], "uniform": [[0, 5], [1, 9]], "normal": [[0, 10], [1, 0.1]],
          "gamma": [[1, 3], [2, 0.5]], "negative_binomial": [[2, 3], [0.4, 0.5]],
          "generalized_negative_binomial": [[2, 3], [0.3, 0.5]]}
for name, parameters in SAMPLE.items():
    letters = ", ".join("ab"[:len(parameters)])
    for rank in (1, 2):
        given = {"ab"[i]: values(p if rank == 1 else [p, p]) for i, p in enumerate(parameters)}
        case(f"nd.sample_{name}({letters})", **given, **DRAW, dtypes=FLOATS)
        case(f"nd.sample_{name}({letters}, shape=3)", **given, **DRAW)
        case(f"nd._internal._sample_{name}({letters}, shape=(2, 2))", **given, **DRAW)
        for dtype in FLOATS:
            case(f"nd.sample_{name}({letters}, shape=(3,), dtype='{dtype}')", **given, **DRAW)
    raises(f"nd.sample_{name}({letters}, dtype='int32')", **given)
    if letters == "a, b":
        raises(f"nd.sample_{name}(a, b)", a=(2,), b=(3,))
        raises(f"nd.sample_{name}(a, b)", a=values([1.0], "float32"), b=values([1.0], "float64"))

CHANCES = values([[0.1, 0.9], [1, 0], [0.5, 0.5]])
for attrs in ("", ", shape=4", ", shape=(2, 2)", ", dtype='float32'", ", dtype='float64', shape=2", ", dtype='uint8'"):
    case(f"nd.sample_multinomial(a{attrs})", a=CHANCES, dtypes=FLOATS, **DRAW)
    case(f"nd._internal._sample_multinomial(a{attrs})", a=values([0.2, 0.3, 0.5]), **DRAW)
for attrs in ("", ", shape=3"):
    case(f"nd.sample_multinomial(a, get_prob=True{attrs})[1]", a=values([0.2, 0.3, 0.5]), seed=11)
raises("nd.sample_multinomial(a)", a=values([1, 2], "int32"))
for attrs in ("range_max=10, shape=(2, 4)", "range_max=100, shape=(3, 5)", "range_max=5, shape=(1, 5)",
              "range_max=1000000, shape=(1, 6)", "range_max=3, shape=(2, 1)"):
    case(f"nd._internal._sample_unique_zipfian({attrs})", **DRAW)
raises("nd._internal._sample_unique_zipfian(shape=(2, 3))")
raises("nd._internal._sample_unique_zipfian(range_max=10, shape=(3,))")
for shape in ((5,), (5, 2), (1, 3), (3, 2, 2)):
    case("nd._internal._shuffle(a)", a=shape, dtypes=(*FLOATS, "int32", "int64", "int8", "uint8"), **DRAW)
for name in ("left_right", "top_bottom"):
    for seed in (1, 2, 3):
        case(f"nd.image.random_flip_{name}(a)", a=(4, 2, 1), dtypes=(*FLOATS, "uint8"), seed=seed, grad=False)
    raises(f"nd.image.random_flip_{name}(a)", a=(3,))
