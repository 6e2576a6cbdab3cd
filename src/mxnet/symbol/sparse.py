"""sym.sparse: functions that also exist for sparse arrays."""

from ._generate import functions

globals().update(_functions := functions("sparse"))

__all__ = list(_functions)
