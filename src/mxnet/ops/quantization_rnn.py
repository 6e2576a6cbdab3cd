"""LSTM layers whose matrix products are made of integers; see quantization.py for quantized arrays in general."""

from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from .quantization import LEVELS, check_range, copies, narrow, per_unit, require
from .quantization_layers import products
from .registry import get, register
from .rnn import unpack

__all__ = ["quantized_rnn"]


def _quantized_rows(below: Tensor, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Both weights of a layer as int8 and the scales of their rows, which they share."""
    largest = torch.cat([below, before], 1).abs().amax(1, keepdim=True)
    scale = per_unit(LEVELS[torch.int8], torch.where(largest > 0, largest, 1))
    return narrow(below * scale, torch.int8), narrow(before * scale, torch.int8), scale.squeeze(1)


class _Direction:
    """One direction of one layer; `scale` and `shift` are those of its uint8 data."""

    def __init__(self, weights: list[Tensor], scale: Tensor, shift: Tensor):
        below, before, below_bias, before_bias = weights
        self.below, self.before, rows = _quantized_rows(below, before)
        self.scale, self.shift = scale, shift
        self.unit = 1 / (rows * scale)
        surplus = shift * (self.below.int().sum(1) + self.before.int().sum(1))
        self.bias = below_bias + before_bias - surplus * self.unit

    def run(self, data: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """uint8 (length, batch, size) and states -> (outputs, hidden, cell), outputs and hidden in uint8."""
        outputs = []
        below = products(data.flatten(0, 1).unsqueeze(0), self.below.unsqueeze(0))[0].unflatten(0, data.shape[:2])
        for step in below.unbind():
            sums = step + products(hidden.unsqueeze(0), self.before.unsqueeze(0))[0]
            enter, forget, fresh, leave = (sums * self.unit + self.bias).chunk(4, 1)
            cell = forget.sigmoid() * cell + enter.sigmoid() * fresh.tanh()
            hidden = narrow(leave.sigmoid() * cell.tanh() * self.scale + self.shift, torch.uint8)
            outputs.append(hidden)
        return torch.stack(outputs), hidden, cell


def _outputs(attrs) -> int:
    return 3 if attrs["state_outputs"] else 1


def _types(attrs, data, *rest):
    return [data, *[torch.float32] * 5], [torch.float32] * _outputs(attrs)


def _output_shapes(attrs, inputs):
    return get("RNN").extra["output_shapes"](attrs, list(inputs[:4]))


def _input_shapes(attrs, *inputs):
    return [*get("RNN").extra["shapes"](attrs, *inputs[:4]), (1,), (1,)]


@register("_contrib_quantized_rnn", num_outputs=_outputs, types=_types, output_shapes=_output_shapes,
          shapes=_input_shapes,
          output_names=lambda attrs: ("output", "state_output", "statecell_ouput")[:_outputs(attrs)])
def quantized_rnn(data: Tensor, parameters: Tensor, state: Tensor, state_cell: Tensor, min_data: Tensor,
                  max_data: Tensor, *, state_size: int, num_layers: int, bidirectional: bool = False,
                  mode: Literal["gru", "lstm", "rnn_relu", "rnn_tanh"], p: float = 0.0, state_outputs: bool = False,
                  projection_size: int | None = None, lstm_state_clip_min: float | None = None,
                  lstm_state_clip_max: float | None = None, lstm_state_clip_nan: bool = False,
                  use_sequence_length: bool = False, quantized: bool = True) -> Tensor | tuple[Tensor, ...]:
    """LSTM layers on uint8 data as `quantize_asym` makes it: (length, batch, directions * state_size), float32.

    data: (length, batch, input size).  parameters, state, state_cell: float32, as in RNN.  min_data, max_data: (1,),
    float32, what `quantize_asym` returned: the scale and the shift of the data, which hold for hidden states, too.
    Weights become int8, each row (of a gate) with the scale of its largest element; products are summed exactly, gates
    and cells are float32, hidden states are rounded to uint8 after each step.  With `state_outputs` also returns the
    last state and cell state.  In predict mode only, hence without dropout; `quantized` is what MXNet's files say.
    MXNetError for other dtypes, shapes and modes, for projections, clipping and sequence lengths.  No gradient.
    """
    op = "quantized_rnn"
    if mode != "lstm" or projection_size or use_sequence_length or lstm_state_clip_min is not None \
            or lstm_state_clip_max is not None:
        raise MXNetError(f"{op}: only plain LSTMs are possible: mode='lstm', no projection_size, clipping or "
                         "use_sequence_length")
    require(op, data, torch.uint8)
    check_range(op, min_data, max_data)
    directions, (scale, shift) = 2 if bidirectional else 1, copies(min_data, max_data)
    attrs = {"mode": mode, "state_size": state_size, "num_layers": num_layers, "bidirectional": bidirectional,
             "projection_size": None, "use_sequence_length": False}
    expected = _input_shapes(attrs, tuple(data.shape) if data.dim() == 3 else None, None, None, None)[1:4]
    for tensor, shape in zip((parameters, state, state_cell), expected, strict=True):
        require(op, tensor, torch.float32)
        if data.dim() != 3 or tuple(tensor.shape) != tuple(shape):
            raise MXNetError(f"{op}: expected data of three axes, parameters, state and state_cell of shapes "
                             f"{expected}, got {tuple(data.shape)}, {tuple(parameters.shape)}, {tuple(state.shape)}, "
                             f"{tuple(state_cell.shape)}")
    weights = unpack(parameters.detach(), mode, data.shape[2], state_size, num_layers, directions, None)
    hidden, state_cell = narrow(state * scale + shift, torch.uint8), state_cell.detach()
    hiddens, cells = [], []
    for layer in range(num_layers):
        outputs = []
        for k in range(layer * directions, (layer + 1) * directions):
            backward = k % directions == 1
            run = _Direction(weights[4 * k:4 * k + 4], scale, shift).run
            out, last, cell = run(data.flip(0) if backward else data, hidden[k], state_cell[k])
            outputs.append(out.flip(0) if backward else out)
            hiddens.append(last)
            cells.append(cell)
        data = torch.cat(outputs, 2)
    out = (data - shift) / scale
    return (out, (torch.stack(hiddens) - shift) / scale, torch.stack(cells)) if state_outputs else out
