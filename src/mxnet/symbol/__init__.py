"""mx.sym: graphs of the operators of mxnet.ops, to be bound to arrays, hybridized, saved and loaded."""

from . import _arith, op, symbol
from .op import *
from .op import __all__ as _op_all
from .symbol import *

from . import _internal, contrib, image, linalg, random, sparse  # isort: skip
from . import creation
from .creation import *
from .methods import attach_methods
from .symbol import Symbol

# Functions written for users stand before the raw operators of the same name (`maximum`, `histogram`, ...).
for _name in creation.__all__:
    globals()[_name] = getattr(creation, _name)
globals().update(_functions := _arith.install())
for _name in (*creation.__all__, *_functions):  # where MXNet has them, too
    setattr(symbol, _name, globals()[_name])

attach_methods(Symbol, op, creation.split_v2)

__all__ = [*symbol.__all__, *creation.__all__, *_functions, *_op_all, "contrib", "image", "linalg", "random", "sparse",  # noqa: PLE0604
           "op", "symbol"]
