"""Element-wise operators and reductions where MXNet's answer is wrong or missing, and mathematics decides."""
from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, nd

INF, NAN = float("inf"), float("nan")


def gradient(fn, data) -> np.ndarray:
    x = nd.array(data)
    x.attach_grad()
    with autograd.record():
        y = fn(x)
    y.backward()
    return x.grad.asnumpy()


def test_nansum_keeps_infinities(ctx):
    assert nd.nansum(nd.array([1, INF, NAN])).asscalar() == INF


def test_norm_of_integers_is_accumulated_before_it_is_truncated(ctx):
    assert nd.norm(nd.array([[3, 4], [6, 8]], dtype="int32"), axis=1).asnumpy().tolist() == [5, 10]


def test_mean_of_small_integers_does_not_overflow(ctx):
    assert nd.mean(nd.array([100, 100, 100], dtype="int8")).asscalar() == 100


def test_norm_takes_an_output_dtype(ctx):
    assert nd.norm(nd.array([3, 4]), out_dtype="float64").dtype == np.float64


def test_gradient_of_prod_with_a_zero(ctx):
    assert gradient(lambda x: nd.prod(x), [0, 2, 3]).tolist() == [6, 0, 0]


def test_gradient_of_norm_at_zero_is_zero(ctx):
    assert gradient(lambda x: nd.norm(x), [0, 0]).tolist() == [0, 0]


def test_sorting_has_a_gradient(ctx):
    weights = nd.array([1, 2, 3])
    assert gradient(lambda x: (nd.sort(x) * weights).sum(), [3, 1, 2]).tolist() == [3, 1, 2]


@pytest.mark.parametrize("axis", [-1, -2])
def test_cumsum_counts_axes_from_the_end(ctx, axis):
    data = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(nd.cumsum(nd.array(data), axis=axis).asnumpy(), data.cumsum(axis))


def test_where_takes_boolean_conditions(ctx):
    chosen = nd.where(nd.array([True, False], dtype="bool"), nd.array([1, 2]), nd.array([3, 4]))
    assert chosen.asnumpy().tolist() == [1, 4]


def test_sort_orders_float16(ctx):
    assert nd.sort(nd.array([3, 1, 2], dtype="float16")).asnumpy().tolist() == [1, 2, 3]


def test_nan_sorts_last(ctx):
    order = nd.argsort(nd.array([NAN, 1, INF])).asnumpy().tolist()
    assert order == [1, 2, 0]


def test_amp_multicast_of_mixed_widths(ctx):
    arrays = [nd.ones((2,), dtype="float16"), nd.ones((3,), dtype="float32")]
    assert [a.dtype for a in nd.amp_multicast(*arrays, num_outputs=2)] == [np.float32] * 2
    assert [a.dtype for a in nd.amp_multicast(*arrays, num_outputs=2, cast_narrow=True)] == [np.float16] * 2


def test_bfloat16_rounds_to_eight_bits(ctx):
    rounded = nd.cast(nd.cast(nd.array([1.0, 1.00390625, 3.14159]), dtype="bfloat16"), dtype="float32")
    assert rounded.asnumpy().tolist() == [1.0, 1.0, 3.140625]


def test_integer_division_by_zero_is_an_error(ctx):
    with pytest.raises(mx.MXNetError):
        (nd.array([1], dtype="int32") / nd.array([0], dtype="int32")).wait_to_read()


@pytest.mark.parametrize("name", ["_copy", "BlockGrad", "make_loss", "clip", "Cast", "sum", "prod", "broadcast_to",
                                  "sort", "pick", "add_n", "cumsum", "max"])
def test_results_share_no_memory_with_inputs(ctx, name):
    """Even where there is nothing to do."""
    x = nd.array([[1.0, 2.0]])
    options = {"clip": {"a_min": 0, "a_max": 9}, "Cast": {"dtype": "float32"}, "broadcast_to": {"shape": (1, 2)},
               "sum": {"axis": 0}, "prod": {"axis": 0}, "max": {"axis": 0}, "cumsum": {"axis": 0}}.get(name, {})
    inputs = [x, nd.array([0])] if name == "pick" else [x]
    result = getattr(nd.op, name, None) or getattr(nd._internal, name)
    result = result(*inputs, **options)
    result[:] = -1
    assert x.asnumpy().tolist() == [[1.0, 2.0]]
