"""Recurrent cells to ask: by real MXNet in generate_rnn.py, by us in tests/.

`describe`, `graph` and `run` turn a case into JSON values.  Runs on Python 3.8, where MXNet's wheel does, and later.
"""

import json

import numpy as np

try:
    from layer_cases import formula, plain
    from own_cells import own_cells
except ImportError:  # as a part of the tests' package
    from .layer_cases import formula, plain
    from .own_cells import own_cells

# cell -> shape of the input of one step
CELLS = {
    "rnn.RNNCell(4)": (2, 3),
    "rnn.RNNCell(4, 'relu', i2h_weight_initializer='ones', input_size=3)": (2, 3),
    "rnn.RNNCell(2, activation=square, prefix='own_')": (2, 3),
    "rnn.LSTMCell(4)": (2, 3),
    "rnn.LSTMCell(2, i2h_bias_initializer=mx.init.LSTMBias(2.0), activation='relu', recurrent_activation='tanh')":
        (2, 3),
    "rnn.LSTMCell(2, activation='softrelu', recurrent_activation='softsign')": (2, 3),
    "rnn.GRUCell(4)": (2, 3),
    "rnn.GRUCell(2, 'ones', h2h_bias_initializer='ones', input_size=3)": (2, 3),
    "rnn.DropoutCell(0.5)": (2, 3),
    "rnn.DropoutCell(0.3, axes=(1,))": (2, 3),
    "rnn.DropoutCell(0)": (2, 3),
    "rnn.ZoneoutCell(rnn.RNNCell(4), 0.5, 0.2)": (2, 3),
    "rnn.ZoneoutCell(rnn.LSTMCell(4), zoneout_states=0.2)": (2, 3),
    "rnn.ResidualCell(rnn.GRUCell(3))": (2, 3),
    "rnn.ResidualCell(rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)))": (2, 4),
    "rnn.BidirectionalCell(rnn.LSTMCell(2), rnn.GRUCell(3, prefix='own_'), 'both_')": (2, 3),
    "stack(rnn.SequentialRNNCell(), rnn.RNNCell(4), rnn.DropoutCell(0.5), rnn.ResidualCell(rnn.LSTMCell(4)))": (2, 3),
    "stack(rnn.HybridSequentialRNNCell(prefix='own_'), rnn.LSTMCell(4), rnn.GRUCell(2))": (2, 3),
    "stack(rnn.HybridSequentialRNNCell(), rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)), rnn.RNNCell(2))":
        (2, 3),
    "rnn.BidirectionalCell(stack(rnn.HybridSequentialRNNCell(), rnn.RNNCell(2), rnn.RNNCell(2)), rnn.RNNCell(2))":
        (2, 3),
    "rnn.LSTM(4, 2, dropout=0.2)._unfuse()": (2, 3),
    "rnn.GRU(2, 2, bidirectional=True, input_size=3)._unfuse()": (2, 3),
    "rnn.RNN(2, activation='tanh', layout='NTC')._unfuse()": (2, 3),
    "contrib.VariationalDropoutCell(rnn.RNNCell(4), 0.1, 0.2, 0.3)": (2, 3),
    "contrib.VariationalDropoutCell(rnn.LSTMCell(4), 0.1, drop_outputs=0.3)": (2, 3),
    "contrib.VariationalDropoutCell(rnn.LSTMCell(4), drop_states=0.3)": (2, 3),
    "contrib.VariationalDropoutCell(rnn.GRUCell(4))": (2, 3),
    "contrib.LSTMPCell(4, 3)": (2, 3),
    "contrib.LSTMPCell(4, 2, h2r_weight_initializer='ones', input_size=3)": (2, 3),
    "contrib.Conv1DRNNCell((3, 5), 2, 3, 3)": (2, 3, 5),
    "contrib.Conv2DRNNCell((2, 4, 3), 2, (2, 3), (3, 1), i2h_pad=1, activation='relu')": (1, 2, 4, 3),
    "contrib.Conv3DRNNCell((1, 3, 3, 3), 1, 2, 1)": (1, 1, 3, 3, 3),
    "contrib.Conv1DLSTMCell((3, 5), 2, 2, 3, h2h_dilate=2)": (2, 3, 5),
    "contrib.Conv2DLSTMCell((2, 4, 3), 2, 3, 3, 1, 2, activation='softsign')": None,
    "contrib.Conv3DLSTMCell((1, 3, 3, 3), 1, 2, 3)": (1, 1, 3, 3, 3),
    "contrib.Conv1DGRUCell((3, 5), 2, 3, 3, i2h_bias_initializer='ones')": (2, 3, 5),
    "contrib.Conv2DGRUCell((4, 3, 2), 2, 3, 3, 1, conv_layout='NHWC')": None,
    "contrib.Conv3DGRUCell((1, 3, 3, 3), 1, 2, 1)": (1, 1, 3, 3, 3),
    # cells as users write them
    "Gated(2)": (2, 3),
    "Plain()": (2, 3),
    "rnn.ResidualCell(Gated(3))": (2, 3),
    "rnn.ZoneoutCell(Scaled(Peep(2), 0.5))": (2, 3),
    "rnn.BidirectionalCell(Begin(2), Gated(3), 'both_')": (2, 3),
    "stack(rnn.HybridSequentialRNNCell(), Gated(3), Stateless(), Scaled(Gated(2), 2))": (2, 3),
    "stack(rnn.SequentialRNNCell(), Plain(), rnn.ResidualCell(rnn.BidirectionalCell(Gated(2), Stateless())))": None,
    "contrib.VariationalDropoutCell(Stateless())": (2, 3),
}

