"""NDArray itself: construction, arithmetic, sharing, conversions, printing, copies between contexts, files."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import MXNetError, nd


def same(array: nd.NDArray, expected) -> None:
    np.testing.assert_array_equal(array.asnumpy(), np.asarray(expected))


class TestConstruction:
    @pytest.mark.parametrize(("source", "dtype"), [
        ([1, 2], np.float32), (np.array([1, 2]), np.float32), (np.ones(2, "float16"), np.float32),
        (np.array([True]), np.float32), (nd.array([1], dtype="int32"), np.int32), (5, np.float32)])
    def test_array_is_float32_but_of_ndarrays(self, source, dtype) -> None:
        assert nd.array(source).dtype == dtype

    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "int8", "int32", "int64", "bool"])
    def test_dtypes_by_every_spelling(self, dtype: str) -> None:
        for spelling in (dtype, np.dtype(dtype), np.dtype(dtype).type, getattr(torch, dtype)):
            assert nd.array([0, 1], dtype=spelling).dtype is np.dtype(dtype).type
            assert nd.zeros((2,), dtype=spelling).dtype is np.dtype(dtype).type

    def test_bfloat16(self) -> None:
        x = nd.array([1, 2], dtype="bfloat16")
        assert x.dtype is mx.base.bfloat16
        assert (x + x).asnumpy().tolist() == [2, 4]

    @pytest.mark.parametrize("source", [[[1, 2], [3]], "abc", object()])
    def test_what_is_no_array(self, source) -> None:
        with pytest.raises(TypeError, match="array like object"):
            nd.array(source)
        with pytest.raises(TypeError):
            nd.array([1], dtype="no such")

    def test_a_copy_of_its_own(self) -> None:
        for source in (np.ones(2, "float32"), nd.ones(2)):
            x = nd.array(source)
            x[:] = 5
            assert source[0] == 1

    def test_filled(self) -> None:
        same(nd.zeros((2, 1)), [[0], [0]])
        same(nd.ones(2), [1, 1])
        same(nd.full((2,), 7.5), [7.5, 7.5])
        same(nd.full((2,), 7, dtype="int32"), [7, 7])
        assert nd.empty((2, 3), dtype="int8").shape == (2, 3)
        same(nd.arange(3), [0, 1, 2])
        same(nd.arange(1, 6, 2, repeat=2), [1, 1, 3, 3, 5, 5])
        same(nd.linspace(0, 1, 3), [0, 0.5, 1])
        same(nd.eye(2, 3, 1), [[0, 1, 0], [0, 0, 1]])

    @pytest.mark.parametrize("shape", [-1, "a", 2.5])
    def test_shapes_that_are_none(self, shape) -> None:
        with pytest.raises(MXNetError, match="_zeros"):
            nd.zeros(shape)

    def test_moveaxis(self) -> None:
        x = nd.zeros((2, 3, 4))
        assert nd.moveaxis(x, 0, -1).shape == (3, 4, 2)
        assert nd.moveaxis(x, [0, 1], [1, 0]).shape == (3, 2, 4)
        for source, destination in (([0, 0], [0, 1]), ([0, 1], [0, 0]), (5, 0), (0, [0, 1])):
            with pytest.raises(ValueError):
                nd.moveaxis(x, source, destination)


class TestAttributes:
    def test_of_shape_and_type(self) -> None:
        x = nd.zeros((2, 3))
        assert (x.shape, x.ndim, x.size, len(x), x.dtype, x.stype) == ((2, 3), 2, 6, 2, np.float32, "default")
        assert x.context == x.ctx == mx.cpu()
        assert x.T.shape == (3, 2)
        assert x.handle.shape == (2, 3)

    def test_they_cannot_be_set(self) -> None:
        x = nd.zeros((2, 3))
        for name in ("shape", "dtype", "ndim", "no_such"):
            with pytest.raises(AttributeError):
                setattr(x, name, (3, 2))

    def test_truth(self) -> None:
        assert nd.array([1]) and not nd.zeros((1, 1))
        with pytest.raises(ValueError, match="ambiguous"):
            bool(nd.zeros(2))

    def test_scalars(self) -> None:
        x = nd.array([1.5])
        assert (x.asscalar(), float(x), int(x)) == (1.5, 1.5, 1)
        assert [10, 20][nd.array([1], dtype="int32")] == 20
        with pytest.raises(TypeError):
            [10, 20][x]
        with pytest.raises(ValueError, match="not a scalar"):
            nd.zeros(2).asscalar()

    def test_iteration(self) -> None:
        assert [row.shape for row in nd.zeros((3, 2))] == [(2,)] * 3
        assert 2 in nd.array([1, 2]) and 3 not in nd.array([1, 2])

    def test_arrays_are_keys_by_identity(self) -> None:
        x, y = nd.ones(1), nd.ones(1)
        assert {x: 1, y: 2}[x] == 1


class TestPrinting:
    def test_values_then_class_shape_and_context(self) -> None:
        assert repr(nd.array([[1, 2], [3, 4]])) == "\n[[1. 2.]\n [3. 4.]]\n<NDArray 2x2 @cpu(0)>"
        assert str(nd.array([1], ctx=mx.cpu(1), dtype="int32")) == "\n[1]\n<NDArray 1 @cpu(1)>"
        assert f"{nd.ones(1)}" == "\n[1.]\n<NDArray 1 @cpu(0)>"


class TestArithmetic:
    def test_with_arrays_and_numbers(self) -> None:
        x, y = nd.array([1, 2, 3]), nd.array([2, 2, 2])
        same(x + y, [3, 4, 5])
        same(1 - x, [0, -1, -2])
        same(6 / x, [6, 3, 2])
        same(2 ** x, [2, 4, 8])
        same(x ** 2, [1, 4, 9])
        same(x % 2, [1, 0, 1])
        same(5 % y, [1, 1, 1])
        same(-x, [-1, -2, -3])
        same(abs(-x), [1, 2, 3])
        same(x + np.float64(1), [2, 3, 4])
        same(np.float32(1) + x, [2, 3, 4])
        same(x > y, [0, 0, 1])
        same(2 >= x, [1, 1, 0])
        same(x == 2, [0, 1, 0])
        same(x != y, [1, 0, 1])
        assert (x == 2).dtype == np.float32

    @pytest.mark.parametrize("other", [None, "a", [1, 2], np.ones(2), np.array(1.0)])
    def test_with_anything_else(self, other) -> None:
        for name in ("__add__", "__rsub__", "__eq__", "__gt__", "__mod__"):
            with pytest.raises(TypeError, match="not supported"):
                getattr(nd.ones(2), name)(other)

    def test_dtypes_must_agree(self) -> None:
        with pytest.raises(MXNetError, match="int32"):
            nd.ones(2) + nd.ones(2, dtype="int32")

    def test_shapes_must_broadcast(self) -> None:
        with pytest.raises(MXNetError, match=r"broadcast_add.*\(2,\).*\(3,\)"):
            nd.ones(2) + nd.ones(3)

    def test_in_place_keeps_the_memory(self) -> None:
        x = nd.array([1, 2])
        view = x[:]
        x += 1
        x *= nd.array([2, 3])
        x -= 1
        x /= 2
        x %= 3
        same(view, [1.5, 1])

    def test_in_place_keeps_the_shape(self) -> None:
        x = nd.ones(2)
        with pytest.raises(MXNetError, match=r"\(2,\) and \(3, 2\)"):
            x += nd.ones((3, 2))

    def test_functions_take_numbers_too(self) -> None:
        assert nd.maximum(2, 3) == 3
        assert nd.power(2, 3) == 8
        same(nd.maximum(nd.array([1, 5]), 3), [3, 5])
        same(nd.subtract(3, nd.array([1, 5])), [2, -2])
        with pytest.raises(TypeError):
            nd.add("a", 1)


class TestSharing:
    """MXNet's rules: basic keys, reshape and detach share memory; everything else copies."""

    @pytest.mark.parametrize("view", [
        lambda x: x[1:2], lambda x: x[1], lambda x: x[:], lambda x: x.reshape((3, 2)), lambda x: x.detach(),
        lambda x: x.flatten(inplace=True), lambda x: x.expand_dims(0, inplace=True),
        lambda x: x.reshape((1, 2, 3)).squeeze(inplace=True), lambda x: nd.from_dlpack(x.to_dlpack_for_write())])
    def test_shared(self, view) -> None:
        x = nd.zeros((2, 3))
        view(x)[:] = 1
        assert x.asnumpy()[1].tolist() == [1, 1, 1]

    @pytest.mark.parametrize("make", [
        lambda x: x[:, 1], lambda x: x[[0, 1]], lambda x: x.copy(), lambda x: x.T, lambda x: x.flatten(),
        lambda x: x.expand_dims(0), lambda x: x.squeeze(), lambda x: x.astype("float32"),
        lambda x: x.slice_axis(0, 0, 2),
        lambda x: x.copyto(mx.cpu()), lambda x: nd.identity(x), lambda x: copy.copy(x), lambda x: copy.deepcopy(x),
        lambda x: nd.array(x.asnumpy()), lambda x: x.broadcast_to((2, 3)), lambda x: nd.concatenate([x])])
    def test_copied(self, make) -> None:
        x = nd.zeros((2, 3))
        make(x)[:] = 1
        assert x.asnumpy().sum() == 0

    def test_asnumpy_is_a_copy(self) -> None:
        x = nd.zeros(2)
        x.asnumpy()[:] = 5
        same(x, [0, 0])

    def test_a_write_through_a_view_of_a_view(self) -> None:
        x = nd.zeros((2, 3))
        x[1].reshape((3, 1))[1:2] = 7
        same(x, [[0, 0, 0], [0, 7, 0]])

    def test_astype_without_copy(self) -> None:
        x = nd.zeros(2)
        assert x.astype("float32", copy=False) is x
        assert x.astype("float64", copy=False).dtype == np.float64

    def test_concatenate_without_copy(self) -> None:
        x = nd.zeros(2)
        assert nd.concatenate([x], always_copy=False) is x


