"""Products and decompositions of matrices: dot, batch_dot, khatri_rao and linalg."""

from golden.case import case, raises, values

FLOATS = ("float32", "float64")

for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (4,)),
             ((2, 3, 4), (4, 5, 6)), ((4,), (4, 2, 3))]:
    case("nd.dot(a, b)", a=a, b=b, dtypes=FLOATS)
for a, b in [((2, 3), (4, 3)), ((3,), (2, 3)), ((2, 3), (3,)), ((2, 3, 4), (5, 2, 4)), ((2, 3, 4), (5, 4))]:
    case("nd.dot(a, b, transpose_b=True)", a=a, b=b)
for a, b in [((3, 2), (3, 4)), ((3, 2), (3,)), ((2, 3, 4), (2, 5))]:
    case("nd.dot(a, b, transpose_a=True)", a=a, b=b)
case("nd.dot(a, b, transpose_a=True, transpose_b=True)", a=(3, 2), b=(4, 3))
case("nd.dot(a, b, transpose_a=True, transpose_b=True)", a=(2, 3, 4), b=(5, 6, 2))
case("nd.dot(a, b)", a=(0, 3), b=(3, 2), np_shape=True, grad=False)
raises("nd.dot(a, b)", a=(2, 3), b=(2, 3))
raises("nd.dot(a, b, transpose_b=True)", a=(2, 3), b=(2,))
raises("nd.dot(a, b, transpose_a=True)", a=(3,), b=(3,))
raises("nd.dot(a, b.astype('float64'))", a=(2, 3), b=(3, 2))

case("nd.batch_dot(a, b)", a=(2, 3, 4), b=(2, 4, 2), dtypes=FLOATS)
case("nd.batch_dot(a, b)", a=(2, 2, 3, 4), b=(2, 2, 4, 1))
case("nd.batch_dot(a, b, transpose_a=True)", a=(2, 4, 3), b=(2, 4, 2))
case("nd.batch_dot(a, b, transpose_b=True)", a=(2, 3, 4), b=(2, 2, 4))
case("nd.batch_dot(a, b, transpose_a=True, transpose_b=True)", a=(2, 4, 3), b=(2, 2, 4))
for a, b in [((1, 3, 4), (2, 4, 2)), ((3, 4), (4, 2)), ((2, 3, 4), (2, 3, 2)), ((1, 2, 3, 4), (2, 2, 4, 3))]:
    raises("nd.batch_dot(a, b)", a=a, b=b)

case("nd.khatri_rao(a, b)", a=(2, 3), b=(3, 3), grad=False)
case("nd.khatri_rao(a, b, c)", a=(2, 3), b=(3, 3), c=(1, 3), grad=False)
case("nd.khatri_rao(a)", a=(2, 3), grad=False)
raises("nd.khatri_rao(a, b)", a=(2, 3), b=(3, 2))

case("nd.linalg.gemm(a, b, c)", a=(2, 3), b=(3, 2), c=(2, 2), dtypes=FLOATS)
case("nd.linalg.gemm(a, b, c, alpha=2, beta=.5)", a=(2, 2, 3), b=(2, 3, 2), c=(2, 2, 2))
case("nd.linalg.gemm(a, b, c, transpose_a=True)", a=(2, 3), b=(2, 3), c=(3, 3))
case("nd.linalg_gemm(a, b, c, transpose_a=True, transpose_b=True, alpha=-1)", a=(2, 3), b=(4, 2), c=(3, 4))
case("nd.linalg.gemm(a, b, c, axis=0)", a=(2, 5, 3), b=(3, 5, 2), c=(2, 5, 2))
case("nd.linalg.gemm(a, b, c, axis=-3)", a=(2, 5, 3), b=(3, 5, 2), c=(2, 5, 2))
raises("nd.linalg.gemm(a, b, c)", a=(2, 3), b=(3, 2), c=(2, 3))
raises("nd.linalg.gemm(a, b, c)", a=(2, 3), b=(3, 2), c=(1, 2))
case("nd.linalg.gemm2(a, b)", a=(2, 3), b=(3, 2), dtypes=FLOATS)
case("nd.linalg.gemm2(a, b, transpose_b=True, alpha=2)", a=(2, 3), b=(2, 3))
case("nd.linalg_gemm2(a, b, axis=0)", a=(2, 5, 3), b=(3, 5, 2))
case("nd.linalg.gemm2(a, b, axis=1)", a=(2, 2, 3), b=(2, 3, 2))
raises("nd.linalg.gemm2(a, b)", a=(1, 2, 3), b=(2, 3, 2))
raises("nd.linalg.gemm2(a, b)", a=(3,), b=(3, 2))
raises("nd.linalg.gemm2(a, b, axis=2)", a=(2, 2, 3), b=(2, 3, 2))
case("nd.linalg.syrk(a)", a=(2, 3), dtypes=FLOATS)
case("nd.linalg.syrk(a, transpose=True, alpha=2)", a=(2, 2, 3))

T = values([[2, 0.5, -1], [1, 3, 0.25], [-1, 0.5, 1.5]])
for flags in ("", "transpose=True", "lower=False", "lower=False, transpose=True, alpha=2"):
    for op in ("trmm", "trsm"):
        case(f"nd.linalg.{op}(a, b, {flags})", a=T, b=(3, 2))
        case(f"nd.linalg.{op}(a, b, rightside=True, {flags})", a=T, b=(2, 3))
case("nd.linalg.trmm(nd.stack(a, a), b)", a=T, b=(2, 3, 1))
case("nd.linalg.trsm(nd.stack(a, a * 2), b)", a=T, b=(2, 3, 1))
raises("nd.linalg.trmm(a, b)", a=(2, 2), b=(3, 2))
raises("nd.linalg.trsm(a, b)", a=(2, 3), b=(3, 2))

