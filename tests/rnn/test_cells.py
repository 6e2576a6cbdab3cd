"""mx.rnn's cells: graphs, values and gradients as MXNet's, weights packed and unpacked."""
from __future__ import annotations

import gzip
import json
import pathlib

import numpy as np
import pytest

import mxnet as mx
from golden.rnn import cell_cases as cases
from mxnet import nd
from mxnet.base import MXNetError

ANSWERS = pathlib.Path(__file__).parents[1] / "golden" / "rnn"


@pytest.fixture(scope="module")
def graphs():
    return json.loads(gzip.decompress((ANSWERS / "graphs.json.gz").read_bytes()))


@pytest.mark.parametrize("text", cases.CELLS)
def test_graph(graphs, text):
    for case in cases.cases():
        if case[0] == text:
            expected = graphs["{} | {} | {}".format(*case)]
            got = json.loads(json.dumps(cases.graph(mx, *case)))
            for key, value in expected.items():
                assert got[key] == value, f"{key} of {case}"


@pytest.mark.parametrize("text", cases.CELLS)
def test_values(text):
    with np.load(ANSWERS / "values.npz") as file:
        expected = {name.split(" | ")[1]: file[name] for name in file.files if name.split(" | ")[0] == text}
    got = cases.values(mx, text)
    assert sorted(got) == sorted(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(got[name], array, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("mode", ["rnn_relu", "rnn_tanh", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_unfused_computes_the_same(mode, bidirectional):
    fused = mx.rnn.FusedRNNCell(3, num_layers=2, mode=mode, bidirectional=bidirectional, prefix="f_")
    outputs, _ = fused.unroll(4, mx.sym.Variable("x"), layout="TNC", merge_outputs=True)
    stack = fused.unfuse()
    single, _ = stack.unroll(4, mx.sym.Variable("x"), layout="TNC", merge_outputs=True)
    x = nd.random.normal(shape=(4, 2, 5))
    count = outputs.infer_shape(x=x.shape)[0][1][0]
    args = {"f_parameters": nd.random.uniform(-0.5, 0.5, shape=(count,))}
    packed = stack.pack_weights(fused.unpack_weights(args))
    assert set(packed) == set(single.list_arguments()) - {"x"}
    expected = outputs.eval(x=x, **args)[0]
    np.testing.assert_allclose(single.eval(x=x, **packed)[0].asnumpy(), expected.asnumpy(), rtol=1e-5, atol=1e-6)
    back = fused.pack_weights(stack.unpack_weights(packed))
    assert (back["f_parameters"] == args["f_parameters"]).asnumpy().all()


def test_unpacked_names():
    cell = mx.rnn.FusedRNNCell(2, mode="gru", bidirectional=True, prefix="f_")
    args = {"f_parameters": nd.arange(2 * 6 * (3 + 2 + 2)), "other": nd.ones((1,))}
    unpacked = cell.unpack_weights(args)
    assert "f_parameters" in args  # what is given stays as it is
    assert list(unpacked)[:4] == ["other", "f_l0_i2h_r_weight", "f_l0_i2h_z_weight", "f_l0_i2h_o_weight"]
    assert unpacked["f_l0_i2h_z_weight"].asnumpy().tolist() == [[6, 7, 8], [9, 10, 11]]
    assert unpacked["f_r0_h2h_o_bias"].asnumpy().tolist() == [82, 83]
    lstm = mx.rnn.LSTMCell(2)
    args = {f"lstm_{group}_{kind}": nd.arange(8 * size).reshape((8, size) if kind == "weight" else (8,))
            for group in ("i2h", "h2h") for kind, size in (("weight", 3 if group == "i2h" else 2), ("bias", 1))}
    unpacked = lstm.unpack_weights(args)
    assert unpacked["lstm_i2h_f_bias"].asnumpy().tolist() == [2, 3]
    packed = lstm.pack_weights(unpacked)
    assert all((packed[name] == array).asnumpy().all() for name, array in args.items())


def test_wrong_number_of_packed_weights():
    with pytest.raises(MXNetError, match="lstm_parameters has 7 elements"):
        mx.rnn.FusedRNNCell(2).unpack_weights({"lstm_parameters": nd.ones((7,))})


def test_shared_parameters():
    params = mx.rnn.RNNParams("shared_")
    one, two = mx.rnn.RNNCell(3, prefix="a_", params=params), mx.rnn.RNNCell(3, prefix="b_", params=params)
    both = mx.sym.Group([one.unroll(1, [mx.sym.Variable("x")])[0][0], two.unroll(1, [mx.sym.Variable("y")])[0][0]])
    assert both.list_outputs() == ["a_t0_out_output", "b_t0_out_output"]
    assert both.list_arguments() == ["x", "shared_i2h_weight", "shared_i2h_bias", "shared_h2h_weight",
                                     "shared_h2h_bias", "y"]


def test_begin_state():
    cell = mx.rnn.LSTMCell(3)
    first, second = cell.begin_state(func=mx.sym.Variable)
    assert (first.name, second.name) == ("lstm_begin_state_0", "lstm_begin_state_1")
    assert first.attr("__layout__") == "NC"
    ones = mx.rnn.ResidualCell(mx.rnn.ZoneoutCell(mx.rnn.RNNCell(3))).begin_state(mx.sym.ones)
    assert json.loads(ones[0].tojson())["nodes"][0]["op"] == "_ones"
    stack = cases.stack(mx)(mx.rnn.ResidualCell(mx.rnn.RNNCell(3)), mx.rnn.LSTMCell(2))
    names = [state.name for state in stack.begin_state(func=mx.sym.Variable)]
    assert names == ["rnn_begin_state_0", "lstm_begin_state_0", "lstm_begin_state_1"]


def test_state_is_carried_on():
    """Two unrolls, the states of the first given to the second, are one of both lengths."""
    cell = mx.rnn.LSTMCell(3)
    whole, _ = cell.unroll(4, mx.sym.Variable("x"), merge_outputs=True)
    head, states = cell.unroll(2, mx.sym.Variable("x"), merge_outputs=True)
    tail, _ = cell.unroll(2, mx.sym.Variable("y"), begin_state=states, merge_outputs=True)
    x = nd.random.normal(shape=(2, 4, 5))
    shapes, _, _ = whole.infer_shape(x=x.shape)
    weights = {name: nd.random.normal(shape=shape)
               for name, shape in zip(whole.list_arguments(), shapes, strict=True) if name != "x"}
    halves = mx.sym.concat(head, tail, dim=1).eval(x=x[:, :2], y=x[:, 2:], **weights)[0]
    np.testing.assert_allclose(halves.asnumpy(), whole.eval(x=x, **weights)[0].asnumpy(), rtol=1e-5)


def test_zoneout_in_train_mode():
    symbol = mx.rnn.ZoneoutCell(mx.rnn.RNNCell(30), zoneout_outputs=0.5).unroll(
        1, [mx.sym.Variable("x")])[0][0]
    executor = symbol.simple_bind(mx.cpu(), x=(20, 30))
    for array in executor.arg_arrays:
        array[:] = 0.1
    kept = executor.forward(is_train=True)[0].asnumpy() != 0
    assert 0.3 < kept.mean() < 0.7
    assert (executor.forward(is_train=False)[0].asnumpy() != 0).all()


@pytest.mark.parametrize(("use", "error", "match"), [
    (lambda R: R.ZoneoutCell(R.FusedRNNCell(3)), AssertionError, "Please unfuse first"),
    (lambda R: R.ZoneoutCell(R.BidirectionalCell(R.RNNCell(3), R.RNNCell(3))), AssertionError, "support step"),
    (lambda R: R.ResidualCell(R.RNNCell(3)).base_cell.begin_state(), AssertionError, "base cell cannot be called"),
    (lambda R: R.DropoutCell("much"), AssertionError, "must be a number"),
    (lambda R: R.BidirectionalCell(R.RNNCell(3), R.RNNCell(3))(None, None), NotImplementedError, "cannot be stepped"),
    (lambda R: R.FusedRNNCell(3)(None, None), NotImplementedError, "cannot be stepped"),
    (lambda R: R.FusedRNNCell(3).unroll(2, mx.sym.Variable("x"), layout="NCT"), AssertionError, "Unsupported layout"),
    (lambda R: R.RNNCell(3).unroll(3, [mx.sym.Variable("x")]), AssertionError, "1 inputs for 3 steps"),
    (lambda R: R.RNNCell(3).unroll(2, mx.sym.Group([mx.sym.Variable("x")] * 2)), AssertionError, "grouped symbol"),
    (lambda R: R.ConvRNNCell((1, 3, 8, 8), 4, h2h_kernel=(2, 3)), AssertionError, "odd number"),
    (lambda R: R.SequentialRNNCell(R.RNNParams("p_")).add(R.RNNCell(3)), AssertionError, "not both"),
    (lambda R: R.BaseRNNCell().state_info, NotImplementedError, None),
    (lambda R: R.BaseRNNCell()(None, None), NotImplementedError, None),
    (lambda R: R.ModifierCell(R.RNNCell(3))(None, None), NotImplementedError, None),
])
def test_misuse(use, error, match):
    with pytest.raises(error, match=match):
        use(mx.rnn)


def test_fused_cell_warns_of_the_slow_layout():
    with pytest.warns(UserWarning, match="Consider using TNC"):
        mx.rnn.FusedRNNCell(3).unroll(2, mx.sym.Variable("x"))


def test_old_unroll():
    with pytest.warns(UserWarning, match="rnn_unroll is deprecated"):
        outputs, _ = mx.rnn.rnn_unroll(mx.rnn.RNNCell(3), 2, input_prefix="in_")
    assert outputs[1].list_arguments()[0] in ("in_t0_data", "in_t1_data")
