"""Functions of one array, element by element."""
from golden.case import between, case, ints, raises, values

FLOATS = ("float16", "float32", "float64")

# Where the functions are defined: everywhere, above 0, within (-1, 1), above 1.
EVERYWHERE = ("abs sign round rint ceil floor trunc fix square cbrt rcbrt exp expm1 sin cos arctan sinh cosh "
              "tanh arcsinh degrees radians gamma gammaln erf reciprocal negative sigmoid relu softsign "
              "hard_sigmoid make_loss identity zeros_like ones_like "
              "smooth_l1").split()
POSITIVE = "sqrt rsqrt log log10 log2 log1p gamma gammaln".split()
WITHIN_ONE = "arcsin arccos arctanh erfinv tan".split()
# MXNet keeps some constants, and the digamma function, in single precision.
LOOSE = {"float16": 5e-3, "float32": 2e-5, "float64": 5e-6}
NO_GRADIENT = ("zeros_like", "ones_like")

for dtype in FLOATS:
    for name in EVERYWHERE:
        case(f"nd.{name}(a)", a=(2, 3, 4), dtypes=(dtype,), grad=name not in NO_GRADIENT, rtol=LOOSE[dtype])
    for name in POSITIVE:
        case(f"nd.{name}(a)", a=between(0.1, 9, (3, 5)), dtypes=(dtype,), rtol=LOOSE[dtype])
    for name in WITHIN_ONE:
        case(f"nd.{name}(a)", a=between(-0.95, 0.95, (3, 5)), dtypes=(dtype,), rtol=LOOSE[dtype])
    case("nd.arccosh(a)", a=between(1.1, 5, (3, 5)), dtypes=(dtype,), rtol=LOOSE[dtype])

# Integers are computed as real numbers and truncated.
ON_INTS = ("abs sign round rint ceil floor trunc fix square sqrt cbrt exp log log2 log10 log1p expm1 sin cos "
           "tan arctan sinh cosh tanh arcsinh arccosh degrees radians gamma gammaln erf negative logical_not "
           "sigmoid relu softsign reciprocal rsqrt rcbrt identity BlockGrad make_loss zeros_like "
           "ones_like").split()
for name in ON_INTS:
    case(f"nd.{name}(a)", a=values([1, 2, 3, 4]), dtypes=("int32", "uint8", "int8", "int64"), grad=False)
for name in "abs sign round floor ceil trunc square negative relu cbrt arctan tanh logical_not".split():
    case(f"nd.{name}(a)", a=values([-7, -1, 0, 5]), dtypes=("int32", "int64"), grad=False)
case("nd.sqrt(a)", a=values([4, 9, 16, 25, 10000]), dtypes=("int32", "int64"), grad=False)
case("nd.log10(a)", a=values([1, 10, 100, 1000, 10000]), dtypes=("int32",), grad=False)
case("nd.log2(a)", a=values([1, 2, 4, 8, 1024]), dtypes=("int32",), grad=False)
case("nd.cbrt(a)", a=values([1, 8, 27, 64, 125, -8]), dtypes=("int32", "float32"), grad=False)
case("nd.gamma(a)", a=values([1, 2, 5, 8]), dtypes=("int32",), grad=False)
for name in ("abs", "sqrt", "exp", "relu", "logical_not", "hard_sigmoid", "clip", "smooth_l1"):
    code = "nd.clip(a, 0, 1)" if name == "clip" else f"nd.{name}(a)"
    raises(code, a=values([True, False]), dtypes=("bool",))
for name in ("identity", "BlockGrad", "make_loss", "zeros_like", "ones_like"):
    case(f"nd.{name}(a)", a=values([True, False, True]), dtypes=("bool",), grad=False)

# Halves, bounds, infinities.
EDGES = values([-2.5, -1.5, -1, -0.5, -0.4, 0, 0.4, 0.5, 0.6, 1, 1.5, 2.5, 3.5])
for name in "abs sign round rint ceil floor trunc fix relu hard_sigmoid smooth_l1 softsign".split():
    case(f"nd.{name}(a)", a=EDGES, dtypes=FLOATS, rtol=2e-3)
case("nd.logical_not(a)", a=EDGES, dtypes=FLOATS, grad=False)
for name in ("BlockGrad", "stop_gradient"):
    case(f"nd.{name}(a) * a", a=(2, 3), dtypes=FLOATS)
SPECIAL = values([float("-inf"), -1.0, 0.0, 1.0, float("inf"), float("nan")])
for name in ("abs sign round rint ceil floor trunc square sqrt exp log log2 log10 log1p expm1 sin tanh "
             "arctan sigmoid relu erf erfinv reciprocal arcsin arccos arctanh rsqrt logical_not negative "
             "gammaln").split():
    case(f"nd.{name}(a)", a=SPECIAL, grad=False)
case("nd.sqrt(a)", a=values([0, 1, 2.25]), dtypes=("float16", "float32", "float64"))
case("nd.cbrt(a)", a=values([0.0, 1, -8, 27]))
case("nd.abs(a)", a=values([0.0, 1, -1]))
case("nd.reciprocal(a)", a=values([0.0, 1, -2]))
case("nd.gamma(a)", a=values([-2.5, -1.5, -0.5, 0.5, 1, 3, 10.5, 30]), rtol=1e-4)
case("nd.expm1(a)", a=values([1e-7, -1e-7, 1e-3]))
case("nd.log1p(a)", a=values([1e-7, -1e-7, 1e-3]))
case("nd.gammaln(a)", a=values([0.5, 1, 2, 50, 1000.5]), rtol=1e-4)

