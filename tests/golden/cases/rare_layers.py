"""Layers of MXNet 0.x and rare ones: first versions, channels' softmax, batch norm with an activation."""
from golden.case import between, case, ints, raises, values

STATES = {"g": between(0.5, 2, (2,)), "b": (2,), "m": (2,), "v": between(0.2, 2, (2,))}
LEARNT = ("x", "g", "b")
TOLERANCE = {"rtol": 2e-4, "atol": 2e-5}
for op, more in (("nd.contrib.BatchNormWithReLU", ""), ("nd.contrib.SyncBatchNorm", ", key='k', ndev=1")):
    for attrs in (", fix_gamma=False", ", fix_gamma=False, eps=0.1", ", momentum=0.5, fix_gamma=False",
                  ", use_global_stats=True, fix_gamma=False", ""):
        case(f"{op}(x, g, b, m, v{more}{attrs})", x=(3, 2, 3, 2), **STATES, grad=LEARNT, after=("m", "v"), **TOLERANCE)
        case(f"{op}(x, g, b, m, v{more}{attrs})", x=(3, 2, 3, 2), **STATES, grad=False, **TOLERANCE)
for attrs in ("", ", stride=(2, 2)", ", pad=(1, 1)", ", dilate=(2, 2)", ", no_bias=True"):
    inputs = {"x": (2, 2, 5, 5), "w": (3, 2, 2, 2), "b": (3,)}
    if "no_bias" in attrs:
        del inputs["b"]
    bias = "" if "no_bias" in attrs else "b, "
    case(f"nd.Convolution_v1(x, w, {bias}kernel=(2, 2), num_filter=3{attrs})", **inputs, **TOLERANCE)
case("nd.Convolution_v1(x, w, b, kernel=(2, 2), num_filter=4, num_group=2)", x=(1, 2, 4, 4), w=(4, 1, 2, 2), b=(4,),
     **TOLERANCE)
raises("nd.Convolution_v1(x, w, b, kernel=(2, 2), num_filter=4)", x=(1, 2, 4, 4), w=(3, 2, 2, 2), b=(4,))

case("nd.SoftmaxActivation(a)", a=(3, 4))
case("nd.SoftmaxActivation(a, mode='channel')", a=(2, 3, 2))
case("nd.SoftmaxActivation(a, mode='channel')", a=(2, 3, 2, 2))
case("nd.SoftmaxActivation(a)", a=(2, 3, 2), grad=False)  # MXNet's gradient is not the softmax's
case("nd.SoftmaxActivation(a)", a=values([[1000, 0, -1000], [50, 50, 50]]))
raises("nd.SoftmaxActivation(a, mode='other')", a=(2, 3))
case("nd.softmax_cross_entropy(a, n)", a=(3, 4), n=ints([0, 3, 3], "float64"), dtypes=("float64",))
case("nd.softmax_cross_entropy(a, n)", a=values([[1000, 0, -1000], [50, 50, 50]]), n=ints([0, 1], "float32"))
case("nd.softmax_cross_entropy(a, n)", a=(1, 2), n=ints([1], "float32"))

for dtype in ("float16", "float32", "float64", "int32"):
    case("nd._internal._rnn_param_concat(a, b, c, dim=0)", a=(3,), b=(3,), c=(3,), dtypes=(dtype,))
case("nd._internal._rnn_param_concat(a, dim=0)", a=(3,))
case("nd._internal._rnn_param_concat(a, b, dim=0)", a=(2, 3), b=(1, 3))
case("nd._internal._rnn_param_concat(a, b, dim=1)", a=(2, 3), b=(2, 3))
raises("nd._internal._rnn_param_concat(a, b, dim=1)", a=(2, 3), b=(3, 3))
for attrs in ("", ", dim=-1"):
    case(f"nd._internal._rnn_param_concat(a, b{attrs})", a=(2, 3), b=(2, 2))
for shape in ((2, 3, 4), (5,), (2, 1, 1), (3, 2)):
    case("nd.Flatten(a)", a=shape, dtypes=("float16", "float32", "int32", "uint8"))
for kind in ("int8", "uint8"):
    for data in ([1, 2, 3], [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]):
        case("nd.contrib.quantized_flatten(a, l, h)", a=ints(data, kind), l=values([-2], "float32"),
             h=values([3], "float32"), grad=False)

POSITIVE = values([[4, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 2]])
PAIR = values([[[4, 1], [1, 3]], [[2, -0.5], [-0.5, 1]]])
LOWER = values([[2, 0, 0], [1, 3, 0], [0.5, 0.2, 1.5]])
for name in ("inverse", "syevd", "sumlogdiag", "potri", "gelqf", "syrk", "slogdet"):
    for given in (LOWER if name == "potri" else POSITIVE, PAIR, between(0.5, 2, (1, 1))):
        if given is POSITIVE or name != "slogdet":
            case(f"nd.linalg.{name}(a)", a=given, dtypes=("float32", "float64"), rtol=1e-4, atol=1e-5,
                 grad=name != "slogdet")
case("nd.linalg.gelqf(a)", a=(2, 2, 4), dtypes=("float32", "float64"), rtol=1e-4, atol=1e-5)
for attrs in ("transpose=True", "alpha=-0.5", "transpose=True, alpha=2"):
    case(f"nd.linalg.syrk(a, {attrs})", a=(2, 3), dtypes=("float32", "float64"))
    case(f"nd.linalg.syrk(a, {attrs})", a=(2, 1, 2, 3), dtypes=("float32", "float64"))
case("nd.linalg.inverse(a)", a=values([[0, 1], [2, 0]]), dtypes=("float32", "float64"))
case("nd.linalg.slogdet(a)", a=values([[1, 2], [2, 4]]), grad=False)
for name in ("inverse", "syevd", "sumlogdiag", "potri", "gelqf", "syrk", "slogdet"):
    raises(f"nd.linalg.{name}(a)", a=(3,))
    if name not in ("gelqf", "syrk"):
        raises(f"nd.linalg.{name}(a)", a=(2, 3))
