"""RNN: recurrent layers with packed parameters."""
from golden.case import between, case, ints, raises, values

loose = {"rtol": 1e-4, "atol": 1e-5}
GATES = {"lstm": 4, "gru": 3, "rnn_relu": 1, "rnn_tanh": 1}


def packed(mode, size, hidden, layers=1, directions=1, projection=None):
    """Parameters by formula, as many as these layers take."""
    rows, out = GATES[mode] * hidden, projection or hidden
    count = 0
    for layer in range(layers):
        below = size if layer == 0 else directions * out
        count += directions * (rows * (below + out + 2) + (projection or 0) * hidden)
    return between(-0.5, 0.5, (count,))


for mode in GATES:
    cell = ", c" if mode == "lstm" else ""
    for layers, directions in ((1, 1), (2, 1), (1, 2), (3, 2)):
        states = {"h": (layers * directions, 2, 4)}
        if cell:
            states["c"] = states["h"]
        case(f"nd.RNN(x, w, h{cell}, mode='{mode}', state_size=4, num_layers={layers}, "
             f"bidirectional={directions == 2}, state_outputs=True)", x=(3, 2, 3),
             w=packed(mode, 3, 4, layers, directions), **states, **loose)
    case(f"nd.RNN(x, w, h{cell}, mode='{mode}', state_size='4', num_layers='1', p=0.5)", x=(3, 2, 3),
         w=packed(mode, 3, 4), h=(1, 2, 4), **({"c": (1, 2, 4)} if cell else {}), dtypes=("float32", "float64"),
         **loose)
case("nd.RNN(x, w, h, c, mode='lstm', state_size=4, num_layers=2, p=0.5, state_outputs=True)", x=(3, 2, 3), grad=False,
     w=packed("lstm", 3, 4, 2), h=(2, 2, 4), c=(2, 2, 4), **loose)
for layers, directions, size in ((1, 1, 2), (2, 2, 2), (2, 2, 4)):  # the last as wide as the cells
    case(f"nd.RNN(x, w, h, c, mode='lstm', state_size=4, num_layers={layers}, bidirectional={directions == 2}, "
         f"projection_size={size}, state_outputs=True)", x=(3, 2, 3), w=packed("lstm", 3, 4, layers, directions, size),
         h=(layers * directions, 2, size), c=(layers * directions, 2, 4), grad=False, **loose)
# sequences as long as the data: MXNet heeds sequence_length on GPUs only
case("nd.RNN(x, w, h, sequence_length=n, mode='gru', state_size=4, num_layers=2, bidirectional=True, "
     "state_outputs=True, use_sequence_length=True)", x=(3, 2, 3), w=packed("gru", 3, 4, 2, 2), h=(4, 2, 4),
     n=ints([3, 3]), **loose)
case("nd.RNN(x, w, h, c, n, mode='lstm', state_size=4, num_layers=1, state_outputs=True, use_sequence_length=True)",
     x=(3, 2, 3), w=packed("lstm", 3, 4), h=(1, 2, 4), c=(1, 2, 4), n=values([3.0, 3.0]), grad=("x", "w", "h", "c"),
     **loose)

lstm = "nd.RNN(x, w, h, c, mode='lstm', state_size=4, num_layers=1)"
fits = {"x": (3, 2, 3), "w": packed("lstm", 3, 4), "h": (1, 2, 4), "c": (1, 2, 4)}
raises(lstm, match="parameters has shape", **{**fits, "w": packed("lstm", 4, 4)})
raises(lstm, match="state has shape", **{**fits, "h": (2, 2, 4)})
raises(lstm, match="state has shape", **{**fits, "h": (1, 1, 4)})
raises(lstm, match="state_cell has shape", **{**fits, "c": (1, 2, 3)})
raises(lstm, match="3 axes", **{**fits, "x": (3, 2)})
raises(lstm, match="dtype", **{**fits, "w": between(-1, 1, (144,), "float64")})
raises(lstm.replace(" c,", ""), match="expects 4 inputs", **fits)
raises(lstm.replace("lstm", "gru"), match="expects 3 inputs", **fits)
raises(lstm.replace("lstm", "LSTM"), match="valid values", **fits)
raises(lstm.replace("mode='lstm', ", ""), match="mode", **fits)
raises(lstm.replace("num_layers=1", "num_layers=1, p=1.5"), match="between 0 and 1", **fits)
raises(lstm.replace("num_layers=1", "num_layers=1, use_sequence_length=True"), match="expects 5 inputs", **fits)
raises(lstm.replace(" c,", " c, n,").replace("num_layers=1", "num_layers=1, use_sequence_length=True"),
       match="sequence_length has shape", n=values([3.0]), **fits)
