"""Reductions over axes, running sums, stretching."""
from golden.case import case, ints, raises, values

FLOATS = ("float16", "float32", "float64")
INTS = ("int32", "int64", "uint8", "int8")
LOOSE = {"float16": {"rtol": 1e-2, "atol": 1e-2}, "float32": {}, "float64": {}}
REDUCTIONS = "sum mean prod nansum nanprod max min".split()
AXES = ("axis=0", "axis=1", "axis=-1", "axis=(0, 2)", "axis=(2, 0)", "axis=[0, 1]", "axis=(-1, 0)",
        "axis=(0, 1, 2)", "axis=()", "axis=1, keepdims=True", "axis=(0, 2), keepdims=True", "keepdims=True",
        "axis=1, exclude=True", "axis=(0, -1), exclude=True", "axis=0, exclude=True, keepdims=True",
        "exclude=True", "axis='(0, 1)'")

for name in REDUCTIONS:
    for dtype in FLOATS:
        case(f"nd.{name}(a)", a=(2, 3, 2), dtypes=(dtype,), **LOOSE[dtype])
        case(f"nd.{name}(a, axis=1)", a=(3, 4), dtypes=(dtype,), **LOOSE[dtype])
    for axes in AXES:
        case(f"nd.{name}(a, {axes})", a=(2, 3, 4))
    for wrong in ("axis=3", "axis=-4", "axis=(0, 0)", "axis=(0, -3)", "axis='x'", "keepdims=3", "nothing=1"):
        raises(f"nd.{name}(a, {wrong})", a=(2, 3, 4))
    case(f"nd.{name}(a)", a=values([[3, 1], [5, 2]]), dtypes=INTS, grad=False)
    case(f"nd.{name}(a, axis=0)", a=values([[3, 1], [5, 2]]), dtypes=INTS, grad=False)
    case(f"nd.{name}(a, axis=1)", a=values([[True, False], [True, True]]), dtypes=("bool",), grad=False)
    case(f"nd.{name}(a)", a=values([5.0]))
    case(f"nd.{name}(a)", a=(2, 3), np_shape=True)
    case(f"nd.{name}(a, axis=(0, 1))", a=(2, 3), np_shape=True)
case("nd.sum_axis(a, axis=1)", a=(2, 3))
case("nd.max_axis(a, axis=1)", a=(2, 3))
case("nd.min_axis(a, axis=1)", a=(2, 3))
case("nd.sum(a, axis=0)", a=(0, 3), np_shape=True, grad=False)
case("nd.prod(a, axis=0)", a=(0, 3), np_shape=True, grad=False)
case("nd.mean(a)", a=values([-7, 2, 3, -1]), dtypes=("int32", "int64"), grad=False)
case("nd.mean(a, axis=1)", a=(2, 5), dtypes=("int32",), grad=False)

# Ties, NaN, infinities, zeros.
NAN, INF = float("nan"), float("inf")
TIES = values([[1, 3, 3], [2, 2, 2]])
for name in ("max", "min"):
    case(f"nd.{name}(a, axis=1)", a=TIES)
    case(f"nd.{name}(a)", a=TIES)
    case(f"nd.{name}(a, axis=0, keepdims=True)", a=TIES)
for name in REDUCTIONS:
    case(f"nd.{name}(a, axis=1)", a=values([[1, NAN, 3], [NAN, NAN, NAN], [1, 2, 3]]), grad=False)
    if "nan" not in name:  # MXNet's nansum of infinities is NaN
        case(f"nd.{name}(a, axis=1)", a=values([[1, INF, 3], [-INF, 0, 2]]), grad=False)
case("nd.nansum(a, axis=1)", a=values([[1, NAN, 3], [NAN, NAN, NAN]]))
case("nd.nanprod(a, axis=1)", a=values([[1, NAN, 3], [2, 5, NAN]]))

# Norms.
for dtype in FLOATS:
    for options in ("", ", ord=1", ", ord=2, axis=1", ", ord=1, axis=1", ", axis=(0, 1)",
                    ", axis=-1, keepdims=True"):
        case(f"nd.norm(a{options})", a=(2, 3, 4), dtypes=(dtype,), **LOOSE[dtype])
case("nd.norm(a, keepdims=True)", a=(2, 3))
case("nd.norm(a, axis=())", a=(2, 3))
case("nd.norm(a, ord=1, axis=(0, 2))", a=(2, 3, 4))
case("nd.norm(a, ord=1, axis=1)", a=values([[0, -2], [3, 4]]))
case("nd.norm(a, axis=1)", a=values([[0, 0], [3, 4]]), grad=False)
for wrong in ("ord=3", "ord=0", "axis=3", "out_dtype='nothing'"):
    raises(f"nd.norm(a, {wrong})", a=(2, 3))

