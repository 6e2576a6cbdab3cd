"""Running a block's forward without leaving a trace: what a shape inference does before the real first call.

Attributes of the block and of its children, what their lists, dicts and sets hold, and the random streams of MXNet,
NumPy and Python are afterwards as they were.  What a forward writes elsewhere stays written.
"""

import random
from contextlib import contextmanager

import numpy as np
import torch

from .. import _rng

__all__ = ["Memory", "traceless"]


@contextmanager
def traceless(block):
    """Undo, at the end, what happens to `block`, its children and the random streams meanwhile."""
    memory = Memory(block)
    try:
        yield
    finally:
        memory.restore()


class Memory:
    """The attributes of a block and its children, and the random streams, as they are now."""

    def __init__(self, block):
        self._blocks = []
        block.apply(lambda b: self._blocks.append((b, dict(b.__dict__))))
        self._contents = [(c, _copy(c)) for _, attributes in self._blocks for c in attributes.values()
                          if isinstance(c, (list, dict, set))]
        self._streams = _streams()

    def restore(self):
        """Undo what happened since."""
        for block, before in self._blocks:
            _restore(block.__dict__, before)
        for container, before in self._contents:
            _restore(container, before)
        _rng.set_state(self._streams[0])
        np.random.set_state(self._streams[1])
        random.setstate(self._streams[2])

    def changes(self) -> list:
        """(block, attribute) for what is different now; what Block keeps for itself does not count."""
        contents = {id(c): before for c, before in self._contents}
        return [(block, name) for block, before in self._blocks for name, value in block.__dict__.items()
                if name not in _OF_BLOCK and not (_same(value, before.get(name, _NOTHING)) and
                                                  _same(_plain(value), contents.get(id(value), _plain(value))))]

    def drew(self) -> bool:
        """Whether somebody took random numbers since."""
        return not _same(_streams(), self._streams)


_NOTHING = object()
_OF_BLOCK = {"_cached_graph", "_compiled", "_edits_seen", "_forwards", "_made_of", "_runs_eagerly", "_settled",
             "_children", "_by_arrays", "_held_arrays"}


def _streams():
    return _rng.get_state(), np.random.get_state(), random.getstate()


def _plain(value):
    return _copy(value) if isinstance(value, (list, dict, set)) else None


def _same(one, other) -> bool:
    """Whether two values are the same objects, or equal numbers, texts and the like, also nested."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(v, other[k]) for k, v in one.items())
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, torch.Tensor):  # the state of one of torch's generators
        return torch.equal(one, other)
    return isinstance(one, (int, float, str, bytes, np.generic)) and bool(one == other)


def _copy(container):
    return dict(container) if isinstance(container, dict) else list(container)


def _restore(container, before):
    """Give a list, dict or set its former content, unless it has it still: the same objects, not equal ones."""
    now = _copy(container)
    if len(now) == len(before) and all(a is b for a, b in zip(_objects(now), _objects(before), strict=True)):
        return
    if isinstance(container, dict):  # never empty in between: other threads may be reading
        for key in now.keys() - before.keys():
            del container[key]
        container.update(before)
    elif isinstance(container, set):
        container.intersection_update(before)
        container.update(before)
    else:
        container[:] = before


def _objects(container):
    return [*container.keys(), *container.values()] if isinstance(container, dict) else container
