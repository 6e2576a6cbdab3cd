"""Sparse arrays: storage, what operators give, files, gradients, lazy updates.  Golden values are MXNet 1.9.1's."""

import pickle

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.base import MXNetError

DENSE = np.array([[0, 2, 0], [0, 0, 0], [3, 0, 4]], np.float32)

GOLDEN_FILE = (
    "120100000000000000000000000000000100000000000000c9fa93f90100000002000000020000000000000002000000"
    "000000000200000004000000000000000200000000000000010000000000000000000000060000000100000002000000"
    "000000000000803f000000400000404000008040000000000000000002000000000000000000000000000000"
)


@pytest.fixture(params=["csr", "row_sparse"])
def array(request):
    return nd.array(DENSE).tostype(request.param)


def test_parts_of_a_csr_array():
    c = nd.array(DENSE).tostype("csr")
    assert c.data.asnumpy().tolist() == [2, 3, 4]
    assert c.indices.asnumpy().tolist() == [1, 0, 2]
    assert c.indptr.asnumpy().tolist() == [0, 1, 1, 3]
    assert c.indices.dtype == c.indptr.dtype == np.int64
    assert repr(c) == "\n<CSRNDArray 3x3 @cpu(0)>"


def test_parts_of_a_row_sparse_array():
    r = nd.array(DENSE).tostype("row_sparse")
    assert r.data.asnumpy().tolist() == [[0, 2, 0], [3, 0, 4]]
    assert r.indices.asnumpy().tolist() == [0, 2]
    assert repr(r) == "\n<RowSparseNDArray 3x3 @cpu(0)>"
    assert r.retain(nd.array([2, 1])).indices.asnumpy().tolist() == [1, 2]  # row 1 is stored now


def test_kinds_of_results(array):
    for result in (array * 2, array + 0, array - 0, array > 0, array == 1, -array, nd.sqrt(array), array + array,
                   array * array, array - array, array * nd.array(DENSE), nd.clip(array, -1, 1), nd.zeros_like(array)):
        assert result.stype == array.stype
    for result in (array + 1, 1 - array, array == 0, array**2, nd.exp(array), array + nd.array(DENSE),
                   array / array, nd.sum(array, axis=0), array.T):
        assert result.stype == "default"


@pytest.mark.parametrize("f", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b])
def test_arithmetic_is_that_of_dense_arrays(array, f):
    other = np.array([[1, 1, 0], [5, 0, 0], [0, 0, 0]], np.float32)
    np.testing.assert_array_equal(f(array, nd.array(other).tostype(array.stype)).asnumpy(), f(DENSE, other))
    np.testing.assert_array_equal(f(array, nd.array(other)).asnumpy(), f(DENSE, other))


def test_products():
    c, d = nd.array(DENSE).tostype("csr"), nd.array(np.arange(6).reshape(3, 2))
    assert nd.dot(c, d).stype == "default"
    np.testing.assert_array_equal(nd.dot(c, d).asnumpy(), DENSE @ d.asnumpy())
    flipped = nd.dot(c, d, transpose_a=True)
    assert flipped.stype == "row_sparse"
    np.testing.assert_array_equal(flipped.asnumpy(), DENSE.T @ d.asnumpy())
    assert nd.dot(nd.array(DENSE), c).stype == "csr"


def test_rows_of_a_csr_array():
    c = nd.array(DENSE).tostype("csr")
    for key in (1, -1, slice(0, 2), slice(None)):
        assert c[key].stype == "csr"
        np.testing.assert_array_equal(c[key].asnumpy(), np.atleast_2d(DENSE[key]))
    with pytest.raises(MXNetError):
        c[5]
    with pytest.raises(ValueError, match="continuous"):
        c[0:3:2]


def test_writing_to_all(array):
    array[:] = nd.ones((3, 3))
    np.testing.assert_array_equal(array.asnumpy(), np.ones((3, 3)))
    array += array
    np.testing.assert_array_equal(array.asnumpy(), 2 * np.ones((3, 3)))
    nd.broadcast_add(nd.array(DENSE), nd.array(DENSE), out=array)
    np.testing.assert_array_equal(array.asnumpy(), 2 * DENSE)
    with pytest.raises(MXNetError):
        array[:] = nd.ones((2, 3))


def test_copies_and_casts(array):
    assert pickle.loads(pickle.dumps(array)).stype == array.stype
    assert array.astype("float64").dtype == np.float64
    assert array.astype("float32", copy=False) is array
    np.testing.assert_array_equal(array.copyto(nd.zeros((3, 3))).asnumpy(), DENSE)
    np.testing.assert_array_equal(array.copyto(mx.cpu(1)).tostype("default").asnumpy(), DENSE)
    other = {"csr": "row_sparse", "row_sparse": "csr"}[array.stype]
    with pytest.raises(ValueError, match="cast_storage"):
        array.tostype(other)


