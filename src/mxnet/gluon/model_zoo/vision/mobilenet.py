"""MobileNet: Howard et al., "Efficient Convolutional Neural Networks for Mobile Vision Applications" (2017).

https://arxiv.org/abs/1704.04861; version 2: Sandler et al., "Inverted Residuals and Linear Bottlenecks" (2018),
https://arxiv.org/abs/1801.04381
"""

from ....context import cpu
from ... import nn
from ...block import HybridBlock
from ..model_store import ROOT
from ._classifier import Classifier, restore

__all__ = [
    "MobileNet",
    "MobileNetV2",
    "get_mobilenet",
    "get_mobilenet_v2",
    "mobilenet0_5",
    "mobilenet0_25",
    "mobilenet0_75",
    "mobilenet1_0",
    "mobilenet_v2_0_5",
    "mobilenet_v2_0_25",
    "mobilenet_v2_0_75",
    "mobilenet_v2_1_0",
]

# channels and strides of the depthwise separable convolutions (table 1 of the first paper)
_SEPARABLE = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]

# expansion, channels, repetitions, stride of the first one (table 2 of the second paper)
_BOTTLENECKS = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
]  # fmt: skip


class RELU6(HybridBlock):
    """min(max(x, 0), 6): an activation that stays exact at low precision."""

    def hybrid_forward(self, F, x):
        return F.clip(x, 0, 6, name="relu6")


def _convolution(channels, kernel=1, stride=1, pad=0, groups=1):
    return [nn.Conv2D(channels, kernel, stride, pad, groups=groups, use_bias=False), nn.BatchNorm(scale=True)]


class LinearBottleneck(HybridBlock):
    """Expand to t times the channels, filter each by itself, project linearly; add the input where shapes allow.

    Input: (N, in_channels, height, width). Output: (N, channels, ...), by `stride` smaller.
    """

    def __init__(self, in_channels, channels, t, stride, **kwargs):
        super().__init__(**kwargs)
        self.use_shortcut = stride == 1 and in_channels == channels
        inner = in_channels * t
        with self.name_scope():
            self.out = nn.HybridSequential()
            self.out.add(*_convolution(inner), RELU6())
            self.out.add(*_convolution(inner, 3, stride, 1, groups=inner), RELU6())
            self.out.add(*_convolution(channels))

    def hybrid_forward(self, F, x):
        out = self.out(x)
        return F.elemwise_add(out, x) if self.use_shortcut else out


class MobileNet(Classifier):
    """Convolutions of each channel by itself, each followed by a 1x1 one. multiplier: of all numbers of channels."""

    def __init__(self, multiplier=1.0, classes=1000, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            with self.features.name_scope():
                before = int(32 * multiplier)
                self.features.add(*_convolution(before, 3, 2, 1), nn.Activation("relu"))
                for channels, stride in _SEPARABLE:
                    self.features.add(*_convolution(before, 3, stride, 1, groups=before), nn.Activation("relu"))
                    before = int(channels * multiplier)
                    self.features.add(*_convolution(before), nn.Activation("relu"))
                self.features.add(nn.GlobalAvgPool2D(), nn.Flatten())
            self.output = nn.Dense(classes)


class MobileNetV2(Classifier):
    """Linear bottlenecks; the classes are the channels of a last 1x1 convolution. multiplier: as in MobileNet."""

    def __init__(self, multiplier=1.0, classes=1000, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="features_")
            with self.features.name_scope():
                before = int(32 * multiplier)
                self.features.add(*_convolution(before, 3, 2, 1), RELU6())
                for t, channels, repetitions, stride in _BOTTLENECKS:
                    for i in range(repetitions):
                        after = int(channels * multiplier)
                        self.features.add(LinearBottleneck(before, after, t, 1 if i else stride))
                        before = after
                last = int(1280 * multiplier) if multiplier > 1 else 1280
                self.features.add(*_convolution(last), RELU6(), nn.GlobalAvgPool2D())
            self.output = nn.HybridSequential(prefix="output_")
            with self.output.name_scope():
                self.output.add(nn.Conv2D(classes, 1, use_bias=False, prefix="pred_"), nn.Flatten())


def _version(multiplier) -> str:
    """As file names have it: 1.0, 0.5, 0.75, 0.25."""
    text = f"{multiplier:.2f}"
    return text[:-1] if text in ("1.00", "0.50") else text


def get_mobilenet(multiplier, pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """MobileNet; with `pretrained`, ImageNet weights (multiplier 1, 0.75, 0.5, 0.25) on `ctx`, kept in `root`."""
    return restore(MobileNet(multiplier, **kwargs), f"mobilenet{_version(multiplier)}", pretrained, ctx, root)


def get_mobilenet_v2(multiplier, pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """MobileNet v2; with `pretrained`, ImageNet weights (multiplier 1, 0.75, 0.5, 0.25) on `ctx`, kept in `root`."""
    return restore(MobileNetV2(multiplier, **kwargs), f"mobilenetv2_{_version(multiplier)}", pretrained, ctx, root)


def mobilenet1_0(**kwargs):
    """MobileNet with multiplier 1; see get_mobilenet."""
    return get_mobilenet(1.0, **kwargs)


def mobilenet0_75(**kwargs):
    """MobileNet with multiplier 0.75; see get_mobilenet."""
    return get_mobilenet(0.75, **kwargs)


def mobilenet0_5(**kwargs):
    """MobileNet with multiplier 0.5; see get_mobilenet."""
    return get_mobilenet(0.5, **kwargs)


def mobilenet0_25(**kwargs):
    """MobileNet with multiplier 0.25; see get_mobilenet."""
    return get_mobilenet(0.25, **kwargs)


def mobilenet_v2_1_0(**kwargs):
    """MobileNet v2 with multiplier 1; see get_mobilenet_v2."""
    return get_mobilenet_v2(1.0, **kwargs)


def mobilenet_v2_0_75(**kwargs):
    """MobileNet v2 with multiplier 0.75; see get_mobilenet_v2."""
    return get_mobilenet_v2(0.75, **kwargs)


def mobilenet_v2_0_5(**kwargs):
    """MobileNet v2 with multiplier 0.5; see get_mobilenet_v2."""
    return get_mobilenet_v2(0.5, **kwargs)


def mobilenet_v2_0_25(**kwargs):
    """MobileNet v2 with multiplier 0.25; see get_mobilenet_v2."""
    return get_mobilenet_v2(0.25, **kwargs)
