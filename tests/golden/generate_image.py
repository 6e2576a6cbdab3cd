"""Writes image.json, what MXNet makes of the images in image_cases.py; run it under 1.9.1."""

import json
import os
import sys
import tempfile

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import image_cases  # noqa: E402

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        image_cases.make_files(folder)
        answers = [image_cases.run(mx, code, seed, folder) for code, seed in image_cases.CASES]
    with open(os.path.join(HERE, "image.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(answer) for answer in answers) + "\n]\n")
