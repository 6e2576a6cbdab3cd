"""Module: what it refuses and warns of, files, shapes that change, memory that is shared."""

from __future__ import annotations

import logging
import re
import warnings
from collections import namedtuple

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd
from mxnet.io import DataBatch, DataDesc
from mxnet.module import Module

X = np.random.RandomState(0).rand(20, 4).astype("float32")
Y = np.arange(20) % 3


def mlp():
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=5, name="fc1")
    net = mx.sym.FullyConnected(mx.sym.Activation(net, act_type="relu"), num_hidden=3, name="fc2")
    return mx.sym.SoftmaxOutput(net, name="softmax")


def data(size=8):
    return mx.io.NDArrayIter(X, Y, size)


def batch(size):
    return DataBatch([nd.array(X[:size])], [nd.array(Y[:size])])


def bound(size=8, init=True, **kwargs):
    mod = Module(mlp(), **kwargs)
    mod.bind([("data", (size, 4))], [("softmax_label", (size,))])
    if init:
        mod.init_params(mx.init.Xavier())
    return mod


# ------------------------------------------------------------------------------------------------ too early, wrong


@pytest.mark.parametrize("kind", ["data", "state", "fixed_param"])
def test_names_that_are_no_arguments(kind):
    with pytest.raises(ValueError, match=re.compile(rf"{kind}_names=\['foo'\].*Did you mean one of:\s+data\s+softmax_l",
                                                    re.DOTALL)):
        Module(mlp(), **{f"{kind}_names": ["foo"]})


def test_label_names_that_are_no_arguments():
    with pytest.warns(UserWarning, match=r"label_names=\['lab'\]"):
        Module(mlp(), label_names=["lab"])


@pytest.mark.parametrize("call", [
    lambda m: m.data_shapes, lambda m: m.label_shapes, lambda m: m.output_shapes, lambda m: m.get_params(),
    lambda m: m.init_params(), lambda m: m.init_optimizer(), lambda m: m.forward(batch(8)), lambda m: m.backward(),
    lambda m: m.update(), lambda m: m.get_outputs(), lambda m: m.get_input_grads(), lambda m: m.get_states(),
    lambda m: m.set_states(value=1), lambda m: m.reshape([("data", (2, 4))]), lambda m: m.set_params({}, {}),
    lambda m: m.score(data(), "acc"), lambda m: m.predict(data()), lambda m: m.save_params("x"),
    lambda m: m.save_optimizer_states("x"), lambda m: m.prepare(None), lambda m: m.borrow_optimizer(m),
    lambda m: m.install_monitor(mx.mon.Monitor(1)),
])
def test_too_early(call):
    with pytest.raises(AssertionError, match=r"call (bind|init)|no optimizer"):
        call(Module(mlp()))


def test_bind_refuses():
    mod = Module(mlp())
    with pytest.raises(ValueError, match=r"don't match names specified by data_names \(.*dat,.* vs\. \['data'\]\)"):
        mod.bind([("dat", (8, 4))])
    with pytest.raises(TypeError, match="the shape of data must be a tuple, got NDArray"):
        mod.bind([("data", nd.array([10, 10]))])
    with pytest.raises(AssertionError, match="needs for_training=True"):
        mod.bind([("data", (8, 4))], for_training=False, inputs_need_grad=True)
    with pytest.raises(AssertionError, match="shared_module must be a bound Module"):
        mod.bind([("data", (8, 4))], [("softmax_label", (8,))], shared_module=Module(mlp()))
    with pytest.raises(AssertionError, match=r"batch_size = 8, but softmax_label has shape \(7,\)"):
        mod.bind([("data", (8, 4))], [("softmax_label", (7,))])
    with pytest.raises(RuntimeError, match="simple_bind error"):
        mod.bind([("data", (8, 0))], [("softmax_label", (8,))])
    assert not mod.binded