# other ways to unroll some of the cells: cell, keywords, whether all steps come in one array
UNROLLED = [
    ("rnn.LSTMCell(4)", "merge_outputs=True", False),
    ("rnn.LSTMCell(4)", "layout='TNC', merge_outputs=True", True),
    ("rnn.LSTMCell(4)", "merge_outputs=False", True),
    ("rnn.LSTMCell(4)", "valid_length=lengths", True),
    ("rnn.LSTMCell(4)", "valid_length=lengths, merge_outputs=False", True),
    ("rnn.LSTMCell(4)", "valid_length=lengths, layout='TNC'", False),
    ("rnn.DropoutCell(0.5)", "begin_state=[]", True),
    ("rnn.DropoutCell(0.5)", "begin_state=[], merge_outputs=False", True),
    ("rnn.ResidualCell(rnn.GRUCell(3))", "merge_outputs=True", True),
    ("rnn.ResidualCell(rnn.GRUCell(3))", "", True),
    ("rnn.ResidualCell(rnn.GRUCell(3))", "valid_length=lengths", True),
    ("rnn.ResidualCell(rnn.GRUCell(3))", "valid_length=lengths, merge_outputs=False", True),
    ("rnn.ZoneoutCell(rnn.RNNCell(4), 0.5, 0.2)", "valid_length=lengths", True),
    ("rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2))", "merge_outputs=True", True),
    ("rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2))", "layout='TNC', merge_outputs=True", False),
    ("rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2))", "valid_length=lengths", True),
    ("rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2))", "valid_length=lengths, merge_outputs=False", True),
    ("rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2))", "valid_length=lengths, layout='TNC'", True),
    ("stack(rnn.SequentialRNNCell(), rnn.RNNCell(4), rnn.RNNCell(2))", "layout='TNC', merge_outputs=True", True),
    ("stack(rnn.SequentialRNNCell(), rnn.RNNCell(4), rnn.RNNCell(2))", "valid_length=lengths", True),
    ("rnn.BidirectionalCell(Gated(2), Peep(3))", "merge_outputs=True", True),
    ("stack(rnn.SequentialRNNCell(), Peep(3), Scaled(Begin(2), 3))", "valid_length=lengths, layout='TNC'", True),
    ("contrib.VariationalDropoutCell(rnn.RNNCell(4), 0.1, 0, 0.3)", "merge_outputs=True", True),
    ("contrib.VariationalDropoutCell(rnn.RNNCell(4), 0.1, 0, 0.3)", "merge_outputs=False", True),
    ("contrib.VariationalDropoutCell(rnn.RNNCell(4), 0.1, 0, 0.3)", "valid_length=lengths", True),
    ("contrib.VariationalDropoutCell(rnn.RNNCell(4), 0.1, 0.2, 0.3)", "valid_length=lengths", True),
]

# what cannot be made or done, as an expression in which `x` is an array of two steps
REFUSED = [
    "rnn.DropoutCell('a')",
    "rnn.ZoneoutCell(rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)))",
    "stack(rnn.HybridSequentialRNNCell(), rnn.SequentialRNNCell())",
    "rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2))(x, [])",
    "stack(rnn.SequentialRNNCell(), rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)))(x, [x, x])",
    "[c for c in [rnn.RNNCell(2)] if rnn.ResidualCell(c)][0].begin_state(2)",
    "[c for c in [stack(rnn.HybridSequentialRNNCell(), rnn.RNNCell(2))] if rnn.ResidualCell(c)][0].begin_state()",
    "[c for c in [rnn.RNNCell(2)] if rnn.ResidualCell(c) and rnn.ResidualCell(c)]",
    "rnn.RNNCell(2).unroll(3, x)",
    "rnn.RNNCell(2).unroll(3, [x])",
    "rnn.RNNCell(2).unroll(3, [])",
    "rnn.RNNCell(2).unroll(2, None)",
    "rnn.RNNCell(2).unroll(2, x, layout='NC')",
    "rnn.RecurrentCell().state_info()",
    "rnn.RecurrentCell()(x, [])",
    "rnn.HybridRecurrentCell()(x, [])",
    "rnn.ModifierCell(rnn.RNNCell(2))(x, [])",
    "stack(rnn.SequentialRNNCell(), rnn.RNNCell(2))[1]",
    "contrib.Conv2DGRUCell((3, 7, 8), 4, (3, 2), (3, 4))",
    "contrib.Conv2DGRUCell((3, 7, 8), 4, (3,), (3, 3))",
    "contrib.Conv2DGRUCell((3, 7, 8), 4, 3, (3, 3), (1,))",
    "contrib.VariationalDropoutCell(rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)), 0.1, 0.2)",
]


