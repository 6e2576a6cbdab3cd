"""Executors: gradients, shared arrays, reshaping, errors, as MXNet 1.9.1 answers (its answers stand in the tests)."""

import re

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd

x, w = mx.sym.var("x"), mx.sym.var("w")
dense = mx.sym.FullyConnected(x, w, num_hidden=2, no_bias=True, name="fc")


def ones(*shape):
    return nd.ones(shape)


class TestBackward:
    def test_grad_req_by_name(self, ctx) -> None:
        grads = {"x": ones(1, 2), "w": ones(2, 2)}
        executor = dense.bind(ctx, {"x": nd.array([[1, 2]]), "w": nd.array([[1, 0], [0, 1]])}, grads,
                              grad_req={"x": "add", "w": "write"})
        for _ in range(2):
            executor.forward(is_train=True)
            executor.backward([ones(1, 2)])
        assert grads["x"].asnumpy().tolist() == [[3, 3]]
        assert grads["w"].asnumpy().tolist() == [[1, 2], [1, 2]]

    def test_grad_req_by_position(self, ctx) -> None:
        grad = ones(1, 2)
        executor = dense.bind(ctx, [nd.array([[1, 2]]), nd.array([[1, 0], [0, 1]])], [grad, None], ["write", "null"])
        executor.forward(is_train=True)
        executor.backward(ones(1, 2))
        assert grad.asnumpy().tolist() == [[1, 1]]
        assert executor.grad_arrays[1] is None

    def test_several_heads(self, ctx) -> None:
        outputs = mx.sym.Group([x * 2, mx.sym.BlockGrad(x * 3), mx.sym.sum(x)])
        executor = outputs.simple_bind(ctx, x=(2, 2))
        executor.forward(is_train=True)
        executor.backward([ones(2, 2), ones(2, 2), nd.array([10.0])])
        assert executor.grad_dict["x"].asnumpy().tolist() == [[12, 12], [12, 12]]

    @pytest.mark.parametrize("loss", [
        mx.sym.SoftmaxOutput(x), mx.sym.MakeLoss(x), mx.sym.make_loss(x), mx.sym.LinearRegressionOutput(x),
        mx.sym.identity(mx.sym.SoftmaxOutput(x)), mx.sym.Reshape(mx.sym.SoftmaxOutput(x), shape=(-1,)),
        mx.sym.BlockGrad(x) * 2, mx.sym.argmax(x, axis=1)])
    def test_losses_need_no_heads(self, ctx, loss) -> None:
        executor = loss.simple_bind(ctx, x=(2, 3))
        executor.forward(is_train=True)
        executor.backward()

    @pytest.mark.parametrize("other", [x * 2, mx.sym.sign(x), mx.sym.Group([mx.sym.SoftmaxOutput(x), x * 3])])
    def test_others_need_heads(self, ctx, other) -> None:
        executor = other.simple_bind(ctx, x=(2, 3))
        executor.forward(is_train=True)
        with pytest.raises(mx.MXNetError, match=r"output _?\w+_output .* must be given in out_grads"):
            executor.backward()

    def test_heads_of_the_wrong_shape(self, ctx) -> None:
        executor = (x * 2).simple_bind(ctx, x=(2, 3))
        executor.forward(is_train=True)
        with pytest.raises(mx.MXNetError, match=r"has shape \(3, 2\), expected \(2, 3\)"):
            executor.backward([ones(3, 2)])

    def test_twice(self, ctx) -> None:
        executor = (x * x).simple_bind(ctx, x=(2,))
        executor.arg_dict["x"][:] = 3
        executor.forward(is_train=True)
        for scale in (1, 2):
            executor.backward([ones(2) * scale])
            assert executor.grad_dict["x"].asnumpy().tolist() == [6 * scale] * 2

    def test_after_a_forward_for_prediction(self, ctx) -> None:
        executor = mx.sym.Dropout(x * 2).simple_bind(ctx, x=(2, 3))
        executor.forward(is_train=False)
        executor.backward([ones(2, 3)])
        assert executor.grad_dict["x"].asnumpy().tolist() == [[2, 2, 2]] * 2

    def test_after_a_forward_for_prediction_with_the_same_random_numbers(self, ctx) -> None:
        executor = mx.sym.Dropout(x, mode="always").simple_bind(ctx, x=(50,))
        executor.arg_dict["x"][:] = 1
        after = []
        for backward in (False, True):
            mx.random.seed(1)
            kept = executor.forward()[0].asnumpy()
            if backward:
                executor.backward([ones(50)])
                assert executor.grad_dict["x"].asnumpy().tolist() == kept.tolist()
            after.append(executor.forward()[0].asnumpy().tolist())
        assert after[0] == after[1]

    def test_arrays_may_be_written_before(self, ctx) -> None:
        executor = (x * x).simple_bind(ctx, x=(2,))
        executor.forward(is_train=True)
        executor.arg_dict["x"][:] = 5
        executor.backward([ones(2)])

    def test_integer_arguments(self, ctx) -> None:
        looked_up = mx.sym.Embedding(mx.sym.var("i"), w, input_dim=4, output_dim=2)
        executor = looked_up.simple_bind(ctx, i=(3,), type_dict={"i": "int32"})
        assert [a.dtype for a in executor.arg_arrays] == [np.int32, np.float32]
        executor.arg_dict["i"][:] = nd.array([0, 1, 1])
        executor.forward(is_train=True)
        executor.backward([ones(3, 2)])
        assert executor.grad_dict["w"].asnumpy().tolist() == [[1, 1], [2, 2], [0, 0], [0, 0]]


