"""The pictures: how perplexity fell, and which characters still surprise; drawn without a screen."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from examples.digits.plots import BLUE, GREY, ORANGE, plt, write


def learning_curve(history: list[dict[str, float]], baseline: float, path: Path) -> Path:
    """Perplexity of the training and the held-out text, one point an epoch, and the bigram model's."""
    epochs = np.arange(1, len(history) + 1)
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for part, colour in (("training", BLUE), ("held_out", ORANGE)):
        axes.plot(epochs, [entry[part] for entry in history], color=colour, marker="o", markersize=4,
                  label=part.replace("_", " "))
    axes.axhline(baseline, color=GREY, linestyle="--", linewidth=1)
    axes.text(epochs[-1], baseline, "bigrams", color=GREY, fontsize=9, ha="right", va="bottom")
    axes.set_title("Guessing the next character", fontsize=13, fontweight="bold")
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("perplexity")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return write(figure, path)


def surprise(text: str, nats: np.ndarray, path: Path, width: int = 72) -> Path:
    """A text with each character on a colour: the redder, the less the net had expected it.

    text: as many characters as there are `nats`; line breaks are drawn as a sign and followed.
    """
    places, row, column = [], 0, 0
    for letter in text:
        if column == width:
            row, column = row + 1, 0
        places.append((row, column))
        row, column = (row + 1, 0) if letter == "\n" else (row, column + 1)
    rows = places[-1][0] + 1
    colours = np.full((rows, width), np.nan)
    colours[tuple(np.transpose(places))] = nats
    figure, axes = plt.subplots(figsize=(10, 1.2 + 0.24 * rows), layout="constrained")
    drawn = axes.imshow(colours, cmap="OrRd", vmin=0, vmax=6, aspect="auto")
    for letter, (down, right) in zip(text, places, strict=True):
        axes.text(right, down, "↵" if letter == "\n" else letter.replace("$", r"\$"), fontfamily="monospace",
                  fontsize=9, ha="center", va="center", color="white" if colours[down, right] > 3.5 else "black")
    axes.axis("off")
    axes.set_title("Held-out text: what surprised the network", fontsize=13, fontweight="bold")
    figure.colorbar(drawn, ax=axes, orientation="horizontal", shrink=0.4, aspect=40, label="surprise (nats)")
    return write(figure, path)
