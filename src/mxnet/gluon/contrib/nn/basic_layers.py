"""Layers beside gluon.nn: branches that are concatenated, identity, sparse embedding, pixel shuffling."""

import warnings
from math import prod

from .... import context
from .... import ndarray as nd
from ...block import Block, HybridBlock
from ...nn import BatchNorm, HybridSequential, Sequential

__all__ = [
    "Concurrent",
    "HybridConcurrent",
    "Identity",
    "PixelShuffle1D",
    "PixelShuffle2D",
    "PixelShuffle3D",
    "SparseEmbedding",
    "SyncBatchNorm",
]


class Concurrent(Sequential):
    """Blocks that all get the same input; their outputs are concatenated along `axis`.

    >>> net = Concurrent(axis=1)
    >>> net.add(nn.Dense(10), nn.Dense(20), Identity())

    Input: any shape. Outputs of the children: equal shapes but for `axis`.
    """

    def __init__(self, axis=-1, prefix=None, params=None):
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def forward(self, x):
        return nd.concat(*[block(x) for block in self._children.values()], dim=self.axis)


class HybridConcurrent(HybridSequential):
    """HybridBlocks that all get the same input; their outputs are concatenated along `axis`, as in Concurrent."""

    def __init__(self, axis=-1, prefix=None, params=None):
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def hybrid_forward(self, F, x):
        return F.concat(*[block(x) for block in self._children.values()], dim=self.axis)


class Identity(HybridBlock):
    """The input itself: the branch of a HybridConcurrent that does nothing."""

    def hybrid_forward(self, F, x):
        return x


