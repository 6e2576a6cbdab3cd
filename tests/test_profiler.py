"""mx.profiler: what is noted, the table and its JSON, the trace file, and that nothing is done while it is off."""

import json
import os
import subprocess
import sys
import threading

import pytest

import mxnet as mx
from mxnet._state import watch
from mxnet.profiler._recorder import Record
from mxnet.profiler._stats import Stats

profiler = mx.profiler


@pytest.fixture
def profile(tmp_path):
    """set_config with a file of its own; nothing stays behind."""
    path = tmp_path / "profile.json"

    def configure(**kwargs):
        profiler.set_config(filename=str(path), aggregate_stats=True, **kwargs)
        profiler.dumps(reset=True)
        profiler.start()
        return path

    yield configure
    profiler.stop()
    if profiler.session._has_run:
        profiler.dump()
    profiler.dumps(reset=True)
    profiler.set_config()


def told():
    return json.loads(profiler.dumps(format="json"))


def counts(category="operator"):
    return {name: entry["Count"] for name, entry in told()["Time"].get(category, {}).items()}


def test_operators_by_name_and_number(profile):
    profile()
    x = mx.nd.ones((3, 4))
    y = mx.nd.sqrt(x) + 1
    y += 2
    z = 3 - y * y
    z.sum()
    assert counts() == {"_ones": 1, "sqrt": 1, "_plus_scalar": 2, "broadcast_mul": 1, "_rminus_scalar": 1, "sum": 1}


def test_gradients(profile):
    profile()
    x = mx.nd.ones((3, 4))
    x.attach_grad()
    with mx.autograd.record():
        y = mx.nd.dot(x, x.T).exp().sum()
    y.backward()
    found = counts()
    assert {"dot", "exp", "sum", "_backward_dot", "_backward_exp", "_backward_sum"} <= set(found)
    assert found["_backward_exp"] == 1


@pytest.mark.parametrize("hybridize", [False, True])
def test_blocks(profile, hybridize):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(4, activation="relu"), mx.gluon.nn.BatchNorm())
    net.initialize()
    if hybridize:
        net.hybridize()
    x = mx.nd.ones((2, 3))
    before = net(x).asnumpy()
    profile()
    for _ in range(3):
        after = net(x)
    found = counts()
    profiler.stop()
    assert {name: found[name] for name in ("FullyConnected", "Activation", "BatchNorm")} == {
        "FullyConnected": 3, "Activation": 3, "BatchNorm": 3}
    assert (after.asnumpy() == before).all()
    assert (net(x).asnumpy() == before).all()


def test_optimizers(profile):
    net = mx.gluon.nn.Dense(2, in_units=3)
    net.initialize()
    trainer = mx.gluon.Trainer(net.collect_params(), "adam")
    profile()
    for _ in range(2):
        with mx.autograd.record():
            loss = net(mx.nd.ones((1, 3))).sum()
        loss.backward()
        trainer.step(1)
    assert counts()["adam_update"] == 2


def test_executors_and_their_errors(profile):
    profile()
    executor = mx.sym.log(mx.sym.Variable("a")).bind(mx.cpu(), {"a": mx.nd.ones(3)})
    executor.forward()
    assert counts()["log"] == 1
    failing = mx.sym.Embedding(mx.sym.Variable("i"), mx.sym.Variable("w"), input_dim=2, output_dim=1, name="lookup")
    bound = failing.bind(mx.cpu(), {"i": mx.nd.ones(1), "w": mx.nd.ones((2, 1))})
    bound.arg_dict["w"]._t = bound.arg_dict["w"]._t[:, :0].reshape(0)
    with pytest.raises(mx.MXNetError, match="lookup"):
        bound.forward()[0].asnumpy()


