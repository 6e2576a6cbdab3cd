"""Which operator goes to which namespace of nd (and, by the same rule, of sym)."""

from collections.abc import Iterator

from ..ops import registry
from ..ops.registry import OpDef

# prefix of the registered name -> namespace; `_contrib_fft` is nd.contrib.fft
PREFIXES = {"_contrib_": "contrib", "_linalg_": "linalg", "_image_": "image", "_sparse_": "sparse"}


def place(name: str) -> tuple[str, str]:
    """(namespace, public name) of a registered name: op, _internal, or one of PREFIXES' namespaces."""
    for prefix, namespace in PREFIXES.items():
        if name.startswith(prefix):
            return namespace, name[len(prefix):]
    if name.startswith("_random_") and name.endswith("_like"):  # the other samplers have functions written for users
        return "random", name[len("_random_"):]
    return ("_internal" if name.startswith("_") else "op"), name


def members(namespace: str) -> Iterator[tuple[str, str, OpDef]]:
    """(public name, registered name, operator) of all operators of a namespace."""
    for name, op in registry.list_ops().items():
        where, public = place(name)
        if where == namespace:
            yield public, name, op
