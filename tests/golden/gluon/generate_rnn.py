"""Writes what MXNet's recurrent cells are, draw and compute: rnn.json; run it under 1.9.1."""

import json
import os
import warnings

import rnn_cases as cases

import mxnet as mx


def attempt(answers, what, ask, *case):
    """Note the answer; where MXNet fails, or a cell takes no Symbols, it has none."""
    try:
        answers[what] = ask(*case)
    except (mx.MXNetError, AttributeError) as error:
        print("no", what, "of", case[1:], str(error).splitlines()[-1])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    answers = {}
    for text, keywords, whole, shape in cases.cases():
        answers[f"{text} | {keywords} | {whole}"] = answer = {}
        attempt(answer, "graph", cases.graph, mx, text, keywords, whole)
        if not keywords:
            answer["is"] = cases.describe(mx, text)
        if shape:
            attempt(answer, "does", cases.run, mx, text, keywords, whole, shape)
    answers["refused"] = {text: cases.refusal(mx, text) for text in cases.REFUSED}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rnn.json"), "w") as file:
        rows = ["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in answers.items()]
        file.write("{\n" + ",\n".join(rows) + "\n}\n")
