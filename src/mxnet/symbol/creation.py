"""Symbols from numbers (zeros, ranges), and functions that treat their arguments before an operator sees them."""

import numpy as np

from . import _internal
from .symbol import Symbol

__all__ = ["arange", "eye", "full", "histogram", "linspace", "ones", "split_v2", "zeros"]


def eye(N, M=0, k=0, dtype=None, **kwargs) -> Symbol:
    """Ones on the k-th diagonal of N x M zeros (M = 0: N x N)."""
    return _internal._eye(N=N, M=M, k=k, dtype=np.float32 if dtype is None else dtype, **kwargs)


def zeros(shape, dtype=None, **kwargs) -> Symbol:
    """Zeros; a 0 in the shape is a size to be inferred."""
    return _internal._zeros(shape=shape, dtype=np.float32 if dtype is None else dtype, **kwargs)


def ones(shape, dtype=None, **kwargs) -> Symbol:
    """Ones."""
    return _internal._ones(shape=shape, dtype=np.float32 if dtype is None else dtype, **kwargs)


def full(shape, val, dtype=None, **kwargs) -> Symbol:
    """`val` in every element."""
    return _internal._full(shape=shape, dtype=np.float32 if dtype is None else dtype, value=float(val), **kwargs)


def arange(start, stop=None, step=1.0, repeat=1, infer_range=False, name=None, dtype=None) -> Symbol:
    """start, start + step, ... below stop, each `repeat` times."""
    return _internal._arange(start=start, stop=stop, step=step, repeat=repeat, infer_range=infer_range, name=name,
                             dtype=np.float32 if dtype is None else dtype)


def linspace(start, stop, num, endpoint=True, name=None, dtype=None) -> Symbol:
    """`num` numbers at equal distances from start to stop."""
    return _internal._linspace(start=start, stop=stop, num=num, endpoint=endpoint, name=name,
                               dtype=np.float32 if dtype is None else dtype)


def histogram(a, bins=10, range=None, **kwargs) -> Symbol:
    """Counts of values in bins (a number, with `range`; or a Symbol of edges), and the edges."""
    if isinstance(bins, Symbol):
        return _internal._histogram(data=a, bins=bins, **kwargs)
    if isinstance(bins, int):
        if range is None:
            raise ValueError("null range is not supported in symbol mode")
        return _internal._histogram(data=a, bin_cnt=bins, range=range, **kwargs)
    raise ValueError("bins argument should be either an integer or an NDArray")


def split_v2(ary, indices_or_sections, axis=0, squeeze_axis=False) -> Symbol:
    """Split into equal sections (a number), or before given indices (a tuple)."""
    if isinstance(indices_or_sections, int):
        return _internal._split_v2(ary, indices=[], axis=axis, squeeze_axis=squeeze_axis, sections=indices_or_sections)
    if isinstance(indices_or_sections, (tuple, list)):
        return _internal._split_v2(ary, indices=[0, *indices_or_sections], axis=axis, squeeze_axis=squeeze_axis)
    raise ValueError("indices_or_sections must either int or tuple of ints")
