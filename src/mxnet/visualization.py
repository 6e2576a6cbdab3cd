"""mx.viz: a Symbol as a table (print_summary) and as a drawing by Graphviz (plot_network)."""

import re
import warnings
from collections import Counter
from math import prod
from typing import Any

import numpy as np

from .symbol import Symbol
from .symbol._node import Node

__all__ = ["plot_network", "print_summary"]


def _str2tuple(string) -> list[str]:
    """The numbers in a text such as '(3, 3)', as texts."""
    return re.findall(r"\d+", str(string))


def _known_shapes(symbol: Symbol, given: dict) -> dict[str, tuple]:
    """The shape of every output of every node, by name; ValueError if some do not follow from those given."""
    internals = symbol.get_internals()
    _, shapes, _ = internals.infer_shape(**given)
    if shapes is None:
        raise ValueError("Input shape is incomplete")
    return dict(zip(internals.list_outputs(), shapes, strict=True))


# --------------------------------------------------------------------------------------------------- the table


def print_summary(symbol, shape=None, line_length=120, positions=(.44, .64, .74, 1.)):
    """Print a table of layers: name and operator, shape of the output, number of parameters, which layers come before.

    shape: shapes of the inputs by name; without them there are no shapes in the table.  line_length: characters of a
    line.  positions: where the columns end, as parts of a line or in characters.

    Parameters are counted as MXNet counts them: of Convolution, FullyConnected, Embedding and BatchNorm, from the
    second dimension of the layers before.  TypeError for what is no Symbol, ValueError for shapes that do not suffice.
    """
    if not isinstance(symbol, Symbol):
        raise TypeError("symbol must be Symbol")
    shapes = None if shape is None else _known_shapes(symbol, shape)
    if positions[-1] <= 1:
        positions = [int(line_length * p) for p in positions]

    def print_row(*fields):
        line = ""
        for field, end in zip(fields, positions, strict=False):
            line = (line + str(field))[:end].ljust(end)
        print(line)

    print("_" * line_length)
    print_row("Layer (type)", "Output Shape", "Param #", "Previous Layer")
    print("=" * line_length)
    nodes = symbol._nodes()
    counted = {id(nodes[0]), id(symbol._entries[0].node)}  # variables among these are layers, too
    layers = [node for node in nodes if not node.is_variable or node is nodes[0]]
    total = 0
    for layer in layers:
        before = [entry.node for entry in layer.inputs if not entry.node.is_variable or id(entry.node) in counted]
        count = _count_parameters(layer, before, shapes)
        total += count
        names = [node.name for node in before]
        print_row(f"{layer.name}({'null' if layer.is_variable else layer.op.name})",
                  "x".join(map(str, _shape_of(layer, shapes))), count, names[0] if names else "")
        for name in names[1:]:
            print_row("", "", "", name)
        print(("=" if layer is layers[-1] else "_") * line_length)
    print(f"Total params: {total}")
    print("_" * line_length)


def _shape_of(node: Node, shapes: dict[str, tuple] | None) -> tuple:
    """The shape of a layer's output without the batch; () for layers with several outputs."""
    key = node.name if node.is_variable else f"{node.name}_output"
    return (shapes or {}).get(key, ())[1:]


def _count_parameters(node: Node, before: list[Node], shapes: dict[str, tuple] | None) -> int:
    if node.is_variable:
        return 0
    attrs = node.parsed
    incoming = sum(shape[0] for shape in (_shape_of(b, shapes) for b in before) if shape)
    if node.op.name == "Convolution":
        bias = 0 if attrs["no_bias"] else attrs["num_filter"]
        return incoming * attrs["num_filter"] // attrs["num_group"] * prod(attrs["kernel"]) + bias
    if node.op.name == "FullyConnected":
        return (incoming + (not attrs["no_bias"])) * attrs["num_hidden"]
    if node.op.name == "BatchNorm":
        return 2 * sum(_shape_of(node, shapes)[:1])
    if node.op.name == "Embedding":
        return attrs["input_dim"] * attrs["output_dim"]
    return 0


# ------------------------------------------------------------------------------------------------- the drawing

_WEIGHTS = ("_weight", "_bias", "_beta", "_gamma", "_moving_var", "_moving_mean", "_running_var", "_running_mean")

_BOX = {"shape": "box", "fixedsize": "true", "width": "1.3", "height": "0.8034", "style": "filled"}
_EDGE = {"dir": "back", "arrowtail": "open"}

