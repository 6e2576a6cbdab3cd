"""Golden cases: one line of code each, run by real MXNet (generate.py) and by us (test_golden.py).

A file in cases/ is a family and declares its cases with `case` and `raises`; inputs follow from formulas, so
that only answers are stored.  Runs on Python 3.8 (where MXNet's wheel does) and later; needs NumPy alone.
"""
from __future__ import annotations

import contextlib
import json
import os
import runpy
from collections.abc import Sequence
from typing import Any

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

# dtype -> (rtol, atol); other dtypes must agree exactly
TOLERANCE = {"float16": (2e-3, 1e-3), "float32": (1e-5, 1e-6), "float64": (1e-9, 1e-10)}


# --------------------------------------------------------------------------------------------------- inputs


class Spec:
    """How one input is made.  `dtype` None: the dtype of the case; `grad` False: never differentiated."""

    def __init__(self, text: str, make, dtype: str | None, grad: bool):
        self.text, self.make, self.dtype, self.grad = text, make, dtype, grad


def formula(shape: Sequence[int], salt: int = 0, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Irregular float64 values in (low, high) without ties: multiples of the golden ratio, modulo one."""
    count = int(np.prod(shape, dtype=np.int64))
    fractions = ((np.arange(count) + 1 + 7 * salt) * 0.6180339887498949 + 0.05 * salt) % 1.0
    return (low + (high - low) * fractions).reshape(shape)


def ints(data: Any, dtype: str = "int32") -> Spec:
    """Indices and the like: `data` in the dtype given here, whatever the dtype of the case; no gradient."""
    return Spec(f"ints({data!r}, {dtype})", lambda salt: np.array(data), dtype, False)


def values(data: Any, dtype: str | None = None) -> Spec:
    """Exactly these values, in the case's dtype unless one is given."""
    return Spec(f"values({data!r}, {dtype})", lambda salt: np.array(data), dtype, True)


def between(low: float, high: float, shape: Sequence[int], dtype: str | None = None) -> Spec:
    """Values by formula within (low, high), for functions that are not defined everywhere."""
    return Spec(f"between({low}, {high}, {shape}, {dtype})",
                lambda salt: formula(shape, salt, low, high), dtype, True)


def _spec(given: Any) -> Spec:
    """A Spec, or a shape: float values in (-2, 2), integers in (-10, 10), both from the formula."""
    if isinstance(given, Spec):
        return given
    return Spec(f"{tuple(given)}", lambda salt: formula(given, salt), None, True)


def _to_dtype(array: np.ndarray, dtype: str, given: Any) -> np.ndarray:
    if isinstance(given, tuple) and not dtype.startswith("float"):
        if dtype == "bool":
            return array > 0
        array = np.floor(array * 5)
        if dtype.startswith("uint"):
            array = np.abs(array)
    return array.astype(dtype)


# ---------------------------------------------------------------------------------------------------- cases


class Case:
    """One expression with its inputs; see `case` for the parameters."""

    def __init__(self, code: str, inputs: dict, dtype: str, grad=True, rtol=None, atol=None, train=None,
                 seed=None, np_shape=False, after=(), fails=False, match=None):
        self.code, self.inputs, self.dtype = code, inputs, dtype
        self.grad, self.rtol, self.atol = grad, rtol, atol
        self.train = bool(grad) if train is None else train
        self.seed, self.np_shape = seed, np_shape
        self.after = tuple(after)
        self.fails, self.match = fails, match

    @property
    def key(self) -> str:
        """Everything that the answer depends on, as text."""
        parts = [self.code, self.dtype] + [f"{k}={_spec(v).text}" for k, v in sorted(self.inputs.items())]
        options = [("grad", self.grad, True), ("train", self.train, bool(self.grad)),
                   ("seed", self.seed, None), ("fails", self.fails, False),
                   ("np_shape", self.np_shape, False), ("after", self.after, ())]
        return " | ".join(parts + [f"{k}: {v}" for k, v, default in options if v != default])

    def __str__(self) -> str:
        shapes = [f"{k}{'x'.join(map(str, v))}" for k, v in self.inputs.items() if isinstance(v, tuple)]
        return " ".join([self.code.replace("nd.", "", 1), *shapes, self.dtype])

    def arrays(self) -> dict:
        """The inputs as NumPy arrays."""
        made = {}
        for salt, (name, given) in enumerate(sorted(self.inputs.items())):
            spec = _spec(given)
            made[name] = _to_dtype(spec.make(salt), spec.dtype or self.dtype, given)
        return made

    def differentiated(self) -> list:
        """Names of the inputs whose gradients are recorded."""
        if isinstance(self.grad, (tuple, list)):
            return list(self.grad)
        if not self.grad:
            return []
        made = self.arrays()
        return [k for k, v in self.inputs.items() if _spec(v).grad and made[k].dtype.kind == "f"]

    def run(self, mx, ctx=None) -> dict:
        """Outputs and gradients under the package `mx`: {"out0": array, ..., "grad a": array, ...}."""
        if self.seed is not None:
            mx.random.seed(self.seed)
        with mx.util.np_shape(True) if self.np_shape else contextlib.nullcontext():
            inputs = {k: mx.nd.array(v, ctx=ctx, dtype=v.dtype) for k, v in self.arrays().items()}
            names = self.differentiated()
            for name in names:
                inputs[name].attach_grad()
            code = compile(self.code, "<golden case>", "eval")
            scope = dict(inputs, nd=mx.nd, mx=mx, np=np)
            if names:
                with mx.autograd.record(train_mode=self.train):
                    outputs = _as_list(eval(code, scope))
                answer = _numpy(outputs)
                _backward(mx, outputs, self.train)
                answer.update({f"grad {name}": inputs[name].grad.asnumpy() for name in names})
            else:
                with mx.autograd.train_mode() if self.train else mx.autograd.predict_mode():
                    answer = _numpy(_as_list(eval(code, scope)))
            answer.update({f"after {name}": inputs[name].asnumpy() for name in self.after})
            return answer


def _as_list(outputs: Any) -> list:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _numpy(outputs: list) -> dict:
    return {f"out{i}": np.asarray(o.asnumpy() if hasattr(o, "asnumpy") else o) for i, o in enumerate(outputs)}


def _backward(mx, outputs: list, train: bool) -> None:
    """Gradients of sum(out * weights) over the floating outputs, weights by formula."""
    heads = [o for o in outputs if np.dtype(o.dtype).kind == "f"]
    weights = [mx.nd.array(formula(head.shape, salt), ctx=head.context, dtype=head.dtype)
               for salt, head in enumerate(heads, 3)]
    mx.autograd.backward(heads, weights, train_mode=train)


# ------------------------------------------------------------------------------- what a family's file calls

_collected: list = []


def case(code: str, *, dtypes: Sequence[str] = ("float32",), grad=True, rtol: float | None = None,
         atol: float | None = None, train: bool | None = None, seed: int | None = None,
         np_shape: bool = False, after: Sequence[str] = (), **inputs) -> None:
    """Declare a case: `code` is an expression over `nd`, `mx`, `np` and the inputs, giving arrays.

    inputs: by name, a shape (values by formula), or `ints`, `values`, `between`.
    dtypes: one case for each; inputs with a dtype of their own keep it.
    grad: record gradients of all floating inputs (default), of none (False), or of those named in a tuple.
    train: train mode; default: when gradients are recorded.  seed: given to mx.random.seed first.
    rtol, atol: instead of the dtype's TOLERANCE.  np_shape: run under NumPy shape semantics.
    after: inputs that the operator writes, recorded after the backward pass.
    """
    for dtype in dtypes:
        _collected.append(Case(code, inputs, dtype, grad, rtol, atol, train, seed, np_shape, after))


def raises(code: str, *, dtypes: Sequence[str] = ("float32",), match: str | None = None,
           np_shape: bool = False, **inputs) -> None:
    """Declare a case that fails: our error must be of the class of MXNet's (and match `match`, if given)."""
    for dtype in dtypes:
        _collected.append(Case(code, inputs, dtype, False, np_shape=np_shape, fails=True, match=match))


# ------------------------------------------------------------------------------------- families and answers


def families() -> list:
    """Names of all families, sorted."""
    names = os.listdir(os.path.join(HERE, "cases"))
    return sorted(n[:-3] for n in names if n.endswith(".py") and not n.startswith("_"))


def load_cases(family: str) -> list:
    """The cases that cases/<family>.py declares; ValueError if two are the same."""
    _collected.clear()
    runpy.run_path(os.path.join(HERE, "cases", family + ".py"))
    found = list(_collected)
    keys = [c.key for c in found]
    twice = sorted({k for k in keys if keys.count(k) > 1})
    if twice:
        raise ValueError(f"golden family {family} declares twice: {twice}")
    return found


def data_path(family: str) -> str:
    return os.path.join(HERE, "data", family + ".npz")


def save_answers(family: str, answers: dict) -> None:
    """Write {key: {name: array} or name of the error}: an index in JSON and one flat array a dtype."""
    flat: dict = {}
    index: dict = {}
    for key in sorted(answers):
        answer = answers[key]
        if isinstance(answer, str):
            index[key] = answer
            continue
        index[key] = {}
        for name, array in answer.items():
            pool = flat.setdefault(array.dtype.name, [])
            index[key][name] = [array.dtype.name, list(array.shape), sum(a.size for a in pool)]
            pool.append(array.ravel())
    packed = {dtype: np.concatenate(pool) for dtype, pool in sorted(flat.items())}
    text = json.dumps(index, separators=(",", ":"), sort_keys=True)
    np.savez_compressed(data_path(family), index=np.frombuffer(text.encode(), np.uint8), **packed)


def load_answers(family: str) -> dict:
    """What `save_answers` wrote; empty if nothing was recorded yet."""
    if not os.path.exists(data_path(family)):
        return {}
    with np.load(data_path(family)) as file:
        arrays = dict(file)
    answers = json.loads(arrays["index"].tobytes().decode())
    for answer in answers.values():
        if isinstance(answer, dict):
            for name, (dtype, shape, start) in answer.items():
                size = int(np.prod(shape, dtype=np.int64))
                answer[name] = arrays[dtype][start:start + size].reshape(shape)
    return answers


def compare(one: Case, ours: dict, theirs: dict) -> None:
    """AssertionError unless shapes, dtypes and values agree."""
    assert sorted(ours) == sorted(theirs), f"results {sorted(ours)}, MXNet has {sorted(theirs)}"
    for name, expected in theirs.items():
        got = ours[name]
        assert got.shape == expected.shape, f"{name}: shape {got.shape}, MXNet has {expected.shape}"
        assert got.dtype == expected.dtype, f"{name}: dtype {got.dtype}, MXNet has {expected.dtype}"
        rtol, atol = TOLERANCE.get(expected.dtype.name, (0, 0))
        rtol = rtol if one.rtol is None else one.rtol
        atol = atol if one.atol is None else one.atol
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol, err_msg=f"{name} of {one.key}")