class TestReshaping:
    def test_reshape(self) -> None:
        x = nd.zeros((2, 3, 5))
        for shape, expected in (((30,), (30,)), ((0, -1), (2, 15)), ((-1, 5), (6, 5)), ((-3, 0), (6, 5)),
                                ((-4, 1, 2, -2), (1, 2, 3, 5))):
            assert x.reshape(shape).shape == x.reshape(*shape).shape == x.reshape(shape=shape).shape == expected
        assert x.reshape((-1, 15), reverse=True).shape == (2, 15)

    def test_refusals(self) -> None:
        x = nd.zeros((2, 3, 5))
        for shape in ((2, 3), (-1, 4), (7, -1)):
            with pytest.raises(ValueError, match="Cannot reshape array of size 30"):
                x.reshape(shape)
        with pytest.raises(AssertionError, match="Shape must be provided"):
            x.reshape()
        with pytest.raises(TypeError, match="foo"):
            x.reshape((30,), foo=1)

    def test_in_place_refusals(self) -> None:
        x = nd.zeros((2, 1, 1))
        for axis, text in ((0, "must be size 1, got 2"), ((1, 1), "duplicate"), (5, "out of range")):
            with pytest.raises(AssertionError, match=text):
                x.squeeze(axis, inplace=True)
            with pytest.raises(MXNetError):
                x.squeeze(axis)
        with pytest.raises(AssertionError, match="out of range"):
            x.expand_dims(4, inplace=True)

    def test_places(self) -> None:
        x = nd.zeros((2, 3))
        for axis in (-3, -2, -1, 0, 1, 2):
            expected = x.expand_dims(axis).shape
            assert x.expand_dims(axis, inplace=True).shape == expected == np.expand_dims(np.zeros((2, 3)), axis).shape
        y = nd.zeros((1, 2, 1))
        for axis in (None, 0, -1, (0, 2)):
            assert y.squeeze(axis, inplace=True).shape == y.squeeze(axis).shape
        assert nd.zeros((1, 1)).squeeze(inplace=True).shape == (1,)

    def test_transpose(self) -> None:
        x = nd.zeros((2, 3, 4))
        for array in (x.T, x.transpose(), x.transpose(()), x.transpose(2, 1, 0), x.transpose((2, 1, 0)),
                      x.transpose(axes=(2, 1, 0)), x.transpose([2, 1, 0])):
            assert array.shape == (4, 3, 2)


