"""The workloads as a PyTorch user writes them: nn.Module and optim.SGD with defaults, functions where rows say so."""

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


ROWS = {f.__name__: f for f in (add10, relu10, scalar10, fully_connected, chapter_forward, chapter_step, mlp_step)}
