"""Timing that survives a noisy machine: rivals take turns in short rounds, and only ratios within a run count."""

import ctypes
import statistics
import time

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # names of malloc.h


def calls_for(step, seconds=0.02, wait=None, clock=time.perf_counter):
    """How many calls of `step` fill about `seconds`."""
    measure(step, 1, wait, clock)
    calls = 1
    while True:
        took = measure(step, calls, wait, clock) * calls
        if took > seconds / 4:
            return max(1, int(calls * seconds / took))
        calls *= 4


def measure(step, calls, wait=None, clock=time.perf_counter):
    """Seconds per call over `calls` calls in a row; time.process_time counts those that this process computes."""
    start = clock()
    for _ in range(calls):
        step()
    if wait is not None:
        wait()
    return (clock() - start) / calls


def summary(times):
    """(median, spread): the spread is the interquartile range over the median."""
    ordered = sorted(times)
    median = statistics.median(ordered)
    quarter = len(ordered) // 4
    return median, (ordered[-1 - quarter] - ordered[quarter]) / median


def keep_memory():
    """Let this process keep the memory that it frees, where glibc is: new pages take longer than most operators."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
