"""Sorting, the k largest, picking."""
from golden.case import case, ints, raises, values

INTS = ("int32", "int64", "uint8", "int8")
EQUAL = values([[3, 1, 2, 2], [0, 5, 5, 4]])

for axis in ("", ", axis=0", ", axis=1", ", axis=-2", ", axis=None"):
    for order in ("", ", is_ascend=False"):
        case(f"nd.sort(a{axis}{order})", a=(2, 3, 4), grad=False, dtypes=("float32", "float64"))
        case(f"nd.argsort(a{axis}{order})", a=(2, 3, 4), grad=False, dtypes=("float32", "float64"))
        case(f"nd.sort(a{axis}{order})", a=EQUAL, grad=False)
        case(f"nd.argsort(a{axis}{order})", a=EQUAL, grad=False)
for name in ("sort", "argsort"):
    case(f"nd.{name}(a)", a=values([[3, 1, 2], [9, 8, 7]]), dtypes=INTS, grad=False)
    case(f"nd.{name}(a)", a=values([5.0]), grad=False)
    raises(f"nd.{name}(a, axis=3)", a=(2, 3))
    raises(f"nd.{name}(a, axis=-3)", a=(2, 3))
    raises(f"nd.{name}(a)", a=(3,), dtypes=("bool",))
for dtype in ("int32", "int64", "float64", "float16", "uint8"):
    case(f"nd.argsort(a, dtype='{dtype}')", a=(2, 4), grad=False)
    case(f"nd.topk(a, k=2, dtype='{dtype}')", a=(2, 4), grad=False)

for options in ("", ", k=2", ", k=0", ", k=-1", ", k=2, axis=0", ", k=2, axis=1", ", k=5, axis=None",
                ", k=2, is_ascend=True", ", k=2, axis=-2"):
    for kind in ("indices", "mask", "both"):
        case(f"nd.topk(a{options}, ret_typ='{kind}')", a=(2, 3, 4), grad=False)
        if "axis=None" not in options:
            case(f"nd.topk(a{options}, ret_typ='{kind}')", a=EQUAL, grad=False)
    case(f"nd.topk(a{options}, ret_typ='value')", a=(2, 3, 4), grad="axis=None" not in options)
    case(f"nd.topk(a{options}, ret_typ='value')", a=(2, 3, 4), dtypes=("float64", "float16"), grad=False)
case("nd.topk(a, 1, 2, 'both')", a=(2, 4), grad=False)
for kind in ("indices", "mask", "both", "value"):
    case(f"nd.topk(a, k=2, ret_typ='{kind}')", a=values([[3, 1, 2], [9, 8, 7]]), dtypes=INTS, grad=False)
case("nd.topk(a, k=2, ret_typ='both', dtype='int64')", a=(3, 4), grad=False)
for wrong in ("k=9", "axis=2", "axis=-3", "ret_typ='all'", "k='x'"):
    raises(f"nd.topk(a, {wrong})", a=(2, 4))

TABLE = values([[1, 3, 5], [2, 4, 6]])
case("nd.pick(a, i)", a=TABLE, i=ints([0, 2], "float32"))
case("nd.pick(a, i, axis=1)", a=TABLE, i=ints([0, 5]))
case("nd.pick(a, i, axis=1)", a=TABLE, i=ints([-1, -2]))
case("nd.pick(a, i, axis=1, mode='wrap')", a=TABLE, i=ints([-1, 5], "int64"))
case("nd.pick(a, i, axis=0)", a=TABLE, i=ints([0, 1, 0], "float32"))
case("nd.pick(a, i, axis=-2, keepdims=True)", a=TABLE, i=ints([0, 1, 1], "float32"))
case("nd.pick(a, i, axis=1, keepdims=True)", a=TABLE, i=ints([0, 1], "uint8"))
case("nd.pick(a, i, axis=1)", a=TABLE, i=ints([[0], [2]], "float32"))
case("nd.pick(a, i, axis=1)", a=TABLE, i=ints([0.7, 1.5], "float32"))
case("nd.pick(a, i, axis=1)", a=(2, 3, 4), i=ints([[0, 1, 2, 2], [2, 1, 0, 1]]),
     dtypes=("float32", "float64"))
case("nd.pick(a, i)", a=(2, 3, 4), i=ints([[0, 1, 2], [3, 1, 0]]), dtypes=("float16",))
case("nd.pick(a, i)", a=values([[1, 2], [3, 4]]), i=ints([0, 1]), dtypes=INTS, grad=False)
case("nd.pick(a, i, axis=0)", a=values([5, 6, 7]), i=ints([1]))
case("nd.pick(a, i, axis=0, keepdims=True)", a=values([5, 6, 7]), i=ints([1]))
case("nd.choose_element_0index(a, i)", a=TABLE, i=ints([0, 2], "float32"))
raises("nd.pick(a, i, axis=None)", a=TABLE, i=ints([0, 2]))
raises("nd.pick(a, i, axis=2)", a=TABLE, i=ints([0, 2]))
raises("nd.pick(a, i, axis=1)", a=TABLE, i=ints([0, 1, 2]))
raises("nd.pick(a, i, mode='raise')", a=TABLE, i=ints([0, 1]))
case("nd.batch_take(a, i)", a=TABLE, i=ints([0, 2]), grad=False)
case("nd.fill_element_0index(a, v, i)", a=TABLE, v=values([9, 8]), i=ints([0, 2], "float32"), grad=False)

# MXNet loses a default axis on the way to the gradient
for attrs in ("axis=0", "axis=1", "axis=-1, is_ascend=False", "axis=None"):
    case(f"nd.sort(a, {attrs})", a=(2, 3, 2), dtypes=("float32", "float64"))
