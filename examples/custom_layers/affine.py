"""Exercise 1: take the mean away and learn what to add instead."""
from __future__ import annotations

from mxnet import nd
from mxnet.gluon import nn


class Affine(nn.Block):
    """y = x - mean(x) + shift, where the mean is taken over each sample's features and `shift` is learned.

    Where a centred layer can only forget the level of its input, this one gives every feature a level of
    its own. At the start `shift` is zero and the layer does nothing but centre.

    data, output: (..., features); `shift`: (features,), found out at the first call.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.shift = self.params.get("shift", shape=(0,), init="zeros")

    def forward(self, x: nd.NDArray) -> nd.NDArray:
        return x - x.mean(axis=-1, keepdims=True) + self.shift.data()
