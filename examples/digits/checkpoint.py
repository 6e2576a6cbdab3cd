"""Checkpoints that are whole or not there: written beside the last one, then put in place by one rename."""
from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from mxnet import gluon
from mxnet.gluon import nn

PATTERN = "checkpoint-[0-9][0-9][0-9][0-9]"


def save(folder: Path, net: nn.Block, trainer: gluon.Trainer, progress: dict[str, Any]) -> Path:
    """Keeps parameters, the optimizer's state and `progress` (which has the `epoch`), drops older ones."""
    target = folder / f"checkpoint-{progress['epoch']:04d}"
    draft = folder / f"{target.name}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    net.save_parameters(str(draft / "net.params"))
    trainer.save_states(str(draft / "trainer.states"))
    with open(draft / "progress.json", "w", encoding="utf-8") as file:
        json.dump(progress, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    shutil.rmtree(target, ignore_errors=True)
    os.replace(draft, target)
    for old in folder.glob(PATTERN):
        if old != target:
            shutil.rmtree(old)
    return target


def newest(folder: Path) -> Path | None:
    """The last whole checkpoint, or None."""
    return max(folder.glob(PATTERN), default=None)


def read_progress(checkpoint: Path) -> dict[str, Any]:
    return json.loads((checkpoint / "progress.json").read_text(encoding="utf-8"))


def restore(checkpoint: Path, net: nn.Block, trainer: gluon.Trainer) -> None:
    """Puts parameters and optimizer back as they were."""
    net.load_parameters(str(checkpoint / "net.params"))
    trainer.load_states(str(checkpoint / "trainer.states"))


def clear(folder: Path) -> None:
    """Removes all checkpoints, half-written ones too."""
    for old in folder.glob("checkpoint-*"):
        shutil.rmtree(old)
