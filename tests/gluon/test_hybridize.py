"""A hybridized block is the same block: values, gradients, statistics, errors; and its files."""

import json
import threading

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn

CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def convnet(**kwargs):
    net = nn.HybridSequential(**kwargs)
    with net.name_scope():
        net.add(nn.Conv2D(4, 3, activation="relu"), nn.BatchNorm(), nn.MaxPool2D(), nn.Dropout(0.5), nn.Dense(8),
                nn.LeakyReLU(0.1), nn.Dense(3))
    return net


def twins(make, *inputs):
    """Two equal nets, the second hybridized, both initialized."""
    plain, hybrid = make(), make()
    for net in (plain, hybrid):
        mx.random.seed(3)
        net.initialize(mx.init.Xavier())
    plain(*inputs)
    hybrid(*inputs)
    for p, q in zip(plain.collect_params().values(), hybrid.collect_params().values(), strict=True):
        q.set_data(p.data())
    hybrid.hybridize()
    return plain, hybrid


def same(a, b):
    np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), **CLOSE)


class Residual(nn.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.a, self.b = nn.Dense(6, flatten=False), nn.Dense(6, flatten=False)

    def hybrid_forward(self, F, x):
        y = self.a(x)
        return F.broadcast_sub(y + F.relu(self.b(y)) * 2, y.mean(axis=1, keepdims=True))


class Scaled(nn.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = self.params.get("scale", shape=(0, 1), init=mx.init.One())

    def hybrid_forward(self, F, x, scale):
        return F.dot(x, scale)


X = nd.random.uniform(shape=(4, 3, 12, 12))


class TestValues:
    def test_training(self):
        plain, hybrid = twins(convnet, X)
        label = nd.array([0, 1, 2, 0])
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        for net in (plain, hybrid):
            mx.random.seed(7)  # the dropout
            trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05, "momentum": 0.9})
            for _ in range(4):
                with autograd.record():
                    value = loss(net(X), label)
                value.backward()
                trainer.step(4)
        for p, q in zip(plain.collect_params().values(), hybrid.collect_params().values(), strict=True):
            np.testing.assert_allclose(p.data().asnumpy(), q.data().asnumpy(), err_msg=p.name, rtol=1e-5, atol=1e-6)
        same(plain(X), hybrid(X))

    def test_running_statistics_move_in_training_only(self):
        _, hybrid = twins(convnet, X)
        mean = hybrid[1].running_mean.data()
        before = mean.asnumpy()
        hybrid(X)
        np.testing.assert_array_equal(mean.asnumpy(), before)
        with autograd.record():
            hybrid(X)
        assert not np.array_equal(mean.asnumpy(), before)

    def test_dropout_drops_in_train_mode_only(self):
        net = nn.Dropout(0.5)
        net.hybridize()
        ones = nd.ones((100,))
        assert (net(ones) == 1).asnumpy().all()
        with autograd.record():
            assert (net(ones) == 0).asnumpy().any()

    def test_shapes_and_dtypes_may_change(self):
        plain, hybrid = twins(Residual, nd.ones((2, 5)))
        for shape in [(2, 5), (7, 5), (1, 5), (2, 5)]:
            x = nd.random.normal(shape=shape)
            same(plain(x), hybrid(x))
        for net in (plain, hybrid):
            net.cast("float64")
        x = nd.random.normal(shape=(3, 5), dtype="float64")
        assert hybrid(x).dtype == np.float64
        same(plain(x), hybrid(x))

    def test_gradients_of_inputs(self):
        plain, hybrid = twins(Residual, nd.ones((2, 5)))
        grads = []
        for net in (plain, hybrid):
            x = nd.arange(10).reshape((2, 5))
            x.attach_grad()
            with autograd.record():
                y = (net(x) * net(x * 2)).sum()
            y.backward()
            grads.append(x.grad)
        same(*grads)

    def test_unknown_shapes(self):
        net = nn.HybridSequential()
        net.add(Residual(), Scaled())
        net.initialize()
        net.hybridize()
        assert net(nd.ones((2, 5))).shape == (2, 1)
        assert net[1].scale.shape == (6, 1)

    def test_initialized_in_the_order_of_the_graph(self):
        """Real MXNet 1.9.1 gives these numbers: the right operand of the sum is initialized last."""
        class Two(nn.HybridBlock):
            def __init__(self):
                super().__init__(prefix="two_")
                with self.name_scope():
                    self.a, self.b = nn.Dense(1, use_bias=False), nn.Dense(1, use_bias=False)

            def hybrid_forward(self, F, x):
                a = self.a(x)
                return self.b(x) + a

        net = Two()
        net.hybridize()
        mx.random.seed(0)
        net.initialize()
        net(nd.ones((1, 1)))
        first = nd.array(net.b.weight.data())
        mx.random.seed(0)
        np.testing.assert_array_equal(first.asnumpy(), nd.random.uniform(-0.07, 0.07, shape=(1, 1)).asnumpy())

    def test_several_contexts(self):
        net = convnet()
        contexts = [mx.cpu(0), mx.cpu(1)]
        net.initialize(ctx=contexts)
        net.hybridize()
        outs = [net(X.as_in_context(c)) for c in contexts]
        assert [o.context for o in outs] == contexts
        same(*outs)
        with pytest.raises(ValueError, match=r"cpu\(0\), cpu\(1\)"):
            both = nn.HybridLambda(lambda F, x, y: x + y)
            both.hybridize()
            both(nd.ones(2, ctx=mx.cpu(0)), nd.ones(2, ctx=mx.cpu(1)))

    @pytest.mark.parametrize("options", [{"static_alloc": True, "static_shape": True}, {"inline_limit": 10},
                                         {"forward_bulk_size": 3}])
    def test_options(self, options):
        plain, hybrid = twins(Residual, nd.ones((2, 5)))
        hybrid.hybridize(**options)
        same(plain(nd.ones((2, 5))), hybrid(nd.ones((2, 5))))

    def test_from_eight_threads_at_once(self):
        plain, hybrid = twins(convnet, X)
        inputs = [nd.random.uniform(shape=(2, 3, 12, 12)) for _ in range(8)]
        expected = [plain(x).asnumpy() for x in inputs]
        found, start = [None] * 8, threading.Barrier(8)

        def work(i):
            start.wait()
            for _ in range(5):
                found[i] = hybrid(inputs[i]).asnumpy()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_allclose(a, b, **CLOSE)


