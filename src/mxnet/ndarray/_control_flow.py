"""nd.contrib's control flow: plain Python on arrays, in the calling convention of the operators for symbols."""

from .._nested import as_list, flatten, limit_of, regroup
from .._state import state
from ._array import NDArray
from ._wrap import in_use, wrap
from .creation import zeros
from .op import concat, stack

__all__ = ["cond", "foreach", "while_loop"]


def foreach(body, data, init_states):
    """Call `body(slice, states) -> (outputs, new states)` for each slice of the data along their first axis.

    data: an array, or a nested list of them; body gets the slices in the same structure, and the states as it
    returned them the time before, at first `init_states`.  Returns (outputs of all steps, stacked along a new first
    axis; the last states).  AssertionError for anything but arrays, IndexError if another of the data is shorter than
    the first, ValueError if that is empty.

        >>> mx.nd.contrib.foreach(lambda x, total: (x + total, x + total), mx.nd.arange(4), mx.nd.zeros(1))
    """
    arrays, data_fmt = flatten(data, NDArray, "foreach input")
    flatten(init_states, NDArray, "foreach states")
    slices = [_slices(array) for array in arrays]
    count = len(slices[0]) if slices else 0
    if not count:
        raise ValueError("foreach: expected arrays of at least one element along the first axis to go over")
    for parts in slices:
        if len(parts) < count:
            raise IndexError(f"index {len(parts)} is out of bounds for axis 0 with size {len(parts)}")
    states, out_fmt, outputs = init_states, 0, []
    for parts in zip(*slices, strict=False):
        out, states = body(regroup(parts, data_fmt), states)
        out, out_fmt = flatten(out, NDArray, "foreach output")
        outputs.append(out)
    return regroup([stack(*steps, axis=0) for steps in zip(*outputs, strict=True)], out_fmt), states


def _slices(array: NDArray) -> list[NDArray]:
    """The array's slices along the first axis; those of a vector have one element."""
    if type(array) is not NDArray:  # one that records what is done with it
        return [array[i] for i in range(len(array))]
    tensor = in_use(array)
    parts = (tensor.unsqueeze(1) if tensor.dim() == 1 else tensor).unbind()
    rg = array._rg and bool(state.recording)
    return [wrap(part, array._ctx, None, rg) for part in parts]


def while_loop(cond, func, loop_vars, max_iterations=None):
    """Call `func(*loop_vars) -> (outputs, new loop_vars)` as long as `cond(*loop_vars)` is not 0.

    loop_vars: an array, or a nested list of them.  max_iterations: the most steps that are done.  Returns (outputs of
    all steps, stacked along a new first axis of size max_iterations and filled up with zeros, or [] if there was no
    step; the last loop_vars).  ValueError for a missing max_iterations, for numbers of outputs or variables that
    change, for a cond that gives several numbers.
    """
    limit = limit_of(max_iterations)
    single = isinstance(loop_vars, NDArray)
    variables = [loop_vars] if single else list(loop_vars)
    if not variables:
        raise ValueError("loop_vars should contain at least one element")
    outputs, out_fmt = [], []
    while len(outputs) < limit and _truth(cond(*variables)):
        out, new = func(*variables)
        out, out_fmt = flatten([] if out is None else out, NDArray, "while output")
        new = [] if new is None else as_list(new)
        if len(new) != len(variables):
            raise ValueError("The length of loop_vars should be consistent during the loop")
        if outputs and len(out) != len(outputs[0]):
            raise ValueError("Number of elements in step_output should be the same in each step")
        variables = new
        outputs.append(out)
    stacked = regroup([_padded(steps, limit) for steps in zip(*outputs, strict=True)], out_fmt)
    return stacked, variables[0] if single else variables


def _truth(value) -> bool:
    """A condition as a bool; ValueError for an array of several numbers."""
    return bool(value.asscalar() if isinstance(value, NDArray) else value)


def _padded(steps, count: int) -> NDArray:
    """The steps stacked, and zeros up to `count` of them."""
    stacked = stack(*steps, axis=0)
    missing = count - len(steps)
    if not missing:
        return stacked
    return concat(stacked, zeros((missing, *stacked.shape[1:]), stacked._ctx, stacked.dtype), dim=0)


def cond(pred, then_func, else_func):
    """What `then_func()` returns if `pred`, an array of one number, is not 0, otherwise what `else_func()` does."""
    return then_func() if _truth(pred) else else_func()
