"""DataLoader: batches of a dataset, made here, by threads or by processes."""

from __future__ import annotations

import multiprocessing
import multiprocessing.context
import os
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from multiprocessing.pool import ThreadPool
from multiprocessing.reduction import DupFd, ForkingPickler
from typing import Any

import numpy as np
import torch

from ... import context
from ... import ndarray as nd
from ..._state import state
from ...base import MXNetError, torch_dtype
from ...ndarray._wrap import wrap
from . import _shared_memory
from . import sampler as _sampler
from ._gather import gather
from ._late import unfinished
from ._stacking import batchify, collect, on_cpu
from ._worker_pool import WorkerPool

__all__ = ["DataLoader"]


# ---------------------------------------------------------------------------------------------- NDArrays in pickles


def reduce_ndarray(data: nd.NDArray):
    """How multiprocessing pickles an NDArray: its values go to shared memory, except on the way to a new process."""
    raw = data._t.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    if not _shared_memory.AVAILABLE or not data.size or multiprocessing.context.get_spawning_popen() is not None:
        return rebuild_ndarray, (os.getpid(), bytearray(raw), data.shape, data.dtype)
    fd = os.memfd_create("glueball-array")
    try:
        _shared_memory.map_file(fd, raw.nbytes)[:] = raw
        return rebuild_ndarray, (os.getpid(), DupFd(fd), data.shape, data.dtype)
    finally:
        os.close(fd)


def rebuild_ndarray(pid, fd, shape, dtype) -> nd.NDArray:
    """The NDArray that a process `pid` has pickled, on cpu_shared(0)."""
    if isinstance(fd, bytearray):
        return _shared_memory.rebuild(fd, torch_dtype(dtype), shape, nd.NDArray)
    number = fd.detach()
    try:
        memory = _shared_memory.map_file(number, int(np.prod(shape)) * torch_dtype(dtype).itemsize)
    finally:
        os.close(number)
    return _shared_memory.rebuild(memory, torch_dtype(dtype), shape, nd.NDArray)


ForkingPickler.register(nd.NDArray, reduce_ndarray)


# ---------------------------------------------------------------------------------------------- samples to batches


def default_batchify_fn(data):
    """Stack samples: NDArrays and NumPy arrays or numbers along a new first axis, tuples part by part to a list.

    The batch of NumPy arrays has their dtype; that of numbers is what numpy.asarray makes of them, so floats give
    float64.  MXNetError, ValueError if samples differ in shape.
    """
    return batchify(data, False)


def default_mp_batchify_fn(data):
    """As `default_batchify_fn`, on cpu_shared(0): in a worker, in memory that the parent shares."""
    return batchify(data, True)


def _make_batch(samples, batchify_fn, dataset):
    """The batch of some indices."""
    shared = batchify_fn is default_mp_batchify_fn
    if shared or batchify_fn is default_batchify_fn:
        batch = gather(dataset, samples, shared, batchify_fn)
        if batch is not None:
            return batch
        if samples and not state.recording and (shared or on_cpu()):
            return collect(unfinished(dataset, samples), len(samples), shared)
    return batchify_fn([dataset[i] for i in samples])


def _as_in_context(data, ctx):
    """The arrays of a batch, also in lists and tuples, on a context."""
    if isinstance(data, nd.NDArray):
        if ctx.device_type == "cpu_pinned" and torch.cuda.is_available():
            return wrap(data._t.detach().pin_memory(), ctx)
        return data.as_in_context(ctx)
    if isinstance(data, (list, tuple)):
        return [_as_in_context(part, ctx) for part in data]
    return data


# ---------------------------------------------------------------------------------------------- in workers

_worker_dataset: Any = None  # of this process, if multiprocessing.Pool made it with _worker_initializer


def _worker_initializer(dataset, active_shape, active_array):
    """For a multiprocessing.Pool: keep the dataset, which is then pickled once."""
    global _worker_dataset
    _worker_dataset = dataset
    _thread_worker_initializer(active_shape, active_array)


def _worker_fn(samples, batchify_fn, dataset=None):
    """For a multiprocessing.Pool: a batch as bytes, its arrays in shared memory."""
    buffer = BytesIO()
    ForkingPickler(buffer, pickle.HIGHEST_PROTOCOL).dump(_make_batch(samples, batchify_fn, _worker_dataset))
    return buffer.getvalue()


def _thread_worker_initializer(active_shape, active_array):
    """Give a thread the NumPy semantics of the one that made it."""
    state.np_shape, state.np_array = active_shape, active_array


def _thread_worker_fn(samples, batchify_fn, dataset):
    """A batch, made in a thread; MXNetError for what would end the thread, and have everybody wait for its batch."""
    try:
        return _make_batch(samples, batchify_fn, dataset)
    except Exception:
        raise
    except BaseException as error:
        raise MXNetError(f"A DataLoader thread was ended by {error!r}") from error


