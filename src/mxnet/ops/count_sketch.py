"""Count sketches: rows of numbers folded into fewer numbers that keep their inner products, on average."""

from torch import Tensor

from ..base import MXNetError
from ._shapes import rule
from .registry import register

__all__ = ["count_sketch"]


def _hash_shapes(attrs, data, h, s):
    table = (1, data[-1]) if data else None
    return [data, h or table, s or table]


def _types(attrs, data, h, s):
    return [data, h or data, s or data], [data]


@rule
def _output_shapes(attrs, data, h, s):
    return [(*data[:-1], attrs["out_dim"])]


@register("_contrib_count_sketch", shapes=_hash_shapes, types=_types, output_shapes=_output_shapes)
def count_sketch(data: Tensor, h: Tensor, s: Tensor, *, out_dim: int, processing_batch_size: int = 32) -> Tensor:
    """The sum of the numbers of each row that fall in the same of `out_dim` places.

    data (..., d); h, of d whole numbers from 0 to out_dim - 1, the places; s, of d numbers -1 or 1, the signs; both of
    shape (1, d) or (d,).  Number i of a row is added to place h[i] with sign s[i].  Returns (..., out_dim).  `data`
    alone has a gradient.  `processing_batch_size` says how MXNet's kernel shares the work and changes nothing.

    MXNetError for tables of other sizes and for places that are none.  MXNet has this operator on GPUs only.
    Source: Charikar, Chen and Farach-Colton, Finding frequent items in data streams, 2002; MXNet's
    contrib.count_sketch.
    """
    if data.ndim == 0 or h.numel() != data.shape[-1] or s.numel() != data.shape[-1]:
        raise MXNetError(f"count_sketch: h and s must have one number for each of the last axis of data, got shapes "
                         f"{tuple(h.shape)} and {tuple(s.shape)} for {tuple(data.shape)}")
    sketch = data.new_zeros((*data.shape[:-1], out_dim))
    return sketch.index_add(-1, h.detach().flatten().long(), data * s.detach().flatten().to(data.dtype))
