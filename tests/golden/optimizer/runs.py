"""Twenty updates of four parameters by each optimizer, as code that runs under real MXNet and under ours.

Runs on Python 3.8 and later; needs NumPy alone.
"""
import numpy as np

SHAPES = [(3, 4), (5,), (2, 1, 3), (4,)]
NAMES = {0: "fc_weight", 1: "fc_bias", 2: "bn_gamma", 3: "bn_beta"}
STEPS = 20

COMMON = [{}, {"wd": 0.03}, {"clip_gradient": 0.4, "rescale_grad": 0.6, "wd": 0.05}]
HALF = [{"multi_precision": True, "wd": 0.03, "rescale_grad": 0.5}, {"wd": 0.03}]

# optimizer -> sets of arguments, each combined with those of COMMON
OPTIMIZERS = {
    "sgd": [{}, {"momentum": 0.9}, {"momentum": 0.9, "lazy_update": False}],
    "ccsgd": [{"momentum": 0.5}],
    "nag": [{}, {"momentum": 0.9}],
    "signum": [{}, {"momentum": 0.0}, {"wd_lh": 0.02}],
    "dcasgd": [{}, {"lamda": 0.1}],  # with momentum it fails in MXNet
    "sgld": [{}],
    "adam": [{}, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-2}],
    "adamax": [{}],
    "nadam": [{}, {"schedule_decay": 0.1}],
    "ftml": [{}],
    "lamb": [{}, {"bias_correction": False, "lower_bound": 0.5, "upper_bound": 1.0}],
    "adagrad": [{}],
    "adadelta": [{}],
    "rmsprop": [{}, {"centered": True}, {"clip_weights": 0.9}],
    "ftrl": [{}, {"lamda1": 0.1, "beta": 2}],
}
# Not LAMB: MXNet's leaves the float32 copy of the weight as it was.
HALF_OPTIMIZERS = [("sgd", {"momentum": 0.9}), ("sgd", {}), ("nag", {"momentum": 0.9}), ("adam", {}), ("signum", {})]


def cases():
    """(optimizer, arguments, dtype, whether a scheduler sets the rate)"""
    found = []
    for name, variants in OPTIMIZERS.items():
        for variant in variants:
            for common in COMMON:
                found.append((name, {"learning_rate": 0.05, **variant, **common}, "float32", False))
    for name in ("sgd", "adam", "nag"):
        momentum = {} if name == "adam" else {"momentum": 0.9}
        found.append((name, {"learning_rate": 0.05, "wd": 0.03, **momentum}, "float64", False))
        found.append((name, {"wd": 0.03, "begin_num_update": 3, **momentum}, "float32", True))
        found.append((name, {"learning_rate": 0.05, "rescale_grad": 0.0, "wd": 0.03, **momentum}, "float32", False))
    for name, variant in HALF_OPTIMIZERS:
        for half in HALF:
            found.append((name, {"learning_rate": 0.05, **variant, **half}, "float16", False))
    return found


def label(case):
    name, arguments, dtype, scheduled = case
    words = [k + "=" + str(v) for k, v in sorted(arguments.items()) if k != "learning_rate"]
    return " ".join([name, dtype] + ["scheduled"] * scheduled + words)


def gradients(step, dtype):
    rng = np.random.RandomState(step)
    return [rng.uniform(-1, 1, shape).astype(dtype) for shape in SHAPES]


def flat(state):
    """The arrays of a state, in order."""
    if state is None:
        return []
    if isinstance(state, (tuple, list)):
        return [array for s in state for array in flat(s)]
    return [state]


def run(mx, case, lists=False):
    """One vector: the weights after the steps 1, 2, 11 and 20, then the states.

    lists: give all parameters to the optimizer at once.
    """
    name, arguments, dtype, scheduled = case
    arguments = dict(arguments, param_idx2name=dict(NAMES))
    if scheduled:
        arguments["lr_scheduler"] = mx.lr_scheduler.FactorScheduler(step=4, factor=0.5, base_lr=0.1)
    optimizer = mx.optimizer.create(name, **arguments)
    optimizer.set_lr_mult({"bn_beta": 0.5})
    mx.random.seed(7)
    weights = [mx.nd.array(w, dtype=dtype) for w in gradients(1000, dtype)]
    states = [optimizer.create_state_multi_precision(i, w) for i, w in enumerate(weights)]
    vector = []
    for step in range(1, STEPS + 1):
        if step == 8 and not scheduled:
            optimizer.set_learning_rate(0.02)
        if step == 13 and arguments.get("rescale_grad") != 0:
            optimizer.rescale_grad = 0.3
        grads = [mx.nd.array(g, dtype=dtype) for g in gradients(step, dtype)]
        if lists:
            optimizer.update_multi_precision(list(range(len(weights))), weights, grads, states)
        else:
            for i, (weight, grad) in enumerate(zip(weights, grads)):  # noqa: B905
                optimizer.update_multi_precision(i, weight, grad, states[i])
        if step in (1, 2, 11, STEPS):
            vector += [w.asnumpy() for w in weights]
    vector += [a.asnumpy() for a in flat(states)]
    return np.concatenate([v.astype("float64").ravel() for v in vector])


def run_adamw(mx, update):
    """As `run`, of AdamW; `update(index, weight, grad, state, lr, wd, t)` does one update of one weight."""
    weights = [mx.nd.array(w) for w in gradients(1000, "float32")]
    states = [(mx.nd.zeros(w.shape), mx.nd.zeros(w.shape)) for w in weights]
    for step in range(1, STEPS + 1):
        for i, grad in enumerate(gradients(step, "float32")):
            update(i, weights[i], mx.nd.array(grad), states[i], 0.05, 0.1, step)
    return np.concatenate([a.asnumpy().astype("float64").ravel() for a in weights + flat(states)])
