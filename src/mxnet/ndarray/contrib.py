"""nd.contrib: the contributed operators."""

from . import _contrib_updates
from ._contrib_updates import *  # noqa: F403
from .op import functions

globals().update(_functions := functions("contrib"))

__all__ = list(_functions) + _contrib_updates.__all__
