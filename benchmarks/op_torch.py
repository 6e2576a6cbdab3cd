"""Rows of the sweep in bare PyTorch: the same inputs, the row's torch code, torch.autograd.grad."""

import torch
from torch.nn import functional as F

from .op_rows import arrays, head_gradient
from .op_steps import _listed, function


def lstm(x, p, h, c):
    """One layer of LSTM with MXNet's parameters, which lie in one vector."""
    n = h.shape[-1]
    weights = p[:8 * n * n].view(2, 4 * n, n)
    biases = p[8 * n * n:].view(2, 4 * n)
    return torch.lstm(x, (h, c), [*weights, *biases], True, 1, 0.0, p.requires_grad, False, False)[0]


def torch_step(row, n, grad):
    """The row's PyTorch code on tensors of size `n`."""
    inputs, leaves = {}, []
    for name, spec in row.inputs.items():
        _, value, wanted = arrays(name, spec, n)
        inputs[name] = torch.from_numpy(value.copy())
        if grad and wanted:
            leaves.append(inputs[name].requires_grad_())
    forward = function(row.torch, {"torch": torch, "F": F, "lstm": lstm, "n": n, "train": grad, **inputs})
    if not grad:
        return lambda: _listed(forward())

    heads = [torch.from_numpy(head_gradient(out.shape)).to(out.dtype) for out in _listed(forward())]

    def step():
        outputs = _listed(forward())
        return outputs + list(torch.autograd.grad(outputs, leaves, heads))

    return step


def torch_values(step):
    return [tensor.detach().numpy() for tensor in step()]