# ---------------------------------------------------------------------------------------------- iterators


class _MultiWorkerIter:
    """Batches in order, made ahead by a pool: a WorkerPool, multiprocessing.Pool or ThreadPool.

    prefetch: batches under way beside the one that is waited for.  dataset: passed to `worker_fn`, if the pool's
    workers do not have it; what they return is bytes to unpickle otherwise, except from a WorkerPool.
    """

    def __init__(self, worker_pool, batchify_fn, batch_sampler, pin_memory=False, pin_device_id=0,
                 worker_fn=_worker_fn, prefetch=0, dataset=None, data_loader=None, timeout=120):
        self._worker_pool = worker_pool
        self._batchify_fn = batchify_fn
        self._batch_sampler = batch_sampler
        self._data_buffer: dict[int, Any] = {}
        self._rcvd_idx = 0
        self._sent_idx = 0
        self._iter = iter(self._batch_sampler)
        self._worker_fn = worker_fn
        self._pin_memory = pin_memory
        self._pin_device_id = pin_device_id
        self._dataset = dataset
        self._data_loader = data_loader  # its pool must not end before this iterator
        self._timeout = timeout
        self._replaces_workers = (isinstance(worker_pool, multiprocessing.pool.Pool)
                                  and not isinstance(worker_pool, ThreadPool))
        self._workers = _pids(worker_pool) if self._replaces_workers else []
        for _ in range(prefetch):
            self._push_next()

    def __len__(self):
        return len(self._batch_sampler)

    def _push_next(self):
        """Have the next batch made, if there is one."""
        samples = next(self._iter, None)
        if samples is None:
            return
        self._data_buffer[self._sent_idx] = self._worker_pool.apply_async(
            self._worker_fn, (samples, self._batchify_fn, self._dataset))
        self._sent_idx += 1

    def __next__(self):
        self._push_next()
        if self._rcvd_idx == self._sent_idx:
            raise StopIteration
        result = self._data_buffer.pop(self._rcvd_idx)
        self._rcvd_idx += 1
        batch = self._wait(result)
        if self._dataset is None and not isinstance(self._worker_pool, WorkerPool):
            batch = pickle.loads(batch)
        if self._pin_memory:
            batch = _as_in_context(batch, context.cpu_pinned(self._pin_device_id))
        return batch

    def _wait(self, result):
        """What the pool made; multiprocessing.TimeoutError if that takes too long."""
        if self._replaces_workers:
            self._watch(result)
        try:
            return result.get(self._timeout)
        except multiprocessing.TimeoutError:
            if result.ready():
                raise  # from the dataset
            raise multiprocessing.TimeoutError(
                f"Worker timed out after {self._timeout} seconds. This might be caused by a slow transform or batchify "
                "function: then increase `timeout`; or by workers that compete for processors or memory: then reduce "
                "`num_workers`.") from None

    def _watch(self, result):
        """Wait for a multiprocessing.Pool, which replaces a dead worker but forgets what that was doing."""
        end = time.monotonic() + self._timeout
        while not result.ready() and time.monotonic() < end:
            result.wait(min(0.5, self._timeout))
            if _pids(self._worker_pool) != self._workers and not result.ready():
                raise MXNetError("A DataLoader worker exited unexpectedly; its batch is lost")

    next = __next__

    def __iter__(self):
        return self


def _pids(pool) -> list[int]:
    return sorted(process.pid for process in pool._pool)


