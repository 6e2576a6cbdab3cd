"""mx.contrib.autograd: the names that automatic differentiation had before `mx.autograd`, kept for old programs."""

import functools

from .. import autograd
from ..autograd import mark_variables
from ..ndarray import NDArray, zeros_like

__all__ = ["TrainingStateScope", "backward", "compute_gradient", "grad", "grad_and_loss", "mark_variables",
           "set_is_training", "test_section", "train_section"]


def set_is_training(is_train: bool) -> bool:
    """Turn train mode and recording on or off together; returns whether train mode was on."""
    autograd.set_recording(is_train)
    return autograd.set_training(is_train)


class TrainingStateScope:
    """`with TrainingStateScope(True):` train mode and recording within the block, as they were after it."""

    def __init__(self, enter_state: bool):
        self._scope = autograd.record() if enter_state else autograd.pause()

    def __enter__(self):
        self._scope.__enter__()

    def __exit__(self, *exc_info):
        self._scope.__exit__(*exc_info)


def train_section() -> TrainingStateScope:
    """A part of the program that is recorded, in train mode."""
    return TrainingStateScope(True)


def test_section() -> TrainingStateScope:
    """A part within a train_section that is not recorded, in predict mode."""
    return TrainingStateScope(False)


def backward(outputs, out_grads=None, retain_graph=False):
    """Compute the gradients of a list of NDArrays with respect to all variables, into the arrays marked for them."""
    if not isinstance(outputs, (list, tuple)):
        raise TypeError(f"outputs must be a list or tuple of NDArrays, got {type(outputs).__name__}")
    autograd.backward(list(outputs), out_grads, retain_graph)


def compute_gradient(outputs):
    """`backward` by its oldest name."""
    backward(outputs)


def grad_and_loss(func, argnum=None):
    """The function that returns (gradients of func's arguments, what func returns).

    argnum: the index, or the list of indices, of the arguments to differentiate; all by default, which must then
    all be NDArrays.
    """
    @functools.wraps(func)
    def wrapped(*args):
        chosen = range(len(args)) if argnum is None else argnum if isinstance(argnum, list) else [argnum]
        variables = [args[i] for i in chosen]
        for variable in variables:
            if not isinstance(variable, NDArray):
                raise TypeError(f"type of autograd input should be NDArray, got {type(variable).__name__}")
        gradients = [zeros_like(variable) for variable in variables]
        mark_variables(variables, gradients)
        with train_section():
            outputs = func(*args)
        backward([outputs] if isinstance(outputs, NDArray) else outputs)
        return gradients, outputs

    return wrapped


def grad(func, argnum=None):
    """The function that returns the gradients of func's arguments; see `grad_and_loss`."""
    both = grad_and_loss(func, argnum)

    @functools.wraps(func)
    def wrapped(*args):
        return both(*args)[0]

    return wrapped