def test_users_operators(profile):
    class Twice(mx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            self.assign(out_data[0], req[0], in_data[0] * 2)

        def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
            self.assign(in_grad[0], req[0], mx.nd.relu(out_grad[0]))

    @mx.operator.register("profiled_twice")
    class TwiceProp(mx.operator.CustomOpProp):
        def create_operator(self, ctx, shapes, dtypes):
            return Twice()

    profile()
    x = mx.nd.ones(3)
    x.attach_grad()
    with mx.autograd.record():
        y = mx.nd.Custom(x, op_type="profiled_twice")
    y.backward()
    assert counts("Custom Operator") == {
        "profiled_twice::pure_python": 1, "profiled_twice::_mul_scalar": 1,
        "_backward_profiled_twice::pure_python": 1, "_backward_profiled_twice::relu": 1}


def test_all_threads(profile):
    profile()
    thread = threading.Thread(target=lambda: mx.nd.cbrt(mx.nd.ones(2)))
    thread.start()
    thread.join()
    assert counts()["cbrt"] == 1


def test_memory_and_torch(profile):
    profile(profile_all=True)
    x = mx.nd.ones((100, 100))
    del x
    found = told()
    memory = found["Memory"]["Device Storage"]["Memory: cpu/0"]
    assert memory["Count"] >= 2 and 40 <= memory["Max"] < 80 and memory["Min"] == 0
    assert "Total" not in memory
    assert any(name.startswith("aten::") for name in found["Time"]["PyTorch"])
    assert found["Unit"] == {"Time": "ms", "Memory": "kB"}


def test_pause_and_state(profile):
    profile()
    profiler.pause()
    mx.nd.sqrt(mx.nd.ones(1))
    assert counts() == {}
    profiler.resume()
    mx.nd.sqrt(mx.nd.ones(1))
    profiler.pause()
    profiler.set_state("run")  # as good as resume
    mx.nd.sqrt(mx.nd.ones(1))
    profiler.set_state("stop")
    profiler.resume()  # nothing was paused
    mx.nd.sqrt(mx.nd.ones(1))
    assert counts()["sqrt"] == 2
    assert watch.observer is None
    with pytest.raises(KeyError):
        profiler.set_state("go")


def test_own_objects(profile):
    path = profile()
    domain = profiler.Domain("mine")
    with domain.new_task("load"):
        pass
    task = domain.new_task("load")
    task.start()
    task.stop()
    task.stop()
    with domain.new_frame("frame"), profiler.Event("event"):
        pass
    counter = domain.new_counter("seen", 5)
    counter += 3
    counter -= 2
    counter.increment()
    counter.decrement(4)
    counter.set_value(1.7)
    domain.new_marker("here").mark("thread")
    assert [str(thing) for thing in (domain, task, counter)] == ["mine", "load", "seen"]
    found = told()["Time"]
    assert found["mine"]["load"]["Count"] == 2
    assert found["mine"]["seen"] == {"Count": 6, "Total": 1, "Min": 1, "Max": 8, "Avg": 5.0}
    assert found["mine,frame"]["frame"]["Count"] == found["event"]["event"]["Count"] == 1
    assert found["mine,instant_marker"] == {}
    profiler.dump()
    events = json.loads(path.read_text())["traceEvents"]
    rows = {e["args"]["name"]: e["pid"] for e in events if e["ph"] == "M"}
    assert set(rows) == {"cpu/0", "mine", "mine,frame", "event", "mine,instant_marker"}
    assert [e["args"]["seen"] for e in events if e["ph"] == "C"] == [5, 8, 6, 7, 3, 1]
    assert [(e["name"], e["s"], e["pid"]) for e in events if e["ph"] == "i"] == [
        ("here", "t", rows["mine,instant_marker"])]


def test_objects_refuse(profile):
    domain = profiler.Domain("d")
    with pytest.raises(ValueError, match="invalid literal"):
        domain.new_counter("c", "x")
    with pytest.raises(mx.MXNetError, match="'foo'"):
        domain.new_marker("m").mark("foo")


def test_trace_grows_and_begins_anew(profile):
    path = profile()
    mx.nd.sqrt(mx.nd.ones(1))
    profiler.dump(False)

    def names():
        return [e["name"] for e in json.loads(path.read_text())["traceEvents"] if e["ph"] == "X"]

    assert names() == ["_ones", "sqrt"]
    mx.nd.cbrt(mx.nd.ones(1))
    profiler.dump()
    assert names() == ["_ones", "sqrt", "_ones", "cbrt"]
    with pytest.raises(mx.MXNetError, match="hasn't been run"):
        profiler.dump()
    profiler.start()
    mx.nd.zeros(1)
    profiler.dump()
    assert names() == ["_zeros"]


def test_trace_times_nest(profile):
    path = profile(profile_api=True)
    mx.nd.dot(mx.nd.ones((50, 50)), mx.nd.ones((50, 50)))
    profiler.dump()
    events = {e["name"]: e for e in json.loads(path.read_text())["traceEvents"] if e["ph"] == "X"}
    dot, mm = events["dot"], events["aten::mm"]
    assert dot["pid"] == mm["pid"] and dot["tid"] == mm["tid"]
    assert dot["ts"] - 50 <= mm["ts"] and mm["ts"] + mm["dur"] <= dot["ts"] + dot["dur"] + 50  # microseconds


def test_continuous_dump(profile):
    path = profile(continuous_dump=True, dump_period=0.05)
    mx.nd.sqrt(mx.nd.ones(1))
    for _ in range(100):
        if path.exists() and "sqrt" in path.read_text():
            break
        threading.Event().wait(0.05)
    assert any(e["name"] == "sqrt" for e in json.loads(path.read_text())["traceEvents"])


def test_table_layout():
    """Column for column what MXNet prints."""
    stats = Stats()
    stats.add(Record("counter", "Device Storage", "Memory: cpu/0", 0, value=1600))
    stats.add(Record("span", "operator", "_backward_FullyConnected_and_more", 0, 1_500_000))
    stats.add(Record("span", "operator", "dot", 0, 2_000_000))
    stats.add(Record("span", "operator", "dot", 0, 778_000))
    assert stats.table("total", False) == """
Profile Statistics:
\tNote the difference in units for different entries.
Device Storage
=================
Name                          Total Count    Min Use  (kB)    Max Use  (kB)    Avg Use  (kB)
----                          -----------    -------------    -------------    -------------
Memory: cpu/0                           1           1.6000           1.6000           1.6000

operator
=================
Name                          Total Count        Time (ms)    Min Time (ms)    Max Time (ms)    Avg Time (ms)
----                          -----------        ---------    -------------    -------------    -------------
dot                                     2           2.7780           0.7780           2.0000           1.3890
_backward_FullyConnected_and_more               1           1.5000           1.5000           1.5000           1.5000
"""
    assert stats.table("count", True).index("_backward_Fully") < stats.table("count", True).index("dot")
    assert Stats().table("total", False) == (
        "\nProfile Statistics:\n\tNote the difference in units for different entries.\n")


@pytest.mark.parametrize("sort_by", ["total", "avg", "min", "max", "count"])
def test_sorting(profile, sort_by):
    profile()
    for n in (1, 2, 3):
        for _ in range(n):
            mx.nd.exp(mx.nd.ones((n * 100, 100)))
        mx.nd.log(mx.nd.ones(n))
    profiler.stop()
    for ascending in (False, True):
        entries = json.loads(profiler.dumps(format="json", sort_by=sort_by, ascending=ascending))["Time"]["operator"]
        values = [entry[sort_by.capitalize()] for entry in entries.values()]
        assert values == sorted(values, reverse=not ascending)


def test_without_statistics(tmp_path):
    profiler.set_config(filename=str(tmp_path / "p.json"))
    profiler.start()
    mx.nd.ones(1)
    profiler.dump()
    assert profiler.dumps() == ""


def test_options():
    for options, match in (({"foo": 1}, "Cannot find argument 'foo'"), ({"profile_all": "x"}, "expect bool"),
                           ({"dump_period": "x"}, "expect float")):
        with pytest.raises(mx.MXNetError, match=match):
            profiler.set_config(**options)
    with pytest.raises(KeyError):
        profiler.set_config(profile_process="elsewhere")
    with pytest.raises(AssertionError, match="Support: 'table', 'json'"):
        profiler.dumps(format="xml")
    with pytest.raises(AssertionError, match="Support: 'total'"):
        profiler.dumps(sort_by="name")


def test_deprecated_names(tmp_path):
    path = tmp_path / "old.json"
    with pytest.warns(UserWarning, match="set_config"):
        profiler.profiler_set_config("all", str(path))
    with pytest.warns(UserWarning, match="set_state"):
        profiler.profiler_set_state("run")
    mx.nd.ones(1)
    with pytest.warns(UserWarning, match="dump"):
        profiler.dump_profile()
    assert "_ones" in path.read_text()
    profiler.set_config()


def test_other_profilers():
    """Whoever runs torch's profiler already is told so, and nothing is left half started."""
    import torch
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]):
        with pytest.raises(mx.MXNetError, match="torch's profiler"):
            profiler.start()
    assert not profiler.session.running and watch.observer is None


def test_autostart(tmp_path):
    subprocess.run([sys.executable, "-c", "import mxnet as mx; mx.nd.sqrt(mx.nd.ones(1))"], check=True, cwd=tmp_path,
                   env={**os.environ, "MXNET_PROFILER_AUTOSTART": "1"})
    events = json.loads((tmp_path / "profile.json").read_text())["traceEvents"]
    assert {"_ones", "sqrt"} <= {e["name"] for e in events}