class TestCopies:
    def test_copyto_an_array(self) -> None:
        x, y = nd.array([1.5, 2.5]), nd.zeros(2, dtype="int32", ctx=mx.cpu(1))
        assert x.copyto(y) is y
        same(y, [1, 2])
        with pytest.raises(MXNetError, match=r"\(2,\).*\(3,\)"):
            x.copyto(nd.zeros(3))
        with pytest.warns(RuntimeWarning, match="itself"):
            assert x.copyto(x) is False
        with pytest.raises(TypeError, match="copyto does not support type"):
            x.copyto("cpu")

    def test_contexts(self) -> None:
        x = nd.array([1, 2])
        y = x.copyto(mx.cpu(1))
        assert (x.ctx, y.ctx) == (mx.cpu(0), mx.cpu(1))
        assert x.as_in_context(mx.cpu(0)) is x
        assert x.as_in_context(mx.cpu(1)).ctx == mx.cpu(1)
        assert (y + y).ctx == mx.cpu(1)
        with mx.cpu(3):
            assert nd.ones(2).ctx == nd.array([1]).ctx == mx.cpu(3)
        assert nd.ones(2, ctx=mx.cpu(2)).ctx == mx.cpu(2)

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
    def test_a_gpu_that_is_not_there(self) -> None:
        with pytest.raises(MXNetError, match=r"gpu\(0\) is not available"):
            nd.ones(2, ctx=mx.gpu(0))

    def test_pickle(self) -> None:
        for dtype in ("float32", "int64", "bfloat16", "bool"):
            x = nd.array([[0, 1]], dtype=dtype)
            y = pickle.loads(pickle.dumps(x))
            assert y.dtype is x.dtype
            same(y, [[0, 1]])

    def test_deepcopy_in_a_structure(self) -> None:
        x = nd.ones(2)
        y = copy.deepcopy({"a": [x, x]})
        assert y["a"][0] is y["a"][1] is not x


