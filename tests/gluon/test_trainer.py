"""Trainer, KVStore and gluon.utils in use, against what MXNet 1.9.1 did in the same scenarios."""

from __future__ import annotations

import pytest

import mxnet as mx
from golden.gluon.answers import recorded
from golden.gluon.trainer_scenarios import SCENARIOS


def check(got, wanted, where=""):
    """Texts are equal, numbers close; JSON has made lists of tuples.

    An MXNetError's words are ours, Python's own errors are Python's.
    """
    if isinstance(wanted, list):
        if len(wanted) == 2 and wanted[0] in ("MXNetError", "TypeError", "AttributeError", "AssertionError"):
            assert got[0] == wanted[0], where
            return
        assert isinstance(got, (list, tuple)) and len(got) == len(wanted), f"{where}: got {got}, MXNet's is {wanted}"
        for i, (one, other) in enumerate(zip(got, wanted, strict=True)):
            check(one, other, f"{where}[{i}]")
    elif isinstance(wanted, float):
        assert got == pytest.approx(wanted, rel=2e-6, abs=1e-6, nan_ok=True), where
    else:
        assert got == wanted, where


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_scenario(scenario):
    check(scenario(mx), recorded("trainer")[scenario.__name__], scenario.__name__)
