"""Samplers: `_random_*` with scalar parameters, `_sample_*` with one draw (or `shape` draws) for each element.

On a CPU the numbers are those of MXNet's own streams (mxnet._rng); on a GPU torch's generator draws.
"""

import math
import threading
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._dtypes import always, drawn
from ._shapes import created, fit, rule
from .creation import sizes
from .registry import DType, Shape, register

_one_at_a_time = threading.Lock()  # a stream that two threads draw from must not come apart
_FLOATS = (torch.float16, torch.float32, torch.float64)


def _float_dtype(op_name: str, dtype: DType | None, default: DType = torch.float32) -> DType:
    if dtype is None:
        return default if default in _FLOATS else torch.float32
    if dtype not in _FLOATS:
        raise MXNetError(f"Invalid Input: {str(dtype)[6:]!r}, valid values are: {{'None', 'float16', 'float32', "
                         f"'float64'}}, in operator {op_name}")
    return dtype


_IN_NUMPY = {t: np.dtype(str(t)[6:]) for t in (*_FLOATS, torch.int32, torch.int64)}


def _tensor(values: np.ndarray, shape) -> Tensor:
    return torch.from_numpy(values if len(shape) == 1 else values.reshape(shape))


# ------------------------------------------------------------------------------ how each distribution is drawn


def _check(ok, op_name: str, text: str, *values):
    if not ok:
        raise MXNetError(f"{text}, got {', '.join(map(str, values))}, in operator {op_name}")


def _gpu_uniform(out, low, high, generator):
    return out.uniform_(0, 1, generator=generator) * (high - low) + low


def _gpu_normal(out, loc, scale, generator):
    return out.normal_(0, 1, generator=generator) * scale + loc


def _gpu_exponential(out, lam, generator):
    return out.exponential_(1, generator=generator) / lam


def _gpu_gamma(out, alpha, beta, generator):
    alpha = torch.as_tensor(alpha, dtype=out.dtype, device=out.device).expand_as(out)
    return torch._standard_gamma(alpha.contiguous(), generator=generator) * beta


def _gpu_poisson(out, lam, generator):
    rate = torch.as_tensor(lam, dtype=out.dtype, device=out.device).expand_as(out)
    return torch.poisson(rate.contiguous(), generator=generator)


def _gpu_negative_binomial(out, k, p, generator):
    return _gpu_poisson(out, _gpu_gamma(out, k, (1 - p) / p, generator), generator)


def _gpu_generalized_negative_binomial(out, mu, alpha, generator):
    mu = torch.as_tensor(mu, dtype=out.dtype, device=out.device)
    alpha = torch.as_tensor(alpha, dtype=out.dtype, device=out.device)
    mixed = _gpu_gamma(out, 1 / alpha.clamp(min=1e-20), alpha * mu, generator)
    return _gpu_poisson(out, torch.where(alpha == 0, mu, mixed), generator)


_ON_GPU = {
    "uniform": _gpu_uniform, "normal": _gpu_normal, "exponential": _gpu_exponential, "gamma": _gpu_gamma,
    "poisson": _gpu_poisson, "negative_binomial": _gpu_negative_binomial,
    "generalized_negative_binomial": _gpu_generalized_negative_binomial,
}


def _draw(kind: str, shape, dtype: DType, device: torch.device, rng, *parameters) -> Tensor:
    """`shape` values of distribution `kind`; parameters are numbers, or tensors that serve their share in turn."""
    if state.solver is not None:
        return torch.empty(shape, dtype=dtype, device=device)  # a shape inference draws nothing
    if device.type == "cpu":
        values = [p.detach().numpy() if isinstance(p, Tensor) else p for p in parameters]
        with _one_at_a_time:
            drawn = getattr(rng, kind)(math.prod(shape), _IN_NUMPY[dtype], *values)
        return _tensor(drawn, shape)
    spread = [p.reshape(p.shape + (1,) * (len(shape) - p.dim())) if isinstance(p, Tensor) else p for p in parameters]
    return _ON_GPU[kind](torch.empty(shape, dtype=dtype, device=device), *spread, rng.torch(device))


