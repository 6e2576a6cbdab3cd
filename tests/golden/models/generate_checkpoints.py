"""Checkpoints as an older MXNet writes them: `python generate_checkpoints.py FOLDER`, on Python 3.6 and that release.

All values are those of formula.fill, so that whoever reads the files knows what must come out.
"""
import os
import sys

from formula import fill
from generate_models import MODELS

import mxnet as mx


def filled(symbol, inputs):
    """Arguments and auxiliary states of a symbol, but for its inputs."""
    found = symbol.infer_shape(**inputs)
    lists = (symbol.list_arguments(), found[0]), (symbol.list_auxiliary_states(), found[2])
    return [{name: mx.nd.array(fill(name, shape)) for name, shape in zip(names, shapes) if name not in inputs}
            for names, shapes in lists]


def gluon_net(mx):
    """A small network of layers, without values."""
    nn = mx.gluon.nn
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        for layer in (nn.Conv2D(4, 3, padding=1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"),
                      nn.Flatten(), nn.Dense(3)):
            net.add(layer)
    return net


def main(folder):
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    symbol = MODELS["mlp"][0]()
    mx.model.save_checkpoint("mlp", 3, symbol, *filled(symbol, {"data": (2, 3, 4), "softmax_label": (2,)}))
    if not hasattr(mx, "gluon"):
        return
    net = gluon_net(mx)
    net.initialize()
    net(mx.nd.zeros((1, 3, 4, 4)))
    for name, parameter in net.collect_params().items():
        parameter.set_data(mx.nd.array(fill(name, parameter.shape)))
    save = getattr(net, "save_parameters", None) or net.save_params
    save("gluon.params")
    if hasattr(net, "export"):
        net.hybridize()
        net(mx.nd.zeros((1, 3, 4, 4)))
        net.export("gluon")


if __name__ == "__main__":
    main(sys.argv[1])
