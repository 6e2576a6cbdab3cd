"""Recurrent cells of gluon.contrib.rnn. This file is the table of contents."""

from .conv_rnn_cell import *
from .rnn_cell import LSTMPCell, VariationalDropoutCell
