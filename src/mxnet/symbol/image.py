"""sym.image: operators on images."""

from ._generate import functions

globals().update(_functions := functions("image"))

__all__ = list(_functions)