class TestArguments:
    def test_of_forward(self, ctx) -> None:
        executor = (x * 3).simple_bind(ctx, x=(2, 2))
        assert executor.forward(x=np.ones((2, 2)))[0].asnumpy().tolist() == [[3, 3]] * 2
        with pytest.raises(TypeError, match="Unknown argument y"):
            executor.forward(y=ones(2, 2))
        with pytest.raises(ValueError, match=r"need: \(2, 2\), received: \(3, 2\)"):
            executor.forward(x=ones(3, 2))

    @pytest.mark.parametrize(("given", "error"), [
        ({"args": {"x": ones(1, 2)}}, ValueError), ({"args": [ones(1, 2)]}, ValueError), ({"args": 3}, TypeError),
        ({"args": [ones(1, 2), ones(3, 3)]}, mx.MXNetError),
        ({"args": [ones(1, 2), ones(2, 2)], "aux_states": [ones(1)]}, ValueError)])
    def test_of_bind_that_do_not_fit(self, ctx, given, error) -> None:
        with pytest.raises(error):
            dense.bind(ctx, **given)

    def test_more_of_bind_than_needed(self, ctx) -> None:
        given = {"x": ones(1, 2), "w": ones(2, 2), "other": ones(1)}
        assert dense.bind(ctx, given).forward()[0].asnumpy().tolist() == [[2, 2]]

    def test_of_simple_bind(self, ctx) -> None:
        with pytest.raises(RuntimeError, match="cannot decide shape"):
            dense.simple_bind(ctx)
        with pytest.warns(UserWarning, match="other"):
            dense.simple_bind(ctx, x=(4, 3), other=(1,))

    def test_copied(self, ctx) -> None:
        executor = dense.simple_bind(ctx, x=(1, 2))
        with pytest.raises(ValueError, match="other"):
            executor.copy_params_from({"other": ones(1)})
        executor.copy_params_from({"w": ones(2, 2) * 7, "other": ones(1)}, allow_extra_params=True)
        assert executor.arg_dict["w"].asnumpy().tolist() == [[7, 7], [7, 7]]


class TestReshape:
    def test_shares_what_stays(self, ctx) -> None:
        executor = dense.simple_bind(ctx, x=(4, 3))
        smaller = executor.reshape(x=(2, 3))
        smaller.arg_dict["x"][:] = 3
        smaller.arg_dict["w"][:] = 5
        assert executor.arg_dict["x"].asnumpy()[:, 0].tolist() == [3, 3, 0, 0]
        assert executor.arg_dict["w"].asnumpy().tolist() == [[5, 5, 5]] * 2
        assert smaller.forward()[0].shape == (2, 2)

    def test_asks_before_growing(self, ctx) -> None:
        executor = dense.simple_bind(ctx, x=(4, 3))
        with pytest.raises(mx.MXNetError, match="allow_up_sizing"):
            executor.reshape(x=(8, 3))
        assert executor.reshape(x=(8, 3), allow_up_sizing=True).arg_dict["x"].shape == (8, 3)
        with pytest.raises(mx.MXNetError, match="partial_shaping"):
            executor.reshape(x=(2, 5))
        wide = executor.reshape(x=(4, 5), partial_shaping=True, allow_up_sizing=True)
        assert wide.arg_dict["w"].shape == wide.grad_dict["w"].shape == (2, 5)


