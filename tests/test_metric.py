"""Metrics against what MXNet 1.9.1 says of the same batches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from golden import metric_cases
from mxnet import metric, nd

ANSWERS = json.loads((Path(metric_cases.__file__).parent / "metric.json").read_text())


@pytest.mark.parametrize("position", range(len(ANSWERS)), ids=lambda i: metric_cases.CASES[i][0])
def test_like_mxnet(position):
    got, wanted = metric_cases.run(mx, metric, *metric_cases.CASES[position]), ANSWERS[position]
    assert len(got) == len(wanted)
    for one, other in zip(got, wanted, strict=True):
        if isinstance(other, str):
            assert one == other.replace("_BinaryClassificationMetrics", "This metric")
            continue
        assert [name for name, _ in one] == [name for name, _ in other]
        for (_, value), (_, theirs) in zip(one, other, strict=True):
            assert value == (theirs if theirs == "nan" else pytest.approx(theirs, rel=1e-6, abs=1e-9))


def test_dicts_choose_by_name():
    labels, preds = {"x": nd.array([1, 0]), "y": nd.array([1])}, {"o": nd.array([[0, 1], [0, 1]]), "p": nd.array([1])}
    accuracy = metric.Accuracy(label_names=["x"], output_names=["o"])
    accuracy.update_dict(labels, preds)
    assert accuracy.get() == ("accuracy", 0.5)
    both = metric.CompositeEvalMetric([accuracy], label_names=["x"], output_names=["o"])
    both.reset()
    both.update_dict(labels, preds)
    assert both.get() == (["accuracy"], [0.5])


def test_numbers_must_agree():
    with pytest.raises(ValueError, match="Shape of labels 1 does not match shape of predictions 2"):
        metric.Accuracy().update([nd.ones(2)], [nd.ones(2), nd.ones(2)])
    free = metric.CustomMetric(lambda label, pred: 1, allow_extra_outputs=True)
    free.update([nd.ones(2)], [nd.ones(2), nd.ones(2)])
    assert free.num_inst == 1
    with pytest.raises(NotImplementedError, match="CustomMetric cannot be serialized"):
        free.get_config()


def test_micro_averages_start_afresh():
    for kind in (metric.F1, metric.MCC, metric.PearsonCorrelation):
        micro = kind(average="micro")
        label, pred = metric_cases.BINARY[0] if kind is not metric.PearsonCorrelation else metric_cases.NUMBERS[0]
        micro.update([nd.array(label)], [nd.array(pred)])
        first = micro.get()
        micro.reset_local()
        assert micro.get()[1] != micro.get()[1]
        micro.update([nd.array(label)], [nd.array(pred)])
        assert micro.get() == first


def test_a_composite_has_its_parts():
    both = metric.create(["acc"])
    both.add("mse")
    assert type(both.get_metric(1)) is metric.MSE
    assert both.get_config()["metrics"][1]["metric"] == "MSE"
    assert str(both) == "EvalMetric: {'accuracy': nan, 'mse': nan}"


def test_shapes_that_do_not_agree():
    for kind in (metric.MSE, metric.F1, metric.MCC):
        with pytest.raises(ValueError, match="does not match shape of predictions"):
            kind().update([nd.ones((4, 3))], [nd.ones((4, 5))])


def test_sums_on_a_device_are_fetched_when_asked_for():
    """A subclass with sums of its own, and what stands in for a device: sums wait until somebody asks."""
    loss = metric.Loss()
    loss._waiting = [mx.nd.array([3.0])._t.sum(), mx.nd.array([4.0])._t.sum()]
    loss.num_inst = 2
    assert loss.get() == ("loss", 3.5) and not loss._waiting
    loss.sum_metric += 1
    assert (loss.sum_metric, loss.global_sum_metric) == (8.0, 7.0)
    loss.reset_local()
    assert (loss.sum_metric, loss.global_sum_metric) == (0.0, 7.0)


def test_classes_below_zero_have_no_correlation():
    with pytest.raises(ValueError, match="got class -1"):
        metric.PCC().update([nd.array([-1, 1])], [nd.array([0, 1])])


def test_sums_of_float32_are_in_double_precision():
    """Also with NumPy 2, where 0.0 + float32 is a float32."""
    class Own(metric.EvalMetric):
        def update(self, labels, preds):
            self.sum_metric += np.float32(preds[0].asscalar())
            self.num_inst += 1

    for kind in (lambda: Own("own"), lambda: metric.np(lambda label, pred: pred.sum())):
        mean = kind()
        for value in (2.0**24, 1, 1, 1, 1):
            mean.update([nd.ones(1)], [nd.array([value])])
        assert mean.sum_metric == 2.0**24 + 4
        assert "float64" not in str(mean)


def test_binary_scores_of_other_shapes_than_the_labels():
    for kind in (metric.F1, metric.MCC):
        with pytest.raises(ValueError, match="Shape of labels 6 does not match"):
            kind().update([nd.array([0, 1, 0, 1, 0, 1])], [nd.ones((2, 2, 3))])
