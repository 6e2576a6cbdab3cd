"""Inference of hybridized networks: BatchNorm joined with frozen weights is never stale, and threads may share it."""

import threading

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn
from mxnet.ops.norm import batch_norm


def network(frozen=True, ctx=None):
    mx.random.seed(3)
    net = nn.HybridSequential()
    with net.name_scope():
        net.add(nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"),
                nn.Conv2D(5, 1, use_bias=False), nn.BatchNorm(scale=False), nn.Flatten(), nn.Dropout(0.5),
                nn.Dense(6), nn.BatchNorm(), nn.Dense(3))
    net.initialize(mx.init.Normal(0.5), ctx=ctx)
    net(batch(ctx=ctx[0] if ctx else None))
    generator = np.random.RandomState(0)
    for param in net.collect_params(".*(gamma|beta|running)").values():
        param.set_data(nd.array(generator.uniform(0.5, 1.5, param.shape)))
    if frozen:
        freeze(net)
    net.hybridize()
    return net


def freeze(net, req="null"):
    net.collect_params(".*(weight|bias|gamma|beta)").setattr("grad_req", req)


def batch(seed=1, ctx=None, count=2):
    return nd.array(np.random.RandomState(seed).normal(size=(count, 3, 6, 6)), ctx=ctx)


def eager(net, x):
    """What the layers compute one by one; what was compiled stays as it is."""
    net.apply(lambda block: block.__dict__.update(_active=False))
    expected = net(x).asnumpy()
    net.apply(lambda block: block.__dict__.update(_active=True))
    return expected


def assert_close(got, expected, tolerance=1e-5):
    """Equal but for rounding, measured by the largest of the values: joining sums in another order."""
    assert np.abs(got - expected).max() <= tolerance * np.abs(expected).max()


def check(net, x=None):
    """Joined or not, values are those of the layers one by one."""
    x = batch() if x is None else x
    for _ in range(2):
        assert_close(net(x).asnumpy(), eager(net, x))


def norms_left(net) -> int:
    """How many BatchNorms the last program for inference still computes."""
    program = list(net._compiled._programs._made.values())[-1]
    return sum(node.target is batch_norm for node in program.module.graph.nodes)


def test_frozen_networks_have_no_batch_norm():
    net = network()
    check(net)
    assert norms_left(net) == 0


def test_trained_ones_have():
    net = network(frozen=False)
    check(net)
    assert norms_left(net) == 3


def test_partly_frozen():
    net = network(frozen=False)
    freeze(net[:4])
    net.hybridize()
    check(net)
    assert norms_left(net) == 2


def test_freezing_and_thawing():
    net = network(frozen=False)
    check(net)
    freeze(net)
    check(net)
    assert norms_left(net) == 0
    freeze(net, "write")
    check(net)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    with autograd.record():
        loss = net(batch()).square().sum()
    loss.backward()
    trainer.step(1)
    check(net)
    freeze(net)
    check(net)


@pytest.mark.parametrize("change", [
    lambda p: p.set_data(p.data() * 1.5 + 0.25),
    lambda p: p.data().__setitem__(slice(None), 0.75),
    lambda p: p.data().__iadd__(0.5),
    lambda p: p.data().__setitem__(0, 2.0),
    lambda p: nd.sgd_update(p.data(), nd.ones(p.shape), lr=0.3, out=p.data()),
    lambda p: p.initialize(mx.init.Constant(0.6), force_reinit=True),
    lambda p: p.reset_ctx(mx.cpu(0)),
])
@pytest.mark.parametrize("which", ["conv0_weight", "conv0_bias", "batchnorm0_gamma", "batchnorm0_beta",
                                   "batchnorm0_running_mean", "batchnorm0_running_var", "dense0_weight"])
def test_changes_are_seen(which, change):
    net = network()
    before = net(batch()).asnumpy()
    check(net)
    change(next(p for name, p in net.collect_params().items() if name.endswith(which)))
    check(net)
    assert norms_left(net) == 0
    assert np.isfinite(before).all()


def test_moving_statistics_are_seen():
    net = network()
    net.hybridize()
    check(net)
    before = net(batch()).asnumpy()
    x = batch(5, count=4)
    x.attach_grad()
    for _ in range(3):
        with autograd.record():
            net(x)
    assert abs(net(batch()).asnumpy() - before).max() > 1e-2
    check(net)


def test_statistics_moved_by_another_block():
    net = network(frozen=False)
    other = nn.HybridSequential()
    other.add(nn.BatchNorm(params=net[1].params))
    freeze(net)
    check(net)
    x = nd.array(np.random.RandomState(2).normal(size=(3, 4, 5, 5)))
    x.attach_grad()
    with autograd.record():
        other(x)
    check(net)


def test_statistics_of_single_elements():
    net = nn.HybridSequential()
    net.add(nn.Dense(3), nn.BatchNorm())
    net.initialize()
    x = nd.array([[0.5, 2.0]])
    net(x)
    freeze(net)
    net.hybridize()
    check(net, x)
    x.attach_grad()
    with autograd.record():
        net(x)
    check(net, x)


def test_trained_elsewhere():
    net = network()
    check(net)
    weights = [p.data() for p in net.collect_params(".*(weight|gamma)").values()]
    for w in weights:
        w.attach_grad()
    with autograd.record():
        loss = nd.add_n(*[(w * w).sum() for w in weights])
    loss.backward()
    for w in weights:
        w -= 0.1 * w.grad
    check(net)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_cast(dtype):
    net = network()
    check(net)
    net.cast(dtype)
    x = batch().astype(dtype)
    got, expected = net(x), eager(net, x)
    assert got.dtype == np.dtype(dtype)
    tolerance = 2e-2 if dtype == "float16" else 1e-9
    assert_close(got.asnumpy(), expected, tolerance)


