"""Symbols of every operator, as MXNet 1.9.1 makes them: names, variables, outputs, files, dtypes."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from mxnet.ops import namespaces

ANSWERS = json.loads((Path(__file__).parents[1] / "golden" / "symbols" / "operators.json").read_text())
LEFT_OUT = {f"{space}.{name}" for space in ("op", "contrib", "_internal") for name in namespaces.refusals(space)}
CALLS = [call for call in ANSWERS if hasattr(getattr(mx.sym, call.split(".")[0]), call.split(".")[1].split("(")[0])
         and call.split("(")[0] not in LEFT_OUT]


def made(call: str) -> mx.sym.Symbol:
    space, rest = call.split(".", 1)
    name, arguments = rest.split("(", 1)
    with mx.name.NameManager():
        return eval(f"function({arguments}", {"function": getattr(getattr(mx.sym, space), name),
                                              "a": mx.sym.var("a"), "b": mx.sym.var("b"), "var": mx.sym.var})


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def types(symbol: mx.sym.Symbol, dtype: str) -> str:
    try:
        found = symbol.infer_type_partial(**({symbol.list_arguments()[0]: dtype} if dtype else {}))
    except (mx.MXNetError, TypeError, ValueError, KeyError):
        return "error"
    return ";".join("".join("?" if t is None else np.dtype(t).char for t in part) for part in found)


@pytest.mark.parametrize("call", CALLS)
def test_structure(call: str) -> None:
    symbol, expected = made(call), ANSWERS[call]
    graph = json.loads(symbol.tojson())
    node = graph["nodes"][-1]
    assert (node["op"], node["name"], node.get("attrs", {})) == (expected["op"], expected["name"], expected["attrs"])
    assert [[n["name"], n.get("attrs", {})] for n in graph["nodes"][:-1]] == expected["inputs"]
    assert symbol.list_outputs() == expected["outputs"]
    assert symbol.list_auxiliary_states() == expected["aux"]
    assert symbol.get_internals().list_outputs() == expected["internals"]
    assert graph["node_row_ptr"] == expected["row"]
    assert sha1(symbol.tojson()) == expected["text"]
    assert sha1(symbol.debug_str()) == expected["debug"]


def agree(ours: str, theirs: str) -> bool:
    """Whether the dtypes of the arguments are the same, and those of the outputs where both know them.

    What MXNet refuses may work here.
    """
    if theirs == "error":
        return True
    (arguments, *known), (expected, *told) = ours.split(";"), theirs.split(";")
    pairs = [pair for a, b in zip(known, told, strict=True) for pair in zip(a, b, strict=True)]
    return arguments == expected and all(one == other or "?" in (one, other) for one, other in pairs)


@pytest.mark.parametrize("call", CALLS)
def test_types(call: str) -> None:
    symbol = made(call)
    for dtype, theirs in ANSWERS[call]["types"].items():
        ours = types(symbol, dtype)
        assert agree(ours, theirs), (dtype, ours, theirs)


def test_slices_of_outputs() -> None:
    parts = mx.sym.split(mx.sym.var("a"), num_outputs=3, name="s")
    assert parts[1:].list_outputs() == ["s_output1", "s_output2"]
    assert parts[::2].list_outputs() == ["s_output0", "s_output2"]
    for symbol, nothing in ((parts, slice(3, None)), (parts, slice(2, 1)), (mx.sym.var("a"), slice(1, None))):
        with pytest.raises(TypeError, match="none of the"):
            symbol[nothing]  # a block that slices its input in time is not for hybridizing, in MXNet either
