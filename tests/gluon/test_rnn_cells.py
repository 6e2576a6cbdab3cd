"""gluon.rnn cells beyond their recorded answers: sequences of several lengths, graphs, masks that stay, own cells."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from golden.gluon.layer_cases import formula
from mxnet import gluon, nd, sym
from mxnet.gluon import contrib, rnn


def made(cell):
    cell.initialize(mx.init.Uniform(0.5))
    return cell


def bidirectional():
    return rnn.BidirectionalCell(rnn.LSTMCell(3), rnn.LSTMCell(3))


LENGTHS, X = [2, 5, 1], formula((3, 5, 4))


class TestSeveralLengths:
    @pytest.mark.parametrize("make", [lambda: rnn.GRUCell(3), bidirectional, lambda: rnn.ResidualCell(rnn.LSTMCell(4)),
                                      lambda: contrib.rnn.VariationalDropoutCell(rnn.RNNCell(3), 0.1, 0.1, 0.1)])
    @pytest.mark.parametrize("merge", [None, True, False])
    @pytest.mark.parametrize("layout", ["NTC", "TNC"])
    def test_each_sequence_is_as_if_alone(self, make, merge, layout) -> None:
        cell = made(make())
        x = X if layout == "NTC" else X.swapaxes(0, 1)
        outputs, states = cell.unroll(5, nd.array(x), layout=layout, merge_outputs=merge,
                                      valid_length=nd.array(LENGTHS))
        if merge is False:
            outputs = nd.stack(*outputs, axis=layout.index("T"))
        outputs = outputs.asnumpy() if layout == "NTC" else outputs.asnumpy().swapaxes(0, 1)
        for i, length in enumerate(LENGTHS):
            alone, ends = cell.unroll(length, nd.array(X[i:i + 1, :length]), merge_outputs=True)
            np.testing.assert_allclose(outputs[i, :length], alone.asnumpy()[0], rtol=1e-5, atol=1e-6)
            assert not outputs[i, length:].any()
            for state, end in zip(states, ends, strict=True):
                np.testing.assert_allclose(state.asnumpy()[i], end.asnumpy()[0], rtol=1e-5, atol=1e-6)


class Unrolled(gluon.HybridBlock):
    """Unrolls a cell in its hybrid_forward."""

    def __init__(self, cell, **options):
        super().__init__()
        self.cell, self.options = cell, options

    def hybrid_forward(self, F, x, *lengths):
        options = {"valid_length": lengths[0]} if lengths else {}
        return self.cell.unroll(5, x, merge_outputs=True, **options)[0]


class TestGraphs:
    @pytest.mark.parametrize("make", [lambda: rnn.RNNCell(3), lambda: rnn.LSTMCell(3), lambda: rnn.GRUCell(3),
                                      bidirectional, lambda: contrib.rnn.LSTMPCell(3, 2)])
    def test_a_block_that_unrolls_is_one_graph(self, make, tmp_path) -> None:
        net, x, lengths = made(Unrolled(make())), nd.array(X), nd.array(LENGTHS)
        wanted = net(x, lengths).asnumpy()
        net.hybridize()
        np.testing.assert_allclose(net(x, lengths).asnumpy(), wanted, rtol=1e-5, atol=1e-6)
        net.export(str(tmp_path / "net"))
        loaded = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["data0", "data1"],
                                           str(tmp_path / "net-0000.params"))
        np.testing.assert_allclose(loaded(x, lengths).asnumpy(), wanted, rtol=1e-5, atol=1e-6)

    def test_a_hybridized_step_is_compiled_once(self) -> None:
        cell = made(rnn.LSTMCell(3))
        cell.hybridize()
        cell.unroll(5, nd.array(X))
        compiled = cell._compiled
        cell.unroll(5, nd.array(X))
        assert compiled is not None and cell._compiled is compiled

    def test_the_input_size_is_found(self) -> None:
        for hybridize in (False, True):
            cell = made(contrib.rnn.Conv2DLSTMCell((0, 4, 3), 2, 3, 3, 1))
            if hybridize:
                cell.hybridize()
            assert repr(cell) == "Conv2DLSTMCell(None -> 8, tanh, NCHW)"
            cell(nd.ones((2, 5, 4, 3)), cell.begin_state(2))
            assert cell.i2h_weight.shape == (8, 5, 3, 3)
            assert repr(cell) == "Conv2DLSTMCell(5 -> 8, tanh, NCHW)"


@pytest.mark.parametrize("hybridize", [False, True])
class TestWhatIsRemembered:
    def test_masks_stay_over_the_steps(self, hybridize) -> None:
        cell = contrib.rnn.VariationalDropoutCell(rnn.RNNCell(50, "relu"), drop_states=0.1, drop_outputs=0.5)
        cell.initialize(mx.init.One())
        if hybridize:
            cell.hybridize()
        with mx.autograd.train_mode():
            first, _ = cell.unroll(3, nd.ones((2, 3, 4)), merge_outputs=True)
            again, _ = cell.unroll(3, nd.ones((2, 3, 4)), merge_outputs=True)
        dropped = first.asnumpy() == 0
        assert 0 < dropped.mean() < 1 and (dropped == dropped[:, :1]).all()
        assert (dropped != (again.asnumpy() == 0)).any()

    def test_zoneout_holds_outputs(self, hybridize) -> None:
        cell = rnn.ZoneoutCell(rnn.RNNCell(50, "relu"), zoneout_outputs=0.5)
        cell.initialize(mx.init.One())
        if hybridize:
            cell.hybridize()
        with mx.autograd.train_mode():
            outputs, _ = cell.unroll(4, nd.ones((1, 4, 3)), merge_outputs=True)
        steps = outputs.asnumpy()[0]
        held = steps[1:] == steps[:-1]
        assert 0.2 < held.mean() < 0.8
        assert ((steps[1:] > steps[:-1]) | held).all()


def test_layers_taken_apart() -> None:
    for layer in (rnn.LSTM(3, 2, "NTC", bidirectional=True, dropout=0.3), rnn.GRU(3, layout="NTC"),
                  rnn.RNN(3, 2, "tanh", "NTC"), rnn.LSTM(3, 2, "NTC", projection_size=2)):
        wanted = made(layer)(nd.array(X)).asnumpy()
        outputs, _ = layer._unfuse().unroll(5, nd.array(X), merge_outputs=True)
        np.testing.assert_allclose(outputs.asnumpy(), wanted, rtol=1e-5, atol=1e-6)


def test_the_first_weights_of_two_directions_are_found_in_a_graph() -> None:
    out = rnn.LSTM(10, bidirectional=True, prefix="l_")(sym.var("data"))
    shapes = dict(zip(out.list_arguments(), out.infer_shape(data=(2, 3, 7))[0], strict=True))
    assert shapes["l_l0_i2h_weight"] == shapes["l_r0_i2h_weight"] == (40, 7)


def test_a_loop_for_any_number_of_steps() -> None:
    cell = made(rnn.LSTMCell(3))
    for layout, x in (("NTC", X), ("TNC", X.swapaxes(0, 1))):
        for lengths in (None, nd.array(LENGTHS)):
            wanted, ends = cell.unroll(5, nd.array(x), layout=layout, merge_outputs=True, valid_length=lengths)
            got, states = contrib.rnn.rnn_cell.dynamic_unroll(cell, nd.array(x), cell.begin_state(3), layout=layout,
                                                              valid_length=lengths)
            for one, other in zip([got, *states], [wanted, *ends], strict=True):
                np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), rtol=1e-5, atol=1e-6)


class Sum(rnn.HybridRecurrentCell):
    """Adds up its inputs."""

    def state_info(self, batch_size=0):
        return [{"shape": (batch_size, 4), "__layout__": "NC"}]

    def hybrid_forward(self, F, inputs, states):
        total = F.broadcast_add(inputs, states[0], name=f"t{self._counter}_total")
        return total, [total]


def test_own_cells() -> None:
    for hybridize in (False, True):
        cell = Sum()
        if hybridize:
            cell.hybridize()
        outputs, (total,) = cell.unroll(5, nd.array(X), merge_outputs=True)
        np.testing.assert_allclose(outputs.asnumpy(), X.cumsum(1), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(total.asnumpy(), X.sum(1), rtol=1e-5, atol=1e-6)
    named, _ = Sum(prefix="own_").unroll(2, [sym.var("a"), sym.var("b")])
    assert [one.name for one in named] == ["own_t0_total", "own_t1_total"]


def test_bidirectional_cells_inside_others_are_found() -> None:
    stack = rnn.HybridSequentialRNNCell()
    stack.add(bidirectional())
    with pytest.raises(AssertionError, match="zoneout"):
        rnn.ZoneoutCell(stack, 0.1)
    with pytest.raises(AssertionError, match="variational state dropout"):
        contrib.rnn.VariationalDropoutCell(stack, drop_states=0.1)
    contrib.rnn.VariationalDropoutCell(stack, drop_inputs=0.1)


class Layered(rnn.HybridRecurrentCell):
    """A cell with layers inside, and states of two sizes."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.up = gluon.nn.Dense(3, flatten=False)
            self.mix = gluon.nn.Dense(2, activation="tanh")

    def state_info(self, batch_size=0):
        return [{"shape": (batch_size, size), "__layout__": "NC"} for size in (2, 3)]

    def hybrid_forward(self, F, inputs, states):
        memory = self.up(F.concat(inputs, states[0], dim=1)) + 0.5 * states[1]
        out = self.mix(memory)
        return out, [out, memory]


