"""mx.test_utils: comparisons and their messages, tolerances by dtype, random samples, tests of generators."""

from __future__ import annotations

import os
import random
import sys

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd, test_utils


class TestStarImport:
    def test_names_and_modules(self) -> None:
        scope: dict = {}
        exec("from mxnet.test_utils import *", scope)
        for name in ("assert_almost_equal", "default_context", "rand_ndarray", "environment", "retry", "np", "mx",
                     "rnd", "os", "Context", "use_np", "check_numeric_gradient", "verify_generator"):
            assert name in scope
        assert scope["np"] is np and scope["mx"] is mx and scope["npt"] is np.testing

    def test_unknown(self) -> None:
        with pytest.raises(AttributeError, match="no_such"):
            _ = test_utils.no_such


class TestTolerances:
    @pytest.mark.parametrize(("dtype", "rtol", "atol"), [
        ("float16", 1e-2, 1e-1), ("float32", 1e-4, 1e-3), ("float64", 1e-5, 1e-20), ("int32", 0, 0), ("bool", 0, 0)])
    def test_by_dtype(self, dtype: str, rtol: float, atol: float) -> None:
        for array in (np.zeros(2, dtype), nd.zeros(2, dtype=dtype)):
            assert test_utils.get_tols(array, array, None, None) == (rtol, atol)

    def test_the_looser_of_two(self) -> None:
        x, y = np.zeros(2, "float16"), np.zeros(2, "float64")
        assert test_utils.get_tols(x, y, None, None) == (1e-2, 1e-1)
        assert test_utils.get_tols(1.0, np.zeros(2, "float32"), None, None) == (1e-4, 1e-3)

    def test_given(self) -> None:
        x = np.zeros(2, "float32")
        assert test_utils.get_tols(x, x, 0.5, {np.dtype("float32"): 0.25}) == (0.5, 0.25)
        assert test_utils.get_rtol() == 1e-5 and test_utils.get_rtol(3) == 3
        assert test_utils.get_atol(dtype=np.float32) == 1e-3
        assert test_utils.get_etol() == 0

    def test_bfloat16_counts_as_float16(self) -> None:
        assert test_utils.effective_dtype(nd.zeros(2, dtype="bfloat16")) == np.float16


