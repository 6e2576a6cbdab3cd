"""sym.contrib: the contributed operators."""

from ._generate import functions

globals().update(_functions := functions("contrib"))

__all__ = list(_functions)
