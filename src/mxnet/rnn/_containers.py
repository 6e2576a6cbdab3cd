"""Cells made of cells: one on top of the other, or forwards and backwards in time."""

from .. import symbol as sym
from ..symbol import Symbol
from ._base import _MODIFIED, BaseRNNCell, normalize_sequence

__all__ = ["BidirectionalCell", "SequentialRNNCell"]


class _Container(BaseRNNCell):
    """A cell with cells in `_cells`: states and weights are theirs, one after the other."""

    def __init__(self, prefix, params):
        self._override_cell_params = params is not None
        self._cells: list[BaseRNNCell] = []
        super().__init__(prefix=prefix, params=params)

    def _adopt(self, cell: BaseRNNCell):
        self._cells.append(cell)
        if self._override_cell_params:
            assert cell._own_params, f"Either specify params for {type(self).__name__} or child cells, not both."
            cell.params._params.update(self.params._params)
        self.params._params.update(cell.params._params)

    @property
    def state_info(self):
        return [info for cell in self._cells for info in cell.state_info]

    def begin_state(self, **kwargs):
        assert not self._modified, _MODIFIED
        return [state for cell in self._cells for state in cell.begin_state(**kwargs)]

    def unpack_weights(self, args):
        for cell in self._cells:
            args = cell.unpack_weights(args)
        return args

    def pack_weights(self, args):
        for cell in self._cells:
            args = cell.pack_weights(args)
        return args

    def _shares(self, states):
        """(cell, its part of the states), cell by cell."""
        start = 0
        for cell in self._cells:
            count = len(cell.state_info)
            yield cell, states[start:start + count]
            start += count


class SequentialRNNCell(_Container):
    """Cells on top of each other: `add` them from below."""

    def __init__(self, params=None):
        super().__init__("", params)

    def add(self, cell):
        """Put a cell on top."""
        self._adopt(cell)

    def __call__(self, inputs, states):
        self._counter += 1
        after = []
        for cell, own in self._shares(states):
            assert not isinstance(cell, BidirectionalCell)
            inputs, own = cell(inputs, own)
            after.extend(own)
        return inputs, after

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None):
        self.reset()
        states = self.begin_state() if begin_state is None else begin_state
        after = []
        for i, (cell, own) in enumerate(self._shares(states), 1):
            merge = merge_outputs if i == len(self._cells) else None
            inputs, own = cell.unroll(length, inputs, begin_state=own, layout=layout, merge_outputs=merge)
            after.extend(own)
        return inputs, after


class BidirectionalCell(_Container):
    """One cell from the first step to the last, one from the last to the first; their outputs side by side.

    It has no single steps, only `unroll`.  States are [those of l_cell, those of r_cell].
    """

    def __init__(self, l_cell, r_cell, params=None, output_prefix="bi_"):
        super().__init__("", params)
        self._output_prefix = output_prefix
        self._adopt(l_cell)
        self._adopt(r_cell)

    def __call__(self, inputs, states):
        raise NotImplementedError("Bidirectional cannot be stepped. Please use unroll")

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None):
        self.reset()
        inputs, axis = normalize_sequence(length, inputs, layout, False)
        states = self.begin_state() if begin_state is None else begin_state
        (l_cell, l_own), (r_cell, r_own) = self._shares(states)
        left, l_states = l_cell.unroll(length, inputs, begin_state=l_own, layout=layout, merge_outputs=merge_outputs)
        right, r_states = r_cell.unroll(length, list(reversed(inputs)), begin_state=r_own, layout=layout,
                                        merge_outputs=merge_outputs)
        merge = isinstance(left, Symbol) and isinstance(right, Symbol) if merge_outputs is None else merge_outputs
        if merge:
            outputs = sym.concat(left, sym.reverse(right, axis=axis), dim=2, name=f"{self._output_prefix}out")
        else:
            left, right = (list(sym.SliceChannel(side, axis=axis, num_outputs=length, squeeze_axis=1))
                           if isinstance(side, Symbol) else side for side in (left, right))
            outputs = [sym.concat(a, b, dim=1, name=f"{self._output_prefix}t{i}")
                       for i, (a, b) in enumerate(zip(left, reversed(right), strict=True))]
        return outputs, [l_states, r_states]
