"""Densities of the distributions that `random` samples: `_random_pdf_*`.

They are composed of differentiable torch functions; what MXNet does not differentiate (the sample of a discrete
distribution) gets a gradient of zeros.
"""

import math

import torch
from torch import Tensor

from ..base import MXNetError
from ._shapes import fit, rule
from .registry import register

__all__ = ["pdf_dirichlet", "pdf_exponential", "pdf_gamma", "pdf_generalized_negative_binomial",
           "pdf_negative_binomial", "pdf_normal", "pdf_poisson", "pdf_uniform"]


# ------------------------------------------------------------------------------ parameters beside their samples


@rule
def _as_sample(attrs, sample, *parameters):
    fit(all(p == sample[:len(p)] for p in parameters))
    return [sample]


@rule
def _without_last(attrs, sample, alpha):
    fit(len(sample) > 0, len(alpha) > 0, alpha == (*sample[:len(alpha) - 1], sample[-1]))
    return [sample[:-1] or (1,)]


_PDF = {"output_shapes": _as_sample}


def _spread(name: str, sample: Tensor, *parameters: Tensor) -> list[Tensor]:
    """Sample and parameters, these with axes of size 1 for what the sample has behind their shape."""
    _check_dtypes(name, sample, *parameters)
    rank = parameters[0].dim()
    for each in parameters:
        if each.shape != sample.shape[:rank] or each.dim() != rank:
            raise MXNetError(f"{name}: parameters must have one shape that the sample's starts with, got "
                             f"{', '.join(str(tuple(p.shape)) for p in parameters)} for {tuple(sample.shape)}")
    parameters = [p.reshape(p.shape + (1,) * (sample.dim() - rank)) for p in parameters]
    return [_wide(sample), *map(_wide, parameters)]


def _check_dtypes(name: str, sample: Tensor, *parameters: Tensor) -> None:
    if not sample.is_floating_point() or any(p.dtype != sample.dtype for p in parameters):
        shown = ", ".join(str(t.dtype)[6:] for t in (sample, *parameters))
        raise MXNetError(f"{name}: sample and parameters must be of one floating point type, got {shown}")


def _wide(value: Tensor) -> Tensor:
    """Half precision is too short for what cancels in a logarithm of a density."""
    return value.float() if value.dtype == torch.float16 else value


def _counts(sample: Tensor) -> Tensor:
    """The same numbers, through which flows a gradient of zeros."""
    return sample.detach() + 0 * sample.sign()


def _finish(log_density: Tensor, is_log: bool, like: Tensor) -> Tensor:
    return (log_density if is_log else log_density.exp()).to(like.dtype)


# ------------------------------------------------------------------------------ continuous distributions


@register("_random_pdf_uniform", "random_pdf_uniform", **_PDF)
def pdf_uniform(sample: Tensor, low: Tensor, high: Tensor, *, is_log: bool = False) -> Tensor:
    """The density 1 / (high - low) of uniform distributions; like MXNet's, also outside of [low, high].

    low, high: one shape, which the shape of `sample` starts with; all of one floating dtype, the result's.
    The result has the shape of `sample`.  With is_log the logarithm of the density.
    """
    x, low, high = _spread("random_pdf_uniform", sample, low, high)
    width = high - low + 0 * x.sign()  # of the sample's shape; its gradient is 0
    return (-width.log() if is_log else 1 / width).to(sample.dtype)


@register("_random_pdf_normal", "random_pdf_normal", **_PDF)
def pdf_normal(sample: Tensor, mu: Tensor, sigma: Tensor, *, is_log: bool = False) -> Tensor:
    """The density of normal distributions of mean mu and standard deviation sigma at `sample`.

    mu, sigma: one shape, which the shape of `sample` starts with; all of one floating dtype, the result's.
    With is_log the logarithm of the density.
    """
    x, mu, sigma = _spread("random_pdf_normal", sample, mu, sigma)
    exponent = -0.5 * ((x - mu) / sigma) ** 2
    scale = math.sqrt(2 * math.pi) * sigma
    return (exponent - scale.log() if is_log else exponent.exp() / scale).to(sample.dtype)


@register("_random_pdf_gamma", "random_pdf_gamma", **_PDF)
def pdf_gamma(sample: Tensor, alpha: Tensor, beta: Tensor, *, is_log: bool = False) -> Tensor:
    """The density of gamma distributions of shape alpha and *rate* beta at `sample` (random_gamma takes a scale).

    alpha, beta: one shape, which the shape of `sample` starts with; all of one floating dtype, the result's.
    With is_log the logarithm of the density.
    """
    x, alpha, beta = _spread("random_pdf_gamma", sample, alpha, beta)
    log_density = alpha * beta.log() + (alpha - 1) * x.log() - beta * x - torch.lgamma(alpha)
    return _finish(log_density, is_log, sample)


