"""Model files of MXNet 0.8 to 1.9 against what MXNet 1.9.1 makes of them; tests/golden/models/ holds both.

by_version/ are files that the releases wrote, old/ the same models in the form of 0.8, rules/ one file a rule.
"""

import hashlib
import json
import os

import numpy as np
import pytest

import mxnet as mx
from golden.models.formula import fill, summary

HERE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "golden", "models")


def _json(name):
    with open(os.path.join(HERE, name)) as file:
        return json.load(file)


ANSWERS, RULES = _json("answers.json"), _json("rules.json")
LOADED = [key for key, answer in ANSWERS.items() if "graph" in answer]

# Where we do what MXNet refuses, and why
BEYOND = {
    "rules/int_long": "'4L' is how Python 2 wrote a long; MXNet takes it within tuples only",
}

# Gradients in which MXNet 1.9.1 contradicts finite differences (which agree with ours): those of PReLU's slopes, and
# those through an output that is asked for twice
WRONG_GRADIENTS = {"prelu1_gamma", "norms_prelu0_alpha", "rules/shared_head data"}


def load(key):
    if key.startswith("rules/"):
        return mx.sym.load_json(json.dumps(RULES[key[len("rules/"):]]["graph"]))
    return mx.sym.load(os.path.join(HERE, *key.split("/")))


@pytest.mark.parametrize("key", LOADED)
def test_reads_as_mxnet_does(key):
    symbol, answer = load(key), ANSWERS[key]
    assert symbol.list_arguments() == answer["arguments"]
    assert symbol.list_outputs() == answer["outputs"]
    assert symbol.list_auxiliary_states() == answer["auxiliary"]
    assert symbol.attr_dict() == answer["attr_dict"]
    again = symbol.tojson()
    graph = json.loads(again)
    for part, expected in answer["graph"].items():
        assert graph[part] == expected
    assert hashlib.sha1(again.encode()).hexdigest() == answer["sha1"], "the text differs, though not what it says"
    assert mx.sym.load_json(again).tojson() == again


@pytest.mark.parametrize("key", [key for key in ANSWERS if key not in LOADED and key not in BEYOND])
def test_refuses_what_mxnet_refuses(key):
    with pytest.raises(mx.MXNetError):
        load(key)


def given_shapes(symbol, answer):
    return {name: tuple(shape) for name, (shape, _) in answer["inputs"].items() if name in symbol.list_inputs()}


@pytest.mark.parametrize("key", [key for key in LOADED if isinstance(ANSWERS[key]["shapes"], list)])
def test_shapes(key):
    symbol, answer = load(key), ANSWERS[key]
    if answer["shapes"] == [None] * 3:  # MXNet cannot see into branches and loops; we may
        return
    found = symbol.infer_shape(**given_shapes(symbol, answer))
    assert [[list(shape) for shape in part] for part in found] == answer["shapes"]


@pytest.mark.parametrize("key", [key for key in LOADED if isinstance(ANSWERS[key]["values"], list)])
def test_values(key):
    symbol, answer = load(key), ANSWERS[key]
    args, states, kinds = filled(symbol, answer)
    outputs = symbol.bind(mx.cpu(), args, aux_states=states, grad_req="null").forward()
    agree([out.asnumpy() for out in outputs], answer["values"])
    if "refused" in answer["gradients"]:
        return
    grads = {name: mx.nd.zeros(array.shape) for name, array in args.items() if not kinds.get(name)}
    wanted = {name: "write" if name in grads else "null" for name in args}
    bound = symbol.bind(mx.cpu(), args, grads, wanted, states)
    bound.forward(is_train=True)
    bound.backward([mx.nd.array(fill(f"head{i}", out.shape), dtype=out.dtype) for i, out in enumerate(bound.outputs)])
    assert set(grads) == set(answer["gradients"])
    right = [name for name in grads if name not in WRONG_GRADIENTS and f"{key} {name}" not in WRONG_GRADIENTS]
    agree([grads[name].asnumpy() for name in right], [answer["gradients"][name] for name in right], most=4)


def filled(symbol, answer):
    """Arguments and auxiliary states with the formula's values, and the kinds of those that are special."""
    kinds = {name: kind for name, (_, kind) in answer["inputs"].items()}
    found = symbol.infer_shape_partial(**given_shapes(symbol, answer))
    lists = (symbol.list_arguments(), found[0]), (symbol.list_auxiliary_states(), found[2])
    args, states = ({name: mx.nd.array(fill(name, shape, kinds.get(name))) for name, shape in zip(*pair, strict=True)}
                    for pair in lists)
    return args, states, kinds


def agree(arrays, expected, most=20):
    for array, answer in zip(arrays, expected, strict=True):
        got = summary(array, most)
        assert (got["shape"], got["dtype"]) == (answer["shape"], answer["dtype"])
        for part in ("mean", "size", "first"):
            np.testing.assert_allclose(got[part], answer[part], rtol=1e-4, atol=1e-4, err_msg=part)


# ---------------------------------------------------------------- checkpoints

CHECKPOINTS = _json("checkpoint_answers.json")


@pytest.mark.parametrize("release", CHECKPOINTS)
def test_checkpoints_of_module(release):
    symbol, args, states = mx.model.load_checkpoint(os.path.join(HERE, "checkpoints", release, "mlp"), 3)
    for name, array in {**args, **states}.items():
        np.testing.assert_array_equal(array.asnumpy(), fill(name, array.shape))
    module = mx.mod.Module(symbol)
    module.bind([("data", (2, 3, 4))], [("softmax_label", (2,))], for_training=False)
    module.set_params(args, states)
    module.forward(mx.io.DataBatch([mx.nd.array(fill("data", (2, 3, 4)))]))
    agree([module.get_outputs()[0].asnumpy()], [CHECKPOINTS[release]["mlp"]])


@pytest.mark.parametrize("release", [release for release, answers in CHECKPOINTS.items() if "gluon" in answers])
def test_parameters_of_gluon(release):
    nn = mx.gluon.nn
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Conv2D(4, 3, padding=1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"), nn.Flatten(),
                nn.Dense(3))
    net.load_parameters(os.path.join(HERE, "checkpoints", release, "gluon.params"))
    agree([net(mx.nd.array(fill("data", (2, 3, 4, 4)))).asnumpy()], [CHECKPOINTS[release]["gluon"]])


@pytest.mark.parametrize("release", [release for release, answers in CHECKPOINTS.items() if "export" in answers])
def test_exported_blocks(release):
    stem = os.path.join(HERE, "checkpoints", release, "gluon")
    net = mx.gluon.SymbolBlock.imports(f"{stem}-symbol.json", ["data"], f"{stem}-0000.params")
    agree([net(mx.nd.array(fill("data", (2, 3, 4, 4)))).asnumpy()], [CHECKPOINTS[release]["export"]])