class TestComparisons:
    def test_equal_enough(self) -> None:
        x = np.array([1.0, 2.0])
        test_utils.assert_almost_equal(x, x + 1e-7)
        test_utils.assert_almost_equal(nd.array(x), x * 1.0005)
        test_utils.assert_almost_equal(1.0, 1.0)
        test_utils.assert_almost_equal(x * np.inf, x * np.inf)
        test_utils.assert_almost_equal(x * np.nan, x * np.nan, equal_nan=True)
        test_utils.assert_almost_equal(x, x[None])
        test_utils.assert_almost_equal(np.zeros(0), np.zeros(0))
        test_utils.assert_allclose(x * np.nan, x * np.nan)

    def test_the_message(self, capsys) -> None:
        with pytest.raises(AssertionError) as caught:
            test_utils.assert_almost_equal(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.001, 4.0]), 1e-1, 1e-2,
                                           names=("x", "y"))
        assert str(caught.value) == ("\nItems are not equal:\n"
                                     "Error 2.439024 exceeds tolerance rtol=1.000000e-01, atol=1.000000e-02 "
                                     "(mismatch 33.333333%).\n"
                                     "Location of maximum error: (2,), x=3.00000000, y=4.00000000\n"
                                     " ACTUAL: array([1., 2., 3.])\n DESIRED: array([1.   , 2.001, 4.   ])")
        assert capsys.readouterr().out == (
            "\n*** Maximum errors for vector of size 3:  rtol=0.1, atol=0.01\n\n"
            "  1: Error 2.439024  Location of error: (2,), x=3.00000000, y=4.00000000\n")

    @pytest.mark.parametrize(("a", "b"), [
        ([1.0], [np.nan]), ([np.inf], [1.0]), ([1.0], [-np.inf]), ([1], [2]), ([[1.0, 2.0]], [[1.0], [2.0]])])
    def test_unequal(self, a: list, b: list) -> None:
        with pytest.raises(AssertionError, match="exceeds tolerance"):
            test_utils.assert_almost_equal(np.array(a), np.array(b))

    def test_zero_tolerance(self) -> None:
        with pytest.raises(AssertionError):
            test_utils.assert_almost_equal(np.array([1.0]), np.array([1.0 + 1e-12]), 0, 0)
        test_utils.assert_almost_equal(np.array([1.0]), np.array([1.0]), 0, 0)

    def test_shapes(self) -> None:
        with pytest.raises(AssertionError, match=r"a.shape = \(3,\) and b.shape = \(1, 3\) are not equal"):
            test_utils.assert_almost_equal(np.ones(3), np.ones((1, 3)), use_broadcast=False)
        with pytest.raises(ValueError):
            test_utils.assert_almost_equal(np.ones(3), np.ones(4))

    def test_how_many_are_printed(self, capsys) -> None:
        with pytest.raises(AssertionError, match="mismatch 100"):
            test_utils.assert_almost_equal(np.zeros(50), np.ones(50), mismatches=(2, 2))
        assert capsys.readouterr().out.count("Location of error") == 2

    def test_a_share_may_differ(self) -> None:
        x = np.zeros(1000)
        y = x.copy()
        y[7] = 1
        test_utils.assert_almost_equal_with_err(x, y, etol=0.01)
        for etol in (1e-4, None):
            with pytest.raises(AssertionError):
                test_utils.assert_almost_equal_with_err(x, y, etol=etol)

    def test_ignoring_nan(self) -> None:
        test_utils.assert_almost_equal_ignore_nan(np.array([np.nan, 1.0]), np.array([5.0, 1.0]))
        with pytest.raises(AssertionError):
            test_utils.assert_almost_equal_ignore_nan(np.array([np.nan, 1.0]), np.array([5.0, 2.0]))

    def test_almost_equal(self) -> None:
        assert test_utils.almost_equal(nd.ones(2), np.ones(2))
        assert not test_utils.almost_equal(np.ones(2), np.ones(2) * 1.1)
        assert test_utils.almost_equal(np.ones(2), np.ones(2) * 1.1, rtol=0.2)

    def test_same(self) -> None:
        x = nd.ones((2, 3))
        assert test_utils.same(x, x.copy()) and not test_utils.same(x, x[0])
        assert test_utils.same_array(x, x[:]) and not test_utils.same_array(x, x.copy())
        assert test_utils.same(x, np.ones((2, 3)))

    def test_exceptions(self) -> None:
        test_utils.assert_exception(int, ValueError, "x")
        with pytest.raises(AssertionError, match="int did not raise ValueError"):
            test_utils.assert_exception(int, ValueError, "1")
        with pytest.raises(ValueError):
            test_utils.assert_exception(int, KeyError, "x")

    def test_tuples(self) -> None:
        x = nd.ones(2)
        test_utils.compare_ndarray_tuple((x, (x, None)), (x, (x, x)))
        with pytest.raises(AssertionError):
            test_utils.compare_ndarray_tuple((x, x), (x, x + 1))

    def test_optimizers(self) -> None:
        one, other = mx.optimizer.SGD(momentum=0.9), mx.optimizer.SGD(momentum=0.9)
        test_utils.compare_optimizer(one, other, (3, 4), "float32")
        with pytest.raises(AssertionError):
            test_utils.compare_optimizer(one, mx.optimizer.SGD(momentum=0.9, learning_rate=1), (3, 4), "float32")

    def test_reductions(self) -> None:
        x = np.arange(24.0).reshape(2, 3, 4)
        for axis in (None, 1, -1, (0, 2), [2, 0], ()):
            for keepdims in (True, False):
                expected = x.sum(axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)
                np.testing.assert_array_equal(test_utils.np_reduce(x, axis, keepdims, np.sum), expected)
        assert test_utils.collapse_sum_like(x, (3, 1)).tolist() == [[60 + 32 * i] for i in (0, 1, 2)]
        with pytest.raises(AssertionError):
            test_utils.collapse_sum_like(x, (3, 5))


