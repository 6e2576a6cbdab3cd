"""Expressions about gluon.data, as code that runs under real MXNet and under ours; needs NumPy alone."""
import os
import random
import tempfile

import numpy as np


class Logged:
    """A dataset without an end: only its length says how many samples it has."""

    def __init__(self, mx):
        self.mx = mx

    def __len__(self):
        return 7

    def __getitem__(self, i):
        return self.mx.nd.full((2,), i), [i, i + 1]


def twice(*sample):
    return tuple(2 * part for part in sample) if len(sample) > 1 else 2 * sample[0]


def names(mx):
    """What the expressions may use."""
    data = mx.gluon.data
    found = {name: getattr(data, name) for name in (
        "ArrayDataset", "BatchSampler", "DataLoader", "Dataset", "FilterSampler", "RandomSampler", "Sampler",
        "SequentialSampler", "SimpleDataset")}
    numbers = data.SimpleDataset(list(range(10)))
    return dict(found, mx=mx, np=np, dl=data.dataloader, ds=data.dataset, d=numbers, twice=twice, Logged=Logged,
                S=data.SequentialSampler(10), n64=np.ones((2, 3)), u8=np.arange(6, dtype="uint8").reshape(2, 3),
                x=mx.nd.arange(6).reshape((2, 3)), Interval=mx.gluon.contrib.data.IntervalSampler,
                A=data.ArrayDataset(mx.nd.arange(12).reshape((6, 2)), list(range(6))),
                N=data.ArrayDataset(np.arange(12.).reshape(6, 2), mx.nd.arange(6)),
                P=data.ArrayDataset(np.arange(24, dtype="uint8").reshape(6, 4)))


DATASETS = """
Dataset()[0]
len(Dataset())
list(d.filter(lambda v: v % 2))
d.filter(lambda v: v % 2)[-1]
d.filter(lambda v: v % 2)[7]
len(d.filter(lambda v: v > 100))
d.filter(None)
list(d.transform(twice).filter(lambda v: v % 4 == 0))
list(ds._FilteredDataset(d, lambda v: v > 6))
[list(d.shard(3, i)) for i in range(3)]
[list(d.shard(4, i)) for i in range(4)]
d.shard(3, 3)
d.shard(0, 0)
d.shard(3.0, 1)
list(d.shard(20, 19))
list(d.take(3))
list(d.take(0))
list(d.take(None))
list(d.take(30))
d.take(-1)[0]
d.take('a')
d.take(2.5)
list(d.sample([1, 2]))
list(d.sample(S))
list(d.take(4).sample(SequentialSampler(2, 1)))
d.sample(S)[20]
d.sample(None)
d.transform(twice)[3]
list(d.transform(twice, lazy=False))
d.transform_first(twice)[4]
A[0]
A[0:2]
A[-1]
A[6]
len(A)
A[[0, 1]]
N[2]
N[1:3]
P[1]
P[1:3]
list(A.transform(twice).take(2))
A.transform_first(twice)[1]
A.transform_first(twice, lazy=False)[1]
A.transform(lambda one: one)[1]
type(ArrayDataset(mx.nd.ones((2, 2)), mx.nd.ones((2,)))._data[1]).__name__
ArrayDataset()
ArrayDataset(3)
ArrayDataset([1, 2], [1, 2, 3])
SimpleDataset('abc')[1]
len(SimpleDataset(3))
sorted(vars(d.sample(S)))
sorted(vars(d.transform(twice)))
""".strip().splitlines()

