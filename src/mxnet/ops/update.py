"""Optimizer steps for one weight each.

Every function writes its states *and its weight* in place and returns the weight: `in_place=` (see registry) lets
nd.* hand it a copy of the weight unless the caller said `out=weight`.  Optimizers may call them on tensors.
"""

import math

import torch
from torch import Tensor

from .boxes import has_values
from .registry import register

__all__ = ["adam_update", "adamw_update", "clipped", "ftml_update", "ftrl_update",
           "group_adagrad_update", "lamb_update_phase1", "lamb_update_phase2",
           "mp_adamw_update", "mp_lamb_update_phase1", "mp_lamb_update_phase2", "mp_nag_mom_update",
           "mp_sgd_mom_update", "mp_sgd_update", "nag_mom_update", "rmsprop_update", "rmspropalex_update",
           "sgd_mom_update", "sgd_update", "signsgd_update", "signum_update"]


def _step(name: str, states: tuple[str, ...] = ()):
    """`register` for a step that moves `weight` and `states`."""
    return register(name, mutates=("weight", *states), in_place=lambda attrs, given: (0,))


def clipped(grad: Tensor, rescale: float, clip: float, weight: Tensor | None = None, wd: float = 0.0) -> Tensor:
    """grad * rescale + wd * weight, limited to [-clip, clip] unless clip is negative."""
    if rescale != 1:
        grad = grad * rescale
    if wd:
        grad = grad.add(weight, alpha=wd)
    return grad.clamp(-clip, clip) if clip >= 0 else grad


def _descend(weight: Tensor, grad: Tensor, lr: float, wd: float, rescale: float, clip: float) -> Tensor:
    """weight -= lr * (clipped gradient + wd * weight), without a temporary where there is nothing to clip."""
    if wd:
        weight.mul_(1 - lr * wd)
    if clip >= 0:
        return weight.sub_(clipped(grad, rescale, clip), alpha=lr)
    return weight.sub_(grad, alpha=lr * rescale)


def _momentum(weight: Tensor, grad: Tensor, mom: Tensor, lr: float, momentum: float, wd: float, rescale: float,
              clip: float) -> Tensor:
    """mom = momentum * mom - lr * (clipped gradient + wd * weight)."""
    mom.mul_(momentum)
    if wd:
        mom.sub_(weight, alpha=lr * wd)
    if clip >= 0:
        return mom.sub_(clipped(grad, rescale, clip), alpha=lr)
    return mom.sub_(grad, alpha=lr * rescale)


# -------------------------------------------------------------------------------- gradient descent, momentum


@_step("sgd_update")
def sgd_update(weight: Tensor, grad: Tensor, *, lr: float, wd: float = 0.0, rescale_grad: float = 1.0,
               clip_gradient: float = -1.0, lazy_update: bool = True) -> Tensor:
    """weight -= lr * (clip(rescale_grad * grad) + wd * weight); a negative clip_gradient clips nothing."""
    return _descend(weight, grad, lr, wd, rescale_grad, clip_gradient)


@_step("sgd_mom_update", states=("mom",))
def sgd_mom_update(weight: Tensor, grad: Tensor, mom: Tensor, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
                   rescale_grad: float = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True) -> Tensor:
    """mom = momentum * mom - lr * (clip(rescale_grad * grad) + wd * weight); weight += mom."""
    return weight.add_(_momentum(weight, grad, mom, lr, momentum, wd, rescale_grad, clip_gradient))


@_step("mp_sgd_update", states=("weight32",))
def mp_sgd_update(weight: Tensor, grad: Tensor, weight32: Tensor, *, lr: float, wd: float = 0.0,
                  rescale_grad: float = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True) -> Tensor:
    """sgd_update on a float32 master copy of a weight of lower precision."""
    return weight.copy_(_descend(weight32, grad.float(), lr, wd, rescale_grad, clip_gradient))


@_step("mp_sgd_mom_update", states=("mom", "weight32"))
def mp_sgd_mom_update(weight: Tensor, grad: Tensor, mom: Tensor, weight32: Tensor, *, lr: float,
                      momentum: float = 0.0, wd: float = 0.0, rescale_grad: float = 1.0,
                      clip_gradient: float = -1.0, lazy_update: bool = True) -> Tensor:
    """sgd_mom_update on a float32 master copy of a weight of lower precision."""
    moved = _momentum(weight32, grad.float(), mom, lr, momentum, wd, rescale_grad, clip_gradient)
    return weight.copy_(weight32.add_(moved))


