"""Nested lists of arrays to flat ones and back, as Block and its friends pass them around."""

from ..ndarray import NDArray
from ..symbol import Symbol

__all__ = ["context_of", "flatten", "leaves", "on_arrays", "regroup", "single_context"]

_NEITHER = ("In HybridBlock, there must be one NDArray or one Symbol in the input. "
            "Please check the type of the args: got {0}.")
_MIXED = ("In HybridBlock, the input must be either NDArrays or Symbols, not both. "
          "Please check the type of the args: got {0}.")


def leaves(args):
    """The arrays and symbols in nested arguments; beside them, anything may stand there."""
    for arg in args:
        if isinstance(arg, (NDArray, Symbol)):
            yield arg
        elif isinstance(arg, (list, tuple)):
            yield from leaves(arg)


def _types(args) -> str:
    return str([type(a).__name__ for a in args])


def on_arrays(args) -> bool:
    """Whether a call is on arrays (True) or on symbols; ValueError for a mixture, or neither."""
    kinds = {isinstance(leaf, Symbol) for leaf in leaves(args)}
    if len(kinds) != 1:
        raise ValueError((_MIXED if kinds else _NEITHER).format(_types(args)))
    return not kinds.pop()


def context_of(args):
    """The context of the first array in nested arguments; ValueError if there is none."""
    for leaf in leaves(args):
        return leaf._ctx.results
    raise ValueError(_NEITHER.format(_types(args)))


def single_context(arrays):
    """The one context of arrays; ValueError if they are on several."""
    found = {a._ctx.results for a in arrays}
    if len(found) > 1:
        raise ValueError("A hybridized block needs all its inputs on one context, found "
                         f"{', '.join(sorted(map(str, found)))}")
    return found.pop()


def flatten(args, inout_str="input"):
    """(flat list, format) of arrays or symbols nested in lists and tuples; None counts as a leaf.

    The format is 0 for an array, n for a Symbol of n > 1 outputs, -1 for None, and a list of formats for a sequence.
    ValueError for other leaves.
    """
    if isinstance(args, NDArray):
        return [args], 0
    if isinstance(args, Symbol):
        return [args], len(args) if len(args) > 1 else 0
    if args is None:
        return [None], -1
    if not isinstance(args, (list, tuple)):
        raise ValueError(f"In HybridBlock, there must be one NDArray or one Symbol in the {inout_str}. "
                         f"Please check the type of the args: {inout_str} has type {type(args)}.")
    flat, formats = [], []
    for arg in args:
        part, fmt = flatten(arg, inout_str)
        flat.extend(part)
        formats.append(fmt)
    return flat, formats


def regroup(args, fmt):
    """The inverse of `flatten`: (nested structure, what is left of the flat list)."""
    if fmt == 0:
        return args[0], args[1:]
    if fmt == -1:
        return None, args[1:]
    if isinstance(fmt, int):
        return args[:fmt], args[fmt:]
    nested = []
    for part in fmt:
        value, args = regroup(args, part)
        nested.append(value)
    return nested, args
