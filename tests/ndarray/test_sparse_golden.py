"""Sparse arrays answer as MXNet 1.9.1's did: storage types, parts, gradients, steps of optimizers."""

import json
import math
import pathlib
import warnings

import pytest

import mxnet as mx
from golden import sparse_cases

ANSWERS = json.loads((pathlib.Path(sparse_cases.__file__).parent / "sparse.json").read_text())
CASES = list(sparse_cases.cases())


def agree(ours, theirs):
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(agree, ours, theirs))
    if isinstance(theirs, float) and isinstance(ours, (int, float)):
        return math.isclose(ours, theirs, rel_tol=2e-5, abs_tol=1e-5) or (math.isnan(ours) and math.isnan(theirs))
    return ours == theirs


def name(case):
    return " ".join([case[0], *case[1]])


@pytest.mark.parametrize("case, answer", zip(CASES, ANSWERS, strict=True), ids=map(name, CASES))
def test_like_mxnet(case, answer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = sparse_cases.run(mx, *case)
    assert agree(ours, answer), f"{ours}\n{answer}"
