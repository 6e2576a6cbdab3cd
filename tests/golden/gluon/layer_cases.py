"""Layers, losses and initializers to ask: by real MXNet in generate_layers.py, by us in tests/.

Each list holds expressions; `describe`, `run_layer`, `graph`, `run_loss` and `run_init` turn one into JSON values.
Runs on Python 3.8, where MXNet's wheel does, and later.
"""

import json

import numpy as np

# expression -> input shapes of the run, or None where only the description is compared
LAYERS = {
    "nn.Dense(5)": [(2, 3)],
    "nn.Dense(5, 'relu')": [(2, 3)],
    "nn.Dense(4, in_units=3, use_bias=False, flatten=False, activation='tanh')": [(2, 2, 3)],
    "nn.Dense(4, flatten=False)": [(2, 2, 3)],
    "nn.Dense(4)": [(2, 2, 3)],
    "nn.Dense(5, dtype='float16', in_units=3)": None,
    "nn.Dense(5, dtype='float64')": None,
    "nn.Dense(5, weight_initializer='xavier', bias_initializer='ones')": [(2, 3)],
    "nn.Dense(5, weight_initializer=mx.init.Normal(2), bias_initializer=None)": None,
    "nn.Dense(5, 'relu', True, True, 'float32', None, 'zeros', 4)": None,
    "nn.Dense(5, prefix='own_')": None,
    "nn.Dropout(0.5)": None,
    "nn.Dropout(0.3, (1, 2))": None,
    "nn.Dropout(0)": [(2, 3)],
    "nn.Embedding(3, 4)": None,
    "nn.Embedding(3, 4, dtype='float16', weight_initializer='zeros')": None,
    "nn.BatchNorm()": [(4, 3, 2)],
    "nn.BatchNorm(in_channels=2, axis=-1, momentum=0.8, epsilon=1e-3)": [(4, 3, 2)],
    "nn.BatchNorm(center=False, scale=False)": [(4, 3)],
    "nn.BatchNorm(use_global_stats=True)": [(4, 3)],
    "nn.BatchNorm(beta_initializer='ones', gamma_initializer=mx.init.Constant(2))": [(4, 3)],
    "nn.BatchNormReLU()": None,
    "nn.BatchNormReLU(in_channels=4, center=False)": None,
    "nn.InstanceNorm()": [(2, 3, 4)],
    "nn.InstanceNorm(axis=2, in_channels=4, scale=True, center=False)": [(2, 3, 4)],
    "nn.InstanceNorm(axis=-1)": [(2, 3, 4)],
    "nn.LayerNorm()": [(2, 3, 4)],
    "nn.LayerNorm(in_channels=3, axis=1, scale=False, center=False, epsilon=1e-3)": [(2, 3, 4)],
    "nn.GroupNorm()": [(2, 4, 3)],
    "nn.GroupNorm(2, scale=False)": [(2, 4, 3)],
    "nn.Flatten()": [(2, 3, 4)],
    "nn.Lambda('tanh')": [(2, 3)],
    "nn.Lambda(lambda x: x * 2)": [(2, 3)],
    "nn.Lambda(abs)": [(2, 3)],
    "nn.Lambda(abs, 'own_')": None,
    "nn.HybridLambda('tanh')": [(2, 3)],
    "nn.HybridLambda('concat')": [(2, 3), (2, 3)],
    "nn.HybridLambda(lambda F, x: F.relu(x))": [(2, 3)],
    "nn.Activation('relu')": [(2, 3)],
    "nn.Activation('sigmoid')": [(2, 3)],
    "nn.Activation('softrelu')": [(2, 3)],
    "nn.Activation('softsign')": [(2, 3)],
    "nn.Activation('bad')": None,
    "nn.LeakyReLU(0.1)": [(2, 3)],
    "nn.LeakyReLU(0)": [(2, 3)],
    "nn.PReLU()": [(2, 3)],
    "nn.PReLU('ones', in_channels=3)": [(2, 3)],
    "nn.ELU()": [(2, 3)],
    "nn.ELU(0.5)": [(2, 3)],
    "nn.SELU()": None,  # its gradient there is not that of its forward pass
    "nn.Swish()": [(2, 3)],
    "nn.Swish(2)": [(2, 3)],
    "nn.GELU()": [(2, 3)],
    "nn.Conv1D(3, 2)": [(2, 2, 6)],
    "nn.Conv1D(3, (2,), strides=2, padding=1, dilation=2, groups=3, in_channels=6)": [(1, 6, 7)],
    "nn.Conv2D(3, 2)": [(1, 2, 4, 5)],
    "nn.Conv2D(3, (2, 3), (2, 1), (1, 0), (2, 2), 1, in_channels=3, use_bias=False)": [(1, 3, 5, 6)],
    "nn.Conv2D(3, 2, 2, 1, 2, 1, 'NHWC', in_channels=4)": None,
    "nn.Conv2D(4, 2, groups=2)": [(1, 4, 4, 3)],
    "nn.Conv2D(4, 3, dilation=2, activation='relu')": [(1, 2, 6, 5)],
    "nn.Conv2D(4, [3, 3], padding=1)": None,
    "nn.Conv2D(4, 3, dilation=())": None,
    "nn.Conv3D(2, 2)": [(1, 2, 3, 3, 3)],
    "nn.Conv3D(4, 3, 2, 1, 2, 2, activation='tanh')": None,
    "nn.Conv3D(4, 3, layout='NDHWC', in_channels=2)": None,
    "nn.Conv1DTranspose(3, 2)": [(1, 2, 4)],
    "nn.Conv1DTranspose(4, 3, output_padding=1, strides=2, in_channels=2)": [(1, 2, 3)],
    "nn.Conv2DTranspose(2, 3)": [(1, 2, 3, 3)],
    "nn.Conv2DTranspose(2, 3, 2, 1, 1, in_channels=3, groups=1)": [(1, 3, 3, 2)],
    "nn.Conv2DTranspose(4, 3, 2, 1, 1, 2, 2, in_channels=4, use_bias=False)": [(1, 4, 2, 2)],
    "nn.Conv2DTranspose(4, 3, layout='NHWC', in_channels=2)": None,
    "nn.Conv3DTranspose(2, 2, 2, 1, 1, in_channels=2, activation='relu')": [(1, 2, 2, 2, 2)],
    "nn.MaxPool1D()": [(1, 2, 6)],
    "nn.MaxPool1D(3, 2, 1)": [(1, 2, 6)],
    "nn.MaxPool2D()": [(1, 2, 4, 5)],
    "nn.MaxPool2D((3, 2), (2, 1), (1, 0), ceil_mode=True)": [(1, 2, 4, 5)],
    "nn.MaxPool2D(layout='NHWC')": None,
    "nn.MaxPool2D(2, (1, 2, 3))": None,
    "nn.MaxPool3D()": [(1, 1, 4, 2, 2)],
    "nn.MaxPool3D(3, 2, 1, True)": [(1, 1, 4, 3, 2)],
    "nn.AvgPool1D()": [(1, 2, 6)],
    "nn.AvgPool1D(3, 2, 1, ceil_mode=True, count_include_pad=False)": [(1, 2, 6)],
    "nn.AvgPool2D()": [(1, 2, 4, 5)],
    "nn.AvgPool2D(3, 2, 1, True, 'NCHW', False)": [(1, 2, 4, 6)],
    "nn.AvgPool3D(2)": [(1, 1, 4, 2, 2)],
    "nn.AvgPool3D(layout='NDHWC')": None,
    "nn.GlobalMaxPool1D()": [(1, 2, 6)],
    "nn.GlobalMaxPool2D()": [(1, 2, 2, 3)],
    "nn.GlobalMaxPool3D()": [(1, 2, 2, 3, 2)],
    "nn.GlobalAvgPool1D()": [(1, 2, 6)],
    "nn.GlobalAvgPool2D()": [(1, 2, 2, 3)],
    "nn.GlobalAvgPool2D('NHWC')": None,
    "nn.GlobalAvgPool3D()": [(1, 2, 2, 3, 2)],
    "nn.ReflectionPad2D()": None,
    "nn.ReflectionPad2D(2)": [(1, 1, 3, 4)],
    "nn.ReflectionPad2D((0, 0, 0, 0, 1, 2, 2, 1))": [(1, 1, 3, 4)],
    "nn.Sequential()": [(2, 3)],
    "nn.HybridSequential()": [(2, 3)],
    "nn.HybridSequential(prefix='')": None,
    "chain(nn.Sequential(), nn.Dense(4, 'relu'), chain(nn.Sequential(), nn.Dense(2), nn.PReLU()))": [(2, 3)],
    "chain(nn.HybridSequential(), nn.Conv2D(2, 3, activation='relu'), nn.BatchNorm(), nn.Dense(3))": [(2, 1, 4, 5)],
    "chain(nn.HybridSequential(), nn.Dense(3), nn.Dense(2), nn.Flatten())[1:]": [(2, 3)],
    "chain(nn.Sequential(), nn.Dense(3), nn.Dense(2), nn.Flatten())[::2]": [(2, 3)],
    "chain(nn.Sequential(), nn.Dense(3), nn.Sequential(), nn.Dense(2))[-1]": [(2, 3)],
    "chain(nn.Sequential(), nn.Dense(3))[:0]": None,
    "chain(nn.Sequential(), nn.HybridSequential(), nn.GELU())": None,
}

