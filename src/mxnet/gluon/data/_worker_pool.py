"""Processes that make batches: a pool that notices when one of them dies, and hands arrays over in shared memory.

multiprocessing.Pool waits for ever for the result of a worker that was killed, and its queues stay locked.  Here each
worker has a pipe of its own, so the others and the parent never depend on it.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
import random
import signal
import sys
import threading
import traceback
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from io import BytesIO
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import torch

from ... import _rng, _rng_state
from ..._state import state
from ...base import MXNetError
from ...context import Context, cpu
from . import _shared_memory

__all__ = ["Result", "WorkerPool", "context"]

_AHEAD = 1 << 14  # bytes of a task that may wait in a busy worker's pipe
_CHECK = 1.0  # seconds between looks at workers that say nothing
_GRACE = 2.0  # seconds that a worker has to end


def context():
    """fork where the platform's MXNet used it, for lambdas and what __main__ defines need no pickling then; spawn if
    the program chose that with multiprocessing.set_start_method."""
    if sys.platform != "linux" or multiprocessing.get_start_method(allow_none=True) == "spawn":
        return multiprocessing.get_context()
    return multiprocessing.get_context("fork")


# ------------------------------------------------------------------------------------------------- random streams


def _digest(value: Any) -> bytes:
    return hashlib.blake2b(pickle.dumps(value, 4), digest_size=16).digest()


def stream_states() -> dict[str, bytes]:
    """What the random streams of this process are at, in short; nothing is drawn from them."""
    return {"random": _digest(random.getstate()), "numpy": _digest(np.random.get_state()),
            "mxnet": _digest(_position()), "torch": _digest(torch.default_generator.get_state().numpy())}


def _position() -> list[tuple[str, bytes]]:
    """Where MXNet's streams are; words that were made in advance follow from it, and their memory holds stale ones."""
    arrays = _rng_state.pack(_rng.get_state())
    return sorted((name, array.tobytes()) for name, array in arrays.items() if not name.endswith(".words"))


def seed_streams(states: dict[str, bytes], number: int):
    """Start this process's random streams from those of the parent and from the number of a task."""
    seeds = {name: _digest(value + number.to_bytes(8, "little")) for name, value in states.items()}
    random.seed(seeds["random"])
    np.random.seed(np.frombuffer(seeds["numpy"], np.uint32))
    _rng.seed(int.from_bytes(seeds["mxnet"][:3], "little"))
    torch.default_generator.manual_seed(int.from_bytes(seeds["torch"][:7], "little"))


# ------------------------------------------------------------------------------------------------- the worker


def _settle(flags: tuple[bool, bool]):
    """Make a new process a worker: one thread, signals as for a child, and of the parent's state its NumPy semantics
    alone, for it may have been recording or on a GPU."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business, which ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    torch.set_num_threads(1)
    os.environ["OPENCV_FOR_THREADS_NUM"] = "1"
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(0)
    state.np_shape, state.np_array = flags
    state.recording = state.training = False
    Context.default_ctx = cpu(0)


def _work(connection, inherited, known, flags, states):
    """The life of a worker: tasks in, results or exceptions out, until the parent says or is gone."""
    for other in inherited:
        other.close()
    _settle(flags)
    arena = _shared_memory.Arena()
    _shared_memory.make_current(arena)
    parent = os.getppid()
    while True:
        try:
            while not connection.poll(_CHECK):
                if os.getppid() != parent:
                    return
            number, returned, task = pickle.loads(connection.recv_bytes())
            arena.returned(returned)
            seed_streams(states, number)
            _run(connection, arena, number, task, known)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _run(connection, arena, number, task, known):
    try:
        function, args = _Unpickler(BytesIO(task), known).load()
        _shared_memory.send(connection, (number, True), function(*args), arena)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        _shared_memory.send(connection, (number, False), _portable(error), arena)


def _portable(error: Exception) -> tuple[Exception, str]:
    """An exception that survives pickling, and its traceback as text."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return MXNetError(f"{type(error).__name__}: {error} (in a DataLoader worker; this class of exception cannot be "
                          "pickled)"), text
    return error, text


