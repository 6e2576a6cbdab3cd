"""Options and fixtures for all tests: the device they run on, and random streams that start afresh."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", choices=("cpu", "cuda"), default="cpu",
                     help="device of the default context: cpu (default), or cuda for mx.gpu(0)")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--device") == "cuda" and not torch.cuda.is_available():
        raise pytest.UsageError("--device cuda: torch sees no CUDA device here")


@pytest.fixture(autouse=True)
def fresh_random_streams() -> None:
    """No test depends on what ran before it in the same worker."""
    import mxnet as mx

    np.random.seed(0)
    mx.random.seed(0)


@pytest.fixture(autouse=True)
def ctx(request: pytest.FixtureRequest) -> Iterator[object]:
    """The context under test, also the default one while the test runs."""
    import mxnet as mx

    context = mx.gpu(0) if request.config.getoption("--device") == "cuda" else mx.cpu()
    with context:
        yield context
