"""RecordIO (mx.recordio): files of one record of bytes after another, most often packed images with their labels.

A record is a magic number, a word with 3 bits of flag and 29 bits of length, the bytes, and zeros up to a multiple of
4.  Where the magic number stands in the bytes at a multiple of 4, the record is stored in parts without it: flag 1 is
the first part, 2 one between, 3 the last; 0 is a record in one part.
"""

from __future__ import annotations

import numbers
import os
import struct
from collections import namedtuple
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from .base import MXNetError
from .ops.opencv import _opencv

__all__ = ["IRHeader", "MXIndexedRecordIO", "MXRecordIO", "pack", "pack_img", "unpack", "unpack_img"]

_MAGIC = 0xCED7230A
_MAGIC_BYTES = struct.pack("<I", _MAGIC)
_HEAD = struct.Struct("<II")  # magic number; flag and length
_LENGTH_BITS = 29
_LONGEST = (1 << _LENGTH_BITS) - 1
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)  # flags
_UNCHECKED = 1 << 20  # bytes that may be taken before looking whether the file has them
_READ_AHEAD = 1 << 14


# ------------------------------------------------------------------------------------------------ records in files


def _read_record(file: BinaryIO, name: str) -> bytes | None:
    """The record where `file` stands, None at its end; MXNetError naming file and offset for what is no record."""
    part = _read_part(file, name)
    if part is None or part[0] == _WHOLE:
        return part and part[1]
    flag, content = part
    begin = file.tell() - 8 - (len(content) + 3 & ~3)
    if flag != _FIRST:
        raise MXNetError(f"{name}: expected a record at offset {begin}, found a later part of one (flag {flag})")
    parts = [content]
    while flag != _LAST:
        part = _read_part(file, name)
        if part is None or part[0] not in (_MIDDLE, _LAST):
            found = "the file ends" if part is None else f"flag {part[0]} follows"
            raise MXNetError(f"{name}: the record at offset {begin} is invalid: {found} where its next part should be")
        flag = part[0]
        parts.append(part[1])
    return _MAGIC_BYTES.join(parts)


def _read_part(file: BinaryIO, name: str) -> tuple[int, bytes] | None:
    """(flag, bytes) of one part, None at the end of the file."""
    head = file.read(8)
    if len(head) < 8:
        if not head:
            return None
        raise MXNetError(f"{name}: invalid RecordIO file: it ends within the 8 bytes that begin the record at offset "
                         f"{file.tell() - len(head)}")
    magic, word = _HEAD.unpack(head)
    if magic != _MAGIC:
        raise _no_record(name, file.tell() - 8, magic)
    length = word & _LONGEST
    if length > _UNCHECKED and length > os.fstat(file.fileno()).st_size - file.tell():
        raise _ends_within(name, file.tell() - 8, length)
    content = file.read(length)
    padding = file.read(-length & 3)
    if len(content) + len(padding) & 3 or len(content) < length:
        raise _ends_within(name, file.tell() - len(padding) - len(content) - 8, length)
    return word >> _LENGTH_BITS, content


def _skip_record(file: BinaryIO, name: str, offset: int) -> int:
    """Where the record after the one at `offset` begins; that is beyond the end of a file that ends within a record."""
    flag = _FIRST
    while flag in (_FIRST, _MIDDLE):
        file.seek(offset)
        head = file.read(8)
        if len(head) < 8:
            raise MXNetError(f"{name}: invalid RecordIO file: it ends within the record at offset {offset}")
        magic, word = _HEAD.unpack(head)
        if magic != _MAGIC:
            raise _no_record(name, offset, magic)
        flag = word >> _LENGTH_BITS
        offset += 8 + ((word & _LONGEST) + 3 & ~3)
    return offset


