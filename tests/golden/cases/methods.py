"""Methods of arrays that are called otherwise than their operators, and arguments in MXNet's order."""

from golden.case import between, case, raises

case("a.broadcast_to((2, 3))", a=(3,), dtypes=("float32", "float64", "int32"))
case("a.broadcast_to([2, 2, 3])", a=(2, 1))
case("a.broadcast_to((2, 3))", a=(2, 3))
case("a.broadcast_like(b)", a=(3,), b=(2, 3))
case("a.broadcast_to((0, 3))", a=(3,))
for shape in ((2, 4), (3,)):
    raises(f"a.broadcast_to({shape})", a=(1, 3) if shape == (3,) else (3,))
raises("a.broadcast_like(b)", a=(2,), b=(2, 3))
case("[a.slice_assign(b, (0, 0), (1, 2), (1, 1)), a]", a=(2, 3), b=(1, 2), grad=False)
case("[a.slice_assign_scalar(7, (0, 1), (2, 3), (1, 1)), a]", a=(2, 3), dtypes=("float32", "float64"), grad=False)
raises("a.slice_assign(b, (0, 0), (1, 2))", a=(2, 3), b=(1, 2))
case("nd.power(base=a, exp=2)", a=between(0.5, 2, (2, 3)))
case("nd.power(2, exp=a)", a=(2, 3))
for name in ("uniform", "normal", "random_gamma"):
    case(f"nd.{name}(1, 2, (2, 3), 'cpu(0)', 'float64')", seed=7)
    case(f"nd.{name}(1, 2, (4,), mx.cpu())", seed=7)
case("nd.random_exponential(2, (3,), 'cpu(0)', 'float32')", seed=3)
case("nd.random_randint(1, 9, (3,), 'cpu(0)', 'int64')", seed=3)
raises("nd.normal(0, 1, (2,), 'abacus')", match="context string abacus")
raises("nd.uniform(0, 1, (2,), 'float32')", match="context string float32")
raises("nd.normal(0, 1, (2,), 'cpu')", match="context string cpu")
