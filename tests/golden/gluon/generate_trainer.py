"""Writes trainer.json, what MXNet does in trainer_scenarios.py; run it under 1.9.1."""

import json
import os
import sys

import mxnet as mx

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import trainer_scenarios  # noqa: E402

if __name__ == "__main__":
    with open(os.path.join(HERE, "trainer.json"), "w") as f:
        rows = ["%s: %s" % (json.dumps(s.__name__), json.dumps(s(mx))) for s in trainer_scenarios.SCENARIOS]
        f.write("{\n" + ",\n".join(rows) + "\n}\n")