def test_what_is_done_already(caplog):
    mod = bound()
    mod.bind([("data", (2, 4))])
    mod.init_optimizer()
    mod.init_optimizer()
    assert caplog.messages == ["Already bound, ignoring bind()", "optimizer already initialized, ignoring..."]
    with pytest.warns(UserWarning, match="already initialized and force_init=False"):
        mod.init_params()
    assert mod.data_shapes[0].shape == (8, 4)


def test_labels_of_other_names_are_left_alone():
    mod = Module(mlp())
    with pytest.warns(UserWarning, match="don't match names specified by label_names"):
        mod.bind([("data", (8, 4))], [("lab", (8,))])
    mod.init_params()
    mod.forward(batch(8), is_train=False)
    metric = mx.metric.create("acc")
    mod.update_metric(metric, [nd.array(Y[:8])])
    assert metric.num_inst == 8


def test_work_load_list_and_contexts():
    with pytest.raises(AssertionError, match="work_load_list must have an entry for each"):
        Module(mlp(), work_load_list=[1, 2])
    with pytest.raises(ValueError, match=r"Too many slices.*a batch of 1 divided by \[1, 1\]"):
        bound(1, context=[mx.cpu(0), mx.cpu(1)])
    mod = bound(6, context=[mx.cpu(0), mx.cpu(1)], work_load_list=[2, 1])
    assert mod._exec_group.slices == [slice(0, 4), slice(4, 6)]
    with pytest.raises(ValueError, match="Too many slices"):
        mod.forward(batch(1))
    mod.forward(batch(7))  # the failure before left nothing behind
    assert [out.shape for out in mod.get_outputs(False)[0]] == [(5, 3), (2, 3)]


def test_group2ctxs_refuses():
    how = {"context": [mx.cpu(0), mx.cpu(1)]}
    with pytest.raises(AssertionError, match="group 'a': 2 contexts need as many, got 3"):
        bound(group2ctxs={"a": [mx.cpu(0)] * 3}, **how)
    with pytest.raises(AssertionError, match="2 contexts need as many group2ctxs, got 1"):
        bound(group2ctxs=[{}], **how)


def test_gradient_compression_is_refused():
    mod = bound(context=[mx.cpu(0), mx.cpu(1)], compression_params={"type": "2bit", "threshold": 0.5})
    with pytest.raises(mx.MXNetError, match="gradient compression"):
        mod.init_optimizer()


def test_backward_without_training():
    mod = Module(mlp())
    mod.bind([("data", (8, 4))], [("softmax_label", (8,))], for_training=False)
    mod.init_params()
    mod.forward(batch(8))
    with pytest.raises(AssertionError, match="re-bind with for_training=True"):
        mod.backward()
    with pytest.raises(AssertionError, match="inputs_need_grad=True"):
        mod.get_input_grads()


# ------------------------------------------------------------------------------------------------ parameters


def test_init_params_from_arrays():
    mod = bound(init=False)
    with pytest.raises(RuntimeError, match="fc1_bias is not presented"):
        mod.init_params(arg_params={"fc1_weight": nd.ones((5, 4))})
    with pytest.raises(mx.MXNetError, match=r"parameter fc1_bias: expected shape \(5,\), got \(9,\)"):
        mod.init_params(arg_params={"fc1_bias": nd.ones(9)}, allow_missing=True)
    mod.init_params(mx.init.One(), {"fc1_bias": nd.ones(5) * 3, "unknown": nd.ones(1)}, allow_missing=True)
    args, _ = mod.get_params()
    assert args["fc1_bias"].asnumpy().tolist() == [3] * 5
    assert args["fc2_weight"].asnumpy().min() == 1
    assert list(args) == ["fc1_weight", "fc1_bias", "fc2_weight", "fc2_bias"]


def test_set_params():
    mod = bound()
    args, aux = mod.get_params()
    with pytest.raises(RuntimeError, match="fc2_bias is not presented"):
        mod.set_params({k: v for k, v in args.items() if k != "fc2_bias"}, aux)
    with pytest.raises(ValueError, match='"zz" that is not in the arguments'):
        mod.set_params({"zz": nd.ones(1)}, aux, allow_missing=True)
    mod.set_params({"zz": nd.ones(1), "fc1_bias": nd.ones(5)}, aux, allow_missing=True, allow_extra=True)
    assert mod.get_params()[0]["fc1_bias"].asnumpy().tolist() == [1] * 5
    with pytest.warns(UserWarning, match="set_params call ignored"):
        mod.set_params({}, {}, allow_missing=True, force_init=False)


