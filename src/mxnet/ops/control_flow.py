"""Control flow: operators that run subgraphs of their Symbol, once for each element, as long as, or if.

A subgraph is a function of (*inputs, train, rng, device) that gives a tuple of tensors; graph/lower.py makes it.  How
its inputs and outputs are connected with those of the operator is a `Wiring`, which follows from the operator's
attributes; inference of shapes and dtypes reads it, too.
"""

import functools
from typing import NamedTuple

import torch
from torch import Tensor

from ..base import MXNetError
from .meta import DEVICE, without_values
from .registry import Shape, register

__all__ = ["Wiring", "cond", "foreach", "while_loop"]


class Wiring(NamedTuple):
    """The place of one subgraph in its operator.

    inputs: the operator's inputs that it takes, in the order of its own.  outputs: the operator's outputs that its
    outputs become; empty for a condition.  sliced: those of its inputs that are handed over slice by slice.  stacked:
    how many of its outputs, the first ones, are stacked over all steps; steps: of how many steps the stack is, None if
    of as many as there are slices.  carried: pairs of one of its inputs and the output that replaces it in the next
    step.
    """

    inputs: Shape
    outputs: Shape = ()
    sliced: Shape = ()
    stacked: int = 0
    steps: int | None = None
    carried: tuple[tuple[int, int], ...] = ()


def _count(attrs) -> int:
    return attrs["num_outputs"]


def _inputs_beside(subgraphs: int):
    """The `input_names=` rule: num_args counts the subgraphs, too."""

    def names(attrs, count):
        if attrs["num_args"] != count + subgraphs:
            raise MXNetError(f"num_args={attrs['num_args']}, expected {count + subgraphs} for {count} inputs and "
                             f"{subgraphs} subgraphs")
        return [f"data{i}" for i in range(count)]

    return names


def _check(name: str, attrs: dict, what: str, indices, count: int, once=False):
    """MXNetError for indices that are out of range, or, where each must be there once, missing or repeated."""
    if any(not 0 <= i < count for i in indices) or (once and sorted(indices) != list(range(count))):
        raise MXNetError(f"operator {name}: {what}={tuple(indices)} does not fit, expected "
                         f"{'each of ' if once else ''}0 to {count - 1} (attributes {attrs})")


# -------------------------------------------------------------------------------------------------- foreach


def _foreach_wirings(attrs) -> list[Wiring]:
    return [_foreach_wiring(attrs["num_args"], attrs["num_outputs"], attrs["num_out_data"], attrs["in_data_locs"],
                            attrs["in_state_locs"], attrs["remain_locs"])]


@functools.lru_cache(256)
def _foreach_wiring(num_args, num_outputs, num_out_data, data, states, remain) -> Wiring:
    places = (*data, *states, *remain)
    _check("_foreach", {"num_args": num_args}, "in_data_locs, in_state_locs, remain_locs", places, num_args - 1, True)
    if num_outputs != num_out_data + len(states):
        raise MXNetError(f"operator _foreach: num_outputs={num_outputs}, expected {num_out_data + len(states)} "
                         f"({num_out_data} outputs and {len(states)} states)")
    inputs = tuple(places.index(i) for i in range(len(places)))
    carried = tuple(zip(states, range(num_out_data, num_outputs), strict=True))
    return Wiring(inputs, tuple(range(num_outputs)), data, num_out_data, None, carried)


