"""The Estimator and its handlers: what they log, raise and write is what MXNet 1.9.1 does."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import numpy as np
import pytest
from golden import estimator_cases

import mxnet as mx
from mxnet import gluon, nd
from mxnet.gluon import nn
from mxnet.gluon.contrib.estimator import (
    CheckpointHandler,
    EarlyStoppingHandler,
    EpochEnd,
    Estimator,
    ProgressBarHandler,
    StoppingHandler,
    TensorBoardHandler,
)

CASES = estimator_cases.CASES
ANSWERS = json.loads((Path(estimator_cases.__file__).parent / "estimator.json").read_text())

# Where MXNet's log is wrong: at the end of an epoch it counts one batch too many; tells the new best value as the old
# one, too; and calls the number of batches an epoch.
_UNSURE = re.compile(r"trained total \d+ batches|improved from [-\w.]+|\[Epoch \d+](?= CheckpointHandler: .* did not)")


def test_all_cases_are_recorded():
    assert len(CASES) == len(ANSWERS)


@pytest.mark.parametrize("position", range(len(CASES)), ids=[code[:70] for code in CASES])
def test_as_recorded(position, tmp_path):
    expected = ANSWERS[position]
    got = estimator_cases.run(mx, CASES[position], str(tmp_path))
    if "verbose=1" in CASES[position]:
        got[0], expected[0] = ([_UNSURE.sub("#", line) for line in lines] for lines in (got[0], expected[0]))
    for what, mine, theirs in zip(("text", "warnings", "error", "files"), got, expected, strict=True):
        assert mine == theirs, what
