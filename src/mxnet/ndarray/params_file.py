"""The binary list of arrays behind `.params` files, `nd.save`, `nd.load` and the pickling of an NDArray.

This module knows tensors and bytes, not NDArrays.  A file is taken as hostile: no count, dimension or length
is believed before it was held against the bytes that are left, and every array read owns its memory.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import secrets
import stat
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import torch

from ..base import FLAG_TO_TORCH, TORCH_TO_FLAG, MXNetError

__all__ = ["Record", "dumps", "dumps_one", "loads_one", "read", "write", "write_atomically"]

_LIST_MAGIC = 0x112
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA  # a record of V0 has no magic and begins with its ndim
_STYPES = ("default", "row_sparse", "csr")  # the position is the code in the file
_AUX = {"default": (), "row_sparse": ("indices",), "csr": ("indptr", "indices")}  # in file order
_MAX_NDIM = 64  # what torch's kernels take
_SMALLEST_RECORD = 20  # V0, one dimension of length 0


@dataclass(slots=True, eq=False)
class Record:
    """One array of a file.

    `shape` is the array's shape.  `data` holds its elements on the CPU: of that same shape if `stype` is
    'default', else the stored part: (n, *shape[1:]) for 'row_sparse', (n,) for 'csr'.  `aux` has the int64
    vectors `indices` (both sparse kinds) and `indptr` (csr).  `np_shape` says that the array was, or is to
    be, written under NumPy shape semantics.  `device` is MXNet's (type, id) as it stands in the file, a mere
    note: MXNet, too, loads every array to cpu(0).
    """

    shape: tuple[int, ...]
    dtype: torch.dtype
    data: torch.Tensor
    stype: str = "default"
    aux: dict[str, torch.Tensor] = field(default_factory=dict)
    np_shape: bool = False
    device: tuple[int, int] = (1, 0)

    @classmethod
    def of(cls, tensor: torch.Tensor, np_shape: bool = False) -> Record:
        """The record that saves a dense tensor, from any device."""
        return cls(tuple(tensor.shape), tensor.dtype, tensor, np_shape=np_shape)


def read(source: str | os.PathLike | bytes | BinaryIO) -> tuple[list[Record], list[str]]:
    """The arrays and names in a file, a bytes-like object or a binary file object (from its position on).

    There are either no names or as many as arrays; a name may come twice.  Bytes after the list are ignored.
    Raises MXNetError, naming the file, the place and what was expected there, if it cannot be opened or is
    not a whole and valid list.
    """
    with _reading(source) as reader:
        return _read_list(reader)


def write(path: str | os.PathLike, records: list[Record], names: list[str]) -> None:
    """Write arrays, with no names or one each, as MXNet 1.9.1 would; the file appears whole or not at all.

    Raises MXNetError if a record contradicts itself, has a dtype MXNet lacks, or the file cannot be written.
    """
    write_atomically(path, _list_chunks(records, names))


def dumps(records: list[Record], names: list[str]) -> bytes:
    """The bytes that `write` puts in a file."""
    return b"".join(_list_chunks(records, names))


def loads_one(source: bytes | bytearray | memoryview) -> Record:
    """The array in a lone record, which is what a pickled NDArray carries as its `handle`."""
    with _reading(source, "<pickled NDArray>") as reader:
        return _read_record(reader)


def dumps_one(record: Record) -> bytes:
    """A lone record, without the list around it."""
    return b"".join(_record_chunks(record))


# ---------------------------------------------------------------- reading


class _Memory:
    """The least of a binary file over bytes in memory; io.BytesIO would copy them."""

    def __init__(self, view: memoryview):
        self._left = view

    def readinto(self, buffer) -> int:
        n = min(len(buffer), len(self._left))
        buffer[:n] = self._left[:n]
        self._left = self._left[n:]
        return n


class _Reader:
    """Takes a source apart from front to back, and knows what an error has to say."""

    def __init__(self, file, size: int, name: str):
        self._file, self._size, self._name = file, size, name
        self._offset = 0  # of the next byte
        self._last = 0  # of the value read last, which is the one errors speak of
        self.item = ""  # the array being read, e.g. "array 3 of 10"

    @property
    def left(self) -> int:
        return self._size - self._offset

    def error(self, what: str, got: Any, expected: Any) -> MXNetError:
        place = f"{self.item}, {what}" if self.item else what
        return MXNetError(f"{self._name}: {place} at byte {self._last}: got {got}, expected {expected}")

    def _fill(self, view: memoryview, what: str) -> None:
        self._last = self._offset
        if len(view) > self.left:
            raise self.error(what, f"only {self.left} more bytes", f"{len(view)}; the file is truncated")
        done = 0
        while done < len(view):  # raw files may give less than they were asked for
            got = self._file.readinto(view[done:])
            if not got:
                raise self.error(what, f"only {done} bytes", f"{len(view)} bytes; the file shrank while read")
            done += got
        self._offset += done

    def numbers(self, layout: str, what: str) -> tuple[int, ...]:
        buffer = bytearray(struct.calcsize(layout))
        self._fill(memoryview(buffer), what)
        return struct.unpack(layout, buffer)

    def number(self, layout: str, what: str) -> int:
        return self.numbers(layout, what)[0]

    def count(self, what: str, each: int) -> int:
        """A u64 that announces so many things of at least `each` bytes."""
        value = self.number("<Q", what)
        if value > self.left // each:
            raise self.error(what, value, f"at most {self.left // each}, as {self.left} bytes follow")
        return value

    def text(self, what: str) -> str:
        length = self.count(f"length of {what}", 1)
        buffer = bytearray(length)
        self._fill(memoryview(buffer), what)
        try:
            return buffer.decode("utf-8")
        except UnicodeDecodeError as e:
            raise self.error(what, bytes(buffer[:80]), f"UTF-8 ({e.reason} at its byte {e.start})") from None

    def shape(self, what: str, *, lowest: int = 1) -> tuple[int, ...]:
        return self.dims(self.number("<i", f"ndim of {what}"), "q", what, lowest=lowest)

    def dims(self, ndim: int, width: str, what: str, *, lowest: int = 1) -> tuple[int, ...]:
        if not lowest <= ndim <= _MAX_NDIM:
            raise self.error(f"ndim of {what}", ndim, f"{lowest} to {_MAX_NDIM}")
        dims = self.numbers(f"<{ndim}{width}", what)
        if any(d < 0 for d in dims):
            raise self.error(what, dims, "no negative dimension")
        if math.prod(max(d, 1) for d in dims) >= 2**60:  # times 8 bytes must fit in 63 bits, zero-size or not
            raise self.error(what, dims, "fewer than 2**60 elements")
        return dims

    def dtype(self, what: str) -> torch.dtype:
        flag = self.number("<i", what)
        if flag not in FLAG_TO_TORCH:
            known = ", ".join(f"{f} ({str(t)[6:]})" for f, t in FLAG_TO_TORCH.items())
            raise self.error(what, flag, f"one of {known}")
        return FLAG_TO_TORCH[flag]

    def tensor(self, shape: tuple[int, ...], dtype: torch.dtype, what: str) -> torch.Tensor:
        """The elements of an array, straight into memory taken only once they are known to be there."""
        size = math.prod(shape)
        if size * dtype.itemsize > self.left:
            self._last = self._offset
            raise self.error(
                what,
                f"only {self.left} more bytes",
                f"{size * dtype.itemsize} for shape {shape} of {str(dtype)[6:]}; the file is truncated",
            )
        result = torch.empty(size, dtype=dtype, device="cpu")
        if size:
            raw = result.view(torch.uint8)
            self._fill(raw.numpy().data, what)
            if dtype is torch.bool:
                raw.ne_(0)  # torch's kernels trust a bool's byte to be 0 or 1
        return result.reshape(shape)


@contextlib.contextmanager
def _reading(source, name: str = "<bytes>") -> Iterator[_Reader]:
    """A reader over any source that `read` takes; what the system says against it becomes an MXNetError."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fsdecode(source)
    elif hasattr(source, "read"):
        name = str(getattr(source, "name", "<file object>"))
    try:
        with contextlib.ExitStack() as stack:
            if isinstance(source, (str, os.PathLike)):
                source = stack.enter_context(open(source, "rb"))
            yield _Reader(*_file_and_size(source), name)
    except (OSError, EOFError) as e:
        raise MXNetError(f"{name}: cannot be read: {getattr(e, 'strerror', None) or e}") from e


