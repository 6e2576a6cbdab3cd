"""`python -m examples.digits`: train, save, check in a fresh process, draw; `--resume` goes on."""
from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from . import checkpoint, data, plots, predict, train


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.digits", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo_out"), help="folder for everything written")
    parser.add_argument("--resume", action="store_true", help="go on from the last whole checkpoint")
    parser.add_argument("--epochs", type=int, default=train.Settings.epochs)
    parser.add_argument("--seed", type=int, default=train.Settings.seed)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    digits = data.load()
    run = train.Run(options.out, train.Settings(epochs=options.epochs, seed=options.seed))
    if options.resume:
        print(run.resume())
    else:
        checkpoint.clear(options.out)
    try:
        run.train(digits)
    except KeyboardInterrupt:
        kept = checkpoint.newest(options.out)
        print(f"\nInterrupted. Kept: {kept or 'nothing yet, the first epoch was not over'}."
              + ("\nGo on with: make demo ARGS=--resume" if kept else ""))
        return 130
    return report(run, digits)


def report(run: train.Run, digits: data.Digits) -> int:
    """Everything after training; the exit status says whether the fresh process agreed."""
    scores = train.scores(run.net, digits.test_images)
    predicted = scores.argmax(axis=1)
    right = int((predicted == digits.test_labels).sum())
    print(f"\n{right} of {len(predicted)} held-out digits read right: {right / len(predicted):.2%}")

    run.net.save_parameters(str(run.folder / predict.PARAMETERS))
    np.save(run.folder / predict.SCORES, scores)
    print(f"parameters        {run.folder / predict.PARAMETERS}")
    print(f"learning curve    {plots.learning_curve(run.history, run.folder / 'learning_curve.png')}")
    matrix = plots.confusion_matrix(digits.test_labels, predicted, run.folder / "confusion_matrix.png")
    print(f"confusion matrix  {matrix}", flush=True)
    fresh = [sys.executable, "-m", f"{__package__}.predict", str(run.folder)]
    return subprocess.run(fresh, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
