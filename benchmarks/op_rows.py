"""The operators of the sweep, one line each: MXNet code, which both MXNets run, PyTorch code, inputs, sizes.

Inputs are given as "shape" (float32 in (-1, 1)) or "kinds: shape": `positive` (0.1 to 1.9), `half` (float16), `fixed`
(without a gradient), `distinct` (whole float32 numbers in random order), `below K` (whole numbers from 0; float32 for
MXNet, int64 for PyTorch).  In shapes and code `n` is the size, in PyTorch code `train` says whether gradients are
wanted.  Runs under Python 3.8 too.
"""

from dataclasses import dataclass

import numpy as np

VECTOR = (10, 1_000, 100_000, 10_000_000)
MATRIX = (3, 32, 320, 3_200)
IMAGE = (1, 7, 28, 112)


@dataclass(frozen=True)
class Row:
    """grad: whether forward + backward is timed too.  values: whether the results are the same in all libraries."""

    code: str
    torch: "str | None"
    sizes: tuple
    inputs: dict
    grad: bool
    values: bool


def row(code, torch=None, sizes=VECTOR, *, grad=True, values=True, **inputs):
    return Row(code, torch, sizes, inputs, grad, values)


def arrays(name, spec, n):
    """(array for MXNet, array for PyTorch, whether it wants a gradient) for an input."""
    kind, _, shape = spec.rpartition(":")
    shape = eval(f"({shape},)", {"n": n})
    count = int(np.prod(shape))
    if kind.startswith("below"):
        whole = (np.arange(count) * 7919 % 10007 % int(eval(kind[5:], {"n": n}))).reshape(shape)
        return whole.astype(np.float32), whole.astype(np.int64), False
    if "distinct" in kind:
        whole = np.random.RandomState(0).permutation(count).astype(np.float32).reshape(shape)
        return whole, whole, True
    real = np.sin(np.arange(count) * 0.7 + ord(name)).astype(np.float32).reshape(shape)
    if "positive" in kind:
        real = 1 + 0.9 * real
    if "half" in kind:
        real = real.astype(np.float16)
    return real, real, "fixed" not in kind


def head_gradient(shape):
    """What backward starts from; ones would leave nothing but rounding errors of softmax and its like."""
    return np.cos(np.arange(int(np.prod(shape))) * 1.3).astype(np.float32).reshape(shape)


ARITHMETIC = [
    row("x + y", "x + y", x="n", y="n"),
    row("x - y", "x - y", x="n", y="n"),
    row("x * y", "x * y", x="n", y="n"),
    row("x / y", "x / y", x="n", y="positive: n"),
    row("x + 1", "x + 1", x="n"),
    row("x * 2.0", "x * 2.0", x="n"),
    row("1 - x", "1 - x", x="n"),
    row("-x", "-x", x="n"),
    row("x ** 2", "x ** 2", x="n"),
    row("x ** 1.5", "x ** 1.5", x="positive: n"),
    row("x ** y", "x ** y", x="positive: n", y="n"),
    row("x % y", "x % y", x="n", y="positive: n", grad=False),
    row("x > y", "(x > y).float()", x="n", y="n", grad=False),
    row("x == 0", "(x == 0).float()", x="n", grad=False),
    row("x += y", "x += y", x="n", y="n", grad=False),
    row("nd.maximum(x, y)", "torch.maximum(x, y)", x="n", y="fixed: n"),
    row("nd.maximum(x, 0.5)", "x.clamp_min(0.5)", x="n"),
    row("nd.add_n(x, y, z)", "x + y + z", x="n", y="n", z="n"),
    row("x + y  # float16", "x + y", x="half: n", y="half: n", grad=False),
    row("nd.broadcast_add(x, y)  # rows", "x + y", MATRIX, x="n, n", y="1, n"),
    row("nd.broadcast_mul(x, y)  # columns", "x * y", MATRIX, x="n, n", y="n, 1"),
    row("nd.broadcast_mul(x, y)  # images", "x * y", IMAGE, x="8, 64, n, n", y="8, 64, 1, 1"),
    row("nd.broadcast_div(x, y)", "x / y", MATRIX, x="n, n", y="positive: n, 1"),
    row("nd.broadcast_maximum(x, y)", "torch.maximum(x, y)", MATRIX, x="n, n", y="fixed: 1, n"),
    row("nd.broadcast_greater(x, y)", "(x > y).float()", MATRIX, x="n, n", y="1, n", grad=False),
    row("nd.broadcast_axis(x, axis=1, size=n)", "x.expand(n, n).clone()", MATRIX, x="n, 1"),
    row("nd.broadcast_like(x, y)", "x.expand_as(y).clone()", MATRIX, x="1, n", y="fixed: n, n"),
    row("nd.where(c, x, y)", "torch.where(c != 0, x, y)", c="below 2: n", x="n", y="n"),
]