class TestStructure:
    def test_nested_outputs(self):
        class Nested(nn.HybridBlock):
            def hybrid_forward(self, F, x, pair):
                a, b = pair
                return x + a, [x * b, (x - 1, None)], F.split(x, num_outputs=2, axis=0)

        plain, hybrid = Nested(), Nested()
        hybrid.hybridize()
        args = nd.arange(4), [nd.ones(4), nd.ones(4) * 3]
        first, (second, (third, none)), halves = hybrid(*args)
        one, (two, (three, _)), parts = plain(*args)
        assert none is None
        for a, b in zip((first, second, third, *halves), (one, two, three, *parts), strict=True):
            same(a, b)

    def test_another_structure_is_refused(self):
        net = nn.HybridLambda(lambda F, x, y=None: x if y is None else x + y)
        net.hybridize()
        assert net(nd.ones(2)).asnumpy().tolist() == [1, 1]
        assert net(nd.ones(2), None).asnumpy().tolist() == [1, 1]
        with pytest.raises(ValueError, match="structure"):
            net(nd.ones(2), nd.ones(2))
        net.hybridize()
        assert net(nd.ones(2), nd.ones(2)).asnumpy().tolist() == [2, 2]
        with pytest.raises(ValueError, match="int"):
            net(nd.ones(2), 3)

    def test_an_output_that_is_an_input(self):
        net = nn.HybridLambda(lambda F, x: (x, x))
        net.hybridize()
        a, b = net(nd.ones(3))
        assert a.asnumpy().tolist() == b.asnumpy().tolist() == [1, 1, 1]

    def test_children_are_inlined_and_can_be_called_alone(self):
        net = Residual()
        net.initialize()
        net.hybridize()
        net(nd.ones((2, 5)))
        same(net.a(nd.ones((2, 5))), nd.FullyConnected(nd.ones((2, 5)), net.a.weight.data(), net.a.bias.data(),
                                                       num_hidden=6))

    def test_zeros_whose_shape_the_input_decides(self):
        class Open(nn.HybridBlock):
            def hybrid_forward(self, F, x):
                return x + F.zeros(shape=(0, 2)) + 1

        net = Open()
        net.hybridize()
        for batch in (3, 5, 3):
            assert net(nd.ones((batch, 2))).shape == (batch, 2)

    def test_first_states_whose_batch_is_found_behind_a_where(self):
        """The batch of the states follows from what the cell's output is added to, through FullyConnected and where."""
        class Forecast(nn.HybridBlock):
            def __init__(self):
                super().__init__()
                with self.name_scope():
                    self.cell = gluon.rnn.LSTMCell(4, input_size=3)

            def hybrid_forward(self, F, x, padded):
                batch = x.shape[0] if isinstance(x, nd.NDArray) else 0
                states = self.cell.begin_state(func=F.zeros, batch_size=batch)
                padded = padded.slice_axis(axis=1, begin=0, end=1).repeat(repeats=4, axis=1)
                states = [F.where(padded, state, state) for state in states]
                return self.cell.unroll(2, x, begin_state=states, merge_outputs=True)[0]

        net = Forecast()
        net.initialize()
        x, padded = nd.random.uniform(shape=(5, 2, 3)), nd.array([[0, 1]] * 5)
        eager = net(x, padded)
        net.hybridize()
        same(net(x, padded), eager)