def _file_and_size(source) -> tuple[Any, int]:
    """What has `readinto`, and its length in bytes; pipes and the like are read to their end first."""
    if isinstance(source, io.TextIOBase):
        raise TypeError("a .params file is binary; open it with mode 'rb'")
    if hasattr(source, "readinto"):
        try:
            start = source.tell()
            size = source.seek(0, os.SEEK_END) - start
            source.seek(start)
            return source, max(size, 0)
        except (AttributeError, OSError, ValueError):
            pass  # no seeking here, or (gzip) not from the end
    if hasattr(source, "read"):
        source = source.read()
    view = memoryview(source).cast("B")
    return _Memory(view), len(view)


def _read_list(reader: _Reader) -> tuple[list[Record], list[str]]:
    magic = reader.number("<Q", "magic number")
    if magic != _LIST_MAGIC:
        raise reader.error("magic number", f"0x{magic:x}", f"0x{_LIST_MAGIC:x} (not an MXNet .params file)")
    reader.number("<Q", "reserved word")
    count = reader.count("number of arrays", _SMALLEST_RECORD)
    records = []
    for i in range(count):
        reader.item = f"array {i} of {count}"
        records.append(_read_record(reader))
    reader.item = ""
    named = reader.count("number of names", 8)
    if named not in (0, count):
        raise reader.error("number of names", named, f"0 or {count}, the number of arrays")
    return records, [reader.text(f"name {i} of {named}") for i in range(named)]


