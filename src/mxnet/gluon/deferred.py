"""Finding the dimensions nobody wrote down: one run of a block's forward on tensors without values.

Each unknown dimension becomes a symbol, torch's shape checks solve for it (mxnet.graph.infer).  Random streams and
running statistics are as they were afterwards.  Layers that know better override `infer_shape` and never come here.
"""

import threading

from .. import _rng, autograd
from ..base import torch_dtype
from ..graph import infer
from ..ndarray import NDArray
from ..ndarray._wrap import wrap
from .parameter import DeferredInitializationError, shape_is_known

__all__ = ["infer_parameters"]

_lock = threading.RLock()


def infer_parameters(block, args, kwargs, children_too=False):
    """Initialize the parameters of `block` whose unknown dimensions the inputs determine.

    Its children's get their shapes too, but are initialized in their own turn (as MXNet's random streams expect)
    unless `children_too`.  DeferredInitializationError naming the parameter and the layer if one of the block's own
    stays unknown.
    """
    with _lock:
        own = set(block._params.values()) | set(block._reg_params.values())
        waiting = [p for p in _tree_params(block) if p._deferred_init]
        todo = [p for p in waiting if children_too or p in own]
        reason = None
        if not all(shape_is_known(p._shape) for p in todo):
            reason = _solve(block, waiting, args, kwargs)
        for param in todo:
            if shape_is_known(param._shape):
                param._finish_deferred_init()
        for param in todo:
            if param in own and param._data is None:
                raise _undetermined(block, param, reason)


def _tree_params(block):
    found = dict.fromkeys(block.collect_params().values())

    def add(b):
        found.update((p, None) for p in b._reg_params.values())

    block.apply(add)
    return list(found)


def _solve(block, waiting, args, kwargs):
    """Run the forward once with symbols for the unknown dimensions and fill in what torch's shape checks tell.

    Returns why the forward stopped early, None if it did not.
    """
    solver = infer.ShapeSolver()
    fakes = {}
    reason = None
    streams = _rng.get_state()
    for param in waiting:
        if param._shape is not None:
            ctx = param.list_ctx()[0]
            fakes[param] = fake = solver.unknown(param._shape, torch_dtype(param._dtype), ctx.device)
            param._stand_in = wrap(fake, ctx)

    def to_fake(array):
        return wrap(solver.fake(array._t.detach()), array._ctx, type(array))

    try:
        with solver, autograd.pause(train_mode=autograd.is_training()):
            block.forward(*_replace(to_fake, args), **_replace(to_fake, kwargs))
    except (infer.DataDependent, DeferredInitializationError) as error:
        reason = error
    finally:
        _rng.set_state(streams)
        for param in waiting:
            param._stand_in = None
    for param, fake in fakes.items():
        param._shape = tuple(known if found is None else found
                             for found, known in zip(solver.solve(fake), param._shape, strict=True))
    return reason


def _replace(function, value):
    """`value` with every NDArray in it replaced by function(array)."""
    if isinstance(value, NDArray):
        return function(value)
    if isinstance(value, (list, tuple)):
        items = [_replace(function, v) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {k: _replace(function, v) for k, v in value.items()}
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

