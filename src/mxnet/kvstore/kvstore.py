"""KVStore: the store of one process, which sums over contexts and may update weights by an optimizer."""

from __future__ import annotations

from .. import optimizer as opt
from ..base import MXNetError
from ..ndarray import NDArray, add_n, params_file
from ..ndarray._wrap import NoGrad, plain, wrap
from ..ndarray.sparse import RowSparseNDArray
from .base import KVStoreBase
from .compression import compression

__all__ = ["KVStore", "create"]


class KVStore(KVStoreBase):
    """Arrays by key, on the context they were initialized on.

    Every method takes one key with a value, which may be a list of arrays from several contexts, or a list of keys
    with a list of values.  Keys are all ints or all texts.  priority is accepted for MXNet's sake.
    """

    def __init__(self, name="local"):
        self._type = name
        self._stored = {}
        self._key_type = None
        self._updater = None
        self._compression = None

    # ------------------------------------------------------------------ arrays

    def init(self, key, value):
        """Store the initial value of new keys; MXNetError for a key that is there already."""
        for k, arrays in self._pairs(key, value):
            if k in self._stored:
                raise MXNetError(f"duplicate init of key {k}. Please double check if you called kv.init or "
                                 "kv.broadcast with this key multiple times")
            self._stored[k] = arrays[0].copy().detach()

    def push(self, key, value, priority=0):
        """Sum the arrays of each value; the sum replaces what is stored, or is given to the updater.

        What is stored keeps its storage type.
        """
        keys, sums = self._summed(key, value)
        if self._updater is None:
            for k, total in zip(keys, sums, strict=True):
                stype = self._stored[k].stype
                self._stored[k] = total if total.stype == stype else total.tostype(stype)
            return
        stored = [self._stored[k] for k in keys]
        if isinstance(self._updater, opt.Updater):
            self._updater(keys, [t.as_in_context(s._ctx) for t, s in zip(sums, stored, strict=True)], stored)
            return
        for k, total, local in zip(keys, sums, stored, strict=True):
            self._updater(k, total, local)

    def pull(self, key, out=None, priority=0, ignore_sparse=True):
        """Write what is stored to the arrays `out`; with ignore_sparse those that are sparse are left as they are."""
        assert out is not None, "pull needs out="
        for k, targets in self._pairs(key, out):
            self._write(self._get(k), [t for t in targets if t.stype == "default" or not ignore_sparse])

    def pushpull(self, key, value, out=None, priority=0):
        """`push`, then `pull` to `out`, by default `value` itself; without an updater nothing is kept stored."""
        out = value if out is None else out
        if self._updater is not None:
            self.push(key, value)
            self.pull(key, out)
            return
        _, sums = self._summed(key, value)
        for total, (_, targets) in zip(sums, self._pairs(key, out), strict=True):
            self._write(total, targets)

    def broadcast(self, key, value, out, priority=0):
        """`init`, then `pull` to `out`."""
        self.init(key, value)
        for (k, values), (_, targets) in zip(self._pairs(key, value), self._pairs(key, out), strict=True):
            # what it comes from is left alone: it may be recorded already
            self._write(self._get(k), [target for target in targets if target is not values[0]])

    def row_sparse_pull(self, key, out=None, priority=0, row_ids=None):
        """Write the rows with the numbers `row_ids` of what is stored to the arrays `out`.

        row_ids: an NDArray, or a list of one for each array of `out`, or of one such for each key; their order and
        repetitions do not matter.  MXNetError for what is not row_sparse.
        """
        assert out is not None and row_ids is not None, "row_sparse_pull needs out= and row_ids="
        pairs = self._pairs(key, out)
        each = isinstance(key, (list, tuple)) and isinstance(row_ids, (list, tuple)) and len(row_ids) == len(pairs)
        for i, (k, targets) in enumerate(pairs):
            stored = self._get(k)
            wanted = row_ids[i] if each else row_ids
            wanted = [wanted] if isinstance(wanted, NDArray) else list(wanted)
            wanted = wanted * len(targets) if len(wanted) == 1 else wanted
            for target, rows in zip(targets, wanted, strict=True):
                for array in (stored, target):
                    if array.stype != "row_sparse":
                        raise MXNetError("row_sparse_pull expects row_sparse arrays, got an array of storage type "
                                         f"{array.stype!r}")
                target._assign(stored._retained(plain(rows).flatten()))

    def _pairs(self, key, value):
        """[(key, its arrays)] after checking that all belongs together."""
        if isinstance(key, (list, tuple)):
            assert isinstance(value, (list, tuple)) and len(value) == len(key), (
                f"{len(key)} keys need as many values, got {len(value) if isinstance(value, (list, tuple)) else value}")
            return [pair for k, v in zip(key, value, strict=True) for pair in self._pairs(k, v)]
        assert isinstance(key, (int, str)), f"unexpected type for keys: {type(key)}"
        if self._key_type is None:
            self._key_type = type(key)
        if type(key) is not self._key_type:
            raise MXNetError(f"Mixed key types are not allowed: this store's keys are {self._key_type.__name__}, "
                             f"got {key!r}")
        arrays = [value] if isinstance(value, NDArray) else list(value)
        assert arrays and all(isinstance(a, NDArray) for a in arrays), (
            f"the value of key {key} must be an NDArray or a list of them, got {value!r}")
        return [(key, arrays)]

    def _get(self, key):
        if key not in self._stored:
            raise MXNetError(f"key {key} has not been inited")
        return self._stored[key]

    def _summed(self, key, value):
        """Keys and the sums of their values; a key given several times counts as one with all those values."""
        merged = {}
        for k, arrays in self._pairs(key, value):
            self._get(k)
            merged.setdefault(k, []).extend(arrays)
        with NoGrad():
            if self._compression is not None:
                merged = {k: [self._compression.send(k, i, a) for i, a in enumerate(arrays)]
                          for k, arrays in merged.items()}
            return list(merged), [_sum(arrays) for arrays in merged.values()]

    def _write(self, array, targets):
        with NoGrad():
            for target in targets:
                if type(target) is not NDArray or type(array) is not NDArray:
                    array.copyto(target)
                    continue
                if target._t.shape != array._t.shape:
                    raise MXNetError(f"operands shape mismatch: stored is {array.shape}, out= has {target.shape}")
                target._t.copy_(array._t)

    # ------------------------------------------------------------------ optimizer

    def set_optimizer(self, optimizer):
        """Update stored arrays by what is pushed, with an Optimizer."""
        self._set_updater(opt.get_updater(optimizer))

    def _set_updater(self, updater):
        """Call updater(key, pushed, stored) on each push."""
        self._updater = updater

    @staticmethod
    def is_capable(capability):
        """Whether the store has a capability: it has `KVStoreBase.OPTIMIZER`."""
        if capability == KVStoreBase.OPTIMIZER:
            return True
        raise ValueError(f"Unknown capability: {capability}")

    def save_optimizer_states(self, fname, dump_optimizer=False):
        """Write the optimizer's states to a file, atomically."""
        assert self._updater is not None, "Cannot save states: set_optimizer has not been called"
        params_file.write_atomically(fname, [self._updater.get_states(dump_optimizer)])

    def load_optimizer_states(self, fname):
        """Read what `save_optimizer_states` wrote, here or in real MXNet; MXNetError if the file is damaged."""
        assert self._updater is not None, "Cannot load states: set_optimizer has not been called"
        with open(fname, "rb") as f:
            self._updater.set_states(f.read())

    def set_gradient_compression(self, compression_params):
        """Sum gradients as they would arrive in two bits for each element; for stores of type 'device'.

        compression_params: {'type': '2bit', 'threshold': 0.5}; each element that is pushed counts as threshold,
        -threshold or 0, and what is left of it is added to the next one.  MXNetError for other parameters and stores.
        """
        if "device" not in self._type:
            raise MXNetError(f"gradient compression is for stores of type 'device', this one is {self._type!r}")
        self._compression = compression(compression_params)

    # ------------------------------------------------------------------ processes

    @property
    def type(self):
        return self._type

    @property
    def rank(self):
        return 0

    @property
    def num_workers(self):
        return 1

    def _barrier(self):
        """Wait for all workers: there is one."""


