"""What programs around trained networks do with a Module beyond their documented methods."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd

Batch = namedtuple("Batch", ["data"])


@pytest.fixture
def checkpoint(tmp_path):
    """A fully convolutional net with a label: each channel of the output is the sum of the image's, times 1 and 2."""
    data = mx.sym.Variable("data")
    conv = mx.sym.Convolution(data, kernel=(1, 1), num_filter=2, no_bias=True, name="conv")
    net = mx.sym.SoftmaxOutput(conv, multi_output=True, name="prob")
    weight = nd.array([[1, 1, 1], [2, 2, 2]]).reshape((2, 3, 1, 1))
    mx.model.save_checkpoint(str(tmp_path / "net"), 1, net, {"conv_weight": weight}, {})
    return str(tmp_path / "net")


def test_detector_writes_images_of_any_size_into_the_executor(checkpoint):
    symbol, args, auxs = mx.model.load_checkpoint(checkpoint, 1)
    module = mx.mod.Module(symbol.get_internals()["conv_output"], label_names=None)
    module.bind(data_shapes=[("data", (1, 3, 1, 1))], for_training=False)
    module.set_params(args, auxs)
    group = module._exec_group
    for height, width in ((4, 6), (2, 3)):
        image = np.random.default_rng(0).random((1, 3, height, width), dtype=np.float32)
        group.reshape([mx.io.DataDesc("data", image.shape)], None)
        group.data_arrays[0][0][1][:] = image
        group.execs[0].forward(is_train=False)
        out = group.execs[0].outputs[0].asnumpy()
        np.testing.assert_allclose(out, image.sum(1, keepdims=True) * np.array([1, 2]).reshape(1, 2, 1, 1), rtol=1e-6)


def test_batches_of_a_namedtuple_without_labels(checkpoint):
    symbol, args, auxs = mx.model.load_checkpoint(checkpoint, 1)
    module = mx.mod.Module(symbol, label_names=None)
    module.bind(data_shapes=[("data", (1, 3, 2, 2))], for_training=False)
    module.set_params(args, auxs, allow_missing=True)
    module.forward(Batch([nd.ones((1, 3, 2, 2))]))
    np.testing.assert_allclose(module.get_outputs()[0][0, 1].asnumpy(), 1 / (1 + np.exp(-3)), rtol=1e-6)


def test_numpy_functions_of_outputs_give_ndarrays():
    scores = nd.array([[1, 3, 2], [5, 4, 0]])
    best = np.argmax(scores, axis=1)
    assert isinstance(best, nd.NDArray) and best.asnumpy().astype(int).tolist() == [1, 0]
