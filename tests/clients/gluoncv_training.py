"""gluoncv 0.10.5: detectors in training, losses, targets, layers; gluoncv_parts.py asks."""

import random as python_random

import gluoncv.nn.bbox as boxes
import gluoncv.nn.block as cv_blocks
import nets
import numpy as np
from gluoncv import loss as cv_loss
from gluoncv import model_zoo
from gluoncv.data import batchify
from gluoncv.data.transforms import (
    presets,  # noqa: F401
)
from gluoncv.data.transforms.presets import center_net, ssd, yolo
from gluoncv.model_zoo.center_net.target_generator import CenterNetTargetGenerator
from gluoncv.model_zoo.rcnn.rpn.anchor import RPNAnchorGenerator
from gluoncv.model_zoo.rcnn.rpn.proposal import RPNProposal
from gluoncv.model_zoo.rcnn.rpn.rpn_target import RPNTargetGenerator
from gluoncv.model_zoo.simple_pose.pose_target import SimplePoseGaussianTargetGenerator
from gluoncv.model_zoo.ssd.anchor import SSDAnchorGenerator
from gluoncv.model_zoo.ssd.target import SSDTargetGenerator
from gluoncv.model_zoo.yolo.yolo_target import YOLOV3DynamicTargetGeneratorSimple
from gluoncv.nn import coder, matcher, sampler
from parts import gradient, pack

import mxnet as mx
from mxnet import gluon

CLASSES = ["dog", "cat", "bird"]


def random(*shape):
    return mx.nd.array(np.random.RandomState(7).randn(*shape))


def positive(*shape):
    return mx.nd.array(np.random.RandomState(8).rand(*shape))


def integers(most, *shape):
    return mx.nd.array(np.random.RandomState(5).randint(0, most, shape))


