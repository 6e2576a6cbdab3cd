"""sym._internal: operators that other parts of MXNet call by their internal names."""

from typing import TYPE_CHECKING, Any

from ._generate import functions

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(_functions := functions("_internal"))

__all__ = list(_functions)
