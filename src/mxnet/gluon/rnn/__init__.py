"""Recurrent layers. This file is the table of contents."""

from .rnn_layer import *
