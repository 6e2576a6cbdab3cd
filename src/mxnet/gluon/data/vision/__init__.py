"""gluon.data.vision: data sets of images, and transforms. This file is the table of contents."""

from . import datasets, transforms
from .datasets import *
