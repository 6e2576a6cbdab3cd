"""Writes module.json, what MXNet's modules compute in module_cases.py; run it under 1.9.1."""

import json
import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import module_cases  # noqa: E402

if __name__ == "__main__":
    answers = {case.__name__: module_cases.plain(case(mx)) for case in module_cases.CASES}
    with open(os.path.join(HERE, "module.json"), "w") as f:
        f.write("{\n" + ",\n".join('"{}": {}'.format(*item) for item in
                                   ((name, json.dumps(answer)) for name, answer in answers.items())) + "\n}\n")
