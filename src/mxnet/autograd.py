"""Automatic differentiation with MXNet's rules on torch's engine.

Nothing is recorded outside of `record()`; recording and train mode are separate flags of the thread.  Gradients go
to the variables made by `attach_grad` or `mark_variables`, by each one's grad_req.
"""

import functools
import sys
import threading

import torch

from ._state import Tape, state
from .base import MXNetError
from .ndarray import NDArray, _array
from .ndarray._array import deliver_gradients
from .ndarray._wrap import in_use, node, wrap

__all__ = ["Function", "NDArray", "backward", "get_symbol", "grad", "is_recording", "is_training", "mark_variables",
           "pause", "predict_mode", "record", "set_recording", "set_training", "train_mode"]

_is_grad_enabled = torch.is_grad_enabled
_set_grad_enabled = torch._C._set_grad_enabled
_array._autograd = sys.modules[__name__]
# what torch.autograd.backward comes to after its own checks, which take as long as a small network's backward
_run_backward = torch.autograd.Variable._execution_engine.run_backward


def set_recording(is_recording: bool) -> bool:
    """Turn recording on or off for this thread; returns what it was.  Prefer `record()` and `pause()`."""
    previous = state.recording
    state.recording = (previous or Tape()) if is_recording else False
    _set_grad_enabled(bool(is_recording) or _is_grad_enabled())
    return bool(previous)


def set_training(train_mode: bool) -> bool:
    """Set train or predict mode for this thread; returns what it was."""
    previous, state.training = state.training, bool(train_mode)
    return previous


def is_recording() -> bool:
    """Whether operators are being recorded now."""
    return bool(state.recording)


def is_training() -> bool:
    """Whether train mode is on (dropout drops, batch normalization uses the batch's statistics)."""
    return state.training


class _Scope:
    """Sets recording and train mode (None: leave as it is), torch's grad mode on for recording, and puts all back."""

    __slots__ = ("_before", "_recording", "_training")

    def __init__(self, recording: bool | None, training: bool | None):
        self._recording, self._training = recording, training
        self._before: list[tuple[Tape | bool, bool, bool]] = []

    def __enter__(self):
        self._before.append((state.recording, state.training, _is_grad_enabled()))
        if self._recording is not None:
            state.recording = (state.recording or Tape()) if self._recording else False
            if self._recording:
                _set_grad_enabled(True)
        if self._training is not None:
            state.training = self._training
        return self

    def __exit__(self, *exc_info):
        recording, training, grad_mode = self._before.pop()
        if self._recording is not None:
            state.recording = recording
        if self._training is not None:
            state.training = training
        _set_grad_enabled(grad_mode)

    def __call__(self, function):
        """Use as a decorator, as `contextlib` managers can be."""
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self:
                return function(*args, **kwargs)
        return wrapped


def record(train_mode: bool = True) -> _Scope:
    """`with autograd.record():` records operators for `backward`, in train mode unless train_mode=False."""
    return _Scope(True, train_mode)


def pause(train_mode: bool = False) -> _Scope:
    """A part inside `record()` that is not recorded, in predict mode unless train_mode=True."""
    return _Scope(False, train_mode)


def train_mode() -> _Scope:
    """Train mode, recording left as it is."""
    return _Scope(None, True)


def predict_mode() -> _Scope:
    """Predict mode, recording left as it is."""
    return _Scope(None, False)


def mark_variables(variables, gradients, grad_reqs="write"):
    """Make arrays variables whose gradients go to the given arrays: lists, or one NDArray each.

    grad_reqs: 'write', 'add' or 'null', one for all or one each.
    """
    if state.trace is not None:
        state.trace.fail("it marks variables")
    if isinstance(variables, NDArray):
        variables, gradients = [variables], [gradients]
    if len(variables) != len(gradients):
        raise ValueError(f"mark_variables: {len(variables)} variables but {len(gradients)} gradients")
    reqs = [grad_reqs] * len(variables) if isinstance(grad_reqs, str) else list(grad_reqs)
    for variable, gradient, req in zip(variables, gradients, reqs, strict=True):
        if req not in ("write", "add", "null"):
            raise KeyError(req)
        if variable.shape != gradient.shape:
            raise MXNetError(f"mark_variables: variable {variable.shape} and gradient {gradient.shape} differ in shape")
        variable._mark(gradient, req)


_one_at_a_time = threading.RLock()  # delivering looks at all variables, also those of another thread's backward


