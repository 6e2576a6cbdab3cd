"""Writes data.json, what MXNet's datasets, samplers and loaders give in data_cases.py; run it under 1.9.1."""

import json
import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import data_cases  # noqa: E402

if __name__ == "__main__":
    answers = [[case, data_cases.run(mx, case)] for case in data_cases.CASES]
    with open(os.path.join(HERE, "data.json"), "w") as f:
        f.write("[\n" + ",\n".join(map(json.dumps, [*answers, ["wikitext", data_cases.wikitext(mx)]])) + "\n]\n")
