"""Write small -symbol.json files with the MXNet that runs this: `python generate_models.py FOLDER`.

Runs under Python 2.7 and every MXNet from 0.9.5 to 1.9.1, so that the files in `by_version/` are what those
releases truly wrote.  A model that a release cannot build is named and skipped.  generate_answers.py imports
MODELS for the shapes and kinds of their inputs.
"""
from __future__ import print_function

import os
import sys

import mxnet as mx

MODELS = {}


def model(**inputs):
    """Register a function that builds a symbol; `inputs` are shapes, or (shape, classes) for whole numbers."""
    def add(build):
        MODELS[build.__name__] = (build, inputs)
        return build
    return add


def contrib(name):
    """An operator of the contrib namespace, wherever this release keeps it."""
    for home in (getattr(mx.sym, "contrib", None), getattr(getattr(mx, "contrib", None), "sym", None)):
        if hasattr(home, name):
            return getattr(home, name)
    raise AttributeError("no contrib." + name)


@model(data=(2, 3, 4), softmax_label=((2,), 4))
def mlp():
    net = mx.sym.Flatten(mx.sym.Variable("data"))
    net = mx.sym.FullyConnected(net, num_hidden=6, name="fc1")
    net = mx.sym.BatchNorm(net, eps=1e-3, momentum=0.8, fix_gamma=False, name="bn1")
    net = mx.sym.Activation(net, act_type="relu", name="relu1")
    net = mx.sym.Dropout(net, p=0.0, name="drop")
    net = mx.sym.FullyConnected(net, num_hidden=4, no_bias=True, name="fc2")
    return mx.sym.SoftmaxOutput(net, name="softmax")


@model(data=(2, 3, 9, 9))
def convnet():
    data = mx.sym.Variable("data")
    conv = mx.sym.Convolution(data, kernel=(3, 3), pad=(1, 1), num_filter=4, no_bias=True, name="conv1")
    conv = mx.sym.BatchNorm(conv, name="bn1")
    conv = mx.sym.LeakyReLU(conv, act_type="prelu", name="prelu1")
    lrn = mx.sym.LRN(conv, nsize=3, name="lrn1")
    down = mx.sym.Pooling(lrn, kernel=(3, 3), stride=(2, 2), pool_type="max", name="pool1")
    full = mx.sym.Pooling(lrn, kernel=(2, 2), stride=(2, 2), pool_type="avg", pooling_convention="full",
                          name="pool2")
    full = mx.sym.Crop(full, down, name="crop1")
    both = mx.sym.Concat(down, full, dim=1, name="concat1")
    up = mx.sym.UpSampling(both, scale=2, sample_type="nearest", num_args=1, name="up1")
    back = mx.sym.Deconvolution(both, kernel=(4, 4), stride=(2, 2), pad=(1, 1), num_filter=8, num_group=2,
                                no_bias=True, name="deconv1")
    out = mx.sym.L2Normalization(up + back, mode="channel", name="l2")
    out = mx.sym.LeakyReLU(out, act_type="leaky", slope=0.1, name="leaky1")
    return mx.sym.Pooling(out, global_pool=True, kernel=(1, 1), pool_type="avg", name="global")


