"""Cells that change what other cells do: dropout, zoneout, residual connections."""

from .. import symbol as sym
from ..symbol import Symbol
from ._base import _MODIFIED, BaseRNNCell, normalize_sequence
from ._containers import BidirectionalCell

__all__ = ["DropoutCell", "ModifierCell", "ResidualCell", "ZoneoutCell"]


class DropoutCell(BaseRNNCell):
    """Dropout on the inputs; a cell without states, for stacks."""

    def __init__(self, dropout, prefix="dropout_", params=None):
        super().__init__(prefix, params)
        assert isinstance(dropout, (int, float)), "dropout probability must be a number"
        self.dropout = dropout

    @property
    def state_info(self):
        return []

    def __call__(self, inputs, states):
        if self.dropout > 0:
            inputs = sym.Dropout(inputs, p=self.dropout)
        return inputs, states

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None):
        self.reset()
        inputs, _ = normalize_sequence(length, inputs, layout, merge_outputs)
        if isinstance(inputs, Symbol):
            return self(inputs, [])
        return super().unroll(length, inputs, begin_state=begin_state, layout=layout, merge_outputs=merge_outputs)


class ModifierCell(BaseRNNCell):
    """A cell around `base_cell`, whose parameters and states are its own; base_cell is then not called directly."""

    def __init__(self, base_cell):
        super().__init__()
        base_cell._modified = True
        self.base_cell = base_cell

    @property
    def params(self):
        self._own_params = False
        return self.base_cell.params

    @property
    def state_info(self):
        return self.base_cell.state_info

    def begin_state(self, init_sym=sym.zeros, **kwargs):
        assert not self._modified, _MODIFIED
        init_sym = kwargs.pop("func", init_sym)  # as containers and other modifiers call it
        return self._on_base(lambda: self.base_cell.begin_state(func=init_sym, **kwargs))

    def _on_base(self, do):
        """What do() gives, the base cell being callable meanwhile."""
        self.base_cell._modified = False
        try:
            return do()
        finally:
            self.base_cell._modified = True

    def unpack_weights(self, args):
        return self.base_cell.unpack_weights(args)

    def pack_weights(self, args):
        return self.base_cell.pack_weights(args)


class ZoneoutCell(ModifierCell):
    """In train mode, elements of outputs and states stay with these probabilities as they were a step before.

    Krueger et al., 2016, https://arxiv.org/abs/1606.01305.
    """

    def __init__(self, base_cell, zoneout_outputs=0.0, zoneout_states=0.0):
        from ._fused import FusedRNNCell

        assert not isinstance(base_cell, FusedRNNCell), \
            "FusedRNNCell doesn't support zoneout. Please unfuse first."
        assert not isinstance(base_cell, BidirectionalCell), \
            "BidirectionalCell doesn't support zoneout since it doesn't support step. " \
            "Please add ZoneoutCell to the cells underneath instead."
        assert not any(isinstance(cell, BidirectionalCell) for cell in getattr(base_cell, "_cells", ())), \
            "Bidirectional doesn't support zoneout. Please add ZoneoutCell to the cells underneath instead."
        super().__init__(base_cell)
        self.zoneout_outputs = zoneout_outputs
        self.zoneout_states = zoneout_states

    def reset(self):
        super().reset()
        self.prev_output = None

    def __call__(self, inputs, states):
        output, after = self.base_cell(inputs, states)
        before = sym.zeros((0, 0)) if self.prev_output is None else self.prev_output
        if self.zoneout_outputs > 0:
            output = _zoned_out(output, before, self.zoneout_outputs)
        if self.zoneout_states > 0:
            after = [_zoned_out(new, old, self.zoneout_states) for new, old in zip(after, states, strict=True)]
        self.prev_output = output
        return output, after


def _zoned_out(new, old, p):
    return sym.where(sym.Dropout(sym.ones_like(new), p=p), new, old)


class ResidualCell(ModifierCell):
    """Adds the inputs to the outputs, which must have the same shape.  He et al., 2015."""

    def __call__(self, inputs, states):
        output, states = self.base_cell(inputs, states)
        return _plus_residual(output, inputs), states

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None):
        self.reset()
        outputs, states = self._on_base(lambda: self.base_cell.unroll(
            length, inputs=inputs, begin_state=begin_state, layout=layout, merge_outputs=merge_outputs))
        merge = isinstance(outputs, Symbol) if merge_outputs is None else merge_outputs
        inputs, _ = normalize_sequence(length, inputs, layout, merge)
        if merge:
            return _plus_residual(outputs, inputs), states
        return [_plus_residual(output, step) for output, step in zip(outputs, inputs, strict=True)], states


def _plus_residual(output, inputs):
    return sym.elemwise_add(output, inputs, name=f"{output.name}_plus_residual")
