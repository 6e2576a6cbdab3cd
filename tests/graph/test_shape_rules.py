"""What operators' rules say of shapes (`output_shapes=`, `same_shape=`), held against what the operators give.

Every golden case serves whose operator has a rule; so do its inputs with sizes or ranks unknown: what follows from
them must not contradict the result.
"""

import functools
import subprocess
import sys

import pytest

import mxnet as mx
from golden.case import Case, families, load_answers, load_cases
from mxnet.graph import shapes, types
from mxnet.symbol._node import postorder

answers = functools.lru_cache(None)(load_answers)
_NOT_CALLED = {"out=", "random.multinomial"}  # no Symbols; or others than in nd

# a net, as code that binds it, and sizes of its outputs
NETS = {
    "unrolled LSTM": """
stack = mx.rnn.SequentialRNNCell()
for i in range(2):
    stack.add(mx.rnn.LSTMCell(8, prefix=f"l{i}_"))
words = mx.sym.Embedding(mx.sym.var("data"), input_dim=100, output_dim=8)
states, _ = stack.unroll(5, inputs=words, merge_outputs=True)
scores = mx.sym.FullyConnected(mx.sym.Reshape(states, shape=(-1, 8)), num_hidden=100)
net = mx.sym.SoftmaxOutput(scores, mx.sym.Reshape(mx.sym.var("label"), shape=(-1,)))
inputs = {"data": (4, 5), "label": (4, 5)}
expected = [(20, 100)]
""",
    "SSD": """
x, label = mx.sym.var("data"), mx.sym.var("label")
anchors, places, classes = [], [], []
for filters in (8, 16):
    x = mx.sym.Convolution(x, num_filter=filters, kernel=(3, 3), pad=(1, 1))
    x = mx.sym.Pooling(mx.sym.relu(mx.sym.BatchNorm(x)), kernel=(2, 2), stride=(2, 2), pool_type="max")
    anchors.append(mx.sym.contrib.MultiBoxPrior(x, sizes=(0.2, 0.3), ratios=(1, 2, 0.5)))
    for found, count in ((places, 16), (classes, 12)):
        found.append(mx.sym.Convolution(x, num_filter=count, kernel=(3, 3), pad=(1, 1)))
places, classes = (mx.sym.concat(*[mx.sym.Flatten(mx.sym.transpose(m, axes=(0, 2, 3, 1))) for m in maps], dim=1)
                   for maps in (places, classes))
classes = mx.sym.transpose(mx.sym.Reshape(classes, shape=(0, -1, 3)), axes=(0, 2, 1))
anchors = mx.sym.concat(*anchors, dim=1)
target = mx.sym.contrib.MultiBoxTarget(anchors, label, classes, negative_mining_ratio=3)
probability = mx.sym.SoftmaxOutput(classes, target[2], use_ignore=True, ignore_label=-1, multi_output=True)
loss = mx.sym.MakeLoss(mx.sym.smooth_l1(target[1] * (places - target[0]), scalar=1.0))
net = mx.sym.Group([probability, loss, mx.sym.contrib.MultiBoxDetection(probability, places, anchors)])
inputs = {"data": (2, 3, 32, 32), "label": (2, 3, 5)}
expected = [(2, 3, 1280), (2, 5120), (2, 1280, 6)]
""",
    "attention": """
x = mx.sym.var("data")
q = mx.sym.Reshape(mx.sym.FullyConnected(x, num_hidden=32, flatten=False), shape=(0, 0, 4, -1))
q = mx.sym.Reshape(mx.sym.transpose(q, axes=(0, 2, 1, 3)), shape=(-1, 0, 0), reverse=True)
weights = mx.sym.Dropout(mx.sym.softmax(mx.sym.batch_dot(q, q, transpose_b=True) / 8 ** 0.5), p=0.1)
y = mx.sym.Reshape(mx.sym.batch_dot(weights, q), shape=(-1, 4, 0, 0), reverse=True)
y = mx.sym.Reshape(mx.sym.transpose(y, axes=(0, 2, 1, 3)), shape=(0, 0, -1))
y = mx.sym.LayerNorm(x + y, mx.sym.var("gamma"), mx.sym.var("beta"))
net = mx.sym.mean(mx.sym.slice_axis(y, axis=1, begin=0, end=2), axis=1)
inputs = {"data": (2, 7, 32)}
expected = [(2, 32)]
""",
    "model zoo": """
size = {"inceptionv3": 299}
for name in ("resnet18_v1", "resnet18_v2", "alexnet", "vgg11_bn", "densenet121", "squeezenet1.0", "inceptionv3",
             "mobilenet0.25", "mobilenetv2_0.25"):
    block = mx.gluon.model_zoo.vision.get_model(name, classes=10)
    shape = (2, 3, size.get(name, 224), size.get(name, 224))
    assert block(mx.sym.var("data")).infer_shape(data=shape)[1] == [(2, 10)]
block.initialize()
block.hybridize()
net = block(mx.sym.var("data"))
inputs = {"data": shape}
expected = [tuple(block(mx.nd.ones(shape)).shape)]
""",
}


