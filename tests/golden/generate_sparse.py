"""Writes sparse.json, what MXNet answers in sparse_cases.py; run it under 1.9.1."""

import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import sparse_cases  # noqa: E402

if __name__ == "__main__":
    with open(os.path.join(HERE, "sparse.json"), "w") as f:
        f.write(sparse_cases.dumped([sparse_cases.run(mx, *case) for case in sparse_cases.cases()]))