def test_params_are_copies():
    mod = bound()
    mod.init_optimizer(optimizer_params={"learning_rate": 1})
    before = mod.get_params()[0]["fc2_bias"].asnumpy()
    mod.get_params()[0]["fc2_bias"][:] = 7
    mod.forward_backward(batch(8))
    mod.update()
    assert abs(mod.get_params()[0]["fc2_bias"].asnumpy() - before).max() < 2


def test_unknown_names_need_an_initializer():
    mod = Module(mx.sym.var("data") * mx.sym.var("foo", shape=(2, 2)), label_names=None)
    mod.bind([("data", (2, 2))])
    with pytest.raises(ValueError, match="Unknown initialization pattern for foo"):
        mod.init_params()


def test_save_and_load_params(tmp_path):
    path = str(tmp_path / "p")
    mod, other = bound(), bound()
    mod.save_params(path)
    other.load_params(path)
    np.testing.assert_array_equal(mod.predict(data()).asnumpy(), other.predict(data()).asnumpy())
    nd.save(path, {"foo:w": nd.ones(1)})
    with pytest.raises(ValueError, match=r"Invalid param file .* got 'foo:w'"):
        mod.load_params(path)


def test_load_says_what_is_missing(tmp_path):
    prefix = str(tmp_path / "net")
    mx.model.save_checkpoint(prefix, 1, mlp(), {"fc1_weight": nd.ones((5, 4))}, {})
    mod = Module.load(prefix, 1)
    with pytest.warns(UserWarning, match="no value for the parameter"):
        mod.bind([("data", (8, 4))], [("softmax_label", (8,))])
    mx.model.save_checkpoint(prefix, 1, mlp(), {"fc1_weight": nd.ones((5, 3))}, {})
    with pytest.raises(mx.MXNetError, match=r"parameter fc1_weight: expected shape \(5, 4\), got \(5, 3\)"):
        Module.load(prefix, 1).bind([("data", (8, 4))], [("softmax_label", (8,))])


def test_rebinding_keeps_what_was_learnt():
    mod = bound()
    mod.init_optimizer(optimizer_params={"learning_rate": 1})
    mod.forward_backward(batch(8))
    mod.update()
    before = mod._exec_group.execs[0].arg_dict["fc2_bias"].asnumpy()
    mod.bind([("data", (2, 4))], [("softmax_label", (2,))], for_training=False, force_rebind=True)
    np.testing.assert_array_equal(mod._exec_group.execs[0].arg_dict["fc2_bias"].asnumpy(), before)


# ------------------------------------------------------------------------------------------------ optimizer


def test_init_optimizer():
    mod = bound()
    with pytest.raises(AssertionError, match="optimizer must be an Optimizer or its name, got int"):
        mod.init_optimizer(optimizer=3)
    with pytest.raises(ValueError, match="Cannot find optimizer foo"):
        mod.init_optimizer(optimizer="foo")
    with pytest.warns(UserWarning, match=r"not normalized .*\(1\.0 vs\. 0\.125\)"):
        mod.init_optimizer(optimizer=mx.optimizer.SGD())
    assert mod._optimizer.idx2name == dict(enumerate(mod._exec_group.param_names))
    mod.init_optimizer(optimizer="adam", optimizer_params={"rescale_grad": 3}, force_init=True)
    assert mod._optimizer.rescale_grad == 3
    mod.init_optimizer(kvstore=mx.kv.create("local"), force_init=True)
    assert mod._update_on_kvstore and mod._updater is None
    assert mod._optimizer.rescale_grad == 0.125