# ------------------------------------------------------------------------------ scalar parameters


# kind -> what its numbers must fulfil, each with the message otherwise
_DEMANDS = {
    "uniform": [(lambda low, high: high >= low, "low must be less or equal to high in uniform distribution")],
    "normal": [(lambda loc, scale: scale > 0, "scale parameter in gaussian has to be positive")],
    "gamma": [(lambda alpha, beta: alpha > 0, "alpha parameter in gamma distribution has to be positive"),
              (lambda alpha, beta: beta > 0, "beta parameter in gamma distribution has to be positive")],
    "exponential": [(lambda lam: lam > 0, "lambda parameter in exponential distribution has to be positive")],
    "poisson": [(lambda lam: lam >= 0, "lambda parameter in poisson distribution has to be non-negative")],
    "negative_binomial": [(lambda k, p: k >= 0, "k must not be negative"),
                          (lambda k, p: p >= 0, "p must not be negative")],
    "generalized_negative_binomial": [(lambda mu, alpha: mu >= 0 and alpha >= 0, "mu and alpha must not be negative")],
}


def _demand(kind: str, op_name: str, parameters: tuple[float, ...]) -> None:
    """MXNetError unless these numbers are parameters of the distribution."""
    for fulfilled, text in _DEMANDS[kind]:
        _check(fulfilled(*parameters), op_name, text, *parameters)


def _by_numbers(kind: str, shape: Shape, dtype: DType | None, device, rng, *parameters: float) -> Tensor:
    op_name = f"_random_{kind}"
    _demand(kind, op_name, parameters)
    return _draw(kind, sizes(op_name, shape), _float_dtype(op_name, dtype), device, rng, *parameters)


@register("_random_uniform", "random_uniform", "uniform", output_shapes=created)
def random_uniform(*, low: float = 0.0, high: float = 1.0, shape: Shape = (), ctx: str = "",
                   dtype: DType | None = None, _rng=None, _device=None) -> Tensor:
    """Draw from the uniform distribution on [low, high).  Returns `shape` values, float32 unless `dtype`."""
    return _by_numbers("uniform", shape, dtype, _device, _rng, low, high)


@register("_random_normal", "random_normal", "normal", output_shapes=created)
def random_normal(*, loc: float = 0.0, scale: float = 1.0, shape: Shape = (), ctx: str = "",
                  dtype: DType | None = None, _rng=None, _device=None) -> Tensor:
    """Draw from the normal distribution of mean `loc` and standard deviation `scale` > 0."""
    return _by_numbers("normal", shape, dtype, _device, _rng, loc, scale)


@register("_random_gamma", "random_gamma", output_shapes=created)
def random_gamma(*, alpha: float = 1.0, beta: float = 1.0, shape: Shape = (), ctx: str = "",
                 dtype: DType | None = None, _rng=None, _device=None) -> Tensor:
    """Draw from the gamma distribution of shape `alpha` > 0 and scale `beta` > 0."""
    return _by_numbers("gamma", shape, dtype, _device, _rng, alpha, beta)


@register("_random_exponential", "random_exponential", output_shapes=created)
def random_exponential(*, lam: float = 1.0, shape: Shape = (), ctx: str = "", dtype: DType | None = None,
                       _rng=None, _device=None) -> Tensor:
    """Draw from the exponential distribution of rate `lam` > 0."""
    return _by_numbers("exponential", shape, dtype, _device, _rng, lam)


@register("_random_poisson", "random_poisson", output_shapes=created)
def random_poisson(*, lam: float = 1.0, shape: Shape = (), ctx: str = "", dtype: DType | None = None,
                   _rng=None, _device=None) -> Tensor:
    """Draw from the Poisson distribution of mean `lam` >= 0; the counts come as floats."""
    return _by_numbers("poisson", shape, dtype, _device, _rng, lam)