class _Pickler(ForkingPickler):
    """Writes a number for each of the objects that the workers have already."""

    def __init__(self, file, known):
        super().__init__(file, 5)
        self._numbers = {id(obj): i for i, obj in enumerate(known)}

    def persistent_id(self, obj):
        return self._numbers.get(id(obj))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, known):
        super().__init__(file)
        self._known = known

    def persistent_load(self, pid):
        return self._known[pid]


# ------------------------------------------------------------------------------------------------- the parent


class _InWorker(Exception):
    """The cause of an exception that came from a worker: its traceback there."""

    def __init__(self, text: str):
        self.text = text

    def __str__(self):
        return f'\n"""\n{self.text}"""'


class Result:
    """What a task will give."""

    def __init__(self):
        self._done = threading.Event()
        self._outcome: Any = None

    def _set(self, outcome: Any):
        self._outcome = outcome
        self._done.set()

    def ready(self) -> bool:
        return self._done.is_set()

    def wait(self, timeout: float | None = None):
        self._done.wait(timeout)

    def get(self, timeout: float | None = None) -> Any:
        """The value, or the exception that was raised instead; multiprocessing.TimeoutError after `timeout` seconds."""
        if not self._done.wait(timeout):
            raise multiprocessing.TimeoutError
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        ok, parcel = self._outcome
        value = parcel.open()
        if ok:
            return value
        error, text = value
        error.__cause__ = _InWorker(text)
        raise error


class _Worker:
    def __init__(self, process, connection):
        self.process, self.connection = process, connection
        self.mappings = _shared_memory.Mappings()
        self.tasks: dict[int, weakref.ref[Result]] = {}  # sent and not answered


class _Core:
    """All of a pool but the handle that its owner holds; the thread keeps it alive."""

    def __init__(self, processes: int, known: Sequence):
        self.owner = os.getpid()
        self.lock = threading.RLock()  # the garbage collector may call terminate anywhere
        self.backlog: deque[tuple[weakref.ref[Result], int, bytes]] = deque()
        self.known = tuple(known)
        self.sent = 0
        self.error: MXNetError | ValueError | None = None  # why no task is taken any more
        self.wake, self.woken = multiprocessing.Pipe()
        self.workers: list[_Worker] = []
        self.start(processes)
        self.thread = threading.Thread(target=self.listen, name="glueball-dataloader", daemon=True)
        self.thread.start()

    def start(self, processes: int):
        ctx = context()
        flags, states = (state.np_shape, state.np_array), stream_states()
        for i in range(processes):
            ours, theirs = ctx.Pipe()
            inherited = ()
            if ctx.get_start_method() == "fork":
                inherited = (ours, self.wake, self.woken, *(worker.connection for worker in self.workers))
            process = ctx.Process(target=_work, args=(theirs, inherited, self.known, flags, states),
                                  name=f"DataLoaderWorker-{i}", daemon=True)
            process.start()
            theirs.close()
            self.workers.append(_Worker(process, ours))

    def submit(self, function: Callable, args: tuple) -> Result:
        result = Result()
        file = BytesIO()
        try:
            _Pickler(file, self.known).dump((function, args))
        except Exception as error:
            result._set(error)
            return result
        with self.lock:
            if self.error is not None:
                result._set(self.error)
            else:
                self.backlog.append((weakref.ref(result), self.sent, file.getvalue()))
                self.sent += 1
                self.hand_out()
        return result

    def hand_out(self):
        """Give tasks to workers: to idle ones, and a short one ahead to each of the others."""
        while self.backlog:
            result, number, task = entry = self.backlog.popleft()
            if result() is None:  # nobody waits for it any more
                continue
            worker = min(self.workers, key=lambda w: len(w.tasks))
            if len(worker.tasks) > (len(task) <= _AHEAD):
                self.backlog.appendleft(entry)
                return
            worker.tasks[number] = result
            try:
                worker.connection.send_bytes(pickle.dumps((number, worker.mappings.take_returned(), task), 5))
            except OSError:  # it is dead, as the listener is about to see
                return

    def listen(self):
        """Take what the workers send, in a thread, until the pool ends or breaks."""
        by_connection = {worker.connection: worker for worker in self.workers}
        while self.error is None:
            ready = wait([self.woken, *by_connection], _CHECK)
            if self.woken in ready:
                break
            for connection in ready:
                try:
                    self.receive(by_connection[connection])
                except Exception as error:  # mostly EOFError; whatever it is, nobody may wait for ever
                    self.fail(by_connection[connection], error)
                    break
            for worker in self.workers if not ready else ():
                if not worker.process.is_alive():
                    self.fail(worker, EOFError())
                    break

    def receive(self, worker: _Worker):
        (number, ok), parcel = worker.mappings.receive(worker.connection)
        with self.lock:
            result = worker.tasks.pop(number, None)  # None: the pool is ending
            waiting = None if result is None else result()
            self.hand_out()
        if waiting is not None:
            waiting._set((ok, parcel))

    def fail(self, worker: _Worker, error: Exception):
        """A worker is dead: everybody who waits is told, and the others end."""
        worker.process.join(_GRACE)
        self.end(MXNetError(_obituary(worker.process, error)))

    def end(self, error: MXNetError | ValueError):
        with self.lock:
            if self.error is None:
                self.error = error
            waiting = [result() for result, *_ in self.backlog]
            waiting += [result() for worker in self.workers for result in worker.tasks.values()]
            self.backlog.clear()
            for worker in self.workers:
                worker.tasks.clear()
        for result in waiting:
            if result is not None:
                result._set(self.error)
        _stop([worker.process for worker in self.workers])

    def terminate(self):
        """End the workers and wait for that."""
        if os.getpid() != self.owner:  # a child of the owner has a copy, but the workers are not its children
            return
        self.wake.send_bytes(b"")
        self.end(ValueError("Pool not running"))
        if threading.current_thread() is not self.thread:
            self.thread.join(_GRACE)
        if not self.thread.is_alive():
            for connection in (self.wake, self.woken, *(worker.connection for worker in self.workers)):
                connection.close()


