"""Optimizer steps for many weights, on master copies, by rows; sums over many arrays."""
from golden.case import between, case, raises, values

HALVES = {"w": values([1, -2, 0.5], "float16"), "g": values([0.3, -0.4, 2], "float16"),
          "x": values([[0.25, -1]], "float16"), "h": values([[-3, 0.125]], "float16")}
MASTERS = {"w32": values([1.0001, -2.0002, 0.5003], "float32"), "x32": values([[0.2501, -1.0002]], "float32")}
MEANS = {"m": between(-1, 1, (3,), "float32"), "n": between(-1, 1, (1, 2), "float32")}
SQUARES = {"v": between(0.1, 1, (3,), "float32"), "u": between(0.1, 1, (1, 2), "float32")}
PLAIN = {"w": (3,), "g": (3,), "x": (1, 2), "h": (1, 2)}
RATES = {"lr": values([0.1, 0.2], "float32"), "wd": values([0, 0.1], "float32")}
LOOSE = {"grad": False, "rtol": 2e-5, "atol": 1e-6}  # MXNet keeps attributes in single precision
HALF = {"grad": False, "rtol": 1e-3, "atol": 1e-4}
LOWER = ("float32", "float64", "float16")


def first(number, *groups):
    """The inputs of the first weight, or of both."""
    return {k: v for group in groups for k, v in group.items() if number == 2 or k[0] in "wgmv"}


given = ", lrs=(0.1, 0.2), wds=(0, 0.1), num_weights=2"
for attrs in ("", ", rescale_grad=2, clip_gradient=0.5", ", clip_gradient=0"):
    for dtype in LOWER:
        accuracy = HALF if dtype == "float16" else LOOSE
        case(f"[nd.multi_sgd_update(w, g, x, h{given}{attrs}, out=[w, x]), w, x][1:]", **PLAIN, dtypes=(dtype,),
             **accuracy)
        case(f"[nd.preloaded_multi_sgd_update(w, g, x, h, lr, wd, num_weights=2{attrs}, out=[w, x]), w, x][1:]",
             **PLAIN, **RATES, dtypes=(dtype,), **accuracy)
        case(f"[nd.multi_sgd_mom_update(w, g, m, x, h, n{given}{attrs}, momentum=0.9, out=[w, x]), w, x, m, n][1:]",
             **PLAIN, m=(3,), n=(1, 2), dtypes=(dtype,), **accuracy)
        case("[nd.preloaded_multi_sgd_mom_update(w, g, m, x, h, n, lr, wd, momentum=0.5, num_weights=2"
             f"{attrs}, out=[w, x]), w, x, m, n][1:]", **PLAIN, **RATES, m=(3,), n=(1, 2), dtypes=(dtype,), **accuracy)
for attrs in ("", ", rescale_grad=2", ", clip_gradient=0.5", ", rescale_grad=0.5, clip_gradient=1", ", clip_gradient=0",
              ", rescale_grad=0"):
    case(f"[nd.multi_mp_sgd_update(w, g, w32, x, h, x32{given}{attrs}, out=[w, x]), w, x, w32, x32][1:]",
         **HALVES, **MASTERS, **HALF)
    case(f"[nd.preloaded_multi_mp_sgd_update(w, g, w32, x, h, x32, lr, wd, num_weights=2{attrs}, out=[w, x]), w, x, "
         "w32, x32][1:]", **HALVES, **MASTERS, **RATES, **HALF)
    case(f"[nd.multi_mp_sgd_mom_update(w, g, m, w32, x, h, n, x32{given}{attrs}, momentum=0.9, out=[w, x]), "
         "w, x, m, n, w32, x32][1:]", **HALVES, **MASTERS, **MEANS, **HALF)
    case("[nd.preloaded_multi_mp_sgd_mom_update(w, g, m, w32, x, h, n, x32, lr, wd, momentum=0.9, num_weights=2"
         f"{attrs}, out=[w, x]), w, x, m, n, w32, x32][1:]", **HALVES, **MASTERS, **MEANS, **RATES, **HALF)
    case(f"[nd.mp_sgd_update(w, g, w32, lr=0.1, wd=0.01{attrs}, out=w), w32]", **first(1, HALVES, MASTERS), **HALF)
    case(f"[nd.mp_sgd_mom_update(w, g, m, w32, lr=0.1, wd=0.01, momentum=0.5{attrs}, out=w), m, w32]",
         **first(1, HALVES, MASTERS, MEANS), **HALF)
    # with wd MXNet's momentum is that of the new weight here, unlike in nag_mom_update
    case(f"[nd.mp_nag_mom_update(w, g, m, w32, lr=0.1, momentum=0.5{attrs}, out=w), w32]",
         **first(1, HALVES, MASTERS, MEANS), **HALF)

