"""Training that can stop anywhere and go on as if nothing had happened.

An epoch's random numbers (order, shifts, dropout) depend on the seed and the epoch alone, so a checkpoint
at the end of an epoch needs no random state beyond these two.
"""
from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn

from . import checkpoint, layers
from .data import Digits, batches


@dataclass(frozen=True)
class Settings:
    """What the result depends on."""

    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 0.003
    seed: int = 0


class Run:
    """A network in training, its optimizer, and what has been learned about it so far."""

    def __init__(self, folder: Path, settings: Settings):
        self.folder = folder
        self.settings = settings
        self.epoch = 0
        self.history: list[dict[str, float]] = []
        mx.random.seed(settings.seed)
        self.net = layers.build()
        self.net.initialize(init.Xavier())
        self.trainer = gluon.Trainer(self.net.collect_params(), "adam",
                                     {"learning_rate": settings.learning_rate})
        self.loss = gluon.loss.SoftmaxCrossEntropyLoss()
        self.schedule = mx.lr_scheduler.CosineScheduler(
            settings.epochs, base_lr=settings.learning_rate, final_lr=settings.learning_rate / 50)

    def resume(self) -> str:
        """Goes back to the last whole checkpoint and says in words where that is."""
        found = checkpoint.newest(self.folder)
        if found is None:
            return f"No checkpoint in {self.folder}: starting from the beginning."
        progress = checkpoint.read_progress(found)
        if progress["settings"] != asdict(self.settings):
            raise SystemExit(f"{found} was made with {progress['settings']}, not {asdict(self.settings)}: "
                             "resume with the same settings, or start again without --resume.")
        checkpoint.restore(found, self.net, self.trainer)
        self.epoch = progress["epoch"]
        self.history = progress["history"]
        return f"Going on from {found}: {self.epoch} of {self.settings.epochs} epochs are done."

    def train(self, digits: Digits) -> None:
        """Trains until all epochs are done, with a checkpoint after each."""
        steps = -(-len(digits.train_images) // self.settings.batch_size)
        with tqdm(total=self.settings.epochs * steps, initial=self.epoch * steps, unit="batch",
                  dynamic_ncols=True, mininterval=0.5) as bar:
            while self.epoch < self.settings.epochs:
                bar.set_description(f"epoch {self.epoch + 1}/{self.settings.epochs}", refresh=False)
                loss = self._train_epoch(digits, bar)
                correct = accuracy(self.net, digits.test_images, digits.test_labels)
                bar.set_postfix(refresh=False, loss=f"{loss:.3f}", held_out=f"{correct:.1%}")
                self.epoch += 1
                self.history.append({"loss": loss, "held_out_accuracy": correct})
                checkpoint.save(self.folder, self.net, self.trainer, {
                    "epoch": self.epoch, "settings": asdict(self.settings), "history": self.history})

    def _train_epoch(self, digits: Digits, bar: tqdm) -> float:
        """One pass over the training images; the mean loss."""
        rng = np.random.RandomState([self.settings.seed, self.epoch])
        mx.random.seed(int(rng.randint(2**31)))
        self.trainer.set_learning_rate(self.schedule(self.epoch))
        total = 0.0
        for images, labels in batches(digits.train_images, digits.train_labels,
                                      self.settings.batch_size, rng):
            with autograd.record():
                loss = self.loss(self.net(images), labels)
            loss.backward()
            self.trainer.step(len(labels))
            total += loss.sum().asscalar().item()
            bar.update()
        return total / len(digits.train_images)


def scores(net: nn.Block, images: np.ndarray) -> np.ndarray:
    """What the network says of each image: (n, 10), the highest is its answer."""
    return net(nd.array(images)).asnumpy()


def accuracy(net: nn.Block, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images read right."""
    return float((scores(net, images).argmax(axis=1) == labels).mean())
