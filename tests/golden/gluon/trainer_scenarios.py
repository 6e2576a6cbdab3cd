"""What users do with Trainer, KVStore and gluon.utils, as functions of the package: real MXNet's, or ours.

Each returns plain data: numbers, texts and lists.  Runs on Python 3.8 and later; needs NumPy alone.
"""
import os
import tempfile
import warnings

import numpy as np


def said(function):
    """What came of it: the value, or the class and text of the error."""
    try:
        return function()
    except Exception as error:
        return [type(error).__name__, str(error)]


def two(mx):
    return [mx.cpu(0), mx.cpu(1)]


def param(mx, name="a", ctx=None, value="ones", **kwargs):
    made = mx.gluon.Parameter(name, shape=kwargs.pop("shape", (2,)), **kwargs)
    made.initialize(ctx=ctx, init=value)
    return made


def backward(mx, *params):
    """Gradients 2 * (value + position of the context)."""
    with mx.autograd.record():
        losses = [((d + i) ** 2).sum() for p in params for i, d in enumerate(p.list_data())]
    mx.autograd.backward(losses)


def numbers(*params):
    return [[d.asnumpy().tolist() for d in p.list_data()] for p in params]


def grads(*params):
    return [[d.asnumpy().tolist() for d in p.list_grad()] for p in params]


def steps(mx, params, *args, **kwargs):
    """A Trainer with these arguments, after some steps."""
    count, batch_size = kwargs.pop("count", 3), kwargs.pop("batch_size", 1)
    t = mx.gluon.Trainer(params, *args, **kwargs)
    for _ in range(count):
        backward(mx, *params)
        t.step(batch_size)
    return t


# ------------------------------------------------------------------ construction


def refused_arguments(mx):
    a, b = param(mx), param(mx, "b", ctx=mx.cpu(1))
    waiting = mx.gluon.Parameter("w", shape=(2,))
    make = mx.gluon.Trainer
    return [said(lambda: make(3, "sgd")), said(lambda: make([a, 3], "sgd")), said(lambda: make({a}, "sgd")),
            said(lambda: make({"a": 3}, "sgd")), said(lambda: make(a, "sgd")), said(lambda: make([a, b], "sgd")),
            said(lambda: make([waiting], "sgd")), said(lambda: make([a], "no such thing")),
            said(lambda: make([a], mx.optimizer.SGD(), {"learning_rate": 0.1})),
            said(lambda: make([param(mx, ctx=two(mx))], "sgd", kvstore=3)._init_kvstore())]


def order_of_parameters(mx):
    b, a, null = param(mx, "b"), param(mx, "a"), param(mx, "n", grad_req="null")
    by_dict = mx.gluon.Trainer({"b": b, "a": a, "n": null}, "sgd")
    by_list = mx.gluon.Trainer([b, a, null], "sgd")
    return [[p.name for p in by_dict._params], [p.name for p in by_list._params], a._trainer is by_list]


# ------------------------------------------------------------------ steps


def batch_size_and_rescale_grad(mx):
    a = param(mx)
    steps(mx, [a], "sgd", {"learning_rate": 0.1, "rescale_grad": 3}, count=2, batch_size=4)
    backward(mx, a)
    t = mx.gluon.Trainer([a], "sgd")
    return [numbers(a), said(lambda: t.step(0)), said(lambda: t.step("2"))]


def weight_decay_reaches_biases(mx):
    weight, bias = param(mx, "d_weight"), param(mx, "d_bias", wd_mult=0.5, lr_mult=2)
    steps(mx, [weight, bias], "sgd", {"learning_rate": 0.1, "wd": 0.3})
    weight.lr_mult = 0
    return numbers(weight, bias)


def multipliers_change_between_steps(mx):
    a, b = param(mx), param(mx, "b")
    t = steps(mx, [a, b], "sgd", {"learning_rate": 0.1, "momentum": 0.5})
    a.lr_mult, b.wd_mult, t._optimizer.wd = 0.5, 3, 0.1
    backward(mx, a, b)
    t.step(1)
    return numbers(a, b)


def learning_rate(mx):
    a = param(mx)
    t = mx.gluon.Trainer([a], "sgd", {"learning_rate": 0.5})
    before = t.learning_rate
    t.set_learning_rate(0.2)
    scheduled = mx.gluon.Trainer([a], "sgd", {"lr_scheduler": mx.lr_scheduler.FactorScheduler(2, 0.5, base_lr=1)})
    rates = []
    for _ in range(5):
        backward(mx, a)
        scheduled.step(1)
        rates.append(scheduled.learning_rate)
    return [before, t.learning_rate, rates, said(lambda: scheduled.set_learning_rate(1))]


