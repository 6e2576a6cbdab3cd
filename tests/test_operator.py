"""mx.operator: operators that users write, eager and in Symbols."""
from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, nd
from mxnet.base import MXNetError


class Scale(mx.operator.CustomOp):
    """out_k = data * weight * (k + 2); counts its runs in the auxiliary state."""

    def __init__(self, seen: list):
        self.seen = seen

    def forward(self, is_train, req, in_data, out_data, aux):
        self.seen.append(("forward", bool(is_train), list(req), autograd.is_recording(), autograd.is_training()))
        for k, out in enumerate(out_data):
            self.assign(out, req[k], in_data[0] * in_data[1] * (k + 2))
        aux[0][:] += 1

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        self.seen.append(("backward", list(req), [g.asnumpy().tolist() for g in out_grad], autograd.is_recording()))
        total = sum(g * (k + 2) for k, g in enumerate(out_grad))
        self.assign(in_grad[0], req[0], total * in_data[1])
        self.assign(in_grad[1], req[1], total * in_data[0])


@pytest.fixture(autouse=True)
def seen():
    """What the operator `scale` did: its property's attributes, created operators, runs."""
    log: list = []

    @mx.operator.register("scale")
    class ScaleProp(mx.operator.CustomOpProp):
        def __init__(self, count="1", **attrs):
            super().__init__(need_top_grad=True)
            self.count, self.attrs = int(count), attrs

        def list_arguments(self):
            return ["data", "weight"]

        def list_outputs(self):
            return ["output", "other"][:self.count]

        def list_auxiliary_states(self):
            return ["runs"]

        def infer_shape(self, in_shape):
            return [in_shape[0], in_shape[0]], [in_shape[0]] * self.count, [[1]]

        def create_operator(self, ctx, in_shapes, in_dtypes):
            log.append(("create", self.attrs, ctx, in_shapes, in_dtypes))
            return Scale(log)

    return log


def arrays():
    return nd.array([1.0, 2]), nd.array([3.0, 4]), nd.zeros((1,))


def test_eager(seen, ctx):
    x, w, runs = arrays()
    y = nd.Custom(x, w, runs, op_type="scale", size=(1, 2), none=None, number=1.5, flag=True)
    assert y.asnumpy().tolist() == [6, 16] and runs.asscalar() == 1
    create, forward = seen
    assert create == ("create", {"size": "(1, 2)", "none": "None", "number": "1.5", "flag": "True"}, ctx,
                      [[2], [2], [1]], [0, 0, 0])
    assert forward == ("forward", False, ["write"], False, False)


def test_gradients(seen):
    x, w, runs = arrays()
    x.attach_grad()
    w.attach_grad("add")
    for _ in range(2):
        with autograd.record():
            y, z = nd.Custom(x, w, runs, op_type="scale", count=2)
            loss = y.sum() + 2 * z.sum()
        loss.backward()
    assert x.grad.asnumpy().tolist() == [24, 32] and w.grad.asnumpy().tolist() == [16, 32]
    assert seen[1] == ("forward", True, ["write", "write"], False, True)
    assert seen[2] == ("backward", ["write", "write"], [[1, 1], [2, 2]], False)
    assert runs.asscalar() == 2


def test_no_gradient_wanted(seen):
    x, w, runs = arrays()
    x.attach_grad()
    with autograd.record():
        y = nd.Custom(nd.square(x), w, runs, op_type="scale")
    y.backward()
    assert seen[-1][1] == ["write", "null"]
    assert x.grad.asnumpy().tolist() == [12, 32]


def test_inputs_by_name_and_out():
    x, w, runs = arrays()
    out = nd.zeros((2,))
    assert nd.Custom(weight=w, runs=runs, data=x, op_type="scale", out=out) is out
    assert out.asnumpy().tolist() == [6, 16]
    assert nd.Custom(x, runs=runs, weight=w, op_type="scale").asnumpy().tolist() == [6, 16]
    with pytest.raises(MXNetError, match="'wait' is no input that is missing"):
        nd.Custom(x, w, wait=runs, op_type="scale")


def test_nothing_stays_alive():
    x, w, runs = arrays()
    x.attach_grad()
    with autograd.record():
        y = nd.Custom(x, w, runs, op_type="scale")
    tensor = weakref.ref(y._t)
    gc.disable()
    try:
        del y
        assert tensor() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(("given", "match"), [
    (lambda x, w, r: nd.Custom(x, w, op_type="scale"), r"expects 3 inputs \(data, weight, runs\), but got 2"),
    (lambda x, w, r: nd.Custom(x, w, r, r, op_type="scale"), "expects 3 inputs"),
    (lambda x, w, r: nd.Custom(x, w, r, op_type="nothing"), "Cannot find custom operator nothing"),
    (lambda x, w, r: nd.Custom(x, w, r), "op_type"),
    (lambda x, w, r: nd.Custom(x, w[:1], r, op_type="scale"), r"weight has shape \(1,\), ScaleProp.infer_shape"),
    (lambda x, w, r: nd.Custom(x, w, r, op_type="scale", count="many"), "ScaleProp.__init__: ValueError"),
    (lambda x, w, r: mx.sym.Custom(mx.sym.var("x"), op_type="nothing"), "Cannot find custom operator nothing"),
])
def test_wrong_use(given, match):
    with pytest.raises(MXNetError, match=match):
        given(*arrays())


