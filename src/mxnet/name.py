"""Automatic names: `NameManager` counts per kind, `Prefix` puts a prefix before every name."""

from ._state import OnePerThread

__all__ = ["NameManager", "Prefix"]


class NameManager(metaclass=OnePerThread):
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
        self._old_manager = NameManager.current
        NameManager.current = self
        return self

    def __exit__(self, *exc_info):
        NameManager.current = self._old_manager


class Prefix(NameManager):
    """A NameManager that puts `prefix` before every name, given or automatic."""

    def __init__(self, prefix):
        super().__init__()
        self._prefix = prefix

    def get(self, name, hint):
        return self._prefix + super().get(name, hint)
