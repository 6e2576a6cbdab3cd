"""nd.random: samplers whose parameters are numbers or NDArrays."""

import functools

import torch

from .._samplers import samplers
from ..base import _Null, numeric_types
from ..context import Context, current_context
from ..ops import registry
from ._array import NDArray
from ._wrap import bind, context_of, invoke
from .op import functions

_NUMBERS = (*numeric_types, torch.SymInt, torch.SymFloat)  # a size may be unknown yet (gluon.deferred)

globals().update(functions("random"))  # uniform_like, normal_like, ...

__all__ = ["exponential", "exponential_like", "gamma", "gamma_like", "generalized_negative_binomial",
           "generalized_negative_binomial_like", "multinomial", "negative_binomial", "negative_binomial_like",
           "normal", "normal_like", "poisson", "poisson_like", "randint", "randn", "shuffle", "uniform", "uniform_like"]


def _random(kind, names, values, shape, dtype, ctx, out, kwargs):
    """Run `_sample_<kind>` on arrays or `_random_<kind>` on numbers; both kinds of parameters mixed are refused."""
    kwargs.pop("name", None)
    arrays = [isinstance(v, NDArray) for v in values]
    if any(arrays):
        if not all(arrays):
            types = ", ".join(str(type(v)) for v in values)
            raise AssertionError(f"Distribution parameters must all have the same type, but got {types}.")
        if kind == "randint":
            raise TypeError("randint takes numbers for its parameters, not arrays")
        op, attrs = registry.get(f"_sample_{kind}"), {}
        inputs = tuple(values)
    else:
        for value in values:
            if not isinstance(value, _NUMBERS):
                raise ValueError("Distribution parameters must be either NDArray or numbers, "
                                 f"but got {type(value)} for {kind}.")
        op, inputs = registry.get(f"_random_{kind}"), ()
        attrs = dict(zip(names, values, strict=True))
        if shape is _Null and out is None:
            shape = (1,)
    if shape is not _Null:
        attrs["shape"] = shape
    if dtype is not _Null:
        attrs["dtype"] = dtype
    return invoke(op, _with_attrs(op, {**attrs, **kwargs}), inputs, out, None, _place(ctx))


def _place(ctx) -> Context:
    if ctx is None:
        return current_context()
    return ctx if isinstance(ctx, Context) else context_of(str(ctx))


@functools.lru_cache(512, typed=True)
def _bound(op, *attrs):
    """An operator with attributes given as names and then values; the same are often asked for again."""
    names = attrs[:len(attrs) // 2]
    return bind(op, dict(zip(names, attrs[len(names):], strict=True)))


def _with_attrs(op, attrs):
    try:
        return _bound(op, *attrs, *attrs.values())
    except TypeError:  # a list cannot be looked up
        return bind(op, attrs)


def _run(name, data, attrs, out):
    op = registry.get(name)
    return invoke(op, _with_attrs(op, attrs) if op.attrs else op.fn, (data,), out, None if op.attrs else attrs)


_functions = samplers(_random, _run)
uniform, normal, randn = _functions["uniform"], _functions["normal"], _functions["randn"]
exponential, gamma, poisson = _functions["exponential"], _functions["gamma"], _functions["poisson"]
negative_binomial = _functions["negative_binomial"]
generalized_negative_binomial = _functions["generalized_negative_binomial"]
randint, multinomial, shuffle = _functions["randint"], _functions["multinomial"], _functions["shuffle"]
