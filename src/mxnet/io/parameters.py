"""Parameters of iterators that have dozens: dataclasses declare them, and they are read as those of operators are."""

from __future__ import annotations

import dataclasses
import inspect
import typing
import warnings
from typing import Any

from ..base import MXNetError
from ..ops.registry import Attr

__all__ = ["read_parameters", "signature_of"]


def read_parameters(owner: str, given: dict[str, Any], *kinds: type) -> list:
    """An instance of each dataclass, from the parameters of its fields; others are warned of and ignored.

    Raises MXNetError for values of other types than the field's, and where one without a default is missing.
    """
    unknown = set(given) - {field.name for kind in kinds for field in dataclasses.fields(kind)}
    if unknown:
        warnings.warn(f"{owner} takes no {', '.join(sorted(unknown))}; ignored", stacklevel=4)
    return [_read(owner, given, kind) for kind in kinds]


def _read(owner, given, kind):
    types = typing.get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):
        attr = Attr(field.name, types[field.name])
        if given.get(field.name) is not None:
            values[field.name] = attr.parse(given[field.name], owner)
        elif field.default is dataclasses.MISSING:
            raise MXNetError(f"Required parameter {field.name} of {attr.type_name} is not presented, in {owner}")
    return kind(**values)


def signature_of(*kinds: type) -> inspect.Signature:
    """What `help` shows: all fields as keywords."""
    names = [inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, annotation=field.type,
                               default=inspect.Parameter.empty if field.default is dataclasses.MISSING
                               else field.default)
             for kind in kinds for field in dataclasses.fields(kind)]
    return inspect.Signature(names)
