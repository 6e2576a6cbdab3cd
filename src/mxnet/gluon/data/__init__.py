"""mx.gluon.data: datasets, samplers and loaders. This file is the table of contents."""

from . import dataset, sampler
from .dataset import ArrayDataset, Dataset, RecordFileDataset, SimpleDataset
from .sampler import BatchSampler, FilterSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["ArrayDataset", "BatchSampler", "Dataset", "FilterSampler", "RandomSampler", "RecordFileDataset", "Sampler",
           "SequentialSampler", "SimpleDataset", "dataset", "sampler"]
