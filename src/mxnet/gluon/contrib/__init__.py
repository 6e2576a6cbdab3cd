"""mx.gluon.contrib: layers and cells beside those of gluon. This file is the table of contents."""

from . import cnn, data, estimator, nn, rnn
