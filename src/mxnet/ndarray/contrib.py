"""nd.contrib: the contributed operators, control flow, and sampling for large vocabularies."""

import functools

from .. import _zipfian
from ..context import current_context
from . import _contrib_updates, _control_flow, random
from ._contrib_updates import *  # noqa: F403
from ._control_flow import *  # noqa: F403
from .op import functions
from .random import uniform

globals().update(_functions := functions("contrib"))

__all__ = ["rand_zipfian", "uniform", *_control_flow.__all__, *_functions, *_contrib_updates.__all__]  # noqa: PLE0604


def rand_zipfian(true_classes, num_sampled, range_max, ctx=None):
    """Classes drawn from an approximately log-uniform (Zipfian) distribution over 0 to range_max - 1.

    P(class) = (log(class + 2) - log(class + 1)) / log(range_max + 1): for sampled softmax over a vocabulary that is
    ordered by frequency.  Returns (`num_sampled` classes, int64; how often each of `true_classes` is expected among
    them; how often each sampled class is, both float64).
    """
    ctx = current_context() if ctx is None else ctx
    draw = functools.partial(random.uniform, ctx=ctx)
    return _zipfian.rand_zipfian(draw, true_classes.as_in_context(ctx), num_sampled, range_max)
