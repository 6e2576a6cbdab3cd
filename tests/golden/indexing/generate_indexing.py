"""Ask real MXNet what NDArray indexing gives, for hand-picked and random keys; writes answers.json.

Run under MXNet 1.9.1:  python tests/golden/indexing/generate_indexing.py
"""

import json
import os
import pathlib

os.environ["MXNET_ENGINE_TYPE"] = "NaiveEngine"  # errors come where they are made

import numpy as np

from mxnet import nd

HERE = pathlib.Path(__file__).parent
SHAPES = [(5,), (3, 4), (2, 3, 4), (2, 1, 3, 2)]

PICKED = {
    (3,): ["0", "-1", "3", "-4", "()", "0:0", "5:9", "::-1", "::2", "None", "...", ":", "0, 0", "0, None", "None, 0",
           "[0, 2]", "[0, -1]", "[0, 3]", "(0,)", "np.array([0., 2.])", "nd.array([0.7, 1.7])", "True",
           "np.array([True, False, True])", "nd.array([1, 0, 1], dtype='bool')", "np.int64(1)", "np.float32(1)", "1.0",
           "'a'", "::0", "1:2.5", "np.int32(0):np.int64(2)", "{}"],
    (3, 4): ["0, 4", "0, 0, 0", "0:5", "..., ...", "[0, 2], [1, 3]", "[0, 2], 1", "1, [0, 2]", "[0, 2], 1:3", ":, [4]",
             "[[0], [2]], [[1, 2]]", "nd.array([0, 1]), nd.array([1, 2, 3])", "range(2)", "(0, 1),", "(0, 1), (1, 2)",
             "[1.5, 0]", "np.array([[0, 1]]), :", "None, None, None", "-10:2", "[True, False, True]"],
    (2, 3, 4): ["0, :, [1, 2]", "[0, 1], :, [1, 2]", ":, [0, 1], [1, 2]", "[0, 1], 0, :", "[0, 1], None, [1, 2]",
                "1:, [0, 1], ::-1", "::-1, [0, 1], ::-2", "[1], ..., [1, 2]", "0, None, 0", "1:1", "5:"],
}
WRITES = [
    ((3, 4), "0", "5"), ((3, 4), ":", "[1, 2, 3, 4]"), ((3, 4), ":", "[1, 2]"), ((3, 4), ":", "np.ones((1, 1, 3, 4))"),
    ((3, 4), ":", "np.ones((2, 3, 4))"), ((3, 4), ":", "nd.ones((3, 1))"), ((3, 4), "0, 0", "np.float64(2)"),
    ((3, 4), "0, 0", "nd.array([2])"), ((3, 4), "0, 0", "np.array([2, 3])"), ((3, 4), "::-1", "A(3, 4) * 10"),
    ((3, 4), ":, ::-2", "A(3, 2) * 10"), ((3, 4), ":, 1", "[1, 2, 3]"), ((3, 4), ":, 1:2", "np.array([1, 2, 3])"),
    ((3, 4), "[0, 2]", "A(4) * 10"), ((3, 4), "[0, 0]", "A(2, 4) * 10"), ((3, 4), "[0, 2], [1, 1]", "[7, 8]"),
    ((3, 4), "[0, 2], [1, 1]", "np.array([[7, 8]])"), ((3, 4), "[0, 2], [1, 1, 1]", "7"), ((3, 4), "5", "7"),
    ((3, 4), "0, 9", "7"), ((3, 4), "0, 0, 0", "7"), ((3, 4), "nd.array([0, 1]), 1:3", "7"), ((3, 4), "...", "7"),
    ((3, 4), "None, 0", "7"), ((3, 4), "1:1", "7"), ((3, 4), "1:1", "[]"), ((3, 4), "'x'", "7"), ((3, 4), "0", "'x'"),
    ((3, 4), "0", "None"), ((3, 4), "0", "(1, 2, 3, 4)"), ((3, 4), "0", "1 + 2j"), ((3, 4), "1", "nd.ones((1, 1, 4))"),
    ((3, 4), "1", "nd.ones((2, 4))"), ((3,), "0", "[5, 6]"), ((3,), "0", "nd.array([[5]])"),
    ((3,), "0:2", "nd.ones(2, dtype='float64')"), ((2, 3, 4), "0, :, [1, 2]", "np.arange(6).reshape(2, 3) * 10"),
    ((2, 3, 4), "::-1, [0, 1], ::-2", "np.arange(8).reshape(2, 2, 2) * 10"),
    ((2, 3, 4), "[0, 1], 1", "np.ones((1, 1, 2, 4))"),
]
CASTS = [("int32", "2.7"), ("int32", "[2.7, -2.7, 1, 1]"), ("int32", "16800001"), ("uint8", "-1"), ("uint8", "300"),
         ("float16", "1e6"), ("float32", "True"), ("int32", "nd.array([2.7])")]


