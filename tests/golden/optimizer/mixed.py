"""Twenty updates under settings drawn at random, through every door, as code for real MXNet and for ours.

Doors: the optimizer itself, an Updater with one parameter at a time or all, gluon.Trainer.  Settings: each
optimizer's own, decay, clipping, rescaling, multipliers, schedulers, dtypes, row_sparse gradients and weights.
Runs on Python 3.8 and later; needs NumPy alone.
"""
import numpy as np

EACH = 7  # cases of each optimizer
STEPS = 20

OPTIMIZERS = {
    "sgd": {"momentum": [0.0, 0.9, 0.5], "lazy_update": [True, False]},
    "ccsgd": {"momentum": [0.0, 0.9]},
    "nag": {"momentum": [0.0, 0.9, 0.3]},
    "signum": {"momentum": [0.0, 0.9]},
    "dcasgd": {"lamda": [0.04, 0.2]},
    "sgld": {},
    "adam": {"beta1": [0.9, 0.5], "beta2": [0.999, 0.9], "epsilon": [1e-8, 1e-2], "lazy_update": [True, False]},
    "adamax": {"beta1": [0.9, 0.5], "beta2": [0.999, 0.9]},
    "nadam": {"beta1": [0.9, 0.5], "beta2": [0.999, 0.9], "schedule_decay": [0.004, 0.1]},
    "ftml": {"beta1": [0.6, 0.8], "beta2": [0.999, 0.9]},
    "lamb": {"beta1": [0.9, 0.5], "bias_correction": [True, False], "lower_bound": [None, 0.5],
             "upper_bound": [None, 1.0], "epsilon": [1e-6, 1e-2]},
    "adagrad": {"eps": [1e-7, 1e-2]},
    "adadelta": {"rho": [0.9, 0.5], "epsilon": [1e-5, 1e-2]},
    "rmsprop": {"gamma1": [0.9, 0.5], "gamma2": [0.9, 0.5], "centered": [False, True], "epsilon": [1e-8, 1e-3],
                "clip_weights": [None, 0.9]},
    "ftrl": {"lamda1": [0.01, 0.1], "beta": [1, 2]},
    "lars": {"momentum": [0.0, 0.9], "eta": [0.001, 0.1], "eps": [0, 1e-3], "momentum_correction": [True, False]},
    "lbsgd": {"momentum": [0.0, 0.9], "warmup_strategy": ["linear", "power2", "sqrt", "lars", "other"],
              "warmup_epochs": [1, 2, 5], "batch_scale": [1, 2, 3], "updates_per_epoch": [4, 32],
              "begin_epoch": [0, 1]},
    "test": {},
    "groupadagrad": {"eps": [1e-5, 1e-2]},
}
# MXNet keeps float32 states for weights of any dtype here, and then refuses to compute with the two.
SINGLE_ONLY = ("rmsprop", "ftrl", "adagrad", "adadelta", "groupadagrad", "test")
# Rows without gradients divide 0 by 0 (Adamax) or stop the update (the others).
DENSE_ONLY = ("adamax", "test")
COMMON = {"wd": [0.03, 0.2], "clip_gradient": [0.4, 0.1, 5.0], "rescale_grad": [0.6, 0.25],
          "begin_num_update": [2, 7],
          "param_idx2name": [{0: "fc_weight", 1: "fc_bias", 2: "bn_gamma", 3: "bn_beta"}]}
SHAPES = [(3, 2), (5,), (2, 1, 2), (1,), (4, 2)]
MATRICES = [(3, 2), (4, 2)]


def cases():
    return [draw(name, k) for name in OPTIMIZERS for k in range(EACH)]


def draw(name, k):
    """The k-th case of an optimizer, as a dict."""
    rng = np.random.RandomState(1000 * sorted(OPTIMIZERS).index(name) + k)

    def pick(values):
        return values[rng.randint(len(values))]

    settings = {key: pick(values) for key, values in OPTIMIZERS[name].items() if rng.rand() < 0.6}
    settings["learning_rate"] = pick([0.05, 0.01, 0.3])
    settings.update({key: pick(values) for key, values in COMMON.items() if rng.rand() < 0.4})
    case = {"name": name, "settings": settings, "seed": rng.randint(10**6), "dtype": "float32"}
    case["schedule"] = pick([None, None, None, "factor", "poly", "cosine"])
    case["door"] = pick(["single", "updater", "list", "trainer", "trainer"])
    case["multipliers"] = rng.rand() < 0.3
    matrices = name == "groupadagrad"
    if matrices:
        settings.pop("wd", None)
    case["sparse"] = name not in DENSE_ONLY and case["door"] != "trainer" and rng.rand() < 0.35
    case["sparse_weight"] = case["sparse"] and rng.rand() < 0.4
    if case["sparse"] and name == "adagrad":
        settings.pop("wd", None)
    shapes = MATRICES if matrices or case["sparse"] else SHAPES
    case["shapes"] = [pick(shapes) for _ in range(pick([1, 3, 6]))]
    if not case["sparse"] and name not in SINGLE_ONLY:
        case["dtype"] = pick(["float32", "float32", "float16", "float16", "float64"])
        # MXNet's LAMB of one half precision weight leaves its float32 copy as it was.
        if case["dtype"] == "float16" and (name != "lamb" or case["door"] in ("list", "trainer")):
            settings["multi_precision"] = True
    if name == "lbsgd" and case["door"] == "trainer":
        settings["batch_scale"] = 1  # MXNet keeps a reference to the first gradient, which the next one overwrites
    return case


