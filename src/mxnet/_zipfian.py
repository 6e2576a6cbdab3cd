"""contrib.rand_zipfian, once for arrays and symbols."""

import math

__all__ = ["rand_zipfian"]


def rand_zipfian(uniform, true_classes, num_sampled: int, range_max: int):
    """See nd.contrib.rand_zipfian; uniform(low, high, shape=, dtype=) draws."""
    log_range = math.log(range_max + 1)
    drawn = uniform(0, log_range, shape=(num_sampled,), dtype="float64")
    sampled = (drawn.exp() - 1).astype("int64") % range_max
    return sampled, *(_expected(classes, log_range, num_sampled) for classes in (true_classes, sampled))


def _expected(classes, log_range: float, count: int):
    """How often each class is expected among `count` draws."""
    classes = classes.astype("float64")
    return ((classes + 2.0) / (classes + 1.0)).log() / log_range * count
