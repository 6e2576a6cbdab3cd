"""mx.model: checkpoints, what Module's updates stand on, FeedForward."""

from __future__ import annotations

import logging
import pickle
import re

import numpy as np
import pytest

import mxnet as mx
from mxnet import model, nd
from mxnet.executor_manager import _check_arguments, _split_input_slice

X = np.random.RandomState(0).rand(20, 4).astype("float32")
Y = np.arange(20) % 3


def softmax():
    return mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc"), name="softmax")


def feed_forward(*args, **kwargs):
    with pytest.warns(DeprecationWarning, match="FeedForward has been deprecated"):
        return model.FeedForward(*args, **kwargs)


# ------------------------------------------------------------------------------------------------ checkpoints


def test_checkpoint(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    prefix = str(tmp_path / "net")
    model.save_checkpoint(prefix, 12, softmax(), {"w": nd.array([1.5])}, {"a": nd.ones((2, 1))})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net-0012.params", "net-symbol.json"]
    assert caplog.messages == [f'Saved checkpoint to "{prefix}-0012.params"']
    symbol, args, aux = model.load_checkpoint(prefix, 12)
    assert symbol.tojson() == softmax().tojson()
    assert args["w"].asscalar() == 1.5 and aux["a"].shape == (2, 1)
    model.save_checkpoint(prefix + "2", 12345, None, args, {})
    assert model.load_params(prefix + "2", 12345)[1] == {}
    assert not (tmp_path / "net2-symbol.json").exists()


@pytest.mark.parametrize(("arrays", "says"), [
    ({"arg:w": 1, "w": 1}, "an array called 'w'"),
    ([1, 1], "its 2 arrays have no names"),
])
def test_params_of_other_kinds(tmp_path, arrays, says):
    ones = {k: nd.ones(v) for k, v in arrays.items()} if isinstance(arrays, dict) else [nd.ones(v) for v in arrays]
    nd.save(str(tmp_path / "net-0001.params"), ones)
    with pytest.raises(ValueError, match=says):
        model.load_params(str(tmp_path / "net"), 1)


def test_params_names_with_colons_and_unknown_kinds(tmp_path):
    nd.save(str(tmp_path / "net-0001.params"), {"arg:x:y": nd.ones(1), "aux:z": nd.ones(2), "other:q": nd.ones(1)})
    args, aux = model.load_params(str(tmp_path / "net"), 1)
    assert list(args) == ["x:y"] and list(aux) == ["z"]


def test_empty_and_missing_params(tmp_path, caplog):
    nd.save(str(tmp_path / "net-0001.params"), [])
    assert model.load_params(str(tmp_path / "net"), 1) == ({}, {})
    assert "is empty" in caplog.messages[0]
    with pytest.raises(mx.MXNetError, match=r"net-0002\.params"):
        model.load_params(str(tmp_path / "net"), 2)


# ------------------------------------------------------------------------------------------------ stores


@pytest.mark.parametrize(("store", "contexts", "size", "kind", "update"), [
    ("local", 1, 9, None, False), ("local", 2, 9, "local", True), ("local", 2, 1024 * 1024 * 16 + 1, "local", False),
    ("device", 2, 1024 * 1024 * 16 + 1, "device", True), ("device", 1, 9, None, False), (None, 2, 9, None, False),
])
def test_create_kvstore(store, contexts, size, kind, update):
    made, updates = model._create_kvstore(store, contexts, {"w": nd.zeros(size, dtype="int8")})
    assert (made and made.type, updates) == (kind, update)


def test_create_kvstore_from_one(monkeypatch):
    store = mx.kv.create("local")
    assert model._create_kvstore(store, 1, {}) == (store, True)
    assert model._create_kvstore(mx.kv.create("teststore"), 1, {})[1] is False
    monkeypatch.setenv("MXNET_UPDATE_ON_KVSTORE", "0")
    assert model._create_kvstore(store, 1, {}) == (store, False)
    with pytest.raises(TypeError, match="kvstore must be KVStore, str or None, got int"):
        model._create_kvstore(3, 1, {})


def test_update_params_without_gradients():
    weights = [[nd.ones(2)], [nd.ones(2)]]
    updater = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=1))
    model._update_params(weights, [[None], [nd.ones(2)]], updater, 1)
    assert weights[0][0].asnumpy().tolist() == [1, 1]
    assert weights[1][0].asnumpy().tolist() == [0, 0]
    assert list(updater.states) == [1]
    model._update_params(weights, [[None], [None]], updater, 1)


