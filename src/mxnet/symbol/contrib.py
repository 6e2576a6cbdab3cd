"""sym.contrib: the contributed operators, control flow, and sampling for large vocabularies."""

from .. import _zipfian
from . import control_flow, random
from ._generate import functions
from .control_flow import *  # noqa: F403
from .symbol import Symbol

globals().update(_functions := functions("contrib"))

__all__ = ["rand_zipfian", *control_flow.__all__, *_functions]  # noqa: PLE0604


def rand_zipfian(true_classes: Symbol, num_sampled: int, range_max: int) -> tuple[Symbol, Symbol, Symbol]:
    """nd.contrib.rand_zipfian for a Symbol."""
    return _zipfian.rand_zipfian(random.uniform, true_classes, num_sampled, range_max)
