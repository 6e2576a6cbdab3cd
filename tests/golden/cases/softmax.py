"""softmax and its kin, Dropout outside of training."""
from golden.case import case, ints, raises, values

loose = {"rtol": 5e-5, "atol": 1e-5}
points = values([[-2, -0.5, 0, 1], [3, 40, -40, 0.125]])
for name in ("softmax", "log_softmax", "softmin"):
    for axis in (0, 1, -1, -2):
        case(f"nd.{name}(a, axis={axis})", a=(2, 3, 4), **loose)
    case(f"nd.{name}(a)", a=points, **loose)
    case(f"nd.{name}(a, temperature=2.5)", a=points, **loose)
    # MXNet's float16, and its logarithm, are less precise.
    case(f"nd.{name}(a, axis=0, temperature=0.5)", a=(3, 2), dtypes=("float64",))
    case(f"nd.{name}(a)", a=(2, 5), dtypes=("float16",), rtol=5e-3, atol=2e-3)
    case(f"nd.{name}(a, dtype='float64')", a=(2, 5), grad=False, rtol=1e-5)
    case(f"nd.{name}(a, dtype='float32')", a=(2, 5), dtypes=("float16",), grad=False, rtol=5e-3)
    case(f"nd.{name}(a)", a=(4,), **loose)
    raises(f"nd.{name}(a, axis=2)", a=(2, 3))
    raises(f"nd.{name}(a, axis=-3)", a=(2, 3))
    raises(f"nd.{name}(a)", a=ints([[1, 2]]))
case("nd.softmax(a, n, use_length=True)", a=points, n=ints([2, 3]))
case("nd.softmax(a, n, use_length=True)", a=points, n=ints([0, 4], "int64"))
case("nd.softmax(a, n, use_length=True, axis=0)", a=points, n=ints([1, 2, 0, 2]))
case("nd.softmax(a, n, use_length=True, axis=1, temperature=2)", a=(2, 3, 4), n=ints([[1, 2, 3, 0], [3, 3, 2, 1]]))
case("nd.softmax(data=a, length=n, use_length=True)", a=(2, 2, 4), n=ints([[1, 2], [3, 4]]))
raises("nd.softmax(a, n, use_length=True)", a=(2, 3), n=ints([1, 2], "float32"))
raises("nd.softmax(a, n, use_length=True)", a=(2, 3), n=ints([1, 2, 3]))

case("nd.SoftmaxActivation(a)", a=(2, 3))
case("nd.SoftmaxActivation(a, mode='channel')", a=(2, 3, 4), grad=False)
raises("nd.SoftmaxActivation(a, mode='channel')", a=(2, 3))

case("nd.softmax_cross_entropy(a, n)", a=points, n=ints([1, 2], "float32"))
case("nd.softmax_cross_entropy(a, n)", a=(3, 4), n=ints([0, 3, 3], "float32"))
raises("nd.softmax_cross_entropy(a, n)", a=(2, 3, 4), n=ints([1, 2], "float32"))
raises("nd.softmax_cross_entropy(a, n)", a=(2, 3), n=ints([1, 2, 0], "float32"))
raises("nd.softmax_cross_entropy(a, n)", a=(2, 3), n=ints([1, 2]))

case("nd.Dropout(a, p=0.3)", a=(2, 3), train=False)
case("nd.Dropout(a, p=0)", a=(2, 3), train=True)
raises("nd.Dropout(a, p=1.5)", a=(2, 3))
raises("nd.Dropout(a, p=-0.1)", a=(2, 3))

for op in ("softmax", "log_softmax", "softmin"):
    case(f"nd.{op}(x)", x=(), np_shape=True)
raises("nd.log_softmax(x, use_length=True)", x=(2, 3))
raises("nd.softmin(x, use_length=True)", x=(2, 3))
raises("nd.softmax(x, n, use_length=True)", x=(2, 3), n=ints([1, 2], "uint8"))

# dtype=None is NumPy's dtype of None
for op in ("softmax", "log_softmax", "softmin"):
    case(f"nd.{op}(x, dtype=None)", x=(2, 3), rtol=1e-6)

# A narrower result is rounded at the end, not the data before.
for name in ("softmax", "log_softmax", "softmin"):
    case(f"nd.{name}(a, axis=-1, temperature=0.5, dtype='float16')", a=(2, 3, 4), rtol=5e-4, atol=0, grad=False)
