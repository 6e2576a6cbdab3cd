"""The network, and what it can be asked: to guess, to be surprised, to write."""
from __future__ import annotations

import numpy as np

from mxnet import nd
from mxnet.gluon import nn, rnn

from .corpus import windows

State = list[nd.NDArray]


class Writer(nn.HybridBlock):
    """Characters (length, rows) and a state to scores (length, rows, vocabulary) of what follows, and a new state."""

    def __init__(self, vocabulary: int, hidden: int, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.embedding = nn.Embedding(vocabulary, 48)
            self.lstm = rnn.LSTM(hidden, input_size=48)
            self.scores = nn.Dense(vocabulary, flatten=False, in_units=hidden)

    def begin_state(self, rows: int) -> State:
        return self.lstm.begin_state(batch_size=rows)

    def hybrid_forward(self, F, characters, state):
        outputs, state = self.lstm(self.embedding(characters), state)
        return self.scores(outputs), state


def surprises(net: Writer, numbers: np.ndarray, rows: int = 1, length: int = 200) -> np.ndarray:
    """How many nats each character but the first cost the net, which reads `rows` strips of the text at a time."""
    state = net.begin_state(rows)
    found = []
    for characters, targets in windows(numbers, rows, length):
        scores, state = net(characters, state)
        found.append(-nd.pick(nd.log_softmax(scores), targets).asnumpy())
    return np.concatenate(found).T.ravel()


def write(net: Writer, vocabulary: str, beginning: str, length: int, temperature: float = 0.7) -> str:
    """`beginning`, and what the net goes on to write; the cooler, the more often the likeliest character."""
    state = net.begin_state(1)
    written = [vocabulary.index(letter) for letter in beginning]
    reading = written
    for _ in range(length):
        scores, state = net(nd.array(reading, dtype="int32").expand_dims(1), state)
        chances = nd.softmax(scores[-1], temperature=temperature)
        reading = [int(nd.random.multinomial(chances).asscalar())]
        written += reading
    return "".join(vocabulary[number] for number in written)
