"""Output layers, whose gradient is that of a loss."""
from golden.case import case, ints, raises, values

case("nd.SoftmaxOutput(a, n)", a=(3, 4), n=ints([0, 3, 1], "float32"), grad=False)
for attrs in ("", ", grad_scale=2", ", use_ignore=True, ignore_label=2", ", ignore_label=2", ", normalization='batch'",
              ", normalization='valid'", ", use_ignore=True, ignore_label=2, normalization='valid'",
              ", use_ignore=True, ignore_label=2, normalization='batch', grad_scale=3", ", smooth_alpha=0.1",
              ", smooth_alpha=0.2, use_ignore=True, ignore_label=1"):
    case(f"nd.SoftmaxOutput(a, n{attrs})", a=(3, 4), n=ints([0, 2, 1], "float32"))
    case(f"nd.SoftmaxOutput(a, n, preserve_shape=True{attrs})", a=(2, 2, 4), n=ints([[0, 2], [1, 3]], "float32"))
    case(f"nd.SoftmaxOutput(a, n, multi_output=True{attrs})", a=(2, 3, 2, 2),
         n=ints([[0, 2, 1, 2], [1, 0, 0, 2]], "float32"))
case("nd.SoftmaxOutput(a, n, multi_output=True)", a=(1, 3, 2, 2), n=ints([[[0, 2], [1, 2]]], "float32"))
case("nd.SoftmaxOutput(a, n, multi_output=True, use_ignore=True, normalization='valid')", a=(2, 3, 2),
     n=ints([[-1, -1], [-1, -1]], "float32"))
case("nd.SoftmaxOutput(a, n)", a=(2, 3), n=ints([7, -1], "float32"))
case("nd.SoftmaxOutput(a, n)", a=(1, 2, 3), n=ints([[0, 1]], "float32"))
case("nd.SoftmaxOutput(a, p)", a=(2, 3), p=values([[0, 1, 0], [0.5, 0.2, 0.3]]), grad=("a",))
case("nd.SoftmaxOutput(a, p, grad_scale=2, normalization='batch')", a=(2, 3), p=values([[0, 1, 0], [0.5, 0.2, 0.3]]),
     grad=("a",))
case("nd.Softmax(a, n)", a=(2, 3), n=ints([1, 2], "float32"))
raises("nd.SoftmaxOutput(a, n)", a=(2, 3), n=ints([1, 2]))
raises("nd.SoftmaxOutput(a, n)", a=(2, 3), n=ints([1, 2, 0], "float32"))
raises("nd.SoftmaxOutput(a, n, normalization='sum')", a=(2, 3), n=ints([1, 2], "float32"))

tie = values([[1, 2, 0], [-1, 0.5, 3]])
for name in ("LinearRegressionOutput", "LogisticRegressionOutput", "MAERegressionOutput"):
    case(f"nd.{name}(a, n)", a=tie, n=values([[1, 1, 1], [0, 0, 0]]), grad=("a",))
    case(f"nd.{name}(a, n, grad_scale=0.5)", a=(2, 3, 2), n=(2, 3, 2), grad=("a",))
    case(f"nd.{name}(a, n)", a=(3, 1), n=(3,), grad=("a",))
    case(f"nd.{name}(a, n)", a=(3,), n=(3,), grad=("a",), dtypes=("float64",))
    raises(f"nd.{name}(a, n)", a=(1, 2), n=(1, 3))
    raises(f"nd.{name}(a, n)", a=(1, 2), n=ints([[1, 2]]))

for attrs in ("", ", use_linear=True", ", margin=0.5, regularization_coefficient=0.3",
              ", margin=0.5, regularization_coefficient=0.3, use_linear=True"):
    case(f"nd.SVMOutput(a, n{attrs})", a=(3, 4), n=ints([0, 3, 1], "float32"))
raises("nd.SVMOutput(a, n)", a=(2, 3), n=ints([1, 2, 0], "float32"))

for attrs in ("", ", grad_scale=2", ", normalization='batch'", ", normalization='valid'",
              ", normalization='valid', valid_thresh=0.5, grad_scale=3"):
    case(f"nd.MakeLoss(a{attrs})", a=(3, 4), dtypes=("float32", "float64"), rtol=1e-6)

# MakeLoss's batch is the product of all sizes but the last
for shape in ((3,), (2, 3, 2), (4, 2, 3, 1)):
    case("nd.MakeLoss(x, normalization='batch')", x=shape)
raises("nd.MakeLoss(x)", x=(2, 3), dtypes=("int32",))
for op in ("LinearRegressionOutput", "MAERegressionOutput", "LogisticRegressionOutput"):
    raises(f"nd.{op}(x, l)", x=(2, 3), l=(3, 2))
    raises(f"nd.{op}(x, l)", x=(2, 3), l=(2, 3), dtypes=("int32",))
raises("nd.SVMOutput(x, l)", x=(3, 4), l=(3, 1))
raises("nd.SoftmaxOutput(x, l)", x=(3, 4), l=(3, 1))

# "valid" counts the labels other than ignore_label whether or not these are ignored, and compares whole numbers.
for options in ("normalization='valid'", "normalization='valid', ignore_label=1", "use_ignore=True, ignore_label=0.5",
                "use_ignore=True, normalization='valid', ignore_label=1.9"):
    case(f"nd.SoftmaxOutput(a, b, {options})", a=(4, 5), b=ints([0, 1, -1, 2], "float32"))
    case(f"nd.SoftmaxOutput(a, b, {options}, multi_output=True)", a=(2, 4, 3),
         b=ints([[0, 1, -1], [3, 0, 1]], "float32"))
