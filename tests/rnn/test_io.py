"""Sentences as batches, and checkpoints of symbolic cells."""
from __future__ import annotations

import os
import random

import numpy as np
import pytest

import mxnet as mx
from mxnet import nd

SENTENCES = [[1, 2, 3], [4, 5], [6, 7, 8], [9, 1], [2, 3], [5, 6, 7, 8, 9, 1, 2], [1], [3, 3]]


def batches(iterator):
    return [(b.bucket_key, b.data[0].asnumpy().tolist(), b.label[0].asnumpy().tolist()) for b in iterator]


def test_buckets_as_mxnet(capsys):
    random.seed(1)
    np.random.seed(1)
    iterator = mx.rnn.BucketSentenceIter(SENTENCES, 2)
    assert capsys.readouterr().out == "WARNING: discarded 1 sentences longer than the largest bucket.\n"
    assert iterator.buckets == [2, 3] and iterator.default_bucket_key == 3
    assert iterator.provide_data[0].shape == (2, 3) and iterator.provide_label[0].name == "softmax_label"
    assert batches(iterator) == [
        (2, [[3, 3], [4, 5]], [[3, -1], [5, -1]]),
        (3, [[1, 2, 3], [6, 7, 8]], [[2, 3, -1], [7, 8, -1]]),
        (2, [[2, 3], [9, 1]], [[3, -1], [1, -1]]),
    ]
    iterator.reset()
    assert batches(iterator) == [
        (2, [[1, -1], [3, 3]], [[-1, -1], [3, -1]]),
        (2, [[2, 3], [9, 1]], [[3, -1], [1, -1]]),
        (3, [[1, 2, 3], [6, 7, 8]], [[2, 3, -1], [7, 8, -1]]),
    ]
    with pytest.raises(StopIteration):
        next(iterator)


def test_time_major_and_names():
    iterator = mx.rnn.BucketSentenceIter(SENTENCES, 2, buckets=[9, 3], layout="TN", data_name="words",
                                         label_name="next", invalid_label=0, dtype="int32")
    assert iterator.buckets == [3, 9] and iterator.provide_data[0].shape == (9, 2)
    assert len(iterator.idx) == 3  # a single sentence of the longer bucket makes no batch
    for batch in iterator:
        data, label = batch.data[0].asnumpy(), batch.label[0].asnumpy()
        assert data.shape == (3, 2) and data.dtype == np.int32
        assert batch.provide_data[0].name == "words" and batch.provide_label[0].name == "next"
        assert (label[:-1] == data[1:]).all() and not label[-1].any()


def test_empty_bucket_and_wrong_layout():
    assert mx.rnn.BucketSentenceIter([[1, 2], [3, 4]], 2, buckets=[2, 5]).idx == [(0, 0)]
    with pytest.raises(ValueError, match="Invalid layout XX"):
        mx.rnn.BucketSentenceIter(SENTENCES, 2, layout="XX")


@pytest.mark.parametrize(("sentences", "options", "expected"), [
    ([["a", "b"], ["c", "a", "d"]], {}, ([[0, 1], [2, 0, 3]], {"\n": -1, "a": 0, "b": 1, "c": 2, "d": 3})),
    ([["a", "b"], ["b", "c"]], {"invalid_label": 0, "invalid_key": "PAD", "start_label": 1},
     ([[1, 2], [2, 3]], {"PAD": 0, "a": 1, "b": 2, "c": 3})),
    ([["a", "b", "e"]], {"start_label": -1}, ([[0, 1, 2]], {"\n": -1, "a": 0, "b": 1, "e": 2})),
    ([["a", "b"]], {"vocab": {"a": 1}, "unknown_token": "UNK"}, ([[1, 0]], {"a": 1, "UNK": 0})),
])
def test_encode(sentences, options, expected):
    assert mx.rnn.encode_sentences(sentences, **options) == expected


def test_unknown_word():
    with pytest.raises(AssertionError, match="Unknown token b"):
        mx.rnn.encode_sentences([["a", "b"]], vocab={"a": 3})


def test_checkpoints_hold_single_gates(tmp_path):
    cell = mx.rnn.FusedRNNCell(2, mode="gru", prefix="f_")
    symbol, _ = cell.unroll(2, mx.sym.Variable("x"), layout="TNC", merge_outputs=True)
    args, aux = {"f_parameters": nd.arange(42)}, {"state": nd.ones((1,))}
    prefix = os.path.join(str(tmp_path), "model")
    mx.rnn.save_rnn_checkpoint(cell, prefix, 3, symbol, args, aux)
    saved = nd.load(prefix + "-0003.params")
    assert "arg:f_l0_i2h_r_weight" in saved and len(saved) == 13
    loaded, loaded_args, loaded_aux = mx.rnn.load_rnn_checkpoint([cell], prefix, 3)
    assert loaded.list_arguments() == ["x", "f_parameters"] and list(loaded_aux) == ["state"]
    assert (loaded_args["f_parameters"] == args["f_parameters"]).asnumpy().all()
    _, unfused, _ = mx.rnn.load_rnn_checkpoint(cell.unfuse(), prefix, 3)
    assert unfused["f_l0_i2h_weight"].shape == (6, 3)
    callback = mx.rnn.do_rnn_checkpoint(cell, os.path.join(str(tmp_path), "other"), period=2)
    for epoch in range(4):
        callback(epoch, symbol, args, aux)
    assert sorted(p.name for p in tmp_path.glob("other*")) == [
        "other-0002.params", "other-0004.params", "other-symbol.json"]


def test_bucketing_language_model():
    """A model of buckets learns the sequence 1 2 3 1 2 3 ... from sentences of two lengths."""
    random.seed(0)
    sentences = [[1 + (start + i) % 3 for i in range(length)] for start in range(3) for length in (4, 6)] * 8
    data = mx.rnn.BucketSentenceIter(sentences, 8, invalid_label=0)
    stack = mx.rnn.SequentialRNNCell()
    stack.add(mx.rnn.LSTMCell(16, prefix="l0_"))
    stack.add(mx.rnn.GRUCell(16, prefix="l1_"))

    def sym_gen(length):
        words, label = mx.sym.Variable("data"), mx.sym.Variable("softmax_label")
        embedded = mx.sym.Embedding(words, input_dim=4, output_dim=8, name="embed")
        stack.reset()
        outputs, _ = stack.unroll(length, inputs=embedded, merge_outputs=True)
        scores = mx.sym.FullyConnected(mx.sym.Reshape(outputs, shape=(-1, 16)), num_hidden=4, name="scores")
        loss = mx.sym.SoftmaxOutput(scores, mx.sym.Reshape(label, shape=(-1,)), use_ignore=True, ignore_label=0,
                                    name="softmax")
        return loss, ("data",), ("softmax_label",)

    module = mx.mod.BucketingModule(sym_gen, default_bucket_key=data.default_bucket_key, context=mx.cpu())
    metric = mx.metric.Perplexity(0)
    module.fit(data, eval_metric=metric, optimizer="adam", optimizer_params={"learning_rate": 0.02},
               initializer=mx.init.Xavier(), num_epoch=12)
    data.reset()
    assert module.score(data, metric)[0][1] < 1.2