def A(*shape):
    """The numbers 0, 1, 2, ... in the given shape."""
    return nd.array(np.arange(np.prod(shape)).reshape(shape))


def random_key(rng, shape, pick):
    """The text of a key for an array of this shape; index arrays, if any, all have one shape."""
    def slice_of(size):
        start, stop = (["", str(rng.randint(-size, size + 1))][rng.randint(2)] for _ in range(2))
        return f"{start}:{stop}" + ["", "", ":2", ":-1", ":-2"][rng.randint(5)]

    count = rng.randint(1, 4)
    entries = []
    for size in shape[:rng.randint(1, len(shape) + 1)]:
        kind = rng.choice(pick)
        if kind == "int":
            entries.append(str(rng.randint(-size, size)))
        elif kind == "array":
            values = rng.randint(-size, size, count).tolist()
            entries.append(["{}", "np.array({})", "nd.array({})"][rng.randint(3)].format(values))
        else:
            entries.append(slice_of(size))
    if len(entries) < len(shape) and rng.randint(3) == 0:
        entries.insert(rng.randint(len(entries) + 1), "...") if rng.randint(2) else entries.append("...")
    if "array" not in pick and rng.randint(3) == 0:
        entries.insert(rng.randint(len(entries) + 1), "None")
    return ", ".join(entries)


class _Key:
    def __getitem__(self, key):
        return key


def key_of(text):
    """The Python object that `x[text]` hands to __getitem__."""
    return eval(f"K[{text}]", {"K": _Key(), "np": np, "nd": nd}) if text != "()" else ()


def numbers(array):
    """Values as JSON carries them."""
    return [str(v) if v != v or abs(v) == np.inf else v for v in array.asnumpy().ravel().tolist()]


def read(shape, text):
    """[shape, key, shape of the result, its values, shares memory?] or [shape, key, class of the error]."""
    x = A(*shape)
    try:
        y = x[key_of(text)]
        answer = [list(y.shape), numbers(y)]
        if y.size:
            y[:] = -1
        return [list(shape), text, *answer, bool((x.asnumpy() == -1).any())]
    except Exception as error:
        return [list(shape), text, type(error).__name__]


def write(shape, text, value, dtype="float32"):
    """[shape, dtype, key, value, values of the array afterwards or class of the error]."""
    x = A(*shape).astype(dtype)
    try:
        x[key_of(text)] = eval(value, {"np": np, "nd": nd, "A": A})
        return [list(shape), dtype, text, value, numbers(x)]
    except Exception as error:
        return [list(shape), dtype, text, value, type(error).__name__]


def random_cases(rng):
    """Random reads, and writes of one number and of as many as the key selects; empty selections are left out.

    MXNet writes to wrong memory where a key has an index array and anything negative: such keys are only read.
    """
    reads, writes = [], []
    for i in range(240):
        shape = SHAPES[rng.randint(len(SHAPES))]
        text = random_key(rng, shape, ["int", "slice"] if i % 2 else ["int", "slice", "array"])
        try:
            selected = np.zeros(shape)[key_of(text.replace("nd.array", "np.array"))]
        except IndexError:  # an ellipsis moved an index to a shorter axis
            continue
        if selected.size == 0:
            continue
        reads.append(read(shape, text))
        if "[" in text and "-" in text:
            continue
        value = f"np.arange({selected.size}).reshape({selected.shape}) + 100" if i % 3 else "-5"
        writes.append(write(shape, text, value))
    return reads, writes


if __name__ == "__main__":
    reads, writes = random_cases(np.random.RandomState(7))
    reads += [read(shape, text) for shape, texts in PICKED.items() for text in texts]
    writes += [write(*case) for case in WRITES] + [write((4,), ":", v, d) for d, v in CASTS]
    text = ",\n".join(json.dumps(line) for line in reads)
    text = f'{{"reads": [\n{text}],\n"writes": [\n' + ",\n".join(json.dumps(line) for line in writes) + "]}\n"
    (HERE / "answers.json").write_text(text)
    print(len(reads), "reads,", len(writes), "writes")
