"""What functions of client packages that are not networks answer: texts and arrays. Runs under Python 3.8, too."""

import tempfile

import numpy as np

import mxnet as mx

if int(np.__version__.split(".")[0]) > 1:
    np.set_printoptions(legacy="1.25")  # numbers print as under the NumPy of MXNet's time


def pack(*found):
    """Texts and arrays of whatever came out."""
    packed = {}
    for number, value in enumerate(found):
        walk(value, str(number), packed)
    return packed


def walk(value, key, packed):
    if isinstance(value, mx.nd.NDArray):
        if value.stype != "default":
            packed[key + ".stype"] = value.stype
        packed[key] = value.asnumpy()
        packed[key + ".dtype"] = str(np.dtype(value.dtype))
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iufb":
        packed[key] = value
    elif isinstance(value, (list, tuple)) and any(
        isinstance(x, (mx.nd.NDArray, np.ndarray, list, tuple)) for x in value
    ):
        packed[key + ".type"] = type(value).__name__
        for number, item in enumerate(value):
            walk(item, key + "." + str(number), packed)
    else:
        packed[key] = repr(value)


def in_folder(function):
    def case():
        with tempfile.TemporaryDirectory() as folder:
            return function(folder)

    return case


def gradient(function, *arrays):
    for array in arrays:
        array.attach_grad()
    with mx.autograd.record():
        out = function(*arrays)
    out.backward()
    return [out, *[array.grad for array in arrays]]
