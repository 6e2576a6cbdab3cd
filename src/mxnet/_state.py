"""The per-thread state of imperative execution: recording, train mode, NumPy semantics, shape inference."""

import threading


class Tape:
    """What one `autograd.record()` block records belongs to one tape.

    freed: a backward went through arrays of this tape and kept no graph; then some of them may be constants now.
    parents: the tapes of earlier blocks whose arrays were used on this one.
    """

    __slots__ = ("freed", "parents")

    def __init__(self):
        self.freed = False
        self.parents = set()

    def free(self):
        """Note that backward came by here, and at the parents."""
        tapes = [self]
        for tape in tapes:
            tape.freed = True
            tapes.extend(tape.parents)
            tape.parents = set()


class _State(threading.local):
    recording: Tape | bool = False  # the tape, or False
    training = False
    np_shape = False
    np_array = False
    solver = None  # the shape inference (graph.infer.ShapeSolver) that this thread is in


state = _State()
