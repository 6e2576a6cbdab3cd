"""sym.random: samplers whose parameters are numbers or Symbols."""

from typing import TYPE_CHECKING, Any

from .._samplers import SAMPLERS, samplers
from ..base import _Null, numeric_types
from . import _internal
from ._generate import functions
from .symbol import Symbol

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(_like := functions("random"))  # uniform_like, normal_like, ...

__all__ = [*SAMPLERS, *_like]  # noqa: PLE0604


def _random(kind, names, values, shape, dtype, ctx, out, kwargs):
    """`_sample_<kind>` of Symbols or `_random_<kind>` of numbers; both kinds of parameters mixed are refused."""
    symbols = [isinstance(v, Symbol) for v in values]
    kwargs = {**kwargs, "shape": shape, "dtype": dtype}
    if any(symbols):
        if not all(symbols):
            types = ", ".join(str(type(v)) for v in values)
            raise AssertionError(f"Distribution parameters must all have the same type, but got {types}.")
        return getattr(_internal, f"_sample_{kind}")(*values, **kwargs)
    for value in values:
        if not isinstance(value, numeric_types):
            raise ValueError("Distribution parameters must be either Symbol or numbers, "
                             f"but got {type(value)} for {kind}.")
    return getattr(_internal, f"_random_{kind}")(**dict(zip(names, values, strict=True)), **kwargs)


def _run(name, data, attrs, out):
    return getattr(_internal, name)(data, **{k: _Null if v is None else v for k, v in attrs.items()})


globals().update(_samplers := samplers(_random, _run, get_prob=True))


def multinomial(data, shape=_Null, get_prob=True, dtype="int32", **kwargs):
    """Categories drawn by the probabilities in the last axis of `data`; with get_prob also their log likelihood."""
    return _samplers["multinomial"](data, shape, get_prob, dtype=dtype, **kwargs)
