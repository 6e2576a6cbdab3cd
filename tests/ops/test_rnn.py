"""RNN where no answer of MXNet's can be compared with: sequences of several lengths, clipped cells, dropout."""
from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, nd
from mxnet.base import MXNetError

STEPS, BATCH, SIZE, HIDDEN = 5, 3, 4, 2
LENGTHS = [2, 5, 3]


def arguments(mode: str, layers=1, directions=1, projection=None):
    rows, out = {"lstm": 4, "gru": 3}.get(mode, 1) * HIDDEN, projection or HIDDEN
    below = rows * (SIZE + (layers - 1) * directions * out)
    count = directions * (below + layers * (rows * (out + 2) + (projection or 0) * HIDDEN))
    made = {"data": nd.random.normal(shape=(STEPS, BATCH, SIZE)),
            "parameters": nd.random.uniform(-0.7, 0.7, shape=(count,)),
            "state": nd.random.normal(shape=(layers * directions, BATCH, out))}
    if mode == "lstm":
        made["state_cell"] = nd.random.normal(shape=(layers * directions, BATCH, HIDDEN))
    attrs = {"mode": mode, "state_size": HIDDEN, "num_layers": layers, "bidirectional": directions == 2,
             "projection_size": projection, "state_outputs": True}
    return made, attrs


def of_example(arrays: dict, k: int, length: int) -> dict:
    """The arguments for one sequence of the batch, cut to its length."""
    cut = {name: a[:, k:k + 1] if a.ndim == 3 else a for name, a in arrays.items()}
    cut["data"] = cut["data"][:length]
    return cut


def close(a, b):
    np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("clip", [{}, {"lstm_state_clip_min": -0.2, "lstm_state_clip_max": 0.2}], ids=["", "clipped"])
@pytest.mark.parametrize(("mode", "layers", "directions", "projection"),
                         [("lstm", 2, 2, None), ("lstm", 1, 2, 1), ("gru", 2, 2, None), ("rnn_tanh", 1, 1, None)])
def test_lengths_are_those_of_single_sequences(mode, layers, directions, projection, clip):
    arrays, attrs = arguments(mode, layers, directions, projection)
    attrs.update(clip)
    out, *last = nd.RNN(**arrays, **attrs, use_sequence_length=True, sequence_length=nd.array(LENGTHS))
    assert out.shape == (STEPS, BATCH, directions * (projection or HIDDEN))
    for k, length in enumerate(LENGTHS):
        alone, *last_alone = nd.RNN(**of_example(arrays, k, length), **attrs)
        close(out[:length, k:k + 1], alone)
        assert not out[length:, k].asnumpy().any()
        for a, b in zip(last, last_alone, strict=True):
            close(a[:, k:k + 1], b)


@pytest.mark.parametrize("clip", [{}, {"lstm_state_clip_min": -0.2, "lstm_state_clip_max": 0.2}], ids=["", "clipped"])
def test_gradients_of_padding_are_zero(clip):
    arrays, attrs = arguments("lstm", 1, 2)
    attrs.update(clip)
    for k, length in enumerate(LENGTHS):
        arrays["data"][length:, k] = np.nan
    for a in arrays.values():
        a.attach_grad()
    with autograd.record():
        out, last, _ = nd.RNN(**arrays, **attrs, use_sequence_length=True, sequence_length=nd.array(LENGTHS))
        (out.sum() + last.sum()).backward()
    grad = arrays["data"].grad.asnumpy()
    for k, length in enumerate(LENGTHS):
        assert np.isfinite(grad[:length, k]).all() and grad[:length, k].any() and not grad[length:, k].any()


@pytest.mark.parametrize("lengths", [[0, 1, 1], [1, 6, 1]])
def test_impossible_lengths(lengths):
    arrays, attrs = arguments("gru")
    with pytest.raises(MXNetError, match="sequence_length must be from 1 to 5"):
        nd.RNN(**arrays, **attrs, use_sequence_length=True, sequence_length=nd.array(lengths))


@pytest.mark.parametrize("projection", [None, 1])
def test_wide_clip_changes_nothing(projection):
    arrays, attrs = arguments("lstm", 2, 2, projection)
    plain = nd.RNN(**arrays, **attrs)
    clipped = nd.RNN(**arrays, **attrs, lstm_state_clip_min=-99, lstm_state_clip_max=99)
    for a, b in zip(plain, clipped, strict=True):
        close(a, b)


def test_clip_bounds_cells():
    arrays, attrs = arguments("lstm", 2)
    *_, cell = nd.RNN(**arrays, **attrs, lstm_state_clip_min=-0.01, lstm_state_clip_max=0.02)
    assert cell.min().asscalar() >= np.float32(-0.01) and cell.max().asscalar() <= np.float32(0.02)
    arrays["data"][1, 0] = np.nan
    *_, cell = nd.RNN(**arrays, **attrs, lstm_state_clip_min=-1, lstm_state_clip_max=1)
    assert np.isnan(cell.asnumpy()).any()


def test_clip_needs_both_bounds():
    arrays, attrs = arguments("lstm")
    with pytest.raises(MXNetError, match="lstm_state_clip_min and lstm_state_clip_max"):
        nd.RNN(**arrays, **attrs, lstm_state_clip_min=-1)


def test_projection_is_for_lstm():
    arrays, attrs = arguments("gru")
    with pytest.raises(MXNetError, match="projection_size is for mode='lstm'"):
        nd.RNN(**arrays, **{**attrs, "projection_size": 1})


def test_dropout_between_layers_in_train_mode():
    arrays, attrs = arguments("lstm", 2, 2)
    plain = nd.RNN(**arrays, **attrs)
    same = nd.RNN(**arrays, **attrs, p=0.5)
    with autograd.train_mode():
        mx.random.seed(3)
        dropped = nd.RNN(**arrays, **attrs, p=0.5)
        mx.random.seed(3)
        again = nd.RNN(**arrays, **attrs, p=0.5)
        everything = nd.RNN(**arrays, **attrs, p=1)
        single = nd.RNN(**arguments("gru")[0], **arguments("gru")[1], p=1)
    for a, b, c, d in zip(plain, same, dropped, again, strict=True):
        close(a, b)
        close(c, d)
        assert np.abs(a.asnumpy() - c.asnumpy()).max() > 1e-3
    close(everything[1][:2], plain[1][:2])  # the first layer's last states know of no dropout
    assert single[0].asnumpy().all()


def test_gradients_without_train_mode():
    arrays, attrs = arguments("lstm")
    arrays["parameters"].attach_grad()
    with autograd.record(train_mode=False):
        nd.RNN(**arrays, **attrs)[0].sum().backward()
    assert arrays["parameters"].grad.asnumpy().any()
