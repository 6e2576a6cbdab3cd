"""sym.sparse: functions that also exist for sparse arrays."""

from typing import TYPE_CHECKING, Any

from ._generate import functions

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(_functions := functions("sparse"))

__all__ = list(_functions)
