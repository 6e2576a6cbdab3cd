"""What iterators speak of: DataDesc describes an input, DataBatch holds a batch, DataIter hands out batches."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

__all__ = ["DataBatch", "DataDesc", "DataIter"]


class DataDesc(namedtuple("DataDesc", ["name", "shape"])):
    """Name, shape, dtype and layout of an input; as a tuple it is (name, shape).

    shape: of a whole batch.  layout: a letter for each axis, N the batch's, as in 'NCHW' or 'TNC'.
    """

    def __new__(cls, name, shape, dtype=np.float32, layout="NCHW"):
        desc = super().__new__(cls, name, shape)
        desc.dtype = dtype
        desc.layout = layout
        return desc

    def __repr__(self):
        return f"DataDesc[{self.name},{self.shape},{self.dtype},{self.layout}]"

    @staticmethod
    def get_batch_axis(layout: str | None) -> int:
        """Which axis of a layout is the batch's: 0 for None, -1 if the layout has none."""
        return 0 if layout is None else layout.find("N")

    @staticmethod
    def get_list(shapes, types) -> list[DataDesc]:
        """DataDescs from [(name, shape)] and, unless None, [(name, dtype)]; KeyError for a name without dtype."""
        if types is None:
            return [DataDesc(name, shape) for name, shape in shapes]
        types = dict(types)
        return [DataDesc(name, shape, types[name]) for name, shape in shapes]


class DataBatch:
    """A batch: lists of NDArrays `data` and `label`.

    pad: how many of the samples, at the end, only fill the batch up.  index: positions of the samples.
    bucket_key: which of a BucketingModule's graphs it is for.  provide_data, provide_label: its DataDescs, where they
    change from batch to batch.
    """

    def __init__(self, data, label=None, pad=None, index=None, bucket_key=None, provide_data=None, provide_label=None):
        if data is not None:
            assert isinstance(data, (list, tuple)), f"Data must be list of NDArrays, got {type(data).__name__}"
        if label is not None:
            assert isinstance(label, (list, tuple)), f"Label must be list of NDArrays, got {type(label).__name__}"
        self.data = data
        self.label = label
        self.pad = pad
        self.index = index
        self.bucket_key = bucket_key
        self.provide_data = provide_data
        self.provide_label = provide_label

    def __str__(self):
        labels = [label.shape for label in self.label] if self.label else None
        return f"{type(self).__name__}: data shapes: {[d.shape for d in self.data]} label shapes: {labels}"


class DataIter:
    """Base of iterators.  Subclasses write `next`, or `iter_next` and the `get...` methods, and `reset`.

    They also have `provide_data` and `provide_label`, lists of DataDescs of what a batch holds.
    """

    def __init__(self, batch_size=0):
        self.batch_size = batch_size

    def __iter__(self):
        return self

    def __next__(self):
        return self.next()

    def next(self) -> DataBatch:
        """The next batch; StopIteration after the last."""
        if self.iter_next():
            return DataBatch(data=self.getdata(), label=self.getlabel(), pad=self.getpad(), index=self.getindex())
        raise StopIteration

    def reset(self):
        """Begin again."""

    def iter_next(self):
        """Go on to the next batch; False if there is none."""

    def getdata(self):
        """The arrays of the batch that `iter_next` went on to."""

    def getlabel(self):
        """Its labels."""

    def getindex(self):
        """The positions of its samples, or None."""

    def getpad(self):
        """How many of its samples only fill it up."""
