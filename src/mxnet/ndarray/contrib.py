"""nd.contrib: the contributed operators."""

from .op import functions

globals().update(_functions := functions("contrib"))

__all__ = list(_functions)
