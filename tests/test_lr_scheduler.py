"""Schedulers against the rates, log lines, states and refusals of MXNet 1.9.1, to the last digit."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from pathlib import Path

import pytest

from mxnet import lr_scheduler
from mxnet.lr_scheduler import CosineScheduler, FactorScheduler, LRScheduler, PolyScheduler

GOLDEN = json.loads((Path(__file__).parent / "golden" / "lr_scheduler.json").read_text())


def label(case) -> str:
    return "{}({})".format(case["name"], ", ".join(f"{k}={v}" for k, v in case["arguments"].items()))


def make(case) -> LRScheduler:
    return getattr(lr_scheduler, case["name"])(**copy.deepcopy(case["arguments"]))


@pytest.mark.parametrize("case", GOLDEN["schedules"], ids=label)
def test_rates_log_and_state(case, caplog):
    scheduler = make(case)
    with caplog.at_level(logging.INFO):
        assert [scheduler(i) for i in case["updates"]] == case["rates"]
    assert caplog.messages == case["log"]
    assert vars(scheduler) == case["state"]


@pytest.mark.parametrize("case", GOLDEN["refused"], ids=label)
def test_refusals(case):
    with pytest.raises((ValueError, AssertionError)) as caught:
        make(case)
    assert caught.type.__name__ == case["error"]
    assert case["message"] in str(caught.value)
    assert ", got " in str(caught.value)


def test_positional_arguments_have_mxnets_order():
    assert vars(PolyScheduler(10, 0.1, 3, 0.01, 2, 0.05, "constant")) == vars(
        PolyScheduler(max_update=10, base_lr=0.1, pwr=3, final_lr=0.01, warmup_steps=2, warmup_begin_lr=0.05,
                      warmup_mode="constant"))
    assert vars(CosineScheduler(10, 0.1, 0.01, 2, 0.05, "constant")) == vars(
        CosineScheduler(max_update=10, base_lr=0.1, final_lr=0.01, warmup_steps=2, warmup_begin_lr=0.05,
                        warmup_mode="constant"))


def test_base_is_abstract():
    with pytest.raises(NotImplementedError, match="must override this"):
        LRScheduler()(1)


def test_warmup_ends():
    scheduler = LRScheduler(0.1, 5, 0.01)
    rates = [scheduler.get_warmup_lr(i) for i in range(5)]
    assert rates == [0.01, 0.028000000000000004, 0.046000000000000006, 0.064, 0.082]
    with pytest.raises(AssertionError):
        scheduler.get_warmup_lr(5)


@pytest.mark.parametrize("kind", [PolyScheduler, CosineScheduler])
def test_all_warmup_and_no_decay_keeps_the_base_rate(kind):
    """MXNet divides by zero at the one update where the warmup and the schedule end together."""
    scheduler = kind(5, base_lr=0.1, warmup_steps=5)
    assert [scheduler(i) for i in (4, 5, 6)] == [pytest.approx(0.08), 0.1, 0.1]


def test_an_optimizer_may_set_the_base_rate():
    scheduler = FactorScheduler(2, 0.5, base_lr=1, warmup_steps=3)
    scheduler.base_lr = 7
    assert [scheduler(i) for i in range(6)] == [0.0, 1 / 3, 2 / 3, 3.5, 3.5, 1.75]


def test_pickles_with_its_state():
    scheduler = FactorScheduler(2, 0.5, base_lr=1)
    scheduler(5)
    assert vars(pickle.loads(pickle.dumps(scheduler))) == vars(scheduler)
