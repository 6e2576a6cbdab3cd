"""Every operator, once: importing this package fills the registry, family by family."""

from . import binary, reduce, unary
