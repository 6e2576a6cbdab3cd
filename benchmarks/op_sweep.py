"""python -m benchmarks ops [--mxnet INTERPRETER] [--ops TEXT] [--rounds 7] [--json FILE]

Single operators at several sizes, forward and forward + backward: ratios ours / theirs of the fastest of all rounds,
in which the libraries take turns on one core and keep the memory that they free.  Only the processors' time counts,
on all threads of a library.  Results are compared before anything is timed.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

import numpy as np
import torch

from . import timing
from .op_rows import ROWS
from .op_steps import nd_step, nd_values
from .op_torch import torch_step, torch_values
from .worker import Worker

LIMIT = 1.3  # no operator is to take longer than this, as a multiple of real MXNet's time
SECONDS = 0.01  # what one round of one library takes, at least


def compare(title, ours, theirs, who):
    """Stop when two libraries do not compute the same; sums of millions of numbers differ in their last digits."""
    if len(ours) != len(theirs):
        raise SystemExit(f"{title}: {len(ours)} results, but {len(theirs)} from {who}")
    for mine, other in zip(ours, theirs, strict=True):
        scale = float(np.abs(mine).max(initial=0))
        np.testing.assert_allclose(mine.reshape(-1), other.reshape(-1), rtol=2e-3, atol=1e-3 * scale + 1e-5,
                                   err_msg=f"{title}: this package and {who} disagree")


def _mxnet_values(worker, key):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "values.npz")
        worker.ask(op=key, save=path)
        with np.load(path) as saved:
            return [saved[name] for name in saved.files]


def run_cell(row, n, grad, worker, rounds):
    """Seconds of each library, the fastest of all rounds."""
    title, key = f"{row.code} at {n}", [row.code, n, grad]
    steps = {"ours": nd_step(row, n, grad)}
    if row.torch:
        steps["torch"] = torch_step(row, n, grad)
    if row.values:
        ours = nd_values(steps["ours"])
        if row.torch:
            compare(title, ours, torch_values(steps["torch"]), "torch")
        if worker:
            compare(title, ours, _mxnet_values(worker, key), "real MXNet")
    calls = {who: timing.calls_for(step, SECONDS, clock=time.process_time) for who, step in steps.items()}
    mxnet_calls = worker.ask(op=key, calls=0)["calls"] if worker else 0
    best = {}
    for _ in range(rounds):
        for who, step in steps.items():
            best[who] = min(best.get(who, 1e9), timing.measure(step, calls[who], clock=time.process_time))
        if worker:
            best["mxnet"] = min(best.get("mxnet", 1e9), worker.ask(op=key, calls=mxnet_calls)["seconds"])
    return best


def _cell(times, who):
    return f"{times['ours'] / times[who]:7.2f}" if who in times else "      -"


def run(names, worker, rounds):
    """Print the table; [{code, size, grad, ours, torch, mxnet}], times in seconds."""
    results = []
    print(f"ratios ours / theirs, one core, fastest of {rounds} rounds")
    print(f"{'':84}{'size':>9}{'ours us':>11}{'/torch':>7}{'/MXNet':>7}")
    for name in names:
        row = ROWS[name]
        for grad in (False, True) if row.grad else (False,):
            for n in row.sizes:
                times = run_cell(row, n, grad, worker, rounds)
                results.append({"code": name, "size": n, "grad": grad, **times})
                title = name[:72] + (" +backward" if grad else "")
                print(f"{title:84}{n:9}{times['ours'] * 1e6:11.1f}{_cell(times, 'torch')}{_cell(times, 'mxnet')}",
                      flush=True)
    return results


def summary(results):
    """What stands out against real MXNet, as lines of text."""
    series = {}
    for cell in results:
        series.setdefault((cell["code"], cell["grad"]), []).append((cell["size"], cell["ours"] / cell["mxnet"]))
    small = [ratios[0][1] for ratios in series.values()]
    yield f"median ratio to MXNet at the smallest sizes: {statistics.median(small):.3f} of {len(small)} operators"
    slow = [(ratio, code, n, grad) for (code, grad), ratios in series.items() for n, ratio in ratios if ratio > LIMIT]
    yield f"above {LIMIT} of MXNet: {len(slow)} of {len(results)}"
    for ratio, code, n, grad in sorted(slow, reverse=True):
        yield f"  {ratio:6.2f}  {code}{' +backward' if grad else ''} at {n}"
    growing = [(last / before, code, grad) for (code, grad), ratios in series.items()
               for before, last in [(ratios[-2][1], ratios[-1][1])] if last > 1 and last > 1.5 * before]
    yield f"growing faster than MXNet from the second largest size to the largest, and slower there: {len(growing)}"
    for growth, code, grad in sorted(growing, reverse=True):
        yield f"  {growth:6.2f}  {code}{' +backward' if grad else ''}"


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks ops", description=__doc__.split("\n\n")[1])
    parser.add_argument("--mxnet", default=os.environ.get("GLUEBALL_ORACLE"),
                        help="an interpreter with real MXNet 1.9.1")
    parser.add_argument("--ops", action="append", help="only rows whose MXNet code has this text; may be repeated")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", help="write all times, in seconds, to this file")
    args = parser.parse_args(argv)
    names = [name for name in ROWS if not args.ops or any(text in name for text in args.ops)]
    torch.set_num_threads(1)
    timing.keep_memory()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    worker = Worker(args.mxnet) if args.mxnet else None
    results = run(names, worker, args.rounds)
    if worker:
        worker.close()
        print(*summary(results), sep="\n")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)
