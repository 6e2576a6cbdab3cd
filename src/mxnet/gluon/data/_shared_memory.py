"""How a worker hands arrays to its parent: in blocks of shared memory that go back and forth and are used again.

A worker pickles its result with the arrays left out (pickle's protocol 5); those of some size lie in a block, the
others travel in the message.  The parent maps a block when it sees it first, and returns it once no array uses it.
New pages are the dearest part of a large batch, so blocks that came back are filled again.
"""

from __future__ import annotations

import os
import pickle
import socket
from collections import deque
from io import BytesIO
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import torch

from ...context import Context
from ...ndarray import NDArray
from ...ndarray._wrap import wrap

__all__ = ["Arena", "Mappings", "dumps", "empty", "make_current", "map_file", "rebuild"]

AVAILABLE = hasattr(os, "memfd_create") and hasattr(socket, "send_fds")  # Linux; elsewhere all goes by message

_INLINE = 1 << 16  # bytes up to which an array travels in the message
_SPARE = 3  # blocks that a worker keeps for later
_ALIGNMENT = 64
_FDS_AT_ONCE = 200  # the kernel takes 253


def map_file(fd: int, nbytes: int) -> np.ndarray:
    """The memory of a file descriptor, which may be closed afterwards; a file that is shorter grows."""
    return torch.from_file(f"/proc/self/fd/{fd}", shared=True, size=nbytes, dtype=torch.uint8).numpy()


class _Lease:
    """Stands under an array: when the last view of that is gone, `ended` is called."""

    __slots__ = ("__array_interface__", "_ended", "_memory")

    def __init__(self, memory: np.ndarray, nbytes: int, ended):
        self._memory = memory
        self._ended = ended
        self.__array_interface__ = {"data": memory.__array_interface__["data"], "shape": (nbytes,), "typestr": "|u1",
                                    "version": 3}

    def __del__(self):
        self._ended()


class _Block:
    """Some shared memory of a worker: in use here (leased), at the parent (away), or free."""

    __slots__ = ("away", "fd", "leased", "memory", "number", "tainted")

    def __init__(self, number: int, nbytes: int):
        self.number = number
        self.fd = os.memfd_create("glueball-batch")
        self.memory = map_file(self.fd, nbytes)
        self.away, self.leased, self.tainted = 0, False, False

    @property
    def free(self) -> bool:
        return not self.away and not self.leased

    def _end(self):
        self.leased = False

    def lease(self, nbytes: int) -> np.ndarray:
        self.leased = True
        return np.asarray(_Lease(self.memory, nbytes, self._end))

    @property
    def address(self) -> int:
        return self.memory.__array_interface__["data"][0]


class Arena:
    """The blocks of a worker."""

    def __init__(self):
        self._blocks: dict[int, _Block] = {}
        self._made = 0

    def take(self, nbytes: int) -> np.ndarray:
        """`nbytes` bytes of a block that nobody uses; it is free again when the array is gone and was not sent."""
        fitting = [b for b in self._blocks.values()
                   if b.free and not b.tainted and nbytes <= b.memory.nbytes <= 4 * nbytes]
        if fitting:
            return min(fitting, key=lambda b: b.memory.nbytes).lease(nbytes)
        self._made += 1
        block = self._blocks[self._made] = _Block(self._made, nbytes)
        return block.lease(nbytes)

    def at(self, address: int) -> _Block | None:
        """The block whose memory begins at an address."""
        return next((b for b in self._blocks.values() if b.leased and b.address == address), None)

    def returned(self, numbers: list[int]):
        """The parent has dropped the arrays in these blocks; a negative number says that a fork may have copied it."""
        for number in numbers:
            block = self._blocks[abs(number)]
            block.away -= 1
            block.tainted |= number < 0

    def trim(self) -> list[int]:
        """Let go of blocks that are no good any more; the parent is told their numbers."""
        free = [b for b in self._blocks.values() if b.free]
        spare = [b for b in free if not b.tainted][-_SPARE:]
        dropped = [b for b in free if b not in spare]
        for block in dropped:
            del self._blocks[block.number]
            if block.fd >= 0:
                os.close(block.fd)
        return [block.number for block in dropped]


_arena: Arena | None = None  # of this process, if it is a worker


def make_current(arena: Arena):
    """From now on `empty` takes memory from this arena."""
    global _arena
    _arena = arena


def empty(shape: tuple, dtype: torch.dtype) -> torch.Tensor:
    """A tensor for a part of a batch: in shared memory if this process is a worker and the tensor is of some size."""
    count = int(np.prod(shape))
    nbytes = count * dtype.itemsize
    if _arena is None or not AVAILABLE or nbytes <= _INLINE:
        return torch.empty(shape, dtype=dtype)
    return torch.from_numpy(_arena.take(nbytes)).view(dtype).reshape(shape)


# ---------------------------------------------------------------------------------------------- pickling


def rebuild(buffer: Any, dtype: torch.dtype, shape: tuple, cls: type | None):
    """An array of a class (None: a torch.Tensor) on the memory of `buffer`."""
    if shape and 0 in shape:
        tensor = torch.empty(shape, dtype=dtype)
    else:
        tensor = torch.from_numpy(np.frombuffer(buffer, np.uint8)).view(dtype).reshape(shape)
    return tensor if cls is None else wrap(tensor, Context("cpu_shared", 0), cls)