def test_optimizer_states_of_a_store(tmp_path):
    path = str(tmp_path / "states")
    mods = [bound(context=[mx.cpu(0), mx.cpu(1)]) for _ in range(2)]
    for mod in mods:
        mod.init_optimizer(optimizer_params={"learning_rate": 1, "momentum": 0.9})
    mods[0].forward_backward(batch(8))
    mods[0].update()
    mods[0].save_optimizer_states(path)
    mods[1].load_optimizer_states(path)
    ours, theirs = (mod._kvstore._updater.states for mod in mods)
    assert list(ours) == list(theirs) == mods[0]._param_names
    for name in ours:
        np.testing.assert_array_equal(ours[name].asnumpy(), theirs[name].asnumpy())


# ------------------------------------------------------------------------------------------------ fit, score, predict


def test_fit_logs(caplog):
    caplog.set_level(logging.INFO)
    mod = Module(mlp())
    with pytest.raises(AssertionError, match="please specify number of epochs"):
        mod.fit(data())
    mod.fit(data(), data(), num_epoch=1, eval_metric=["acc", "ce"], validation_metric="mse")
    texts = [re.sub(r"\d+\.\d+", "#", text) for text in caplog.messages]
    assert texts == ["Epoch[0] Train-accuracy=#", "Epoch[0] Train-cross-entropy=#", "Epoch[0] Time cost=#",
                     "Epoch[0] Validation-mse=#"]


def test_callbacks_of_fit():
    seen = []
    bound().fit(data(), data(), num_epoch=1, begin_epoch=0,
                batch_end_callback=[lambda p: seen.append(("batch", p.nbatch, p.locals["data_batch"].pad)),
                                    lambda p: seen.append(p.locals["self"].symbol.name)],
                epoch_end_callback=lambda epoch, sym, arg, aux: seen.append(("epoch", epoch, sorted(arg), aux)),
                eval_batch_end_callback=lambda p: seen.append(("eval", p.nbatch)),
                eval_end_callback=lambda p: seen.append(("eval end", p.nbatch)))
    assert seen == [("batch", 0, 0), "softmax", ("batch", 1, 0), "softmax", ("batch", 2, 4), "softmax",
                    ("epoch", 0, ["fc1_bias", "fc1_weight", "fc2_bias", "fc2_weight"], {}),
                    ("eval", 0), ("eval", 1), ("eval", 2), ("eval end", 3)]


def test_predict():
    mod = bound()
    assert mod.predict(data()).shape == (20, 3)
    assert [[a.shape for a in outputs] for outputs in mod.predict(data(), merge_batches=False)] == [
        [(8, 3)], [(8, 3)], [(4, 3)]]
    assert [a.shape for a in mod.predict(data(), always_output_list=True)] == [(20, 3)]
    assert mod.predict(data(), num_batch=1).shape == (8, 3)
    assert mod.predict(X).shape == mod.predict(nd.array(X)).shape == (20, 3)
    with pytest.raises(ValueError, match="NDArray or DataIter, got list"):
        mod.predict([X])
    assert [(len(outputs), n, b.pad) for outputs, n, b in mod.iter_predict(data())] == [(1, 0, 0), (1, 1, 0), (1, 2, 4)]


def test_predict_is_no_training():
    mod = Module(mx.sym.Dropout(mx.sym.var("data"), p=0.5), label_names=None)
    mod.bind([("data", (20, 4))])
    mod.init_params()
    np.testing.assert_array_equal(mod.predict(X).asnumpy(), X)


def test_predict_with_labels_that_nobody_wants():
    net = mlp().get_internals()["fc2_output"]
    mod = Module(net, label_names=None)
    mod.bind(data().provide_data, for_training=False)
    mod.init_params()
    assert mod.predict(data(5)).shape == (20, 3)


def test_score():
    mod = bound()
    seen = []
    (name, value), = mod.score(data(), "acc", num_batch=2, batch_end_callback=lambda p: seen.append(p.nbatch),
                               score_end_callback=[lambda p: seen.append(("end", p.nbatch, p.epoch))], epoch=5)
    assert name == "accuracy"
    assert value == (mod.predict(X[:16]).asnumpy().argmax(1) == Y[:16]).mean()
    assert seen == [0, 1, ("end", 2, 5)]


