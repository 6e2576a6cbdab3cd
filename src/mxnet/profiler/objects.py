"""What users time and count themselves: Domain, Task, Frame, Event, Counter, Marker."""

import threading

from ..base import MXNetError
from ._recorder import Record, now
from ._session import session
from ._trace import SCOPES

__all__ = ["Counter", "Domain", "Event", "Frame", "Marker", "Task"]


class Domain:
    """A group of tasks, frames, counters and markers: a category of the table and a row of the trace."""

    def __init__(self, name):
        self.name = name

    def __str__(self):
        return self.name

    def new_task(self, name):
        """A Task of this domain."""
        return Task(self, name)

    def new_frame(self, name):
        """A Frame of this domain."""
        return Frame(self, name)

    def new_counter(self, name, value=None):
        """A Counter of this domain."""
        return Counter(self, name, value)

    def new_marker(self, name):
        """A Marker of this domain."""
        return Marker(self, name)


class _Span:
    """Takes time: from start() to stop(), or as long as a `with` block."""

    _category: str

    def __init__(self, name):
        self.name = name
        self._started = None

    def start(self):
        """Begin; a second start begins anew."""
        self._started = now() if session.active else None

    def stop(self):
        """End what `start` began, which is noted if the profiler was on for both."""
        if self._started is not None:
            session.note(Record("span", self._category, self.name, self._started, now(),
                                thread=threading.get_ident()))
            self._started = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    def __str__(self):
        return self.name


class Task(_Span):
    """A unit of work; all its passes are added up.  Tasks may nest."""

    def __init__(self, domain, name):
        super().__init__(name)
        self._category = domain.name


class Frame(_Span):
    """One pass of what comes again and again, such as an iteration."""

    def __init__(self, domain, name):
        super().__init__(name)
        self._category = f"{domain.name},frame"


class Event(_Span):
    """A stretch of the program that belongs to no domain."""

    _category = "event"


class Counter:
    """A value that changes: `counter += 1`.

    value: what it is at first; it counts from 0 if it is None.  ValueError for what is no number.
    """

    def __init__(self, domain, name, value=None):
        self.name = name
        self._category = domain.name
        self._value = 0
        self._lock = threading.Lock()
        if value is not None:
            self.set_value(value)

    def set_value(self, value):
        """Set the value, an integer."""
        with self._lock:
            self._become(int(value))

    def increment(self, delta=1):
        """Add to the value."""
        with self._lock:
            self._become(self._value + int(delta))

    def decrement(self, delta=1):
        """Subtract from the value."""
        self.increment(-delta)

    def _become(self, value: int):
        self._value = value
        session.note(Record("counter", self._category, self.name, now(), value=value, thread=threading.get_ident()))

    def __iadd__(self, delta):
        self.increment(delta)
        return self

    def __isub__(self, delta):
        self.decrement(delta)
        return self

    def __str__(self):
        return self.name


class Marker:
    """Marks a moment."""

    def __init__(self, domain, name):
        self.name = name
        self._category = f"{domain.name},instant_marker"

    def mark(self, scope="process"):
        """Mark this moment; scope: 'global', 'process', 'thread', 'task' or 'marker' (MXNetError for others)."""
        if scope not in SCOPES:
            raise MXNetError(f"Invalid Input: {scope!r}, valid values are: {sorted(SCOPES)}, for the scope of a Marker")
        session.note(Record("marker", self._category, self.name, now(), thread=threading.get_ident(), scope=scope))