def _next_record(file: BinaryIO, offset: int) -> int:
    """Where the first record at or after `offset` begins, or the end of the file.

    At a multiple of 4 the magic number stands nowhere but before parts of records.
    """
    position = offset + 3 & ~3
    file.seek(position)
    block = file.read(_READ_AHEAD)
    while len(block) >= 8:
        words = np.frombuffer(block, "<u4", len(block) // 4)
        heads = np.flatnonzero(words[:-1] == _MAGIC)
        for head in heads[words[heads + 1] >> _LENGTH_BITS <= _FIRST]:
            return position + 4 * int(head)
        position += 4 * (len(words) - 1)
        file.seek(position)
        block = file.read(_READ_AHEAD)
    return position + len(block)


def _no_record(name: str, offset: int, found: int) -> MXNetError:
    return MXNetError(f"{name}: invalid RecordIO file: expected a record, which begins with {_MAGIC:#x}, at offset "
                      f"{offset}, found {found:#x}")


def _ends_within(name: str, begin: int, length: int) -> MXNetError:
    return MXNetError(f"{name}: invalid RecordIO file: it ends within the record at offset {begin}, "
                      f"which should hold {length} bytes")


def _framed(record: bytes) -> Iterator[bytes]:
    """The bytes of a file for a record."""
    if len(record) > _LONGEST:
        raise MXNetError(f"RecordIO: a record holds at most {_LONGEST} bytes, got {len(record)}")
    begin = 0
    found = _find_magic(record, 0)
    while found >= 0:
        yield from _framed_part(_MIDDLE if begin else _FIRST, record[begin:found])
        begin = found + 4
        found = _find_magic(record, begin)
    yield from _framed_part(_LAST if begin else _WHOLE, record[begin:] if begin else record)


def _find_magic(record: bytes, begin: int) -> int:
    """Where the magic number stands at a multiple of 4, -1 if nowhere."""
    found = record.find(_MAGIC_BYTES, begin)
    while found & 3 and found >= 0:
        found = record.find(_MAGIC_BYTES, found + 1)
    return found


def _framed_part(flag: int, content: bytes) -> tuple[bytes, bytes, bytes]:
    return _HEAD.pack(_MAGIC, flag << _LENGTH_BITS | len(content)), content, bytes(-len(content) & 3)


# ------------------------------------------------------------------------------------------------ files of records


class MXRecordIO:
    """A file of records, read or written from its beginning on.

    uri: the file.  flag: 'r' to read, 'w' to write a new file.  It can be pickled: the copy opens the file anew and
    stands at its beginning.  A process forked off may not go on reading or writing (RuntimeError), it calls `reset`.

    ValueError for another flag, MXNetError for a file that cannot be opened.

    >>> writer = mx.recordio.MXRecordIO("data.rec", "w")
    >>> writer.write(b"a record")
    >>> writer.close()
    >>> mx.recordio.MXRecordIO("data.rec", "r").read()
    b'a record'
    """

    is_open = False
    handle: Any  # the open file
    pid: int | None

    def __init__(self, uri: str | os.PathLike, flag: str):
        self.uri = os.fspath(uri)
        self.flag = flag
        self.open()

    def open(self) -> None:
        """Open the file; one to write is emptied."""
        if self.flag not in ("r", "w"):
            raise ValueError(f"Invalid flag {self.flag}: expected 'r' or 'w'")
        self.writable = self.flag == "w"
        try:
            self.handle = open(self.uri, self.flag + "b", buffering=_READ_AHEAD)
        except OSError as error:
            raise MXNetError(f"{self.uri} cannot be opened: {error}") from error
        self.pid = os.getpid()
        self.is_open = True

    def close(self) -> None:
        """Close the file, with all that was written in it; closing again does nothing."""
        if self.is_open:
            if self.writable and self.pid != os.getpid():
                self.handle.raw.close()  # what waits to be written is the other process's to write
            else:
                self.handle.close()
            self.is_open = False
            self.pid = None

    def __del__(self):
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs to open the file itself; what was written so far is in the file."""
        if self.is_open and self.writable:
            self.handle.flush()
        state = dict(self.__dict__, pid=None)
        del state["handle"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.is_open:
            self.is_open = False
            self.open()

    def _check_pid(self, allow_reset: bool = False) -> None:
        """The position in a file is shared with the process that forked: open the file anew, or raise RuntimeError."""
        if self.pid != os.getpid():
            if not allow_reset:
                raise RuntimeError(f"Forbidden operation in multiple processes: {self.uri} was opened in another "
                                   "process, or closed; call reset() first")
            self.reset()

    def reset(self) -> None:
        """Open again: to read from the beginning, or to write anew."""
        self.close()
        self.open()

    def write(self, buf: bytes) -> None:
        """Write a record; TypeError for what is not bytes."""
        assert self.writable, f"{self.uri} is open for reading"
        self._check_pid(allow_reset=False)
        if not isinstance(buf, bytes):
            raise TypeError(f"a record consists of bytes, got {type(buf).__name__}")
        self.handle.writelines(_framed(buf))

    def read(self) -> bytes | None:
        """The next record, None after the last; MXNetError, naming the offset, where the file is damaged."""
        assert not self.writable, f"{self.uri} is open for writing"
        self._check_pid(allow_reset=False)
        return _read_record(self.handle, self.uri)


class MXIndexedRecordIO(MXRecordIO):
    """A file of records, and one beside it that says at which offset the record of a key begins.

    idx_path: that file, of lines `key<tab>offset`; what is written goes to it at `close`.  key_type: makes keys of
    text.  `keys` lists them in their order, `idx` is the dict of offsets.  A process forked off may go on with
    `seek` and `read_idx`, which open the file anew there.

    >>> writer = mx.recordio.MXIndexedRecordIO("data.idx", "data.rec", "w")
    >>> for i in range(5):
    ...     writer.write_idx(i, f"record_{i}".encode())
    >>> writer.close()
    >>> mx.recordio.MXIndexedRecordIO("data.idx", "data.rec", "r").read_idx(3)
    b'record_3'
    """

    def __init__(self, idx_path: str | os.PathLike, uri: str | os.PathLike, flag: str,
                 key_type: Callable[[str], Any] = int):
        self.idx_path = idx_path
        self.idx: dict[Any, int] = {}
        self.keys: list[Any] = []
        self.key_type = key_type
        self.fidx: Any = None
        super().__init__(uri, flag)

    def open(self) -> None:
        super().open()
        self.idx, self.keys = {}, []
        self.fidx = open(self.idx_path, self.flag)
        if not self.writable:
            with self.fidx:
                self._read_index()

    def _read_index(self):
        for number, line in enumerate(self.fidx, 1):
            if not line.strip():
                continue
            key, *offset = line.strip().split("\t")
            try:
                key, position = self.key_type(key), int("".join(offset[:1]))
            except ValueError as error:
                raise ValueError(f"{self.idx_path}, line {number}: expected a key that is {self.key_type.__name__}, "
                                 f"a tab and an offset, got {line.strip()[:80]!r}") from error
            self.keys.append(key)
            self.idx[key] = position

    def close(self) -> None:
        super().close()
        if self.fidx is not None:
            self.fidx.close()

    def __getstate__(self) -> dict[str, Any]:
        if self.writable and self.fidx is not None and not self.fidx.closed:
            self.fidx.flush()
        return dict(super().__getstate__(), fidx=None)

    def seek(self, idx: Any) -> None:
        """Go to the record of a key; KeyError for one that is not in the index."""
        assert not self.writable, f"{self.uri} is open for writing"
        self._check_pid(allow_reset=True)
        position = self.idx[idx]
        if position < 0:
            raise MXNetError(f"{self.idx_path}: the record of {idx!r} cannot be at offset {position}")
        self.handle.seek(position)

    def tell(self) -> int:
        """The offset at which the next record will be written."""
        assert self.writable, f"{self.uri} is open for reading"
        return self.handle.tell()

    def read_idx(self, idx: Any) -> bytes | None:
        """The record of a key; KeyError for one that is not in the index, MXNetError if there is no record."""
        self.seek(idx)
        return self.read()

    def write_idx(self, idx: Any, buf: bytes) -> None:
        """Write a record with its key; ValueError for what `key_type` does not take."""
        key = self.key_type(idx)
        position = self.tell()
        self.write(buf)
        self.fidx.write(f"{key!s}\t{position}\n")
        self.idx[key] = position
        self.keys.append(key)


# ------------------------------------------------------------------------------------------------ what records hold

HEADER = namedtuple("HEADER", ["flag", "label", "id", "id2"])
IRHeader = HEADER  # MXNet's name for a type that prints as HEADER
HEADER.__doc__ = """Head of a packed record.

flag: how many labels stand in an array, 0 for one number.  label: a float, or an array of float32.  id, id2: numbers
from 0 to 2**64 - 1, of which the second is mostly 0.
"""

_IR_FORMAT = "IfQQ"
_IR_SIZE = struct.calcsize(_IR_FORMAT)


def pack(header: IRHeader, s: bytes) -> bytes:
    """Bytes with a header before them, for a record.

    header: an IRHeader or a tuple like it; its flag follows from its label, a number or what numpy makes an array.
    Raises struct.error for numbers that do not fit.

    >>> mx.recordio.pack(mx.recordio.IRHeader(0, 4.0, 2574, 0), b"bytes of an image")
    """
    header = IRHeader(*header)
    if isinstance(header.label, numbers.Number):
        return struct.pack(_IR_FORMAT, 0, header.label, header.id, header.id2) + s
    label = np.asarray(header.label, np.float32)
    return struct.pack(_IR_FORMAT, label.size, 0, header.id, header.id2) + label.tobytes() + s


def unpack(s: bytes) -> tuple[IRHeader, bytes]:
    """The header of a record that `pack` made, and the bytes after it.

    Raises struct.error if there are fewer than the header's 24 bytes, ValueError if there are fewer labels than
    it says.
    """
    header = IRHeader(*struct.unpack(_IR_FORMAT, s[:_IR_SIZE]))
    if header.flag == 0:
        return header, s[_IR_SIZE:]
    end = _IR_SIZE + 4 * header.flag
    if len(s) < end:
        raise ValueError(f"the record should hold {header.flag} labels of 4 bytes after its header, "
                         f"got {len(s) - _IR_SIZE} bytes in all")
    return header._replace(label=np.frombuffer(s, np.float32, header.flag, _IR_SIZE)), s[end:]


def pack_img(header: IRHeader, img: np.ndarray, quality: int = 95, img_fmt: str = ".jpg") -> bytes:
    """An image, encoded, with a header before it.

    img: (height, width, 3) in the order blue, green, red, or (height, width).  img_fmt: '.jpg' with a quality from 1
    to 100, '.png' with a compression from 0 to 9, or another ending that OpenCV knows.
    """
    cv2 = _opencv()
    options = {".JPG": cv2.IMWRITE_JPEG_QUALITY, ".JPEG": cv2.IMWRITE_JPEG_QUALITY,
               ".PNG": cv2.IMWRITE_PNG_COMPRESSION}
    option = options.get(img_fmt.upper())
    done, encoded = cv2.imencode(img_fmt, np.asarray(img), None if option is None else [option, quality])
    assert done, f"failed to encode an image as {img_fmt}"
    return pack(header, encoded.tobytes())


def unpack_img(s: bytes, iscolor: int = -1) -> tuple[IRHeader, np.ndarray | None]:
    """The header of a record and its image, in the order blue, green, red; None for an image that cannot be decoded.

    iscolor: OpenCV's flag: 1 for colour, 0 for grey, -1 for what the image has.
    """
    header, encoded = unpack(s)
    return header, _opencv().imdecode(np.frombuffer(encoded, np.uint8), iscolor)
