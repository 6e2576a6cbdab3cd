"""Runs in real MXNet's interpreter: answers one JSON line for each JSON line it gets, until its input ends.

{"row": name}               -> {"values": [...]} after 3 calls of step
{"row": name, "calls": n}   -> {"seconds": per call}; n = 0 picks the number of calls and returns it too
With "op": [row of op_rows.py, size, whether with gradients] for "row", and "save": file for the values of one call;
one such step is kept at a time.
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numpy as np

from benchmarks import gluon_side, op_rows, op_steps, timing


def answer_row(ask, made):
    name = ask["row"]
    if name not in made:
        made[name] = gluon_side.ROWS[name]()
    step, values = made[name]
    if "calls" in ask:
        return timed(step, ask["calls"])
    for _ in range(3):
        step()
    return {"values": [v.tolist() for v in values()]}


def answer_op(ask, made):
    key = tuple(ask["op"])
    if key not in made:
        timing.keep_memory()
        made.clear()
        code, size, grad = key
        made[key] = op_steps.nd_step(op_rows.ROWS[code], size, grad)
    if "calls" in ask:
        return timed(made[key], ask["calls"], time.process_time)
    np.savez(ask["save"], *op_steps.nd_values(made[key]))
    return {}


def timed(step, calls, clock=time.perf_counter):
    calls = calls or timing.calls_for(step, wait=gluon_side.wait, clock=clock)
    return {"seconds": timing.measure(step, calls, gluon_side.wait, clock), "calls": calls}


def main():
    out, sys.stdout = sys.stdout, sys.stderr  # MXNet prints warnings; the answers must stay clean
    rows, ops = {}, {}
    for line in sys.stdin:
        ask = json.loads(line)
        answer = answer_op(ask, ops) if "op" in ask else answer_row(ask, rows)
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
