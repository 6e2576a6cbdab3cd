"""The workloads as a PyTorch user writes them: nn.Module and optim.SGD with defaults, functions where rows say so."""

import itertools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .gluon_side import formula


def _tensor(*shape):
    return torch.from_numpy(formula(*shape).copy())


class MyDense(nn.Module):
    """The layer of the chapter as a Module."""

    def __init__(self, units, in_units):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_units, units))
        self.bias = nn.Parameter(torch.empty(units))

    def forward(self, x):
        return torch.relu(torch.mm(x, self.weight) + self.bias)


def _set(net, scale=0.2):
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(_tensor(*p.shape) * scale)


def _weights(net):
    return [p.detach().numpy().copy() for p in net.parameters()]


def add10():
    a, b = _tensor(10), _tensor(10)
    return lambda: a + b, lambda: [(a + b).numpy()]


def relu10():
    a = _tensor(10)
    return lambda: torch.relu(a), lambda: [torch.relu(a).numpy()]


def scalar10():
    a = _tensor(10)
    return lambda: a * 2.0, lambda: [(a * 2.0).numpy()]


def fully_connected():
    x, w, b = _tensor(32, 64), _tensor(128, 64), _tensor(128)
    return lambda: F.linear(x, w, b), lambda: [F.linear(x, w, b).numpy()]


def chapter_forward():
    """The same math in bare torch functions."""
    x, w1, b1, w2, b2 = _tensor(2, 64), _tensor(64, 8) * 0.2, _tensor(8) * 0.2, _tensor(8, 1) * 0.2, _tensor(1) * 0.2

    def step():
        return torch.relu(torch.mm(torch.relu(torch.mm(x, w1) + b1), w2) + b2)

    return step, lambda: [step().numpy()]


def chapter_step():
    net = nn.Sequential(MyDense(8, 64), MyDense(1, 8))
    _set(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x, y = _tensor(2, 64), _tensor(2, 1)

    def step():
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).sum() / 2
        loss.backward()
        optimizer.step()

    return step, lambda: _weights(net)


def mlp_step():
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    _set(net, 0.05)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = _tensor(64, 784), torch.from_numpy(np.arange(64) % 10)

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()

    return step, lambda: _weights(net)


def _set_deep(net):
    """The values of gluon_side: they follow from the shapes alone."""
    with torch.no_grad():
        for module in net.modules():
            for name, value in [*module._parameters.items(), *module._buffers.items()]:
                if value is None or not value.is_floating_point():
                    continue
                new = _tensor(*value.shape)
                if name == "running_var" or (name == "weight" and value.dim() == 1):
                    new = 1 + 0.3 * new
                elif name == "weight":
                    new = new * (6 / np.prod(value.shape[1:])) ** 0.5
                value.copy_(new)


def _inference(net, x):
    _set_deep(net)
    net.eval()

    def step():
        with torch.no_grad():
            return net(x)

    return step, lambda: [step().numpy()]


def _conv(channels, filters, kernel, stride=1, groups=1):
    return [nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(filters)]


class BasicBlock(nn.Module):
    """He et al., 2015, figure 5 left."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(*_conv(channels, filters, 3, stride), nn.ReLU(), *_conv(filters, filters, 3))
        self.skip = nn.Identity() if channels == filters else nn.Sequential(*_conv(channels, filters, 1, stride))

    def forward(self, x):
        return torch.relu(self.body(x) + self.skip(x))


def mlp_inference():
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    return _inference(net, _tensor(1, 784))


def resnet18_inference():
    widths = [64, 64, 128, 256, 512]
    stages = [BasicBlock(widths[i + k], widths[i + 1], 2 if i and not k else 1) for i in range(4) for k in range(2)]
    net = nn.Sequential(*_conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *stages, nn.AdaptiveAvgPool2d(1),
                        nn.Flatten(), nn.Linear(512, 1000))
    return _inference(net, _tensor(1, 3, 224, 224))


def resnet18_frozen():
    return resnet18_inference()


def mobilenet_frozen():
    widths = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    layers = [*_conv(3, 32, 3, 2), nn.ReLU()]
    for i, (channels, filters) in enumerate(itertools.pairwise(widths)):
        stride = 2 if i in (1, 3, 5, 11) else 1
        layers += [*_conv(channels, channels, 3, stride, channels), nn.ReLU(), *_conv(channels, filters, 1), nn.ReLU()]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))
    return _inference(net, _tensor(1, 3, 224, 224))


ROWS = {f.__name__: f for f in (add10, relu10, scalar10, fully_connected, chapter_forward, chapter_step, mlp_step,
                                mlp_inference, resnet18_inference, resnet18_frozen, mobilenet_frozen)}