def image(height=90, width=120, seed=3):
    """Soft shapes, since resizing noise says little."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / (5.0 + seed + c)) + np.cos(y / (7.0 + c)) for c in range(3)]
    return mx.nd.array(np.stack(waves, axis=-1) * 60 + 128, dtype="uint8")


def corners(count=3, size=80, seed=4):
    """Boxes by their corners."""
    made = np.random.RandomState(seed).uniform(0, size / 2.0, (count, 4))
    made[:, 2:] += made[:, :2] + 8
    return made.astype("float32")


def labels(seed=4):
    return np.hstack([corners(3, seed=seed), [[0], [2], [1]]]).astype("float32")


def seed(number=11):
    np.random.seed(number)
    python_random.seed(number)
    mx.random.seed(number)


def hybrids(block, *arguments):
    block.initialize()
    eager = block(*arguments)
    block.hybridize()
    return [eager, block(*arguments)]


# --- steps of training


def steps(net, samples, batch, losses_of, count=2):
    """Losses of some steps of SGD, and what the weights sum up to after them."""
    net.collect_params().reset_ctx(mx.cpu())
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.001, "wd": 0.0005, "momentum": 0.9})
    found = []
    arrays = batch(samples)
    for _ in range(count):
        with mx.autograd.record():
            losses = losses_of(arrays)
            total = sum(loss.sum() for loss in losses)
        total.backward()
        trainer.step(len(samples))
        found += [loss.sum() for loss in losses]
    weights = [p.data().asnumpy().astype("float64") for p in net.collect_params().values()]
    return pack(*found, np.array([np.abs(w).sum() for w in weights]))


def ssd_steps():
    net = model_zoo.get_model("ssd_512_mobilenet1.0_custom", classes=CLASSES, pretrained_base=False)
    net.initialize()
    net.apply(nets.fix_statistics)
    with mx.autograd.train_mode():
        anchors = net(mx.nd.zeros((1, 3, 96, 96)))[2]
    seed()
    transform = ssd.SSDDefaultTrainTransform(96, 96, anchors)
    samples = [transform(image(seed=s), labels(s)) for s in (1, 2)]
    loss = cv_loss.SSDMultiBoxLoss()

    def losses(arrays):
        pixels, classes, targets = (array.as_in_context(mx.cpu()) for array in arrays)
        class_predictions, box_predictions, _ = net(pixels)
        _, by_class, by_box = loss(class_predictions, box_predictions, classes, targets)
        return by_class + by_box

    net.hybridize(static_alloc=True, static_shape=True)
    # one step: its statistics are inside a symbol, of a few pixels, and make noise of the gradients
    return steps(net, samples, batchify.Tuple(batchify.Stack(), batchify.Stack(), batchify.Stack()), losses, count=1)


def yolo_steps():
    net = model_zoo.get_model("yolo3_mobilenet0.25_custom", classes=CLASSES, pretrained_base=False)
    net.initialize(mx.init.Xavier())
    net.apply(nets.fix_statistics)  # by those of a few pixels, gradients are noise
    seed()
    transform = yolo.YOLO3DefaultTrainTransform(96, 96, net)
    samples = [transform(image(seed=s), labels(s)) for s in (1, 2)]
    batch = batchify.Tuple(*[batchify.Stack()] * 6, batchify.Pad(axis=0, pad_val=-1))
    return steps(net, samples, batch, lambda arrays: net(arrays[0], arrays[6], *arrays[1:6]))


def center_net_steps():
    net = model_zoo.get_model("center_net_resnet18_v1b_voc", pretrained_base=False)
    net.initialize(mx.init.Xavier())
    seed()
    transform = center_net.CenterNetDefaultTrainTransform(64, 64, num_class=20, scale_factor=net.scale)
    samples = [transform(image(seed=s), labels(s)) for s in (1, 2)]
    focal, masked = cv_loss.HeatmapFocalLoss(from_logits=True), cv_loss.MaskedL1Loss(weight=0.1)

    def losses(arrays):
        pixels, heat, sizes, size_masks, offsets, offset_masks = arrays[:6]
        made = net(pixels)
        return [focal(made[0], heat), masked(made[1], sizes, size_masks), masked(made[2], offsets, offset_masks)]

    return steps(net, samples, batchify.Tuple(*[batchify.Stack()] * 6), losses)


def segmentation_steps():
    net = model_zoo.get_model("fcn_resnet50_voc", pretrained_base=False, base_size=32, crop_size=32)
    net.initialize(mx.init.Xavier())
    loss = cv_loss.MixSoftmaxCrossEntropyLoss(aux=True, aux_weight=0.5)
    return steps(
        net,
        [0],
        lambda samples: None,
        lambda _: [loss(*net(random(1, 3, 32, 32)), integers(3, 1, 32, 32) - 1)],
        count=1,
    )


# --- losses, targets


def losses():
    found = []
    target = integers(4, 2, 5, 5) - 1
    for hybrid in (False, True):
        cases = [
            (cv_loss.FocalLoss(num_class=4), (random(2, 5, 4), integers(4, 2, 5))),
            (cv_loss.FocalLoss(sparse_label=False), (random(2, 5, 4), positive(2, 5, 4) > 0.5)),
            (cv_loss.SoftmaxCrossEntropyLoss(), (random(2, 4, 5, 5), target)),
            (
                cv_loss.SegmentationMultiLosses(),
                (random(2, 4, 5, 5), random(2, 4, 5, 5) * 2, random(2, 4, 5, 5), target),
            ),
            (cv_loss.MixSoftmaxCrossEntropyLoss(), (random(2, 4, 5, 5), random(2, 4, 5, 5) * 2, target)),
            (
                cv_loss.MixSoftmaxCrossEntropyLoss(aux=False, mixup=True),
                (random(2, 4, 5, 5), target, 1 + target * 0, mx.nd.array([0.3])),
            ),
            (cv_loss.SoftmaxCrossEntropyOHEMLoss(), (random(2, 4, 5, 5), target)),
            (cv_loss.MixSoftmaxCrossEntropyOHEMLoss(), (random(2, 4, 5, 5), random(2, 4, 5, 5), target)),
            (cv_loss.DistillationSoftmaxCrossEntropyLoss(2, 0.3), (random(3, 4), integers(4, 3), random(3, 4) * 2)),
            (cv_loss.HeatmapFocalLoss(), (random(2, 3, 4, 4), positive(2, 3, 4, 4) > 0.9)),
            (cv_loss.MaskedL1Loss(), (random(2, 3), positive(2, 3), positive(2, 3) > 0.4)),
            (
                cv_loss.ICNetLoss(height=5, width=5, crop_size=20),
                (
                    random(1, 4, 20, 20),
                    random(1, 4, 5, 5),
                    random(1, 4, 2, 2),
                    random(1, 4, 2, 2),
                    integers(4, 1, 20, 20),
                ),
            ),
            (
                cv_loss.YOLOV3Loss(),
                (
                    random(2, 6, 1),
                    random(2, 6, 2),
                    random(2, 6, 2),
                    random(2, 6, 3),
                    positive(2, 6, 1) > 0.5,
                    positive(2, 6, 2),
                    positive(2, 6, 2),
                    positive(2, 6, 2),
                    positive(2, 6, 3) > 0.6,
                    positive(2, 6, 3) > 0.3,
                ),
            ),
        ]
        for block, arrays in cases:
            block.initialize()
            block.hybridize(hybrid)
            try:
                found += [gradient_of_first(block, arrays), repr(block)]
            except Exception as error:
                found.append(type(error).__name__)
    multi = cv_loss.SSDMultiBoxLoss()
    found += [multi([random(1, 12, 4)], [random(1, 12, 4)], [integers(3, 1, 12)], [positive(1, 12, 4)]), repr(multi)]
    siam = cv_loss.SiamRPNLoss(1)
    try:
        found += siam(
            random(1, 10, 3, 3),
            random(1, 20, 3, 3),
            integers(2, 1, 5, 3, 3),
            mx.nd.array([1, 4, 7]),
            mx.nd.array([2, 3]),
            random(1, 4, 5, 3, 3),
            positive(1, 5, 3, 3),
        )
    except Exception as error:
        found.append(type(error).__name__)
    return pack(*found)


def gradient_of_first(block, arrays):
    arrays = [array.astype("float32") for array in arrays]
    first = arrays[0]

    def call(x):
        out = block(x, *arrays[1:])
        return sum(o.sum() for o in out) if isinstance(out, (list, tuple)) else out

    return gradient(call, first)


def anchors():
    return pack(
        *hybrids(SSDAnchorGenerator(0, (64, 64), (10, 20), (1, 2, 0.5), 8, (8, 8)), random(1, 3, 4, 5)),
        *hybrids(SSDAnchorGenerator(0, (64, 64), (10, 20), (1, 2, 0.5), 8, (8, 8), clip=True), random(1, 3, 4, 5)),
        *hybrids(RPNAnchorGenerator(8, 16, (0.5, 1, 2), (2, 4), (10, 10)), random(1, 3, 4, 5)),
    )


def targets():
    ground = mx.nd.array(corners(3)).expand_dims(0)
    proposals = mx.nd.array(corners(20, seed=6)).expand_dims(0)
    found = []
    generator = SSDTargetGenerator(negative_mining_ratio=3)
    found += generator(boxes.BBoxCornerToCenter()(proposals), random(1, 20, 4), ground, mx.nd.array([[[0], [2], [1]]]))
    seed()
    found += RPNTargetGenerator(num_sample=12, pos_iou_thresh=0.4)(ground[0], proposals[0], 80, 80)
    found += CenterNetTargetGenerator(3, 16, 16)(ground[0].asnumpy() / 5, np.array([0, 2, 1]))
    found += YOLOV3DynamicTargetGeneratorSimple(3, 0.5)(proposals, ground)
    joints = np.concatenate([corners(4)[:, :2, None], np.ones((4, 2, 1))], axis=2)
    found += SimplePoseGaussianTargetGenerator(4, (64, 64), (16, 16))(np.pad(joints, ((0, 0), (0, 1), (0, 0))))
    scores = positive(1, 20, 1)
    found += hybrids(
        RPNProposal(clip=None, min_size=4, stds=(1, 1, 1, 1)),
        proposals,
        scores,
        random(1, 20, 4) / 9,
        mx.nd.zeros((1, 3, 80, 80)),
    )
    return pack(*found)


def coders():
    ground, proposals = mx.nd.array(corners(3)).expand_dims(0), mx.nd.array(corners(6, seed=6)).expand_dims(0)
    overlaps = mx.nd.contrib.box_iou(proposals, ground, format="corner")
    overlaps = overlaps.reshape((1, 6, 3))
    matches = integers(3, 1, 6)
    samples = mx.nd.array([[1, -1, 0, 1, 1, -1]])
    found = [
        *hybrids(matcher.BipartiteMatcher(share_max=False), overlaps),
        *hybrids(matcher.MaximumMatcher(0.3), overlaps),
        *hybrids(matcher.CompositeMatcher([matcher.BipartiteMatcher(), matcher.MaximumMatcher(0.3)]), overlaps),
        *hybrids(coder.NormalizedBoxCenterEncoder(), samples, matches, proposals, ground),
        *hybrids(coder.NormalizedBoxCenterDecoder(convert_anchor=True), random(1, 6, 4), proposals),
        *hybrids(
            coder.NormalizedBoxCenterDecoder(convert_anchor=True, minimal_opset=True, clip=2.0),
            random(1, 6, 4),
            proposals,
        ),
        *hybrids(coder.MultiClassEncoder(), samples, matches, mx.nd.array([[0, 2, 1]])),
        *hybrids(coder.MultiClassDecoder(), positive(1, 6, 4)),
        *hybrids(coder.MultiPerClassDecoder(4), positive(1, 6, 4)),
        *coder.SigmoidClassEncoder()(samples.asnumpy()),
        *hybrids(coder.CenterNetDecoder(topk=5), positive(2, 3, 4, 4), positive(2, 2, 4, 4), positive(2, 2, 4, 4)),
        *coder.NumPyNormalizedBoxCenterEncoder()(
            samples.asnumpy(), matches.asnumpy().astype(int), proposals.asnumpy(), ground.asnumpy()
        ),
        *hybrids(boxes.BBoxBatchIOU(), proposals, ground),
        *hybrids(boxes.BBoxArea(), ground),
        *hybrids(boxes.BBoxCenterToCorner(split=True), ground),
        *hybrids(boxes.BBoxCornerToCenter(split=True), ground),
        *hybrids(boxes.BBoxClipToImage(), proposals, mx.nd.zeros((1, 3, 30, 40))),
        *hybrids(sampler.NaiveSampler(), matches),
    ]
    seed()
    found.append(sampler.OHEMSampler(3)(matches - 1, random(1, 6, 4), positive(1, 6, 3)))
    found.append(sampler.QuotaSampler(4, 0.3, 0.3)(matches - 1, overlaps))
    per_class = coder.NormalizedPerClassBoxCenterEncoder(4, max_pos=3)
    per_class.initialize()
    found += per_class(samples, matches, proposals, mx.nd.array([[0, 2, 1]]), ground)
    return pack(*found)


def layers():
    found = []
    for block, shape in (
        (cv_blocks.HardSwish(), (2, 3)),
        (cv_blocks.ReLU6(), (2, 3)),
        (cv_blocks.HardSigmoid(), (2, 3)),
        (cv_blocks.SoftmaxHD(), (2, 3, 4, 4)),
        (cv_blocks.DSNT(4), (2, 3, 4, 4)),
        (cv_blocks.DUC(8), (1, 3, 4, 4)),
        (cv_blocks.Consensus(4, 2), (6, 4)),
    ):
        found += [*hybrids(block, random(*shape)), repr(block)]
    return pack(*found)
