"""Writes what Trainer.save_states of MXNet writes after three steps, and where two more lead; run it under 1.9.1.

saved.npz has, for every optimizer, the file (NAME), the parameters then (NAME.before) and at the end (NAME.after).
"""
import logging
import os
import tempfile

import numpy as np

from mxnet import autograd, gluon, lr_scheduler, nd, random

HERE = os.path.dirname(os.path.abspath(__file__))
OPTIMIZERS = [
    ("sgd", {"momentum": 0.9}), ("ccsgd", {}), ("nag", {"momentum": 0.9}), ("signum", {}), ("dcasgd", {}), ("sgld", {}),
    ("adam", {}), ("adamax", {}), ("nadam", {}), ("ftml", {}), ("lamb", {}), ("adagrad", {}), ("adadelta", {}),
    ("rmsprop", {"centered": True}), ("ftrl", {}), ("lars", {"momentum": 0.9, "eta": 0.1}),
    ("lbsgd", {"momentum": 0.9, "warmup_epochs": 1}), ("test", {}), ("groupadagrad", {"wd": 0.0}),
]


def step(trainer, params, times):
    for _ in range(times):
        with autograd.record():
            losses = [((param.data() - 0.5) ** 2).sum() for param in params]
        autograd.backward(losses)
        trainer.step(1)


def run(name, arguments):
    params = [gluon.Parameter("a", shape=(3, 2)), gluon.Parameter("b", shape=(2, 2), dtype="float16")]
    for param in params:
        param.initialize(init="ones")
    schedule = lr_scheduler.FactorScheduler(step=2, factor=0.5, base_lr=0.1)
    settings = dict({"wd": 0.25, "lr_scheduler": schedule, "multi_precision": True}, **arguments)
    trainer = gluon.Trainer(params, name, settings)
    step(trainer, params, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "states")
        trainer.save_states(path)
        with open(path, "rb") as f:
            content = f.read()
    before = [param.data().asnumpy().astype("float32").ravel() for param in params]
    random.seed(5)
    step(trainer, params, 2)
    after = [param.data().asnumpy().astype("float32").ravel() for param in params]
    nd.waitall()
    return {name: np.frombuffer(content, np.uint8), name + ".before": np.concatenate(before),
            name + ".after": np.concatenate(after)}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    answers = {}
    for name, arguments in OPTIMIZERS:
        answers.update(run(name, arguments))
    np.savez_compressed(os.path.join(HERE, "saved.npz"), **answers)
