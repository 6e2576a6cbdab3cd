"""ResNet: He et al., "Deep Residual Learning for Image Recognition" (2015), https://arxiv.org/abs/1512.03385

Version 2: He et al., "Identity Mappings in Deep Residual Networks" (2016), https://arxiv.org/abs/1603.05027
"""

from ....context import cpu
from ... import nn
from ...block import HybridBlock
from ..model_store import ROOT
from ._classifier import Classifier, restore

__all__ = [
    "BasicBlockV1",
    "BasicBlockV2",
    "BottleneckV1",
    "BottleneckV2",
    "ResNetV1",
    "ResNetV2",
    "get_resnet",
    "resnet18_v1",
    "resnet18_v2",
    "resnet34_v1",
    "resnet34_v2",
    "resnet50_v1",
    "resnet50_v2",
    "resnet101_v1",
    "resnet101_v2",
    "resnet152_v1",
    "resnet152_v2",
]


def _conv3x3(channels, stride, in_channels):
    return nn.Conv2D(channels, kernel_size=3, strides=stride, padding=1, use_bias=False, in_channels=in_channels)


def _projection(channels, stride, in_channels):
    """The shortcut where shapes change."""
    return nn.Conv2D(channels, kernel_size=1, strides=stride, use_bias=False, in_channels=in_channels)


class _BlockV1(HybridBlock):
    """relu(body(x) + shortcut(x)); the shortcut is x, or `downsample`: a projection with batch normalization.

    Input: (N, in_channels, height, width). Output: (N, channels, ...), by `stride` smaller.
    """

    def __init__(self, channels, stride, downsample=False, in_channels=0, **kwargs):
        super().__init__(**kwargs)
        self.body = nn.HybridSequential(prefix="")
        self.body.add(*self._layers(channels, stride, in_channels))
        if downsample:
            self.downsample = nn.HybridSequential(prefix="")
            self.downsample.add(_projection(channels, stride, in_channels), nn.BatchNorm())
        else:
            self.downsample = None

    def _shortcut(self, x):
        return self.downsample(x) if self.downsample else x


class BasicBlockV1(_BlockV1):
    """Two 3x3 convolutions; for ResNets of 18 and 34 layers."""

    @staticmethod
    def _layers(channels, stride, in_channels):
        return [
            _conv3x3(channels, stride, in_channels), nn.BatchNorm(), nn.Activation("relu"),
            _conv3x3(channels, 1, channels), nn.BatchNorm(),
        ]  # fmt: skip

    def hybrid_forward(self, F, x):
        return F.Activation(self._shortcut(x) + self.body(x), act_type="relu")


class BottleneckV1(_BlockV1):
    """A 3x3 convolution of a quarter of the channels between 1x1 ones; for ResNets of 50 layers and more."""

    @staticmethod
    def _layers(channels, stride, in_channels):
        inner = channels // 4
        return [
            nn.Conv2D(inner, kernel_size=1, strides=stride), nn.BatchNorm(), nn.Activation("relu"),
            _conv3x3(inner, 1, inner), nn.BatchNorm(), nn.Activation("relu"),
            nn.Conv2D(channels, kernel_size=1), nn.BatchNorm(),
        ]  # fmt: skip

    def hybrid_forward(self, F, x):
        # The other way round than in BasicBlockV1: MXNet's files list the operators in this order.
        return F.Activation(self.body(x) + self._shortcut(x), act_type="relu")


class _BlockV2(HybridBlock):
    """x + convolutions, each after batch normalization and relu; where shapes change, x is projected after these.

    Input: (N, in_channels, height, width). Output: (N, channels, ...), by `stride` smaller.
    """

    def __init__(self, channels, stride, downsample=False, in_channels=0, **kwargs):
        super().__init__(**kwargs)
        self._add_layers(channels, stride, in_channels)
        self.downsample = _projection(channels, stride, in_channels) if downsample else None


class BasicBlockV2(_BlockV2):
    """Two 3x3 convolutions; for ResNets of 18 and 34 layers."""

    def _add_layers(self, channels, stride, in_channels):
        self.bn1 = nn.BatchNorm()
        self.conv1 = _conv3x3(channels, stride, in_channels)
        self.bn2 = nn.BatchNorm()
        self.conv2 = _conv3x3(channels, 1, channels)

    def hybrid_forward(self, F, x):
        out = F.Activation(self.bn1(x), act_type="relu")
        shortcut = self.downsample(out) if self.downsample else x
        out = self.conv1(out)
        out = self.conv2(F.Activation(self.bn2(out), act_type="relu"))
        return out + shortcut


class BottleneckV2(_BlockV2):
    """A 3x3 convolution of a quarter of the channels between 1x1 ones; for ResNets of 50 layers and more."""

    def _add_layers(self, channels, stride, in_channels):
        inner = channels // 4
        self.bn1 = nn.BatchNorm()
        self.conv1 = nn.Conv2D(inner, kernel_size=1, use_bias=False)
        self.bn2 = nn.BatchNorm()
        self.conv2 = _conv3x3(inner, stride, inner)
        self.bn3 = nn.BatchNorm()
        self.conv3 = nn.Conv2D(channels, kernel_size=1, use_bias=False)

    def hybrid_forward(self, F, x):
        out = F.Activation(self.bn1(x), act_type="relu")
        shortcut = self.downsample(out) if self.downsample else x
        out = self.conv1(out)
        out = self.conv2(F.Activation(self.bn2(out), act_type="relu"))
        out = self.conv3(F.Activation(self.bn3(out), act_type="relu"))
        return out + shortcut


