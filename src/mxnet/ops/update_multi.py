"""Optimizer steps for many weights in one call, and the sums that layer-wise step lengths need.

Inputs come weight by weight: weight, gradient, states, (float32 master copy).  As in `update`, weights are written
in place and returned, in their order.
"""

import torch
from torch import Tensor

from ..base import MXNetError
from . import update
from .registry import Shape, register
from .unary import require_count, require_float

__all__ = ["multi_lars", "multi_sum_sq", "reset_arrays"]

_Floats = tuple[float, ...]


def _many(name: str, parts: tuple[str, ...], count: str = "num_weights", trailing: tuple[str, ...] = ()):
    """`register` for steps on attrs[count] weights, with inputs `parts` for each and `trailing` for all."""
    def names(parts, attrs):
        return [f"{part}_{i}" for i in range(attrs[count]) for part in parts]

    return register(name, num_outputs=lambda attrs: attrs[count],
                    in_place=lambda attrs, given: range(0, attrs[count] * len(parts), len(parts)),
                    input_names=lambda attrs, given: [*names(parts, attrs), *trailing],
                    aux_names=lambda attrs: names(parts[2:], attrs))


def _groups(op: str, data: tuple[Tensor, ...], number: int, each: int, trailing: int = 0) -> list[tuple[Tensor, ...]]:
    """The inputs of each weight; MXNetError when their number is not right."""
    if len(data) != number * each + trailing:
        raise MXNetError(f"{op}: expected {number} x {each} + {trailing} inputs, got {len(data)}")
    return [data[i:i + each] for i in range(0, number * each, each)]


def _per_weight(op: str, number: int, **values) -> None:
    for name, given in values.items():
        if len(given) != number:
            raise MXNetError(f"{op}: expected {number} {name}, got {len(given)}")