def _heads(heads, head_grads):
    """Lists of tensors for the engine; MXNetError for a head that was not recorded.

    A head that was recorded, but that nothing can be differentiated through (argmax(x), x > 0), adds nothing to any
    gradient and is left out.
    """
    if state.trace is not None:
        state.trace.fail("it computes gradients by itself (backward or autograd.grad)")
    if head_grads is None and type(heads) is NDArray and heads._t.requires_grad:  # loss.backward()
        return [heads], (heads._t,), (torch.ones_like(heads._t),)
    heads = [heads] if isinstance(heads, NDArray) else list(heads)
    if head_grads is None:
        grads = [None] * len(heads)
    else:
        grads = [head_grads] if isinstance(head_grads, NDArray) else list(head_grads)
    if len(heads) != len(grads):
        raise ValueError(f"heads and head_grads must be of the same length, got {len(heads)} and {len(grads)}")
    tensors, tensor_grads = [], []
    for i, (head, grad) in enumerate(zip(heads, grads, strict=True)):
        t = node(head)
        if not head._rg:
            raise MXNetError(f"Cannot differentiate head {i} (shape {head.shape}): it is not in a computational "
                             "graph. Use autograd.record() to save computational graphs for backward. If you "
                             "want to differentiate twice, pass retain_graph=True to backward")
        if t.requires_grad:
            tensors.append(t)
            tensor_grads.append(torch.ones_like(t) if grad is None else _fitting(grad, head, i).to(t.dtype))
    return heads, tuple(tensors), tuple(tensor_grads)


def _fitting(grad, head, i):
    """A head gradient in the shape of its head; as in MXNet, one with more rows is used as far as the head has some."""
    if grad.shape == head.shape:
        return grad._t
    if grad.shape[1:] == head.shape[1:] and grad.ndim == head.ndim and grad.shape[0] > head.shape[0]:
        return grad._t[:head.shape[0]]
    raise MXNetError(f"head gradient {i} has shape {grad.shape}, expected {head.shape}")


def _run(tensors, grads, retain_graph, create_graph, inputs, accumulate):
    if not tensors:
        return [None] * len(inputs)
    try:
        return _run_backward(tensors, grads, retain_graph, create_graph, inputs, allow_unreachable=True,
                             accumulate_grad=accumulate)
    except MXNetError:
        raise
    except RuntimeError as error:
        text = str(error)
        if "modified by an inplace operation" in text:
            raise MXNetError("an NDArray that backward needs was written in place after it was recorded "
                             f"({text.splitlines()[0]})") from error
        if "second time" in text:
            raise MXNetError("Cannot differentiate: part of the computational graph was freed by an earlier backward; "
                             "pass retain_graph=True there, or detach() what is carried over") from error
        raise MXNetError(f"backward failed: {text.splitlines()[0]}") from error


def _free_graph(heads, tensors):
    """Make the heads constants, and note that arrays of their tapes may be, now that backward has freed their graph.

    What an array of a freed graph is used for later takes it as a constant: so a state carried to the next batch
    needs no detach().
    """
    roots = [t.grad_fn for t in tensors if t.grad_fn is not None]
    for head in heads:
        if head._ag is None:
            if head._tape is not None:
                head._tape.free(roots)
            head._freed()
    if state.recording:
        state.recording = Tape()  # what was recorded so far is an earlier tape's now


def backward(heads, head_grads=None, retain_graph=False, train_mode=True):
    """Compute the gradients of heads with respect to all variables, into the variables' `.grad`.

    heads: NDArray or list of them; head_grads: gradients of the heads (default: ones, so the sum is differentiated).
    train_mode is accepted for MXNet's sake: the mode of the forward pass holds.
    MXNetError if a head was not recorded, or its graph was freed by an earlier backward without retain_graph.
    """
    arrays, tensors, grads = _heads(heads, head_grads)
    with _one_at_a_time:
        try:
            _run(tensors, grads, retain_graph, False, (), True)
        finally:
            deliver_gradients()
    if not retain_graph:
        _free_graph(arrays, tensors)


def grad(heads, variables, head_grads=None, retain_graph=None, create_graph=False, train_mode=True):
    """The gradients of heads with respect to `variables`, as new arrays; `.grad` is left alone.

    create_graph=True records the computation of the gradients too, for higher-order ones.
    Returns a list, also for a single variable.  MXNetError if a variable does not lead to the heads.
    """
    variables = [variables] if isinstance(variables, NDArray) else list(variables)
    if not variables:
        raise AssertionError("autograd.grad: variables cannot be an empty list")
    retain_graph = create_graph if retain_graph is None else retain_graph
    arrays, tensors, grads = _heads(heads, head_grads)
    for i, variable in enumerate(variables):
        if not variable._rg:
            raise MXNetError(f"autograd.grad: variable {i} (shape {variable.shape}) is not in a computational graph; "
                             "call attach_grad() on it before recording")
    before = _is_grad_enabled()
    _set_grad_enabled(True)
    try:
        results = _run(tensors, grads, retain_graph, create_graph, tuple(node(v) for v in variables), False)
    finally:
        _set_grad_enabled(before)
    for i, (variable, result) in enumerate(zip(variables, results, strict=True)):
        if result is None and len(tensors) == len(arrays):
            raise MXNetError(f"autograd.grad: variable {i} (shape {variable.shape}) is unreachable from the heads")
    if not retain_graph:
        _free_graph([array for array in arrays if not any(array is v for v in variables)], tensors)
    results = _own_memory(results, variables, grads)
    rg = create_graph and state.recording
    return [v._like(v._compress(r)) if r.is_sparse else wrap(r, v._ctx.results, None, rg)
            for r, v in zip(results, variables, strict=True)]


