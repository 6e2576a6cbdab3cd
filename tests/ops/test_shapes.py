"""Weights of unknown size: what an operator's `shapes=` rule says, and what its function on fake tensors tells."""

import math

import pytest
import torch

from mxnet.graph.infer import ShapeSolver
from mxnet.ops import registry

# operator, attributes, shapes of the inputs with 0 for unknown sizes, all shapes
CASES = [
    ("FullyConnected", {"num_hidden": 5}, [(2, 3, 4), (5, 0), (5,)], [(2, 3, 4), (5, 12), (5,)]),
    ("FullyConnected", {"num_hidden": 5, "flatten": False, "no_bias": True}, [(2, 3, 4), (5, 0)],
     [(2, 3, 4), (5, 4)]),
    ("Convolution", {"kernel": (3, 2), "num_filter": 6, "num_group": 2}, [(1, 4, 5, 5), (6, 0, 3, 2), (6,)],
     [(1, 4, 5, 5), (6, 2, 3, 2), (6,)]),
    ("Convolution", {"kernel": (3,), "num_filter": 6, "no_bias": True}, [(1, 4, 5), (6, 0, 3)],
     [(1, 4, 5), (6, 4, 3)]),
    ("Convolution", {"kernel": (2, 2), "num_filter": 6, "layout": "NHWC"}, [(1, 5, 5, 4), (6, 2, 2, 0), (6,)],
     [(1, 5, 5, 4), (6, 2, 2, 4), (6,)]),
    ("Deconvolution", {"kernel": (3, 3), "num_filter": 6, "num_group": 2}, [(1, 4, 5, 5), (0, 3, 3, 3)],
     [(1, 4, 5, 5), (4, 3, 3, 3)]),
    ("Deconvolution", {"kernel": (3,), "num_filter": 6, "target_shape": (8,), "stride": (2,)}, [(1, 4, 4), (0, 6, 3)],
     [(1, 4, 4), (4, 6, 3)]),
    ("BatchNorm", {}, [(2, 3, 4), *[(0,)] * 4], [(2, 3, 4), *[(3,)] * 4]),
    ("BatchNorm", {"axis": -1, "fix_gamma": False}, [(2, 3, 4), *[(0,)] * 4], [(2, 3, 4), *[(4,)] * 4]),
    ("LayerNorm", {}, [(2, 3, 4), (0,), (0,)], [(2, 3, 4), (4,), (4,)]),
    ("LayerNorm", {"axis": 1, "output_mean_var": True}, [(2, 3, 4), (0,), (0,)], [(2, 3, 4), (3,), (3,)]),
    ("InstanceNorm", {}, [(2, 3, 4), (0,), (0,)], [(2, 3, 4), (3,), (3,)]),
    ("GroupNorm", {"num_groups": 2}, [(2, 6, 4), (2,), (2,)], [(2, 6, 4), (2,), (2,)]),
    ("LeakyReLU", {"act_type": "prelu"}, [(2, 3, 4), (0,)], [(2, 3, 4), (3,)]),
    ("UpSampling", {"scale": 2, "sample_type": "bilinear", "num_filter": 3}, [(1, 3, 4, 4), (3, 1, 4, 4)],
     [(1, 3, 4, 4), (3, 1, 4, 4)]),
    ("SoftmaxOutput", {}, [(2, 3), (2,)], [(2, 3), (2,)]),
    ("SoftmaxOutput", {"multi_output": True}, [(2, 3, 4, 5), (2, 20)], [(2, 3, 4, 5), (2, 20)]),
    ("LinearRegressionOutput", {}, [(2, 1), (2,)], [(2, 1), (2,)]),
    ("LogisticRegressionOutput", {}, [(2, 3), (2, 3)], [(2, 3), (2, 3)]),
    ("SVMOutput", {}, [(2, 3), (2,)], [(2, 3), (2,)]),
    ("RNN", {"mode": "gru", "state_size": 5, "num_layers": 1}, [(3, 2, 4), (0,), (1, 2, 5)],
     [(3, 2, 4), (165,), (1, 2, 5)]),
    ("RNN", {"mode": "rnn_relu", "state_size": 5, "num_layers": 2, "bidirectional": True, "state_outputs": True},
     [(3, 2, 4), (0,), (4, 2, 0)], [(3, 2, 4), (280,), (4, 2, 5)]),
]

# with optional inputs among these, so that only the rule can be asked
RNN = [
    ({"mode": "lstm", "state_size": 5, "num_layers": 2, "bidirectional": True, "use_sequence_length": True},
     [(3, 2, 4), (1120,), (4, 2, 5), (4, 2, 5), (2,)]),
    ({"mode": "lstm", "state_size": 5, "num_layers": 2, "bidirectional": True, "projection_size": 2},
     [(3, 2, 4), (680,), (4, 2, 2), (4, 2, 5)]),
    ({"mode": "gru", "state_size": 5, "num_layers": 2, "use_sequence_length": True},
     [(3, 2, 4), (345,), (2, 2, 5), (2,)]),
]


def ids(case):
    return f"{case[0]} {case[1]}"


def attributes(op, given):
    runtime = {"_train": True, "_rng": None}
    return op.parse_attrs(given), {name: runtime[name] for name in op.runtime}


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_rule(case):
    name, given, partial, full = case
    op = registry.get(name)
    attrs, _ = attributes(op, given)
    assert op.extra["shapes"](attrs, *[partial[0], *[None] * (len(partial) - 1)]) == full
    assert op.extra["shapes"](attrs, *full) == full


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_rule_without_data_keeps_what_is_known(case):
    op = registry.get(case[0])
    attrs, _ = attributes(op, case[1])
    found = op.extra["shapes"](attrs, *[None] * len(case[2]))
    assert len(found) == len(case[2])
    for shape, full in zip(found, case[3], strict=True):
        assert shape is None or all(a in (0, b) for a, b in zip(shape, full, strict=True))


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_fake_tensors(case):
    name, given, partial, full = case
    op = registry.get(name)
    attrs, runtime = attributes(op, given)
    real = op.fn(*[torch.ones(shape) for shape in full], **attrs, **runtime)
    solver = ShapeSolver()
    inputs = [solver.unknown(shape, torch.float32) for shape in partial]
    with solver:
        out = op.fn(*inputs, **attrs, **runtime)
    assert [solver.solve(x) for x in inputs] == full
    first, expected = (out, real) if isinstance(out, torch.Tensor) else (out[0], real[0])
    assert solver.solve(first) == tuple(expected.shape)
    assert math.prod(expected.shape)


@pytest.mark.parametrize(("given", "full"), RNN)
def test_rule_of_rnn(given, full):
    op = registry.get("RNN")
    attrs = op.parse_attrs(given)
    assert len(op.input_names(attrs)) == len(full)
    assert op.extra["shapes"](attrs, full[0], *[None] * (len(full) - 1)) == full
    partial = op.extra["shapes"](attrs, (3, 0, 4), *[None] * (len(full) - 1))
    assert partial == [(*full[0][:1], 0, 4), full[1], *[tuple(0 if i == len(s) - 2 else n for i, n in enumerate(s))
                                                       for s in full[2:4] if len(s) == 3],
                       *[(0,) for s in full[2:] if len(s) == 1]]


def test_ctc_loss_on_fake_tensors():
    solver = ShapeSolver()
    data, label = solver.unknown((4, 2, 3), torch.float32), solver.unknown((2, 2), torch.float32)
    with solver:
        out = registry.get("CTCLoss").fn(data, label)
    assert solver.solve(out) == (2,)