@register("_random_negative_binomial", "random_negative_binomial", output_shapes=created)
def random_negative_binomial(*, k: int = 1, p: float = 1.0, shape: Shape = (), ctx: str = "",
                             dtype: DType | None = None, _rng=None, _device=None) -> Tensor:
    """Draw failures before the `k`-th success of probability `p`; the counts come as floats."""
    return _by_numbers("negative_binomial", shape, dtype, _device, _rng, k, p)


@register("_random_generalized_negative_binomial", "random_generalized_negative_binomial", output_shapes=created)
def random_generalized_negative_binomial(*, mu: float = 1.0, alpha: float = 1.0, shape: Shape = (), ctx: str = "",
                                         dtype: DType | None = None, _rng=None, _device=None) -> Tensor:
    """Draw from the negative binomial distribution of mean `mu` and dispersion `alpha`."""
    return _by_numbers("generalized_negative_binomial", shape, dtype, _device, _rng, mu, alpha)


@register("_random_randint", "random_randint", types=drawn(torch.int32), output_shapes=created)
def random_randint(*, low: int, high: int, shape: Shape = (), ctx: str = "", dtype: DType | None = None,
                   _rng=None, _device=None) -> Tensor:
    """Draw integers of [low, high), int32 unless dtype='int64'."""
    dtype = torch.int32 if dtype is None else dtype
    if dtype not in (torch.int32, torch.int64):
        raise MXNetError(f"Invalid Input: {str(dtype)[6:]!r}, valid values are: {{'None', 'int32', 'int64'}}, "
                         "in operator _random_randint")
    _check(low < high, "_random_randint", "randint needs low < high", low, high)
    sizes("_random_randint", shape)
    if state.solver is not None:
        return torch.empty(shape, dtype=dtype, device=_device)
    if _device.type != "cpu":
        return torch.randint(low, high, shape, dtype=dtype, device=_device, generator=_rng.torch(_device))
    with _one_at_a_time:
        drawn = _rng.randint(math.prod(shape), low, high, _IN_NUMPY[dtype])
    return _tensor(drawn, shape)


# ------------------------------------------------------------------------------ one parameter set an element


_DRAWN = drawn(torch.float32)


def _sample(kind: str, shape: Shape, dtype: DType | None, rng, *parameters: Tensor) -> Tensor:
    """`shape` draws (default one) for each element of the parameters, which must have one shape."""
    op_name, first = f"_sample_{kind}", parameters[0]
    for other in parameters[1:]:
        _check(other.shape == first.shape, op_name, "distribution parameters must have equal shapes",
               tuple(first.shape), tuple(other.shape))
        _check(other.dtype == first.dtype, op_name, "distribution parameters must have equal dtypes",
               first.dtype, other.dtype)
    _check(0 not in shape, op_name, "shape must not be empty", shape)
    out_dtype = _float_dtype(op_name, dtype)
    return _draw(kind, (*first.shape, *shape), out_dtype, first.device, rng, *parameters)


@rule
def _sample_outputs(attrs, *parameters):
    first, *rest = parameters
    fit(all(shape == first for shape in rest))
    return [(*first, *attrs["shape"])]


@register("_sample_uniform", "sample_uniform", types=_DRAWN, output_shapes=_sample_outputs)
def sample_uniform(low: Tensor, high: Tensor, *,
                   shape: Shape = (), dtype: DType | None = None, _rng=None) -> Tensor:
    """Draw from uniform distributions on [low, high); returns parameters' shape + `shape`."""
    return _sample("uniform", shape, dtype, _rng, low, high)


@register("_sample_normal", "sample_normal", types=_DRAWN, output_shapes=_sample_outputs)
def sample_normal(mu: Tensor, sigma: Tensor, *,
                  shape: Shape = (), dtype: DType | None = None, _rng=None) -> Tensor:
    """Draw from normal distributions of mean mu and standard deviation sigma; returns parameters' shape + `shape`."""
    return _sample("normal", shape, dtype, _rng, mu, sigma)


@register("_sample_gamma", "sample_gamma", types=_DRAWN, output_shapes=_sample_outputs)
def sample_gamma(alpha: Tensor, beta: Tensor, *,
                 shape: Shape = (), dtype: DType | None = None, _rng=None) -> Tensor:
    """Draw from gamma distributions of shape alpha and scale beta; returns parameters' shape + `shape`."""
    return _sample("gamma", shape, dtype, _rng, alpha, beta)


