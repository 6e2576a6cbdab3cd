"""mx.io: iterators over batches of data, for Module and for loops of one's own."""

from . import io, utils
from .io import *
from .utils import _getdata_by_idx, _has_instance, _init_data, _slice_along_batch_axis

__all__ = io.__all__
