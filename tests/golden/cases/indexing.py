"""Selecting and writing parts of arrays: slices, take, gather, scatter, one-hot, embeddings."""

from golden.case import case, ints, raises, values

for begin, end in [((1,), (None,)), ((None, 1), (None, 3)), ((-1,), (None,)), ((1,), (10,)), ((0, 1), (2, -1)),
                   ((), ())]:
    case(f"nd.slice(a, begin={begin}, end={end})", a=(3, 4))
for begin, end, step in [((0, 0), (3, 4), (2, 2)), ((None, None), (None, None), (-1, -2)), ((2,), (0,), (-1,)),
                         ((2,), (-10,), (-2,)), ((10,), (0,), (-1,)), ((0, 1), (2, 3), (None, 1))]:
    case(f"nd.slice(a, begin={begin}, end={end}, step={step})", a=(3, 4))
case("nd.slice(a, begin=1, end=2)", a=(3, 4), dtypes=("int32", "float64", "uint8"))
case("nd.crop(a, begin=(0, 1), end=(2, 3))", a=(3, 4))
raises("nd.slice(a, begin=(0,), end=(2,), step=(0,))", a=(3, 4))
raises("nd.slice(a, begin=(0, 1), end=(2,))", a=(3, 4))
raises("nd.slice(a, begin=(0, 1, 2), end=(2, 3, 4))", a=(3, 4))
raises("nd.slice(a, begin=(0, 1), end=(2, 3), step=(2,))", a=(3, 4))

for axis, begin, end in [(1, 1, 3), (-1, -2, None), (0, 0, -1), (0, 2, 3)]:
    case(f"nd.slice_axis(a, axis={axis}, begin={begin}, end={end})", a=(3, 4), dtypes=("float32", "int32"))
for axis, begin, end in [(0, 0, 5), (0, 2, 2), (0, 2, 1), (0, -5, 1), (2, 0, 1), (0, 0, -5)]:
    raises(f"nd.slice_axis(a, axis={axis}, begin={begin}, end={end})", a=(3, 4))

case("nd.slice_like(a, b)", a=(3, 4), b=(2, 3))
case("nd.slice_like(a, b, axes=(1,))", a=(3, 4), b=(2, 3))
case("nd.slice_like(a, b, axes=(-1,))", a=(3, 4), b=(2, 3))
case("nd.slice_like(a, b, axes=(0,))", a=(3, 4), b=(2, 3, 4))
case("nd.slice_like(a, b, axes=(-2,))", a=(3, 4), b=(2, 7, 4))
raises("nd.slice_like(a, b)", a=(3, 4), b=(2, 3, 4))
raises("nd.slice_like(a, b)", a=(3, 4), b=(5, 3))
raises("nd.slice_like(a, b, axes=(2,))", a=(3, 4), b=(5, 3))

case("nd._internal._slice_assign(a, b, begin=(0, 1), end=(2, 3))", a=(3, 4), b=(2, 2), grad=False)
case("nd._internal._slice_assign(a, b, begin=(0,), end=(3,), step=(2,))", a=(3, 4), b=(2, 4), grad=False)
case("nd._internal._crop_assign(a, b, begin=(None,), end=(None,), step=(-1,))", a=(3, 4), b=(3, 4), grad=False)
raises("nd._internal._slice_assign(a, b, begin=(0, 1), end=(2, 3))", a=(3, 4), b=(1,))
case("nd._internal._slice_assign_scalar(a, scalar=9, begin=(0, 1), end=(2, 3))", a=(3, 4), grad=False)
case("nd._internal._crop_assign_scalar(a, scalar=9.7, begin=(0, 1), end=(2, 3), step=(2, 1))", a=(3, 4),
     dtypes=("int32", "float64"), grad=False)
case("nd._internal._slice_assign_scalar(a, scalar=9, begin=(1,), end=(1,))", a=(3, 4), grad=False)

INDICES = ints([[1, -1, 5], [0, 2, -4]], "float32")
for mode in ("clip", "wrap"):
    for axis in (0, 1, -1):
        case(f"nd.take(a, i, axis={axis}, mode={mode!r})", a=(3, 4), i=INDICES, grad=("a",))
    case(f"nd.take(a, i, mode={mode!r})", a=(5,), i=values([1.7, -0.5, 4]), grad=("a",))
