"""BucketingModule, SequentialModule, PythonModule and BaseModule: what they refuse, files, wiring."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd
from mxnet.io import DataBatch
from mxnet.module import BaseModule, BucketingModule, Module, PythonLossModule, PythonModule, SequentialModule

X = np.random.RandomState(0).rand(20, 4).astype("float32")
Y = np.arange(20) % 3


def graph(length):
    net = mx.sym.sum(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, flatten=False), axis=1)
    return mx.sym.SoftmaxOutput(net, name="softmax"), ("data",), ("softmax_label",)


def batch(length):
    return DataBatch([nd.ones((2, length, 3))], [nd.zeros(2)], bucket_key=length,
                     provide_data=[("data", (2, length, 3))], provide_label=[("softmax_label", (2,))])


def buckets():
    mod = BucketingModule(graph, default_bucket_key=4)
    mod.bind([("data", (2, 4, 3))], [("softmax_label", (2,))])
    mod.init_params()
    return mod


# ------------------------------------------------------------------------------------------------ BucketingModule


def test_buckets():
    mod = buckets()
    mod.init_optimizer(optimizer_params={"learning_rate": 1})
    assert mod.symbol.list_arguments() == ["data", "fullyconnected0_weight", "fullyconnected0_bias", "softmax_label"]
    mod.forward_backward(batch(3))
    mod.update()
    assert mod.data_shapes[0].shape == (2, 3, 3)
    mod.prepare(batch(2))
    assert (mod._curr_bucket_key, sorted(mod._buckets)) == (3, [2, 3, 4])
    after = mod.get_params()[0]["fullyconnected0_bias"].asnumpy()
    assert after.any()
    mod.forward(batch(4), is_train=False)
    np.testing.assert_array_equal(mod._curr_module._exec_group.execs[0].arg_dict["fullyconnected0_bias"].asnumpy(),
                                  after)
    assert (mod.data_names, mod.output_names, mod.output_shapes) == (
        ["data"], ["softmax_output"], [("softmax_output", (2, 3))])


def test_buckets_refuse():
    with pytest.raises(AssertionError, match="default_bucket_key"):
        BucketingModule(graph)
    with pytest.raises(ValueError, match=r"fixed_param_names=\['foo'\]"):
        BucketingModule(graph, 4, fixed_param_names=["foo"])
    mod = BucketingModule(graph, 4)
    assert (mod.data_names, mod.output_names) == (("data",), ["softmax_output"])
    for call in (mod.get_params, mod.init_params, lambda: mod.symbol, lambda: mod.switch_bucket(3, [])):
        with pytest.raises(AssertionError, match="call bind"):
            call()
    with pytest.raises(AssertionError, match="shared_module for BucketingModule is not supported"):
        mod.bind([("data", (2, 4, 3))], shared_module=mod)


def test_buckets_set_params():
    mod = buckets()
    with pytest.raises(RuntimeError, match="is not presented"):
        mod.set_params({}, {})
    mod.set_params({"fullyconnected0_bias": nd.ones(3)}, {}, allow_missing=True)
    assert mod.get_params()[0]["fullyconnected0_bias"].asnumpy().tolist() == [1, 1, 1]


def test_buckets_rebound_keep_what_was_learnt():
    mod = buckets()
    mod.set_params({"fullyconnected0_bias": nd.ones(3)}, {}, allow_missing=True)
    mod.bind([("data", (5, 4, 3))], [("softmax_label", (5,))], force_rebind=True)
    assert mod.get_params()[0]["fullyconnected0_bias"].asnumpy().tolist() == [1, 1, 1]


def test_bucket_files(tmp_path):
    mod = buckets()
    mod.forward(batch(2))
    prefix = str(tmp_path / "net")
    mod.save_checkpoint(prefix, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "net-0003.params", "net-2-symbol.json", "net-4-symbol.json", "net.buckets"]
    keys, = nd.load(prefix + ".buckets")
    assert (keys.asnumpy().tolist(), keys.dtype) == ([4, 2], np.int32)
    loaded = BucketingModule.load(prefix, 3, graph, 4)
    assert loaded.params_initialized
    loaded.bind([("data", (2, 4, 3))], [("softmax_label", (2,))])
    for name, value in mod.get_params()[0].items():
        np.testing.assert_array_equal(loaded.get_params()[0][name].asnumpy(), value.asnumpy())
    with pytest.raises(AssertionError, match="sym_gen is required"):
        BucketingModule.load(prefix, 3)
    with pytest.raises(AssertionError, match="default_bucket_key is required"):
        BucketingModule.load(prefix, 3, graph)
    again = BucketingModule.load_dict({4: graph(4)[0]}, graph, 4, *mod.get_params())
    assert again.params_initialized


def test_buckets_are_fitted():
    class Buckets(mx.io.DataIter):
        default_bucket_key = 4
        provide_data, provide_label = [("data", (2, 4, 3))], [("softmax_label", (2,))]

        def __init__(self):
            super().__init__(2)
            self.reset()

        def reset(self):
            self.left = [4, 2, 3, 2]

        def next(self):
            if not self.left:
                raise StopIteration
            return batch(self.left.pop())

    mod = BucketingModule(graph, Buckets.default_bucket_key)
    mod.fit(Buckets(), Buckets(), num_epoch=3, optimizer_params={"learning_rate": 0.5})
    assert mod.score(Buckets(), "acc") == [("accuracy", 1.0)]


# ------------------------------------------------------------------------------------------------ SequentialModule


def layers(first="fc1", second="fc2"):
    body = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=4, name=first)
    head = mx.sym.FullyConnected(mx.sym.var("features"), num_hidden=3, name=second)
    head = mx.sym.SoftmaxOutput(head, name="softmax")
    return Module(body, label_names=None), Module(head, ["features"])


def test_sequence():
    body, head = layers()
    seq = SequentialModule()
    assert (seq.data_names, seq.output_names) == ([], [])
    with pytest.raises(AssertionError, match="empty SequentialModule"):
        seq.bind([("data", (8, 4))])
    with pytest.raises(AssertionError, match='Unknown meta "foo", a typo'):
        seq.add(body, foo=1)
    assert seq.add(body).add(head, take_labels=True, auto_wiring=True) is seq
    data = mx.io.NDArrayIter(X, Y, 8)
    seq.fit(data, num_epoch=2)
    assert (seq.data_names, seq.output_names) == (["data"], ["softmax_output"])
    assert seq.output_shapes == [("softmax_output", (8, 3))]
    assert seq.predict(data).shape == (20, 3)
    assert seq.score(data, "acc")[0][0] == "accuracy"
    assert sorted(seq.get_params()[0]) == ["fc1_bias", "fc1_weight", "fc2_bias", "fc2_weight"]
    with pytest.raises(AssertionError, match="inputs_need_grad=True"):
        seq.get_input_grads()


def test_sequence_without_wiring():
    seq = SequentialModule()
    body, head = layers()
    seq.add(body).add(head, take_labels=True)
    with pytest.raises(ValueError, match=r"fc1_output.* vs\. \['features'\]"):
        seq.bind([("data", (8, 4))], [("softmax_label", (8,))])


def test_sequence_with_one_name_twice():
    seq = SequentialModule()
    body, head = layers("fc", "fc")
    seq.add(body).add(head, take_labels=True, auto_wiring=True)
    seq.bind([("data", (8, 4))], [("softmax_label", (8,))])
    with pytest.raises(AssertionError, match=r'name "fc_\w+" in layer 1 .* is already used in layer 0'):
        seq.init_params()


# ------------------------------------------------------------------------------------------------ PythonModule


def test_python_loss():
    loss = PythonLossModule(grad_func=lambda scores, labels: scores * 2)
    loss.bind([("data", (2, 3))], [("softmax_label", (2,))])
    loss.init_params()
    loss.init_optimizer()
    assert (loss.data_names, loss.output_names, loss.output_shapes) == (
        ["data"], ["pyloss_output"], [("pyloss_output", (2, 3))])
    assert loss.get_params() == ({}, {})
    loss.forward(DataBatch([nd.ones((2, 3))], [nd.zeros(2)]))
    loss.backward()
    assert loss.get_input_grads()[0].asnumpy().tolist() == [[2] * 3] * 2
    assert loss.get_outputs()[0].asnumpy().tolist() == [[1] * 3] * 2
    metric = mx.metric.create("acc")
    loss.update_metric(metric, [nd.zeros(2)])
    assert metric.get() == ("accuracy", 1.0)
    with pytest.raises(AssertionError, match="out_grads should be None"):
        loss.backward([nd.ones(1)])


def test_python_modules_refuse():
    with pytest.raises(AssertionError, match="a loss has one input"):
        PythonLossModule(data_names=["a", "b"])
    with pytest.raises(AssertionError, match="grad_func must be a function"):
        PythonLossModule(grad_func=3)
    loss = PythonLossModule()
    with pytest.raises(AssertionError, match=r"data_shapes are of \['x'\], expected \['data'\]"):
        loss.bind([("x", (2, 3))])
    loss.bind([("data", (2, 3))], [("softmax_label", (2,))])
    loss.forward(DataBatch([nd.ones((2, 3))], [nd.zeros(2)]))
    with pytest.raises(NotImplementedError, match="give grad_func"):
        loss.backward()
    with pytest.raises(NotImplementedError):
        PythonModule(["a"], None, ["o"]).bind([("a", (2,))])


def test_base_module():
    base = BaseModule()
    assert base.symbol is None
    for call in (lambda: base.data_names, lambda: base.forward(None), base.get_params, lambda: base.bind([])):
        with pytest.raises(NotImplementedError):
            call()
    with pytest.warns(UserWarning, match="sparse_row_id_fn is not invoked for BaseModule"):
        base.prepare(None, sparse_row_id_fn=len)
