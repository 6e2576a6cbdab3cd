"""The one profiler of the process: whether it runs, what it holds, where that goes."""

import atexit
import os
import threading

from .._state import watch
from ..base import MXNetError
from ._config import Config
from ._recorder import Record, Recorder
from ._stats import Stats
from ._trace import TraceFile

__all__ = ["session"]


class Session:
    """What set_config, set_state, dump and dumps work on."""

    def __init__(self):
        self.config = Config()
        self.running = False
        self.paused = False
        self._has_run = False
        self._recorder: Recorder | None = None
        self._records: list[Record] = []
        self._stats = Stats()
        self._file: TraceFile | None = None  # where records went already
        self._writer: _PeriodicWriter | None = None
        self._lock = threading.RLock()
        self._take_lock = threading.Lock()

    @property
    def active(self) -> bool:
        """Whether what happens now is noted."""
        return self.running and not self.paused

    def take(self, record: Record):
        """Keep a record."""
        with self._take_lock:
            self._records.append(record)
            if self.config.aggregate_stats:
                self._stats.add(record)

    def note(self, record: Record):
        """Keep a record of the user's own, if the profiler runs."""
        if self.active:
            self.take(record)

    def start(self):
        with self._lock:
            if self.running:
                self.resume()
                return
            self._watch()
            self.running, self._has_run = True, True
            if self.config.continuous_dump:
                self._writer = _PeriodicWriter(self.write, self.config.dump_period)

    def stop(self):
        with self._lock:
            if self.running:
                self._unwatch()
                self.running = self.paused = False
            if self._writer is not None:
                self._writer.stop()
                self._writer = None

    def pause(self):
        with self._lock:
            if self.active:
                self._unwatch()
                self.paused = True

    def resume(self):
        with self._lock:
            if self.paused:
                self._watch()
                self.paused = False

    def _watch(self):
        recorder = Recorder(self.config, self.take)
        recorder.begin()
        self._recorder = recorder
        watch.by(recorder)

    def _unwatch(self):
        watch.by(None)
        if self._recorder is not None:
            self._recorder.end()
            self._recorder = None

    def dump(self, finished: bool):
        with self._lock:
            if not self._has_run:
                raise MXNetError("Profiler hasn't been run. Config and start profiler first")
            if finished:
                self.stop()
            elif self._recorder is not None:
                self._recorder.harvest()
            self.write()
            if finished:
                self._file, self._has_run = None, False

    def write(self):
        """Move the records to the file."""
        with self._lock:
            if self._file is None or self._file.filename != self.config.filename:
                self._file = TraceFile(self.config.filename)
            with self._take_lock:
                records, self._records = self._records, []
            self._file.add(records)

    def dumps(self, reset: bool, format: str, sort_by: str, ascending: bool) -> str:
        with self._lock:
            if not self.config.aggregate_stats:
                return ""
            if self._recorder is not None:
                self._recorder.harvest()
            with self._take_lock:
                text = getattr(self._stats, format)(sort_by, ascending)
                if reset:
                    self._stats = Stats()
            return text

    def autostart(self):
        """Run from now on, and write the trace when the program ends."""
        self.start()
        atexit.register(lambda: self.dump(True) if self._has_run else None)


class _PeriodicWriter:
    """Calls `write` every so many seconds, in a thread of its own."""

    def __init__(self, write, period: float):
        self._write, self._period = write, period
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="mx.profiler", daemon=True).start()

    def _run(self):
        while not self._stop.wait(self._period):
            self._write()

    def stop(self):
        self._stop.set()


session = Session()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: watch.by(None))  # workers are not profiled, and have no locks of ours