@register("_random_pdf_exponential", "random_pdf_exponential", **_PDF)
def pdf_exponential(sample: Tensor, lam: Tensor, *, is_log: bool = False) -> Tensor:
    """The density lam * exp(-lam * x) of exponential distributions of rate lam at `sample`.

    lam: its shape starts the shape of `sample`; both of one floating dtype, the result's.  With is_log the logarithm.
    """
    x, lam = _spread("random_pdf_exponential", sample, lam)
    return (lam.log() - lam * x if is_log else lam * (-lam * x).exp()).to(sample.dtype)


@register("_random_pdf_dirichlet", "random_pdf_dirichlet", output_shapes=_without_last)
def pdf_dirichlet(sample: Tensor, alpha: Tensor, *, is_log: bool = False) -> Tensor:
    """The density of Dirichlet distributions of concentrations alpha at `sample`, points in their last axes.

    sample: (..., k).  alpha: (k,), or with axes before that are the first of the sample's.  Both of one floating
    dtype, the result's.  Returns shape (...), or (1,) for a single point.  With is_log the logarithm of the density.
    """
    name = "random_pdf_dirichlet"
    _check_dtypes(name, sample, alpha)
    if not alpha.dim() or not sample.dim() or alpha.shape != (*sample.shape[:alpha.dim() - 1], sample.shape[-1]):
        raise MXNetError(f"{name}: alpha must have the sample's last axis, and before it some of its first, got "
                         f"{tuple(alpha.shape)} for {tuple(sample.shape)}")
    between = (1,) * (sample.dim() - alpha.dim())
    x, alpha = _wide(sample), _wide(alpha.reshape(*alpha.shape[:-1], *between, alpha.shape[-1]))
    norm = torch.lgamma(alpha.sum(-1)) - torch.lgamma(alpha).sum(-1)
    log_density = ((alpha - 1) * x.log()).sum(-1) + norm
    return _finish(log_density.reshape(log_density.shape or (1,)), is_log, sample)


# ------------------------------------------------------------------------------ distributions of counts


def _log_negative_binomial(x: Tensor, k: Tensor, p: Tensor) -> Tensor:
    choose = torch.lgamma(x + k) - torch.lgamma(x + 1) - torch.lgamma(k)
    return choose + k * p.log() + x * (1 - p).log()


@register("_random_pdf_poisson", "random_pdf_poisson", **_PDF)
def pdf_poisson(sample: Tensor, lam: Tensor, *, is_log: bool = False) -> Tensor:
    """The probability of the counts `sample` under Poisson distributions of mean lam.

    lam: its shape starts the shape of `sample`; both of one floating dtype, the result's.  With is_log the logarithm.
    The gradient to `sample` is 0.
    """
    x, lam = _spread("random_pdf_poisson", sample, lam)
    x = _counts(x)
    return _finish(x * lam.log() - lam - torch.lgamma(x + 1), is_log, sample)


@register("_random_pdf_negative_binomial", "random_pdf_negative_binomial", **_PDF)
def pdf_negative_binomial(sample: Tensor, k: Tensor, p: Tensor, *, is_log: bool = False) -> Tensor:
    """The probability of `sample` failures before the k-th success, each of probability p.

    k, p: one shape, which the shape of `sample` starts with; all of one floating dtype, the result's.
    With is_log the logarithm.  The gradient to `sample` is 0.
    """
    x, k, p = _spread("random_pdf_negative_binomial", sample, k, p)
    return _finish(_log_negative_binomial(_counts(x), k, p), is_log, sample)


@register("_random_pdf_generalized_negative_binomial", "random_pdf_generalized_negative_binomial", **_PDF)
def pdf_generalized_negative_binomial(sample: Tensor, mu: Tensor, alpha: Tensor, *, is_log: bool = False) -> Tensor:
    """The probability of the counts `sample` under negative binomial distributions of mean mu and dispersion alpha.

    mu, alpha: one shape, which the shape of `sample` starts with; all of one floating dtype, the result's.
    With is_log the logarithm.  The gradient to `sample` is 0; an alpha of 0 gives nan.
    """
    x, mu, alpha = _spread("random_pdf_generalized_negative_binomial", sample, mu, alpha)
    log_density = _log_negative_binomial(_counts(x), 1 / alpha, 1 / (mu * alpha + 1))
    return _finish(log_density, is_log, sample)
