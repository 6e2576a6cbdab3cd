"""Optimizers against where MXNet 1.9.1 gets in twenty updates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from golden.optimizer import mixed, runs

TOLERANCE = {"float16": (1e-3, 1e-3), "float32": (2e-6, 1e-6), "float64": (1e-6, 1e-7)}


def _answers(name):
    with np.load(Path(runs.__file__).parent / name) as f:
        index, values = json.loads(bytes(f["index"])), f["values"]
    ends = np.cumsum(list(index.values()))
    return dict(zip(index, np.split(values, ends[:-1]), strict=True))


ANSWERS = _answers("runs.npz")
MIXED = _answers("mixed.npz")
CASES = runs.cases()


def check(case, vector):
    name, arguments, dtype, _ = case
    rtol, atol = TOLERANCE[dtype]
    if name == "ftml":  # it divides what is left of nearly equal numbers
        rtol, atol = 2e-5, 5e-6
    if dtype == "float16" and not arguments.get("multi_precision"):  # rounding of each step adds up
        rtol, atol = 1e-2, 1e-2
    np.testing.assert_allclose(vector, ANSWERS[runs.label(case)], rtol=rtol, atol=atol)


@pytest.mark.filterwarnings("ignore:Accumulating with float16")
@pytest.mark.parametrize("case", CASES, ids=runs.label)
def test_one_parameter_at_a_time(case):
    check(case, runs.run(mx, case))


@pytest.mark.filterwarnings("ignore:Accumulating with float16")
@pytest.mark.parametrize("case", [c for c in CASES if c[0] not in ("dcasgd", "sgld", "nadam") and not c[3]],
                         ids=runs.label)
def test_all_parameters_at_once(case):
    check(case, runs.run(mx, case, lists=True))


@pytest.mark.parametrize("correct_bias", [True, False])
def test_adamw(correct_bias):
    adamw = mx.optimizer.AdamW(correct_bias=correct_bias, rescale_grad=0.7, clip_gradient=0.6, learning_rate=0.05,
                               wd=0.1)

    def update(index, weight, grad, state, lr, wd, t):
        adamw.update(index, weight, grad, state)

    np.testing.assert_allclose(runs.run_adamw(mx, update), ANSWERS[f"adamw {correct_bias}"],
                               rtol=2e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Accumulating with float16")
@pytest.mark.parametrize("label", MIXED)
def test_any_settings_through_every_door(label):
    case = mixed.cases()[int(label.split()[0])]
    tight = case["dtype"] != "float16" and case["name"] != "ftml"
    tolerance = 2e-5 if tight else 5e-3
    np.testing.assert_allclose(mixed.run(mx, case), MIXED[label], rtol=tolerance, atol=tolerance)