def cases():
    """(cell, keywords of unroll, whether steps come in one array, shape of a step or None)."""
    for text, shape in CELLS.items():
        yield text, "", False, shape
    for text, keywords, whole in UNROLLED:
        yield text, keywords, whole, (2, 3)


def make(mx, text, **names):
    """What an expression makes, within the name scope of a parent called `net_`."""

    def stack(container, *cells):
        for cell in cells:
            container.add(cell)
        return container

    gluon = mx.gluon
    spaces = {"mx": mx, "rnn": gluon.rnn, "contrib": gluon.contrib.rnn, "stack": stack,
              "square": lambda x, **kwargs: x * x, **own_cells(mx)}
    with gluon.nn.Sequential(prefix="net_").name_scope():
        return eval(text, {**spaces, **names})


def describe(mx, text):
    """Names, states, and what each parameter is."""
    cell = make(mx, text)
    return {
        "repr": "" if "square" in text else repr(cell),
        "prefix": cell.prefix,
        "children": list(cell._children),
        "paths": list(cell._collect_params_with_prefix()),
        "states": json.loads(json.dumps(cell.state_info(3))),
        "params": [[str(p), np.dtype(p.dtype).name, p.init.dumps() if hasattr(p.init, "dumps") else p.init]
                   for p in cell.collect_params().values()],
    }


def _flat(values):
    return [leaf for v in values for leaf in (_flat(v) if isinstance(v, (list, tuple)) else [v])]


def graph(mx, text, keywords, whole):
    """The nodes of two unrolled steps, and which kinds of lists came."""
    cell = make(mx, text)
    inputs = mx.sym.var("x") if whole else [mx.sym.var("x0"), mx.sym.var("x1")]
    with mx.name.NameManager():
        outputs, states = cell.unroll(2, inputs, **eval(f"dict({keywords})", {"lengths": mx.sym.var("lengths")}))
        symbol = mx.sym.Group(_flat([outputs, states]))
    saved = json.loads(symbol.tojson())
    nodes = saved["nodes"]
    return {
        "merged": not isinstance(outputs, list),
        "heads": [[nodes[h[0]]["name"], h[1]] for h in saved["heads"]],
        "operators": [[n["op"], n["name"], n.get("attrs", {}), [[nodes[i[0]]["name"], i[1]] for i in n["inputs"]]]
                      for n in nodes if n["op"] != "null"],
    }


def run(mx, text, keywords, whole, shape, hybridize=False):
    """Outputs, states and gradients of three steps; random parts do nothing, for it is predict mode."""
    cell = make(mx, text)
    mx.random.seed(7)
    cell.initialize(mx.init.Uniform(0.5))
    if hybridize:
        cell.hybridize()
    steps = [mx.nd.array(formula(shape, step)) for step in range(3)]
    inputs = [mx.nd.stack(*steps, axis=0 if "TNC" in keywords else 1)] if whole else steps
    for x in inputs:
        x.attach_grad()
    with mx.autograd.record(train_mode=False):
        lengths = mx.nd.array([1, 3][:shape[0]])
        outputs, states = cell.unroll(3, inputs[0] if whole else inputs, **eval(f"dict({keywords})",
                                                                               {"lengths": lengths}))
        ends = [one * 1 for one in _flat([outputs, states])]  # an array that is output and state is two ends
    mx.autograd.backward(ends, [mx.nd.array(formula(one.shape, 3)) for one in ends])
    params = cell.collect_params().values()
    return {
        "outputs": plain(outputs),
        "states": plain(_flat(states)),
        "input_grads": plain([x.grad for x in inputs]),
        "weights": plain([p.data().sum() for p in params]),
        "grads": plain([p.grad() for p in params]),
    }


def refusal(mx, text):
    """The error that an expression raises: its class, and its words where they are the cell's own."""
    try:
        make(mx, text, x=mx.nd.array(formula((2, 2, 3))))
    except Exception as error:
        return [type(error).__name__, str(error) if type(error) is AssertionError else ""]
    return None
