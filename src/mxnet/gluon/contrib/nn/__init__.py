"""Layers of gluon.contrib.nn. This file is the table of contents."""

from .basic_layers import *
