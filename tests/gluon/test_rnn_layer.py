"""gluon.rnn layers beyond their recorded answers: states, lengths, projections, files."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from golden.gluon.layer_cases import formula
from mxnet import nd
from mxnet.base import MXNetError
from mxnet.gluon import nn, rnn


def made(layer):
    layer.initialize(mx.init.Uniform(0.5))
    return layer


class TestStates:
    def test_are_zeros_of_the_context_and_dtype(self) -> None:
        layer = rnn.LSTM(3, 2, bidirectional=True)
        states = layer.begin_state(5, ctx=mx.cpu(1))
        assert [s.shape for s in states] == [(4, 5, 3)] * 2
        assert all(s.context == mx.cpu(1) and not s.asnumpy().any() for s in states)
        layer.cast("float64")
        assert layer.begin_state(1)[0].dtype == np.float64

    def test_come_from_any_function(self) -> None:
        asked = []
        layer = rnn.GRU(3, prefix="gru_")
        layer.begin_state(2, func=lambda **kwargs: asked.append(kwargs), scale=3)
        assert asked == [{"name": "gru_h0_0", "shape": (1, 2, 3), "__layout__": "LNC", "dtype": "float32", "scale": 3}]
        assert layer.begin_state(2, func=mx.nd.random.uniform)[0].shape == (1, 2, 3)

    def test_carry_a_sequence_on(self) -> None:
        x = nd.array(formula((6, 2, 4)))
        for layer in (made(rnn.RNN(3)), made(rnn.LSTM(3, 2)), made(rnn.GRU(3))):
            whole = layer(x)
            first, states = layer(x[:4], layer.begin_state(2))
            second, _ = layer(x[4:], states)
            np.testing.assert_allclose(nd.concat(first, second, dim=0).asnumpy(), whole.asnumpy(), rtol=1e-5, atol=1e-6)

    def test_one_state_needs_no_list(self) -> None:
        layer = made(rnn.GRU(3))
        _, states = layer(nd.ones((4, 2, 5)), layer.begin_state(2)[0])
        assert isinstance(states, list) and states[0].shape == (1, 2, 3)

    def test_of_another_batch_are_refused(self) -> None:
        layer = made(rnn.LSTM(3))
        with pytest.raises(ValueError, match=r"Expecting \(1, 2, 3\), got \(1, 3, 3\)"):
            layer(nd.ones((4, 2, 5)), layer.begin_state(3))


def test_sequences_of_several_lengths() -> None:
    layer, x = made(rnn.GRU(3, use_sequence_length=True)), nd.array(formula((4, 2, 5)))
    out, (last,) = layer(x, layer.begin_state(2), sequence_length=nd.array([2, 4]))
    np.testing.assert_allclose(last.asnumpy()[0, 0], out.asnumpy()[1, 0], rtol=1e-6)
    np.testing.assert_allclose(last.asnumpy()[0, 1], out.asnumpy()[3, 1], rtol=1e-6)


def test_projection() -> None:
    layer = made(rnn.LSTM(4, 2, projection_size=3, bidirectional=True))
    out, states = layer(nd.ones((5, 2, 6)), layer.begin_state(2))
    assert out.shape == (5, 2, 6) and [s.shape for s in states] == [(4, 2, 3), (4, 2, 4)]
    assert layer.r1_i2h_weight.shape == (16, 6) and layer.l0_h2r_weight.shape == (3, 4)


def test_inputs_without_time_are_refused() -> None:
    with pytest.raises(MXNetError, match="3 axes, NTC"):
        made(rnn.LSTM(3, layout="NTC"))(nd.ones((2, 3)))
    with pytest.raises(MXNetError):
        made(rnn.LSTM(3, input_size=5))(nd.ones((4, 2, 6)))


def test_files(tmp_path) -> None:
    def net():
        net = nn.Sequential()
        net.add(rnn.LSTM(3, 2, bidirectional=True, dropout=0.1), nn.Dense(2, flatten=False))
        return net

    path, saved, loaded = str(tmp_path / "net.params"), made(net()), net()
    x = nd.array(formula((4, 2, 5)))
    out = saved(x)
    saved.save_parameters(path)
    assert "0._unfused.1.r_cell.h2h_bias" in nd.load(path)
    loaded.load_parameters(path)
    np.testing.assert_array_equal(loaded(x).asnumpy(), out.asnumpy())


def test_dropout_between_layers_in_train_mode_only() -> None:
    layer, x = made(rnn.LSTM(8, 2, dropout=0.5)), nd.array(formula((4, 2, 5)))
    np.testing.assert_array_equal(layer(x).asnumpy(), layer(x).asnumpy())
    with mx.autograd.train_mode():
        assert (layer(x).asnumpy() != layer(x).asnumpy()).any()
