"""Cells whose states are images: the linear maps of the simple ones are convolutions."""

from functools import partial

from ....base import numeric_types
from ...rnn._recurrent import HybridRecurrentCell
from .rnn_cell import lstm_step

__all__ = ["Conv1DGRUCell", "Conv1DLSTMCell", "Conv1DRNNCell", "Conv2DGRUCell", "Conv2DLSTMCell", "Conv2DRNNCell",
           "Conv3DGRUCell", "Conv3DLSTMCell", "Conv3DRNNCell"]


class _ConvCell(HybridRecurrentCell):
    """What the convolutional cells share.

    input_shape: of the data of a step without the batch, in `conv_layout`; 0 channels are found at the first call.
    h2h_kernel: odd numbers, for the states keep their shape, which is that of the i2h convolution's output.
    Parameters: i2h_weight, h2h_weight, i2h_bias and h2h_bias of the two convolutions, with gates * hidden_channels
    filters.
    """

    _gates = 1
    _kind = ""

    def __init__(self, input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
                 i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer, dims,
                 conv_layout, activation, prefix=None, params=None):
        super().__init__(prefix=prefix, params=params)
        self._hidden_channels = hidden_channels
        self._input_shape = input_shape
        self._conv_layout = conv_layout
        self._activation = activation
        i2h_kernel, i2h_pad, i2h_dilate, h2h_kernel, h2h_dilate = (
            _sizes(setting, dims) for setting in (i2h_kernel, i2h_pad, i2h_dilate, h2h_kernel, h2h_dilate))
        assert all(size % 2 for size in h2h_kernel), f"Only support odd number, get h2h_kernel= {h2h_kernel}"
        stride = (1,) * dims
        h2h_pad = tuple(d * (k - 1) // 2 for d, k in zip(h2h_dilate, h2h_kernel, strict=True))
        self._i2h = {"kernel": i2h_kernel, "stride": stride, "pad": i2h_pad, "dilate": i2h_dilate}
        self._h2h = {"kernel": h2h_kernel, "stride": stride, "pad": h2h_pad, "dilate": h2h_dilate}
        self._channel_axis = conv_layout.find("C")
        self._state_shape = self._placed(hidden_channels, self._out_sizes(input_shape))
        filters = self._gates * hidden_channels
        channels = input_shape[self._channel_axis - 1]
        self.i2h_weight = self._parameter("i2h_weight", (filters, *self._placed(channels, i2h_kernel)),
                                          i2h_weight_initializer)
        self.h2h_weight = self._parameter("h2h_weight", (filters, *self._placed(hidden_channels, h2h_kernel)),
                                          h2h_weight_initializer)
        self.i2h_bias = self._parameter("i2h_bias", (filters,), i2h_bias_initializer)
        self.h2h_bias = self._parameter("h2h_bias", (filters,), h2h_bias_initializer)

    def _parameter(self, name, shape, init):
        return self.params.get(name, shape=shape, init=init, allow_deferred_init=True)

    def _placed(self, channels, sizes):
        """Channels and spatial sizes in the order of the layout."""
        at = self._channel_axis - 1
        return (*sizes[:at], channels, *sizes[at:])

    def _out_sizes(self, input_shape):
        """The spatial sizes of what the i2h convolution puts out."""
        sizes = [size for i, size in enumerate(input_shape, 1) if i != self._channel_axis]
        settings = (self._i2h[name] for name in ("kernel", "pad", "dilate"))
        return tuple(size + 2 * pad - dilate * (kernel - 1) if size else 0
                     for size, kernel, pad, dilate in zip(sizes, *settings, strict=False))

    def state_info(self, batch_size=0):
        return [{"shape": (batch_size, *self._state_shape), "__layout__": self._conv_layout}]

    def infer_shape(self, inputs, *_):
        self.i2h_weight.shape = (self.i2h_weight.shape[0],
                                 *self._placed(inputs.shape[self._channel_axis], self._i2h["kernel"]))

    def _alias(self):
        return f"conv_{self._kind}"

    def __repr__(self):
        shape = self.i2h_weight.shape
        return (f"{type(self).__name__}({shape[self._channel_axis] or None} -> {shape[0]}, {self._activation}, "
                f"{self._conv_layout})")

    def _convolved(self, F, inputs, hidden, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        """What all gates get from the input, what they get from the hidden state, and the prefix of names."""
        step = f"t{self._counter}_"
        size = {"num_filter": self._gates * self._hidden_channels, "layout": self._conv_layout}
        return (F.Convolution(inputs, i2h_weight, i2h_bias, name=step + "i2h", **self._i2h, **size),
                F.Convolution(hidden, h2h_weight, h2h_bias, name=step + "h2h", **self._h2h, **size), step)


def _sizes(setting, dims):
    """One number for each of `dims` axes."""
    if isinstance(setting, numeric_types):
        return (setting,) * dims
    assert len(setting) == dims, (f"For {dims}D convolution, the convolution settings can only be either int or "
                                  f"list/tuple of length {dims}")
    return tuple(setting)


class _ConvRNNCell(_ConvCell):
    """The simple recurrent cell with convolutions: activation(W * x_t + b + R * h_{t-1} + c)."""

    _kind = "rnn"

    def hybrid_forward(self, F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        i2h, h2h, step = self._convolved(F, inputs, states[0], i2h_weight, h2h_weight, i2h_bias, h2h_bias)
        output = self._get_activation(F, i2h + h2h, self._activation, name=step + "out")
        return output, [output]


class _ConvLSTMCell(_ConvCell):
    """LSTM with convolutions. Shi et al. (2015), https://arxiv.org/abs/1506.04214"""

    _gates = 4
    _kind = "lstm"

    def state_info(self, batch_size=0):
        return super().state_info(batch_size) * 2

    def hybrid_forward(self, F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        i2h, h2h, step = self._convolved(F, inputs, states[0], i2h_weight, h2h_weight, i2h_bias, h2h_bias)
        activate = partial(self._get_activation, F, activation=self._activation)
        hidden, memory = lstm_step(F, i2h + h2h, states[1], activate, step, step + "out", axis=self._channel_axis)
        return hidden, [hidden, memory]


class _ConvGRUCell(_ConvCell):
    """GRU with convolutions, in cuDNN's variant."""

    _gates = 3
    _kind = "gru"

    def hybrid_forward(self, F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        i2h, h2h, step = self._convolved(F, inputs, states[0], i2h_weight, h2h_weight, i2h_bias, h2h_bias)
        axis = self._channel_axis
        i2h_r, i2h_z, i2h = F.SliceChannel(i2h, num_outputs=3, name=step + "i2h_slice", axis=axis)
        h2h_r, h2h_z, h2h = F.SliceChannel(h2h, num_outputs=3, name=step + "h2h_slice", axis=axis)
        reset = F.Activation(i2h_r + h2h_r, act_type="sigmoid", name=step + "r_act")
        update = F.Activation(i2h_z + h2h_z, act_type="sigmoid", name=step + "z_act")
        candidate = self._get_activation(F, i2h + reset * h2h, self._activation, name=step + "h_act")
        output = F.elemwise_add((1.0 - update) * candidate, update * states[0], name=step + "out")
        return output, [output]


def _public(base, dims):
    """The public class for one number of spatial dimensions."""
    layout = ("NCW", "NCHW", "NCDHW")[dims - 1]
    zeros, ones = (0,) * dims, (1,) * dims

    def __init__(self, input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad=zeros, i2h_dilate=ones,
                 h2h_dilate=ones, i2h_weight_initializer=None, h2h_weight_initializer=None,
                 i2h_bias_initializer="zeros", h2h_bias_initializer="zeros", conv_layout=layout, activation="tanh",
                 prefix=None, params=None):
        base.__init__(self, input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
                      i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer, dims,
                      conv_layout, activation, prefix, params)

    name = f"Conv{dims}D{base._kind.upper()}Cell"
    text = f"{base.__doc__}\n\n    {dims}-dimensional; arguments and parameters are those of _ConvCell.\n    "
    return type(name, (base,), {"__init__": __init__, "__doc__": text, "__module__": __name__})


Conv1DRNNCell, Conv2DRNNCell, Conv3DRNNCell = (_public(_ConvRNNCell, dims) for dims in (1, 2, 3))
Conv1DLSTMCell, Conv2DLSTMCell, Conv3DLSTMCell = (_public(_ConvLSTMCell, dims) for dims in (1, 2, 3))
Conv1DGRUCell, Conv2DGRUCell, Conv3DGRUCell = (_public(_ConvGRUCell, dims) for dims in (1, 2, 3))
