"""`python -m examples.detection`: trains a small SSD, prints its mAP on held-out scenes and draws what it finds."""
from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon.data import DataLoader

from . import model, plots, scenes
from .metric import VOC07MApMetric

RATE = 0.004  # of learning, at first
DRAWN = 12  # scenes in the picture


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.detection", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo_out/detection"), help="folder for all that is written")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--scenes", type=int, default=1000, help="how many to train on")
    parser.add_argument("--held-out", type=int, default=200, help="how many to test on")
    parser.add_argument("--workers", type=int, default=0, help="processes that make the training batches")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def train_epoch(net: gluon.Block, trainer: gluon.Trainer, loader: DataLoader) -> float:
    """One pass over the scenes; the mean loss."""
    loss_of, total = model.SSDLoss(), mx.metric.Loss()
    for images, objects in tqdm(loader, unit="batch", leave=False, disable=None):
        with autograd.record():
            loss = loss_of(*net(images), objects)
        loss.backward()
        trainer.step(len(images))
        total.update(None, loss)
    return total.get()[1]


def evaluate(net: gluon.Block, loader: DataLoader) -> tuple[float, np.ndarray]:
    """The mAP and all detections, (scenes, boxes, 6)."""
    metric, found = VOC07MApMetric(), []
    for images, objects in loader:
        found.append(model.detect(net, images))
        metric.update(objects, found[-1])
    return metric.get()[1], np.concatenate([each.asnumpy() for each in found])


def train(options: argparse.Namespace) -> gluon.Block:
    """A new Detector, trained, with a line for each epoch."""
    net = model.Detector(len(scenes.CLASSES))
    net.initialize(mx.init.Xavier())
    net.hybridize()
    training = scenes.loader(scenes.Scenes(options.scenes), training=True, workers=options.workers)
    schedule = mx.lr_scheduler.CosineScheduler(options.epochs * len(training), base_lr=RATE, final_lr=RATE / 40)
    trainer = gluon.Trainer(net.collect_params(), "adam",
                            {"learning_rate": RATE, "lr_scheduler": schedule, "wd": 1e-4})
    for epoch in range(options.epochs):
        started = time.time()
        loss = train_epoch(net, trainer, training)
        print(f"epoch {epoch + 1}/{options.epochs}  loss {loss:6.3f}  {time.time() - started:.1f} s", flush=True)
    return net


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    random.seed(options.seed)
    np.random.seed(options.seed)
    mx.random.seed(options.seed)
    unseen = scenes.Scenes(options.held_out, training=False)
    held_out = scenes.loader(unseen)
    try:
        net = train(options)
    except KeyboardInterrupt:
        print("\nInterrupted.")
        return 130
    net.export(str(options.out / "detector"))
    exported = [str(options.out / f"detector-{ending}") for ending in ("symbol.json", "0000.params")]
    reader = gluon.SymbolBlock.imports(exported[0], ["data"], exported[1])  # needs no code of ours
    score, detections = evaluate(reader, held_out)
    print(f"\nmAP of {len(unseen)} held-out scenes: {score:.3f}")
    shown = [unseen[index] for index in range(min(DRAWN, len(unseen)))]
    picture = plots.found([scene.asnumpy() for scene, _ in shown], [objects for _, objects in shown],
                          detections, f"Digits found in held-out scenes (mAP {score:.3f})", options.out / "found.png")
    print(f"model  {', '.join(exported)}\nfound  {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
