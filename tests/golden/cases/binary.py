"""Two arrays, or an array and a scalar, element by element."""
from golden.case import between, case, ints, raises, values

FLOATS = ("float16", "float32", "float64")
INTS = ("int32", "int64", "uint8", "int8")
ARITHMETIC = "add sub mul div mod maximum minimum hypot".split()
COMPARISONS = ("equal not_equal greater greater_equal lesser lesser_equal logical_and logical_or "
               "logical_xor").split()
LOOSE = {"float16": 5e-3, "float32": 1e-5, "float64": 1e-9}

# Two arrays: broadcasting in every way, and ties.
for name in ARITHMETIC:
    for dtype in FLOATS:
        case(f"nd.broadcast_{name}(a, b)", a=(2, 3), b=(2, 3), dtypes=(dtype,), rtol=LOOSE[dtype])
    case(f"nd.broadcast_{name}(a, b)", a=(2, 3, 4), b=(1, 3, 1))
    case(f"nd.broadcast_{name}(a, b)", a=(1, 4), b=(3, 1))
    case(f"nd.broadcast_{name}(a, b)", a=(2, 1, 4), b=(3, 4))
    case(f"nd.broadcast_{name}(a, b)", a=(2, 3), b=values([1, 2, 3]), dtypes=INTS, grad=False)
    raises(f"nd.broadcast_{name}(a, b)", a=(2, 3), b=(2, 4))
    raises(f"nd.broadcast_{name}(a, b)", a=(2, 3), b=ints([1, 2, 3]), match="expected float32, got int32")
    raises(f"nd.broadcast_{name}(a, b)", a=(2,), b=(2,), dtypes=("bool",), match="boolean")
case("nd.broadcast_power(a, b)", a=between(0.1, 3, (2, 3)), b=(2, 1), rtol=1e-4)
case("nd.broadcast_power(a, b)", a=between(0.1, 3, (2, 3)), b=(3,), dtypes=("float64",))
case("nd.broadcast_power(a, b)", a=values([-2.0, -1, 3]), b=values([2.0, 3, -1]), grad=("a",))
case("nd.broadcast_power(a, b)", a=values([-7, -3, 3, 7, 2]), b=values([2, 3, 3, 0, 10]), grad=False,
     dtypes=("int32", "int64"))
case("nd.broadcast_plus(a, b)", a=(2, 3), b=(1, 3))
case("nd.broadcast_minus(a, b)", a=(2, 3), b=(1, 3))
NAN = float("nan")
TIES = {"a": values([1.0, 2, 2, -1]), "b": values([2.0, 2, 1, -1])}
for name in ("maximum", "minimum"):
    case(f"nd.broadcast_{name}(a, b)", **TIES)
    case(f"nd._internal._{name}(a, b)", **TIES)
    case(f"nd.broadcast_{name}(a, b)", a=values([1.0, NAN, 2]), b=values([NAN, 1.0, 2]), grad=False)
for dtype in INTS:
    small = [-7, -3, 3, 7, 100] if dtype != "uint8" else [1, 3, 7, 200, 255]
    for name in ("add", "sub", "mul", "div", "mod", "maximum"):
        case(f"nd.broadcast_{name}(a, b)", a=values(small), b=values([2, 3, 5, 2, 7]), grad=False,
             dtypes=(dtype,))
case("nd.broadcast_mod(a, b)", a=values([-7.5, -3, 0, 3, 7.5]), b=values([2.0, -2, 1, -2, 3]))
case("nd.broadcast_mod(a, b)", a=values([5.0, -5]), b=values([0.0, 0]), grad=False)
case("nd.broadcast_mod(a, b)", a=values([-7, -3, 0, 3, 7, 5]), b=values([2, -2, 1, -2, 3, 0]), grad=False,
     dtypes=("int32",))
case("nd.broadcast_div(a, b)", a=values([1.0, -1, 0]), b=values([0.0, 0, 0]), grad=False)
case("nd.broadcast_div(a, b)", a=values([-7, 7, -7]), b=values([2, -2, -2]), grad=False,
     dtypes=("int32", "int64"))
