"""mx.gluon.utils: splitting batches over contexts, clipping by the global norm, downloading files."""

from __future__ import annotations

import os
import types
import warnings
import weakref
from collections import OrderedDict

import torch

from .. import ndarray
from .._state import state
from ..base import MXNetError
from ..ndarray import NDArray
from ..ndarray._wrap import NoGrad, wrap
from ._download import check_sha1, download, replace_file

__all__ = ["check_sha1", "clip_global_norm", "download", "replace_file", "split_and_load", "split_data"]

# ------------------------------------------------------------------ batches


def split_data(data, num_slice, batch_axis=0, even_split=True):
    """Split an array into `num_slice` slices along `batch_axis`; the first ones are larger if it cannot be even.

    data: NDArray, or for axis 0 a NumPy array.  ValueError if even_split and it is not even.
    """
    size = data.shape[batch_axis]
    if even_split and size % num_slice:
        raise ValueError(f"data with shape {data.shape} cannot be evenly split into {num_slice} slices along axis "
                         f"{batch_axis}. Use a batch size that's multiple of {num_slice} or set even_split=False to "
                         "allow uneven partitioning of data.")
    share, rest = divmod(size, num_slice)
    ends = [(i + 1) * share + min(i + 1, rest) for i in range(num_slice)]
    bounds = list(zip([0, *ends], ends, strict=False))
    if batch_axis == 0:
        return [data[begin:end] for begin, end in bounds]
    return [ndarray.slice_axis(data, axis=batch_axis, begin=begin, end=end) for begin, end in bounds]


def split_and_load(data, ctx_list, batch_axis=0, even_split=True):
    """Split a batch over contexts: a list of NDArrays, one on each.  What is no NDArray becomes a float32 one.

    ValueError if even_split and the batch cannot be split evenly.
    """
    if not isinstance(data, NDArray):
        data = ndarray.array(data, ctx=ctx_list[0])
    if len(ctx_list) == 1:
        return [data.as_in_context(ctx_list[0])]
    slices = split_data(data, len(ctx_list), batch_axis, even_split)
    return [part.as_in_context(ctx) for part, ctx in zip(slices, ctx_list, strict=True)]


def clip_global_norm(arrays, max_norm, check_isfinite=True):
    """Scale arrays in place so that the L2 norm of all of them together is at most `max_norm`.

    Returns the norm before that: a numpy.float32, or an NDArray of shape (1,) if not check_isfinite, which spares
    waiting for a GPU; with it, a norm that is nan or inf is a UserWarning.  MXNetError for arrays of integers.
    """
    assert len(arrays) > 0, "clip_global_norm needs at least one array"
    ctx = arrays[0]._ctx
    with NoGrad():
        # of sparse arrays, what is stored: the rest is 0
        tensors = [(a._t if type(a) is NDArray else a._parts[0]).detach() for a in arrays]
        for tensor in tensors:
            if not tensor.dtype.is_floating_point:
                raise MXNetError(f"clip_global_norm takes arrays of floating point numbers, got {tensor.dtype}")
        norms = [n.to(ctx.device, torch.float32) for n in torch._foreach_norm(_exact(tensors))]
        norm = torch.linalg.vector_norm(torch.stack(norms)).reshape(1)
        if check_isfinite and not torch.isfinite(norm):
            warnings.warn("nan or inf is detected. Clipping results will be undefined.", UserWarning, stacklevel=2)
        # Never above 1; a norm of nan makes the arrays nan, as it does in MXNet.
        scale = torch.minimum(max_norm / (norm + 1e-8), torch.ones_like(norm))
        for tensor in tensors:
            tensor.mul_(scale.to(tensor.device, tensor.dtype))
    return norm.cpu().numpy()[0] if check_isfinite else wrap(norm, ctx)


def _exact(tensors):
    """Half precision squares overflow: norms are taken in float32."""
    return [t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in tensors]


# ------------------------------------------------------------------ files


apache_repo_url = "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/"
"""MXNet's own storage of data sets and pretrained models."""


def _get_repo_url() -> str:
    """Where data sets and pretrained models are: $MXNET_GLUON_REPO, or MXNet's own storage."""
    url = os.environ.get("MXNET_GLUON_REPO", apache_repo_url)
    return url if url.endswith("/") else url + "/"


def _get_repo_file_url(namespace, filename) -> str:
    """The address of a file there."""
    return f"{_get_repo_url()}{namespace}/{filename}"


# ------------------------------------------------------------------ blocks


class HookHandle:
    """Removes a hook: `handle.detach()`, or at the end of `with handle:`."""

    def __init__(self):
        self._hooks_dict_ref = None
        self._id = None

    def attach(self, hooks_dict: OrderedDict, hook):
        """Add `hook` to a Block's hooks."""
        assert not self._hooks_dict_ref, "The same handle cannot be attached twice."
        self._id = id(hook)
        hooks_dict[self._id] = hook
        self._hooks_dict_ref = weakref.ref(hooks_dict)

    def detach(self):
        """Remove the hook, if it is still there."""
        hooks = self._hooks_dict_ref() if self._hooks_dict_ref is not None else None
        if hooks is not None:
            hooks.pop(self._id, None)

    def __getstate__(self):
        return (self._hooks_dict_ref() if self._hooks_dict_ref is not None else None), self._id

    def __setstate__(self, saved):
        hooks, self._id = saved
        self._hooks_dict_ref = None if hooks is None else weakref.ref(hooks)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.detach()


def shape_is_known(shape) -> bool:
    """Whether a shape is given and has no unknown dimension: 0, or -1 under NumPy semantics."""
    if shape is None:
        return False
    unknown = -1 if state.np_shape else 0
    if len(shape) == 0:
        return state.np_shape
    for size in shape:
        if size == unknown:
            return False
        assert size > unknown, f"shape dimension size cannot be less than {unknown}, while received {size}"
    return True


def _brief_print_list(lst, limit=7) -> str:
    """Quoted items, the middle left out when there are more than `limit`."""
    if len(lst) > limit:
        first, last = lst[:limit // 2], lst[limit // 2 - limit:]
        return f"{_brief_print_list(first, limit)}, ..., {_brief_print_list(last, limit)}"
    return ", ".join(f"'{item!s}'" for item in lst)


def _indent(text, spaces) -> str:
    """All lines but the first moved right."""
    return text.replace("\n", "\n" + " " * spaces)


def with_defaults(function, **defaults):
    """A copy of a function with other defaults for some of the parameters that have one.

    What classes of one kind share is written once, and help() still shows what each of them does by default.
    """
    code, old = function.__code__, function.__defaults__
    copy = types.FunctionType(code, function.__globals__, function.__name__, old, function.__closure__)
    names = code.co_varnames[:code.co_argcount][-len(old):]
    copy.__defaults__ = tuple(defaults.get(name, value) for name, value in zip(names, old, strict=True))
    return copy
