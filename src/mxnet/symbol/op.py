"""sym.op: every public operator, generated from the registry."""

from .. import ops  # noqa: F401  (registers the operators)
from ._generate import functions

globals().update(_functions := functions("op"))

__all__ = list(_functions)
