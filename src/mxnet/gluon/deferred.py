"""Finding the dimensions nobody wrote down: one run of a block's forward on tensors without values.

Each unknown dimension becomes a symbol, torch's shape checks solve for it (mxnet.graph.infer).  Random streams
and running statistics are as they were afterwards.
"""

import threading

from .. import _rng, autograd
from ..base import torch_dtype
from ..graph.infer import DataDependent, ShapeSolver, inferring
from ..ndarray import NDArray
from ..ndarray._wrap import wrap
from .parameter import DeferredInitializationError, shape_is_known

__all__ = ["infer_parameters", "inferring"]

_lock = threading.RLock()


def infer_parameters(block, args, kwargs):
    """Initialize the parameters of `block` and its children whose unknown dimensions the inputs determine.

    DeferredInitializationError naming the parameter and the layer if one of the block's own stays unknown.
    """
    with _lock:
        waiting = [p for p in _tree_params(block) if p._deferred_init]
        reason = _solve(block, waiting, args, kwargs)
        for param in waiting:
            if shape_is_known(param._shape):
                param._finish_deferred_init()
        own = set(block._params.values()) | set(block._reg_params.values())
        for param in waiting:
            if param in own and param._data is None:
                raise _undetermined(block, param, reason)


def _tree_params(block):
    found = {p: None for p in block.collect_params().values()}

    def add(b):
        found.update((p, None) for p in b._reg_params.values())

    block.apply(add)
    return list(found)


def _solve(block, waiting, args, kwargs):
    """Run the forward once on fake tensors and fill in the shapes found; returns why it stopped early, if it did."""
    solver = ShapeSolver()
    fakes = {}
    reason = None
    streams = _rng.get_state()
    for param in waiting:
        if param._shape is None:
            continue
        ctx = param.list_ctx()[0]
        fakes[param] = fake = solver.unknown(param._shape, torch_dtype(param._dtype), ctx.device)
        param._stand_in = wrap(fake, ctx)
    try:
        with solver, autograd.pause(train_mode=autograd.is_training()):
            block.forward(*_fake(solver, args), **_fake(solver, kwargs))
    except DataDependent as error:
        reason = error
    except DeferredInitializationError as error:
        reason = error
    finally:
        _rng.set_state(streams)
        for param in waiting:
            param._stand_in = None
    for param, fake in fakes.items():
        param._shape = tuple(known if s is None else s
                             for s, known in zip(solver.solve(fake), param._shape, strict=True))
    return reason


def _fake(solver, value):
    """`value` with every NDArray in it replaced by a handle on its fake twin."""
    if isinstance(value, NDArray):
        return wrap(solver.fake(value._t.detach()), value._ctx, type(value))
    if isinstance(value, (list, tuple)):
        return type(value)(_fake(solver, v) for v in value) if not hasattr(value, "_fields") else \
            type(value)(*(_fake(solver, v) for v in value))
    if isinstance(value, dict):
        return {k: _fake(solver, v) for k, v in value.items()}
    return value


def _undetermined(block, param, reason):
    dims = [i for i, d in enumerate(param._shape or ()) if d <= 0]
    text = (f"Parameter '{param.name}' of {type(block).__name__} '{block.name}' has not been initialized: its shape "
            f"{param._shape} stays unknown in dimension {', '.join(map(str, dims))} after the first forward")
    if reason is not None:
        text += f" (the shape inference stopped: {reason})"
    return DeferredInitializationError(
        text + ". Give the dimension when the parameter is created, e.g. "
        f"self.params.get('{param.name.rsplit('_', 1)[-1]}', shape=...), or pass in_units, in_channels or the like.")

