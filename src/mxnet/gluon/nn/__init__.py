"""Layers of Gluon, by kind. This file is the table of contents."""

from ..block import *
from .activations import *
from .basic_layers import *
from .conv_layers import *