def _stage(block, layers, channels, stride, number, in_channels):
    """`layers` blocks, the first of which changes shapes."""
    stage = nn.HybridSequential(prefix=f"stage{number}_")
    with stage.name_scope():
        stage.add(block(channels, stride, channels != in_channels, in_channels=in_channels, prefix=""))
        for _ in range(layers - 1):
            stage.add(block(channels, 1, False, in_channels=channels, prefix=""))
    return stage


class _ResNet(Classifier):
    """Base of both versions: what comes first, and the stages."""

    def _add_stem(self, channels, thumbnail):
        """A small first convolution for thumbnails, a large one and a pooling for photographs."""
        if thumbnail:
            self.features.add(_conv3x3(channels, 1, 0))
            return
        self.features.add(
            nn.Conv2D(channels, 7, 2, 3, use_bias=False),
            nn.BatchNorm(),
            nn.Activation("relu"),
            nn.MaxPool2D(3, 2, 1),
        )

    def _add_stages(self, block, layers, channels):
        for i, number in enumerate(layers):
            self.features.add(_stage(block, number, channels[i + 1], 2 if i else 1, i + 1, channels[i]))


def _check_lengths(layers, channels):
    assert len(layers) == len(channels) - 1, (
        f"channels must be one more than layers, got {len(channels)} channels for {len(layers)} layers"
    )


class ResNetV1(_ResNet):
    """Stages of residual blocks, each after the first halving height and width.

    block: BasicBlockV1 or BottleneckV1.  layers: number of blocks in each stage.  channels: of the first
    convolution, then of each stage.  thumbnail: for small images such as CIFAR's.
    """

    def __init__(self, block, layers, channels, classes=1000, thumbnail=False, **kwargs):
        super().__init__(**kwargs)
        _check_lengths(layers, channels)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self._add_stem(channels[0], thumbnail)
            self._add_stages(block, layers, channels)
            self.features.add(nn.GlobalAvgPool2D())
            self.output = nn.Dense(classes, in_units=channels[-1])


class ResNetV2(_ResNet):
    """ResNet with activations before the convolutions, and the input normalized.

    block: BasicBlockV2 or BottleneckV2; the other arguments are those of ResNetV1.
    """

    def __init__(self, block, layers, channels, classes=1000, thumbnail=False, **kwargs):
        super().__init__(**kwargs)
        _check_lengths(layers, channels)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(nn.BatchNorm(scale=False, center=False))
            self._add_stem(channels[0], thumbnail)
            self._add_stages(block, layers, channels)
            self.features.add(nn.BatchNorm(), nn.Activation("relu"), nn.GlobalAvgPool2D(), nn.Flatten())
            self.output = nn.Dense(classes, in_units=channels[-1])


# depth -> kind of block, blocks in each stage, channels (table 1)
resnet_spec = {
    18: ("basic_block", [2, 2, 2, 2], [64, 64, 128, 256, 512]),
    34: ("basic_block", [3, 4, 6, 3], [64, 64, 128, 256, 512]),
    50: ("bottle_neck", [3, 4, 6, 3], [64, 256, 512, 1024, 2048]),
    101: ("bottle_neck", [3, 4, 23, 3], [64, 256, 512, 1024, 2048]),
    152: ("bottle_neck", [3, 8, 36, 3], [64, 256, 512, 1024, 2048]),
}

resnet_net_versions = [ResNetV1, ResNetV2]
resnet_block_versions = [
    {"basic_block": BasicBlockV1, "bottle_neck": BottleneckV1},
    {"basic_block": BasicBlockV2, "bottle_neck": BottleneckV2},
]


def get_resnet(version, num_layers, pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """ResNet of version 1 or 2 and depth 18, 34, 50, 101 or 152.

    With `pretrained`, its ImageNet weights on `ctx`, kept in the folder `root`.
    """
    assert num_layers in resnet_spec, f"Invalid number of layers: {num_layers}. Options are {resnet_spec.keys()}"
    assert version in (1, 2), f"Invalid resnet version: {version}. Options are 1 and 2."
    kind, layers, channels = resnet_spec[num_layers]
    block = resnet_block_versions[version - 1][kind]
    net = resnet_net_versions[version - 1](block, layers, channels, **kwargs)
    return restore(net, f"resnet{num_layers}_v{version}", pretrained, ctx, root)


def resnet18_v1(**kwargs):
    """ResNet v1 of 18 layers; see get_resnet."""
    return get_resnet(1, 18, **kwargs)


def resnet34_v1(**kwargs):
    """ResNet v1 of 34 layers; see get_resnet."""
    return get_resnet(1, 34, **kwargs)


def resnet50_v1(**kwargs):
    """ResNet v1 of 50 layers; see get_resnet."""
    return get_resnet(1, 50, **kwargs)


def resnet101_v1(**kwargs):
    """ResNet v1 of 101 layers; see get_resnet."""
    return get_resnet(1, 101, **kwargs)


def resnet152_v1(**kwargs):
    """ResNet v1 of 152 layers; see get_resnet."""
    return get_resnet(1, 152, **kwargs)


def resnet18_v2(**kwargs):
    """ResNet v2 of 18 layers; see get_resnet."""
    return get_resnet(2, 18, **kwargs)


def resnet34_v2(**kwargs):
    """ResNet v2 of 34 layers; see get_resnet."""
    return get_resnet(2, 34, **kwargs)


def resnet50_v2(**kwargs):
    """ResNet v2 of 50 layers; see get_resnet."""
    return get_resnet(2, 50, **kwargs)


def resnet101_v2(**kwargs):
    """ResNet v2 of 101 layers; see get_resnet."""
    return get_resnet(2, 101, **kwargs)


def resnet152_v2(**kwargs):
    """ResNet v2 of 152 layers; see get_resnet."""
    return get_resnet(2, 152, **kwargs)
