"""Recurrent cells: names, graphs, values and errors as MXNet recorded them."""

from __future__ import annotations

import pytest

import mxnet as mx
from golden.gluon import rnn_cases
from golden.gluon.answers import check, check_refused, recorded

ANSWERS = recorded("rnn")
CASES = {f"{text} | {keywords} | {whole}": (text, keywords, whole, shape)
         for text, keywords, whole, shape in rnn_cases.cases()}


@pytest.mark.parametrize("key", [key for key in CASES if "is" in ANSWERS[key]])
def test_what_a_cell_is(key: str) -> None:
    check(rnn_cases.describe(mx, CASES[key][0]), ANSWERS[key]["is"])


@pytest.mark.parametrize("key", [key for key in CASES if "graph" in ANSWERS[key]])
def test_its_graph(key: str) -> None:
    check(rnn_cases.graph(mx, *CASES[key][:3]), ANSWERS[key]["graph"])


@pytest.mark.parametrize("hybridize", [False, True])
@pytest.mark.parametrize("key", [key for key in CASES if "does" in ANSWERS[key]])
def test_what_it_computes(key: str, hybridize: bool) -> None:
    check(rnn_cases.run(mx, *CASES[key], hybridize=hybridize), ANSWERS[key]["does"])


@pytest.mark.parametrize("text", rnn_cases.REFUSED)
def test_what_is_refused(text: str) -> None:
    wanted = ANSWERS["refused"][text]
    with pytest.raises(Exception) as caught:
        rnn_cases.make(mx, text, x=mx.nd.ones((2, 2, 3)))
    check_refused(caught.value, wanted[0])
    if wanted[1]:
        assert str(caught.value) == wanted[1]