given = ", lrs=(0.1, 0.2), wds=(0, 0.1), etas=(0.5, 1), num_weights=2"
for attrs in ("", ", clip_gradient=0.5", ", beta1=0.5, beta2=0.6, epsilon=0.01"):
    for scale in ([2], [0], [float("nan")], [float("inf")]):
        scaled = {"r": values(scale, "float32")}
        case(f"[nd._internal._multi_adamw_update(w, g, m, v, x, h, n, u, r{given}{attrs}, out=[w, x]), "
             "w, x, m, n, v, u][1:]", **PLAIN, **MEANS, **SQUARES, **scaled, **LOOSE)
        case(f"[nd._internal._multi_mp_adamw_update(w, g, m, v, w32, x, h, n, u, x32, r{given}{attrs}, out=[w, x]), "
             "w, x, m, n, v, u, w32, x32][1:]", **HALVES, **MASTERS, **MEANS, **SQUARES, **scaled, **HALF)
        case(f"[nd._internal._mp_adamw_update(w, g, m, v, w32, r, lr=0.1, eta=0.5, wd=0.1{attrs}, out=w), m, v, w32]",
             **first(1, HALVES, MASTERS, MEANS, SQUARES), **scaled, **HALF)

given = ", learning_rates=(0.1, 0.2), wds=(0, 0.1), step_count=(1, 3), num_tensors=2"
for attrs in ("", ", bias_correction=False, rescale_grad=2, clip_gradient=0.5", ", beta1=0.5, beta2=0.6, epsilon=0.01"):
    for bounds in ("", ", lower_bound=0.1, upper_bound=0.5", ", lower_bound=3"):
        case(f"[nd._internal._multi_lamb_update(w, g, m, v, x, h, n, u{given}{attrs}{bounds}, out=[w, x]), "
             "w, x, m, n, v, u][1:]", **PLAIN, **MEANS, **SQUARES, grad=False, rtol=3e-4, atol=1e-5)
        case(f"[nd._internal._multi_mp_lamb_update(w, g, m, v, w32, x, h, n, u, x32{given}{attrs}{bounds}, "
             "out=[w, x]), w, x, m, n, v, u, w32, x32][1:]", **HALVES, **MASTERS, **MEANS, **SQUARES, **HALF)
    case(f"[nd.mp_lamb_update_phase1(w, g, m, v, w32, t=3, wd=0.1{attrs}), m, v, w32]",
         **first(1, HALVES, MASTERS, MEANS, SQUARES), **HALF)
for attrs in ("", ", lower_bound=3", ", upper_bound=0.5", ", lower_bound=0.1, upper_bound=0.2", ", upper_bound=0"):
    for norms in ([2, 3], [0, 3], [2, 0], [0, 0]):
        two = {"r": values(norms[:1], "float32"), "s": values(norms[1:], "float32")}
        case(f"nd.lamb_update_phase2(w, g, r, s, lr=0.1{attrs})", w=(3,), g=(3,), **two, grad=False)
        # MXNet forgets to move the master copy
        case(f"nd.mp_lamb_update_phase2(w, g, r, s, w32, lr=0.1{attrs})", w=HALVES["w"], g=(3,), w32=MASTERS["w32"],
             **two, grad=False)
for attrs in (", rescale_grad=2", ", clip_gradient=0", ", gamma1=0.5, epsilon=0.01"):
    case(f"[nd.rmspropalex_update(w, g, n, s, d, lr=0.1{attrs}), n, s, d]", w=(2, 3), g=(2, 3),
         n=between(0.5, 1, (2, 3)), s=between(0.1, 0.3, (2, 3)), d=(2, 3), dtypes=("float32", "float64"), **LOOSE)

# MXNet has these two for row_sparse gradients only
ROWS = values([[1, 2], [0, 0], [-1, 0.5]])
for attrs in ("", ", rescale_grad=2", ", clip_gradient=0.5", ", epsilon=0.5", ", rescale_grad=3, clip_gradient=1"):
    case(f"[nd.contrib.group_adagrad_update(w, g.tostype('row_sparse'), h, lr=0.1{attrs}, out=w), h]", w=(3, 2),
         g=ROWS, h=between(0.1, 1, (3, 1)), **LOOSE)
    case(f"[nd.sparse.adagrad_update(w, g.tostype('row_sparse'), h, lr=0.1{attrs}, out=w), h]", w=(3, 2), g=ROWS,
         h=between(0.1, 1, (3, 2)), **LOOSE)
