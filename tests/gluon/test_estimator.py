"""The Estimator and its handlers: what they log, raise and write is what MXNet 1.9.1 does."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from golden import estimator_cases
from mxnet import gluon, nd
from mxnet.gluon import nn
from mxnet.gluon.contrib.estimator import (
    CheckpointHandler,
    EarlyStoppingHandler,
    EpochEnd,
    Estimator,
    ProgressBarHandler,
    StoppingHandler,
    TensorBoardHandler,
)

CASES = estimator_cases.CASES
ANSWERS = json.loads((Path(estimator_cases.__file__).parent / "estimator.json").read_text())

# Where MXNet's log is wrong: at the end of an epoch it counts one batch too many; tells the new best value as the old
# one, too; and calls the number of batches an epoch.
_UNSURE = re.compile(r"trained total \d+ batches|improved from [-\w.]+|\[Epoch \d+](?= CheckpointHandler: .* did not)")


def test_all_cases_are_recorded():
    assert len(CASES) == len(ANSWERS)


@pytest.mark.parametrize("position", range(len(CASES)), ids=[code[:70] for code in CASES])
def test_as_recorded(position, tmp_path):
    expected = ANSWERS[position]
    got = estimator_cases.run(mx, CASES[position], str(tmp_path))
    if "verbose=1" in CASES[position]:
        got[0], expected[0] = ([_UNSURE.sub("#", line) for line in lines] for lines in (got[0], expected[0]))
    if got[2] and expected[2]:  # what came may stand after MXNet's words
        expected[2][1] = expected[2][1].strip().replace("specifyresume", "specify resume")
        got[2][1] = got[2][1][:len(expected[2][1])]
    for what, mine, theirs in zip(("text", "warnings", "error", "files"), got, expected, strict=True):
        assert mine == theirs, what


def test_parameters_that_wait_for_shapes_keep_their_initializer(recwarn):
    net = nn.Dense(2)
    net.initialize(mx.init.Constant(7))
    Estimator(net, gluon.loss.L2Loss(), trainer=gluon.Trainer(net.collect_params(), "sgd"))
    assert net(nd.ones((1, 3))).asnumpy().tolist() == [[21, 21]]
    assert not recwarn.list


# ------------------------------------------------------------------------------------------------ other than MXNet


@pytest.fixture
def loader():
    x = nd.random.normal(shape=(20, 3))
    return gluon.data.DataLoader(gluon.data.ArrayDataset(x, x.sum(axis=1) > 0), batch_size=6)


@pytest.fixture
def estimator():
    net = nn.Dense(2, in_units=3)
    net.initialize(mx.init.Xavier())
    made = Estimator(net, gluon.loss.SoftmaxCrossEntropyLoss(), trainer=gluon.Trainer(net.collect_params(), "sgd"))
    made.logger.setLevel(logging.ERROR)
    return made


@pytest.mark.parametrize("metric, better", [
    (mx.metric.RMSE(), np.less), (mx.metric.MAE(), np.less), (mx.metric.Loss("l2loss"), np.less),
    (mx.metric.Perplexity(None), np.less), (mx.metric.CrossEntropy(), np.less)], ids=str)
def test_auto_knows_what_is_better(metric, better, tmp_path, recwarn):
    """MXNet's help says that it goes by the name; MXNet takes `greater` for all."""
    assert EarlyStoppingHandler(metric).monitor_op is better
    assert CheckpointHandler(str(tmp_path), monitor=metric, save_best=True).monitor_op is better
    assert not recwarn.list


@pytest.mark.parametrize("metric", [mx.metric.Accuracy(), mx.metric.F1(), mx.metric.TopKAccuracy(3)], ids=str)
def test_auto_announces_greater(metric):
    with pytest.warns(UserWarning, match="`greater` operator will be used to determine if .* has improved"):
        assert EarlyStoppingHandler(metric).monitor_op is np.greater


def test_unknown_mode():
    with pytest.warns(RuntimeWarning, match="EarlyStopping mode best is unknown, fallback to auto mode"):
        EarlyStoppingHandler(mx.metric.Accuracy(), mode="best")


def test_metric_that_is_not_updated(estimator, loader, tmp_path):
    """NaN is no reason to stop, nor to save."""
    metric = mx.metric.RMSE()
    stopping = EarlyStoppingHandler(metric, mode="min")
    saving = CheckpointHandler(str(tmp_path), monitor=metric, mode="min", save_best=True)
    with pytest.warns(RuntimeWarning, match="rmse is not updated"):
        estimator.fit(loader, epochs=2, event_handlers=[stopping, saving])
    assert stopping.current_epoch == 2
    assert not (tmp_path / "model-best.params").exists()


def test_stopped_in_the_first_epoch_is_logged(estimator, loader, capsys):
    estimator.logger.setLevel(logging.INFO)
    estimator.logger.handlers = [logging.StreamHandler(text := io.StringIO())]
    estimator.fit(loader, epochs=3, event_handlers=[EarlyStoppingHandler(estimator.train_metrics[0], mode="max",
                                                                         baseline=2)])
    assert "[Epoch 0] EarlyStoppingHanlder: early stopping due to training accuracy not improving" in text.getvalue()


