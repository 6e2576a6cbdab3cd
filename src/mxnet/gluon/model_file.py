"""Block.save and Block.load: a net's make-up in `PREFIX-model.json`, its parameters in `PREFIX-model.params`.

The make-up is a dictionary for each block, in the order in which blocks are met: its name, which key each child has in
its parent (the paths in the parameter file are made of them), and its graph if it was compiled.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..base import MXNetError
from ..ndarray.params_file import write_atomically

if TYPE_CHECKING:
    from .block import Block

__all__ = ["read", "write"]

_OWN = {"orig_name", "children", "hybridized", "in_format", "out_format", "inputs", "symbol"}


def write(block: Block, prefix: str) -> None:
    """Write both files."""
    structure = _describe(block, iter(range(1 << 62)))
    write_atomically(f"{prefix}-model.json", [json.dumps(structure).encode()])
    block.save_parameters(f"{prefix}-model.params")


def read(block: Block, prefix: str) -> None:
    """Give the children of a block, made in the same order, the keys from the file; then load the parameters.

    MXNetError if the blocks are others; nothing is changed then.
    """
    file = f"{prefix}-model.json"
    with open(file, "rb") as f:
        content = f.read()
    try:
        structure = json.loads(content)
        [(key, description)] = structure.items()
        steps = list(_plan(block, key, description))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise MXNetError(f"{file} is damaged, or holds no make-up of a Block: {error}") from error
    for each, names, hybridized in steps:
        if names is not None:
            children = list(each._children.values())
            each._children.clear()
            each._children.update(zip(names, children, strict=True))
        if hybridized:
            each.hybridize()
    block.load_parameters(f"{prefix}-model.params")


def _describe(block, numbers) -> dict[str, Any]:
    about: dict[str, Any] = {"orig_name": block.name}
    graph = getattr(block, "_cached_graph", None)
    if graph is not None:
        if graph:
            inputs, symbol = graph
            about.update(in_format=[0] * len(inputs), out_format=block._compiled.graph.out_format,
                         inputs=[each.tojson() for each in inputs], symbol=symbol.tojson())
        about["hybridized"] = bool(graph)
    key = f"{type(block).__name__.lower()}{next(numbers)}"
    about["children"] = {child.name: name for name, child in block._children.items()}
    for child in block._children.values():
        about.update(_describe(child, numbers))
    return {key: about}


def _plan(block, key, about):
    """What is to be done with each block: (block, new keys of its children or None, whether to hybridize it)."""
    kind = type(block).__name__.lower()
    if key.rstrip("0123456789") != kind.rstrip("0123456789"):
        raise MXNetError(f"{about['orig_name']} was saved as a block of class {key.rstrip('0123456789')}, but the "
                         f"block in its place, {block.name}, is a {kind}")
    parts = [(name, part) for name, part in about.items() if name not in _OWN]
    children = list(block._children.values())
    if len(parts) != len(children):
        raise MXNetError(f"{about['orig_name']} was saved with {len(parts)} children, but the block in its place, "
                         f"{block.name}, has {len(children)}")
    names = list(about["children"].values())
    # a child that has several keys is listed by name only once; keys stay as they are then
    yield block, names if len(names) == len(children) else None, bool(about.get("hybridized"))
    for child, (name, part) in zip(children, parts, strict=True):
        yield from _plan(child, name, part)