raises("nd.contrib.group_adagrad_update(w, g, h, lr=0.1)", w=(3, 2), g=(3, 2), h=(3, 2))
raises("nd.contrib.group_adagrad_update(w, g, h)", w=(3, 2), g=(3, 2), h=(3, 1))
raises("nd.sparse.adagrad_update(w, g, h, lr=0.1)", w=(3, 2), g=(3, 2), h=(3, 2))
raises("nd.sparse.adagrad_update(w, g.tostype('row_sparse'), h, lr=0.1, wd=0.1)", w=(3, 2), g=(3, 2), h=(3, 2))

# Left out: squares of float16, which MXNet rounds to float16
case("nd.multi_sum_sq(a, b, num_arrays=2)", a=(2, 3), b=(4,), dtypes=("float32", "float64"), grad=False)
case("nd.multi_sum_sq(a, num_arrays=1)", a=(2, 3), grad=False)
case("nd.multi_sum_sq(a, b, num_arrays=2)", a=values([1e30, 1e30]), b=values([float("nan")]), grad=False)
for bad in (0.5, float("inf"), float("nan"), float("-inf")):
    case("nd.multi_all_finite(a, b, num_arrays=2)", a=(2, 3), b=values([1, bad]), dtypes=LOWER, grad=False)
    case("nd.all_finite(a)", a=values([1, bad]), dtypes=LOWER, grad=False)
case("[nd.reset_arrays(a, b, num_arrays=2), a, b][1:]", a=(2, 3), b=(4,), dtypes=LOWER, grad=False)
case("[nd.reset_arrays(a, b, num_arrays=2), a, b][1:]", a=(2,), b=values([1.5, float("nan")], "float16"), grad=False)
case("[nd.reset_arrays(a, num_arrays=1), a][1:]", a=values([float("nan"), float("inf")]), grad=False)
for attrs in ("eta=0.1, eps=0.01", "eta=1, eps=0", "eta=0, eps=1", "eta=0.001, eps=1e-8, rescale_grad=0.5"):
    case(f"nd.multi_lars(a, b, c, d, {attrs})", a=between(0.1, 1, (4,)), b=values([1, 0, 2, 3]),
         c=values([1, 1, 0, 2]), d=between(0, 0.1, (4,)), grad=False)
for name in ("multi_sum_sq", "multi_all_finite", "reset_arrays"):
    raises(f"nd.{name}(a, b, num_arrays=3)", a=(2,), b=(2,), match="3 inputs, but got 2")
raises("nd.multi_sum_sq(a, b)", a=(2,), b=(2,))
raises("nd.multi_sum_sq(a, num_arrays=1)", a=(2,), dtypes=("int32",), match="floating")
raises("nd.multi_all_finite(a, num_arrays=1)", a=(2,), dtypes=("int32",), match="floating")
raises("nd.multi_lars(a, b, c, d, eta=0.1)", a=(2,), b=(2,), c=(2,), d=(2,))
raises("nd.multi_lars(a, b, c, d, eta=0.1, eps=0.1)", a=(2,), b=(3,), c=(2,), d=(2,))
raises("nd.multi_sgd_update(w, g, lrs=(0.1,), wds=(0.1, 0.2), num_weights=1)", w=(2,), g=(2,))
raises("nd.multi_sgd_update(w, g, lrs=(0.1,), wds=(0.1,), num_weights=2)", w=(2,), g=(2,))
raises("nd.multi_sgd_update(w, g, lrs=(0.1,), wds=(0.1,), num_weights=1)", w=(2,), g=(3,))
raises("nd.preloaded_multi_sgd_update(w, g, lr, wd, num_weights=1)", w=(2,), g=(3,), lr=(1,), wd=(1,))
raises("nd._internal._multi_adamw_update(w, g, m, v, r, lrs=(0.1,), etas=(1, 1), wds=(0.1,), num_weights=1)",
       w=(2,), g=(2,), m=(2,), v=(2,), r=(1,))
raises("nd._internal._multi_lamb_update(w, g, m, v, learning_rates=(0.1,), wds=(0.1,), step_count=(1, 2), "
       "num_tensors=1)", w=(2,), g=(2,), m=(2,), v=(2,))
raises("nd.lamb_update_phase2(w, g, r, s, lr=0.1)", w=(3,), g=(3,), r=(2,), s=(1,))