SIMILAR = {"a": values([0, 1, 2, 3]), "b": values([[0], [2]])}
for name in COMPARISONS:
    case(f"nd.broadcast_{name}(a, b)", grad=False, dtypes=(*FLOATS, "int32", "uint8"), **SIMILAR)
    case(f"nd._internal._{name}(a, b)", a=values([0, 1, 2, 0]), b=values([0, 2, 1, 1]), grad=False,
         dtypes=("float32", "int64"))
raises("nd.broadcast_equal(a, b)", a=(2,), b=ints([1, 2]))

# Equal shapes only.
for name in ("add", "sub", "mul", "div"):
    for dtype in FLOATS:
        case(f"nd.elemwise_{name}(a, b)", a=(2, 3), b=(2, 3), dtypes=(dtype,), rtol=LOOSE[dtype])
    case(f"nd._internal._{name}(a, b)", a=(3,), b=(3,))
    raises(f"nd.elemwise_{name}(a, b)", a=(2, 3), b=(1, 3))
    raises(f"nd.elemwise_{name}(a, b)", a=(2, 3), b=(3,))
    raises(f"nd.elemwise_{name}(a, b)", a=(2,), b=ints([1, 2]))
for name in ("_mod", "_maximum", "_minimum", "_hypot", "_Plus", "_Minus", "_Mul", "_Div"):
    case(f"nd._internal.{name}(a, b)", a=(2, 3), b=(2, 3))
    raises(f"nd._internal.{name}(a, b)", a=(2, 3), b=(1, 3))
case("nd._internal._grad_add(a, b)", a=(2, 3), b=(2, 3), grad=False)
case("nd._internal._power(a, b)", a=between(0.1, 3, (2, 3)), b=(2, 3))
for count in (1, 2, 3):
    arrays = dict.fromkeys("abc"[:count], (2, 3))
    case(f"nd.add_n({', '.join(arrays)})", dtypes=(*FLOATS, "int32"), **arrays)
case("nd.ElementWiseSum(a, b)", a=(2,), b=(2,))
raises("nd.add_n(a, b)", a=(2,), b=(3,))
raises("nd.add_n(a, b)", a=(2,), b=ints([1, 2]))
case("nd.elemwise_add(a, a)", a=(2, 3))
case("nd.add_n(a, a, a)", a=(2, 3))

# where
case("nd.where(c, a, b)", c=values([[1, 0, 2], [0, -1, 0]]), a=(2, 3), b=(2, 3), grad=("a", "b"))
case("nd.where(c, a, b)", c=ints([1, 0]), a=(2, 3), b=(2, 3), dtypes=FLOATS)
case("nd.where(c, a, b)", c=ints([1, 0, 1], "int64"), a=(3,), b=(3,))
case("nd.where(c, a, b)", c=ints([1, 0, 1], "uint8"), a=(3, 2, 2), b=(3, 2, 2), dtypes=("int32",), grad=False)
raises("nd.where(c, a, b)", c=ints([1, 0, 1]), a=(2, 3), b=(2, 3))
raises("nd.where(c, a, b)", c=ints([1, 0]), a=(2, 3), b=(2, 1))
raises("nd.where(c, a, b)", c=ints([[1, 0]]), a=(2, 2), b=(2, 2))

# Scalars: integers truncate them first, booleans count as int64.
SCALAR = "plus minus rminus mul div rdiv mod rmod power rpower maximum minimum hypot".split()
for name in SCALAR:
    for scalar in (2, 1.5, -2):
        code = f"nd._internal._{name}_scalar(a, scalar={scalar})"
        low = 0.1 if name == "power" else -2
        for dtype in FLOATS:
            if name != "rpower" or scalar > 0:
                case(code, a=between(low, 2, (2, 3)), dtypes=(dtype,), rtol=LOOSE[dtype])
        case(code, a=values([-7, -3, 1, 3, 7]), grad=False, dtypes=("int32", "int64", "int8"))
        case(code, a=values([1, 2, 3 if name == "rpower" else 200]), grad=False, dtypes=("uint8",))
        case(code, a=values([True, True]), grad=False, dtypes=("bool",))
    case(f"nd._internal._{name}_scalar(a, scalar=1.5, is_int=False)", a=values([1, 3, 7]), grad=False,
         dtypes=("int32", "uint8", "float32"))
    case(f"nd._internal._{name}_scalar(a)", a=values([1, 3, 7]), dtypes=("int32", "float32"))
    case(f"nd._internal._{name}_scalar(a, scalar='2')", a=values([1, 3, 7]), dtypes=("int32", "float32"))
