"""What all symbolic cells share: named parameters, begin states, unrolling over time."""

from .. import ndarray as nd
from .. import symbol as sym
from ..symbol import Symbol

__all__ = ["BaseRNNCell", "RNNParams"]

_MODIFIED = ("After applying modifier cells (e.g. DropoutCell) the base cell cannot be called directly. "
             "Call the modifier cell instead.")


class RNNParams:
    """Variables for weights, each made once; cells that share an RNNParams share their weights."""

    def __init__(self, prefix=""):
        self._prefix = prefix
        self._params = {}

    def get(self, name, **kwargs):
        """The variable called prefix + name; at first made with the keywords of mx.sym.Variable."""
        name = self._prefix + name
        if name not in self._params:
            self._params[name] = sym.Variable(name, **kwargs)
        return self._params[name]


class BaseRNNCell:
    """A cell: given the input and the states of one step, it tells the output and the states of the next.

    prefix: of the names of parameters and outputs.  params: an RNNParams to share; made anew if None.
    """

    def __init__(self, prefix="", params=None):
        self._own_params = params is None
        self._prefix = prefix
        self._params = RNNParams(prefix) if params is None else params
        self._modified = False
        self.reset()

    def reset(self):
        """Start counting steps anew, before the cell is unrolled another time."""
        self._init_counter = -1
        self._counter = -1
        for cell in getattr(self, "_cells", ()):
            cell.reset()

    def _next_name(self) -> str:
        """The prefix of the names of the next step: 'rnn_t0_'."""
        self._counter += 1
        return f"{self._prefix}t{self._counter}_"

    def __call__(self, inputs, states):
        """(output, states of the next step) of one step; inputs: (batch, features), states: a list."""
        raise NotImplementedError

    @property
    def params(self) -> RNNParams:
        """The cell's parameters."""
        self._own_params = False
        return self._params

    @property
    def state_info(self):
        """Shape (0 for the batch) and layout of each state: a list of dicts."""
        raise NotImplementedError

    @property
    def state_shape(self):
        """Shape of each state."""
        return [info["shape"] for info in self.state_info]

    @property
    def _gate_names(self):
        """Suffixes of the gates, in the order in which weights hold them."""
        return ()

    def begin_state(self, func=sym.zeros, **kwargs):
        """A list with a Symbol for each state, made by func (sym.zeros, sym.Variable, ...) with these keywords."""
        assert not self._modified, _MODIFIED
        states = []
        for info in self.state_info:
            self._init_counter += 1
            states.append(func(name=f"{self._prefix}begin_state_{self._init_counter}", **{**kwargs, **(info or {})}))
        return states

    def unpack_weights(self, args):
        """A copy of the dict `args` in which this cell's weights are taken apart into those of single gates."""
        args = args.copy()
        if self._gate_names:
            hidden = self._num_hidden
            for group in ("i2h", "h2h"):
                weight, bias = (args.pop(f"{self._prefix}{group}_{kind}") for kind in ("weight", "bias"))
                for k, gate in enumerate(self._gate_names):
                    part = slice(k * hidden, (k + 1) * hidden)
                    args[f"{self._prefix}{group}{gate}_weight"] = weight[part].copy()
                    args[f"{self._prefix}{group}{gate}_bias"] = bias[part].copy()
        return args

    def pack_weights(self, args):
        """The reverse of `unpack_weights`."""
        args = args.copy()
        if self._gate_names:
            for group in ("i2h", "h2h"):
                names = [f"{self._prefix}{group}{gate}" for gate in self._gate_names]
                weights, biases = ([args.pop(f"{name}_{kind}") for name in names] for kind in ("weight", "bias"))
                args[f"{self._prefix}{group}_weight"] = nd.concatenate(weights)
                args[f"{self._prefix}{group}_bias"] = nd.concatenate(biases)
        return args

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None):
        """The cell applied to `length` steps: (outputs, states after the last step).

        inputs: one Symbol of this `layout`, or a list with a Symbol (batch, features) for each step.
        begin_state: the states to begin with; zeros by default.
        merge_outputs: True: outputs are one Symbol of this layout, False: a list, None: as comes cheapest.
        """
        self.reset()
        inputs, _ = normalize_sequence(length, inputs, layout, False)
        states = self.begin_state() if begin_state is None else begin_state
        outputs = []
        for step in range(length):
            output, states = self(inputs[step], states)
            outputs.append(output)
        return normalize_sequence(length, outputs, layout, merge_outputs)[0], states

    def _get_activation(self, inputs, activation, **kwargs):
        """An activation given by its name, or as a function on Symbols."""
        if isinstance(activation, str):
            return sym.Activation(inputs, act_type=activation, **kwargs)
        return activation(inputs, **kwargs)


def normalize_sequence(length, inputs, layout, merge):
    """(inputs, axis of time), inputs as one Symbol (merge is True), as a list (False), or as they come (None)."""
    assert inputs is not None, "unroll needs inputs: a Symbol, or a list with one for each step"
    axis = layout.find("T")
    if isinstance(inputs, Symbol):
        if merge is False:
            assert len(inputs.list_outputs()) == 1, (
                "unroll doesn't allow grouped symbol as input. Please convert to list with list(inputs) first "
                "or let unroll handle splitting.")
            inputs = list(sym.split(inputs, axis=axis, num_outputs=length, squeeze_axis=1))
        return inputs, axis
    assert length is None or len(inputs) == length, f"unroll: {len(inputs)} inputs for {length} steps"
    if merge is True:
        inputs = sym.concat(*[sym.expand_dims(step, axis=axis) for step in inputs], dim=axis)
    return inputs, axis
