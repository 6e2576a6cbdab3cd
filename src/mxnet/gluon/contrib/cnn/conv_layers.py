"""Convolutions that find out themselves where to look: their sampling points are moved by learned offsets."""

from ....base import numeric_types
from ...block import HybridBlock
from ...nn import Activation
from ...utils import with_defaults

__all__ = ["DeformableConvolution", "ModulatedDeformableConvolution"]


def _pair(value):
    return (value,) * 2 if isinstance(value, numeric_types) else tuple(value)


class _Deformable(HybridBlock):
    """What both layers share: a convolution that computes offsets, and the one that uses them.

    _per_point: how many numbers the first gives for each sampling point.  _own_first: whether the parameters of the
    second convolution are made first.
    """

    _per_point = 2
    _own_first = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "_points" in vars(cls):
            cls.__init__ = with_defaults(cls.__init__, op_name=cls.__name__)

    def __init__(self, channels, kernel_size=(1, 1), strides=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1,
                 num_deformable_group=1, layout="NCHW", use_bias=True, in_channels=0, activation=None,
                 weight_initializer=None, bias_initializer="zeros", offset_weight_initializer="zeros",
                 offset_bias_initializer="zeros", offset_use_bias=True, op_name="", adj=None, prefix=None,
                 params=None):
        super().__init__(prefix=prefix, params=params)
        assert layout == "NCHW", f"{type(self).__name__}: layout {layout!r} is not available, only 'NCHW'"
        self._channels = channels
        self._op_name = op_name
        kernel = _pair(kernel_size)
        shared = {"kernel": kernel, "stride": _pair(strides), "dilate": _pair(dilation), "pad": _pair(padding)}
        offsets = self._per_point * kernel[0] * kernel[1] * num_deformable_group
        self._kwargs_offset = {**shared, "num_filter": offsets, "num_group": groups, "no_bias": not offset_use_bias,
                               "layout": layout, "cudnn_off": True}
        self._kwargs = {**shared, "num_filter": channels, "num_group": groups, "no_bias": not use_bias,
                        "num_deformable_group": num_deformable_group, "layout": layout}
        if adj:
            self._kwargs["adj"] = self._kwargs_offset["adj"] = adj
        own = ("deformable_conv", channels, weight_initializer, bias_initializer if use_bias else False)
        offset = ("offset", offsets, offset_weight_initializer, offset_bias_initializer if offset_use_bias else False)
        for name, filters, weight_init, bias_init in (own, offset) if self._own_first else (offset, own):
            # The layer's own weight waits for the first input even where in_channels is known: so it is in MXNet, and
            # seeded networks draw their weights in this order.
            known = in_channels // groups if name == "offset" else 0
            self._make(name, (filters, known, *kernel), weight_init, bias_init)
        with self.name_scope():
            self.act = Activation(activation, prefix=activation + "_") if activation else None

    def _make(self, name, shape, weight_init, bias_init):
        """Weight and bias of one of the convolutions; the bias is None where bias_init is False."""
        weight, bias = f"{name}_weight", f"{name}_bias"
        setattr(self, weight, self.params.get(weight, shape=shape, init=weight_init, allow_deferred_init=True))
        setattr(self, bias, None if bias_init is False else
                self.params.get(bias, shape=shape[:1], init=bias_init, allow_deferred_init=True))

    def infer_shape(self, x, *_):
        for weight, options in ((self.offset_weight, self._kwargs_offset), (self.deformable_conv_weight, self._kwargs)):
            weight.shape = (weight.shape[0], x.shape[1] // options["num_group"], *weight.shape[2:])

    def hybrid_forward(self, F, x, offset_weight, deformable_conv_weight, offset_bias=None, deformable_conv_bias=None):
        biases = [] if offset_bias is None else [offset_bias]
        found = F.Convolution(x, offset_weight, *biases, **self._kwargs_offset)
        biases = [] if deformable_conv_bias is None else [deformable_conv_bias]
        out = getattr(F.contrib, self._op_name)(x, *self._points(F, found), deformable_conv_weight, *biases, name="fwd",
                                                **self._kwargs)
        return out if self.act is None else self.act(out)


class DeformableConvolution(_Deformable):
    """A convolution whose sampling points are moved by offsets. Operator: contrib.DeformableConvolution.

    Arguments are those of nn.Conv2D, with num_deformable_group groups of channels that have offsets of their own, and
    initializers for the convolution that computes the offsets, which are zero at first.
    Input: (N, C, H, W). Output: (N, channels, H', W'). AssertionError for layouts other than NCHW.
    Dai et al., "Deformable Convolutional Networks" (2017), https://arxiv.org/abs/1703.06211
    """

    def _alias(self):
        return "deformable_conv"

    def _points(self, F, found):
        return [found]

    def __repr__(self):
        options = self._kwargs
        text = f"{self.deformable_conv_weight.shape[1] or None} -> {self._channels}, kernel_size={options['kernel']}"
        text += f", stride={options['stride']}"
        if options["pad"] != (0, 0):
            text += f", padding={options['pad']}"
        if options["dilate"] != (1, 1):
            text += f", dilation={options['dilate']}"
        if options["num_group"] != 1:
            text += f", groups={options['num_group']}"
        if options["no_bias"]:
            text += ", bias=False"
        return f"{type(self).__name__}({text}{f', {self.act}' if self.act else ''})"


class ModulatedDeformableConvolution(_Deformable):
    """As DeformableConvolution, and each sampling point has a weight in (0, 2).

    Operator: contrib.ModulatedDeformableConvolution.  Arguments and shapes are those of DeformableConvolution.
    Zhu et al., "Deformable ConvNets v2: More Deformable, Better Results" (2018), https://arxiv.org/abs/1811.11168
    """

    _per_point = 3
    _own_first = True

    def _alias(self):
        return "modulated_deformable_conv"

    def _points(self, F, found):
        split = self._kwargs_offset["num_filter"] * 2 // 3
        offset = F.slice_axis(found, axis=1, begin=0, end=split)
        mask = F.slice_axis(found, axis=1, begin=split, end=None)
        return [offset, F.sigmoid(mask) * 2]
