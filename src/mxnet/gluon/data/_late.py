"""Transforms that end in arithmetic on single values, such as ToTensor and Normalize, done where the batch is written.

Of an image of bytes there are only 256 values for each channel: what becomes of them is found by the transforms
themselves, once for a batch, and looked up for each pixel.  Everything before is done to each sample as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from ... import ndarray as nd
from ...context import cpu
from ..block import Block
from ..nn import HybridSequential, Sequential
from .dataset import _LazyTransformDataset, _SampledDataset, _TransformFirstClosure
from .vision.transforms import Cast, Compose, HybridCompose, Normalize, ToTensor

__all__ = ["CONTAINERS", "ELEMENTWISE", "LARGE", "Pixels", "has_hooks", "takes_samples_as", "unfinished"]

CONTAINERS = (Compose, HybridCompose, HybridSequential, Sequential)
ELEMENTWISE = (Cast, Normalize, ToTensor)  # of images alone and in batches
LARGE = 1 << 16  # bytes of a sample from which on it pays to write each where it belongs


class Pixels:
    """An image that is yet to be finished: bytes (height, width, channels), and a table of float32 for each channel."""

    dtype = torch.float32

    def __init__(self, image: np.ndarray, tables: np.ndarray):
        self._image, self._tables = image, tables
        self.shape = (image.shape[2], *image.shape[:2])

    def write(self, out: np.ndarray):
        """Finish it in `out`, float32 (channels, height, width)."""
        import cv2

        for plane, table, values in zip(cv2.split(self._image), self._tables, out, strict=True):
            cv2.LUT(plane, table, dst=values)


def takes_samples_as(dataset: Any, kind: Any) -> bool:
    """Whether a dataset takes its samples as a class does: derived ones may do it in their own way."""
    return getattr(type(dataset), "__getitem__", None) is kind.__getitem__


def has_hooks(block: Any) -> bool:
    return bool(getattr(block, "_forward_hooks", None) or getattr(block, "_forward_pre_hooks", None))


def unfinished(dataset: Any, samples: Sequence) -> Iterator:
    """The samples of a dataset; images, alone or before a label, may be `Pixels`."""
    if takes_samples_as(dataset, _SampledDataset):
        return unfinished(dataset._dataset, [dataset._indices[i] for i in samples])
    if takes_samples_as(dataset, _LazyTransformDataset):
        first_alone = type(dataset._fn) is _TransformFirstClosure
        blocks = _blocks(dataset._fn._fn if first_alone else dataset._fn)
        start = len(blocks)
        while start and type(blocks[start - 1]) in ELEMENTWISE:
            start -= 1
        if start < len(blocks):
            return _transformed(dataset, samples, first_alone, blocks[:start], _Tail(blocks[start:]))
    return (dataset[i] for i in samples)


def _blocks(fn: Any) -> list:
    """The blocks that are called one after the other, none if it is not certain that this is all."""
    if not isinstance(fn, Block) or has_hooks(fn):
        return []
    if type(fn) not in CONTAINERS:
        return [fn]
    parts = [_blocks(child) for child in fn._children.values()]
    return [block for part in parts for block in part] if all(parts) else []


def _transformed(dataset, samples, first_alone, head, tail) -> Iterator:
    for i in samples:
        item = dataset._data[i]
        image, *others = item if isinstance(item, tuple) else (item,)
        if others and not first_alone:
            yield dataset._fn(*item)
            continue
        for block in head:
            image = block(image)
        image = tail(image)
        yield (image, *others) if others else image


class _Tail:
    """The last blocks of a transform, each of which changes value by value."""

    def __init__(self, blocks: list):
        self._blocks = blocks
        self._tables: dict[int, np.ndarray | None] = {}  # by the number of channels

    def __call__(self, image):
        if type(image) is nd.NDArray and image.ndim == 3 and image.dtype == np.uint8 and 4 * image.size >= LARGE and (
                not image._t.is_cuda and not image._rg):
            channels = image.shape[2]
            if channels not in self._tables:
                self._tables[channels] = self._tables_of(channels)
            tables = self._tables[channels]
            if tables is not None:
                return Pixels(image._t.numpy(), tables)
        return self._apply(image)

    def _apply(self, image):
        for block in self._blocks:
            image = block(image)
        return image

    def _tables_of(self, channels: int) -> np.ndarray | None:
        """What becomes of all bytes, (channels, 256) float32; None where OpenCV cannot look it up."""
        if not 1 <= channels <= 4:
            return None
        bytes_ = np.repeat(np.arange(256, dtype=np.uint8), channels).reshape(256, 1, channels)
        try:
            values = self._apply(nd.array(bytes_, dtype=np.uint8, ctx=cpu(0)))._t
        except Exception:  # the image itself will say it better
            return None
        if values.dtype != torch.float32 or values.shape != (channels, 256, 1):
            return None
        return values.reshape(channels, 256).numpy()
