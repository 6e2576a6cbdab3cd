"""Tests of random generators: do their samples look like the distribution they claim?

A generator is a function of n that returns n independent samples as an NDArray or a NumPy array.
"""

import itertools

import numpy as np
import torch

from .compare import _numpy

__all__ = ["chi_square_check", "gen_buckets_probs_with_ppf", "mean_check", "var_check", "verify_generator"]


def gen_buckets_probs_with_ppf(ppf, nbuckets):
    """(buckets, probs): `nbuckets` intervals of equal probability, from a quantile function."""
    edges = [ppf(i / nbuckets) for i in range(nbuckets + 1)]
    return list(itertools.pairwise(edges)), [1.0 / nbuckets] * nbuckets


def mean_check(generator, mu, sigma, nsamples=1000000) -> bool:
    """Whether the samples' mean is within three of its standard deviations, sigma / sqrt(n), of mu."""
    samples = _numpy(generator(nsamples))
    return bool(abs(samples.mean() - mu) < 3 * sigma / np.sqrt(nsamples))


def var_check(generator, sigma, nsamples=1000000) -> bool:
    """Whether the samples' variance is within three of its (normal) standard deviations of sigma ** 2."""
    samples = _numpy(generator(nsamples))
    spread = np.sqrt(2 * sigma ** 4 / (nsamples - 1))
    return bool(abs(samples.var(ddof=1) - sigma ** 2) < 3 * spread)


def chi_square_check(generator, buckets, probs, nsamples=1000000):
    """(p, observed, expected) of Pearson's chi-square test.

    buckets: ascending intervals (low, high) for continuous distributions, or the values of a discrete one;
    probs: the probability of each.  p: how likely a deviation as large as the observed one is; tiny if the
    generator is wrong.
    """
    if len(buckets) != len(probs):
        raise AssertionError(f"{len(buckets)} buckets but {len(probs)} probabilities")
    samples = _numpy(generator(nsamples)).ravel()
    count = _count_intervals if isinstance(buckets[0], (tuple, list)) else _count_values
    observed = count(samples, buckets)
    expected = nsamples * np.asarray(probs, dtype=np.float64)
    statistic = float(((observed - expected) ** 2 / expected).sum())
    half_freedom = torch.tensor((len(buckets) - 1) / 2, dtype=torch.float64)
    p = torch.special.gammaincc(half_freedom, torch.tensor(statistic / 2, dtype=torch.float64))
    return float(p), observed, expected


def _count_intervals(samples, buckets) -> np.ndarray:
    edges = np.array([buckets[0][0], *(high for _, high in buckets)], dtype=np.float64)
    return np.diff([np.count_nonzero(samples < edge) for edge in edges])  # few edges: far cheaper than sorting


def _count_values(samples, values) -> np.ndarray:
    return np.array([np.count_nonzero(samples == v) for v in values])


def verify_generator(generator, buckets, probs, nsamples=1000000, nrepeat=5, success_rate=0.2,
                     alpha=0.05) -> list:
    """The p values of `nrepeat` chi-square tests; AssertionError if too few of them exceed alpha.

    success_rate: the share of tests that must.
    """
    results = [chi_square_check(generator, buckets, probs, nsamples) for _ in range(nrepeat)]
    p_values = [p for p, _, _ in results]
    if sum(p > alpha for p in p_values) < nrepeat * success_rate:
        raise AssertionError(f"Generator test fails, Chi-square p={p_values}, "
                             f"obs_freq={[o for _, o, _ in results]}, expected_freq={results[0][2]}.\n"
                             f"buckets={buckets}, probs={probs}")
    return p_values
