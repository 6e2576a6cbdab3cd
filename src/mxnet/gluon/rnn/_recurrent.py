"""What all recurrent cells share: states, unrolling over time, and the sequences that go in and come out."""

from ... import ndarray, symbol
from ...ndarray import NDArray
from ...symbol import Symbol
from ..block import Block, HybridBlock
from ..nn import LeakyReLU

__all__ = ["HybridRecurrentCell", "RecurrentCell", "begin_states", "format_sequence", "mask_sequence",
           "reverse_sequences"]

_ARRAYS = (NDArray, Symbol)
_NAMED = ("relu", "sigmoid", "softsign", "tanh")  # activations that are operators by themselves

MODIFIED = ("After applying modifier cells (e.g. ZoneoutCell) the base cell cannot be called directly. "
            "Call the modifier cell instead.")


class RecurrentCell(Block):
    """Base of cells: from the input of one step and the states, the output and the next states.

    A cell is called as `output, states = cell(inputs, states)`, `unroll` does so for whole sequences.  Subclasses say
    what states they have in `state_info` and compute a step in `forward`.
    """

    def __init__(self, prefix=None, params=None):
        super().__init__(prefix=prefix, params=params)
        self._modified = False
        self.reset()

    def _note(self, **values):
        """Set attributes that a compiled block need not notice: what a cell keeps from one step to the next."""
        self.__dict__.update(values)

    def reset(self):
        """Start counting steps anew, before the cell is unrolled another time; so do the cells inside."""
        self._note(_init_counter=-1, _counter=-1)
        for child in self._children.values():
            if isinstance(child, RecurrentCell):  # a cell of one's own may have layers, too
                child.reset()

    def state_info(self, batch_size=0):
        """Shape and layout of each state: a list of dicts."""
        raise NotImplementedError

    def begin_state(self, batch_size=0, func=ndarray.zeros, **kwargs):
        """A list of states: what `func` makes of a name, what `state_info` says, and `kwargs`."""
        assert not self._modified, MODIFIED
        states = []
        for info in self.state_info(batch_size):
            self._note(_init_counter=self._init_counter + 1)
            states.append(func(name=f"{self._prefix}begin_state_{self._init_counter}", **{**(info or {}), **kwargs}))
        return states

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None, valid_length=None):
        """The cell applied to `length` steps: (outputs, states after the last step).

        inputs: one array or Symbol of this `layout`, or a list with one (batch, features) for each step.
        begin_state: the states to begin with; zeros by default.
        merge_outputs: True: outputs are one array of this layout, False: a list, None: as comes cheapest.
        valid_length: lengths (batch,) of the sequences; outputs beyond them are 0 and states are those at the ends.
        """
        self.reset()
        inputs, axis, F, batch_size = format_sequence(length, inputs, layout, False)
        states = begin_states(self, F, begin_state, inputs, batch_size)
        outputs, history = [], []
        for step in inputs:
            output, states = self(step, states)
            outputs.append(output)
            history.append(states)
        if valid_length is not None:
            states = [F.SequenceLast(F.stack(*values, axis=0), sequence_length=valid_length, use_sequence_length=True,
                                     axis=0) for values in zip(*history, strict=True)]
            outputs = mask_sequence(F, outputs, length, valid_length, axis, True)
        return format_sequence(length, outputs, layout, merge_outputs)[0], states

    def _get_activation(self, F, inputs, activation, **kwargs):
        """An activation given by its name, as a LeakyReLU layer, or as a function."""
        if isinstance(activation, LeakyReLU):
            return F.LeakyReLU(inputs, act_type="leaky", slope=activation._alpha, **kwargs)
        if not isinstance(activation, str):
            return activation(inputs, **kwargs)
        if activation in _NAMED:
            return getattr(F, activation)(inputs, **kwargs)
        return F.Activation(inputs, act_type=activation, **kwargs)


