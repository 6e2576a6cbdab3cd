"""Reading the recorded answers and comparing with them."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np


@functools.cache
def recorded(name: str) -> dict[str, Any]:
    """What generate_layers.py wrote under `name`."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text())


def check(got: Any, wanted: Any, rtol: float = 1e-5, atol: float = 2e-6) -> None:
    """Texts and shapes are equal, numbers close; JSON has made lists of tuples."""
    if isinstance(wanted, dict) and "data" in wanted:
        assert tuple(got["shape"]) == tuple(wanted["shape"])
        np.testing.assert_allclose(got["data"], wanted["data"], rtol=rtol, atol=atol)
    elif isinstance(wanted, dict):
        for key, value in wanted.items():
            try:
                check(got[key], value, rtol, atol)
            except AssertionError as error:
                raise AssertionError(f"{key}: {error}") from None
    elif isinstance(wanted, list):
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted, strict=True):
            check(one, other, rtol, atol)
    else:
        assert got == wanted, f"got {got!r}, MXNet answered {wanted!r}"


def check_refused(error: BaseException, wanted: str) -> None:
    """The error is of the class that MXNet raised, or derived from it."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    assert wanted in kinds, f"raised {kinds[0]}: {error}; MXNet raised {wanted}"