class SparseEmbedding(Block):
    """Rows of a table, by index, where few rows are used at a time. Operator: Embedding.

    Parameter: weight (input_dim, output_dim), row_sparse, as is its gradient.  A Trainer keeps the whole of it, so
    there must be one before the first call; otherwise RuntimeError.
    Input: indices of any shape (...). Output: (..., output_dim).
    """

    def __init__(self, input_dim, output_dim, dtype="float32", weight_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self._kwargs = {"input_dim": input_dim, "output_dim": output_dim, "dtype": dtype, "sparse_grad": True}
        self.weight = self.params.get("weight", shape=(input_dim, output_dim), init=weight_initializer, dtype=dtype,
                                      grad_stype="row_sparse", stype="row_sparse")

    def forward(self, x):
        return nd.Embedding(x, self.weight.row_sparse_data(x), **self._kwargs)

    def __repr__(self):
        return "{}({input_dim} -> {output_dim}, {dtype})".format(type(self).__name__, **self._kwargs)


class SyncBatchNorm(BatchNorm):
    """BatchNorm along axis 1 whose batch is spread over `num_devices` devices. Operator: contrib.SyncBatchNorm.

    Arguments, parameters and shapes are those of BatchNorm; on one device it is BatchNorm itself.
    Zhang et al., "Context Encoding for Semantic Segmentation" (2018), https://arxiv.org/abs/1803.08904
    """

    def __init__(self, in_channels=0, num_devices=None, momentum=0.9, epsilon=1e-5, center=True, scale=True,
                 use_global_stats=False, beta_initializer="zeros", gamma_initializer="ones",
                 running_mean_initializer="zeros", running_variance_initializer="ones", **kwargs):
        super().__init__(1, momentum, epsilon, center, scale, use_global_stats, beta_initializer, gamma_initializer,
                         running_mean_initializer, running_variance_initializer, in_channels, **kwargs)
        if num_devices is None:
            warnings.warn("Caution using SyncBatchNorm: if not using all the GPUs, please mannually set num_devices",
                          UserWarning, stacklevel=2)
            num_devices = max(context.num_gpus(), 1)
        self._kwargs = {"eps": epsilon, "momentum": momentum, "fix_gamma": not scale,
                        "use_global_stats": use_global_stats, "ndev": num_devices, "key": self.prefix}

    def infer_shape(self, x, *_):
        for param in self._reg_params.values():
            param.shape = (x.shape[1],)

    def hybrid_forward(self, F, x, gamma, beta, running_mean, running_var):
        return F.contrib.SyncBatchNorm(x, gamma, beta, running_mean, running_var, name="fwd", **self._kwargs)


def _factors(factor, ndim: int) -> tuple[int, ...]:
    """One factor for each of `ndim` spatial axes."""
    try:
        return (int(factor),) * ndim
    except TypeError:
        factors = tuple(int(f) for f in factor)
        assert len(factors) == ndim, f"wrong length {len(factors)}"
        return factors


class PixelShuffle1D(HybridBlock):
    """Groups of `factor` channels become pixels side by side: (N, f * C, W) to (N, C, W * f).

    Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network" (2016), https://arxiv.org/abs/1609.05158
    """

    def __init__(self, factor):
        super().__init__()
        self._factor = int(factor)

    def hybrid_forward(self, F, x):
        x = F.reshape(x, (0, -4, -1, self._factor, 0))  # (N, C, f, W)
        x = F.transpose(x, (0, 1, 3, 2))  # (N, C, W, f)
        return F.reshape(x, (0, 0, -3))

    def __repr__(self):
        return f"{type(self).__name__}({self._factor})"


class PixelShuffle2D(HybridBlock):
    """Groups of fh * fw channels become fh x fw pixels: (N, fh * fw * C, H, W) to (N, C, H * fh, W * fw).

    `factor`: one number or (fh, fw). Source: see PixelShuffle1D.
    """

    def __init__(self, factor):
        super().__init__()
        self._factors = _factors(factor, 2)

    def hybrid_forward(self, F, x):
        f1, f2 = self._factors
        x = F.reshape(x, (0, -4, -1, f1 * f2, 0, 0))  # (N, C, f1 f2, H, W)
        x = F.reshape(x, (0, 0, -4, f1, f2, 0, 0))  # (N, C, f1, f2, H, W)
        x = F.transpose(x, (0, 1, 4, 2, 5, 3))  # (N, C, H, f1, W, f2)
        return F.reshape(x, (0, 0, -3, -3))

    def __repr__(self):
        return f"{type(self).__name__}({self._factors})"


class PixelShuffle3D(HybridBlock):
    """Groups of fd * fh * fw channels become voxels: (N, fd * fh * fw * C, D, H, W) to (N, C, D * fd, H * fh, W * fw).

    `factor`: one number or (fd, fh, fw). Source: see PixelShuffle1D.
    """

    def __init__(self, factor):
        super().__init__()
        self._factors = _factors(factor, 3)

    def hybrid_forward(self, F, x):
        # One axis after the other, for a transpose has at most 6 axes in MXNet.
        f1, f2, f3 = self._factors
        x = F.reshape(x, (0, -4, -1, prod(self._factors), 0, 0, 0))  # (N, C, f1 f2 f3, D, H, W)
        x = F.swapaxes(x, 2, 3)  # (N, C, D, f1 f2 f3, H, W)
        x = F.reshape(x, (0, 0, 0, -4, f1, f2 * f3, 0, 0))  # (N, C, D, f1, f2 f3, H, W)
        x = F.reshape(x, (0, 0, -3, 0, 0, 0))  # (N, C, D f1, f2 f3, H, W)
        x = F.swapaxes(x, 3, 4)  # (N, C, D f1, H, f2 f3, W)
        x = F.reshape(x, (0, 0, 0, 0, -4, f2, f3, 0))  # (N, C, D f1, H, f2, f3, W)
        x = F.reshape(x, (0, 0, 0, -3, 0, 0))  # (N, C, D f1, H f2, f3, W)
        x = F.swapaxes(x, 4, 5)  # (N, C, D f1, H f2, W, f3)
        return F.reshape(x, (0, 0, 0, 0, -3))

    def __repr__(self):
        return f"{type(self).__name__}({self._factors})"