class HybridRecurrentCell(RecurrentCell, HybridBlock):
    """Base of cells that can be hybridized: subclasses compute a step in `hybrid_forward(F, inputs, states, ...)`.

    Hybridized, each step runs as one graph, but for cells that remember (`_remembers`) something between steps.
    """

    _remembers = False

    def _hybrid(self, x, *args, **kwargs):
        self._note(_counter=self._counter + 1)
        return super()._hybrid(x, *args, **kwargs)

    def hybridize(self, active=True, **kwargs):
        super().hybridize(active, **kwargs)
        self._active = active and not _remembering(self)

    def hybrid_forward(self, F, x, *args, **kwargs):
        raise NotImplementedError


def _remembering(cell) -> bool:
    return getattr(cell, "_remembers", False) or any(map(_remembering, cell._children.values()))


def begin_states(cell, F, begin_state, inputs, batch_size):
    """`begin_state`, or zeros like the inputs where it is None."""
    if begin_state is not None:
        return begin_state
    if F is symbol:
        return cell.begin_state(func=symbol.zeros, batch_size=batch_size)
    like = inputs if isinstance(inputs, NDArray) else inputs[0]
    return cell.begin_state(func=ndarray.zeros, batch_size=batch_size, ctx=like.context, dtype=like.dtype)


def format_sequence(length, inputs, layout, merge, in_layout=None):
    """(inputs, axis of time, mx.nd or mx.sym, batch size).

    merge: inputs as one array (True), as a list with one for each step (False), or as they come (None).
    """
    assert inputs is not None, \
        "unroll(inputs=None) has been deprecated. Please create input variables outside unroll."
    axis = layout.find("T")
    assert axis >= 0 and "N" in layout, f"layout {layout!r} must name the axes N (batch) and T (time)"
    in_axis = axis if in_layout is None else in_layout.find("T")
    whole = isinstance(inputs, _ARRAYS)
    if not whole:
        assert len(inputs) > 0, "a sequence needs at least one step"
        assert length is None or len(inputs) == length, f"{len(inputs)} inputs for {length} steps"
    F = symbol if isinstance(inputs if whole else inputs[0], Symbol) else ndarray
    batch_size = 0
    if F is ndarray:
        batch_size = inputs.shape[layout.find("N")] if whole else inputs[0].shape[0]
    if whole and merge is False:
        inputs = _steps(F, inputs, length, in_axis)
    elif not whole and merge is True:
        inputs = F.stack(*inputs, axis=axis)
    if isinstance(inputs, _ARRAYS) and axis != in_axis:
        inputs = F.swapaxes(inputs, dim1=axis, dim2=in_axis)
    return inputs, axis, F, batch_size


def _steps(F, inputs, length, axis):
    """A list of the steps in one array."""
    if F is symbol:
        assert len(inputs.list_outputs()) == 1, (
            "unroll doesn't allow grouped symbol as input. Please convert to list with list(inputs) first or let "
            "unroll handle splitting.")
    else:
        steps = inputs.shape[axis]
        assert length is None or length == steps, f"inputs of shape {inputs.shape} have {steps} steps, not {length}"
        length = steps
    return split(F, inputs, length, axis, 1)


def split(F, data, count, axis, squeeze):
    """A list of `count` parts along an axis, which they lose."""
    parts = F.split(data, axis=axis, num_outputs=count, squeeze_axis=squeeze)
    return [parts] if isinstance(parts, NDArray) else list(parts)


def mask_sequence(F, data, length, valid_length, time_axis, merge):
    """Sequences (an array or a list of steps) with zeros beyond their lengths, merged or as a list of steps."""
    if not isinstance(data, _ARRAYS):
        data = F.stack(*data, axis=time_axis)
    data = F.SequenceMask(data, sequence_length=valid_length, use_sequence_length=True, axis=time_axis)
    return data if merge else split(F, data, length, time_axis, True)


def reverse_sequences(sequences, unroll_step, valid_length=None):
    """The list of steps backwards in time, each sequence from its own end where their lengths are given."""
    if valid_length is None:
        return list(reversed(sequences))
    F = symbol if isinstance(sequences[0], Symbol) else ndarray
    data = F.SequenceReverse(F.stack(*sequences, axis=0), sequence_length=valid_length, use_sequence_length=True)
    return split(F, data, unroll_step, 0, True)