@pytest.mark.parametrize("hybridize", [False, True])
def test_own_cells_may_have_layers(hybridize: bool) -> None:
    cell = made(Layered())
    stack = rnn.HybridSequentialRNNCell()
    stack.add(cell)
    stack.add(rnn.ResidualCell(made(rnn.GRUCell(2))))
    if hybridize:
        stack.hybridize()
    outputs, states = stack.unroll(5, nd.array(X), merge_outputs=True)
    assert outputs.shape == (3, 5, 2)
    assert [s.shape for s in states] == [(3, 2), (3, 3), (3, 2)]
    w, b = cell.up.weight.data().asnumpy(), cell.up.bias.data().asnumpy()
    v, c = cell.mix.weight.data().asnumpy(), cell.mix.bias.data().asnumpy()
    out, memory = np.zeros((3, 2)), np.zeros((3, 3))
    for step in X.swapaxes(0, 1):
        memory = np.concatenate([step, out], 1) @ w.T + b + 0.5 * memory
        out = np.tanh(memory @ v.T + c)
    np.testing.assert_allclose(states[0].asnumpy(), out, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(states[1].asnumpy(), memory, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", [rnn.RNNCell, rnn.LSTMCell])
def test_a_layer_as_activation(cell) -> None:
    by_layer, by_function = cell(2, activation=gluon.nn.LeakyReLU(0.1)), cell(2, activation=slope)
    for one in (by_layer, by_function):
        one.initialize(mx.init.Constant(-0.3))
    answers = [one.unroll(5, nd.array(X), merge_outputs=True)[0].asnumpy() for one in (by_layer, by_function)]
    np.testing.assert_array_equal(*answers)
    assert (answers[0] < 0).any()


def slope(x, **_):
    return nd.LeakyReLU(x, slope=0.1)
