"""Checkpoints of the Estimator: a training that was broken off goes on to the same bits."""

from __future__ import annotations

import json
import logging
import os
import random
import warnings

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import gluon, nd
from mxnet.gluon import nn
from mxnet.gluon.contrib.estimator import BatchEnd, CheckpointHandler, Estimator

BATCHES = 4  # in an epoch


class Jitter(gluon.data.Dataset):
    """Samples with noise from each of the random streams."""

    def __init__(self):
        self.x = np.linspace(-1, 1, 60, dtype=np.float32).reshape(20, 3)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        noise = random.random() + np.random.random() + nd.random.uniform(shape=1).asscalar() + torch.rand(1).item()
        return self.x[i] * np.float32(noise), np.float32(self.x[i].sum() > 0)


class Interruption(BatchEnd):
    """The power fails at the end of the n-th batch, after everything else."""

    priority = 1000

    def __init__(self, n):
        self.n = n

    def batch_end(self, estimator, *args, **kwargs):
        self.n -= 1
        if self.n == 0:
            raise KeyboardInterrupt


def fresh(seed=3, optimizer="adam", contexts=None):
    """A new process's Estimator and DataLoader, as far as a test can make them."""
    for start in (mx.random.seed, np.random.seed, random.seed, torch.manual_seed):
        start(seed)
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Dense(8, activation="relu"), nn.BatchNorm(), nn.Dropout(0.5), nn.Dense(2))
    contexts = contexts or [mx.cpu()]
    net.initialize(mx.init.Xavier(), ctx=contexts)
    schedule = mx.lr_scheduler.FactorScheduler(step=3, factor=0.7, base_lr=0.05)
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"lr_scheduler": schedule})
    estimator = Estimator(net, gluon.loss.SoftmaxCrossEntropyLoss(), trainer=trainer, context=contexts)
    estimator.logger.setLevel(logging.ERROR)
    return estimator, gluon.data.DataLoader(Jitter(), batch_size=6, shuffle=True)


def weights(estimator):
    return {name.split("_", 1)[1]: param.data(param.list_ctx()[0]).asnumpy()
            for name, param in estimator.net.collect_params().items()}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def run(folder, interrupt_at=None, resume=False, seed=3, val=False, hybridize=False, **how):
    """The weights, or None if interrupted; and the handler."""
    periods = {key: how.pop(key) for key in ("epoch_period", "batch_period") if key in how}
    stop = [Interruption(interrupt_at)] if interrupt_at else []
    options = {key: how.pop(key) for key in ("optimizer", "contexts") if key in how}
    estimator, loader = fresh(seed, **options)
    if hybridize:
        estimator.net.hybridize()
    handler = CheckpointHandler(str(folder), resume_from_checkpoint=resume, **periods)
    try:
        estimator.fit(loader, loader if val else None, event_handlers=[handler, *stop], **how)
    except KeyboardInterrupt:
        return None, handler
    return weights(estimator), handler


@pytest.mark.parametrize("how", [{}, {"val": True}, {"hybridize": True}, {"optimizer": "sgd"}, {"optimizer": "ftml"},
                                 {"contexts": [mx.cpu(0), mx.cpu(1)]}], ids=str)
def test_epochs(tmp_path, how):
    whole, _ = run(tmp_path / "whole", epochs=4, **how)
    broken, _ = run(tmp_path / "broken", interrupt_at=2 * BATCHES + 2, epochs=4, **how)
    assert broken is None
    resumed, handler = run(tmp_path / "broken", resume=True, seed=99, epochs=4, **how)
    assert same(whole, resumed)
    assert handler.trained_epoch == 1
    assert sorted(os.listdir(tmp_path / "broken")) == sorted(os.listdir(tmp_path / "whole"))


@pytest.mark.parametrize("interrupt_at", [3, BATCHES, BATCHES + 1, BATCHES + 3, 11])
def test_batches(tmp_path, interrupt_at):
    """In the middle of an epoch, also right at its end."""
    how = {"batches": 14, "epoch_period": None, "batch_period": 1, "val": True}
    whole, _ = run(tmp_path / "whole", **how)
    run(tmp_path / "broken", interrupt_at=interrupt_at, **how)
    resumed, handler = run(tmp_path / "broken", resume=True, seed=99, **how)
    assert handler.trained_batch == interrupt_at - 1
    assert same(whole, resumed)
    assert sorted(os.listdir(tmp_path / "broken")) == sorted(os.listdir(tmp_path / "whole"))


def test_twice(tmp_path):
    whole, _ = run(tmp_path / "whole", epochs=5)
    run(tmp_path / "broken", epochs=5, interrupt_at=BATCHES + 1)
    run(tmp_path / "broken", epochs=5, interrupt_at=BATCHES + 1, resume=True, seed=7)
    assert same(whole, run(tmp_path / "broken", epochs=5, resume=True, seed=8)[0])