class TestSamples:
    def test_the_draws_of_mxnet(self) -> None:
        """What real MXNet 1.9.1 gives after this seed."""
        np.random.seed(0)
        random.seed(0)
        assert test_utils.random_sample([1, 2, 3, 4], 3) == [3, 4, 2]
        assert test_utils.rand_shape_2d() == (4, 4)
        assert test_utils.rand_shape_3d() == (8, 10, 4)
        assert test_utils.rand_shape_nd(4) == (6, 3, 5, 8)
        assert test_utils.rand_coord_2d(0, 5, 5, 9) == (0, 5)
        assert test_utils.rand_shape_2d(3, 4, True) == (0, 2)
        assert test_utils.rand_shape_nd(3, 2, True) == (1, 2, 2)
        x, _ = test_utils.random_arrays((2,), (3,))
        np.testing.assert_allclose(x, [0.7610377, 0.12167501], rtol=1e-6)
        np.testing.assert_allclose(test_utils.random_arrays((2,)), [-0.20515826, 0.3130677], rtol=1e-6)
        assert test_utils.random_arrays(()).shape == ()
        low, _ = test_utils.random_uniform_arrays((2,), (3,), low=1, high=2)
        np.testing.assert_allclose(low, [1.1433533, 1.9446689], rtol=1e-6)

    def test_arrays(self) -> None:
        x = test_utils.rand_ndarray((2, 3), dtype="float64", ctx=mx.cpu(1))
        assert (x.shape, x.dtype, x.ctx) == ((2, 3), np.float64, mx.cpu(1))
        assert test_utils.rand_ndarray((2, 3), "csr").stype == "csr"
        assert test_utils.create_2d_tensor(2, 2).asnumpy().tolist() == [[0, 0], [1, 1]]
        assert test_utils.create_vector(3).dtype == np.int64
        assert test_utils.assign_each(np.array([1.0, 2.0]), lambda v: v * 2).tolist() == [2, 4]
        assert test_utils.assign_each2(np.array([1.0]), np.array([3.0]), lambda a, b: a - b).tolist() == [-2]
        assert test_utils.get_identity_mat_batch(2).shape == (2, 2, 2)

    def test_matrices(self) -> None:
        q = test_utils.new_orthonormal_matrix_2d(4)
        np.testing.assert_allclose(q @ q.T, np.eye(4), atol=1e-12)
        a = test_utils.new_sym_matrix_with_real_eigvals_nd((2, 3, 3))
        np.testing.assert_allclose(a, a.swapaxes(1, 2))
        b = test_utils.new_matrix_with_real_eigvals_nd((2, 2, 4, 4))
        assert b.shape == (2, 2, 4, 4) and np.abs(np.linalg.eigvals(b).imag).max() < 1e-8