class Broken(mx.operator.CustomOp):
    def __init__(self, where):
        self.where = where

    def forward(self, **arguments):
        if self.where == "forward":
            raise AssertionError("as told")

    def backward(self, **arguments):
        raise KeyError("as told")


@mx.operator.register("broken")
class BrokenProp(mx.operator.CustomOpProp):
    def __init__(self, where, answer="0"):
        super().__init__()
        self.where, self.answer = where, int(answer)

    def infer_shape(self, in_shape):
        if self.where == "infer_shape":
            raise ZeroDivisionError("as told")
        return [(in_shape,), (in_shape, in_shape * 2), (in_shape, in_shape)][self.answer]

    def create_operator(self, ctx, in_shapes, in_dtypes):
        return Broken(self.where)


@pytest.mark.parametrize(("attrs", "match"), [
    ({"where": "forward", "answer": 2}, r"Error in Broken.forward: AssertionError: as told \(at .*tor.py:\d+"),
    ({"where": "backward", "answer": 2}, "Error in Broken.backward: KeyError"),
    ({"where": "infer_shape"}, "Error in BrokenProp.infer_shape: ZeroDivisionError"),
    ({"where": "", "answer": 0}, "BrokenProp.infer_shape must return 2 or 3 lists"),
    ({"where": "", "answer": 1}, r"1 entries for the outputs \(output\), got 2"),
])
def test_errors_of_user_code(attrs, match):
    x = nd.ones((2,))
    x.attach_grad()
    with pytest.raises(MXNetError, match=match) as caught, autograd.record():
        nd.Custom(x, op_type="broken", **attrs).backward()
    assert caught.value.__cause__ is not None or "must return" in str(caught.value)


