"""AttrScope: attributes for all symbols that are made inside a `with` block."""

from collections import defaultdict

from ._state import OnePerThread
from .base import MXNetError  # noqa: F401  (part of the module's namespace in MXNet)

__all__ = ["AttrScope", "current"]


class AttrScope(metaclass=OnePerThread):
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
        self._old_scope = AttrScope.current
        merged = AttrScope.current._attr.copy()
        merged.update(self._attr)
        self._attr = merged
        AttrScope.current = self
        return self

    def __exit__(self, *exc_info):
        if self._old_scope is None:
            raise RuntimeError("AttrScope was not entered")
        AttrScope.current = self._old_scope


def _text(key, value) -> str:
    return value if isinstance(value, str) else str(value)


def current():
    """The attribute scope of this thread."""
    return AttrScope.current
