"""Output layers: they compute a prediction forward and the gradient of a loss backward, whatever comes from above."""

from math import prod
from typing import Literal

import torch
from torch import Tensor

from ..base import MXNetError
from .registry import register
from .unary import require_float

__all__ = ["identity_attach_kl_sparse_reg", "linear_regression_output", "logistic_regression_output",
           "mae_regression_output", "make_loss_output", "softmax_output", "svm_output"]

_Normalization = Literal["batch", "null", "valid"]


def _check_label(op: str, label: Tensor, data: Tensor, count: int) -> None:
    require_float(op, data)
    if label.dtype != data.dtype:
        raise MXNetError(f"{op}: expected label of data's type {data.dtype}, got {label.dtype}")
    if label.numel() != count:
        raise MXNetError(f"{op}: label of shape {tuple(label.shape)} does not fit data of shape {tuple(data.shape)}")


# --------------------------------------------------------------------------------------------------- softmax


class _SoftmaxOutput(torch.autograd.Function):
    """softmax forward; backward the gradient of cross entropy, as MXNet scales it.

    `options` are the attributes of SoftmaxOutput by name.  Classes lie on axis 1 of (rows, classes[, places]) data.
    """

    @staticmethod
    def forward(ctx, data: Tensor, label: Tensor, options: dict) -> Tensor:
        out = torch.softmax(data, 1)
        ctx.save_for_backward(out, label)
        ctx.options = options
        return out

    @staticmethod
    def backward(ctx, head):
        out, label = ctx.saved_tensors
        if label.shape == out.shape:
            grad = (out - label).mul_(ctx.options["grad_scale"])
        else:
            grad = _cross_entropy_gradient(out, label, **ctx.options)
        return (grad.mul_(head) if ctx.options["out_grad"] else grad), None, None


def _cross_entropy_gradient(out: Tensor, label: Tensor, grad_scale: float, ignore_label: float, use_ignore: bool,
                            normalization: str, smooth_alpha: float, out_grad: bool) -> Tensor:
    """out - one_hot(label), smoothed, masked and scaled by the options; labels that are no class hit nothing."""
    classes = out.shape[1]
    rest = smooth_alpha / (classes - 1) if smooth_alpha else 0.0
    grad = out - rest if rest else out.clone()
    index = label.long()
    nearest = index.clamp(0, classes - 1)
    hit = (nearest == index).to(out.dtype).mul_(smooth_alpha + rest - 1)
    grad.scatter_add_(1, nearest.unsqueeze(1), hit.unsqueeze(1))
    count = label.numel()
    valid = index != int(ignore_label) if use_ignore or normalization == "valid" else None
    if use_ignore:
        grad.mul_(valid.unsqueeze(1))
    if normalization == "valid":
        return grad.mul_(grad_scale / valid.sum().clamp_min(1))
    if normalization == "null":
        count = out.shape[2] if out.dim() == 3 else 1
    return grad if grad_scale == count else grad.mul_(grad_scale / count)


def _softmax_label_shapes(attrs, data, label):
    if data is None:
        return [data, label]
    if not attrs["multi_output"]:
        return [data, label if label == data else tuple(data[:-1])]
    return [data, label if label is not None and len(label) == len(data) - 1 else (data[0], prod(data[2:]))]