@register("_foreach", num_outputs=_count, subgraphs=_foreach_wirings, input_names=_inputs_beside(1))
def foreach(*data: Tensor, num_args: int, num_outputs: int, num_out_data: int, in_state_locs: Shape,
            in_data_locs: Shape, remain_locs: Shape, _subgraphs, _train, _rng, _device):
    """Run a subgraph for each slice of the data along their first axis, carrying states; see sym.contrib.foreach.

    data: the arrays to go over, the first states, and what else the subgraph uses.  in_data_locs, in_state_locs,
    remain_locs: which inputs of the subgraph these are.  Results: num_out_data arrays of the outputs of all steps, and
    the last states.  MXNetError if there is nothing to go over, or the data differ in length.
    """
    wiring = _foreach_wiring(num_args, num_outputs, num_out_data, in_data_locs, in_state_locs, remain_locs)
    step = _subgraphs[0]
    arguments = [data[i] for i in wiring.inputs] + [_train, _rng, _device]
    slices = [_slices(arguments[i]) for i in in_data_locs]
    lengths = {len(s) for s in slices}
    if len(lengths) != 1 or 0 in lengths:
        shapes = ", ".join(str(tuple(data[k].shape)) for k in range(len(in_data_locs))) or "none"
        raise MXNetError(f"foreach: expected data of one length of at least 1, got arrays of shapes {shapes}")
    outputs = []
    for parts in zip(*slices, strict=True):
        for place, part in zip(in_data_locs, parts, strict=True):
            arguments[place] = part
        results = step(*arguments)
        _carry(arguments, in_state_locs, results, num_out_data)
        outputs.append(results)
    return [torch.stack([r[k] for r in outputs]) for k in range(num_out_data)] + list(results[num_out_data:])


def _carry(arguments: list, places: Shape, results, first: int) -> None:
    """Put the states among a step's results, which begin at `first`, where the next step expects them."""
    for place, state in zip(places, results[first:], strict=True):
        arguments[place] = state


def _slices(data: Tensor):
    """The slices along the first axis; those of a vector have one element."""
    return (data.unsqueeze(1) if data.dim() == 1 else data).unbind()


# ----------------------------------------------------------------------------------------------- while_loop


def _while_wirings(attrs) -> list[Wiring]:
    return _while_wiring(attrs["num_args"], attrs["num_outputs"], attrs["num_out_data"], attrs["max_iterations"],
                         attrs["cond_input_locs"], attrs["func_input_locs"], attrs["func_var_locs"])


@functools.lru_cache(256)
def _while_wiring(num_args, num_outputs, num_out_data, max_iterations, cond, func, variables) -> list[Wiring]:
    attrs = {"num_args": num_args, "num_outputs": num_outputs, "max_iterations": max_iterations}
    _check("_while_loop", attrs, "cond_input_locs", cond, num_args - 2)
    _check("_while_loop", attrs, "func_input_locs", func, num_args - 2)
    _check("_while_loop", attrs, "func_var_locs", variables, len(func))
    if num_outputs != num_out_data + len(variables):
        raise MXNetError(f"operator _while_loop: num_outputs={num_outputs}, expected {num_out_data + len(variables)} "
                         f"({num_out_data} outputs and {len(variables)} loop variables)")
    if max_iterations < 1:
        raise MXNetError(f"value {max_iterations} for Parameter max_iterations should be greater equal to 1, "
                         "in operator _while_loop")
    carried = tuple(zip(variables, range(num_out_data, num_outputs), strict=True))
    return [Wiring(cond), Wiring(func, tuple(range(num_outputs)), (), num_out_data, max_iterations, carried)]