for dtype in ("int32", "int64", "uint8", "int8", "float16", "float64"):
    case("nd.take(a, i)", a=(3, 4), i=ints([2, 0, 2], dtype), grad=("a",))
case("nd.take(a, i, axis=1, mode='raise')", a=(2, 3, 2), i=ints([2, 0], "float32"), grad=("a",))
case("nd.take(a, i)", a=(3, 4), i=ints([1, 0], "float32"), dtypes=("int32", "float16", "float64"), grad=False)
raises("nd.take(a, i, axis=2)", a=(3, 4), i=INDICES)
raises("nd.take(a, i, mode='raise').asnumpy()", a=(3, 4), i=ints([1, 5], "float32"))
raises("nd.take(a, i, mode='raise').asnumpy()", a=(3, 4), i=ints([-1], "float32"))

for indices in ([0, 1, 5], [0, -1, 3]):
    case("nd.batch_take(a, i)", a=(3, 4), i=ints(indices, "int32"), grad=False)
case("nd.batch_take(a, i)", a=(3, 4), i=ints([[0], [1], [2]], "int32"), grad=False)
raises("nd.batch_take(a, i)", a=(3, 4), i=ints([0, 1, 2], "float32"))
raises("nd.batch_take(a, i)", a=(3, 4), i=ints([0, 1], "int32"))

for indices in ([[1, 1, 0], [0, 1, 0]], [[1, 0]]):
    case("nd.gather_nd(a, i)", a=(2, 3), i=ints(indices, "float32"), grad=("a",))
case("nd.gather_nd(a, i)", a=(2, 3), i=ints([[1, -1], [0, -1]], "float32"), grad=False)
case("nd.gather_nd(a, i)", a=(2, 3, 2), i=ints([[[1, 1], [0, 0]], [[0, 1], [1, 2]]], "int64"), grad=("a",))
raises("nd.gather_nd(a, i).asnumpy()", a=(2, 3), i=ints([[1, 5], [0, 1]], "float32"))
raises("nd.gather_nd(a, i)", a=(2, 3), i=ints([1, 1], "float32"))
raises("nd.gather_nd(a, i)", a=(2, 3), i=ints([[1], [0], [0]], "float32"))
case("nd.scatter_nd(a, i, shape=(2, 2))", a=(3,), i=ints([[1, 1, 0], [0, 1, 0]], "float32"), grad=("a",))
case("nd.scatter_nd(a, i, shape=(2, 2))", a=(3,), i=ints([[1, 1, 1], [0, 1, 0]], "float32"), grad=False)
case("nd.scatter_nd(a, i, shape=(3, 3))", a=(2, 3), i=ints([[2, 0]], "int32"), grad=("a",))
case("nd.scatter_nd(a, i, (2, 2))", a=(2,), i=ints([[1, 0], [0, 1]], "int32"), dtypes=("int32", "float64"), grad=False)
raises("nd.scatter_nd(a, i, shape=(2, 2))", a=(3,), i=ints([[1, 1], [0, 1]], "float32"))
case("nd._internal._backward_gather_nd(a, i, shape=(2, 2))", a=(3,), i=ints([[1, 1, 1], [0, 1, 0]], "float32"),
     grad=False)
case("nd._internal._scatter_set_nd(a, b, i, shape=(2, 2), out=a)", a=(2, 2), b=(2,),
     i=ints([[1, 1], [0, 1]], "float32"), grad=False)

case("nd.one_hot(i, 3)", i=ints([1, 0, 2, 0], "float32"))
case("nd.one_hot(i, 2, on_value=8, off_value=1, dtype='int32')", i=ints([1, 0, 2, 0], "float32"))
case("nd.one_hot(i, 3)", i=ints([[1, 0], [-1, 5]], "int32"))
case("nd.one_hot(i, depth=3, dtype='float16')", i=ints([1], "int64"))
case("nd.one_hot(i, 3, on_value=2.5, dtype='int8')", i=values([1.7]), grad=False)
raises("nd.one_hot(i)", i=ints([1], "float32"))

for indices in (ints([[1, 3], [0, 1]], "float32"), ints([5, -1], "int32"), ints([2, 2], "int64")):
    case("nd.Embedding(i, w, input_dim=4, output_dim=2)", i=indices, w=(4, 2), grad=("w",))
