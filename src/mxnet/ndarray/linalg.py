"""nd.linalg: linear algebra."""

from .op import functions

globals().update(_functions := functions("linalg"))

__all__ = list(_functions)
