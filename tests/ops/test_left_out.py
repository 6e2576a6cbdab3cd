"""What is left out on purpose says so, wherever a user meets it."""

import json
import re
from pathlib import Path

import pytest

import mxnet as mx
from mxnet.ops import left_out, namespaces, registry

OPERATORS = sorted(left_out.names())


def reached(library, name):
    namespace, public = namespaces.place(name)
    return getattr(getattr(library, namespace), public)


@pytest.mark.parametrize("name", OPERATORS)
def test_calls_say_what_to_use_instead(name):
    text = f"{name} is left out on purpose.* Use .* instead"
    with pytest.raises(mx.MXNetError, match=text):
        reached(mx.nd, name)(mx.nd.ones((2,)), anything=1)
    with pytest.raises(mx.MXNetError, match=text):
        reached(mx.sym, name)(mx.sym.Variable("data"), anything=1)


@pytest.mark.parametrize("name", [*OPERATORS, "_backward_Convolution"])
def test_models_with_them_say_the_same(name):
    nodes = [{"op": "null", "name": "data", "inputs": []}, {"op": name, "name": "node", "inputs": [[0, 0, 0]]}]
    graph = {"nodes": nodes, "arg_nodes": [0], "heads": [[1, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}}
    with pytest.raises(mx.MXNetError, match=f"{name} is left out on purpose.* Use .* instead"):
        mx.sym.load_json(json.dumps(graph))


@pytest.mark.parametrize("function", [mx.rtc.CudaModule, mx.rtc.CudaKernel, mx.library.load])
def test_functions_of_other_modules(function):
    with pytest.raises(mx.MXNetError, match=r"^mx\.\w+\.\w+ is left out on purpose"):
        function("source")


def test_none_of_them_is_an_operator():
    assert not set(OPERATORS) & set(registry.list_ops())
    with pytest.raises(mx.MXNetError, match="Operator nonsense is not registered"):
        registry.get("nonsense")


@pytest.mark.parametrize("group", left_out.TABLE, ids=lambda group: group.what)
def test_what_to_use_instead_is_here(group):
    for path in re.findall(r"\b(?:mx|nd)(?:\.\w+)+", group.instead):
        found = mx
        for part in path.removeprefix("mx.").split("."):
            found = getattr(found, part)
        assert callable(found)


def test_the_document_is_current():
    document = Path(__file__).parents[2] / "docs" / "left-out.md"
    assert document.read_text(encoding="utf-8") == left_out.markdown()
