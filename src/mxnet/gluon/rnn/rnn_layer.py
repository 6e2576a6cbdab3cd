"""Recurrent layers over whole sequences: RNN, LSTM and GRU, each one call of the operator RNN."""

from ... import ndarray
from ...base import MXNetError
from ...ndarray import NDArray
from ..block import HybridBlock

__all__ = ["GRU", "LSTM", "RNN"]

_GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}


class _RNNLayer(HybridBlock):
    """What the layers share: parameters for each layer and direction, packed for the operator at each call.

    Parameters, for layer i and direction l (forward) or r (backward): {l,r}{i}_i2h_weight (gates * hidden, inputs),
    {l,r}{i}_h2h_weight (gates * hidden, hidden), {l,r}{i}_i2h_bias and {l,r}{i}_h2h_bias (gates * hidden,), and with
    a projection {l,r}{i}_h2r_weight (projection_size, hidden).  `input_size` may be left out.
    """

    def __init__(self, mode, hidden_size, num_layers, layout, dropout, bidirectional, input_size, initializers, dtype,
                 projection_size=None, lstm_state_clip_min=None, lstm_state_clip_max=None, lstm_state_clip_nan=False,
                 use_sequence_length=False, **kwargs):
        super().__init__(**kwargs)
        assert layout in ("TNC", "NTC"), f"Invalid layout {layout}; must be one of ['TNC' or 'NTC']"
        self._mode = mode
        self._gates = _GATES[mode]
        self._hidden_size = hidden_size
        self._projection_size = projection_size
        self._num_layers = num_layers
        self._layout = layout
        self._dropout = dropout
        self._dir = 2 if bidirectional else 1
        self._input_size = input_size
        self._dtype = dtype
        self._clip = {"lstm_state_clip_min": lstm_state_clip_min, "lstm_state_clip_max": lstm_state_clip_max,
                      "lstm_state_clip_nan": lstm_state_clip_nan}
        self._use_sequence_length = use_sequence_length
        self._initializers = initializers
        for direction, layer in self._places():
            for kind, shape in self._shapes(layer).items():
                name = f"{direction}{layer}_{kind}"
                param = self.params.get(name, shape=shape, init=initializers[kind], allow_deferred_init=True,
                                        dtype=dtype)
                setattr(self, name, param)

    def _places(self):
        """Directions and layers in the order of the parameters."""
        return [(direction, layer) for layer in range(self._num_layers) for direction in "lr"[:self._dir]]

    def _shapes(self, layer):
        """Shapes of a layer's parameters, by kind."""
        gates, hidden = self._gates * self._hidden_size, self._projection_size or self._hidden_size
        inputs = hidden * self._dir if layer else self._input_size
        shapes = {"i2h_weight": (gates, inputs), "h2h_weight": (gates, hidden), "i2h_bias": (gates,),
                  "h2h_bias": (gates,)}
        if self._projection_size:
            shapes["h2r_weight"] = (self._projection_size, self._hidden_size)
        return shapes

    def _collect_params_with_prefix(self, prefix=""):
        """The names in MXNet's files: those of the cells that the layer consists of."""
        prefix = f"{prefix}._unfused." if prefix else "_unfused."
        cells = {"l": "l_cell.", "r": "r_cell."} if self._dir == 2 else {"l": ""}
        return {f"{prefix}{layer}.{cells[direction]}{kind}": self._reg_params[f"{direction}{layer}_{kind}"]
                for direction, layer in self._places() for kind in self._shapes(layer)}

    def _unfuse(self):
        """The layer as a stack of cells, which share its parameters."""
        from .rnn_cell import BidirectionalCell, DropoutCell, HybridSequentialRNNCell

        stack = HybridSequentialRNNCell(prefix=self.prefix, params=self.params)
        with stack.name_scope():
            for layer in range(self._num_layers):
                cells = [self._cell(direction, layer) for direction in "lr"[:self._dir]]
                stack.add(BidirectionalCell(*cells) if self._dir == 2 else cells[0])
                if self._dropout > 0 and layer != self._num_layers - 1:
                    stack.add(DropoutCell(self._dropout))
        return stack

    def _cell(self, direction, layer):
        """The cell that computes the steps of one layer in one direction."""
        from .. import contrib
        from .rnn_cell import GRUCell, LSTMCell, RNNCell

        options = {f"{kind}_initializer": init for kind, init in self._initializers.items()
                   if kind in self._shapes(layer)}
        options["input_size"] = self._shapes(layer)["i2h_weight"][1]
        options["prefix"] = f"{direction}{layer}_"
        if self._projection_size:
            return contrib.rnn.LSTMPCell(self._hidden_size, self._projection_size, **options)
        if self._mode in ("rnn_relu", "rnn_tanh"):
            options["activation"] = self._mode[4:]
        return {"lstm": LSTMCell, "gru": GRUCell}.get(self._mode, RNNCell)(self._hidden_size, **options)

    def state_info(self, batch_size=0):
        """Shape, layout and dtype of each state."""
        shape = (self._num_layers * self._dir, batch_size, self._projection_size or self._hidden_size)
        return [{"shape": shape, "__layout__": "LNC", "dtype": self._dtype}]

    def begin_state(self, batch_size=0, func=ndarray.zeros, **kwargs):
        """A list of states: what `func` makes of a name, what `state_info` says, and `kwargs`."""
        return [func(name=f"{self.prefix}h0_{i}", **{**info, **kwargs})
                for i, info in enumerate(self.state_info(batch_size))]

    def cast(self, dtype):
        super().cast(dtype)
        self._dtype = dtype

    def infer_shape(self, inputs, *_):
        if len(inputs.shape) != 3:
            raise MXNetError(f"{type(self).__name__}: inputs of shape {inputs.shape} must have 3 axes, {self._layout}")
        self._input_size = inputs.shape[2]
        for direction in "lr"[:self._dir]:
            self._reg_params[f"{direction}0_i2h_weight"].shape = self._shapes(0)["i2h_weight"]

    def __call__(self, inputs, states=None, sequence_length=None, **kwargs):
        """Outputs for `inputs`; a pair of outputs and last states where first states are given."""
        given = states is not None
        if not given:
            states = self._zeros_for(inputs)
        elif not isinstance(states, (list, tuple)):
            states = [states]
        if isinstance(inputs, NDArray):
            self._check_states(states, inputs)
        lengths = (sequence_length,) if self._use_sequence_length else ()
        out, states = super().__call__(inputs, states, *lengths, **kwargs)
        return (out, states) if given else out

    def _zeros_for(self, inputs):
        if isinstance(inputs, NDArray):
            batch = inputs.shape[self._layout.index("N")]
            return self.begin_state(batch, ctx=inputs.context, dtype=inputs.dtype)
        from ... import symbol

        return self.begin_state(0, func=symbol.zeros)

    def _check_states(self, states, inputs):
        batch = inputs.shape[self._layout.index("N")]
        for state, info in zip(states, self.state_info(batch), strict=False):
            if state.shape != info["shape"]:
                raise ValueError(f"Invalid recurrent state shape. Expecting {info['shape']}, got {state.shape}.")

    def hybrid_forward(self, F, inputs, states, sequence_length=None, **params):
        if self._layout == "NTC":
            inputs = F.swapaxes(inputs, dim1=0, dim2=1)
        lengths = {} if sequence_length is None else {"sequence_length": sequence_length}
        out, *states = F.RNN(inputs, self._packed(F, params), *states, **lengths, state_size=self._hidden_size,
                             projection_size=self._projection_size, num_layers=self._num_layers,
                             bidirectional=self._dir == 2, p=self._dropout, state_outputs=True, mode=self._mode,
                             use_sequence_length=self._use_sequence_length, **self._clip)
        if self._layout == "NTC":
            out = F.swapaxes(out, dim1=0, dim2=1)
        return out, states

    def _packed(self, F, params):
        """All weights and then all biases as one vector."""
        kinds = {what: [kind for kind in self._shapes(0) if kind.endswith(what)] for what in ("weight", "bias")}
        parts = [params[f"{direction}{layer}_{kind}"].reshape(-1)
                 for kind_list in kinds.values() for direction, layer in self._places() for kind in kind_list]
        return F._internal._rnn_param_concat(*parts, dim=0)

    def __repr__(self):
        gates, inputs = self.l0_i2h_weight.shape
        text = f"{inputs or None} -> {gates // self._gates}, {self._layout}"
        if self._num_layers != 1:
            text += f", num_layers={self._num_layers}"
        if self._dropout != 0:
            text += f", dropout={self._dropout}"
        if self._dir == 2:
            text += ", bidirectional"
        return f"{type(self).__name__}({text})"


