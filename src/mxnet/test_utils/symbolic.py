"""Checks of symbols: against expected values, against numeric gradients, and against themselves elsewhere."""

import time

import numpy as np

from ..ndarray import NDArray, array
from ..ndarray.creation import ones
from .compare import assert_almost_equal, default_numeric_eps, default_rtols
from .surroundings import default_context

__all__ = ["check_consistency", "check_gluon_hybridize_consistency", "check_numeric_gradient", "check_speed",
           "check_symbolic_backward", "check_symbolic_forward", "numeric_grad", "same_symbol_structure",
           "simple_forward"]

_FLOATS = (np.float16, np.float32, np.float64)


# ----------------------------------------------------------------------------------------------- arrays by name


def _named(values, names, what: str, ctx, dtype) -> dict[str, NDArray]:
    """Arrays by name from a dict, or a list in the order of `names`; ValueError if they do not match the names."""
    if dtype not in ("asnumpy", *_FLOATS):
        raise AssertionError(f"dtype must be 'asnumpy', float16, float32 or float64, got {dtype}")
    if isinstance(values, dict):
        if set(values) != set(names):
            raise ValueError(f"Symbol {what} and keys of the given ones do not match: symbol {what}: {names}, "
                             f"given: {list(values)}")
    else:
        if len(values) != len(names):
            raise ValueError(f"expected {len(names)} {what} ({', '.join(names)}), got {len(values)}")
        values = dict(zip(names, values, strict=True))
    return {name: _array(value, ctx, dtype) for name, value in values.items()}


def _array(value, ctx, dtype) -> NDArray:
    if isinstance(value, NDArray):
        return value
    value = np.asarray(value)
    return array(value, ctx, value.dtype if dtype == "asnumpy" else dtype)


def _stored(values, arguments, stypes, ctx) -> dict[str, NDArray]:
    """Arrays of these values by name, of the dtypes of the arguments, in their storage types."""
    stypes = stypes or {}
    return {name: array(value, ctx, arguments[name].dtype).tostype(stypes.get(name) or "default")
            for name, value in values.items()}


def _numpy(value) -> np.ndarray:
    return value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)


def _arguments(sym, location, ctx, dtype):
    return _named(location, sym.list_arguments(), "arguments", ctx, dtype)


def _states(sym, aux_states, ctx, dtype):
    return None if aux_states is None else _named(aux_states, sym.list_auxiliary_states(), "auxiliary states", ctx,
                                                  dtype)


def _by_name(values, names) -> dict:
    return values if isinstance(values, dict) else dict(zip(names, values, strict=False))


# ------------------------------------------------------------------------------------------ forward and backward


def simple_forward(sym, ctx=None, is_train=False, **inputs):
    """The outputs of a symbol for NumPy arrays given by name: one NumPy array, or a list of several."""
    ctx = ctx or default_context()
    executor = sym.bind(ctx, args={name: array(value, ctx) for name, value in inputs.items()})
    outputs = [out.asnumpy() for out in executor.forward(is_train=is_train)]
    return outputs[0] if len(outputs) == 1 else outputs


def check_symbolic_forward(sym, location, expected, rtol=None, atol=None, aux_states=None, ctx=None, equal_nan=False,
                           dtype=np.float32):
    """AssertionError unless the outputs of `sym` at `location` are `expected`; returns the outputs.

    location, expected, aux_states: lists of arrays in the order of the symbol, or dicts by name.  dtype: of the
    arrays that NumPy arrays become ('asnumpy': their own).
    """
    ctx = ctx or default_context()
    executor = sym.bind(ctx, args=_arguments(sym, location, ctx, dtype),
                        aux_states=_states(sym, aux_states, ctx, dtype))
    outputs = executor.forward(is_train=False)
    expected = _by_name(expected, sym.list_outputs())
    for name, output in zip(sym.list_outputs(), outputs, strict=True):
        assert_almost_equal(expected[name], output, rtol, atol, ("EXPECTED_" + name, "FORWARD_" + name),
                            equal_nan=equal_nan)
    return outputs


def _as_requested(name, req, found, wanted, before):
    """(found, wanted) gradients to compare, by what was to be done with the ones `before`."""
    if req == "add":
        return found - before[name], wanted
    if req == "null":
        return found, before[name]
    if req != "write":
        raise ValueError(f"Invalid grad_req {req} for argument {name}")
    return found, wanted


