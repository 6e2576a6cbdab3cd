"""Callbacks and Monitor: what they log is what MXNet 1.9.1 logs."""

from __future__ import annotations

import logging
import re
import sys

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


@pytest.mark.parametrize("monitor_all", [False, True])
def test_monitor_of_a_block(monitor_all):
    """Beyond MXNet, whose Monitor takes executors only."""
    net = mx.gluon.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(mx.gluon.nn.Dense(2, activation="relu"), mx.gluon.nn.Dense(1))
    net.initialize(mx.init.One())
    net.hybridize()
    net(nd.ones((1, 3)))
    monitor = mx.mon.Monitor(2, pattern="net_.*", monitor_all=monitor_all)
    monitor.install(net)
    seen = []
    for _ in range(2):
        monitor.tic()
        net(nd.ones((1, 3)))
        seen.append(monitor.toc())
    stats = {name: text for _, name, text in seen[0]}
    assert stats["net_dense0_fwd_output"] == "3.0\t" and stats["net_dense1_fwd_output"] == "6.0\t"
    assert stats["net_dense1_weight"] == "1.0\t" and stats["net_dense1_bias"] == "0.0\t"
    assert any(name.endswith(("_data", "input0")) for name in stats) == monitor_all, stats
    assert seen[1] == []


# ------------------------------------------------------------------------------------------------ mx.log


def test_logger_in_colour(capsys):
    """The line is MXNet 1.9.1's."""
    logger = mx.log.get_logger("test_logger_in_colour", level=mx.log.DEBUG)
    for level, begin in ((10, "\x1b[34mD"), (20, "\x1b[32mI"), (30, "\x1b[31mW"), (40, "\x1b[31mE"),
                         (50, "\x1b[31mC"), (25, "\x1b[32mU")):
        logger.log(level, "hello %d", level)
        line = capsys.readouterr().err
        assert line.startswith(begin)
        assert re.fullmatch(r"\d{4} \d\d:\d\d:\d\d \d+ test_callback\.py:test_logger_in_colour:\d+]\x1b\[0m "
                            rf"hello {level}\n", line[len(begin):])
    again = mx.log.get_logger("test_logger_in_colour")
    assert again is logger and len(again.handlers) == 1 and again.level == mx.log.DEBUG


def test_logger_to_a_file(tmp_path):
    with pytest.warns(DeprecationWarning, match="getLogger is deprecated, Use get_logger instead"):
        logger = mx.log.getLogger("test_logger_to_a_file", str(tmp_path / "log"), level=mx.log.INFO)
    logger.info("hello")
    logger.debug("not this")
    assert (tmp_path / "log").read_text() == "hello\n"
    [handler] = logger.handlers
    handler.close()


def test_root_logger_stays_as_it_is():
    handlers = list(logging.getLogger().handlers)
    assert mx.log.get_logger(level=mx.log.DEBUG) is logging.getLogger()
    assert logging.getLogger().handlers == handlers and logging.getLogger().level != mx.log.DEBUG


# ------------------------------------------------------------------------------------------------ TensorBoard


class Writer:
    def __init__(self, folder):
        self.folder, self.scalars = folder, []

    def add_scalar(self, tag, value, global_step=None):
        self.scalars.append((tag, round(float(value), 4), global_step))

    def flush(self):
        pass

    close = flush


def test_log_metrics_callback(monkeypatch, metric):
    monkeypatch.setattr(mx.contrib.tensorboard, "make_writer", Writer)
    for prefix, begin in ((None, ""), ("train", "train-")):
        callback = mx.contrib.tensorboard.LogMetricsCallback("logs", prefix)
        callback(BatchEndParam(3, 4, None, None))
        callback(BatchEndParam(3, 4, metric, None))
        assert callback.summary_writer.scalars == [(f"{begin}accuracy", 0.5, 3), (f"{begin}cross-entropy", 0.8574, 3)]


def test_tensorboard_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match=r"pip install 'glueball\[tensorboard\]'"):
        mx.contrib.tensorboard.LogMetricsCallback("logs")


def test_monitor_shows_a_float32_with_its_own_digits():
    executor = (mx.sym.Variable("x") * 1).bind(mx.cpu(), {"x": mx.nd.array([0.1])})
    monitor = mx.mon.Monitor(1, stat_func=lambda array: array, pattern="x")
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    assert monitor.toc()[0][2] == "0.1\t"
