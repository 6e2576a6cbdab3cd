"""Nested lists of arrays to flat ones and back, as Block and its friends pass them around."""

from ..ndarray import NDArray
from ..symbol import Symbol

__all__ = ["flatten", "regroup"]


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