def test_files(tmp_path, array):
    name = str(tmp_path / "x.params")
    nd.save(name, {"a": array, "b": nd.ones((2,))})
    read = nd.load(name)
    assert type(read["a"]) is type(array)
    np.testing.assert_array_equal(read["a"].asnumpy(), DENSE)


def test_file_is_that_of_mxnet(tmp_path):
    r = nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2))
    nd.save(str(tmp_path / "r.params"), [r])
    assert (tmp_path / "r.params").read_bytes().hex() == GOLDEN_FILE


def test_scipy():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_matrix(DENSE)
    c = nd.array(matrix)
    assert c.stype == "csr"
    assert (c.asscipy() != matrix).nnz == 0


def test_format_is_checked():
    bad = nd.sparse.csr_matrix(([7, 8, 9], [0, 2, 1], [0, 5, 2, 3]), shape=(3, 4))
    with pytest.raises(MXNetError, match="ascending"):
        bad.check_format()
    with pytest.raises(MXNetError, match="ascending"):
        nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [1, 0]), shape=(3, 2)).check_format()


def test_gradient_of_an_embedding_holds_the_rows_used():
    layer = gluon.nn.Embedding(10, 3, sparse_grad=True)
    layer.initialize()
    for req, times in (("write", 1), ("add", 2)):
        layer.weight.grad_req = req
        layer.weight.zero_grad()
        for _ in range(2):
            with autograd.record():
                loss = (layer(nd.array([3, 4, 3])) * 0).sum() + layer(nd.array([4])).sum()
            loss.backward()
        grad = layer.weight.grad()
        assert grad.stype == "row_sparse"
        assert grad.indices.asnumpy().tolist() == [3, 4]
        assert grad.data.asnumpy().tolist() == [[0] * 3, [times] * 3]


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize("name, settings, expected", [
    ("sgd", {"momentum": 0.9, "wd": 0.1, "learning_rate": 0.5}, [[.45, 2.9], [2.6, 3.55], [2.7875, 4.645], [7, 8]]),
    ("sgd", {"wd": 0.1, "learning_rate": 0.5}, [[.45, 2.9], [2.6, 3.55], [3.0125, 4.915], [7, 8]]),
    ("adam", {"wd": 0.1, "learning_rate": 0.1},
     [[.89999938, 2.1000006], [2.9255857, 3.9255857], [4.8168387, 5.8067265], [7, 8]]),
    ("adagrad", {"learning_rate": 0.1}, [[.9, 2.1], [2.9, 3.9], [4.9, 5.9], [7, 8]])])
def test_updates_touch_only_rows_with_gradients(name, settings, expected, stype):
    updater = mx.optimizer.get_updater(mx.optimizer.create(name, **settings))
    weight = nd.array([[1, 2], [3, 4], [5, 6], [7, 8]]).tostype(stype)
    for rows, values in (([0, 2], [[1, -2], [0, 0]]), ([1, 2], [[.5, .5], [3, 1]])):
        updater(0, nd.sparse.row_sparse_array((values, rows), shape=(4, 2)), weight)
    assert weight.stype == stype
    np.testing.assert_allclose(weight.asnumpy(), expected, rtol=1e-5)


def test_row_sparse_parameter_is_trained():
    weight = gluon.Parameter("w", shape=(4, 2), stype="row_sparse", grad_stype="row_sparse")
    weight.initialize(mx.init.One())
    with pytest.raises(RuntimeError, match="row_sparse_data"):
        weight.data()
    trainer = gluon.Trainer([weight], "sgd", {"learning_rate": 1})
    ids = nd.array([0, 2])
    with autograd.record():
        loss = nd.Embedding(ids, weight.row_sparse_data(ids), input_dim=4, output_dim=2, sparse_grad=True).sum()
    loss.backward()
    trainer.step(1)
    everything = weight.row_sparse_data(nd.arange(4))
    assert everything.asnumpy().tolist() == [[0, 0], [1, 1], [0, 0], [1, 1]]


HUGE = 10**9  # rows: no machine has the memory for them


def rows_of_huge(*numbers):
    return nd.sparse.row_sparse_array((np.ones((len(numbers), 64), np.float32), list(numbers)), shape=(HUGE, 64))


def test_rows_that_are_not_stored_take_no_memory(tmp_path):
    a, b = rows_of_huge(3, HUGE - 1), rows_of_huge(3, 7)
    for result, rows in ((a + b, [3, 7, HUGE - 1]), (a - b, [3, 7, HUGE - 1]), (a * 2, [3, HUGE - 1]),
                         (nd.add_n(a, b, a), [3, 7, HUGE - 1]), (nd.sparse.retain(a, nd.array([3])), [3]),
                         (a.copy(), [3, HUGE - 1]), (a.astype("float64"), [3, HUGE - 1]), (nd.sqrt(a), [3, HUGE - 1]),
                         (pickle.loads(pickle.dumps(a)), [3, HUGE - 1])):
        assert result.indices.asnumpy().tolist() == rows
    assert nd.norm(a).asscalar() == pytest.approx(128**0.5)
    name = str(tmp_path / "a.params")
    nd.save(name, [a])
    assert nd.load(name)[0].indices.asnumpy().tolist() == [3, HUGE - 1]