# recurrent layers -> input shapes of the run: data, and states in a list
RECURRENT = {
    "rnn.RNN(3)": [(4, 2, 5)],
    "rnn.RNN(3, activation='tanh', i2h_weight_initializer='ones')": [(4, 2, 5), [(1, 2, 3)]],
    "rnn.LSTM(3)": [(4, 2, 5)],
    "rnn.LSTM(3, 2, 'NTC', bidirectional=True)": [(2, 4, 5), [(4, 2, 3), (4, 2, 3)]],
    "rnn.LSTM(3, 2, layout='NTC', bidirectional=True, input_size=5, dropout=0.2)": None,
    "rnn.LSTM(4, projection_size=2, h2r_weight_initializer='xavier')": None,
    "rnn.LSTM(3, dtype='float64', prefix='own_')": None,
    "rnn.GRU(3)": [(4, 2, 5)],
    "rnn.GRU(3, 2, layout='NTC')": [(2, 4, 5), [(2, 2, 3)]],
    "rnn.GRU(2, bidirectional=True, i2h_bias_initializer='ones', input_size=3)": [(2, 1, 3)],
    "chain(nn.HybridSequential(), rnn.LSTM(3, 2), nn.Dense(2, flatten=False))": [(4, 2, 5)],
}

# what MXNet makes no graph of: unknown activations, reflection of nothing, empty containers
NO_GRAPH = {"nn.Activation('bad')"}

