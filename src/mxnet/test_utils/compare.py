"""Comparing arrays within tolerances that follow from their dtypes."""

import numbers

import numpy as np
import torch

from ..ndarray import NDArray

__all__ = ["almost_equal", "assert_allclose", "assert_almost_equal", "assert_almost_equal_ignore_nan",
           "assert_almost_equal_with_err", "assert_exception", "checkShapes", "collapse_sum_like",
           "compare_ndarray_tuple", "compare_optimizer", "default_atols", "default_dtype", "default_numeric_eps",
           "default_rtols", "effective_dtype", "get_atol", "get_etol", "get_rtol", "get_tolerance", "get_tols",
           "locationError", "np_reduce", "same", "same_array"]

_EXACT = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
_TINY = 1e-20  # keeps the ratio error/tolerance finite when both tolerances are zero


def _by_dtype(float16, float32, float64, exact=None):
    table = {np.dtype("float16"): float16, np.dtype("float32"): float32, np.dtype("float64"): float64}
    if exact is not None:
        table.update((np.dtype(name), exact) for name in _EXACT)
    return table


_RTOLS, _ATOLS = _by_dtype(1e-2, 1e-4, 1e-5, 0), _by_dtype(1e-1, 1e-3, _TINY, 0)
_NUMERIC_EPS = _by_dtype(2.0 ** -6, 2.0 ** -9, 2.0 ** -14)


# ------------------------------------------------------------------------------------------------ tolerances


def default_dtype():
    """The dtype of arrays that nobody gave one: numpy.float32."""
    return np.float32


def default_rtols() -> dict:
    """dtype -> relative tolerance of comparisons; 0 for ints and bool."""
    return dict(_RTOLS)


def default_atols() -> dict:
    """dtype -> absolute tolerance of comparisons; 0 for ints and bool."""
    return dict(_ATOLS)


def default_numeric_eps() -> dict:
    """dtype -> step of numeric differentiation."""
    return dict(_NUMERIC_EPS)


def get_rtol(rtol=None, dtype=np.float64):
    """`rtol`, or the default for a dtype if it is None."""
    return _RTOLS[np.dtype(dtype)] if rtol is None else rtol


def get_atol(atol=None, dtype=np.float64):
    """`atol`, or the default for a dtype if it is None."""
    return _ATOLS[np.dtype(dtype)] if atol is None else atol


def get_etol(etol=None):
    """The share of elements that may differ: `etol`, or none."""
    return 0 if etol is None else etol


def effective_dtype(dat) -> np.dtype:
    """The dtype whose precision an array's values really have.

    bfloat16, and float32 on GPUs that compute in TF32, count as float16.
    """
    if isinstance(dat, NDArray):
        t = dat._t
        tf32 = (t.is_cuda and t.dtype is torch.float32 and torch.backends.cudnn.allow_tf32
                and torch.cuda.get_device_capability(t.device)[0] >= 8)
        if t.dtype is torch.bfloat16 or tf32:
            return np.dtype(np.float16)
    return np.dtype(dat.dtype)


def get_tolerance(dat, tol, default_tol: dict):
    """The tolerance for an array: a number as it is, a dict by the dtype, None from the defaults."""
    if isinstance(tol, numbers.Number):
        return tol
    dtype = effective_dtype(dat)
    return default_tol[dtype] if tol is None else tol.get(dtype, default_tol[dtype])


def get_tols(x, y, rtol, atol):
    """(rtol, atol) for comparing x with y: the looser of what the two ask for, plain numbers nothing."""
    arrays = [a for a in (x, y) if hasattr(a, "dtype")] or [np.zeros(1, np.float64)]
    return (max(get_tolerance(a, rtol, _RTOLS) for a in arrays),
            max(get_tolerance(a, atol, _ATOLS) for a in arrays))


# ----------------------------------------------------------------------------------------------- comparisons


def _numpy(array) -> np.ndarray:
    return array.asnumpy() if isinstance(array, NDArray) else np.asarray(array)


def same(a, b) -> bool:
    """Whether two arrays have equal shapes and values."""
    return np.array_equal(_numpy(a), _numpy(b))


def checkShapes(a, b):
    """AssertionError unless two arrays have the same shape; NumPy would broadcast them."""
    if a.shape != b.shape:
        raise AssertionError(_report(f"a.shape = {a.shape} and b.shape = {b.shape} are not equal", a, b))


def almost_equal(a, b, rtol=None, atol=None, equal_nan=False, use_broadcast=True) -> bool:
    """Whether |a - b| <= atol + rtol * |b| everywhere; the default tolerances are float64's.

    use_broadcast=False: AssertionError for unequal shapes.
    """
    if not use_broadcast:
        checkShapes(a, b)
    rtol, atol = get_rtol(rtol), get_atol(atol)
    return bool(np.allclose(_numpy(a), _numpy(b), rtol=rtol, atol=atol, equal_nan=equal_nan))


