"""The cells themselves: simple recurrent, LSTM, GRU."""

from .. import symbol as sym
from ..initializer import LSTMBias
from ._base import BaseRNNCell

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "gru_step", "lstm_step"]


class _DenseCell(BaseRNNCell):
    """A cell whose gates are linear in the input and in the hidden state."""

    def __init__(self, num_hidden, prefix, params, **i2h_bias):
        super().__init__(prefix=prefix, params=params)
        self._num_hidden = num_hidden
        self._iW = self.params.get("i2h_weight")
        self._iB = self.params.get("i2h_bias", **i2h_bias)
        self._hW = self.params.get("h2h_weight")
        self._hB = self.params.get("h2h_bias")

    @property
    def state_info(self):
        return [{"shape": (0, self._num_hidden), "__layout__": "NC"}]

    def _gates(self, inputs, hidden, name):
        """What all gates get from the input and from the hidden state: two Symbols."""
        size = self._num_hidden * len(self._gate_names)
        return (sym.FullyConnected(inputs, self._iW, self._iB, num_hidden=size, name=f"{name}i2h"),
                sym.FullyConnected(hidden, self._hW, self._hB, num_hidden=size, name=f"{name}h2h"))


class RNNCell(_DenseCell):
    """Elman's cell: activation(W input + b + R hidden + c).

    activation: a name that sym.Activation knows, or a function on Symbols.
    """

    def __init__(self, num_hidden, activation="tanh", prefix="rnn_", params=None):
        super().__init__(num_hidden, prefix, params)
        self._activation = activation

    @property
    def _gate_names(self):
        return ("",)

    def __call__(self, inputs, states):
        name = self._next_name()
        i2h, h2h = self._gates(inputs, states[0], name)
        output = self._get_activation(i2h + h2h, self._activation, name=f"{name}out")
        return output, [output]


class LSTMCell(_DenseCell):
    """Long short-term memory; the bias of the forget gate begins with `forget_bias`."""

    def __init__(self, num_hidden, prefix="lstm_", params=None, forget_bias=1.0):
        super().__init__(num_hidden, prefix, params, init=LSTMBias(forget_bias=forget_bias))

    @property
    def state_info(self):
        return super().state_info * 2

    @property
    def _gate_names(self):
        return ["_i", "_f", "_c", "_o"]

    def __call__(self, inputs, states):
        name = self._next_name()
        i2h, h2h = self._gates(inputs, states[0], name)
        return lstm_step(self, i2h + h2h, states[1], "tanh", name)


class GRUCell(_DenseCell):
    """Gated recurrent unit, in cuDNN's variant: the reset gate applies after the recurrent weights."""

    def __init__(self, num_hidden, prefix="gru_", params=None):
        super().__init__(num_hidden, prefix, params)

    @property
    def _gate_names(self):
        return ["_r", "_z", "_o"]

    def __call__(self, inputs, states):
        name = self._next_name()
        i2h, h2h = self._gates(inputs, states[0], f"{name}_")
        return gru_step(self, i2h, h2h, states[0], "tanh", name)


def lstm_step(cell, gates, memory, activation, name, **axis):
    """(hidden, [hidden, memory]) of the next step, from an LSTM's gates in one Symbol."""
    enter, forget, transform, leave = sym.SliceChannel(gates, num_outputs=4, name=f"{name}slice", **axis)
    enter = sym.Activation(enter, act_type="sigmoid", name=f"{name}i")
    forget = sym.Activation(forget, act_type="sigmoid", name=f"{name}f")
    transform = cell._get_activation(transform, activation, name=f"{name}c")
    leave = sym.Activation(leave, act_type="sigmoid", name=f"{name}o")
    memory = sym._internal._plus(forget * memory, enter * transform, name=f"{name}state")
    hidden = sym._internal._mul(leave, cell._get_activation(memory, activation), name=f"{name}out")
    return hidden, [hidden, memory]


def gru_step(cell, i2h, h2h, hidden, activation, name, **axis):
    """(hidden, [hidden]) of the next step, from what a GRU's gates get from input and hidden state."""
    i2h_r, i2h_z, i2h = sym.SliceChannel(i2h, num_outputs=3, name=f"{name}_i2h_slice", **axis)
    h2h_r, h2h_z, h2h = sym.SliceChannel(h2h, num_outputs=3, name=f"{name}_h2h_slice", **axis)
    reset = sym.Activation(i2h_r + h2h_r, act_type="sigmoid", name=f"{name}_r_act")
    update = sym.Activation(i2h_z + h2h_z, act_type="sigmoid", name=f"{name}_z_act")
    candidate = cell._get_activation(i2h + reset * h2h, activation, name=f"{name}_h_act")
    output = sym._internal._plus((1.0 - update) * candidate, update * hidden, name=f"{name}out")
    return output, [output]