UNARY = [
    row("nd.relu(x)", "torch.relu(x)", x="n"),
    row("nd.sigmoid(x)", "torch.sigmoid(x)", x="n"),
    row("nd.tanh(x)", "torch.tanh(x)", x="n"),
    row("nd.exp(x)", "torch.exp(x)", x="n"),
    row("nd.log(x)", "torch.log(x)", x="positive: n"),
    row("nd.log2(x)", "torch.log2(x)", x="positive: n"),
    row("nd.sqrt(x)", "torch.sqrt(x)", x="positive: n"),
    row("nd.square(x)", "torch.square(x)", x="n"),
    row("nd.abs(x)", "torch.abs(x)", x="n"),
    row("nd.sign(x)", "torch.sign(x)", x="n"),
    row("nd.floor(x)", "torch.floor(x)", x="n", grad=False),
    row("nd.erf(x)", "torch.erf(x)", x="n"),
    row("nd.clip(x, -0.5, 0.5)", "x.clamp(-0.5, 0.5)", x="n"),
    row("nd.smooth_l1(x, scalar=1.0)", "F.smooth_l1_loss(x, torch.zeros_like(x), reduction='none')", x="n"),
    row("nd.Activation(x, act_type='softrelu')", "F.softplus(x)", x="n"),
    row("nd.LeakyReLU(x, slope=0.1)", "F.leaky_relu(x, 0.1)", x="n"),
    row("nd.LeakyReLU(x, act_type='gelu')", "F.gelu(x)", x="n"),
    row("nd.LeakyReLU(x, g, act_type='prelu')", "F.prelu(x, g)", IMAGE, x="8, 64, n, n", g="positive: 64"),
    row("x.copy()", "x.clone()", x="n"),
    row("nd.cast(x, 'float16')", "x.half()", x="n", grad=False),
    row("nd.cast(x, 'int32')", "x.int()", x="n", grad=False),
    row("x.astype('float32')  # float16", "x.float()", x="half: n", grad=False),
    row("nd.zeros_like(x)", "torch.zeros_like(x)", x="n", grad=False),
    row("nd.ones_like(x)", "torch.ones_like(x)", x="n", grad=False),
    row("nd.zeros((n,))", "torch.zeros(n)", grad=False),
    row("nd.arange(n)", "torch.arange(n, dtype=torch.float32)", grad=False),
    row("nd.Dropout(x, p=0.5)", "F.dropout(x, 0.5, train)", x="n", values=False),
]