SAMPLERS = """
len(Sampler())
iter(Sampler())
list(SequentialSampler(3, 2))
len(SequentialSampler(3, 2))
list(SequentialSampler(2.0))
len(SequentialSampler(-2))
[list(RandomSampler(n)) for n in (0, 1, 5, 10)]
[list(s) for s in [RandomSampler(6)] * 3]
list(RandomSampler(200))
list(FilterSampler(lambda v: v > 3, d))
len(FilterSampler(lambda v: v > 3, d))
list(BatchSampler(S, 3, 'discard'))
list(BatchSampler(S, 3))
len(BatchSampler(S, 3))
[len(BatchSampler(SequentialSampler(n), 4, how)) for n in (0, 3, 4, 9) for how in ('keep', 'discard', 'rollover')]
len(BatchSampler(S, 3, 'foo'))
list(BatchSampler(S, 3, 'foo'))
list(BatchSampler(S, 0))
list(BatchSampler('abcd', 3))
[(len(b), list(b), list(b._prev)) for b in [BatchSampler(S, 3, 'rollover')] * 4]
list(BatchSampler(RandomSampler(10), 4))
list(Interval(13, 3))
list(Interval(13, 3, False))
len(Interval(13, 3, False))
list(Interval(3, 3))
list(Interval(3, 5))
list(Interval(4, 0))
""".strip().splitlines()

BATCHIFY = [f"dl.{name}({samples})" for name in ("default_batchify_fn", "default_mp_batchify_fn") for samples in """
[x, x]
(x, 2 * x)
[x]
x
n64
[n64, n64]
[u8, u8]
[u8, n64]
[1, 2]
[1.5, 2]
[True, False]
[np.float32(1), np.float32(2)]
[np.float64(1), 2]
[np.int8(1)]
[np.ones((2,), 'bool')]
[np.float16(1)]
[2**40]
[(1, 2), (3, 4)]
[(1, 2), (3, 4, 5)]
[[1, 2], [3, 4]]
[(x, 1), (x, 2)]
[((x, u8), 1.5), ((x, u8), 2)]
[([1, 2], 0), ([3, 4], 1)]
[()]
[np.ones((0, 2))]
[x.astype('float16'), x.astype('float16')]
[x, x.astype('float16')]
[x, 1]
[x, n64]
[]
5
{1: 2}
""".strip().splitlines()]

LOADERS = """
DataLoader(d)
DataLoader(d, 2, sampler=S, shuffle=True)
DataLoader(d, 2, batch_sampler=BatchSampler(S, 3))
DataLoader(d, batch_sampler=BatchSampler(S, 3), shuffle=True)
DataLoader(d, batch_sampler=BatchSampler(S, 3), sampler=S)
DataLoader(d, batch_sampler=BatchSampler(S, 3), last_batch='keep')
len(DataLoader(d, batch_sampler=BatchSampler(S, 3)))
len(DataLoader(d, 3, last_batch='discard'))
list(DataLoader(d, 3, last_batch='rollover'))
list(DataLoader(d, 3, last_batch=''))
list(DataLoader(d, 3, last_batch='foo'))
DataLoader(d, 3, num_workers=-1)._num_workers
DataLoader(d, 3, num_workers=None)
DataLoader(d, 3, num_workers=1.5)
DataLoader(d, 3, timeout=0)
DataLoader(d, 3, prefetch=-3)._prefetch
DataLoader(d, 3, prefetch='2')._prefetch
DataLoader(d, 3, prefetch='x')._prefetch
DataLoader(5, 3)
list(DataLoader(d, 3, batchify_fn=list))
list(DataLoader(d, 3, batchify_fn=5))
list(DataLoader(d, 3, pin_memory=True))
list(DataLoader(A, 3, pin_memory=True, pin_device_id=1))
list(DataLoader(d, batch_sampler=[[1, 2], [3]]))
list(DataLoader(d, batch_sampler=[[1, 2], []]))
list(DataLoader(d, batch_sampler=[[1, 2], [99]]))
list(DataLoader(A, batch_sampler=[[1, -1], [0]]))
list(DataLoader(d, 2, sampler=[3, 1, 2]))
list(DataLoader(x, 2))
list(DataLoader(n64, 2))
list(DataLoader(A, 4))
list(DataLoader(N, 4))
list(DataLoader(P, 4))
list(DataLoader(A.take(3), 2))
list(DataLoader(P.sample(SequentialSampler(4, 1)), 3))
list(DataLoader(A.transform(twice), 4))
list(DataLoader(Logged(mx), 3))
list(DataLoader(d, 4, shuffle=True))
[list(l) for l in [DataLoader(d, 4, shuffle=True, last_batch='rollover')] * 3]
list(DataLoader(d, 5, auto_reload=True))
list(dl.DataLoaderV1(d, 5))
sorted(vars(DataLoader(d, 5)))
DataLoader(d, 5)._prefetch
DataLoader(d, 5).refresh()
DataLoader(d, 5).clean()
dl._as_in_context([x, (x, 1), 'a', None], mx.cpu_pinned(0))
dl._thread_worker_fn([1, 2], dl.default_batchify_fn, d)
type(iter(DataLoader(d, 5))).__name__
""".strip().splitlines()

