"""The per-thread flags of imperative execution: recording, train mode, NumPy semantics."""

import threading


class _State(threading.local):
    recording = False
    training = False
    np_shape = False
    np_array = False

    def __init__(self):
        self.tape = []  # what was recorded since the last backward: weak references to arrays, Siblings


state = _State()
