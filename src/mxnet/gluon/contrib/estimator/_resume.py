"""What a checkpoint needs beside parameters and optimizer states, so that training goes on as if never broken off.

That is where the random streams are (mx.random, numpy.random, random, torch), how far into an epoch training was, and
what the contexts do not agree about: running statistics, of which parameter files hold the mean.  It stands in a file
of its own, `PREFIX.resume`, a NumPy archive without pickles; MXNet does not look at it.
"""

from __future__ import annotations

import io
import json
import os
import random
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from .... import _rng, _rng_state
from ....ndarray import params_file

__all__ = ["RunState", "load", "restore_random", "save"]

_BROKEN = (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


def random_state() -> dict:
    """Where the random streams are; cheap."""
    import torch

    return {"mx": _rng.get_state(), "numpy": np.random.get_state(), "python": random.getstate(),
            "torch": torch.get_rng_state()}


def restore_random(state: dict) -> None:
    """Let the random streams go on from a `random_state`."""
    import torch

    _rng.set_state(state["mx"])
    np.random.set_state(state["numpy"])
    random.setstate(state["python"])
    torch.set_rng_state(state["torch"])


class RunState:
    """How far into an epoch training is.

    start: the random state before the first batch.  batches: done since.  now: for an epoch that is to be resumed, the
    random state after these.
    """

    def __init__(self, start: dict, batches: int = 0, now: dict | None = None):
        self.start = start
        self.batches = batches
        self.now = now

    @classmethod
    def at_epoch_begin(cls) -> RunState:
        """Nothing done yet, random streams where they are."""
        return cls(random_state())

    def replay(self, data: Iterable) -> Iterator:
        """Iterate over an epoch, from where it was broken off: in the same order, without the batches done."""
        if self.now is None:
            return iter(data)
        restore_random(self.start)
        batches = iter(data)
        for _ in range(self.batches):
            next(batches, None)
        restore_random(self.now)
        return batches


# ------------------------------------------------------------------ files


def save(path: str, net, run: RunState | None, best, files: list[str]) -> None:
    """Write a `.resume` file, atomically.

    net: the Block that is trained.  run: of an epoch in progress, or None at the end of one.  best: the best value of a
    metric so far, or None.  files: the other files of this checkpoint; their checksums are noted.
    """
    about = {"version": 1, "batches": 0 if run is None else run.batches, "best": None if best is None else float(best),
             "checksums": [_checksum(file) for file in files]}
    arrays = {"about": np.array(json.dumps(about)), **_pack("now", random_state()), **_of_contexts(net)}
    if run is not None:
        arrays.update(_pack("start", run.start))
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **arrays)
    params_file.write_atomically(path, [archive.getbuffer()])


def load(path: str, net, files: list[str]) -> tuple[RunState | None, float | None]:
    """(state to go on from, best value of a metric) from a `.resume` file; (None, None) where there is none.

    The net gets what belongs to its contexts; the random streams stay as they are, the state's `now` is that of the
    checkpoint.  A file that is damaged, or belongs to other `files`, is passed over with a warning: training goes on,
    but not with the same random numbers.
    """
    if not os.path.exists(path):
        return None, None
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(str(arrays["about"]))
        if about["checksums"] != [_checksum(file) for file in files]:
            warnings.warn(f"{path} was not written together with {', '.join(files)}; random streams are not restored",
                          stacklevel=4)
            return None, None
        now = _unpack("now", arrays)
        batches = int(about["batches"])
        run = RunState(_unpack("start", arrays) if batches else now, batches, now)
        _to_contexts(net, arrays)
        return run, about["best"]
    except _BROKEN as e:
        warnings.warn(f"{path} cannot be read ({e}); random streams are not restored", stacklevel=4)
        return None, None


def _checksum(path: str) -> int:
    checksum = 0
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _several(net) -> Iterator:
    """(name in files, array) of what is not trained and lives on several contexts."""
    for path, param in net._collect_params_with_prefix().items():
        contexts = param.list_ctx()
        if len(contexts) > 1 and param.grad_req == "null":
            for k, array in enumerate(param.list_data()):
                yield f"context/{path}/{k}", array


def _of_contexts(net) -> dict[str, np.ndarray]:
    return {name: array.asnumpy() for name, array in _several(net)}


def _to_contexts(net, arrays: dict[str, np.ndarray]) -> None:
    for name, array in _several(net):
        if name in arrays:
            array[:] = arrays[name]


def _pack(prefix: str, state: dict) -> dict[str, np.ndarray]:
    kind, keys, *position = state["numpy"]
    version, words, gauss = state["python"]
    arrays = {f"mx.{name}": array for name, array in _rng_state.pack(state["mx"]).items()}
    arrays["numpy.keys"] = keys
    arrays["python.words"] = np.array(words, np.uint32)
    arrays["torch"] = state["torch"].numpy()
    arrays["scalars"] = np.array(json.dumps({"numpy": [kind, *position], "python": [version, gauss]}))
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def _unpack(prefix: str, arrays: dict[str, np.ndarray]) -> dict:
    import torch

    own = {name.removeprefix(f"{prefix}/"): array for name, array in arrays.items() if name.startswith(f"{prefix}/")}
    scalars = json.loads(str(own["scalars"]))
    kind, *position = scalars["numpy"]
    version, gauss = scalars["python"]
    mx = {name.removeprefix("mx."): array for name, array in own.items() if name.startswith("mx.")}
    return {"mx": _rng_state.unpack(mx), "numpy": (kind, own["numpy.keys"], *position),
            "python": (version, tuple(own["python.words"].tolist()), gauss),
            "torch": torch.from_numpy(own["torch"].copy())}
