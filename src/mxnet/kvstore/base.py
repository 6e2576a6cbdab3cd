"""What a store of gradients and weights has to offer to Trainer, and the registry of such stores."""

from __future__ import annotations

import warnings

from ..ndarray import NDArray

__all__ = ["KVStoreBase", "TestStore"]


class KVStoreBase:
    """Base of key-value stores; register a subclass with `@KVStoreBase.register` and Trainer can use it by name.

    Keys are ints or texts.  A value is an NDArray, or a list of them from several contexts.
    """

    OPTIMIZER = "optimizer"
    kv_registry: dict[str, type] = {}

    def broadcast(self, key, value, out, priority=0):
        """Store the initial value of a key and write it to the arrays `out`."""
        raise NotImplementedError

    def pushpull(self, key, value, out=None, priority=0):
        """Sum the arrays of `value` and write the result to those of `out`, by default `value` itself."""
        raise NotImplementedError

    def set_optimizer(self, optimizer):
        """Keep weights in the store and update them by what is pushed."""
        raise NotImplementedError

    @staticmethod
    def is_capable(capability):
        """Whether the store has a capability, such as `KVStoreBase.OPTIMIZER`; ValueError for unknown ones."""
        raise NotImplementedError

    def save_optimizer_states(self, fname, dump_optimizer=False):
        """Write the states of the store's optimizer to a file."""
        raise NotImplementedError

    def load_optimizer_states(self, fname):
        """Read what `save_optimizer_states` wrote."""
        raise NotImplementedError

    @property
    def type(self) -> str:
        """The name the store was created by."""
        raise NotImplementedError

    @property
    def rank(self) -> int:
        """Which of the workers this is, from 0."""
        raise NotImplementedError

    @property
    def num_workers(self) -> int:
        """How many processes share the store."""
        raise NotImplementedError

    @staticmethod
    def register(klass):
        """Class decorator: `mx.kv.create` finds the class by its name in any case."""
        name = klass.__name__.lower()
        old = KVStoreBase.kv_registry.get(name)
        if old is not None:
            warnings.warn(f"WARNING: New kvstore {klass.__module__}.{klass.__name__} is overriding existing kvstore "
                          f"{old.__module__}.{old.__name__}", stacklevel=2)
        KVStoreBase.kv_registry[name] = klass
        return klass


@KVStoreBase.register
class TestStore(KVStoreBase):
    """The smallest store: sums, and keeps nothing.  A model for stores of one's own."""

    __test__ = False  # pytest, this is no test

    def broadcast(self, key, value, out, priority=0):
        for target in _arrays(out):
            _first(value).copyto(target)

    def pushpull(self, key, value, out=None, priority=0):
        if isinstance(key, (list, tuple)):
            for i, k in enumerate(key):
                self.pushpull(k, value[i], None if out is None else out[i], priority)
            return
        arrays = _arrays(value)
        total = arrays[0].copy()
        for array in arrays[1:]:
            total += array.as_in_context(total.context)
        for target in _arrays(value if out is None else out):
            total.copyto(target)

    @staticmethod
    def is_capable(capability):
        if capability == KVStoreBase.OPTIMIZER:
            return False
        raise ValueError(f"Unknown capability: {capability}")

    @property
    def type(self):
        return "teststore"

    @property
    def rank(self):
        return 0

    @property
    def num_workers(self):
        return 1


def _arrays(value) -> list[NDArray]:
    """All arrays in nested lists."""
    if isinstance(value, NDArray):
        return [value]
    return [a for v in value for a in _arrays(v)]


def _first(value) -> NDArray:
    return _arrays(value)[0]
