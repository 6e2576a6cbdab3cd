"""Containers, dense and embedding layers, normalization, and functions as layers."""

import warnings
from math import prod

import numpy as np

from ... import ndarray as nd
from ..block import Block, HybridBlock
from ..utils import _indent
from .activations import Activation

__all__ = [
    "BatchNorm",
    "BatchNormReLU",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "HybridLambda",
    "HybridSequential",
    "InstanceNorm",
    "Lambda",
    "LayerNorm",
    "Sequential",
]


def _repr_children(container: Block) -> str:
    children = "\n".join(f"  ({key}): {_indent(repr(block), 2)}" for key, block in container._children.items())
    return f"{type(container).__name__}(\n{children}\n)"


def _select(container: "Sequential | HybridSequential", key: int | slice):
    """The child at an integer, or a container of the same kind and prefix with the children of a slice."""
    chosen = list(container._children.values())[key]
    if not isinstance(key, slice):
        return chosen
    part = type(container)(prefix=container._prefix)
    part.add(*chosen)
    return part


class Sequential(Block):
    """Blocks called one after the other, each with the result of the one before.

        >>> net = nn.Sequential()
        >>> net.add(nn.Dense(10, activation='relu'), nn.Dense(20))

    `net[i]` is a child, `net[i:j]` a Sequential that shares children, `len(net)` their number.
    """

    def add(self, *blocks):
        """Append `blocks`."""
        for block in blocks:
            self.register_child(block)

    def forward(self, x):
        for block in self._children.values():
            x = block(x)
        return x

    def __repr__(self):
        return _repr_children(self)

    def __getitem__(self, key):
        return _select(self, key)

    def __len__(self):
        return len(self._children)

    def hybridize(self, active=True, **kwargs):
        """Hybridize the children; a warning where all of them could be one HybridSequential."""
        if self._children and all(isinstance(c, HybridBlock) for c in self._children.values()):
            warnings.warn(
                f"All children of this Sequential layer '{self.prefix}' are HybridBlocks. Consider "
                "using HybridSequential for the best performance.",
                stacklevel=2,
            )
        super().hybridize(active, **kwargs)


class HybridSequential(HybridBlock):
    """HybridBlocks called one after the other, each with the result of the one before.

        >>> net = nn.HybridSequential()
        >>> net.add(nn.Dense(10, activation='relu'), nn.Dense(20))

    `net[i]` is a child, `net[i:j]` a HybridSequential that shares children, `len(net)` their number.
    """

    def add(self, *blocks):
        """Append `blocks`."""
        for block in blocks:
            self.register_child(block)

    def hybrid_forward(self, F, x):
        for block in self._children.values():
            x = block(x)
        return x

    def __repr__(self):
        return _repr_children(self)

    def __getitem__(self, key):
        return _select(self, key)

    def __len__(self):
        return len(self._children)


class Dense(HybridBlock):
    """activation(x . weight^T + bias). Operator: FullyConnected.

    Parameters: weight (units, in_units), bias (units,) unless `use_bias=False`; `in_units` may be left out.
    Input: (N, ...), flattened to (N, in_units), or (..., in_units) with `flatten=False`.
    Output: (N, units), or (..., units) with `flatten=False`.
    """

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        flatten=True,
        dtype="float32",
        weight_initializer=None,
        bias_initializer="zeros",
        in_units=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._flatten = flatten
        with self.name_scope():
            self._units = units
            self._in_units = in_units
            self.weight = self.params.get(
                "weight",
                shape=(units, in_units),
                init=weight_initializer,
                dtype=dtype,
                allow_deferred_init=True,
            )
            self.bias = (
                self.params.get(
                    "bias", shape=(units,), init=bias_initializer, dtype=dtype, allow_deferred_init=True
                )
                if use_bias
                else None
            )
            self.act = None if activation is None else Activation(activation, prefix=activation + "_")

    def infer_shape(self, x, *_):
        self.weight.shape = (self._units, prod(x.shape[1:]) if self._flatten else x.shape[-1])

    def hybrid_forward(self, F, x, weight, bias=None):
        out = F.FullyConnected(
            x,
            weight,
            bias,
            no_bias=bias is None,
            num_hidden=self._units,
            flatten=self._flatten,
            name="fwd",
        )
        return out if self.act is None else self.act(out)

    def __repr__(self):
        units, in_units = self.weight.shape
        act = "linear" if self.act is None else self.act
        return f"{type(self).__name__}({_known(in_units)} -> {units}, {act})"


