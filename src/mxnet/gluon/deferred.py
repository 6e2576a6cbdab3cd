"""Finding the dimensions nobody wrote down: one run of a block's forward on tensors without values.

Each unknown dimension becomes a symbol, torch's shape checks solve for it (mxnet.graph.infer).  Random streams,
running statistics and attributes are as they were afterwards.  Layers that know better override `infer_shape` and
never come here.
"""

import itertools
import threading
from typing import NoReturn

from .. import autograd
from ..base import MXNetError, torch_dtype
from ..context import current_context
from ..graph import infer
from ..ndarray import NDArray
from ..ndarray._wrap import wrap
from .dry_run import traceless
from .parameter import DeferredInitializationError, shape_is_known

__all__ = ["DeferredShapeError", "Found", "find_shapes", "infer_parameters"]

_lock = threading.RLock()
_MOST_TRIALS = 64


class DeferredShapeError(MXNetError, ValueError):
    """The first call of a block failed, before the shapes of its parameters were settled.  MXNet: ValueError."""


class Found(list):
    """What parameters were before the first call told their shapes, so that they can be again if it fails.

    As a context it does so for errors inside.
    """

    def __init__(self, params):
        super().__init__((param, param._shape, param._deferred_init) for param in params)

    def undo(self, error: MXNetError) -> NoReturn:
        """Let the shapes be unknown again, and raise what happened."""
        for param, shape, waiting in self:
            param._shape, param._deferred_init = shape, waiting
            param._data = param._grad = param._only = None
        if isinstance(error, (DeferredShapeError, DeferredInitializationError)):
            raise error
        raise DeferredShapeError(f"Deferred initialization failed because shape cannot be inferred. {error}") from error

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, MXNetError):
            self.undo(error)


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


def find_shapes(block, args, kwargs):
    """Find what the inputs tell of unknown dimensions below `block`, and initialize nothing yet."""
    with _lock:
        _solve(block, [p for p in _tree_params(block) if p._data is None], args, kwargs)


def _tree_params(block):
    found = dict.fromkeys(block.collect_params().values())

    def add(b):
        found.update((p, None) for p in b._reg_params.values())

    block.apply(add)
    return list(found)


def _solve(block, waiting, args, kwargs):
    """Fill in what the forward tells about unknown dimensions; returns why it stopped early, None if it did not."""
    shapes = {param: param._shape for param in waiting if param._shape is not None}
    found, reason = _dry_run(block, shapes, args, kwargs)
    if isinstance(reason, infer.UnknownSize):
        found = _by_trial(block, found, args, kwargs) or found
    for param, shape in found.items():
        param._shape = shape
    return reason


def _dry_run(block, shapes, args, kwargs):
    """Run the forward once on tensors without values, parameters having `shapes` with symbols for 0 and -1.

    Returns the shapes as far as torch's shape checks tell them, and why the forward stopped early or None.
    """
    solver = infer.ShapeSolver()
    fakes = {}
    reason = None
    for param, shape in shapes.items():
        ctx = param.list_ctx()[0] if param._deferred_init else current_context()
        fakes[param] = fake = solver.unknown(shape, torch_dtype(param._dtype), ctx.device)
        param._stand_in = wrap(fake, ctx)

    def to_fake(array):
        return wrap(solver.fake(array._t.detach()), array._ctx, type(array))

    try:
        with traceless(block), solver, autograd.pause(train_mode=autograd.is_training()):
            block.forward(*_replace(to_fake, args), **_replace(to_fake, kwargs))
    except (infer.DataDependent, DeferredInitializationError) as error:
        reason = error
    finally:
        for param in shapes:
            param._stand_in = None
    return {param: tuple(known if size is None else size
                         for size, known in zip(solver.solve(fake), shapes[param], strict=True))
            for param, fake in fakes.items()}, reason


def _by_trial(block, shapes, args, kwargs):
    """The only shapes with which the forward runs, one unknown dimension being a size seen in inputs or parameters.

    For forwards that compute with the size itself, such as w * math.sqrt(2 / w.shape[0]).  None if there are no such
    shapes, or several, or if sizes seen nowhere would do as well: then nothing determines the dimension.
    """
    seen = {size for shape in shapes.values() for size in shape}
    _replace(lambda array: seen.update(array.shape), [args, kwargs])
    seen = {size for size in seen if size > 1}
    elsewhere = {max(seen, default=1) + 1, next(n for n in itertools.count(2) if n not in seen)}
    unknown = [(param, axis) for param, shape in shapes.items() for axis, size in enumerate(shape) if size <= 0]
    if len(unknown) * len(seen) > _MOST_TRIALS:
        return None
    answers = []
    for (param, axis), size in itertools.product(unknown, (*elsewhere, *seen)):
        before, after = shapes[param][:axis], shapes[param][axis + 1:]
        try:
            answer, reason = _dry_run(block, {**shapes, param: (*before, size, *after)}, args, kwargs)
        except Exception:  # whatever a forward says of a shape that cannot be
            continue
        if reason is None and all(map(shape_is_known, answer.values())) and answer not in answers:
            if size in elsewhere or answers:
                return None
            answers.append(answer)
    return answers[0] if answers else None


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
    text = f"Parameter '{param.name}' of {type(block).__name__} '{block.name}' has not been initialized: its shape "
    if param._shape is None:
        text += "was not given at all, not even its number of dimensions"
    else:
        dims = ", ".join(str(i) for i, d in enumerate(param._shape) if d <= 0)
        text += f"{param._shape} stays unknown in dimension {dims} after the first forward"
        if reason is not None:
            text += f" (the shape inference stopped: {reason})"
    return DeferredInitializationError(
        text + ". Give the dimension when the parameter is created, e.g. "
        f"self.params.get('{param.name.rsplit('_', 1)[-1]}', shape=...), or pass in_units, in_channels or the like.")