# layers of gluon.contrib -> input shapes of the run
CONTRIB = {
    "contrib.Identity()": [(2, 3)],
    "chain(contrib.Concurrent(), nn.Dense(2), contrib.Identity())": [(2, 3)],
    "chain(contrib.Concurrent(axis=1), nn.Dense(2), nn.Lambda('tanh'))[1:]": [(2, 3)],
    "chain(contrib.HybridConcurrent(axis=1), nn.Conv2D(2, 1), contrib.Identity())": [(2, 1, 3, 2)],
    "chain(contrib.HybridConcurrent(), nn.Dense(2, 'relu'), contrib.Identity(), nn.Dense(1))": [(2, 3)],
    "contrib.SparseEmbedding(3, 4)": None,
    "contrib.SyncBatchNorm(num_devices=1)": [(4, 3, 2)],
    "contrib.SyncBatchNorm(3, 1, 0.8, 1e-3, center=False, scale=False)": [(4, 3)],
    "contrib.PixelShuffle1D(2)": [(1, 4, 3)],
    "contrib.PixelShuffle2D(2)": [(1, 8, 2, 3)],
    "contrib.PixelShuffle2D((2, 3))": [(2, 6, 2, 3)],
    "contrib.PixelShuffle3D(1)": [(1, 2, 1, 2, 1)],
    "contrib.PixelShuffle3D((2, 1, 3))": [(1, 12, 1, 2, 3)],
}

