"""sym.linalg: linear algebra."""

from ._generate import functions

globals().update(_functions := functions("linalg"))

__all__ = list(_functions)
