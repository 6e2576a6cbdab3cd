"""Operators that stand behind arithmetic, by their internal names, and functions of single elements that are rare."""
from golden.case import between, case, ints, raises, values

FLOATS = ("float16", "float32", "float64")
ALL = (*FLOATS, "int32", "int64", "int8", "uint8")
ODD = {"a": values([1, float("nan"), float("inf"), float("-inf"), 0]),
       "b": values([float("nan"), 1, float("inf"), float("inf"), -0.0])}

for name in ("equal", "not_equal", "greater", "greater_equal", "lesser", "lesser_equal", "logical_and", "logical_or",
             "logical_xor"):
    case(f"nd._internal._{name}(a, b)", a=values([1, 2, 0, 3, 0]), b=values([1, 0, 0, 5, 2]), dtypes=ALL)
    case(f"nd._internal._{name}(a, b)", a=(2, 3), b=(2, 3), dtypes=FLOATS)
    case(f"nd._internal._{name}(a, b)", a=(0, 3), b=(0, 3), np_shape=True)
    case(f"nd._internal._{name}(a, b)", a=(), b=(), np_shape=True)
    case(f"nd.broadcast_{name}(a, b)", a=(2, 1), b=(1, 3), dtypes=ALL)
    case(f"nd.broadcast_{name}(a, b)", a=(0, 3), b=(1, 3), np_shape=True)
    for call in (f"nd._internal._{name}", f"nd.broadcast_{name}"):
        case(f"{call}(a, b)", **ODD, grad=False)
        raises(f"{call}(a, b)", a=(2, 3), b=(2, 2))
        raises(f"{call}(a, b)", a=(3,), b=values([1, 2, 3], "int32"))
# Left out: gradients of mod by zero, and of powers of zero
for name in ("maximum", "minimum", "hypot", "mod", "power"):
    call = f"nd._internal._{name}(a, b)"
    case(call, a=between(0.5, 3, (2, 3)), b=(2, 3), dtypes=FLOATS)
    case(call, a=(2, 3), b=(2, 3), dtypes=("int32", "int64", "int8", "uint8"))
    case(call, a=values([1, 2, 0, 3, 1]), b=values([1, 1, 2, 5, 2]), dtypes=ALL, grad=name != "power")
    case(call, **ODD, grad=False)
    case(call, a=(0, 3), b=(0, 3), np_shape=True)
    raises(call, a=(2, 3), b=(1, 3))
    raises(call, a=(3,), b=values([1, 2, 3], "float64"))
case("nd._internal._grad_add(a, b)", a=(2, 3), b=(2, 3), dtypes=ALL, grad=False)
case("nd._internal._grad_add(a, b)", **ODD, grad=False)
case("nd._internal._grad_add(a, b)", a=(0, 3), b=(0, 3), np_shape=True, grad=False)
raises("nd._internal._grad_add(a, b)", a=(2, 3), b=(1, 3))

ROWS = values([[1, 2], [0, 0], [-1, 0.5]])
for name in ("plus", "minus"):
    for scalar in (2, -1.5):
        call = f"nd._internal._scatter_{name}_scalar"
        case(f"{call}(a, scalar={scalar})", a=(2, 3), dtypes=("float16", "float32", "float64", "int32"))
        for storage in ("row_sparse", "csr"):
            case(f"{call}(a.tostype('{storage}'), scalar={scalar})", a=ROWS, grad=False)
    case(f"{call}(a, scalar=3)", a=(0, 3), grad=False, np_shape=True)
    raises(f"{call}(a, scalar='x')", a=(2, 3))
call = "nd._internal._scatter_elemwise_div"
case(f"{call}(a, b)", a=(2, 3), b=(2, 3), dtypes=FLOATS)
case(f"{call}(a.tostype('row_sparse'), b)", a=ROWS, b=(3, 2), grad=False)
case(f"{call}(a.tostype('row_sparse'), b)", a=ROWS, b=values([[0, 1], [0, 0], [2, 0]]), grad=False)
case(f"{call}(a, b)", a=values([1, 0, -1, 3]), b=values([0, 0, 0, 2]), dtypes=FLOATS, grad=False)
case(f"{call}(a, b)", a=values([7, -7, 9]), b=values([2, 2, 4]), dtypes=("int32", "int64", "uint8"), grad=False)
case(f"{call}(a, b)", a=(0, 3), b=(0, 3), grad=False, np_shape=True)
raises(f"{call}(a, b)", a=(2, 3), b=(3,))

for name in ("arccos", "arcsin", "arctanh", "erfinv"):
    case(f"nd.{name}(a)", a=values([1, -1, 0, 2, float("nan")]), dtypes=FLOATS, grad=False)
    case(f"nd.{name}(a)", a=values([0, 1, -1]), dtypes=("int32", "int64", "int8", "uint8"))
    case(f"nd.{name}(a)", a=(0, 3), np_shape=True)
for name in ("isnan", "isinf", "isfinite"):
    case(f"nd.contrib.{name}(a)", a=(3,), dtypes=ALL, grad=False)
    case(f"nd.contrib.{name}(a)", a=(0, 3), grad=False, np_shape=True)
    case(f"nd.contrib.{name}(a)", a=values([1e38, 1e-45, -0.0]), dtypes=("float32", "float64"), grad=False)
for attrs in ("", ", a=2, b=3, c=4", ", b=-1"):
    case(f"nd.contrib.quadratic(a{attrs})", a=(2, 3), dtypes=ALL, **{"rtol": 1e-2} if "2" in attrs else {})