# ------------------------------------------------------------------------------------------------ executor_manager


@pytest.mark.parametrize(("size", "loads", "ends"), [
    (10, [1, 1], [5, 10]), (10, [1, 2], [3, 10]), (5, [1, 1], [2, 5]), (10, [3, 2, 1], [5, 8, 10]),
    (5, [1, 1, 1, 1], [1, 2, 3, 5]), (4, [0.5, 0.5], [2, 4]), (11, [2, 3, 5], [2, 5, 11]),
])
def test_split_input_slice(size, loads, ends):
    slices = _split_input_slice(size, loads)
    assert [s.stop for s in slices] == ends
    assert [s.start for s in slices] == [0, *ends[:-1]]


@pytest.mark.parametrize(("size", "loads"), [(2, [1, 1, 1]), (10, [1, 0])])
def test_split_input_slice_into_nothing(size, loads):
    with pytest.raises(ValueError, match="Too many slices"):
        _split_input_slice(size, loads)


def test_check_arguments():
    _check_arguments(softmax())
    with pytest.raises(ValueError, match='duplicated argument name "a"'):
        _check_arguments(mx.sym.var("a") + mx.sym.var("a"))


# ------------------------------------------------------------------------------------------------ FeedForward


def test_feed_forward_logs(caplog):
    caplog.set_level(logging.INFO)
    ff = feed_forward(softmax(), num_epoch=2, learning_rate=0.1, numpy_batch_size=8)
    np.random.seed(0)
    ff.fit(X, Y, eval_data=(X.tolist(), Y.tolist()))
    texts = [re.sub(r"\d+\.\d+", "#", text) for text in caplog.messages]
    assert texts == ["Start training with [cpu(0)]",
                     *(line for epoch in range(2) for line in (
                         f"Epoch[{epoch}] Resetting Data Iterator", f"Epoch[{epoch}] Time cost=#",
                         f"Epoch[{epoch}] Validation-accuracy=#"))]


def test_feed_forward_files_and_pickles(tmp_path):
    ff = feed_forward(softmax(), num_epoch=1, numpy_batch_size=8)
    ff.fit(X, Y)
    wanted = ff.predict(X)
    assert wanted.shape == (20, 3)
    prefix = str(tmp_path / "net")
    ff.save(prefix)
    with pytest.warns(DeprecationWarning):
        loaded = model.FeedForward.load(prefix, 1)
    assert (loaded.begin_epoch, loaded.num_epoch) == (1, None)
    np.testing.assert_array_equal(loaded.predict(X), wanted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(ff)).predict(X), wanted)
    outputs, data, label = ff.predict(mx.io.NDArrayIter(X, Y, 8), return_data=True)
    np.testing.assert_array_equal(outputs, wanted)
    np.testing.assert_array_equal(data, X)
    assert label.tolist() == Y.tolist()
    assert ff.predict(X, num_batch=1).shape == (8, 3)
    scores = ff.score(mx.io.NDArrayIter(X, Y, 8), ["acc", "ce"])
    assert len(scores) == 2
    inner = feed_forward(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc"), arg_params={
        **ff.arg_params, "extra": nd.ones(1)}, aux_params={}, allow_extra_params=True)
    assert sorted(inner.arg_params) == ["fc_bias", "fc_weight"]
    assert inner.predict(X).shape == (20, 3)


