"""Activations as layers use them: Activation and the LeakyReLU family (others are in the element-wise operators)."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from .registry import register

__all__ = ["activation", "leaky_relu"]

_ACTIVATIONS = {
    "relu": torch.relu, "sigmoid": torch.sigmoid, "softrelu": F.softplus, "softsign": F.softsign, "tanh": torch.tanh,
}


@register("Activation")
def activation(data: Tensor, *, act_type: Literal["relu", "sigmoid", "softrelu", "softsign", "tanh"]) -> Tensor:
    """Element by element: max(x, 0), 1 / (1 + exp(-x)), log(1 + exp(x)), x / (1 + |x|) or tanh(x)."""
    return _ACTIVATIONS[act_type](data)


def _prelu(data: Tensor, gamma: Tensor) -> Tensor:
    """Slopes by channel (axis 1; axis 0 of a vector), or one for all."""
    if data.dim() == 1:
        return torch.where(data > 0, data, data * gamma)
    return F.prelu(data, gamma.reshape(-1))


def _leaky_shapes(attrs, data, *gamma):
    channels = 0 if data is None else data[1] if len(data) > 1 else 1
    return [data, *[(channels,) if shape is None or len(shape) != 1 or not shape[0] else shape for shape in gamma]]


@register("LeakyReLU", present={"gamma": lambda attrs: attrs["act_type"] == "prelu"}, shapes=_leaky_shapes)
def leaky_relu(data: Tensor, gamma: Tensor | None = None, *,
               act_type: Literal["elu", "gelu", "leaky", "prelu", "rrelu", "selu"] = "leaky", slope: float = 0.25,
               lower_bound: float = 0.125, upper_bound: float = 0.334, _train: bool, _rng=None) -> Tensor:
    """x where x > 0, and elsewhere `slope` x ("leaky"), `slope` (exp(x) - 1) ("elu") or gamma x ("prelu").

    gamma: (channel,) or (1,).  "rrelu" draws each slope uniformly from [lower_bound, upper_bound) in train mode, and
    takes their mean in predict mode.  "gelu" is x times the normal distribution function of x
    (https://arxiv.org/abs/1606.08415), "selu" the scaled elu of https://arxiv.org/abs/1706.02515.
    """
    match act_type:
        case "leaky":
            return F.leaky_relu(data, slope)
        case "prelu":
            return _prelu(data, gamma)
        case "elu":
            return F.elu(data, slope)
        case "selu":
            return F.selu(data)
        case "gelu":
            return F.gelu(data)
    if not _train:
        return F.leaky_relu(data, (lower_bound + upper_bound) / 2)
    slopes = torch.empty_like(data).uniform_(lower_bound, upper_bound, generator=_rng.torch(data.device))
    return torch.where(data > 0, data, data * slopes)
