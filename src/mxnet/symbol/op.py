"""sym.op: every public operator, generated from the registry."""

from typing import TYPE_CHECKING, Any

from .. import ops  # noqa: F401  (registers the operators)
from ._generate import functions

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(_functions := functions("op"))

__all__ = list(_functions)
