"""Every public name of MXNet's nd and sym is here, takes the same parameters in the same order, with the same defaults.

tests/golden/names.json is the list; tests/golden/generate_names.py made it and says what a public name is.
"""

import functools
import inspect
import json
import math
import re
from pathlib import Path

import pytest

import mxnet as mx
from mxnet.base import _Null
from mxnet.ops import namespaces

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "names.json").read_text())
NAMES, PARAMETERS = GOLDEN["names"], GOLDEN["parameters"]

# What is left out: nobody but MXNet itself can make use of it.
LEFT_OUT = {
    "nd.get_indexing_dispatch_code", "nd.get_oshape_of_gather_nd_op", "nd.indexing_key_expand_implicit_axes",
    "sym._internal._set_value",  # which has no shape without an array to write to
    "sym.Symbol.handle", "sym.Symbol.__setstate__",
}

# name: what differs, and on purpose
DIFFERENT = {
    "BatchNorm_v1": "its auxiliary states can be given, as BatchNorm's",
    "IdentityAttachKLSparseReg": "its auxiliary state can be given, as BatchNorm's",
    "smooth_l1": "scalar is 1 by default, which MXNet's help does not say",
    "SparseEmbedding": "MXNet's help names an attribute that its operator refuses",
    "_linspace": "MXNet's help is that of _arange; its operator takes what ours takes",
    "_cond": "subgraphs are no attributes", "_foreach": "subgraphs are no attributes",
    "_while_loop": "subgraphs are no attributes",
    "quantized_rnn": "MXNet's help names two inputs otherwise than its operator does",
    "_zeros_without_dtype": "MXNet takes a number there, which its own arrays refuse",
    "Symbol.__init__": "made from entries of a graph, not from a pointer",
}


def owner_of(namespace):
    owner = mx
    for part in namespace.split("."):
        owner = getattr(owner, part)
    return owner


def plain(value):
    """A default as JSON has it."""
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return getattr(value, "__name__", repr(value))


def same(ours, theirs):
    if isinstance(ours, (list, tuple)) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-6)
    return ours == theirs


def differences(function, parameters):
    """What is not as in MXNet, in words."""
    ours = inspect.signature(function).parameters
    theirs = [p for p in parameters if p[1] not in ("*", "**")]
    found = [f"no {p[0]}" for p in theirs if p[0] not in ours]
    known = [p for p in theirs if p[0] in ours]
    order = [p[0] for p in known if p[1] != "inputs"]
    if not any(p.kind == p.VAR_POSITIONAL for p in ours.values()) and list(ours)[:len(order)] != order:
        found.append(f"order {list(ours)} for {order}")
    for name, kind, *default in known:
        if not same_default(ours[name].default, kind, default):
            found.append(f"{name}={ours[name].default!r} for {default or 'required'}")
    return found


def same_default(ours, kind, theirs):
    if kind in ("input", "inputs"):
        return True
    if not theirs:
        return ours in (inspect.Parameter.empty, _Null, None)
    if theirs == [None] and kind.startswith("Shape("):
        return ours in (None, (), (1,))  # what MXNet makes of no shape
    return same(plain(ours), theirs[0])


def sample(kind):
    """A value of a documented kind, as a file of a graph writes it."""
    if kind.startswith("{"):
        return [v.strip(" '") for v in kind.strip("{}").split(",")]
    if kind.startswith("tuple"):
        return ["[1, 2]"]
    return {"boolean": ["True", "False"], "Shape": ["(1, 2)", "[3]"], "string": ["a"], "": ["1"], "ptr": []}.get(
        re.match(r"\w*", kind)[0], ["1"])


@pytest.mark.parametrize("namespace", NAMES)
def test_all_names_are_here(namespace):
    owner = owner_of(namespace)
    missing = {f"{namespace}.{name}" for name in NAMES[namespace] if not hasattr(owner, name)} - LEFT_OUT
    assert not missing, " ".join(sorted(missing))


@pytest.mark.parametrize("namespace", NAMES)
def test_parameters(namespace):
    owner = owner_of(namespace)
    refused = namespaces.refusals(namespace.partition(".")[2] or "op")
    wrong = {}
    for name, index in NAMES[namespace].items():
        function = getattr(owner, name, None)
        full = f"{owner.__name__}.{name}" if inspect.isclass(owner) else name
        if index is not None and function is not None and full not in DIFFERENT and name not in refused:
            found = differences(function, PARAMETERS[index])
            if found:
                wrong[name] = found
    assert not wrong, "\n".join(f"{name}: {'; '.join(found)}" for name, found in wrong.items())


@pytest.mark.parametrize("make", [lambda: mx.nd.ones((2,)), lambda: mx.sym.Variable("x")])
def test_bound_methods_have_signatures(make):
    assert list(inspect.signature(make().sum).parameters)[:3] == ["axis", "keepdims", "exclude"]
    assert "axis" in inspect.signature(functools.partial(type(make()).sum, keepdims=True)).parameters


def test_what_differs_on_purpose_still_does():
    found = set()
    for namespace in NAMES:
        owner = owner_of(namespace)
        for name in DIFFERENT:
            index = NAMES[namespace].get(name.rpartition(".")[2])
            if index is not None and ("." in name) == inspect.isclass(owner):
                if differences(getattr(owner, name.rpartition(".")[2]), PARAMETERS[index]):
                    found.add(name)
    assert found == set(DIFFERENT)


@pytest.mark.parametrize("namespace", [n for n in NAMES if n.startswith("sym") and n != "sym.Symbol"])
def test_attributes_take_the_documented_values(namespace):
    ours = {public: op for public, _, op in namespaces.members(namespace.removeprefix("sym").lstrip(".") or "op")}
    for name in ours.keys() & NAMES[namespace].keys() - DIFFERENT.keys():
        for parameter, kind, *_ in PARAMETERS[NAMES[namespace][name]]:
            if parameter in ours[name].attrs and not kind.startswith(("python", "*")):
                for value in sample(kind):
                    ours[name].attrs[parameter].parse(value, name)


@pytest.mark.parametrize("library, tail", [("nd", ["out", "name", "kwargs"]),
                                           ("sym", ["name", "attr", "out", "kwargs"])])
def test_what_every_operator_takes_besides(library, tail):
    for name in NAMES[f"{library}.op"]:
        function = getattr(getattr(mx, library).op, name, None)
        assert function is None or list(inspect.signature(function).parameters)[-len(tail):] == tail, name