def test_loss_without_top_gradient():
    class Loss(mx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            self.assign(out_data[0], req[0], nd.softmax(in_data[0]))

        def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
            self.assign(in_grad[0], req[0], out_data[0] - nd.one_hot(in_data[1], 3))

    @mx.operator.register("own_loss")
    class LossProp(mx.operator.CustomOpProp):
        def __init__(self):
            super().__init__(need_top_grad=False)

        def list_arguments(self):
            return ["data", "label"]

        def infer_shape(self, in_shape):
            return [in_shape[0], [in_shape[0][0]]], [in_shape[0]], []

        def create_operator(self, ctx, in_shapes, in_dtypes):
            return Loss()

    data, label = nd.array([[1.0, 2, 3], [0, 0, 5]]), nd.array([0, 2])
    symbol = mx.sym.Custom(mx.sym.var("data"), name="loss", op_type="own_loss")
    assert symbol.list_arguments() == ["data", "loss_label"]
    assert symbol.infer_shape(data=(2, 3))[0] == [(2, 3), (2,)]
    executor = symbol.simple_bind(mx.cpu(), data=(2, 3))
    executor.forward(is_train=True, data=data, loss_label=label)
    executor.backward()
    expected = nd.softmax(data) - nd.one_hot(label, 3)
    np.testing.assert_allclose(executor.grad_dict["data"].asnumpy(), expected.asnumpy(), rtol=1e-6)


def test_symbol(seen):
    symbol = mx.sym.Custom(mx.sym.var("x"), op_type="scale", count=2, name="c", extra=(1, 2))
    assert symbol.list_arguments() == ["x", "c_weight"]
    assert symbol.list_outputs() == ["c_output", "c_other"]
    assert symbol.list_auxiliary_states() == ["c_runs"]
    assert symbol.attr_dict()["c"] == {"op_type": "scale", "count": "2", "extra": "(1, 2)"}
    assert symbol.infer_shape(x=(2, 3)) == ([(2, 3), (2, 3)], [(2, 3), (2, 3)], [(1,)])
    assert mx.sym.load_json(symbol.tojson()).list_inputs() == symbol.list_inputs()
    assert mx.sym.Custom(weight=mx.sym.var("w"), data=mx.sym.var("x"), op_type="scale").list_arguments() == ["x", "w"]


def test_executor_keeps_the_operator(seen):
    executor = mx.sym.Custom(mx.sym.var("x"), op_type="scale", name="c").simple_bind(
        mx.cpu(), x=(2,), c_weight=(2,), grad_req={"x": "add", "c_weight": "null"})
    x, w, _ = arrays()
    for _ in range(2):
        executor.forward(is_train=True, x=x, c_weight=w)
        executor.backward(nd.ones((2,)))
    assert executor.outputs[0].asnumpy().tolist() == [6, 16]
    assert executor.grad_dict["x"].asnumpy().tolist() == [12, 16]
    assert executor.aux_dict["c_runs"].asscalar() == 2
    assert [entry[0] for entry in seen].count("create") == 1


def test_no_inputs_and_dtype():
    class Ones(mx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            self.assign(out_data[0], req[0], np.ones(out_data[0].shape))

    @mx.operator.register("own_ones")
    class OnesProp(mx.operator.CustomOpProp):
        def __init__(self, length):
            super().__init__()
            self.length = int(length)

        def list_arguments(self):
            return []

        def infer_shape(self, in_shape):
            return [], [(self.length, 2)], []

        def infer_type(self, in_type):
            return [], [np.int32], []

        def create_operator(self, ctx, in_shapes, in_dtypes):
            return Ones()

    with autograd.record():
        made = nd.Custom(length=3, op_type="own_ones")
    assert made.dtype == np.int32 and made.asnumpy().tolist() == [[1, 1]] * 3
    assert mx.sym.Custom(length=3, op_type="own_ones").infer_type() == ([], [np.int32], [])


@pytest.mark.parametrize("hybridize", [False, True])
def test_in_a_hybrid_block(seen, hybridize):
    class Net(mx.gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.weight = self.params.get("weight", shape=(0,), allow_deferred_init=True, init="ones")
            self.runs = self.params.get("runs", shape=(1,), grad_req="null", init="zeros")

        def hybrid_forward(self, F, x, weight, runs):
            return F.Custom(x, weight, runs, op_type="scale")

    net = Net()
    net.initialize()
    if hybridize:
        net.hybridize()
    assert net(nd.array([1, 2.0, 3])).asnumpy().tolist() == [2, 4, 6]
    assert net.weight.shape == (3,) and net.runs.data().asscalar() == 1
    x = nd.array([1.0, 2, 3])
    x.attach_grad()
    with autograd.record():
        net(x).sum().backward()
    assert x.grad.asnumpy().tolist() == [2, 2, 2] and net.weight.grad().asnumpy().tolist() == [2, 4, 6]
    assert seen[-2] == ("forward", True, ["write"], False, True)


def test_assign():
    op, dst = mx.operator.CustomOp(), nd.array([1.0, 2])
    for req, expected in (("write", [3, 3]), ("null", [3, 3]), ("add", [6, 6]), ("inplace", [3, 3])):
        op.assign(dst, req, nd.array([3.0, 3]))
        assert dst.asnumpy().tolist() == expected


def test_defaults():
    prop = mx.operator.CustomOpProp()
    assert (prop.list_arguments(), prop.list_outputs(), prop.list_auxiliary_states()) == (["data"], ["output"], [])
    assert prop.infer_shape([[2], [3]]) == ([[2], [3]], ([2],), ())
    assert prop.infer_type([np.float32, None]) == ([np.float32, None], [np.float32], [])
    assert prop.infer_storage_type(["default"]) == (["default"], ["default"], [])
    assert prop.declare_backward_dependency([0], [1], [2]) == [0, 1, 2]
    assert mx.operator.CustomOpProp(need_top_grad=False).declare_backward_dependency([0], [1], [2]) == [1, 2]


def test_operators_of_old():
    with pytest.warns(UserWarning, match="NumpyOp has been deprecated"):
        class Double(mx.operator.NumpyOp):
            def forward(self, in_data, out_data):
                assert isinstance(in_data[0], np.ndarray)
                out_data[0][:] = in_data[0] * 2

            def backward(self, out_grad, in_data, out_data, in_grad):
                in_grad[0][:] = out_grad[0] * 2

        double = Double()
    executor = double(mx.sym.var("x"), name="n").simple_bind(mx.cpu(), x=(2,))
    assert executor.forward(is_train=True, x=nd.array([1.0, 2]))[0].asnumpy().tolist() == [2, 4]
    executor.backward(nd.array([3.0, 4]))
    assert executor.grad_arrays[0].asnumpy().tolist() == [6, 8]
    with pytest.warns(UserWarning, match="NDArrayOp has been deprecated"):
        copy = mx.operator.NDArrayOp()
    assert copy.get_symbol(mx.sym.var("x"), name="n").list_outputs() == ["n_output"]


def test_catalogue():
    assert {"Dropout", "Custom", "_contrib_CTCLoss"} <= set(mx.operator.get_all_registered_operators())
    arguments = mx.operator.get_operator_arguments("Dropout")
    assert arguments.narg == 5 and arguments.names == ["data", "p", "mode", "axes", "cudnn_off"]
    assert arguments.types[:2] == ["NDArray-or-Symbol", "float, optional, default=0.5"]
