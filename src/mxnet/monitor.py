"""mx.monitor, mx.mon: statistics of what executors compute, to see where numbers go wrong."""

from __future__ import annotations

import logging
import re
from math import sqrt

from . import ndarray
from .ndarray import NDArray

__all__ = ["Monitor"]


def _mean_norm(array: NDArray) -> NDArray:
    return ndarray.norm(array) / sqrt(array.size)


class Monitor:
    """Statistics of what executors compute, of their arguments and auxiliary states, every `interval` batches.

    Also of what hybridized Gluon blocks compute, and of their parameters.

    stat_func: of an NDArray, gives an NDArray or a list of those; by default norm(x) / sqrt(x.size).
    pattern: regular expression; only names that begin so are looked at.  sort: sort statistics by name.
    monitor_all: look at inputs of operators too.

    >>> mod.fit(data, num_epoch=1, monitor=mx.mon.Monitor(100, pattern=".*weight"))
    """

    def __init__(self, interval, stat_func=None, pattern=".*", sort=False, monitor_all=False):
        self.stat_func = _mean_norm if stat_func is None else stat_func
        self.interval = interval
        self.activated = False
        self.queue = []
        self.step = 0
        self.exes = []
        self.re_prog = re.compile(pattern)
        self.sort = sort
        self.monitor_all = monitor_all

    def stat_helper(self, name, array):
        """Take the statistic of one array; executors call it for all that they compute."""
        if isinstance(name, bytes):
            name = name.decode()
        if self.activated and self.re_prog.match(name):
            self.queue.append((self.step, name, self.stat_func(array)))

    def install(self, exe):
        """Look at an executor from now on, or (beyond MXNet) at a Gluon block."""
        if hasattr(exe, "register_op_hook"):
            exe.register_op_hook(lambda name, operator, array: self.stat_helper(name, array), self.monitor_all)
        else:
            exe.set_monitor_callback(self.stat_helper, self.monitor_all)
        self.exes.append(exe)

    def tic(self):
        """Begin a batch: statistics are taken if its turn has come."""
        if self.step % self.interval == 0:
            self.queue = []
            self.activated = True
        self.step += 1

    def toc(self) -> list[tuple[int, str, str]]:
        """End a batch: (step, name, values as text) of everything seen; an empty list if it was not its turn."""
        if not self.activated:
            return []
        for exe in self.exes:
            for name, array in _arrays_of(exe):
                self.stat_helper(name, array)
        self.activated = False
        if self.sort:
            self.queue.sort(key=lambda seen: seen[1])
        texts = [(step, name, _text(name, stat)) for step, name, stat in self.queue]
        self.queue = []
        return texts

    def toc_print(self):
        """End a batch and log what was seen."""
        for step, name, text in self.toc():
            logging.info("Batch: %7d %-30s %s", step, name, text)


def _arrays_of(exe):
    """(name, array) of an executor's arguments and auxiliary states, or of a block's parameters on each context."""
    if hasattr(exe, "register_op_hook"):
        return [(name, array) for name, param in exe.collect_params().items() for array in param.list_data()]
    symbol = exe._symbol
    return [*zip(symbol.list_arguments(), exe.arg_arrays, strict=True),
            *zip(symbol.list_auxiliary_states(), exe.aux_arrays, strict=True)]


def _text(name, stat) -> str:
    stats = [stat] if isinstance(stat, NDArray) else stat
    assert isinstance(stats, list) and all(isinstance(s, NDArray) for s in stats), (
        f"stat_func must return an NDArray or a list of them, got {stat!r} for {name}")
    # str: to format a NumPy scalar is to show a float32 with the digits of a double
    return "".join(str(s.asscalar() if s.shape in ((1,), ()) else s.asnumpy()) + "\t" for s in stats)
