"""The per-thread flags of imperative execution: recording, train mode, NumPy semantics."""

import threading


class _State(threading.local):
    recording = False
    training = False
    np_shape = False
    np_array = False


state = _State()