# Moments.
for options in ("axes=0", "axes=(0, 2)", "axes=(0, 1, 2)", "axes=-1", "axes=(1,), keepdims=True"):
    case(f"nd.moments(a, {options})", a=(2, 3, 4))
case("nd.moments(a, axes=(0, 1))", a=(3, 4), dtypes=("float64",))
raises("nd.moments(a)", a=(2, 3))

# Index of the extremes.
for name in ("argmax", "argmin"):
    for options in ("", ", axis=0", ", axis=1", ", axis=-1", ", axis=1, keepdims=True", ", keepdims=True"):
        case(f"nd.{name}(a{options})", a=(2, 3, 4), dtypes=(*FLOATS, "int32", "uint8"), grad=False)
    case(f"nd.{name}(a, axis=1)", a=TIES, grad=False)
    case(f"nd.{name}(a, axis=1)", a=values([[1, NAN, 3], [NAN, 1, NAN]]), grad=False)
    case(f"nd.{name}(a)", a=(2, 3), np_shape=True, grad=False)
    for wrong in ("axis=3", "axis=-4", "axis=(0, 1)"):
        raises(f"nd.{name}(a, {wrong})", a=(2, 3, 4))
    raises(f"nd.{name}(a)", a=(2,), dtypes=("bool",))
case("nd.argmax_channel(a)", a=(3, 4), dtypes=("float32", "int32"), grad=False)
case("nd.argmax_channel(a)", a=TIES, grad=False)

# Running sums.
for options in ("", ", axis=0", ", axis=1", ", axis=2"):
    case(f"nd.cumsum(a{options})", a=(2, 3, 4), dtypes=("float32", "float64"))
    case(f"nd.cumsum(a{options})", a=(2, 2, 3), dtypes=("int32", "int64", "int8"), grad=False)
case("nd.cumsum(a, axis=0, dtype='float64')", a=(3, 2))
case("nd.cumsum(a, dtype='int64')", a=ints([[100, 100], [100, 100]], "int8"), grad=False)
case("nd.cumsum(a)", a=values([True, False, True]), dtypes=("bool",), grad=False)
raises("nd.cumsum(a, axis=3)", a=(2, 3))
raises("nd.cumsum(a, axis=-4)", a=(2, 3))

# Stretching.
for shape in ((2, 2, 3), (0, 2, 3), (0, 0, 0), (1, 2, 1), (5, 2, 0)):
    case(f"nd.broadcast_to(a, shape={shape})", a=(1, 2, 1), dtypes=("float32", "float64"))
case("nd.broadcast_to(a, shape=(2, 3))", a=(1, 3), dtypes=("float16", "int32", "uint8"), grad=False)
for shape in ((3,), (2, 1, 2, 1), (1, 3, 1), (-1, 2, 3)):
    raises(f"nd.broadcast_to(a, shape={shape})", a=(1, 2, 1))
for name in ("broadcast_axis", "broadcast_axes"):
    case(f"nd.{name}(a, axis=(0, 2), size=(2, 3))", a=(1, 2, 1))
    case(f"nd.{name}(a, axis=0, size=2)", a=(1, 2, 1))
    case(f"nd.{name}(a, axis=(2, 0), size=(2, 3))", a=(1, 2, 1))
case("nd.broadcast_axis(a, axis=2, size=4)", a=(1, 2, 1), dtypes=("int32",), grad=False)
raises("nd.broadcast_axis(a, axis=1, size=3)", a=(1, 2, 1))
raises("nd.broadcast_axis(a, axis=(0, 2), size=3)", a=(1, 2, 1))
raises("nd.broadcast_axis(a, axis=5, size=3)", a=(1, 2, 1))
case("nd.broadcast_like(a, b)", a=(1, 2, 1), b=(4, 2, 3))
case("nd.broadcast_like(a, b, lhs_axes=(0, 2), rhs_axes=(0, 2))", a=(1, 2, 1), b=(4, 2, 3))
case("nd.broadcast_like(a, b, lhs_axes=(-1,), rhs_axes=(-1,))", a=(1, 2, 1), b=(4, 2, 3))
case("nd.broadcast_like(a, b, lhs_axes=(0,), rhs_axes=(1,))", a=(1, 2), b=(4, 5, 3))
raises("nd.broadcast_like(a, b)", a=(1, 2), b=(4, 2, 3))
raises("nd.broadcast_like(a, b)", a=(1, 2), b=(4, 3))
raises("nd.broadcast_like(a, b, lhs_axes=(0,), rhs_axes=(0, 2))", a=(1, 2, 1), b=(4, 2, 3))
raises("nd.broadcast_like(a, b, lhs_axes=(1,), rhs_axes=(2,))", a=(1, 2, 1), b=(4, 2, 3))
