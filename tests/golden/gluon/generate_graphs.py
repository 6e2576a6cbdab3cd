"""Writes the graphs that MXNet's layers make when they are called with symbols: graphs.json; run it under 1.9.1."""

import json
import os
import warnings

import layer_cases as cases

import mxnet as mx

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    answers = {text: cases.graph(mx, text, inputs) for text, inputs in cases.graphs()}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "graphs.json"), "w") as file:
        rows = ["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in answers.items()]
        file.write("{\n" + ",\n".join(rows) + "\n}\n")
