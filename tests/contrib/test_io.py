"""contrib.io.DataLoaderIter, and iterators that users write, in Module."""

import numpy as np
import pytest

import mxnet as mx
from mxnet import gluon
from mxnet.contrib.io import DataLoaderIter

DATA = np.arange(20, dtype=np.float32).reshape(10, 2)


def loader(last_batch="keep"):
    return gluon.data.DataLoader(
        gluon.data.ArrayDataset(DATA, np.arange(10, dtype=np.float32)), 4, last_batch=last_batch
    )


def test_batches_and_pad():
    iterator = DataLoaderIter(loader(), data_name="x", label_name="y")
    assert (iterator.provide_data, iterator.provide_label) == ([("x", (4, 2))], [("y", (4,))])
    for _ in range(2):
        batches = list(iterator)
        assert [b.pad for b in batches] == [0, 0, 2] and batches[2].index is None
        np.testing.assert_array_equal(batches[2].data[0].asnumpy(), [*DATA[8:], [0, 0], [0, 0]])
        iterator.reset()
    assert len(list(DataLoaderIter(loader("discard")))) == 2


def test_dtype():
    iterator = DataLoaderIter(loader(), dtype="float16")
    assert next(iterator).data[0].dtype == np.float16 and iterator.provide_data[0].dtype == "float16"


class Own(mx.io.DataIter):
    """Three batches, written as MXNet's tutorial does it."""

    provide_data = [mx.io.DataDesc("data", (4, 2))]
    provide_label = [mx.io.DataDesc("softmax_label", (4,))]

    def __init__(self):
        super().__init__(batch_size=4)
        self.left = 3

    def reset(self):
        self.left = 3

    def next(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return mx.io.DataBatch([mx.nd.ones((4, 2))], [mx.nd.zeros(4)], pad=0)


@pytest.mark.parametrize(
    "make",
    [lambda: DataLoaderIter(loader()), Own, lambda: mx.io.PrefetchingIter(Own()), lambda: mx.io.ResizeIter(Own(), 2)],
)
def test_iterators_in_module_fit(make):
    net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.Variable("data"), num_hidden=10), name="softmax")
    module = mx.mod.Module(net)
    module.fit(make(), num_epoch=2, optimizer_params={"learning_rate": 0.01})
    assert all(np.isfinite(v.asnumpy()).all() for v in module.get_params()[0].values())