@model(data=(2, 3, 16, 16), label=((2, 3, 5), "boxes"))
def ssd():
    net, heads = mx.sym.Variable("data"), []
    for level in range(2):
        net = mx.sym.Convolution(net, kernel=(3, 3), stride=(2, 2), pad=(1, 1), num_filter=6,
                                 name="conv%d" % level)
        net = mx.sym.Activation(net, act_type="relu", name="relu%d" % level)
        heads.append(net)
    where, what, anchors = [], [], []
    for level, head in enumerate(heads):
        loc = mx.sym.Convolution(head, kernel=(3, 3), pad=(1, 1), num_filter=12, name="loc%d" % level)
        where.append(mx.sym.Flatten(mx.sym.transpose(loc, axes=(0, 2, 3, 1))))
        cls = mx.sym.Convolution(head, kernel=(3, 3), pad=(1, 1), num_filter=9, name="cls%d" % level)
        what.append(mx.sym.Flatten(mx.sym.transpose(cls, axes=(0, 2, 3, 1))))
        prior = contrib("MultiBoxPrior")(head, sizes="(0.4, 0.6)", ratios="(1.0, 2.0)", clip=True,
                                         name="anchors%d" % level)
        anchors.append(mx.sym.Flatten(prior))
    where = mx.sym.Concat(*where, num_args=2, dim=1, name="multibox_loc_pred")
    what = mx.sym.Reshape(mx.sym.Concat(*what, num_args=2, dim=1), shape=(0, -1, 3))
    what = mx.sym.transpose(what, axes=(0, 2, 1), name="multibox_cls_pred")
    anchors = mx.sym.Reshape(mx.sym.Concat(*anchors, num_args=2, dim=1), shape=(0, -1, 4),
                             name="multibox_anchors")
    target = contrib("MultiBoxTarget")(anchors, mx.sym.Variable("label"), what, overlap_threshold=.5,
                                       ignore_label=-1, negative_mining_ratio=3, minimum_negative_samples=0,
                                       negative_mining_thresh=.5, variances=(0.1, 0.1, 0.2, 0.2),
                                       name="multibox_target")
    prob = mx.sym.SoftmaxOutput(what, target[2], ignore_label=-1, use_ignore=True, multi_output=True,
                                normalization="valid", name="cls_prob")
    apart = mx.sym.smooth_l1(target[1] * (where - target[0]), scalar=1.0, name="loc_loss_")
    loss = mx.sym.MakeLoss(apart, grad_scale=1.0, normalization="valid", name="loc_loss")
    found = contrib("MultiBoxDetection")(prob, where, anchors, nms_threshold=0.5, force_suppress=False,
                                         variances=(0.1, 0.1, 0.2, 0.2), name="detection")
    return mx.sym.Group([prob, loss, mx.sym.BlockGrad(target[2], name="cls_label"),
                         mx.sym.MakeLoss(found, grad_scale=0, name="det_out")])


@model(data=((2, 3), 7), softmax_label=((2, 3), 7))
def lstm_unrolled():
    embed = mx.sym.Embedding(mx.sym.Variable("data"), input_dim=7, output_dim=4, name="embed")
    stack = mx.rnn.SequentialRNNCell()
    for i in range(2):
        stack.add(mx.rnn.LSTMCell(num_hidden=4, prefix="lstm_l%d_" % i))
    outputs, _ = stack.unroll(3, inputs=embed, merge_outputs=True)
    pred = mx.sym.Reshape(outputs, shape=(-1, 4))
    pred = mx.sym.FullyConnected(pred, num_hidden=7, name="pred")
    return mx.sym.SoftmaxOutput(pred, mx.sym.Reshape(mx.sym.Variable("softmax_label"), shape=(-1,)),
                                name="softmax")


@model(data=(3, 2, 5))
def cells():
    """Time-major unrolling of the other cells."""
    stack = mx.rnn.SequentialRNNCell()
    stack.add(mx.rnn.GRUCell(num_hidden=5, prefix="gru_"))
    stack.add(mx.rnn.BidirectionalCell(mx.rnn.RNNCell(num_hidden=3, prefix="l_"),
                                       mx.rnn.RNNCell(num_hidden=2, prefix="r_")))
    stack.add(mx.rnn.DropoutCell(0.0))
    outputs, states = stack.unroll(3, inputs=mx.sym.Variable("data"), layout="TNC", merge_outputs=True)
    flat = [state for group in states for state in (group if isinstance(group, list) else [group])]
    flat.insert(0, outputs)
    return mx.sym.Group(flat)


