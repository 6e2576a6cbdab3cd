"""GRU and simple recurrent layers on the CPU, for `rnn`: a few calls in place a step, gradients step by step as well.

torch's own kernels of these cells make a dozen arrays each step, and record all of it for the gradients.
"""

import torch
from torch import Tensor

__all__ = ["run", "takes"]

_SQUASH = {"rnn_tanh": torch.Tensor.tanh_, "rnn_relu": torch.Tensor.relu_}
_KERNELS = {"gru": torch._VF.gru, "rnn_tanh": torch._VF.rnn_tanh, "rnn_relu": torch._VF.rnn_relu}


def takes(mode: str, data: Tensor, inputs: list[Tensor]) -> bool:
    """Whether `run` is the faster way for this data: for GRU only if a gradient of the data or `inputs` is wanted."""
    if mode not in _KERNELS or not data.is_cpu or data.dtype not in (torch.float32, torch.float64) or not data.numel():
        return False
    return mode != "gru" or (torch.is_grad_enabled() and any(x.requires_grad for x in (data, *inputs)))


def run(mode: str, data: Tensor, state: Tensor, weights: list[Tensor], bidirectional: bool) -> tuple[Tensor, Tensor]:
    """(output, last states) of all layers: `weights` holds four for each direction of each layer."""
    directions = 2 if bidirectional else 1
    last = []
    for first in range(0, len(state), directions):
        outputs = []
        for k in range(first, first + directions):
            arguments = (data, state[k], *weights[4 * k:4 * k + 4], mode, k > first)
            out = _Direction.apply(*arguments) if torch.is_grad_enabled() else _forward(*arguments)[0]
            outputs.append(out)
            last.append(out[0 if k > first else -1])
        data = torch.cat(outputs, 2) if bidirectional else outputs[0]
    return data, torch.stack(last)


def _forward(data: Tensor, start: Tensor, below: Tensor, before: Tensor, below_bias: Tensor, before_bias: Tensor,
             mode: str, backwards: bool) -> tuple[Tensor, Tensor | None]:
    """(hidden states, what the gates were) of one direction of one layer."""
    steps, batch, size = data.shape
    hidden = start.shape[1]
    out = data.new_empty(steps, batch, hidden)
    rows, old = data.reshape(-1, size), before.t()
    times = range(steps - 1, -1, -1) if backwards else range(steps)
    states, last = out.unbind(), start
    if mode != "gru":
        torch.addmm(below_bias + before_bias, rows, below.t(), out=out.view(-1, hidden))
        squash = _SQUASH[mode]
        for t in times:
            last = squash(states[t].addmm_(last, old))
        return out, None
    # side by side: reset and update gates, the new gate's share of the state before and its share of the data
    gates = data.new_empty(steps, batch, 4 * hidden)
    flat = gates.view(-1, 4 * hidden)
    two, three = 2 * hidden, 3 * hidden
    torch.addmm(below_bias[:two] + before_bias[:two], rows, below[:two].t(), out=flat[:, :two])
    torch.addmm(below_bias[two:], rows, below[two:].t(), out=flat[:, three:])
    flat[:, two:three] = before_bias[two:]
    shares, switches = gates[..., :three].unbind(), gates[..., :two].unbind()
    resets, updates, olds, news = (part.unbind() for part in gates.chunk(4, 2))
    for t in times:
        shares[t].addmm_(last, old)
        switches[t].sigmoid_()
        new = news[t].addcmul_(resets[t], olds[t]).tanh_()
        last = torch.lerp(new, last, updates[t], out=states[t])
    return out, gates


class _Direction(torch.autograd.Function):
    """One direction of one layer."""

    @staticmethod
    def forward(ctx, *arguments):
        out, gates = _forward(*arguments)
        ctx.save_for_backward(*arguments[:6], out, gates)
        ctx.mode, ctx.backwards = arguments[6:]
        return out

    @staticmethod
    def backward(ctx, grad):
        *inputs, out, gates = ctx.saved_tensors
        if torch.is_grad_enabled():  # gradients of gradients are torch's business
            return *_differentiable(ctx, inputs, grad), None, None
        return *_gradients(ctx, *inputs, out, gates, grad), None, None


def _differentiable(ctx, inputs: list[Tensor], grad: Tensor) -> list[Tensor | None]:
    """Gradients that have gradients themselves."""
    data, start, *weights = inputs
    if ctx.backwards:
        data = data.flip(0)
    out, _ = _KERNELS[ctx.mode](data, start.unsqueeze(0), weights, True, 1, 0.0, True, False, False)
    wanted = [x for x, needed in zip(inputs, ctx.needs_input_grad, strict=False) if needed]
    found = iter(torch.autograd.grad(out.flip(0) if ctx.backwards else out, wanted, grad, create_graph=True))
    return [next(found) if needed else None for needed in ctx.needs_input_grad[:6]]


def _gradients(ctx, data: Tensor, start: Tensor, below: Tensor, before: Tensor, below_bias: Tensor,
               before_bias: Tensor, out: Tensor, gates: Tensor | None, grad: Tensor) -> list[Tensor | None]:
    steps, _, hidden = out.shape
    flow = grad.clone(memory_format=torch.contiguous_format)  # of each state, also by way of the later ones
    first, last = start.unsqueeze(0), slice(1, None) if ctx.backwards else slice(None, -1)
    earlier = torch.cat([out[last], first] if ctx.backwards else [first, out[last]])
    # what the gradients of the gates are for a flow of 1: known for all steps at once
    if gates is not None:
        reset, update, old, new = gates.chunk(4, 2)
        within = (1 - new * new).mul_(1 - update)
        slopes = torch.cat([(reset - reset * reset).mul_(old).mul_(within),
                            (update - update * update).mul_(earlier - new), within * reset], 2)
    else:
        slopes = 1 - out * out if ctx.mode == "rnn_tanh" else out.sign()
    start_flow = torch.zeros_like(start)
    flows, parts = flow.unbind(), slopes.unbind()
    kept = None if gates is None else update.unbind()
    by_gate = slopes.unflatten(2, (-1, hidden)).unbind()
    broadcast = flow.unsqueeze(2).unbind()
    for t in range(steps) if ctx.backwards else range(steps - 1, -1, -1):
        by_gate[t].mul_(broadcast[t])
        before_t = t + 1 if ctx.backwards else t - 1
        target = flows[before_t] if 0 <= before_t < steps else start_flow
        if kept is not None:
            target.addcmul_(flows[t], kept[t])
        target.addmm_(parts[t], before)
    rows = slopes.flatten(0, 1)
    wanted = ctx.needs_input_grad
    by_before = rows.t().mm(earlier.flatten(0, 1)) if wanted[3] else None
    by_before_bias = rows.sum(0) if wanted[5] else None
    if gates is not None:  # the new gate takes the data past the reset gate
        torch.mul(flow, within, out=slopes[..., 2 * hidden:])
    by_data = rows.mm(below).view_as(data) if wanted[0] else None
    by_below = rows.t().mm(data.reshape(-1, data.shape[2])) if wanted[2] else None
    return [by_data, start_flow, by_below, by_before, rows.sum(0) if wanted[4] else None, by_before_bias]