def _all_close(a, b, rtol, atol) -> bool:
    """A quick yes for most pairs; a no may be due to infinities, nan or unsigned numbers."""
    if a.shape != b.shape or not a.size or a.dtype.kind not in "fi" or b.dtype.kind not in "fi":
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(a - b)
        return bool(np.isfinite(error.max()) and (error <= atol + rtol * np.abs(b)).all())


def _violation(a, b, rtol, atol, equal_nan) -> np.ndarray:
    """How many times the tolerance each element's error is; above 1, or nan, is a mismatch."""
    a, b = (x.astype(np.float64) if x.dtype.kind in "biuf" else x for x in np.broadcast_arrays(a, b))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(a - b) / (atol + rtol * np.abs(b) + _TINY)
    # an infinity only equals itself, and nothing within a tolerance of it
    error = np.where(np.isinf(a) | np.isinf(b), np.inf, error)
    error = np.where(np.isnan(a) | np.isnan(b), np.nan, error)
    return np.where((a == b) | ((np.isnan(a) & np.isnan(b)) if equal_nan else False), 0.0, error)


def assert_almost_equal(a, b, rtol=None, atol=None, names=("a", "b"), equal_nan=False, use_broadcast=True,
                        mismatches=(10, 10)):
    """AssertionError unless |a - b| <= atol + rtol * |b| everywhere; prints the worst elements.

    a, b: NDArrays, NumPy arrays or numbers.  rtol, atol: numbers, dicts dtype -> number, or None for what the
    dtypes suggest.  mismatches[0]: how many elements are printed.
    """
    assert_almost_equal_with_err(a, b, rtol, atol, None, names, equal_nan, mismatches, use_broadcast)


def assert_almost_equal_with_err(a, b, rtol=None, atol=None, etol=None, names=("a", "b"), equal_nan=False,
                                 mismatches=(10, 10), use_broadcast=True):
    """As `assert_almost_equal`, but the share `etol` of the elements may differ."""
    if not use_broadcast:
        checkShapes(a, b)
    rtol, atol = get_tols(a, b, rtol, atol)
    a, b = _numpy(a), _numpy(b)
    if _all_close(a, b, rtol, atol):
        return
    violation = _violation(a, b, rtol, atol, equal_nan)
    wrong = ~(violation <= 1)
    if np.count_nonzero(wrong) <= get_etol(etol) * violation.size:
        return
    raise AssertionError(_describe(a, b, violation, wrong, rtol, atol, names, mismatches[0]))


def assert_almost_equal_ignore_nan(a, b, rtol=None, atol=None, names=("a", "b")):
    """As `assert_almost_equal`, over the places where neither is nan."""
    a, b = _numpy(a).copy(), _numpy(b).copy()
    skip = np.isnan(a) | np.isnan(b)
    a[skip] = b[skip] = 0
    assert_almost_equal(a, b, rtol, atol, names)