def symbol_of(one: Case):
    """The Symbol of one operator that a case's code makes, or None."""
    if one.fails or one.after or one.np_shape or any(text in one.code for text in _NOT_CALLED):
        return None
    try:
        made = eval(one.code, {"nd": mx.sym, "mx": mx, **{name: mx.sym.var(name) for name in one.inputs}})
    except Exception:
        return None  # code that makes no sense for Symbols
    if isinstance(made, list):
        made = mx.sym.Group(made)
    if not isinstance(made, mx.sym.Symbol):
        return None
    nodes = [node for node in postorder(made._entries) if not node.is_variable]
    rules = {"output_shapes", "same_shape"}
    return made if len(nodes) == 1 and rules & nodes[0].op.extra.keys() else None


def chosen() -> list:
    """One case of each code and shapes."""
    found = {}
    for family in families():
        for one in load_cases(family):
            symbol = symbol_of(one)
            if symbol is not None:
                shapes_of_inputs = tuple(sorted((k, v.shape) for k, v in one.arrays().items()))
                found.setdefault((one.code, shapes_of_inputs), (family, one, symbol))
    return [pytest.param(*case, id=f"{case[0]}: {case[1]}") for case in found.values()]


def told(node, inputs):
    """What the rules say of the outputs' shapes; None for unknown ones."""
    answer = [None] * node.count_outputs
    if "same_shape" in node.op.extra:
        names = node.op.extra["same_shape"]
        same = [s for name, s in zip(node.input_names(), inputs, strict=True) if names is True or name in names]
        answer[0] = functools.reduce(shapes.merge, same, None)
    if "output_shapes" in node.op.extra:
        for i, shape in enumerate(node.op.extra["output_shapes"](node.parsed, inputs)):
            if shape is not None and min(shape, default=0) >= -1:
                answer[i] = shapes.merge(answer[i], shape)
    return answer


def forgetful(inputs):
    """The inputs with one size unknown, with a whole axis, with all sizes, with one rank."""
    for i, shape in enumerate(inputs):
        for axis in range(len(shape)):
            yield [(*s[:axis], -1, *s[axis + 1:]) if k == i else s for k, s in enumerate(inputs)]
        yield [None if k == i else s for k, s in enumerate(inputs)]
    for axis in range(max(map(len, inputs), default=0)):
        yield [(*s[:axis], -1, *s[axis + 1:]) if axis < len(s) else s for s in inputs]
    yield [(-1,) * len(s) for s in inputs]


@pytest.mark.parametrize(("family", "one", "symbol"), chosen())
def test_rules_say_what_operators_give(family: str, one: Case, symbol) -> None:
    node = symbol._entries[0].node
    arrays = one.arrays()
    inputs = [arrays[e.node.name].shape for e in node.inputs]
    answer = answers(family)[one.key]
    outs = {e.index: answer[f"out{i}"] for i, e in enumerate(symbol._entries)}
    rule = told(node, inputs)
    for i, out in outs.items():
        assert rule[i] in (None, out.shape)
    dtypes = types.solve(symbol, {id(e.node): mx.base.torch_dtype(arrays[e.node.name].dtype) for e in node.inputs})
    for i, out in outs.items():
        assert (id(node), i) in dtypes
        assert mx.base.TORCH_TO_NP[dtypes[id(node), i]] == out.dtype
    for partial in forgetful(inputs):
        for i, shape in enumerate(told(node, partial)):
            if i in outs:
                shapes.merge(shape, outs[i].shape)
    if "input_shapes" in node.op.extra:
        full = [outs[i].shape if i in outs else None for i in range(node.count_outputs)]
        for partial in [inputs, *forgetful(inputs)]:
            for shape, expected in zip(node.op.extra["input_shapes"](node.parsed, partial, full), inputs, strict=True):
                shapes.merge(shape, expected)


@pytest.mark.parametrize("net", NETS)
def test_binding_runs_no_operator_on_tensors_without_values(net: str) -> None:
    """The first such run in a process imports the compiler of torch, which takes a second."""
    code = f"""
import sys
import mxnet as mx
{NETS[net]}
unknown_batch = {{name: (0, *shape[1:]) for name, shape in inputs.items()}}
assert net.infer_shape(**inputs)[1] == expected
assert [len(shape) for shape in net.infer_shape_partial(**unknown_batch)[1]] == [len(shape) for shape in expected]
executor = net.simple_bind(mx.cpu(), **inputs)
assert [out.shape for out in executor.forward()] == expected
assert "torch._dynamo" not in sys.modules
assert "sympy" not in sys.modules
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
