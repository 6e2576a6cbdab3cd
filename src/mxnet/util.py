"""NumPy-semantics switches, environment variables and small helpers (mx.util)."""

import functools
import inspect
import os

from ._state import state
from .base import py_str  # noqa: F401  (mx.util.py_str)

__all__ = ["get_cuda_compute_capability", "get_gpu_count", "get_gpu_memory", "getenv", "is_np_array", "is_np_shape",
           "np_array", "np_shape", "reset_np", "set_module", "set_np", "set_np_shape", "setenv", "use_np",
           "use_np_array", "use_np_shape"]


def is_np_shape() -> bool:
    """Whether zero-dimensional and zero-size shapes are on for this thread."""
    return state.np_shape


def set_np_shape(active) -> bool:
    """Turn zero-dimensional and zero-size shapes on or off; returns what it was."""
    previous, state.np_shape = state.np_shape, bool(active)
    return previous


def is_np_array() -> bool:
    """Whether Gluon works with mx.np arrays in this thread."""
    return state.np_array


def _set_np_array(active) -> bool:
    previous, state.np_array = state.np_array, bool(active)
    return previous


class _Switch:
    """Sets a flag of this thread inside a `with` block or a decorated function."""

    def __init__(self, setter, active=True):
        self._setter, self._active, self._before = setter, active, []

    def __enter__(self):
        self._before.append(self._setter(self._active))
        return self

    def __exit__(self, *exc_info):
        self._setter(self._before.pop())


class _ScopeOfThread(type):
    """Gives a scope class the attribute `_current`: that of this thread."""

    @property
    def _current(cls):
        return cls(state.np_array)

    @_current.setter
    def _current(cls, scope):
        _set_np_array(scope._is_np_array)


class _NumpyArrayScope(_Switch, metaclass=_ScopeOfThread):
    """What np_array() gives."""

    def __init__(self, is_np_array):
        super().__init__(_set_np_array, is_np_array)
        self._is_np_array = is_np_array


class _NumpyShapeScope(_Switch):
    """What `np_shape` makes."""

    def __init__(self, is_np_shape):
        super().__init__(set_np_shape, is_np_shape)


def np_shape(active=True):
    """`with mx.np_shape():` zero-dimensional and zero-size arrays exist inside."""
    return _NumpyShapeScope(active)


def np_array(active=True):
    """`with mx.np_array():` Gluon works with mx.np arrays inside."""
    return _NumpyArrayScope(active)


def _decorate(target, switch):
    """Run a function, or all methods of a class, with a switch on."""
    if inspect.isclass(target):
        for name, member in list(vars(target).items()):
            if inspect.isfunction(member) and (not name.startswith("__") or name in ("__init__", "__call__")):
                setattr(target, name, _decorate(member, switch))
        return target
    if not callable(target):
        raise TypeError(f"expected a function or a class, got {type(target)}")

    @functools.wraps(target)
    def wrapped(*args, **kwargs):
        with switch():
            return target(*args, **kwargs)

    return wrapped


def use_np_shape(func):
    """Decorator: a function or class that runs under np_shape."""
    return _decorate(func, np_shape)


def use_np_array(func):
    """Decorator: a function or class that runs under np_array."""
    return _decorate(func, np_array)


def use_np(func):
    """Decorator: a function or class with NumPy shapes and arrays."""
    return use_np_shape(use_np_array(func))


def set_np(shape=True, array=True):
    """Turn NumPy semantics on for this thread; arrays need shapes (ValueError)."""
    if not shape and array:
        raise ValueError("NumPy Shape semantics is required in using NumPy array semantics.")
    _set_np_array(array)
    set_np_shape(shape)


def reset_np():
    """Turn NumPy semantics off."""
    set_np(shape=False, array=False)


def set_module(module):
    """Decorator: what a function or class says it belongs to."""

    def decorate(func):
        if module is not None:
            func.__module__ = module
        return func

    return decorate


def getenv(name: str):
    """An environment variable, None if unset."""
    return os.environ.get(name)


def setenv(name: str, value):
    """Set an environment variable; None unsets it."""
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = str(value)


def get_cuda_compute_capability(ctx) -> int:
    """The compute capability of a GPU, such as 70 for sm_70; ValueError for contexts of other devices."""
    if ctx.device_type != "gpu":
        raise ValueError(f"Expecting a gpu context to get cuda compute capability, while received ctx {ctx}")
    import torch

    major, minor = torch.cuda.get_device_capability(ctx.device)
    return 10 * major + minor


def get_gpu_count() -> int:
    """How many GPUs there are."""
    from .context import num_gpus

    return num_gpus()


def get_gpu_memory(gpu_dev_id=0) -> tuple[int, int]:
    """(free, total) bytes of a GPU."""
    from .context import gpu_memory_info

    return gpu_memory_info(gpu_dev_id)
