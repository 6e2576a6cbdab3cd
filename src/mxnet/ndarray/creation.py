"""Arrays from numbers, from NumPy, from DLPack and from scratch."""

import numpy as np
import torch

from .._state import state
from ..base import NAME_TO_TORCH, MXNetError, torch_dtype
from ..context import Context, current_context, of_device
from ..ops import registry
from ._array import NDArray
from ._wrap import bind, invoke, wrap

__all__ = ["arange", "array", "concatenate", "empty", "eye", "from_dlpack", "from_numpy", "full", "histogram",
           "linspace", "moveaxis", "onehot_encode", "ones", "split_v2", "to_dlpack_for_read", "to_dlpack_for_write",
           "waitall", "zeros"]


def _target(ctx) -> Context:
    if ctx is None:
        return current_context()
    if not isinstance(ctx, Context):
        raise MXNetError(f"Invalid context {ctx!r}: pass a Context such as mx.cpu() or mx.gpu(0)")
    return ctx


def array(source_array, ctx=None, dtype=None) -> NDArray:
    """A new array with the values of an NDArray, a NumPy array or (nested) numbers.

    dtype: that of an NDArray source, float32 for everything else.  TypeError if the source is no array.
    """
    ctx = _target(ctx)
    if state.trace is not None:
        return state.trace.made(_array, source_array, ctx, dtype)
    return _array(source_array, ctx, dtype)


def _array(source_array, ctx: Context, dtype) -> NDArray:
    if isinstance(source_array, NDArray):
        target = source_array._t.dtype if dtype is None else torch_dtype(dtype)
        return wrap(source_array._t.detach().to(device=ctx.device, dtype=target, copy=True), ctx)
    target = torch.float32 if dtype is None else torch_dtype(dtype)
    try:
        return wrap(_from_values(_values(source_array, _np(target)), target).to(ctx.device), ctx)
    except (TypeError, ValueError) as error:
        raise TypeError("source_array must be array like object, "
                        f"got {type(source_array).__name__} ({error})") from None


def _values(source, dtype) -> np.ndarray:
    """As NumPy's array: of `dtype`, unless it has a dtype of its own already."""
    try:
        return np.asarray(source, dtype=None if isinstance(source, (np.ndarray, np.generic)) else dtype)
    except OverflowError:  # numbers that are too large wrap around, which NumPy 2 does in casts only
        return np.array(source).astype(dtype)


def _np(dtype: torch.dtype):
    return np.float32 if dtype is torch.bfloat16 else str(dtype)[6:]