def label(case):
    words = [case["name"], case["door"], case["dtype"]]
    words += [key for key in ("schedule", "multipliers", "sparse", "sparse_weight") if case[key]]
    return " ".join(words + [key + "=" + str(value) for key, value in sorted(case["settings"].items())
                             if key != "param_idx2name"])


def flat(state):
    if state is None:
        return []
    if isinstance(state, (tuple, list)):
        return [array for s in state for array in flat(s)]
    return [state]


def _schedule(mx, kind):
    if kind == "factor":
        return mx.lr_scheduler.FactorScheduler(4, 0.5, base_lr=0.1)
    if kind == "poly":
        return mx.lr_scheduler.PolyScheduler(40, base_lr=0.1, warmup_steps=3)
    return mx.lr_scheduler.CosineScheduler(15, base_lr=0.1, final_lr=0.01)


def run(mx, case):
    """One vector: the weights after the steps 1, 5 and 20, then the states."""
    rng = np.random.RandomState(case["seed"])
    settings = dict(case["settings"])
    if case["schedule"]:
        settings["lr_scheduler"] = _schedule(mx, case["schedule"])
    mx.random.seed(case["seed"])
    start = [rng.uniform(-1, 1, shape).astype(case["dtype"]) for shape in case["shapes"]]
    through = _by_trainer if case["door"] == "trainer" else _by_updater
    arrays = through(mx, case, settings, start, rng)
    return np.concatenate([a.asnumpy().astype("float64").ravel() if hasattr(a, "asnumpy") else a for a in arrays])


def _copies(arrays):
    return [array.asnumpy().astype("float64").ravel() for array in arrays]


def _by_trainer(mx, case, settings, start, rng):
    settings.pop("param_idx2name", None)
    params = [mx.gluon.Parameter(f"p{k}_weight", shape=w.shape, dtype=w.dtype) for k, w in enumerate(start)]
    for param, value in zip(params, start):  # noqa: B905
        param.initialize()
        param.set_data(mx.nd.array(value, dtype=value.dtype))
    if case["multipliers"]:
        params[0].lr_mult = 0.5
        params[-1].wd_mult = 0.3
    trainer = mx.gluon.Trainer(params, case["name"], settings)
    seen = []
    for step in range(1, STEPS + 1):
        grads = [rng.uniform(-1, 1, w.shape).astype(w.dtype) for w in start]
        with mx.autograd.record():
            losses = [(p.data() * mx.nd.array(g, dtype=g.dtype)).sum()
                      for p, g in zip(params, grads)]  # noqa: B905
        mx.autograd.backward(losses)
        trainer.step(2)
        if step in (1, 5, STEPS):
            seen += _copies([p.data() for p in params])
    states = trainer._updaters[0].states
    return seen + [array for k in sorted(states) for array in flat(states[k])]


def _by_updater(mx, case, settings, start, rng):
    optimizer = mx.optimizer.create(case["name"], **settings)
    if case["multipliers"]:
        optimizer.set_lr_mult({0: 0.5})
        optimizer.set_wd_mult({len(start) - 1: 0.3})
    weights = [mx.nd.array(w, dtype=w.dtype) for w in start]
    if case["sparse_weight"]:
        weights = [w.tostype("row_sparse") for w in weights]
    updater = mx.optimizer.get_updater(optimizer)
    positions = list(range(len(weights)))
    if case["door"] == "single":
        updater.states = {k: optimizer.create_state_multi_precision(k, weights[k]) for k in positions}
    seen = []
    for step in range(1, STEPS + 1):
        grads = [_gradient(mx, case, w, rng) for w in start]
        if case["door"] == "list":
            updater(positions, grads, weights)
        else:
            for k in positions:
                if case["door"] == "single":
                    optimizer.update_multi_precision(k, weights[k], grads[k], updater.states[k])
                else:
                    updater(k, grads[k], weights[k])
        if step in (1, 5, STEPS):
            seen += _copies(weights)
    return seen + [array for k in positions for array in flat(updater.states[k])]


def _gradient(mx, case, weight, rng):
    grad = rng.uniform(-1, 1, weight.shape).astype(weight.dtype)
    if not case["sparse"]:
        return mx.nd.array(grad, dtype=grad.dtype)
    grad[rng.uniform(size=len(grad)) < 0.4] = 0
    return mx.nd.array(grad).tostype("row_sparse")
