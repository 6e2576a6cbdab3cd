"""mx.image against what MXNet 1.9.1 recorded: the same draws, crops, pixels, boxes, batches and classes of errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from golden import image_cases

pytest.importorskip("cv2")

ANSWERS = json.loads((Path(image_cases.__file__).parent / "image.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("images")
    image_cases.make_files(str(made))
    return str(made)


def assert_alike(got, expected, where=""):
    """Equal, but for rounding: 8 bits may differ by 1 after a resize, other numbers by a little of what is usual."""
    if isinstance(expected, dict):
        assert got.keys() == expected.keys(), where
        if "picked" not in expected:
            assert got == expected, where
            return
        assert (got["shape"], got["dtype"]) == (expected["shape"], expected["dtype"]), where
        usual = max([1.0, *np.abs(expected["picked"])])
        slack = 1 if expected["dtype"] == "uint8" else 0.005 * usual
        np.testing.assert_allclose(got["picked"], expected["picked"], rtol=0, atol=slack, err_msg=where)
    elif isinstance(expected, list):
        assert len(got) == len(expected), where
        for position, (mine, theirs) in enumerate(zip(got, expected, strict=True)):
            assert_alike(mine, theirs, f"{where}[{position}]")
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, abs=1e-5), where
    else:
        assert got == expected, where


@pytest.mark.parametrize("position", range(len(ANSWERS)), ids=[f"{code}-{seed}" for code, seed in image_cases.CASES])
def test_image(position, folder):
    code, seed = image_cases.CASES[position]
    assert_alike(image_cases.run(mx, code, seed, folder), ANSWERS[position])