class TestShared:
    def shared(self, one, other) -> set:
        found = set()
        for arrays in ("arg_dict", "grad_dict", "aux_dict"):
            for name, array in getattr(one, arrays).items():
                array[:] = 1
                getattr(other, arrays)[name][:] = 2
                if array.asnumpy().ravel()[0] == 2:
                    found.add((arrays, name))
        return found

    def test_by_name_with_a_buffer(self, ctx) -> None:
        norm = mx.sym.BatchNorm(dense, name="bn")
        first = norm.simple_bind(ctx, x=(4, 3))
        assert self.shared(first, norm.simple_bind(ctx, x=(4, 3), shared_exec=first, shared_arg_names=["w"])) == set()
        buffer: dict = {}
        more = {"shared_exec": first, "shared_arg_names": ["w"], "shared_buffer": buffer}
        second = norm.simple_bind(ctx, x=(4, 3), **more)
        assert self.shared(first, second) == {("arg_dict", "w"), ("grad_dict", "w"), ("aux_dict", "bn_moving_mean"),
                                              ("aux_dict", "bn_moving_var")}
        assert sorted(buffer) == ["bn_beta", "bn_gamma", "grad of bn_beta", "grad of bn_gamma", "grad of x", "x"]
        norm.simple_bind(ctx, x=(2, 3), **more).arg_dict["x"][:] = 7
        assert second.arg_dict["x"].asnumpy()[:, 0].tolist() == [7, 7, 2, 2]
        norm.simple_bind(ctx, x=(6, 3), **more)
        assert buffer["x"].shape == (6, 3)


def test_auxiliary_states_change_in_training_only(ctx) -> None:
    executor = mx.sym.BatchNorm(x, name="bn", momentum=0.5, fix_gamma=False).simple_bind(ctx, x=(4, 2))
    executor.arg_dict["x"][:] = nd.array([[1, 2], [3, 4], [5, 6], [7, 9]])
    executor.forward(is_train=True)
    executor.backward([ones(4, 2)])
    assert executor.aux_dict["bn_moving_mean"].asnumpy().tolist() == [2, 2.625]
    executor.forward()
    assert executor.aux_dict["bn_moving_mean"].asnumpy().tolist() == [2, 2.625]


def test_outputs_by_name(ctx) -> None:
    executor = mx.sym.Group([dense, mx.sym.sum(x, name="total")]).simple_bind(ctx, x=(1, 2))
    assert {name: out.shape for name, out in executor.output_dict.items()} == {"fc_output": (1, 2),
                                                                               "total_output": (1,)}


def test_eval(ctx) -> None:
    assert dense.eval(ctx, x=nd.array([[1, 2]]), w=nd.array([[1, 0], [0, 1]]))[0].asnumpy().tolist() == [[1, 2]]


def test_debug_str_tells_how_much_memory_the_results_take():
    """Real MXNet counts alike: what backward needs is kept, everything else only until it was used."""
    out = data = mx.sym.var("data")
    for _ in range(10):
        out = out * out
    shape = (10, 3, 256, 256)  # 7.5 MB

    def megabytes(symbol, **kwargs):
        text = symbol.simple_bind(mx.cpu(), data=shape, **kwargs).debug_str()
        return int(re.search(r"Total (\d+) MB allocated", text).group(1))

    assert megabytes(out) == 75
    assert megabytes(out, grad_req="null") == 15
    assert megabytes(mx.sym.BlockGrad(out)) == 15
    assert megabytes(data) == 0


def test_monitors_of_everything_see_inputs_under_mxnets_names(ctx):
    a, b = mx.sym.var("a", shape=(2, 3)), mx.sym.var("b", shape=(2, 3))
    outputs = [mx.sym.exp(mx.sym.elemwise_add(a, b, name="s"), name="e"),
               mx.sym.broadcast_mul(a, mx.sym.relu(b, name="r"), name="m"),
               mx.sym.Concat(a, b, a, name="c"), mx.sym.FullyConnected(a, num_hidden=1, name="fc")]
    executor = mx.sym.Group(outputs).simple_bind(ctx, grad_req="null")
    seen = []
    executor.set_monitor_callback(lambda name, array: seen.append(name.decode()), monitor_all=True)
    executor.forward()
    assert " ".join(seen) == ("a s_lhs b s_rhs s_output e_input0 e_output b r_input0 r_output a m_lhs m_rhs m_output "
                              "a c_arg0 b c_arg1 a c_arg2 c_output a fc_data fc_weight fc_weight fc_bias fc_bias "
                              "fc_output")
