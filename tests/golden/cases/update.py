"""Optimizer steps: the new weight, and the states after it."""
from golden.case import between, case, raises, values

PLAIN = ("", ", wd=0.1", ", rescale_grad=2, clip_gradient=0.5", ", wd=0.1, rescale_grad=0.5, clip_gradient=1",
         ", clip_gradient=0, wd=0.1")
loose = {"rtol": 2e-5, "atol": 1e-6}
single = {"rtol": 3e-4, "atol": 1e-5}  # MXNet computes 1 - beta ** t in single precision


def step(code, attrs, states, **options):
    """The result, all states, and the weight, which stays as it was."""
    inputs = {name: between(0.1, 1, (2, 3)) for name in states}
    listed = ", ".join([*states, "w"])
    arguments = ", ".join(["w", "g", *states])
    case(f"[nd.{code}({arguments}{attrs}), {listed}]", w=(2, 3), g=(2, 3), grad=False, **inputs, **{**loose, **options})


for attrs in PLAIN:
    for lr in (0.1, 2):
        lr_attrs = f", lr={lr}{attrs}"
        step("sgd_update", lr_attrs, [])
        step("sgd_mom_update", lr_attrs, ["m"])
        step("sgd_mom_update", lr_attrs + ", momentum=0.9", ["m"])
        step("nag_mom_update", lr_attrs + ", momentum=0.9", ["m"])
        step("signsgd_update", lr_attrs, [])
        step("signum_update", lr_attrs + ", momentum=0.9", ["m"])
        step("signum_update", lr_attrs + ", momentum=0.5, wd_lh=0.01", ["m"])
        step("adam_update", lr_attrs, ["m", "v"])
        step("rmsprop_update", lr_attrs, ["n"])
        step("ftrl_update", lr_attrs, ["z", "n"])
        step("ftml_update", lr_attrs.replace("clip_gradient", "clip_grad") + ", t=1", ["d", "v", "z"], **single)
    phase1 = attrs if "wd" in attrs else attrs + ", wd=0"
    step("lamb_update_phase1", phase1 + ", t=2", ["m", "v"], **single)
    step("lamb_update_phase1", phase1 + ", t=3, bias_correction=False, epsilon=0.01", ["m", "v"], **single)
step("sgd_update", ", lr=0.1, lazy_update=False", [], dtypes=("float64", "float16"))
step("sgd_mom_update", ", lr=0.1, momentum=0.9", ["m"], dtypes=("float64",))
step("adam_update", ", lr=0.1, beta1=0.5, beta2=0.6, epsilon=0.01, wd=0.1", ["m", "v"], dtypes=("float32", "float64"))
step("rmsprop_update", ", lr=0.1, gamma1=0.5, epsilon=0.01, clip_weights=0.7", ["n"])
step("ftrl_update", ", lr=0.1, lamda1=0.5, beta=0.7, wd=0.1", ["z", "n"])
step("ftml_update", ", lr=0.1, t=4, beta1=0.5, beta2=0.9, epsilon=0.01", ["d", "v", "z"])
for attrs in ("", ", wd=0.1, epsilon=0.5", ", gamma1=0.9, gamma2=0.5", ", clip_weights=0.7, clip_gradient=0.5"):
    case(f"[nd.rmspropalex_update(w, g, n, s, d, lr=0.1{attrs}), n, s, d, w]", w=(2, 3), g=(2, 3), grad=False,
         n=between(0.5, 1, (2, 3)), s=between(0.1, 0.3, (2, 3)), d=(2, 3), **loose)

case("[nd.sgd_update(w, g, lr=0.1, out=w), w]", w=(3,), g=(3,), grad=False)
case("[nd.adam_update(w, g, m, v, lr=0.1, out=w), w, m, v]", w=(3,), g=(3,), m=(3,), v=between(0, 1, (3,)), grad=False,
     **loose)