def check_symbolic_backward(sym, location, out_grads, expected, rtol=None, atol=None, aux_states=None,
                            grad_req="write", ctx=None, grad_stypes=None, equal_nan=False, dtype=np.float32):
    """AssertionError unless the gradients of `sym` at `location` are `expected`; returns the gradients.

    out_grads: of the outputs; None for losses.  grad_req: 'write', 'add' or 'null', as a string, list or dict.
    grad_stypes: storage types of gradients by name, where they are not dense.  Returns the gradients by name.
    """
    ctx = ctx or default_context()
    arguments = _arguments(sym, location, ctx, dtype)
    names = sym.list_arguments()
    expected = _by_name(expected, names)
    before = {name: np.random.normal(size=arguments[name].shape) for name in expected}
    grads = _stored(before, arguments, grad_stypes, ctx)
    before = {name: grad.asnumpy() for name, grad in grads.items()}
    reqs = dict.fromkeys(names, grad_req) if isinstance(grad_req, str) else _by_name(grad_req, names)
    executor = sym.bind(ctx, args=arguments, args_grad=grads, aux_states=_states(sym, aux_states, ctx, dtype),
                        grad_req=reqs)
    executor.forward(is_train=True)
    if isinstance(out_grads, dict):
        out_grads = [out_grads[name] for name in sym.list_outputs()]
    elif isinstance(out_grads, NDArray):
        out_grads = [out_grads]
    if out_grads is not None:
        out_grads = [_array(grad, ctx, dtype) for grad in out_grads]
    executor.backward(out_grads)
    for name, wanted in expected.items():
        found, wanted = _as_requested(name, reqs.get(name, "null"), grads[name].asnumpy(), wanted, before)
        assert_almost_equal(wanted, found, rtol, atol, (f"EXPECTED_{name}", f"BACKWARD_{name}"), equal_nan=equal_nan)
    return grads


# --------------------------------------------------------------------------------------------- numeric gradients


def numeric_grad(executor, location, aux_states=None, eps=1e-4, use_forward_train=True, dtype=np.float32) -> dict:
    """Central differences of the sum of the executor's first output, by name, for each array of `location`.

    location: arrays by name; those of other dtypes than floating ones get zeros.
    """
    values = {name: _numpy(value) for name, value in location.items()}
    for name, value in values.items():
        executor.arg_dict[name][:] = value
    states = {name: _numpy(value) for name, value in (aux_states or {}).items()}

    def total():
        for name, value in states.items():  # which a forward may have changed
            executor.aux_dict[name][:] = value
        return executor.forward(is_train=use_forward_train)[0].asnumpy().sum(dtype=np.float64)

    grads = {}
    for name, value in values.items():
        grads[name] = grad = np.zeros(value.shape, dtype)
        if value.dtype.kind != "f":
            continue
        target, moved = executor.arg_dict[name], value.copy()
        for at in np.ndindex(value.shape):
            moved[at] = value[at] + eps / 2
            target[:] = moved
            above = total()
            moved[at] = value[at] - eps / 2
            target[:] = moved
            grad[at] = (above - total()) / eps
            moved[at] = value[at]
        target[:] = value
    return grads


