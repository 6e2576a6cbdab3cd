"""AdamW's steps as users call them, once for mx.nd.contrib and mx.sym.contrib: a number may scale the gradient."""

from collections.abc import Callable

__all__ = ["steps"]


def steps(internal, scale: Callable) -> tuple[Callable, Callable]:
    """adamw_update and mp_adamw_update on the operators in the module `internal`.

    scale(rescale_grad, weight): the factor of the gradient, where it is a number, as an array of one element.
    """

    def adamw_update(weight, grad, mean, var, rescale_grad, lr, eta, beta1=0.9, beta2=0.999, epsilon=1e-8, wd=0,
                     clip_gradient=-1, out=None, name=None, **kwargs):
        """One step of AdamW: weight -= eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight).

        rescale_grad: a number or one element; nothing moves where it is 0, infinite or NaN.
        """
        return internal._adamw_update(
            weight, grad, mean, var, scale(rescale_grad, weight), lr=lr, eta=eta, beta1=beta1, beta2=beta2,
            epsilon=epsilon, wd=wd, clip_gradient=clip_gradient, out=out, name=name, **kwargs)

    def mp_adamw_update(weight, grad, mean, var, weight32, rescale_grad, lr, eta, beta1=0.9, beta2=0.999,
                        epsilon=1e-8, wd=0, clip_gradient=-1, out=None, name=None, **kwargs):
        """adamw_update of a half precision weight through its float32 copy."""
        return internal._mp_adamw_update(
            weight, grad, mean, var, weight32, scale(rescale_grad, weight), lr=lr, eta=eta, beta1=beta1, beta2=beta2,
            epsilon=epsilon, wd=wd, clip_gradient=clip_gradient, out=out, name=name, **kwargs)

    return adamw_update, mp_adamw_update
