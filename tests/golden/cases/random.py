"""nd.random: the functions users call, after a seed; the streams themselves are tested in tests/test_rng.py."""

from golden.case import case, raises, values

for seed in (0, 7, 2**31 - 1):
    case("nd.random.uniform(-1, 2, shape=(3, 5))", seed=seed, grad=False)
    case("nd.random.normal(1, 0.5, shape=(70,))", seed=seed, grad=False, rtol=1e-6)
    case("nd.random.randint(-5, 100, shape=(4, 3))", seed=seed, grad=False)
    case("nd.random.exponential(2, shape=7)", seed=seed, grad=False)
    case("nd.random.gamma(2, 3, shape=(5,))", seed=seed, grad=False)
    case("nd.random.poisson(4, shape=(6,))", seed=seed, grad=False)
    case("nd.random.shuffle(nd.arange(10))", seed=seed, grad=False)

case("nd.random.uniform()[0]", seed=1, grad=False)
case("nd.random.uniform(0, 1, 2)", seed=1, grad=False)
case("nd.random.uniform(shape=(2, 3), dtype='float64')", seed=1, grad=False)
case("nd.random.uniform(shape=(2, 3), dtype='float16')", seed=1, grad=False)
case("nd.random.uniform(shape=(4,), out=nd.zeros((4,)))", seed=1, grad=False)
case("nd.random.uniform(out=nd.zeros((2, 2)))", seed=1, grad=False)
case("nd.random.uniform(a, b)", a=values([0, 1]), b=values([1, 5]), seed=1, grad=False)
case("nd.random.uniform(a, b, shape=3)", a=values([0, 1]), b=values([1, 5]), seed=1, grad=False)
case("nd.random.normal(a, b, shape=(2,))", a=values([0, 10]), b=values([1, 0.1]), seed=2, grad=False, rtol=1e-6)
case("nd.random.randn(2, 3, loc=1, scale=2)", seed=3, grad=False, rtol=1e-6)
case("nd.random.randint(0, 10, 3, dtype='int64')", seed=3, grad=False)
case("nd.random.negative_binomial(3, 0.4, shape=(5,))", seed=3, grad=False)
case("nd.random.generalized_negative_binomial(2, 0.3, shape=(5,))", seed=3, grad=False)
case("nd.random.multinomial(p)", p=values([0.1, 0.9]), seed=4, grad=False)
case("nd.random.multinomial(p, shape=(2, 3))", p=values([[0.1, 0.9], [1, 0]]), seed=4, grad=False)
case("nd.random.multinomial(p, 4, get_prob=True)", p=values([0.1, 0.9]), seed=4, grad=False)
case("nd.random.multinomial(p, 5, dtype='float32')", p=values([0.2, 0.3, 0.5]), seed=4, grad=False)
case("nd.random.shuffle(a)", a=(5, 2), seed=5, grad=False)
case("nd.random.uniform_like(a, low=1, high=3)", a=(2, 3), seed=5, grad=False)
case("nd.random.normal_like(a)", a=(2, 3), seed=5, grad=False, rtol=1e-6)
case("nd.random.exponential_like(a, lam=3)", a=(4,), seed=5, grad=False)
case("nd.sample_gamma(a, b, shape=2)", a=values([1, 3]), b=values([2, 0.5]), seed=6, grad=False)
case("nd.sample_poisson(a, shape=3)", a=values([1, 30]), seed=6, grad=False)
case("nd.random_uniform(low=2, high=3, shape=(2,))", seed=6, grad=False)
case("nd.uniform(0, 1, (2,))", seed=6, grad=False)
case("nd.normal(shape=2)", seed=6, grad=False, rtol=1e-6)
case("[nd.random.uniform(shape=3), nd.random.normal(shape=3), nd.random.uniform(shape=3)]", seed=8, grad=False,
     rtol=1e-6)

raises("nd.random.uniform(a, 1)", a=(2,))
raises("nd.random.uniform(1, 0)")
raises("nd.random.normal(0, -1)")
raises("nd.random.uniform(0, 1, dtype='int32')")
raises("nd.random.randint(0, 10, 3, dtype='float32')")
raises("nd.random.uniform('a')")
raises("nd.random.uniform(shape=(2,), out=nd.zeros((3,)))")
raises("nd.random.uniform(a, b)", a=(2,), b=(3,))
raises("mx.random.seed('a')")
raises("mx.random.seed(1.5)")
raises("nd.random.uniform(a.astype('float64'), b)", a=(2,), b=(2,))
raises("nd.random.multinomial(p.astype('int32'), shape=2)", p=values([1, 2]))
raises("nd.random.uniform_like(a.astype('int32'))", a=(2,))
case("nd.random.negative_binomial(2, 1.5, shape=2)", seed=3, grad=False)

# shapes that leave something open
for call in ("uniform({})", "normal({})", "gamma({})", "exponential({})", "poisson({})", "negative_binomial({})",
             "generalized_negative_binomial({})", "randint(0, 5, {})"):
    for shape in ("shape=()", "shape=0", "shape=(2, 0)", "shape=None"):
        raises(f"nd.random.{call.format(shape)}")
