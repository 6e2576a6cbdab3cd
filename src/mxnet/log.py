"""mx.log: loggers whose lines begin with a letter for the level, the time, the process and the place, in colour."""

from __future__ import annotations

import logging
import sys
import warnings

__all__ = ["CRITICAL", "DEBUG", "ERROR", "INFO", "NOTSET", "WARNING", "getLogger", "get_logger"]

CRITICAL = logging.CRITICAL
ERROR = logging.ERROR
WARNING = logging.WARNING
INFO = logging.INFO
DEBUG = logging.DEBUG
NOTSET = logging.NOTSET

_LETTERS = {CRITICAL: "C", ERROR: "E", WARNING: "W", INFO: "I", DEBUG: "D"}


class _Formatter(logging.Formatter):
    """Lines such as `W0505 00:29:47 3525 train.py:main:12] Hello`, up to the bracket in colour."""

    def __init__(self):
        super().__init__(datefmt="%m%d %H:%M:%S")

    def _get_color(self, level) -> str:
        if level >= WARNING:
            return "\x1b[31m"
        return "\x1b[34m" if level == DEBUG else "\x1b[32m"

    def _get_label(self, level) -> str:
        return _LETTERS.get(level, "U")

    def format(self, record) -> str:
        head = f"{self._get_label(record.levelno)}%(asctime)s %(process)d %(filename)s:%(funcName)s:%(lineno)d]"
        self._style._fmt = f"{self._get_color(record.levelno)}{head}\x1b[0m %(message)s"
        return super().format(record)


def getLogger(name=None, filename=None, filemode=None, level=WARNING):
    """Deprecated: use get_logger."""
    warnings.warn("getLogger is deprecated, Use get_logger instead.", DeprecationWarning, stacklevel=2)
    return get_logger(name, filename, filemode, level)


def get_logger(name=None, filename=None, filemode=None, level=WARNING):
    """The logger of that name; at the first call it gets a handler and the level.

    filename, filemode: a file to write to, without colours, and how to open it (default 'a'); otherwise the standard
    error.  Without a name it is the root logger, as it is.
    """
    logger = logging.getLogger(name)
    if name is not None and not getattr(logger, "_init_done", None):
        logger._init_done = True
        if filename:
            handler: logging.Handler = logging.FileHandler(filename, filemode or "a")
        else:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(_Formatter())
        logger.addHandler(handler)
        logger.setLevel(level)
    return logger
