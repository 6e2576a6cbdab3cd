"""Cells beside gluon.rnn: one dropout mask for all steps, LSTM with a projection, unrolling as a loop."""

from functools import partial
from math import prod

from ....ndarray import NDArray
from ....symbol import Symbol
from ...rnn._modifiers import ModifierCell, refuse_steps_of_bidirectional
from ...rnn._recurrent import HybridRecurrentCell, begin_states, format_sequence, mask_sequence

__all__ = ["LSTMPCell", "VariationalDropoutCell", "dynamic_unroll"]


class VariationalDropoutCell(ModifierCell):
    """Dropout of inputs, of the first state and of outputs with masks that stay the same in all steps.

    drop_inputs, drop_states, drop_outputs: shares of the elements that become 0 in train mode.  `reset` (and thus
    `unroll`) has new masks drawn.
    Gal and Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks" (2015),
    https://arxiv.org/abs/1512.05287
    """

    _remembers = True

    def __init__(self, base_cell, drop_inputs=0.0, drop_states=0.0, drop_outputs=0.0):
        if drop_states:
            refuse_steps_of_bidirectional(base_cell, "variational state dropout", "VariationalDropoutCell")
        super().__init__(base_cell)
        self.drop_inputs = drop_inputs
        self.drop_states = drop_states
        self.drop_outputs = drop_outputs

    def _alias(self):
        return "vardrop"

    def reset(self):
        super().reset()
        self._note(_masks={})

    def _masked(self, F, data, p, what):
        """`data` with a mask, which is drawn where there is none yet for `what`."""
        if not p:
            return data
        if what not in self._masks:
            self._masks[what] = F.Dropout(F.ones_like(data), p=p)
        return data * self._masks[what]

    def hybrid_forward(self, F, inputs, states):
        if self.drop_states:
            states = [self._masked(F, states[0], self.drop_states, "states"), *states[1:]]
        inputs = self._masked(F, inputs, self.drop_inputs, "inputs")
        output, states = self.base_cell(inputs, states)
        return self._masked(F, output, self.drop_outputs, "outputs"), states

    def __repr__(self):
        return f"{type(self).__name__}(p_out = {self.drop_outputs}, p_state = {self.drop_states})"

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None, valid_length=None):
        """As RecurrentCell.unroll; without dropout of states, the other masks apply to all steps at once."""
        if self.drop_states:
            return super().unroll(length, inputs, begin_state, layout, merge_outputs, valid_length=valid_length)
        self.reset()
        inputs, axis, F, batch_size = format_sequence(length, inputs, layout, True)
        states = begin_states(self, F, begin_state, inputs, batch_size)
        if self.drop_inputs:
            inputs = F.Dropout(inputs, p=self.drop_inputs, axes=(axis,))
        outputs, states = self._on_base(lambda cell: cell.unroll(length, inputs, states, layout, True, valid_length))
        if self.drop_outputs:
            outputs = F.Dropout(outputs, p=self.drop_outputs, axes=(axis,))
        merge = isinstance(outputs, (NDArray, Symbol)) if merge_outputs is None else merge_outputs
        outputs = format_sequence(length, outputs, layout, merge)[0]
        if valid_length is not None:
            outputs = mask_sequence(F, outputs, length, valid_length, axis, merge)
        return outputs, states


