"""mx.gluon.contrib.estimator: a training loop with handlers for its events. This file is the table of contents."""

from . import batch_processor, estimator, event_handler, utils
from .batch_processor import *
from .estimator import *
from .event_handler import *
