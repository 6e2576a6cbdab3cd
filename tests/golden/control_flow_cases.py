"""Graphs with control flow as code that runs under real MXNet and under ours; answers are plain JSON."""
import json
from collections import defaultdict

import numpy as np


def flat(parts):
    return [leaf for part in parts for leaf in (flat(part) if isinstance(part, (list, tuple)) else [part])]


def total(sym, d, s, w):
    """A sum, with a free variable."""
    return sym.contrib.foreach(lambda x, h: (x * w + h, x * w + h), d, s)


def layer(sym, d, s, w):
    """A layer that makes its own variables, and the state alone as an output."""
    return sym.contrib.foreach(
        lambda x, h: (sym.FullyConnected(x, num_hidden=3, name="fc") + h, sym.tanh(h)), d, s)


def outer_nodes(sym, d, s, w):
    """Nodes of the graph outside, one of several outputs, an output that is one of them."""
    e, parts = sym.exp(w, name="e"), sym.split(w.expand_dims(0), num_outputs=3, axis=1, squeeze_axis=True, name="sp")
    return sym.contrib.foreach(lambda x, h: ([x * e, e, sym.broadcast_add(x, parts[1])], h + x), d, s)


def structures(sym, d, s, w):
    """Nested lists in and out, one array for two states."""
    return sym.contrib.foreach(
        lambda x, h: ([x[0] + h[0], [x[1] * h[1][0]]], [h[1][0], [h[0] * x[1]]]), [d, d * 2], [s, [s + 1]])


def no_outputs(sym, d, s, w):
    """Only states."""
    return sym.contrib.foreach(lambda x, h: ([], [h[0] * 0.5 + x]), d, [s])


def named(sym, d, s, w):
    """A name of its own; only symbols have one."""
    def body(x, h):
        return sym.contrib.cond(sym.sum(x) < 1, lambda: x, lambda: x * w, name="which"), h

    return sym.contrib.foreach(body, d, s, name="mine")


def vector(sym, d, s, w):
    """Slices of a vector have one element."""
    return sym.contrib.foreach(lambda x, h: (sym.broadcast_mul(x, h), h + 1), d.sum(axis=1), s)


def doubling(sym, d, s, w):
    """A loop that ends before its limit."""
    outputs, (i, x) = sym.contrib.while_loop(
        lambda i, x: i < 3, lambda i, x: (x * w, [i + 1, x * 2 + w]), [sym.zeros((1,)), s], max_iterations=5)
    return [outputs.slice_axis(axis=0, begin=0, end=3), i, x]  # the rest is undefined in MXNet


def until(sym, d, s, w):
    """A condition with a free variable, and one that the body has too."""
    e = sym.exp(w, name="e")
    return sym.contrib.while_loop(lambda x: sym.sum(x * e) < 50, lambda x: (None, x * 2 + e), s, max_iterations=9)


def either(sym, d, s, w):
    """Two branches that share variables."""
    return [sym.contrib.cond(sym.sum(s) < 1, lambda: [s * w, [w]], lambda: [sym.exp(s), [s + w]])]


def other(sym, d, s, w):
    """The other branch."""
    p = sym.sum(s) < 1
    return [sym.contrib.cond(1 - p, lambda: s * w, lambda: sym.broadcast_mul(sym.exp(s) + w, p))]


def nested(sym, d, s, w):
    """foreach in foreach, in there a condition, a loop below it."""
    def inner(x, h):
        chosen = sym.contrib.cond(sym.sum(x) < 1, lambda: x * h + e, lambda: x - h)
        return chosen, chosen

    e = sym.exp(w, name="e")
    return sym.contrib.foreach(lambda x, h: sym.contrib.foreach(
        lambda y, g: inner(sym.broadcast_add(y, w), g), x, h), d, s)


def loop_in_loop(sym, d, s, w):
    """A loop whose body is one, up to a limit that it counts."""
    def body(i, x):
        _, new = sym.contrib.while_loop(lambda y: sym.sum(y) < 20 * (i + 1), lambda y: (None, y * 2 + w), x,
                                        max_iterations=20)
        return [new], [i + 1, new]

    outputs, rest = sym.contrib.while_loop(lambda i, x: i < 3, body, [sym.zeros((1,)), s], max_iterations=3)
    return [outputs, rest]


CASES = [total, layer, outer_nodes, structures, no_outputs, named, vector, doubling, until, either, other, nested,
         loop_in_loop]
SHAPES = {"d": (4, 3), "s": (3,), "w": (3,), "fc_weight": (3, 3), "fc_bias": (3,)}
OTHER_SHAPES = {"layer": {"d": (4, 2, 3), "s": (2, 3)}, "vector": {"s": (2,)}}


def build(mx, case):
    mx.AttrScope._subgraph_names = defaultdict(int)
    with mx.name.NameManager():
        return mx.sym.Group(flat(case(mx.sym, *(mx.sym.var(name) for name in "dsw"))))


def graph(mx, case):
    return json.loads(build(mx, case).tojson())


def run(mx, symbol, name, gradients=True):
    """Outputs, and gradients of all arguments, of fixed arrays."""
    shapes = {**SHAPES, **OTHER_SHAPES.get(name, {})}
    args = {}
    for i, key in enumerate(symbol.list_arguments()):
        count = int(np.prod(shapes[key]))
        args[key] = mx.nd.array(np.sin(np.arange(count) + i).reshape(shapes[key]) / 2)
    grads = {key: mx.nd.zeros(value.shape) for key, value in args.items()} if gradients else None
    executor = symbol.bind(mx.cpu(), args, grads)
    executor.forward(is_train=gradients)
    answer = {"outputs": [out.asnumpy().tolist() for out in executor.outputs]}
    if gradients:
        executor.backward([mx.nd.array(np.cos(np.arange(out.size)).reshape(out.shape)) for out in executor.outputs])
        answer["grads"] = {key: value.asnumpy().tolist() for key, value in grads.items()}
    return answer
