"""mx.test_utils: what tests of MXNet code import, from comparisons to chi-square tests of generators.

`from mxnet.test_utils import *` gives the names that MXNet's module gives, np, mx, os and the like included.
"""

import importlib.util
import json
import logging
import numbers
import os
import sys
import time
from collections import OrderedDict
from contextlib import contextmanager

import numpy as np
from numpy import random as rnd

import mxnet as mx

from ..context import Context, current_context
from ..ndarray import array
from ..runtime import Features
from ..symbol import Symbol
from ..util import get_cuda_compute_capability, getenv, setenv, use_np
from . import compare, datasets, samples, statistics, surroundings, symbolic
from .compare import *
from .datasets import *
from .samples import *
from .statistics import *
from .surroundings import *
from .symbolic import *

# Modules that take long to import and are not always there: loaded when somebody asks for the name.
_LAZY = {name: module for name, module in {"npt": "numpy.testing", "ss": "scipy.stats"}.items()
         if importlib.util.find_spec(module.split(".")[0])}

__all__ = ["Context", "Features", "OrderedDict", "Symbol", "array", "contextmanager", "current_context",
           "get_cuda_compute_capability", "getenv", "json", "logging", "mx", "np", "numbers", "os", "rnd", "setenv",
           "sys", "time", "use_np"]
for _part in (compare, datasets, samples, statistics, surroundings, symbolic):
    __all__.extend(_part.__all__)
__all__.extend(_LAZY)


def __getattr__(name):
    if name in _LAZY:
        return importlib.import_module(_LAZY[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
