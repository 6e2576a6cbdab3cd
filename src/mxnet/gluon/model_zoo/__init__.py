"""mx.gluon.model_zoo: networks of well-known papers, and their trained weights. This file is the table of contents."""

from . import model_store, vision
