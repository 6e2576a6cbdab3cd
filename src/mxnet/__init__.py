"""MXNet's Python API, Gluon first, on PyTorch.  `import mxnet as mx`."""

from . import base, context, error, libinfo, log, util
from .base import MXNetError
from .context import Context, cpu, cpu_pinned, current_context, gpu
from .libinfo import __version__
from .util import is_np_array, is_np_shape, np_array, np_shape, set_np_shape, use_np, use_np_array, use_np_shape

from . import ndarray, attribute, symbol  # isort: skip
from . import autograd, initializer, lr_scheduler, name, operator, random, registry
from . import initializer as init
from . import ndarray as nd
from . import random as rnd
from . import symbol as sym
from .attribute import AttrScope

from . import optimizer, kvstore, metric, io, gluon, contrib, engine, library, profiler, rtc, runtime, visualization  # isort: skip
from . import cached_op, callback, executor, executor_manager, image, model, module, monitor, recordio, rnn, test_utils
from . import image as img
from . import kvstore as kv
from . import module as mod
from . import monitor as mon
from . import visualization as viz

__all__ = ["AttrScope", "Context", "MXNetError", "__version__", "attribute", "autograd", "base", "callback", "context",
           "contrib", "cpu", "cpu_pinned", "current_context", "engine", "error", "executor", "executor_manager",
           "gluon", "gpu", "image", "img", "init", "initializer", "io", "is_np_array", "is_np_shape", "kv", "kvstore",
           "libinfo", "library", "log", "lr_scheduler", "metric", "mod", "model", "module", "mon", "monitor", "name",
           "nd", "ndarray", "np_array", "np_shape", "operator", "optimizer", "profiler", "random", "recordio",
           "registry", "rnd", "rnn", "rtc", "runtime", "set_np_shape", "sym", "symbol", "test_utils", "use_np",
           "use_np_array", "use_np_shape", "util", "visualization", "viz"]