REDUCTIONS = [
    row("nd.sum(x)", "x.sum()", x="n"),
    row("nd.mean(x)", "x.mean()", x="n"),
    row("nd.max(x)", "x.amax()", x="n", grad=False),
    row("nd.norm(x)", "x.norm()", x="n"),
    row("nd.sum(x, axis=0)", "x.sum(0)", MATRIX, x="n, n"),
    row("nd.sum(x, axis=1)", "x.sum(1)", MATRIX, x="n, n"),
    row("nd.sum(x, axis=1)  # images", "x.sum(1)", IMAGE, x="8, 64, n, n"),
    row("nd.mean(x, axis=0, exclude=True)", "x.mean((1, 2, 3))", IMAGE, x="8, 64, n, n"),
    row("nd.mean(x, axis=(0, 2, 3))", "x.mean((0, 2, 3))", IMAGE, x="8, 64, n, n"),
    row("nd.max(x, axis=0)", "x.amax(0)", MATRIX, x="n, n", grad=False),
    row("nd.max(x, axis=1)", "x.amax(1)", MATRIX, x="n, n", grad=False),
    row("nd.argmax(x, axis=1)", "x.argmax(1).float()", MATRIX, x="distinct: n, n", grad=False),
    row("nd.argmax(x, axis=0)", "x.argmax(0).float()", MATRIX, x="distinct: n, n", grad=False),
    row("nd.norm(x, axis=1)", "x.norm(dim=1)", MATRIX, x="n, n"),
    row("nd.prod(x, axis=1)", "x.prod(1)", (3, 32, 64, 128), x="positive: 4000, n", grad=False),
    row("nd.cumsum(x, axis=1)", "x.cumsum(1)", (3, 32, 320, 1_000), x="n, n"),
]

INDEXING = [
    row("x[1]", "x[1].contiguous()", MATRIX, x="n, n"),
    row("x[1:3]", "x[1:3].contiguous()", MATRIX, x="n, n"),
    row("x[:, 1:3]", "x[:, 1:3].contiguous()", MATRIX, x="n, n"),
    row("x[::2]", "x[::2].contiguous()", x="n"),
    row("x[i]", "x[i]", MATRIX, x="n, n", i="below n: n"),
    row("x[:] = y", "x[:] = y", x="n", y="n", grad=False),
    row("x[:] = 0", "x[:] = 0", x="n", grad=False),
    row("x[1:3] = 0", "x[1:3] = 0", MATRIX, x="n, n", grad=False),
    row("x[:, 1] = y", "x[:, 1] = y", MATRIX, x="n, n", y="n", grad=False),
    row("nd.slice(x, begin=(1, 1), end=(None, n))", "x[1:, 1:].contiguous()", MATRIX, x="n, n"),
    row("nd.slice_axis(x, axis=1, begin=1, end=3)", "x[:, 1:3].contiguous()", MATRIX, x="n, n"),
    row("nd.slice_like(x, y)", "x[:2, :2].contiguous()", MATRIX, x="n, n", y="fixed: 2, 2"),
    row("nd.take(x, i)", "x[i]", MATRIX, x="n, n", i="below n: n"),
    row("nd.take(x, i, mode='wrap')", "x[i]", MATRIX, x="n, n", i="below n: n"),
    row("nd.take(x, i, axis=1)", "x[:, i]", MATRIX, x="n, n", i="below n: n"),
    row("nd.take(x, i)  # elements", "x[i]", x="n", i="below n: n"),
    row("nd.Embedding(i, w, input_dim=1000, output_dim=64)", "F.embedding(i, w)", (1, 32, 1_000, 30_000),
        i="below 1000: n", w="1000, 64"),
    row("nd.pick(x, i)", "x.gather(1, i[:, None])[:, 0]", MATRIX, x="n, n", i="below n: n"),
    row("nd.gather_nd(x, i)", "x[i[0], i[1]]", MATRIX, x="n, n", i="below n: 2, n"),
    row("nd.one_hot(i, 100)", "F.one_hot(i, 100).float()", (10, 100, 1_000, 100_000), i="below 100: n", grad=False),
    row("nd.topk(x, k=3)", "x.topk(3)[1].float()", MATRIX, x="distinct: n, n", grad=False),
    row("nd.topk(x, k=100, axis=0, ret_typ='value')", "x.topk(100, 0)[0]", (100, 1_000, 100_000, 1_000_000),
        x="distinct: n", grad=False),
    row("nd.sort(x)", "x.sort()[0]", (10, 1_000, 100_000, 1_000_000), x="distinct: n", grad=False),
    row("nd.sort(x, axis=1)", "x.sort(1)[0]", (3, 32, 320, 1_000), x="distinct: n, n"),
    row("nd.argsort(x)", "x.argsort(stable=True).float()", (10, 1_000, 100_000, 1_000_000), x="distinct: n",
        grad=False),
    row("nd.SequenceMask(x, s, use_sequence_length=True)",
        "x.masked_fill((torch.arange(n)[:, None] >= s)[:, :, None], 0)", (1, 10, 100, 1_000), x="n, 32, 64",
        s="below n: 32"),
]

