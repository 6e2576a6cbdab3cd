"""Layers of gluon.contrib.cnn. This file is the table of contents."""

from .conv_layers import *
