"""Optimizer states as bytes: a `.params` list whose first array is a JSON text that says what the others are.

Nothing in such a file is code.  Files of real MXNet are pickles; they are read by an unpickler that can make arrays,
numbers and containers, and nothing else.
"""

from __future__ import annotations

import copy
import io
import json
import numbers
import pickle
import warnings

import numpy as np
import torch

from .. import lr_scheduler
from ..base import MXNetError
from ..context import Context
from ..ndarray import NDArray, params_file
from ..ndarray._wrap import wrap
from .base import Optimizer

__all__ = ["dumps", "loads"]

_FORMAT = "glueball optimizer states"
_VERSION = 1
_HEADER = "header"
_MAX_DEPTH = 32


def dumps(states: dict, optimizer: Optimizer | None = None) -> bytes:
    """States by index, and the optimizer's settings and counts if one is given.

    MXNetError for a state that is not made of NDArrays, numbers, texts, tuples, lists and dicts.  Settings of other
    kinds (functions, say) are left out, with a warning; what the optimizer has when it loads then stays.
    """
    arrays: list[NDArray] = []
    header = {"format": _FORMAT, "version": _VERSION, "states": _pack(states, arrays, "states")}
    if optimizer is not None:
        header["optimizer"] = {"class": type(optimizer).__name__,
                               "settings": _pack_settings(optimizer.__getstate__(), arrays)}
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8).copy()
    tensors = [torch.from_numpy(text), *(a._t.detach() for a in arrays)]
    names = [_HEADER, *(str(i) for i in range(len(arrays)))]
    return params_file.dumps([params_file.Record.of(t) for t in tensors], names)


def loads(data: bytes, optimizer: Optimizer | None = None):
    """(states, optimizer) from what `dumps`, or real MXNet's save_states, wrote.

    The optimizer is None if the data have no settings; else `optimizer` with those settings if it is of the same
    class, or a new one of the class registered under that name.  MXNetError if anything is wrong with the data.
    """
    if bytes(data[:1]) == b"\x80":
        states, name, settings = _from_pickle(data)
    else:
        states, name, settings = _from_list(data)
    if not isinstance(states, dict):
        raise MXNetError(f"optimizer states: got a {type(states).__name__}, expected a dict of states by index")
    return states, None if name is None else _restored(optimizer, name, settings)


def _from_list(data):
    records, names = params_file.read(data)
    if not names or names[0] != _HEADER:
        raise MXNetError("optimizer states: these are arrays, but not what save_states writes (no header)")
    try:
        header = json.loads(bytes(records[0].data.numpy()))
        if header["format"] != _FORMAT or header["version"] > _VERSION:
            raise MXNetError(f"optimizer states: got format {header['format']!r} version {header['version']}, "
                             f"expected {_FORMAT!r} version {_VERSION} or less")
        arrays = [r.data for r in records[1:]]
        states = _unpack(header["states"], arrays)
        saved = header.get("optimizer")
        if saved is None:
            return states, None, None
        return states, str(saved["class"]), _unpack(saved["settings"], arrays)
    except MXNetError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as e:
        raise MXNetError(f"optimizer states: the header is damaged ({type(e).__name__}: {e})") from e


def _restored(optimizer, name, settings):
    if optimizer is None or type(optimizer).__name__.lower() != name.lower():
        try:
            optimizer = Optimizer.create_optimizer(name)
        except (ValueError, TypeError) as e:
            raise MXNetError(f"optimizer states: saved by the optimizer {name!r}, which cannot be made here: "
                             f"{e}") from e
    if not isinstance(settings, dict):
        raise MXNetError(f"optimizer states: settings of {name} are a {type(settings).__name__}, expected a dict")
    settings = dict(settings)
    schedule = settings.pop("lr_scheduler", None)
    known = {key: value for key, value in settings.items() if key in optimizer.__dict__ and key != "param_dict"}
    optimizer.__dict__.update(known)
    if isinstance(schedule, _Saved):
        optimizer.lr_scheduler = _scheduler(optimizer.lr_scheduler, schedule)
    elif "lr_scheduler" in settings:
        optimizer.lr_scheduler = None
    counts = optimizer._all_index_update_counts
    optimizer._index_update_count = counts.setdefault(0, {})
    return optimizer


def _scheduler(current, saved):
    """The schedule in the state it was saved in; a class of the user's must be there already."""
    if type(current).__name__ != saved.name:
        kind = getattr(lr_scheduler, saved.name, None)
        if not (isinstance(kind, type) and issubclass(kind, lr_scheduler.LRScheduler)):
            raise MXNetError(f"optimizer states: saved with the scheduler {saved.name!r}, which MXNet does not have; "
                             "give the optimizer one of that class before loading")
        current = kind.__new__(kind)
    current.__dict__.update(saved.settings)
    return current


