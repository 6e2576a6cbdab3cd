"""nd.op: every public operator, generated.  The other operator namespaces take theirs by `functions`."""

from .. import ops  # noqa: F401  (registers the operators)
from ..ops.namespaces import members, refusals
from ..ops.registry import OpDef
from ._generate import make_function

_made: dict[OpDef, object] = {}


def function_of(operator: OpDef, public_name: str):
    """The nd function of an operator, one object for all its names."""
    if operator not in _made:
        _made[operator] = make_function(operator, public_name)
    return _made[operator]


def functions(namespace: str) -> dict:
    """Public name -> function for a namespace."""
    made = {public: function_of(operator, public) for public, _, operator in members(namespace)}
    return {**made, **refusals(namespace)}


globals().update(_functions := functions("op"))

__all__ = list(_functions)
