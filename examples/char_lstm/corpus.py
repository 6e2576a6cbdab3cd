"""Text that every Python brings along, and the bigram model that any network has to beat on it."""
from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mxnet import nd


def topics() -> str:
    """What `help()` shows of the language: some 450,000 characters."""
    from pydoc_data.topics import topics as texts
    return "\n".join(texts[name] for name in sorted(texts))


def licence() -> str:
    """What `license()` shows, some 14,000 characters; LookupError from a Python that was packed without it."""
    candidates = getattr(getattr(builtins, "license", None), "_Printer__filenames", [])
    found = next((Path(name) for name in candidates if Path(name).is_absolute() and Path(name).is_file()), None)
    if found is None:
        raise LookupError(f"this Python came without its licence: looked for {', '.join(candidates) or 'no file'}")
    return found.read_text(encoding="utf-8")


TEXTS: dict[str, Callable[[], str]] = {"topics": topics, "licence": licence}


class Corpus(NamedTuple):
    """Characters as numbers: `vocabulary[number]`. The last tenth of the text is never trained on."""

    vocabulary: str
    training: np.ndarray
    held_out: np.ndarray


def load(name: str, limit: int | None = None) -> Corpus:
    """One of TEXTS, of it the first `limit` characters."""
    text = TEXTS[name]()[:limit]
    vocabulary = "".join(sorted(set(text)))
    number = {letter: index for index, letter in enumerate(vocabulary)}
    numbers = np.array([number[letter] for letter in text], dtype=np.int32)
    border = len(numbers) * 9 // 10
    return Corpus(vocabulary, numbers[:border], numbers[border:])


def windows(numbers: np.ndarray, rows: int, length: int) -> Iterator[tuple[nd.NDArray, nd.NDArray]]:
    """(input, target) pairs, each (length, rows): what is read, and the character after each.

    The text is cut into `rows` strips that are read side by side, so that each window goes on where the one before
    it ended, and a state that is handed on fits. The last window is shorter; less than one strip's worth is dropped.
    """
    columns = (len(numbers) - 1) // rows
    strips = numbers[:rows * columns].reshape(rows, columns).T
    following = numbers[1:rows * columns + 1].reshape(rows, columns).T
    for start in range(0, columns, length):
        window = slice(start, start + length)
        yield nd.array(strips[window], dtype="int32"), nd.array(following[window], dtype="int32")


def bigram_perplexity(corpus: Corpus) -> float:
    """Of the held-out text, when each character is guessed from the one before, as they follow in the training text."""
    size = len(corpus.vocabulary)
    counts = np.full((size, size), 0.1)  # nothing is impossible
    np.add.at(counts, (corpus.training[:-1], corpus.training[1:]), 1)
    chances = counts / counts.sum(axis=1, keepdims=True)
    surprise = -np.log(chances[corpus.held_out[:-1], corpus.held_out[1:]])
    return float(np.exp(surprise.mean()))
