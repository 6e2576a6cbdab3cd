"""Operators on sparse storage.

What they do on sparse arrays is in mxnet.ndarray; here are their attributes, and what they do on dense tensors.
"""

from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from ._shapes import fit, rule
from .registry import register
from .update import clipped

__all__ = ["adagrad_update", "cast_storage", "edge_id", "getnnz", "retain"]


@register("cast_storage", same_shape=True, storage="stype")
def cast_storage(data: Tensor, *, stype: Literal["csr", "default", "row_sparse"]) -> Tensor:
    """`data` as an array of a storage type: 'default', 'row_sparse' or, for matrices, 'csr'.

    Of a dense array, zeros (of row_sparse: rows of zeros) are not stored.  MXNetError from one sparse type to the
    other.
    """
    return data.clone()


@rule
def _retained_shape(attrs, data, indices):
    return [data]


def _retained_types(attrs, data, indices):
    return [data, indices or torch.float32], [data]


@register("_sparse_retain", types=_retained_types, output_shapes=_retained_shape)
def retain(data: Tensor, indices: Tensor) -> Tensor:
    """The row_sparse array with only those of its stored rows whose numbers are in `indices`.

    indices: a vector of any numeric dtype.  MXNetError for other storage types of `data`.
    """
    raise MXNetError("retain takes a row_sparse array and a dense one of row numbers, got a dense array")


@register("_sparse_adagrad_update", mutates=("weight", "history"), in_place=lambda attrs, given: (0,), storage="")
def adagrad_update(weight: Tensor, grad: Tensor, history: Tensor, *, lr: float, epsilon: float = 1e-7, wd: float = 0.0,
                   rescale_grad: float = 1.0, clip_gradient: float = -1.0) -> Tensor:
    """history += g ** 2; weight -= lr * g / sqrt(history + epsilon), with g = clip(rescale_grad * grad), on the rows
    of a row_sparse gradient.

    weight and history are of one storage type.  MXNetError for a dense gradient and for wd, which there is not.
    Duchi, Hazan and Singer, JMLR 12, 2011.
    """
    slope = clipped(grad, rescale_grad, clip_gradient)
    history.addcmul_(slope, slope)
    return weight.addcdiv_(slope, (history + epsilon).sqrt_(), value=-lr)


@rule
def _numbers_shape(attrs, data):
    fit(len(data) == 2)
    return [(1,) if attrs["axis"] is None else (data[1 - attrs["axis"]],)]


@register("_contrib_getnnz", types=lambda attrs, data: ([data], [torch.int64]), output_shapes=_numbers_shape)
def getnnz(data: Tensor, *, axis: int | None = None) -> Tensor:
    """How many values a csr matrix stores, explicit zeros included: in all, (1,); in each column (axis=0) or row (1).

    int64.  MXNetError for other storage types.
    """
    raise MXNetError("getnnz takes a csr matrix, got an array of another storage type")


@rule
def _edges_shape(attrs, data, u, v):
    return [u]


@register("_contrib_edge_id", types=lambda attrs, data, u, v: ([data, u or v, v or u], [data]),
          output_shapes=_edges_shape)
def edge_id(data: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """data[u[i], v[i]] of a csr matrix, whose values number the edges of a graph; -1 where none is stored.

    u, v: vectors of one length.  MXNetError for other storage types.
    """
    raise MXNetError("edge_id takes a csr matrix and two vectors, got an array of another storage type")
