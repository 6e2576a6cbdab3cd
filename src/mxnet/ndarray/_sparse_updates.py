"""Steps of optimizers by row_sparse gradients that touch the rows of the gradient alone (MXNet's lazy updates)."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..base import MXNetError
from ._array import NDArray
from ._sparse_array import RowSparseNDArray, find
from ._wrap import NoGrad, call, plain

__all__ = ["UPDATES", "put_rows", "rows_of"]


def rows_of(array, rows) -> torch.Tensor:
    """Copies of the rows with these (rising) numbers of a dense or row_sparse array."""
    if type(array) is not RowSparseNDArray:
        return plain(array).index_select(0, rows)
    return array._rows_at(rows)


def put_rows(array, rows, values):
    """Write rows with these (rising) numbers into a dense or row_sparse array."""
    if type(array) is not RowSparseNDArray:
        plain(array).index_copy_(0, rows, values)
        return
    held, stored = array._parts
    at, there = find(stored, rows)
    if len(there) == len(rows):
        held.index_copy_(0, at, values)
        return
    union, place = torch.cat([stored, rows]).unique(return_inverse=True)
    merged = held.new_zeros((len(union), *held.shape[1:])).index_copy_(0, place[:len(stored)], held)
    array._set_parts((merged.index_copy_(0, place[len(stored):], values), union))


def _lazily(name: str, wants: Callable[[dict, list[str]], bool]) -> Callable:
    """The step of an operator; wants(attributes, storage types of weight and states): whether it is a lazy one."""

    def update(bound, args, out):
        weight, grad, *states = args
        stypes = [array.stype for array in (weight, *states)]
        if type(grad) is not RowSparseNDArray or not wants(getattr(bound, "keywords", {}), stypes):
            return None
        if grad.shape != weight.shape:
            raise MXNetError(f"{name}: the gradient has shape {grad.shape}, expected the weight's {weight.shape}")
        target = _target(weight, out)
        values, rows = grad._parts
        with NoGrad():
            _fill_states(weight, states)
            if len(rows):
                parts = [rows_of(array, rows) for array in (weight, *states)]
                moved = call(name, bound, (parts[0], values, *parts[1:]), {})
                for array, part in zip((target, *states), (moved, *parts[1:]), strict=True):
                    put_rows(array, rows, part)
        return target

    return update


def _fill_states(weight, states):
    """Row_sparse states that store nothing yet get a row of zeros for each of the weight's, as in MXNet."""
    for state in states:
        if state.stype == weight.stype == "row_sparse" and not len(state._parts[1]):
            rows = weight._parts[1].clone()
            state._set_parts((state._parts[0].new_zeros((len(rows), *state._size[1:])), rows))


def _alike(attrs, stypes) -> bool:
    return attrs.get("lazy_update", True) and len(set(stypes)) == 1


def _target(weight, out):
    """What gets the new weight: `out` or a new array."""
    if out is None:
        return weight.copy().detach()
    target = out if isinstance(out, NDArray) else out[0]
    if target is not weight:
        weight.copyto(target)
    return target


_adagrad = _lazily("_sparse_adagrad_update", lambda attrs, stypes: True)
_group_adagrad = _lazily("_contrib_group_adagrad_update", lambda attrs, stypes: True)


def _sparse_adagrad(bound, args, out):
    weight, grad, history = args
    if type(grad) is not RowSparseNDArray or weight.stype != history.stype:
        raise MXNetError("adagrad_update takes a row_sparse gradient, and a weight and a history of one storage type, "
                         f"got {grad.stype}, {weight.stype} and {history.stype}")
    if getattr(bound, "keywords", {}).get("wd"):
        raise MXNetError("adagrad_update: there is no weight decay, got a wd that is not 0")
    return _adagrad(bound, args, out)


def _sparse_group_adagrad(bound, args, out):
    weight, grad, history = args
    if weight.stype != history.stype or (weight.stype != "default" and type(grad) is not RowSparseNDArray):
        raise MXNetError("group_adagrad_update takes a weight and a history of one storage type, with a row_sparse "
                         f"gradient if that is row_sparse; got {weight.stype}, {history.stype} and {grad.stype}")
    return _group_adagrad(bound, args, out)


UPDATES = {
    "sgd_update": _lazily("sgd_update", _alike),
    "sgd_mom_update": _lazily("sgd_mom_update", _alike),
    "adam_update": _lazily("adam_update", _alike),
    "ftrl_update": _lazily("ftrl_update", lambda attrs, stypes: set(stypes) == {"row_sparse"}),
    "_contrib_group_adagrad_update": _sparse_group_adagrad,
    "_sparse_adagrad_update": _sparse_adagrad,
}