# layers that cannot be made
REFUSED = [
    "nn.Dense(5, foo=1)",
    "nn.Lambda('nope')",
    "nn.Lambda(3)",
    "nn.HybridLambda('nope')",
    "nn.HybridLambda(3)",
    "nn.LeakyReLU(-1)",
    "nn.Conv2D(4, (3, 3, 3))",
    "nn.Conv2D(4, 'a')",
    "nn.Conv1D(4, (3, 3))",
    "nn.Conv2DTranspose(3, 3, output_padding=(1,))",
    "nn.Conv2DTranspose(3, 3, strides=2, output_padding=(1, 2))",
    "nn.Conv1D(4, 3, layout='NWC')",
    "nn.Conv2D(4, 3, layout=None)",
    "nn.Conv2D(4, 3, layout='NHCW')",
    "nn.Conv3D(4, 3, layout='NHWC')",
    "nn.Conv2D(4, 3, strides=(1,))",
    "nn.Conv2D(4, 3, padding=(1, 2, 3))",
    "nn.Conv2D(3, 3, in_channels=5, groups=2)",
    "nn.Conv2D(3, 3, in_channels=2, groups=2)",
    "nn.Conv2D(0, 3)",
    "nn.MaxPool2D((1, 2, 3))",
    "nn.MaxPool1D(layout='NHWC')",
    "nn.MaxPool2D(layout='BAD')",
    "nn.GlobalAvgPool3D('BAD')",
    "nn.ReflectionPad2D((1, 2))",
    "chain(nn.HybridSequential(), nn.Lambda('relu'))",
    "chain(nn.HybridSequential(), 3)",
    "chain(nn.Sequential(), nn.Dense(3))[1]",
    "chain(nn.Sequential(), nn.Dense(3))['0']",
    "rnn.LSTM(3, layout='CTN')",
    "rnn.RNN(3, activation='x')",
    "contrib.PixelShuffle2D((1, 2, 3))",
    "contrib.PixelShuffle3D((1, 2))",
    "gluon.loss.Loss()",
    "gluon.loss.CTCLoss('NCT')",
    "gluon.loss.CTCLoss(label_layout='BAD')",
    "gluon.loss.LogisticLoss(label_format='bad')",
]

# loss, arguments: x and y values by formula, p such within (0, 1), all with gradients; c positive, without
LOSSES = [
    ("L2Loss()", "x(3, 2), y(3, 2)"),
    ("L2Loss(weight=0.5)", "x(3, 2), y(6,)"),
    ("L2Loss(batch_axis=1)", "x(3, 2), y(3, 2), y(3, 1)"),
    ("L1Loss()", "x(3, 2, 2), y(3, 4)"),
    ("L1Loss(weight=2)", "x(3, 2), y(3, 2), y(3, 1)"),
    ("SigmoidBinaryCrossEntropyLoss()", "x(3, 2), p(3, 2)"),
    ("SigmoidBCELoss(weight=2)", "x(3, 2), p(3, 2), y(3, 1), p(1, 2)"),
    ("SigmoidBCELoss(True)", "p(3, 2), p(3, 2)"),
    ("SigmoidBCELoss(True)", "p(3, 2), p(3, 2), y(3, 1), p(1, 2)"),
    ("SoftmaxCrossEntropyLoss()", "x(3, 4), ints(0, 2, 3)"),
    ("SoftmaxCELoss()", "x(3, 4), ints(0, 2, 9)"),
    ("SoftmaxCELoss(weight=0.5)", "x(3, 4), ints(0, 2, 3), y(3, 1)"),
    ("SoftmaxCELoss(axis=1)", "x(2, 3, 2), ints((0, 2), (1, 0))"),
    ("SoftmaxCELoss(batch_axis=1)", "x(3, 4), ints(0, 2, 3)"),
    ("SoftmaxCELoss(sparse_label=False)", "x(3, 4), p(3, 4)"),
    ("SoftmaxCELoss(from_logits=True, sparse_label=False)", "x(3, 4), p(12,)"),
    ("SoftmaxCELoss(from_logits=True)", "x(3, 4), ints(0, 2, 3)"),
    ("KLDivLoss()", "x(3, 4), p(3, 4)"),
    ("KLDivLoss(from_logits=False, axis=1, weight=2)", "x(3, 4), p(3, 4), y(3, 1)"),
    ("CTCLoss()", "x(2, 5, 4), ints((1, 2), (2, -1))"),
    ("CTCLoss('TNC', 'TN', weight=2)", "x(5, 2, 4), ints((1, 2), (0, -1))"),
    ("CTCLoss()", "x(2, 5, 4), ints((1, 2), (2, 0)), ints(5, 4), ints(2, 1), p(2,)"),
    ("CTCLoss()", "x(2, 5, 4), ints((1, 2), (2, 0)), None, ints(2, 1)"),
    ("CTCLoss()", "x(2, 5, 4), ints((1, 2), (2, -1)), ints(5, 4)"),
    ("HuberLoss()", "x(3, 4), y(3, 4)"),
    ("HuberLoss(rho=0.5, weight=3)", "x(3, 4), y(3, 4), y(3, 1)"),
    ("HingeLoss()", "x(3, 4), y(3, 4)"),
    ("HingeLoss(margin=2)", "x(3, 4), y(3, 4), y(3, 1)"),
    ("SquaredHingeLoss()", "x(3, 4), y(3, 4)"),
    ("SquaredHingeLoss(margin=2, weight=2)", "x(3, 4), y(12,), y(3, 1)"),
    ("LogisticLoss()", "x(3, 4), y(3, 4)"),
    ("LogisticLoss(label_format='binary')", "x(3, 4), p(3, 4), y(3, 1)"),
    ("TripletLoss()", "x(3, 4), y(3, 4), p(3, 4)"),
    ("TripletLoss(margin=3, weight=2)", "x(3, 4), y(3, 4), p(3, 4)"),
    ("PoissonNLLLoss()", "x(3, 4), p(3, 4)"),
    ("PoissonNLLLoss(from_logits=False)", "p(3, 4), p(3, 4), y(3, 1), 0.01"),
    ("PoissonNLLLoss(from_logits=False, compute_full=True, weight=2)", "p(3, 4), c(3, 4)"),
    ("CosineEmbeddingLoss()", "x(3, 4), y(3, 4), ints(1, -1, 0)"),
    ("CosineEmbeddingLoss(weight=2, margin=0.1)", "x(3, 4), y(3, 4), ints(-1, 1, -1), y(3, 1)"),
    ("CosineEmbeddingLoss()", "x(1, 4) * 0, y(1, 4), ints(1,)"),
    ("SDMLLoss()", "x(3, 2), y(3, 2)"),
    ("SDMLLoss(smoothing_parameter=0.1, weight=2)", "x(4, 3), y(4, 3)"),
]