_COLOURS = {"Convolution": "#fb8072", "FullyConnected": "#fb8072", "BatchNorm": "#bebada", "Activation": "#ffffb3",
            "LeakyReLU": "#ffffb3", "Pooling": "#80b1d3", "Concat": "#fdb462", "Flatten": "#fdb462",
            "Reshape": "#fdb462"}
_COLOUR_OF_VARIABLES, _COLOUR_OF_OTHERS = "#8dd3c7", "#fccde5"


def plot_network(symbol, title="plot", save_format="pdf", shape=None, dtype=None, node_attrs=None, hide_weights=True):
    """A graphviz.Digraph of a Symbol: `plot_network(net).render()` makes the file, `.source` is its text.

    title: name of the graph and of the file.  save_format: what `render` makes, 'pdf', 'png', ...  shape, dtype: of
    inputs by name; edges then show what flows along them.  node_attrs: Graphviz attributes for all nodes.
    hide_weights: leave out edges to weights, biases and statistics.

    Needs the package graphviz (`pip install 'glueball[viz]'`; ImportError), and for `render` Graphviz itself.  Warns
    where several nodes have one name, for Graphviz takes them to be the same.
    """
    try:
        from graphviz import Digraph
    except ImportError as error:
        raise ImportError("Draw network requires graphviz library: pip install 'glueball[viz]'") from error
    if not isinstance(symbol, Symbol):
        raise TypeError("symbol must be a Symbol")
    shapes = None if shape is None else _known_shapes(symbol, shape)
    dtypes = None if dtype is None else _known_types(symbol, dtype)
    nodes = symbol._nodes()
    repeated = [name for name, count in Counter(node.name for node in nodes).items() if count > 1]
    if repeated:
        warnings.warn("There are multiple variables with the same name in your graph, this may result in cyclic "
                      f"graph. Repeated names: {','.join(repeated)}", RuntimeWarning, stacklevel=2)
    drawing = Digraph(name=title, format=save_format)
    drawn = [node for node in nodes if not (node.is_variable and node.name.endswith(_WEIGHTS))]
    for node in drawn:
        look = {**_BOX, "shape": "oval" if node.is_variable else "box", **(node_attrs or {})}
        drawing.node(name=node.name, label=_label(node), **{**look, "fillcolor": _colour(node)})
    for node in drawn:
        for source, index, _ in node.inputs:
            if not (hide_weights and source.is_variable and source.name.endswith(_WEIGHTS)):
                drawing.edge(tail_name=node.name, head_name=source.name, **_EDGE,
                             label=_what_flows(source.output_name(index), shapes, dtypes))
    return drawing


def _known_types(symbol: Symbol, given: dict) -> dict[str, Any]:
    """The dtype of every output of every node, by name; ValueError if some do not follow from those given."""
    internals = symbol.get_internals()
    _, types, _ = internals.infer_type(**given)
    if types is None:
        raise ValueError("Input type is incomplete")
    return dict(zip(internals.list_outputs(), types, strict=True))


def _what_flows(name: str, shapes: dict | None, dtypes: dict | None) -> str:
    """The label of an edge: the shape without the batch, and the dtype."""
    label = "" if shapes is None else "x".join(map(str, shapes[name][1:]))
    return label if dtypes is None else f"{label}({getattr(dtypes[name], '__name__', np.dtype(dtypes[name]).name)})"


def _colour(node: Node) -> str:
    return _COLOUR_OF_VARIABLES if node.is_variable else _COLOURS.get(node.op.name, _COLOUR_OF_OTHERS)


def _label(node: Node) -> str:
    kind, attrs = None if node.is_variable else node.op.name, node.attrs
    size, step = ("x".join(_str2tuple(attrs.get(name, default))) for name, default in (("kernel", ""), ("stride", 1)))
    if kind == "Convolution":
        return f"{kind}\n{size}/{step}, {attrs['num_filter']}"
    if kind == "FullyConnected":
        return f"{kind}\n{attrs['num_hidden']}"
    if kind in ("Activation", "LeakyReLU"):
        return f"{kind}\n{attrs.get('act_type', 'leaky')}"
    if kind == "Pooling":
        return f"{kind}\n{attrs.get('pool_type', 'max')}, {size}/{step}"
    return attrs["op_type"] if kind == "Custom" else node.name
