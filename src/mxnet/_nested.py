"""Nested lists of arrays or symbols to flat ones and back, as the bodies of control flow take and return them."""

from typing import Any

__all__ = ["as_list", "flatten", "limit_of", "regroup"]


def flatten(value: Any, leaf: Any, what: str) -> tuple[list, Any]:
    """(flat list of `leaf`s, format): 0 for a single one, a list of formats for a list or tuple.

    A Symbol of several outputs counts as a list of them.  AssertionError for anything else.
    """
    if isinstance(value, leaf):
        if leaf.__name__ == "Symbol" and len(value) > 1:
            return list(value), [0] * len(value)
        return [value], 0
    if not isinstance(value, (list, tuple)):
        raise AssertionError(f"{what} must be (nested) list of {leaf.__name__}, "
                             f"but got {value} of type {type(value)}")
    flat, formats = [], []
    for part in value:
        leaves, fmt = flatten(part, leaf, what)
        flat += leaves
        formats.append(fmt)
    return flat, formats


def regroup(flat, fmt):
    """The inverse of `flatten`: tuples become lists."""
    return _next(iter(flat), fmt)


def _next(leaves, fmt):
    return next(leaves) if fmt == 0 else [_next(leaves, part) for part in fmt]


def as_list(value) -> list:
    """The parts of a list or tuple; anything else as a list of one."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def limit_of(max_iterations) -> int:
    """max_iterations of a loop as an int; ValueError if it is missing or no number."""
    if max_iterations is None:
        raise ValueError("max_iterations should be specified")
    try:
        return int(max_iterations)
    except (TypeError, ValueError):
        raise ValueError("Cannot convert max_iteration to python int") from None
