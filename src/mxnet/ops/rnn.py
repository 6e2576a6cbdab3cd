"""Recurrent layers in one operator, on torch's own kernels: the packed parameters are taken apart as views."""

from functools import lru_cache
from math import prod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from .._state import state as thread
from ..base import MXNetError
from . import _recurrent
from ._shapes import fit, rule, same
from .dropout import dropout
from .registry import register

__all__ = ["rnn", "unpack"]

_KERNELS = {"lstm": torch._VF.lstm, "gru": torch._VF.gru,
            "rnn_tanh": torch._VF.rnn_tanh, "rnn_relu": torch._VF.rnn_relu}
_GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}

_Mode = Literal["gru", "lstm", "rnn_relu", "rnn_tanh"]


# ---------------------------------------------------------------------------------------- packed parameters


def _count(mode: str, input_size, state_size: int, layers: int, directions: int, projection: int | None):
    """Number of elements of the packed parameters; `input_size` may be symbolic."""
    rows, out = _GATES[mode] * state_size, projection or state_size
    below = rows * (input_size + (layers - 1) * directions * out)
    return directions * (below + layers * (rows * (out + 2) + (projection or 0) * state_size))


@lru_cache(maxsize=256)
def _layout(mode: str, input_size: int, state_size: int, layers: int, directions: int, projection: int | None):
    """(sizes of the parts in the order they are packed, (index, shape) of these parts in the order that torch wants).

    Packed are the weights of all layers and directions (from below, from before, projection), then all biases.
    torch wants weights, biases and projection of one layer and direction after the other.
    """
    rows, out = _GATES[mode] * state_size, projection or state_size
    each = 3 if projection else 2
    weights, order = [], []
    for layer in range(layers):
        size = input_size if layer == 0 else directions * out
        for _ in range(directions):
            weights += [(rows, size), (rows, out), (projection, state_size)][:each]
    for k in range(layers * directions):
        bias = len(weights) + 2 * k
        order += [each * k, each * k + 1, bias, bias + 1, each * k + 2][:each + 2]
    shapes = (*weights, *[(rows,)] * (2 * layers * directions))
    return [prod(shape) for shape in shapes], [(k, shapes[k]) for k in order]


def unpack(parameters: Tensor, *layout) -> list[Tensor]:
    """The weights, biases and projections in the order that torch wants; see `_layout`."""
    sizes, order = _layout(*layout)
    parts = parameters.split_with_sizes(sizes)
    return [parts[k].view(shape) if len(shape) > 1 else parts[k] for k, shape in order]


# ----------------------------------------------------------------------------------------------------- layers


def _layers(mode: str, data: Tensor, states: list[Tensor], weights: list[Tensor], layers: int, bidirectional: bool,
            lengths: Tensor | None) -> tuple[Tensor, ...]:
    """(output, *last states) of all layers in one call of the kernel."""
    train = torch.is_grad_enabled()  # cuDNN keeps what a backward needs in train mode only; nothing is dropped here
    options = (weights, True, layers, 0.0, train, bidirectional)
    if lengths is None and _recurrent.takes(mode, data, [*states, *weights]):
        return _recurrent.run(mode, data, states[0], weights, bidirectional)
    if lengths is None:
        return _KERNELS[mode](data, tuple(states) if mode == "lstm" else states[0], *options, False)
    packed = pack_padded_sequence(data, lengths.cpu(), enforce_sorted=False)
    states = [state[:, packed.sorted_indices] for state in states]
    out, *states = _KERNELS[mode](packed.data, packed.batch_sizes, tuple(states) if mode == "lstm" else states[0],
                                  *options)
    out, _ = pad_packed_sequence(PackedSequence(out, *packed[1:]), total_length=data.shape[0])
    return out, *[state[:, packed.unsorted_indices] for state in states]


def _layer_by_layer(run_layer, data: Tensor, states: list[Tensor], weights: list[Tensor], layers: int, drop):
    """`run_layer` for each layer, with `drop` applied to what goes from one to the next."""
    last = []
    own = len(weights) // layers
    per_layer = list(zip(*(state.chunk(layers) for state in states), strict=True))
    for layer in range(layers):
        data, *after = run_layer(data, list(per_layer[layer]), weights[layer * own:(layer + 1) * own])
        last.append(after)
        if layer < layers - 1:
            data = drop(data)
    return data, *[torch.cat(parts) for parts in zip(*last, strict=True)]


# --------------------------------------------------------------------------------------- LSTM, cells clipped


def _reverse(data: Tensor, lengths: Tensor | None) -> Tensor:
    """Each sequence reversed in time; what comes after its end stays."""
    if lengths is None:
        return data.flip(0)
    steps = torch.arange(data.shape[0], device=data.device).unsqueeze(1)
    source = torch.where(steps < lengths, lengths - 1 - steps, steps)
    return data[source, torch.arange(len(lengths), device=data.device)]


