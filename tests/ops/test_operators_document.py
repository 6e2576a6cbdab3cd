"""docs/operators.md shows code that is in this repository, and output that its last block prints."""

import re
from pathlib import Path

import pytest

from notebook_cells import run_in_fresh_process

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "docs" / "operators.md").read_text(encoding="utf-8"), re.M | re.S)
PYTHON = [text for language, text in BLOCKS if language == "python"]
FILES = ["src/mxnet/ops/contrib_math.py", "tests/golden/cases/contrib_math.py", "src/mxnet/ndarray/contrib.pyi"]


@pytest.mark.parametrize("shown, file", list(zip(PYTHON[:-1], FILES, strict=True)))
def test_shown_code_is_in_its_file(shown, file):
    assert shown in (ROOT / file).read_text(encoding="utf-8")


def test_commands_name_what_is_there():
    commands = next(text for language, text in BLOCKS if language == "sh")
    for path in re.findall(r"tests/\S+\.py", commands):
        assert (ROOT / path).exists(), path


def test_output_is_what_the_last_block_prints(tmp_path):
    output = next(text for language, text in BLOCKS if language == "text")
    assert run_in_fresh_process([PYTHON[-1]], cwd=tmp_path) == [output.rstrip("\n")]
