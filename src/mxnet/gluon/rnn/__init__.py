"""Recurrent layers and cells. This file is the table of contents."""

from .rnn_cell import *
from .rnn_layer import *
