"""Operators that write parts of an array, or number them: assignment by index and by slice, one_hot, bins."""
from golden.case import case, ints, raises, values

FLOATS = ("float16", "float32", "float64")
WIDE = (*FLOATS, "int32", "int64")

for data, where, shape in (((3,), [[0, 2, 0]], (4,)), ((2, 3), [[1, 0]], (2, 3)), ((2,), [[0, 1], [1, 0]], (2, 2)),
                           ((2, 2), [[0, 0]], (3, 2))):
    case(f"nd._internal._backward_gather_nd(d, i, shape={shape})", d=data, i=ints(where), dtypes=WIDE, grad=False)
    case(f"nd._internal._backward_gather_nd(d, i, shape={shape})", d=data, i=ints(where, "float32"))
    if where != [[0, 0]]:
        for dtype in ("int32", "int64"):
            case(f"nd._internal._scatter_set_nd(l, d, i, shape={shape}, out=l)", l=shape, d=data, i=ints(where, dtype),
                 dtypes=WIDE if where != [[0, 2, 0]] else ("int32",), grad=False)
raises("nd._internal._backward_gather_nd(d, i, shape=(2, 2))", d=(3,), i=ints([[0, 1]]))
raises("nd._internal._backward_gather_nd(d, i)", d=(3,), i=ints([[0, 1]]))
raises("nd._internal._scatter_set_nd(l, d, i, shape=(2, 3))", l=(2, 2), d=(2,), i=ints([[0, 1], [0, 1]]))
raises("nd._internal._scatter_set_nd(l, d, i, shape=(2, 2))", l=(2, 2), d=(3,), i=ints([[0, 1], [0, 1]]))

call = "nd.fill_element_0index(a, v, i)"
case(call, a=(3, 2), v=values([5, 6, 7]), i=values([0, 1, 1]), grad=False)
case(call.replace(")", ", out=a)"), a=(3, 2), v=values([5, 6, 7]), i=values([0, 1, 1]), grad=False)
case(call, a=(2, 3), v=values([float("nan"), float("inf")]), i=values([1.7, 1]), grad=False)
case(call, a=(1, 4), v=values([2]), i=values([3]), grad=False)
raises(call, a=(2, 3), v=(3,), i=(2,))
raises(call, a=(2,), v=(2,), i=(2,))
for shape in ((2, 3), (2, 3, 4), (2, 1)):
    case("nd.argmax_channel(a)", a=shape, dtypes=(*WIDE, "int8", "uint8"), grad=False)
case("nd.argmax_channel(a)", a=values([[1, 3, 3], [2, 2, 2]]), grad=False)
case("nd.argmax_channel(a)", a=values([[1, float("nan"), 3], [float("nan"), 2, 2]]), grad=False)
case("nd.argmax_channel(a)", a=values([[float("-inf"), float("-inf")], [1, float("inf")]]), grad=False)
for call in ("nd._internal._onehot_encode(a, b, out=b)", "nd.onehot_encode(a, b)"):
    case(call, a=values([2, 0, 1]), b=(3, 3), grad=False)
    case(call, a=values([0, 2]), b=(2, 4), grad=False)
    raises(call, a=(2,), b=(2,))

for begin, end, step, shape in (("(0, 0)", "(1, 2)", "(1, 1)", (1, 2)), ("(0, 1)", "(2, 3)", "()", (2, 2)),
                                ("(1, None)", "(None, None)", "()", (1, 3)), ("(0, 0)", "(2, 3)", "(1, 2)", (2, 2)),
                                ("(None, 2)", "(None, 0)", "(1, -1)", (2, 2)), ("(1,)", "(2,)", "()", (1, 3)),
                                ("(-1, -2)", "(None, None)", "()", (1, 2))):
    slices = f"begin={begin}, end={end}, step={step}"
    case(f"[nd._internal._slice_assign_scalar(a, scalar=7, {slices}), a]", a=(2, 3), dtypes=WIDE, grad=False)
    case(f"[nd._internal._slice_assign(a, b, {slices}), a]", a=(2, 3), b=shape, dtypes=WIDE, grad=False)
    raises(f"nd._internal._slice_assign(a, b, {slices})", a=(2, 3), b=(3, 3))
raises("nd._internal._slice_assign_scalar(a, begin=(0, 0, 0), end=(1, 1, 1))", a=(2, 3))
raises("nd._internal._slice_assign_scalar(a, begin=(0,))", a=(2, 3))
for shape in ((2, 3), (4,), (2, 2, 2), (2, -1), (-1, 3)):
    case(f"nd._internal._unravel_index(a, shape={shape})", a=values([0, 3, 1, 2]),
         dtypes=("float32", "float64", "int32", "int64"), grad=False)
for dtype in ("float32", "float64", "int32", "int64"):
    case("nd._internal._histogram(a, b)", a=values([0, 1, 2, 3, 3, 9]), b=values([0, 1, 3, 4]), dtypes=(dtype,),
         grad=False)
    case("nd._internal._histogram(a, bin_cnt=3, range=(0, 3))", a=values([0, 1, 2, 3, 3, 9]), dtypes=(dtype,),
         grad=False)
case("nd._internal._histogram(a, bin_cnt=2, range=(-1, 1))", a=(3, 4), grad=False)
raises("nd._internal._histogram(a, bin_cnt=2)", a=(3,))
raises("nd._internal._histogram(a, bin_cnt=2, range=(1, 0))", a=(3,))
case("nd.contrib.index_copy(a, i, b)", a=(3, 2), i=ints([0, 2]), b=(2, 2), dtypes=(*WIDE, "uint8"))
case("nd.contrib.index_copy(a, i, b)", a=(3,), i=ints([1], "int64"), b=(1,))
case("nd.contrib.index_copy(a, i, b)", a=(3, 2, 2), i=ints([1, 0], "int64"), b=(2, 2, 2))
raises("nd.contrib.index_copy(a, i, b)", a=(3, 2), i=ints([1]), b=(2, 2))
raises("nd.contrib.index_copy(a, i, b)", a=(3, 2), i=ints([1]), b=(1, 3))
case("nd.contrib.boolean_mask(a, m)", a=(3, 2), m=ints([0, 1, 1]), dtypes=FLOATS, grad=("a",))
case("nd.contrib.boolean_mask(a, m)", a=(3, 2), m=ints([0, 1, 1]), dtypes=("int32", "int64", "uint8"), grad=False)
case("nd.contrib.boolean_mask(a, m)", a=(3,), m=ints([1, 0, -2]), grad=("a",))
case("nd.contrib.boolean_mask(a, m)", a=(2, 2, 2), m=ints([1, 0], "float32"), grad=("a",))
raises("nd.contrib.boolean_mask(a, m)", a=(3,), m=(2,))
raises("nd.contrib.boolean_mask(a, m)", a=(3, 2), m=(3, 2))
