"""Detectors as graphs: shapes without values, hybridized networks, many boxes."""
from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import gluon, nd


def faster_rcnn() -> mx.sym.Symbol:
    data, info = mx.sym.var("data"), mx.sym.var("im_info")
    features = mx.sym.Convolution(data, num_filter=8, kernel=(3, 3), stride=(16, 16), pad=(1, 1), name="features")
    score = mx.sym.Convolution(features, num_filter=24, kernel=(1, 1), name="score")
    prob = mx.sym.reshape(mx.sym.softmax(mx.sym.reshape(score, (0, 2, -1, 0)), axis=1), (0, 24, -1, 0))
    offsets = mx.sym.Convolution(features, num_filter=48, kernel=(1, 1), name="offsets")
    rois = mx.sym.contrib.Proposal(prob, offsets, info, rpn_post_nms_top_n=7, name="rois")
    pooled = mx.sym.ROIPooling(features, rois, pooled_size=(3, 2), spatial_scale=1 / 16, name="pooled")
    return mx.sym.softmax(mx.sym.FullyConnected(pooled, num_hidden=5, name="classes"))


def test_shapes_of_proposals_need_no_values():
    arguments, outputs, _ = faster_rcnn().infer_shape(data=(1, 3, 64, 96))
    by_name = dict(zip(faster_rcnn().list_arguments(), arguments, strict=True))
    assert by_name["im_info"] == (1, 3)
    assert by_name["classes_weight"] == (5, 8 * 3 * 2)
    assert outputs == [(7, 5)]


def test_proposals_train_what_comes_after_them():
    executor = faster_rcnn().simple_bind(mx.cpu(), data=(1, 3, 64, 96))
    for name, array in executor.arg_dict.items():
        array[:] = np.linspace(-0.1, 0.1, array.size).reshape(array.shape) if name != "im_info" else [[64, 96, 1]]
    (out,) = executor.forward(is_train=True)
    np.testing.assert_allclose(out.asnumpy().sum(1), 1, rtol=1e-5)
    executor.backward(nd.array(np.eye(7, 5)))
    assert abs(executor.grad_dict["features_weight"].asnumpy()).max() > 0
    assert not executor.grad_dict["offsets_weight"].asnumpy().any()


class Detector(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.body = gluon.nn.Conv2D(12, 3, padding=1)
            self.offsets = gluon.nn.Conv2D(18, 3, padding=1)
            self.weight = self.params.get("weight", shape=(12, 0, 3, 3), allow_deferred_init=True)

    def hybrid_forward(self, F, x, weight):
        features = F.contrib.DeformableConvolution(x, self.offsets(x), weight, kernel=(3, 3), pad=(1, 1),
                                                   num_filter=12, no_bias=True)
        rows = F.reshape(F.transpose(self.body(features), (0, 2, 3, 1)), (0, -1, 6))
        return F.contrib.box_nms(F.sigmoid(rows), id_index=0, topk=20)


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (1, 3, 8, 8)])
def test_hybridized_as_eager(shape):
    net = Detector()
    net.initialize(mx.init.Normal(0.5))
    x = nd.array(np.sin(np.arange(np.prod(shape))).reshape(shape))
    expected = net(x).asnumpy()
    assert net.weight.shape == (12, 3, 3, 3)
    net.hybridize()
    np.testing.assert_allclose(net(x).asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_survivors_of_many_boxes_do_not_overlap():
    random = np.random.default_rng(0)
    low = random.uniform(0, 300, (10000, 2))
    rows = np.concatenate([random.uniform(0.1, 1, (10000, 1)), low, low + random.uniform(5, 60, (10000, 2))], 1)
    kept = nd.contrib.box_nms(nd.array(rows), overlap_thresh=0.4, coord_start=1, score_index=0).asnumpy()
    count = int((kept[:, 0] > 0).sum())
    assert 0 < count < 10000
    assert (np.diff(kept[:count, 0]) <= 0).all()
    assert (kept[count:] == -1).all()
    boxes = nd.array(kept[:count, 1:])
    overlaps = nd.contrib.box_iou(boxes, boxes).asnumpy() - np.eye(count)
    assert overlaps.max() <= 0.4 + 1e-6
    removed = nd.contrib.box_iou(nd.array(rows[:, 1:]), boxes).asnumpy().max(1)
    assert (removed > 0.4).all()
