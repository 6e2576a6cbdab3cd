"""The likelihood of Hawkes processes, for models of events that make further events likelier."""

import torch
from torch import Tensor

from ..base import MXNetError
from ._shapes import rule
from .registry import register

__all__ = ["hawkesll"]


def _shapes(attrs, lda, alpha, beta, state, lags, marks, valid_length, max_time):
    matrices, vectors, events = (lda, state), (alpha, beta), (lags, marks)
    batch = _known(*(s[0] for s in (*matrices, *events, valid_length, max_time) if s))
    kinds = _known(*(s[-1] for s in (*matrices, *vectors) if s))
    steps = _known(*(s[1] for s in events if s))
    return [(batch, kinds), (kinds,), (kinds,), (batch, kinds), (batch, steps), (batch, steps), (batch,), (batch,)]


def _known(*sizes: int) -> int:
    return next((n for n in sizes if n), 0)


@rule
def _output_shapes(attrs, lda, *others):
    return [lda[:1], lda]


def _types(attrs, *inputs):
    real = next((t for i, t in enumerate(inputs) if t is not None and i != 5), None)
    return [torch.int32 if i == 5 else real for i in range(8)], [real, real]


def _check(lda, alpha, beta, state, lags, marks, valid_length, max_time):
    if lda.ndim != 2 or lags.ndim != 2:
        raise MXNetError("hawkesll: lda must have the shape (batch, kinds) and lags (batch, steps), got "
                         f"{tuple(lda.shape)} and {tuple(lags.shape)}")
    wanted = _shapes({}, lda.shape, alpha.shape, beta.shape, state.shape, lags.shape, marks.shape, valid_length.shape,
                     max_time.shape)
    given = {"lda": lda, "alpha": alpha, "beta": beta, "state": state, "lags": lags, "marks": marks,
             "valid_length": valid_length, "max_time": max_time}
    for (name, tensor), shape in zip(given.items(), wanted, strict=True):
        if tuple(tensor.shape) != tuple(shape):
            raise MXNetError(f"hawkesll: expected {name} of shape {tuple(shape)}, got {tuple(tensor.shape)}")
        if tensor.dtype != (torch.int32 if name == "marks" else lda.dtype):
            raise MXNetError(f"hawkesll: {name} must be {'int32' if name == 'marks' else 'of the dtype of lda'}, got "
                             f"{str(tensor.dtype)[6:]}")


@register("_contrib_hawkesll", num_outputs=2, output_names=("output", "out_state"), shapes=_shapes, types=_types,
          output_shapes=_output_shapes)
def hawkesll(lda: Tensor, alpha: Tensor, beta: Tensor, state: Tensor, lags: Tensor, marks: Tensor,
             valid_length: Tensor, max_time: Tensor) -> tuple[Tensor, Tensor]:
    """The log likelihood of events in the interval (0, max_time] under Hawkes processes with exponential kernels.

    An event of kind k is as likely at time t as lda_k + alpha_k * beta_k * s_k(t), where s_k sums
    exp(-beta_k * (t - t_i)) over the earlier events i of that kind.  For N samples, K kinds and T steps:
    lda (N, K) the rates without earlier events; alpha (K,) how many events one event brings; beta (K,) how fast that
    fades; state (N, K) s at time 0; lags (N, T) the time since the event before; marks (N, T), int32, the kinds of the
    events; valid_length (N,) how many of the T events there are; max_time (N,).  All but marks have one float dtype.

    Returns the log likelihoods (N,) and s at max_time (N, K).  Only the likelihoods have gradients, and only lda,
    alpha and beta get one.  MXNetError for other shapes and dtypes.  Source: Bacry, Mastromatteo and Muzy, Hawkes
    processes in finance, 2015; MXNet's contrib.hawkesll.
    """
    _check(lda, alpha, beta, state, lags, marks, valid_length, max_time)
    dtype = lda.dtype
    if dtype in (torch.float16, torch.bfloat16):
        lda, alpha, beta, lags, max_time = (x.float() for x in (lda, alpha, beta, lags, max_time))
    start = memory = state.detach().to(lda.dtype)
    happened = torch.arange(lags.shape[1], device=lags.device) < valid_length.detach()[:, None]
    lags = lags.detach().where(happened, 0.0)
    kinds = marks.long().where(happened, 0)[..., None]
    decay = torch.exp(-beta * lags[..., None])
    events = torch.zeros_like(decay).scatter_(2, kinds, happened[..., None].to(decay.dtype))
    earlier = []  # s after the event before
    for fades, event in zip(decay.unbind(1), events.unbind(1), strict=True):
        earlier.append(memory)
        memory = torch.addcmul(event, memory, fades)
    loglike = lda.new_zeros(lda.shape[:1])
    if earlier:
        own = kinds[..., 0]
        before = (torch.stack(earlier, 1).gather(2, kinds) * decay.gather(2, kinds))[..., 0]
        rates = lda.gather(1, own) + (alpha * beta)[own] * before
        loglike = rates.where(happened, 1.0).log().sum(1)
    max_time = max_time.detach()[:, None]
    final = memory * torch.exp(-beta * (max_time - lags.sum(1, keepdim=True)))
    # what fades from s between two times is the integral of beta * s
    counts = torch.zeros_like(start).scatter_add(1, kinds[..., 0], happened.to(start.dtype))
    expected = lda * max_time + alpha * (start + counts - final)
    return (loglike - expected.sum(1)).to(dtype), final.detach().to(dtype)
