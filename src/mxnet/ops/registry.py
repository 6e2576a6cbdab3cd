"""The operator registry: one typed Python function on torch tensors is the whole definition of an operator.

Everything else (nd.*, sym.*, attribute parsing, messages, signatures, stubs) is derived from the function's
signature by `register`; see docs/architecture.md.  This module knows nothing of NDArray or Symbol.
"""

import ast
import functools
import inspect
import operator
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch

from ..base import MXNetError, torch_dtype
from . import left_out

__all__ = ["Attr", "DType", "Input", "OpDef", "Shape", "get", "list_ops", "register"]

Shape = tuple[int, ...]
DType = torch.dtype

# Keyword-only parameters with these names are no attributes: whoever runs the operator supplies them.
#   _train   bool, train mode of autograd or of the executor
#   _rng     the generator of the context (mxnet._rng.Generator)
#   _device  torch.device on which an operator without inputs creates its output
#   _kept    a dict of this use of the operator, for what it keeps from one run of a graph to the next; None if eager
#   _subgraphs  the functions of the node's subgraphs; see control_flow
RUNTIME_ARGS = ("_train", "_rng", "_device", "_kept", "_subgraphs")

_MISSING = inspect.Parameter.empty


# ------------------------------------------------------------------------------------------ attribute types


def _int(value):
    if isinstance(value, torch.SymInt):
        return value
    if isinstance(value, str):
        value = int(value.strip().rstrip("L"))
    if isinstance(value, (int, np.integer)) and -2**63 <= value < 2**63:
        return int(value)
    raise ValueError


def _float(value):
    if isinstance(value, (int, float, np.number, np.bool_, str)):
        return float(value)
    if isinstance(value, torch.SymInt):
        return value
    raise ValueError


def _number(value):
    """A scalar that keeps its kind: ints stay ints."""
    if isinstance(value, (bool, int, float, torch.SymInt)):
        return value
    if isinstance(value, (np.number, np.bool_)):
        return value.item()
    if isinstance(value, str):
        number = ast.literal_eval(value) if value not in ("inf", "-inf", "nan") else float(value)
        if isinstance(number, (bool, int, float)):
            return number
    raise ValueError


_BOOLS = {"true": True, "1": True, "false": False, "0": False}


def _bool(value):
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        return _BOOLS[value.strip().lower()]
    raise ValueError


def _str(value):
    return str(value)


def _sequence(value, item: Callable) -> tuple:
    if isinstance(value, str):
        text = value.replace("L", "").strip()
        value = ast.literal_eval(text.replace("None", "None"))
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(item(v) for v in value)
    return (item(value),)


def _shape(value) -> Shape:
    return _sequence(value, _int)


def _floats(value) -> tuple[float, ...]:
    return _sequence(value, _float)


def _optional_ints(value) -> tuple[int | None, ...]:
    return _sequence(value, lambda v: None if v is None else _int(v))


def _dtype(value) -> DType:
    return torch_dtype(value)


# annotation -> (parser, the name that messages give the type)
_PARSERS: dict[Any, tuple[Callable, str]] = {
    int: (_int, "int"),
    float: (_float, "float"),
    int | float: (_number, "number"),
    bool: (_bool, "boolean"),
    str: (_str, "string"),
    Shape: (_shape, "Shape(tuple)"),
    tuple[float, ...]: (_floats, "tuple of <float>"),
    tuple[int | None, ...]: (_optional_ints, "Shape(tuple)"),
    DType: (_dtype, "dtype"),
}


class _NoDType(MXNetError, TypeError):
    """What is raised for names that no dtype has, which in MXNet is the one or the other: NumPy finds most of them."""


@dataclass(frozen=True, slots=True)
class Attr:
    """One attribute of an operator: how it is parsed and what it is when it is not given."""

    name: str
    annotation: Any
    default: Any = _MISSING

    @property
    def required(self) -> bool:
        return self.default is _MISSING

    @property
    def optional(self) -> bool:
        return _without_none(self.annotation) is not self.annotation

    @property
    def type_name(self) -> str:
        kind = _without_none(self.annotation)
        if typing.get_origin(kind) is Literal:
            name = "{" + ", ".join(repr(v) for v in sorted(typing.get_args(kind))) + "}"
        else:
            name = _PARSERS[kind][1]
        return f"{name} or None" if self.optional else name

    def parse(self, value, op_name: str):
        """`value` (Python object or JSON string) as the attribute's type; MXNetError if it is none."""
        if value is None and self.name == "dtype":
            value = "float64"  # what MXNet writes down: NumPy's dtype of None
        elif value is None or (isinstance(value, str) and value == "None"):
            if self.optional or self.default is None:
                return None
        kind = _without_none(self.annotation)
        try:
            if typing.get_origin(kind) is Literal:
                if value in typing.get_args(kind):
                    return value
                raise MXNetError(
                    f"Invalid Input: {str(value)!r}, valid values are: {self.type_name}, "
                    f"for attribute {self.name} in operator {op_name}")
            return _PARSERS[kind][0](value)
        except MXNetError:
            raise
        except (TypeError, ValueError, KeyError, SyntaxError, OverflowError, RecursionError, MemoryError) as error:
            shown = repr(value)
            raise (_NoDType if kind is DType else MXNetError)(
                f"Invalid Parameter format for {self.name} expect {self.type_name} but "
                f"value={shown if len(shown) <= 200 else shown[:200] + '...'}, in operator {op_name}") from error