def test_contexts():
    contexts = [mx.cpu(0), mx.cpu(1)]
    net = network(ctx=contexts)
    for ctx in contexts:
        check(net, batch(ctx=ctx))
    net[0].weight.data(contexts[1])[:] = 0.3
    for ctx in contexts:
        check(net, batch(ctx=ctx))
    first, second = (net(batch(ctx=ctx)).asnumpy() for ctx in contexts)
    assert abs(first - second).max() > 1e-3


def test_loading(tmp_path):
    net = network()
    other = network()
    check(net)
    for param in other.collect_params().values():
        param.set_data(param.data() * 0.7 + 0.1)
    other.save_parameters(str(tmp_path / "net.params"))
    net.load_parameters(str(tmp_path / "net.params"))
    check(net)
    np.testing.assert_allclose(net(batch()).asnumpy(), other(batch()).asnumpy(), rtol=1e-6)


def test_recording_and_train_mode_are_not_joined():
    net = network()
    check(net)
    x = batch()
    x.attach_grad()
    with autograd.record(train_mode=False):
        out = net(x)
    out.backward()
    compiled = x.grad.asnumpy()
    net.hybridize(False)
    with autograd.record(train_mode=False):
        out = net(x)
    out.backward()
    np.testing.assert_allclose(compiled, x.grad.asnumpy(), rtol=1e-4, atol=1e-5)
    net.hybridize()
    with autograd.train_mode():
        mx.random.seed(4)
        first = net(x).asnumpy()
    net.hybridize(False)
    with autograd.train_mode():
        mx.random.seed(4)
        np.testing.assert_allclose(first, net(x).asnumpy(), rtol=1e-4, atol=1e-5)


def test_outputs_belong_to_the_caller():
    """Writing to what a network returned, or was given, changes nothing of what it computes next."""
    class Net(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            flat = F.Flatten(x)
            return flat, F.identity(x), F.Dropout(x), F.BlockGrad(x), F.relu(flat), F.ones((2,))

    net = Net()
    net.hybridize()
    x = batch()
    expected = [y.asnumpy() for y in net(x)]
    for y in net(x):
        y[:] = -7
    for y, e in zip(net(x), expected, strict=True):
        np.testing.assert_array_equal(y.asnumpy(), e)


def test_writing_to_inputs_before_backward():
    class Net(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            return F.Flatten(x).square()

    net = Net()
    net.hybridize()
    x = nd.array([[1.0, 2.0], [3.0, 4.0]])
    x.attach_grad()
    with autograd.record():
        y = net(x)
    x[:] = 100
    y.backward()
    np.testing.assert_array_equal(x.grad.asnumpy(), [[2, 4], [6, 8]])


def in_threads(work, count=8):
    """Run work(i) in threads that start at once; the first of their errors comes up."""
    errors, start = [], threading.Barrier(count)

    def run(i):
        try:
            start.wait()
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("frozen", [True, False])
def test_threads_share_a_network(frozen):
    net = network(frozen)
    inputs = [batch(i, count=1 + i % 3) for i in range(8)]
    expected = [eager(net, x) for x in inputs]
    net.hybridize()  # the very first calls come from all threads at once

    def work(i):
        for _ in range(10):
            assert_close(net(inputs[i]).asnumpy(), expected[i])

    in_threads(work)


def test_threads_share_the_first_call():
    """Shapes of parameters are found by whoever comes first."""
    for _ in range(3):
        net = nn.HybridSequential()
        net.add(nn.Conv2D(3, 3), nn.BatchNorm(), nn.Dense(4))
        net.initialize()
        net.hybridize()
        results = {}
        in_threads(lambda i, net=net, results=results: results.__setitem__(i, net(batch()).asnumpy()))
        assert len(results) == 8
        for result in results.values():
            assert_close(result, eager(net, batch()))


def test_threads_and_changes():
    """While one thread changes weights, others get the old or the new; afterwards only the new."""
    net = network()
    x = batch()
    stop = threading.Event()

    def work(i):
        if i:
            while not stop.is_set():
                assert np.isfinite(net(x).asnumpy()).all()
            return
        for step in range(30):
            net[0].weight.set_data(net[0].weight.data() * 0.99)
            net[1].running_var.data()[:] = 1 + step / 30
        stop.set()

    in_threads(work, 4)
    check(net)


def test_executor_for_inference():
    x = mx.sym.var("x")
    body = mx.sym.Convolution(x, kernel=(3, 3), num_filter=4, name="c")
    out = mx.sym.relu(mx.sym.BatchNorm(body, fix_gamma=False, name="n"))
    frozen = out.simple_bind(mx.cpu(), grad_req="null", x=(2, 3, 5, 5))
    trained = out.simple_bind(mx.cpu(), grad_req="write", x=(2, 3, 5, 5))
    generator = np.random.RandomState(0)
    for _ in range(3):
        values = {name: generator.uniform(0.2, 1, array.shape) for name, array in frozen.arg_dict.items()}
        states = {name: generator.uniform(0.2, 1, array.shape) for name, array in frozen.aux_dict.items()}
        for executor in (frozen, trained):
            executor.copy_params_from({n: nd.array(v) for n, v in values.items()},
                                      {n: nd.array(v) for n, v in states.items()})
        one, other = (executor.forward(is_train=False)[0].asnumpy() for executor in (frozen, trained))
        assert_close(one, other)
