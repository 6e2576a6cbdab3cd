"""sym.sparse: the operators that also have sparse implementations."""

from typing import TYPE_CHECKING, Any

from .. import ops  # noqa: F401  (registers the operators)
from ..ops.namespaces import sparse_operators
from ._generate import make_function

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(_functions := {name: make_function(op, name) for name, op in sparse_operators()})

__all__ = [name for name in _functions if not name.startswith("_")]
