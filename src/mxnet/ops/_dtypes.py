"""Rules of dtypes (`types=` of register) that several operators share."""

import torch

__all__ = ["always", "drawn", "like_first"]


def like_first(attrs, first, *others):
    """One output of the first input's dtype; the other inputs may have any."""
    return [first, *others], [first]


def always(*outputs: torch.dtype):
    """Outputs of these dtypes, whatever the inputs are."""
    return lambda attrs, *inputs: (list(inputs), list(outputs))


def drawn(default: torch.dtype):
    """The attribute dtype, or else a default; the parameters are all of one dtype."""
    def rule(attrs, *inputs):
        known = next((dtype for dtype in inputs if dtype is not None), None)
        return [known] * len(inputs), [attrs["dtype"] or default]

    return rule