def _nesterov(weight: Tensor, grad: Tensor, mom: Tensor, lr: float, momentum: float, wd: float, rescale: float,
              clip: float) -> Tensor:
    slope = clipped(grad, rescale, clip)
    if wd:
        slope = slope.add(weight, alpha=wd)
    mom.mul_(momentum).sub_(slope, alpha=lr)
    return weight.add_(mom, alpha=momentum).sub_(slope, alpha=lr)


@_step("nag_mom_update", states=("mom",))
def nag_mom_update(weight: Tensor, grad: Tensor, mom: Tensor, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
                   rescale_grad: float = 1.0, clip_gradient: float = -1.0) -> Tensor:
    """Nesterov's momentum: as sgd_mom_update, then weight += momentum * mom - lr * gradient."""
    return _nesterov(weight, grad, mom, lr, momentum, wd, rescale_grad, clip_gradient)


@_step("mp_nag_mom_update", states=("mom", "weight32"))
def mp_nag_mom_update(weight: Tensor, grad: Tensor, mom: Tensor, weight32: Tensor, *, lr: float,
                      momentum: float = 0.0, wd: float = 0.0, rescale_grad: float = 1.0,
                      clip_gradient: float = -1.0) -> Tensor:
    """nag_mom_update on a float32 master copy of a weight of lower precision."""
    return weight.copy_(_nesterov(weight32, grad.float(), mom, lr, momentum, wd, rescale_grad, clip_gradient))


@_step("signsgd_update")
def signsgd_update(weight: Tensor, grad: Tensor, *, lr: float, wd: float = 0.0, rescale_grad: float = 1.0,
                   clip_gradient: float = -1.0) -> Tensor:
    """weight = (1 - lr * wd) * weight - lr * sign(grad), which no scaling or clipping of the gradient changes.

    Bernstein et al., https://arxiv.org/abs/1802.04434.
    """
    if wd:
        weight.mul_(1 - lr * wd)
    return weight.sub_(grad.sign(), alpha=lr)


@_step("signum_update", states=("mom",))
def signum_update(weight: Tensor, grad: Tensor, mom: Tensor, *, lr: float, momentum: float = 0.0, wd: float = 0.0,
                  rescale_grad: float = 1.0, clip_gradient: float = -1.0, wd_lh: float = 0.0) -> Tensor:
    """signsgd_update on a running mean of gradients; wd_lh is weight decay outside of the sign."""
    _momentum(weight, grad, mom, 1 - momentum, momentum, wd, rescale_grad, clip_gradient)
    if wd_lh:
        weight.mul_(1 - lr * wd_lh)
    return weight.add_(mom.sign(), alpha=lr)


# ------------------------------------------------------------------------------------- adaptive step lengths


def _moments(grad: Tensor, mean: Tensor, var: Tensor, beta1: float, beta2: float) -> None:
    """Move the running means of the gradient and of its square."""
    mean.lerp_(grad, 1 - beta1)
    var.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)


@_step("adam_update", states=("mean", "var"))
def adam_update(weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, *, lr: float, beta1: float = 0.9,
                beta2: float = 0.999, epsilon: float = 1e-8, wd: float = 0.0, rescale_grad: float = 1.0,
                clip_gradient: float = -1.0, lazy_update: bool = True) -> Tensor:
    """weight -= lr * mean / (sqrt(var) + epsilon), with running means of g and g ** 2 and no bias correction (that
    is the caller's, in lr); g = clip(rescale_grad * grad + wd * weight).  https://arxiv.org/abs/1412.6980."""
    _moments(clipped(grad, rescale_grad, clip_gradient, weight, wd), mean, var, beta1, beta2)
    return weight.addcdiv_(mean, var.sqrt().add_(epsilon), value=-lr)


def _adamw(weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, rescale: Tensor, lr: float, beta1: float,
           beta2: float, epsilon: float, wd: float, eta: float, clip: float) -> Tensor:
    """One step of Adam with decoupled weight decay; none where `rescale` is 0, infinite or NaN."""
    if has_values(rescale) and not (torch.isfinite(rescale) & (rescale != 0)):
        return weight
    grad = clipped(grad * rescale.to(grad.dtype), 1.0, clip)
    mean.lerp_(grad, 1 - beta1)
    var.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    return weight.mul_(1 - eta * wd).addcdiv_(mean, var.sqrt().add_(epsilon), value=-eta * lr)