def _known(size: int) -> int | None:
    """A size as layers print it: None while it is not known."""
    return size if size > 0 else None


class Dropout(HybridBlock):
    """In train mode, sets elements to 0 with probability `rate` and scales the others by 1 / (1 - rate).

    Along each of `axes` all elements share one draw. Input and output: any shape. Operator: Dropout.
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014).
    """

    def __init__(self, rate, axes=(), **kwargs):
        super().__init__(**kwargs)
        self._rate = rate
        self._axes = axes

    def hybrid_forward(self, F, x):
        if self._rate > 0:
            return F.Dropout(x, p=self._rate, axes=self._axes, name="fwd", cudnn_off=False)
        return F.identity(x)

    def __repr__(self):
        return f"{type(self).__name__}(p = {self._rate}, axes={self._axes})"


def _set_channels(block: HybridBlock, size: int) -> None:
    """Tell a normalization layer the size of the axis that its vectors belong to."""
    for param in block._reg_params.values():
        param.shape = (size,)


class _BatchNorm(HybridBlock):
    """What BatchNorm and BatchNormReLU share; BatchNorm documents it."""

    fuse_relu = False

    def __init__(
        self,
        axis=1,
        momentum=0.9,
        epsilon=1e-5,
        center=True,
        scale=True,
        use_global_stats=False,
        beta_initializer="zeros",
        gamma_initializer="ones",
        running_mean_initializer="zeros",
        running_variance_initializer="ones",
        in_channels=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._kwargs = {
            "axis": axis,
            "eps": epsilon,
            "momentum": momentum,
            "fix_gamma": not scale,
            "use_global_stats": use_global_stats,
        }
        if in_channels != 0:
            self.in_channels = in_channels

        def parameter(name, init, learned):
            return self.params.get(
                name,
                grad_req="write" if learned else "null",
                shape=(in_channels,),
                init=init,
                allow_deferred_init=True,
                differentiable=learned,
            )

        self.gamma = parameter("gamma", gamma_initializer, scale)
        self.beta = parameter("beta", beta_initializer, center)
        self.running_mean = parameter("running_mean", running_mean_initializer, False)
        self.running_var = parameter("running_var", running_variance_initializer, False)

    def cast(self, dtype):
        # The statistics of half-precision activations are kept in single precision.
        super().cast("float32" if np.dtype(dtype).name == "float16" else dtype)

    def infer_shape(self, x, *_):
        _set_channels(self, x.shape[self._kwargs["axis"]])

    def hybrid_forward(self, F, x, gamma, beta, running_mean, running_var):
        normalize = F.contrib.BatchNormWithReLU if self.fuse_relu else F.BatchNorm
        return normalize(x, gamma, beta, running_mean, running_var, name="fwd", **self._kwargs)

    def __repr__(self):
        return _repr_norm(self, in_channels=_known(self.gamma.shape[0]))


class BatchNorm(_BatchNorm):
    """(x - mean) / sqrt(var + epsilon) * gamma + beta, per channel along `axis`. Operator: BatchNorm.

    Mean and variance are the batch's in train mode, which also updates the running ones by
    `running = momentum * running + (1 - momentum) * batch`; in predict mode, and always with
    `use_global_stats`, they are the running ones. Without `center` beta stays 0, without `scale` gamma 1.
    Parameters: gamma, beta, running_mean, running_var, each (in_channels,); `in_channels` may be left out.
    Input and output: any shape with channels along `axis`.
    Ioffe and Szegedy, "Batch Normalization" (2015), https://arxiv.org/abs/1502.03167
    """


class BatchNormReLU(_BatchNorm):
    """max(0, BatchNorm(x)); arguments, parameters and shapes are those of BatchNorm."""

    fuse_relu = True


class Embedding(HybridBlock):
    """Rows of a table, by index. Operator: Embedding.

    Parameter: weight (input_dim, output_dim); its gradient is row_sparse with `sparse_grad`.
    Input: indices of any shape (...). Output: (..., output_dim).
    """

    def __init__(
        self, input_dim, output_dim, dtype="float32", weight_initializer=None, sparse_grad=False, **kwargs
    ):
        super().__init__(**kwargs)
        self._kwargs = {
            "input_dim": input_dim,
            "output_dim": output_dim,
            "dtype": dtype,
            "sparse_grad": sparse_grad,
        }
        self.weight = self.params.get(
            "weight",
            shape=(input_dim, output_dim),
            init=weight_initializer,
            dtype=dtype,
            allow_deferred_init=True,
            grad_stype="row_sparse" if sparse_grad else "default",
        )

    def hybrid_forward(self, F, x, weight):
        return F.Embedding(x, weight, name="fwd", **self._kwargs)

    def __repr__(self):
        return "{}({input_dim} -> {output_dim}, {dtype})".format(type(self).__name__, **self._kwargs)


class Flatten(HybridBlock):
    """(N, ...) to (N, size of the rest). Operator: Flatten."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def hybrid_forward(self, F, x):
        return F.Flatten(x)

    def __repr__(self):
        return type(self).__name__


def _affine_parameters(block: HybridBlock, size, center, scale, beta_initializer, gamma_initializer):
    """gamma and beta (size,) of a normalization layer; what is not wanted is there, but not learned."""
    gamma = block.params.get(
        "gamma",
        grad_req="write" if scale else "null",
        shape=(size,),
        init=gamma_initializer,
        allow_deferred_init=True,
    )
    beta = block.params.get(
        "beta",
        grad_req="write" if center else "null",
        shape=(size,),
        init=beta_initializer,
        allow_deferred_init=True,
    )
    return gamma, beta


def _repr_norm(block, **more) -> str:
    attrs = ", ".join(f"{key}={value!r}" for key, value in {**block._kwargs, **more}.items())
    return f"{type(block).__name__}({attrs})"


class InstanceNorm(HybridBlock):
    """Normalization of every channel of every sample over its other axes. Operator: InstanceNorm.

    Parameters: gamma and beta (in_channels,); `in_channels` may be left out.
    Input and output: (N, ...) with channels along `axis`, at least 3 dimensions.
    Ulyanov, Vedaldi and Lempitsky, "Instance Normalization" (2016), https://arxiv.org/abs/1607.08022
    """

    def __init__(
        self,
        axis=1,
        epsilon=1e-5,
        center=True,
        scale=False,
        beta_initializer="zeros",
        gamma_initializer="ones",
        in_channels=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._kwargs = {"eps": epsilon, "axis": axis, "center": center, "scale": scale}
        self._axis = axis
        self._epsilon = epsilon
        self.gamma, self.beta = _affine_parameters(
            self, in_channels, center, scale, beta_initializer, gamma_initializer
        )

    def infer_shape(self, x, *_):
        _set_channels(self, x.shape[self._axis])

    def hybrid_forward(self, F, x, gamma, beta):
        if self._axis == 1:
            return F.InstanceNorm(x, gamma, beta, name="fwd", eps=self._epsilon)
        x = F.swapaxes(x, dim1=1, dim2=self._axis)
        x = F.InstanceNorm(x, gamma, beta, name="fwd", eps=self._epsilon)
        return F.swapaxes(x, dim1=1, dim2=self._axis)

    def __repr__(self):
        return _repr_norm(self, in_channels=self.gamma.shape[0])


class LayerNorm(HybridBlock):
    """Normalization over the single axis `axis`. Operator: LayerNorm.

    Parameters: gamma and beta (in_channels,); `in_channels`, the size of `axis`, may be left out.
    Input and output: any shape.
    Ba, Kiros and Hinton, "Layer Normalization" (2016), https://arxiv.org/abs/1607.06450
    """

    def __init__(
        self,
        axis=-1,
        epsilon=1e-5,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        in_channels=0,
        prefix=None,
        params=None,
    ):
        super().__init__(prefix=prefix, params=params)
        self._kwargs = {"eps": epsilon, "axis": axis, "center": center, "scale": scale}
        self._axis = axis
        self._epsilon = epsilon
        self._center = center
        self._scale = scale
        self.gamma, self.beta = _affine_parameters(
            self, in_channels, center, scale, beta_initializer, gamma_initializer
        )

    def infer_shape(self, data, *_):
        _set_channels(self, data.shape[self._axis])

    def hybrid_forward(self, F, data, gamma, beta):
        return F.LayerNorm(data, gamma=gamma, beta=beta, axis=self._axis, eps=self._epsilon)

    def __repr__(self):
        return _repr_norm(self, in_channels=self.gamma.shape[0])


class GroupNorm(HybridBlock):
    """Normalization of every sample over groups of channels (axis 1). Operator: GroupNorm.

    Parameters: gamma and beta (num_groups,), one number per group.
    Input and output: (N, C, ...), C divisible by `num_groups`.
    Wu and He, "Group Normalization" (2018), https://arxiv.org/abs/1803.08494
    """

    def __init__(
        self,
        num_groups=1,
        epsilon=1e-5,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        prefix=None,
        params=None,
    ):
        super().__init__(prefix=prefix, params=params)
        self._kwargs = {"eps": epsilon, "num_groups": num_groups, "center": center, "scale": scale}
        self._num_groups = num_groups
        self._epsilon = epsilon
        self._center = center
        self._scale = scale
        self.gamma, self.beta = _affine_parameters(
            self, num_groups, center, scale, beta_initializer, gamma_initializer
        )

    def hybrid_forward(self, F, data, gamma, beta):
        return F.GroupNorm(data, gamma=gamma, beta=beta, num_groups=self._num_groups, eps=self._epsilon)

    def __repr__(self):
        return _repr_norm(self)


class Lambda(Block):
    """A function of NDArrays as a Block: a callable, or the name of one in `mx.nd`.

    >>> nn.Lambda('tanh')
    >>> nn.Lambda(lambda x: nd.LeakyReLU(x, slope=0.1))
    """

    def __init__(self, function, prefix=None):
        super().__init__(prefix=prefix)
        if isinstance(function, str):
            assert hasattr(nd, function), f"Function name {function} is not found in ndarray."
            self._func_impl = getattr(nd, function)
        elif callable(function):
            self._func_impl = function
        else:
            raise ValueError(f"Unrecognized function in lambda: {function} of type {type(function)}")

    def forward(self, *args):
        return self._func_impl(*args)

    def __repr__(self):
        return f"{type(self).__name__}({_function_name(self._func_impl)})"


class HybridLambda(HybridBlock):
    """A function as a HybridBlock: a callable of `F` and the inputs, or the name of an operator.

    >>> nn.HybridLambda('tanh')
    >>> nn.HybridLambda(lambda F, x: F.LeakyReLU(x, slope=0.1))
    """

    def __init__(self, function, prefix=None):
        super().__init__(prefix=prefix)
        if isinstance(function, str):
            assert hasattr(nd, function), f"Function name {function} is not found in symbol/ndarray."
            self._func = lambda F, *args: getattr(F, function)(*args)
            self._func_name = function
        elif callable(function):
            self._func = function
            self._func_name = _function_name(function)
        else:
            raise ValueError(f"Unrecognized function in lambda: {function} of type {type(function)}")

    def hybrid_forward(self, F, x, *args):
        return self._func(F, x, *args)

    def __repr__(self):
        return f"{type(self).__name__}({self._func_name})"


def _function_name(function) -> str:
    return getattr(function, "__name__", type(function).__name__)