for name in COMPARISONS:
    for scalar in (0, 1, 1.5, -2):
        case(f"nd._internal._{name}_scalar(a, scalar={scalar})", a=values([0, 1, 2, 3]), grad=False,
             dtypes=(*FLOATS, "int32", "uint8"))
    case(f"nd._internal._{name}_scalar(a, scalar=1)", a=values([True, False]), grad=False, dtypes=("bool",))
    case(f"nd._internal._{name}_scalar(a, scalar=1.5, is_int=False)", a=values([0, 1, 2]), grad=False,
         dtypes=("int32",))
case("nd._internal._equal_scalar(a, scalar=0.1)", a=values([0.1, 0.2]), dtypes=FLOATS, grad=False)
for scalar in (2, 3, 0, 1, -1, 0.5):
    case(f"nd._internal._power_scalar(a, scalar={scalar})", a=values([0.5, 1, 2, 3.5]))
    case(f"nd._internal._power_scalar(a, scalar={scalar})", a=values([-2.0, 0, 2]), grad=False)
case("nd._internal._power_scalar(a, scalar=2)", a=values([-2.0, 0, 2]))
case("nd._internal._rpower_scalar(a, scalar=0)", a=values([1.0, 2]), grad=False)
case("nd._internal._mod_scalar(a, scalar=0)", a=values([1, 2]), dtypes=("float32", "int32"), grad=False)
case("nd._internal._mod_scalar(a, scalar=1.5)", a=values([-7.5, -3, 0, 3, 7.25]))
case("nd._internal._rmod_scalar(a, scalar=3)", a=values([0, 2]), dtypes=("float32", "int32"), grad=False)
case("nd._internal._div_scalar(a, scalar=0)", a=values([1.0, -1, 0]), grad=False)
for name in ("maximum", "minimum"):
    case(f"nd._internal._{name}_scalar(a, scalar=0)", a=values([-1.0, 0, 1]))
    case(f"nd._internal._{name}_scalar(a, scalar=0)", a=values([float("nan"), 1.0]), grad=False)
case("nd._internal._PlusScalar(a, scalar=2)", a=(2, 3))
case("nd._internal._scatter_plus_scalar(a, scalar=2)", a=(2, 3), grad=False)
case("nd._internal._scatter_minus_scalar(a, scalar=2)", a=(2, 3), grad=False)
raises("nd._internal._plus_scalar(a, scalar='x')", a=(2,))
raises("nd._internal._plus_scalar(a, nothing=1)", a=(2,))

# Without elements, without dimensions.
for name in ("add", "mul", "maximum", "equal", "power", "mod"):
    case(f"nd.broadcast_{name}(a, b)", a=(0, 3), b=(1, 3), np_shape=True, grad=False)
    case(f"nd.broadcast_{name}(a, b)", a=values(2.0), b=(2, 3), np_shape=True, grad=False)
case("nd._internal._plus_scalar(a, scalar=2)", a=(0, 3), np_shape=True, grad=False)
case("nd._internal._mul_scalar(a, scalar=2)", a=values(1.5), np_shape=True, grad=False)

# numbers that the array's type does not have, division of a number by integers that are 0
for name in ("_plus_scalar", "_mul_scalar", "_greater_scalar", "_maximum_scalar"):
    for number in ("1e10", "float('inf')", "float('nan')"):
        case(f"nd._internal.{name}(a, scalar={number})", a=values([0, 1, -1, 5, 127]), dtypes=("float16", "int32"),
             grad=False)
for number in (3, 0, -3.7):
    case(f"{number} / a", a=values([0, 1, 2, -4, 100]), dtypes=("int8", "int32", "int64"))
raises("nd.broadcast_add(a, a, out=b)", a=(2, 2), b=ints([[0, 0], [0, 0]], "float16"))
raises("nd.add(a, 1, out=b)", a=(2, 2), b=ints([[0, 0], [0, 0]], "int64"))
for number in ("True", "np.bool_(True)"):
    case(f"[a - {number}, {number} * a, a - {number} * 2]", a=(3,), dtypes=("float32", "int32"))