def test_feed_forward_new_parameters_are_predicted_with():
    ff = feed_forward(softmax(), num_epoch=1, numpy_batch_size=8, learning_rate=1)
    ff.fit(X, Y)
    before = ff.predict(X)
    ff.fit(X, Y)
    assert abs(ff.predict(X) - before).max() > 1e-3


def test_feed_forward_predicts_batches_of_any_shape():
    net = mx.sym.Convolution(mx.sym.var("data"), kernel=(3, 3), num_filter=2, name="conv")
    net = mx.sym.SoftmaxOutput(net, multi_output=True, name="softmax")
    args = {"conv_weight": nd.random.normal(shape=(2, 3, 3, 3)), "conv_bias": nd.ones(2)}
    ff = feed_forward(net, arg_params=args, aux_params={}, numpy_batch_size=4)
    for size in ((2, 3, 8, 8), (5, 3, 6, 9), (1, 3, 12, 12), (2, 3, 8, 8)):
        x = np.random.RandomState(0).rand(*size)
        wanted = nd.softmax(nd.Convolution(nd.array(x), *args.values(), kernel=(3, 3), num_filter=2), axis=1)
        np.testing.assert_allclose(ff.predict(x), wanted.asnumpy(), rtol=1e-5)
    with pytest.raises((AssertionError, mx.MXNetError), match="conv_weight"):
        ff.predict(np.zeros((1, 4, 8, 8)))


def test_feed_forward_of_a_function():
    def graph(length):
        net = mx.sym.sum(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, flatten=False, name="fc"), axis=1)
        return mx.sym.SoftmaxOutput(net, name="softmax")

    class Buckets(mx.io.DataIter):
        provide_data, provide_label = [("data", (2, 5, 2))], [("softmax_label", (2,))]
        default_bucket_key = 5
        sizes = (5, 2, 3)

        def __init__(self):
            super().__init__(2)
            self.left = list(self.sizes)

        def reset(self):
            self.left = list(self.sizes)

        def next(self):
            if not self.left:
                raise StopIteration
            k = self.left.pop()
            return mx.io.DataBatch([nd.ones((2, k, 2))], [nd.array([0, 1])], pad=0, bucket_key=k,
                                   provide_data=[("data", (2, k, 2))], provide_label=self.provide_label)

    ff = feed_forward(graph, num_epoch=2, learning_rate=0.5)
    ff.fit(Buckets())
    assert ff.arg_params["fc_weight"].shape == (3, 2)


@pytest.mark.parametrize(("call", "error", "says"), [
    (lambda ff: ff.fit(X), ValueError, "y must be specified"),
    (lambda ff: ff.fit(X, Y[:3]), ValueError, "not equal: 20 and 3"),
    (lambda ff: ff.fit(X, [1]), TypeError, "y must be ndarray .* got list"),
    (lambda ff: ff.fit(X, Y.reshape(20, 1, 1)), ValueError, r"1D or 2D .* got the shape \(20, 1, 1\)"),
    (lambda ff: ff.fit(3, Y), TypeError, "X must be DataIter, .* got int"),
    (lambda ff: ff.fit(X, Y, eval_data=(X,)), TypeError, "Eval data must be .* got tuple"),
    (lambda ff: ff.fit(X, Y, eval_data=(None, Y)), ValueError, "Eval data is NONE"),
    (lambda ff: ff.predict(X), ValueError, "no parameters yet"),
])
def test_feed_forward_refuses(call, error, says):
    with pytest.raises(error, match=says):
        call(feed_forward(softmax(), num_epoch=1))


def test_feed_forward_data_without_batches_ends():
    class Nothing(mx.io.DataIter):
        provide_data, provide_label = [("data", (2, 4))], [("softmax_label", (2,))]

    with pytest.warns(DeprecationWarning):
        model.FeedForward.create(softmax(), Nothing(2), num_epoch=1, epoch_size=3)
