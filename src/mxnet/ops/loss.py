"""Losses that are operators of their own: connectionist temporal classification."""

from typing import Literal

import torch
from torch import Tensor

from .._state import state
from ..base import MXNetError
from ._dtypes import like_first
from ._shapes import fit, rule, same
from .registry import register

__all__ = ["ctc_loss"]


def _leading(label: Tensor, padding: int) -> Tensor:
    """How many elements each row has before the first `padding`."""
    return (label != padding).cumprod(1).sum(1)


def _check_classes(label: Tensor, lengths: Tensor, classes: int) -> None:
    """MXNetError for labels that are no class: torch's kernel would read and write beyond its arrays."""
    wrong = (label < 0) | (label >= classes)
    wrong &= torch.arange(label.shape[1], device=label.device) < lengths.unsqueeze(1)
    if wrong.any():
        raise MXNetError(f"CTCLoss: labels must be between 0 and {classes - 1}, got {label[wrong].tolist()[:10]}")


@rule
def _loss_outputs(attrs, data, label, *lengths):
    fit(len(data) == 3, len(label) == 2, same(label[0], data[1]), data[0] < 0 or label[1] <= data[0])
    return [(max(data[1], label[0]),)]


@register("CTCLoss", "ctc_loss", "_contrib_CTCLoss", "_contrib_ctc_loss", output_names=("output0",), types=like_first,
          output_shapes=_loss_outputs,
          present={"data_lengths": lambda attrs: attrs["use_data_lengths"],
                   "label_lengths": lambda attrs: attrs["use_label_lengths"]})
def ctc_loss(data: Tensor, label: Tensor, data_lengths: Tensor | None = None,
             label_lengths: Tensor | None = None, *, use_data_lengths: bool = False,
             use_label_lengths: bool = False, blank_label: Literal["first", "last"] = "first") -> Tensor:
    """Connectionist temporal classification loss of each sequence, (batch,).

    data: (length, batch, classes), before softmax.  label: (batch, label length), at most `length` long.
    The blank is class 0 ("first": labels are 1, 2, ..., padded with 0) or the last class ("last": labels are 0, 1,
    ..., padded with -1).  data_lengths, label_lengths: (batch,), in use when announced; otherwise all of data, and
    the labels before the first padding.  A label that cannot be aligned has loss and gradient 0.
    Graves et al., ICML 2006.
    """
    if data.dim() != 3 or label.dim() != 2:
        raise MXNetError(f"CTCLoss: expected data of 3 and label of 2 axes, got shapes {tuple(data.shape)} and "
                         f"{tuple(label.shape)}")
    length, batch, classes = data.shape
    if label.shape[0] != batch or label.shape[1] > length:
        raise MXNetError(f"CTCLoss: label of shape {tuple(label.shape)} does not fit data of shape "
                         f"{tuple(data.shape)} = (length, batch, classes)")
    if state.solver is not None and state.solver.is_fake(data):
        return data.sum((0, 2))  # torch's kernel reads the lengths, which have no values here
    label = label.detach().long()
    blank = 0 if blank_label == "first" else classes - 1
    if label_lengths is None:
        label_lengths = _leading(label, 0 if blank_label == "first" else -1)
    _check_classes(label, label_lengths, classes)
    if data_lengths is None:
        data_lengths = torch.full((batch,), length, dtype=torch.long, device=data.device)
    else:
        past = torch.arange(length, device=data.device).unsqueeze(1) >= data_lengths
        data = data.masked_fill(past.unsqueeze(2), 0)  # no gradient there, whatever stands there
    return torch.ctc_loss(torch.log_softmax(data, 2), label, data_lengths.long(), label_lengths.long(), blank, 0, True)
