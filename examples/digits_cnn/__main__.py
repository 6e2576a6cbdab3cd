"""`python -m examples.digits_cnn`: a CNN reads digits that are shifted, turned and dimmed while it learns."""
from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import numpy as np

import mxnet as mx
from examples.digits.plots import confusion_matrix

from . import data, plots, train


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.digits_cnn", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo_out/digits_cnn"), help="folder for all that is written")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--patience", type=int, default=8, help="epochs without improvement before it stops")
    parser.add_argument("--workers", type=int, default=0, help="processes that make the training batches")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def seed(number: int) -> None:
    """Of all that draws: crops from `random`, angles and the order from numpy, the rest from mxnet."""
    random.seed(number)
    np.random.seed(number)
    mx.random.seed(number)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.resume:
        for old in options.out.glob(f"{train.PREFIX}-*"):
            old.unlink()
    seed(options.seed)
    loaders = data.load(workers=options.workers)
    try:
        net, history = train.fit(loaders, options.out, options.epochs, options.patience, options.resume)
    except KeyboardInterrupt:
        print("\nInterrupted. --resume goes on from the last epoch that was finished.")
        return 130
    print(f"\nlearning curve    {plots.learning_curve(history, options.out / 'learning_curve.png')}")
    report(net, loaders, options.out)
    return 0


def report(net: mx.gluon.Block, loaders: data.Loaders, folder: Path) -> float:
    """What the net makes of the held-out digits, printed and drawn; the share read right."""
    ((images, labels),) = loaders.held_out
    chances = mx.nd.softmax(net(images)).asnumpy()
    labels = labels.asnumpy().astype(int)
    predicted = chances.argmax(axis=1)
    right = int((predicted == labels).sum())
    print(f"{right} of {len(labels)} held-out digits read right: {right / len(labels):.2%}")
    print(f"confusion matrix  {confusion_matrix(labels, predicted, folder / 'confusion_matrix.png')}")
    print(f"read worst        {plots.doubtful(images[:, 0].asnumpy(), labels, chances, folder / 'read_worst.png')}")
    return right / len(labels)


if __name__ == "__main__":
    sys.exit(main())
