"""The cells themselves: simple recurrent, LSTM, GRU."""

from math import prod

from ._recurrent import HybridRecurrentCell

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _DenseCell(HybridRecurrentCell):
    """A cell whose gates are linear in the input and in the hidden state.

    Parameters: i2h_weight (gates * hidden, inputs), h2h_weight (gates * hidden, states), i2h_bias and h2h_bias
    (gates * hidden,).  `input_size` may be left out.
    """

    _gates = 1

    def __init__(self, hidden_size, i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
                 h2h_bias_initializer, input_size, prefix, params):
        super().__init__(prefix=prefix, params=params)
        self._hidden_size = hidden_size
        self._input_size = input_size
        size = self._gates * hidden_size
        self.i2h_weight = self._parameter("i2h_weight", (size, input_size), i2h_weight_initializer)
        self.h2h_weight = self._parameter("h2h_weight", (size, hidden_size), h2h_weight_initializer)
        self.i2h_bias = self._parameter("i2h_bias", (size,), i2h_bias_initializer)
        self.h2h_bias = self._parameter("h2h_bias", (size,), h2h_bias_initializer)

    def _parameter(self, name, shape, init):
        return self.params.get(name, shape=shape, init=init, allow_deferred_init=True)

    def state_info(self, batch_size=0):
        return [{"shape": (batch_size, self._hidden_size), "__layout__": "NC"}]

    def infer_shape(self, inputs, *_):
        self.i2h_weight.shape = (self.i2h_weight.shape[0], prod(inputs.shape[1:]))

    def _linear(self, F, inputs, hidden, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        """What all gates get from the input, what they get from the hidden state, and the prefix of names."""
        step = f"t{self._counter}_"
        size = self._gates * self._hidden_size
        return (F.FullyConnected(inputs, i2h_weight, i2h_bias, num_hidden=size, name=step + "i2h"),
                F.FullyConnected(hidden, h2h_weight, h2h_bias, num_hidden=size, name=step + "h2h"), step)

    def __repr__(self):
        size, inputs = self.i2h_weight.shape
        return f"{type(self).__name__}({inputs or None} -> {size})"


class RNNCell(_DenseCell):
    """Elman's cell: h_t = activation(W_i2h x_t + b_i2h + W_h2h h_{t-1} + b_h2h).

    activation: 'tanh', 'relu' or another name that the operator Activation knows, or a function.
    Input: (N, C), states: [h (N, hidden_size)]. Output: (N, hidden_size) and [h].
    Elman, "Finding Structure in Time" (1990).
    """

    def __init__(self, hidden_size, activation="tanh", i2h_weight_initializer=None, h2h_weight_initializer=None,
                 i2h_bias_initializer="zeros", h2h_bias_initializer="zeros", input_size=0, prefix=None, params=None):
        super().__init__(hidden_size, i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
                         h2h_bias_initializer, input_size, prefix, params)
        self._activation = activation

    def _alias(self):
        return "rnn"

    def hybrid_forward(self, F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        i2h, h2h, step = self._linear(F, inputs, states[0], i2h_weight, h2h_weight, i2h_bias, h2h_bias)
        total = F.elemwise_add(i2h, h2h, name=step + "plus0")
        output = self._get_activation(F, total, self._activation, name=step + "out")
        return output, [output]

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, {self._activation})"


class LSTMCell(_DenseCell):
    """Long short-term memory; gates are packed in the order i, f, g, o.

    activation: of the candidate and of the memory on its way out; recurrent_activation: of the gates.
    Input: (N, C), states: [h, c], each (N, hidden_size). Output: (N, hidden_size) and [h, c].
    Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997).
    """

    _gates = 4

    def __init__(self, hidden_size, i2h_weight_initializer=None, h2h_weight_initializer=None,
                 i2h_bias_initializer="zeros", h2h_bias_initializer="zeros", input_size=0, prefix=None, params=None,
                 activation="tanh", recurrent_activation="sigmoid"):
        super().__init__(hidden_size, i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
                         h2h_bias_initializer, input_size, prefix, params)
        self._activation = activation
        self._recurrent_activation = recurrent_activation

    def _alias(self):
        return "lstm"

    def state_info(self, batch_size=0):
        return super().state_info(batch_size) * 2

    def hybrid_forward(self, F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        i2h, h2h, step = self._linear(F, inputs, states[0], i2h_weight, h2h_weight, i2h_bias, h2h_bias)
        gates = F.elemwise_add(i2h, h2h, name=step + "plus0")
        enter, forget, candidate, leave = F.SliceChannel(gates, num_outputs=4, name=step + "slice")
        gate = self._recurrent_activation
        enter = self._get_activation(F, enter, gate, name=step + "i")
        forget = self._get_activation(F, forget, gate, name=step + "f")
        candidate = self._get_activation(F, candidate, self._activation, name=step + "c")
        leave = self._get_activation(F, leave, gate, name=step + "o")
        memory = F.elemwise_add(F.elemwise_mul(forget, states[1], name=step + "mul0"),
                                F.elemwise_mul(enter, candidate, name=step + "mul1"), name=step + "state")
        if isinstance(self._activation, str):
            shown = F.Activation(memory, act_type=self._activation, name=step + "activation0")
        else:
            shown = self._get_activation(F, memory, self._activation, name=step + "activation0")
        hidden = F.elemwise_mul(leave, shown, name=step + "out")
        return hidden, [hidden, memory]


class GRUCell(_DenseCell):
    """Gated recurrent unit, in cuDNN's variant; gates are packed in the order r, z, n.

    The reset gate applies after the recurrent weights.
    Input: (N, C), states: [h (N, hidden_size)]. Output: (N, hidden_size) and [h].
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder" (2014), https://arxiv.org/abs/1406.1078
    """

    _gates = 3

    def __init__(self, hidden_size, i2h_weight_initializer=None, h2h_weight_initializer=None,
                 i2h_bias_initializer="zeros", h2h_bias_initializer="zeros", input_size=0, prefix=None, params=None):
        super().__init__(hidden_size, i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
                         h2h_bias_initializer, input_size, prefix, params)

    def _alias(self):
        return "gru"

    def hybrid_forward(self, F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias):
        i2h, h2h, step = self._linear(F, inputs, states[0], i2h_weight, h2h_weight, i2h_bias, h2h_bias)
        i2h_r, i2h_z, i2h = F.SliceChannel(i2h, num_outputs=3, name=step + "i2h_slice")
        h2h_r, h2h_z, h2h = F.SliceChannel(h2h, num_outputs=3, name=step + "h2h_slice")
        reset = F.Activation(F.elemwise_add(i2h_r, h2h_r, name=step + "plus0"), act_type="sigmoid",
                             name=step + "r_act")
        update = F.Activation(F.elemwise_add(i2h_z, h2h_z, name=step + "plus1"), act_type="sigmoid",
                              name=step + "z_act")
        candidate = F.elemwise_add(i2h, F.elemwise_mul(reset, h2h, name=step + "mul0"), name=step + "plus2")
        candidate = F.Activation(candidate, act_type="tanh", name=step + "h_act")
        rest = F.elemwise_sub(F.ones_like(update, name=step + "ones_like0"), update, name=step + "minus0")
        output = F.elemwise_add(F.elemwise_mul(rest, candidate, name=step + "mul1"),
                                F.elemwise_mul(update, states[0], name=step + "mul20"), name=step + "out")
        return output, [output]
