"""Every operator, once: importing this package fills the registry, family by family."""

from . import (
    activation,
    binary,
    contrib_math,
    conv,
    creation,
    dense,
    dropout,
    loss,
    norm,
    ordering,
    output,
    pooling,
    reduce,
    softmax,
    unary,
    update,
    update_multi,
)
