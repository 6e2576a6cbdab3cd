"""Activations as layers use them: Activation and the LeakyReLU family (others are in the element-wise operators)."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from .registry import register
from .unary import require_float

__all__ = ["activation", "leaky_relu"]

_ACTIVATIONS = {
    "relu": torch.relu, "sigmoid": torch.sigmoid, "softrelu": F.softplus, "softsign": F.softsign, "tanh": torch.tanh,
}


@register("Activation", same_shape=True)
def activation(data: Tensor, *, act_type: Literal["relu", "sigmoid", "softrelu", "softsign", "tanh"]) -> Tensor:
    """Element by element: max(x, 0), 1 / (1 + exp(-x)), log(1 + exp(x)), x / (1 + |x|) or tanh(x)."""
    require_float("Activation", data)
    return _ACTIVATIONS[act_type](data)


def _prelu(data: Tensor, gamma: Tensor) -> Tensor:
    """Slopes by channel, or whatever axes of `gamma` are those of data up to axis 1, from there to the front."""
    if gamma.dim() == 1 and data.dim() > 1 and gamma.size(0) in (1, data.size(1)):
        return F.prelu(data, gamma)
    sizes, rest = [1] * data.dim(), list(gamma.shape)
    for axis in range(min(data.dim(), 2))[::-1]:
        if rest and rest[-1] in (1, data.size(axis)):
            sizes[axis] = rest.pop()
    if rest:
        raise MXNetError(f"LeakyReLU: cannot broadcast gamma of shape {tuple(gamma.shape)} to data of shape "
                         f"{tuple(data.shape)}")
    return torch.where(data > 0, data, data * gamma.view(sizes))


def _number_of_outputs(attrs) -> int:
    return 2 if attrs["act_type"] == "rrelu" else 1


def _leaky_shapes(attrs, data, *gamma):
    channels = 0 if data is None else data[1] if len(data) > 1 else 1
    return [data, *[(channels,) if not shape or not all(shape) else shape for shape in gamma]]


def _random_leaky(data: Tensor, low: float, high: float, train: bool, rng) -> tuple[Tensor, Tensor]:
    """(output, slope of each element)."""
    if train:
        slopes = torch.empty_like(data).uniform_(low, high, generator=rng.torch(data.device))
    else:
        slopes = torch.full_like(data, (low + high) / 2)
    return torch.where(data > 0, data, data * slopes), slopes


@register("LeakyReLU", present={"gamma": lambda attrs: attrs["act_type"] == "prelu"}, shapes=_leaky_shapes,
          num_outputs=_number_of_outputs, output_names=("output", "mask"),
          same_shape=("data",), output_shapes=lambda attrs, inputs: inputs[:1] * _number_of_outputs(attrs),
          init={"gamma": '["Constant", {"value": 0.25}]'})
def leaky_relu(data: Tensor, gamma: Tensor | None = None, *,
               act_type: Literal["elu", "gelu", "leaky", "prelu", "rrelu", "selu"] = "leaky",
               slope: float = 0.25, lower_bound: float = 0.125, upper_bound: float = 0.334,
               _train: bool, _rng) -> Tensor:
    """x where x > 0, and elsewhere slope * x ("leaky"), slope * (exp(x) - 1) ("elu") or gamma * x ("prelu").

    gamma: (channel,) or (1,), or of data's first axes.  "rrelu" draws the slope of each element uniformly between
    the bounds in train mode, takes their mean in predict mode, and returns the slopes too
    (https://arxiv.org/abs/1505.00853).
    "gelu" is x times the normal distribution function of x (https://arxiv.org/abs/1606.08415), "selu" the
    scaled elu of https://arxiv.org/abs/1706.02515.
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
    return _random_leaky(data, lower_bound, upper_bound, _train, _rng)
