"""Convolutions, transposed convolutions and poolings over 1, 2 and 3 spatial dimensions.

A public class names its layouts, the first of which is the default; their length gives the number of axes.
"""

from ...base import MXNetError, numeric_types
from ..block import HybridBlock
from ..utils import with_defaults
from .activations import Activation

__all__ = [
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "ReflectionPad2D",
]


def _repeat(value, ndim: int):
    return (value,) * ndim if isinstance(value, numeric_types) else value


def _per_axis(value, ndim: int, name: str):
    """A number for each of `ndim` spatial axes. AssertionError for a sequence of another length."""
    value = _repeat(value, ndim)
    assert len(value) == ndim, f"{name} must be a number or a list of {ndim} ints"
    return value


def _shown_defaults(cls) -> dict:
    """What the arguments of a convolution are by default, a number for each axis, as help() shows them."""
    ndim = len(cls._layouts[0]) - 2
    defaults = {"layout": cls._layouts[0]}
    if ndim > 1:
        defaults.update(strides=(1,) * ndim, padding=(0,) * ndim, dilation=(1,) * ndim)
        if cls._op_name == "Deconvolution":
            defaults["output_padding"] = (0,) * ndim
    return defaults


class _Conv(HybridBlock):
    """Base of convolutions: arguments of the operator, shapes of the parameters, the printed text."""

    _op_name = "Convolution"
    _layouts: tuple[str, ...]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "_layouts" in vars(cls):
            cls.__init__ = with_defaults(cls.__init__, **_shown_defaults(cls))

    def __init__(
        self,
        channels,
        kernel_size,
        strides=1,
        padding=0,
        dilation=1,
        groups=1,
        layout="",
        activation=None,
        use_bias=True,
        weight_initializer=None,
        bias_initializer="zeros",
        in_channels=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._channels = channels
        self._in_channels = in_channels
        ndim = self._ndim()
        self._kwargs = {
            "kernel": _per_axis(kernel_size, ndim, "kernel_size"),
            "stride": _repeat(strides, ndim),
            "dilate": _repeat(dilation, ndim),
            "pad": _repeat(padding, ndim),
            "num_filter": channels,
            "num_group": groups,
            "no_bias": not use_bias,
            "layout": layout,
        }
        self._check()
        with self.name_scope():
            self.weight = self.params.get(
                "weight", shape=self._weight_shape(), init=weight_initializer, allow_deferred_init=True
            )
            self.bias = (
                self.params.get("bias", shape=(channels,), init=bias_initializer, allow_deferred_init=True)
                if use_bias
                else None
            )
            self.act = None if activation is None else Activation(activation, prefix=activation + "_")

    def _ndim(self) -> int:
        return len(self._layouts[0]) - 2

    def _check(self) -> None:
        """Refuse here what the operator would refuse at the first call."""
        kwargs, groups = self._kwargs, self._kwargs["num_group"]
        names = " and ".join(f"'{name}'" for name in self._layouts)
        assert kwargs["layout"] in self._layouts, f"Only supports {names} layout for now"
        for name in ("num_filter", "num_group"):
            if kwargs[name] < 1:
                raise MXNetError(f"{self._op_name}: {name} must be at least 1, got {kwargs[name]}")
        for name, size in (("channels", self._channels), ("in_channels", self._in_channels)):
            if size > 0 and size % groups:
                raise MXNetError(f"{self._op_name}: {name}={size} must be divisible by groups={groups}")
        for name in ("stride", "dilate", "pad"):
            if kwargs[name] and len(kwargs[name]) != self._ndim():
                raise MXNetError(
                    f"{self._op_name}: {name} must have the same number of dimensions with kernel_size, "
                    f"but kernel_size is set to {kwargs['kernel']} while {name} is {kwargs[name]}"
                )

    def _weight_shape(self) -> tuple[int, ...]:
        """The data's layout, with filters for samples and one group's channels for channels."""
        filters, channels = self._channels, self._in_channels
        if self._op_name == "Deconvolution":
            filters, channels = channels, filters
        if channels > 0:
            channels //= self._kwargs["num_group"]
        kernel = iter(self._kwargs["kernel"])
        sizes = {"N": filters, "C": channels}
        return tuple(sizes[axis] if axis in sizes else next(kernel) for axis in self._kwargs["layout"])

    def _alias(self):
        return "conv"

    def infer_shape(self, x, *_):
        self._in_channels = x.shape[self._kwargs["layout"].index("C")]
        self.weight.shape = self._weight_shape()

    def hybrid_forward(self, F, x, weight, bias=None):
        out = getattr(F, self._op_name)(x, weight, bias, name="fwd", **self._kwargs)
        return out if self.act is None else self.act(out)

    def __repr__(self):
        kwargs, shape, ndim = self._kwargs, self.weight.shape, self._ndim()
        text = f"{shape[1] if shape[1] > 0 else None} -> {shape[0]}"
        text += f", kernel_size={kwargs['kernel']}, stride={kwargs['stride']}"
        if kwargs["pad"] != (0,) * ndim:
            text += f", padding={kwargs['pad']}"
        if kwargs["dilate"] != (1,) * ndim:
            text += f", dilation={kwargs['dilate']}"
        if kwargs["num_group"] != 1:
            text += f", groups={kwargs['num_group']}"
        if self.bias is None:
            text += ", bias=False"
        if self.act is not None:
            text += f", {self.act}"
        return f"{type(self).__name__}({text})"


class Conv1D(_Conv):
    """1-D convolution (cross-correlation) plus bias, then `activation`. Operator: Convolution.

    Parameters: weight (channels, in_channels / groups, kernel_size), bias (channels,) unless
    `use_bias=False`; `in_channels` may be left out.
    Input: (N, in_channels, width). Output: (N, channels, out_width) with
    out_width = floor((width + 2 * padding - dilation * (kernel_size - 1) - 1) / strides) + 1.
    """

    _layouts = ("NCW",)


class Conv2D(_Conv):
    """2-D convolution (cross-correlation) plus bias, then `activation`. Operator: Convolution.

    Parameters: weight (channels, in_channels / groups, *kernel_size), or (channels, *kernel_size, in_channels
    / groups) in layout 'NHWC'; bias (channels,) unless `use_bias=False`; `in_channels` may be left out.
    Input: (N, in_channels, height, width). Output: (N, channels, out_height, out_width) with, for each axis,
    out = floor((in + 2 * padding - dilation * (kernel_size - 1) - 1) / strides) + 1.
    """

    _layouts = ("NCHW", "NHWC")


class Conv3D(_Conv):
    """3-D convolution (cross-correlation) plus bias, then `activation`. Operator: Convolution.

    Parameters: weight (channels, in_channels / groups, *kernel_size), or (channels, *kernel_size, in_channels
    / groups) in layout 'NDHWC'; bias (channels,) unless `use_bias=False`; `in_channels` may be left out.
    Input: (N, in_channels, depth, height, width). Output: (N, channels, out_depth, out_height, out_width)
    with, for each axis, out = floor((in + 2 * padding - dilation * (kernel_size - 1) - 1) / strides) + 1.
    """

    _layouts = ("NCDHW", "NDHWC")


class _ConvTranspose(_Conv):
    """Base of transposed convolutions, which have the argument `output_padding` too."""

    _op_name = "Deconvolution"

    def __init__(
        self,
        channels,
        kernel_size,
        strides=1,
        padding=0,
        output_padding=0,
        dilation=1,
        groups=1,
        layout="",
        activation=None,
        use_bias=True,
        weight_initializer=None,
        bias_initializer="zeros",
        in_channels=0,
        **kwargs,
    ):
        super().__init__(channels, kernel_size, strides, padding, dilation, groups, layout, activation, use_bias,
                         weight_initializer, bias_initializer, in_channels, **kwargs)
        self.outpad = _per_axis(output_padding, self._ndim(), "output_padding")
        self._kwargs["adj"] = self.outpad
        for more, stride in zip(self.outpad, self._kwargs["stride"], strict=False):
            if more >= stride:
                raise MXNetError(f"Deconvolution: output_padding={self.outpad} must be smaller than "
                                 f"strides={self._kwargs['stride']}")


class Conv1DTranspose(_ConvTranspose):
    """Transposed 1-D convolution plus bias, then `activation`. Operator: Deconvolution.

    Parameters: weight (in_channels, channels / groups, kernel_size), bias (channels,) unless
    `use_bias=False`; `in_channels` may be left out.
    Input: (N, in_channels, width). Output: (N, channels, out_width) with
    out_width = (width - 1) * strides - 2 * padding + dilation * (kernel_size - 1) + 1 + output_padding.
    """

    _layouts = ("NCW",)


class Conv2DTranspose(_ConvTranspose):
    """Transposed 2-D convolution plus bias, then `activation`. Operator: Deconvolution.

    Parameters: weight (in_channels, channels / groups, *kernel_size), or (in_channels, *kernel_size, channels
    / groups) in layout 'NHWC'; bias (channels,) unless `use_bias=False`; `in_channels` may be left out.
    Input: (N, in_channels, height, width). Output: (N, channels, out_height, out_width) with, for each axis,
    out = (in - 1) * strides - 2 * padding + dilation * (kernel_size - 1) + 1 + output_padding.
    """

    _layouts = ("NCHW", "NHWC")


class Conv3DTranspose(_ConvTranspose):
    """Transposed 3-D convolution plus bias, then `activation`. Operator: Deconvolution.

    Parameters: weight (in_channels, channels / groups, *kernel_size), or (in_channels, *kernel_size, channels
    / groups) in layout 'NDHWC'; bias (channels,) unless `use_bias=False`; `in_channels` may be left out.
    Input: (N, in_channels, depth, height, width). Output: (N, channels, out_depth, out_height, out_width)
    with, for each axis,
    out = (in - 1) * strides - 2 * padding + dilation * (kernel_size - 1) + 1 + output_padding.
    """

    _layouts = ("NCDHW", "NDHWC")


class _Pooling(HybridBlock):
    """Base of poolings: arguments of the operator and the printed text."""

    _pool_type: str
    _layouts: tuple[str, str]

    def __init__(self, pool_size, strides, padding, ceil_mode, global_pool, layout, **kwargs):
        super().__init__(**kwargs)
        ndim = len(self._layouts[0]) - 2
        assert layout in self._layouts, (
            f"Only {' and '.join(self._layouts)} layouts are valid for {ndim}D Pooling"
        )
        pool_size = _per_axis(pool_size, ndim, "pool_size")
        self._kwargs = {
            "kernel": pool_size,
            "stride": pool_size if strides is None else _repeat(strides, ndim),
            "pad": _repeat(padding, ndim),
            "global_pool": global_pool,
            "pool_type": self._pool_type,
            "layout": layout,
            "pooling_convention": "full" if ceil_mode else "valid",
        }

    def _alias(self):
        return "pool"

    def hybrid_forward(self, F, x):
        return F.Pooling(x, name="fwd", **self._kwargs)

    def __repr__(self):
        ceil_mode = self._kwargs["pooling_convention"] == "full"
        return (
            "{}(size={kernel}, stride={stride}, padding={pad}, ceil_mode={}, global_pool={global_pool}, "
            "pool_type={pool_type}, layout={layout})"
        ).format(type(self).__name__, ceil_mode, **self._kwargs)


class MaxPool1D(_Pooling):
    """Maximum of each window of `pool_size`, every `strides` (None: pool_size). Operator: Pooling.

    Input: (N, C, width), or (N, width, C) in layout 'NWC'. Output: (N, C, out_width) with
    out_width = floor((width + 2 * padding - pool_size) / strides) + 1, ceil with `ceil_mode`.
    """

    _pool_type = "max"
    _layouts = ("NCW", "NWC")

    def __init__(self, pool_size=2, strides=None, padding=0, layout="NCW", ceil_mode=False, **kwargs):
        super().__init__(pool_size, strides, padding, ceil_mode, False, layout, **kwargs)


class MaxPool2D(_Pooling):
    """Maximum of each window of `pool_size`, every `strides` (None: pool_size). Operator: Pooling.

    Input: (N, C, height, width), or (N, height, width, C) in layout 'NHWC'. Output: (N, C, out_height,
    out_width) with, for each axis, out = floor((in + 2 * padding - pool_size) / strides) + 1, ceil with
    `ceil_mode`.
    """

    _pool_type = "max"
    _layouts = ("NCHW", "NHWC")

    def __init__(self, pool_size=(2, 2), strides=None, padding=0, layout="NCHW", ceil_mode=False, **kwargs):
        super().__init__(pool_size, strides, padding, ceil_mode, False, layout, **kwargs)


class MaxPool3D(_Pooling):
    """Maximum of each window of `pool_size`, every `strides` (None: pool_size). Operator: Pooling.

    Input: (N, C, depth, height, width), or (N, depth, height, width, C) in layout 'NDHWC'. Output: (N, C,
    out_depth, out_height, out_width) with, for each axis, out = floor((in + 2 * padding - pool_size) /
    strides) + 1, ceil with `ceil_mode`.
    """

    _pool_type = "max"
    _layouts = ("NCDHW", "NDHWC")

    def __init__(self, pool_size=(2, 2, 2), strides=None, padding=0, ceil_mode=False, layout="NCDHW", **kwargs):
        super().__init__(pool_size, strides, padding, ceil_mode, False, layout, **kwargs)


class _AvgPooling(_Pooling):
    """Base of average poolings, which may leave the padding out of the mean."""

    _pool_type = "avg"

    def __init__(self, *args, count_include_pad, **kwargs):
        super().__init__(*args, **kwargs)
        self._kwargs["count_include_pad"] = count_include_pad


class AvgPool1D(_AvgPooling):
    """Mean of each window of `pool_size`; shapes as in MaxPool1D. Operator: Pooling.

    Padding counts as zeros, or not at all with `count_include_pad=False`.
    """

    _layouts = ("NCW", "NWC")

    def __init__(
        self,
        pool_size=2,
        strides=None,
        padding=0,
        layout="NCW",
        ceil_mode=False,
        count_include_pad=True,
        **kwargs,
    ):
        super().__init__(
            pool_size,
            strides,
            padding,
            ceil_mode,
            False,
            layout,
            count_include_pad=count_include_pad,
            **kwargs,
        )


class AvgPool2D(_AvgPooling):
    """Mean of each window of `pool_size`; shapes as in MaxPool2D. Operator: Pooling.

    Padding counts as zeros, or not at all with `count_include_pad=False`.
    """

    _layouts = ("NCHW", "NHWC")

    def __init__(
        self,
        pool_size=(2, 2),
        strides=None,
        padding=0,
        ceil_mode=False,
        layout="NCHW",
        count_include_pad=True,
        **kwargs,
    ):
        super().__init__(
            pool_size,
            strides,
            padding,
            ceil_mode,
            False,
            layout,
            count_include_pad=count_include_pad,
            **kwargs,
        )


class AvgPool3D(_AvgPooling):
    """Mean of each window of `pool_size`; shapes as in MaxPool3D. Operator: Pooling.

    Padding counts as zeros, or not at all with `count_include_pad=False`.
    """

    _layouts = ("NCDHW", "NDHWC")

    def __init__(
        self,
        pool_size=(2, 2, 2),
        strides=None,
        padding=0,
        ceil_mode=False,
        layout="NCDHW",
        count_include_pad=True,
        **kwargs,
    ):
        super().__init__(
            pool_size,
            strides,
            padding,
            ceil_mode,
            False,
            layout,
            count_include_pad=count_include_pad,
            **kwargs,
        )


class _GlobalPooling(_Pooling):
    """Base of poolings whose window is the whole input."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "_layouts" in vars(cls):
            cls.__init__ = with_defaults(cls.__init__, layout=cls._layouts[0])

    def __init__(self, layout="", **kwargs):
        super().__init__(1, None, 0, True, True, layout, **kwargs)


class GlobalMaxPool1D(_GlobalPooling):
    """Maximum over the spatial axis: (N, C, width) to (N, C, 1). Operator: Pooling."""

    _pool_type = "max"
    _layouts = ("NCW", "NWC")


class GlobalMaxPool2D(_GlobalPooling):
    """Maximum over the spatial axes: (N, C, height, width) to (N, C, 1, 1). Operator: Pooling."""

    _pool_type = "max"
    _layouts = ("NCHW", "NHWC")


class GlobalMaxPool3D(_GlobalPooling):
    """Maximum over the spatial axes: (N, C, depth, height, width) to (N, C, 1, 1, 1). Operator: Pooling."""

    _pool_type = "max"
    _layouts = ("NCDHW", "NDHWC")


class GlobalAvgPool1D(_GlobalPooling):
    """Mean over the spatial axis: (N, C, width) to (N, C, 1). Operator: Pooling."""

    _pool_type = "avg"
    _layouts = ("NCW", "NWC")


class GlobalAvgPool2D(_GlobalPooling):
    """Mean over the spatial axes: (N, C, height, width) to (N, C, 1, 1). Operator: Pooling."""

    _pool_type = "avg"
    _layouts = ("NCHW", "NHWC")


class GlobalAvgPool3D(_GlobalPooling):
    """Mean over the spatial axes: (N, C, depth, height, width) to (N, C, 1, 1, 1). Operator: Pooling."""

    _pool_type = "avg"
    _layouts = ("NCDHW", "NDHWC")


class ReflectionPad2D(HybridBlock):
    """Height and width extended by their mirror images. Operator: Pad.

    `padding`: one number for all four sides, or 8 numbers (0, 0, 0, 0, top, bottom, left, right).
    Input: (N, C, height, width). Output: (N, C, height + top + bottom, width + left + right).
    """

    def __init__(self, padding=0, **kwargs):
        super().__init__(**kwargs)
        if isinstance(padding, numeric_types):
            padding = (0,) * 4 + (padding,) * 4
        assert len(padding) == 8, f"padding must be a number or 8 numbers, got {padding}"
        self._padding = padding

    def hybrid_forward(self, F, x):
        return F.pad(x, mode="reflect", pad_width=self._padding)
