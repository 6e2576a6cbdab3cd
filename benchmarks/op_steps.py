"""Rows of the sweep as functions: `nd_step` runs unchanged on this package and on real MXNet (Python 3.8).

A step is called over and over; it returns its outputs, and after them the gradients when it computes any.
"""

import textwrap

import mxnet as mx
from mxnet import autograd, nd

from .op_rows import arrays, head_gradient


def function(code, names):
    """The code of a row as a function; a statement gives back its target, the input x."""
    try:
        compile(code, "row", "eval")
        body = f"return {code}"
    except SyntaxError:
        body = f"global x\n{code}\nreturn x"
    made = dict(names)
    exec("def step():\n" + textwrap.indent(body, "    "), made)
    return made["step"]


def _listed(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


def nd_step(row, n, grad):
    """The row's MXNet code on arrays of size `n`."""
    inputs, leaves = {}, []
    for name, spec in row.inputs.items():
        value, _, wanted = arrays(name, spec, n)
        inputs[name] = nd.array(value, dtype=value.dtype)
        if grad and wanted:
            inputs[name].attach_grad()
            leaves.append(inputs[name])
    forward = function(row.code, {"nd": nd, "mx": mx, "n": n, **inputs})
    if not grad:
        return lambda: _listed(forward())
    heads = [nd.array(head_gradient(out.shape), dtype=out.dtype) for out in _listed(forward())]

    def step():
        with autograd.record():
            outputs = _listed(forward())
        autograd.backward(outputs, heads)
        return outputs + [leaf.grad for leaf in leaves]

    return step


def nd_values(step):
    return [array.asnumpy() for array in step()]
