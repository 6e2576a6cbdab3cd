"""Samplers beside those of gluon.data."""

from __future__ import annotations

from ...data import sampler

__all__ = ["IntervalSampler"]


class IntervalSampler(sampler.Sampler):
    """Every `interval`-th of 0 ... length-1: 0, interval, 2 * interval, ...

    rollover: then those from 1 on, from 2 on, and so forth until all have come.  AssertionError if the interval is
    longer than the sequence.
    """

    def __init__(self, length: int, interval: int, rollover: bool = True):
        assert interval <= length, f"Interval {interval} must be smaller than or equal to length {length}"
        self._length = length
        self._interval = interval
        self._rollover = rollover

    def __iter__(self):
        for start in range(self._interval if self._rollover else 1):
            yield from range(start, self._length, self._interval)

    def __len__(self):
        return self._length