SHAPES = [
    row("x.reshape((-1, 1))", "x.reshape(-1, 1)", x="n"),
    row("nd.reshape(x, (-1, 1))", "x.reshape(-1, 1).clone()", x="n"),
    row("nd.transpose(x)", "x.t().contiguous()", MATRIX, x="n, n"),
    row("nd.transpose(x, axes=(0, 2, 3, 1))", "x.permute(0, 2, 3, 1).contiguous()", IMAGE, x="8, 64, n, n"),
    row("nd.swapaxes(x, 1, 2)", "x.transpose(1, 2).contiguous()", MATRIX, x="2, n, n"),
    row("nd.expand_dims(x, axis=0)", "x.unsqueeze(0).clone()", x="n"),
    row("nd.squeeze(x)", "x.squeeze().clone()", x="1, n"),
    row("nd.flatten(x)", "x.flatten(1).clone()", IMAGE, x="8, 64, n, n"),
    row("nd.tile(x, reps=(2, 2))", "x.repeat(2, 2)", MATRIX, x="n, n"),
    row("nd.repeat(x, repeats=2, axis=1)", "x.repeat_interleave(2, 1)", MATRIX, x="n, n"),
    row("nd.reverse(x, axis=1)", "x.flip(1)", MATRIX, x="n, n"),
    row("nd.pad(x, mode='constant', pad_width=(0, 0, 0, 0, 1, 1, 1, 1))", "F.pad(x, (1, 1, 1, 1))", IMAGE,
        x="8, 64, n, n"),
    row("nd.concat(x, y, dim=1)", "torch.cat((x, y), 1)", MATRIX, x="n, n", y="n, n"),
    row("nd.concat(x, y, dim=0)", "torch.cat((x, y), 0)", MATRIX, x="n, n", y="n, n"),
    row("nd.concat(x, y, dim=1)  # images", "torch.cat((x, y), 1)", IMAGE, x="8, 32, n, n", y="8, 32, n, n"),
    row("nd.stack(x, y)", "torch.stack((x, y))", x="n", y="n"),
    row("nd.stack(x, y, axis=-1)", "torch.stack((x, y), -1)", x="n", y="n"),
    row("nd.split(x, num_outputs=2, axis=0)", "[p.clone() for p in x.chunk(2, 0)]", (2, 32, 320, 3_200), x="n, n"),
    row("nd.split(x, num_outputs=4, axis=1)",
        "[p.clone(memory_format=torch.contiguous_format) for p in x.chunk(4, 1)]", (4, 32, 320, 3_200), x="n, n"),
]

PRODUCTS = [
    row("nd.dot(x, y)", "x @ y", (3, 32, 256, 1_024), x="n, n", y="n, n"),
    row("nd.dot(x, y, transpose_b=True)", "x @ y.t()", (3, 32, 256, 1_024), x="n, n", y="n, n"),
    row("nd.dot(x, y)  # matrix and vector", "x @ y", MATRIX, x="n, n", y="n"),
    row("nd.batch_dot(x, y)", "torch.bmm(x, y)", (3, 16, 64, 256), x="16, n, n", y="16, n, n"),
    row("nd.batch_dot(x, y, transpose_b=True)", "torch.bmm(x, y.transpose(1, 2))", (3, 16, 64, 256), x="16, n, 64",
        y="16, n, 64"),
    row("nd.linalg.gemm2(x, y)", "x @ y", (3, 32, 256, 1_024), x="n, n", y="n, n"),
    row("nd.FullyConnected(x, w, b, num_hidden=n)", "F.linear(x, w, b)", (4, 64, 512, 2_048), x="32, n", w="n, n",
        b="n"),
    row("nd.FullyConnected(x, w, b, num_hidden=n)  # batch 1", "F.linear(x, w, b)", (4, 64, 512, 2_048), x="1, n",
        w="n, n", b="n"),
]

