"""Writes what MXNet's symbolic cells draw and compute: graphs.json.gz and values.npz; run it under MXNet 1.9.1."""
from __future__ import annotations

import gzip
import json
import os

import cell_cases as cases
import numpy as np

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    graphs = {"%s | %s | %s" % case: cases.graph(mx, *case) for case in cases.cases()}
    with open(os.path.join(HERE, "graphs.json.gz"), "wb") as file:
        file.write(gzip.compress(json.dumps(graphs, sort_keys=True).encode(), mtime=0))
    answers = {}
    for text in cases.CELLS:
        answers.update(("%s | %s" % (text, name), array) for name, array in cases.values(mx, text).items())
    np.savez_compressed(os.path.join(HERE, "values.npz"), **answers)
