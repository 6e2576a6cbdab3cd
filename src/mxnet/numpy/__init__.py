"""mx.np, MXNet's arrays with NumPy's rules: not available yet.

The module exists because code that works with mx.nd often imports it beside; using a name of it says so.
"""


def __getattr__(name):
    raise AttributeError(f"mxnet.numpy.{name} is not available yet; mx.nd has the operators that are")
