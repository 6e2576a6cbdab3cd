"""Block and HybridBlock: names, attributes, printing, hooks, files, summary, and what is refused with which words."""

from __future__ import annotations

import copy
import threading
import warnings

import numpy as np
import pytest

import mxnet as mx
from mxnet import MXNetError, autograd, gluon, nd
from mxnet.gluon import nn
from mxnet.gluon.parameter import DeferredInitializationError

X = nd.ones((2, 4))


class Net(nn.Block):
    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.a = nn.Dense(3)
            self.b = nn.Dense(2, in_units=3)
        self.w = self.params.get("w", shape=(1,), init="ones")

    def forward(self, x):
        return self.b(self.a(x)) * self.w.data()


def ready(**kwargs) -> Net:
    net = Net(**kwargs)
    net.initialize()
    return net


class TestNames:
    def test_prefixes(self) -> None:
        net = Net(prefix="net_")
        assert (net.name, net.prefix) == ("net", "net_")
        assert list(net.collect_params()) == ["net_w", "net_dense0_weight", "net_dense0_bias", "net_dense1_weight",
                                              "net_dense1_bias"]
        assert list(net.params) == ["net_w"]

    def test_counters(self) -> None:
        with mx.name.NameManager():
            assert [nn.Dense(1).name, nn.Dense(1).name, nn.Dropout(0.5).name] == ["dense0", "dense1", "dropout0"]
            outer = nn.Sequential()
            with outer.name_scope():
                assert [nn.Dense(1).prefix for _ in range(2)] == ["sequential0_dense0_", "sequential0_dense1_"]
            with outer.name_scope():
                assert nn.Dense(1).prefix == "sequential0_dense2_"

    def test_an_empty_prefix_opens_no_scope(self) -> None:
        with mx.name.NameManager():
            net = nn.Sequential(prefix="")
            with net.name_scope():
                net.add(nn.Dense(1), nn.Dense(1))
            assert [child.name for child in net] == ["dense0", "dense1"]

    def test_select(self) -> None:
        net = Net(prefix="net_")
        assert list(net.collect_params(".*weight")) == ["net_dense0_weight", "net_dense1_weight"]
        assert list(net.collect_params("net_w|.*0_bias")) == ["net_w", "net_dense0_bias"]
        assert list(net.collect_params("weight")) == []

    def test_scopes_belong_to_the_thread(self) -> None:
        seen = []
        net = nn.Sequential(prefix="outer_")
        with net.name_scope():
            thread = threading.Thread(target=lambda: seen.append(nn.Dense(1).prefix))
            thread.start()
            thread.join()
        assert not seen[0].startswith("outer_")


class TestPrinting:
    def test_of_nested_blocks(self) -> None:
        net = nn.Sequential()
        net.add(Net(), nn.Dropout(0.5))
        assert repr(net) == ("Sequential(\n  (0): Net(\n    (a): Dense(None -> 3, linear)\n"
                             "    (b): Dense(3 -> 2, linear)\n  )\n  (1): Dropout(p = 0.5, axes=())\n)")

    def test_of_parameters(self) -> None:
        assert repr(Net(prefix="net_").collect_params()) == (
            "net_ (\n"
            "  Parameter net_w (shape=(1,), dtype=<class 'numpy.float32'>)\n"
            "  Parameter net_dense0_weight (shape=(3, 0), dtype=float32)\n"
            "  Parameter net_dense0_bias (shape=(3,), dtype=float32)\n"
            "  Parameter net_dense1_weight (shape=(2, 3), dtype=float32)\n"
            "  Parameter net_dense1_bias (shape=(2,), dtype=float32)\n)")