class DataLoader:
    """Batches of a dataset.

    dataset: a Dataset, or anything with a length and indices: a list, a NumPy array, an NDArray.
    batch_size, shuffle, sampler, last_batch: samples in order, in random order or as `sampler` says, and what becomes
        of the last ones: 'keep' (a smaller batch), 'discard' or 'rollover' (to the next epoch).  Or
    batch_sampler: gives lists of indices.
    batchify_fn: makes a batch of a list of samples; `default_batchify_fn`, or `default_mp_batchify_fn` with workers.
    num_workers: processes that make batches, started now; they live as long as the loader.  Arrays come from them
        in shared memory, on the context cpu_shared(0).  0: batches are made when they are asked for.
    thread_pool: threads instead of processes.
    pin_memory, pin_device_id: copy arrays to the context cpu_pinned(pin_device_id).
    prefetch: batches made ahead, 2 * num_workers if not given.
    timeout: seconds to wait for a batch of a worker, then multiprocessing.TimeoutError.
    auto_reload: begin the next epoch's batches at the end of an epoch, and the first now.

    Workers are forked on Linux, so lambdas will do, unless the program has chosen 'spawn'; they run torch with one
    thread.  An exception in a worker is raised here, its traceback there being its cause; a worker that dies is an
    MXNetError.  Random numbers: see `WorkerPool`; different in each batch and epoch, and the same in each run of a
    seeded program.
    ValueError for arguments that contradict each other.
    """

    def __init__(self, dataset, batch_size: int | None = None, shuffle: bool = False,
                 sampler: Iterable | None = None, last_batch: str | None = None,
                 batch_sampler: Iterable | None = None, batchify_fn: Callable | None = None, num_workers: int = 0,
                 pin_memory: bool = False, pin_device_id: int = 0, prefetch: int | None = None,
                 thread_pool: bool = False, timeout: float = 120, auto_reload: bool = False):
        self._dataset = dataset
        self._pin_memory = pin_memory
        self._pin_device_id = pin_device_id
        self._thread_pool = thread_pool
        self._timeout = timeout
        assert timeout > 0, f"timeout must be positive, given {timeout}"
        self._batch_sampler = _batch_sampler(dataset, batch_size, shuffle, sampler, last_batch, batch_sampler)
        self._num_workers = num_workers if num_workers >= 0 else 0
        self._prefetch = max(0, int(prefetch) if prefetch is not None else 2 * self._num_workers)
        if batchify_fn is None:
            batchify_fn = default_mp_batchify_fn if num_workers > 0 else default_batchify_fn
        self._batchify_fn = batchify_fn
        self._worker_pool: WorkerPool | ThreadPool | None = self._start_workers()
        self.auto_reload = auto_reload
        self._iter: Iterator | None = None
        if auto_reload:
            self.refresh()

    def _start_workers(self):
        if not self._num_workers:
            return None
        if self._thread_pool:
            return ThreadPool(self._num_workers, _thread_worker_initializer, (state.np_shape, state.np_array))
        return WorkerPool(self._num_workers, known=(self._dataset, self._batchify_fn))

    def _prefetch_iter(self) -> Iterator:
        """An iterator over an epoch; with workers, it has begun."""
        if self._num_workers == 0:
            return self._same_process_iter()
        if isinstance(self._worker_pool, WorkerPool) and self._worker_pool.broken:
            self._worker_pool = self._start_workers()
        # a process may end, which its pool notices
        worker_fn = _thread_worker_fn if self._thread_pool else _make_batch
        return _MultiWorkerIter(self._worker_pool, self._batchify_fn, self._batch_sampler, self._pin_memory,
                                self._pin_device_id, worker_fn, self._prefetch, self._dataset, self, self._timeout)

    def _same_process_iter(self):
        for samples in self._batch_sampler:
            batch = _make_batch(samples, self._batchify_fn, self._dataset)
            if self._pin_memory:
                batch = _as_in_context(batch, context.cpu_pinned(self._pin_device_id))
            yield batch

    def __iter__(self):
        if self._iter is None:
            self.refresh()
        batches, self._iter = self._iter, None  # nobody else gets this one
        yield from batches
        if self.auto_reload:
            self.refresh()

    def __len__(self):
        return len(self._batch_sampler)

    def refresh(self):
        """Begin an epoch, which the next `iter` is going to give."""
        self._iter = self._prefetch_iter()

    def clean(self):
        """Forget the epoch that was begun."""
        self._iter = None

    def __del__(self):
        pool = getattr(self, "_worker_pool", None)
        if pool is not None:
            pool.terminate()


def _batch_sampler(dataset, batch_size, shuffle, sampler, last_batch, batch_sampler):
    if batch_sampler is not None:
        if batch_size is not None or shuffle or sampler is not None or last_batch is not None:
            raise ValueError("batch_size, shuffle, sampler and last_batch must not be specified if batch_sampler is "
                             "specified.")
        return batch_sampler
    if batch_size is None:
        raise ValueError("batch_size must be specified unless batch_sampler is specified")
    if sampler is None:
        sampler = _sampler.RandomSampler(len(dataset)) if shuffle else _sampler.SequentialSampler(len(dataset))
    elif shuffle:
        raise ValueError("shuffle must not be specified if sampler is specified")
    return _sampler.BatchSampler(sampler, batch_size, last_batch if last_batch else "keep")


class DataLoaderV1(DataLoader):
    """The loader of MXNet 1.3 and before: workers for each epoch, and arrays on cpu(0)."""

    def __init__(self, dataset, batch_size=None, shuffle=False, sampler=None, last_batch=None, batch_sampler=None,
                 batchify_fn=None, num_workers=0, pin_memory=False, pin_device_id=0):
        super().__init__(dataset, batch_size, shuffle, sampler, last_batch, batch_sampler, batchify_fn, num_workers,
                         pin_memory, pin_device_id)

    def __iter__(self):
        for batch in super().__iter__():
            yield batch if self._pin_memory else _as_in_context(batch, context.cpu(0))