for attrs in ("", ", wd=0.1", ", rescale_grad=2, clip_gradient=0.5"):
    inputs = {"w": values([1, -2, 0.5], "float16"), "g": values([0.3, -0.4, 2], "float16"),
              "w32": values([1.0001, -2.0002, 0.5003], "float32"), "m": between(-1, 1, (3,), "float32")}
    half = {"grad": False, "rtol": 1e-4, "atol": 1e-5}
    case(f"[nd.mp_sgd_update(w, g, w32, lr=0.1{attrs}), w32, w]",
         **{k: v for k, v in inputs.items() if k != "m"}, **half)
    case(f"[nd.mp_sgd_mom_update(w, g, m, w32, lr=0.1, momentum=0.9{attrs}), m, w32, w]", **inputs, **half)
    # With wd MXNet's momentum is that of the new weight here, unlike in nag_mom_update.
    case(f"[nd.mp_nag_mom_update(w, g, m, w32, lr=0.1, momentum=0.9{attrs}), w32, w]", **inputs, **half)
    more = {**inputs, "v": between(0.1, 1, (3,), "float32")}
    phase1 = attrs if "wd" in attrs else attrs + ", wd=0"
    case(f"[nd.mp_lamb_update_phase1(w, g, m, v, w32, t=2{phase1}), m, v, w32]", **more, **half)
    adamw = attrs.replace(", rescale_grad=2", "")
    case(f"[nd._internal._mp_adamw_update(w, g, m, v, w32, r, lr=0.1, eta=0.5{adamw}), m, v, w32]", **more, **half,
         r=values([2], "float32"))

for attrs in ("", ", lower_bound=3", ", upper_bound=0.5"):
    case(f"nd.lamb_update_phase2(w, g, r, s, lr=0.1{attrs})", w=(3,), g=(3,), r=values([2]), s=values([3]), grad=False)
    # MXNet forgets to move the master copy.
    case(f"nd.mp_lamb_update_phase2(w, g, r, s, w32, lr=0.1{attrs})", w=values([1, -2, 0.5], "float16"),
         g=(3,), r=values([2]), s=values([3]), w32=values([1.0001, -2.0002, 0.5003]), grad=False)
case("nd.lamb_update_phase2(w, g, r, s, lr=0.1)", w=(3,), g=(3,), r=values([0]), s=values([3]), grad=False)
case("nd.lamb_update_phase2(w, g, r, s, lr=0.1)", w=(3,), g=(3,), r=values([2]), s=values([0]), grad=False)

for attrs in ("", ", wd=0.1", ", clip_gradient=0.5, epsilon=0.01"):
    for scale in ([1], [2]):
        case(f"[nd._internal._adamw_update(w, g, m, v, r, lr=0.1, eta=0.5{attrs}), m, v]", w=(3,), g=(3,), m=(3,),
             v=between(0.1, 1, (3,)), r=values(scale), grad=False, **loose)
for scale in ([0], [float("nan")], [float("inf")]):
    case("[nd._internal._adamw_update(w, g, m, v, r, lr=0.1, eta=0.5, out=w), w, m, v]", w=(3,), g=(3,), m=(3,),
         v=between(0.1, 1, (3,)), r=values(scale), grad=False)

two = "lrs=(0.1, 0.2), wds=(0, 0.1), num_weights=2"
for attrs in ("", ", rescale_grad=2, clip_gradient=0.5"):
    case(f"[nd.multi_sgd_update(w, g, x, h, {two}{attrs}, out=[w, x]), w, x][1:]", w=(3,), g=(3,), x=(2, 2), h=(2, 2),
         grad=False)
    case(f"[nd.multi_sgd_mom_update(w, g, m, x, h, n, momentum=0.9, {two}{attrs}, out=[w, x]), w, x, m, n][1:]",
         w=(3,), g=(3,), m=(3,), x=(2, 2), h=(2, 2), n=(2, 2), grad=False)
    case(f"[nd.preloaded_multi_sgd_update(w, g, x, h, lr, wd, num_weights=2{attrs}, out=[w, x]), w, x][1:]", w=(3,),
         g=(3,), x=(2, 2), h=(2, 2), lr=values([0.1, 0.2]), wd=values([0, 0.1]), grad=False)
    case("[nd.preloaded_multi_sgd_mom_update(w, g, m, x, h, n, lr, wd, momentum=0.9, num_weights=2"
         f"{attrs}, out=[w, x]), w, x, m, n][1:]", w=(3,), g=(3,), m=(3,), x=(2, 2), h=(2, 2), n=(2, 2),
         lr=values([0.1, 0.2]), wd=values([0, 0.1]), grad=False)
