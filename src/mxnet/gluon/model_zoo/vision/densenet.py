"""DenseNet: Huang et al., "Densely Connected Convolutional Networks" (2016), https://arxiv.org/abs/1608.06993"""

from ....context import cpu
from ... import nn
from ...contrib.nn import HybridConcurrent, Identity
from ..model_store import ROOT
from ._classifier import Classifier, restore

__all__ = ["DenseNet", "densenet121", "densenet161", "densenet169", "densenet201"]

# depth -> channels of the first convolution, growth rate, layers in each dense block (table 1)
densenet_spec = {
    121: (64, 32, [6, 12, 24, 16]),
    161: (96, 48, [6, 12, 36, 24]),
    169: (64, 32, [6, 12, 32, 32]),
    201: (64, 32, [6, 12, 48, 32]),
}


def _norm_relu_conv(channels, kernel_size, padding=0):
    return [nn.BatchNorm(), nn.Activation("relu"),
            nn.Conv2D(channels, kernel_size=kernel_size, padding=padding, use_bias=False)]


def _dense_layer(growth_rate, bn_size, dropout):
    """The input with `growth_rate` new channels, made through a bottleneck of bn_size times as many."""
    new = nn.HybridSequential(prefix="")
    new.add(*_norm_relu_conv(bn_size * growth_rate, 1), *_norm_relu_conv(growth_rate, 3, 1))
    if dropout:
        new.add(nn.Dropout(dropout))
    out = HybridConcurrent(axis=1, prefix="")
    out.add(Identity(), new)
    return out


def _dense_block(number, layers, *layer):
    out = nn.HybridSequential(prefix=f"stage{number}_")
    with out.name_scope():
        for _ in range(layers):
            out.add(_dense_layer(*layer))
    return out


def _transition(channels):
    """Half the height and width, and `channels` channels."""
    out = nn.HybridSequential(prefix="")
    out.add(*_norm_relu_conv(channels, 1), nn.AvgPool2D(pool_size=2, strides=2))
    return out


class DenseNet(Classifier):
    """Blocks whose every layer gets the outputs of all layers before it, with transitions between the blocks.

    num_init_features: channels of the first convolution.  growth_rate: channels that a layer adds.  block_config:
    layers in each block.  bn_size: channels of the bottleneck, in growth rates.  dropout: rate after each layer.
    """

    def __init__(self, num_init_features, growth_rate, block_config, bn_size=4, dropout=0, classes=1000, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(
                nn.Conv2D(num_init_features, kernel_size=7, strides=2, padding=3, use_bias=False),
                nn.BatchNorm(),
                nn.Activation("relu"),
                nn.MaxPool2D(pool_size=3, strides=2, padding=1),
            )
            channels = num_init_features
            for number, layers in enumerate(block_config, 1):
                self.features.add(_dense_block(number, layers, growth_rate, bn_size, dropout))
                channels += layers * growth_rate
                if number < len(block_config):
                    channels //= 2
                    self.features.add(_transition(channels))
            self.features.add(nn.BatchNorm(), nn.Activation("relu"), nn.AvgPool2D(pool_size=7), nn.Flatten())
            self.output = nn.Dense(classes)


def get_densenet(num_layers, pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """DenseNet of depth 121, 161, 169 or 201; with `pretrained`, its ImageNet weights on `ctx`, kept in `root`."""
    net = DenseNet(*densenet_spec[num_layers], **kwargs)
    return restore(net, f"densenet{num_layers}", pretrained, ctx, root)


def densenet121(**kwargs):
    """DenseNet of depth 121; see get_densenet."""
    return get_densenet(121, **kwargs)


def densenet161(**kwargs):
    """DenseNet of depth 161; see get_densenet."""
    return get_densenet(161, **kwargs)


def densenet169(**kwargs):
    """DenseNet of depth 169; see get_densenet."""
    return get_densenet(169, **kwargs)


def densenet201(**kwargs):
    """DenseNet of depth 201; see get_densenet."""
    return get_densenet(201, **kwargs)
