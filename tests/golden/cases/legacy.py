"""Operators of MXNet 0.x by their internal names, and Hawkes processes."""

from golden.case import between, case, ints, raises, values

for shape in ((2, 3), (4,)):
    case("nd._internal._copyto(a, out=nd.zeros(a.shape, dtype=a.dtype))", a=shape, grad=False,
         dtypes=("float16", "float32", "float64", "int32"))
case("nd._internal._copyto(a, out=nd.zeros((3,), dtype='int32'))", a=values([1.5, -2.5, 3], "float32"), grad=False)
case("nd._internal._onehot_encode(a, b, out=b)", a=ints([0, 2], "float32"), b=(2, 3), grad=False)
case("nd._internal._onehot_encode(a, b, out=b)", a=ints([1, 1, 0], "float32"), b=(3, 2), grad=False)
case("nd._internal._onehot_encode(a, b, out=b)", a=ints([5, 1], "float32"), b=(2, 3), grad=False)
case("nd.onehot_encode(a, b)", a=ints([2, 1], "float32"), b=(2, 3), grad=False)
case("[nd._internal._set_value(2.5, out=a), a]", a=(2, 3), grad=False)
case("nd._internal._set_value(src=-1, out=a)", a=(3,), dtypes=("float16", "float64"), grad=False)
raises("nd._internal._onehot_encode(a, b, out=b)", a=(2,), b=(3, 3))

EVENTS = {"lags": values([[0.6, 0.7, 0.8, 0.9], [0.1, 0.2, 0.3, 0.4]], "float32"),
          "marks": ints([[0, 1, 2, 1], [1, 2, 0, 0]], "int32"), "count": values([3, 4], "float32")}
RATES = {"lda": between(0.5, 3, (2, 3)), "alpha": between(0.1, 0.5, (3,)), "beta": between(0.5, 2, (3,)),
         "state": values([[0.1, 0.2, 0.3], [1, 2, 3]], "float32")}
CALL = "nd.contrib.hawkesll(lda, alpha, beta, state, lags, marks, count, end)"
LEARNT = ("lda", "alpha", "beta")
LATER = values([5, 6], "float32")

case(f"{CALL}[0]", **RATES, **EVENTS, end=LATER, grad=LEARNT)
case(f"list({CALL})", **RATES, **EVENTS, end=LATER, grad=LEARNT)
case(f"list({CALL})", **RATES, **EVENTS, end=values([0.1, 0.2], "float32"), grad=False)
case(f"list({CALL})", **RATES, **{**EVENTS, "count": values([0, 0], "float32")}, end=LATER, grad=LEARNT)
case(f"list({CALL})", **RATES, **{**EVENTS, "count": values([4, 1], "float32")}, end=LATER, grad=LEARNT)
for wide in ("float64", "float16"):
    cast = CALL
    for name in ("lda", "alpha", "beta", "state", "lags", "count", "end"):
        cast = cast.replace(name, f"{name}.astype('{wide}')")
    # MXNet takes float32 logarithms of float64 too
    case(f"list({cast})", **RATES, **EVENTS, end=LATER, grad=False, **({"rtol": 1e-7} if wide == "float64" else {}))
raises(CALL, **{**RATES, "alpha": (2,)}, **EVENTS, end=LATER, match="alpha of shape")
raises(CALL, **{**RATES, "lda": (3,)}, **EVENTS, end=LATER, match="lda must have the shape")
raises(CALL, **RATES, **{**EVENTS, "marks": ints([[0, 1], [1, 2]], "int32")}, end=LATER, match="marks of shape")
raises(CALL, **RATES, **{**EVENTS, "marks": values([[0, 1, 2, 1], [1, 2, 0, 0]], "float32")}, end=LATER, match="int32")
