"""Ranges of the outputs of layers, from what they give for some examples: extremes, or histograms and their entropy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base import MXNetError
from ..ndarray import NDArray, array, contrib
from ..symbol import Group, Symbol

__all__ = ["HistogramCollector", "MinMaxCollector", "collect", "combine_histogram", "optimal_threshold",
           "optimal_thresholds"]


class MinMaxCollector:
    """Smallest and largest element of each output: `min_max_dict`, by name."""

    def __init__(self, quantized_dtype: str = "int8", include_layer: Sequence[str] | None = None, logger=None):
        self.min_max_dict: dict[str, tuple[float, float]] = {}
        self.quantized_dtype, self.include_layer, self.logger = quantized_dtype, include_layer, logger

    def collect(self, name: str | bytes, arr: NDArray):
        """Take notice of an array; may be the callback of an executor's monitor, which gives bytes."""
        name = name.decode() if isinstance(name, bytes) else name
        if self.include_layer is not None and name not in self.include_layer:
            return
        low, high = float(arr.min().asscalar()), float(arr.max().asscalar())
        before = self.min_max_dict.get(name, (low, high))
        self.min_max_dict[name] = min(before[0], low), max(before[1], high)
        if self.logger:
            self.logger.debug("Collecting layer %s min_range=%f, max_range=%f", name, low, high)

    def ranges(self, quantized_dtype: str) -> dict[str, tuple[float, float]]:
        return self.min_max_dict


class HistogramCollector:
    """The histogram of each output: `hist_dict`, by name (counts, edges, smallest, largest, end of the bins)."""

    def __init__(self, num_bins: int = 8001, include_layer: Sequence[str] | None = None, logger=None):
        self.hist_dict: dict[str, tuple] = {}
        self.num_bins, self.include_layer, self.logger = num_bins, include_layer, logger

    def collect(self, name: str | bytes, arr: NDArray):
        """Take notice of an array; may be the callback of an executor's monitor, which gives bytes."""
        name = name.decode() if isinstance(name, bytes) else name
        if self.include_layer is not None and name not in self.include_layer:
            return
        values = arr.asnumpy()
        low, high = values.min(), values.max()
        end = max(abs(low), abs(high))
        if name in self.hist_dict:
            self.hist_dict[name] = combine_histogram(self.hist_dict[name], values, low, high, end)
        else:
            self.hist_dict[name] = (*np.histogram(values, self.num_bins, range=(-end, end)), low, high, end)
        if self.logger:
            self.logger.debug("Collecting layer %s histogram of shape %s", name, values.shape)

    def ranges(self, quantized_dtype: str) -> dict[str, tuple[float, float]]:
        return optimal_thresholds(self.hist_dict, quantized_dtype, logger=self.logger)


def combine_histogram(old_hist: tuple, arr: np.ndarray, new_min: float, new_max: float, new_th: float) -> tuple:
    """`old_hist` (counts, edges, min, max, end) with the elements of `arr`, which lie within new_th of 0."""
    counts, edges, low, high, end = old_hist
    if new_th > end:
        step = 2 * end / len(counts)
        more = int((new_th - end) // step + 1)
        counts, end = np.pad(counts, more), end + more * step
    new, edges = np.histogram(arr, len(counts), range=(-end, end))
    return counts + new, edges, min(low, new_min), max(high, new_max), end


def optimal_threshold(hist_data: tuple, quantized_dtype: str, num_quantized_bins: int = 255) -> tuple:
    """(smallest, largest, threshold, divergence) of a histogram as HistogramCollector has it; see calibrate_entropy.

    Without negative numbers uint8 has twice as many bins.
    """
    counts, edges, low, high = hist_data[:4]
    if low >= 0 and quantized_dtype in ("auto", "uint8"):
        num_quantized_bins = 2 * num_quantized_bins + 1
    threshold, divergence = contrib.calibrate_entropy(array(counts, dtype="float32"), array(edges, dtype="float32"),
                                                      num_quantized_bins=num_quantized_bins)
    return low, high, float(threshold.asscalar()), float(divergence.asscalar())


def optimal_thresholds(hist_dict: Mapping[str, tuple], quantized_dtype: str, num_quantized_bins: int = 255,
                       logger=None) -> dict[str, tuple[float, float]]:
    """The range of each output; from 0 if it has no negative numbers and may become uint8, otherwise around it."""
    if quantized_dtype not in ("int8", "uint8", "auto"):
        raise ValueError(f"unknown quantized_dtype {quantized_dtype} received, expected `int8`, `uint8` or `auto`")
    found = {}
    for name, hist in hist_dict.items():
        low, high, end, divergence = optimal_threshold(hist, quantized_dtype, num_quantized_bins)
        found[name] = (0.0 if low >= 0 and quantized_dtype != "int8" else -end, end)
        if logger:
            logger.debug("layer=%s, min_val=%f, max_val=%f, threshold=%f, KL divergence=%f", name, low, high, end,
                         divergence)
    return found


def collect(collector: Any, symbol: Symbol, names: Sequence[str], params: Mapping[str, NDArray],
            states: Mapping[str, NDArray], data, ctx, max_examples: int | None = None) -> int:
    """Show a collector these outputs of `symbol` for the batches of a DataIter; how many examples there were."""
    internals = symbol.get_internals()
    outputs = Group([internals[name] for name in names])
    arguments = set(outputs.list_arguments())
    executor, count = None, 0
    data.reset()
    for batch in data:
        descriptions = [*(batch.provide_data or data.provide_data), *(batch.provide_label or data.provide_label or ())]
        arrays = [*batch.data, *(batch.label or ())]
        feed = {d[0]: a for d, a in zip(descriptions, arrays, strict=False) if d[0] in arguments}
        if executor is None:
            executor = outputs.simple_bind(ctx, grad_req="null", **{name: a.shape for name, a in feed.items()})
            executor.copy_params_from(dict(params), dict(states), allow_extra_params=True)
        for name, out in zip(names, executor.forward(is_train=False, **feed), strict=True):
            collector.collect(name, out)
        count += batch.data[0].shape[0]
        if max_examples is not None and count >= max_examples:
            break
    if not count:
        raise MXNetError("calib_data has no batches")
    return count