@register("_sample_exponential", "sample_exponential", types=_DRAWN, output_shapes=_sample_outputs)
def sample_exponential(lam: Tensor, *, shape: Shape = (), dtype: DType | None = None, _rng=None) -> Tensor:
    """Draw from exponential distributions of rate lam; returns parameters' shape + `shape`."""
    return _sample("exponential", shape, dtype, _rng, lam)


@register("_sample_poisson", "sample_poisson", types=_DRAWN, output_shapes=_sample_outputs)
def sample_poisson(lam: Tensor, *, shape: Shape = (), dtype: DType | None = None, _rng=None) -> Tensor:
    """Draw from Poisson distributions of mean lam; returns parameters' shape + `shape`."""
    return _sample("poisson", shape, dtype, _rng, lam)


@register("_sample_negative_binomial", "sample_negative_binomial", types=_DRAWN, output_shapes=_sample_outputs)
def sample_negative_binomial(k: Tensor, p: Tensor, *,
                             shape: Shape = (), dtype: DType | None = None, _rng=None) -> Tensor:
    """Draw failures before k successes of probability p; returns parameters' shape + `shape`."""
    return _sample("negative_binomial", shape, dtype, _rng, k, p)


@register("_sample_generalized_negative_binomial", "sample_generalized_negative_binomial", types=_DRAWN,
          output_shapes=_sample_outputs)
def sample_generalized_negative_binomial(mu: Tensor, alpha: Tensor, *,
                                         shape: Shape = (), dtype: DType | None = None, _rng=None) -> Tensor:
    """Draw from negative binomial distributions by mean and dispersion; returns parameters' shape + `shape`."""
    return _sample("generalized_negative_binomial", shape, dtype, _rng, mu, alpha)


# ------------------------------------------------------------------------------ in the shape of an array


def _like(kind: str, data: Tensor, rng, *parameters: float) -> Tensor:
    op_name = f"_random_{kind}_like"
    _check(data.is_floating_point(), op_name, "values are drawn in floating types", data.dtype)
    _demand(kind, op_name, parameters)
    return _draw(kind, tuple(data.shape), _float_dtype(op_name, None, data.dtype), data.device, rng, *parameters)


@register("_random_uniform_like", same_shape=True)
def random_uniform_like(data: Tensor, *, low: float = 0.0, high: float = 1.0, _rng=None) -> Tensor:
    """Draw from a uniform distribution on [low, high), in the shape and dtype of `data`."""
    return _like("uniform", data, _rng, low, high)


@register("_random_normal_like", same_shape=True)
def random_normal_like(data: Tensor, *, loc: float = 0.0, scale: float = 1.0, _rng=None) -> Tensor:
    """Draw from a normal distribution of mean loc and standard deviation scale, in the shape and dtype of `data`."""
    return _like("normal", data, _rng, loc, scale)


@register("_random_gamma_like", same_shape=True)
def random_gamma_like(data: Tensor, *, alpha: float = 1.0, beta: float = 1.0, _rng=None) -> Tensor:
    """Draw from a gamma distribution of shape alpha and scale beta, in the shape and dtype of `data`."""
    return _like("gamma", data, _rng, alpha, beta)


@register("_random_exponential_like", same_shape=True)
def random_exponential_like(data: Tensor, *, lam: float = 1.0, _rng=None) -> Tensor:
    """Draw from an exponential distribution of rate lam, in the shape and dtype of `data`."""
    return _like("exponential", data, _rng, lam)


@register("_random_poisson_like", same_shape=True)
def random_poisson_like(data: Tensor, *, lam: float = 1.0, _rng=None) -> Tensor:
    """Draw from a Poisson distribution of mean lam, in the shape and dtype of `data`."""
    return _like("poisson", data, _rng, lam)