def _clipped_direction(data: Tensor, hidden: Tensor, cell: Tensor, weights: list[Tensor], clip, lengths):
    """One direction of one LSTM layer, step by step: (output, hidden, cell)."""
    below, before, below_bias, before_bias, *projection = weights
    outputs = []
    for step, from_below in enumerate(F.linear(data, below, below_bias).unbind()):
        gates = (from_below + F.linear(hidden, before, before_bias)).chunk(4, 1)
        enter, forget, leave = gates[0].sigmoid(), gates[1].sigmoid(), gates[3].sigmoid()
        new_cell = clip(forget * cell + enter * gates[2].tanh())
        new_hidden = leave * new_cell.tanh()
        if projection:
            new_hidden = F.linear(new_hidden, projection[0])
        if lengths is None:
            hidden, cell = new_hidden, new_cell
            outputs.append(hidden)
        else:
            goes_on = (step < lengths).unsqueeze(1)
            hidden, cell = torch.where(goes_on, new_hidden, hidden), torch.where(goes_on, new_cell, cell)
            outputs.append(torch.where(goes_on, new_hidden, 0))
    return torch.stack(outputs), hidden, cell


def _clipped_layer(data: Tensor, states: list[Tensor], weights: list[Tensor], clip, lengths) -> tuple[Tensor, ...]:
    """One LSTM layer whose cell states are clipped, in one or two directions: (output, hidden, cell)."""
    directions = states[0].shape[0]
    own = len(weights) // directions
    results = []
    if lengths is not None:
        past = torch.arange(data.shape[0], device=data.device).unsqueeze(1) >= lengths
        data = data.masked_fill(past.unsqueeze(2), 0)  # no gradient there, whatever stands there
    for k in range(directions):
        x = _reverse(data, lengths) if k else data
        out, *last = _clipped_direction(x, states[0][k], states[1][k], weights[k * own:(k + 1) * own], clip, lengths)
        results.append((_reverse(out, lengths) if k else out, *last))
    outputs, hidden, cell = zip(*results, strict=True)
    return torch.cat(outputs, 2), torch.stack(hidden), torch.stack(cell)


def _clipper(low: float | None, high: float | None, nan: bool):
    """The function that clips cell states, None where nothing is to be clipped."""
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise MXNetError("RNN: lstm_state_clip_min and lstm_state_clip_max must be given together, "
                         f"got {low} and {high}")
    if nan:
        return lambda cell: cell.clamp(low, high).nan_to_num(low, high, low)
    return lambda cell: cell.clamp(low, high)


def _unclipped(cell: Tensor) -> Tensor:
    return cell


# --------------------------------------------------------------------------------------------------- operator


def _input_shapes(attrs, data, parameters, state, *rest):
    """The `shapes=` rule: everything follows from the attributes and the shape of the data."""
    steps, batch, size = data if data is not None and len(data) == 3 else (0, 0, 0)
    directions = 2 if attrs["bidirectional"] else 1
    cells = (attrs["num_layers"] * directions, batch, attrs["state_size"])
    packed = 0
    if size:
        packed = _count(attrs["mode"], size, attrs["state_size"], attrs["num_layers"], directions,
                        attrs["projection_size"])
    shapes = [data if data is not None else (steps, batch, size), (packed,),
              (*cells[:2], attrs["projection_size"] or attrs["state_size"])]
    if attrs["mode"] == "lstm":
        shapes.append(cells)
    if attrs["use_sequence_length"]:
        shapes.append((batch,))
    return shapes


def _check(data: Tensor, names: tuple[str, ...], rest: list[Tensor], attrs: dict) -> None:
    """MXNetError unless ranks, shapes and dtypes of the inputs fit together."""
    if data.dim() != 3:
        raise MXNetError("RNN: data must have 3 axes (sequence length, batch, input size), "
                         f"got shape {tuple(data.shape)}")
    if attrs["projection_size"] and attrs["mode"] != "lstm":
        raise MXNetError(f"RNN: projection_size is for mode='lstm' only, got mode={attrs['mode']!r}")
    for name, tensor, expected in zip(names, rest, _input_shapes(attrs, data.shape, None, None)[1:], strict=True):
        if tensor.shape != expected:
            raise MXNetError(f"RNN: {name} has shape {tuple(tensor.shape)}, expected {tuple(expected)} for data of "
                             f"shape {tuple(data.shape)}")
        if tensor.dtype != data.dtype and name != "sequence_length":
            raise MXNetError(f"RNN: {name} has dtype {str(tensor.dtype)[6:]}, expected {str(data.dtype)[6:]} as data")


def _number_of_outputs(attrs) -> int:
    if not attrs["state_outputs"]:
        return 1
    return 3 if attrs["mode"] == "lstm" else 2