def _own_memory(results, variables, head_grads):
    """Gradients that may be written to: torch gives the same tensor for several, a head's own, or just its shape."""
    taken = {g.untyped_storage()._cdata for g in head_grads}
    own = []
    for result, variable in zip(results, variables, strict=True):
        if result is None or result._is_zerotensor():
            result = torch.zeros_like(variable._t, requires_grad=False)
        elif result.is_sparse:  # which those of sparse arrays stay
            if variable.stype != "default":
                own.append(result)
                continue
            result = result.to_dense()
        elif variable._t.dtype is not result.dtype:  # integers: the engine knows floats only
            result = result.to(variable._t.dtype)
        elif not result.is_contiguous() or result.untyped_storage()._cdata in taken:
            result = result.clone(memory_format=torch.contiguous_format)
        taken.add(result.untyped_storage()._cdata)
        own.append(result)
    return own


def get_symbol(x):
    """The recorded graph as a Symbol."""
    raise MXNetError("autograd.get_symbol is not available: what is recorded is a graph of torch's. For the graph of a "
                     "block, hybridize it and export, or call it with a Symbol")


class Function:
    """A differentiable function written by its user: subclass, write `forward` and `backward` on NDArrays.

    `forward(self, *inputs)` runs unrecorded; `self.save_for_backward(*arrays)` keeps arrays for
    `backward(self, *output_grads)`, which returns one gradient for each input.  An instance is called once.
    """

    def __init__(self):
        self._used = False
        self.saved_tensors = ()

    def save_for_backward(self, *args):
        """Keep arrays for `backward`, which finds them in `self.saved_tensors`."""
        self.saved_tensors = args

    def __call__(self, *inputs):
        if getattr(self, "_used", False):
            raise AssertionError("Each Function instance can only be called once. Please create another instance.")
        self._used = True
        if state.trace is not None and state.recording:
            state.trace.fail("it calls an autograd.Function, whose backward is code that no graph holds")
        ctx = inputs[0]._ctx.results
        if not (state.recording and any(x._rg for x in inputs)):
            with pause(train_mode=state.training):
                return self.forward(*inputs)
        shape = {}
        results = _Bridge.apply(self, ctx, shape, *(in_use(x) for x in inputs))
        arrays = [wrap(t, ctx) for t in results]
        return arrays[0] if shape["single"] else tuple(arrays) if shape["tuple"] else arrays

    def forward(self, *inputs):
        """Compute the outputs."""
        raise NotImplementedError

    def backward(self, *output_grads):
        """Compute the gradients of the inputs from those of the outputs."""
        raise NotImplementedError


class _Bridge(torch.autograd.Function):
    """Carries a user's Function through torch's engine."""

    @staticmethod
    def forward(ctx, function, context, shape, *tensors):
        with pause(train_mode=state.training):
            outputs = function.forward(*(wrap(t.detach(), context) for t in tensors))
        shape["single"], shape["tuple"] = isinstance(outputs, NDArray), isinstance(outputs, tuple)
        outputs = [outputs] if shape["single"] else list(outputs)
        ctx.function, ctx.context, ctx.count = function, context, len(tensors)
        # torch must not see an input (or a saved array) come out as an output: hand it a fresh view
        return tuple(o._t.detach().view_as(o._t) for o in outputs)

    @staticmethod
    def backward(ctx, *grads):
        with pause(train_mode=state.training):
            # copies: the tensors are shared with other parts of the backward, and users may write to what they get
            result = ctx.function.backward(*(wrap(g.clone(), ctx.context) for g in grads))
        result = [result] if isinstance(result, NDArray) else list(result)
        if len(result) != ctx.count:
            raise MXNetError(f"{type(ctx.function).__name__}.backward must return exactly the same number of "
                             f"gradients as forward has inputs: expected {ctx.count}, got {len(result)}")
        return (None, None, None, *(None if r is None else r._t for r in result))
