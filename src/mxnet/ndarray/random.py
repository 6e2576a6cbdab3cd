"""nd.random: samplers whose parameters are numbers or NDArrays."""


import torch

from ..base import MXNetError, _Null, numeric_types
from ..context import current_context
from ..ops import registry
from ._array import NDArray
from ._wrap import bind, invoke
from .op import functions

_NUMBERS = (*numeric_types, torch.SymInt, torch.SymFloat)  # a size may be unknown yet (gluon.deferred)

globals().update(_functions := functions("random"))  # uniform_like, normal_like, ...

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
        op, attrs = registry.get(f"_sample_{kind}"), {}
        inputs = tuple(values)
        if ctx is not None and ctx != inputs[0]._ctx:
            raise MXNetError(f"{kind}: parameters are on {inputs[0]._ctx}, but ctx={ctx} was asked for")
    else:
        for value in values:
            if not isinstance(value, _NUMBERS):
                raise ValueError("Distribution parameters must be either NDArray or numbers, "
                                 f"but got {type(value)} for {kind}.")
        op, inputs = registry.get(f"_random_{kind}"), ()
        attrs = dict(zip(names, values, strict=True))
    if out is not None:
        shape = (out.shape[values[0].ndim:] if any(arrays) else out.shape) if shape is _Null else shape
        dtype = out.dtype if dtype is _Null else dtype
    if shape is not _Null and shape is not None:
        attrs["shape"] = shape
    if dtype is not _Null and dtype is not None:
        attrs["dtype"] = dtype
    return invoke(op, bind(op, {**attrs, **kwargs}), inputs, out, None, ctx or current_context())


def uniform(low=0, high=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Uniform on [low, high); numbers, or arrays with `shape` draws for each element."""
    return _random("uniform", ("low", "high"), (low, high), shape, dtype, ctx, out, kwargs)


def normal(loc=0, scale=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Normal of mean loc and standard deviation scale; numbers, or arrays with `shape` draws for each element."""
    return _random("normal", ("loc", "scale"), (loc, scale), shape, dtype, ctx, out, kwargs)


def randn(*shape, **kwargs):
    """Normal values of the shape given by the arguments: randn(2, 3, loc=0, scale=1)."""
    loc, scale = kwargs.pop("loc", 0), kwargs.pop("scale", 1)
    dtype, ctx, out = kwargs.pop("dtype", _Null), kwargs.pop("ctx", None), kwargs.pop("out", None)
    return _random("normal", ("loc", "scale"), (loc, scale), shape or _Null, dtype, ctx, out, kwargs)


def exponential(scale=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Exponential of mean `scale` (rate 1 / scale)."""
    return _random("exponential", ("lam",), (1.0 / scale,), shape, dtype, ctx, out, kwargs)


def gamma(alpha=1, beta=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Gamma of shape alpha and scale beta."""
    return _random("gamma", ("alpha", "beta"), (alpha, beta), shape, dtype, ctx, out, kwargs)


def poisson(lam=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Poisson of mean lam, as floats."""
    return _random("poisson", ("lam",), (lam,), shape, dtype, ctx, out, kwargs)


def negative_binomial(k=1, p=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Failures before the k-th success of probability p, as floats."""
    return _random("negative_binomial", ("k", "p"), (k, p), shape, dtype, ctx, out, kwargs)


def generalized_negative_binomial(mu=1, alpha=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Negative binomial of mean mu and dispersion alpha, as floats."""
    return _random("generalized_negative_binomial", ("mu", "alpha"), (mu, alpha), shape, dtype, ctx, out, kwargs)


def multinomial(data, shape=_Null, get_prob=False, out=None, dtype="int32", **kwargs):
    """Categories drawn by the probabilities in the last axis of `data`; with get_prob also their log likelihood."""
    op = registry.get("_sample_multinomial")
    attrs = {"get_prob": get_prob, "dtype": dtype, **kwargs}
    if shape is not _Null:
        attrs["shape"] = shape
    return invoke(op, bind(op, attrs), (data,), out)


def randint(low, high, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
    """Integers of [low, high), int32 or int64."""
    return _random("randint", ("low", "high"), (low, high), shape, dtype, ctx, out, kwargs)


def shuffle(data, **kwargs):
    """A copy of `data` with its first axis in random order."""
    op = registry.get("_shuffle")
    return invoke(op, op.fn, (data,), kwargs.pop("out", None), kwargs)


