"""Automatic names: `NameManager` counts per kind, `Prefix` puts a prefix before every name."""

import threading

__all__ = ["NameManager", "Prefix"]


class _Current(threading.local):
    def __init__(self):
        self.value = NameManager()


class _Meta(type):
    """Gives the class the property `NameManager.current`, the manager of this thread."""

    @property
    def current(cls):
        return _current.value

    @current.setter
    def current(cls, manager):
        _current.value = manager


class NameManager(metaclass=_Meta):
    """Names what its user left unnamed: `get(None, 'dense')` gives dense0, dense1, ...

    `with NameManager():` starts counting anew inside.
    """

    def __init__(self):
        self._counter = {}
        self._old_manager = None

    def get(self, name, hint):
        """`name` if it is given, else `hint` with its next number."""
        if name:
            return name
        number = self._counter.get(hint, 0)
        self._counter[hint] = number + 1
        return f"{hint}{number}"

    def __enter__(self):
        self._old_manager = _current.value
        _current.value = self
        return self

    def __exit__(self, *exc_info):
        _current.value = self._old_manager


class Prefix(NameManager):
    """A NameManager that puts `prefix` before every name, given or automatic."""

    def __init__(self, prefix):
        super().__init__()
        self._prefix = prefix

    def get(self, name, hint):
        return self._prefix + super().get(name, hint)


_current = _Current()
