"""Normalization: over the batch (with running statistics), layers, instances, groups, and local responses."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from ._shapes import indexed_axis, replaced, rule
from .registry import register
from .unary import require_float

__all__ = ["batch_norm", "group_norm", "instance_norm", "l2_normalization", "layer_norm", "lrn"]


def _axis(op: str, data: Tensor, axis: int) -> int:
    """`axis` counted from the front; MXNetError when there is none such."""
    rank = data.dim()
    if not -rank <= axis < rank:
        raise MXNetError(f"{op}: axis={axis} is out of range for data of shape {tuple(data.shape)}")
    return axis % rank


def _vectors_over(axis: int | None):
    """The `shapes=` rule where all other inputs are vectors over one axis of the data (None: the attribute)."""

    def shapes(attrs, data, *vectors):
        size = 0 if data is None else data[attrs["axis"] if axis is None else axis]
        return [data, *[(size,) for _ in vectors]]

    return shapes


def _three(attrs) -> int:
    """Number of outputs of operators that give their statistics with `output_mean_var`."""
    return 3 if attrs["output_mean_var"] else 1


# ----------------------------------------------------------------------------------------------- batch norm


class _Moves:
    """Tells whether moving statistics were written to, which torch does not count: `latest` is new each time."""

    __slots__ = ("latest",)

    def __init__(self):
        self.latest = object()


moves = _Moves()


def _move_by_single(data: Tensor, mean: Tensor, var: Tensor, momentum: float) -> None:
    """Move the statistics by a batch of one element a channel: its variance is 0 (torch's would be NaN)."""
    mean.data.lerp_(data.detach().flatten().to(mean.dtype), 1 - momentum)
    var.data.mul_(momentum)


def _check_length(moving: Tensor, data: Tensor) -> None:
    """MXNetError unless a statistic that is left alone has an element for each channel (shape inference reads it)."""
    if moving.size(0) != data.size(1):
        raise MXNetError(f"BatchNorm: expected moving statistics of {data.size(1)} elements, got {moving.size(0)}")


def _by_batch(data: Tensor, gamma: Tensor, beta: Tensor, moving_mean: Tensor, moving_var: Tensor,
              eps: float, momentum: float, statistics: bool):
    """Normalize by the batch's own mean and variance, and blend these into the moving ones, outside of autograd.

    torch blends in the unbiased variance, MXNet the biased one: hence the scaling of `moving_var` before and
    after.  `.data` keeps autograd from seeing a change of tensors it saved, as torch's own kernel does.  As in
    MXNet, only passes that gradients will go back through move the statistics.
    """
    recorded = torch.is_grad_enabled() and (data.requires_grad or gamma.requires_grad or beta.requires_grad)
    count = data.numel() // (data.size(1) or 1) if recorded else 0
    # A count that is no int means fake tensors of unknown size: there are no statistics to move.
    moves_statistics = count.__class__ is int and count > 0
    mean, var = (moving_mean, moving_var) if moves_statistics and count > 1 else (None, None)
    if var is not None:
        raw = var.data
        raw.mul_(count / (count - 1))
    elif moves_statistics:
        _move_by_single(data, moving_mean, moving_var, momentum)
    else:
        _check_length(moving_mean, data)
        _check_length(moving_var, data)
    if statistics:
        out = torch.native_batch_norm(data, gamma, beta, mean, var, True, 1 - momentum, eps)
    else:
        out = torch.batch_norm(data, gamma, beta, mean, var, True, 1 - momentum, eps, True)
    if var is not None:
        raw.mul_((count - 1) / count)
    if moves_statistics and not torch.compiler.is_compiling():
        moves.latest = object()
    return out


def _batch_norm(data: Tensor, gamma: Tensor, beta: Tensor, moving_mean: Tensor, moving_var: Tensor, eps: float,
                momentum: float, fix_gamma: bool, by_moving: bool, statistics: bool, axis: int):
    """Batch normalization over `axis`; with `statistics` (output, mean, 1 / deviation), else the output alone."""
    axis = _axis("BatchNorm", data, axis)
    if axis != 1:
        data = data.movedim(axis, 1)
    if moving_mean.requires_grad or moving_var.requires_grad:
        moving_mean, moving_var = moving_mean.detach(), moving_var.detach()
    if data.dtype is torch.float16 and gamma.dtype is torch.float16:
        raise MXNetError("BatchNorm: gamma, beta and statistics of float16 data must be float32")
    if fix_gamma:
        gamma.data.fill_(1)  # as in MXNet, a change that users see
        gamma = gamma.pow(0)  # ones, with a gradient of zeros
    if by_moving:
        out = torch.batch_norm(data, gamma, beta, moving_mean, moving_var, False, 0.0, eps, True)
        rest = (moving_mean.clone(), (moving_var + eps).rsqrt()) if statistics else ()
    else:
        out = _by_batch(data, gamma, beta, moving_mean, moving_var, eps, momentum, statistics)
        out, *rest = out if statistics else (out,)
    if axis != 1:
        out = out.movedim(1, axis)
    return (out, *rest) if statistics else out


def _float32_statistics(attrs, data, *vectors):
    kept = torch.float32 if data is torch.float16 else data
    return [data, *[v or kept for v in vectors]], [data, kept, kept][:_three(attrs)]


@rule
def _batch_norm_outputs(attrs, data, gamma, *vectors):
    return [data, gamma, gamma][:_three(attrs)]


_BATCH_NORM = {
    "same_shape": ("data",), "output_shapes": _batch_norm_outputs, "types": _float32_statistics,
    "aux": ("moving_mean", "moving_var"),
    "num_outputs": _three, "output_names": ("output", "mean", "var"),
    "init": {"moving_mean": '["zero", {}]', "moving_var": '["one", {}]'},
}


@register("BatchNorm", shapes=_vectors_over(None), **_BATCH_NORM)
def batch_norm(data: Tensor, gamma: Tensor, beta: Tensor, moving_mean: Tensor, moving_var: Tensor, *,
               eps: float = 1e-3, momentum: float = 0.9, fix_gamma: bool = True, use_global_stats: bool = False,
               output_mean_var: bool = False, axis: int = 1, cudnn_off: bool = False,
               min_calib_range: float | None = None, max_calib_range: float | None = None,
               _train: bool) -> Tensor:
    """Batch normalization over all axes but `axis`: gamma (data - mean) / sqrt(var + eps) + beta.

    gamma, beta, moving_mean, moving_var: vectors along `axis`.  In train mode mean and (biased) variance are those
    of the batch, and while recording moving = momentum moving + (1 - momentum) batch; in predict mode, or with
    `use_global_stats`, they are the moving ones.  `fix_gamma` sets gamma to 1, and its gradient is 0.
    With `output_mean_var` also returns the mean and 1 / sqrt(var + eps), without gradients.
    Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167.
    """
    return _batch_norm(data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma,
                       use_global_stats or not _train, output_mean_var, axis)


@register("_contrib_BatchNormWithReLU", shapes=_vectors_over(None), **_BATCH_NORM)
def batch_norm_relu(data: Tensor, gamma: Tensor, beta: Tensor, moving_mean: Tensor, moving_var: Tensor, *,
                    eps: float = 1e-3, momentum: float = 0.9, fix_gamma: bool = True,
                    use_global_stats: bool = False, output_mean_var: bool = False, axis: int = 1,
                    cudnn_off: bool = False, min_calib_range: float | None = None,
                    max_calib_range: float | None = None, _train: bool) -> Tensor:
    """BatchNorm followed by max(x, 0)."""
    out = _batch_norm(data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma,
                      use_global_stats or not _train, output_mean_var, axis)
    return (out[0].relu(), *out[1:]) if output_mean_var else out.relu()


@register("BatchNorm_v1", shapes=_vectors_over(1), **_BATCH_NORM)
def batch_norm_v1(data: Tensor, gamma: Tensor, beta: Tensor, moving_mean: Tensor, moving_var: Tensor, *,
                  eps: float = 1e-3, momentum: float = 0.9, fix_gamma: bool = True,
                  use_global_stats: bool = False, output_mean_var: bool = False, _train: bool) -> Tensor:
    """The BatchNorm of MXNet 0.x; see BatchNorm."""
    return _batch_norm(data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma,
                       use_global_stats or not _train, output_mean_var, 1)


@register("_contrib_SyncBatchNorm", shapes=_vectors_over(1), **_BATCH_NORM)
def sync_batch_norm(data: Tensor, gamma: Tensor, beta: Tensor, moving_mean: Tensor, moving_var: Tensor, *,
                    eps: float = 1e-3, momentum: float = 0.9, fix_gamma: bool = True,
                    use_global_stats: bool = False, output_mean_var: bool = False, ndev: int = 1, key: str,
                    _train: bool) -> Tensor:
    """BatchNorm whose batch may be spread over `ndev` devices; on one device it is BatchNorm itself.

    With `output_mean_var` also returns the mean and the variance, not 1 / deviation.
    """
    out = _batch_norm(data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma,
                      use_global_stats or not _train, output_mean_var, 1)
    return (out[0], out[1], out[2].square().reciprocal() - eps) if output_mean_var else out


# ------------------------------------------------------------------------------------ within each example


@rule
def _normalized_outputs(attrs, data, *vectors):
    """The statistics have the normalized axis with size 1; those of groups one number for each."""
    if "num_groups" in attrs:
        statistics = (data[0], attrs["num_groups"])
    else:
        statistics = replaced(data, indexed_axis(attrs["axis"], len(data)), 1)
    return [data, statistics, statistics][:_three(attrs)]


_LAYER_NORM = {"same_shape": ("data",), "output_shapes": _normalized_outputs, "num_outputs": _three,
               "output_names": ("output", "mean", "std")}


@register("LayerNorm", shapes=_vectors_over(None), **_LAYER_NORM)
def layer_norm(data: Tensor, gamma: Tensor, beta: Tensor, *, axis: int = -1, eps: float = 1e-5,
               output_mean_var: bool = False) -> Tensor:
    """Normalize along one axis: gamma (data - mean) / sqrt(var + eps) + beta, with vectors gamma and beta.

    With `output_mean_var` also returns the mean and sqrt(var + eps), with that axis of size 1.
    Ba, Kiros and Hinton, 2016, https://arxiv.org/abs/1607.06450.
    """
    axis = _axis("LayerNorm", data, axis)
    last = data.dim() - 1
    if axis != last:
        data = data.movedim(axis, last)
    size = data.shape[last:]
    if output_mean_var:
        out, *rest = torch.native_layer_norm(data, size, gamma, beta, eps)
        rest[1] = rest[1].reciprocal()
    else:
        out, rest = torch.layer_norm(data, size, gamma, beta, eps), ()
    if axis != last:
        out, *rest = (t.movedim(last, axis) for t in (out, *rest))
    return (out, *rest) if output_mean_var else out


@register("InstanceNorm", same_shape=("data",), shapes=_vectors_over(1))
def instance_norm(data: Tensor, gamma: Tensor, beta: Tensor, *, eps: float = 1e-3) -> Tensor:
    """Normalize each channel of each example: (batch, channel, ...) data, vectors gamma and beta over channels.

    Ulyanov, Vedaldi and Lempitsky, 2016, https://arxiv.org/abs/1607.08022.
    """
    if data.dim() < 3:
        raise MXNetError(f"InstanceNorm: data of shape {tuple(data.shape)} must have at least 3 axes")
    return torch.instance_norm(data, gamma, beta, None, None, True, 0.0, eps, True)


def _group_shapes(attrs, data, gamma, beta):
    return [data, (attrs["num_groups"],), (attrs["num_groups"],)]


@register("GroupNorm", shapes=_group_shapes, **_LAYER_NORM)
def group_norm(data: Tensor, gamma: Tensor, beta: Tensor, *, num_groups: int = 1, eps: float = 1e-5,
               output_mean_var: bool = False) -> Tensor:
    """Normalize each group of channels of each example of (batch, channel, ...) data.

    gamma, beta: one number for each of the `num_groups` groups, as in MXNet 1.x (not for each channel).
    With `output_mean_var` also returns mean and sqrt(var + eps), (batch, num_groups).
    Wu and He, 2018, https://arxiv.org/abs/1803.08494.
    """
    if data.dim() < 3:
        raise MXNetError(f"GroupNorm: data of shape {tuple(data.shape)} must have at least 3 axes")
    batch, channels = data.shape[:2]
    if channels % num_groups:
        raise MXNetError(f"GroupNorm: {channels} channels are not divisible by num_groups={num_groups}")
    # in one piece, which the kernel with statistics takes for granted
    gamma, beta = (v.unsqueeze(1).repeat(1, channels // num_groups).view(channels) for v in (gamma, beta))
    if not output_mean_var:
        return torch.group_norm(data, num_groups, gamma, beta, eps)
    area = data[0, 0].numel()
    out, mean, inverse = torch.native_group_norm(data.contiguous(), gamma, beta, batch, channels, area, num_groups, eps)
    return out, mean.detach(), inverse.detach().reciprocal()


@register("L2Normalization", same_shape=True)
def l2_normalization(data: Tensor, *, eps: float = 1e-10,
                     mode: Literal["channel", "instance", "spatial"] = "instance") -> Tensor:
    """data / sqrt(sum(data ** 2) + eps), the sum being over each example ("instance"), over the channels at each
    position ("channel"), or over the positions of each channel ("spatial")."""
    rank = data.dim()
    require_float("L2Normalization", data)
    if mode == "instance":
        axes = tuple(range(1, rank))
        if not axes:
            return data * (data * data + eps).rsqrt()
    elif rank < 3:
        raise MXNetError(f"L2Normalization: data of shape {tuple(data.shape)} must have at least 3 axes "
                         f"with mode={mode!r}")
    else:
        axes = (1,) if mode == "channel" else tuple(range(2, rank))
    return data / ((data * data).sum(axes, keepdim=True) + eps).sqrt()


@register("LRN", same_shape=True)
def lrn(data: Tensor, *, alpha: float = 1e-4, beta: float = 0.75, knorm: float = 2.0, nsize: int) -> Tensor:
    """Local response normalization: data / (knorm + alpha / nsize * sum of squares of nsize channels) ** beta.

    data: (batch, channel, height, width).  The sum for an even nsize has one channel less, to be symmetric.
    Krizhevsky, Sutskever and Hinton, NIPS 2012, section 3.3.
    """
    if data.dim() != 4:
        raise MXNetError(f"LRN: data of shape {tuple(data.shape)} must have 4 axes")
    if nsize < 1:
        raise MXNetError(f"LRN: nsize={nsize} must be positive")
    window = nsize - 1 + nsize % 2  # as many channels on both sides
    # pixels as torch's channels, which lie together in memory: its pooling is far faster along the axes before
    squares = data.square().flatten(2).unsqueeze(2).permute(0, 3, 1, 2)
    means = F.avg_pool2d(squares, (window, 1), 1, (window // 2, 0)).permute(0, 2, 3, 1).reshape(data.shape)
    scale = (means * (alpha * window / nsize)).add_(knorm)
    root = scale.sqrt()
    return data / (root * root.sqrt() if beta == 0.75 else scale.pow(beta))
