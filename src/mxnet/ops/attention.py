"""Attention with all projections in one array, as GluonNLP's BERT has it (the interleaved matrix products).

Arrays are (length, batch, heads * parts * width of a head), the parts of a head next to each other: query, key, value,
or key, value where the queries come from elsewhere.  Attention is (batch * heads, queries, keys).
"""

import torch
from torch import Tensor

from ..base import MXNetError
from ._shapes import fit, rule, same
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


def _head(data, heads: int, parts: int) -> tuple[int, int, int]:
    """(length, batch * heads, width of a head) of a joined array's shape; ends the rule if it is none."""
    length, batch, size = data
    fit(heads > 0, size < 0 or size >= heads * parts)
    return length, batch * heads if batch >= 0 else -1, size // (heads * parts) if size >= 0 else -1


@rule
def _self_scores(attrs, data):
    length, several, _ = _head(data, attrs["heads"], 3)
    return [(several, length, length)]


@rule
def _other_scores(attrs, queries, keys_values):
    length, several, width = _head(queries, attrs["heads"], 1)
    keys, others, like = _head(keys_values, attrs["heads"], 2)
    fit(same(several, others), same(width, like), queries[2] < 0 or same(keys_values[2], 2 * queries[2]))
    return [(max(several, others), length, keys)]


def _mixture(parts: int):
    """The rule for values, of which `parts` are joined in the first input, weighted by attention."""

    @rule
    def output_shapes(attrs, data, attention):
        keys, several, width = _head(data, attrs["heads"], parts)
        fit(len(attention) == 3, same(attention[0], several), same(attention[2], keys))
        return [(attention[1], data[1], width * attrs["heads"] if width >= 0 else -1)]

    return output_shapes


@register("_contrib_interleaved_matmul_selfatt_qk", output_shapes=_self_scores)
def selfatt_qk(queries_keys_values: Tensor, *, heads: int) -> Tensor:
    """Products of queries and keys, by the square root of their width: (batch * heads, length, length).

    queries_keys_values: (length, batch, heads * 3 * width).
    """
    name = "_contrib_interleaved_matmul_selfatt_qk"
    queries, keys, _ = _parts(name, "queries_keys_values", queries_keys_values, heads, 3)
    return _scores(queries, keys)


@register("_contrib_interleaved_matmul_selfatt_valatt", output_shapes=_mixture(3))
def selfatt_valatt(queries_keys_values: Tensor, attention: Tensor, *, heads: int) -> Tensor:
    """Values weighted by attention: (length, batch, heads * width).

    queries_keys_values: (length, batch, heads * 3 * width).  attention: (batch * heads, length, length).
    """
    name = "_contrib_interleaved_matmul_selfatt_valatt"
    return _mixed(name, attention, _parts(name, "queries_keys_values", queries_keys_values, heads, 3)[2], heads)


@register("_contrib_interleaved_matmul_encdec_qk", output_shapes=_other_scores)
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


@register("_contrib_interleaved_matmul_encdec_valatt", output_shapes=_mixture(2))
def encdec_valatt(keys_values: Tensor, attention: Tensor, *, heads: int) -> Tensor:
    """Another array's values weighted by attention: (queries, batch, heads * width).

    keys_values: (keys, batch, heads * 2 * width).  attention: (batch * heads, queries, keys).
    """
    name = "_contrib_interleaved_matmul_encdec_valatt"
    return _mixed(name, attention, _parts(name, "keys_values", keys_values, heads, 2)[1], heads)
