"""The per-thread state of imperative execution: recording, train mode, NumPy semantics, shape inference."""

import threading


class Tape:
    """What one `autograd.record()` block records belongs to one tape.

    roots: where the backwards began that freed graphs of this tape, as nodes of torch's graph; arrays of it that one
    of them went through are constants since.  siblings: nodes of operators with several results, which are one node in
    MXNet's graph.  parents: the tapes of earlier blocks whose arrays were used on this one.
    """

    __slots__ = ("_freed", "parents", "roots", "siblings")

    def __init__(self):
        self.roots = []
        self.siblings = []
        self.parents = set()
        self._freed = None

    def free(self, roots):
        """Note that a backward from these nodes came by here, and at the parents."""
        tapes = [self]
        for tape in tapes:
            tape.roots.extend(roots)
            tape._freed = None
            tapes.extend(tape.parents)
            tape.parents = set()

    def has_freed(self, node) -> bool:
        """Whether one of the backwards went through a node.  Rarely asked, so the graph is walked only then."""
        if self._freed is None:
            queue = list(self.roots)
            self._freed = set(queue)
            for above in queue:
                for below, _ in above.next_functions:
                    if below is not None and below not in self._freed:
                        self._freed.add(below)
                        queue.append(below)
            for nodes in self.siblings:
                if not self._freed.isdisjoint(nodes):
                    self._freed.update(nodes)
        return node in self._freed


class _State(threading.local):
    recording: Tape | bool = False  # the tape, or False
    training = False
    np_shape = False
    np_array = False
    solver = None  # the shape inference (graph.infer.ShapeSolver) that this thread is in
    trace = None  # the gluon.traced_array.Trace that records what this thread does


state = _State()


class Watch:
    """Who is told of every operator that runs, in any thread: the profiler's recorder, or nobody.

    observer: has run(op_name, fn, args, kwargs), which gives fn(*args, **kwargs), and user_code(name), a context for
    what users' operators do.  shortcuts: the globals of generated functions, whose class checks hold only as long as
    nobody watches; what they skip then goes the general way, past the observer.
    """

    def __init__(self):
        self.observer = None
        self.shortcuts: list[tuple[dict, dict]] = []

    def add_shortcut(self, scope: dict, **classes):
        """File the globals of a function, and what the names in them stand for that open its short cut."""
        self.shortcuts.append((scope, classes))
        self._set(scope, classes)

    def by(self, observer):
        """Let an observer watch, or nobody (None)."""
        self.observer = observer
        for scope, classes in self.shortcuts:
            self._set(scope, classes)

    def _set(self, scope, classes):
        scope.update(classes if self.observer is None else dict.fromkeys(classes, _Nothing))


class _Nothing:
    """The class of no value."""


watch = Watch()


class OnePerThread(type):
    """Gives a class, and those derived from it, the property `current`: the instance in force in this thread.

    A thread begins with `cls()`; assign another to make it current.
    """

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        if not any(isinstance(base, OnePerThread) for base in bases):
            cls._of_thread = threading.local()
            cls._first = cls

    @property
    def current(cls):
        try:
            return cls._of_thread.value
        except AttributeError:
            cls._of_thread.value = value = cls._first()
            return value

    @current.setter
    def current(cls, value):
        cls._of_thread.value = value
