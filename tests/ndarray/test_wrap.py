"""The generated nd functions: signatures, help, attributes in any spelling, and errors that name what is wrong."""

from __future__ import annotations

import inspect
import threading

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import MXNetError, nd

X = nd.array([[1, -2], [3, -4]])


def same(array: nd.NDArray, expected) -> None:
    np.testing.assert_array_equal(array.asnumpy(), np.asarray(expected))


class TestHelp:
    def test_signature_is_the_operators(self) -> None:
        parameters = inspect.signature(nd.FullyConnected).parameters
        assert list(parameters)[:6] == ["data", "weight", "bias", "num_hidden", "no_bias", "flatten"]
        assert parameters["no_bias"].default is False
        assert parameters["flatten"].default is True

    @pytest.mark.parametrize("name", ["Convolution", "BatchNorm", "FullyConnected", "Pooling", "take", "topk"])
    def test_help_says_something(self, name: str) -> None:
        function = getattr(nd, name)
        assert len(inspect.getdoc(function)) > 40
        assert function.__module__ == "mxnet.ndarray"

    def test_every_operator_has_a_docstring_and_a_name(self) -> None:
        for name in nd.op.__all__:
            function = getattr(nd.op, name)
            assert callable(function) and function.__doc__, name

    def test_one_function_for_all_names(self) -> None:
        assert nd.Reshape is nd.reshape
        assert nd.op.broadcast_add is nd.op.broadcast_plus

    def test_methods_are_the_functions(self) -> None:
        same(X.sum(axis=0), nd.sum(X, axis=0).asnumpy())
        same(X.clip(-1, 1), nd.clip(X, a_min=-1, a_max=1).asnumpy())


class TestAttributes:
    @pytest.mark.parametrize("axis", [1, "1", (1,), "(1,)", "[1]", np.int64(1), [1]])
    def test_in_any_spelling(self, axis) -> None:
        same(nd.sum(X, axis=axis), [-1, -1])

    @pytest.mark.parametrize("keepdims", [True, 1, "1", "True", "true", np.True_])
    def test_booleans_in_any_spelling(self, keepdims) -> None:
        assert nd.sum(X, axis=1, keepdims=keepdims).shape == (2, 1)

    def test_by_position(self) -> None:
        same(nd.clip(X, -1, 1), [[1, -1], [1, -1]])
        same(nd.sum(X, 1), [-1, -1])

    def test_equal_values_of_other_types_are_told_apart(self) -> None:
        ints = nd.array([3], dtype="int32")
        for _ in range(2):
            same(ints * 1.0, [3])
            same(nd.clip(ints, 1, 2), [2])
            same(nd.clip(ints, 1.0, 2.0), [2])

    def test_unknown(self) -> None:
        with pytest.raises(MXNetError, match=r"'axes'.*operator sum.*axis, keepdims"):
            nd.sum(X, axes=1)

    def test_unknown_where_there_are_none(self) -> None:
        with pytest.warns(UserWarning, match="broadcast_maximum has no attributes, 'axis' is ignored") as caught:
            same(nd.broadcast_maximum(X, X, axis=1), X.asnumpy())
        assert caught[0].filename == __file__

    def test_missing(self) -> None:
        with pytest.raises(MXNetError, match=r"num_hidden.*FullyConnected"):
            nd.FullyConnected(X, X, no_bias=True)

    @pytest.mark.parametrize(("call", "operator", "attribute", "came"), [
        (lambda: nd.sum(X, axis="a"), "sum", "axis", "'a'"),
        (lambda: nd.sum(X, keepdims="maybe"), "sum", "keepdims", "'maybe'"),
        (lambda: nd.clip(X, a_min="low", a_max=1), "clip", "a_min", "'low'"),
        (lambda: nd.Activation(X, act_type="swoosh"), "Activation", "act_type", "'swoosh'"),
        (lambda: nd.Cast(X, dtype="float31"), "Cast", "dtype", "'float31'"),
        (lambda: nd.expand_dims(X, axis=1.5), "expand_dims", "axis", "1.5"),
    ])
    def test_ill_typed(self, call, operator: str, attribute: str, came: str) -> None:
        with pytest.raises(MXNetError) as caught:
            call()
        for part in (operator, attribute, came):
            assert part in str(caught.value)

    def test_a_choice_lists_its_values(self) -> None:
        with pytest.raises(MXNetError, match=r"'relu', 'sigmoid', 'softrelu', 'softsign', 'tanh'"):
            nd.Activation(X, act_type="swoosh")

    def test_many_different_values_do_not_pile_up(self) -> None:
        for i in range(1500):
            nd.clip(X, -i, i)
        same(nd.clip(X, -1, 1), [[1, -1], [1, -1]])