@model(data=(2, 1, 8, 12), l0_init_c=(2, 2, 4), l0_init_h=(2, 2, 4))
def ocr():
    net = mx.sym.Convolution(mx.sym.Variable("data"), kernel=(3, 3), pad=(1, 1), num_filter=2, name="conv1")
    net = mx.sym.Pooling(net, kernel=(2, 2), stride=(2, 2), pool_type="max")
    net = mx.sym.transpose(net, axes=(3, 0, 1, 2))
    net = mx.sym.Reshape(net, shape=(0, 0, -3))
    net = mx.sym.RNN(data=net, parameters=mx.sym.Variable("rnn_parameters"), state=mx.sym.Variable("l0_init_h"),
                     state_cell=mx.sym.Variable("l0_init_c"), state_size=4, num_layers=1, bidirectional=True,
                     mode="lstm", state_outputs=False, p=0.0, name="rnn")
    net = mx.sym.FullyConnected(mx.sym.Reshape(net, shape=(-3, -2)), num_hidden=5, name="pred")
    return mx.sym.softmax(net, name="prob") if hasattr(mx.sym, "softmax") else net


@model(data=(2, 3))
def attributes():
    data = mx.sym.Variable("data", attr={"mood": "angry", "__color__": "red"}, shape=(2, 3), lr_mult=0.5)
    weight = mx.sym.Variable("fc1_weight", lr_mult=2.0, wd_mult=0.5, init=mx.init.Xavier(magnitude=2.5))
    with mx.AttrScope(ctx_group="stage1", __data__="great"):
        net = mx.sym.FullyConnected(data=data, weight=weight, num_hidden=4, name="fc1", lr_mult=0.25)
        net = mx.sym.BatchNorm(net, name="bn", force_mirroring="True")
    with mx.AttrScope(ctx_group="stage2", mirror_stage="1"):
        net = mx.sym.FullyConnected(net, num_hidden=2, name="fc2", attr={"__wd_mult__": "0"})
        return mx.sym.Activation(net, act_type="tanh", name="act", attr={"__note__": "last \"one\" \n here"})


@model(data=(2, 6, 4))
def many_outputs():
    parts = mx.sym.SliceChannel(mx.sym.Variable("data"), num_outputs=3, axis=1, name="slice")
    squeezed = mx.sym.SliceChannel(parts[1], num_outputs=2, axis=1, squeeze_axis=True, name="thin")
    mixed = mx.sym.Concat(parts[2], parts[0], dim=2, name="mixed")
    first = mx.sym.sum(parts[1], axis=1, name="total")
    return mx.sym.Group([squeezed[1], first + squeezed[0], parts[0], mixed])


@model(data=(2, 3), reg_label=(2, 3), mae_label=(2, 3), logit_label=((2, 3), 2), svm_label=((2,), 3))
def losses():
    data = mx.sym.Variable("data")
    hidden = mx.sym.FullyConnected(data, num_hidden=3, name="fc")
    return mx.sym.Group([
        mx.sym.LinearRegressionOutput(hidden, name="reg"),
        mx.sym.MAERegressionOutput(hidden, name="mae", grad_scale=0.5),
        mx.sym.LogisticRegressionOutput(hidden, name="logit"),
        mx.sym.SVMOutput(hidden, name="svm", use_linear=True),
        mx.sym.MakeLoss(mx.sym.square(hidden), name="loss"),
        mx.sym.BlockGrad(hidden, name="watch"),
    ])


