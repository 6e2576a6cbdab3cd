"""mx.engine and mxnet.misc: small modules that old programs import."""

import pytest

import mxnet as mx
from mxnet import misc


def test_bulk():
    before = mx.engine.set_bulk_size(3)
    with mx.engine.bulk(10) as scope:
        assert scope is not None
        x = mx.nd.ones(10)
        x *= 2
        x += 1
        assert mx.engine.set_bulk_size(10) == 10
    assert (x.asnumpy() == 3).all()
    assert mx.engine.set_bulk_size(before) == 3
    with pytest.raises(TypeError):
        mx.engine.set_bulk_size("x")


def test_factor_scheduler(caplog):
    schedule = misc.FactorScheduler(10, 0.5)
    with caplog.at_level("INFO"):
        assert [schedule(i) for i in (0, 9, 10, 25)] == [0.01, 0.01, 0.005, 0.0025]
    assert [r.getMessage() for r in caplog.records] == ["At Iteration [10]: Swith to new learning rate 0.00500",
                                                       "At Iteration [25]: Swith to new learning rate 0.00250"]
    for step, factor in ((0, 0.1), (1, 1.0)):
        with pytest.raises(ValueError, match="must be"):
            misc.FactorScheduler(step, factor)
    with pytest.raises(NotImplementedError):
        misc.LearningRateScheduler()(1)
