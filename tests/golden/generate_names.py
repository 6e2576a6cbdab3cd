"""Record every public name of nd and sym of real MXNet 1.9.1, with its parameters; run under that MXNet.

    python tests/golden/generate_names.py

names.json holds {"parameters": [...], "names": {namespace: {name: index into parameters}}}.  Parameters are lists
of [name, kind] or [name, kind, default]: for functions generated from operators the documented kind and default of
each; for functions written in Python the kind is "python", "*" or "**" and the default that of the signature.  What
has no parameters (a class, a property) has null in place of the index.

What is no public name, by rule:
  - modules, and what a module imported from elsewhere (ctypes, base, context, NumPy);
  - plain values, such as tables of dtypes;
  - names with one leading underscore, unless generated from an operator: nd._internal consists of those;
  - what Python 2 and freeing memory needed: __nonzero__, __del__;
  - operators that are the gradient of another: _backward_* and *_backward.
"""

import inspect
import json
import re
from pathlib import Path

import mxnet as mx

NAMESPACES = """
nd nd.op nd.random nd.linalg nd.contrib nd.image nd.sparse nd._internal
sym sym.op sym.random sym.linalg sym.contrib sym.image sym.sparse sym._internal
nd.NDArray nd.sparse.CSRNDArray nd.sparse.RowSparseNDArray sym.Symbol
""".split()

INPUTS = ("NDArray", "Symbol", "NDArray[]", "Symbol[]", "Symbol or Symbol[]", "NDArray or NDArray[]",
          "NDArray-or-Symbol", "NDArray-or-Symbol[]")
TAILS = {"nd": ["out", "name", "kwargs"], "sym": ["name", "attr", "out", "kwargs"]}


def is_operator(thing):
    """Functions that MXNet generates are compiled from a string."""
    return inspect.isfunction(thing) and thing.__code__.co_filename == "<string>"


def is_public(name, thing, inside_class):
    if inspect.ismodule(thing):
        return False
    if is_operator(thing):
        return not re.match("_backward_|_.*_backward$", name)
    if name.startswith("__"):
        return inside_class and callable(thing) and name not in ("__nonzero__", "__del__")
    if name.startswith("_"):
        return False
    return inside_class or getattr(thing, "__module__", "").startswith(("mxnet.ndarray", "mxnet.symbol"))


def members(owner):
    if not inspect.isclass(owner):
        return {n: getattr(owner, n) for n in dir(owner)}
    return {n: t for base in reversed(owner.__mro__) if base.__module__.startswith("mxnet")
            for n, t in vars(base).items()}


def documented(doc):
    """name -> (kind, default text or None) of the parameters that the help text lists."""
    section = doc.rsplit("Parameters\n----------\n", 1)[1].split("\nReturns\n")[0]
    found = {}
    for name, text in re.findall(r"^(\w+) : (.*)$", section, re.M):
        kind, _, default = text.partition("default=")
        kind = re.sub(r",\s*(optional|required)\s*,?\s*$", "", kind.strip()).rstrip(", ")
        found[name] = (kind, default if "default=" in text else None)
    return found


def default_value(kind, text):
    """The documented default as a value of JSON."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    if text == "None":
        return None
    if kind.startswith(("{", "string")):
        return text
    if kind.startswith("boolean"):
        return bool(int(text))
    if text.startswith("["):
        return [float(n) if "float" in kind else int(n) for n in text[1:-1].replace("L", "").split(",") if n]
    return int(text) if kind.startswith(("int", "long")) else float(text)


def operator_parameters(function, library):
    texts = documented(function.__doc__)
    shown = list(inspect.signature(function).parameters.values())
    variadic = shown[0].kind is inspect.Parameter.VAR_POSITIONAL
    if variadic:
        names = [shown[0].name, *(n for n in texts if n not in (shown[0].name, "name", "out"))]
    else:
        names = [p.name for p in shown]
        tail = TAILS[library]
        assert names[-len(tail):] == tail, (function.__name__, names)
        names = names[:-len(tail)]
    parameters = []
    for name in names:
        kind, default = texts.get(name, ("", None))
        if kind in INPUTS:
            parameters.append([name, "inputs" if variadic else "input"])
        elif default is None:
            parameters.append([name, kind])
        else:
            parameters.append([name, kind, default_value(kind, default)])
    return parameters


def python_parameters(function):
    parameters = []
    for p in inspect.signature(function).parameters.values():
        kind = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "python")
        if p.default is p.empty:
            parameters.append([p.name, kind])
        else:
            plain = p.default is None or isinstance(p.default, (bool, int, float, str))
            parameters.append([p.name, kind, p.default if plain else getattr(p.default, "__name__", repr(p.default))])
    return parameters


def parameters_of(thing, library):
    if isinstance(thing, (staticmethod, classmethod)):
        thing = thing.__func__
    if is_operator(thing):
        return operator_parameters(thing, library)
    return python_parameters(thing) if inspect.isfunction(thing) else None


def main():
    table, names = [], {}
    for namespace in NAMESPACES:
        owner = mx
        for part in namespace.split("."):
            owner = getattr(owner, part)
        names[namespace] = {}
        for name, thing in sorted(members(owner).items()):
            if is_public(name, thing, inspect.isclass(owner)):
                parameters = parameters_of(thing, namespace.split(".")[0])
                if parameters is not None and parameters not in table:
                    table.append(parameters)
                names[namespace][name] = None if parameters is None else table.index(parameters)
    lines = ",\n".join(json.dumps(p) for p in table)
    spaces = ",\n".join(f"{json.dumps(n)}: {json.dumps(v, separators=(',', ':'))}" for n, v in names.items())
    text = f'{{"parameters": [\n{lines}\n],\n"names": {{\n{spaces}\n}}}}\n'
    (Path(__file__).parent / "names.json").write_text(text)


if __name__ == "__main__":
    main()
