"""nd.image: operators on images."""

from .op import functions

globals().update(_functions := functions("image"))

__all__ = list(_functions)
