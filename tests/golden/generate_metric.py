"""Writes metric.json, what MXNet's metrics say in metric_cases.py; run it under 1.9.1."""

import json
import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import metric_cases  # noqa: E402

if __name__ == "__main__":
    answers = [metric_cases.run(mx, mx.metric, *case) for case in metric_cases.CASES]
    with open(os.path.join(HERE, "metric.json"), "w") as f:
        f.write("[\n" + ",\n".join(map(json.dumps, answers)) + "\n]\n")
