"""The graphs that layers make when they are called with symbols: names, attributes and wiring are MXNet's."""

from __future__ import annotations

import pytest

import mxnet as mx
from golden.gluon import layer_cases
from golden.gluon.answers import check, recorded

GRAPHS = list(layer_cases.graphs())


@pytest.mark.parametrize(("text", "inputs"), GRAPHS, ids=[text for text, _ in GRAPHS])
def test_the_graph_of_a_layer(text: str, inputs: int) -> None:
    check(layer_cases.graph(mx, text, inputs), recorded("graphs")[text])
