"""Writes how MXNet writes graphs with control flow and what they compute: control_flow.json; run it under 1.9.1."""
import json
import os

import control_flow_cases as cases

import mxnet as mx

if __name__ == "__main__":
    answers = {}
    for case in cases.CASES:
        name = case.__name__
        answers[name] = {"graph": cases.graph(mx, case)}
        for gradients in (True, False):  # MXNet cannot differentiate all of these, nor run them all
            try:
                answers[name].update(cases.run(mx, cases.build(mx, case), name, gradients))
                break
            except mx.MXNetError as error:
                print(name, "with gradients" if gradients else "alone", str(error).splitlines()[-1])
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "control_flow.json"), "w") as file:
        rows = ["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in answers.items()]
        file.write("{\n" + ",\n".join(rows) + "\n}\n")
