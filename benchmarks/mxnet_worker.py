"""Runs in real MXNet's interpreter: answers one JSON line for each JSON line it gets, until its input ends.

{"row": name}               -> {"values": [...]} after 3 calls of step
{"row": name, "calls": n}   -> {"seconds": per call}; n = 0 picks the number of calls and returns it too
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks import gluon_side, timing


def main():
    out, sys.stdout = sys.stdout, sys.stderr  # MXNet prints warnings; the answers must stay clean
    made = {}
    for line in sys.stdin:
        ask = json.loads(line)
        name = ask["row"]
        if name not in made:
            made[name] = gluon_side.ROWS[name]()
        step, values = made[name]

        if "calls" not in ask:
            for _ in range(3):
                step()
            answer = {"values": [v.tolist() for v in values()]}
        else:
            calls = ask["calls"] or timing.calls_for(step, wait=gluon_side.wait)
            answer = {"seconds": timing.measure(step, calls, gluon_side.wait), "calls": calls}
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
