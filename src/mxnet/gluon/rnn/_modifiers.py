"""Cells that change what other cells do: dropout, zoneout, residual connections."""

from ... import symbol
from ...base import numeric_types
from ...ndarray import NDArray
from ...symbol import Symbol
from ._containers import BidirectionalCell
from ._recurrent import MODIFIED, HybridRecurrentCell, format_sequence, mask_sequence

__all__ = ["DropoutCell", "ModifierCell", "ResidualCell", "ZoneoutCell"]


class DropoutCell(HybridRecurrentCell):
    """Dropout on the inputs; a cell without states, for stacks.

    rate: share of the elements that become 0 in train mode.  axes: along which all elements share one fate.
    Input: (N, C), states: []. Output: (N, C) and [].
    """

    def __init__(self, rate, axes=(), prefix=None, params=None):
        super().__init__(prefix, params)
        assert isinstance(rate, numeric_types), "rate must be a number"
        self._rate = rate
        self._axes = axes

    def __repr__(self):
        return f"{type(self).__name__}(rate={self._rate}, axes={self._axes})"

    def _alias(self):
        return "dropout"

    def state_info(self, batch_size=0):
        return []

    def hybrid_forward(self, F, inputs, states):
        if self._rate > 0:
            inputs = F.Dropout(inputs, p=self._rate, axes=self._axes, name=f"t{self._counter}_fwd")
        return inputs, states

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None, valid_length=None):
        self.reset()
        inputs, _, F, _ = format_sequence(length, inputs, layout, merge_outputs)
        if isinstance(inputs, (NDArray, Symbol)):  # all steps at once
            return self.hybrid_forward(F, inputs, begin_state or [])
        return super().unroll(length, inputs, begin_state, layout, merge_outputs, valid_length=None)


class ModifierCell(HybridRecurrentCell):
    """Base of cells around a `base_cell`, whose parameters and states are its own.

    The base cell makes no states of its own any more: that is left to this cell.
    """

    def __init__(self, base_cell):
        assert not base_cell._modified, f"Cell {base_cell.name} is already modified. One cell cannot be modified twice"
        base_cell._modified = True
        super().__init__(prefix=base_cell.prefix + self._alias(), params=None)
        self.base_cell = base_cell

    @property
    def params(self):
        return self.base_cell.params

    def state_info(self, batch_size=0):
        return self.base_cell.state_info(batch_size)

    def begin_state(self, func=symbol.zeros, **kwargs):
        """The states of the base cell: Symbols unless `func` makes something else."""
        assert not self._modified, MODIFIED
        return self._on_base(lambda cell: cell.begin_state(func=func, **kwargs))

    def _on_base(self, do):
        """What do(base cell) gives, the cell being free to make states meanwhile."""
        self.base_cell._note(_modified=False)
        try:
            return do(self.base_cell)
        finally:
            self.base_cell._note(_modified=True)

    def __repr__(self):
        return f"{type(self).__name__}({self.base_cell!r})"


class ZoneoutCell(ModifierCell):
    """In train mode, elements of outputs and states stay with these probabilities as they were a step before.

    Krueger et al., "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations" (2016),
    https://arxiv.org/abs/1606.01305
    """

    _remembers = True

    def __init__(self, base_cell, zoneout_outputs=0.0, zoneout_states=0.0):
        refuse_steps_of_bidirectional(base_cell, "zoneout since it doesn't support step", "ZoneoutCell")
        super().__init__(base_cell)
        self._zoneout_outputs = zoneout_outputs
        self._zoneout_states = zoneout_states
        self._prev_output = None

    def __repr__(self):
        return (f"{type(self).__name__}(p_out={self._zoneout_outputs}, p_state={self._zoneout_states}, "
                f"{self.base_cell!r})")

    def _alias(self):
        return "zoneout"

    def reset(self):
        super().reset()
        self._note(_prev_output=None)

    def hybrid_forward(self, F, inputs, states):
        output, after = self.base_cell(inputs, states)
        if self._zoneout_outputs != 0:
            mask = _mask(F, output, self._zoneout_outputs)
            before = F.zeros_like(output) if self._prev_output is None else self._prev_output
            output = F.where(mask, output, before)
        if self._zoneout_states != 0:
            after = [F.where(_mask(F, new, self._zoneout_states), new, old)
                     for new, old in zip(after, states, strict=True)]
        self._note(_prev_output=output)
        return output, after


def _mask(F, like, p):
    return F.Dropout(F.ones_like(like), p=p)


def refuse_steps_of_bidirectional(cell, what, name):
    """AssertionError for a cell that has, or contains, no single steps."""
    inner = cell.base_cell if isinstance(cell, ModifierCell) else None
    assert not isinstance(cell, BidirectionalCell), (
        f"BidirectionalCell doesn't support {what}. Please add {name} to the cells underneath instead.")
    for child in cell._children.values() if inner is None else [inner]:
        refuse_steps_of_bidirectional(child, what, name)


class ResidualCell(ModifierCell):
    """Adds the inputs to the outputs, which must have the same shape.

    He et al., "Deep Residual Learning for Image Recognition" (2015), https://arxiv.org/abs/1512.03385
    """

    def hybrid_forward(self, F, inputs, states):
        output, states = self.base_cell(inputs, states)
        return F.elemwise_add(output, inputs, name=f"t{self._counter}_fwd"), states

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None, valid_length=None):
        self.reset()
        outputs, states = self._on_base(lambda cell: cell.unroll(length, inputs, begin_state, layout, merge_outputs,
                                                                 valid_length))
        merge = isinstance(outputs, (NDArray, Symbol)) if merge_outputs is None else merge_outputs
        inputs, axis, F, _ = format_sequence(length, inputs, layout, merge)
        if valid_length is not None:
            inputs = mask_sequence(F, inputs, length, valid_length, axis, merge)
        if merge:
            return F.elemwise_add(outputs, inputs), states
        return [F.elemwise_add(output, step) for output, step in zip(outputs, inputs, strict=True)], states
