"""sym.linalg: linear algebra."""

from typing import TYPE_CHECKING, Any

from ._generate import functions

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(_functions := functions("linalg"))

__all__ = list(_functions)
