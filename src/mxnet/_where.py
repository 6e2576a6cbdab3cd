"""Which line of its user's code a call comes from: the first frame outside of this package."""

import os
import sys

import torch

__all__ = ["user_frame", "user_line"]

# this package, torch that calls it back, and code that is made at run time
_INSIDE = (os.path.dirname(__file__) + os.sep, os.path.dirname(torch.__file__) + os.sep, "<mxnet ", "<eval_with_key>")


def user_frame(frame):
    """`frame` or the next one outwards that is no code of this package; None if there is none."""
    while frame is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame = frame.f_back
    return frame


def user_line() -> str | None:
    """'file:line' of the user's code that this call comes from."""
    frame = user_frame(sys._getframe(1))
    return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
