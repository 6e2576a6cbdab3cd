"""Writes model_files/: nets that MXNet's Block.save wrote; run it under 1.9.1.  test_model_file.py loads them."""

import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from model_file_nets import Net  # noqa: E402

if __name__ == "__main__":
    for hybridized in (False, True):
        net = Net(mx.gluon.nn)
        net.initialize(mx.init.Constant(0.25))
        if hybridized:
            net.hybridize()
        net(mx.nd.ones((2, 3)))
        net.save(os.path.join(HERE, "model_files", "hybridized" if hybridized else "plain"))
