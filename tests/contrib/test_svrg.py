"""SVRGModule: weights as MXNet 1.9.1's over the epochs of a full gradient."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd
from mxnet.contrib.svrg_optimization.svrg_module import SVRGModule
from mxnet.contrib.svrg_optimization.svrg_optimizer import _AssignmentOptimizer, _SVRGOptimizer


def data(n=60):
    x = np.random.RandomState(0).randint(1, 5, [n, 2]).astype("f")
    return mx.io.NDArrayIter(x, x.dot([1.0, 2.0]), batch_size=16, label_name="label")


def module(cls=SVRGModule, context=mx.cpu(), **options):  # noqa: B008
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=1, name="fc")
    net = mx.sym.LinearRegressionOutput(net, mx.sym.var("label"), name="out")
    return cls(net, ["data"], ["label"], context=context, **options)


def bound(iterator, optimizer="sgd", kvstore="local", **options):
    mod = module(update_freq=2, **options)
    mod.bind(iterator.provide_data, iterator.provide_label)
    mod.init_params(mx.init.One())
    rate = {"sgd": 0.025, "adam": 0.05}[optimizer]
    mod.init_optimizer(kvstore, optimizer, {"learning_rate": rate})
    return mod


def weights(mod):
    return np.concatenate([mod.get_params()[0][name].asnumpy().ravel() for name in ("fc_weight", "fc_bias")])


@pytest.mark.parametrize("kvstore", ["local", None])
@pytest.mark.parametrize("optimizer, expected", [
    ("sgd", [[1.356869, 1.4988687, 0.1479414], [1.3521823, 1.6244895, 0.1668761]]),
    ("adam", [[1.197302, 1.1980932, 0.19761442], [1.3711638, 1.3815018, 0.3765475]])])
def test_weights_as_mxnets(optimizer, expected, kvstore):
    """The padded last batch is a part of the gradient over all data in MXNet."""
    iterator = data()
    mod = bound(iterator, optimizer, kvstore)
    mod.update_full_grads(iterator)
    assert np.allclose(mod._param_dict[0]["fc_weight"].asnumpy(), [[-111.73333, -132.26666]])
    assert np.allclose(mod._param_dict[0]["fc_bias"].asnumpy(), [-42.666668])
    for wanted in expected:
        iterator.reset()
        for batch in iterator:
            mod.forward_backward(batch)
            mod.update()
        assert np.allclose(weights(mod), wanted, rtol=1e-5)


def test_the_full_gradient_is_taken_anew():
    """MXNet adds it to what is left of the one before."""
    iterator = data(64)
    mod = bound(iterator)
    mod.update_full_grads(iterator)
    first = mod._param_dict[0]["fc_weight"].asnumpy()
    mod.update_full_grads(iterator)
    assert np.array_equal(mod._param_dict[0]["fc_weight"].asnumpy(), first)


def test_several_contexts():
    iterator = data(64)
    found = []
    for context in (mx.cpu(), [mx.cpu(0), mx.cpu(1)]):
        mod = bound(iterator, context=context)
        for epoch in range(3):
            iterator.reset()
            mod._fit_epoch(iterator, epoch, mx.metric.MSE(), [], None, None)
        found.append(weights(mod))
        iterator.reset()
    assert np.allclose(found[0], found[1], rtol=1e-5)


def test_fit():
    metric = mx.metric.MSE()
    mod = module(update_freq=2)
    mod.fit(data(64), eval_metric=metric, optimizer_params={"learning_rate": 0.025}, num_epoch=40,
            initializer=mx.init.One())
    assert metric.get()[1] < 2e-3
    assert np.allclose(weights(mod)[:2], [1, 2], atol=0.1)


def test_prediction_and_other_shapes():
    iterator = data()
    mod = bound(iterator)
    mod.update_full_grads(iterator)
    mod.reshape([("data", (4, 2))], [("label", (4,))])
    mod.forward_backward(mx.io.DataBatch([nd.ones((4, 2))], [nd.ones(4)]))
    mod.update()
    mod.forward(mx.io.DataBatch([nd.ones((2, 2))], [nd.ones(2)]), is_train=False)
    assert mod.get_outputs()[0].shape == (2, 1)


@pytest.mark.parametrize("update_freq, error", [(None, TypeError), (1.5, TypeError), ("a", TypeError),
                                                (0, ValueError), (-1, ValueError)])
def test_update_freq(update_freq, error):
    with pytest.raises(error, match="update_freq in SVRGModule must be a"):
        module(update_freq=update_freq)


def test_optimizers():
    kinds = {0: "weight", 1: "weight_full", 2: "fullyconnected0_weight"}
    optimizer = mx.optimizer.create("_SVRGOptimizer", default_optimizer="sgd", param_idx2name=kinds, momentum=0.9,
                                    learning_rate=1.0)
    assert isinstance(optimizer, _SVRGOptimizer) and isinstance(optimizer.aux_opt, _AssignmentOptimizer)
    assert (optimizer.default_opt.lr, optimizer.default_opt.momentum, optimizer.lr) == (1.0, 0.9, 1.0)
    for keys in ({0: -2, 1: 2, 2: -2}, {"b": -2, "b_full": 2}):
        store = mx.kv.create("local")
        store.set_optimizer(optimizer)
        for key, expected in keys.items():
            value = nd.zeros(3)
            store.init(key, value)
            store.push(key, nd.full((3,), 2))
            store.pull(key, value)
            assert value.asnumpy().tolist() == [expected] * 3, key
