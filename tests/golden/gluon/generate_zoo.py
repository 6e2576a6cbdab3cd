"""Writes what MXNet answers to zoo_cases.py: zoo.json; run it under 1.9.1."""

import json
import os

import zoo_cases as cases

import mxnet as mx


def refusal(text):
    try:
        cases.make(mx, text)
    except Exception as error:
        return [type(error).__name__, str(error)]
    raise AssertionError(text + " raised nothing")


if __name__ == "__main__":
    sha1 = mx.gluon.model_zoo.model_store._model_sha1
    answers = {
        "models": {text: dict(cases.describe(mx, text), **cases.graph(mx, text)) for text in cases.MODELS},
        "refused": {text: refusal(text) for text in cases.REFUSED},
        "runs": {text: cases.run(mx, text, size) for text, size in cases.RUNS},
        "sha1": cases.digest(sorted(sha1.items())),
    }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "zoo.json"), "w") as file:
        sections = []
        for section, value in answers.items():
            if isinstance(value, dict):
                rows = ",\n".join("%s: %s" % (json.dumps(key), json.dumps(item)) for key, item in value.items())
                value = "{\n" + rows + "\n}"
            else:
                value = json.dumps(value)
            sections.append("%s: %s" % (json.dumps(section), value))
        file.write("{\n" + ",\n".join(sections) + "\n}\n")