@register("SoftmaxOutput", "Softmax", loss=True, same_shape=("data",), shapes=_softmax_label_shapes)
def softmax_output(data: Tensor, label: Tensor, *, grad_scale: float = 1.0, ignore_label: float = -1.0,
                   multi_output: bool = False, use_ignore: bool = False, preserve_shape: bool = False,
                   normalization: _Normalization = "null", out_grad: bool = False,
                   smooth_alpha: float = 0.0) -> Tensor:
    """softmax forward; backward the gradient of its cross entropy with `label`, (softmax - one hot) grad_scale.

    Classes are all but axis 0 of data (default), the last axis (`preserve_shape`) or axis 1 (`multi_output`);
    label holds class indices over the other axes, or probabilities if it has data's shape.
    `use_ignore` gives examples labelled int(`ignore_label`) no gradient.  `normalization` divides by the number of
    labels ("batch") or of those that are not `ignore_label` ("valid", with and without `use_ignore`); with
    `multi_output`, "null" divides by the places of an example.  `smooth_alpha` moves that much of the label evenly
    to the other classes.  `out_grad` multiplies by the gradient from above, which is otherwise disregarded.
    """
    shape = data.shape
    if label.shape != shape:
        _check_label("SoftmaxOutput", label, data, prod(shape) // shape[1] if multi_output else prod(shape[:-1]))
        if not multi_output and label.shape != shape[:-1]:
            raise MXNetError(f"SoftmaxOutput: expected label of shape {tuple(shape[:-1])}, got {tuple(label.shape)}")
    if multi_output:
        flat = data.reshape(shape[0], shape[1], -1)
    else:
        flat = data.reshape(-1 if preserve_shape else shape[0], shape[-1] if preserve_shape else -1)
    if not (data.requires_grad and torch.is_grad_enabled()):
        return torch.softmax(flat, 1).reshape(shape)
    if label.shape == shape:
        label = label.reshape(flat.shape)
    elif multi_output:
        label = label.reshape(flat.shape[0], -1)
    else:
        # Of a label for each row of matrices that count as one row, MXNet reads the first ones.
        label = label.reshape(-1)[:flat.shape[0]]
    options = {"grad_scale": grad_scale, "ignore_label": ignore_label, "use_ignore": use_ignore,
               "normalization": normalization, "out_grad": out_grad,
               "smooth_alpha": 0.0 if multi_output else smooth_alpha}
    return _SoftmaxOutput.apply(flat, label, options).reshape(shape)


# ------------------------------------------------------------------------------------------------- regression


def _regression(name: str, predict, gradient, doc: str):
    """Register an operator that gives predict(data); its gradient is gradient(prediction, label), scaled."""

    class Regression(torch.autograd.Function):
        @staticmethod
        def forward(ctx, data, label, scale):
            out = predict(data)
            ctx.save_for_backward(out, label)
            ctx.scale = scale * len(label) / (label.numel() or 1)
            return out

        @staticmethod
        def backward(ctx, head):
            out, label = ctx.saved_tensors
            return gradient(out, label) * ctx.scale, None, None

    def operator(data: Tensor, label: Tensor, *, grad_scale: float = 1.0) -> Tensor:
        _check_label(name, label, data, data.numel())
        if label.shape != data.shape:
            if label.shape[0] != data.shape[0]:
                raise MXNetError(f"{name}: label of shape {tuple(label.shape)} does not fit data of shape "
                                 f"{tuple(data.shape)}")
            label = label.reshape(data.shape)
        return Regression.apply(data, label, grad_scale)

    def shapes(attrs, data, label):
        if data is None or (label is not None and all(label)):
            return [data, label]
        return [data, data[:1] if len(data) == 2 and data[1] == 1 else data]

    operator.__doc__ = doc + """

    label: data's shape, or as many elements.  The gradient from above is disregarded; that of the loss is
    divided by the number of outputs of an example and multiplied by grad_scale.
    """
    register(name, loss=True, same_shape=("data",), shapes=shapes)(operator)
    return operator


linear_regression_output = _regression(
    "LinearRegressionOutput", torch.clone, torch.sub,
    "A copy of data forward; backward the gradient of (data - label) ** 2 / 2.")
logistic_regression_output = _regression(
    "LogisticRegressionOutput", torch.sigmoid, torch.sub,
    "sigmoid(data) forward; backward the gradient of its cross entropy with label.")
mae_regression_output = _regression(
    "MAERegressionOutput", torch.clone,
    lambda out, label: torch.gt(out, label, out=torch.empty_like(out)).mul_(2).sub_(1),
    "A copy of data forward; backward the gradient of |data - label|.")


# -------------------------------------------------------------------------------------------------- the others


class _SVMOutput(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data, label, margin, coefficient, linear):
        ctx.save_for_backward(data, label)
        ctx.options = margin, coefficient, linear
        return data.clone()

    @staticmethod
    def backward(ctx, head):
        data, label = ctx.saved_tensors
        margin, coefficient, linear = ctx.options
        own, classes = label.long().unsqueeze(-1), data.shape[-1]
        there = ((own >= 0) & (own < classes)).to(data.dtype)
        sign = torch.ones_like(data).scatter_add_(-1, own.clamp(0, classes - 1), -2 * there)
        short = (sign * data).add_(margin)  # how far each class is from its side of the margin
        slope = short.gt_(0) if linear else short.clamp_min_(0).mul_(2)
        return slope.mul_(sign).mul_(coefficient), None, None, None, None


def _row_label_shapes(attrs, data, label):
    return [data, label if data is None else tuple(data[:-1])]


@register("SVMOutput", loss=True, same_shape=("data",), shapes=_row_label_shapes)
def svm_output(data: Tensor, label: Tensor, *, margin: float = 1.0, regularization_coefficient: float = 1.0,
               use_linear: bool = False) -> Tensor:
    """A copy of data forward; backward the gradient of the hinge loss of each class against the rest.

    data: (..., classes).  label: (...), class indices.  With t = 1 for the label's class and -1 for others the loss is
    max(0, margin - t data), squared unless `use_linear`, times regularization_coefficient.
    """
    _check_label("SVMOutput", label, data, prod(data.shape[:-1]))
    if label.shape != data.shape[:-1]:
        raise MXNetError(f"SVMOutput: expected label of shape {tuple(data.shape[:-1])}, got {tuple(label.shape)}")
    return _SVMOutput.apply(data, label, margin, regularization_coefficient, use_linear)


class _MakeLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data, scale, thresh, normalization):
        ctx.save_for_backward(data)
        ctx.scale, ctx.thresh, ctx.normalization = scale, thresh, normalization
        return data.clone()

    @staticmethod
    def backward(ctx, head):
        data, = ctx.saved_tensors
        grad = torch.full_like(data, ctx.scale)
        if ctx.normalization == "batch":
            grad /= max(data.numel() // data.shape[-1], 1)  # MXNet's batch is all axes but the last
        elif ctx.normalization == "valid":
            grad /= (data > ctx.thresh).sum().clamp_min(1)
        return grad, None, None, None


@register("MakeLoss", loss=True, same_shape=True)
def make_loss_output(data: Tensor, *, grad_scale: float = 1.0, valid_thresh: float = 0.0,
                     normalization: _Normalization = "null") -> Tensor:
    """A copy of data that is a loss: its gradient is grad_scale, whatever comes from above.

    `normalization` divides it by the product of all sizes but the last ("batch") or by the number of elements above
    valid_thresh ("valid").
    """
    require_float("MakeLoss", data)
    return _MakeLoss.apply(data, grad_scale, valid_thresh, normalization)


class _SparseRegularized(torch.autograd.Function):
    @staticmethod
    def forward(ctx, data, average, target, penalty, momentum):
        ctx.save_for_backward(data)
        ctx.average = average
        ctx.options = target, penalty, momentum
        return data.clone()

    @staticmethod
    def backward(ctx, head):
        data, = ctx.saved_tensors
        target, penalty, momentum = ctx.options
        average = ctx.average.mul_(momentum).add_(data.mean(0), alpha=1 - momentum)
        return head + penalty * ((1 - target) / (1 - average) - target / average), None, None, None, None


@register("IdentityAttachKLSparseReg", aux=("moving_avg",), init={"moving_avg": '["zero", {}]'},
          shapes=lambda attrs, data, average: [data, average if data is None else data[1:]])
def identity_attach_kl_sparse_reg(data: Tensor, moving_avg: Tensor, *, sparseness_target: float = 0.1,
                                  penalty: float = 1e-3, momentum: float = 0.9) -> Tensor:
    """A copy of data; backward adds the gradient of the divergence of mean activations from sparseness_target.

    data: (batch, units), activations between 0 and 1.  moving_avg: (units,), moved by each backward pass.
    """
    return _SparseRegularized.apply(data, moving_avg, sparseness_target, penalty, momentum)
