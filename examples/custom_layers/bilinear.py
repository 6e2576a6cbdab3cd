"""Exercise 2: a layer that is quadratic in its input, a tensor contracted with it twice."""
from __future__ import annotations

from mxnet import nd
from mxnet.gluon import nn


class Bilinear(nn.Block):
    """y_k = sum over i and j of W_ijk x_i x_j.

    Every output is a quadratic form of the input: products of features, which a dense layer can only
    approximate, are exact here.

    units: how many outputs, k.
    data: (batch, features); output: (batch, units); `weight`: (features, features, units), found out at
    the first call.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=(0, 0, units))

    def forward(self, x: nd.NDArray) -> nd.NDArray:
        over_i = nd.dot(x, self.weight.data())  # (batch, features, units)
        return nd.batch_dot(x.expand_dims(1), over_i).squeeze(axis=1)
