"""Every operator, once: importing this package fills the registry, family by family."""

from . import binary, creation, ordering, reduce, unary