def stale_gradients(mx):
    a, b = param(mx), param(mx, "b")
    t = mx.gluon.Trainer([a, b], "sgd", {"learning_rate": 0.1})
    out = [said(lambda: t.step(1)), said(lambda: t.step(1, ignore_stale_grad=True)), numbers(a, b)]
    backward(mx, b)
    out += [said(lambda: t.step(1)), numbers(a, b)]
    backward(mx, b)
    t.step(1, ignore_stale_grad=True)
    return [*out, numbers(a, b), dict(t._optimizer._index_update_count) == {1: 1}, bool(b.data()._fresh_grad)]


def stale_on_two_contexts(mx):
    a = param(mx, ctx=two(mx))
    makers = [mx.gluon.Trainer([a], "sgd", update_on_kvstore=on) for on in (True, False)]
    return [said(lambda t=t: t.step(1)) for t in makers]


def added_gradients(mx):
    a = param(mx, grad_req="add")
    t = mx.gluon.Trainer([a], "sgd", {"learning_rate": 0.1})
    out = []
    for _ in range(2):
        backward(mx, a)
        t.step(1)
        out.append([numbers(a), grads(a)])
    a.zero_grad()
    return [*out, said(lambda: t.step(1))]


def grad_req_changes(mx):
    a, b = param(mx), param(mx, "b")
    t = steps(mx, [a, b], "sgd", {"learning_rate": 0.1}, count=1)
    b.grad_req = "null"
    backward(mx, a)
    t.step(1)
    return numbers(a, b)


def nothing_to_train(mx):
    return said(lambda: mx.gluon.Trainer([param(mx, grad_req="null")], "sgd").step(1))


def deferred(mx):
    net = mx.gluon.nn.Dense(3, prefix="d_")
    net.initialize("ones")
    t = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    refused = said(lambda: t.step(1))
    with mx.autograd.record():
        net(mx.nd.ones((2, 4))).sum().backward()
    t.step(2)
    return [refused[0], net.weight.data().asnumpy().tolist(), net.bias.data().asnumpy().tolist()]


def many_optimizers(mx):
    out = []
    for name in ("sgd", "nag", "adam", "rmsprop", "adagrad", "ftrl"):
        a, b = param(mx), param(mx, "b", shape=(3, 1), lr_mult=0.3)
        steps(mx, [a, b], name, {"learning_rate": 0.1, "wd": 0.01}, count=4, batch_size=2)
        out.append(numbers(a, b))
    return out


def own_optimizer(mx):
    class Halving(mx.optimizer.Optimizer):
        def create_state(self, index, weight):
            return mx.nd.zeros(weight.shape, weight.context)

        def update(self, index, weight, grad, state):
            self._update_count(index)
            state += 1
            weight[:] = weight / 2 - self._get_lr(index) * grad * self.rescale_grad + 0 * state

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mx.optimizer.register(Halving)
    a = param(mx)
    t = steps(mx, [a], "halving", {"learning_rate": 0.1}, count=2, batch_size=2)
    return [numbers(a), t._updaters[0].states[0].asnumpy().tolist(), t._optimizer.num_update]


def own_optimizer_on_sgd(mx):
    """SGD's `update` is given lists, so a subclass that replaces it is, too."""
    seen = []

    class Watching(mx.optimizer.SGD):
        def update_multi_precision(self, index, weight, grad, state):
            seen.append([list(index), len(weight), len(state)])
            super().update_multi_precision(index, weight, grad, state)

    params = [param(mx, "p" + str(i)) for i in range(6)]
    steps(mx, params, Watching(learning_rate=0.1), count=1)
    return [seen, numbers(*params)]


# ------------------------------------------------------------------ contexts


def on_two_contexts(mx):
    out = []
    for kvstore in ("device", "local"):
        for on_kvstore in (None, True, False):
            a, b = param(mx, ctx=two(mx)), param(mx, "b", ctx=two(mx))
            t = steps(mx, [a, b], "sgd", {"learning_rate": 0.01, "momentum": 0.9}, kvstore,
                      update_on_kvstore=on_kvstore)
            out.append([numbers(a, b), grads(a, b), t._update_on_kvstore, t._kvstore.type, t._optimizer.num_update])
    return out


