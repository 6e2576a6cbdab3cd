"""Arrays in shared and pinned memory: what is computed from them lies on the CPU, as in MXNet."""
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd


@pytest.fixture(params=["cpu_shared", "cpu_pinned"])
def a(request):
    return nd.ones((2, 3), ctx=mx.Context(request.param, 0))


def test_operators_put_results_on_the_cpu(a):
    for result in (a + 1, a + a, 2 * a, nd.relu(a), nd.dot(a, nd.ones((3, 2))), a.T,
                   nd.concat(a, nd.ones((2, 3)), dim=0), nd.zeros_like(a), nd.split(a, 3)[1]):
        assert result.context == mx.cpu(0), result


def test_views_and_copies_stay(a):
    for result in (a[0], a.reshape((3, 2)), a.copy(), a.astype("float64")):
        assert result.context == a.context


def test_in_place_results_stay(a):
    context = a.context
    a += 1
    a[:] = nd.zeros((2, 3))
    assert a.context == context


@pytest.mark.parametrize("hybridize", [False, True])
def test_networks_take_them(a, hybridize):
    net = gluon.nn.HybridSequential()
    net.add(gluon.nn.Dense(4), gluon.nn.Dense(2))
    net.initialize()
    if hybridize:
        net.hybridize()
    with autograd.record():
        loss = gluon.loss.L2Loss()(net(a), nd.ones((2, 2)))
    loss.backward()
    assert loss.context == mx.cpu(0)
    assert net[0].weight.grad().norm().asscalar() > 0


def test_gradients_lie_on_the_cpu(a):
    a.attach_grad()
    with autograd.record():
        y = a * 2
    y.backward()
    assert a.grad.context == mx.cpu(0)
    assert (a.grad.asnumpy() == 2).all()


def test_batches_of_workers_go_into_a_network_as_they_come():
    data = gluon.data.ArrayDataset(nd.arange(12).reshape((4, 3)), nd.arange(4))
    net = gluon.nn.Dense(2)
    net.initialize()
    for x, y in gluon.data.DataLoader(data, batch_size=2, num_workers=1):
        assert x.context == mx.Context("cpu_shared", 0)
        assert net(x).context == mx.cpu(0)
        assert (y + 1).context == mx.cpu(0)