class LSTMPCell(HybridRecurrentCell):
    """LSTM whose hidden state is projected to `projection_size`; gates are packed in the order i, f, g, o.

    Parameters: i2h_weight (4 * hidden_size, inputs), h2h_weight (4 * hidden_size, projection_size), h2r_weight
    (projection_size, hidden_size), i2h_bias and h2h_bias (4 * hidden_size,).  `input_size` may be left out.
    Input: (N, C), states: [r (N, projection_size), c (N, hidden_size)]. Output: (N, projection_size) and [r, c].
    Sak et al., "Long Short-Term Memory Based Recurrent Neural Network Architectures for Large Vocabulary Speech
    Recognition" (2014), https://arxiv.org/abs/1402.1128
    """

    def __init__(self, hidden_size, projection_size, i2h_weight_initializer=None, h2h_weight_initializer=None,
                 h2r_weight_initializer=None, i2h_bias_initializer="zeros", h2h_bias_initializer="zeros", input_size=0,
                 prefix=None, params=None):
        super().__init__(prefix=prefix, params=params)
        self._hidden_size = hidden_size
        self._input_size = input_size
        self._projection_size = projection_size
        gates = 4 * hidden_size
        self.i2h_weight = self._parameter("i2h_weight", (gates, input_size), i2h_weight_initializer)
        self.h2h_weight = self._parameter("h2h_weight", (gates, projection_size), h2h_weight_initializer)
        self.h2r_weight = self._parameter("h2r_weight", (projection_size, hidden_size), h2r_weight_initializer)
        self.i2h_bias = self._parameter("i2h_bias", (gates,), i2h_bias_initializer)
        self.h2h_bias = self._parameter("h2h_bias", (gates,), h2h_bias_initializer)

    def _parameter(self, name, shape, init):
        return self.params.get(name, shape=shape, init=init, allow_deferred_init=True)

    def state_info(self, batch_size=0):
        return [{"shape": (batch_size, size), "__layout__": "NC"} for size in (self._projection_size,
                                                                               self._hidden_size)]

    def infer_shape(self, inputs, *_):
        self.i2h_weight.shape = (self.i2h_weight.shape[0], prod(inputs.shape[1:]))

    def _alias(self):
        return "lstmp"

    def __repr__(self):
        size, inputs = self.i2h_weight.shape
        return f"{type(self).__name__}({inputs or None} -> {size} -> {self.h2r_weight.shape[0]})"

    def hybrid_forward(self, F, inputs, states, i2h_weight, h2h_weight, h2r_weight, i2h_bias, h2h_bias):
        step, gates = f"t{self._counter}_", 4 * self._hidden_size
        i2h = F.FullyConnected(inputs, i2h_weight, i2h_bias, num_hidden=gates, name=step + "i2h")
        h2h = F.FullyConnected(states[0], h2h_weight, h2h_bias, num_hidden=gates, name=step + "h2h")
        hidden, memory = lstm_step(F, i2h + h2h, states[1], partial(F.Activation, act_type="tanh"), step,
                                   step + "hidden")
        projected = F.FullyConnected(hidden, h2r_weight, num_hidden=self._projection_size, no_bias=True,
                                     name=step + "out")
        return projected, [projected, memory]


def lstm_step(F, gates, memory, activate, step, out, **axis):
    """(hidden, memory) of the next step from an LSTM's gates in one array; `out` names the hidden state."""
    enter, forget, candidate, leave = F.SliceChannel(gates, num_outputs=4, name=step + "slice", **axis)
    enter = F.Activation(enter, act_type="sigmoid", name=step + "i")
    forget = F.Activation(forget, act_type="sigmoid", name=step + "f")
    leave = F.Activation(leave, act_type="sigmoid", name=step + "o")
    candidate = activate(candidate, name=step + "c")
    memory = F.elemwise_add(forget * memory, enter * candidate, name=step + "state")
    return F.elemwise_mul(leave, activate(memory), name=out), memory


def dynamic_unroll(cell, inputs, begin_state, drop_inputs=0, drop_outputs=0, layout="TNC", valid_length=None):
    """The cell applied to all steps of `inputs` by the operator contrib.foreach: (outputs, last states).

    inputs: one array or Symbol of this `layout`, of any number of steps.  drop_inputs, drop_outputs: rates of dropout
    with one mask for all steps.  valid_length: lengths (batch,); outputs beyond are 0, states are those at the ends.
    """
    inputs, axis, F, _ = format_sequence(None, inputs, layout, True)
    if drop_inputs:
        inputs = F.Dropout(inputs, p=drop_inputs, axes=(axis,))
    if axis == 1:
        inputs = F.swapaxes(inputs, 0, 1)
    if valid_length is None:
        outputs, states = F.contrib.foreach(cell, inputs, begin_state)
    else:
        outputs, states = _foreach_valid(F, cell, inputs, begin_state, valid_length)
    if drop_outputs:
        outputs = F.Dropout(outputs, p=drop_outputs, axes=(axis,))
    if axis == 1:
        outputs = F.swapaxes(outputs, 0, 1)
    return outputs, states


def _foreach_valid(F, cell, inputs, begin_state, valid_length):
    """What dynamic_unroll does for sequences of several lengths, time leading."""
    count = len(begin_state)

    def step(data, states):
        number, states = states[-1], states[:-1]
        output, after = cell(data, states)
        valid = F.broadcast_lesser(number, valid_length)
        after = [F.where(valid, new, old) for new, old in zip(after, states, strict=True)]
        return output, [*after, number + 1]

    outputs, states = F.contrib.foreach(step, inputs, [*begin_state, F.zeros((1,))])
    outputs = F.SequenceMask(outputs, sequence_length=valid_length, use_sequence_length=True, axis=0)
    return outputs, states[:count]
