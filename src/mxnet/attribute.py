"""AttrScope: attributes for all symbols that are made inside a `with` block."""

import threading
from collections import defaultdict

from .base import MXNetError  # noqa: F401  (part of the module's namespace in MXNet)

__all__ = ["AttrScope", "current"]


class _Current(threading.local):
    def __init__(self):
        self.value = AttrScope()


class _Meta(type):
    """Gives the class the property `AttrScope.current`, the scope of this thread."""

    @property
    def current(cls):
        return _current.value

    @current.setter
    def current(cls, scope):
        _current.value = scope


class AttrScope(metaclass=_Meta):
    """`with AttrScope(ctx_group='dev1', __lr_mult__='2'):` symbols made inside have these attributes.

    Values must be strings (ValueError).  Inner scopes add to outer ones.
    """

    _subgraph_names: dict[str, int] = defaultdict(int)  # how many subgraphs of each name there are

    def __init__(self, **kwargs):
        self._old_scope = None
        for value in kwargs.values():
            if not isinstance(value, str):
                raise ValueError("Attributes need to be string")
        self._attr = kwargs

    def get(self, attr):
        """`attr` (a dict or None) together with the attributes of this scope, which it overrides."""
        if not self._attr:
            return {} if attr is None else {k: _text(k, v) for k, v in attr.items()}
        merged = self._attr.copy()
        if attr:
            merged.update({k: _text(k, v) for k, v in attr.items()})
        return merged

    def __enter__(self):
        self._old_scope = _current.value
        merged = _current.value._attr.copy()
        merged.update(self._attr)
        self._attr = merged
        _current.value = self
        return self

    def __exit__(self, *exc_info):
        if self._old_scope is None:
            raise RuntimeError("AttrScope was not entered")
        _current.value = self._old_scope


def _text(key, value) -> str:
    return value if isinstance(value, str) else str(value)


def current():
    """The attribute scope of this thread."""
    return _current.value


_current = _Current()