class TestInputs:
    def test_what_is_no_array(self) -> None:
        for wrong in (1, [1, 2], np.ones(2), "x"):
            with pytest.raises(AssertionError, match=r"must have NDArray type.*operator"):
                nd.dot(X, wrong)
        with pytest.raises(AssertionError, match="NDArray"):
            nd.concat(X, 5)

    def test_too_few(self) -> None:
        with pytest.raises(MXNetError, match=r"dot expects 2 inputs \(lhs, rhs\), but got 1"):
            nd.dot(X)

    def test_conditional_ones(self) -> None:
        with pytest.raises(MXNetError, match=r"FullyConnected expects 3 inputs \(data, weight, bias\), but got 2"):
            nd.FullyConnected(X, X, num_hidden=2)
        with pytest.raises(MXNetError, match=r"FullyConnected expects 2 inputs"):
            nd.FullyConnected(X, X, nd.ones(2), num_hidden=2, no_bias=True)

    def test_errors_of_the_operator_name_it_and_what_came(self) -> None:
        with pytest.raises(MXNetError, match=r"dot.*\(2, 2\).*\(3, 2\)"):
            nd.dot(X, nd.ones((3, 2)))

    def test_by_name(self) -> None:
        same(nd.dot(lhs=X, rhs=nd.array([[1], [0]])), [[1], [3]])
        same(nd.relu(data=X), [[1, 0], [3, 0]])

    def test_a_variable_number(self) -> None:
        assert nd.concat(X, X, X, dim=1).shape == nd.Concat(X, X, X, num_args=3, dim=1).shape == (2, 6)
        same(nd.add_n(X, X), 2 * X.asnumpy())

    def test_the_result_lives_where_the_input_does(self) -> None:
        assert nd.relu(nd.ones(2, ctx=mx.cpu(2))).ctx == mx.cpu(2)
        assert nd.random.uniform(shape=(2,), ctx=mx.cpu(1)).ctx == mx.cpu(1)


class TestOut:
    def test_is_filled_and_returned(self) -> None:
        out = nd.zeros((2, 2))
        view = out[0]
        assert nd.relu(X, out=out) is out
        same(view, [1, 0])

    def test_has_the_dtype_of_the_result(self) -> None:
        out = nd.zeros((2, 2), dtype="int32")
        with pytest.raises(MXNetError, match="dtype int32, expected float32"):
            nd.relu(X, out=out)
        same(out, [[0, 0], [0, 0]])

    def test_random_numbers_are_cast_to_its_dtype(self) -> None:
        out = nd.zeros((2, 2), dtype="float16")
        nd.random.uniform(1, 2, out=out)
        assert out.dtype == np.float16
        assert out.asnumpy().min() >= 1

    def test_may_be_an_input(self) -> None:
        x = nd.array([1, 4])
        nd.sqrt(x, out=x)
        same(x, [1, 2])

    def test_several(self) -> None:
        a, b = nd.zeros((2, 1)), nd.zeros((2, 1))
        nd.split(X, num_outputs=2, axis=1, out=[a, b])
        same(b, [[-2], [-4]])
        with pytest.raises(MXNetError, match=r"2 output\(s\), but out= names 1"):
            nd.split(X, num_outputs=2, axis=1, out=[a])

    def test_refusals(self) -> None:
        with pytest.raises(MXNetError, match=r"out= of operator relu has shape \(2,\), expected \(2, 2\)"):
            nd.relu(X, out=nd.zeros(2))
        with pytest.raises(TypeError, match="must be an NDArray"):
            nd.relu(X, out=[np.zeros((2, 2))])


class TestOutputs:
    def test_lists_where_there_are_several(self) -> None:
        parts = nd.split(X, num_outputs=2)
        assert isinstance(parts, list) and [p.shape for p in parts] == [(2, 1), (2, 1)]
        values, indices = nd.topk(X, k=1, ret_typ="both")
        same(values, [[1], [3]])
        same(indices, [[0], [0]])

    def test_hidden_ones_stay_hidden(self) -> None:
        out = nd.BatchNorm(X, nd.ones(2), nd.zeros(2), nd.zeros(2), nd.ones(2))
        assert isinstance(out, nd.NDArray)


def test_the_name_keyword_is_accepted() -> None:
    same(nd.relu(X, name="act"), [[1, 0], [3, 0]])


def test_namespaces() -> None:
    assert nd.linalg.gemm2 is nd.linalg_gemm2
    assert callable(nd.contrib.fft) and callable(nd.random.uniform) and callable(nd._internal._plus_scalar)
    with pytest.raises(AttributeError):
        _ = nd.no_such_operator


def test_nothing_is_recorded_for_arrays_that_are_no_variables() -> None:
    with torch.enable_grad():
        assert not nd.relu(X)._t.requires_grad
        with mx.autograd.record():
            assert not (X * 2)._t.requires_grad


def test_first_use_from_several_threads() -> None:
    results = []

    def work(i: int) -> None:
        results.extend(nd.clip(X, -1 - j / 7, 1 + i / 7).asnumpy().max() for j in range(50))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 200
