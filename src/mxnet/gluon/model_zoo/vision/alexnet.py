"""AlexNet: Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014).

https://arxiv.org/abs/1404.5997
"""

from ....context import cpu
from ... import nn
from ..model_store import ROOT
from ._classifier import Classifier, restore

__all__ = ["AlexNet", "alexnet"]


class AlexNet(Classifier):
    """Five convolutions, then two hidden dense layers with dropout."""

    def __init__(self, classes=1000, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            with self.features.name_scope():
                self.features.add(
                    nn.Conv2D(64, kernel_size=11, strides=4, padding=2, activation="relu"),
                    nn.MaxPool2D(pool_size=3, strides=2),
                    nn.Conv2D(192, kernel_size=5, padding=2, activation="relu"),
                    nn.MaxPool2D(pool_size=3, strides=2),
                    nn.Conv2D(384, kernel_size=3, padding=1, activation="relu"),
                    nn.Conv2D(256, kernel_size=3, padding=1, activation="relu"),
                    nn.Conv2D(256, kernel_size=3, padding=1, activation="relu"),
                    nn.MaxPool2D(pool_size=3, strides=2),
                    nn.Flatten(),
                    nn.Dense(4096, activation="relu"),
                    nn.Dropout(0.5),
                    nn.Dense(4096, activation="relu"),
                    nn.Dropout(0.5),
                )
            self.output = nn.Dense(classes)


def alexnet(pretrained=False, ctx=cpu(), root=ROOT, **kwargs):  # noqa: B008
    """AlexNet; with `pretrained`, its ImageNet weights on `ctx`, kept in the folder `root`."""
    return restore(AlexNet(**kwargs), "alexnet", pretrained, ctx, root)
