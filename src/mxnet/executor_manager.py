"""mx.executor_manager: how a batch is divided among contexts, and a check of argument names."""

from __future__ import annotations

__all__: list[str] = []


def _split_input_slice(batch_size: int, work_load_list) -> list[slice]:
    """Slices of a batch, in proportion to `work_load_list`; the last takes what is left over.

    ValueError if there would be nothing in one of them.
    """
    total = sum(work_load_list)
    sizes = [round(load * batch_size / total) for load in work_load_list]
    missing = batch_size - sum(sizes)
    if missing > 0:
        sizes[-1] += missing
    slices, end = [], 0
    for size in sizes:
        begin, end = min(end, batch_size), min(end + size, batch_size)
        if begin >= end:
            raise ValueError(f"Too many slices. Some splits are empty: a batch of {batch_size} divided by "
                             f"{list(work_load_list)}.")
        slices.append(slice(begin, end))
    return slices


def _check_arguments(symbol):
    """ValueError if two arguments, or two auxiliary states, have one name."""
    for kind, what, names in (("argument", "make the weight name non-duplicated(using name arguments), arguments",
                               symbol.list_arguments()),
                              ("auxiliary param", "make the weight name non-duplicated(using name arguments), "
                               "arguments", symbol.list_auxiliary_states())):
        seen = set()
        for name in names:
            if name in seen:
                raise ValueError(f'Find duplicated {kind} name "{name}", please {what} are {names}')
            seen.add(name)
