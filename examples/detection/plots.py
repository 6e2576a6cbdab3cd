"""Scenes with what was found in them, drawn without a screen."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from examples.digits.plots import plt, write

from .scenes import CLASSES, SIDE

RIGHT, WRONG = "#22cc55", "#ff3344"


def found(scenes: list[np.ndarray], objects: list[np.ndarray], detections: np.ndarray, title: str, path: Path,
          least: float = 0.5, columns: int = 4) -> Path:
    """A frame around each detection of at least a chance of `least`: green if that digit's middle is in it, else red.

    scenes: uint8 (SIDE, SIDE, 3); objects: of each (n, 5); detections (scenes, m, 6).
    """
    rows = -(-len(scenes) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.6 * columns, 2.7 * rows + 0.4), layout="constrained",
                                squeeze=False)
    figure.suptitle(title, fontsize=13, fontweight="bold")
    for place, scene, there, guesses in zip(axes.flat, scenes, objects, detections, strict=False):
        place.imshow(scene)
        for label, chance, *box in guesses[(guesses[:, 0] >= 0) & (guesses[:, 1] >= least)]:
            left, top, right, bottom = np.array(box) * SIDE
            colour = RIGHT if is_there(label, box, there) else WRONG
            place.add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, color=colour, lw=1.8))
            place.text(left, top - 1, f"{CLASSES[int(label)]} {chance:.0%}", fontsize=8, va="bottom", color="black",
                       bbox={"facecolor": colour, "edgecolor": "none", "pad": 1})
    for place in axes.flat:
        place.axis("off")
    return write(figure, path)


def is_there(label: float, box: list[float], objects: np.ndarray) -> bool:
    """Whether the middle of an object of this class is in the box."""
    across, down = (objects[:, 1] + objects[:, 3]) / 2, (objects[:, 2] + objects[:, 4]) / 2
    inside = (box[0] <= across) & (across <= box[2]) & (box[1] <= down) & (down <= box[3])
    return bool((inside & (objects[:, 0] == label)).any())