def _stop(processes: list):
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_GRACE)
        if process.is_alive():
            process.kill()
            process.join(_GRACE)


def _obituary(process, error: Exception) -> str:
    code = process.exitcode
    if code is None:
        how = f"cannot be heard any more: {error!r}"
    elif code >= 0:
        how = f"exited unexpectedly with code {code}"
    else:
        how = f"was killed by {signal.Signals(-code).name}"
    hints = {-signal.SIGKILL: "; the system may have run out of memory",
             -getattr(signal, "SIGBUS", 0): "; the system may have run out of shared memory",
             -signal.SIGSEGV: "; it crashed in native code of the dataset, its transform or batchify_fn"}
    return f"A DataLoader worker (pid {process.pid}) {how}{hints.get(code, '')}"


class WorkerPool:
    """`processes` workers, which live until the pool is terminated or garbage; with the methods of
    multiprocessing.Pool that a DataLoader needs.

    known: objects that tasks refer to, such as the dataset; the workers get them once, when they start.
    A worker that dies makes every outstanding and later result an MXNetError, within about a second.
    For each task, the random streams of `random`, `numpy.random`, `mx.random` and torch start from what they were in
    the parent when the pool was made, and from the number of the task: the same whichever worker does it.
    """

    def __init__(self, processes: int, known: Sequence = ()):
        if not isinstance(processes, int):
            raise TypeError(f"'{type(processes).__name__}' object cannot be interpreted as an integer")
        self._core = _Core(processes, known)
        self._finalizer = weakref.finalize(self, self._core.terminate)

    @property
    def broken(self) -> bool:
        """Whether it takes no tasks any more: a worker died, or the pool was ended."""
        return self._core.error is not None

    @property
    def _pool(self) -> list:
        return [worker.process for worker in self._core.workers]

    def apply_async(self, func: Callable, args: tuple = ()) -> Result:
        """Call func(*args) in a worker."""
        return self._core.submit(func, args)

    def terminate(self):
        """End the workers at once."""
        self._finalizer()

    close = terminate

    def join(self):
        """Wait until the workers have ended."""
        for process in self._pool:
            process.join()