case("nd.contrib.quadratic(a, a=1)", a=(0, 3), np_shape=True)
case("nd.contrib.quadratic(a, a=1, b=1)", a=values([float("nan"), float("inf")]), grad=False)
for name in ("round_ste", "sign_ste"):
    case(f"nd.contrib.{name}(a)", a=(2, 3), dtypes=ALL)
    case(f"nd.contrib.{name}(a)", a=values([float("nan"), float("inf"), -0.0, 1e10]))
    case(f"nd.contrib.{name}(a)", a=(0, 3), np_shape=True)
for scalar in (0, 2.5, -2):
    case(f"nd.contrib.gradientmultiplier(a, scalar={scalar})", a=(2, 3), dtypes=FLOATS)
case("nd.contrib.gradientmultiplier(a, scalar=2)", a=(2, 3), dtypes=("int32", "int64", "uint8"))
case("nd.contrib.gradientmultiplier(a, scalar=2)", a=(0, 3), np_shape=True)
case("nd.contrib.div_sqrt_dim(a)", a=(5,), dtypes=FLOATS, rtol=5e-3)
case("nd.contrib.div_sqrt_dim(a)", a=values([float("nan"), float("inf")]), grad=False)
for attrs in ("", ", rtol=0.1", ", atol=0.5", ", rtol=0, atol=0", ", equal_nan=False"):
    case(f"nd.contrib.allclose(a, b{attrs})", a=values([1, 2, 100]), b=values([1, 2.1, 101]), dtypes=FLOATS, grad=False)
    case(f"nd.contrib.allclose(a, a{attrs})", a=values([1, float("nan"), float("inf")]), grad=False)
raises("nd.contrib.allclose(a, b)", a=(2, 2), b=(2,))

for dtype in FLOATS:
    case(f"nd.amp_cast(a, dtype='{dtype}')", a=(2, 3), dtypes=("int32", "uint8"), grad=False)
    case(f"nd.amp_cast(a, dtype='{dtype}')", a=(2, 3), dtypes=("float16",), grad=False)
case("nd.amp_cast(a, dtype='float16')", a=values([1e6, float("nan"), -70000, 1e-9]), grad=False)
case("nd.amp_cast(a, dtype='float16')", a=(2, 3))
raises("nd.amp_cast(a)", a=(2,))
for attrs in ("", ", cast_narrow=True"):
    case(f"nd.amp_multicast(a, b, num_outputs=2{attrs})", a=(2,), b=(3,))
    case(f"nd.amp_multicast(a, b, num_outputs=2{attrs})", a=(2,), b=(1, 3), dtypes=("float32",), grad=False)
    case(f"nd.amp_multicast(a, num_outputs=1{attrs})", a=values([float("nan"), float("inf"), 1]), grad=False)
    case(f"nd.amp_multicast(a, b, num_outputs=2{attrs})", a=ints([1, 2], "int32"), b=(3,), grad=False)
raises("nd.amp_multicast(a, b, num_outputs=3)", a=(2,), b=(2,))
call = "nd._internal._identity_with_attr_like_rhs(a, b)"
case(call, a=(2, 3), b=(2, 3), dtypes=FLOATS, grad=("a",))
case(call, a=(2, 3), b=(2, 3), dtypes=("int32", "int64", "int8", "uint8"), grad=False)
case(call, a=values([float("nan"), 1]), b=(2,), grad=False)
case(call, a=(0, 3), b=(0, 3), np_shape=True)
raises(call, a=(2, 3), b=(3, 2), match="differ")

for name in ("shape_array", "size_array"):
    for shape in ((4,), (2, 1, 3, 1)):
        case(f"nd.{name}(a)", a=shape, dtypes=("float16", "int32"), grad=False)
    for shape in ((0, 3), ()):
        case(f"nd.{name}(a)", a=shape, grad=False, np_shape=True)
for dims in ("dim1=0, dim2=1", "dim1=1, dim2=-1", "dim1=0, dim2=0", "dim1=2"):
    case(f"nd.SwapAxis(a, {dims})", a=(2, 3, 4), dtypes=("float16", "float32", "int32"))
case("nd.SwapAxis(a, dim2=1)", a=(0, 3), np_shape=True)
raises("nd.SwapAxis(a, dim1=0, dim2=2)", a=(2, 3))
part = ", lhs_begin={}, lhs_end={}, rhs_begin={}, rhs_end={}"
for attrs in ("", part.format(0, 1, 0, 2)):
    case(f"nd.reshape_like(a, b{attrs})", a=(6,), b=(2, 3), dtypes=FLOATS, grad=("a",))
case(f"nd.reshape_like(a, b{part.format(-2, None, -1, None)})", a=(4, 3), b=(2, 12), grad=("a",))
raises("nd.reshape_like(a, b)", a=(4, 3), b=(5,))
case("nd.khatri_rao(a)", a=(2, 3), grad=False)
case("nd.khatri_rao(a, b)", a=(2, 3), b=(4, 3), dtypes=("float32", "float64"), grad=False)
case("nd.khatri_rao(a, b, c)", a=(2, 3), b=(1, 3), c=(2, 3), dtypes=("float32", "float64"), grad=False)
raises("nd.khatri_rao(a, b)", a=(2, 3), b=(4, 2))
raises("nd.khatri_rao(a, b)", a=(2, 3), b=(3,))