LAYERS = [
    row("nd.Convolution(x, w, b, kernel=(3, 3), pad=(1, 1), num_filter=64)", "F.conv2d(x, w, b, padding=1)", IMAGE,
        x="2, 64, n, n", w="64, 64, 3, 3", b="64"),
    row("nd.Convolution(x, w, kernel=(3, 3), pad=(1, 1), stride=(2, 2), num_filter=128, no_bias=True)",
        "F.conv2d(x, w, None, 2, 1)", IMAGE, x="2, 64, n, n", w="128, 64, 3, 3"),
    row("nd.Convolution(x, w, kernel=(1, 1), num_filter=n, no_bias=True)", "F.conv2d(x, w)", (4, 64, 256, 1_024),
        x="2, n, 14, 14", w="n, n, 1, 1"),
    row("nd.Convolution(x, w, kernel=(3, 3), pad=(1, 1), num_filter=64, num_group=64, no_bias=True)",
        "F.conv2d(x, w, None, 1, 1, 1, 64)", IMAGE, x="2, 64, n, n", w="64, 1, 3, 3"),
    row("nd.Convolution(x, w, kernel=(7, 7), pad=(3, 3), stride=(2, 2), num_filter=64, no_bias=True)",
        "F.conv2d(x, w, None, 2, 3)", (7, 28, 112, 224), x="1, 3, n, n", w="64, 3, 7, 7"),
    row("nd.Convolution(x, w, kernel=(3,), pad=(1,), num_filter=64, no_bias=True)", "F.conv1d(x, w, None, 1, 1)",
        (3, 32, 320, 3_200), x="2, 64, n", w="64, 64, 3"),
    row("nd.Convolution(x, w, kernel=(3, 3, 3), pad=(1, 1, 1), num_filter=16, no_bias=True)",
        "F.conv3d(x, w, None, 1, 1)", (2, 8, 16, 32), x="1, 16, n, n, n", w="16, 16, 3, 3, 3"),
    row("nd.Deconvolution(x, w, kernel=(4, 4), stride=(2, 2), pad=(1, 1), num_filter=32)",
        "F.conv_transpose2d(x, w, None, 2, 1)", (1, 7, 28, 56), x="2, 64, n, n", w="64, 32, 4, 4"),
    row("nd.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type='max')", "F.max_pool2d(x, 2)", (2, 8, 28, 112),
        x="8, 64, n, n"),
    row("nd.Pooling(x, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type='max')", "F.max_pool2d(x, 3, 2, 1)", IMAGE,
        x="8, 64, n, n"),
    row("nd.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type='avg')", "F.avg_pool2d(x, 2)", (2, 8, 28, 112),
        x="8, 64, n, n"),
    row("nd.Pooling(x, global_pool=True, pool_type='avg')", "F.adaptive_avg_pool2d(x, 1)", IMAGE, x="8, 64, n, n"),
    row("nd.Pooling(x, global_pool=True, pool_type='max')", "F.adaptive_max_pool2d(x, 1)", IMAGE, x="8, 64, n, n"),
    row("nd.contrib.AdaptiveAvgPooling2D(x, output_size=4)", "F.adaptive_avg_pool2d(x, 4)", (4, 7, 28, 112),
        x="8, 64, n, n"),
    row("nd.contrib.BilinearResize2D(x, height=2 * n, width=2 * n)",
        "F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=True)", (2, 7, 28, 56), x="2, 64, n, n"),
    row("nd.UpSampling(x, scale=2, sample_type='nearest')", "F.interpolate(x, scale_factor=2)", (1, 7, 28, 56),
        x="8, 64, n, n"),
    row("nd.BatchNorm(x, g, b, m, v, fix_gamma=False, eps=1e-5)", "F.batch_norm(x, m, v, g, b, train)", IMAGE,
        x="8, 64, n, n", g="positive: 64", b="64", m="fixed: 64", v="fixed positive: 64"),
    row("nd.BatchNorm(x, g, b, m, v, fix_gamma=False, eps=1e-5)  # of vectors",
        "F.batch_norm(x, m, v, g, b, train)", (2, 32, 320, 3_200), x="n, 256", g="positive: 256", b="256",
        m="fixed: 256", v="fixed positive: 256"),
    row("nd.LayerNorm(x, g, b)", "F.layer_norm(x, (256,), g, b)", (1, 32, 320, 3_200), x="n, 256", g="positive: 256",
        b="256"),
    row("nd.InstanceNorm(x, g, b, eps=1e-5)", "F.instance_norm(x, None, None, g, b)", (2, 7, 28, 112),
        x="8, 64, n, n", g="positive: 64", b="64"),
    row("nd.GroupNorm(x, g, b, num_groups=8)", "F.group_norm(x, 8, g.repeat_interleave(8), b.repeat_interleave(8))",
        (2, 7, 28, 112), x="8, 64, n, n", g="positive: 8", b="8"),
    row("nd.L2Normalization(x)", "F.normalize(x)", (3, 32, 320, 3_200), x="n, 256"),
    row("nd.softmax(x)", "torch.softmax(x, -1)", MATRIX, x="n, n"),
    row("nd.softmax(x, axis=1)", "torch.softmax(x, 1)", IMAGE, x="8, 64, n, n"),
    row("nd.log_softmax(x)", "torch.log_softmax(x, -1)", MATRIX, x="n, n"),
    row("nd.SoftmaxOutput(x, l)", "torch.softmax(x, -1)", MATRIX, x="fixed: n, n", l="below n: n", grad=False),
    row("nd.RNN(x, p, h, c, mode='lstm', state_size=n, num_layers=1)", "lstm(x, p, h, c)", (4, 32, 128, 512),
        x="20, 8, n", p="8 * n * n + 8 * n", h="fixed: 1, 8, n", c="fixed: 1, 8, n"),
]