case("nd.Embedding(i, w, 4, 2, dtype='float64')", i=ints([1], "int32"), w=(4, 2), dtypes=("float64",), grad=("w",))
raises("nd.Embedding(i, w, input_dim=5, output_dim=2)", i=ints([1], "int32"), w=(4, 2))
raises("nd.Embedding(i, w, input_dim=4, output_dim=3)", i=ints([1], "int32"), w=(4, 2))
case("nd.contrib.SparseEmbedding(i, w, input_dim=4, output_dim=2)", i=ints([1, 0], "float32"), w=(4, 2), grad=False)

case("nd.fill_element_0index(a, b, i)", a=(2, 3), b=(2,), i=ints([1, 2], "float32"), grad=False)
case("nd.fill_element_0index(a, b, i)", a=(2, 3), b=(2,), i=ints([5, -1], "float32"), grad=False)

for dtype in ("float32", "int32", "int64"):
    case("nd.ravel_multi_index(i, shape=(7, 6))", i=ints([[3, 6, 6], [4, 5, 9]], dtype))
    case("nd.unravel_index(i, shape=(7, 6))", i=ints([22, 41, 57], dtype))
case("nd.ravel_multi_index(i, shape=(-1, 6, 2))", i=ints([[3, 6], [4, 5], [1, 0]], "float32"))
case("nd.unravel_index(i, shape=(-1, 6, 2))", i=ints([22, 41, 37], "float32"))
raises("nd.ravel_multi_index(i, shape=(7, 6, 2))", i=ints([[3, 6, 6], [4, 5, 9]], "float32"))
raises("nd.ravel_multi_index(i, shape=(7, 6))", i=ints([1, 1], "float32"))

case("nd.contrib.boolean_mask(a, i)", a=(3, 2), i=ints([0, 1, 1], "float32"), grad=("a",))
case("nd.contrib.boolean_mask(a, i)", a=(3,), i=ints([0, 2, -1], "int32"), grad=("a",))
raises("nd.contrib.boolean_mask(a, i, axis=1)", a=(3, 2), i=ints([0, 1], "float32"))
raises("nd.contrib.boolean_mask(a, i)", a=(3, 2), i=ints([0, 1], "float32"))
raises("nd.contrib.boolean_mask(a, i)", a=(3, 2), i=ints([[0], [1], [0]], "float32"))
case("nd.contrib.index_copy(a, i, b)", a=(5, 3), i=ints([0, 4, 2], "int32"), b=(3, 3))
case("nd.contrib.index_copy(a, i, b)", a=(5,), i=ints([1, 3], "int64"), b=(2,))
raises("nd.contrib.index_copy(a, i, b)", a=(5, 3), i=ints([0, 1], "int32"), b=(3, 3))
raises("nd.contrib.index_copy(a, i, b)", a=(5, 3), i=ints([0, 1], "int32"), b=(2, 4))
raises("nd.contrib.index_copy(a, i, b)", a=(5, 3), i=ints([[0, 1]], "int32"), b=(2, 3))
case("nd.contrib.index_array(a)", a=(2, 3), grad=False)
case("nd.contrib.index_array(a, axes=(1, -1, 0))", a=(2, 3, 2), grad=False)
case("nd.contrib.index_array(a, axes=(1,))", a=(2, 3, 2), grad=False)
for options in ("", "start=1, step=2", "axis=1", "axis=-1, repeat=2", "repeat=2", "start=-0.5, step=0.25, axis=0"):
    case(f"nd.contrib.arange_like(a, {options})", a=(2, 3), grad=False)
raises("nd.contrib.arange_like(a, axis=2)", a=(2, 3))
case("[a[:], a.copy().__setitem__(slice(None), 4) or a]", a=(), np_shape=True, grad=False)

case("nd.ravel_multi_index(a, shape=(3, 4))", a=values([[0, 1, 2], [3, 0, 1]]), dtypes=("float32", "float64"))

# Of an empty axis any range will do.
for begin, end in ((0, 1), (0, None), (-1, 1), (1, 2)):
    case(f"nd.slice_axis(a, axis=0, begin={begin}, end={end})", a=(0, 3), np_shape=True)
