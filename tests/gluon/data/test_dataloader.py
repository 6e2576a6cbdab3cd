"""DataLoader's workers: order, shared memory, random streams, and everything that may go wrong."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from io import BytesIO
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import nd
from mxnet.gluon.data import (
    ArrayDataset,
    DataLoader,
    RandomSampler,
    RecordFileDataset,
    SimpleDataset,
    batchify,
    dataloader,
)
from mxnet.gluon.data._gather import gather
from mxnet.gluon.data.dataloader import ForkingPickler, _MultiWorkerIter, default_batchify_fn
from mxnet.gluon.data.vision import transforms

SIZE = 40000  # elements of a sample, so that batches lie in shared memory


def numbers(count=12, fn=None):
    dataset = SimpleDataset(list(range(count)))
    return dataset if fn is None else dataset.transform(fn)


def large(i):
    return np.full(SIZE, i, np.float32)


def firsts(batches):
    return [int(batch.asnumpy().ravel()[0]) for batch in batches]


# ------------------------------------------------------------------------------------------------ batches


def test_order_and_epochs():
    loader = DataLoader(numbers(40, lambda i: time.sleep(0.01 * (i % 3)) or large(i)), 2, num_workers=3)
    for _ in range(3):
        assert firsts(loader) == list(range(0, 40, 2))


def test_batches_may_be_listed_by_arrays():
    data = ArrayDataset(np.arange(6.0).reshape(3, 2), np.arange(3))
    loader = DataLoader(data, batch_sampler=[np.array([2, 0]), np.array([1])])
    assert [label.asnumpy().tolist() for _, label in loader] == [[2, 0], [1]]


@pytest.mark.parametrize("thread_pool", [False, True])
def test_two_iterators_and_threads(thread_pool):
    loader = DataLoader(numbers(40, large), 4, num_workers=2, thread_pool=thread_pool)
    one, other = iter(loader), iter(loader)
    assert [firsts([next(it)])[0] for it in (one, other, one, other)] == [0, 0, 4, 4]
    del one
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(firsts(loader))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [list(range(0, 40, 4))] * 3


def test_batches_that_are_kept_stay_as_they_are():
    loader = DataLoader(numbers(60, large), 2, num_workers=2)
    kept = []
    for _ in range(3):
        for i, batch in enumerate(loader):
            if i % 3:
                kept.append((2 * i, batch[1]))
            else:
                batch[:] = -1
    assert all(part.shape == (SIZE,) and (part.asnumpy() == first + 1).all() for first, part in kept)


def test_memory_is_used_again():
    loader = DataLoader(numbers(60, large), 2, num_workers=1)
    places = {batch.handle.data_ptr() for batch in loader}
    assert len(places) < 10
    del loader


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_keeps_its_batch():
    batches = iter(DataLoader(numbers(60, large), 2, num_workers=1))
    batch = next(batches)
    child = os.fork()
    if not child:
        time.sleep(0.5)
        os._exit(0 if float(batch.handle[0].sum()) == 0 and float(batch.handle[1].min()) == 1 else 9)
    del batch
    assert len(list(batches)) == 29
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_any_batch_comes_over():
    def batchify_fn(samples):
        return {"list": samples, "both": (nd.ones((300, 300)), torch.ones(3), None), "empty": nd.array(np.ones((0, 2))),
                "half": nd.ones((5,), dtype="float16"), "bf": nd.ones((2,)).astype("bfloat16"), "big": b"x" * 10**6}

    [batch] = DataLoader(numbers(2, large), 2, num_workers=1, batchify_fn=batchify_fn)
    assert [one[-1] for one in batch["list"]] == [0, 1]
    batch["list"][0][:] = 7  # it is writable
    assert batch["both"][0].sum().asscalar() == 90000
    assert batch["both"][0].context == mx.Context("cpu_shared", 0)
    assert torch.equal(batch["both"][1], torch.ones(3))
    assert batch["empty"].shape == (0, 2)
    assert batch["half"].dtype is np.float16
    assert len(batch["big"]) == 10**6


def test_long_tasks_do_not_block():
    loader = DataLoader(np.arange(60000.0), 20000, num_workers=2, prefetch=10, batchify_fn=list)
    assert [len(batch) for batch in loader] == [20000] * 3


@pytest.mark.parametrize("data", [np.arange(60, dtype="uint8").reshape(10, 6), nd.arange(40).reshape((10, 2, 2)),
                                  np.arange(10.0), nd.arange(10)], ids=["uint8", "ndarray", "floats", "vector"])
@pytest.mark.parametrize("derived", [lambda d: d, lambda d: d.take(7).sample(RandomSampler(7))], ids=["all", "sampled"])
def test_rows_at_once_are_what_single_samples_give(data, derived):
    dataset = derived(ArrayDataset(data, list(range(10)), np.arange(10, dtype="float64")))
    for batch, samples in zip(DataLoader(dataset, 4), [range(i, min(i + 4, len(dataset))) for i in range(0, 10, 4)],
                              strict=False):
        wanted = default_batchify_fn([dataset[i] for i in samples])
        assert [part.dtype for part in batch] == [part.dtype for part in wanted]
        for part, other in zip(batch, wanted, strict=True):
            np.testing.assert_array_equal(part.asnumpy(), other.asnumpy())


PIXELS = nd.array(np.arange(10 * 4 * 3 * 3) % 256, dtype="uint8").reshape((10, 4, 3, 3))


@pytest.mark.parametrize("fn", [
    transforms.ToTensor(), transforms.Cast("float64"),
    transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1, 0.2, 0.3), (0.2, 0.3, 0.4))]),
    transforms.HybridCompose([transforms.ToTensor(), transforms.Normalize(0.1, 0.2)]),
], ids=lambda fn: type(fn).__name__)
@pytest.mark.parametrize("shared", [False, True])
def test_images_are_transformed_together(fn, shared):
    batchify_fn = dataloader.default_mp_batchify_fn if shared else default_batchify_fn
    labelled = ArrayDataset(PIXELS, list(range(10)))
    for dataset in (labelled.transform_first(fn), ArrayDataset(PIXELS).transform(fn),
                    SimpleDataset(PIXELS).transform(fn).take(6), labelled.take(7).transform_first(fn)):
        with mx.cpu():
            together = gather(dataset, [3, 1, 5], shared, batchify_fn)
            alone = batchify_fn([dataset[i] for i in [3, 1, 5]])
        for part, other in zip(*([both] if isinstance(both, nd.NDArray) else both for both in (together, alone)),
                               strict=True):
            assert (part.dtype, part.context) == (other.dtype, other.context)
            np.testing.assert_array_equal(part.asnumpy(), other.asnumpy())


class Other(transforms.ToTensor):
    def hybrid_forward(self, F, x):
        return F.identity(x)


def test_images_are_transformed_alone_where_that_may_differ():
    hooked = transforms.ToTensor()
    hooked.register_forward_hook(lambda block, args, out: None)
    for fn in (Other(), hooked, transforms.Resize(2), lambda x: x, transforms.RandomFlipLeftRight()):
        assert gather(ArrayDataset(PIXELS).transform(fn), [1, 2], False, default_batchify_fn) is None
    flat = ArrayDataset(PIXELS.reshape((10, 12, 3))).transform(transforms.ToTensor())
    with pytest.raises(mx.MXNetError):  # of two dimensions each, though three together
        list(DataLoader(flat, 5))


def test_records_in_threads_and_processes(tmp_path):
    writer = mx.recordio.MXIndexedRecordIO(str(tmp_path / "a.idx"), str(tmp_path / "a.rec"), "w")
    for i in range(300):
        writer.write_idx(i, bytes([i % 256]) * (7 * i + 1))
    writer.close()
    dataset = RecordFileDataset(str(tmp_path / "a.rec")).transform(lambda record: (len(record), record[0]))
    for kwargs in {}, {"num_workers": 2}, {"num_workers": 3, "thread_pool": True}:
        lengths, firsts_ = zip(*DataLoader(dataset, 16, **kwargs), strict=True)
        assert np.array_equal(np.concatenate([part.asnumpy() for part in lengths]), 7 * np.arange(300) + 1)
        assert np.array_equal(np.concatenate([part.asnumpy() for part in firsts_]), np.arange(300) % 256)


def test_workers_do_not_record():
    with mx.autograd.record():
        loader = DataLoader(numbers(2, lambda i: (mx.autograd.is_recording(), mx.current_context())), 2, num_workers=1,
                            batchify_fn=list)
    assert list(loader) == [[(False, mx.cpu(0))] * 2]


def test_pinned_batches_are_copies():
    samples = [nd.ones((2,)), nd.ones((3,))]
    [batch] = DataLoader(samples, 2, batchify_fn=list, pin_memory=True)
    assert batch[0].context == mx.cpu_pinned(0)
    batch[0][:] = 5
    assert samples[0].asnumpy().tolist() == [1, 1]


# ------------------------------------------------------------------------------------------------ random streams


def draw(_):
    time.sleep(0.01)
    return random.random(), np.random.rand(), nd.random.uniform().asscalar(), float(torch.rand(()))


def seeded(workers):
    for seed in random.seed, np.random.seed, mx.random.seed, torch.manual_seed:
        seed(5)
    loader = DataLoader(numbers(6, draw), 2, num_workers=workers, batchify_fn=list)
    return [tuple(batch) for _ in range(2) for batch in loader]


def test_random_numbers_differ_and_can_be_repeated():
    drawn = seeded(2)
    for column in range(4):
        assert len({sample[column] for batch in drawn for sample in batch}) == 12
    assert drawn == seeded(2) == seeded(3)


def test_the_parents_streams_are_left_alone():
    np.random.seed(1)
    wanted = np.random.rand()
    np.random.seed(1)
    list(DataLoader(numbers(4), 2, num_workers=1))
    assert np.random.rand() == wanted


# ------------------------------------------------------------------------------------------------ errors


class Awkward(Exception):
    def __init__(self, one, two):
        super().__init__(one + two)


def test_exceptions_arrive_with_their_traceback_and_leave_the_pool_alive():
    def fail(i):
        if i == 3:
            raise KeyError("hey")
        return i

    loader = DataLoader(numbers(12, fail), 1, num_workers=2)
    for _ in range(2):
        with pytest.raises(KeyError, match="hey") as caught:
            list(loader)
        assert "in fail" in str(caught.value.__cause__)
    assert next(iter(loader)).asscalar() == 0


def test_exceptions_and_batches_that_cannot_be_pickled():
    def fail(i):
        raise Awkward("a", "b")

    with pytest.raises(mx.MXNetError, match="Awkward: ab"):
        list(DataLoader(numbers(2, fail), 1, num_workers=1))
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        list(DataLoader(numbers(2), 1, num_workers=1, batchify_fn=lambda samples: lambda: samples))


@pytest.mark.parametrize(("die", "message"), [
    (lambda: os._exit(3), "exited unexpectedly with code 3"),
    (lambda: sys.exit(4), "exited unexpectedly with code 4"),
    (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by SIGKILL.*memory"),
    (lambda: (faulthandler.disable(), os.kill(os.getpid(), signal.SIGSEGV)), "killed by SIGSEGV.*native code"),
], ids=["_exit", "exit", "kill", "segfault"])
def test_a_worker_that_dies(die, message):
    loader = DataLoader(numbers(40, lambda i: die() if i == 17 else i), 2, num_workers=2)
    begun = time.monotonic()
    with pytest.raises(mx.MXNetError, match=message):
        list(loader)
    assert time.monotonic() - begun < 10
    assert firsts([next(iter(loader))]) == [0]  # workers are started again


class Leaving:
    def __len__(self):
        return 4

    def __getitem__(self, index):
        sys.exit(4)


@pytest.mark.parametrize("thread_pool", [False, True])
def test_a_worker_that_exits(thread_pool):
    loader = DataLoader(Leaving(), 2, num_workers=1, thread_pool=thread_pool, timeout=60)
    with pytest.raises(mx.MXNetError, match=r"exited unexpectedly with code 4|ended by SystemExit\(4\)"):
        next(iter(loader))


def test_a_stranger_kills_an_idle_worker():
    loader = DataLoader(numbers(40, lambda i: time.sleep(0.05) or i), 2, num_workers=2)
    batches = iter(loader)
    next(batches)
    os.kill(loader._worker_pool._pool[1].pid, signal.SIGKILL)
    with pytest.raises(mx.MXNetError, match="SIGKILL"):
        list(batches)


@pytest.mark.parametrize("thread_pool", [False, True])
def test_timeout(thread_pool):
    loader = DataLoader(numbers(1, lambda i: time.sleep(1)), 1, num_workers=1, timeout=0.2, thread_pool=thread_pool)
    with pytest.raises(multiprocessing.TimeoutError, match=r"Worker timed out after 0\.2 seconds"):
        list(loader)


def test_no_loaders_in_workers():
    with pytest.raises(AssertionError, match="daemonic"):
        list(DataLoader(numbers(1, lambda i: list(DataLoader([1], 1, num_workers=1))), 1, num_workers=1))


def test_workers_end_with_their_loader():
    gc.collect()  # what failed above
    before = len(multiprocessing.active_children())
    descriptors = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(3):
        loader = DataLoader(numbers(40, large), 2, num_workers=3)
        batches = iter(loader)
        next(batches)
        del batches, loader
        gc.collect()
    assert len(multiprocessing.active_children()) == before
    assert not descriptors or len(os.listdir("/proc/self/fd")) <= descriptors + 2


def test_an_iterator_keeps_its_loader():
    batches = iter(DataLoader(nd.ones((5, 2)), 2, num_workers=1, batchify_fn=lambda samples: samples))
    gc.collect()
    assert len(list(batches)) == 3


# ------------------------------------------------------------------------------------------------ whole programs

HEAD = """
import os, signal, sys, threading, time
import numpy as np
import mxnet as mx
from mxnet.gluon.data import ArrayDataset, DataLoader, SimpleDataset
def batchify_fn(samples):
    return mx.nd.stack(*samples)
