"""`python -m examples.digits.predict FOLDER`: a fresh process loads what was saved and compares.

It shares nothing with the process that trained but the files: if every score is the same to the last
bit, the saved parameters are the whole network.
"""
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from . import data, layers, train

PARAMETERS = "digits.params"
SCORES = "scores.npy"


def main(folder: Path) -> int:
    net = layers.build()
    net.load_parameters(str(folder / PARAMETERS))
    scores = train.scores(net, data.load().test_images)
    expected = np.load(folder / SCORES)
    same = int((scores == expected).all(axis=1).sum())
    print(f"a fresh process   {same} of {len(expected)} predictions the same to the last bit")
    return 0 if same == len(expected) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