WORKERS = """
list(DataLoader(d, 5, num_workers=1))
list(DataLoader(d, 3, num_workers=2, last_batch='discard'))
list(DataLoader(A, 4, num_workers=2))
list(DataLoader(N, 4, num_workers=2, prefetch=0))
list(DataLoader(Logged(mx), 3, num_workers=1))
list(DataLoader(d, 5, num_workers=1, thread_pool=True))
list(DataLoader(A, 4, num_workers=2, thread_pool=True, pin_memory=True))
list(DataLoader(d, 5, num_workers=1, pin_memory=True, pin_device_id=2))
list(DataLoader(d, 5, num_workers=1, auto_reload=True))
list(DataLoader(d, 4, num_workers=2, shuffle=True))
list(DataLoader(d, batch_sampler=[(1, 2), (3,)], num_workers=1))
list(DataLoader(d, batch_sampler=[[1, 2], [99]], num_workers=1))
list(DataLoader(d, batch_sampler=[[1, 2], [99]], num_workers=1, thread_pool=True))
list(DataLoader(d, batch_sampler=[[1, 2], None, [3]], num_workers=1))
list(DataLoader(d, 4, num_workers=2, batchify_fn=list))
list(dl.DataLoaderV1(d, 5, num_workers=1))
DataLoader(d, 5, num_workers=2)._prefetch
DataLoader(d, 5, num_workers=1)._batchify_fn.__name__
""".strip().splitlines()

CASES = DATASETS + SAMPLERS + BATCHIFY + LOADERS + WORKERS

TEXT = "\n = Hello = \n\n the cat sat on the <unk> mat \n the dog ran \n\n"


def run(mx, expression):
    """The value in words for JSON, or the class of the error."""
    random.seed(3)
    np.random.seed(3)
    try:
        return answer(mx, eval(expression, names(mx)))
    except Exception as error:
        return {"error": type(error).__name__}


def answer(mx, value):
    if isinstance(value, mx.nd.NDArray):
        return ["NDArray", str(value.context), np.dtype(value.dtype).name, list(value.shape),
                value.asnumpy().ravel().tolist()]
    if isinstance(value, np.ndarray):
        return ["ndarray", value.dtype.name, list(value.shape), value.ravel().tolist()]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [answer(mx, part) for part in value]]
    if isinstance(value, np.generic):
        return [value.dtype.name, value.item()]
    return value if isinstance(value, (int, float, str, type(None))) else type(value).__name__


def wikitext(mx):
    """WikiText2 on a text of our own: samples, words and how often they come."""
    text = mx.gluon.contrib.data.text
    check, text.check_sha1 = text.check_sha1, lambda *args: True
    try:
        with tempfile.TemporaryDirectory() as root:
            for name, content in ("train", 3 * TEXT), ("test", "the cow \n"):
                with open(os.path.join(root, "wiki." + name + ".tokens"), "w") as f:
                    f.write(content)
            train = text.WikiText2(root, "train", seq_len=5)
            test = text.WikiText2(root, "test", vocab=train.vocabulary, seq_len=2)
            return [answer(mx, list(train)), train.vocabulary.idx_to_token, dict(train.frequencies),
                    answer(mx, list(test)), dict(test.frequencies), len(train), len(test)]
    finally:
        text.check_sha1 = check
