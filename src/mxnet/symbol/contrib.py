"""sym.contrib: the contributed operators, control flow, and sampling for large vocabularies."""

from .. import _adamw, _zipfian
from . import _internal, control_flow, creation, random
from ._generate import functions
from .control_flow import *  # noqa: F403
from .random import uniform
from .symbol import Symbol

globals().update(_functions := functions("contrib"))

__all__ = ["adamw_update", "mp_adamw_update", "rand_zipfian", "uniform", *control_flow.__all__, *_functions]  # noqa: PLE0604


def _scale(rescale_grad, weight):
    """The factor of the gradient as a Symbol of one element."""
    return rescale_grad if isinstance(rescale_grad, Symbol) else creation.full((1,), rescale_grad)


adamw_update, mp_adamw_update = _adamw.steps(_internal, _scale)


def rand_zipfian(true_classes: Symbol, num_sampled: int, range_max: int) -> tuple[Symbol, Symbol, Symbol]:
    """nd.contrib.rand_zipfian for a Symbol."""
    return _zipfian.rand_zipfian(random.uniform, true_classes, num_sampled, range_max)
