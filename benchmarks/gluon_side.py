"""The workloads as Gluon code.  This file runs unchanged on this package and on real MXNet (Python 3.8).

Each function returns (step, values): `step()` is what is timed, `values()` the numbers to compare with the rivals.
"""

import numpy as np

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn


def formula(*shape):
    """Deterministic float32 values in (-1, 1), the same in every library."""
    count = int(np.prod(shape))
    return np.sin(np.arange(count) * 0.7 + 0.3).astype(np.float32).reshape(shape)


class MyDense(nn.Block):
    """The layer of the chapter."""

    def __init__(self, units, in_units, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=(in_units, units))
        self.bias = self.params.get("bias", shape=(units,))

    def forward(self, x):
        linear = nd.dot(x, self.weight.data()) + self.bias.data()
        return nd.relu(linear)


def _set(net, scale=0.2):
    for param in net.collect_params().values():
        param.set_data(nd.array(formula(*param.shape) * scale))


def _weights(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


def _trainer(net, name="sgd", **options):
    return gluon.Trainer(net.collect_params(), name, options, kvstore=None)


def add10():
    a, b = nd.array(formula(10)), nd.array(formula(10))

    return lambda: a + b, lambda: [(a + b).asnumpy()]


def relu10():
    a = nd.array(formula(10))
    return lambda: nd.relu(a), lambda: [nd.relu(a).asnumpy()]


def scalar10():
    a = nd.array(formula(10))
    return lambda: a * 2.0, lambda: [(a * 2.0).asnumpy()]


def fully_connected():
    x, w, b = nd.array(formula(32, 64)), nd.array(formula(128, 64)), nd.array(formula(128))

    def step():
        return nd.FullyConnected(x, w, b, num_hidden=128)

    return step, lambda: [step().asnumpy()]


def _chapter_net():
    net = nn.Sequential()
    net.add(MyDense(8, in_units=64), MyDense(1, in_units=8))
    net.initialize()
    _set(net)
    return net


def chapter_forward():
    net = _chapter_net()
    x = nd.array(formula(2, 64))
    return lambda: net(x), lambda: [net(x).asnumpy()]


def chapter_step():
    net = _chapter_net()
    trainer = _trainer(net, learning_rate=0.01)
    x, y = nd.array(formula(2, 64)), nd.array(formula(2, 1))

    def step():
        with autograd.record():
            loss = ((net(x) - y) ** 2).sum()
        loss.backward()
        trainer.step(2)

    return step, lambda: _weights(net)


def mlp_step():
    net = nn.Sequential()
    net.add(nn.Dense(256, activation="relu", in_units=784), nn.Dense(128, activation="relu", in_units=256),
            nn.Dense(10, in_units=128))
    net.initialize()
    _set(net, 0.05)
    if mx.__version__ == "1.9.1" and not hasattr(nd.NDArray, "__dlpack__"):
        net.hybridize(static_alloc=True, static_shape=True)  # real MXNet at its best
    trainer = _trainer(net, learning_rate=0.1)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    x, y = nd.array(formula(64, 784)), nd.array(np.arange(64) % 10)

    def step():
        with autograd.record():
            loss = loss_function(net(x), y)
        loss.backward()
        trainer.step(64)

    return step, lambda: _weights(net)


def _set_deep(net):
    """Values under which activations keep their size through many layers."""
    for name, param in net.collect_params().items():
        value = formula(*param.shape)
        if name.endswith(("gamma", "running_var")):
            value = 1 + 0.3 * value
        elif name.endswith("weight"):
            value = value * (6 / np.prod(param.shape[1:])) ** 0.5
        param.set_data(nd.array(value))


def _inference(net, x, frozen):
    """One graph, at its best in both libraries; frozen: no parameter is to be trained."""
    net.initialize()
    net(x)
    _set_deep(net)
    if frozen:
        net.collect_params().setattr("grad_req", "null")
    net.hybridize(static_alloc=True, static_shape=True)
    return lambda: net(x), lambda: [net(x).asnumpy()]


def mlp_inference():
    net = nn.HybridSequential()
    net.add(nn.Dense(256, activation="relu", in_units=784), nn.Dense(128, activation="relu", in_units=256),
            nn.Dense(10, in_units=128))
    return _inference(net, nd.array(formula(1, 784)), False)


def resnet18_inference():
    return _inference(gluon.model_zoo.vision.resnet18_v1(), nd.array(formula(1, 3, 224, 224)), False)


def resnet18_frozen():
    return _inference(gluon.model_zoo.vision.resnet18_v1(), nd.array(formula(1, 3, 224, 224)), True)


def mobilenet_frozen():
    return _inference(gluon.model_zoo.vision.mobilenet1_0(), nd.array(formula(1, 3, 224, 224)), True)


ROWS = {f.__name__: f for f in (add10, relu10, scalar10, fully_connected, chapter_forward, chapter_step, mlp_step,
                                mlp_inference, resnet18_inference, resnet18_frozen, mobilenet_frozen)}


def wait():
    """Real MXNet computes in the background; time only counts when it is done."""
    nd.waitall()
