"""VGG: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014).

https://arxiv.org/abs/1409.1556
"""

from functools import partial

from ....context import cpu
from ....initializer import Xavier
from ... import nn
from ..model_store import ROOT
from ._classifier import Classifier, restore

__all__ = ["VGG", "get_vgg", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"]

# layers with weights -> convolutions in each of the five stages, and their channels (table 1)
vgg_spec = {
    11: ([1, 1, 2, 2, 2], [64, 128, 256, 512, 512]),
    13: ([2, 2, 2, 2, 2], [64, 128, 256, 512, 512]),
    16: ([2, 2, 3, 3, 3], [64, 128, 256, 512, 512]),
    19: ([2, 2, 4, 4, 4], [64, 128, 256, 512, 512]),
}


class VGG(Classifier):
    """Stages of 3x3 convolutions, each halved in size by pooling, then two hidden dense layers.

    layers, filters: number of convolutions and their channels, stage by stage.  batch_norm: after each convolution.
    """

    def __init__(self, layers, filters, classes=1000, batch_norm=False, **kwargs):
        super().__init__(**kwargs)
        assert len(layers) == len(filters), f"got {len(layers)} layers for {len(filters)} filters"
        dense = partial(nn.Dense, weight_initializer="normal", bias_initializer="zeros")
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            for number, channels in zip(layers, filters, strict=True):
                for _ in range(number):
                    self._add_convolution(channels, batch_norm)
                self.features.add(nn.MaxPool2D(strides=2))
            for _ in range(2):
                self.features.add(dense(4096, activation="relu"), nn.Dropout(rate=0.5))
            self.output = dense(classes)

    def _add_convolution(self, channels, batch_norm):
        init = Xavier(rnd_type="gaussian", factor_type="out", magnitude=2)
        self.features.add(
            nn.Conv2D(channels, kernel_size=3, padding=1, weight_initializer=init, bias_initializer="zeros")
        )
        if batch_norm:
            self.features.add(nn.BatchNorm())
        self.features.add(nn.Activation("relu"))


def get_vgg(num_layers, pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """VGG of 11, 13, 16 or 19 layers; with `pretrained`, its ImageNet weights on `ctx`, kept in the folder `root`."""
    net = VGG(*vgg_spec[num_layers], **kwargs)
    suffix = "_bn" if kwargs.get("batch_norm") else ""
    return restore(net, f"vgg{num_layers}{suffix}", pretrained, ctx, root)


def vgg11(**kwargs):
    """VGG of 11 layers; see get_vgg."""
    return get_vgg(11, **kwargs)


def vgg13(**kwargs):
    """VGG of 13 layers; see get_vgg."""
    return get_vgg(13, **kwargs)


def vgg16(**kwargs):
    """VGG of 16 layers; see get_vgg."""
    return get_vgg(16, **kwargs)


def vgg19(**kwargs):
    """VGG of 19 layers; see get_vgg."""
    return get_vgg(19, **kwargs)


def vgg11_bn(**kwargs):
    """VGG of 11 layers with batch normalization; see get_vgg."""
    return get_vgg(11, **{**kwargs, "batch_norm": True})


def vgg13_bn(**kwargs):
    """VGG of 13 layers with batch normalization; see get_vgg."""
    return get_vgg(13, **{**kwargs, "batch_norm": True})


def vgg16_bn(**kwargs):
    """VGG of 16 layers with batch normalization; see get_vgg."""
    return get_vgg(16, **{**kwargs, "batch_norm": True})


def vgg19_bn(**kwargs):
    """VGG of 19 layers with batch normalization; see get_vgg."""
    return get_vgg(19, **{**kwargs, "batch_norm": True})
