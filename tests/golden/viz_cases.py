"""Tables and drawings of networks, as code that runs under real MXNet and under ours."""
import contextlib
import io
import warnings


def lenet(mx):
    sym, data = mx.sym, mx.sym.Variable("data")
    x = sym.Convolution(data, num_filter=8, kernel=(3, 3), name="c1")
    x = sym.Pooling(sym.BatchNorm(x, name="b1"), kernel=(2, 2), stride=(2, 2), pool_type="max", name="p1")
    x = sym.Convolution(x, num_filter=8, kernel=(3, 3), num_group=2, no_bias=True, stride=(1, 2), name="c2")
    x = sym.LeakyReLU(sym.Activation(x, act_type="relu", name="a"), act_type="prelu", name="l")
    x = sym.FullyConnected(sym.Flatten(x, name="fl"), num_hidden=10, name="fc")
    x = sym.FullyConnected(x, num_hidden=4, no_bias=True, name="a_layer_with_a_name_too_long_for_its_column_of_it")
    return sym.SoftmaxOutput(x, name="softmax")


def branches(mx):
    sym, data, other = mx.sym, mx.sym.Variable("data"), mx.sym.Variable("other")
    x = sym.Deconvolution(data, num_filter=4, kernel=(2, 2), name="d")
    x = sym.broadcast_add(x, other, name="sum") + x * 2
    x = sym.concat(x, sym.sin(x, name="sin"), dim=1, name="cat")
    parts = sym.SliceChannel(x, num_outputs=2, name="parts")
    return sym.Group([parts[0] + parts[1], sym.LayerNorm(x, name="ln")])


def words(mx):
    sym = mx.sym
    x = sym.Embedding(sym.Variable("data"), input_dim=7, output_dim=3, name="e")
    return sym.Reshape(sym.Dropout(x, name="drop"), shape=(0, -1), name="r")


def block(mx):
    net = mx.gluon.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(mx.gluon.nn.Conv2D(4, 3), mx.gluon.nn.BatchNorm(), mx.gluon.nn.GlobalAvgPool2D(),
                mx.gluon.nn.Dense(2, activation="relu"))
    return net(mx.sym.Variable("data"))


def twice(mx):
    x = mx.sym.FullyConnected(mx.sym.Variable("data"), name="fc", num_hidden=3)
    return mx.sym.FullyConnected(mx.sym.Activation(x, act_type="tanh", name="t"), name="fc", num_hidden=2)


LENET = {"data": (2, 3, 14, 14)}
BRANCHES = {"data": (1, 3, 4, 4), "other": (1, 4, 5, 1)}
TABLES = [("lenet",), ("lenet", LENET), ("lenet", LENET, 80), ("lenet", LENET, 100, [30, 60, 80, 99]),
          ("branches",), ("branches", BRANCHES), ("words", {"data": (5, 6)}), ("block", {"data": (1, 3, 8, 8)}),
          ("block",), ("twice", {"data": (2, 5)}), ("lenet", {})]
DRAWINGS = [("lenet", {}), ("lenet", {"hide_weights": False, "title": "my net", "save_format": "png"}),
            ("lenet", {"shape": LENET}), ("lenet", {"shape": LENET, "dtype": {"data": "float32"}}),
            ("lenet", {"dtype": {"data": "float16"}, "hide_weights": False}),
            ("lenet", {"node_attrs": {"shape": "oval", "fixedsize": "false"}}), ("branches", {}),
            ("branches", {"shape": BRANCHES}), ("words", {"hide_weights": False}), ("block", {}), ("twice", {}),
            ("lenet", {"shape": {}})]


def table(mx, net, *args):
    """The lines printed, or the class of the error."""
    printed = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        try:
            mx.viz.print_summary(globals()[net](mx), *args)
        except ValueError as error:
            return [repr(error)]
    return [line.rstrip() for line in printed.getvalue().splitlines()]


def drawing(mx, net, options):
    """The lines of the source, format and names, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            made = mx.viz.plot_network(globals()[net](mx), **options)
        except ValueError as error:
            return [repr(error)]
    told = [w.category.__name__ for w in caught if "same name" in str(w.message)]
    return [*made.source.split("\n"), made.format, made.name, made.filename, *told]
