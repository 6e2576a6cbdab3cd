"""Cells made of cells: one on top of the other, or forwards and backwards in time."""

from ...ndarray import NDArray
from ...symbol import Symbol
from ..utils import _indent
from ._recurrent import (
    MODIFIED,
    HybridRecurrentCell,
    RecurrentCell,
    begin_states,
    format_sequence,
    mask_sequence,
    reverse_sequences,
    split,
)

__all__ = ["BidirectionalCell", "HybridSequentialRNNCell", "SequentialRNNCell"]


def _state_info(cells, batch_size):
    return [info for cell in cells for info in cell.state_info(batch_size)]


def _begin_state(cells, **kwargs):
    return [state for cell in cells for state in cell.begin_state(**kwargs)]


def _shares(cells, states):
    """(cell, its part of the states), cell by cell."""
    start = 0
    for cell in cells:
        count = len(cell.state_info())
        yield cell, states[start:start + count]
        start += count


class _Stack(RecurrentCell):
    """What both stacks of cells do; states and parameters are those of the cells, from below."""

    def __repr__(self):
        lines = "\n".join(f"({name}): {_indent(repr(cell), 2)}" for name, cell in self._children.items())
        return f"{type(self).__name__}(\n{lines}\n)"

    def add(self, cell):
        """Put a cell on top."""
        self.register_child(cell)

    def __getitem__(self, i):
        return self._children[str(i)]

    def __len__(self):
        return len(self._children)

    def state_info(self, batch_size=0):
        return _state_info(self._children.values(), batch_size)

    def begin_state(self, **kwargs):
        """The states of all cells; arguments are those of RecurrentCell, `batch_size` and `func` among them."""
        assert not self._modified, MODIFIED
        return _begin_state(self._children.values(), **kwargs)

    def __call__(self, inputs, states):
        assert not any(isinstance(cell, BidirectionalCell) for cell in self._children.values()), (
            f"{type(self).__name__} '{self.prefix}' contains a BidirectionalCell, which has no single steps. "
            "Please use unroll")
        self._note(_counter=self._counter + 1)
        after = []
        for cell, own in _shares(self._children.values(), states):
            inputs, own = cell(inputs, own)
            after.extend(own)
        return inputs, after

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None, valid_length=None):
        self.reset()
        inputs, _, F, batch_size = format_sequence(length, inputs, layout, None)
        states = begin_states(self, F, begin_state, inputs, batch_size)
        after = []
        for i, (cell, own) in enumerate(_shares(self._children.values(), states), 1):
            merge = merge_outputs if i == len(self) else None
            inputs, own = cell.unroll(length, inputs, begin_state=own, layout=layout, merge_outputs=merge,
                                      valid_length=valid_length)
            after.extend(own)
        return inputs, after


class SequentialRNNCell(_Stack):
    """Cells on top of each other, which need not be hybrid: `add` them from below."""

    def forward(self, inputs, states):
        return self(inputs, states)


class HybridSequentialRNNCell(_Stack, HybridRecurrentCell):
    """Hybrid cells on top of each other: `add` them from below."""

    def hybrid_forward(self, F, inputs, states):
        return self(inputs, states)


class BidirectionalCell(HybridRecurrentCell):
    """One cell from the first step to the last, one from the last to the first; their outputs side by side.

    It has no single steps, only `unroll`.  States are those of l_cell and then those of r_cell.
    Schuster and Paliwal, "Bidirectional Recurrent Neural Networks" (1997).
    """

    def __init__(self, l_cell, r_cell, output_prefix="bi_"):
        super().__init__(prefix="", params=None)
        self.register_child(l_cell, "l_cell")
        self.register_child(r_cell, "r_cell")
        self._output_prefix = output_prefix

    def __call__(self, inputs, states):
        raise NotImplementedError("Bidirectional cannot be stepped. Please use unroll")

    def __repr__(self):
        cells = self._children
        return f"{type(self).__name__}(forward={cells['l_cell']!r}, backward={cells['r_cell']!r})"

    def state_info(self, batch_size=0):
        return _state_info(self._children.values(), batch_size)

    def begin_state(self, **kwargs):
        """The states of both cells; arguments are those of RecurrentCell, `batch_size` and `func` among them."""
        assert not self._modified, MODIFIED
        return _begin_state(self._children.values(), **kwargs)

    def unroll(self, length, inputs, begin_state=None, layout="NTC", merge_outputs=None, valid_length=None):
        self.reset()
        inputs, axis, F, batch_size = format_sequence(length, inputs, layout, False)
        length = len(inputs)
        backwards = reverse_sequences(inputs, length, valid_length)
        states = begin_states(self, F, begin_state, inputs, batch_size)
        (l_cell, l_own), (r_cell, r_own) = _shares(self._children.values(), states)
        left, l_states = l_cell.unroll(length, inputs, l_own, layout, merge_outputs, valid_length)
        right, r_states = r_cell.unroll(length, backwards, r_own, layout, False, valid_length)
        right = reverse_sequences(right, length, valid_length)
        merge = isinstance(left, (NDArray, Symbol)) if merge_outputs is None else merge_outputs
        outputs = self._side_by_side(F, left, right, axis, merge)
        if valid_length is not None:
            outputs = mask_sequence(F, outputs, length, valid_length, axis, merge)
        return outputs, l_states + r_states

    def _side_by_side(self, F, left, right, axis, merge):
        """The outputs of both cells, the right ones a list of steps, concatenated along features."""
        if merge:
            return F.concat(left, F.stack(*right, axis=axis), dim=2, name=self._output_prefix + "out")
        if isinstance(left, (NDArray, Symbol)):
            left = split(F, left, len(right), axis, 1)
        return [F.concat(a, b, dim=1, name=f"{self._output_prefix}t{i}")
                for i, (a, b) in enumerate(zip(left, right, strict=True))]
