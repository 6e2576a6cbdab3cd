"""sym.image: operators on images."""

from typing import TYPE_CHECKING, Any

from ._generate import functions

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(_functions := functions("image"))

__all__ = list(_functions)
