"""Contexts: where arrays live.  cpu(0), cpu(1), ... are distinct contexts on one torch device; gpu(i) is cuda:i."""

import functools
import threading

import torch

from .base import MXNetError

__all__ = ["Context", "cpu", "cpu_pinned", "current_context", "gpu", "gpu_memory_info", "num_gpus"]


class _ContextMeta(type):
    """Gives the class itself the property `Context.default_ctx`, which libraries read and set."""

    @property
    def default_ctx(cls):
        return current_context()

    @default_ctx.setter
    def default_ctx(cls, ctx):
        cls._stack.current = ctx


class _Stack(threading.local):
    current = None


class Context(metaclass=_ContextMeta):
    """A device: `Context('cpu', 1)`, `Context(other)`, or the functions cpu(), gpu().

    Making a Context never fails for a known device type; allocating on a GPU that is not there raises MXNetError.
    As a context manager it is the default for arrays created inside.  KeyError for unknown device types.
    """

    __slots__ = ("_device", "_key", "_previous", "device_id", "device_typeid", "results")

    _stack = _Stack()
    devtype2str = {1: "cpu", 2: "gpu", 3: "cpu_pinned", 5: "cpu_shared"}
    devstr2type = {"cpu": 1, "gpu": 2, "cpu_pinned": 3, "cpu_shared": 5}

    def __init__(self, device_type, device_id=0):
        if isinstance(device_type, Context):
            self.device_typeid, self.device_id = device_type.device_typeid, device_type.device_id
        else:
            self.device_typeid, self.device_id = Context.devstr2type[device_type], device_id
        self._device = None
        self._previous = []
        # where operators put what they compute from arrays here: pinned and shared memory are for passing on
        self.results = self if self.device_typeid < 3 else cpu(self.device_id)

    @property
    def device_type(self) -> str:
        return Context.devtype2str[self.device_typeid]

    @property
    def device(self) -> torch.device:
        """The torch device of this context; MXNetError when it is a GPU that does not exist."""
        if self._device is None:
            self._device = _torch_device(self.device_typeid, self.device_id)
        return self._device

    def __hash__(self):
        return hash((self.device_typeid, self.device_id))

    def __eq__(self, other):
        return (isinstance(other, Context) and self.device_typeid == other.device_typeid
                and self.device_id == other.device_id)

    def __str__(self):
        return f"{self.device_type}({self.device_id})"

    __repr__ = __str__

    def __reduce__(self):
        return Context, (self.device_type, self.device_id)

    def __enter__(self):
        self._previous.append(Context._stack.current)
        Context._stack.current = self
        return self

    def __exit__(self, *exc_info):
        Context._stack.current = self._previous.pop()

    def empty_cache(self):
        """Give cached GPU memory back to the driver."""
        if self.device_type == "gpu" and torch.cuda.is_available():
            torch.cuda.empty_cache()


def _torch_device(typeid: int, device_id: int) -> torch.device:
    if typeid != Context.devstr2type["gpu"]:
        return torch.device("cpu")
    count = num_gpus()
    if device_id >= count:
        raise MXNetError(f"gpu({device_id}) is not available: torch {torch.__version__} sees {count} GPU(s). "
                         "Use mx.cpu(), or install a CUDA build of torch on a machine with a GPU.")
    return torch.device("cuda", device_id)


def of_device(device: torch.device) -> Context:
    """The context that stands for a torch device."""
    return cpu() if device.type == "cpu" else gpu(device.index or 0)


@functools.lru_cache(maxsize=64)
def _context(device_type: str, device_id: int) -> Context:
    return Context(device_type, device_id)


def cpu(device_id=0) -> Context:
    """A CPU context; the id tells CPU contexts apart, they share the same memory and cores."""
    return _context("cpu", device_id)


def cpu_pinned(device_id=0) -> Context:
    """Page-locked CPU memory, for faster copies to a GPU."""
    return _context("cpu_pinned", device_id)


def gpu(device_id=0) -> Context:
    """The `device_id`-th GPU.  Constructs anywhere; using it without that GPU raises MXNetError."""
    return _context("gpu", device_id)


def num_gpus() -> int:
    """How many GPUs torch can use."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def gpu_memory_info(device_id=0) -> tuple[int, int]:
    """(free, total) bytes of a GPU; MXNetError when it is not there."""
    return torch.cuda.mem_get_info(gpu(device_id).device)


_DEFAULT = cpu(0)


def current_context() -> Context:
    """The context of the innermost `with ctx:` of this thread, cpu(0) outside of any."""
    return Context._stack.current or _DEFAULT