# ------------------------------------------------------------------ values as JSON


class _Saved:
    """The name of a class and the attributes of an object of it, in place of the object."""

    def __init__(self, name="", settings=None):
        self.name, self.settings = name, settings or {}

    def __setstate__(self, state):
        self.settings = state if isinstance(state, dict) else {}


def _pack_settings(settings, arrays):
    items = []
    for name, value in settings.items():
        try:
            items.append([name, _pack(value, arrays, name)])
        except MXNetError as e:
            warnings.warn(f"{e}; it is left out of the saved optimizer", stacklevel=2)
    return {"dict": items}


def _pack(value, arrays, where, depth=0):
    """A value as JSON; arrays are appended to `arrays` and named by position."""
    if depth > _MAX_DEPTH:
        raise MXNetError(f"optimizer states: {where} is nested too deeply")
    if isinstance(value, NDArray):
        arrays.append(value)
        return {"array": [len(arrays) - 1, value._ctx.device_type, value._ctx.device_id]}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, (tuple, list)):
        return {type(value).__name__: [_pack(v, arrays, where, depth + 1) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[_pack(k, arrays, where, depth + 1), _pack(v, arrays, where, depth + 1)]
                         for k, v in value.items()]}
    if isinstance(value, lr_scheduler.LRScheduler):
        return {"scheduler": [type(value).__name__, _pack(vars(value), arrays, where, depth + 1)]}
    raise MXNetError(f"optimizer states: {where} holds a {type(value).__name__}, expected NDArrays, numbers, texts, "
                     "tuples, lists and dicts")


def _unpack(packed, arrays):
    if not isinstance(packed, dict):
        return packed
    (kind, content), = packed.items()
    if kind == "array":
        position, device_type, device_id = content
        ctx = Context(device_type, device_id)
        tensor = arrays[position]
        try:
            return wrap(tensor.to(ctx.device), ctx)
        except MXNetError:  # saved on a GPU that is not here: the Updater moves it to its weight's context
            return wrap(tensor, Context("cpu", 0))
    if kind == "dict":
        return {_unpack(k, arrays): _unpack(v, arrays) for k, v in content}
    if kind == "scheduler":
        return _Saved(str(content[0]), _unpack(content[1], arrays))
    return {"tuple": tuple, "list": list}[kind](_unpack(v, arrays) for v in content)


# ------------------------------------------------------------------ files of real MXNet


class _OptimizerStandIn(_Saved):
    """What an optimizer in a pickle becomes."""


class _Unpickler(pickle.Unpickler):
    """Makes NDArrays, numbers, texts and containers; optimizers and schedulers become stand-ins; no code is run."""

    def find_class(self, module, name):
        if (module, name) == ("mxnet.ndarray.ndarray", "NDArray"):
            return NDArray
        if (module, name) in (("builtins", "bytearray"), ("__builtin__", "bytearray")):
            return bytearray
        if (module, name) == ("_codecs", "encode"):  # how protocol 2 writes bytes
            return _latin1
        if module.startswith("mxnet.optimizer"):
            return type(name, (_OptimizerStandIn,), {})
        if module == "mxnet.lr_scheduler":
            return type(name, (_Saved,), {})
        raise MXNetError(f"optimizer states: the file wants {module}.{name}, which is not an array, a number, a "
                         "container or one of MXNet's optimizers; refusing to load it")


def _latin1(text, encoding):
    if not isinstance(text, str) or encoding != "latin1":
        raise MXNetError("optimizer states: the pickle holds bytes in an unknown encoding")
    return text.encode("latin1")


def _from_pickle(data):
    try:
        content = _Unpickler(io.BytesIO(data)).load()
    except MXNetError:
        raise
    except Exception as e:
        raise MXNetError(f"optimizer states: the pickle is damaged ({type(e).__name__}: {e})") from e
    if not isinstance(content, tuple):
        return content, None, None
    if len(content) != 2 or not isinstance(content[1], _OptimizerStandIn):
        raise MXNetError("optimizer states: the pickle holds a tuple that is not (states, optimizer)")
    settings = dict(content[1].settings)
    schedule = settings.get("lr_scheduler")
    if isinstance(schedule, _Saved):
        settings["lr_scheduler"] = _Saved(type(schedule).__name__, schedule.settings)
    return content[0], type(content[1]).__name__, copy.copy(settings)