class TestChanges:
    def test_values(self):
        _, hybrid = twins(Residual, nd.ones((2, 5)))
        before = hybrid(nd.ones((2, 5))).asnumpy()
        hybrid.a.weight.set_data(hybrid.a.weight.data() * 2)
        assert not np.allclose(hybrid(nd.ones((2, 5))).asnumpy(), before)
        hybrid.initialize(force_reinit=True, init=mx.init.Zero())
        assert (hybrid(nd.ones((2, 5))) == 0).asnumpy().all()

    def test_a_child_exchanged(self):
        net = nn.HybridSequential()
        net.add(nn.Dense(2), nn.HybridSequential())
        net[1].add(nn.Activation("relu"))
        net.initialize(mx.init.Constant(-1))
        net.hybridize()
        assert net(nd.ones((1, 2))).asnumpy().tolist() == [[0, 0]]
        net[1]._children["0"] = nn.HybridLambda("negative")
        assert net(nd.ones((1, 2))).asnumpy().tolist() == [[2, 2]]
        net[1].add(nn.HybridLambda(lambda F, x: x + 1))
        assert net(nd.ones((1, 2))).asnumpy().tolist() == [[3, 3]]

    def test_shared_parameters(self):
        one = nn.Dense(3, in_units=3)
        net = nn.HybridSequential()
        net.add(one, nn.Dense(3, in_units=3, params=one.params))
        net.initialize()
        net.hybridize()
        x = nd.ones((1, 3))
        with autograd.record():
            y = net(x).sum()
        y.backward()
        w, g = one.weight.data().asnumpy(), one.weight.grad().asnumpy()
        inner = x.asnumpy() @ w.T
        np.testing.assert_allclose(g, np.outer(w.sum(0), x.asnumpy()) + np.outer(np.ones(3), inner), rtol=1e-5)

    def test_turned_off(self):
        plain, hybrid = twins(Residual, nd.ones((2, 5)))
        hybrid.hybridize(False)
        same(plain(nd.ones((2, 5))), hybrid(nd.ones((2, 5))))

    def test_moved(self):
        _, hybrid = twins(Residual, nd.ones((2, 5)))
        before = hybrid(nd.ones((2, 5)))
        hybrid.collect_params().reset_ctx(mx.cpu(1))
        after = hybrid(nd.ones((2, 5), ctx=mx.cpu(1)))
        assert after.context == mx.cpu(1)
        same(before, after)


