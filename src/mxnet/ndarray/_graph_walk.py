"""Whether a tensor's graph was freed by a backward: torch tells only when one asks a node for what it saved."""

import functools

import torch


def was_freed(tensor: torch.Tensor) -> bool:
    """Whether some node of the graph that leads to `tensor` has lost what it saved, or none had anything to lose."""
    queue = [tensor.grad_fn] if tensor.grad_fn is not None else []
    seen = set(queue)
    some_saved = False
    for node in queue:
        freed = _lost(node)
        if freed:
            return True
        some_saved = some_saved or freed is False
        for below, _ in node.next_functions:
            if below is not None and below not in seen:
                seen.add(below)
                queue.append(below)
    return not some_saved


def _lost(node) -> bool | None:
    """Whether a node was freed; None when it saves no tensors."""
    saves = None
    for name in _saved_names(type(node)):
        try:
            saved = getattr(node, name)
        except RuntimeError as error:
            if "second time" in str(error):
                return True
            saves = False  # it is there, only written over
        else:
            if isinstance(saved, torch.Tensor) or (isinstance(saved, tuple) and name == "saved_tensors" and saved):
                saves = False
    return saves


@functools.cache
def _saved_names(kind: type) -> tuple[str, ...]:
    return tuple(n for n in dir(kind) if n.startswith("_saved_") or n == "saved_tensors")
