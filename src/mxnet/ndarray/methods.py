"""The operators that NDArray has as methods: x.sum() is nd.sum(x)."""

METHODS = """
abs arccos arccosh arcsin arcsinh arctan arctanh argmax argmax_channel argmin argsort broadcast_axes broadcast_like
broadcast_to cbrt ceil clip cos cosh degrees depth_to_space diag exp expand_dims expm1 fix flatten flip floor log
log10 log1p log2 log_softmax max mean min nanprod nansum norm one_hot ones_like pad pick prod radians rcbrt
reciprocal relu repeat reshape_like rint round rsqrt shape_array sigmoid sign sin sinh size_array slice slice_axis
slice_like softmax softmin sort space_to_depth split sqrt square squeeze sum swapaxes take tan tanh tile topk
trunc zeros_like
""".split()

_INTERNAL = {"slice_assign": "_slice_assign", "slice_assign_scalar": "_slice_assign_scalar"}


def attach_methods(cls, op):
    """Give `cls` the operators of METHODS as methods, and the few that need another calling convention."""
    from . import _internal
    from .creation import split_v2

    for name in METHODS:
        setattr(cls, name, getattr(op, name))
    for name, internal in _INTERNAL.items():
        setattr(cls, name, getattr(_internal, internal))
    cls.split_v2 = split_v2
    reshape, transpose = op.reshape, op.transpose

    def _op_reshape(self, shape, reverse):
        return reshape(self, shape=shape, reverse=reverse)

    def _transpose(self, *axes):
        """Permute the axes: transpose(), transpose(1, 0) or transpose((1, 0)); None and () reverse them."""
        if len(axes) == 1 and isinstance(axes[0], (tuple, list)):
            axes = tuple(axes[0])
        elif axes == (None,):
            axes = ()
        return transpose(self, axes=axes)

    cls._op_reshape = _op_reshape
    cls.transpose = _transpose
    cls.transpose.__name__ = "transpose"
