"""Truncated backpropagation through time: the state goes on from window to window, gradients do not."""
from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

import mxnet as mx
from examples.digits import checkpoint
from mxnet import autograd, gluon

from .corpus import Corpus, bigram_perplexity, windows
from .model import Writer, surprises

LENGTH, CLIP = 64, 1.0


class Run:
    """A Writer in training; each epoch ends with a checkpoint in `folder`."""

    def __init__(self, folder: Path, corpus: Corpus, settings: dict):
        self.folder, self.corpus, self.settings = folder, corpus, settings
        self.history: list[dict[str, float]] = []
        mx.random.seed(settings["seed"])
        self.net = Writer(len(corpus.vocabulary), settings["hidden"])
        self.net.initialize(mx.init.Xavier())
        self.net.hybridize()
        self.trainer = gluon.Trainer(self.net.collect_params(), "adam", {"learning_rate": 0.005})
        self.loss = gluon.loss.SoftmaxCrossEntropyLoss(axis=-1, batch_axis=1)
        self.baseline = bigram_perplexity(corpus)

    def resume(self) -> str:
        """Goes back to the last checkpoint, if there is one; what was found, in words."""
        found = checkpoint.newest(self.folder)
        if found is None:
            return f"No checkpoint in {self.folder}: starting from the beginning."
        progress = checkpoint.read_progress(found)
        if progress["settings"] != self.settings:
            raise SystemExit(f"{found} was made with {json.dumps(progress['settings'])}, not "
                             f"{json.dumps(self.settings)}: resume with the same, or start without --resume.")
        checkpoint.restore(found, self.net, self.trainer)
        self.history = progress["history"]
        return f"Going on from {found}."

    def train(self) -> None:
        """Until all epochs are done; with a line for each."""
        print(f"{len(self.corpus.training):,} characters to learn from, {len(self.corpus.held_out):,} held out, "
              f"{len(self.corpus.vocabulary)} different ones. Perplexity of a bigram model: {self.baseline:.2f}")
        while len(self.history) < self.settings["epochs"]:
            started = time.time()
            training = self._train_epoch()
            held_out = perplexity(self.net, self.corpus.held_out)
            self.history.append({"training": training, "held_out": held_out})
            checkpoint.save(self.folder, self.net, self.trainer, {
                "epoch": len(self.history), "settings": self.settings, "history": self.history})
            print(f"epoch {len(self.history)}/{self.settings['epochs']}  perplexity {training:6.2f}, "
                  f"held out {held_out:6.2f}  {time.time() - started:.1f} s", flush=True)

    def _train_epoch(self) -> float:
        """One pass over the text; the perplexity met on the way."""
        done = len(self.history) / self.settings["epochs"]
        self.trainer.set_learning_rate(0.0005 + 0.0045 * (1 - done))
        parameters = [p for p in self.net.collect_params().values() if p.grad_req != "null"]
        rows = self.settings["rows"]
        state = self.net.begin_state(rows)
        total, count = 0.0, 0
        for characters, targets in windows(self.corpus.training, rows, LENGTH):
            state = [part.detach() for part in state]
            with autograd.record():
                scores, state = self.net(characters, state)
                loss = self.loss(scores, targets)  # a row's mean over its characters
            loss.backward()
            gradients = [p.grad() for p in parameters]
            gluon.utils.clip_global_norm(gradients, CLIP * rows)  # `step` divides by the rows afterwards
            self.trainer.step(rows)
            total += float(loss.sum().asscalar()) * len(characters)
            count += characters.size
        return float(np.exp(total / count))


def perplexity(net: Writer, numbers: np.ndarray) -> float:
    """Among how many equally likely characters the net's guesses amount to."""
    return float(np.exp(surprises(net, numbers, rows=8).mean()))
