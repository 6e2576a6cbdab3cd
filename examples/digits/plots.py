"""The two pictures of the demo, drawn without a screen."""
from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from sklearn.metrics import confusion_matrix as count_pairs

matplotlib.use("Agg")
import matplotlib.pyplot as plt

BLUE, ORANGE, GREY = "#3366aa", "#dd7733", "#8a8f98"


def learning_curve(history: list[dict[str, float]], path: Path) -> Path:
    """Training loss (logarithmic) above, held-out accuracy below, one point an epoch."""
    epochs = np.arange(1, len(history) + 1)
    loss = [entry["loss"] for entry in history]
    correct = [100 * entry["held_out_accuracy"] for entry in history]
    figure, (above, below) = plt.subplots(2, 1, figsize=(7, 6), sharex=True, layout="constrained")
    figure.suptitle("Own layers learning to read digits", fontsize=13, fontweight="bold")

    above.semilogy(epochs, loss, color=BLUE, marker="o", markersize=3)
    above.yaxis.set_major_formatter("{x:g}")
    above.set_ylabel("training loss")
    below.plot(epochs, correct, color=ORANGE, marker="o", markersize=3)
    below.axhline(97, color=GREY, linewidth=1, linestyle="--")
    below.text(epochs[-1], 96.8, "97% to reach", color=GREY, fontsize=9, ha="right", va="top")
    below.annotate(f"{correct[-1]:.1f}%", (epochs[-1], correct[-1]), xytext=(6, 0),
                   textcoords="offset points", color=ORANGE, va="center", fontweight="bold")
    below.set_ylabel("held-out accuracy (%)")
    below.set_ylim(min(88.0, *correct) - 1, 100.5)
    below.set_xlabel("epoch")
    below.xaxis.get_major_locator().set_params(integer=True)
    below.set_xlim(epochs[0] - 0.5, epochs[-1] + max(0.5, 0.09 * len(epochs)))
    for axes in (above, below):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    return write(figure, path)


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, path: Path) -> Path:
    """How often each digit (row) was read as each digit (column)."""
    counts = count_pairs(labels, predicted, labels=range(10))
    figure, axes = plt.subplots(figsize=(6.4, 6.4), layout="constrained")
    share = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1.15)  # the root lets a single mistake show
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(column, row, count, ha="center", va="center", fontsize=11,
                      color="white" if share[row, column] > 0.4 else "black")
    axes.set_xticks(range(10))
    axes.set_yticks(range(10))
    axes.set_xlabel("read as")
    axes.set_ylabel("written digit")
    axes.set_title(f"{np.trace(counts)} of {counts.sum()} held-out digits read right",
                   fontsize=13, fontweight="bold", pad=12)
    axes.set_xticks(np.arange(9) + 0.5, minor=True)
    axes.set_yticks(np.arange(9) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return write(figure, path)


def write(figure: plt.Figure, path: Path) -> Path:
    """Saves and closes a figure; the path, for whoever prints it."""
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
