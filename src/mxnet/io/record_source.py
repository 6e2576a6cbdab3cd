"""Where ImageRecordIter takes its records from: which, in which order, with which labels."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from ..base import MXNetError
from ..recordio import MXIndexedRecordIO, _next_record, _read_record, _skip_record, unpack
from .files import _files
from .shuffling import Shuffler

__all__ = ["Reading", "RecordSource", "Sample"]

_MAGIC_SEED = 111  # MXNet's


@dataclass(kw_only=True)
class Reading:
    """The parameters of ImageRecordIter that say which records it reads."""

    path_imgrec: str = ""
    path_imglist: str = ""
    path_imgidx: str = ""
    label_width: int = 1
    num_parts: int = 1
    part_index: int = 0
    shuffle: bool = False
    shuffle_chunk_size: int = 0
    shuffle_chunk_seed: int = 0
    seed: int = 0


@dataclass
class Sample:
    """A record: its labels and number, the bytes of its image, and where it stands, for messages."""

    label: np.ndarray
    id: int
    image: bytes
    where: str


class RecordSource:
    """The records of some files, pass after pass.

    A pass is the places (file, offset) that `begin_pass` gives, in its order; `load` reads a record, in any thread.
    """

    def __init__(self, owner: str, reading: Reading):
        self._opened = ExitStack()
        self._owner, self._label_width = owner, reading.label_width
        if not reading.path_imgrec:
            raise MXNetError(f"{owner}: must specify path_imgrec")
        if not 0 <= reading.part_index < reading.num_parts:
            raise MXNetError(f"{owner}: part_index={reading.part_index} must be from 0 to num_parts - 1 = "
                             f"{reading.num_parts - 1}")
        self._part = (reading.part_index, reading.num_parts)
        self._paths = list(chain.from_iterable(_files(path) for path in reading.path_imgrec.split(";")))
        self._lock = threading.Lock()
        self._handles = [self._opened.enter_context(_open(owner, path)) for path in self._paths]
        self._labels = _read_list(owner, reading) if reading.path_imglist else None
        self._places = self._indexed(reading.path_imgidx) if reading.path_imgidx else None
        self._shuffler = Shuffler(_MAGIC_SEED + reading.seed) if reading.shuffle else None

    def __del__(self):
        self._opened.close()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The places of all records, as they stand in the files."""
        return self._walk() if self._places is None else iter(self._places)

    def begin_pass(self) -> Iterable[tuple[int, int]]:
        """The places of all records, in the next pass's order."""
        if self._shuffler is None:
            return self
        if self._places is None:
            self._places = list(self._walk())
        return [self._places[i] for i in self._shuffler.order(len(self._places))]

    def _indexed(self, path: str) -> list[tuple[int, int]]:
        """This part of the places in an index file."""
        if len(self._paths) != 1:
            raise MXNetError(f"{self._owner}: path_imgidx={path!r} is the index of one file, got {len(self._paths)}")
        try:
            index = MXIndexedRecordIO(path, self._paths[0], "r")
        except (OSError, ValueError) as error:
            raise MXNetError(f"{self._owner}: path_imgidx cannot be read: {error}") from error
        index.close()
        part, parts = self._part
        size = -(-len(index.keys) // parts)
        return [(0, offset) for offset in islice(sorted(index.idx.values()), part * size, (part + 1) * size)]

    def _walk(self) -> Iterator[tuple[int, int]]:
        """The places of records that begin within this part of the files' bytes, found as it goes."""
        part, parts = self._part
        sizes = [os.path.getsize(path) for path in self._paths]
        begin, end = (sum(sizes) * p // parts for p in (part, part + 1))
        before = 0
        for number, (path, size) in enumerate(zip(self._paths, sizes, strict=True)):
            first, last = max(begin - before, 0), min(end - before, size)
            before += size
            if first >= last:
                continue
            with open(path, "rb", buffering=0) as file:
                offset = _next_record(file, first) if first else 0
                while offset < last:
                    yield number, offset
                    offset = _skip_record(file, path, offset)

    def load(self, place: tuple[int, int]) -> Sample:
        """The record at a place; MXNetError for damaged ones and labels that are not as many as they should be."""
        number, offset = place
        where = f"{self._paths[number]}, record at offset {offset}"
        with self._lock:
            self._handles[number].seek(offset)
            content = _read_record(self._handles[number], self._paths[number])
        try:
            header, image = unpack(content or b"")
        except Exception as error:
            raise MXNetError(f"{self._owner}: {where}: this is no packed image: {error}") from error
        return Sample(self._label_of(header, where), header.id, image, f"{where} (id {header.id})")

    def _label_of(self, header, where) -> np.ndarray:
        if self._labels is not None:
            if header.id not in self._labels:
                raise MXNetError(f"{self._owner}: fail to find imagelabel for id {header.id}: {where} is not in "
                                 "path_imglist")
            return self._labels[header.id]
        label = np.atleast_1d(np.asarray(header.label, np.float32))
        if self._label_width not in (-1, label.size):
            raise MXNetError(f"{self._owner}: {where}: rec file provide {label.size}-dimensional label but "
                             f"label_width is set to {self._label_width}")
        return label


def _open(owner: str, path: str):
    try:
        return open(path, "rb")
    except OSError as error:
        raise MXNetError(f"{owner}: path_imgrec={path!r} cannot be read: {error}") from error


def _read_list(owner: str, reading: Reading) -> dict[int, np.ndarray]:
    """{number: labels} of a list file, of lines `number<tab>label<tab>...<tab>path`."""
    labels, width = {}, reading.label_width
    try:
        with open(reading.path_imglist) as file:
            for number, line in enumerate(file, 1):
                words = line.split()
                if not words:
                    continue
                try:
                    found = np.array(words[1:-1] if width == -1 else words[1:1 + width], np.float32)
                    labels[int(words[0])] = found
                except ValueError as error:
                    raise MXNetError(f"{owner}: {reading.path_imglist}, line {number}: expected a number, labels and "
                                     f"a path, got {line.strip()[:80]!r}") from error
                if width not in (-1, found.size):
                    raise MXNetError(f"{owner}: {reading.path_imglist}, line {number}: expected {width} labels, "
                                     f"got {found.size}")
    except OSError as error:
        raise MXNetError(f"{owner}: path_imglist={reading.path_imglist!r} cannot be read: {error}") from error
    return labels
