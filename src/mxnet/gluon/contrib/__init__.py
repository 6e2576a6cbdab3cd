"""mx.gluon.contrib: layers beside gluon.nn. This file is the table of contents."""

from . import nn
