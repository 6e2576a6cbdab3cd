"""sym._internal: operators that other parts of MXNet call by their internal names."""

from ._generate import functions

globals().update(_functions := functions("_internal"))

__all__ = list(_functions)
