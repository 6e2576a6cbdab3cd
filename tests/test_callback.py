"""Callbacks and Monitor: what they log is what MXNet 1.9.1 logs."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import mxnet as mx
from mxnet import callback, nd
from mxnet.model import BatchEndParam


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def metric():
    metric = mx.metric.create(["acc", "ce"])
    metric.update([nd.array([0, 1])], [nd.array([[0.9, 0.1], [0.8, 0.2]])])
    return metric


class Clock:
    """Half a second between any two looks."""

    now = 0.0

    def time(self):
        self.now += 0.5
        return self.now


@pytest.mark.parametrize("auto_reset", [True, False])
def test_speedometer(logged, metric, monkeypatch, auto_reset):
    monkeypatch.setattr(callback, "time", Clock())
    speed = callback.Speedometer(3, 2, auto_reset)
    for epoch in range(2):
        for nbatch in range(5):
            speed(BatchEndParam(epoch, nbatch, metric, None))
    first = "Batch [0-2]\tSpeed: 12.00 samples/sec\taccuracy=0.500000\tcross-entropy=0.857399"
    again = ("Batch [2-4]\tSpeed: 12.00 samples/sec\taccuracy=nan\tcross-entropy=nan" if auto_reset
             else first.replace("[0-2]", "[0-4]"))
    assert logged()[:2] == [f"Epoch[0] {first}", f"Epoch[0] {again}"]
    assert len(logged()) == 4
    assert np.isnan(metric.get()[1][0]) == auto_reset


def test_speedometer_without_metric(logged, monkeypatch):
    monkeypatch.setattr(callback, "time", Clock())
    speed = callback.Speedometer(3, 2)
    for nbatch in range(3):
        speed(BatchEndParam(7, nbatch, None, None))
    assert logged() == ["Iter[7] Batch [2]\tSpeed: 12.00 samples/sec"]


def test_progress_bar(logged):
    callback.ProgressBar(10, 20)(BatchEndParam(0, 5, None, None))
    callback.ProgressBar(7, 10)(BatchEndParam(0, 7, None, None))
    assert logged() == ["[==========----------] 50%\r", "[==========] 100%\r"]


def test_log_train_metric(logged, metric):
    log = callback.log_train_metric(2, auto_reset=True)
    log(BatchEndParam(1, 3, metric, None))
    log(BatchEndParam(1, 4, None, None))
    assert logged() == []
    log(BatchEndParam(1, 4, metric, None))
    assert logged() == ["Iter[1] Batch[4] Train-accuracy=0.500000", "Iter[1] Batch[4] Train-cross-entropy=0.857399"]
    assert np.isnan(metric.get()[1]).all()


def test_log_validation_metrics(logged, metric):
    callback.LogValidationMetricsCallback()(BatchEndParam(1, 4, None, None))
    callback.LogValidationMetricsCallback()(BatchEndParam(1, 4, metric, None))
    assert logged() == ["Epoch[1] Validation-accuracy=0.500000", "Epoch[1] Validation-cross-entropy=0.857399"]


def test_module_checkpoint():
    calls = []

    class Saver:
        def save_checkpoint(self, *args):
            calls.append(args)

    every_second = callback.module_checkpoint(Saver(), "net", 2, True)
    for epoch in range(4):
        every_second(epoch, None, None, None)
    callback.module_checkpoint(Saver(), "net", 0)(0)
    assert calls == [("net", 2, True), ("net", 4, True), ("net", 1, False)]


def test_do_checkpoint(tmp_path):
    save = callback.do_checkpoint(str(tmp_path / "net"), 2)
    for epoch in range(3):
        save(epoch, mx.sym.var("x") * 2, {"w": nd.ones(1)}, {"a": nd.ones(1)})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net-0002.params", "net-symbol.json"]


# ------------------------------------------------------------------------------------------------ Monitor


@pytest.fixture
def executor():
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    net = mx.sym.LinearRegressionOutput(mx.sym.Activation(net, act_type="relu", name="act"), name="softmax")
    executor = net.simple_bind(mx.cpu(), data=(1, 2), softmax_label=(1, 2))
    executor.arg_dict["data"][:] = 1
    executor.arg_dict["fc_weight"][:] = 0.5
    return executor


def test_monitor(executor, logged):
    monitor = mx.mon.Monitor(2, pattern="fc_[ow].*|act", sort=True)
    monitor.install(executor)
    seen = []
    for _ in range(3):
        monitor.tic()
        executor.forward()
        seen.append(monitor.toc())
    stats = [("act_output", "1.0\t"), ("fc_output", "1.0\t"), ("fc_weight", "0.5\t")]
    assert seen == [[(1, *stat) for stat in stats], [], [(3, *stat) for stat in stats]]
    monitor.tic()
    monitor.tic()
    executor.forward()
    monitor.toc_print()
    monitor.toc_print()
    assert logged() == ["Batch:       5 act_output                     1.0\t",
                        "Batch:       5 fc_output                      1.0\t",
                        "Batch:       5 fc_weight                      0.5\t"]


def test_monitor_of_several_statistics(executor):
    monitor = mx.mon.Monitor(1, stat_func=lambda a: [a.sum(), nd.array([1, 2])], pattern=".*output")
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    assert [text for _, _, text in monitor.toc()] == ["2.0\t[1. 2.]\t"] * 3


def test_monitor_wants_arrays(executor):
    monitor = mx.mon.Monitor(1, stat_func=lambda a: 3.0)
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    with pytest.raises(AssertionError, match=r"NDArray or a list of them, got 3\.0"):
        monitor.toc()


def test_monitor_sees_auxiliary_states():
    executor = mx.sym.BatchNorm(mx.sym.var("data"), name="bn").simple_bind(mx.cpu(), data=(2, 2))
    monitor = mx.mon.Monitor(1, pattern="bn_moving.*|data")
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    assert [name for _, name, _ in monitor.toc()] == ["data", "bn_moving_mean", "bn_moving_var"]
