"""python -m benchmarks [--mxnet INTERPRETER] [--rows a,b] [--rounds 15] [--json FILE]

Prints a table of ratios ours / theirs, measured in one run on one thread.  Real MXNet joins when an interpreter that
has it is given by --mxnet or the environment variable GLUEBALL_ORACLE.  Every pair's results are compared first.
`python -m benchmarks ops` does the same for single operators at several sizes: see op_sweep.py, and
`python -m benchmarks pipelines` for reading images: see pipelines.py.
"""

import argparse
import json
import os
import subprocess
import sys

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402

from . import gluon_side, op_sweep, pipelines, timing, torch_side  # noqa: E402
from .worker import Worker  # noqa: E402

# row: (what it is, highest ratio to torch that we promise, highest ratio to real MXNet)
ROWS = {
    "add10": ("add of 10 elements", 1.5, 0.1),
    "relu10": ("relu of 10 elements", 1.5, 0.1),
    "scalar10": ("10 elements times 2.0", 1.5, 0.1),
    "fully_connected": ("FullyConnected 32x64 -> 128", 1.5, None),
    "chapter_forward": ("chapter's network, forward, batch 2 (bare torch functions)", 2.5, None),
    "chapter_step": ("chapter's network, training step with Trainer", 0.8, 0.25),
    "mlp_step": ("MLP 784-256-128-10, training step, batch 64", 1.0, None),
    "mlp_inference": ("MLP 784-256-128-10, hybridized inference, batch 1", 1.5, 0.75),
    "resnet18_inference": ("ResNet-18, hybridized inference, batch 1", 1.1, None),
    "resnet18_frozen": ("ResNet-18 with frozen parameters, the same", 1.05, None),
    "mobilenet_frozen": ("MobileNet with frozen parameters, the same", 1.05, None),
    "import": ("import (import torch)", 1.15, None),
}


def check(name, ours, theirs, who):
    """Stop when two libraries do not compute the same."""
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, np.asarray(other, mine.dtype), rtol=1e-4, atol=1e-5,
                                   err_msg=f"{name}: this package and {who} disagree")


def run_row(name, worker, rounds):
    """Times of ours, torch and real MXNet (empty without a worker), taken in turns."""
    step, values = gluon_side.ROWS[name]()
    torch_step, torch_values = torch_side.ROWS[name]()
    for _ in range(3):
        step(), torch_step()
    ours = values()
    check(name, ours, torch_values(), "torch")
    if worker:
        check(name, ours, worker.ask(row=name)["values"], "real MXNet")
    calls, torch_calls = timing.calls_for(step), timing.calls_for(torch_step)
    mx_calls = worker.ask(row=name, calls=0)["calls"] if worker else 0
    times = {"ours": [], "torch": [], "mxnet": []}
    for _ in range(rounds):
        times["ours"].append(timing.measure(step, calls))
        times["torch"].append(timing.measure(torch_step, torch_calls))
        if worker:
            times["mxnet"].append(worker.ask(row=name, calls=mx_calls)["seconds"])
    return times


def run_import(worker, rounds):
    """Seconds for fresh processes that import and end."""
    import time

    def fresh(module):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return time.perf_counter() - start

    import compileall

    import mxnet

    compileall.compile_dir(os.path.dirname(mxnet.__file__), quiet=2)  # an installed package is compiled
    fresh("mxnet"), fresh("torch")
    times = {"ours": [], "torch": [], "mxnet": []}
    for _ in range(max(5, rounds // 2)):
        times["ours"].append(fresh("mxnet"))
        times["torch"].append(fresh("torch"))
    return times


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n\n")[1])
    parser.add_argument("--mxnet", default=os.environ.get("GLUEBALL_ORACLE"),
                        help="an interpreter with real MXNet 1.9.1")
    parser.add_argument("--rows", default=",".join(ROWS), help="comma separated: " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", help="write medians in microseconds and spreads to this file")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    worker = Worker(args.mxnet) if args.mxnet else None
    names = args.rows.split(",")
    unknown = [n for n in names if n not in ROWS]
    if unknown:
        parser.error(f"unknown rows {', '.join(unknown)}")

    print(f"ratios ours / theirs, one thread, medians of {args.rounds} rounds; the promise stands in brackets")
    print(f"{'':62}{'ours us':>10}{'spread':>8}  {'/ torch':>15}  {'/ MXNet 1.9.1':>15}")
    results = {}
    for name in names:
        times = run_import(worker, args.rounds) if name == "import" else run_row(name, worker, args.rounds)
        title, torch_limit, mxnet_limit = ROWS[name]
        row = {who: timing.summary(t) for who, t in times.items() if t}
        results[name] = {who: {"us": m * 1e6, "spread": s} for who, (m, s) in row.items()}
        ours, spread = row["ours"]
        cells = [f"{ours / row[who][0]:.3f} " + (f"[{limit}]" if limit else "") if who in row else "-"
                 for who, limit in (("torch", torch_limit), ("mxnet", mxnet_limit))]
        print(f"{title:62}{ours * 1e6:10.1f}{spread:8.1%}  {cells[0]:>15}  {cells[1]:>15}", flush=True)
    if worker:
        worker.close()
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["ops"]:
        op_sweep.main(sys.argv[2:])
    elif sys.argv[1:2] == ["pipelines"]:
        pipelines.main(sys.argv[2:])
    else:
        main()
