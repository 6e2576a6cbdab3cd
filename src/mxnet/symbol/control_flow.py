"""sym.contrib's foreach, while_loop and cond: functions on symbols become subgraphs of one operator."""

from collections.abc import Callable, Sequence

from .._nested import as_list, flatten, limit_of, regroup
from ..ops import registry
from ..ops.registry import OpDef
from ._compose import apply
from ._subgraph import Subgraph, as_outputs, check_subgraphs, cut, placeholders, subgraph_scope
from .symbol import Symbol

__all__ = ["cond", "foreach", "while_loop"]

_FOREACH, _WHILE_LOOP, _COND = (registry.get(name) for name in ("_foreach", "_while_loop", "_cond"))


def foreach(body: Callable, data, init_states, name: str = "foreach"):
    """Call `body(slice, states) -> (outputs, new states)` for each slice of the data along their first axis.

    data, init_states: symbols, or nested lists of them; body gets them in the same structure, and returns the states
    in it.  Returns (outputs of all steps, stacked along a new first axis; the last states), structured as by body.
    AssertionError for anything but symbols, for data and states that body does not use, for states in another
    structure.  Operator `_foreach`.
    """
    data, data_fmt = flatten(data, Symbol, "foreach input")
    states, state_fmt = flatten(init_states, Symbol, "foreach states")
    with subgraph_scope(name) as scope:
        parts, before = placeholders(data), placeholders(states)
        outputs, after = body(regroup(parts, data_fmt), regroup(before, state_fmt))
        outputs, out_fmt = flatten(outputs, Symbol, "foreach output")
        after, after_fmt = flatten(after, Symbol, "foreach loop_vars")
        if after_fmt != state_fmt:
            raise AssertionError("The input and output loop_vars have different format")
        heads = as_outputs(outputs, after, scope)
        body_graph = cut(heads, scope)
    data_at = _places(body_graph, parts, "the data arrays have to be used in the loop body")
    state_at = _places(body_graph, before, "the state arrays have to be used in the loop body")
    rest = [i for i in range(len(body_graph.names)) if i not in (*data_at, *state_at)]
    inputs = [*data, *states, *(body_graph.sources[i] for i in rest)]
    result = _applied(_FOREACH, inputs, {
        "num_args": len(inputs) + 1, "num_outputs": len(heads), "num_out_data": len(outputs), "in_data_locs": data_at,
        "in_state_locs": state_at, "remain_locs": rest}, [body_graph])
    return _split(result, len(outputs), out_fmt, state_fmt)


def _places(graph: Subgraph, symbols: Sequence[Symbol], unused: str) -> list[int]:
    """Which inputs of the subgraph these variables are; AssertionError if one is none."""
    if any(s.name not in graph.names for s in symbols):
        raise AssertionError(unused)
    return [graph.names.index(s.name) for s in symbols]


def _applied(op: OpDef, inputs, attrs: dict, graphs) -> Symbol:
    result = apply(op, op.name, inputs, attrs, subgraphs=[g.symbol for g in graphs])
    check_subgraphs(result._entries[0].node)
    return result


def _split(result: Symbol, count: int, *formats) -> tuple:
    """The first `count` outputs and the others, each in its structure."""
    return tuple(regroup(list(part), fmt) for part, fmt in zip((list(result)[:count], list(result)[count:]), formats,
                                                              strict=True))


