"""Contexts, environment variables, retries: what tests need from around them."""

import contextlib
import functools
import os
import sys

from ..context import Context, current_context, num_gpus

__all__ = ["default_context", "discard_stderr", "environment", "has_tvm_ops", "is_aarch64_run", "is_cd_run",
           "is_op_runnable", "list_gpus", "retry", "set_default_context"]


def default_context() -> Context:
    """The context that tests run on: the current one."""
    return current_context()


def set_default_context(ctx: Context):
    """Make `ctx` the current context."""
    Context.default_ctx = ctx


def list_gpus() -> range:
    """The ids of the GPUs."""
    return range(num_gpus())


def has_tvm_ops() -> bool:
    """Whether operators compiled by TVM exist; they never do."""
    return False


def is_op_runnable() -> bool:
    """Whether operators that TVM compiles can run here; without TVM all operators can."""
    return True


def is_cd_run() -> bool:
    """Whether this runs in a continuous delivery job (environment variable CD_JOB=1)."""
    return os.environ.get("CD_JOB") == "1"


def is_aarch64_run() -> bool:
    """Whether the processor is a 64-bit ARM."""
    import platform

    return platform.machine() in ("aarch64", "arm64")


@contextlib.contextmanager
def environment(*args):
    """Set environment variables inside a `with`: a name and a value, or a dict of them; None unsets.

    Values become strings; what was there before comes back afterwards.
    """
    if len(args) == 1 and isinstance(args[0], dict):
        wanted = args[0]
    elif len(args) == 2:
        wanted = {args[0]: args[1]}
    else:
        raise AssertionError("Expecting one dict arg or two args: env var name and value")
    before = {name: os.environ.get(name) for name in wanted}
    try:
        _set_environment(wanted)
        yield
    finally:
        _set_environment(before)


def _set_environment(values: dict):
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = str(value)


def retry(n: int):
    """Decorator: run a test of chance up to n times until it passes; the last AssertionError counts."""
    if n <= 0:
        raise AssertionError(f"retry: n must be positive, got {n}")

    def decorate(test):
        @functools.wraps(test)
        def tried(*args, **kwargs):
            for _ in range(n - 1):
                try:
                    return test(*args, **kwargs)
                except AssertionError:
                    pass
            return test(*args, **kwargs)
        return tried

    return decorate


@contextlib.contextmanager
def discard_stderr():
    """Throw away what is written to stderr inside a `with`, also by C libraries and child processes."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            with contextlib.redirect_stderr(nowhere):  # sys.stderr need not be file 2, as under pytest
                yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