def slow(i):
    time.sleep(60 if i > 3 else 0)
    return i
"""


def program(tmp_path, code):
    path = tmp_path / "program.py"
    path.write_text(HEAD + code)
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-W", "error::ResourceWarning", path], capture_output=True, text=True,
                          timeout=60, start_new_session=True, check=False)
    assert time.monotonic() - begun < 30
    return done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize("code", ["""
data = SimpleDataset(list(range(99)))
threading.Timer(1.0, lambda: os.killpg(0, signal.SIGINT)).start()
try:
    list(DataLoader(data.transform(slow), 2, num_workers=2))
except KeyboardInterrupt:
    print("interrupted")
batches = iter(DataLoader(data.transform(slow), 2, num_workers=2))
others = iter(DataLoader(data.transform(lambda i: i), 2, num_workers=2, thread_pool=True))
print(next(batches).shape, next(others).shape)
""", """
import multiprocessing
if __name__ == '__main__':
    multiprocessing.set_start_method('spawn')
    data = ArrayDataset(mx.nd.ones((2, 300, 300)))
    for batch in DataLoader(data, 2, num_workers=1, batchify_fn=batchify_fn):
        print(batch.sum().asscalar())
"""], ids=["unfinished", "spawn"])
def test_programs_end_quietly(tmp_path, code):
    assert program(tmp_path, code) in {("interrupted\n(2,) (2,)", ""), ("180000.0", "")}


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_when_their_parent_is_killed():
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        loaders = [DataLoader(list(range(9)), 2, num_workers=2) for _ in range(2)]
        os.write(writer, " ".join(str(p.pid) for loader in loaders for p in loader._worker_pool._pool).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(writer)
    alive = os.read(reader, 1000).decode().split()
    os.close(reader)
    assert len(alive) == 4
    os.waitpid(child, 0)
    end = time.monotonic() + 10
    while alive and time.monotonic() < end:
        time.sleep(0.1)
        alive = [pid for pid in alive if os.path.exists(f"/proc/{pid}")]
    assert not alive


# ------------------------------------------------------------------------------------------------ what clients use


def test_ndarrays_through_queues():
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    process = fork.Process(target=lambda: (queue.put([nd.arange(6).reshape((2, 3)), nd.zeros((3,), dtype="int8")]),
                                           time.sleep(1)))
    process.start()
    one, other = queue.get()
    assert one.asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (one.context, other.dtype) == (mx.Context("cpu_shared", 0), np.int8)
    process.join()


def test_reduce_ndarray():
    data = nd.arange(3).as_in_context(mx.Context("cpu_shared", 0))
    rebuild, args = dataloader.reduce_ndarray(data)
    assert rebuild is dataloader.rebuild_ndarray
    again = rebuild(*args)
    assert again.asnumpy().tolist() == [0, 1, 2]
    assert again.context == data.context


def start(dataset):
    global known
    known = dataset


def work(samples, batchify_fn, dataset=None):
    buffer = BytesIO()
    ForkingPickler(buffer, pickle.HIGHEST_PROTOCOL).dump(batchify_fn([known[i] for i in samples]))
    return buffer.getvalue()


def test_iterators_over_pools_of_others():
    fork = multiprocessing.get_context("fork")
    batches = [[0, 1], [2, 3], [4]]
    with fork.Pool(2, start, [numbers(5, large)]) as pool:
        found = list(_MultiWorkerIter(pool, default_batchify_fn, batches, worker_fn=work, prefetch=2))
    assert firsts(found) == [0, 2, 4]
    with ThreadPool(2) as pool:
        found = list(_MultiWorkerIter(pool, default_batchify_fn, batches, worker_fn=dataloader._thread_worker_fn,
                                      prefetch=2, dataset=numbers(5)))
    assert firsts(found) == [0, 2, 4]
    with fork.Pool(2, dataloader._worker_initializer, [numbers(5), False, False]) as pool:
        assert firsts(_MultiWorkerIter(pool, default_batchify_fn, batches)) == [0, 2, 4]


def test_a_dead_worker_of_a_pool_of_others():
    fork = multiprocessing.get_context("fork")
    with fork.Pool(1, start, [numbers(5, lambda i: os._exit(1))]) as pool, \
            pytest.raises(mx.MXNetError, match="exited unexpectedly"):
        list(_MultiWorkerIter(pool, default_batchify_fn, [[0]], worker_fn=work))


# ------------------------------------------------------------------------------------------------ batchify


def test_pad():
    lists = [[1, 2, 3, 4], [4, 5, 6], [8, 2]]
    padded = batchify.Pad()(lists)
    assert padded.dtype is np.float32
    assert padded.asnumpy().tolist() == [[1, 2, 3, 4], [4, 5, 6, 0], [8, 2, 0, 0]]
    padded, lengths = batchify.Pad(val=-1, dtype="int32", round_to=3, ret_length=True)(lists)
    assert padded.asnumpy().tolist() == [[1, 2, 3, 4, -1, -1], [4, 5, 6, -1, -1, -1], [8, 2, -1, -1, -1, -1]]
    assert (padded.dtype, lengths.dtype, lengths.asnumpy().tolist()) == (np.int32, np.int32, [4, 3, 2])


def test_pad_every_axis():
    arrays = [np.array([[1, 2, 3], [5, 6, 7]], "int8"), np.array([[5, 8]], "int8")]
    assert batchify.Pad(val=9, use_shared_mem=True)(arrays).asnumpy().tolist() == [
        [[1, 2, 3], [5, 6, 7]], [[5, 8, 9], [9, 9, 9]]]
    with pytest.warns(UserWarning, match="discouraged"):
        padded = batchify.Pad(val=9)([nd.array(one, dtype="int8") for one in arrays])
    assert (padded.dtype, padded.shape) == (np.int8, (2, 2, 3))


@pytest.mark.parametrize(("call", "error"), [
    (lambda: batchify.Pad()([1, 2]), NotImplementedError), (lambda: batchify.Pad()([[1], [[2]]]), ValueError),
    (lambda: batchify.Pad()([]), IndexError), (lambda: batchify.Stack()([[1], [2, 3]]), ValueError),
    (lambda: batchify.Stack()(["a"]), TypeError), (lambda: batchify.Group(3), AssertionError),
    (lambda: batchify.Group([batchify.Stack()], batchify.Stack()), AssertionError),
    (lambda: batchify.Group(batchify.Stack())([(1, 2)]), AssertionError),
])
def test_batchify_errors(call, error):
    with pytest.raises(error):
        call()


def test_group_and_lists():
    fn = batchify.Group(batchify.Pad(dtype="int32"), batchify.Stack(), batchify.AsList())
    padded, stacked, texts = fn([([1, 2, 3], 0, "x"), ([4], 1, "y")])
    assert padded.asnumpy().tolist() == [[1, 2, 3], [4, 0, 0]]
    assert stacked.asnumpy().tolist() == [0, 1]
    assert texts == ["x", "y"]
    assert batchify.Group([batchify.AsList()])([(1,), (2,)]) == ([1, 2],)


def test_append():
    arrays = [np.ones((2, 3)), nd.ones((1, 3))]
    assert [one.shape for one in batchify.Append()(arrays)] == [(1, 2, 3), (1, 1, 3)]
    assert [one.shape for one in batchify.Append(batch_axis=1)(arrays)] == [(2, 1, 3), (1, 1, 3)]
    kept = batchify.Append(expand=False, use_shared_mem=True)(arrays)
    assert [one.shape for one in kept] == [(2, 3), (1, 3)]
    assert kept[0].context == mx.Context("cpu_shared", 0)


def test_batchify_in_workers():
    dataset = SimpleDataset([(list(range(i + 1)), i) for i in range(5)])
    fn = batchify.Group(batchify.Pad(val=9, use_shared_mem=True), batchify.Stack(use_shared_mem=True))
    batches = list(DataLoader(dataset, 3, num_workers=2, batchify_fn=fn))
    assert batches[0][0].asnumpy().tolist() == [[0, 9, 9], [0, 1, 9], [0, 1, 2]]
    assert batches[1][1].asnumpy().tolist() == [3, 4]


LARGE = nd.array(np.random.RandomState(0).randint(0, 256, (6, 90, 80, 3)), dtype="uint8")
NORMALIZED = [transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]


@pytest.mark.parametrize("fn", [
    transforms.Compose([transforms.RandomResizedCrop(96), transforms.RandomFlipLeftRight(), *NORMALIZED]),
    transforms.Compose([transforms.CenterCrop((77, 81)), transforms.Compose(NORMALIZED)]),
    transforms.Compose([transforms.RandomBrightness(0.3), transforms.ToTensor(), transforms.Cast("float64")]),
    transforms.Compose([transforms.RandomFlipTopBottom(), transforms.Cast("float32"), *NORMALIZED]),
    transforms.RandomFlipLeftRight(), lambda image: image.asnumpy() / 3,
], ids=["training", "centre", "float64", "floats", "bytes", "numpy"])
@pytest.mark.parametrize("labelled", [True, False])
def test_large_samples_are_what_single_ones_are(fn, labelled):
    dataset = ArrayDataset(LARGE, np.arange(6)).transform_first(fn) if labelled else SimpleDataset(LARGE).transform(fn)
    batches = []
    for make in (lambda d: next(iter(DataLoader(d, 4))), lambda d: default_batchify_fn([d[i] for i in range(4)])):
        mx.random.seed(3)
        random.seed(3)
        made = make(dataset.take(5))
        batches.append(made if labelled else [made])
    for part, other in zip(*batches, strict=True):
        assert (part.dtype, part.context) == (other.dtype, other.context)
        np.testing.assert_array_equal(part.asnumpy(), other.asnumpy())


@pytest.mark.parametrize("samples, error", [
    ([LARGE[0], LARGE[1][:50]], mx.MXNetError), ([LARGE[0].asnumpy(), LARGE[1].asnumpy()[:50]], ValueError)])
def test_large_samples_of_different_shapes_are_errors(samples, error):
    with pytest.raises(error):
        next(iter(DataLoader(samples, 2)))


def test_large_samples_that_are_not_alike():
    first, second = LARGE[0].asnumpy(), LARGE[1].asnumpy()
    both = next(iter(DataLoader([first, second.astype("float32")], 2)))
    np.testing.assert_array_equal(both.asnumpy(), np.stack([first, second]))
    pairs = next(iter(DataLoader([(LARGE[0], 1.0, 2), (LARGE[1], 3.0)], 2)))  # as zip has it
    assert [part.shape for part in pairs] == [(2, 90, 80, 3), (2,)]
    steps = transforms.Compose(NORMALIZED)
    mixed = next(iter(DataLoader(SimpleDataset([LARGE[0], LARGE[1].astype("float32")]).transform(steps), 2)))
    np.testing.assert_array_equal(mixed.asnumpy(), nd.stack(*[steps(image) for image in LARGE[:2]]).asnumpy())
    with pytest.raises(mx.MXNetError, match="mean must have"):
        next(iter(DataLoader(SimpleDataset([LARGE[0].slice_axis(2, 0, 1).tile((1, 3, 1))]).transform(steps), 1)))


def test_hooks_of_transforms_see_every_sample():
    seen = []
    steps = transforms.Compose(NORMALIZED)
    steps[0].register_forward_hook(lambda block, inputs, output: seen.append(output.shape))
    next(iter(DataLoader(SimpleDataset(LARGE).transform(steps), 4)))
    assert seen == [(3, 90, 80)] * 4