def check_numeric_gradient(sym, location, aux_states=None, numeric_eps=None, rtol=None, atol=None, grad_nodes=None,
                           use_forward_train=True, ctx=None, grad_stype_dict=None, dtype=np.float32):
    """AssertionError unless backward gives what finite differences of a random projection of the output give.

    location: NumPy arrays, a list or a dict by name.  grad_nodes: arguments to look at (all), a list, or a dict to
    'write', 'add' or 'null'.  grad_stype_dict: storage types of gradients by name, where they are not dense.
    """
    from .. import symbol

    if dtype not in _FLOATS:
        raise AssertionError(f"dtype must be float16, float32 or float64, got {dtype}")
    ctx = ctx or default_context()
    arguments = _arguments(sym, location, ctx, dtype)
    states = _states(sym, aux_states, ctx, dtype)
    eps = default_numeric_eps()[np.dtype(dtype)] if numeric_eps is None else numeric_eps
    if grad_nodes is None:
        grad_nodes = sym.list_arguments()
    reqs = grad_nodes if isinstance(grad_nodes, dict) else dict.fromkeys(grad_nodes, "write")
    values = {name: value.asnumpy() for name, value in arguments.items()}

    shapes = {name: value.shape for name, value in arguments.items()}
    out_shape = sym.infer_shape(**shapes)[1][0]
    projection = "__random_proj"
    # not summed here: in float32 the sum would drown the differences
    loss = symbol.make_loss(symbol.broadcast_mul(symbol.cast(sym[0], dtype), symbol.var(projection)))
    arguments[projection] = array(np.random.uniform(0.1, 1.1, out_shape), ctx, dtype)
    before = {name: np.random.normal(0, 0.01, shape) for name, shape in (*shapes.items(), (projection, out_shape))}
    before = {name: value for name, value in before.items() if name in reqs or name == projection}
    grads = _stored(before, arguments, grad_stype_dict, ctx)
    before = {name: value.asnumpy() for name, value in grads.items()}
    executor = loss.bind(ctx, args=arguments, args_grad=grads, aux_states=states,
                         grad_req={**reqs, projection: "write"})
    executor.forward(is_train=True)
    executor.backward()
    symbolic = {name: grads[name].asnumpy() for name in reqs}
    if states is not None:
        states = {name: _numpy(value) for name, value in _by_name(aux_states, sym.list_auxiliary_states()).items()}
    numeric = numeric_grad(executor, {name: values[name] for name in reqs}, states, eps, use_forward_train, dtype)
    for name, req in reqs.items():
        found, wanted = _as_requested(name, req, symbolic[name], numeric[name], before)
        assert_almost_equal(wanted, found, rtol, atol, (f"NUMERICAL_{name}", f"BACKWARD_{name}"))


# ---------------------------------------------------------------------------------------------------- consistency


def check_consistency(sym, ctx_list, scale=1.0, grad_req="write", arg_params=None, aux_params=None, rtol=None,
                      atol=None, raise_on_err=True, ground_truth=None, equal_nan=False, use_uniform=False,
                      rand_type=np.float64) -> dict:
    """Compare outputs and gradients of a symbol (or several) in several settings; returns those of the best one.

    ctx_list: what to give simple_bind: ctx, shapes by name, type_dict.  The most precise setting says what is right,
    unless ground_truth does.  scale, use_uniform, rand_type: of random arguments; arg_params, aux_params: given ones.
    """
    count = len(ctx_list)
    if count < 2:
        raise AssertionError("check_consistency needs at least two settings to compare")
    symbols = list(sym) if isinstance(sym, list) else [sym] * count
    if len(symbols) != count:
        raise AssertionError(f"got {len(symbols)} symbols for {count} settings")
    for other in symbols[1:]:
        if (other.list_arguments(), other.list_outputs()) != (symbols[0].list_arguments(), symbols[0].list_outputs()):
            raise AssertionError("the symbols must have the same arguments and outputs")
    executors = [s.simple_bind(grad_req=grad_req, **setting) for s, setting in zip(symbols, ctx_list, strict=True)]
    _fill(executors, arg_params, aux_params, scale, use_uniform, rand_type)

    kinds = [_precision(e.outputs) for e in executors]
    best = int(np.argmax([np.finfo(k).precision if k.kind == "f" else 0 for k in kinds]))
    truth = dict(ground_truth or {})
    for executor in executors:
        executor.forward(is_train=False)
    _compare([e.output_dict for e in executors], kinds, best, truth, rtol, atol, equal_nan, raise_on_err)
    if grad_req != "null":
        for executor in executors:
            executor.forward(is_train=True)
            executor.backward(executor.outputs)
        found = [{**e.output_dict, **{n: g for n, g in e.grad_dict.items() if g is not None}} for e in executors]
        truth = dict(ground_truth or {})
        _compare(found, kinds, best, truth, rtol, atol, equal_nan, raise_on_err)
    return truth


def _precision(arrays) -> np.dtype:
    """The least precise dtype among arrays."""
    kinds = [np.dtype(a.dtype) for a in arrays]
    return min(kinds, key=lambda k: np.finfo(k).precision if k.kind == "f" else 99)


def _fill(executors, arg_params, aux_params, scale, use_uniform, rand_type):
    """The same values for all executors: given ones, or random ones; 0 for auxiliary states."""
    arg_params, aux_params = dict(arg_params or {}), dict(aux_params or {})
    for name, array_ in executors[0].arg_dict.items():
        if name not in arg_params:
            draw = np.random.uniform(-1, 1, array_.shape) if use_uniform else np.random.normal(size=array_.shape)
            arg_params[name] = (draw * scale).astype(rand_type)
    for name in executors[0].aux_dict:
        aux_params.setdefault(name, 0)
    for executor in executors:
        for name, array_ in executor.arg_dict.items():
            array_[:] = arg_params[name]
        for name, array_ in executor.aux_dict.items():
            array_[:] = aux_params[name]
        for grad in executor.grad_arrays:
            if grad is not None:
                grad[:] = 0


