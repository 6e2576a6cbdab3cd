"""Record what real MXNet answers: `python tests/golden/generate.py [family ...]`, default all families.

Run it with an interpreter that has MXNet 1.9.1 (a venv of Python 3.8 with `mxnet==1.9.1 'numpy<1.24'`); it
writes data/<family>.npz, the same bytes for the same cases.  Cases that MXNet does not answer as declared are
listed, left out, and make the exit status 1.
"""
from __future__ import annotations

import faulthandler
import os
import sys

import mxnet as mx

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from golden.case import Case, families, load_cases, save_answers


def answer(one: Case):
    """MXNet's arrays, or the name of its error's class for a case that must fail."""
    if not one.fails:
        return one.run(mx)
    try:
        got = one.run(mx)
    except Exception as error:
        return type(error).__name__
    raise AssertionError(f"raised nothing, returned {got}")


def record(family: str) -> int:
    """Write the family's answers; how many cases had none."""
    answers, left_out = {}, 0
    for one in load_cases(family):
        try:
            answers[one.key] = answer(one)
        except Exception as error:
            left_out += 1
            print(f"{family}: {one.key}\n    {type(error).__name__}: {str(error).strip()[:300]}")
    save_answers(family, answers)
    print(f"{family}: {len(answers)} cases recorded, {left_out} left out")
    return left_out


if __name__ == "__main__":
    faulthandler.enable()
    if not mx.__version__.startswith("1."):
        sys.exit("generate.py needs real MXNet")
    sys.exit(1 if sum([record(family) for family in sys.argv[1:] or families()]) else 0)