# Attributes.
case("nd.hard_sigmoid(a, alpha=0.5, beta=0.25)", a=(3, 4), dtypes=FLOATS)
case("nd.hard_sigmoid(a, alpha=0.5, beta=0.5)", a=values([-2.0, -1, 0, 1, 2]))
raises("nd.hard_sigmoid(a)", a=(2, 3), dtypes=("int32",), match="floating point")
case("nd.smooth_l1(a, scalar=2)", a=(3, 4), dtypes=FLOATS)
case("nd.smooth_l1(a, scalar=0.5)", a=values([-5.0, -4, -3, 0, 3, 4, 5]))
case("nd.smooth_l1(a)", a=values([0, 1, 2, 5]), dtypes=("int32",), grad=False)
case("nd.clip(a, -1, 1)", a=(3, 4), dtypes=FLOATS)
case("nd.clip(a, a_min=-1.0, a_max=1.0)", a=values([-2.0, -1, 0, 1, 2]))
case("nd.clip(a, 1, 8)", a=values([-7, 0, 1, 8, 9]), dtypes=("int32", "int64", "int8"), grad=False)
case("nd.clip(a, 1.5, 6.5)", a=values([0, 1, 2, 6, 7, 9]), dtypes=("int32", "uint8"), grad=False)
case("nd.clip(a, -1, 1)", a=SPECIAL, grad=False)
raises("nd.clip(a, a_min=1)", a=(2, 3))
raises("nd.clip(a, a_min='x', a_max=1)", a=(2, 3))

# Casts.
for dtype in ("float16", "float32", "float64", "int32", "int64", "int8", "uint8"):
    case(f"nd.cast(a, dtype='{dtype}')", a=values([0, 1, 2.75, 100]), dtypes=FLOATS,
         grad=dtype.startswith("float"))
    case(f"nd.Cast(a, dtype='{dtype}')", a=values([0, 1, 2, 100]), dtypes=("int32", "uint8", "int64"),
         grad=False)
    case(f"nd.Cast(a, dtype='{dtype}')", a=values([True, False]), dtypes=("bool",), grad=False)
case("nd.cast(a, dtype='bool')", a=values([0, 1, -2.5]), grad=False)
case("nd.cast(a, dtype='int32')", a=values([-1.5, -0.5, 1e9]), grad=False)
raises("nd.cast(a)", a=(2,))
case("nd.amp_cast(a, dtype='float16')", a=(3, 4), dtypes=("float16", "float32"))
case("nd.amp_cast(a, dtype='float32')", a=(3, 4), dtypes=("float16", "float32"))
case("nd.amp_cast(a, dtype='float16')", a=ints([1, 2, 3]), grad=False)
case("nd.amp_multicast(a, b, num_outputs=2)", a=(2,), b=(3, 2))

# Facts.
case("nd.shape_array(a)", a=(2, 3, 4), grad=False, dtypes=("float32", "int32"))
case("nd.shape_array(a)", a=(5,), grad=False)
case("nd.size_array(a)", a=(2, 3, 4), grad=False, dtypes=("float32", "int32"))
case("nd.all_finite(a)", a=(2, 3), grad=False, dtypes=FLOATS)
case("nd.all_finite(a)", a=SPECIAL, grad=False)
case("nd.all_finite(a)", a=values([1.0, float("nan")]), grad=False)
case("nd.multi_all_finite(a, b, num_arrays=2)", a=(2, 3), b=(4,), grad=False)
case("nd.multi_all_finite(a, b, num_arrays=2)", a=(2, 3), b=SPECIAL, grad=False)
raises("nd.all_finite(a)", a=(2, 3), dtypes=("int32",))

# Shapes without elements and without dimensions.
for name in ("sqrt", "abs", "relu", "round", "cbrt", "identity", "logical_not"):
    case(f"nd.{name}(a)", a=(0, 3), np_shape=True, grad=False)
    case(f"nd.{name}(a)", a=values(0.5), np_shape=True, grad=False)

# far out, and beyond the domain
case("nd.softsign(a)", a=values([1e4, -3e4, 2.0, float("inf")]), dtypes=("float32", "float64"), rtol=1e-5, atol=0)
case("nd.smooth_l1(a, scalar=2)", a=values([0.25, -0.25, 1e6, float("inf"), float("-inf")]))
case("nd.smooth_l1(a, scalar=0)", a=(3,))
case("nd.clip(a, 2, 1)", a=values([-2, 0.5, 1, 1.5, 2, 3]), dtypes=("float32", "int32", "uint8"))
case("nd.gamma(a)", a=values([-0.0, 0.0, 0.5]), grad=False)
raises("nd.relu(a, out=b)", a=(2, 2), b=ints([[0, 0], [0, 0]]))
raises("nd.cast(a, dtype='int32', out=b)", a=(2, 2), b=(2, 2))