class TestInterop:
    def test_numpy_reads_it(self) -> None:
        x = nd.array([1, 2])
        assert np.asarray(x).tolist() == [1, 2]
        assert np.asarray(x, dtype="int32").dtype == np.int32
        assert np.sum(np.array(x)) == 3

    def test_from_numpy_shares_and_locks(self) -> None:
        values = np.zeros((2, 2), "float32")
        x = nd.from_numpy(values)
        x[0, 0] = 9
        assert values[0, 0] == 9
        with pytest.raises(ValueError, match="read-only"):
            values[0, 0] = 1
        y = nd.from_numpy(values)  # locked by now, and shared all the same
        y[1, 1] = 8
        assert values.tolist() == x.asnumpy().tolist() == [[9, 0], [0, 8]]

    def test_from_numpy_keeps_the_memory_alive(self) -> None:
        x = nd.from_numpy(np.arange(1000.0))
        y = nd.from_numpy(np.broadcast_to(np.arange(3.0), (3,)))
        np.full(1000, 7.0)
        same(x, np.arange(1000.0))
        same(y, [0, 1, 2])

    def test_from_numpy_copies_on_demand(self) -> None:
        values = np.zeros(2, "float32")
        nd.from_numpy(values, zero_copy=False)[:] = 1
        assert values.tolist() == [0, 0]
        assert nd.from_numpy(np.zeros((2, 3)).T, zero_copy=False).shape == (3, 2)

    def test_from_numpy_refusals(self) -> None:
        with pytest.raises(ValueError, match="c-contiguous"):
            nd.from_numpy(np.zeros((2, 3)).T)
        with pytest.raises(ValueError, match="<U1"):
            nd.from_numpy(np.array(["a"]))
        with pytest.raises(TypeError, match="list"):
            nd.from_numpy([1, 2])

    def test_dlpack_with_torch(self) -> None:
        x = nd.zeros(2)
        t = torch.utils.dlpack.from_dlpack(x)
        t[0] = 5
        same(x, [5, 0])
        y = nd.from_dlpack(t)
        y[1] = 6
        same(x, [5, 6])
        same(nd.from_dlpack(nd.to_dlpack_for_read(x)), [5, 6])

    def test_waiting(self) -> None:
        nd.waitall()
        nd.ones(2).wait_to_read()


