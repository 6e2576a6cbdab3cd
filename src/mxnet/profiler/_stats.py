"""Counts and times by category and name, and their table and JSON, laid out as MXNet lays them out."""

import json
from dataclasses import dataclass

from ._recorder import MEMORY, Record

__all__ = ["Stats"]

_NAMES = {"total": "Total", "avg": "Avg", "min": "Min", "max": "Max", "count": "Count"}


@dataclass(slots=True)
class _Entry:
    """Of spans, times in milliseconds; of counters, values, and `total` is the last of them; of memory, kilobytes."""

    is_counter: bool
    count: int = 0
    total: float = 0.0
    sum: float = 0.0
    min: float = float("inf")
    max: float = float("-inf")

    def add(self, value: float):
        self.count += 1
        self.sum += value
        self.total = value if self.is_counter else self.sum
        self.min = min(self.min, value)
        self.max = max(self.max, value)

    @property
    def avg(self) -> float:
        return self.sum / self.count


class Stats:
    """What dumps() tells."""

    def __init__(self):
        self._categories: dict[str, dict[str, _Entry]] = {}

    def add(self, record: Record):
        category = self._categories.setdefault(record.category, {})
        if record.kind == "marker":
            return
        entry = category.get(record.name)
        if entry is None:
            entry = category[record.name] = _Entry(record.kind == "counter")
        if record.kind == "span":
            entry.add((record.end - record.start) / 1e6)
        else:
            entry.add(record.value / 1000 if record.category == MEMORY else record.value)

    def _sorted(self, category: str, sort_by: str, ascending: bool):
        return sorted(self._categories[category].items(), key=lambda item: getattr(item[1], sort_by),
                      reverse=not ascending)

    def table(self, sort_by: str, ascending: bool) -> str:
        lines = ["", "Profile Statistics:", "\tNote the difference in units for different entries."]
        for category in sorted(self._categories):
            memory = category == MEMORY
            columns = (["Min Use  (kB)", "Max Use  (kB)", "Avg Use  (kB)"] if memory else
                       ["Time (ms)", "Min Time (ms)", "Max Time (ms)", "Avg Time (ms)"])
            lines += [category, "=" * 17, _row("Name", "Total Count", columns),
                      _row("----", "-" * 11, ["-" * len(column) for column in columns])]
            for name, entry in self._sorted(category, sort_by, ascending):
                values = [entry.min, entry.max, entry.avg]
                numbers = values if memory else [entry.total, *values]
                lines.append(_row(name, entry.count, [f"{number:.4f}" for number in numbers]))
            lines.append("")
        return "\n".join(lines) + ("" if self._categories else "\n")

    def json(self, sort_by: str, ascending: bool) -> str:
        told: dict[str, dict] = {"Time": {}, "Memory": {}, "Unit": {"Time": "ms", "Memory": "kB"}}
        for category in sorted(self._categories):
            memory = category == MEMORY
            columns = [name for name in ("count", "total", "min", "max", "avg") if not (memory and name == "total")]
            told["Memory" if memory else "Time"][category] = {
                name: {_NAMES[column]: _rounded(getattr(entry, column)) for column in columns}
                for name, entry in self._sorted(category, sort_by, ascending)}
        return json.dumps(told, indent=4)


def _row(name: str, count, numbers) -> str:
    return f"{name:<25}{count:>16}" + "".join(f" {number:>16}" for number in numbers)


def _rounded(number):
    """Four significant digits of what is no count."""
    return number if isinstance(number, int) else float(f"{number:.4g}")