def _by_kind(i2h_weight, h2h_weight, i2h_bias, h2h_bias, h2r_weight=None):
    """Initializers by kind of parameter."""
    return {"i2h_weight": i2h_weight, "h2h_weight": h2h_weight, "i2h_bias": i2h_bias, "h2h_bias": h2h_bias,
            "h2r_weight": h2r_weight}


class RNN(_RNNLayer):
    """Layers of h_t = activation(W_i2h x_t + b_i2h + W_h2h h_{t-1} + b_h2h). Operator: RNN.

    activation: 'relu' or 'tanh' (KeyError for others).  layout: 'TNC' or 'NTC', T being time and N the batch.
    dropout: rate between layers.  use_sequence_length: a third argument of the call tells the lengths (N,).
    Input: (T, N, C), first states optional: a list of one (num_layers * directions, N, hidden_size).
    Output: (T, N, directions * hidden_size), and where states are given the list of last ones.
    Elman, "Finding Structure in Time" (1990).
    """

    def __init__(self, hidden_size, num_layers=1, activation="relu", layout="TNC", dropout=0, bidirectional=False,
                 i2h_weight_initializer=None, h2h_weight_initializer=None, i2h_bias_initializer="zeros",
                 h2h_bias_initializer="zeros", input_size=0, dtype="float32", **kwargs):
        initializers = _by_kind(i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
                                h2h_bias_initializer)
        super().__init__("rnn_" + activation, hidden_size, num_layers, layout, dropout, bidirectional, input_size,
                         initializers, dtype, **kwargs)


