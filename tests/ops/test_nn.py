"""Neural-network operators where MXNet on the CPU has no answer, draws random numbers, or is wrong."""
from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, nd
from mxnet.base import MXNetError


def formula(*shape: int, seed: int = 0) -> nd.NDArray:
    return nd.array(np.random.default_rng(seed).normal(size=shape).astype("float32"))


def gradients(fn, *arrays: nd.NDArray, head=None) -> list[np.ndarray]:
    for array in arrays:
        array.attach_grad()
    with autograd.record():
        out = fn(*arrays)
    out.backward(head)
    return [array.grad.asnumpy() for array in arrays]


# ------------------------------------------------------------------------------------------- channels-last layouts


@pytest.mark.parametrize(("layout", "kernel"), [("NHWC", (3, 2)), ("NDHWC", (2, 3, 2))])
def test_channels_last_convolution_is_the_transposed_one(layout, kernel):
    spatial = len(kernel)
    data, weight, bias = formula(2, 4, *[5] * spatial), formula(6, 2, *kernel, seed=1), formula(6, seed=2)
    attrs = {"kernel": kernel, "num_filter": 6, "num_group": 2}
    first_to_last = (0, *range(2, spatial + 2), 1)
    expected = nd.Convolution(data, weight, bias, **attrs).transpose(first_to_last)
    got = nd.Convolution(data.transpose(first_to_last), weight.transpose(first_to_last), bias, layout=layout, **attrs)
    np.testing.assert_allclose(got.asnumpy(), expected.asnumpy(), rtol=1e-4, atol=1e-5)


def test_channels_last_deconvolution_is_the_transposed_one():
    data, weight = formula(2, 4, 3, 3), formula(4, 3, 2, 2, seed=1)
    expected = nd.Deconvolution(data, weight, kernel=(2, 2), num_filter=3, stride=(2, 2)).transpose((0, 2, 3, 1))
    got = nd.Deconvolution(data.transpose((0, 2, 3, 1)), weight.transpose((0, 2, 3, 1)), kernel=(2, 2), num_filter=3,
                           stride=(2, 2), layout="NHWC")
    np.testing.assert_allclose(got.asnumpy(), expected.asnumpy(), rtol=1e-4, atol=1e-5)


def test_gradient_of_channels_last_pooling():
    data = formula(2, 4, 5, 3)
    grad, = gradients(lambda x: nd.Pooling(x, kernel=(2, 2), layout="NHWC"), data)
    other, = gradients(lambda x: nd.Pooling(x, kernel=(2, 2)), data.transpose((0, 3, 1, 2)))
    np.testing.assert_allclose(grad, other.transpose(0, 2, 3, 1))


# ------------------------------------------------------------------------------------------------------ geometry


@pytest.mark.parametrize(("size", "expected"), [
    (17, [0, 0, 1, 10, 102, 20, 203, 30, 304, 40, 405, 50, 506, 60, 607, 70, 700]),
    (16, [0, 1, 10, 102, 20, 203, 30, 304, 40, 405, 50, 506, 60, 607, 70, 700]),
    (15, [0, 1, 10, 102, 20, 203, 30, 304, 40, 405, 50, 506, 60, 607, 70]),
    (12, [10, 102, 20, 203, 30, 304, 40, 405, 50, 506, 60, 607]),
])
def test_deconvolution_to_a_target_shape(size, expected):
    """What MXNet answers with MXNET_MKLDNN_ENABLED=0; with oneDNN it refuses."""
    data, weight = nd.arange(8).reshape((1, 1, 8)), nd.array([1, 10, 100]).reshape((1, 1, 3))
    out = nd.Deconvolution(data, weight, kernel=(3,), num_filter=1, stride=(2,), target_shape=(size,), pad=(1,))
    assert out.asnumpy().ravel().tolist() == expected


def test_pooling_same_counts_the_ceiling():
    data = nd.array([[[1, 5, 2, 4, 3]]])
    assert nd.Pooling(data, kernel=(2,), stride=(2,), pooling_convention="same").asnumpy().tolist() == [[[5, 4, 3]]]
    assert nd.Pooling(data, kernel=(3,), stride=(1,), pooling_convention="same").shape == (1, 1, 5)


def test_gradient_of_full_mean_pooling_is_that_of_its_forward():
    data = nd.array([[[[1, 2, 3, 4, 5, 6]] * 6]])
    grad, = gradients(lambda x: nd.Pooling(x, kernel=(3, 3), stride=(2, 2), pool_type="avg",
                                           pooling_convention="full"), data)
    assert grad.sum() == pytest.approx(9)  # nine windows, each of weights that sum to 1


def test_first_of_equal_elements_gets_the_gradient_of_a_global_maximum():
    grad, = gradients(lambda x: nd.Pooling(x, global_pool=True), nd.array([[[[1, 3], [3, 0]]]]))
    assert grad.ravel().tolist() == [0, 1, 0, 0]