@_step("_adamw_update", states=("mean", "var"))
def adamw_update(weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, rescale_grad: Tensor, *, lr: float,
                 beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, wd: float = 0.0, eta: float,
                 clip_gradient: float = -1.0) -> Tensor:
    """weight -= eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight).

    rescale_grad: an array of one element; nothing moves where it is 0, infinite or NaN (loss scaling overflowed).
    Loshchilov and Hutter, https://arxiv.org/abs/1711.05101.
    """
    return _adamw(weight, grad, mean, var, rescale_grad, lr, beta1, beta2, epsilon, wd, eta, clip_gradient)


@_step("_mp_adamw_update", states=("mean", "var", "weight32"))
def mp_adamw_update(weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, weight32: Tensor,
                    rescale_grad: Tensor, *, lr: float, beta1: float = 0.9, beta2: float = 0.999,
                    epsilon: float = 1e-8, wd: float = 0.0, eta: float, clip_gradient: float = -1.0) -> Tensor:
    """The AdamW step on a float32 master copy of a weight of lower precision."""
    return weight.copy_(_adamw(weight32, grad.float(), mean, var, rescale_grad.float(), lr, beta1, beta2, epsilon, wd,
                               eta, clip_gradient))


def _limit(weight: Tensor, clip_weights: float) -> Tensor:
    return weight.clamp_(-clip_weights, clip_weights) if clip_weights >= 0 else weight


@_step("rmsprop_update", states=("n",))
def rmsprop_update(weight: Tensor, grad: Tensor, n: Tensor, *, lr: float, gamma1: float = 0.95,
                   epsilon: float = 1e-8, wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
                   clip_weights: float = -1.0) -> Tensor:
    """weight -= lr * g / sqrt(n + epsilon), where n is a running mean of g ** 2 (Tieleman and Hinton, 2012)."""
    slope = clipped(grad, rescale_grad, clip_gradient, weight, wd)
    n.mul_(gamma1).addcmul_(slope, slope, value=1 - gamma1)
    return _limit(weight.addcdiv_(slope, (n + epsilon).sqrt_(), value=-lr), clip_weights)


@_step("rmspropalex_update", states=("n", "g", "delta"))
def rmspropalex_update(weight: Tensor, grad: Tensor, n: Tensor, g: Tensor, delta: Tensor, *, lr: float,
                       gamma1: float = 0.95, gamma2: float = 0.9, epsilon: float = 1e-8, wd: float = 0.0,
                       rescale_grad: float = 1.0, clip_gradient: float = -1.0,
                       clip_weights: float = -1.0) -> Tensor:
    """RMSProp by the variance n - g ** 2, with momentum: Graves, 2013, https://arxiv.org/abs/1308.0850, (38)-(45)."""
    slope = clipped(grad, rescale_grad, clip_gradient, weight, wd)
    n.mul_(gamma1).addcmul_(slope, slope, value=1 - gamma1)
    g.lerp_(slope, 1 - gamma1)
    deviation = torch.addcmul(n, g, g, value=-1).add_(epsilon).sqrt_()
    delta.mul_(gamma2).addcdiv_(slope, deviation, value=-lr)
    return _limit(weight.add_(delta), clip_weights)


def _quotient(number: float, lr: float) -> float:
    """number / lr for number > 0; infinite without a learning rate, as at the start of a warm-up."""
    return number / lr if lr else math.inf


@_step("ftrl_update", states=("z", "n"))
def ftrl_update(weight: Tensor, grad: Tensor, z: Tensor, n: Tensor, *, lr: float, lamda1: float = 0.01,
                beta: float = 1.0, wd: float = 0.0, rescale_grad: float = 1.0,
                clip_gradient: float = -1.0) -> Tensor:
    """Follow the regularized leader: McMahan et al., KDD 2013, algorithm 1, with lamda1 and wd as L1 and L2."""
    slope = clipped(grad, rescale_grad, clip_gradient)
    before = n.sqrt()
    root = n.addcmul_(slope, slope).sqrt()
    z.add_(slope).addcmul_(root - before, weight, value=-_quotient(1, lr))
    shrunk = torch.sign(z).mul_(z.abs().sub_(lamda1).clamp_min_(0))
    return torch.div(shrunk, root.add_(beta).div_(-lr).sub_(wd), out=weight)


@_step("ftml_update", states=("d", "v", "z"))
def ftml_update(weight: Tensor, grad: Tensor, d: Tensor, v: Tensor, z: Tensor, *, lr: float, beta1: float = 0.6,
                beta2: float = 0.999, epsilon: float = 1e-8, t: int, wd: float = 0.0, rescale_grad: float = 1.0,
                clip_grad: float = -1.0) -> Tensor:
    """Follow the moving leader, step t = 1, 2, ...: Zheng and Kwok, ICML 2017."""
    slope = clipped(grad, rescale_grad, clip_grad, weight, wd)
    v.mul_(beta2).addcmul_(slope, slope, value=1 - beta2)
    now = v.div(1 - beta2 ** t).sqrt_().add_(epsilon).mul_(_quotient(1 - beta1 ** t, lr))
    z.lerp_(slope, 1 - beta1).addcmul_(now - d * beta1, weight, value=-1)
    d.copy_(now)
    return torch.div(z, now.neg_(), out=weight)


