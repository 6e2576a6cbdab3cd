"""Dense layers: one matrix product with a bias.  `shapes=` (see registry) lets weights be of unknown size."""

from math import prod

import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from .registry import register

__all__ = ["fully_connected"]


def _dense_shapes(attrs, data, weight, *bias):
    hidden = attrs["num_hidden"]
    width = 0
    if data is not None:
        width = prod(data[1:]) if attrs["flatten"] else data[-1]
    return [data, (hidden, width), *[(hidden,) for _ in bias]]


def _dense_inputs(attrs, inputs, outputs):
    """The batch axes are the output's."""
    data, out = inputs[0], outputs[0]
    if data is None or out is None or not (attrs["flatten"] or len(data) == len(out)):
        return [None] * len(inputs)
    batch = 1 if attrs["flatten"] else len(data) - 1
    return [(*out[:batch], *data[batch:]), *inputs[1:]]


def _dense_outputs(attrs, inputs):
    data = inputs[0]
    return [None if data is None else (*(data[:1] if attrs["flatten"] else data[:-1]), attrs["num_hidden"])]


@register("FullyConnected", present={"bias": lambda attrs: not attrs["no_bias"]}, shapes=_dense_shapes,
          input_shapes=_dense_inputs, output_shapes=_dense_outputs)
def fully_connected(data: Tensor, weight: Tensor, bias: Tensor | None = None, *,
                    num_hidden: int, no_bias: bool = False, flatten: bool = True) -> Tensor:
    """Linear layer: data @ weight.T + bias.

    data: (batch, ...), flattened to (batch, width); with `flatten=False` the product is over the last axis.
    weight: (num_hidden, width).  bias: (num_hidden,) or (num_hidden, 1), absent with `no_bias`.
    Returns (batch, num_hidden), or data's shape with its last axis replaced by num_hidden.
    """
    if not data.is_floating_point() or num_hidden < 1:
        raise MXNetError(f"FullyConnected: expected floating data and a positive num_hidden, got "
                         f"{str(data.dtype).removeprefix('torch.')} and {num_hidden}")
    if weight.size(0) != num_hidden:
        raise MXNetError(f"FullyConnected: weight of shape {tuple(weight.shape)} does not have "
                         f"num_hidden={num_hidden} rows")
    if bias is not None and bias.shape != (num_hidden,):
        if bias.shape != (num_hidden, 1):
            raise MXNetError(f"FullyConnected: bias of shape {tuple(bias.shape)} must be ({num_hidden},)")
        bias = bias[:, 0]
    if flatten and data.dim() != 2:
        data = data.flatten(1) if data.dim() > 2 else data.unsqueeze(1)
    return F.linear(data, weight, bias)
