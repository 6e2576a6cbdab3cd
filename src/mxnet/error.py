"""Error classes with structured names (mx.error)."""

from .base import MXNetError

__all__ = ["InternalError", "MXNetError", "register", "register_error"]

_ERRORS = {"MXNetError": MXNetError}


def register_error(func_name=None, cls=None):
    """Class decorator that files an error class under its name, or under `func_name`."""
    if callable(func_name):
        func_name, cls = func_name.__name__, func_name

    def register_under(klass):
        _ERRORS[func_name or klass.__name__] = klass
        return klass

    return register_under if cls is None else register_under(cls)


register = register_error


@register_error
class InternalError(MXNetError):
    """Something in the library itself went wrong."""