def _compare(found, kinds, best, truth, rtol, atol, equal_nan, raise_on_err):
    for name, value in found[best].items():
        truth.setdefault(name, value.asnumpy().astype(kinds[best]) if isinstance(value, NDArray) else value)
    for i, arrays in enumerate(found):
        if i == best:
            continue
        for name, value in arrays.items():
            if name not in truth:
                continue
            kind = _precision([value]) if kinds[i].kind != "f" else min(kinds[i], kinds[best], key=lambda k: k.itemsize)
            try:
                assert_almost_equal(_cast(value, kind), _cast(truth[name], kind), _at(rtol, kind), _at(atol, kind),
                                    (f"setting {i}: {name}", f"truth: {name}"), equal_nan=equal_nan)
            except AssertionError as error:
                if raise_on_err:
                    raise
                print(error)


def _cast(value, kind) -> np.ndarray:
    return _numpy(value).astype(kind)


def _at(tolerance, kind):
    """A tolerance given as a number, or by dtype."""
    return tolerance.get(kind, default_rtols()[kind]) if isinstance(tolerance, dict) else tolerance


def check_gluon_hybridize_consistency(net_builder, data_l, numpy_func=None, test_grad=True, rtol=1e-4, atol=1e-4):
    """AssertionError unless a HybridBlock gives the same outputs and gradients hybridized and not.

    net_builder(prefix=...) makes the block; numpy_func of the inputs as NumPy arrays says what is right, if given.
    """
    from .. import autograd

    first = None
    for hybridize in (False, True):
        net = net_builder(prefix="net_")
        net.initialize()
        if hybridize:
            for name, parameter in net.collect_params().items():
                parameter.set_data(first["params"][name])
            net.hybridize()
        inputs = [data.copy() for data in data_l]
        for data in inputs:
            data.attach_grad()
        if test_grad:
            with autograd.record():
                out = net(*inputs)
            out.backward(ones(out.shape, dtype=out.dtype) if isinstance(out, NDArray) else None)
        else:
            out = net(*inputs)
        grads = [data.grad.asnumpy() for data in inputs] if test_grad else []
        if first is None:
            params = {name: parameter.data().copy() for name, parameter in net.collect_params().items()}
            first = {"out": out.asnumpy(), "grads": grads, "params": params}
            if numpy_func is not None:
                assert_almost_equal(numpy_func(*[data.asnumpy() for data in data_l]), out, rtol, atol)
        assert_almost_equal(first["out"], out, rtol, atol)
        for one, other in zip(first["grads"], grads, strict=True):
            assert_almost_equal(one, other, rtol, atol)


def check_speed(sym, location=None, ctx=None, N=20, grad_req=None, typ="whole", **kwargs) -> float:
    """Seconds that a run of a symbol takes, over N runs.

    location: NumPy arrays by name; None for random ones of the shapes in kwargs.  typ: 'whole' with backward,
    'forward' without (ValueError for others).
    """
    if typ not in ("whole", "forward"):
        raise ValueError('typ can only be "whole" or "forward".')
    ctx = ctx or default_context()
    if location is None:
        executor = sym.simple_bind(ctx, grad_req=grad_req or "write", **kwargs)
        location = {name: np.random.normal(size=a.shape) for name, a in executor.arg_dict.items()}
    else:
        shapes = {name: np.asarray(value).shape for name, value in location.items()}
        executor = sym.simple_bind(ctx, grad_req=grad_req or "write", **shapes)
    for name, value in location.items():
        executor.arg_dict[name][:] = value

    def run():
        outputs = executor.forward(is_train=typ == "whole")
        if typ == "whole":
            executor.backward(outputs)
        for out in outputs:
            out.wait_to_read()

    run()
    start = time.perf_counter()
    for _ in range(N):
        run()
    return (time.perf_counter() - start) / N


def same_symbol_structure(sym1, sym2) -> bool:
    """Whether two symbols are the same graph but for names and attributes: the same operators on the same inputs."""
    def structure(sym):
        nodes = sym._nodes()
        at = {id(node): i for i, node in enumerate(nodes)}
        return [(node.op, [(at[id(e.node)], e.index) for e in node.inputs]) for node in nodes]

    return structure(sym1) == structure(sym2)
