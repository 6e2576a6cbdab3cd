"""The 1,797 handwritten digits that come with scikit-learn, a quarter of them held out."""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from mxnet import nd


class Digits(NamedTuple):
    """Images (n, 1, 8, 8) float32 in [0, 1], labels (n,) float32."""

    train_images: np.ndarray
    test_images: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray


def load() -> Digits:
    """The same split every time, with each digit as frequent in both parts."""
    raw = load_digits()
    images = (raw.images[:, None] / 16).astype(np.float32)
    labels = raw.target.astype(np.float32)
    return Digits(*train_test_split(images, labels, test_size=0.25, random_state=0, stratify=labels))


def shifted(images: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Each image moved by up to one pixel in each direction: people do not write in the same spot."""
    count, _, height, width = images.shape
    padded = np.pad(images[:, 0], ((0, 0), (1, 1), (1, 1)))
    top, left = rng.randint(0, 3, size=(2, count, 1))
    rows = (top + np.arange(height))[:, :, None]
    columns = (left + np.arange(width))[:, None, :]
    return padded[np.arange(count)[:, None, None], rows, columns][:, None]


def batches(images: np.ndarray, labels: np.ndarray, size: int,
            rng: np.random.RandomState) -> Iterator[tuple[nd.NDArray, nd.NDArray]]:
    """One epoch in random order and with random shifts; the last batch may be smaller."""
    order = rng.permutation(len(images))
    for start in range(0, len(order), size):
        chosen = order[start:start + size]
        yield nd.array(shifted(images[chosen], rng)), nd.array(labels[chosen])
