"""Answer cases of a client package, under this Python: one .npz of texts and arrays a case. compare.py calls it.

    python answer.py PACKAGE --names
    python answer.py PACKAGE FOLDER REFERENCE [--full] NAME...

PACKAGE_cases.py has `families() -> {name: family}` and `answer(name, full, reference) -> {key: text or array}`;
`reference` is what MXNet answered to the case (None where MXNet is being asked), and a path for larger files.
Runs under the Python 3.8 of MXNet 1.9.1, too.
"""
import gc
import importlib
import os
import sys
import traceback

import numpy as np

import mxnet as mx


def main(arguments):
    package = importlib.import_module(arguments[0] + "_cases")
    if arguments[1] == "--names":
        for name, family in package.families().items():
            print(name, family, sep="\t")
        return
    folder, reference = arguments[1:3]
    full = "--full" in arguments
    for name in arguments[3:]:
        if name == "--full":
            continue
        try:
            with mx.name.NameManager():  # names do not depend on what was built before
                found = package.answer(name, full, Reference(folder, reference, name))
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            found = {"error": f"{type(error).__name__}: {str(error)[:300]} ({where.filename}:{where.lineno})"}
        temporary = os.path.join(folder, f".{name}.{os.getpid()}.npz")
        np.savez(temporary, **{key: np.asarray(value) for key, value in found.items()})
        os.replace(temporary, os.path.join(folder, name + ".npz"))
        gc.collect()


class Reference:
    """MXNet's answer to a case. `asking` says that this is MXNet; then there is none yet."""

    def __init__(self, folder, reference, name):
        self.asking = os.path.abspath(folder) == os.path.abspath(reference)
        self.path = os.path.join(reference, name)
        self.arrays = {}
        if not self.asking and os.path.exists(self.path + ".npz"):
            with np.load(self.path + ".npz") as stored:
                self.arrays = dict(stored)

    def get(self, key):
        return self.arrays.get(key)


if __name__ == "__main__":
    main(sys.argv[1:])
