"""Writes viz.json, what MXNet prints and draws of viz_cases.py; run it under 1.9.1 with graphviz."""

import json
import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import viz_cases  # noqa: E402


def fresh(function, *case):
    with mx.name.NameManager():
        return function(mx, *case)


if __name__ == "__main__":
    answers = {"tables": [fresh(viz_cases.table, *case) for case in viz_cases.TABLES],
               "drawings": [fresh(viz_cases.drawing, *case) for case in viz_cases.DRAWINGS]}
    with open(os.path.join(HERE, "viz.json"), "w") as f:
        json.dump(answers, f, indent=0)
        f.write("\n")
