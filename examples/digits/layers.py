"""The network, made of layers written here. No layer is told its input size: a 0 in a parameter's shape
is a dimension nobody wrote down, and the first call works it out from what `forward` does."""
from __future__ import annotations

from mxnet import nd
from mxnet.gluon import nn


class Conv(nn.Block):
    """A convolution that keeps height and width, then ReLU.

    data: (batch, any, height, width); output: (batch, channels, height, width)
    """

    def __init__(self, channels: int, kernel: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.options = {"num_filter": channels, "kernel": (kernel, kernel), "pad": (kernel // 2, kernel // 2)}
        self.weight = self.params.get("weight", shape=(channels, 0, kernel, kernel))
        self.bias = self.params.get("bias", shape=(channels,), init="zeros")

    def forward(self, x):
        return nd.relu(nd.Convolution(x, self.weight.data(), self.bias.data(), **self.options))


class Normalize(nn.Block):
    """Each sample to mean 0 and variance 1 over its features, then a scale and a shift that are learned.

    data, output: (batch, any)
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.scale = self.params.get("scale", shape=(0,), init="ones")
        self.shift = self.params.get("shift", shape=(0,), init="zeros")

    def forward(self, x):
        centred = x - x.mean(axis=1, keepdims=True)
        deviation = (centred.square().mean(axis=1, keepdims=True) + self.epsilon).sqrt()
        return centred / deviation * self.scale.data() + self.shift.data()


class Dense(nn.Block):
    """x W + b, then ReLU where asked for.

    data: (batch, any); output: (batch, units)
    """

    def __init__(self, units: int, relu: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.relu = relu
        self.weight = self.params.get("weight", shape=(0, units))
        self.bias = self.params.get("bias", shape=(units,), init="zeros")

    def forward(self, x):
        y = nd.dot(x, self.weight.data()) + self.bias.data()
        return nd.relu(y) if self.relu else y


def build() -> nn.Sequential:
    """Images (batch, 1, 8, 8) to scores (batch, 10); own layers and built-in ones mix freely."""
    net = nn.Sequential()
    net.add(Conv(16), Conv(32), nn.MaxPool2D(2), nn.Flatten(),
            Normalize(), Dense(64, relu=True), nn.Dropout(0.3), Dense(10))
    return net
