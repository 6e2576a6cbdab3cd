"""The pictures: how it learned, and what it reads worst; drawn without a screen."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from examples.digits.plots import BLUE, ORANGE, plt, write

BEST, ROWS, COLUMNS = 3, 3, 6


def learning_curve(history: list[dict[str, float]], path: Path) -> Path:
    """Accuracy in training and validation, one point an epoch."""
    epochs = np.arange(1, len(history) + 1)
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for part, colour in (("training", BLUE), ("validation", ORANGE)):
        correct = [100 * entry[f"{part} accuracy"] for entry in history]
        axes.plot(epochs, correct, color=colour, marker="o", markersize=3, label=part)
    axes.set_title("Augmented digits are harder than those it is asked for", fontsize=13, fontweight="bold")
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("read right (%)")
    axes.set_ylim(top=100.5)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    return write(figure, path)


def doubtful(images: np.ndarray, labels: np.ndarray, chances: np.ndarray, path: Path) -> Path:
    """The digits read worst, misread ones first, each above the three likeliest answers.

    images (n, height, width), labels (n,), chances (n, 10)
    """
    of_truth = chances[np.arange(len(labels)), labels]
    figure, axes = plt.subplots(2 * ROWS, COLUMNS, figsize=(8, 8.4), layout="constrained",
                                height_ratios=[3, 1] * ROWS)
    misread = int((chances.argmax(axis=1) != labels).sum())
    figure.suptitle(f"{misread} of {len(labels)} misread: the digits read worst", fontsize=13, fontweight="bold")
    for place, which in enumerate(np.argsort(of_truth)[:ROWS * COLUMNS]):
        above, below = axes[2 * (place // COLUMNS):, place % COLUMNS][:2]
        above.imshow(images[which], cmap="gray_r")
        above.set_title(f"a {labels[which]}", fontsize=10)
        above.axis("off")
        answers = np.argsort(chances[which])[::-1][:BEST]
        below.barh(range(BEST), chances[which, answers],
                   color=[BLUE if answer == labels[which] else ORANGE for answer in answers])
        below.set_yticks(range(BEST), answers, fontsize=8)
        below.set_xlim(0, 1)
        below.set_xticks([])
        below.invert_yaxis()
        below.spines[["top", "right", "bottom"]].set_visible(False)
    return write(figure, path)
