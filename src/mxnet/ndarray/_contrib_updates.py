"""nd.contrib's optimizer steps with a calling convention of their own: lists by kind, a plain number as the scale."""

from .. import _adamw
from ..context import current_context
from . import _internal
from .creation import full

__all__ = ["adamw_update", "mp_adamw_update", "multi_adamw_update", "multi_lamb_update", "multi_mp_adamw_update",
           "multi_mp_lamb_update"]


def _scale(rescale_grad, beside):
    """The factor of the gradient as an array of one element next to `beside`."""
    if isinstance(rescale_grad, (int, float)):
        return full((1,), rescale_grad, ctx=getattr(beside, "context", None) or current_context())
    return rescale_grad


def _interleaved(*lists) -> list:
    """[a1, a2], [b1, b2] -> [a1, b1, a2, b2]."""
    return [array for group in zip(*lists, strict=True) for array in group]


adamw_update, mp_adamw_update = _adamw.steps(_internal, _scale)


def multi_adamw_update(weights, grads, mean, var, rescale_grad, lrs, wds, etas, out=None, name=None, size=0, **kwargs):
    """adamw_update of many weights: a list of arrays of each kind, and a list of numbers for lrs, wds and etas."""
    return _internal._multi_adamw_update(
        *_interleaved(weights, grads, mean, var), _scale(rescale_grad, weights[0]), lrs=lrs, wds=wds, etas=etas,
        num_weights=size or len(weights), out=out, **kwargs)


def multi_mp_adamw_update(weights, grads, mean, var, weights32, rescale_grad, lrs, wds, etas, out=None, name=None,
                          size=0, **kwargs):
    """multi_adamw_update of half precision weights through their float32 copies."""
    return _internal._multi_mp_adamw_update(
        *_interleaved(weights, grads, mean, var, weights32), _scale(rescale_grad, weights[0]), lrs=lrs, wds=wds,
        etas=etas, num_weights=size or len(weights), out=out, **kwargs)


def multi_lamb_update(weights, grads, mean, var, step_count, lrs, wds, out=None, num_tensors=0, **kwargs):
    """LAMB's step of many weights: a list of arrays of each kind, and a list of numbers for the rest."""
    return _internal._multi_lamb_update(
        *_interleaved(weights, grads, mean, var), learning_rates=lrs, wds=wds, step_count=step_count,
        num_tensors=num_tensors or len(weights), out=out, **kwargs)


def multi_mp_lamb_update(weights, grads, mean, var, weights32, step_count, lrs, wds, out=None, num_tensors=0,
                         **kwargs):
    """multi_lamb_update of half precision weights through their float32 copies."""
    return _internal._multi_mp_lamb_update(
        *_interleaved(weights, grads, mean, var, weights32), learning_rates=lrs, wds=wds, step_count=step_count,
        num_tensors=num_tensors or len(weights), out=out, **kwargs)
