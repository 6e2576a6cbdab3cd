"""Writes what MXNet answers to layer_cases.py: layers, losses, initializers .json; run it under 1.9.1."""

import json
import os
import warnings

import layer_cases as cases

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))


def refusal(text):
    """Class of the error, and its words where they are the layer's own and not the operator's or Python's."""
    try:
        cases.make(mx, text)
    except Exception as error:
        own = type(error) in (AssertionError, ValueError) and "recieved" not in str(error)
        return [type(error).__name__, str(error) if own else ""]
    raise AssertionError(text + " raised nothing")


def save(name, answers):
    with open(os.path.join(HERE, name + ".json"), "w") as file:
        rows = ["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in answers.items()]
        file.write("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    layers = {}
    for text, shapes in {**cases.LAYERS, **cases.CONTRIB, **cases.RECURRENT}.items():
        layers[text] = {"is": cases.describe(mx, text)}
        if shapes:
            layers[text]["does"] = cases.run_layer(mx, text, shapes)
    layers["refused"] = {text: refusal(text) for text in cases.REFUSED}
    save("layers", layers)
    save("losses", {f"{loss} | {args}": cases.run_loss(mx, loss, args) for loss, args in cases.LOSSES})
    answers = {f"{i} | {n} | {s}": cases.run_init(mx, i, n, s) for i, n, s in cases.INITS}
    answers["names"] = {n: [cases.run_name(mx, n, True), cases.run_name(mx, n, False)] for n in cases.NAMES}
    save("initializers", answers)