def _without_none(annotation):
    """`X | None` -> X, any other annotation unchanged."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        rest = [a for a in typing.get_args(annotation) if a is not type(None)]
        if len(rest) < len(typing.get_args(annotation)):
            return rest[0] if len(rest) == 1 else functools.reduce(operator.or_, rest)
    return annotation


# Union[int, float] and int | float compare equal and hash alike, so `_PARSERS` serves both.


@dataclass(frozen=True, slots=True)
class Input:
    """One tensor input; `optional` ones may be None."""

    name: str
    optional: bool = False


# ------------------------------------------------------------------------------------------------ operators


@dataclass(slots=True, eq=False)
class OpDef:
    """All that is known of an operator.

    fn: the function on torch tensors.  inputs: its tensor inputs (one, when `variadic`).  attrs: its attributes
    in the order of the signature.  runtime: which of RUNTIME_ARGS it wants.  aux: inputs that are auxiliary
    states, mutates: inputs that it writes (both in place, in `fn`).  num_outputs: how many tensors `fn` returns,
    a function of the attributes where it depends on them; visible: how many of them a user gets.
    present: for optional inputs, a predicate on the attributes that says whether the input takes part.
    """

    name: str
    fn: Callable
    inputs: tuple[Input, ...]
    variadic: bool
    attrs: dict[str, Attr]
    runtime: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    aux: tuple[str, ...] = ()
    mutates: tuple[str, ...] = ()
    num_outputs: int | Callable[[dict], int] = 1
    visible: int | Callable[[dict], int] | None = None
    present: dict[str, Callable[[dict], bool]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.fn) or ""

    def parse_attrs(self, given: dict[str, Any]) -> dict[str, Any]:
        """Typed values for all attributes; raises MXNetError for unknown, missing and ill-typed ones.

        `__names_like_this__` are notes of the user's, such as the layout of a state: operators take no notice.
        """
        unknown = [k for k in given if k not in self.attrs and not (k.startswith("__") and k.endswith("__"))]
        parsed: dict[str, Any] = {}
        if unknown and self.extra.get("any_attrs"):
            parsed.update((k, str(given[k])) for k in unknown)
        elif unknown:
            raise self.unknown_attr(unknown[0])
        for name, attr in self.attrs.items():
            if name in given:
                parsed[name] = attr.parse(given[name], self.name)
            elif attr.required:
                raise MXNetError(
                    f"Required parameter {name} of {attr.type_name} is not presented, in operator {self.name}")
            else:
                parsed[name] = attr.default
        return parsed

    def unknown_attr(self, name: str) -> MXNetError:
        known = ", ".join(self.attrs) or "none"
        return MXNetError(f"Cannot find argument {name!r}, possible arguments of operator {self.name}: "
                          f"inputs {', '.join(i.name for i in self.inputs) or 'none'}; attributes {known}")

    def input_names(self, attrs: dict[str, Any]) -> list[str]:
        """Names of the inputs that take part under these (parsed) attributes; not for variadic operators."""
        return [i.name for i in self.inputs if i.name not in self.present or self.present[i.name](attrs)]

    def name_inputs(self, attrs: dict[str, Any], count: int) -> list[str] | None:
        """Names of the `count` inputs of a variadic operator; None if they have none of their own."""
        names = self.extra.get("input_names")
        return None if names is None else names(attrs, count)

    def aux_names(self, attrs: dict[str, Any]) -> Sequence[str]:
        """Those of the inputs that are auxiliary states under these attributes."""
        names = self.extra.get("aux_names")
        return self.aux if names is None else names(attrs)

    def is_loss(self, attrs: dict[str, Any]) -> bool:
        """Whether the gradient takes no notice of the one from above."""
        loss = self.extra.get("loss", False)
        return loss(attrs) if callable(loss) else loss

    def count_outputs(self, attrs: dict[str, Any]) -> int:
        return self.num_outputs(attrs) if callable(self.num_outputs) else self.num_outputs

    def count_visible(self, attrs: dict[str, Any]) -> int:
        if self.visible is None:
            return self.count_outputs(attrs)
        return self.visible(attrs) if callable(self.visible) else self.visible


_OPS: dict[str, OpDef] = {}


def register(name: str, *aliases: str, aux: Sequence[str] = (), mutates: Sequence[str] = (),
             num_outputs: int | Callable[[dict], int] = 1, visible: int | Callable[[dict], int] | None = None,
             present: dict[str, Callable[[dict], bool]] | None = None, **extra):
    """Make the decorated function the operator `name`, reachable under `aliases` too.

    The signature is the definition: positional parameters annotated `Tensor` are inputs (`Tensor | None` the
    optional ones, `*data: Tensor` a variable number), keyword-only parameters are attributes.  Names as
    `_contrib_fft` or `_linalg_gemm2` put the operator in that namespace.

    Further keywords are kept in `OpDef.extra`; those in use are
      shapes=fn         fn(attrs, *input_shapes) -> the shapes that the inputs which take part must have, in order,
                        as far as they follow from the attributes and each other: 0 for an unknown size, None for
                        an unknown shape, both ways.  For inputs (weights) whose shape need not be given.
      in_place=fn       fn(attrs, number_of_inputs) -> the inputs that `fn` overwrites and returns, in order of the
                        outputs.  Users see this only with out=; otherwise the caller passes copies of them.
      storage="name"    the operator may give a sparse array of dense ones, if the attribute `name` asks for it; "" if
                        nothing needs to.
      types=fn          fn(attrs, *input_dtypes) -> (dtypes of the inputs, dtypes of the outputs), torch dtypes or None
                        for unknown, both ways.  For operators whose inputs and outputs are not all of one dtype, and
                        whose outputs' dtype is not the attribute `dtype`.
      same_shape=...    the inputs (names; True for all) that have the shape of the first output.
      input_shapes=fn   fn(attrs, input_shapes, output_shapes) -> what these say of the inputs; here and in
      output_shapes=fn  fn(attrs, input_shapes) -> what these say of the outputs; -1 is an unknown size.  It spares
                        a run of the operator on tensors without values, which is slow the first time.
      view=fn           does what the operator does, but its result may share memory with the first input; in one
                        piece.  Graphs take it where nobody can tell.  permutes=fn, slices=fn: the same, but the
                        result may have its axes in another order in memory, or leave gaps there.
      joins=fn          fn(attrs, result, held) -> what `out=` gets, where that depends on what it held.
    For Symbols only:
      output_names=...  suffixes of the outputs' names, or fn(attrs) -> suffixes, where not output0, output1, ...
      init={...}        the initializer (JSON, or fn(attrs) -> JSON) of a variable that is made for a missing input.
      input_names=fn    fn(attrs, count) -> names of the inputs of a variadic operator whose inputs have names.
      aux_names=fn      fn(attrs) -> `aux`, where it depends on the attributes.
      loss=True         the gradient takes no notice of the one from above, so backward needs none there; or fn(attrs).
      any_attrs=True    the operator reads attributes of any name, as strings (`**attrs: str`).
      subgraphs=fn      fn(attrs) -> how each of the node's subgraphs is connected with it (control_flow.Wiring).

    >>> @register("hard_sigmoid")
    ... def hard_sigmoid(data: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    ...     return (alpha * data + beta).clamp(0, 1)
    """

    def decorate(fn: Callable) -> Callable:
        op = _define(name, fn, aliases, extra)
        op.aux, op.mutates = tuple(aux), tuple(mutates)
        op.num_outputs, op.visible = num_outputs, visible
        op.present = dict(present or {})
        for key in (name, *aliases):
            if key in _OPS:
                raise ValueError(f"operator {key} is registered twice")
            _OPS[key] = op
        return fn

    return decorate


def _define(name: str, fn: Callable, aliases, extra) -> OpDef:
    # read off the code object: inspect.signature would take most of the package's import time
    code, types_of, defaults = fn.__code__, fn.__annotations__, fn.__kwdefaults__ or {}
    names = code.co_varnames
    positional, keyword_only = names[:code.co_argcount], names[code.co_argcount:][:code.co_kwonlyargcount]
    variadic = bool(code.co_flags & inspect.CO_VARARGS)
    untyped = {*positional, *keyword_only}.difference(types_of, RUNTIME_ARGS)
    if untyped:
        raise TypeError(f"operator {name}: {', '.join(sorted(untyped))} without annotation; inputs are Tensor or "
                        "Tensor | None, attributes after the * have the type that is parsed")
    if variadic:
        inputs = (Input(names[code.co_argcount + code.co_kwonlyargcount]),)
    else:
        inputs = tuple(Input(n, _without_none(types_of[n]) is not types_of[n]) for n in positional)
    attrs = {}
    for n in keyword_only:
        if n not in RUNTIME_ARGS:
            kind = _without_none(types_of[n])
            if kind not in _PARSERS and typing.get_origin(kind) is not Literal:
                known = ", ".join(k.__name__ if isinstance(k, type) else str(k) for k in _PARSERS)
                raise TypeError(f"operator {name}: no parser for {n}: {types_of[n]}; there is one for Literal[...], "
                                f"{known}")
            attrs[n] = Attr(n, types_of[n], defaults.get(n, _MISSING))
    runtime = tuple(n for n in keyword_only if n in RUNTIME_ARGS)
    return OpDef(name, fn, inputs, variadic, attrs, runtime, tuple(aliases), extra=extra)


def get(name: str) -> OpDef:
    """The operator called `name` (or one of its aliases)."""
    try:
        return _OPS[name]
    except KeyError:
        group = left_out.find(name)
        raise MXNetError(left_out.explain(name, group) if group else f"Operator {name} is not registered") from None


def list_ops() -> dict[str, OpDef]:
    """Every spelling of every operator."""
    return dict(_OPS)