for shape in ("()", "0", "(0, 3)"):
    case(f"nd.random.uniform(shape={shape})", seed=1, grad=False, np_shape=True)
    case(f"nd.random.randint(0, 5, shape={shape})", seed=1, grad=False, np_shape=True)
case("nd.random.randn(2, 0)", seed=1, grad=False, np_shape=True)
raises("nd.random.randn()")
raises("nd.random_uniform()")
raises("nd.random.uniform(a, b, shape=0)", a=values([0, 1]), b=values([1, 5]))
raises("nd.random.uniform(a, b, shape=None)", a=values([0, 1]), b=values([1, 5]))
case("nd.random.uniform(a, b, shape=())", a=values([0, 1]), b=values([1, 5]), seed=1, grad=False)
case("nd.random.multinomial(p, None)", p=values([0.1, 0.9]), seed=4, grad=False)

# dtype=None is NumPy's, float64
case("nd.random.uniform(shape=2, dtype=None)", seed=1, grad=False)
case("nd.random.normal(shape=2, dtype=None)", seed=1, grad=False)
case("nd.random.uniform(a, b, dtype=None)", a=values([0, 1]), b=values([1, 5]), seed=1, grad=False)
case("nd.random.multinomial(p, dtype=None)", p=values([0.1, 0.9]), seed=4, grad=False)
raises("nd.random.randint(0, 5, dtype=None)")

# places, by name
case("nd.random.uniform(shape=2, ctx='cpu(0)')", seed=1, grad=False)
raises("nd.random.uniform(ctx='cpu')", match="Invalid context string cpu")
raises("nd.random.uniform(ctx=3)")

# arrays to draw into: what was not said follows from them
for dtype in ("float16", "float64"):
    case(f"nd.random.uniform(shape=(2,), out=nd.zeros((2,), dtype='{dtype}'))", seed=1, grad=False)
    case(f"nd.random_uniform(out=nd.zeros((2, 2), dtype='{dtype}'))", seed=1, grad=False)
    case(f"nd.random.poisson(4, out=nd.zeros((2, 2), dtype='{dtype}'))", seed=1, grad=False)
    case(f"nd.sample_uniform(a, b, out=nd.zeros((2,), dtype='{dtype}'))", a=values([0, 1]), b=values([1, 5]), seed=1,
         grad=False)
    raises(f"nd.random_uniform(dtype='float32', out=nd.zeros((2,), dtype='{dtype}'))")
    raises(f"nd.random_randint(0, 5, out=nd.zeros((2,), dtype='{dtype}'))")
    raises(f"nd.random.shuffle(a, out=nd.zeros((2,), dtype='{dtype}'))", a=(2,))
    raises(f"nd.random.uniform_like(a, out=nd.zeros((2,), dtype='{dtype}'))", a=(2,))
    raises(f"nd.random.multinomial(p, 2, out=nd.zeros((2,), dtype='{dtype}'))", p=values([0.1, 0.9]))
    raises(f"nd.Dropout(a, mode='always', out=nd.zeros((2,), dtype='{dtype}'))", a=(2,))
raises("nd.random_uniform(out=nd.zeros((2,), dtype='int32'))")
case("nd.random_randint(0, 5, out=nd.zeros((2,), dtype='int64'))", seed=1, grad=False)
raises("nd.random.uniform(a, b, out=nd.zeros((2, 3)))", a=values([0, 1]), b=values([1, 5]))

# parameters
raises("nd.random.randint(a, a)", a=(2,))
raises("nd.random.randint(a, 5)", a=(2,))
raises("nd.random.randint(1.5, 5)")
raises("nd.random.exponential('a')")
raises("nd.random.exponential(None)")
for call in ("uniform_like(a, low=2, high=1)", "normal_like(a, scale=0)", "gamma_like(a, alpha=-1)",
             "gamma_like(a, beta=0)", "exponential_like(a, lam=0)", "poisson_like(a, lam=-1)",
             "negative_binomial_like(a, k=-1)", "negative_binomial_like(a, p=-1)",
             "generalized_negative_binomial_like(a, mu=-1)", "generalized_negative_binomial_like(a, alpha=-1)"):
    raises(f"nd.random.{call}", a=(2,))
case("nd.random.negative_binomial_like(a, p=2)", a=(2,), seed=1, grad=False)

# different integers
case("nd._internal._sample_unique_zipfian(100, shape=(2, 3))", seed=1, grad=False)
case("nd._internal._sample_unique_zipfian(1, shape=(2, 1))", seed=1, grad=False)
case("nd._internal._sample_unique_zipfian(100, shape=(2, 0))[0]", seed=1, grad=False, np_shape=True)
raises("nd._internal._sample_unique_zipfian(100)")
raises("nd._internal._sample_unique_zipfian(100, shape=(5,))")
raises("nd._internal._sample_unique_zipfian(3, shape=(2, 5))")
raises("nd._internal._sample_unique_zipfian(0, shape=(2, 1))")