class _Pickler(ForkingPickler):
    """Leaves out the memory of NDArrays and tensors, as NumPy does with its arrays."""

    def reducer_override(self, obj):
        kind = type(obj)
        if kind is NDArray:
            tensor = obj._t
        elif kind is torch.Tensor and not obj.requires_grad:
            tensor = obj
        else:
            return NotImplemented
        if tensor is None or tensor.layout is not torch.strided:
            return NotImplemented
        tensor = tensor.detach().cpu().contiguous()
        memory = pickle.PickleBuffer(tensor.reshape(-1).view(torch.uint8).numpy())
        return rebuild, (memory, tensor.dtype, tuple(tensor.shape), NDArray if kind is NDArray else None)


def dumps(value: Any, arena: Arena) -> tuple[bytes, list, list[_Block]]:
    """(pickle, where each of its arrays is, the blocks of them).

    A place is the array's bytes themselves or (number in the list of blocks, offset, bytes).
    """
    buffers: list[pickle.PickleBuffer] = []
    file = BytesIO()
    _Pickler(file, 5, True, buffers.append).dump(value)
    places: list[Any] = [None] * len(buffers)
    blocks: list[_Block] = []
    loose = []
    for i, buffer in enumerate(buffers):
        raw = np.frombuffer(buffer.raw(), np.uint8)
        block = arena.at(raw.__array_interface__["data"][0]) if raw.nbytes > _INLINE else None
        if block is not None:
            block.away += 1
            places[i] = (len(blocks), 0, raw.nbytes)
            blocks.append(block)
        else:
            loose.append((i, raw))
    if not AVAILABLE or sum(raw.nbytes for _, raw in loose) <= _INLINE:
        for i, raw in loose:
            places[i] = bytearray(raw)
    else:
        blocks.append(_pack(loose, places, len(blocks), arena))
    return file.getvalue(), places, blocks


def _pack(loose: list, places: list, number: int, arena: Arena) -> _Block:
    """Copy arrays that are not in shared memory to one block, and note their places."""
    offset = 0
    for i, raw in loose:
        places[i] = (number, offset, raw.nbytes)
        offset += -(-raw.nbytes // _ALIGNMENT) * _ALIGNMENT
    memory = arena.take(offset)
    for i, raw in loose:
        start = places[i][1]
        memory[start:start + raw.nbytes] = raw
    block = arena.at(memory.__array_interface__["data"][0])
    assert block is not None, "an arena finds what it has just given"
    block.away += 1
    return block


# ---------------------------------------------------------------------------------------------- both ends of a pipe


def send(connection: Connection, head: tuple, value: Any, arena: Arena):
    """Worker: send `head` and a value to the parent.  What cannot be pickled raises before anything is sent."""
    data, places, blocks = dumps(value, arena)
    new = [block for block in dict.fromkeys(blocks) if block.fd >= 0]
    heads = [(block.number, block.memory.nbytes) for block in blocks]
    message = pickle.dumps((head, data, places, heads, [block.number for block in new], arena.trim()), 5)
    connection.send_bytes(message)
    if new:
        with socket.socket(fileno=os.dup(connection.fileno())) as pipe:
            for i in range(0, len(new), _FDS_AT_ONCE):
                socket.send_fds(pipe, [b"f"], [block.fd for block in new[i:i + _FDS_AT_ONCE]])
    for block in new:
        os.close(block.fd)
        block.fd = -1


_forks = 0  # of this process so far: what a fork has copied must not be written to by a worker


def _count_fork():
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_count_fork)


class Mappings:
    """Parent: the blocks of one worker that are mapped here, and those that it may have back."""

    def __init__(self):
        self._memory: dict[int, np.ndarray] = {}
        self._returned: deque[int] = deque()

    def take_returned(self) -> list[int]:
        """Numbers of the blocks that no array here uses any more, since the last call."""
        return [self._returned.popleft() for _ in range(len(self._returned))]

    def receive(self, connection: Connection) -> tuple[tuple, Parcel]:
        """The head and the value that a worker sent; EOFError or OSError if it is gone."""
        head, data, places, heads, new, dropped = pickle.loads(connection.recv_bytes())
        for number in dropped:
            self._memory.pop(number, None)
        if new:
            sizes = dict(heads)
            for number, fd in zip(new, _receive_fds(connection, len(new)), strict=True):
                self._memory[number] = map_file(fd, sizes[number])
                os.close(fd)
        arrays = [self._lease(number, nbytes) for number, nbytes in heads]
        buffers = [place if isinstance(place, bytearray) else arrays[place[0]][place[1]:place[1] + place[2]]
                   for place in places]
        return head, Parcel(data, buffers)

    def _lease(self, number: int, nbytes: int) -> np.ndarray:
        returned, forks = self._returned, _forks

        def end():
            returned.append(number if forks == _forks else -number)

        return np.asarray(_Lease(self._memory[number], nbytes, end))


def _receive_fds(connection: Connection, count: int) -> list[int]:
    fds: list[int] = []
    with socket.socket(fileno=os.dup(connection.fileno())) as pipe:
        while len(fds) < count:
            data, more, _, _ = socket.recv_fds(pipe, 1, _FDS_AT_ONCE)
            if not data:
                raise EOFError
            if not more:
                raise OSError("file descriptors are used up; see ulimit -n")
            fds += more
    return fds


class Parcel:
    """A value that has arrived and is not unpickled yet."""

    __slots__ = ("_buffers", "_data")

    def __init__(self, data: bytes, buffers: list):
        self._data, self._buffers = data, buffers

    def open(self) -> Any:
        return pickle.loads(self._data, buffers=self._buffers)