# initializer, parameter name, shape
INITS = [
    ("mx.init.Zero()", "w_weight", (2, 3)),
    ("mx.init.One()", "w_weight", (2, 3)),
    ("mx.init.Constant(2.5)", "w_weight", (2, 3)),
    ("mx.init.Constant([1, 2, 3])", "w_weight", (2, 3)),
    ("mx.init.Constant(np.arange(6).reshape(2, 3))", "w_weight", (2, 3)),
    ("mx.init.Constant(mx.nd.arange(6).reshape((2, 3)))", "w_weight", (2, 3)),
    ("mx.init.Uniform()", "w_weight", (3, 40)),
    ("mx.init.Uniform(2)", "w_weight", (2, 3)),
    ("mx.init.Normal()", "w_weight", (3, 40)),
    ("mx.init.Normal(2)", "w_weight", (5,)),
    ("mx.init.Xavier()", "w_weight", (4, 3)),
    ("mx.init.Xavier('gaussian')", "w_weight", (4, 3)),
    ("mx.init.Xavier(factor_type='in')", "w_weight", (4, 3, 2, 2)),
    ("mx.init.Xavier(factor_type='out', magnitude=2.24)", "w_weight", (4, 3, 2, 2)),
    ("mx.init.Xavier(magnitude='2')", "w_weight", (2, 2)),
    ("mx.init.MSRAPrelu()", "w_weight", (4, 3)),
    ("mx.init.MSRAPrelu('in', 0)", "w_weight", (4, 3, 2)),
    ("mx.init.Orthogonal()", "w_weight", (4, 3)),
    ("mx.init.Orthogonal(rand_type='normal')", "w_weight", (3, 4)),
    ("mx.init.Orthogonal(scale=1)", "w_weight", (3, 2, 2)),
    ("mx.init.Bilinear()", "w_weight", (1, 1, 4, 4)),
    ("mx.init.Bilinear()", "w_weight", (2, 1, 3, 5)),
    ("mx.init.LSTMBias()", "w_weight", (8,)),
    ("mx.init.LSTMBias(2.0)", "w_bias", (8,)),
    ("mx.init.FusedRNN(mx.init.Xavier(), 2, 1, 'lstm')", "w_weight", (56,)),
    ("mx.init.FusedRNN(mx.init.Uniform(), 2, 2, 'lstm', True, 3.0)", "w_weight", (208,)),
    ("mx.init.FusedRNN(mx.init.Normal(), 2, 2, 'gru')", "w_weight", (78,)),
    ("mx.init.FusedRNN(mx.init.One(), 2, 1, 'rnn_tanh', True)", "w_weight", (28,)),
    ("mx.init.Mixed(['w', '.*'], [mx.init.One(), mx.init.Uniform()])", "w_weight", (2, 3)),
    ("mx.init.Mixed(['.*bias', '.*'], [mx.init.One(), mx.init.Uniform()])", "w_weight", (2, 3)),
    ("mx.init.Load({'arg:w_weight': mx.nd.ones((2, 3))})", "w_weight", (2, 3)),
    ("mx.init.Load({'other': mx.nd.ones((2, 3))}, mx.init.Uniform())", "w_weight", (2, 3)),
    ('mx.init.create(\'["constant", {"value": 7}]\')', "w_weight", (2,)),
    ("mx.init.create('Xavier', magnitude=2)", "w_weight", (2, 2)),
    ("mx.init.create({'initializer': 'one'})", "w_weight", (2, 2)),
    # errors, answered by their class
    ("mx.init.Xavier()", "w_weight", (3,)),
    ("mx.init.Xavier('bad')", "w_weight", (3, 2)),
    ("mx.init.Xavier(factor_type='bad')", "w_weight", (3, 2)),
    ("mx.init.Bilinear()", "w_weight", (3, 4)),
    ("mx.init.Initializer()", "w_weight", (3,)),
    ("mx.init.Constant(np.ones(4))", "w_weight", (2, 3)),
    ("mx.init.Mixed(['bias'], [mx.init.One()])", "w_weight", (3,)),
    ("mx.init.Mixed(['eight'], [mx.init.One()])", "w_weight", (3,)),
    ("mx.init.Mixed(['a'], [])", "w_weight", (3,)),
    ("mx.init.Load({'w_weight': mx.nd.ones(4)})", "w_weight", (3,)),
    ("mx.init.Load({})", "w_weight", (3,)),
    ("mx.init.Load(3)", "w_weight", (3,)),
    ("mx.init.create('nope')", "w_weight", (3,)),
    ("mx.init.create(3)", "w_weight", (3,)),
    ("mx.init.create(mx.init.One(), 2)", "w_weight", (3,)),
    ("mx.init.register(int)", "w_weight", (3,)),
]

