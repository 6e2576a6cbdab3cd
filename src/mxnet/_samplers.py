"""The samplers as users call them, once for mx.nd.random and mx.sym.random: names, defaults and what goes where."""

from collections.abc import Callable

from .base import _Null

__all__ = ["SAMPLERS", "samplers"]

SAMPLERS = ("uniform", "normal", "randn", "exponential", "gamma", "poisson", "negative_binomial",
            "generalized_negative_binomial", "randint", "multinomial", "shuffle")


def samplers(draw: Callable, run: Callable, get_prob: bool = False) -> dict[str, Callable]:
    """The functions of SAMPLERS.

    draw(kind, names, values, shape, dtype, ctx, out, kwargs) takes a distribution whose parameters are numbers, or
    arrays (symbols) with `shape` draws for each element; run(operator, data, attributes, out) any other operator.
    get_prob: what multinomial's is when it is not given.
    """

    def uniform(low=0, high=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Uniform on [low, high); numbers, or arrays with `shape` draws for each element."""
        return draw("uniform", ("low", "high"), (low, high), shape, dtype, ctx, out, kwargs)

    def normal(loc=0, scale=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Normal of mean loc and standard deviation scale; numbers, or arrays with `shape` draws for each element."""
        return draw("normal", ("loc", "scale"), (loc, scale), shape, dtype, ctx, out, kwargs)

    def randn(*shape, **kwargs):
        """Normal values of the shape given by the arguments: randn(2, 3, loc=0, scale=1).

        With `data` (Symbols only) the shape follows from what the values are used with.
        """
        kwargs.pop("data", None)
        loc, scale = kwargs.pop("loc", 0), kwargs.pop("scale", 1)
        dtype, ctx, out = kwargs.pop("dtype", _Null), kwargs.pop("ctx", None), kwargs.pop("out", None)
        return draw("normal", ("loc", "scale"), (loc, scale), shape, dtype, ctx, out, kwargs)

    def exponential(scale=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Exponential of mean `scale` (rate 1 / scale)."""
        return draw("exponential", ("lam",), (1.0 / scale,), shape, dtype, ctx, out, kwargs)

    def gamma(alpha=1, beta=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Gamma of shape alpha and scale beta."""
        return draw("gamma", ("alpha", "beta"), (alpha, beta), shape, dtype, ctx, out, kwargs)

    def poisson(lam=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Poisson of mean lam, as floats."""
        return draw("poisson", ("lam",), (lam,), shape, dtype, ctx, out, kwargs)

    def negative_binomial(k=1, p=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Failures before the k-th success of probability p, as floats."""
        return draw("negative_binomial", ("k", "p"), (k, p), shape, dtype, ctx, out, kwargs)

    def generalized_negative_binomial(mu=1, alpha=1, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Negative binomial of mean mu and dispersion alpha, as floats."""
        return draw("generalized_negative_binomial", ("mu", "alpha"), (mu, alpha), shape, dtype, ctx, out, kwargs)

    def randint(low, high, shape=_Null, dtype=_Null, ctx=None, out=None, **kwargs):
        """Integers of [low, high), int32 or int64."""
        return draw("randint", ("low", "high"), (low, high), shape, dtype, ctx, out, kwargs)

    def multinomial(data, shape=_Null, get_prob=get_prob, out=None, dtype="int32", **kwargs):
        """Categories drawn by the probabilities in the last axis of `data`; with get_prob also their log likelihood."""
        attrs = {"get_prob": get_prob, "dtype": dtype, **kwargs}
        if shape is not _Null and shape is not None:
            attrs["shape"] = shape
        return run("_sample_multinomial", data, attrs, out)

    def shuffle(data, **kwargs):
        """A copy of `data` with its first axis in random order."""
        return run("_shuffle", data, kwargs, kwargs.pop("out", None))

    functions = locals()
    return {name: functions[name] for name in SAMPLERS}
