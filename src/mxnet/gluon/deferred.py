"""Finding the dimensions nobody wrote down: one run of a block's forward on tensors without values.

First by the operators' own rules, which serves the layers made of them in microseconds; where these do not reach,
each unknown dimension becomes a symbol and torch's shape checks solve for it (mxnet.graph.infer).  Random streams
and running statistics are as they were afterwards.
"""

import threading

from .. import _rng, autograd
from .._state import state
from ..base import torch_dtype
from ..graph import infer
from ..ndarray import NDArray
from ..ndarray._pending import PendingArray
from ..ndarray._wrap import wrap
from .parameter import DeferredInitializationError, shape_is_known

__all__ = ["infer_parameters", "inferring"]

_lock = threading.RLock()


def inferring() -> bool:
    """Whether this thread is in such a run: no hooks, no nested inference."""
    return state.dry_run or infer.inferring()


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
    found = dict.fromkeys(block.collect_params().values())

    def add(b):
        found.update((p, None) for p in b._reg_params.values())

    block.apply(add)
    return list(found)


def _solve(block, waiting, args, kwargs):
    """Fill in the shapes that the inputs determine; returns why the inference stopped early, if it did."""
    streams = _rng.get_state()
    try:
        if _by_rules(block, waiting, args, kwargs):
            return None
        return _by_solver(block, waiting, args, kwargs)
    finally:
        _rng.set_state(streams)
        for param in waiting:
            param._stand_in = None


def _by_rules(block, waiting, args, kwargs) -> bool:
    """Try the cheap way: a dry run on meta tensors in which operators with a `shapes` rule tell their weights.

    True if it told all that was needed.  Anything unusual in the forward ends it without a trace.
    """
    pending = {}
    for param in waiting:
        if param._shape is None:
            return False
        param._stand_in = pending[param] = PendingArray(param._shape, torch_dtype(param._dtype), param.list_ctx()[0])
    before = state.dry_run
    state.dry_run = True
    try:
        with autograd.pause(train_mode=autograd.is_training()), _meta_mode():
            block.forward(*_replace(_to_meta, args), **_replace(_to_meta, kwargs))
    except Exception:
        return False
    finally:
        state.dry_run = before
    if any(p.resolved is None for p in pending.values()):
        return False
    for param, array in pending.items():
        param._shape = array.resolved
    return True


def _meta_mode():
    """A mode in which every operator sees meta tensors, whatever the user's code holds: nothing is computed."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_map

    def to_meta(value):
        if isinstance(value, torch.Tensor) and value.device.type != "meta":
            return torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device="meta")
        return torch.device("meta") if isinstance(value, torch.device) else value

    class MetaMode(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            args, kwargs = tree_map(to_meta, (args, kwargs or {}))
            return func(*args, **kwargs)

    return MetaMode()


def _to_meta(array):
    return wrap(array._t.detach().to("meta"), array._ctx, type(array))


def _by_solver(block, waiting, args, kwargs):
    """Run the forward once with symbols for the unknown dimensions; torch's shape checks are the equations."""
    solver = infer.ShapeSolver()
    fakes = {}
    reason = None
    for param in waiting:
        param._stand_in = None
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