def test_handlers_serve_again(estimator, loader):
    """MXNet adds its handlers to the user's list, and a StoppingHandler stays stopped."""
    stopping = StoppingHandler()
    handlers = [stopping]
    estimator.fit(loader, epochs=2, event_handlers=handlers)
    estimator.fit(loader, epochs=1, event_handlers=handlers)
    assert handlers == [stopping]
    assert (stopping.current_epoch, stopping.current_batch) == (1, 4)


@pytest.mark.parametrize("how", [{"epochs": -1}, {"batches": -2}])
def test_negative_numbers(estimator, loader, how):
    """MXNet trains for ever."""
    with pytest.raises(ValueError, match="must be positive, got -"):
        estimator.fit(loader, **how)


def test_batch_axis():
    class Columns(gluon.data.Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, i):
            return np.full(3, i, "float32"), np.float32(i % 2)

    def batchify(samples):
        return nd.array(np.stack([x for x, _ in samples], 1)), nd.array([[y for _, y in samples]])

    class Net(nn.HybridSequential):
        def hybrid_forward(self, F, x):
            return super().hybrid_forward(F, F.transpose(x))

    net = Net()
    net.add(nn.Dense(1, in_units=3))
    contexts = [mx.cpu(0), mx.cpu(1)]
    net.initialize(ctx=contexts)
    estimator = Estimator(net, gluon.loss.L2Loss(), context=contexts,
                          trainer=gluon.Trainer(net.collect_params(), "sgd"))
    shapes = []

    class Look(EpochEnd):
        def epoch_end(self, estimator, *args, **kwargs):
            shapes.append(estimator.train_metrics[0].num_inst)

    estimator.logger.setLevel(logging.ERROR)
    estimator.fit(gluon.data.DataLoader(Columns(), batch_size=4, batchify_fn=batchify), epochs=1, batch_axis=1,
                  event_handlers=[Look()])
    assert shapes == [8]


# ------------------------------------------------------------------------------------------------ beyond MXNet


def test_progress_bar(estimator, loader):
    text = io.StringIO()
    estimator.fit(loader, epochs=2, event_handlers=[ProgressBarHandler(file=text, ncols=120, mininterval=0)])
    last = text.getvalue().split("\r")[-1]
    assert re.match(r"Epoch 1: 100%.*4/4 \[.*batch/s, training accuracy=\d\.\d{4}, "
                    r"training softmaxcrossentropyloss=\d\.\d{4}]", last), last


def test_progress_bar_of_given_metrics(estimator, loader):
    text = io.StringIO()
    bar = ProgressBarHandler(total=9, metrics=estimator.train_metrics[1], file=text, ncols=120, mininterval=0)
    estimator.fit(loader, epochs=1, event_handlers=bar)
    assert "4/9" in text.getvalue() and "accuracy" not in text.getvalue()


class Writer:
    def __init__(self, folder):
        self.scalars = []

    def add_scalar(self, tag, value, step):
        self.scalars.append((tag, value, step))

    def flush(self):
        pass

    close = flush


@pytest.mark.parametrize("interval, steps", [("epoch", [1, 2]), (3, [3, 6])])
def test_tensorboard(estimator, loader, monkeypatch, interval, steps):
    monkeypatch.setattr(mx.contrib.tensorboard, "make_writer", Writer)
    handler = TensorBoardHandler("logs", interval)
    estimator.fit(loader, loader, epochs=2, event_handlers=handler)
    written = handler._writer.scalars
    found = {tag: [step for name, _, step in written if name == tag] for tag, _, _ in written}
    assert found["training/accuracy"] == steps and found["learning rate"] == steps
    assert found["validation/softmaxcrossentropyloss"] == [step for step in steps if interval == "epoch" or step > 4]
    if interval == "epoch":
        assert ("training/accuracy", estimator.train_metrics[0].get()[1], 2) in written


def test_tensorboard_writes_its_files(estimator, loader, tmp_path):
    pytest.importorskip("tensorboard")
    estimator.fit(loader, epochs=1, event_handlers=TensorBoardHandler(str(tmp_path)))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path)).Reload()
    [event] = events.Scalars("training/accuracy")
    assert event.step == 1 and event.value == pytest.approx(estimator.train_metrics[0].get()[1])


@pytest.mark.parametrize("interval", [0, -1, 1.5, "batch"])
def test_tensorboard_interval(interval):
    with pytest.raises(ValueError, match="log_interval must be 'epoch' or a positive integer"):
        TensorBoardHandler("logs", interval)


# ------------------------------------------------------------------------------------------------ checkpoints of MXNet


def test_mxnet_files_are_resumed(estimator, loader, tmp_path):
    """Without a .resume file, as real MXNet writes checkpoints."""
    estimator.fit(loader, epochs=2, event_handlers=CheckpointHandler(str(tmp_path)))
    for file in tmp_path.glob("*.resume"):
        file.unlink()
    handler = CheckpointHandler(str(tmp_path), resume_from_checkpoint=True)
    estimator.fit(loader, epochs=3, event_handlers=handler)
    assert (estimator.max_epoch, handler.trained_epoch, handler.trained_batch) == (1, 1, 8)
    assert handler.saved_checkpoints == [f"model-epoch{k}batch{4 * k + 4}" for k in range(3)]