P = values([[4, 1, 0.5], [1, 3, -1], [0.5, -1, 2]])
case("nd.linalg.potrf(a)", a=P)
case("nd.linalg.potrf(a, lower=False)", a=P)
case("nd.linalg.potrf(nd.stack(a, a * 2))", a=P)
case("nd.linalg.potrf(a)", a=values([[4, 9], [1, 3]]), grad=False)
raises("nd.linalg.potrf(a)", a=values([[-4, 1], [1, -3]]))
raises("nd.linalg.potrf(a)", a=(2, 3))
case("nd.linalg.potri(a)", a=values([[2, 0], [1, 3]]))
case("nd.linalg.potri(a)", a=T, rtol=1e-4)
case("nd.linalg.potri(a, lower=False)", a=T, rtol=1e-4)
case("nd.linalg.potri(nd.stack(a, a * 2))", a=T, rtol=1e-4)
raises("nd.linalg.potri(a)", a=(2, 3))

W = values([[1, 2, 3], [4, 5, -6]])
case("nd.linalg.gelqf(a)", a=W, rtol=1e-4)
case("nd.linalg.gelqf(-a)", a=W, rtol=1e-4)
case("nd.linalg.gelqf(nd.stack(a, a + 1))", a=W, rtol=1e-4)
case("nd.linalg.gelqf(a)", a=P, rtol=1e-4)
raises("nd.linalg.gelqf(a)", a=(3, 2))
case("nd.linalg.syevd(a)", a=P, rtol=1e-4, atol=1e-5)
case("nd.linalg.syevd(-a)", a=P, rtol=1e-4, atol=1e-5)
case("nd.linalg.syevd(nd.stack(a, a * 2))", a=P, rtol=1e-4, atol=1e-5)
case("nd.linalg.syevd(a)", a=values([[4, 9], [1, 3]]), rtol=1e-4, atol=1e-5, grad=False)
raises("nd.linalg.syevd(a)", a=(2, 3))

case("nd.linalg.inverse(a)", a=T, rtol=1e-4)
case("nd.linalg.inverse(nd.stack(a, a * 2))", a=P, rtol=1e-4)
raises("nd.linalg.inverse(a)", a=values([[1, 2], [2, 4]]))
raises("nd.linalg.inverse(a)", a=(2, 3))
case("nd.linalg.det(a)", a=T, rtol=1e-4)
case("nd.linalg.det(a)", a=T, rtol=1e-4, np_shape=True)
case("nd.linalg.det(nd.stack(a, -a))", a=P, rtol=1e-4)
case("nd.linalg.det(a)", a=values([[0, 1], [1, 0]]))
case("nd.linalg.det(a)", a=values([[1, 2], [2, 4]]), grad=False)
case("nd.linalg.slogdet(a)", a=T, rtol=1e-4)
case("nd.linalg.slogdet(nd.stack(a, -a))", a=P, rtol=1e-4)
case("nd.linalg.slogdet(a)", a=values([[1, 2], [2, 4]]), grad=False)
raises("nd.linalg.det(a)", a=(2, 3))
case("nd.linalg.sumlogdiag(a)", a=P)
case("nd.linalg.sumlogdiag(nd.stack(a, a * 2))", a=P)
raises("nd.linalg.sumlogdiag(a)", a=(2, 3))

for offset in (0, 1, -2):
    case(f"nd.linalg.extractdiag(a, offset={offset})", a=(3, 3), dtypes=FLOATS)
    case(f"nd.linalg.extractdiag(a, offset={offset})", a=(2, 3, 3))
    case(f"nd.linalg.makediag(a, offset={offset})", a=(3,), dtypes=FLOATS)
    case(f"nd.linalg.makediag(a, offset={offset})", a=(2, 2))
    for lower in (True, False):
        case(f"nd.linalg.extracttrian(a, offset={offset}, lower={lower})", a=(4, 4))
        case(f"nd.linalg.extracttrian(a, offset={offset}, lower={lower})", a=(2, 3, 3))
        case(f"nd.linalg.maketrian(a, offset={offset}, lower={lower})", a=(6,))
        case(f"nd.linalg.maketrian(a, offset={offset}, lower={lower})", a=(2, 3))
raises("nd.linalg.extractdiag(a, offset=3)", a=(3, 3))
raises("nd.linalg.extractdiag(a)", a=(3, 4))
raises("nd.linalg.extracttrian(a, offset=3)", a=(3, 3))
raises("nd.linalg.maketrian(a)", a=(5,))

# linalg is for float32 and float64, of one kind
for f in ("sumlogdiag(a)", "extractdiag(a)", "extracttrian(a)", "syrk(a)", "gemm2(a, a)", "trmm(a, a)", "gemm(a, a, a)",
          "makediag(a)"):
    raises(f"nd.linalg.{f}", a=(2, 2), dtypes=("float16", "int32"))
raises("nd.linalg.trsm(a, b)", a=(2, 2), b=values([[1.0, 2], [3, 4]], "float64"))

# Equal eigenvalues: the gradient divides by a least distance, and stays finite.
for which in (0, 1):
    case(f"nd.linalg.syevd(a)[{which}]", a=values([[1.0, 0, 0], [0, 1, 0], [0, 0, 2]]), dtypes=("float32", "float64"))
case("(lambda u, l: nd.linalg.gemm2(u * nd.expand_dims(l.exp(), 1), u, transpose_a=True))(*nd.linalg.syevd(a))",
     a=values([[2.0, 0, 0], [0, 2, 0], [0, 0, 2]]), dtypes=("float32", "float64"))
