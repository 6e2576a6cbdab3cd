"""Both READMEs: their Python blocks run as they stand, in order, and print the text that follows them."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from notebook_cells import run_in_fresh_process

ROOT = Path(__file__).parent.parent
READMES = ["README.md", "README.ko.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(readme: str) -> list[tuple[str, str]]:
    """(language, text) of each fenced block, in order."""
    return BLOCK.findall((ROOT / readme).read_text(encoding="utf-8"))


@pytest.mark.parametrize("readme", READMES)
def test_examples_print_what_the_readme_says(readme: str, tmp_path: Path) -> None:
    found = blocks(readme)
    printed = run_in_fresh_process([text for language, text in found if language == "python"], cwd=tmp_path)
    assert printed
    outputs = iter(printed)
    output = ""
    for language, text in found:
        if language == "python":
            output = next(outputs)
        elif language == "text":
            assert output == text.removesuffix("\n")


@pytest.mark.parametrize("readme", READMES)
def test_links_lead_somewhere(readme: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_two_languages_show_the_same_code() -> None:
    def code(readme: str) -> list[str]:
        return [re.sub(r"#.*|'[^']*'", "", text) for language, text in blocks(readme) if language == "python"]

    assert code("README.md") == code("README.ko.md")