case("[nd.multi_mp_sgd_update(w, g, w32, lrs=(0.1,), wds=(0.1,), num_weights=1, out=[w]), w, w32][1:]",
     w=values([1, -2], "float16"), g=values([0.3, 2], "float16"), w32=values([1.0001, -2.0002]), grad=False)
case("[nd.multi_mp_sgd_mom_update(w, g, m, w32, lrs=(0.1,), wds=(0.1,), momentum=0.9, num_weights=1, out=[w]), "
     "w, m, w32][1:]", w=values([1, -2], "float16"), g=values([0.3, 2], "float16"), m=(2,),
     w32=values([1.0001, -2.0002]), grad=False)
case("[nd._internal._multi_adamw_update(w, g, m, v, r, lrs=(0.1,), wds=(0.1,), etas=(0.5,), num_weights=1, out=[w]), "
     "w, m, v][1:]", w=(3,), g=(3,), m=(3,), v=between(0.1, 1, (3,)), r=values([1]), grad=False, **loose)
for attrs in ("", ", bias_correction=False, rescale_grad=2, clip_gradient=0.5",
              ", lower_bound=0.1, upper_bound=0.5"):
    case("[nd._internal._multi_lamb_update(w, g, m, v, learning_rates=(0.1,), wds=(0.1,), step_count=(2,), "
         f"num_tensors=1{attrs}, out=[w]), w, m, v][1:]", w=(3,), g=(3,), m=(3,), v=between(0.1, 1, (3,)), grad=False,
         **loose)

case("nd.multi_sum_sq(a, b, num_arrays=2)", a=(2, 3), b=(4,), grad=False)
case("nd.multi_lars(a, b, c, d, eta=0.1, eps=0.01, rescale_grad=2)", a=between(0.1, 1, (4,)), b=values([1, 0, 2, 3]),
     c=values([1, 1, 0, 2]), d=between(0, 0.1, (4,)), grad=False)
case("[nd.reset_arrays(a, b, num_arrays=2), a, b][1:]", a=(2, 3), b=(4,), grad=False)

case("nd.multi_sum_sq(x, y, num_arrays=2)", x=(4,), y=(2, 3), grad=False, dtypes=("float64",))
case("nd.multi_sum_sq(x, y, num_arrays=2)", x=(4,), y=(2, 3), grad=False, dtypes=("float16",), rtol=1e-3)
raises("nd.multi_sum_sq(x, y, num_arrays=3)", x=(4,), y=(2, 3))
for held in (0.0, 1.0):
    for init in (True, False):
        case(f"nd.all_finite(x, init_output={init}, out=o)", x=(4,), o=values([held]), grad=False)
        case(f"nd.multi_all_finite(x, y, num_arrays=2, init_output={init}, out=o)", x=(4,), y=(2,), o=values([held]),
             grad=False)
case("nd.contrib.adamw_update(w, g, m, v, rescale_grad=0.5, lr=0.1, eta=1)", w=(4,), g=(4,), m=between(0.1, 1, (4,)),
     v=between(0.1, 1, (4,)), grad=False, dtypes=("float16",))

# A warm-up starts without a learning rate.
case("[nd.ftrl_update(w, g, z, n, lr=0, out=w), z, n]", w=(3,), g=(3,), z=between(0, 1, (3,)), n=between(0, 1, (3,)),
     grad=False)
case("[nd.ftml_update(w, g, d, v, z, lr=0, t=1, out=w), d, v, z]", w=(3,), g=(3,), d=between(0, 1, (3,)),
     v=between(0, 1, (3,)), z=(3,), grad=False)
