"""The cells of gluon.rnn, with the helpers that client packages import from here."""

from ._cells import GRUCell, LSTMCell, RNNCell
from ._containers import BidirectionalCell, HybridSequentialRNNCell, SequentialRNNCell
from ._containers import _begin_state as _cells_begin_state  # noqa: F401
from ._containers import _state_info as _cells_state_info  # noqa: F401
from ._modifiers import DropoutCell, ModifierCell, ResidualCell, ZoneoutCell
from ._recurrent import HybridRecurrentCell, RecurrentCell
from ._recurrent import begin_states as _get_begin_state  # noqa: F401
from ._recurrent import format_sequence as _format_sequence  # noqa: F401
from ._recurrent import mask_sequence as _mask_sequence_variable_length  # noqa: F401
from ._recurrent import reverse_sequences as _reverse_sequences  # noqa: F401

__all__ = ["BidirectionalCell", "DropoutCell", "GRUCell", "HybridRecurrentCell", "HybridSequentialRNNCell", "LSTMCell",
           "ModifierCell", "RNNCell", "RecurrentCell", "ResidualCell", "SequentialRNNCell", "ZoneoutCell"]