@_step("_contrib_group_adagrad_update", states=("history",))
def group_adagrad_update(weight: Tensor, grad: Tensor, history: Tensor, *, lr: float, rescale_grad: float = 1.0,
                         clip_gradient: float = -1.0, epsilon: float = 1e-5) -> Tensor:
    """AdaGrad with one step length a row: history, (rows, 1), sums the means of g ** 2 over a row, and
    weight -= lr * g / sqrt(history + epsilon).  Duchi, Hazan and Singer, JMLR 12, 2011."""
    slope = clipped(grad, rescale_grad, clip_gradient)
    history.add_((slope * slope).flatten(1).mean(1).view(history.shape))
    root = (history + epsilon).sqrt_().view(-1, *[1] * (weight.dim() - 1))
    return weight.addcdiv_(slope, root, value=-lr)


# ------------------------------------------------------------------------- step lengths by layer (LAMB)


def _lamb_direction(weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, beta1: float, beta2: float,
                    epsilon: float, t: int, bias_correction: bool, wd: float, rescale: float,
                    clip: float) -> Tensor:
    _moments(clipped(grad, rescale, clip), mean, var, beta1, beta2)
    if bias_correction:
        direction = (mean / (1 - beta1 ** t)).div_((var / (1 - beta2 ** t)).sqrt_().add_(epsilon))
    else:
        direction = mean / var.sqrt().add_(epsilon)
    return direction.add_(weight, alpha=wd)


def _trust(r1: Tensor, r2: Tensor, lower: float, upper: float) -> Tensor:
    """Ratio of the norms of weight and direction, the former between the bounds; 1 where either is 0."""
    if lower >= 0:
        r1 = r1.clamp_min(lower)
    if upper >= 0:
        r1 = r1.clamp_max(upper)
    return torch.where((r1 == 0) | (r2 == 0), torch.ones_like(r1), r1 / r2)


@register("lamb_update_phase1", mutates=("mean", "var"))
def lamb_update_phase1(weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, *, beta1: float = 0.9,
                       beta2: float = 0.999, epsilon: float = 1e-6, t: int, bias_correction: bool = True, wd: float,
                       rescale_grad: float = 1.0, clip_gradient: float = -1.0) -> Tensor:
    """The direction of LAMB's step t = 1, 2, ...: Adam's plus wd * weight.  https://arxiv.org/abs/1904.00962."""
    return _lamb_direction(weight, grad, mean, var, beta1, beta2, epsilon, t, bias_correction, wd, rescale_grad,
                           clip_gradient)


@_step("lamb_update_phase2")
def lamb_update_phase2(weight: Tensor, g: Tensor, r1: Tensor, r2: Tensor, *, lr: float, lower_bound: float = -1.0,
                       upper_bound: float = -1.0) -> Tensor:
    """weight -= lr * r1 / r2 * g, with g from phase 1 and r1, r2 the norms of weight and g."""
    return weight.sub_(_trust(r1, r2, lower_bound, upper_bound) * g, alpha=lr)


@register("mp_lamb_update_phase1", mutates=("mean", "var"))
def mp_lamb_update_phase1(weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, weight32: Tensor, *,
                          beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-6, t: int,
                          bias_correction: bool = True, wd: float, rescale_grad: float = 1.0,
                          clip_gradient: float = -1.0) -> Tensor:
    """lamb_update_phase1 on a float32 master copy of a weight of lower precision."""
    return _lamb_direction(weight32, grad.float(), mean, var, beta1, beta2, epsilon, t, bias_correction, wd,
                           rescale_grad, clip_gradient)


@_step("mp_lamb_update_phase2", states=("weight32",))
def mp_lamb_update_phase2(weight: Tensor, g: Tensor, r1: Tensor, r2: Tensor, weight32: Tensor, *, lr: float,
                          lower_bound: float = -1.0, upper_bound: float = -1.0) -> Tensor:
    """lamb_update_phase2 on a float32 master copy of a weight of lower precision."""
    return weight.copy_(weight32.sub_(_trust(r1, r2, lower_bound, upper_bound) * g, alpha=lr))
