"""Training with Module and its kin against what MXNet 1.9.1 computes from the same parameters and data."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import mxnet as mx
from golden import module_cases

ANSWERS = json.loads((Path(module_cases.__file__).parent / "module.json").read_text())


def check(ours, theirs, where):
    """Equal structures; numbers to 1e-5."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), where
        for key, value in theirs.items():
            check(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for i, value in enumerate(theirs):
            check(ours[i], value, f"{where}[{i}]")
    elif isinstance(theirs, float) and not isinstance(ours, str):
        assert math.isclose(ours, theirs, rel_tol=1e-5, abs_tol=1e-5), f"{where}: {ours}, MXNet says {theirs}"
    else:
        assert ours == theirs, where


@pytest.mark.parametrize("case", module_cases.CASES, ids=lambda case: case.__name__)
def test_like_mxnet(case):
    check(json.loads(json.dumps(module_cases.plain(case(mx)))), ANSWERS[case.__name__], case.__name__)
