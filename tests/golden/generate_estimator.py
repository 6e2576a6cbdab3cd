"""Writes estimator.json, what MXNet's Estimator does in estimator_cases.py; run it under 1.9.1."""

import json
import os
import sys
import tempfile

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import estimator_cases  # noqa: E402

if __name__ == "__main__":
    answers = []
    for code in estimator_cases.CASES:
        with tempfile.TemporaryDirectory() as folder:
            answers.append(estimator_cases.run(mx, code, folder))
    with open(os.path.join(HERE, "estimator.json"), "w") as f:
        f.write("[\n" + ",\n".join(map(json.dumps, answers)) + "\n]\n")
