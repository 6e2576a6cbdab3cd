"""The table that `Block.summary` prints."""

from collections import OrderedDict

import numpy as np

from ..ndarray import NDArray
from .structure import flatten, regroup

_WIDTH = 80
_COLUMNS = "{:>20}  {:>42} {:>15}"


def print_summary(block, inputs):
    """Run `block` on `inputs` once with hooks on every layer (containers aside) and print what they saw.

    AssertionError if a layer is hybridized: then its children are not called.
    """
    from .nn import HybridSequential, Sequential

    rows, hooks, counted = OrderedDict(), [], set()

    def seen(layer, _, outputs):
        total = trainable = shared = 0
        for param in layer._reg_params.values():
            size = int(np.prod(param.shape))
            total += size
            trainable += 0 if param.grad_req == "null" else size
            shared += size if param in counted else 0
            counted.add(param)
        rows[f"{type(layer).__name__}-{len(rows)}"] = (_shape_text(outputs), total, trainable, shared)

    def watch(layer):
        if getattr(layer, "_active", False):
            raise AssertionError(f'"{layer.name}" must not be hybridized to print summary.')
        if not isinstance(layer, (Sequential, HybridSequential)):
            hooks.append(layer.register_forward_hook(seen))

    rows["Input"] = (_shape_text(inputs), 0, 0, 0)
    try:
        block.apply(watch)
        block(*inputs)
        _print(rows)
    finally:
        for hook in hooks:
            hook.detach()


def _shape_text(arrays) -> str:
    flat, fmt = flatten(arrays, "input")
    shapes = regroup([x.shape if isinstance(x, NDArray) else None for x in flat], fmt)[0]
    return str(shapes)[1:-1] if isinstance(shapes, list) else str(shapes)


def _print(rows):
    print("-" * _WIDTH)
    print(_COLUMNS.format("Layer (type)", "Output Shape", "Param #"))
    print("=" * _WIDTH)
    for name, (shape, total, _, _) in rows.items():
        print(_COLUMNS.format(name, shape, total))
    print("=" * _WIDTH)
    total, trainable, shared = (sum(row[i] for row in rows.values()) for i in (1, 2, 3))
    print("Parameters in forward computation graph, duplicate included")
    print(f"   Total params: {total}")
    print(f"   Trainable params: {trainable}")
    print(f"   Non-trainable params: {total - trainable}")
    print(f"Shared params in forward computation graph: {shared}")
    print(f"Unique parameters in model: {total - shared}")
    print("-" * _WIDTH)
