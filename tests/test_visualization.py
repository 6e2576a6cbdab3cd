"""mx.viz: tables and drawings line for line what MXNet 1.9.1 makes."""

import json
import sys
from pathlib import Path

import pytest

import mxnet as mx
from golden import viz_cases

ANSWERS = json.loads((Path(viz_cases.__file__).parent / "viz.json").read_text())


@pytest.mark.parametrize("k", range(len(viz_cases.TABLES)))
def test_tables(k):
    with mx.name.NameManager():
        assert viz_cases.table(mx, *viz_cases.TABLES[k]) == ANSWERS["tables"][k]


@pytest.mark.parametrize("k", range(len(viz_cases.DRAWINGS)))
def test_drawings(k):
    pytest.importorskip("graphviz")
    with mx.name.NameManager():
        drawn = viz_cases.drawing(mx, *viz_cases.DRAWINGS[k])
    # later versions of graphviz end the source with a newline
    assert [line for line in drawn if line] == ANSWERS["drawings"][k]


def test_several_outputs():
    """Real MXNet has a KeyError here."""
    pytest.importorskip("graphviz")
    top = mx.sym.topk(mx.sym.Variable("a"), k=2, ret_typ="both", name="top")
    assert "top [label=2 " in mx.viz.plot_network(top[1] + 1, shape={"a": (3, 4)}).source


def test_users_operators():
    pytest.importorskip("graphviz")

    @mx.operator.register("drawn")
    class DrawnProp(mx.operator.CustomOpProp):
        pass

    drawn = mx.viz.plot_network(mx.sym.Custom(mx.sym.Variable("a"), op_type="drawn", name="mine"))
    assert "mine [label=drawn " in drawn.source


def test_errors(monkeypatch):
    with pytest.raises(TypeError, match="must be Symbol"):
        mx.viz.print_summary("net")
    data = mx.sym.Variable("data")
    with pytest.raises(mx.MXNetError, match="nothing"):
        mx.viz.print_summary(data + 1, {"nothing": (1,)})
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match=r"glueball\[viz\]"):
        mx.viz.plot_network(data)


def test_wrong_kinds():
    pytest.importorskip("graphviz")
    with pytest.raises(TypeError, match="must be a Symbol"):
        mx.viz.plot_network("net")
