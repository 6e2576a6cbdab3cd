"""mx.gluon.contrib.data: a sampler and data sets of texts. This file is the table of contents."""

from . import sampler, text
from .sampler import IntervalSampler

__all__ = ["IntervalSampler", "sampler", "text"]
