"""Sentences of words as arrays: numbers for words, batches of sentences that are about as long."""

import bisect
import random

import numpy as np

from .. import ndarray as nd
from ..io import DataBatch, DataDesc, DataIter

__all__ = ["BucketSentenceIter", "encode_sentences"]


def encode_sentences(sentences, vocab=None, invalid_label=-1, invalid_key="\n", start_label=0, unknown_token=None):
    """(sentences as lists of numbers, dict of the words' numbers).

    vocab: the numbers to use; by default words are numbered from start_label on as they come, without
    invalid_label, which stands for invalid_key.  unknown_token: the word for all that `vocab` lacks.
    AssertionError for a word that `vocab` lacks, if there is none.
    """
    number = start_label
    new_vocab = vocab is None
    vocab = {invalid_key: invalid_label} if new_vocab else vocab
    coded_sentences = []
    for sentence in sentences:
        coded = []
        for word in sentence:
            if word not in vocab:
                assert new_vocab or unknown_token, f"Unknown token {word}"
                if number == invalid_label:
                    number += 1
                if unknown_token:
                    word = unknown_token
                vocab[word] = number
                number += 1
            coded.append(vocab[word])
        coded_sentences.append(coded)
    return coded_sentences, vocab


class BucketSentenceIter(DataIter):
    """Batches of encoded sentences for language models; the label of a word is the word after it.

    sentences: lists of numbers.  buckets: lengths to pad sentences to with invalid_label; by default all lengths that
    at least batch_size sentences have.  Longer sentences are left out.  layout: 'NT' or 'TN'.
    Each reset shuffles batches (random.shuffle) and sentences (np.random.shuffle) anew.
    """

    def __init__(self, sentences, batch_size, buckets=None, invalid_label=-1, data_name="data",
                 label_name="softmax_label", dtype="float32", layout="NT"):
        super().__init__()
        if not buckets:
            counts = np.bincount([len(sentence) for sentence in sentences])
            buckets = [length for length, count in enumerate(counts) if count >= batch_size]
        buckets = sorted(buckets)
        self.data = _padded(sentences, buckets, invalid_label, dtype)
        self.batch_size = batch_size
        self.buckets = buckets
        self.data_name = data_name
        self.label_name = label_name
        self.dtype = dtype
        self.invalid_label = invalid_label
        self.nddata: list = []
        self.ndlabel: list = []
        self.major_axis = layout.find("N")
        self.layout = layout
        self.default_bucket_key = max(buckets)
        if self.major_axis not in (0, 1):
            raise ValueError(f"Invalid layout {layout}: Must by NT (batch major) or TN (time major)")
        shape = (batch_size, self.default_bucket_key)
        shape = shape if self.major_axis == 0 else shape[::-1]
        self.provide_data = [DataDesc(name=data_name, shape=shape, layout=layout)]
        self.provide_label = [DataDesc(name=label_name, shape=shape, layout=layout)]
        self.idx = [(i, start) for i, rows in enumerate(self.data)
                    for start in range(0, len(rows) - batch_size + 1, batch_size)]
        self.curr_idx = 0
        self.reset()

    def reset(self):
        """Shuffle, and begin anew."""
        self.curr_idx = 0
        random.shuffle(self.idx)
        for rows in self.data:
            np.random.shuffle(rows)
        self.nddata, self.ndlabel = [], []
        for rows in self.data:
            label = np.full_like(rows, self.invalid_label)
            label[:, :-1] = rows[:, 1:]
            self.nddata.append(nd.array(rows, dtype=self.dtype))
            self.ndlabel.append(nd.array(label, dtype=self.dtype))

    def next(self):
        """The next DataBatch; its bucket_key is the length of its sentences."""
        if self.curr_idx == len(self.idx):
            raise StopIteration
        i, start = self.idx[self.curr_idx]
        self.curr_idx += 1
        data, label = (rows[i][start:start + self.batch_size] for rows in (self.nddata, self.ndlabel))
        if self.major_axis == 1:
            data, label = data.T, label.T
        return DataBatch([data], [label], pad=0, bucket_key=self.buckets[i],
                         provide_data=[DataDesc(name=self.data_name, shape=data.shape, layout=self.layout)],
                         provide_label=[DataDesc(name=self.label_name, shape=label.shape, layout=self.layout)])


def _padded(sentences, buckets, invalid_label, dtype) -> list[np.ndarray]:
    """An array (sentences, length) for each bucket."""
    rows: list[list[np.ndarray]] = [[] for _ in buckets]
    left_out = 0
    for sentence in sentences:
        bucket = bisect.bisect_left(buckets, len(sentence))
        if bucket == len(buckets):
            left_out += 1
            continue
        row = np.full((buckets[bucket],), invalid_label, dtype=dtype)
        row[:len(sentence)] = sentence
        rows[bucket].append(row)
    print(f"WARNING: discarded {left_out} sentences longer than the largest bucket.")
    return [np.asarray(part, dtype=dtype).reshape(-1, length) for part, length in zip(rows, buckets, strict=True)]
