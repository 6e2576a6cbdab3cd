"""Snapshots of the random streams as NumPy arrays by name: what `mx.random.get_state` gives and files can hold."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

__all__ = ["pack", "unpack"]

_SOURCES = ("parallel", "serial")


def pack(state: dict) -> dict[str, np.ndarray]:
    """A snapshot of `_rng.get_state` as arrays; they share no memory with the streams."""
    arrays: dict[str, np.ndarray] = {}
    generators = []
    for (device_type, device_id), each in state["generators"].items():
        name = f"{device_type}({device_id})"
        about: dict[str, Any] = {"device": [device_type, device_id], "seed": each["seed"],
                                 "torch": sorted(each["torch"])}
        for source in _SOURCES:
            streams = each[source]
            about[source] = streams["seed"]
            twisters = [twister.get_state().numpy() for twister in streams["twisters"]]
            arrays[f"{name}.{source}.twisters"] = np.stack(twisters) if twisters else np.empty((0, 0), np.uint8)
            arrays[f"{name}.{source}.words"] = streams["words"].copy()
            arrays[f"{name}.{source}.at"] = streams["at"].copy()
        for device, kept in each["torch"].items():
            arrays[f"{name}.torch.{device}"] = kept.numpy().copy()
        generators.append(about)
    arrays["seeds"] = np.array(json.dumps({"seed": state["seed"], "generators": generators}))
    return arrays


def unpack(arrays: dict[str, np.ndarray]) -> dict:
    """The inverse of `pack`.  KeyError or ValueError if arrays are missing or unfit."""
    import torch

    def twister(row):
        made = torch.Generator()
        made.set_state(torch.from_numpy(row.copy()))
        return made

    def streams(name, seed):
        words, at = arrays[f"{name}.words"], arrays[f"{name}.at"]
        twisters = arrays[f"{name}.twisters"]
        if words.ndim != 2 or words.dtype != np.uint32 or not len(words) == len(at) == len(twisters):
            raise ValueError(f"{name}: {len(twisters)} twisters with words of shape {words.shape}, {words.dtype}, "
                             f"read up to {at.shape}")
        return {"seed": seed, "twisters": [twister(row) for row in twisters], "words": words.copy(),
                "at": at.astype(np.int64)}

    seeds = json.loads(str(arrays["seeds"]))
    generators = {}
    for about in seeds["generators"]:
        device_type, device_id = about["device"]
        name = f"{device_type}({device_id})"
        generators[device_type, device_id] = {
            "seed": about["seed"],
            **{source: streams(f"{name}.{source}", about[source]) for source in _SOURCES},
            "torch": {device: torch.from_numpy(arrays[f"{name}.torch.{device}"].copy()) for device in about["torch"]},
        }
    return {"seed": seeds["seed"], "generators": generators}