def _read_record(reader: _Reader) -> Record:
    magic = reader.number("<I", "record magic")
    if magic not in (_V2, _V3):
        return _read_body(reader, _read_old_shape(reader, magic))
    stype = _read_stype(reader, magic)
    if stype == "default":
        shape = reader.shape("shape", lowest=0 if magic == _V3 else 1)
        return _read_body(reader, shape, np_shape=magic == _V3)
    storage, shape = reader.shape("storage shape"), reader.shape("shape")
    stored = (storage[0], *shape[1:]) if stype == "row_sparse" else (storage[0],)
    if storage != stored or (stype == "csr" and len(shape) != 2):
        raise reader.error("shape", shape, f"a shape that agrees with {stype} storage of shape {storage}")
    return _read_body(reader, shape, storage, stype)


def _read_old_shape(reader: _Reader, magic: int) -> tuple[int, ...]:
    if magic == _V1:
        return reader.shape("shape")
    if magic > _MAX_NDIM:
        raise reader.error("record magic", f"0x{magic:x}", f"0x{_V1:x}, 0x{_V2:x}, 0x{_V3:x} or a small ndim")
    return reader.dims(magic, "I", "shape")


def _read_stype(reader: _Reader, magic: int) -> str:
    known = _STYPES[:1] if magic == _V3 else _STYPES
    code = reader.number("<i", "storage type")
    if not 0 <= code < len(known):
        raise reader.error("storage type", code, " or ".join(f"{i} ({s})" for i, s in enumerate(known)))
    return known[code]


def _read_body(reader, shape, storage=None, stype: str = "default", np_shape: bool = False) -> Record:
    """The part that all versions have in common, from the device on."""
    device = reader.numbers("<ii", "device")
    dtype = reader.dtype("dtype flag")
    layout = [_read_aux_layout(reader, name) for name in _AUX[stype]]
    data = reader.tensor(shape if storage is None else storage, dtype, "data")
    aux = {}
    for name, aux_shape, aux_dtype in layout:
        aux[name] = reader.tensor(aux_shape, aux_dtype, name).long()
        _check_aux(reader, name, aux[name], shape, len(data), stype)
    return Record(shape, dtype, data, stype, aux, np_shape, device)


def _read_aux_layout(reader: _Reader, name: str) -> tuple[str, tuple[int, ...], torch.dtype]:
    dtype = reader.dtype(f"dtype flag of {name}")
    if dtype not in (torch.int64, torch.int32):
        raise reader.error(f"dtype flag of {name}", str(dtype)[6:], "int64 or int32")
    shape = reader.shape(f"shape of {name}")
    if len(shape) != 1:
        raise reader.error(f"shape of {name}", shape, "one dimension")
    return name, shape, dtype


