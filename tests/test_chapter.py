"""The custom-layer chapter of "Dive into Deep Learning": its cells, verbatim, print what it prints."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from notebook_cells import run_in_fresh_process

CHAPTER = Path(__file__).parent / "data" / "custom_layer_chapter.json"
CELLS = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
ROUNDING_RESIDUE = 4  # the mean of centred values: zero but for the order in which floats were added


@pytest.fixture(scope="module")
def outputs() -> dict[int, str]:
    printed = run_in_fresh_process([cell["code"] for cell in CELLS])
    return {cell["number"]: text for cell, text in zip(CELLS, printed, strict=True)}


@pytest.mark.parametrize("cell", [c for c in CELLS if c["number"] != ROUNDING_RESIDUE],
                         ids=lambda cell: f"cell{cell['number']}")
def test_cell_prints_what_the_chapter_prints(cell: dict, outputs: dict[int, str]) -> None:
    assert outputs[cell["number"]] == cell["output"]


def test_the_mean_of_centred_values_is_a_rounding_residue(outputs: dict[int, str]) -> None:
    # NumPy 2 echoes its scalars with their type, np.float32(-7.2e-10); NumPy 1 as the bare number.
    echoed = re.fullmatch(r"(?:np\.float32\()?(-?[\d.]+(?:e-?\d+)?)\)?", outputs[ROUNDING_RESIDUE])
    assert echoed, outputs[ROUNDING_RESIDUE]
    assert abs(float(echoed[1])) < 1e-7