def while_loop(cond: Callable, func: Callable, loop_vars, max_iterations: int | None = None,
               name: str = "while_loop"):
    """Call `func(*loop_vars) -> (outputs, new loop_vars)` as long as `cond(*loop_vars)` is not 0.

    loop_vars: a symbol, or a nested list of them.  max_iterations: the most steps that are done.  Returns (outputs of
    all steps, stacked along a new first axis of size max_iterations and filled up with zeros; the last loop_vars).
    ValueError or AssertionError for what fits not; every loop variable must be used by func.  Operator `_while_loop`.
    """
    limit = limit_of(max_iterations)
    variables, fmt = flatten(loop_vars, Symbol, "while loop_vars")
    if not variables:
        raise ValueError("loop_vars should contain at least one element")
    with subgraph_scope(f"{name}_cond") as scope:
        asked = placeholders(variables)
        answer = cond(*as_list(regroup(asked, fmt)))
        if not isinstance(answer, Symbol):
            raise ValueError("Return of cond must be a Symbol")
        cond_graph = cut(as_outputs([answer], [], scope), scope)
    with subgraph_scope(f"{name}_func") as scope:
        before = placeholders(variables)
        outputs, after = func(*as_list(regroup(before, fmt)))
        outputs, out_fmt = flatten([] if outputs is None else outputs, Symbol, "while output")
        after, _ = flatten([] if after is None else after, Symbol, "while loop_vars")
        if len(after) != len(variables):
            raise ValueError("The number of loop_vars should be consistent during the loop")
        func_graph = cut(as_outputs([*outputs, *after], [], scope), scope)
    for i, variable in enumerate(before):
        if variable.name not in func_graph.names:
            raise ValueError(f"The {i + 1}-th loop_var doesn't involve into the computation")
    inputs: list[Symbol] = []
    places: dict[str, int] = {}  # of the loop variables among the inputs
    of_name = {s.name: variable for s, variable in zip(before, variables, strict=True)}
    cond_at, func_at = (_looked_up(graph, inputs, places, of_name) for graph in (cond_graph, func_graph))
    result = _applied(_WHILE_LOOP, inputs, {
        "num_args": len(inputs) + 2, "num_outputs": len(outputs) + len(after), "num_out_data": len(outputs),
        "max_iterations": limit, "cond_input_locs": cond_at, "func_input_locs": func_at,
        "func_var_locs": [func_graph.names.index(s.name) for s in before]},
        [cond_graph, func_graph])
    return _split(result, len(outputs), out_fmt, fmt)


def _looked_up(graph: Subgraph, inputs: list[Symbol], places: dict[str, int], of_name: dict[str, Symbol]) -> list[int]:
    """Where the subgraph's inputs are among the operator's; new ones are added, those in `of_name` once."""
    found = []
    for name, source in zip(graph.names, graph.sources, strict=True):
        if name in places:
            found.append(places[name])
            continue
        found.append(len(inputs))
        inputs.append(of_name.get(name, source))
        if name in of_name:
            places[name] = found[-1]
    return found


def cond(pred: Symbol, then_func: Callable, else_func: Callable, name: str = "cond"):
    """What `then_func()` returns if `pred`, a single number, is not 0, otherwise what `else_func()` returns.

    Both return a symbol, or nested lists of them, equally many (ValueError).  Operator `_cond`.
    """
    graphs, formats, counts = [], [], []
    for part, function in (("pred", lambda: pred), ("then", then_func), ("else", else_func)):
        with subgraph_scope(f"{name}_{part}") as scope:
            outputs, fmt = flatten(function(), Symbol, "cond outputs")
            if not outputs:
                raise TypeError("Expected a list of symbols as input")
            graphs.append(cut(as_outputs(outputs, [], scope), scope))
        formats.append(fmt)
        counts.append(len(outputs))
    if counts[1] != counts[2]:
        raise ValueError("Number of outputs differs between then-branch and else-branch")
    inputs: list[Symbol] = []
    places: dict[str, int] = {}
    locs = []
    for graph in graphs:
        variables = {n: s for n, s in zip(graph.names, graph.sources, strict=True) if s._entries[0].node.is_variable}
        locs.append(_looked_up(graph, inputs, places, variables))
    result = _applied(_COND, inputs, {
        "num_args": len(inputs) + 3, "num_outputs": counts[1], "cond_input_locs": locs[0], "then_input_locs": locs[1],
        "else_input_locs": locs[2]}, graphs)
    return regroup(list(result), formats[1])
