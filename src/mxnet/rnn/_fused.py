"""FusedRNNCell: all layers and steps in one operator, RNN."""

import warnings
from functools import partial

from .. import ndarray as nd
from .. import symbol as sym
from ..base import MXNetError
from ..initializer import FusedRNN
from ._base import BaseRNNCell, normalize_sequence
from ._cells import GRUCell, LSTMCell, RNNCell
from ._containers import BidirectionalCell, SequentialRNNCell
from ._modifiers import DropoutCell

__all__ = ["FusedRNNCell"]

_GATES = {"rnn_relu": [""], "rnn_tanh": [""], "lstm": ["_i", "_f", "_c", "_o"], "gru": ["_r", "_z", "_o"]}
_CELLS = {"rnn_relu": partial(RNNCell, activation="relu"), "rnn_tanh": partial(RNNCell, activation="tanh"),
          "lstm": LSTMCell, "gru": GRUCell}


class FusedRNNCell(BaseRNNCell):
    """Layers of recurrent cells as one operator, much faster than single steps; its weights are one vector.

    mode: 'rnn_relu', 'rnn_tanh', 'lstm' or 'gru'.  dropout: between layers.  get_next_state: whether `unroll` tells
    the states after the last step.  Fastest with layout 'TNC'.
    """

    def __init__(self, num_hidden, num_layers=1, mode="lstm", bidirectional=False, dropout=0.0,
                 get_next_state=False, forget_bias=1.0, prefix=None, params=None):
        super().__init__(prefix=f"{mode}_" if prefix is None else prefix, params=params)
        self._num_hidden = num_hidden
        self._num_layers = num_layers
        self._mode = mode
        self._bidirectional = bidirectional
        self._dropout = dropout
        self._get_next_state = get_next_state
        self._directions = ["l", "r"] if bidirectional else ["l"]
        init = FusedRNN(None, num_hidden, num_layers, mode, bidirectional, forget_bias)
        self._parameter = self.params.get("parameters", init=init)

    @property
    def state_info(self):
        shape = (self._num_layers * len(self._directions), 0, self._num_hidden)
        return [{"shape": shape, "__layout__": "LNC"} for _ in range(1 + (self._mode == "lstm"))]

    @property
    def _gate_names(self):
        return _GATES[self._mode]

    @property
    def _num_gates(self):
        return len(self._gate_names)

    def _count(self, inputs) -> int:
        """Number of parameters for this many input features."""
        hidden, directions = self._num_hidden, len(self._directions)
        above = (self._num_layers - 1) * (hidden + directions * hidden + 2)
        return directions * hidden * self._num_gates * (inputs + hidden + 2 + above)

    def _slice_weights(self, arr, inputs, hidden):
        """Name of each gate's weight and bias -> the part of the vector `arr` that holds it (a view)."""
        parts, start = {}, 0

        def take(name, shape):
            nonlocal start
            size = shape[0] * shape[1] if len(shape) == 2 else shape[0]
            parts[name] = arr[start:start + size].reshape(shape)
            start += size

        rows = [(layer, direction, group) for layer in range(self._num_layers) for direction in self._directions
                for group in ("i2h", "h2h")]
        for kind in ("weight", "bias"):
            for layer, direction, group in rows:
                below = inputs if layer == 0 else hidden * len(self._directions)
                for gate in self._gate_names:
                    name = f"{self._prefix}{direction}{layer}_{group}{gate}_{kind}"
                    weight = (hidden, below if group == "i2h" else hidden)
                    take(name, weight if kind == "weight" else (hidden,))
        return parts

    def unpack_weights(self, args):
        args = args.copy()
        arr = args.pop(self._parameter.name)
        rows = self._num_hidden * len(self._directions) * self._num_gates
        inputs = (arr.size - self._count(0)) // rows
        if inputs <= 0 or self._count(inputs) != arr.size:
            raise MXNetError(f"FusedRNNCell: {self._parameter.name} has {arr.size} elements, which is right for no "
                             f"number of input features (right are {self._count(1)}, {self._count(2)}, ...)")
        args.update((name, part.copy()) for name, part in self._slice_weights(arr, inputs, self._num_hidden).items())
        return args

    def pack_weights(self, args):
        args = args.copy()
        first = args[f"{self._prefix}l0_i2h{self._gate_names[0]}_weight"]
        inputs = first.shape[1]
        arr = nd.zeros((self._count(inputs),), ctx=first.context, dtype=first.dtype)
        for name, part in self._slice_weights(arr, inputs, self._num_hidden).items():
            part[:] = args.pop(name)
        args[self._parameter.name] = arr
        return args

    def __call__(self, inputs, states):
        raise NotImplementedError("FusedRNNCell cannot be stepped. Please use unroll")

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None):
        self.reset()
        inputs, axis = normalize_sequence(length, inputs, layout, True)
        if axis == 1:
            warnings.warn("NTC layout detected. Consider using TNC for FusedRNNCell for faster speed", stacklevel=2)
            inputs = sym.swapaxes(inputs, dim1=0, dim2=1)
        else:
            assert axis == 0, f"Unsupported layout {layout}"
        states = self.begin_state() if begin_state is None else begin_state
        names = ("state", "state_cell") if self._mode == "lstm" else ("state",)
        rnn = sym.RNN(inputs, self._parameter, **dict(zip(names, states, strict=False)),
                      state_size=self._num_hidden, num_layers=self._num_layers, bidirectional=self._bidirectional,
                      p=self._dropout, state_outputs=self._get_next_state, mode=self._mode,
                      name=f"{self._prefix}rnn", **({"__layout__": "LNC"} if self._get_next_state else {}))
        outputs, *states = rnn if self._get_next_state else (rnn,)
        if axis == 1:
            outputs = sym.swapaxes(outputs, dim1=0, dim2=1)
        return normalize_sequence(length, outputs, layout, merge_outputs)[0], states

    def unfuse(self):
        """A SequentialRNNCell of single cells that computes the same, from the unpacked weights."""
        stack = SequentialRNNCell()
        for layer in range(self._num_layers):
            cells = [_CELLS[self._mode](self._num_hidden, prefix=f"{self._prefix}{direction}{layer}_")
                     for direction in self._directions]
            stack.add(BidirectionalCell(*cells, output_prefix=f"{self._prefix}bi_l{layer}_")
                      if self._bidirectional else cells[0])
            if self._dropout > 0 and layer < self._num_layers - 1:
                stack.add(DropoutCell(self._dropout, prefix=f"{self._prefix}_dropout{layer}_"))
        return stack
