"""Inception v3: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2015).

https://arxiv.org/abs/1512.00567
"""

from ....context import cpu
from ... import nn
from ...contrib.nn import HybridConcurrent
from ..model_store import ROOT
from ._classifier import Classifier, restore

__all__ = ["Inception3", "inception_v3"]


def _convolution(channels, kernel_size, strides=1, padding=0):
    out = nn.HybridSequential(prefix="")
    out.add(
        nn.Conv2D(channels, kernel_size, strides, padding, use_bias=False),
        nn.BatchNorm(epsilon=0.001),
        nn.Activation("relu"),
    )
    return out


def _chain(*convolutions, first=None):
    """Convolutions one after the other, each given by its arguments, after the layer `first` if there is one."""
    out = nn.HybridSequential(prefix="")
    if first is not None:
        out.add(first)
    for convolution in convolutions:
        out.add(_convolution(*convolution))
    return out


def _mean(*convolutions):
    return _chain(*convolutions, first=nn.AvgPool2D(pool_size=3, strides=1, padding=1))


def _max():
    return _chain(first=nn.MaxPool2D(pool_size=3, strides=2))


def _module(prefix, *branches):
    """Branches side by side, their channels joined; each is a function, for names are given in the module's scope."""
    out = HybridConcurrent(axis=1, prefix=prefix)
    with out.name_scope():
        for branch in branches:
            out.add(branch())
    return out


def _module_a(prefix, pooled):
    """Figure 5, its last branch with `pooled` channels."""
    return _module(
        prefix,
        lambda: _chain((64, 1)),
        lambda: _chain((48, 1), (64, 5, 1, 2)),
        lambda: _chain((64, 1), (96, 3, 1, 1), (96, 3, 1, 1)),
        lambda: _mean((pooled, 1)),
    )


def _module_b(prefix):
    """Figure 10: half the height and width."""
    return _module(
        prefix,
        lambda: _chain((384, 3, 2)),
        lambda: _chain((64, 1), (96, 3, 1, 1), (96, 3, 2)),
        _max,
    )


def _wide(channels):
    return (channels, (1, 7), 1, (0, 3))


def _high(channels):
    return (channels, (7, 1), 1, (3, 0))


def _module_c(prefix, inner):
    """Figure 6: 7x7 convolutions as wide and high ones, `inner` channels between them."""
    return _module(
        prefix,
        lambda: _chain((192, 1)),
        lambda: _chain((inner, 1), _wide(inner), _high(192)),
        lambda: _chain((inner, 1), _high(inner), _wide(inner), _high(inner), _wide(192)),
        lambda: _mean((192, 1)),
    )


def _module_d(prefix):
    """Figure 10 again, with a 7x7 convolution: half the height and width."""
    return _module(
        prefix,
        lambda: _chain((192, 1), (320, 3, 2)),
        lambda: _chain((192, 1), _wide(192), _high(192), (192, 3, 2)),
        _max,
    )


def _split(*convolutions):
    """Convolutions, then a wide and a high one side by side."""
    out = nn.HybridSequential(prefix="")
    out.add(_chain(*convolutions))
    out.add(_module("", lambda: _chain((384, (1, 3), 1, (0, 1))), lambda: _chain((384, (3, 1), 1, (1, 0)))))
    return out


def _module_e(prefix):
    """Figure 7."""
    return _module(
        prefix,
        lambda: _chain((320, 1)),
        lambda: _split((384, 1)),
        lambda: _split((448, 1), (384, 3, 1, 1)),
        lambda: _mean((192, 1)),
    )


class Inception3(Classifier):
    """Convolutions and 11 Inception modules (table 1), without the auxiliary classifier. Input: (N, 3, 299, 299)."""

    def __init__(self, classes=1000, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(
                _convolution(32, 3, 2),
                _convolution(32, 3),
                _convolution(64, 3, 1, 1),
                nn.MaxPool2D(pool_size=3, strides=2),
                _convolution(80, 1),
                _convolution(192, 3),
                nn.MaxPool2D(pool_size=3, strides=2),
                _module_a("A1_", 32),
                _module_a("A2_", 64),
                _module_a("A3_", 64),
                _module_b("B_"),
                _module_c("C1_", 128),
                _module_c("C2_", 160),
                _module_c("C3_", 160),
                _module_c("C4_", 192),
                _module_d("D_"),
                _module_e("E1_"),
                _module_e("E2_"),
                nn.AvgPool2D(pool_size=8),
                nn.Dropout(0.5),
            )
            self.output = nn.Dense(classes)


def inception_v3(pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """Inception v3; with `pretrained`, its ImageNet weights on `ctx`, kept in the folder `root`."""
    return restore(Inception3(**kwargs), "inceptionv3", pretrained, ctx, root)