def assert_allclose(a, b, rtol=1e-07, atol=0, equal_nan=True):
    """`assert_almost_equal` with the tolerances of numpy.testing.assert_allclose."""
    assert_almost_equal(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


def _report(what: str, a, b) -> str:
    from numpy.testing import build_err_msg

    with np.printoptions(threshold=100):
        return build_err_msg([_numpy(a), _numpy(b)], err_msg=what)


def _describe(a, b, violation, wrong, rtol, atol, names, count) -> str:
    """The message of a failed comparison; prints the `count` worst elements on the way."""
    wide_a, wide_b = np.broadcast_arrays(a, b)
    rank = np.where(np.isnan(violation), np.inf, violation).ravel()
    order = [i for i in np.argsort(-rank, kind="stable") if wrong.ravel()[i]]
    places = [tuple(map(int, np.unravel_index(i, violation.shape))) for i in order[:max(count, 1)]]

    if violation.ndim:
        print(f"\n*** Maximum errors for vector of size {violation.size}:  rtol={rtol}, atol={atol}\n")
        for i, place in enumerate(places[:count]):
            print(f"{i + 1:3d}: Error {violation[place]:f}  {locationError(wide_a, wide_b, place, names)}")
    worst = f"Error {violation[places[0]]:f} exceeds tolerance rtol={rtol:e}, atol={atol:e}"
    if violation.ndim:
        worst += (f" (mismatch {100 * np.count_nonzero(wrong) / violation.size:f}%).\n"
                  + locationError(wide_a, wide_b, places[0], names, maxError=True))
    return _report(worst, a, b)


def locationError(a, b, index, names, maxError=False):
    """Where two arrays differ, as messages tell it: the index, and both values with the arrays' names.

    maxError: whether it is the place where they differ most.
    """
    values = ", ".join(f"{name}={np.asarray(x[index]).item():.8f}" for name, x in zip(names, (a, b), strict=True))
    return f"Location of {'maximum ' if maxError else ''}error: {index}, {values}"


def assert_exception(f, exception_type, *args, **kwargs):
    """AssertionError unless f(*args, **kwargs) raises `exception_type`; other exceptions pass through."""
    try:
        f(*args, **kwargs)
    except exception_type:
        return
    raise AssertionError(f"{getattr(f, '__name__', f)} did not raise {exception_type.__name__}")


def same_array(array1, array2) -> bool:
    """Whether two NDArrays of one shape are the same memory, found out by writing to the first."""
    array1[:] += 1
    shared = same(array1, array2)
    array1[:] -= 1
    return shared and same(array1, array2)


def compare_ndarray_tuple(t1, t2, rtol=None, atol=None):
    """`assert_almost_equal` over nested tuples of arrays; None matches anything."""
    if t1 is None or t2 is None:
        return
    if isinstance(t1, tuple):
        for first, second in zip(t1, t2, strict=True):
            compare_ndarray_tuple(first, second, rtol, atol)
    else:
        assert_almost_equal(t1, t2, rtol=rtol, atol=atol)


def compare_optimizer(opt1, opt2, shape, dtype, w_stype="default", g_stype="default", rtol=1e-4, atol=1e-5,
                      compare_states=True, ntensors=1):
    """AssertionError unless two optimizers take random weights (and states) to the same values in one update.

    ntensors > 1: updates several tensors at once, `shape` being a list of shapes.  w_stype, g_stype: the storage types
    that the second optimizer gets of weights and gradients; the first one's are dense.
    """
    many = isinstance(shape, list)
    shapes = shape if many else [shape] * ntensors
    # Not negative, as MXNet draws them: a gradient and a decay that cancel would be 0 / 0 in some optimizers.
    weights1, weights2 = _pairs_of(shapes, w_stype, dtype, 1)
    grads1, grads2 = _pairs_of(shapes, g_stype, dtype, None)
    states = [[opt.create_state_multi_precision(i, w) for i, w in enumerate(weights)]
              for opt, weights in ((opt1, weights1), (opt2, weights2))]
    if compare_states:
        for state1, state2 in zip(*states, strict=True):
            compare_ndarray_tuple(state1, state2)
    for opt, weights, grads, state in ((opt1, weights1, grads1, states[0]),
                                       (opt2, weights2, grads2, states[1])):
        if many or ntensors > 1:
            opt.update_multi_precision(list(range(len(weights))), weights, grads, state)
        else:
            opt.update_multi_precision(0, weights[0], grads[0], state[0])
    for i, (w1, w2) in enumerate(zip(weights1, weights2, strict=True)):
        if compare_states:
            compare_ndarray_tuple(states[0][i], states[1][i], rtol=rtol, atol=atol)
        assert_almost_equal(w1, w2, rtol=rtol, atol=atol)


def _pairs_of(shapes, stype, dtype, density):
    """Random arrays, and the same ones in a storage type."""
    from .. import random
    from .samples import rand_ndarray

    if stype == "default":
        arrays = [random.uniform(shape=s, dtype=dtype) for s in shapes]
        return arrays, [a.copy() for a in arrays]
    sparse = [rand_ndarray(s, stype, density=density, dtype=dtype) for s in shapes]
    return [a.tostype("default") for a in sparse], sparse


# ---------------------------------------------------------------------------------------------- NumPy helpers


def np_reduce(dat, axis, keepdims, numpy_reduce_func):
    """Reduce a NumPy array over some axes (None: all) with a function that takes one axis at a time."""
    axes = range(dat.ndim) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    axes = sorted(a % dat.ndim for a in axes)
    for a in reversed(axes):
        dat = numpy_reduce_func(dat, axis=a)
    if keepdims:
        dat = np.expand_dims(dat, tuple(axes))
    return dat


def collapse_sum_like(a, shape):
    """Sum a NumPy array over what broadcasting would have added to an array of `shape`."""
    extra = a.ndim - len(shape)
    if extra < 0 or any(s not in (1, d) for s, d in zip(shape, a.shape[extra:], strict=True)):
        raise AssertionError(f"an array of shape {shape} does not broadcast to {a.shape}")
    axes = [*range(extra), *(extra + i for i, s in enumerate(shape) if s == 1)]
    return a.sum(axis=tuple(axes), keepdims=True).reshape(shape)
