"""Operators on sparse storage, embeddings with row_sparse gradients, arrays of no dtype."""
from golden.case import case, ints, raises, values

FLOATS = ("float16", "float32", "float64")
ROWS = values([[1, 2], [0, 0], [-1, 0.5], [0, 0]])
MATRIX = values([[0, 1, 0], [2, 0, -3]])

for stype in ("default", "row_sparse", "csr"):
    case(f"nd.cast_storage(a, stype='{stype}')", a=ROWS, dtypes=(*FLOATS, "int32", "int64", "uint8"), grad=False)
    case(f"nd.cast_storage(a, stype='{stype}')", a=ROWS)
    case(f"nd.cast_storage(a, stype='{stype}')", a=values([[0, 0], [0, 0]]), grad=False)
    case(f"nd.cast_storage(a, stype='{stype}').stype == '{stype}'", a=ROWS, grad=False)
for stype in ("row_sparse", "csr"):
    case(f"nd.cast_storage(a.tostype('{stype}'), stype='default')", a=ROWS, grad=False)
case("nd.cast_storage(a, stype='row_sparse')", a=(3, 2, 2), grad=False)
case("nd.cast_storage(a, stype='row_sparse').indices", a=ROWS, grad=False)
case("[nd.cast_storage(a, stype='csr').indices, nd.cast_storage(a, stype='csr').indptr]", a=MATRIX, grad=False)
raises("nd.cast_storage(a, stype='abc')", a=(3, 2))
raises("nd.cast_storage(a, stype='csr')", a=(3, 2, 2))
raises("nd.cast_storage(a.tostype('csr'), stype='row_sparse')", a=(3, 2))

for rows in ([0, 2], [2], [1, 3], [0, 1, 2, 3]):
    for suffix in ("", ".indices"):
        case(f"nd.sparse.retain(a.tostype('row_sparse'), i){suffix}", a=ROWS, i=ints(rows, "int64"), grad=False)
for dtype in ("int32", "float32"):
    case("nd.sparse.retain(a.tostype('row_sparse'), i)", a=ROWS, i=ints([0, 2], dtype), dtypes=FLOATS, grad=False)
case("nd.sparse.retain(a.tostype('row_sparse'), i)", a=ROWS, i=ints([0, 2], "int64"))
case("nd.sparse.retain(nd.sparse.zeros('row_sparse', (3, 2)), i)", i=ints([1], "int64"), grad=False)
raises("nd.sparse.retain(a, i)", a=(3, 2), i=ints([0], "int64"))
raises("nd.sparse.retain(a.tostype('csr'), i)", a=(3, 2), i=ints([0], "int64"))

# Left out: exclude=True, of which MXNet takes no notice
for attrs in ("axis=0", "axis=1", "axis=1, keepdims=True", "axis=0, keepdims=True"):
    case(f"nd._internal._square_sum(a.tostype('row_sparse'), {attrs})", a=ROWS, grad=False, dtypes=FLOATS)
case("nd._internal._square_sum(a.tostype('row_sparse'), axis=0)", a=(3, 4))
case("nd._internal._square_sum(nd.sparse.zeros('row_sparse', (3, 2)), axis=1)", grad=False)
raises("nd._internal._square_sum(a.tostype('row_sparse'), axis=2)", a=(3, 2))

for attrs in ("", ", axis=1"):
    case(f"nd.contrib.getnnz(a.tostype('csr'){attrs})", a=MATRIX, grad=False, dtypes=(*FLOATS, "int32"))
case("nd.contrib.getnnz(nd.sparse.zeros('csr', (3, 2)))", grad=False)
case("nd.contrib.getnnz(nd.sparse.csr_matrix(([1, 0, 2], [0, 1, 1], [0, 2, 3]), shape=(2, 3)))", grad=False)
raises("nd.contrib.getnnz(a)", a=(3, 2))
raises("nd.contrib.getnnz(a.tostype('row_sparse'))", a=(3, 2))
raises("nd.contrib.getnnz(a.tostype('csr'), axis=2)", a=(3, 2))
for u, v in (([0], [1]), ([0, 1, 1], [1, 0, 2]), ([0, 1], [0, 1])):
    for dtype in ("int64", "int32", "float32"):
        case("nd.contrib.edge_id(a.tostype('csr'), u, v)", a=MATRIX, u=ints(u, dtype), v=ints(v, dtype), grad=False,
             dtypes=(*FLOATS, "int32"))
raises("nd.contrib.edge_id(a, u, v)", a=(2, 3), u=ints([0], "int64"), v=ints([1], "int64"))
raises("nd.contrib.edge_id(a.tostype('csr'), u, v)", a=(2, 3), u=ints([0], "int64"), v=ints([1, 2], "int64"))

# Left out: gradients, for which MXNet wants the array of the gradient to be row_sparse
call = "nd.contrib.SparseEmbedding(i, w, input_dim=4, output_dim=2{})"
for attrs in ("", ", deterministic=True"):
    case(call.format(attrs), i=ints([0, 3, 3], "float32"), w=(4, 2), dtypes=("float32",), grad=False)
case(call.format(", dtype='float64'"), i=ints([[0, 3], [1, 1]], "float32"), w=(4, 2), dtypes=("float64",), grad=False)
case(call.format(""), i=ints([0, 3, 3], "int32"), w=(4, 2), grad=False)
case(call.format(""), i=ints([0, 7, -1], "float32"), w=(4, 2), grad=False)
case(call.format("").replace("w,", "w.tostype('row_sparse'),"), i=ints([0, 2, 3], "float32"), w=(4, 2), grad=False)
raises("nd.contrib.SparseEmbedding(i, w, input_dim=5, output_dim=2)", i=ints([0, 3, 3], "float32"), w=(4, 2))
raises("nd.contrib.SparseEmbedding(i, w, input_dim=4)", i=ints([0, 3, 3], "float32"), w=(4, 2))
