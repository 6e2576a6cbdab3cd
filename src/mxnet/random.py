"""mx.random: seeding, and the samplers of nd.random.

The CPU streams are MXNet's: after the same calls, the same numbers.  The default seed is 0.
"""

from . import _rng
from .base import integer_types
from .context import Context
from .ndarray.random import (
    exponential,
    gamma,
    generalized_negative_binomial,
    multinomial,
    negative_binomial,
    normal,
    poisson,
    randint,
    randn,
    shuffle,
    uniform,
)

__all__ = ["exponential", "gamma", "generalized_negative_binomial", "multinomial", "negative_binomial", "normal",
           "poisson", "randint", "randn", "seed", "shuffle", "uniform"]


def seed(seed_state, ctx="all"):
    """Start the random streams from an integer: of all contexts (each differently) or of one.

    ValueError if `seed_state` is no integer.
    """
    if not isinstance(seed_state, integer_types):
        raise ValueError(f"seed_state must be int, got {type(seed_state)}")
    if ctx == "all":
        _rng.seed(int(seed_state))
    else:
        ctx = Context(ctx)
        _rng.seed(int(seed_state), (ctx.device_type, ctx.device_id))
