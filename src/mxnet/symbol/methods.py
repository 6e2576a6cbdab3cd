"""The operators that Symbol has as methods: x.sum() is sym.sum(x)."""

from ..base import _Null
from ..ops import registry
from ..ops.namespaces import METHODS
from ._generate import make_method


def attach_methods(cls, op, split_v2):
    """Give `cls` the operators of METHODS, and the few that need another calling convention."""
    for name in (*METHODS, "broadcast_like", "broadcast_to"):
        setattr(cls, name, make_method(getattr(op, name), registry.get(name)))
    cls.__abs__ = cls.abs

    def reshape(self, *shape, **kwargs):
        """sym.reshape: x.reshape((2, -1)) or x.reshape(2, -1)."""
        if len(shape) > 1:
            return op.reshape(self, shape=shape, **kwargs)
        return op.reshape(self, *shape, **kwargs)

    def transpose(self, *axes, **kwargs):
        """sym.transpose: x.transpose((1, 0)) or x.transpose(1, 0)."""
        if len(axes) > 1 or (axes and isinstance(axes[0], int)):
            return op.transpose(self, axes=axes, **kwargs)
        return op.transpose(self, *(a for a in axes if a is not None), **kwargs)

    def astype(self, dtype, **kwargs):
        """sym.cast."""
        return op.cast(self, dtype=dtype, **kwargs)

    def expand_dims(self, axis, inplace=False, **kwargs):
        """sym.expand_dims."""
        return op.expand_dims(self, axis=axis, **kwargs)

    def squeeze(self, axis=None, inplace=False, **kwargs):
        """sym.squeeze."""
        return op.squeeze(self, axis=_Null if axis is None else axis, **kwargs)

    def _split_v2(self, *args, **kwargs):
        """sym.split_v2."""
        return split_v2(self, *args, **kwargs)

    def flatten(self, inplace=False, **kwargs):
        """sym.flatten."""
        return op.flatten(self, **kwargs)

    _split_v2.__name__ = "split_v2"
    for function in (reshape, transpose, astype, expand_dims, squeeze, flatten, _split_v2):
        setattr(cls, function.__name__, function)