@register("_random_negative_binomial_like", same_shape=True)
def random_negative_binomial_like(data: Tensor, *, k: int = 1, p: float = 1.0, _rng=None) -> Tensor:
    """Draw failures before k successes of probability p, in the shape and dtype of `data`."""
    return _like("negative_binomial", data, _rng, k, p)


@register("_random_generalized_negative_binomial_like", same_shape=True)
def random_generalized_negative_binomial_like(data: Tensor, *, mu: float = 1.0, alpha: float = 1.0,
                                              _rng=None) -> Tensor:
    """Draw from a negative binomial distribution of mean mu and dispersion alpha, in the shape and dtype of `data`."""
    return _like("generalized_negative_binomial", data, _rng, mu, alpha)


# ------------------------------------------------------------------------------ choosing


@rule
def _choice_outputs(attrs, data):
    fit(len(data) in (1, 2), 0 not in data)
    return [(*data[:-1], *attrs["shape"]) or (1,)] * (2 if attrs["get_prob"] else 1)


@register("_sample_multinomial", "sample_multinomial", output_shapes=_choice_outputs,
          types=lambda attrs, data: ([data], [getattr(torch, attrs["dtype"]), data][:1 + attrs["get_prob"]]),
          num_outputs=lambda a: 2 if a["get_prob"] else 1)
def sample_multinomial(data: Tensor, *, shape: Shape = (), get_prob: bool = False,
                       dtype: Literal["float16", "float32", "float64", "int32", "uint8"] = "int32", _rng=None):
    """Draw categories by the probabilities in the last axis of `data` (k,) or (n, k).

    Returns `shape` indices (default one) for each row; with get_prob also the log likelihood of each draw, through
    which gradients flow to `data` (REINFORCE).
    """
    _check(data.is_floating_point(), "_sample_multinomial", "probabilities must be floating point", data.dtype)
    draws = math.prod(shape)
    k = data.shape[-1]
    rows = data.reshape(-1, k)
    if state.solver is not None:
        index = torch.empty((rows.shape[0], draws), dtype=torch.int64, device=data.device)
    elif data.device.type == "cpu":
        with _one_at_a_time:
            index = torch.from_numpy(_rng.multinomial(rows.detach().numpy(), draws))
    else:
        index = torch.multinomial(rows.detach(), draws, replacement=True, generator=_rng.torch(data.device))
    out_shape = (*data.shape[:-1], *shape) or (1,)
    samples = index.reshape(out_shape).to(getattr(torch, dtype))
    if not get_prob:
        return samples
    chosen = rows.gather(1, index.clamp(max=k - 1))
    return samples, chosen.clamp(min=torch.finfo(data.dtype).tiny).log().reshape(out_shape)


@register("_shuffle", "shuffle", same_shape=True)
def shuffle(data: Tensor, *, _rng=None) -> Tensor:
    """A copy of `data` with its first axis in random order."""
    n = data.shape[0]
    if state.solver is not None:
        return data.clone()
    if data.device.type == "cpu":
        with _one_at_a_time:
            order = torch.from_numpy(_rng.permutation(n, rows=data.dim() > 1))
    else:
        order = torch.randperm(n, device=data.device, generator=_rng.torch(data.device))
    return data.index_select(0, order)


@register("_sample_unique_zipfian", num_outputs=2, types=always(torch.int64, torch.int64),
          output_shapes=lambda attrs, inputs: [attrs["shape"], attrs["shape"][:1]])
def sample_unique_zipfian(*, range_max: int, shape: Shape = (1,), _rng=None, _device=None):
    """Draw different log-uniform integers of [0, range_max), and the tries each row took.  shape is (rows, n)."""
    _check(len(shape) == 2, "_sample_unique_zipfian", "shape must be (rows, n)", shape)
    rows, n = shape
    if state.solver is not None:
        return tuple(torch.empty(size, dtype=torch.int64, device=_device) for size in (shape, (rows,)))
    with _one_at_a_time:
        samples, tries = _rng.unique_zipfian(rows, n, range_max)
    return _tensor(samples, shape).to(_device), _tensor(tries, (rows,)).to(_device)