@register("_while_loop", num_outputs=_count, subgraphs=_while_wirings, input_names=_inputs_beside(2))
def while_loop(*data: Tensor, num_args: int, num_outputs: int, num_out_data: int, max_iterations: int,
               cond_input_locs: Shape, func_input_locs: Shape, func_var_locs: Shape, _subgraphs, _train, _rng,
               _device):
    """Run a subgraph as long as another one, the condition, gives a number that is not 0; see sym.contrib.while_loop.

    cond_input_locs, func_input_locs: the inputs of the two among `data`; func_var_locs: those of the second one's that
    are loop variables.  Results: num_out_data arrays of the outputs of all steps, filled with zeros up to
    `max_iterations` steps, and the last loop variables.
    """
    wiring = _while_wiring(num_args, num_outputs, num_out_data, max_iterations, cond_input_locs, func_input_locs,
                           func_var_locs)[1]
    goes_on, step = _subgraphs
    runtime = [_train, _rng, _device]
    asked = [data[i] for i in cond_input_locs] + runtime
    arguments = [data[i] for i in func_input_locs] + runtime
    variables = [func_input_locs[place] for place in func_var_locs]
    shared = [(place, func_var_locs[variables.index(i)]) for place, i in enumerate(cond_input_locs) if i in variables]
    outputs: list[tuple[Tensor, ...]] = []
    while len(outputs) < max_iterations and _truth(goes_on(*asked), "while_loop: cond"):
        results = step(*arguments)
        _carry(arguments, func_var_locs, results, num_out_data)
        for place, source in shared:
            asked[place] = arguments[source]
        outputs.append(results)
    last = [arguments[place] for place in func_var_locs]
    if not outputs:
        return _nothing(step, arguments[:len(wiring.inputs)], num_out_data, max_iterations) + last
    return [_padded([r[k] for r in outputs], max_iterations) for k in range(num_out_data)] + last


def _truth(results, what: str) -> bool:
    """Whether the one number that a condition gives is not 0."""
    value = results[0]
    if len(results) != 1 or value.numel() != 1:
        raise MXNetError(f"{what} must give one number, got {len(results)} array(s), the first of shape "
                         f"{tuple(value.shape)}")
    return bool(value)


def _padded(steps: list[Tensor], count: int) -> Tensor:
    """The steps stacked, and zeros up to `count` of them."""
    stacked = torch.stack(steps)
    if len(steps) == count:
        return stacked
    return torch.cat([stacked, stacked.new_zeros((count - len(steps), *stacked.shape[1:]))])


def _nothing(step, inputs: list[Tensor], num_outputs: int, count: int) -> list[Tensor]:
    """Zeros in the place of the outputs of a loop that was not entered."""
    if not num_outputs:
        return []
    with without_values():
        results = step(*(torch.empty_like(t, device=DEVICE) for t in inputs), False, None, DEVICE)
    device = inputs[0].device
    return [torch.zeros((count, *t.shape), dtype=t.dtype, device=device) for t in results[:num_outputs]]


# ----------------------------------------------------------------------------------------------------- cond


def _cond_wirings(attrs) -> list[Wiring]:
    return _cond_wiring(attrs["num_args"], attrs["num_outputs"], attrs["cond_input_locs"], attrs["then_input_locs"],
                        attrs["else_input_locs"])


@functools.lru_cache(256)
def _cond_wiring(num_args, num_outputs, *locs) -> list[Wiring]:
    for what, indices in zip(("cond_input_locs", "then_input_locs", "else_input_locs"), locs, strict=True):
        _check("_cond", {"num_args": num_args}, what, indices, num_args - 3)
    outputs = tuple(range(num_outputs))
    return [Wiring(locs[0]), Wiring(locs[1], outputs), Wiring(locs[2], outputs)]


@register("_cond", num_outputs=_count, subgraphs=_cond_wirings, input_names=_inputs_beside(3))
def cond(*data: Tensor, num_args: int, num_outputs: int, cond_input_locs: Shape, then_input_locs: Shape,
         else_input_locs: Shape, _subgraphs, _train, _rng, _device):
    """Run one of two subgraphs, the first if the predicate, a subgraph too, is not 0; see sym.contrib.cond.

    cond_input_locs, then_input_locs, else_input_locs: the inputs of the three among `data`.
    """
    _cond_wiring(num_args, num_outputs, cond_input_locs, then_input_locs, else_input_locs)
    runtime = (_train, _rng, _device)
    chosen = _truth(_subgraphs[0](*(data[i] for i in cond_input_locs), *runtime), "cond: pred")
    locs = then_input_locs if chosen else else_input_locs
    return _subgraphs[1 if chosen else 2](*(data[i] for i in locs), *runtime)