class LSTM(_RNNLayer):
    """Layers of long short-term memory; gates are packed in the order i, f, g, o. Operator: RNN.

    projection_size: of what a layer hands on.  state_clip_min, state_clip_max: bounds of the cell states;
    state_clip_nan: also for nan.  The other arguments are those of RNN.
    Input: (T, N, C), first states optional: a list of two, h (num_layers * directions, N, projection_size or
    hidden_size) and c (num_layers * directions, N, hidden_size).
    Output: (T, N, directions * (projection_size or hidden_size)), and where states are given the list of last ones.
    Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997); projection: Sak et al. (2014),
    https://arxiv.org/abs/1402.1128
    """

    def __init__(self, hidden_size, num_layers=1, layout="TNC", dropout=0, bidirectional=False, input_size=0,
                 i2h_weight_initializer=None, h2h_weight_initializer=None, i2h_bias_initializer="zeros",
                 h2h_bias_initializer="zeros", projection_size=None, h2r_weight_initializer=None, state_clip_min=None,
                 state_clip_max=None, state_clip_nan=False, dtype="float32", **kwargs):
        initializers = _by_kind(i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
                                h2h_bias_initializer, h2r_weight_initializer)
        super().__init__("lstm", hidden_size, num_layers, layout, dropout, bidirectional, input_size, initializers,
                         dtype, projection_size, state_clip_min, state_clip_max, state_clip_nan, **kwargs)

    def state_info(self, batch_size=0):
        cell = {"shape": (self._num_layers * self._dir, batch_size, self._hidden_size), "__layout__": "LNC",
                "dtype": self._dtype}
        return [*super().state_info(batch_size), cell]


class GRU(_RNNLayer):
    """Layers of gated recurrent units, in cuDNN's variant; gates are packed in the order r, z, n. Operator: RNN.

    The arguments, shapes of inputs, states and outputs are those of RNN.
    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder" (2014), https://arxiv.org/abs/1406.1078
    """

    def __init__(self, hidden_size, num_layers=1, layout="TNC", dropout=0, bidirectional=False, input_size=0,
                 i2h_weight_initializer=None, h2h_weight_initializer=None, i2h_bias_initializer="zeros",
                 h2h_bias_initializer="zeros", dtype="float32", **kwargs):
        initializers = _by_kind(i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer,
                                h2h_bias_initializer)
        super().__init__("gru", hidden_size, num_layers, layout, dropout, bidirectional, input_size, initializers,
                         dtype, **kwargs)