class TestAttributes:
    def test_blocks_and_parameters_are_registered(self) -> None:
        net = Net()
        assert list(net._children) == ["a", "b"]
        assert list(net._reg_params) == ["w"]

    def test_replacing(self) -> None:
        net = ready()
        net.a = nn.Dense(3, in_units=4)
        net.a.initialize()
        assert net(X).shape == (2, 2)
        with pytest.raises(TypeError, match="Changing attribute type for a from"):
            net.a = 5
        with pytest.raises(AssertionError, match="Overriding Parameter attribute w is not allowed"):
            net.w = gluon.Parameter("x", shape=(1,))

    def test_hybrid_blocks_have_hybrid_children(self) -> None:
        class Mixed(nn.HybridBlock):
            def __init__(self) -> None:
                super().__init__()
                self.child = Net()

        with pytest.raises(ValueError, match=r"Children of HybridBlock must also be HybridBlock, but Net\("):
            Mixed()

    def test_blocks_in_lists_are_not_registered(self) -> None:
        class Hidden(nn.Block):
            def __init__(self) -> None:
                super().__init__()
                self.layers = [{"a": nn.Dense(2)}]

        with pytest.warns(UserWarning, match=r'"Hidden.layers" is an unregistered container with Blocks'):
            assert len(Hidden().collect_params()) == 0

        class Known(Hidden):
            def __init__(self) -> None:
                super().__init__()
                self.register_child(self.layers[0]["a"])

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(Known().collect_params()) == 2

    def test_apply(self) -> None:
        seen = []
        net = Net()
        assert net.apply(lambda b: seen.append(type(b).__name__)) is net
        assert seen == ["Dense", "Dense", "Net"]

    def test_sharing(self) -> None:
        first = nn.Dense(2, in_units=3, prefix="first_")
        second = nn.Dense(2, in_units=3, params=first.params)
        assert second.weight is first.weight and second.weight.name == "first_weight"
        with pytest.raises(AssertionError, match=r"shape.*desired '\(4, 0\)' vs stored '\(2, 3\)'"):
            nn.Dense(4, params=first.params)

    def test_deepcopy(self) -> None:
        net = ready()
        net(X)
        again = copy.deepcopy(net)
        np.testing.assert_array_equal(again(X).asnumpy(), net(X).asnumpy())
        again.w.set_data(nd.zeros(1))
        assert again(X).asnumpy().any() != net(X).asnumpy().any()