def _from_values(values: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    """A tensor of its own with NumPy's values; NumPy casts, for its rules are the users' expectation."""
    if dtype is torch.bfloat16:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(dtype)
    return torch.from_numpy(np.array(values, dtype=_np(dtype), order="C", copy=True))


def empty(shape, ctx=None, dtype=None, stype=None) -> NDArray:
    """An array whose values are undefined."""
    if stype not in (None, "default"):
        return _sparse_zeros(stype, shape, ctx, dtype)
    ctx = _target(ctx)
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if state.trace is not None:
        return zeros(shape, ctx, dtype or np.float32)
    return wrap(torch.empty(shape, dtype=torch_dtype(dtype or np.float32), device=ctx.device), ctx)


def _sparse_zeros(stype, shape, ctx, dtype) -> NDArray:
    from .sparse import zeros_of
    return zeros_of(stype, shape, torch_dtype(dtype or np.float32), _target(ctx))


def _create(op_name: str, ctx, out=None, **attrs) -> NDArray:
    op = registry.get(op_name)
    return invoke(op, bind(op, attrs), (), out, None, _target(ctx))


def _filled(op_name: str, shape, ctx, dtype, out, kwargs) -> NDArray:
    kwargs.pop("name", None)
    return _create(op_name, ctx, out, shape=shape, dtype=np.float32 if dtype is None else dtype, **kwargs)


def zeros(shape, ctx=None, dtype=None, stype=None, out=None, **kwargs) -> NDArray:
    """An array of zeros; shape an int or a tuple."""
    if stype not in (None, "default"):
        return _sparse_zeros(stype, shape, ctx, dtype)
    return _filled("_zeros", shape, ctx, dtype, out, kwargs)


def ones(shape, ctx=None, dtype=None, out=None, **kwargs) -> NDArray:
    """An array of ones; shape an int or a tuple."""
    return _filled("_ones", shape, ctx, dtype, out, kwargs)


def full(shape, val, ctx=None, dtype=np.float32, out=None) -> NDArray:
    """An array filled with the number `val`."""
    if state.trace is not None and out is None:
        return _create("_full", ctx, shape=shape, value=val, dtype=dtype)
    result = empty(shape, ctx, dtype) if out is None else out
    result[:] = val
    return result


def arange(start, stop=None, step=1.0, repeat=1, infer_range=None, ctx=None, dtype=np.float32) -> NDArray:
    """Evenly spaced values in [start, stop), each `repeat` times; arange(n) counts from 0."""
    if stop is None and not infer_range:
        start, stop = 0, start
    elif stop is None:
        start, stop = 0, start
    return _create("_arange", ctx, start=start, stop=stop, step=step, repeat=repeat, dtype=dtype)


def linspace(start, stop, num, endpoint=True, ctx=None, dtype=np.float32) -> NDArray:
    """`num` evenly spaced values from start to stop (without stop unless `endpoint`)."""
    return _create("_linspace", ctx, start=start, stop=stop, num=num, endpoint=endpoint, dtype=dtype)


def eye(N, M=0, k=0, ctx=None, dtype=None, **kwargs) -> NDArray:
    """An (N, M) array (M=0: square) with ones on its k-th diagonal."""
    return _create("_eye", ctx, N=N, M=M, k=k, dtype=np.float32 if dtype is None else dtype, **kwargs)


def concatenate(arrays, axis=0, always_copy=True) -> NDArray:
    """Join a list of arrays along an axis; with always_copy=False a single one is returned as it is."""
    if len(arrays) == 1 and not always_copy:
        return arrays[0]
    op = registry.get("Concat")
    return invoke(op, bind(op, {"dim": axis}), tuple(arrays))


def moveaxis(tensor, source, destination) -> NDArray:
    """Axes `source` (int or several) moved to the positions `destination`."""
    ndim = tensor.ndim
    try:
        sources, targets = ([a + ndim if a < 0 else a for a in ([axes] if isinstance(axes, int) else list(axes))]
                            for axes in (source, destination))
    except TypeError:
        raise ValueError("moveaxis: source and destination must be ints or tuples, "
                         f"got {source}, {destination}") from None
    if len(sources) != len(targets):
        raise ValueError("`source` and `destination` arguments must have the same number of elements, "
                         f"got {len(sources)} and {len(targets)}")
    if len(set(sources)) < len(sources) or len(set(targets)) < len(targets):
        raise ValueError(f"moveaxis: repeated axis in {source} or {destination}")
    if any(not 0 <= a < ndim for a in (*sources, *targets)):
        raise ValueError(f"moveaxis: axis out of range for an array of {ndim} dimensions")
    order = [a for a in range(ndim) if a not in sources]
    for target, src in sorted(zip(targets, sources, strict=True)):
        order.insert(target, src)
    return tensor.transpose(order)


def split_v2(ary, indices_or_sections, axis=0, squeeze_axis=False):
    """Split into equal sections (int) or before the given indices (tuple), as numpy.split."""
    op = registry.get("_split_v2")
    if isinstance(indices_or_sections, int):
        attrs = {"indices": (), "sections": indices_or_sections}
        length = ary.shape[axis]
        if length % indices_or_sections:
            raise ValueError(f"array split does not result in an equal division: {length} by {indices_or_sections}")
    elif isinstance(indices_or_sections, (tuple, list)):
        attrs = {"indices": (0, *indices_or_sections), "sections": 0}
    else:
        raise ValueError("indices_or_sections must be either int or tuple of ints")
    return invoke(op, bind(op, {**attrs, "axis": axis, "squeeze_axis": squeeze_axis}), (ary,))


def histogram(a, bins=10, range=None):
    """Counts (int64 per bin) and bin edges; `bins` is a number (with `range`) or an NDArray of edges."""
    op = registry.get("_histogram")
    if isinstance(bins, NDArray):
        return invoke(op, bind(op, {}), (a, bins))
    if not isinstance(bins, int):
        raise ValueError("bins argument should be either an integer or an NDArray")
    if range is None:
        range = (float(a.min().asscalar()), float(a.max().asscalar()))
    return invoke(op, bind(op, {"bin_cnt": bins, "range": range}), (a, None))


def onehot_encode(indices, out) -> NDArray:
    """Deprecated spelling of one_hot that fills `out` (n, depth)."""
    op = registry.get("_onehot_encode")
    return invoke(op, bind(op, {}), (indices, out), out)


def from_numpy(ndarray, zero_copy=True, array_cls=NDArray) -> NDArray:
    """An NDArray on NumPy's memory (zero_copy, the NumPy array becomes read-only) or on a copy of it.

    array_cls: NDArray, or a class derived from it, of which the result is if it shares the memory.
    ValueError for dtypes that MXNet does not have, and if zero_copy is asked for an array that is not C-contiguous.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy needs a numpy.ndarray, got {type(ndarray)}")
    if ndarray.dtype.name not in NAME_TO_TORCH:
        raise ValueError(f"from_numpy: dtype {ndarray.dtype} is not supported")
    if not zero_copy:
        return array(ndarray, dtype=ndarray.dtype)
    if not ndarray.flags["C_CONTIGUOUS"]:
        raise ValueError("Only c-contiguous arrays are supported for zero-copy")
    if ndarray.flags.writeable:
        result = wrap(torch.from_numpy(ndarray), Context("cpu", 0), array_cls)
        ndarray.flags.writeable = False
        return result
    return wrap(torch.from_numpy(np.asarray(_Writable(ndarray))), Context("cpu", 0), array_cls)


class _Writable:
    """The memory of a read-only NumPy array as a writable one: what from_numpy took over once, it may again."""

    def __init__(self, ndarray):
        self._ndarray = ndarray
        interface = ndarray.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def from_dlpack(dlpack) -> NDArray:
    """An NDArray on the memory of a DLPack capsule, or of any object with `__dlpack__`."""
    tensor = torch.utils.dlpack.from_dlpack(dlpack)
    return wrap(tensor.detach(), of_device(tensor.device))


def to_dlpack_for_read(data: NDArray):
    """A DLPack capsule on the array's memory."""
    return data.to_dlpack_for_read()


to_dlpack_for_write = to_dlpack_for_read


def waitall():
    """Wait for all work on all devices; errors of GPU work surface here."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