# ------------------------------------------------------------------------------------------------- normalization


@pytest.mark.parametrize("recording", [True, False])
def test_moving_statistics_move_only_for_a_backward_pass(recording):
    data, gamma, beta, mean, var = formula(4, 3, 2), nd.ones(3), nd.zeros(3), nd.zeros(3), nd.ones(3)
    gamma.attach_grad()
    with autograd.record() if recording else autograd.train_mode():
        nd.BatchNorm(data, gamma, beta, mean, var, fix_gamma=False, momentum=0.5)
    values = data.asnumpy().transpose(1, 0, 2).reshape(3, -1)
    moved = (values.mean(1) / 2, (1 + values.var(1)) / 2) if recording else (np.zeros(3), np.ones(3))
    np.testing.assert_allclose(mean.asnumpy(), moved[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(var.asnumpy(), moved[1], rtol=1e-5)


def test_batch_norm_twice_before_one_backward():
    data, gamma, beta, mean, var = formula(4, 3, 2), nd.ones(3), nd.zeros(3), nd.zeros(3), nd.ones(3)
    grads = gradients(lambda x, g, b: nd.BatchNorm(nd.BatchNorm(x, g, b, mean, var), g, b, mean, var), data, gamma,
                      beta, head=formula(4, 3, 2, seed=3))
    assert grads[1].tolist() == [0, 0, 0]  # fix_gamma
    assert np.isfinite(grads[0]).all()


def test_batch_norm_in_half_precision_keeps_single_statistics():
    data = formula(4, 3, 5).astype("float16")
    gamma, beta, mean, var = nd.ones(3), nd.zeros(3), nd.zeros(3), nd.ones(3)
    gamma.attach_grad()
    with autograd.record():
        out = nd.BatchNorm(data, gamma, beta, mean, var)
    assert (out.dtype, mean.dtype) == (np.float16, np.float32)
    assert (mean.asnumpy() != 0).all()


# ---------------------------------------------------------------------------------------------------- randomness


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean(p):
    mx.random.seed(7)
    data = nd.ones((200, 500))
    with autograd.train_mode():
        out = nd.Dropout(data, p=p).asnumpy()
    assert set(np.unique(out)) == {0, np.float32(1 / (1 - p))}
    assert (out == 0).mean() == pytest.approx(p, abs=0.01)


def test_dropout_gradient_is_its_mask():
    data = formula(20, 30)
    data.attach_grad()
    with autograd.record():
        out = nd.Dropout(data)
    out.backward()
    np.testing.assert_allclose(data.grad.asnumpy() * data.asnumpy(), out.asnumpy())


def test_dropout_along_axes_and_always():
    out = nd.Dropout(nd.ones((50, 4, 6)), mode="always", axes=(0, 2)).asnumpy()
    assert (out == out[:1, :, :1]).all()


def test_dropout_is_reproducible_and_leaves_its_input_alone():
    draws = []
    for _ in range(2):
        mx.random.seed(3)
        draws.append(nd.Dropout(nd.ones((9, 7)), mode="always").asnumpy())
    assert (draws[0] == draws[1]).all()
    data = nd.ones(3)
    nd.Dropout(data)[:] = 5
    assert data.asnumpy().tolist() == [1, 1, 1]


def test_dropout_of_everything():
    assert np.isnan(nd.Dropout(nd.ones(5), p=1, mode="always").asnumpy()).all()  # 0 divided by 0, as in MXNet


def test_rrelu_in_train_mode_draws_a_slope_for_each_element():
    data = -nd.ones((50, 50))
    data.attach_grad()
    with autograd.record():
        out, slopes = nd.LeakyReLU(data, act_type="rrelu", lower_bound=0.2, upper_bound=0.4)
    out.backward()
    assert (-out).asnumpy().tolist() == slopes.asnumpy().tolist() == data.grad.asnumpy().tolist()
    assert 0.2 <= slopes.asnumpy().min() < 0.22 < 0.38 < slopes.asnumpy().max() <= 0.4


# ----------------------------------------------------------------------------------------------------- gradients


def test_gradient_of_selu():
    grad, = gradients(lambda x: nd.LeakyReLU(x, act_type="selu"), nd.array([-2, 1]))
    np.testing.assert_allclose(grad, [1.0507009873 * 1.6732632423 * np.exp(-2), 1.0507009873], rtol=1e-5)


def test_softmax_output_times_the_gradient_from_above():
    """MXNet multiplies by the output instead."""
    data, label, head = formula(2, 3), nd.array([0, 2]), formula(2, 3, seed=4)
    plain, = gradients(lambda x: nd.SoftmaxOutput(x, label), data, head=head)
    weighted, = gradients(lambda x: nd.SoftmaxOutput(x, label, out_grad=True), data, head=head)
    np.testing.assert_allclose(weighted, plain * head.asnumpy(), rtol=1e-6)


def test_softmax_of_a_length_beyond_the_axis_is_plain():
    data = formula(2, 3)
    longer = nd.softmax(data, nd.array([9, 3], dtype="int32"), use_length=True)
    np.testing.assert_allclose(longer.asnumpy(), nd.softmax(data).asnumpy(), rtol=1e-6)


def test_ctc_loss_of_an_empty_label_is_that_of_blanks():
    data = formula(4, 1, 3)
    loss = nd.CTCLoss(data, nd.array([[0, 0]])).asnumpy()
    np.testing.assert_allclose(loss, -nd.log_softmax(data)[:, 0, 0].asnumpy().sum(), rtol=1e-5)


def test_sparse_regularization_moves_its_average_backward():
    data, average = nd.array([[0.2, 0.3], [0.4, 0.9]]), nd.array([0.5, 0.4])
    grad, = gradients(lambda x: nd.IdentityAttachKLSparseReg(x, average, sparseness_target=0.2, penalty=0.5,
                                                             momentum=0.6), data)
    np.testing.assert_allclose(average.asnumpy(), [0.42, 0.48], rtol=1e-5)
    np.testing.assert_allclose(grad, [[1.45156, 1.5608975]] * 2, rtol=1e-5)


# ---------------------------------------------------------------------------------------------- optimizer steps


def test_lamb_moves_the_master_copy():
    weight, master = nd.array([1, -2], dtype="float16"), nd.array([1, -2])
    nd.mp_lamb_update_phase2(weight, nd.array([0.1, 0.2]), nd.array([2]), nd.array([3]), master, lr=0.1, out=weight)
    np.testing.assert_allclose(master.asnumpy(), [1 - 0.2 / 30, -2 - 0.4 / 30], rtol=1e-6)


def test_group_adagrad():
    weight, history = nd.ones((2, 3)), nd.zeros((2, 1))
    nd.contrib.group_adagrad_update(weight, nd.array([[1, 2, 3], [0, 0, 3]]), history, lr=0.1, epsilon=0, out=weight)
    np.testing.assert_allclose(history.asnumpy(), [[14 / 3], [3]], rtol=1e-6)
    np.testing.assert_allclose(weight.asnumpy()[1], [1, 1, 1 - 0.1 * np.sqrt(3)], rtol=1e-5)


def test_contrib_steps_take_lists_and_numbers():
    def arrays():
        return nd.array([1, 2]), nd.array([0.1, 0.2]), nd.zeros(2), nd.zeros(2)

    weight, grad, mean, var = arrays()
    nd.contrib.adamw_update(weight, grad, mean, var, 2.0, lr=0.1, eta=1.0, out=weight)
    np.testing.assert_allclose(weight.asnumpy(), [0.68377, 1.68377], rtol=1e-5)
    other, *rest = arrays()
    nd.contrib.multi_adamw_update([other], *[[a] for a in rest], 2.0, lrs=[0.1], wds=[0.0], etas=[1.0], out=[other])
    assert other.asnumpy().tolist() == weight.asnumpy().tolist()


def test_a_step_without_out_leaves_the_weight_alone():
    weight = nd.array([1, 2])
    out = nd.sgd_update(weight, nd.ones(2), lr=0.5)
    assert (out.asnumpy().tolist(), weight.asnumpy().tolist()) == ([0.5, 1.5], [1, 2])


def test_many_weights_need_as_many_rates():
    with pytest.raises(MXNetError, match="expected 1 lrs, got 2"):
        nd.multi_sgd_update(nd.ones(2), nd.ones(2), lrs=(0.1, 0.2), wds=(0,), num_weights=1)


@pytest.mark.parametrize("train", [False, True])
def test_batch_norm_of_mxnet_0(train):
    """MXNet's BatchNorm_v1 takes its auxiliary states in Symbols only; here it is BatchNorm's in all."""
    answers = []
    for op in (nd.BatchNorm, nd.BatchNorm_v1):
        data, gamma, beta = formula(3, 2, 4, 2), formula(2, seed=1), formula(2, seed=2)
        mean, var = nd.array([0.1, -0.2]), nd.array([0.5, 2])
        for array in (data, gamma, beta):
            array.attach_grad()
        with autograd.record(train_mode=train):
            out = op(data, gamma, beta, mean, var, fix_gamma=False, eps=0.01, momentum=0.7)
        out.backward(formula(3, 2, 4, 2, seed=3), train_mode=train)
        answers.append([a.asnumpy() for a in (out, mean, var, data.grad, gamma.grad, beta.grad)])
    for ours, theirs in zip(*answers, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
