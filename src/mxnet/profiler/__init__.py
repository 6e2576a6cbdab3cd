"""mx.profiler: where the time goes, by MXNet's operators, on torch.profiler.

    mx.profiler.set_config(profile_all=True, aggregate_stats=True, filename="profile.json")
    mx.profiler.set_state("run")      # or start()
    ...
    mx.profiler.set_state("stop")     # or stop()
    print(mx.profiler.dumps())        # a table of operators
    mx.profiler.dump()                # profile.json, for https://ui.perfetto.dev or chrome://tracing

MXNET_PROFILER_AUTOSTART=1 in the environment starts it with the program and writes the file at its end.  Nothing is
spent on profiling as long as it does not run.
"""

import os
import warnings

from ._config import Config
from ._session import session
from .objects import Counter, Domain, Event, Frame, Marker, Task

__all__ = ["Counter", "Domain", "Event", "Frame", "Marker", "Task", "dump", "dump_profile", "dumps", "pause",
           "profiler_set_config", "profiler_set_state", "resume", "set_config", "set_kvstore_handle", "set_state",
           "start", "stop"]

_FORMATS = ("table", "json")
_SORT_BY = ("total", "avg", "min", "max", "count")


def set_config(**kwargs):
    """Say what to profile; MXNetError for options that there are not.

    filename: of the trace that `dump` writes ('profile.json').
    profile_symbolic, profile_imperative (both True): operators; they are profiled if either is True.
    profile_memory: the memory that torch hands out in the thread that starts the profiler.
    profile_api: the functions of torch that operators call, as the domain 'PyTorch'.
    profile_all: all of these.
    aggregate_stats: keep what `dumps` tells.
    continuous_dump, dump_period: write the trace every so many seconds (1.0), too.
    profile_process: 'worker', or 'server', which is accepted and is the same process.
    """
    _process(kwargs.pop("profile_process", "worker"))
    session.config = Config.parse(kwargs)


def profiler_set_config(mode="symbolic", filename="profile.json"):
    """Deprecated: what to profile ('symbolic', 'imperative', 'api', 'memory' or 'all') and where to write it."""
    warnings.warn("profiler.profiler_set_config() is deprecated. Please use profiler.set_config() instead",
                  stacklevel=2)
    set_config(filename=filename, **{f"profile_{mode}": True})


def set_state(state="stop", profile_process="worker"):
    """'run' or 'stop' (KeyError for anything else)."""
    _process(profile_process)
    {"run": session.start, "stop": session.stop}[state]()


def profiler_set_state(state="stop"):
    """Deprecated: set_state."""
    warnings.warn("profiler.profiler_set_state() is deprecated. Please use profiler.set_state() instead",
                  stacklevel=2)
    set_state(state)


def start(profile_process="worker"):
    """set_state('run')."""
    set_state("run", profile_process)


def stop(profile_process="worker"):
    """set_state('stop')."""
    set_state("stop", profile_process)


def pause(profile_process="worker"):
    """Leave out what happens from here to `resume`."""
    _process(profile_process)
    session.pause()


def resume(profile_process="worker"):
    """Go on after `pause`."""
    _process(profile_process)
    session.resume()


def dump(finished=True, profile_process="worker"):
    """Write the trace to the file of set_config; MXNetError if the profiler has not run since the last one.

    finished: whether that is all; the profiler stops, and the next run begins a new trace.
    """
    _process(profile_process)
    session.dump(finished)


def dump_profile():
    """Deprecated: dump(True)."""
    warnings.warn("profiler.dump_profile() is deprecated. Please use profiler.dump() instead", stacklevel=2)
    dump(True)


def dumps(reset=False, format="table", sort_by="total", ascending=False) -> str:
    """Counts and times of operators and all else, by category; '' without aggregate_stats.

    reset: whether to count anew from here.  format: 'table' or 'json'.  sort_by: 'total', 'avg', 'min', 'max' or
    'count', within a category; counters and memory have no total and are sorted by their last value there.
    """
    assert format in _FORMATS, f"Invalid value provided for format: {format}. Support: 'table', 'json'"
    assert sort_by in _SORT_BY, (f"Invalid value provided for sort_by: {sort_by}. "
                                 "Support: 'total', 'avg', 'min', 'max', 'count'")
    return session.dumps(reset, format, sort_by, ascending)


def set_kvstore_handle(handle):
    """Taken for compatibility: stores run in this process and are profiled with it."""


def _process(name):
    """Check `profile_process`; servers of stores are no processes of their own."""
    {"worker": 0, "server": 1}[name]


if os.environ.get("MXNET_PROFILER_AUTOSTART", "0") not in ("", "0"):
    session.autostart()
