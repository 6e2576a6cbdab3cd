"""nd.contrib: functions of single elements, positions."""
from golden.case import case, ints, raises, values

LOOSE = {"float16": {"rtol": 5e-3}, "float32": {}, "float64": {"rtol": 1e-6}}

for dtype in ("float16", "float32", "float64"):
    case("nd.contrib.div_sqrt_dim(a)", a=(2, 3, 5), dtypes=(dtype,), **LOOSE[dtype])
    case("nd.contrib.quadratic(a, a=1, b=-2, c=3)", a=(2, 3), dtypes=(dtype,), **LOOSE[dtype])
case("nd.contrib.quadratic(a)", a=(2, 3))
for name in ("round_ste", "sign_ste"):
    case(f"nd.contrib.{name}(a)", a=(2, 3, 4), dtypes=("float32", "float64"))
    case(f"nd.contrib.{name}(a)", a=values([-2.5, -1.5, -0.5, 0, 0.4, 0.5, 1.5]))
for scalar in (3, -1, 0.5):
    case(f"nd.contrib.gradientmultiplier(a, scalar={scalar})", a=(2, 3))
for options in ("", ", axis=0", ", axis=-1", ", start=1, step=2, axis=1", ", repeat=2", ", start=0.5, axis=0",
                ", repeat=2, axis=0"):
    case(f"nd.contrib.arange_like(a{options})", a=(4, 6), grad=False, dtypes=("float32", "float64"))
raises("nd.contrib.arange_like(a, axis=2)", a=(2, 3))
for options in ("", ", axes=(1,)", ", axes=(-1, 0)"):
    case(f"nd.contrib.index_array(a{options})", a=(2, 3), grad=False)
case("nd.contrib.index_array(a)", a=(3,), grad=False)
case("nd.contrib.allclose(a, a)", a=(2, 3), grad=False)
case("nd.contrib.allclose(a, b)", a=(2, 3), b=(2, 3), grad=False)
case("nd.contrib.allclose(a, b, rtol=0.1, atol=0)", a=values([1.0, 2]), b=values([1.05, 2]), grad=False)
case("nd.contrib.allclose(a, a, equal_nan=False)", a=values([1.0, float("nan")]), grad=False)
for name in ("isnan", "isinf", "isfinite"):
    case(f"nd.contrib.{name}(a)", a=values([0.0, 1, float("inf"), float("-inf"), float("nan")]), grad=False,
         dtypes=("float16", "float32", "float64"))
    case(f"nd.contrib.{name}(a)", a=(3,), dtypes=("int32",), grad=False)

# Integers
case("nd.contrib.div_sqrt_dim(x)", x=(2, 5), dtypes=("int32", "int8"))
case("nd.contrib.round_ste(x)", x=(2, 3), dtypes=("int32", "uint8"))
case("nd.amp_multicast(x, y, num_outputs=2)", x=(2, 3), y=ints([1, 2], "int8"))
raises("nd.amp_multicast(x, y, num_outputs=3)", x=(2, 3), y=(3,))
