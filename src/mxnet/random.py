"""mx.random: seeding, and the samplers of nd.random.

The CPU streams are MXNet's: after the same calls, the same numbers.  The default seed is 0.
"""

import numpy as np

from . import _rng, _rng_state
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

__all__ = ["exponential", "gamma", "generalized_negative_binomial", "get_state", "multinomial", "negative_binomial",
           "normal", "poisson", "randint", "randn", "seed", "set_state", "shuffle", "uniform"]


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


def get_state() -> dict[str, np.ndarray]:
    """Where the random streams of all contexts are, as NumPy arrays by name; `numpy.savez` can write them.

    Beyond MXNet.
    """
    return _rng_state.pack(_rng.get_state())


def set_state(state: dict[str, np.ndarray]) -> None:
    """Go on from where `get_state` was called: the same numbers follow.

    KeyError or ValueError for anything else; the streams stay as they are then.  Beyond MXNet.
    """
    _rng.set_state(_rng_state.unpack(state))