def test_store_and_steps_touch_the_stored_rows_alone():
    store = mx.kv.create()
    store.init("w", rows_of_huge(1, 3, 5))
    store.set_optimizer(mx.optimizer.Adam(learning_rate=0.5, wd=0.1))
    store._updater.states["w"] = (rows_of_huge(1, 3, 5) * 0, rows_of_huge(1, 3, 5) * 0)
    store.push("w", rows_of_huge(3))
    out = rows_of_huge()
    store.row_sparse_pull("w", out=out, row_ids=nd.array([3, 5]))
    assert out.indices.asnumpy().tolist() == [3, 5]
    np.testing.assert_allclose(out.data.asnumpy()[:, 0], [0.5, 1], rtol=1e-5)


def test_gradients_of_huge_variables():
    weight, matrix = rows_of_huge(0, 2), nd.sparse.csr_matrix(([2.0, 3.0], [0, 2], [0, 1, 2]), shape=(2, HUGE))
    weight.attach_grad()
    with autograd.record():
        y = nd.dot(matrix, weight * 3 + weight).sum() + nd.Embedding(nd.array([2, 2]), weight, input_dim=HUGE,
                                                                     output_dim=64).sum()
    y.backward()
    assert y.asscalar() == 5 * 4 * 64 + 2 * 64
    assert weight.grad.indices.asnumpy().tolist() == [0, 2]
    assert weight.grad.data.asnumpy()[:, 5].tolist() == [8, 14]


def test_graphs_of_huge_variables():
    product = mx.sym.dot(mx.sym.var("x", stype="csr"), mx.sym.var("w", stype="row_sparse"))
    matrix = nd.sparse.csr_matrix(([2.0, 3.0], [0, 2], [0, 1, 2]), shape=(2, HUGE))
    executor = product.simple_bind(mx.cpu(), x=(2, HUGE), w=(HUGE, 64), grad_req={"x": "null", "w": "write"})
    executor.arg_dict["w"][:] = rows_of_huge(0, 2)
    executor.forward(is_train=True, x=matrix)
    executor.backward(nd.ones((2, 64)))
    assert executor.outputs[0].asnumpy()[:, 0].tolist() == [2, 3]
    assert executor.grad_dict["w"].indices.asnumpy().tolist() == [0, 2]
    assert executor.grad_dict["w"].data.asnumpy()[:, 0].tolist() == [2, 3]


def test_factors_of_a_factorization_machine():
    """A row_sparse result in the middle of a graph: its gradient comes sparse, torch's functions take it dense."""
    table = np.arange(6, dtype="float32").reshape(3, 2)
    factors = nd.array(table).tostype("row_sparse")
    data = nd.array([[0, 2, 0], [1, 0, 3]]).tostype("csr")
    factors.attach_grad()
    with autograd.record():
        y = nd.dot(data, nd._internal._square_sum(factors, axis=1, keepdims=True))
    y.backward()
    assert factors.grad.stype == "row_sparse"
    assert np.array_equal(factors.grad.asnumpy(), 2 * table * np.array([[1], [2], [3]]))


def test_group_adagrad_on_a_row_sparse_weight():
    weight = nd.array([[1, 2], [3, 4], [5, 6]]).tostype("row_sparse")
    gradient = nd.array([[0, 0], [1, 2], [0, 0]]).tostype("row_sparse")
    optimizer = mx.optimizer.contrib.GroupAdaGrad(learning_rate=0.1, wd=0)
    history = optimizer.create_state(0, weight)
    assert history.stype == "row_sparse" and history.shape == (3, 1)
    optimizer.update(0, weight, gradient, history)
    assert np.allclose(weight.asnumpy(), [[1, 2], [3 - 0.1 / np.sqrt(2.5), 4 - 0.2 / np.sqrt(2.5)], [5, 6]], rtol=1e-5)
    with pytest.raises(MXNetError, match="one storage type"):
        nd.contrib.group_adagrad_update(weight, gradient, nd.ones((3, 1)), lr=0.1, out=weight)


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_tostype_copies(stype):
    array = nd.ones((2, 2)).tostype(stype)
    copy = array.tostype(stype)
    copy[:] = 5 if stype == "default" else 5 * copy
    assert array.asnumpy().tolist() == [[1, 1], [1, 1]] and copy.asnumpy().tolist() == [[5, 5], [5, 5]]


def test_adagrad_clips_to_nothing():
    weight, history = (nd.ones((3, 2)).tostype("row_sparse") for _ in range(2))
    gradient = nd.array([[0, 0], [1, 2], [0, 0]]).tostype("row_sparse")
    nd.sparse.adagrad_update(weight, gradient, history, lr=0.1, clip_gradient=0, out=weight)
    assert np.all(weight.asnumpy() == 1) and np.all(history.asnumpy() == 1)
