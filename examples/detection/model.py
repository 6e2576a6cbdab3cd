"""An SSD: on two feature maps each place guesses, for boxes of a few shapes around it, what is in them and where."""
from __future__ import annotations

from mxnet import gluon, nd
from mxnet.gluon import nn

# Of the boxes around each place, in fractions of the scene: sizes and ratios of width to height.
SIZES = ([0.2, 0.27], [0.35, 0.43])
RATIOS = [0.7, 1, 0.45]
BOXES = len(SIZES[0]) + len(RATIOS) - 1


def narrowing(*channels: int) -> nn.HybridSequential:
    """Convolutions, then half the height and width."""
    part = nn.HybridSequential()
    for count in channels:
        part.add(nn.Conv2D(count, 3, padding=1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
    part.add(nn.MaxPool2D())
    return part


class Detector(nn.HybridBlock):
    """Scenes (batch, 3, height, width) to scores (batch, boxes, classes + 1), offsets (batch, boxes * 4) and the boxes
    they are about, anchors (1, boxes, 4)."""

    def __init__(self, classes: int, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        with self.name_scope():
            self.stages, self.scores, self.offsets = (nn.HybridSequential(prefix=f"{name}_")
                                                      for name in ("stages", "scores", "offsets"))
            with self.stages.name_scope():
                first = nn.HybridSequential()
                first.add(nn.Conv2D(16, 3, 2, 1), nn.Activation("relu"), narrowing(32), narrowing(48, 48))
                self.stages.add(first, narrowing(64))
            for head, outputs in ((self.scores, classes + 1), (self.offsets, 4)):
                with head.name_scope():
                    head.add(*(nn.Conv2D(BOXES * outputs, 3, padding=1) for _ in SIZES))

    def hybrid_forward(self, F, x):
        scores, offsets, anchors = [], [], []
        for stage, score, offset, sizes in zip(self.stages, self.scores, self.offsets, SIZES, strict=True):
            x = stage(x)
            scores.append(score(x).transpose((0, 2, 3, 1)).reshape((0, -1, self.classes + 1)))
            offsets.append(offset(x).transpose((0, 2, 3, 1)).flatten())
            anchors.append(F.contrib.MultiBoxPrior(x, sizes=sizes, ratios=RATIOS))
        return F.concat(*scores, dim=1), F.concat(*offsets, dim=1), F.concat(*anchors, dim=1)


class SSDLoss(gluon.loss.Loss):
    """What a Detector got wrong, one number a scene: classes of boxes, and the place of those with an object."""

    def __init__(self, weight=None, batch_axis=0, **kwargs):
        super().__init__(weight, batch_axis, **kwargs)
        self.of_classes = gluon.loss.SoftmaxCrossEntropyLoss()
        self.of_places = gluon.loss.HuberLoss()

    def hybrid_forward(self, F, scores, offsets, anchors, objects):
        places, matched, classes = F.contrib.MultiBoxTarget(
            anchors, objects, scores.transpose((0, 2, 1)), negative_mining_ratio=3, negative_mining_thresh=0.5,
            minimum_negative_samples=0, ignore_label=-1)
        counted = F.expand_dims(classes >= 0, -1)
        wrong_class = self.of_classes(scores, F.maximum(classes, 0), counted) / (counted.mean(axis=(1, 2)) + 1e-6)
        wrong_place = self.of_places(offsets, places, matched) / (matched.mean(axis=1) + 1e-6)
        return wrong_class + wrong_place


def detect(net: gluon.Block, scenes: nd.NDArray, least: float = 0.01) -> nd.NDArray:
    """What is found: (batch, boxes, 6), rows (class, chance, left, top, right, bottom); -1 for no object."""
    scores, offsets, anchors = net(scenes)
    return nd.contrib.MultiBoxDetection(nd.softmax(scores).transpose((0, 2, 1)), offsets, anchors, threshold=least,
                                        nms_threshold=0.4, nms_topk=100)