def _register_sgd(name: str, step, *states: str) -> None:
    """multi_NAME with step lengths as attributes, and preloaded_multi_NAME with them as the last two inputs."""

    parts = ("weight", "grad", *states)

    def run(op, data, lrs, wds, number, trailing, attrs):
        groups = _groups(op, data, number, len(parts), trailing)
        _per_weight(op, number, lrs=lrs, wds=wds)
        return [step(*group, lr=lr, wd=wd, **attrs) for group, lr, wd in zip(groups, lrs, wds, strict=True)]

    if "mom" in states:
        def multi(*data: Tensor, lrs: _Floats, wds: _Floats, momentum: float = 0.0, rescale_grad: float = 1.0,
                  clip_gradient: float = -1.0, num_weights: int = 1):
            attrs = {"momentum": momentum, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
            return run(f"multi_{name}", data, lrs, wds, num_weights, 0, attrs)

        def preloaded(*data: Tensor, momentum: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
                      num_weights: int = 1):
            attrs = {"momentum": momentum, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
            return run(f"preloaded_multi_{name}", data, data[-2].tolist(), data[-1].tolist(), num_weights, 2, attrs)
    else:
        def multi(*data: Tensor, lrs: _Floats, wds: _Floats, rescale_grad: float = 1.0,
                  clip_gradient: float = -1.0, num_weights: int = 1):
            attrs = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
            return run(f"multi_{name}", data, lrs, wds, num_weights, 0, attrs)

        def preloaded(*data: Tensor, rescale_grad: float = 1.0, clip_gradient: float = -1.0, num_weights: int = 1):
            attrs = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
            return run(f"preloaded_multi_{name}", data, data[-2].tolist(), data[-1].tolist(), num_weights, 2, attrs)

    multi.__doc__ = f"{name} for num_weights weights, with a step length and a weight decay for each."
    preloaded.__doc__ = f"{name} for num_weights weights; the last two inputs are their step lengths and decays."
    _many(f"multi_{name}", parts)(multi)
    _many(f"preloaded_multi_{name}", parts, trailing=("lrs", "wds"))(preloaded)


_register_sgd("sgd_update", update.sgd_update)
_register_sgd("sgd_mom_update", update.sgd_mom_update, "mom")
_register_sgd("mp_sgd_update", update.mp_sgd_update, "weight32")
_register_sgd("mp_sgd_mom_update", update.mp_sgd_mom_update, "mom", "weight32")


def _register_adamw(name: str, step, *master: str) -> None:
    parts = ("weight", "grad", "mean", "var", *master)

    def multi(*data: Tensor, lrs: _Floats, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
              wds: _Floats, etas: _Floats, clip_gradient: float = -1.0, num_weights: int = 1):
        groups = _groups(name, data, num_weights, len(parts), 1)
        _per_weight(name, num_weights, lrs=lrs, wds=wds, etas=etas)
        return [step(*group, data[-1], lr=lr, wd=wd, eta=eta, beta1=beta1, beta2=beta2, epsilon=epsilon,
                     clip_gradient=clip_gradient)
                for group, lr, wd, eta in zip(groups, lrs, wds, etas, strict=True)]

    multi.__doc__ = "The AdamW step for num_weights weights; the last input is the common factor of their gradients."
    _many(name, parts, trailing=("rescale_grad",))(multi)


_register_adamw("_multi_adamw_update", update.adamw_update)
_register_adamw("_multi_mp_adamw_update", update.mp_adamw_update, "weight32")


def _register_lamb(name: str, phase1, phase2, *master: str) -> None:
    parts = ("weight", "grad", "mean", "var", *master)

    def multi(*data: Tensor, learning_rates: _Floats, beta1: float = 0.9, beta2: float = 0.999,
              epsilon: float = 1e-6, wds: _Floats, rescale_grad: float = 1.0, lower_bound: float = -1.0,
              upper_bound: float = -1.0, clip_gradient: float = -1.0, bias_correction: bool = True,
              step_count: Shape, num_tensors: int = 1):
        groups = _groups(name, data, num_tensors, len(parts))
        _per_weight(name, num_tensors, learning_rates=learning_rates, wds=wds, step_count=step_count)
        results = []
        for group, lr, wd, t in zip(groups, learning_rates, wds, step_count, strict=True):
            direction = phase1(*group, beta1=beta1, beta2=beta2, epsilon=epsilon, t=t, wd=wd,
                               bias_correction=bias_correction, rescale_grad=rescale_grad,
                               clip_gradient=clip_gradient)
            weight, master = group[0], group[4:]
            norms = (w.float().norm().reshape(1) for w in (master[0] if master else weight, direction))
            results.append(phase2(weight, direction, *norms, *master, lr=lr, lower_bound=lower_bound,
                                  upper_bound=upper_bound))
        return results

    multi.__doc__ = "Both phases of LAMB for num_tensors weights."
    _many(name, parts, "num_tensors")(multi)


_register_lamb("_multi_lamb_update", update.lamb_update_phase1, update.lamb_update_phase2)
_register_lamb("_multi_mp_lamb_update", update.mp_lamb_update_phase1, update.mp_lamb_update_phase2, "weight32")


# --------------------------------------------------------------------------------------- sums over many arrays


def _sum_types(attrs, *data):
    known = next((dtype for dtype in data if dtype is not None), None)
    return [known] * len(data), [torch.float32]


def _array_names(attrs, given):
    return [f"array_{i}" for i in range(attrs["num_arrays"])]


@register("multi_sum_sq", types=_sum_types, input_names=_array_names)
def multi_sum_sq(*data: Tensor, num_arrays: int) -> Tensor:
    """The sum of squares of each array, (num_arrays,), float32."""
    require_count("multi_sum_sq", data, num_arrays)
    for x in data:
        require_float("multi_sum_sq", x)
    return torch.stack([(x.float() * x).sum().float() for x in data])


@register("multi_lars")
def multi_lars(lrs: Tensor, weights_sum_sq: Tensor, grads_sum_sq: Tensor, wds: Tensor, *, eta: float, eps: float,
               rescale_grad: float = 1.0) -> Tensor:
    """Step lengths by layer: lr * eta * |w| / (|g| + wd * |w| + eps), or lr where |w| or |g| is 0.

    You, Gitman and Ginsburg, 2017, https://arxiv.org/abs/1708.03888.
    """
    weight, grad = weights_sum_sq.sqrt(), grads_sum_sq.sqrt() * rescale_grad
    trust = eta * weight / (grad + wds * weight + eps)
    return torch.where((weights_sum_sq > 0) & (grads_sum_sq > 0), lrs * trust, lrs)


@register("reset_arrays", num_outputs=0, input_names=_array_names)
def reset_arrays(*data: Tensor, num_arrays: int):
    """Set all arrays to 0, in place."""
    require_count("reset_arrays", data, num_arrays)
    for x in data:
        x.zero_()
    return ()