@rule
def _outputs_of(attrs, data, parameters, state, *rest):
    fit(len(data) == 3, 0 not in data, not attrs["projection_size"] or attrs["mode"] == "lstm")
    given = zip((parameters, state, *rest), _input_shapes(attrs, data, None, None)[1:], strict=True)
    fit(all(len(shape) == len(expected) and all(map(same, shape, expected)) for shape, expected in given))
    width = (2 if attrs["bidirectional"] else 1) * (attrs["projection_size"] or attrs["state_size"])
    return [(*data[:2], width), state, *rest][:_number_of_outputs(attrs)]


@register("RNN", num_outputs=_number_of_outputs, output_shapes=_outputs_of,
          output_names=("output", "state_output", "statecell_output"),
          shapes=_input_shapes, present={"state_cell": lambda attrs: attrs["mode"] == "lstm",
                                         "sequence_length": lambda attrs: attrs["use_sequence_length"]})
def rnn(data: Tensor, parameters: Tensor, state: Tensor, state_cell: Tensor | None = None,
        sequence_length: Tensor | None = None, *, state_size: int, num_layers: int, bidirectional: bool = False,
        mode: _Mode, p: float = 0.0, state_outputs: bool = False, projection_size: int | None = None,
        lstm_state_clip_min: float | None = None, lstm_state_clip_max: float | None = None,
        lstm_state_clip_nan: bool = False, use_sequence_length: bool = False, _train: bool, _rng):
    """Layers of LSTM, GRU or simple recurrent cells: (length, batch, directions * hidden).

    data: (length, batch, input size).  state, state_cell (lstm only): (num_layers * directions, batch, state_size);
    with `projection_size` (lstm only) that many hidden values, also in `state`.
    parameters: all weights, layer by layer and direction by direction (input to hidden, hidden to hidden,
    projection), then all biases in the same order, as one vector; gates in cuDNN's order (i f g o; r z n).
    sequence_length: (batch,), from 1 to length: results after the end are 0, last states are those at the end,
    and the backward direction begins there.
    In train mode, dropout with probability `p` between layers.  lstm_state_clip_min and _max bound the cell states.
    With `state_outputs` also returns the last state, and the last cell state of an LSTM.
    Elman, 1990; Hochreiter and Schmidhuber, 1997; Cho et al., 2014 (the variant of cuDNN); Sak et al., 2014.
    """
    attrs = {"mode": mode, "state_size": state_size, "num_layers": num_layers, "bidirectional": bidirectional,
             "projection_size": projection_size, "use_sequence_length": use_sequence_length}
    states = [state] if state_cell is None else [state, state_cell]
    lengths = [] if sequence_length is None else [sequence_length]
    names = ("parameters", *("state", "state_cell")[:len(states)], *["sequence_length"][:len(lengths)])
    _check(data, names, [parameters, *states, *lengths], attrs)
    if not 0 <= p <= 1:
        raise MXNetError(f"RNN: p={p} must be between 0 and 1")
    clip = _clipper(lstm_state_clip_min, lstm_state_clip_max, lstm_state_clip_nan) if mode == "lstm" else None
    if clip is None and projection_size == state_size:
        clip = _unclipped  # torch's kernels tell a projection from its size, which must be another one
    directions = 2 if bidirectional else 1
    wanted = 1 + len(states) if state_outputs else 1
    if thread.solver is not None and thread.solver.is_fake(data):  # the kernels do not take unknown sizes
        width = directions * (projection_size or state_size)
        results = (data.new_empty((*data.shape[:2], width)), *[torch.empty_like(s) for s in states])[:wanted]
        return results if state_outputs else results[0]
    weights = unpack(parameters, mode, data.shape[2], state_size, num_layers, directions, projection_size)
    ends = _ends(sequence_length, data.shape[0])

    def run_layer(x, own_states, own_weights):
        if clip is not None:
            return _clipped_layer(x, own_states, own_weights, clip, ends)
        return _layers(mode, x, own_states, own_weights, 1, bidirectional, ends)

    def drop(x):
        return dropout(x, p=p, _train=True, _rng=_rng) if p and _train else x

    states = [s.contiguous() for s in states]
    if clip is None and (num_layers == 1 or not (p and _train)):
        results = _layers(mode, data, states, weights, num_layers, bidirectional, ends)
    else:
        results = _layer_by_layer(run_layer, data, states, weights, num_layers, drop)
    return tuple(results[:wanted]) if state_outputs else results[0]


def _ends(lengths: Tensor | None, steps: int) -> Tensor | None:
    """Sequence lengths as int64; MXNetError where one is not within the data."""
    if lengths is None:
        return None
    lengths = lengths.detach().long()
    if len(lengths) and not (1 <= int(lengths.min()) and int(lengths.max()) <= steps):
        raise MXNetError(f"RNN: sequence_length must be from 1 to {steps} everywhere, got {lengths.tolist()}")
    return lengths
