"""mx.io.io: the iterators under the module name where MXNet keeps them."""

from .data import DataBatch, DataDesc, DataIter
from .files import CSVIter, MNISTIter, MXDataIter
from .ndarray_iter import NDArrayIter
from .wrappers import PrefetchingIter, ResizeIter

__all__ = ["CSVIter", "DataBatch", "DataDesc", "DataIter", "MNISTIter", "MXDataIter", "NDArrayIter",
           "PrefetchingIter", "ResizeIter"]
