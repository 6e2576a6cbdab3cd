"""nd._internal: operators that other parts of MXNet call by their internal names."""

from .op import functions

globals().update(_functions := functions("_internal"))

__all__ = [*_functions, "_set_value"]  # noqa: PLE0604


def _copyto(data=None, out=None, name=None, **kwargs):
    """Copy `data` to `out`, cast to its dtype; or return a copy."""
    return data.copyto(out) if out is not None else data.copy()


def _set_value(src, out):
    """Set all elements of `out` to the number `src`; returns `out`.  MXNetError if it cannot be changed now."""
    out[:] = float(src)
    return out
