"""Error classes with structured names (mx.error)."""

from .base import MXNetError, register_error

__all__ = ["InternalError", "MXNetError", "register", "register_error"]

register = register_error


@register_error
class InternalError(MXNetError):
    """Something in the library itself went wrong, which `msg` tells."""

    def __init__(self, msg):
        if "MXNet hint:" not in msg:
            msg += "\nMXNet hint: You hit an internal error. Please report it."
        super().__init__(msg)
