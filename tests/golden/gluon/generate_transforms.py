"""Writes transforms.json, what MXNet's transforms make of images in transform_cases.py; run it under 1.9.1."""

import json
import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import transform_cases as cases  # noqa: E402


def refusal(text, name):
    try:
        cases.make(mx, text)(cases.images(mx)[name]).wait_to_read()
    except Exception as error:
        return type(error).__name__
    raise AssertionError(f"{text} takes {name}")


def rounded(answer):
    """Seven digits are what float32 has."""
    if isinstance(answer, float):
        return float(f"{answer:.7g}")
    if isinstance(answer, dict):
        return {key: rounded(value) for key, value in answer.items()}
    return [rounded(value) for value in answer] if isinstance(answer, list) else answer


if __name__ == "__main__":
    answers = {
        "values": [rounded(cases.values(mx, text, name)) for text, name in cases.VALUES],
        "blocks": [cases.describe(mx, text) for text in cases.BLOCKS],
        "refused": [refusal(text, name) for text, name in cases.REFUSED],
    }
    with open(os.path.join(HERE, "transforms.json"), "w") as f:
        f.write("{" + ",\n".join(
            f'"{kind}": [\n' + ",\n".join(json.dumps(answer, separators=(",", ":")) for answer in several) + "\n]"
            for kind, several in answers.items()) + "}\n")
