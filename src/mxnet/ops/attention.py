"""Attention with all projections in one array, as GluonNLP's BERT has it (the interleaved matrix products).

Arrays are (length, batch, heads * parts * width of a head), the parts of a head next to each other: query, key, value,
or key, value where the queries come from elsewhere.  Attention is (batch * heads, queries, keys).
"""

import torch
from torch import Tensor

from ..base import MXNetError
from .boxes import same_dtype
from .registry import register
from .unary import require_float

__all__ = ["encdec_qk", "encdec_valatt", "selfatt_qk", "selfatt_valatt"]


def _parts(op: str, name: str, data: Tensor, heads: int, count: int) -> list[Tensor]:
    """The `count` parts of `data`, each (batch * heads, length, width of a head)."""
    require_float(op, data)
    if data.dim() != 3 or data.shape[2] < heads * count:
        raise MXNetError(f"{op}: {name} of shape {tuple(data.shape)} must be (length, batch, {heads} heads * {count} "
                         "parts * width)")
    length, batch, size = data.shape
    width = size // (heads * count)
    split = data[:, :, :heads * count * width].reshape(length, batch * heads, count, width)
    return [part.transpose(0, 1) for part in split.unbind(2)]


def _scores(queries: Tensor, keys: Tensor) -> Tensor:
    return torch.bmm(queries / queries.shape[-1] ** 0.5, keys.transpose(1, 2))


def _mixed(op: str, attention: Tensor, values: Tensor, heads: int) -> Tensor:
    """Values weighted by attention, the heads joined: (queries, batch, heads * width)."""
    same_dtype(op, values, attention)
    if attention.dim() != 3 or attention.shape[0] != values.shape[0] or attention.shape[2] != values.shape[1]:
        raise MXNetError(f"{op}: attention of shape {tuple(attention.shape)} must be ({values.shape[0]}, queries, "
                         f"{values.shape[1]})")
    mixed = torch.bmm(attention, values).transpose(0, 1)
    return mixed.reshape(mixed.shape[0], -1, heads * values.shape[2])


@register("_contrib_interleaved_matmul_selfatt_qk")
def selfatt_qk(queries_keys_values: Tensor, *, heads: int) -> Tensor:
    """Products of queries and keys, by the square root of their width: (batch * heads, length, length).

    queries_keys_values: (length, batch, heads * 3 * width).
    """
    name = "_contrib_interleaved_matmul_selfatt_qk"
    queries, keys, _ = _parts(name, "queries_keys_values", queries_keys_values, heads, 3)
    return _scores(queries, keys)


@register("_contrib_interleaved_matmul_selfatt_valatt")
def selfatt_valatt(queries_keys_values: Tensor, attention: Tensor, *, heads: int) -> Tensor:
    """Values weighted by attention: (length, batch, heads * width).

    queries_keys_values: (length, batch, heads * 3 * width).  attention: (batch * heads, length, length).
    """
    name = "_contrib_interleaved_matmul_selfatt_valatt"
    return _mixed(name, attention, _parts(name, "queries_keys_values", queries_keys_values, heads, 3)[2], heads)


@register("_contrib_interleaved_matmul_encdec_qk")
def encdec_qk(queries: Tensor, keys_values: Tensor, *, heads: int) -> Tensor:
    """Products of queries and another array's keys, by the square root of their width: (batch * heads, queries, keys).

    queries: (queries, batch, heads * width).  keys_values: (keys, batch, heads * 2 * width).
    """
    name = "_contrib_interleaved_matmul_encdec_qk"
    same_dtype(name, queries, keys_values)
    (asked,) = _parts(name, "queries", queries, heads, 1)
    keys, _ = _parts(name, "keys_values", keys_values, heads, 2)
    if queries.shape[1] != keys_values.shape[1] or 2 * queries.shape[2] != keys_values.shape[2]:
        raise MXNetError(f"{name}: keys_values of shape {tuple(keys_values.shape)} must have the batch of queries, of "
                         f"shape {tuple(queries.shape)}, and twice their width")
    return _scores(asked, keys)


@register("_contrib_interleaved_matmul_encdec_valatt")
def encdec_valatt(keys_values: Tensor, attention: Tensor, *, heads: int) -> Tensor:
    """Another array's values weighted by attention: (queries, batch, heads * width).

    keys_values: (keys, batch, heads * 2 * width).  attention: (batch * heads, queries, keys).
    """
    name = "_contrib_interleaved_matmul_encdec_valatt"
    return _mixed(name, attention, _parts(name, "keys_values", keys_values, heads, 2)[1], heads)