def _check_aux(reader: _Reader, name: str, values: torch.Tensor, shape, stored: int, stype: str) -> None:
    """Indices must lie in the array, or whoever follows them later reads foreign memory."""
    if name == "indptr":
        ends = (int(values[0]), int(values[-1])) if len(values) else None
        if len(values) != shape[0] + 1 or ends != (0, stored) or bool((values[1:] < values[:-1]).any()):
            raise reader.error(name, f"{len(values)} numbers", f"{shape[0] + 1} that rise from 0 to {stored}")
        return
    bound = shape[0] if stype == "row_sparse" else shape[1]
    if len(values) != stored:
        raise reader.error(name, f"{len(values)} numbers", f"{stored}, one for each stored row or value")
    low, high = (int(values.min()), int(values.max())) if stored else (0, -1)
    if low < 0 or high >= bound:
        raise reader.error(name, f"indices from {low} to {high}", f"0 to {bound - 1}")


# ---------------------------------------------------------------- writing


def _list_chunks(records: list[Record], names: list[str]) -> Iterator[bytes | memoryview]:
    if names and len(names) != len(records):
        raise MXNetError(f"cannot save {len(records)} arrays under {len(names)} names")
    yield struct.pack("<QQQ", _LIST_MAGIC, 0, len(records))
    for record in records:
        yield from _record_chunks(record)
    yield struct.pack("<Q", len(names))
    for name in names:
        encoded = name.encode("utf-8")
        yield struct.pack("<Q", len(encoded)) + encoded


def _record_chunks(record: Record) -> Iterator[bytes | memoryview]:
    _check_writable(record)
    # V2 has no word for a zero-dimensional array: its ndim of 0 means "not allocated".
    np_shape = record.np_shape or not record.shape
    aux = [record.aux[name] for name in _AUX[record.stype]]
    head = struct.pack("<Ii", _V3 if np_shape else _V2, _STYPES.index(record.stype))
    if aux:
        head += _packed_shape(record.data.shape)
    head += _packed_shape(record.shape)
    head += struct.pack("<iii", *record.device, TORCH_TO_FLAG[record.dtype])
    for indices in aux:
        head += struct.pack("<i", TORCH_TO_FLAG[torch.int64]) + _packed_shape(indices.shape)
    yield head
    yield _raw(record.data)
    for indices in aux:
        yield _raw(indices.long())


def _check_writable(record: Record) -> None:
    if record.dtype not in TORCH_TO_FLAG:
        raise MXNetError(f"cannot save an array of {record.dtype}: MXNet has no such dtype")
    if record.data.dtype is not record.dtype:
        raise MXNetError(f"cannot save {record.data.dtype} elements as an array of {record.dtype}")
    if record.stype not in _AUX:
        raise MXNetError(f"cannot save storage type {record.stype!r}, only {', '.join(_STYPES)}")
    stored = tuple(record.data.shape)
    if record.stype == "default":
        if stored != tuple(record.shape):
            raise MXNetError(f"cannot save elements of shape {stored} as an array of shape {record.shape}")
    elif record.np_shape or not record.shape:
        raise MXNetError(f"cannot save a {record.stype} array under np shape semantics, only a dense one")
    elif set(record.aux) != set(_AUX[record.stype]):
        needed = ", ".join(_AUX[record.stype])
        raise MXNetError(f"cannot save a {record.stype} array with {sorted(record.aux)}; it needs {needed}")


def _packed_shape(shape: Iterable[int]) -> bytes:
    shape = tuple(shape)
    return struct.pack(f"<i{len(shape)}q", len(shape), *shape)


def _raw(tensor: torch.Tensor) -> bytes | memoryview:
    if not tensor.numel():
        return b""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data


def write_atomically(path: str | os.PathLike, chunks: Iterable[bytes | memoryview]) -> None:
    """Put bytes in a file so that a reader finds the old file or the whole new one, never a part.

    They go to a temporary file in the same folder, to the disk, then take the name; a file that was there
    keeps its permissions, a link its place.  What is no regular file (a pipe, say) is simply written to.
    Raises MXNetError where the system refuses; no temporary file stays behind.
    """
    name = os.fsdecode(path)
    target = os.path.realpath(name)
    try:
        mode = os.stat(target).st_mode if os.path.exists(target) else None
        if mode is not None and not stat.S_ISREG(mode):
            with open(target, "wb") as f:
                f.writelines(chunks)
        else:
            _replace(target, mode, chunks)
    except OSError as e:
        raise MXNetError(f"{name}: cannot be written: {e}") from e


def _replace(target: str, mode: int | None, chunks: Iterable[bytes | memoryview]) -> None:
    temporary = os.path.join(os.path.dirname(target), f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as f:
            f.writelines(chunks)
            f.flush()
            os.fsync(f.fileno())
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