STEPS = [
    row("nd.sgd_update(w, g, lr=0.01, out=w)", "w.sub_(g, alpha=0.01)", w="n", g="n", grad=False),
    row("nd.sgd_mom_update(w, g, m, lr=0.01, momentum=0.9, out=w)", "w.add_(m.mul_(0.9).sub_(g, alpha=0.01))", w="n",
        g="n", m="n", grad=False),
    row("nd.adam_update(w, g, m, v, lr=0.01, out=w)",
        "w.addcdiv_(m.lerp_(g, 0.1), v.mul_(0.999).addcmul_(g, g, value=0.001).sqrt().add_(1e-8), value=-0.01)",
        w="n", g="n", m="n", v="positive: n", grad=False),
]

SAMPLERS = [
    row("nd.random.uniform(shape=(n,))", "torch.rand(n)", grad=False, values=False),
    row("nd.random.normal(shape=(n,))", "torch.randn(n)", grad=False, values=False),
]

BOXES = [
    row("nd.contrib.box_nms(x, overlap_thresh=0.5)", None, (10, 100, 1_000, 3_000), x="1, n, 6", grad=False),
    row("nd.contrib.box_iou(x, y)", None, (10, 100, 300, 1_000), x="n, 4", y="n, 4", grad=False),
    row("nd.contrib.ROIAlign(x, r, pooled_size=(7, 7), spatial_scale=1.0)", None, (1, 8, 32, 128),
        x="1, 64, 56, 56", r="below 1: n, 5", grad=False),
]

ROWS = {r.code: r for rows in (ARITHMETIC, UNARY, REDUCTIONS, INDEXING, SHAPES, PRODUCTS, LAYERS, STEPS, SAMPLERS,
                               BOXES) for r in rows}
