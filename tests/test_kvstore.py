"""Stores: their registry, what Trainer makes of them, and refusals; sums are compared with MXNet's elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.kvstore import KVStore, KVStoreBase


def on_two_contexts():
    param = gluon.Parameter("x", shape=(2,))
    param.initialize(ctx=[mx.cpu(0), mx.cpu(1)], init="zeros")
    return param


def backward(param):
    with autograd.record():
        losses = [w + 1 for w in param.list_data()]
    autograd.backward(losses)


def test_names():
    for name in ("local", "device", "local_update_cpu", "local_allreduce_cpu", "local_allreduce_device", "Local"):
        assert mx.kv.create(name).type == name.lower()
    assert type(mx.kv.create()) is KVStore
    for name in ("dist_sync", "dist_async", "dist_device_sync", "nccl"):
        with pytest.raises(mx.MXNetError, match=f"'{name}' is not available"):
            mx.kv.create(name)
    with pytest.raises(ValueError, match="Unknown kvstore 'fo'"):
        mx.kv.create("fo")


def test_own_store():
    calls = []

    class Counting(KVStoreBase):
        def broadcast(self, key, value, out, priority=0):
            calls.append(("broadcast", key, priority))

        def pushpull(self, key, value, out=None, priority=0):
            calls.append(("pushpull", key, priority))
            total = value[0] + value[1].as_in_context(value[0].context)
            for target in value if out is None else out:
                total.copyto(target)

        @staticmethod
        def is_capable(capability):
            return False

    KVStoreBase.register(Counting)
    params = [on_two_contexts(), on_two_contexts()]
    trainer = gluon.Trainer(params, "sgd", {"learning_rate": 1}, kvstore="counting")
    for param in params:
        backward(param)
    trainer.step(1)
    assert calls == [("broadcast", 0, 0), ("broadcast", 1, -1), ("pushpull", 0, 0), ("pushpull", 1, -1)]
    assert trainer._update_on_kvstore is False
    assert [w.asnumpy().tolist() for w in params[1].list_data()] == [[-2, -2], [-2, -2]]
    with pytest.raises(ValueError, match="Cannot set update_on_kvstore=True when kvstore is Counting"):
        gluon.Trainer(params, "sgd", kvstore="counting", update_on_kvstore=True).step(1)
    with pytest.warns(UserWarning, match="New kvstore .* is overriding existing kvstore"):
        KVStoreBase.register(Counting)


def test_base_is_abstract():
    class Bare(KVStoreBase):
        pass

    store = Bare()
    for method, args in (("broadcast", (1, 2, 3)), ("pushpull", (1, 2)), ("set_optimizer", (1,)), ("is_capable", (1,)),
                         ("save_optimizer_states", ("x",)), ("load_optimizer_states", ("x",))):
        with pytest.raises(NotImplementedError):
            getattr(store, method)(*args)
    for name in ("type", "rank", "num_workers"):
        with pytest.raises(NotImplementedError):
            getattr(store, name)


def test_no_store_cannot_update():
    param = gluon.Parameter("x", shape=(2,))
    param.initialize()
    with pytest.raises(ValueError, match="there is no kvstore"):
        gluon.Trainer([param], "sgd", update_on_kvstore=True).step(1)


def test_environment_decides(monkeypatch):
    monkeypatch.setenv("MXNET_UPDATE_ON_KVSTORE", "0")
    trainer = gluon.Trainer([on_two_contexts()], "sgd")
    trainer._init_kvstore()
    assert trainer._update_on_kvstore is False


def test_keys_given_several_times_are_summed():
    store, out = KVStore(), nd.zeros(2)
    store.init("a", nd.ones(2))
    store.push(["a", "a", "a"], [nd.ones(2)] * 3)
    store.pull("a", out=out)
    assert out.asnumpy().tolist() == [3, 3]


def test_shapes_must_agree():
    store = KVStore()
    store.init(1, nd.ones(2))
    with pytest.raises(mx.MXNetError, match=r"differ in shape: \(2,\) and \(3,\)"):
        store.push(1, [nd.ones(2), nd.ones(3)])
    with pytest.raises(mx.MXNetError, match=r"stored is \(2,\), out= has \(4,\)"):
        store.pull(1, out=nd.ones(4))


def test_pushed_arrays_are_not_kept():
    store, pushed, out = KVStore(), nd.ones(2), nd.zeros(2)
    store.init(1, pushed)
    store.push(1, pushed)
    pushed[:] = 7
    store.pull(1, out=out)
    assert out.asnumpy().tolist() == [1, 1]


def test_optimizer_states(tmp_path):
    path = str(tmp_path / "s")
    results = []
    for interrupted in (False, True):
        store, out = KVStore(), nd.zeros(2)
        store.init([0, 1], [nd.ones(2), nd.ones(2)])
        store.set_optimizer(mx.optimizer.Adam(learning_rate=0.1))
        store.push([0, 1], [nd.ones(2), -nd.ones(2)])
        if interrupted:
            store.save_optimizer_states(path, dump_optimizer=True)
            store.set_optimizer(mx.optimizer.Adam())
            store.load_optimizer_states(path)
        store.push([0, 1], [nd.ones(2) * 3, nd.ones(2)])
        for key in (0, 1):
            store.pull(key, out=out)
            results.append(out.asnumpy())
    np.testing.assert_array_equal(results[:2], results[2:])


@pytest.mark.parametrize("stored", ["default", "row_sparse"])
@pytest.mark.parametrize("target", ["default", "row_sparse"])
def test_pull_leaves_sparse_arrays_unless_told(stored, target):
    store = mx.kv.create()
    store.init(3, nd.ones((2, 2)).tostype(stored))
    out = (nd.ones((2, 2)) * 2).tostype(target)
    store.pull(3, out=out)
    assert out.asnumpy().tolist() == [[1 if target == "default" else 2] * 2] * 2
    store.pull(3, out=out, ignore_sparse=False)
    assert out.stype == target and out.asnumpy().tolist() == [[1, 1]] * 2


@pytest.mark.parametrize("stored", ["default", "row_sparse"])
@pytest.mark.parametrize("pushed", ["default", "row_sparse"])
def test_what_is_stored_keeps_its_storage_type(stored, pushed):
    store = mx.kv.create()
    store.init("w", nd.zeros((2, 2)).tostype(stored))
    store.push("w", nd.ones((2, 2)).tostype(pushed))
    out = nd.zeros((2, 2))
    store.pull("w", out=out)
    assert out.asnumpy().tolist() == [[1, 1]] * 2


def test_gradients_in_two_bits():
    """Values as MXNet 1.9.1's: what was not sent is added to the next gradient."""
    kv = mx.kv.create("device")
    kv.set_gradient_compression({"type": "2bit", "threshold": 0.5})
    kv.init(3, mx.nd.zeros(4))
    got = []
    for _ in range(3):
        grads = [mx.nd.array([0.3, -0.3, 0.6, 2.0], ctx=mx.cpu(k)) for k in range(2)]
        kv.pushpull(3, grads)
        got.append(grads[1].asnumpy().tolist())
    assert got == [[0, 0, 1, 1], [1, -1, 1, 1], [0, 0, 1, 1]]
    with pytest.raises(mx.MXNetError, match="expected float32"):
        kv.push(3, mx.nd.ones(4, dtype="float16"))


@pytest.mark.parametrize("params", [{}, {"type": "1bit"}, {"type": "2bit", "threshold": 0}])
def test_other_compressions_are_refused(params):
    with pytest.raises(mx.MXNetError, match="gradient compression"):
        mx.kv.create("device").set_gradient_compression(params)
    with pytest.raises(mx.MXNetError, match="'local'"):
        mx.kv.create("local").set_gradient_compression({"type": "2bit"})


def test_there_are_no_servers():
    with pytest.raises(mx.MXNetError, match="no servers"):
        mx.kvstore.KVStoreServer(mx.kv.create("local")).run()