class TestStatistics:
    def test_chi_square(self) -> None:
        buckets, probs = test_utils.gen_buckets_probs_with_ppf(lambda q: q, 4)
        assert buckets == [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)] and probs == [0.25] * 4
        p, observed, expected = test_utils.chi_square_check(lambda n: nd.array(np.arange(n) / n), buckets, probs, 1000)
        assert (p, observed.tolist(), expected.tolist()) == (1, [250] * 4, [250] * 4)
        p, observed, _ = test_utils.chi_square_check(lambda n: np.arange(n) % 2, [0, 1, 2], [1 / 3] * 3, 999)
        assert p < 1e-90 and observed.tolist() == [500, 499, 0]
        with pytest.raises(AssertionError, match="2 buckets but 3 probabilities"):
            test_utils.chi_square_check(np.zeros, [0, 1], [1 / 3] * 3)

    def test_p_is_that_of_scipy(self) -> None:
        stats = pytest.importorskip("scipy.stats")
        p, observed, expected = test_utils.chi_square_check(lambda n: np.random.randint(0, 5, n), range(5), [0.2] * 5,
                                                            1000)
        assert p == pytest.approx(stats.chisquare(observed, expected).pvalue)

    def test_verify_generator(self) -> None:
        buckets, probs = test_utils.gen_buckets_probs_with_ppf(lambda q: q, 5)
        assert len(test_utils.verify_generator(lambda n: np.random.uniform(0, 1, n), buckets, probs, 10000)) == 5
        with pytest.raises(AssertionError, match="Generator test fails"):
            test_utils.verify_generator(lambda n: np.random.uniform(0, 0.9, n), buckets, probs, 10000)

    def test_moments(self) -> None:
        assert test_utils.mean_check(lambda n: np.random.normal(0, 2, n), 0, 2, 10000)
        assert not test_utils.mean_check(lambda n: np.random.normal(1, 2, n), 0, 2, 10000)
        assert test_utils.var_check(lambda n: np.random.normal(0, 2, n), 2, 10000)
        assert not test_utils.var_check(lambda n: np.random.normal(0, 3, n), 2, 10000)


class TestSurroundings:
    def test_contexts(self) -> None:
        assert test_utils.default_context() == mx.cpu()
        test_utils.set_default_context(mx.cpu(2))
        try:
            assert test_utils.default_context() == mx.current_context() == nd.ones(1).ctx == mx.cpu(2)
        finally:
            test_utils.set_default_context(mx.cpu(0))
        assert len(test_utils.list_gpus()) == mx.context.num_gpus()

    def test_environment(self, monkeypatch) -> None:
        monkeypatch.setenv("ONE", "1")
        monkeypatch.delenv("TWO", raising=False)
        with test_utils.environment({"ONE": None, "TWO": 2}):
            assert "ONE" not in os.environ and os.environ["TWO"] == "2"
        with pytest.raises(KeyError), test_utils.environment("ONE", "5"):
            assert os.environ["ONE"] == "5"
            raise KeyError
        assert os.environ["ONE"] == "1" and "TWO" not in os.environ
        with pytest.raises(AssertionError, match="one dict arg or two args"), test_utils.environment("ONE"):
            pass

    def test_retry(self) -> None:
        calls = []

        def unlucky() -> None:
            calls.append(1)
            assert len(calls) >= 3

        test_utils.retry(3)(unlucky)()
        assert len(calls) == 3
        calls.clear()
        with pytest.raises(AssertionError):
            test_utils.retry(2)(unlucky)()
        with pytest.raises(ZeroDivisionError):
            test_utils.retry(2)(lambda: 1 / 0)()
        with pytest.raises(AssertionError, match="positive"):
            test_utils.retry(0)

    def test_discard_stderr(self, capfd) -> None:
        with test_utils.discard_stderr():
            print("lost", file=sys.stderr)
            os.system("echo lost >&2")
        print("kept", file=sys.stderr)
        assert capfd.readouterr().err == "kept\n"


def test_random_csr_arrays_are_those_of_mxnet():
    np.random.seed(3)
    whole = mx.test_utils.rand_ndarray((2, 3), "csr", density=1.0)
    np.testing.assert_allclose(whole.asnumpy(), [[0.20724288, 0.0514672, 0.8962931],
                                                 [0.12558532, 0.5108276, 0.89294696]], rtol=1e-6)
    np.random.seed(3)
    np.testing.assert_allclose(mx.test_utils.rand_ndarray((2, 3), "csr").asnumpy(),
                               [[0, 0.43706194, 0.01874801], [0, 0, 0.5693113]], rtol=1e-6)
    with pytest.raises(AssertionError, match="2 dimensions"):
        mx.test_utils.rand_ndarray((4,), "csr")
    with pytest.raises(AssertionError, match="powerlaw not supported"):
        mx.test_utils.rand_ndarray((4, 2), "row_sparse", distribution="powerlaw")