def test_more_epochs_later(tmp_path):
    whole, _ = run(tmp_path / "whole", epochs=3)
    run(tmp_path / "more", epochs=1)
    assert same(whole, run(tmp_path / "more", epochs=3, resume=True, seed=5)[0])


def test_other_random_numbers_without_the_file(tmp_path):
    """A checkpoint that MXNet wrote has none: training goes on, with the random numbers of the moment."""
    whole, _ = run(tmp_path / "whole", epochs=3)
    run(tmp_path / "broken", epochs=3, interrupt_at=2 * BATCHES)
    for file in tmp_path.glob("broken/*.resume"):
        file.unlink()
    resumed, _ = run(tmp_path / "broken", epochs=3, resume=True, seed=99)
    assert not same(whole, resumed)


@pytest.mark.parametrize("damage", ["cut", "empty", "no archive", "other parameters"])
def test_a_file_that_does_not_fit_is_passed_over(tmp_path, damage):
    run(tmp_path, epochs=1)
    file = tmp_path / "model-epoch0batch4.resume"
    if damage == "other parameters":
        estimator, _ = fresh()
        estimator.net(nd.ones((2, 3)))
        estimator.net.save_parameters(str(tmp_path / "model-epoch0batch4.params"))
    else:
        content = file.read_bytes()
        file.write_bytes({"cut": content[:-300], "empty": b"", "no archive": b"x" * 100}[damage])
    with pytest.warns(UserWarning, match="random streams are not restored"):
        run(tmp_path, epochs=2, resume=True)


def test_the_file_holds_no_pickles(tmp_path):
    run(tmp_path, batches=2, epoch_period=None, batch_period=2)
    with np.load(tmp_path / "model-epoch0batch1.resume", allow_pickle=False) as archive:
        assert {archive[name].dtype.kind for name in archive.files} <= set("Uiu")
        about = json.loads(str(archive["about"]))
    assert about["batches"] == 2 and about["best"] is None and len(about["checksums"]) == 2


def test_best_value_is_remembered(tmp_path):
    def fit(epochs, resume):
        estimator, loader = fresh()
        handler = CheckpointHandler(str(tmp_path), monitor=estimator.train_metrics[0], save_best=True, mode="max",
                                    resume_from_checkpoint=resume)
        estimator.fit(loader, epochs=epochs, event_handlers=[handler])
        return handler.best

    best = fit(3, False)
    written = (tmp_path / "model-best.params").stat().st_mtime_ns
    again = fit(4, True)
    assert again >= best
    assert again > best or (tmp_path / "model-best.params").stat().st_mtime_ns == written


def test_older_checkpoints_count_and_go(tmp_path):
    how = {"batches": 9, "epoch_period": None, "batch_period": 1}
    run(tmp_path, interrupt_at=7, **how)
    assert len(list(tmp_path.glob("*.params"))) == 5
    run(tmp_path, resume=True, **how)
    assert sorted(path.name for path in tmp_path.glob("*.params")) == [
        "model-epoch1batch4.params", "model-epoch1batch5.params", "model-epoch1batch6.params",
        "model-epoch1batch7.params", "model-epoch2batch8.params"]
    assert len(list(tmp_path.iterdir())) == 15


def test_a_crash_while_writing_leaves_the_older_checkpoint(tmp_path, monkeypatch):
    whole, _ = run(tmp_path / "whole", epochs=3)
    from mxnet.gluon.contrib.estimator import _resume

    real = _resume.save

    def crash(path, *args):
        if "epoch1" in path:
            raise KeyboardInterrupt
        real(path, *args)

    monkeypatch.setattr(_resume, "save", crash)
    assert run(tmp_path / "broken", epochs=3)[0] is None
    monkeypatch.setattr(_resume, "save", real)
    assert not (tmp_path / "broken/model-epoch1batch8.params").exists()
    assert same(whole, run(tmp_path / "broken", epochs=3, resume=True, seed=1)[0])


# ------------------------------------------------------------------------------------------------ mx.random


def test_state_of_the_random_streams():
    def draw():
        return np.concatenate([nd.random.uniform(shape=200).asnumpy(), nd.random.normal(shape=7).asnumpy(),
                               nd.shuffle(nd.arange(20)).asnumpy(),
                               nd.Dropout(nd.ones(50), mode="always").asnumpy()])

    mx.random.seed(2**80)
    draw()
    state = mx.random.get_state()
    assert all(isinstance(array, np.ndarray) for array in state.values())
    expected = draw()
    mx.random.seed(1)
    draw()
    mx.random.set_state(state)
    assert np.array_equal(draw(), expected)
    mx.random.set_state(state)
    assert np.array_equal(draw(), expected), "a state serves more than once"
    with pytest.raises(KeyError):
        mx.random.set_state({})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mx.random.seed(0)
    assert nd.random.uniform(shape=1).asscalar() == np.float32(0.5488135)