# ------------------------------------------------------------------------------------------------ shapes that change


def test_labels_come_back_after_a_prediction_without():
    mod, other = bound(), bound()
    other.set_params(*mod.get_params())
    mod.predict(nd.array(X[:5]))
    assert repr(mod.label_shapes) == repr([DataDesc("softmax_label", (5,))])
    for m in (mod, other):
        m.forward_backward(batch(8))
    for name, grad in mod._exec_group.execs[0].grad_dict.items():
        if grad is not None:
            np.testing.assert_array_equal(grad.asnumpy(), other._exec_group.execs[0].grad_dict[name].asnumpy())


def test_executors_of_other_shapes_are_kept():
    mod = bound()
    mod.forward(batch(3))
    small = mod._exec_group.execs[0]
    mod.forward(batch(8))
    mod.forward(batch(3))
    assert mod._exec_group.execs[0] is small
    for size in range(9, 20):
        mod.forward(batch(size))
    assert len(mod._exec_group._by_shapes) == 8
    mod.forward(batch(3))
    assert mod._exec_group.execs[0] is not small
    assert mod._exec_group.execs[0].arg_dict["fc1_weight"] is mod._exec_group._default_execs[0].arg_dict["fc1_weight"]


def test_other_sizes_of_features_are_refused():
    mod = bound()
    with pytest.raises((AssertionError, mx.MXNetError), match="fc1_weight"):
        mod.forward(DataBatch([nd.ones((8, 5))], [nd.ones(8)]))
    mod.forward(batch(8))
    with pytest.raises(AssertionError, match="2 data arrays, expected 1"):
        mod.forward(DataBatch([nd.ones((3, 4)), nd.ones(3)]))


def test_batches_of_other_kinds():
    mod = bound()
    wanted = mod.predict(X[:8]).asnumpy()
    mod.forward(namedtuple("Batch", ["data"])([nd.array(X[:8])]), is_train=False)
    np.testing.assert_array_equal(mod.get_outputs()[0].asnumpy(), wanted)
    mod.forward(DataBatch([X[:8]]), is_train=False)
    np.testing.assert_array_equal(mod.get_outputs()[0].asnumpy(), wanted)


def test_a_batch_for_each_context():
    mod = bound(8, context=[mx.cpu(0), mx.cpu(1)])
    wanted = mod.predict(X[:8]).asnumpy()
    halves = [DataBatch([nd.array(X[4 * k:4 * k + 4])], [nd.array(Y[4 * k:4 * k + 4])]) for k in range(2)]
    mod.forward(halves, is_train=False)
    np.testing.assert_array_equal(mod.get_outputs()[0].asnumpy(), wanted)
    (_, value), = mod.score([halves], "acc", reset=False)
    assert value == (wanted.argmax(1) == Y[:8]).mean()


def test_shared_module():
    mod = bound()
    mod.init_optimizer()
    other = Module(mlp())
    other.bind([("data", (3, 4))], [("softmax_label", (3,))], shared_module=mod)
    assert other.params_initialized and other.optimizer_initialized
    assert other._updater is mod._updater
    mod._exec_group.execs[0].arg_dict["fc1_bias"][:] = 5
    assert other._exec_group.execs[0].arg_dict["fc1_bias"].asnumpy().tolist() == [5] * 5
    assert mx.test_utils.same_array(other._exec_group.execs[0].grad_dict["fc1_bias"],
                                    mod._exec_group.execs[0].grad_dict["fc1_bias"])


def test_states():
    mod = bound()
    with pytest.raises(AssertionError, match="merge_multi_context=True is not supported"):
        mod.get_states()
    assert mod.get_states(False) == []
    with pytest.raises(AssertionError, match="Only one of states & value"):
        mod.set_states(states=[], value=1)
    with pytest.raises(AssertionError, match="At least one of states & value"):
        mod.set_states()


def test_importing_and_training_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Module(mlp()).fit(data(), num_epoch=1)