# names, each asked as an InitDesc and as a plain string; the initializer is Constant(7)
NAMES = """
    weight x_weight x_bias x_gamma x_beta x_mean x_moving_mean x_moving_var x_moving_inv_var x_moving_avg
    x_running_mean x_running_var x_min x_max x upsampling0_weight upsampling_bias stn_loc_weight stn_loc0_bias
    stn_loc_gamma x_weight_quantize x_bias_quantize xgamma x_alpha x_WEIGHT weightx x_parameters min_weight
    weight_min
""".split()


def formula(shape, salt=0, low=-2.0, high=2.0):
    """Irregular values in (low, high) without ties: multiples of the golden ratio, modulo one."""
    count = int(np.prod(shape))
    fractions = ((np.arange(count) + 1 + 7 * salt) * 0.6180339887498949 + 0.05 * salt) % 1.0
    return (low + (high - low) * fractions).reshape(shape).astype("float32")


def plain(value):
    """Arrays as shape and numbers of 7 digits, so that JSON stays small."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    array = value.asnumpy()
    return {"shape": list(array.shape), "data": [float(f"{number:.7g}") for number in array.ravel()]}


def make(mx, text):
    """The layer of an expression, within the name scope of a parent called `net_`."""

    def chain(container, *blocks):
        container.add(*blocks)
        return container

    gluon = mx.gluon
    parent = gluon.nn.Sequential(prefix="net_")
    with parent.name_scope():
        spaces = {"mx": mx, "nn": gluon.nn, "rnn": gluon.rnn, "contrib": gluon.contrib.nn, "gluon": gluon}
        return eval(text, {**spaces, "np": np, "chain": chain})


def describe(mx, text):
    """Printed text, names, and what each parameter is."""
    block = make(mx, text)
    parameters = []
    for p in block.collect_params().values():
        init = p.init.dumps() if hasattr(p.init, "dumps") else p.init
        parameters.append([str(p), np.dtype(p.dtype).name, init, p.grad_req, p.lr_mult, p.wd_mult])
    return {
        "repr": repr(block),
        "name": block.name,
        "prefix": block.prefix,
        "children": list(block._children),
        "paths": list(block._collect_params_with_prefix()),
        "params": parameters,
    }


def run_layer(mx, text, shapes):
    """Output, gradients and printed text after a training pass, all parameters drawn after a seed."""
    block = make(mx, text)
    mx.random.seed(7)
    block.initialize(mx.init.Uniform(0.5))
    leaves = []

    def leaf(shape):
        if isinstance(shape, list):
            return [leaf(one) for one in shape]
        leaves.append(mx.nd.array(formula(shape, len(leaves))))
        leaves[-1].attach_grad()
        return leaves[-1]

    inputs = [leaf(shape) for shape in shapes]
    with mx.autograd.record():
        out = block(*inputs)
    outs = [out[0], *out[1]] if isinstance(out, tuple) else [out]
    mx.autograd.backward(outs, [mx.nd.array(formula(one.shape, 3)) for one in outs])
    learned = [p for p in block.collect_params().values() if p.grad_req != "null"]
    fixed = [p for p in block.collect_params().values() if p.grad_req == "null"]
    return {
        "out": plain(out),
        "input_grads": plain([x.grad for x in leaves]),
        "weights": plain([p.data() for p in learned]),
        "grads": plain([p.grad() for p in learned]),
        "fixed": plain([p.data() for p in fixed]),
        "predicted": plain(block(*inputs)),
        "repr": repr(block),
    }


def graphs():
    """Hybrid layers and the number of inputs they are called with."""
    for text, shapes in {**LAYERS, **CONTRIB}.items():
        plain_block = any(word in text for word in ("nn.Lambda", "nn.Sequential", ".Concurrent", "SparseEmbedding"))
        if not plain_block and text not in NO_GRAPH:
            yield text, len(shapes or [1])
    for text in RECURRENT:
        yield text, 1


def graph(mx, text, inputs):
    """Names of all outputs, and each operator: its name, attributes and where its inputs come from."""
    symbol = make(mx, text)(*[mx.sym.var(f"data{i}") for i in range(inputs)])
    nodes = json.loads(symbol.tojson())["nodes"]
    return {
        "outputs": symbol.get_internals().list_outputs(),
        "auxiliary": symbol.list_auxiliary_states(),
        "operators": [
            [node["op"], node["name"], node.get("attrs", {}), [nodes[i[0]]["name"] for i in node["inputs"]]]
            for node in nodes
            if node["op"] != "null"
        ],
        "variables": [[node["name"], node.get("attrs", {})] for node in nodes if node["op"] == "null"],
    }


def run_loss(mx, text, arguments):
    """Printed text, losses and gradients of the float inputs for irregular head gradients."""
    nd, leaves = mx.nd, []

    def leaf(array):
        leaves.append(nd.array(array))
        leaves[-1].attach_grad()
        return leaves[-1]

    scope = {
        "x": lambda *shape: leaf(formula(shape, 1)),
        "y": lambda *shape: leaf(formula(shape, 2)),
        "p": lambda *shape: leaf(formula(shape, 4 + len(leaves), 0.02, 0.98)),
        "c": lambda *shape: nd.array(formula(shape, 5, 0.02, 4)),
        "ints": lambda *data: nd.array(data),
    }
    loss = eval(text, dict(vars(mx.gluon.loss)))
    arguments = eval("(" + arguments + ",)", scope)
    if "compute_full" in text:  # writes in place there, so MXNet refuses to record it
        return {"repr": repr(loss), "out": plain(loss(*arguments))}
    with mx.autograd.record():
        out = loss(*arguments)
    out.backward(nd.array(formula(out.shape, 3)))
    return {"repr": repr(loss), "out": plain(out), "grads": plain([x.grad for x in leaves])}


def run_init(mx, text, name, shape):
    """`dumps()` and the values after a seed, or the class of the error."""
    try:
        init = eval(text, {"mx": mx, "np": np})
        arr = mx.nd.zeros(shape)
        mx.random.seed(11)
        init(mx.init.InitDesc(name), arr)
    except Exception as error:
        return type(error).__name__
    answer = plain(arr)
    try:
        answer["dumps"] = init.dumps()
    except Exception:
        answer["dumps"] = None
    return answer


def run_name(mx, name, described):
    """What Constant(7) makes of a parameter called `name`: the values, or the class of the error."""
    shape = (6,) if name.startswith("stn") else (1, 1, 2, 3)
    arr = mx.nd.zeros(shape)
    mx.random.seed(11)
    try:
        mx.init.Constant(7)(mx.init.InitDesc(name) if described else name, arr)
    except Exception as error:
        return type(error).__name__
    return plain(arr)["data"]