@model(data=(3, 4), other=(3, 4))
def arithmetic():
    """Scalars on both sides, broadcasting, comparison, products: what Python's own operators leave in a file."""
    a, b = mx.sym.Variable("data"), mx.sym.Variable("other")
    net = (1.5 - a) * b + 2 / (a * a + 3) - b / 4 + a ** 2 - (-b)
    net = mx.sym.broadcast_minus(net, mx.sym.max(net, axis=1, keepdims=True)) + mx.sym.maximum(a, b)
    net = mx.sym.broadcast_mul(net, mx.sym.sum(b, axis=0, keepdims=True)) + mx.sym.minimum(a, 0.25)
    square = mx.sym.dot(net, mx.sym.transpose(b), name="dot")
    both = mx.sym.add_n(net, a, b, name="added") if hasattr(mx.sym, "add_n") else net
    return mx.sym.Group([both, square, mx.sym.clip(net, a_min=-1, a_max=1), mx.sym.norm(a),
                         mx.sym.exp(-mx.sym.abs(a)), mx.sym.sqrt(mx.sym.square(b) + 1)])


@model(data=(3, 4))
def positions():
    data = mx.sym.Variable("data")
    return mx.sym.Group([
        mx.sym.argmax(data, axis=1), mx.sym.argmax(data, axis=0, keepdims=True), mx.sym.argmin(data, axis=-1),
        mx.sym.argmax(data), mx.sym.argmax_channel(data), mx.sym.topk(data, k=2, axis=1),
        mx.sym.argsort(data, axis=0), mx.sym.sort(data, axis=1, is_ascend=False),
    ])


@model(data=(2, 4, 6, 6), rois=((2, 5), "rois"))
def shapes():
    """Operators that move, cut or sample."""
    data = mx.sym.Variable("data")
    net = mx.sym.Pad(data, mode="constant", pad_width=(0, 0, 0, 0, 1, 1, 1, 1), constant_value=0.5)
    net = mx.sym.Crop(net, offset=(1, 1), h_w=(6, 6), num_args=1, name="cropped")
    net = mx.sym.InstanceNorm(net, name="in")
    net = mx.sym.SwapAxis(mx.sym.SwapAxis(net, dim1=1, dim2=3), dim1=1, dim2=3)
    rois = mx.sym.ROIPooling(net, mx.sym.Variable("rois"), pooled_size=(2, 2), spatial_scale=1.0, name="roi")
    flat = mx.sym.Reshape(rois, shape=(0, -1), name="flat")
    affine = mx.sym.FullyConnected(flat, num_hidden=6, name="loc")
    sampled = mx.sym.SpatialTransformer(data, affine, target_shape=(4, 4), transform_type="affine",
                                        sampler_type="bilinear", name="st")
    grid = mx.sym.GridGenerator(affine, transform_type="affine", target_shape=(3, 3), name="grid")
    bilinear = mx.sym.BilinearSampler(data, grid, name="bs")
    part = mx.sym.slice_axis(data, axis=1, begin=1, end=3)
    sliced = mx.sym.expand_dims(mx.sym.Cast(part, dtype="float64"), axis=0)
    return mx.sym.Group([rois, sampled, bilinear, sliced, mx.sym.tile(part, reps=(1, 2, 1, 1)),
                         mx.sym.repeat(part, repeats=2, axis=1), mx.sym.flip(part, axis=3)])


@model(data=(3, 2, 4), lengths=((2,), "lengths"))
def sequences():
    data, lengths = mx.sym.Variable("data"), mx.sym.Variable("lengths")
    return mx.sym.Group([
        mx.sym.SequenceMask(data, lengths, use_sequence_length=True, value=-1.0),
        mx.sym.SequenceLast(data, lengths, use_sequence_length=True),
        mx.sym.SequenceReverse(data, lengths, use_sequence_length=True),
        mx.sym.SequenceLast(data),
    ])


@model(data=(2, 3, 6, 6))
def residual():
    """Pre-activation blocks with shared batch statistics and automatic names."""
    net = mx.sym.Variable("data")
    for unit in range(2):
        act = mx.sym.Activation(mx.sym.BatchNorm(net, use_global_stats=bool(unit), eps=2e-5), act_type="relu")
        conv = mx.sym.Convolution(act, num_filter=3, kernel=(3, 3), pad=(1, 1), workspace=256, no_bias=True)
        net = conv + net
    net = mx.sym.Pooling(net, global_pool=True, kernel=(6, 6), pool_type="avg")
    return mx.sym.SoftmaxActivation(mx.sym.Flatten(net))


