"""Cells as users write them, for the recorded cases: own parameters, states of their own kinds.

Runs on Python 3.8, where MXNet's wheel does, and later.
"""


def own_cells(mx):
    """The classes by name."""
    rnn = mx.gluon.rnn

    class Gated(rnn.HybridRecurrentCell):
        """Own parameters, whose sizes the first input tells; nodes are named by the step."""

        def __init__(self, hidden, prefix=None, params=None):
            super().__init__(prefix=prefix, params=params)
            self._hidden = hidden
            self.w = self.params.get("w", shape=(2 * hidden, 0), allow_deferred_init=True)
            self.u = self.params.get("u", shape=(2 * hidden, hidden), init="ones")
            self.b = self.params.get("b", shape=(2 * hidden,), init="zeros")

        def _alias(self):
            return "gated"

        def state_info(self, batch_size=0):
            return [{"shape": (batch_size, self._hidden), "__layout__": "NC"}]

        def hybrid_forward(self, F, inputs, states, w, u, b):
            step = f"t{self._counter}_"
            below = F.FullyConnected(inputs, w, b, num_hidden=2 * self._hidden, name=step + "i")
            before = F.FullyConnected(states[0], u, no_bias=True, num_hidden=2 * self._hidden, name=step + "h")
            parts = F.SliceChannel(below + before, num_outputs=2, name=step + "slice")
            gate = self._get_activation(F, parts[0], "sigmoid", name=step + "gate")
            out = gate * states[0] + (1 - gate) * F.tanh(parts[1], name=step + "out")
            return out, [out]

    class Plain(rnn.RecurrentCell):
        """A cell that is not hybrid."""

        def __init__(self, prefix=None, params=None):
            super().__init__(prefix=prefix, params=params)
            self.scale = self.params.get("scale", shape=(1, 3))

        def state_info(self, batch_size=0):
            return [{"shape": (batch_size, 3), "__layout__": "NC"}]

        def forward(self, inputs, states):
            out = mx.nd.tanh(inputs * self.scale.data(inputs.context) + states[0])
            return out, [out]

    class Scaled(rnn.ModifierCell):
        """A modifier of one's own."""

        def __init__(self, base_cell, factor):
            super().__init__(base_cell)
            self._factor = factor

        def _alias(self):
            return "scaled"

        def hybrid_forward(self, F, inputs, states):
            out, states = self.base_cell(inputs, states)
            return out * self._factor, states

    class Peep(rnn.LSTMCell):
        """A built-in cell with one parameter more."""

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.peep = self.params.get("peep", shape=(1, self._hidden_size), init="ones")

        def hybrid_forward(self, F, inputs, states, peep, **params):
            return super().hybrid_forward(F, inputs, [F.broadcast_mul(states[0], peep), states[1]], **params)

    class Begin(rnn.GRUCell):
        """A cell that begins elsewhere."""

        def begin_state(self, *args, **kwargs):
            return [state + 1 for state in super().begin_state(*args, **kwargs)]

    class Stateless(rnn.HybridRecurrentCell):
        """A layer in a stack of cells."""

        def state_info(self, batch_size=0):
            return []

        def hybrid_forward(self, F, inputs, states):
            return F.relu(inputs, name=f"t{self._counter}_relu"), states

    return {kind.__name__: kind for kind in (Gated, Plain, Scaled, Peep, Begin, Stateless)}