class TestHooksAndErrors:
    def test_hooks(self):
        net = Residual()
        net.initialize()
        net.hybridize()
        seen = []
        net.register_forward_pre_hook(lambda block, args: seen.append(args[0].shape))
        net.register_forward_hook(lambda block, args, out: seen.append(out.shape))
        net(nd.ones((2, 5)))
        net(nd.ones((3, 5)))
        assert seen == [(2, 5), (2, 6), (3, 5), (3, 6)]

    def test_errors_of_user_code_come_as_they_are(self):
        class Wrong(nn.HybridBlock):
            def hybrid_forward(self, F, x):
                return F.relu(x) + nothing_of_that_name  # noqa: F821

        net = Wrong()
        net.hybridize()
        with pytest.raises(NameError, match="nothing_of_that_name") as info:
            net(nd.ones(2))
        assert info.traceback[-1].path.name == "test_hybridize.py"

    def test_refused_shapes_name_the_node(self):
        net = nn.Dense(3, in_units=4, prefix="fc_")
        net.initialize()
        net.hybridize()
        net(nd.ones((1, 4)))
        with pytest.raises(mx.MXNetError, match="fc_fwd"):
            net(nd.ones((1, 5)))

    def test_unused(self):
        class Half(nn.HybridBlock):
            def __init__(self):
                super().__init__(prefix="half_")
                self.used, self.idle = (self.params.get(n, shape=(2,)) for n in ("used", "idle"))

            def hybrid_forward(self, F, x, y, used, idle):
                return x * used

        net = Half()
        net.initialize()
        net.hybridize()
        with pytest.warns(UserWarning) as caught:
            net(nd.ones(2), nd.ones(2))
        texts = " ".join(str(w.message) for w in caught)
        assert "half_idle" in texts
        assert "1-th input" in texts