@model(data=(2, 3))
def constants():
    data = mx.sym.Variable("data")
    return mx.sym.Group([
        data + mx.sym.zeros(shape=(2, 3)), data * mx.sym.ones(shape=(2, 3)),
        mx.sym.broadcast_plus(data, mx.sym.Reshape(mx.sym.arange(0, 3), shape=(1, 3))),
    ])


@model(data=(2, 3, 8, 8))
def gluon_convnet():
    """What `HybridBlock.export` writes: the traced symbol."""
    from mxnet.gluon import nn
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        for layer in (nn.Conv2D(4, 3, padding=1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"),
                      nn.MaxPool2D(2), nn.Flatten(), nn.Dense(5, activation="tanh"), nn.Dropout(0.0),
                      nn.Dense(3)):
            net.add(layer)
    return net(mx.sym.Variable("data"))


@model(data0=(4, 2, 3), data1=(1, 2, 4))
def gluon_gru():
    from mxnet.gluon import rnn
    net = rnn.GRU(4, prefix="gru_")
    out, state = net(mx.sym.Variable("data0"), [mx.sym.Variable("data1")])
    return mx.sym.Group([out, state[0]])


@model(data=(3, 4))
def gluon_norms():
    from mxnet.gluon import nn
    net = nn.HybridSequential(prefix="norms_")
    with net.name_scope():
        net.add(nn.Dense(4, flatten=False), nn.LayerNorm(), nn.PReLU(), nn.Swish(), nn.GELU(), nn.SELU())
    return net(mx.sym.Variable("data"))


@model(data=(3, 2, 4), state=(2, 4))
def loop_foreach():
    weight = mx.sym.Variable("weight")

    def step(data, state):
        new = mx.sym.FullyConnected(data, weight, num_hidden=4, no_bias=True, name="step_fc") + state
        return new * 2, new
    out, last = mx.sym.contrib.foreach(step, mx.sym.Variable("data"), mx.sym.Variable("state"))
    return mx.sym.Group([out, last * 1])


@model(total=(1,), step=(1,))
def loop_while():
    def body(i, total):
        return total + i, (i + 1, total + i)
    outputs, states = mx.sym.contrib.while_loop(
        lambda i, total: i < 3, body, (mx.sym.Variable("step"), mx.sym.Variable("total")), max_iterations=5)
    return mx.sym.Group([mx.sym.sum(outputs), states[0], states[1]])


@model(a=(1,), b=(1,))
def branch():
    a, b = mx.sym.Variable("a"), mx.sym.Variable("b")
    return mx.sym.contrib.cond(a * b < 5, lambda: (a + 5) * (b + 5), lambda: (a - 5) * (b - 5))


@model(data=(3, 2, 4), state=(2, 4), gate=(1,))
def loop_nested():
    """A loop around a branch: subgraphs within subgraphs."""
    gate = mx.sym.Variable("gate", shape=(1,))

    def step(data, state):
        new = mx.sym.contrib.cond(gate < 1, lambda: data + state, lambda: data - state)
        return new, new * 0.5
    out, last = mx.sym.contrib.foreach(step, mx.sym.Variable("data"), mx.sym.Variable("state"))
    return mx.sym.Group([out, last + 0])


def main(folder):
    if not os.path.isdir(folder):
        os.makedirs(folder)
    for name, (build, _) in sorted(MODELS.items()):
        try:
            with mx.name.NameManager():
                symbol = build()
        except Exception as error:
            print("%s cannot build %s: %s: %s" % (mx.__version__, name, type(error).__name__,
                                                  str(error).strip()[:150].split("\n")[0]))
            continue
        symbol.save(os.path.join(folder, name + "-symbol.json"))


if __name__ == "__main__":
    main(sys.argv[1])
