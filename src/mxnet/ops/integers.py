"""Gradients of integer arrays, which MXNet has and torch's engine has not.

What is recorded of an integer dtype is a RecordedIntegers: to whoever computes with it, a tensor of that dtype; to
torch's engine, values in float64.  Every function runs twice, on the integers for its result and on the floats for
its graph.  Nothing here concerns graphs of floats alone.
"""

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

__all__ = ["RecordedIntegers", "as_leaf", "cast"]

_gradient_of = Tensor.grad.__get__  # type: ignore[attr-defined]
# What is asked of the engine's tensor, not of the integers.
_OF_THE_GRAPH = frozenset((
    Tensor.requires_grad.__get__, Tensor.grad_fn.__get__, Tensor.is_leaf.__get__,  # type: ignore[attr-defined]
    Tensor.grad.__set__, Tensor.register_hook, Tensor.retain_grad))  # type: ignore[attr-defined]
_CASTS = frozenset((Tensor.to, Tensor.type, Tensor.byte, Tensor.char, Tensor.int, Tensor.long))


def cast(data: Tensor, dtype: torch.dtype, copy: bool = False) -> Tensor:
    """`data` in `dtype`.  Integers made from something recorded are recorded too: the gradient passes the cast."""
    result = data.to(dtype, copy=copy)
    if dtype.is_floating_point or dtype is torch.bool or type(result) is RecordedIntegers:
        return result
    return _joined(data, result) if data.requires_grad and torch.is_grad_enabled() else result


def as_leaf(data: Tensor) -> Tensor:
    """`data`, which is in no graph, as a variable: itself, or integers on its memory."""
    return data.requires_grad_(True) if data.is_floating_point() else RecordedIntegers.leaf(data)


class RecordedIntegers(Tensor):
    """Integers in a graph.  `integers`: the values; the tensor itself, for the engine: the same in float64."""

    integers: Tensor
    seen: int  # the version of `integers` that the engine's values are

    @classmethod
    def leaf(cls, integers: Tensor) -> "RecordedIntegers":
        """A variable on the memory of `integers`; its `grad` has their dtype."""
        return cls._hold(Tensor._make_subclass(cls, integers.to(torch.float64), True), integers)

    def _hold(self, integers):
        self.integers, self.seen = integers, integers._version
        return self

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func == _gradient_of:
            gradient = _of_floats(func, args, kwargs)
            return None if gradient is None else gradient.to(args[0].integers.dtype)
        if func in _OF_THE_GRAPH:
            return _of_floats(func, args, kwargs)
        result = func(*tree_map(_integers, args), **tree_map(_integers, kwargs))
        if not torch.is_grad_enabled() or not _is_tensors(result):
            return result
        if func in _CASTS and not result.is_floating_point():
            return _joined(args[0], result)
        try:
            floats = _of_floats(func, tree_map(_for_engine, args), tree_map(_for_engine, kwargs))
        except (RuntimeError, TypeError):
            return result  # a function of integers alone has no gradient
        if isinstance(result, Tensor):
            return _joined(floats, result)
        return tuple(map(_joined, floats, result))


class _Carry(torch.autograd.Function):
    """The values of one tensor in the graph of another.  The gradient of integers is integers, as in MXNet."""

    @staticmethod
    def forward(ctx, graph, values):
        ctx.whole = not values.is_floating_point()
        return values.to(torch.float64) if ctx.whole else values.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad.trunc() if ctx.whole else grad, None


def _joined(graph: Tensor, values: Tensor) -> Tensor:
    if not graph.requires_grad or values.dtype is torch.bool:
        return values
    with torch._C.DisableTorchFunctionSubclass():
        joined = _Carry.apply(graph, values.detach())
        return joined if values.is_floating_point() else joined.as_subclass(RecordedIntegers)._hold(values.detach())


def _of_floats(func, args, kwargs):
    with torch._C.DisableTorchFunctionSubclass():
        return func(*args, **kwargs)


def _integers(value):
    return value.integers if isinstance(value, RecordedIntegers) else value


def _for_engine(value):
    """An argument as the engine takes it: values follow what was written since, what is made of them are floats."""
    if isinstance(value, torch.dtype):
        return value if value.is_floating_point else torch.float64
    if isinstance(value, RecordedIntegers) and value.seen != value.integers._version:
        value.seen = value.integers._version
        with torch._C.DisableTorchFunctionSubclass():
            value.data.copy_(value.integers)
    return value


def _is_tensors(result) -> bool:
    if isinstance(result, Tensor):
        return True
    return isinstance(result, (tuple, list)) and bool(result) and all(isinstance(r, Tensor) for r in result)
