"""Datasets, samplers, batchify functions and loaders against what MXNet 1.9.1 gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mxnet as mx
from golden.gluon import data_cases

ANSWERS = json.loads((Path(data_cases.__file__).parent / "data.json").read_text())


@pytest.mark.parametrize("position", range(len(data_cases.CASES)), ids=lambda i: data_cases.CASES[i])
def test_like_mxnet(position):
    case, wanted = ANSWERS[position]
    with mx.cpu():
        got = json.loads(json.dumps(data_cases.run(mx, case)))
    assert case == data_cases.CASES[position]
    assert got == wanted


def test_wikitext():
    pytest.importorskip("mxnet.contrib.text")
    case, wanted = ANSWERS[-1]
    assert case == "wikitext"
    assert json.loads(json.dumps(data_cases.wikitext(mx))) == wanted
