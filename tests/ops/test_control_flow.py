"""foreach, while_loop and cond: on arrays, as operators of a Symbol, and against MXNet 1.9.1."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from golden import control_flow_cases as cases
from mxnet import autograd, nd, sym
from mxnet.base import MXNetError

ANSWERS = json.loads((Path(cases.__file__).parent / "control_flow.json").read_text())
EVERY = pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.__name__)


def var(*names):
    found = [sym.var(name) for name in names]
    return found[0] if len(found) == 1 else found


# ------------------------------------------------------------------------------------------- as in MXNet


@EVERY
def test_graphs_are_written_as_by_mxnet(case):
    assert cases.graph(mx, case) == ANSWERS[case.__name__]["graph"]


@EVERY
def test_graphs_of_mxnet_compute_what_they_did_there(case):
    answer = ANSWERS[case.__name__]
    if "outputs" not in answer:
        pytest.skip("MXNet cannot run it")
    symbol = sym.load_json(json.dumps(answer["graph"]))
    assert json.loads(symbol.tojson()) == answer["graph"]
    result = cases.run(mx, symbol, case.__name__, "grads" in answer)
    for ours, theirs in zip(result["outputs"], answer["outputs"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    for name, theirs in answer.get("grads", {}).items():
        np.testing.assert_allclose(result["grads"][name], theirs, rtol=1e-4, atol=1e-5, err_msg=name)


@EVERY
def test_arrays_give_what_symbols_give(case):
    """The same code on nd: values and gradients."""
    if case in (cases.layer, cases.named):
        pytest.skip("nd makes no variables and takes no names")
    shapes = {**cases.SHAPES, **cases.OTHER_SHAPES.get(case.__name__, {})}
    names = cases.build(mx, case).list_arguments()
    arrays = {name: nd.array(np.sin(np.arange(int(np.prod(shapes[name]))) + i).reshape(shapes[name]) / 2)
              for i, name in enumerate(names)}
    for array in arrays.values():
        array.attach_grad()
    with autograd.record():
        outputs = cases.flat(case(nd, *(arrays.get(name, nd.zeros((4, 3))) for name in "dsw")))
        loss = sum((o * nd.array(np.cos(np.arange(o.size)).reshape(o.shape))).sum() for o in outputs)
    loss.backward()
    symbolic = cases.run(mx, cases.build(mx, case), case.__name__)
    for ours, theirs in zip(outputs, symbolic["outputs"], strict=True):
        np.testing.assert_allclose(ours.asnumpy(), theirs, rtol=1e-5, atol=1e-6)
    for name, array in arrays.items():
        np.testing.assert_allclose(array.grad.asnumpy(), symbolic["grads"][name], rtol=1e-4, atol=1e-5, err_msg=name)


# ------------------------------------------------------------------------------------------------- foreach


def test_foreach_of_arrays():
    outputs, state = nd.contrib.foreach(lambda x, total: (x + total, x + total), nd.arange(4), nd.zeros(1))
    assert outputs.asnumpy().ravel().tolist() == [0, 1, 3, 6] and outputs.shape == (4, 1)
    assert state.asscalar() == 6


def test_foreach_goes_as_far_as_the_first_data():
    body = lambda x, s: (x[0] + x[1], s)  # noqa: E731
    outputs, _ = nd.contrib.foreach(body, [nd.ones((2, 3)), nd.ones((5, 3))], [])
    assert outputs.shape == (2, 3)
    with pytest.raises(IndexError, match="index 2 is out of bounds for axis 0 with size 2"):
        nd.contrib.foreach(body, [nd.ones((5, 3)), nd.ones((2, 3))], [])
    with pytest.raises(ValueError, match="at least one element"):
        nd.contrib.foreach(body, [], [])


@pytest.mark.parametrize("F", [nd, sym])
@pytest.mark.parametrize("data, states, result, text", [
    (3, [], None, "foreach input must be .nested. list of"),
    ("array", [2], None, "foreach states must be .nested. list of"),
    ("array", [], (None, []), "foreach output must be .nested. list of"),
])
def test_foreach_takes_only_arrays_or_only_symbols(F, data, states, result, text):
    data = (nd.ones((2, 2)) if F is nd else var("d")) if data == "array" else data
    with pytest.raises(AssertionError, match=text):
        F.contrib.foreach(lambda x, s: result, data, states)


@pytest.mark.parametrize("body, text", [
    (lambda x, s: (s * 2, s), "the data arrays have to be used in the loop body"),
    (lambda x, s: (x, x), "the state arrays have to be used in the loop body"),
    (lambda x, s: (x, [s]), "The input and output loop_vars have different format"),
    (lambda x, s: (x, 3), "foreach loop_vars must be"),
])
def test_foreach_of_symbols_wants_everything_used(body, text):
    with pytest.raises(AssertionError, match=text):
        sym.contrib.foreach(body, var("d"), var("s"))


def test_two_inputs_of_one_name():
    with pytest.raises(AssertionError, match=r"don't have unique names: .'d-0', 'd-0'."):
        sym.contrib.foreach(lambda x, s: (x[0] + x[1], s), [var("d"), var("d")], [])


def test_foreach_checks_lengths():
    with mx.name.NameManager():
        out, _ = sym.contrib.foreach(lambda x, s: (x[0] + x[1], s), var("a", "b"), [])
    with pytest.raises(MXNetError, match=r"_foreach0.*\[3,2\].*\[4,2\]"):
        out.infer_shape(a=(4, 2), b=(3, 2))
    plain, _ = sym.contrib.foreach(lambda x, s: (x * 2, s), var("a"), [])
    with pytest.raises(MXNetError, match="at least 1"):
        plain.bind(mx.cpu(), {"a": nd.ones((3, 2))[:0]}).forward()


# ---------------------------------------------------------------------------------------------- while_loop


def test_while_loop_fills_up_with_zeros():
    def count(F, i):
        return F.contrib.while_loop(lambda i: i < 3, lambda i: (i * 2, i + 1), i, max_iterations=5)

    outputs, last = count(nd, nd.ones(1))
    assert outputs.asnumpy().tolist() == [[2], [4], [0], [0], [0]] and last.asscalar() == 3
    outputs, last = mx.sym.Group(list(count(sym, var("i")))).eval(i=nd.ones(1))
    assert outputs.asnumpy().tolist() == [[2], [4], [0], [0], [0]] and last.asscalar() == 3


def test_a_loop_that_is_not_entered():
    outputs, last = nd.contrib.while_loop(lambda i: i < 0, lambda i: (i, i + 1), nd.ones(1), max_iterations=3)
    assert outputs == [] and last.asscalar() == 1
    noise = sym.random.uniform(shape=(2,))
    pair = sym.contrib.while_loop(lambda i: i < 0, lambda i: (sym.broadcast_add(noise, i), i + 1), var("i"), 3)
    outputs, last = sym.Group(list(pair)).eval(i=nd.ones(1))
    assert outputs.shape == (3, 2) and not outputs.asnumpy().any() and last.asscalar() == 1


def test_loop_variables_may_change_their_shape():
    with pytest.warns(UserWarning, match="Cannot decide shape"):
        loop = sym.contrib.while_loop(lambda x: x.sum() < 10, lambda x: (x.sum(), sym.concat(x, x, dim=0)), var("x"),
                                      max_iterations=9)
        assert sym.Group(list(loop)).infer_shape(x=(1,)) == (None, None, None)
    outputs, last = sym.Group(list(loop)).eval(x=nd.ones(1))
    assert last.shape == (16,) and outputs.asnumpy().ravel().tolist() == [1, 2, 4, 8, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("F", [nd, sym])
@pytest.mark.parametrize("limit, text", [(None, "max_iterations should be specified"),
                                         ("x", "Cannot convert max_iteration to python int")])
def test_while_loop_needs_a_limit(F, limit, text):
    with pytest.raises(ValueError, match=text):
        F.contrib.while_loop(lambda i: i < 3, lambda i: (None, i + 1), nd.ones(1) if F is nd else var("i"), limit)


def test_the_limit_is_at_least_one():
    with pytest.raises(MXNetError, match="value 0 for Parameter max_iterations should be greater equal to 1"):
        sym.contrib.while_loop(lambda i: i < 3, lambda i: (None, i + 1), var("i"), 0)
    assert nd.contrib.while_loop(lambda i: i < 3, lambda i: (i, i + 1), nd.ones(1), 0)[0] == []


@pytest.mark.parametrize("variables, cond, func, text", [
    ([], None, None, "loop_vars should contain at least one element"),
    (["i"], lambda i: True, None, "Return of cond must be a Symbol"),
    (["i"], lambda i: i < 2, lambda i: (i, [i, i]), "The number of loop_vars should be consistent during the loop"),
    (["i", "j"], lambda i, j: i < j, lambda i, j: (i, [i, i + 1]), "The 2-th loop_var doesn't involve into the comput"),
])
def test_while_loop_of_symbols_refuses(variables, cond, func, text):
    with pytest.raises(ValueError, match=text):
        sym.contrib.while_loop(cond, func, [var(name) for name in variables], 3)


@pytest.mark.parametrize("cond, func, text", [
    (lambda i: i < 1, lambda i: (i, [i, i]), "The length of loop_vars should be consistent during the loop"),
    (lambda i: nd.ones(2), None, "The current array is not a scalar"),
    (lambda i: i < 9, lambda i: ([i] * int(i.asscalar()), i + 1), "Number of elements in step_output should be"),
])
def test_while_loop_of_arrays_refuses(cond, func, text):
    with pytest.raises(ValueError, match=text):
        nd.contrib.while_loop(cond, func, nd.zeros(1), 4)


# ---------------------------------------------------------------------------------------------------- cond


@pytest.mark.parametrize("pred, taken", [(0, "else"), (1, "then"), (-2, "then"), (float("nan"), "then")])
def test_cond(pred, taken):
    assert nd.contrib.cond(nd.array([pred]), lambda: "then", lambda: "else") == taken
    out = sym.contrib.cond(var("p"), lambda: var("x") * 2, lambda: var("x") * 3)
    assert out.eval(p=nd.array([[pred]]), x=nd.ones(1))[0].asscalar() == {"then": 2, "else": 3}[taken]


def test_cond_wants_one_number():
    with pytest.raises(ValueError, match="not a scalar"):
        nd.contrib.cond(nd.ones(2), None, None)
    out = sym.contrib.cond(var("p"), lambda: var("x") * 2, lambda: var("x") * 3)
    with pytest.raises(MXNetError, match=r"pred must give one number.*\(2,\)"):
        out.eval(p=nd.ones(2), x=nd.ones(1))


def test_branches_give_equally_much():
    with pytest.raises(ValueError, match="Number of outputs differs between then-branch and else-branch"):
        sym.contrib.cond(var("p"), lambda: [var("x"), var("y")], lambda: var("x"))


def test_only_the_branch_that_is_taken_has_gradients():
    out = sym.contrib.cond(var("p"), lambda: var("x") * 2, lambda: var("y") * 3)
    grads = {"x": nd.ones(2), "y": nd.ones(2)}
    executor = out.bind(mx.cpu(), {"p": nd.ones(1), "x": nd.ones(2), "y": nd.ones(2)}, grads)
    executor.forward(is_train=True)
    executor.backward([nd.ones(2)])
    assert grads["x"].asnumpy().tolist() == [2, 2] and grads["y"].asnumpy().tolist() == [0, 0]


# ------------------------------------------------------------------------------------- shapes, dtypes, states


def test_shapes_of_parameters_inside():
    def dense(x, units):
        return sym.FullyConnected(x, num_hidden=units, name=f"fc{units}")

    inner, _ = sym.contrib.foreach(lambda x, s: (dense(x, 3), s), var("d"), [])
    assert inner.infer_shape(d=(4, 2, 5)) == ([(4, 2, 5), (3, 5), (3,)], [(4, 2, 3)], [])
    loop = sym.contrib.while_loop(lambda i, x: i < 2, lambda i, x: (dense(x, 3), [i + 1, x]), var("i", "x"), 7)
    shapes = sym.Group(cases.flat(loop)).infer_shape(i=(1,), x=(2, 5))
    assert shapes == ([(1,), (2, 5), (3, 5), (3,)], [(7, 2, 3), (1,), (2, 5)], [])
    choice = sym.contrib.cond(var("p"), lambda: dense(var("x"), 3), lambda: dense(var("x"), 4).slice_axis(1, 0, 3))
    shapes = dict(zip(choice.list_arguments(), choice.infer_shape(p=(1,), x=(2, 5))[0], strict=True))
    assert shapes["fc3_weight"] == (3, 5) and shapes["fc4_bias"] == (4,)
    deep, _ = sym.contrib.foreach(lambda x, s: sym.contrib.foreach(lambda y, t: (dense(y, 2), t), x, s), var("d"), [])
    assert deep.infer_shape(d=(6, 4, 2, 5))[0] == [(6, 4, 2, 5), (2, 5), (2,)]


def test_sizes_that_are_unknown():
    out, _ = sym.contrib.foreach(lambda x, s: (x + s[0], [s[0] * 2]), sym.var("d", shape=(0, 3, 8)), [var("s")])
    assert out.infer_shape_partial() == ([(0, 3, 8), (3, 8)], [(0, 3, 8)], [])
    assert out.infer_shape(s=(3, 8), d=(5, 3, 8))[1] == [(5, 3, 8)]


def test_branches_of_different_shapes():
    out = sym.contrib.cond(var("p"), lambda: var("x") * 2, lambda: var("y") * 3)
    assert out.infer_shape_partial(p=(1,), x=(2,), y=(3,))[1] == [()]
    assert out.eval(p=nd.zeros(1), x=nd.ones(2), y=nd.ones(3))[0].shape == (3,)


def test_dtypes():
    out, _ = sym.contrib.foreach(lambda x, s: (sym.FullyConnected(x, num_hidden=3) + s, s * 2), var("d"), var("s"))
    assert out.infer_type(s="float16")[0] == [np.float16] * 4
    loop = sym.contrib.while_loop(lambda i, x: i < 2, lambda i, x: (x * 2, [i + 1, x]), var("i", "x"), 7)
    assert sym.Group(cases.flat(loop)).infer_type(i="int32", x="float64")[1] == [np.float64, np.int32, np.float64]


def test_moving_averages_inside_are_moved():
    out, _ = sym.contrib.foreach(lambda x, s: (sym.BatchNorm(x, momentum=0.5, name="bn"), s), var("d"), [])
    executor = out.simple_bind(mx.cpu(), d=(2, 3, 1))
    executor.arg_dict["d"][:] = nd.array([[[0], [3], [6]], [[1], [1], [1]]])
    executor.arg_dict["bn_gamma"][:] = 1
    executor.forward(is_train=True)
    executor.backward(nd.ones((2, 3, 1)))
    assert executor.arg_dict["bn_moving_mean"].asscalar() == pytest.approx((3 / 2 + 1) / 2)


# -------------------------------------------------------------------------------------------------- blocks


class Scan(mx.gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.dense = mx.gluon.nn.Dense(3, flatten=False)

    def hybrid_forward(self, F, data, state):
        def body(x, s):
            return self.dense(x) + s, F.broadcast_add(F.tanh(s), x.sum())

        outputs, last = F.contrib.foreach(body, data, state)
        count = F.contrib.while_loop(lambda i, x: i < 3, lambda i, x: (None, [i + 1, x * 2]), [F.zeros((1,)), last],
                                     max_iterations=4)[1][1]
        return F.contrib.cond(F.sum(count) < 0, lambda: outputs * 2, lambda: F.broadcast_mul(outputs, count))


@pytest.mark.parametrize("flags", [{}, {"static_alloc": True, "static_shape": True}])
def test_a_hybridized_block_computes_the_same(flags, tmp_path):
    block = Scan()
    block.initialize(mx.init.Normal(1))
    data, state = nd.random.normal(shape=(4, 2, 5)), nd.random.normal(shape=(2, 3))

    def compute():
        with autograd.record():
            out = block(data, state)
        out.backward()
        return out.asnumpy(), block.dense.weight.grad().asnumpy()

    eager = compute()
    block.hybridize(**flags)
    for ours, expected in zip(compute(), eager, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)
    block.export(str(tmp_path / "scan"))
    loaded = mx.gluon.SymbolBlock.imports(str(tmp_path / "scan-symbol.json"), ["data0", "data1"],
                                          str(tmp_path / "scan-0000.params"))
    np.testing.assert_allclose(loaded(data, state).asnumpy(), eager[0], rtol=1e-5, atol=1e-6)


def test_names_of_subgraphs_are_counted():
    mx.AttrScope._subgraph_names = defaultdict(int)
    for _ in range(2):
        sym.contrib.cond(var("p"), lambda: var("x"), lambda: var("y"), name="mine")
    assert mx.AttrScope._subgraph_names == {"mine_pred": 2, "mine_then": 2, "mine_else": 2}


# --------------------------------------------------------------------------------------- files that are damaged


@pytest.mark.parametrize("key, value, text", [
    ("in_data_locs", "[7]", "does not fit"),
    ("remain_locs", "[]", "does not fit"),
    ("num_outputs", "5", "num_outputs=5, expected 2"),
    ("num_args", "9", "num_args=9, expected 4"),
])
def test_wiring_that_does_not_fit(key, value, text):
    graph = json.loads(json.dumps(ANSWERS["total"]["graph"]))
    node = next(node for node in graph["nodes"] if node["op"] == "_foreach")
    node["attrs"][key] = value
    with pytest.raises(MXNetError, match=text):
        sym.load_json(json.dumps(graph))


def test_subgraphs_that_do_not_fit():
    graph = json.loads(json.dumps(ANSWERS["total"]["graph"]))
    node = next(node for node in graph["nodes"] if node["op"] == "_foreach")
    del node["subgraphs"][0]["heads"][0]
    with pytest.raises(MXNetError, match="subgraph 0 to have 3 inputs and 2 outputs, but got 3 and 1"):
        sym.load_json(json.dumps(graph))
    node["subgraphs"] *= 2
    with pytest.raises(MXNetError, match="expects 1 subgraphs, but got 2"):
        sym.load_json(json.dumps(graph))


# ------------------------------------------------------------------------------------------------ rand_zipfian


def test_rand_zipfian():
    classes = nd.array([0, 3, 40])
    sampled, true_count, sampled_count = nd.contrib.rand_zipfian(classes, 1000, 50)
    numbers = sampled.asnumpy()
    assert numbers.dtype == np.int64 and numbers.min() >= 0 and numbers.max() < 50
    expected = np.log((classes.asnumpy() + 2) / (classes.asnumpy() + 1)) / np.log(51) * 1000
    np.testing.assert_allclose(true_count.asnumpy(), expected, rtol=1e-6)
    assert abs((numbers == 0).sum() - expected[0]) < 60
    np.testing.assert_allclose(sampled_count.asnumpy(), np.log((numbers + 2) / (numbers + 1)) / np.log(51) * 1000)
    mx.random.seed(5)
    drawn = nd.contrib.rand_zipfian(classes, 4, 50)[0].asnumpy()
    mx.random.seed(5)
    symbols = sym.contrib.rand_zipfian(var("c"), 4, 50)
    assert (sym.Group(list(symbols)).eval(c=classes)[0].asnumpy() == drawn).all()
