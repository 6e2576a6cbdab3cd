"""SqueezeNet: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters" (2016).

https://arxiv.org/abs/1602.07360; version 1.1 is the authors' later one, with 2.4 times less computation.
"""

from ....context import cpu
from ... import nn
from ...contrib.nn import HybridConcurrent
from ..model_store import ROOT
from ._classifier import Classifier, restore

__all__ = ["SqueezeNet", "squeezenet1_0", "squeezenet1_1"]

# The first convolution, then numbers of squeezed channels of the fire modules; None is a pooling.
_SPEC = {
    "1.0": ((96, 7), [None, 16, 16, 32, None, 32, 48, 48, 64, None, 64]),
    "1.1": ((64, 3), [None, 16, 16, None, 32, 32, None, 48, 48, 64, 64]),
}


def _convolution(channels, kernel_size, padding=0):
    out = nn.HybridSequential(prefix="")
    out.add(nn.Conv2D(channels, kernel_size, padding=padding), nn.Activation("relu"))
    return out


def _fire(squeezed):
    """Squeeze by a 1x1 convolution, then expand to 4 times as many channels by 1x1 and by 3x3 ones."""
    out = nn.HybridSequential(prefix="")
    out.add(_convolution(squeezed, 1))
    expand = HybridConcurrent(axis=1, prefix="")
    expand.add(_convolution(4 * squeezed, 1), _convolution(4 * squeezed, 3, 1))
    out.add(expand)
    return out


class SqueezeNet(Classifier):
    """Fire modules between poolings; the classes are the channels of the last convolution. version: '1.0' or '1.1'."""

    def __init__(self, version, classes=1000, **kwargs):
        super().__init__(**kwargs)
        assert version in _SPEC, f"Unsupported SqueezeNet version {version}:1.0 or 1.1 expected"
        (channels, kernel_size), parts = _SPEC[version]
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(nn.Conv2D(channels, kernel_size, strides=2), nn.Activation("relu"))
            for squeezed in parts:
                pooling = squeezed is None
                self.features.add(nn.MaxPool2D(3, 2, ceil_mode=True) if pooling else _fire(squeezed))
            self.features.add(nn.Dropout(0.5))
            self.output = nn.HybridSequential(prefix="")
            self.output.add(nn.Conv2D(classes, 1), nn.Activation("relu"), nn.AvgPool2D(13), nn.Flatten())


def get_squeezenet(version, pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """SqueezeNet '1.0' or '1.1'; with `pretrained`, its ImageNet weights on `ctx`, kept in the folder `root`."""
    return restore(SqueezeNet(version, **kwargs), f"squeezenet{version}", pretrained, ctx, root)


def squeezenet1_0(**kwargs):
    """SqueezeNet 1.0; see get_squeezenet."""
    return get_squeezenet("1.0", **kwargs)


def squeezenet1_1(**kwargs):
    """SqueezeNet 1.1; see get_squeezenet."""
    return get_squeezenet("1.1", **kwargs)