def without_kvstore_contexts_go_their_own_way(mx):
    a = param(mx, ctx=two(mx))
    t = steps(mx, [a], "sgd", {"learning_rate": 0.01, "momentum": 0.9}, None)
    return [numbers(a), grads(a), [u.states[0].asnumpy().tolist() for u in t._updaters], t._kvstore is None]


def first_context_is_broadcast(mx):
    out = []
    for on_kvstore in (True, False):
        a = param(mx, ctx=two(mx))
        a.list_data()[1][:] = 5
        steps(mx, [a], "sgd", {"learning_rate": 0.1}, update_on_kvstore=on_kvstore, count=1)
        out.append(numbers(a))
    return out


def reduce_and_update_apart(mx):
    a = param(mx, ctx=two(mx))
    t = mx.gluon.Trainer([a], "sgd", {"learning_rate": 0.1}, update_on_kvstore=False)
    backward(mx, a)
    t.allreduce_grads()
    reduced = grads(a)
    t.update(2)
    other = mx.gluon.Trainer([a], "sgd")
    return [reduced, numbers(a), said(other.allreduce_grads), said(lambda: other.update(1))]


def setting_a_value_resets_the_store(mx):
    out = []
    for on_kvstore in (True, False):
        a = param(mx, ctx=two(mx))
        t = steps(mx, [a], "sgd", {"learning_rate": 0.1, "momentum": 0.9}, update_on_kvstore=on_kvstore, count=2)
        a.set_data(mx.nd.ones(2))
        reset = t._kv_initialized
        backward(mx, a)
        t.step(1)
        out.append([reset, numbers(a)])
    return out


def stale_with_store(mx):
    a, b = param(mx, ctx=two(mx)), param(mx, "b", ctx=two(mx))
    t = steps(mx, [a, b], "sgd", {"learning_rate": 0.1}, count=1)
    backward(mx, a)
    t.step(1)
    return numbers(a, b)


# ------------------------------------------------------------------ states


def states_go_on(mx):
    """Training that is saved, loaded and gone on with is the same as training without a break."""
    out = []
    for ctx in (None, two(mx)):
        a = param(mx, ctx=ctx)
        t = steps(mx, [a], "adam", {"learning_rate": 0.1, "beta1": 0.5})
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.states")
            t.save_states(path)
            values = a.list_data()[0].copy()
            other = param(mx, ctx=ctx)
            other.set_data(values)
            t2 = mx.gluon.Trainer([other], "adam", {"learning_rate": 7})
            t2.load_states(path)
            backward(mx, a, other)
            t.step(1)
            t2.step(1)
            other.lr_mult = 2
            out.append([numbers(a), numbers(other), type(t2._optimizer).__name__, t2.learning_rate,
                        t2._optimizer.num_update, t2._optimizer._get_lr(0)])
    return out


def states_of_no_file(mx):
    return said(lambda: mx.gluon.Trainer([param(mx)], "sgd").load_states("/no/such/file"))[0]


# ------------------------------------------------------------------ kvstore


def store_sums(mx):
    kv = mx.kv.create("local")
    out = mx.nd.zeros(2)

    def pulled(key=3):
        kv.pull(key, out=out)
        return out.asnumpy().tolist()

    kv.init(3, mx.nd.ones(2))
    seen = [pulled()]
    kv.push(3, [mx.nd.ones(2), mx.nd.ones(2, ctx=mx.cpu(1)) * 5])
    seen.append(pulled())
    kv.pushpull(3, [mx.nd.ones(2), mx.nd.ones(2) * 5], out=out)
    seen.append(out.asnumpy().tolist())
    kv.broadcast(8, mx.nd.ones(2) * 4, [out])
    seen.append(out.asnumpy().tolist())
    descends = mx.kv.create("local")
    descends.set_optimizer(mx.optimizer.SGD(momentum=0.9, learning_rate=0.1))
    descends.init(9, mx.nd.ones(2))
    for _ in range(2):
        descends.push(9, mx.nd.ones(2))
        descends.pull(9, out=out)
        seen.append(out.asnumpy().tolist())
    adds = mx.kv.create("local")
    adds.init(9, mx.nd.ones(2))

    def add(key, pushed, stored):
        stored += pushed * key

    adds._set_updater(add)
    adds.push(9, mx.nd.ones(2))
    adds.pull(9, out=out)
    return [*seen, out.asnumpy().tolist(), kv.type, kv.rank, kv.num_workers, kv.is_capable("optimizer")]