def _sum(arrays):
    """A new array on the first one's context."""
    first = arrays[0]
    if all(type(a) is RowSparseNDArray for a in arrays):
        return add_n(*(a.as_in_context(first._ctx) for a in arrays)).detach()
    total = first._t.detach().clone()
    for other in arrays[1:]:
        if other._t.shape != total.shape:
            raise MXNetError(f"arrays to be summed differ in shape: {tuple(total.shape)} and {other.shape}")
        total.add_(other._t.to(total.device, non_blocking=True))
    return wrap(total, first._ctx)


def create(name="local"):
    """A store by name: 'local' and 'device' (and their variants), or a class registered with KVStoreBase.

    Both sum on the first context of what is pushed.  MXNetError for stores of several machines ('dist_...'),
    ValueError for unknown names.
    """
    if not isinstance(name, str):
        raise TypeError("name must be a string")
    name = name.lower()
    if name in KVStoreBase.kv_registry:
        return KVStoreBase.kv_registry[name]()
    if name.startswith("dist") or name == "nccl":
        raise MXNetError(f"kvstore {name!r} is not available: one process, with any number of contexts, is supported "
                         "by 'local' and 'device'")
    if not name.startswith(("local", "device")):
        raise ValueError(f"Unknown kvstore {name!r}; there are 'local' and 'device'")
    return KVStore(name)
