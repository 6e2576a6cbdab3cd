"""Symbolic cells, one expression each over `R` = mx.rnn, and how they are unrolled; for MXNet and for us.

Runs on Python 3.8 (where MXNet's wheel does) and later.
"""
from __future__ import annotations

import json
import warnings

import numpy as np

CONV = "input_shape=(1, 2, 6, 5), num_hidden=3"

# cell -> shape of the data of one step
CELLS = {
    "R.RNNCell(3)": (2, 4),
    "R.RNNCell(3, activation='relu', prefix='own_')": (2, 4),
    "R.LSTMCell(3)": (2, 4),
    "R.LSTMCell(3, forget_bias=2.0)": (2, 4),
    "R.GRUCell(3)": (2, 4),
    "R.FusedRNNCell(3)": (2, 4),
    "R.FusedRNNCell(3, num_layers=2, mode='gru', bidirectional=True, dropout=0.3, get_next_state=True)": (2, 4),
    "R.FusedRNNCell(3, mode='lstm', get_next_state=True, prefix='f_')": (2, 4),
    "R.FusedRNNCell(3, mode='rnn_relu')": (2, 4),
    "R.FusedRNNCell(3, mode='rnn_tanh', bidirectional=True)": (2, 4),
    "R.FusedRNNCell(3, num_layers=2, mode='lstm', prefix='t_', bidirectional=True, dropout=0.5).unfuse()": (2, 4),
    "R.FusedRNNCell(3, num_layers=2, mode='gru', prefix='t_').unfuse()": (2, 4),
    "R.FusedRNNCell(3, num_layers=2, mode='rnn_relu', prefix='t_').unfuse()": (2, 4),
    "R.DropoutCell(0.5)": (2, 4),
    "R.DropoutCell(0)": (2, 4),
    "R.ZoneoutCell(R.LSTMCell(3), 0.2, 0.3)": (2, 4),
    "R.ZoneoutCell(R.RNNCell(3), 0.2)": (2, 4),
    "R.ZoneoutCell(R.RNNCell(3), zoneout_states=0.2)": (2, 4),
    "R.ResidualCell(R.GRUCell(4))": (2, 4),
    "R.ResidualCell(R.FusedRNNCell(4, prefix='f_'))": (2, 4),
    "R.ResidualCell(R.BidirectionalCell(R.RNNCell(2, prefix='l_'), R.RNNCell(2, prefix='r_')))": (2, 4),
    "R.BidirectionalCell(R.RNNCell(3, prefix='l_'), R.GRUCell(2, prefix='r_'), output_prefix='both_')": (2, 4),
    "R.BidirectionalCell(R.FusedRNNCell(3, prefix='f_'), R.RNNCell(2, prefix='r_'))": (2, 4),
    "stack(R.RNNCell(3, prefix='a_'), R.DropoutCell(0.3), R.LSTMCell(2, prefix='b_'))": (2, 4),
    "stack(R.BidirectionalCell(R.RNNCell(3, prefix='l_'), R.RNNCell(3, prefix='r_')), R.GRUCell(2))": (2, 4),
    f"R.ConvRNNCell({CONV})": (1, 2, 6, 5),
    f"R.ConvLSTMCell({CONV}, h2h_kernel=(5, 3), h2h_dilate=(2, 1), i2h_stride=(2, 1))": (1, 2, 6, 5),
    f"R.ConvGRUCell({CONV}, activation='tanh', i2h_weight_initializer='ones')": (1, 2, 6, 5),
}
UNROLLS = ["layout='NTC'", "layout='NTC', merge_outputs=True", "layout='TNC', merge_outputs=True",
           "layout='NTC', merge_outputs=False"]


def stack(mx):
    def make(*cells):
        made = mx.rnn.SequentialRNNCell()
        for cell in cells:
            made.add(cell)
        return made
    return make


def cases():
    """(cell, arguments of unroll, whether inputs are a list) of all cases."""
    for text, shape in CELLS.items():
        for arguments in UNROLLS:
            for listed in (True, False):
                if len(shape) == 2 or (listed and arguments == UNROLLS[0]):
                    yield text, arguments, listed


def _flat(parts):
    if not isinstance(parts, (list, tuple)):
        return list(parts) if len(parts.list_outputs()) > 1 else [parts]
    return [symbol for part in parts for symbol in _flat(part)]


def unrolled(mx, text: str, arguments: str, listed: bool):
    """(cell, symbol of its outputs and last states) after two steps."""
    with warnings.catch_warnings(), mx.name.NameManager():
        warnings.simplefilter("ignore")
        cell = eval(text, {"R": mx.rnn, "stack": stack(mx)})
        inputs = [mx.sym.Variable(f"x{i}") for i in range(2)] if listed else mx.sym.Variable("x")
        outputs, states = eval(f"cell.unroll(2, inputs, {arguments})", {"cell": cell, "inputs": inputs})
        return cell, mx.sym.Group(_flat([outputs, states]))


def graph(mx, text: str, arguments: str, listed: bool):
    """What is said of a cell: its graph, what it lists, its state_info and parameters."""
    cell, symbol = unrolled(mx, text, arguments, listed)
    nodes = json.loads(symbol.tojson())["nodes"]
    rows = [[n["op"], n["name"], n.get("attrs", {}), [i[:2] for i in n["inputs"]]] for n in nodes]
    return {"nodes": rows, "outputs": symbol.list_outputs(), "states": [list(s) for s in cell.state_shape],
            "layouts": [s["__layout__"] for s in cell.state_info], "params": sorted(cell.params._params)}


def values(mx, text: str):
    """Outputs of two steps and gradients of all arguments, for arguments by formula, in predict mode."""
    _, symbol = unrolled(mx, text, UNROLLS[0], True)
    # each once: of the gradients of an output that is there twice, MXNet takes one
    names = symbol.list_outputs()
    symbol = mx.sym.Group([symbol[i] for i, name in enumerate(names) if name not in names[:i]])
    shapes = {f"x{i}": CELLS[text] for i in range(2)}
    found, _, _ = symbol.infer_shape(**shapes)
    arrays = {}
    for salt, name in enumerate(symbol.list_arguments()):
        shape = found[salt]
        ramp = (np.arange(np.prod(shape)) + 1 + 7 * salt) * 0.6180339887498949 % 1.0
        arrays[name] = mx.nd.array((ramp - 0.5).reshape(shape))
    gradients = {name: mx.nd.zeros(a.shape) for name, a in arrays.items()}
    executor = symbol.bind(mx.cpu(), args=arrays, args_grad=gradients)
    outputs = executor.forward(is_train=False)
    answer = {f"out{i}": o.asnumpy() for i, o in enumerate(outputs)}
    if "Zoneout" not in text and "Dropout" not in text and "dropout" not in text:
        outputs = executor.forward(is_train=True)
        executor.backward([o * 0 + 1 for o in outputs])
        answer.update(("grad " + name, array.asnumpy()) for name, array in gradients.items())
    return answer
