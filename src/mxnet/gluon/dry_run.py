"""Running a block's forward without leaving a trace: what a shape inference does before the real first call.

Attributes of the block and of its children, what their lists, dicts and sets hold, and the random streams of MXNet,
NumPy and Python are afterwards as they were.  What a forward writes elsewhere stays written.
"""

import random
from contextlib import contextmanager

import numpy as np

from .. import _rng

__all__ = ["traceless"]


@contextmanager
def traceless(block):
    """Undo, at the end, what happens to `block`, its children and the random streams meanwhile."""
    memories = []
    block.apply(lambda b: memories.append((b.__dict__, dict(b.__dict__))))
    contents = [(c, _copy(c)) for _, attributes in memories for c in attributes.values()
                if isinstance(c, (list, dict, set))]
    streams = _rng.get_state(), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        for attributes, before in memories:
            _restore(attributes, before)
        for container, before in contents:
            _restore(container, before)
        _rng.set_state(streams[0])
        np.random.set_state(streams[1])
        random.setstate(streams[2])


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