class TestCalling:
    def test_uninitialized(self) -> None:
        with pytest.raises(RuntimeError, match=r"has not been initialized. Note that you should initialize"):
            Net()(X)

    def test_without_forward(self) -> None:
        for base in (nn.Block, nn.HybridBlock):
            with pytest.raises(NotImplementedError):
                base()(X)

    def test_hooks(self) -> None:
        log = []
        layer = nn.Dense(2, in_units=4)
        layer.initialize()
        after = layer.register_forward_hook(lambda b, i, o: log.append((b, type(i), o.shape)))
        before = layer.register_forward_pre_hook(lambda b, i: log.append((b, len(i))))
        layer(X)
        assert log == [(layer, 1), (layer, tuple, (2, 2))]
        after.detach()
        layer(X)
        before.detach()
        before.detach()
        layer(X)
        assert len(log) == 3
        with layer.register_forward_hook(lambda b, i, o: log.append("in")):
            layer(X)
        layer(X)
        assert len(log) == 4

    def test_a_hybrid_forward_gets_its_parameters(self) -> None:
        class Scale(nn.HybridBlock):
            def __init__(self) -> None:
                super().__init__()
                self.by = self.params.get("by", shape=(1,), init="ones")

            def hybrid_forward(self, F, x, times, by):
                assert F is nd
                return x * by * times

        layer = Scale()
        layer.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        assert layer(nd.ones(2, ctx=mx.cpu(1)), 3).ctx == mx.cpu(1)
        assert layer([nd.ones(2)][0], 3).asnumpy().tolist() == [3, 3]

    def test_arrays_beside_anything(self) -> None:
        class Join(nn.HybridBlock):
            def hybrid_forward(self, F, parts, extra=None, factor=1):
                total = F.add_n(*parts) if isinstance(parts, (list, tuple)) else parts
                return total * factor if extra is None else total + extra

        layer = Join()
        assert layer([nd.ones(2), nd.ones(2)], 3).asnumpy().tolist() == [5, 5]
        assert layer(nd.ones(2), None, factor=4).asnumpy().tolist() == [4, 4]
        with pytest.raises(ValueError, match="there must be one NDArray or one Symbol in the input"):
            layer(1, 2)

    @pytest.mark.parametrize("options", [{}, {"static_alloc": True, "static_shape": True}, {"active": False}])
    def test_hybridize_changes_no_result(self, options: dict) -> None:
        net = nn.HybridSequential()
        net.add(nn.Dense(3, activation="relu"), nn.BatchNorm(), nn.Dense(2))
        net.initialize()
        out = net(X).asnumpy()
        net.hybridize(**options)
        np.testing.assert_array_equal(net(X).asnumpy(), out)

    def test_cast(self) -> None:
        net = ready()
        net.cast("float64")
        assert net(X.astype("float64")).dtype == np.float64
        with pytest.raises(MXNetError):
            net(X)

    def test_training(self) -> None:
        net = ready()
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
        losses = []
        for _ in range(20):
            with autograd.record():
                loss = ((net(X) - 1) ** 2).mean()
            loss.backward()
            trainer.step(1)
            losses.append(loss.asscalar())
        assert losses[-1] < 0.1 * losses[0]


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path) -> str:
        return str(tmp_path / "net.params")

    def test_paths_not_names(self, path: str) -> None:
        net = ready()
        with pytest.raises(DeferredInitializationError):
            net.save_parameters(path)
        net(X)
        net.save_parameters(path)
        assert sorted(nd.load(path)) == ["a.bias", "a.weight", "b.bias", "b.weight", "w"]
        other = Net(prefix="other_")
        other.load_parameters(path)
        np.testing.assert_array_equal(other(X).asnumpy(), net(X).asnumpy())

    def test_missing_and_superfluous(self, path: str) -> None:
        net = ready()
        net(X)
        net.save_parameters(path)
        layer = nn.Dense(3)
        with pytest.raises(AssertionError, match=r"Parameter 'weight' is missing in file '.*', which contains"):
            layer.load_parameters(path)
        with pytest.raises(ValueError, match=r"Parameter 'w' loaded from file '.*' is not present in ParameterDict"):
            layer.load_parameters(path, allow_missing=True)
        layer.load_parameters(path, allow_missing=True, ignore_extra=True)
        with pytest.raises(AssertionError, match=r"on \[cpu\(1\)\] because it was previous initialized on"):
            net.load_parameters(path, ctx=mx.cpu(1))
        with pytest.raises(MXNetError, match="no_such_file"):
            net.load_parameters("no_such_file")

    def test_shared_parameters(self, path: str) -> None:
        net = nn.Sequential()
        net.add(nn.Dense(2, in_units=2))
        net.add(nn.Dense(2, in_units=2, params=net[0].params))
        net.initialize()
        net.save_parameters(path)
        assert sorted(nd.load(path)) == ["0.bias", "0.weight", "1.bias", "1.weight"]
        net.save_parameters(path, deduplicate=True)
        assert sorted(nd.load(path)) == ["1.bias", "1.weight"]
        net.load_parameters(path)

    def test_casting(self, path: str) -> None:
        net = nn.Dense(2, in_units=2)
        net.initialize()
        net.save_parameters(path)
        half = nn.Dense(2, in_units=2, dtype="float16")
        with pytest.raises(AssertionError, match="dtype incompatible"):
            half.load_parameters(path)
        half.load_parameters(path, cast_dtype=True)
        assert half.weight.data().dtype == np.float16
        half.load_parameters(path, cast_dtype=True, dtype_source="saved")
        assert half.weight.data().dtype == np.float32

    def test_the_deprecated_way(self, path: str) -> None:
        net = ready(prefix="net_")
        net(X)
        with pytest.warns(UserWarning, match="save_params is deprecated"):
            net.save_params(path)
        assert "dense0_weight" in nd.load(path)
        again = Net(prefix="again_")
        with pytest.warns(UserWarning, match="load_params is deprecated"):
            again.load_params(path)
        np.testing.assert_array_equal(again(X).asnumpy(), net(X).asnumpy())

    def test_full_names(self, path: str) -> None:
        net = ready(prefix="net_")
        net(X)
        net.collect_params().save(path)
        again = Net(prefix="net_")
        again.collect_params().load(path)
        np.testing.assert_array_equal(again(X).asnumpy(), net(X).asnumpy())


def test_summary(capsys) -> None:
    net = ready()
    net.summary(X)
    assert capsys.readouterr().out == """\
--------------------------------------------------------------------------------
        Layer (type)                                Output Shape         Param #
================================================================================
               Input                                      (2, 4)               0
             Dense-1                                      (2, 3)              15
             Dense-2                                      (2, 2)               8
               Net-3                                      (2, 2)               1
================================================================================
Parameters in forward computation graph, duplicate included
   Total params: 24
   Trainable params: 24
   Non-trainable params: 0
Shared params in forward computation graph: 0
Unique parameters in model: 24
--------------------------------------------------------------------------------
"""
    net(X)
    assert capsys.readouterr().out == ""


def test_summary_of_a_hybridized_block() -> None:
    net = nn.HybridSequential()
    net.add(nn.Dense(2))
    net.initialize()
    net.hybridize()
    with pytest.raises(AssertionError, match="must not be hybridized to print summary"):
        net.summary(X)
