"""Optimizer states in files: ours, real MXNet's, and hostile ones; optimizers' own rules that no number shows."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, lr_scheduler, nd, optimizer

FILES = Path(__file__).parent.parent / "golden" / "optimizer"


# AdamW is MXNet 2's, and programs register others
BUILT_IN = sorted(name for name, kind in optimizer.Optimizer.opt_registry.items()
                  if kind.__module__.startswith("mxnet.optimizer.") and name != "adamw")


def parameter(name="a", **kwargs):
    made = gluon.Parameter(name, shape=(3,), **kwargs)
    made.initialize(init="ones")
    return made


def train(trainer, params, steps=1):
    for _ in range(steps):
        with autograd.record():
            losses = [(p.data() ** 2).sum() for p in params]
        autograd.backward(losses)
        trainer.step(1)


@pytest.mark.parametrize("name", BUILT_IN)
def test_states_of_real_mxnet_load_and_training_goes_on(name, tmp_path):
    with np.load(FILES / "saved.npz") as f:
        content, before, after = f[name], f[f"{name}.before"], f[f"{name}.after"]
    (tmp_path / "states").write_bytes(bytes(content))
    params = [gluon.Parameter("a", shape=(3, 2)), gluon.Parameter("b", shape=(2, 2), dtype="float16")]
    for param, values in zip(params, np.split(before, [6]), strict=True):
        param.initialize()
        param.set_data(nd.array(values.reshape(param.shape), dtype=param.dtype))
    trainer = gluon.Trainer(params, "test" if name != "test" else "adagrad")
    trainer.load_states(str(tmp_path / "states"))
    made = trainer._optimizer
    assert type(made).__name__.lower() == name
    counts = {} if name == "test" else {0: 3, 1: 3}
    assert (made.num_update, made._index_update_count, made.multi_precision) == (max(counts.values(), default=0),
                                                                                counts, True)
    assert isinstance(made.lr_scheduler, lr_scheduler.FactorScheduler) and made.lr_scheduler.step == 2
    assert made.param_dict == dict(enumerate(params))
    assert sorted(trainer._updaters[0].states) == [0, 1]
    trainer.save_states(str(tmp_path / "ours"))  # and as a file of our own
    trainer.load_states(str(tmp_path / "ours"))
    mx.random.seed(5)
    for _ in range(2):
        with autograd.record():
            losses = [((param.data() - 0.5) ** 2).sum() for param in params]
        autograd.backward(losses)
        trainer.step(1)
    got = np.concatenate([param.data().asnumpy().astype("float32").ravel() for param in params])
    np.testing.assert_allclose(got[:6], after[:6], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got[6:], after[6:], rtol=2e-3, atol=2e-3)


def test_settings_that_cannot_be_written_are_left_out_with_a_warning(tmp_path):
    a = parameter()
    trainer = gluon.Trainer([a], "sgd", {"momentum": 0.5})
    trainer._optimizer.callback = print
    train(trainer, [a])
    with pytest.warns(UserWarning, match="callback holds a builtin_function_or_method"):
        trainer.save_states(str(tmp_path / "s"))
    trainer.load_states(str(tmp_path / "s"))
    assert trainer._optimizer.callback is print


def test_numpy_numbers_and_own_schedulers_come_back(tmp_path):
    class Mine(lr_scheduler.LRScheduler):
        def __call__(self, num_update):
            self.seen = num_update
            return self.base_lr

    def make():
        return gluon.Trainer([parameter()], "adam", {"wd": np.float32(0.5), "lr_scheduler": Mine(np.float64(0.25))})

    trainer = make()
    train(trainer, trainer._params, 2)
    trainer.save_states(str(tmp_path / "s"))
    other = make()
    other._optimizer.wd = 0
    other.load_states(str(tmp_path / "s"))
    assert other._optimizer.wd == 0.5 and other._optimizer.lr_scheduler.seen == 2
    with pytest.raises(mx.MXNetError, match="'Mine'"):
        gluon.Trainer([parameter()], "adam").load_states(str(tmp_path / "s"))


class _Runs:
    def __reduce__(self):
        return print, ("this must not be printed",)


@pytest.mark.parametrize("content", [
    b"", b"\x80", b"garbage", b"\x80\x04garbage", pickle.dumps(_Runs()), pickle.dumps({0: np.ones(2)}),
    pickle.dumps((1, 2)), pickle.dumps([]), pickle.dumps(({}, subprocess.Popen)),
], ids=range(9))
def test_hostile_files_are_refused(tmp_path, content, capsys):
    path = tmp_path / "s"
    path.write_bytes(content)
    trainer = gluon.Trainer([parameter()], "sgd")
    before = trainer._optimizer
    with pytest.raises(mx.MXNetError):
        trainer.load_states(str(path))
    assert trainer._optimizer is before and "printed" not in capsys.readouterr().out


def test_every_damaged_byte_is_an_error_or_harmless(tmp_path):
    trainer = gluon.Trainer([parameter()], "adam")
    train(trainer, trainer._params)
    trainer.save_states(str(tmp_path / "s"))
    whole = (tmp_path / "s").read_bytes()
    for i in range(0, len(whole), 7):
        for content in (whole[:i], whole[:i] + bytes([whole[i] ^ 0x5F]) + whole[i + 1:]):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    trainer._updaters[0].set_states(content)
                except mx.MXNetError:
                    pass


def test_files_hold_no_pickle(tmp_path):
    trainer = gluon.Trainer([parameter()], "adam")
    train(trainer, trainer._params)
    trainer.save_states(str(tmp_path / "s"))
    arrays = nd.load(str(tmp_path / "s"))
    assert sorted(arrays) == ["0", "1", "header"]


# ------------------------------------------------------------------ optimizers


def test_weight_decay_by_name():
    names = dict(enumerate(["fc_weight", "fc_bias", "bn_gamma", "bn_beta", "rm_running_mean"]))
    sgd = optimizer.SGD(param_idx2name=names, wd=0.5, learning_rate=2)
    assert sgd._get_wds(range(6)) == [0.5, 0, 0.5, 0, 0, 0.5]
    sgd.set_wd_mult({"fc_weight": 3, 1: 5.0})
    sgd.set_lr_mult({0: 3, "bn_beta": 0.5})
    assert sgd._get_wds(range(6)) == [1.5, 2.5, 0.5, 0, 0, 0.5]
    assert sgd._get_lrs(range(6)) == [6, 2, 2, 1, 2, 2]
    sgd.param_dict = {1: parameter(wd_mult=7, lr_mult=3)}
    assert (sgd._get_wd(1), sgd._get_lr(1)) == (3.5, 6)


def test_update_counts_by_device():
    sgd = optimizer.SGD(begin_num_update=5)
    sgd._update_count(0)
    sgd._update_count([0, 1])
    sgd._set_current_context(1)
    sgd._update_count(0)
    assert sgd._all_index_update_counts == {0: {0: 7, 1: 6}, 1: {0: 6}} and sgd.num_update == 7


def test_learning_rate_belongs_to_the_scheduler(capsys):
    schedule = lr_scheduler.FactorScheduler(1, base_lr=5)
    sgd = optimizer.SGD(learning_rate=0.3, lr_scheduler=schedule)
    assert schedule.base_lr == 0.3 and "has been overwritten by ``learning_rate``" in capsys.readouterr().out
    with pytest.raises(UserWarning, match="LRScheduler of the optimizer has already been defined"):
        sgd.set_learning_rate(1)


def test_registry():
    class Mine(optimizer.Optimizer):
        pass

    optimizer.register(Mine)
    with pytest.warns(UserWarning, match="is overriding existing optimizer"):
        optimizer.register(Mine)
    assert type(optimizer.create("MINE")) is Mine
    with pytest.raises(ValueError, match="Cannot find optimizer nothing"):
        optimizer.create("nothing")
    with pytest.raises(NotImplementedError):
        Mine().update(0, nd.ones(2), nd.ones(2), None)


def test_shapes_must_agree():
    with pytest.raises(mx.MXNetError, match=r"gradient of parameter 4 has shape \(3,\), expected the weight's \(2,\)"):
        optimizer.SGD().update(4, nd.ones(2), nd.ones(3), None)


@pytest.mark.parametrize("name", ["sgd", "adam", "lamb", "rmsprop", "ftrl"])
def test_memory_layout_does_not_matter(name):
    """The kernels read memory as it lies; transposed weights and gradients must come out the same."""
    values, slopes = np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)[::-1] / 5
    results = []
    for turned in (False, True):
        kwargs = {"momentum": 0.9} if name == "sgd" else {}
        made = optimizer.create(name, **kwargs)
        weight, grad = nd.array(values), nd.array(slopes)
        if turned:
            weight._t = nd.array(values.T)._t.t()
            grad._t = nd.array(slopes.T)._t.t()
        state = made.create_state(0, weight)
        for _ in range(3):
            made.update(0, weight, grad, state)
        results.append(weight.asnumpy())
        np.testing.assert_array_equal(grad.asnumpy(), slopes.astype("float32"))
    np.testing.assert_array_equal(*results)


def test_gradients_stay_as_they_are():
    for name in ("sgd", "nag", "adam", "adamw", "adamax", "nadam", "ftml", "lamb", "adagrad", "adadelta", "rmsprop",
                 "ftrl", "signum", "dcasgd"):
        made = optimizer.create(name, rescale_grad=0.5, clip_gradient=0.1, wd=0.1)
        weight, grad = nd.ones((2, 2)), nd.ones((2, 2))
        made.update(0, weight, grad, made.create_state(0, weight))
        assert (grad.asnumpy() == 1).all() and (weight.asnumpy() != 1).all(), name


def test_the_users_grad_mode_is_left_alone():
    code = ("import torch, mxnet as mx; o = mx.optimizer.Adam(); w = mx.nd.ones(2);"
            "o.update(0, w, w.copy(), o.create_state(0, w)); assert torch.is_grad_enabled()")
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", ["float16", "float32"])
def test_many_kinds_of_parameters_in_one_step(kind):
    """Different dtypes, rates and decays in one Trainer give what each gives alone."""
    def params():
        return [parameter("a"), parameter("b", lr_mult=0.5), parameter("c", dtype=kind), parameter("d", wd_mult=3)]

    settings = {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.1, "multi_precision": True}
    together, alone = params(), params()
    train(gluon.Trainer(together, "sgd", settings), together, 3)
    for param in alone:
        train(gluon.Trainer([param], "sgd", settings), [param], 3)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.data().asnumpy(), other.data().asnumpy())