class TestFiles:
    def test_there_and_back(self, tmp_path):
        net = convnet(prefix="net_")
        net.initialize()
        with pytest.raises(RuntimeError, match="hybridize"):
            net.export(str(tmp_path / "net"))
        net.hybridize()
        expected = net(X)
        net.export(str(tmp_path / "net"), epoch=3)
        graph = json.loads((tmp_path / "net-symbol.json").read_text())
        assert graph["attrs"] == {"mxnet_version": ["int", 10901]}
        names = set(nd.load(str(tmp_path / "net-0003.params")))
        assert {"arg:net_conv0_weight", "aux:net_batchnorm0_running_mean"} <= names
        again = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["data"],
                                          str(tmp_path / "net-0003.params"))
        same(again(X), expected)
        again.export(str(tmp_path / "again"))
        assert (tmp_path / "again-symbol.json").read_text() == (tmp_path / "net-symbol.json").read_text()
        assert set(nd.load(str(tmp_path / "again-0000.params"))) == names

    def test_fine_tuning_features_of_a_loaded_model(self, tmp_path):
        net = convnet(prefix="net_")
        net.initialize(mx.init.Xavier())
        net.hybridize()
        net(X)
        net.export(str(tmp_path / "net"))
        loaded = mx.sym.load(str(tmp_path / "net-symbol.json"))
        features = gluon.SymbolBlock(loaded.get_internals()["net_dense0_fwd_output"], mx.sym.var("data"))
        features.collect_params().load(str(tmp_path / "net-0000.params"), ignore_extra=True)
        whole = nn.HybridSequential()
        whole.add(features, nn.Dense(2))
        whole[1].initialize(mx.init.Xavier())
        whole.hybridize()
        trainer = gluon.Trainer(whole.collect_params(), "sgd", {"learning_rate": 0.1})
        before = features.collect_params()["net_conv0_weight"].data().asnumpy()
        losses = []
        for _ in range(5):
            with autograd.record():
                loss = gluon.loss.SoftmaxCrossEntropyLoss()(whole(X), nd.array([0, 1, 0, 1]))
            loss.backward()
            trainer.step(4)
            losses.append(loss.mean().asscalar())
        assert losses[-1] < losses[0]
        assert not np.array_equal(before, features.collect_params()["net_conv0_weight"].data().asnumpy())

    def test_initialized_anew(self, tmp_path):
        net = convnet(prefix="net_")
        net.initialize()
        net.hybridize()
        net(X)
        net.export(str(tmp_path / "net"))
        block = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), "data")
        with pytest.raises(RuntimeError, match="net_conv0_weight"):
            block(X)
        block.initialize()
        assert block(X).shape == (4, 3)
        assert block.collect_params()["net_batchnorm0_running_var"].grad_req == "null"

    def test_on_symbols(self):
        block = gluon.SymbolBlock(mx.sym.relu(mx.sym.var("a")) + mx.sym.var("b"), [mx.sym.var("a"), mx.sym.var("b")])
        out = block(mx.sym.var("p") * 2, mx.sym.var("q"))
        assert out.list_arguments() == ["p", "q"]
        with pytest.raises(mx.MXNetError, match="2 inputs"):
            block(nd.ones(2))
        assert block(nd.array([-1.0, 2.0]), nd.ones(2)).asnumpy().tolist() == [1, 3]

    def test_wrong_parameters(self, tmp_path):
        net = convnet(prefix="net_")
        net.initialize()
        net.hybridize()
        net(X)
        net.export(str(tmp_path / "net"))
        params = nd.load(str(tmp_path / "net-0000.params"))
        symbol_file = str(tmp_path / "net-symbol.json")
        nd.save(str(tmp_path / "few.params"), {k: v for k, v in params.items() if "dense1" not in k})
        with pytest.raises(AssertionError, match=r"net_dense1_weight.*few\.params"):
            gluon.SymbolBlock.imports(symbol_file, ["data"], str(tmp_path / "few.params"))
        nd.save(str(tmp_path / "more.params"), {**params, "arg:other": nd.ones(1)})
        with pytest.raises(AssertionError, match=r"other.*more\.params"):
            gluon.SymbolBlock.imports(symbol_file, ["data"], str(tmp_path / "more.params"))
        block = gluon.SymbolBlock.imports(symbol_file, ["data"], str(tmp_path / "more.params"), ignore_extra=True)
        same(block(X), net(X))


def test_operators_may_be_watched():
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Dense(2, activation="relu"))
    net.initialize()
    net.hybridize()
    seen = []
    net.register_op_hook(lambda name, op, array: seen.append((name, op, array.shape)), monitor_all=True)
    net(nd.ones((1, 3)))
    assert seen == [(b"net_dense0_fwd_data", b"FullyConnected", (1, 3)),
                    (b"net_dense0_fwd_weight", b"FullyConnected", (2, 3)),
                    (b"net_dense0_fwd_bias", b"FullyConnected", (2,)),
                    (b"net_dense0_fwd_output", b"FullyConnected", (1, 2)),
                    (b"net_dense0_relu_fwd_input0", b"Activation", (1, 2)),
                    (b"net_dense0_relu_fwd_output", b"Activation", (1, 2))]


@pytest.mark.parametrize("hybridize", [False, True])
def test_outputs_of_a_symbol_block(hybridize) -> None:
    """As recorded from MXNet 1.9.1: one output is no list, even if it was given as one; several are, of symbols too."""
    x = mx.sym.var("data")
    one, other = mx.sym.relu(x), mx.sym.tanh(x)
    for outputs, count in ((one, 1), ([one], 1), ((one,), 1), (mx.sym.Group([one]), 1), ([one, other], 2),
                           (mx.sym.Group([one, other]), 2), ([mx.sym.Group([one, other])], 2)):
        block = mx.gluon.SymbolBlock(outputs, [x])
        block.hybridize(hybridize)
        for given in (mx.nd.ones((1, 2)), mx.sym.var("q")):
            found = block(given)
            assert isinstance(found, type(given)) if count == 1 else [type(f) for f in found] == [type(given)] * count
