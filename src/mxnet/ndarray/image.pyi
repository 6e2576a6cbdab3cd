"""Generated from the registry by `python -m mxnet.ndarray._stubs`; do not edit."""

from typing import Any, Literal

from ._array import NDArray

