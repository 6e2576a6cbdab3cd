"""Checks of symbols against NumPy and against numeric gradients.  They wait for mx.sym."""

from ..base import MXNetError

__all__ = ["check_consistency", "check_gluon_hybridize_consistency", "check_numeric_gradient", "check_speed",
           "check_symbolic_backward", "check_symbolic_forward", "numeric_grad", "same_symbol_structure",
           "simple_forward"]


def _waits_for_symbol(name: str):
    def function(*args, **kwargs):
        raise MXNetError(f"test_utils.{name} needs mx.sym, which is not available yet")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Needs mx.sym, which is not available yet: raises MXNetError."
    return function


check_consistency = _waits_for_symbol("check_consistency")
check_gluon_hybridize_consistency = _waits_for_symbol("check_gluon_hybridize_consistency")
check_numeric_gradient = _waits_for_symbol("check_numeric_gradient")
check_speed = _waits_for_symbol("check_speed")
check_symbolic_backward = _waits_for_symbol("check_symbolic_backward")
check_symbolic_forward = _waits_for_symbol("check_symbolic_forward")
numeric_grad = _waits_for_symbol("numeric_grad")
same_symbol_structure = _waits_for_symbol("same_symbol_structure")
simple_forward = _waits_for_symbol("simple_forward")
