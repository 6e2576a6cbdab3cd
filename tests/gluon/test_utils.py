"""Hooks and clipping of gluon.utils; splitting and clipping are compared with MXNet in test_trainer.py too."""

from __future__ import annotations

import pickle
from collections import OrderedDict

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd
from mxnet.gluon import utils


def test_hook_handle():
    hooks, handle = OrderedDict(), utils.HookHandle()
    handle.attach(hooks, print)
    assert list(hooks.values()) == [print]
    with pytest.raises(AssertionError, match="The same handle cannot be attached twice"):
        handle.attach(hooks, print)
    handle.detach()
    handle.detach()
    assert not hooks
    with utils.HookHandle() as handle:
        handle.attach(hooks, len)
        assert hooks
    assert not hooks
    assert pickle.loads(pickle.dumps(handle))._id == handle._id


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_clip_global_norm_of_other_dtypes(dtype):
    """MXNet's raises here; a user of mixed precision needs it."""
    arrays = [nd.array([300, 400], dtype=dtype), nd.array([0.0], dtype="float32", ctx=mx.cpu(1))]
    assert utils.clip_global_norm(arrays, 5) == 500
    np.testing.assert_allclose(arrays[0].asnumpy(), [3, 4], rtol=1e-3)


def test_clip_global_norm_of_gradients_leaves_their_arrays():
    x = nd.ones(4)
    x.attach_grad()
    with mx.autograd.record():
        (x * 3).sum().backward()
    grad = x.grad
    assert utils.clip_global_norm([grad], 1) == 6
    assert x.grad is grad
    np.testing.assert_allclose(grad.asnumpy(), 0.5, rtol=1e-6)


def test_clip_global_norm_refuses_integers_before_it_changes_anything():
    arrays = [nd.array([300, 400]), nd.array([1, 2], dtype="int32")]
    with pytest.raises(mx.MXNetError, match="floating point"):
        utils.clip_global_norm(arrays, 5)
    assert arrays[0].asnumpy().tolist() == [300, 400]


def test_the_global_norm_is_a_float32():
    """As MXNet's, which is printed with as many digits as that has."""
    norm = utils.clip_global_norm([nd.ones((2, 3)) * 3, nd.ones(4)], 1.0)
    assert type(norm) is np.float32 and str(norm) == "7.615773"
