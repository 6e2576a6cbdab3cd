"""Passes over the torch.fx graph of a lowered Symbol: the same values for less work.

A pass is a function of (graph, root): root is the module that keeps what the graph's get_attr nodes name.
"""

from collections.abc import Callable

from .constants import fold_constants
from .in_place import reuse_memory
from .norms import fold_norms
from .unused import drop_unused
from .views import share_inner, share_memory

__all__ = ["INFERENCE", "RECORDED", "inference"]

# What any program may have: gradients go through it, and its inputs are kept for backward.
RECORDED: tuple[Callable, ...] = (drop_unused, fold_constants, share_inner)
# What a program may have that runs in predict mode, without gradients.
INFERENCE: tuple[Callable, ...] = (drop_unused, fold_constants, share_memory, reuse_memory)


def inference(frozen: Callable | None = None) -> tuple[Callable, ...]:
    """The passes of a program for predict mode without gradients.

    frozen: (node of a variable) -> whether it is a parameter that is not trained: weights of layers are then joined
    with the normalization that follows.
    """
    if frozen is None:
        return INFERENCE
    return (drop_unused, fold_constants, lambda graph, root: fold_norms(graph, root, frozen), share_memory,
            reuse_memory)
