"""Sorting, the k largest elements, and picking one element of each row."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from ._dtypes import like_first
from ._shapes import count, fit, indexed_axis, replaced, rule, same
from .reduce import one_axis
from .registry import DType, register
from .unary import refuse_bool


def _sorted(name: str, data: Tensor, axis: int | None, ascending: bool) -> tuple[Tensor, Tensor, int]:
    """Values and indices in order (equal elements keep theirs) along `axis`, and that axis.

    axis: None for the flattened array.
    """
    refuse_bool(name, data)
    if axis is None:
        data, axis = data.reshape(-1), 0
    axis = one_axis(name, data, axis)
    values, indices = torch.sort(data, dim=axis, descending=not ascending, stable=True)
    return values, indices, axis


@rule
def _sort_outputs(attrs, data):
    if attrs["axis"] is None:
        return [(count(data),)]
    indexed_axis(attrs["axis"], len(data))
    return [data]


@register("sort", output_names=("output0",), output_shapes=_sort_outputs)
def sort(data: Tensor, *, axis: int | None = -1, is_ascend: bool = True) -> Tensor:
    """Elements in order along `axis`; None sorts the flattened array."""
    return _sorted("sort", data, axis, is_ascend)[0]


@register("argsort", output_shapes=_sort_outputs)
def argsort(data: Tensor, *, axis: int | None = -1, is_ascend: bool = True,
            dtype: DType = torch.float32) -> Tensor:
    """Indices that sort `data` along `axis`; equal elements keep their order.

    axis: None for indices into the flattened array.  dtype: of the indices, default float32.
    """
    return _sorted("argsort", data, axis, is_ascend)[1].to(dtype)


def _foremost(data: Tensor, axis: int | None, k: int, ascending: bool,
              ordered: bool) -> tuple[Tensor, Tensor, int] | None:
    """As `_sorted`, of the first `k` alone; None where sorting is as fast.

    ordered: equal elements have to keep their order, so None where there are some.
    """
    if data.__class__ is not Tensor or data.is_meta or data.dtype is torch.bool:
        return None
    if axis is None:
        data, axis = data.reshape(-1), 0
    axis = one_axis("topk", data, axis)
    length = data.shape[axis]
    if k < 1 or length < 100 or k > length // 4:
        return None
    values, indices = torch.topk(data, k + ordered, axis, largest=not ascending)
    if not ordered:
        return values, indices, axis
    with torch.no_grad():
        before, after = values.narrow(axis, 0, k), values.narrow(axis, 1, k)
        if not (before < after if ascending else before > after).all():
            return None
    return values.narrow(axis, 0, k), indices.narrow(axis, 0, k), axis


def _topk_types(attrs, data):
    kinds = {"both": [data, attrs["dtype"]], "indices": [attrs["dtype"]]}
    return [data], kinds.get(attrs["ret_typ"], [data])


@rule
def _topk_outputs(attrs, data):
    k, whole = attrs["k"], data
    if attrs["axis"] is None:
        data, axis = (count(data),), 0
    else:
        axis = indexed_axis(attrs["axis"], len(data))
    fit(data[axis] < 0 or k <= data[axis])
    if attrs["ret_typ"] == "mask":
        return [whole]
    return [replaced(data, axis, k) if k >= 1 else data] * (2 if attrs["ret_typ"] == "both" else 1)


@register("topk", types=_topk_types, output_shapes=_topk_outputs,
          num_outputs=lambda attrs: 2 if attrs["ret_typ"] == "both" else 1,
          output_names=lambda attrs: ("output0", "output1") if attrs["ret_typ"] in ("both", "value") else ("output",))
def topk(data: Tensor, *, axis: int | None = -1, k: int = 1,
         ret_typ: Literal["both", "indices", "mask", "value"] = "indices", is_ascend: bool = False,
         dtype: DType = torch.float32) -> Tensor | tuple[Tensor, Tensor]:
    """The `k` largest elements along `axis` (the smallest with `is_ascend`), in order; all if k < 1.

    axis: None for the flattened array.  ret_typ: "value", "indices" (in `dtype`), "both" of them, or "mask":
    an array of the shape and dtype of `data` with 1 at the chosen elements and 0 elsewhere.
    """
    values, indices, along = (
        _foremost(data, axis, k, is_ascend, ret_typ != "value" or data.requires_grad)
        or _sorted("topk", data, axis, is_ascend))
    length = values.shape[along]  # at least k, or that of the axis
    if k > length:
        raise MXNetError(f"Operator topk: k must not be greater than {length}, got k = {k}")
    if k >= 1:
        values, indices = values.narrow(along, 0, k), indices.narrow(along, 0, k)
    if ret_typ == "value":
        return values.clone()
    if ret_typ == "indices":
        return indices.to(dtype)
    if ret_typ == "both":
        return values.clone(), indices.to(dtype)
    flat = data if axis is not None else data.reshape(-1)
    return torch.zeros_like(flat).scatter_(along, indices, 1).reshape(data.shape)


_NEVER = -(2**62)  # no index is this


def _pick_last(data: Tensor, where: Tensor, size: int) -> Tensor:
    """One element of each row of the last axis, by the loss that picks: its gradient need not scatter."""
    if data.dim() != 2 or where.dim() != 1:
        data, where = data.reshape(-1, size), where.reshape(-1)
    if data.is_cuda:
        where = where.clamp(0, size - 1)
    try:
        return F.nll_loss(data, where, ignore_index=_NEVER, reduction="none").neg()
    except IndexError:  # rare enough that checking each index first would cost more
        return F.nll_loss(data, where.clamp(0, size - 1), reduction="none").neg()


@rule
def _pick_outputs(attrs, data, index):
    axis = indexed_axis(attrs["axis"], len(data))
    rows, kept = replaced(data, axis), replaced(data, axis, 1)
    fit(any(len(index) == len(shape) and all(map(same, index, shape)) for shape in (rows, kept)))
    return [kept if attrs["keepdims"] or len(data) == 1 else rows]


@register("pick", "choose_element_0index", types=like_first, output_shapes=_pick_outputs)
def pick(data: Tensor, index: Tensor, *, axis: int | None = -1, keepdims: bool = False,
         mode: Literal["clip", "wrap"] = "clip") -> Tensor:
    """One element of each row along `axis`: `data[i, index[i]]` for a matrix and axis 1.

    index: shape of `data` without `axis`, or with size 1 there; its fraction is dropped.
    mode: "clip" moves indices into range, "wrap" counts them modulo the size.
    keepdims: keep `axis` with size 1.
    """
    if (axis == -1 and mode == "clip" and data.dim() == 2 and index.dim() == 1 and data.is_floating_point()
            and index.size(0) == data.size(0)):  # what classification losses ask for
        picked = _pick_last(data, index.long(), data.size(1))
        return picked.unsqueeze(1) if keepdims else picked
    refuse_bool("pick", data)
    if axis is None:
        raise MXNetError("Operator pick: axis=None is not supported, name an axis")
    axis = one_axis("pick", data, axis)
    shape = data.shape
    size, rows = shape[axis], shape[:axis] + shape[axis + 1:]
    kept = (*shape[:axis], 1, *shape[axis + 1:])
    if index.shape != rows and index.shape != kept and not (len(shape) == 1 and index.numel() == 1):
        raise MXNetError(f"Operator pick: index must have shape {tuple(rows)} for data of shape "
                         f"{tuple(shape)} and axis {axis}, got {tuple(index.shape)}")
    where = index.long() if mode == "clip" else index.long().remainder(size)
    if axis == len(shape) - 1 and rows and data.is_floating_point():
        return _pick_last(data, where, size).view(kept if keepdims else rows)
    where = where.clamp(0, size - 1)
    picked = data.gather(axis, where.reshape(kept))
    return picked if keepdims or len(shape) == 1 else picked.squeeze(axis)
