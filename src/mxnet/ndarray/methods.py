"""The operators that NDArray has as methods: x.sum() is nd.sum(x)."""

from operator import index

from ..base import MXNetError


class _DoesNotFit(MXNetError, ValueError):
    """What reshape raises, which in MXNet is the one or the other, as it has too many or too few elements."""


def attach_methods(cls, op):
    """Give `cls` the operators of METHODS as methods, and the few that need another calling convention."""
    from torch import SymInt

    from ..ops.namespaces import METHODS
    from ..ops.shape import target_shape
    from . import _internal
    from ._generate import make_method
    from ._wrap import explain, in_use
    from .creation import split_v2

    for name in METHODS:
        setattr(cls, name, make_method(getattr(op, name)))
    cls.__neg__, cls.__abs__ = make_method(op.negative), cls.abs
    reshape, transpose, flatten = op.reshape, op.transpose, op.flatten
    expand_dims, squeeze = op.expand_dims, op.squeeze

    def _op_reshape(self, shape, reverse):
        if not shape:
            return reshape(self, shape=shape, reverse=reverse)
        # A view, where the operator copies: what is written through it is written to this array.
        t = in_use(self)
        sizes = target_shape(t.shape, tuple(s if isinstance(s, SymInt) else index(s) for s in shape), reverse)
        try:
            return self._derived(t.reshape(sizes))
        except RuntimeError as error:
            if explain("Reshape", error, (t,)) is error:
                raise
            raise _DoesNotFit(f"Cannot reshape array of size {t.numel()} into shape {tuple(shape)}") from error

    def _transpose(self, *args, axes=()):
        """Permute the axes: transpose(), transpose(1, 0) or transpose((1, 0)); None and () reverse them."""
        if len(args) == 1 and (args[0] is None or isinstance(args[0], (tuple, list))):
            axes = args[0]
        elif args:
            axes = args
        return transpose(self, axes=() if axes is None else tuple(axes))

    def _flatten(self, inplace=False):
        """All axes but the first merged into one; a view of this array if `inplace`, else a copy."""
        return self.reshape((0, -1)) if inplace else flatten(self)

    def _expand_dims(self, axis, inplace=False):
        """A new axis of size 1 before `axis` (-ndim-1..ndim); a view of this array if `inplace`, else a copy.

        AssertionError (MXNetError for a copy) if the axis is out of range.
        """
        if not inplace:
            return expand_dims(self, axis=axis)
        if not -self.ndim - 1 <= axis <= self.ndim:
            raise AssertionError(f"axis {axis} is out of range for {self.ndim}d array")
        place = axis + self.ndim + 1 if axis < 0 else axis
        return self.reshape((*self.shape[:place], 1, *self.shape[place:]))

    def _squeeze(self, axis=None, inplace=False):
        """Without the axes of size 1, or those of them in `axis`; a view of this array if `inplace`, else a copy.

        AssertionError (MXNetError for a copy) for axes that are out of range, repeated or not of size 1.
        """
        if not inplace:
            return squeeze(self, axis=axis)
        if axis is None:
            axes = [i for i, n in enumerate(self.shape) if n == 1]
        else:
            axes = [axis] if isinstance(axis, int) else list(axis)
        places = {i % self.ndim for i in axes}
        if len(places) < len(axes):
            raise AssertionError(f"axis {axis} contains duplicate which is not allowed.")
        for i in axes:
            if not -self.ndim <= i < self.ndim:
                raise AssertionError(f"axis {i} is out of range for {self.ndim}d array")
            if self.shape[i] != 1:
                raise AssertionError(f"Squeeze target axis {i} must be size 1, got {self.shape[i]}.")
        return self.reshape(tuple(n for i, n in enumerate(self.shape) if i not in places) or (1,))

    def _broadcast_to(self, shape):
        """This array repeated along its axes of size 1, and along new axes before them, to have `shape`.

        ValueError if it cannot have that shape.
        """
        shape = tuple(shape)
        padded = (1,) * (len(shape) - self.ndim) + self.shape
        if len(padded) != len(shape) or any(n not in (1, to) for n, to in zip(padded, shape, strict=True)):
            raise ValueError("operands could not be broadcast together with remapped shapes"
                             f"[original->remapped]: {self.shape} and requested shape {shape}")
        return op.broadcast_to(self if padded == self.shape else self.reshape(padded), shape=shape)

    def _broadcast_like(self, other):
        """This array, broadcast to the shape of another."""
        return self.broadcast_to(other.shape)

    def _slice_assign(self, rhs, begin, end, step):
        """Write `rhs` to self[begin:end:step]; returns this array."""
        return _internal._slice_assign(self, rhs, begin=begin, end=end, step=step, out=self)

    def _slice_assign_scalar(self, value, begin, end, step):
        """Write the number `value` to self[begin:end:step]; returns this array."""
        return _internal._slice_assign_scalar(self, scalar=value, begin=begin, end=end, step=step, out=self)

    def _split_v2(self, *args, **kwargs):
        """nd.split_v2."""
        return split_v2(self, *args, **kwargs)

    cls._op_reshape = _op_reshape
    for function in (_broadcast_to, _broadcast_like, _slice_assign, _slice_assign_scalar, _split_v2, _transpose,
                     _flatten, _expand_dims, _squeeze):
        function.__name__ = function.__name__[1:]
        setattr(cls, function.__name__, function)
