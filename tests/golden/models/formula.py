"""Values for the arguments of a golden model, from their names and shapes: nothing but answers is stored.

Used by generate_answers.py under real MXNet and by the tests; needs NumPy alone.
"""
import zlib

import numpy as np


def fill(name: str, shape, kind=None) -> np.ndarray:
    """Float32 values for the argument `name`.  `kind`: a number of classes, 'boxes', 'rois' or 'lengths'."""
    count = int(np.prod(shape))
    wave = np.sin(np.arange(count) * 1.7 + zlib.crc32(name.encode()) % 1000).reshape(shape)
    if kind is None:
        wave = 1 + 0.5 * wave if name.endswith("_var") else 0.5 * wave
    elif kind == "boxes":  # class, left, top, right, bottom in [0, 1]
        wave = 0.25 + 0.2 * wave
        wave[..., 0] = np.arange(wave[..., 0].size).reshape(wave[..., 0].shape) % 2
        wave[..., 3:] += 0.5
    elif kind == "rois":  # image, then corners in pixels
        wave = np.round(2 + 2 * wave)
        wave[..., 0] = np.arange(len(wave)) % 2
        wave[..., 3:] += 2
    elif kind == "lengths":
        wave = 1 + np.arange(count).reshape(shape) % 3
    else:
        wave = np.minimum(np.floor(np.abs(wave) * kind), kind - 1)
    return wave.astype(np.float32)


def summary(array: np.ndarray, most: int = 20) -> dict:
    """What is kept of an output: shape, dtype, two means, the first values."""
    flat = array.astype(np.float64).ravel()
    return {"shape": list(array.shape), "dtype": str(array.dtype), "mean": _short(flat.mean()),
            "size": _short(np.abs(flat).mean()), "first": [_short(v) for v in flat[:most]]}


def _short(value: float) -> float:
    return float(format(value, ".7g"))