def store_refuses(mx):
    kv = mx.kv.create("device")
    out = mx.nd.zeros(2)
    kv.init(3, out)
    tried = [lambda: kv.init(3, out), lambda: kv.init("a", out), lambda: kv.pull(9, out=out), lambda: kv.push(9, out),
             lambda: kv.pull(3, out=mx.nd.zeros(3)), lambda: kv.init([4, 5], [out]), lambda: kv.init(1.5, out),
             lambda: kv.pull(3), lambda: kv.push(3, [1, 2]), lambda: mx.kv.create(3), lambda: mx.kv.create("nccl"),
             lambda: kv.is_capable("flying"), lambda: kv.save_optimizer_states("x"),
             lambda: kv.load_optimizer_states("x"), lambda: kv.row_sparse_pull(3, out=out, row_ids=out),
             lambda: mx.kv.create("teststore").set_optimizer(None)]
    return [said(f)[0] for f in tried]


# ------------------------------------------------------------------ utils


def splits(mx):
    u = mx.gluon.utils
    x = mx.nd.arange(10).reshape((5, 2))

    def parts(*args, **kwargs):
        return said(lambda: [p.asnumpy().tolist() for p in u.split_data(*args, **kwargs)])

    loaded = u.split_and_load(np.ones((4, 2), "int32"), two(mx))
    return [parts(x, 2), *[parts(x, n, even_split=False) for n in (1, 2, 3, 4, 6)], parts(x, 2, batch_axis=1),
            parts(x, 2, batch_axis=-1, even_split=False), said(lambda: u.split_data(x, 2, batch_axis=2))[0],
            [[str(p.context), p.shape, p.dtype.__name__] for p in loaded],
            u.split_and_load(x, [mx.cpu(0)])[0] is x,
            [p.asnumpy().tolist() for p in u.split_and_load([[1, 2], [3, 4]], two(mx))],
            said(lambda: u.split_and_load(x, two(mx)))]


def clips(mx):
    out = []
    for values, bound in (([[3, 4], [0.0]], 1), ([[3, 4], [0.0]], 10), ([[0.0, 0.0]], 1), ([[3.0, 4.0]], -1),
                          ([[3.0, 4.0]], 0), ([[3.0, float("inf")], [1]], 1), ([[3.0, float("nan")], [1]], 1)):
        for check in (True, False):
            arrays = [mx.nd.array(v) for v in values]
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                norm = mx.gluon.utils.clip_global_norm(arrays, bound, check)
            texts = [str(w.message) for w in caught if w.category is UserWarning]
            norm = float(norm) if check else norm.asnumpy().tolist()
            out.append([str(norm), [a.asnumpy().tolist() for a in arrays] if "n" not in str(norm) else "", texts])
    return [*out, said(lambda: mx.gluon.utils.clip_global_norm([], 1))[0]]


def small_helpers(mx):
    u = mx.gluon.utils
    brief = [u._brief_print_list(list(range(n)), limit)
             for n, limit in ((3, 7), (7, 7), (8, 7), (20, 7), (20, 3), (0, 7))]
    indented = [u._indent(text, 2) for text in ("a", "a\nb\nc", "", "a\n", "a\n\nb")]
    known = [said(lambda s=s: u.shape_is_known(s)) for s in (None, (), (1, 2), (0, 2), (-1, 2), (2,))]
    with mx.util.np_shape(True):
        known += [u.shape_is_known(s) for s in (None, (), (1, 2), (0, 2), (-1, 2), (2,))]
    before = os.environ.pop("MXNET_GLUON_REPO", None)
    urls = [u._get_repo_url(), u._get_repo_file_url("gluon/models", "x.zip")]
    os.environ["MXNET_GLUON_REPO"] = "http://here/x"
    urls += [u._get_repo_url(), u._get_repo_file_url("gluon/models", "x.zip")]
    del os.environ["MXNET_GLUON_REPO"]
    if before is not None:
        os.environ["MXNET_GLUON_REPO"] = before
    return [brief, indented, known, urls]


SCENARIOS = [refused_arguments, order_of_parameters, batch_size_and_rescale_grad, weight_decay_reaches_biases,
             multipliers_change_between_steps, learning_rate, stale_gradients, stale_on_two_contexts, added_gradients,
             grad_req_changes, nothing_to_train, deferred, many_optimizers, own_optimizer, own_optimizer_on_sgd,
             on_two_contexts, without_kvstore_contexts_go_their_own_way, first_context_is_broadcast,
             reduce_and_update_apart, setting_a_value_resets_the_store, stale_with_store, states_go_on,
             states_of_no_file, store_sums, store_refuses, splits, clips, small_helpers]
