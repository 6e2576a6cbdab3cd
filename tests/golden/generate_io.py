"""Writes io.json, what MXNet's iterators say in io_cases.py; run it under 1.9.1."""

import json
import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import io_cases  # noqa: E402

if __name__ == "__main__":
    answers = [io_cases.run(mx, code) for code in io_cases.MAKERS + io_cases.ANSWERED]
    with open(os.path.join(HERE, "io.json"), "w") as f:
        f.write("[\n" + ",\n".join(map(json.dumps, answers)) + "\n]\n")
