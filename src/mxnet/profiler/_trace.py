"""The trace file: JSON of the Trace Event Format, which chrome://tracing and Perfetto show."""

import json
import os

from ..base import MXNetError
from ._recorder import OPERATOR, TORCH, Record

__all__ = ["SCOPES", "TraceFile"]

SCOPES = {"global": "g", "process": "p", "thread": "t", "task": "t", "marker": "t"}

_BEGIN, _END = b'{"displayTimeUnit": "ms", "traceEvents": [\n', b"\n]}\n"


class TraceFile:
    """A file to which records are added; it is whole after each time.  Categories are rows ("processes") of it.

    MXNetError where the system refuses.
    """

    def __init__(self, filename: str):
        self.filename = filename
        self._rows = {"cpu/0": 0}
        self._began = False

    def add(self, records: list[Record]):
        """Write records behind those that are there."""
        lines = self._new_rows(records)
        lines.extend(json.dumps(self._event(record)) for record in records)
        try:
            if self._began and os.path.exists(self.filename):
                self._append(lines)
            else:
                with open(self.filename, "wb") as file:
                    file.write(_BEGIN + ",\n".join(lines).encode() + _END)
        except OSError as error:
            raise MXNetError(f"{self.filename}: the profile cannot be written: {error}") from error
        self._began = True

    def _append(self, lines: list[str]):
        if not lines:
            return
        with open(self.filename, "r+b") as file:
            file.seek(-len(_END), os.SEEK_END)
            file.write(b",\n" + ",\n".join(lines).encode() + _END)

    def _new_rows(self, records: list[Record]) -> list[str]:
        known = len(self._rows) if self._began else 0
        for record in records:
            if record.category not in (OPERATOR, TORCH):  # what an operator calls stands below it, on cpu/0
                self._rows.setdefault(record.category, len(self._rows))
        return [json.dumps({"ph": "M", "args": {"name": name}, "pid": row, "name": "process_name"})
                for name, row in list(self._rows.items())[known:]]

    def _event(self, record: Record) -> dict:
        event = {"name": record.name, "cat": record.category, "ts": record.start / 1000,
                 "pid": self._rows.get(record.category, 0), "tid": record.thread}
        if record.kind == "counter":
            return {**event, "ph": "C", "args": {record.name: record.value}}
        if record.kind == "marker":
            return {**event, "ph": "i", "s": SCOPES[record.scope]}
        return {**event, "ph": "X", "dur": (record.end - record.start) / 1000}