class TestFiles:
    def test_list_dict_and_single(self, tmp_path) -> None:
        x, y = nd.array([[1, 2]]), nd.array([3], dtype="int64", ctx=mx.cpu(1))
        path = tmp_path / "arrays"
        nd.save(str(path), [x, y])
        a, b = nd.load(str(path))
        same(a, [[1, 2]])
        assert (b.dtype, b.ctx) == (np.int64, mx.cpu(0))
        nd.save(path, {"x": x, "y": y})
        loaded = nd.load(path)
        assert list(loaded) == ["x", "y"]
        nd.save(str(path), x)
        assert len(nd.load(str(path))) == 1
        assert len(nd.load_frombuffer(path.read_bytes())) == 1

    def test_refusals(self, tmp_path) -> None:
        path = str(tmp_path / "arrays")
        with pytest.raises(TypeError):
            nd.save(path, [np.ones(2)])
        with pytest.raises(TypeError):
            nd.save(path, {1: nd.ones(2)})
        with pytest.raises(ValueError):
            nd.save(path, 5)
        with pytest.raises(TypeError):
            nd.load(5)
        assert not (tmp_path / "arrays").exists()
        with pytest.raises((MXNetError, OSError)):
            nd.load(path)

    def test_numpy_shape_semantics_belong_to_a_file(self, tmp_path) -> None:
        path = str(tmp_path / "arrays")
        with mx.np_shape(True):
            nd.save(path, [nd.array(np.ones((2, 0))), nd.array(np.ones(()))])
            assert [a.shape for a in nd.load(path)] == [(2, 0), ()]
        with pytest.raises(MXNetError, match=r"np_shape\(True\)"):
            nd.load(path)
        nd.save(path, [nd.ones(2)])
        with mx.np_shape(True), pytest.raises(MXNetError, match=r"np_shape\(False\)"):
            nd.load(path)


class TestOneElement:
    """What asnumpy gives for [x] is a number where programs ask for one: 'loss %f' % loss.mean().asnumpy()."""

    def test_converts(self) -> None:
        values = nd.array([[2.5]]).asnumpy()
        assert "%f %d" % (values, values) == "2.500000 2"  # noqa: UP031
        assert (float(values), int(values), complex(values)) == (2.5, 2, 2.5 + 0j)

    def test_is_a_numpy_array_otherwise(self) -> None:
        values = nd.array([2.5]).asnumpy()
        assert isinstance(values, np.ndarray)
        assert repr(values) == "array([2.5], dtype=float32)" and str(values) == "[2.5]"
        assert type(pickle.loads(pickle.dumps(values))) is np.ndarray
        assert type(np.asarray(nd.array([2.5]))) is np.ndarray and type(nd.ones(2).asnumpy()) is np.ndarray

    def test_several_elements_do_not_convert(self) -> None:
        with pytest.raises(TypeError):
            float(nd.array([2.5]).asnumpy().repeat(2))


class TestWritingAll:
    """x[:] = value, whose value is broadcast."""

    @pytest.mark.parametrize("shape", [(1,), (3,), (1, 3), (2, 1), (1, 2, 3), (1, 1, 1, 3)])
    def test_shapes_that_fit(self, shape) -> None:
        x, value = nd.zeros((2, 3)), nd.arange(int(np.prod(shape))).reshape(shape)
        x[:] = value
        same(x, np.broadcast_to(value.asnumpy(), (1, 1, 2, 3))[0, 0])

    @pytest.mark.parametrize("shape", [(2,), (6,), (2, 2, 3), (3, 2)])
    def test_shapes_that_do_not(self, shape) -> None:
        x = nd.zeros((2, 3))
        with pytest.raises(ValueError, match="broadcast"):
            x[:] = nd.ones(shape)

    def test_it_is_recorded(self) -> None:
        x = nd.array([1, 2, 3])
        x.attach_grad()
        with mx.autograd.record():
            y = nd.zeros((2, 3))
            y[:] = x * 2
        y.backward()
        same(x.grad, [4, 4, 4])

    def test_reductions_are_numbers(self) -> None:
        """As those of any other array: round, hash and json take them."""
        values = nd.array([2.5]).asnumpy()
        for number in (values.sum(), values.mean(), np.max(values)):
            assert type(number) is np.float32
            assert round(number, 1) == 2.5 and hash(number) == hash(2.5)
        assert float(values / 2) == 1.25  # of one dimension: it still converts
