"""What the profiler notes while it runs: operators as they come, from torch what happens below them and backward."""

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Literal

__all__ = ["Record", "Recorder"]

OPERATOR, USER_OPERATOR, TORCH, MEMORY = "operator", "Custom Operator", "PyTorch", "Device Storage"

_MARK = "mxnet#"  # how a record's number is called in torch's trace
_BACKWARD = "autograd::engine::evaluate_function: "
_MEMORY_EVENT = "[memory]"

now = time.time_ns


@dataclass(slots=True)
class Record:
    """Something that took time (`span`), had a value (`counter`) or simply happened (`marker`); nanoseconds.

    scope: of a marker, process, thread, ...
    """

    kind: Literal["span", "counter", "marker"]
    category: str
    name: str
    start: int
    end: int = 0
    value: int = 0
    thread: int = 0
    scope: str = ""


class _UserCode(threading.local):
    """The user's operator that this thread is in, and how long its operators took."""

    name = None
    spent = 0


class Recorder:
    """The observer of all operators while the profiler runs, and torch's profiler beside it.

    take: called with each Record.
    """

    def __init__(self, config, take):
        from torch._C._profiler import _RecordFunctionFast

        self._config, self._take = config, take
        self._mark = _RecordFunctionFast
        self._user_code = _UserCode()
        self._torch = None
        self._marked: list[Record] = []
        self._in_use = 0  # bytes, since the profiler runs
        self._thread = threading.get_ident()
        self._lock = threading.Lock()

    # ------------------------------------------------------------------------------------- operators

    def run(self, op_name: str, fn, args, kwargs):
        """fn(*args, **kwargs), noted as a run of an operator."""
        if not self._config.operators:
            return fn(*args, **kwargs)
        owner = self._user_code.name
        record = Record("span", OPERATOR, op_name, 0, thread=threading.get_ident())
        if owner is not None:
            record.category, record.name = USER_OPERATOR, f"{owner}::{op_name}"
        with self._lock:
            number = len(self._marked)
            self._marked.append(record)
        with self._mark(f"{_MARK}{number}"):
            record.start = now()
            try:
                return fn(*args, **kwargs)
            finally:
                record.end = now()
                self._user_code.spent += record.end - record.start
                self._take(record)

    @contextlib.contextmanager
    def user_code(self, name: str):
        """While a user's operator runs: its own time is what its operators leave of it."""
        own = self._user_code
        before = own.name, own.spent
        own.name, own.spent = name, 0
        start = now()
        try:
            yield
        finally:
            end, spent = now(), own.spent
            own.name, own.spent = before
            self._take(Record("span", USER_OPERATOR, f"{name}::pure_python", start + spent, end,
                              thread=threading.get_ident()))

    # ----------------------------------------------------------------------------- what torch tells

    def begin(self):
        """Start torch's profiler; MXNetError if somebody else runs it."""
        import torch
        from torch._C._profiler import _ExperimentalConfig
        from torch.profiler import ProfilerActivity, profile

        from ..base import MXNetError

        if torch.autograd._profiler_enabled():
            raise MXNetError("torch's profiler, which mx.profiler runs, is in use already; stop the other one first")
        activities = [ProfilerActivity.CPU]
        if torch.cuda.is_available():
            activities.append(ProfilerActivity.CUDA)
        # torch tells of memory only where it follows a single thread
        everywhere = _ExperimentalConfig(profile_all_threads=not self._config.memory)
        self._torch = profile(activities=activities, profile_memory=self._config.memory,
                              experimental_config=everywhere)
        self._torch.start()

    def end(self):
        """Stop torch's profiler and take what it saw; only in the thread that began."""
        if self._torch is None or threading.get_ident() != self._thread:
            return
        self._torch.stop()
        results = self._torch.profiler.kineto_results
        self._torch = None
        with self._lock:
            marked, self._marked = self._marked, []
        self._read(sorted(results.events(), key=lambda event: event.start_ns()), marked)

    def harvest(self):
        """Take what torch saw so far."""
        if self._torch is not None and threading.get_ident() == self._thread:
            self.end()
            self.begin()

    def _read(self, events, marked: list[Record]):
        threads = _Threads(marked)
        backward: list = []
        for event in events:
            name = event.name()
            if name.startswith(_MARK):
                threads.enter(event, int(name[len(_MARK):]))
            elif name == _MEMORY_EVENT:
                self._count_memory(event, threads.shift)
            elif name.startswith(_BACKWARD):
                backward.append(event)
            else:
                threads.note(event)
                if self._config.api and event.duration_ns():
                    self._take(Record("span", TORCH, name, event.start_ns() + threads.shift,
                                      event.end_ns() + threads.shift, thread=threads.ident(event)))
        if self._config.operators:
            self._read_backward(backward, threads)

    def _read_backward(self, events, threads: "_Threads"):
        """A record for each stretch of torch's backward that belongs to one operator."""
        stretches: list[Record] = []
        of = None
        for event in events:
            record = threads.made(event)
            if record is None:
                continue
            if record is not of:
                of = record
                owner, _, name = record.name.rpartition("::")
                stretches.append(Record("span", record.category, f"{owner}::_backward_{name}" if owner
                                        else f"_backward_{name}", event.start_ns() + threads.shift,
                                        thread=threads.ident(event)))
            stretches[-1].end = event.end_ns() + threads.shift
        for stretch in stretches:
            self._take(stretch)

    def _count_memory(self, event, shift: int):
        self._in_use = max(0, self._in_use + event.nbytes())
        device = "cpu" if event.device_type().name == "CPU" else "gpu"
        self._take(Record("counter", MEMORY, f"Memory: {device}/{max(0, event.device_index())}",
                          event.start_ns() + shift, value=self._in_use, thread=self._thread))


class _Threads:
    """Which operators torch's functions belong to: those within whose time in the same thread they ran.

    shift: what to add to torch's times to have ours.
    """

    def __init__(self, marked: list[Record]):
        self._marked = marked
        self._open: dict[int, list] = {}  # torch's thread -> (record, its end in torch's time), innermost last
        self._idents: dict[int, int] = {}
        self._made: dict[tuple[int, int], Record] = {}
        self.shift = 0

    def enter(self, event, number: int):
        if number >= len(self._marked):
            return  # it began while somebody took what there was before
        thread, record = event.start_thread_id(), self._marked[number]
        self.shift = record.start - event.start_ns()
        self._idents[thread] = record.thread
        self._open.setdefault(thread, []).append((record, event.end_ns()))

    def note(self, event):
        """Remember who made a node of torch's graph: the last function that saw the node's number."""
        thread, number = event.start_thread_id(), event.sequence_nr()
        open_ones = self._open.get(thread)
        while open_ones and open_ones[-1][1] < event.start_ns():
            open_ones.pop()
        if number < 0 or event.fwd_thread_id():
            return
        if open_ones:
            self._made[thread, number] = open_ones[-1][0]
        else:
            self._made.pop((thread, number), None)

    def made(self, event) -> Record | None:
        return self._made.get((event.fwd_thread_id(), event.sequence_nr()))

    def ident(self, event) -> int:
        thread = event.start_thread_id()
        return self._idents.get(thread, thread)
